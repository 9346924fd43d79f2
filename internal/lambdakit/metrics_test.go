package lambdakit

import (
	"encoding/json"
	"io"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestAMetricIsALineThatCloudWatchReads: no dimension is empty, every one named has its value beside it.
func TestAMetricIsALineThatCloudWatchReads(t *testing.T) {
	t.Setenv("STAGE", "dev")
	t.Setenv("AWS_LAMBDA_FUNCTION_NAME", "work-gateway")
	for _, tt := range []struct {
		name  string
		write func()
		want  map[string]any
	}{
		{"a count of a company", func() { Count("mail_failed", "demo") }, map[string]any{
			"sets": []any{[]any{"stage"}, []any{"function"}, []any{"function", "company"}}, "unit": "Count", "value": 1.0,
			"stage": "dev", "function": "work-gateway", "company": "demo",
		}},
		{"a count of nobody", func() { Count("mail_failed", "") }, map[string]any{
			"sets": []any{[]any{"stage"}, []any{"function"}}, "unit": "Count", "value": 1.0, "stage": "dev", "function": "work-gateway",
		}},
		{"a duration", func() { Measure("mail_failed", 1500*time.Millisecond) }, map[string]any{
			"sets": []any{[]any{"stage"}}, "unit": "Seconds", "value": 1.5, "stage": "dev",
		}},
		{"so", func() { Share("mail_failed", true) }, map[string]any{"sets": []any{[]any{"stage"}}, "unit": "None", "value": 1.0, "stage": "dev"}},
		{"not so", func() { Share("mail_failed", false) }, map[string]any{"sets": []any{[]any{"stage"}}, "unit": "None", "value": 0.0, "stage": "dev"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var line struct {
				AWS struct {
					Timestamp         int64
					CloudWatchMetrics []struct {
						Namespace  string
						Dimensions []any
						Metrics    []struct{ Name, Unit string }
					}
				} `json:"_aws"`
			}
			written := printed(t, tt.write)
			if err := json.Unmarshal(written, &line); err != nil {
				t.Fatal(err)
			}
			var fields map[string]any
			if err := json.Unmarshal(written, &fields); err != nil {
				t.Fatal(err)
			}
			if len(line.AWS.CloudWatchMetrics) != 1 || line.AWS.CloudWatchMetrics[0].Namespace != Namespace || len(line.AWS.CloudWatchMetrics[0].Metrics) != 1 ||
				line.AWS.CloudWatchMetrics[0].Metrics[0].Name != "mail_failed" || time.Since(time.UnixMilli(line.AWS.Timestamp)) > time.Minute {
				t.Fatalf("%s", written)
			}
			got := map[string]any{
				"sets": line.AWS.CloudWatchMetrics[0].Dimensions, "unit": line.AWS.CloudWatchMetrics[0].Metrics[0].Unit, "value": fields["mail_failed"],
			}
			for name, value := range fields {
				if name != "_aws" && name != "version" && name != "mail_failed" {
					got[name] = value
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// printed is what do writes to standard output.
func printed(t *testing.T, do func()) []byte {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	was := os.Stdout
	os.Stdout = write
	do()
	os.Stdout = was
	write.Close()
	text, err := io.ReadAll(read)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
