package main

import (
	"strings"
	"testing"
)

func TestWrongArrowsAreFound(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, from, uses string
		wrong            string // part of the complaint; empty for a right arrow
	}{
		{"a function wires edges", "functions/hook-calcom", "internal/store", ""},
		{"an edge stores the product", "internal/store", "internal/booking", ""},
		{"an edge uses the plumbing", "internal/hook", "internal/lambdakit", ""},
		{"the product uses itself", "internal/booking", "internal/company", ""},
		{"an edge has inner rooms", "internal/store", "internal/store/storetest", ""},
		{"the local stack uses anything", "infra/local", "internal/retell", ""},
		{"an edge does not use another", "internal/hook", "internal/store", "do not know each other"},
		{"a function does not use another", "functions/hook-calcom", "functions/work-sync", "do not know each other"},
		{"the product does not use an edge", "internal/booking", "internal/store", "lies above"},
		{"the product does not use the plumbing", "internal/booking", "internal/lambdakit", "lies above"},
		{"a word does not use the product", "internal/phone", "internal/customer", "lies above"},
		{"what is deployed does not use infra", "internal/store", "infra/simulate", "lies above"},
		{"the product knows no AWS", "internal/booking", "github.com/aws/aws-sdk-go-v2/aws", "knows no AWS"},
		{"a new package has to say where it belongs", "internal/newcomer", "fmt", "layers.go"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			used := tt.uses
			if strings.HasPrefix(used, "in") || strings.HasPrefix(used, "functions") {
				used = module + used
			}
			got := strings.Join(check([]pkg{{ImportPath: module + tt.from, Imports: []string{used}}}), "\n")
			if (got == "") != (tt.wrong == "") || !strings.Contains(got, tt.wrong) {
				t.Errorf("%s → %s: complaint %q, want one with %q", tt.from, tt.uses, got, tt.wrong)
			}
		})
	}
}
