package pattern_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/askpro/gateway/infra/local/pattern"
)

func TestPatterns(t *testing.T) {
	t.Parallel()
	event := object(t, `{"eventName":"INSERT","dynamodb":{"Keys":{"sk":{"S":"EVENT#1"}},"N":3},"tags":{"queue":["gateway","x"],"none":[]}}`)
	for _, tt := range []struct {
		name, pattern string
		want          bool
	}{
		{"an empty one lets all pass", `{}`, true},
		{"a value", `{"eventName":["INSERT"]}`, true},
		{"one of several values", `{"eventName":["MODIFY","INSERT"]}`, true},
		{"another value", `{"eventName":["REMOVE"]}`, false},
		{"a number", `{"dynamodb":{"N":[3]}}`, true},
		{"a prefix", `{"dynamodb":{"Keys":{"sk":{"S":[{"prefix":"EVENT#"}]}}}}`, true},
		{"another prefix", `{"dynamodb":{"Keys":{"sk":{"S":[{"prefix":"HEAD"}]}}}}`, false},
		{"all parts must fit", `{"eventName":["INSERT"],"dynamodb":{"N":[4]}}`, false},
		{"a value of a list", `{"tags":{"queue":["gateway"]}}`, true},
		{"no value of a list", `{"tags":{"queue":["sync"]}}`, false},
		{"an empty list", `{"tags":{"none":["x"]}}`, false},
		{"a field that is not there", `{"dynamodb":{"NewImage":{"pk":{"S":["x"]}}}}`, false},
		{"a part that is no map", `{"eventName":{"S":["x"]}}`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := object(t, tt.pattern)
			if err := pattern.Known(p); err != nil {
				t.Fatal(err)
			}
			if got := pattern.Match(p, event); got != tt.want {
				t.Errorf("fits: %t", got)
			}
		})
	}
}

func TestUnknownPatternsAreRefused(t *testing.T) {
	t.Parallel()
	for _, p := range []string{`{"a":[{"anything-but":["x"]}]}`, `{"a":{"b":[{"exists":false}]}}`, `{"a":"x"}`} {
		if err := pattern.Known(object(t, p)); err == nil || !strings.Contains(err.Error(), "filter") {
			t.Errorf("%s: %v", p, err)
		}
	}
}

func object(t *testing.T, text string) (m map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	return m
}
