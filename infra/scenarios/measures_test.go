package scenarios_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/askpro/gateway/infra/local/stacktest"
)

// measured are a metric's values in a function's log, in order: what CloudWatch would make its alarms and dashboard of. The
// stack is the test's own.
func measured(t *testing.T, s *stacktest.Stack, function, metric string) (values []float64) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.Logs, function+".log"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if !strings.Contains(line, `"_aws"`) {
			continue
		}
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if value, ok := fields[metric].(float64); ok {
			values = append(values, value)
			if fields["stage"] == nil {
				t.Errorf("%s is no metric of the stage", line)
			}
		}
	}
	return values
}
