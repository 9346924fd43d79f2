package sources

import (
	"encoding/json"
	"slices"
	"testing"
)

func TestWhichItemsOfABatchFailed(t *testing.T) {
	t.Parallel()
	batch := []string{"a", "b", "c"}
	for _, tt := range []struct {
		name, answer string
		want         []string
	}{
		{"no answer", ``, nil},
		{"null", `null`, nil},
		{"an empty document", `{}`, nil},
		{"an empty list", `{"batchItemFailures":[]}`, nil},
		{"no list", `{"batchItemFailures":null}`, nil},
		{"one", `{"batchItemFailures":[{"itemIdentifier":"b"}]}`, []string{"b"}},
		{"two", `{"batchItemFailures":[{"itemIdentifier":"c"},{"itemIdentifier":"a"}]}`, []string{"c", "a"}},
		{"no JSON is all", `{`, batch},
		{"something else is all", `"ok"`, batch},
		{"an empty name is all", `{"batchItemFailures":[{"itemIdentifier":""}]}`, batch},
		{"no name is all", `{"batchItemFailures":[{"itemIdentifier":null}]}`, batch},
		{"a wrong field is all", `{"batchItemFailures":[{"id":"b"}]}`, batch},
		{"somebody else's is all", `{"batchItemFailures":[{"itemIdentifier":"x"}]}`, batch},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := failures([]byte(tt.answer), batch); !slices.Equal(got, tt.want) {
				t.Errorf("failed are %v, want %v", got, tt.want)
			}
		})
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, patterns, record string
		want                   bool
	}{
		{"none lets all pass", `[]`, `{"eventName":"INSERT"}`, true},
		{"one of several patterns", `[{"eventName":["REMOVE"]},{"eventName":["INSERT"]}]`, `{"eventName":"INSERT"}`, true},
		{"none of them", `[{"eventName":["REMOVE"]},{"eventName":["MODIFY"]}]`, `{"eventName":"INSERT"}`, false},
		{"what is no record, the function shall see", `[{"eventName":["REMOVE"]}]`, `x`, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := pass(patternsOf(t, tt.patterns), json.RawMessage(tt.record)); got != tt.want {
				t.Errorf("passes: %t", got)
			}
		})
	}
}

func patternsOf(t *testing.T, text string) (patterns []map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &patterns); err != nil {
		t.Fatal(err)
	}
	return patterns
}
