package sources

import (
	"encoding/json"
	"slices"
	"strings"
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
	record := json.RawMessage(`{"eventName":"INSERT","dynamodb":{"Keys":{"sk":{"S":"EVENT#1"}},"N":3}}`)
	for _, tt := range []struct {
		name, patterns string
		want           bool
	}{
		{"none lets all pass", `[]`, true},
		{"a value", `[{"eventName":["INSERT"]}]`, true},
		{"one of several values", `[{"eventName":["MODIFY","INSERT"]}]`, true},
		{"another value", `[{"eventName":["REMOVE"]}]`, false},
		{"a number", `[{"dynamodb":{"N":[3]}}]`, true},
		{"a prefix", `[{"dynamodb":{"Keys":{"sk":{"S":[{"prefix":"EVENT#"}]}}}}]`, true},
		{"another prefix", `[{"dynamodb":{"Keys":{"sk":{"S":[{"prefix":"HEAD"}]}}}}]`, false},
		{"all parts must fit", `[{"eventName":["INSERT"],"dynamodb":{"N":[4]}}]`, false},
		{"one of several patterns", `[{"eventName":["REMOVE"]},{"eventName":["INSERT"]}]`, true},
		{"a field that is not there", `[{"dynamodb":{"NewImage":{"pk":{"S":["x"]}}}}]`, false},
		{"a part that is no map", `[{"eventName":{"S":["x"]}}]`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			patterns := patternsOf(t, tt.patterns)
			if err := knownFilters(patterns); err != nil {
				t.Fatal(err)
			}
			if got := pass(patterns, record); got != tt.want {
				t.Errorf("passes: %t", got)
			}
		})
	}
}

func TestUnknownFiltersAreRefused(t *testing.T) {
	t.Parallel()
	for _, p := range []string{`[{"a":[{"anything-but":["x"]}]}]`, `[{"a":{"b":[{"exists":false}]}}]`, `[{"a":"x"}]`} {
		if err := knownFilters(patternsOf(t, p)); err == nil || !strings.Contains(err.Error(), "filter") {
			t.Errorf("%s: %v", p, err)
		}
	}
}

func patternsOf(t *testing.T, text string) (patterns []map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &patterns); err != nil {
		t.Fatal(err)
	}
	return patterns
}
