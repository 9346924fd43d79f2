package main

import (
	"strings"
	"testing"
)

func TestTheVerdict(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, in     string
		nodeRequired bool
		lastLine     string
		says         string
		good         bool
	}{
		{
			name: "passed tests pass, counted without the tests that only hold them",
			in: `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestA/one"}
{"Action":"pass","Package":"p","Test":"TestA/two"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Elapsed":1.5}`,
			lastLine: "2 passed, 0 failed", good: true,
		},
		{
			name: "a failure shows what the test said",
			in: `{"Action":"pass","Package":"p","Test":"TestB"}
{"Action":"output","Package":"p","Test":"TestA","Output":"want 1, got 2\n"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p"}`,
			lastLine: "1 passed, 1 failed", says: "want 1, got 2",
		},
		{
			name: "a skipped test has failed",
			in: `{"Action":"pass","Package":"p","Test":"TestB"}
{"Action":"output","Package":"p","Test":"TestA","Output":"no stack\n"}
{"Action":"skip","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p"}`,
			lastLine: "1 passed, 1 failed", says: "TestA was skipped",
		},
		{
			name: "without Node the tests that need it are left out, loudly",
			in: `{"Action":"pass","Package":"p","Test":"TestB"}
{"Action":"output","Package":"p","Test":"TestA","Output":"needs Node\n"}
{"Action":"skip","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p"}`,
			lastLine: "1 passed, 0 failed", says: "LEFT OUT, because there is no Node here (CI has it and runs them):\n!!   p TestA\n", good: true,
		},
		{
			name: "where Node is required they have failed",
			in: `{"Action":"pass","Package":"p","Test":"TestB"}
{"Action":"output","Package":"p","Test":"TestA","Output":"needs Node\n"}
{"Action":"skip","Package":"p","Test":"TestA"}`,
			nodeRequired: true, lastLine: "1 passed, 1 failed",
		},
		{
			name: "a package that does not build is a failure beside others that pass",
			in: `{"Action":"pass","Package":"p","Test":"TestB"}
{"ImportPath":"q","Action":"build-output","Output":"q.go:3: undefined: x\n"}
{"Action":"fail","Package":"q"}`,
			lastLine: "1 passed, 1 failed", says: "undefined: x",
		},
		{
			name:     "no test at all is a failure",
			in:       ``,
			lastLine: "0 passed, 1 failed",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			good := judge(strings.NewReader(tt.in), &out, tt.nodeRequired)
			lines := strings.Split(strings.TrimSpace(out.String()), "\n")
			if last := lines[len(lines)-1]; good != tt.good || last != tt.lastLine || !strings.Contains(out.String(), tt.says) {
				t.Errorf("judged %v, want %v; wanted %q said and %q last in:\n%s", good, tt.good, tt.says, tt.lastLine, &out)
			}
		})
	}
}
