// verdict reads `go test -json`, tells how it goes, a line per package, and
// judges: a failed test or a skipped one is a failure, because a test that does
// not run proves nothing. Only without ASKPRO_REQUIRE_NODE may tests that need
// Node skip. Its last line is "N passed, N failed".
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"
	"time"
)

func main() {
	if !judge(os.Stdin, os.Stdout, os.Getenv("ASKPRO_REQUIRE_NODE") == "1") {
		os.Exit(1)
	}
}

// long is how long a test may take without being named: who waits sees where it stands.
const long = 5 * time.Second

// step is a line of `go test -json` (go doc test2json).
type step struct {
	Action, Package, ImportPath, Test, Output string
	Elapsed                                   float64
}

// judge prints the course of the tests to out and reports whether all of them
// passed. Builds that fail count as one failure.
func judge(in io.Reader, out io.Writer, nodeRequired bool) bool {
	type name struct{ pkg, test string }
	var (
		said           = map[name]*strings.Builder{}
		parent         = map[name]bool{}
		passedIn       = map[string]int{}
		failedIn       = map[string]int{}
		passed, failed int
		leftOut        []string
	)
	say := func(n name) *strings.Builder {
		if said[n] == nil {
			said[n] = new(strings.Builder)
		}
		return said[n]
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 64<<20) // a test may print a whole document as one line
	for lines.Scan() {
		var s step
		if json.Unmarshal(lines.Bytes(), &s) != nil {
			fmt.Fprintln(out, lines.Text()) // not from a test, e.g. the go command's own complaint
			continue
		}
		n := name{s.Package, s.Test}
		for up := s.Test; strings.Contains(up, "/"); {
			up = up[:strings.LastIndex(up, "/")]
			parent[name{s.Package, up}] = true
		}
		short := strings.TrimPrefix(s.Package, "github.com/askpro/gateway/")
		switch {
		case s.Action == "build-output":
			fmt.Fprint(out, s.Output)
		case s.Action == "output":
			if !strings.HasPrefix(s.Output, "=== ") {
				say(n).WriteString(s.Output)
			}
		case s.Action == "pass" && s.Test != "":
			if !parent[n] {
				passed++
				passedIn[s.Package]++
			}
			if !strings.Contains(s.Test, "/") && s.Elapsed > long.Seconds() {
				fmt.Fprintf(out, "     %-40s %s %.0f s\n", short, s.Test, s.Elapsed)
			}
			delete(said, n)
		case s.Action == "skip" && s.Test != "":
			if !nodeRequired && strings.Contains(say(n).String(), "Node") {
				leftOut = append(leftOut, short+" "+s.Test)
				break
			}
			failed++
			failedIn[s.Package]++
			fmt.Fprintf(out, "FAIL %s %s was skipped:\n%s", short, s.Test, say(n))
		case s.Action == "fail" && s.Test != "":
			if !parent[n] {
				failed++
				failedIn[s.Package]++
			}
			if said := say(n).String(); !parent[n] || strings.Count(said, "\n") > 1 { // more than that a part of it failed
				fmt.Fprintf(out, "FAIL %s %s\n%s", short, s.Test, said)
			}
		case s.Action == "fail":
			if failedIn[s.Package] == 0 {
				failed++ // it does not build, or died before its first test
			}
			fmt.Fprintf(out, "FAIL %s (%.1f s)\n%s", short, s.Elapsed, say(name{pkg: s.Package}))
		case s.Action == "pass":
			fmt.Fprintf(out, "ok   %-40s %4d tests %6.1f s\n", short, passedIn[s.Package], s.Elapsed)
		}
	}
	if err := lines.Err(); err != nil {
		failed++
		fmt.Fprintln(out, "verdict could not read on:", err)
	}
	if passed == 0 {
		failed++
		fmt.Fprintln(out, "No test passed: was there one?")
	}
	sort.Strings(leftOut)
	if len(leftOut) > 0 {
		fmt.Fprintf(out, "!! LEFT OUT, because there is no Node here (CI has it and runs them):\n!!   %s\n", strings.Join(leftOut, "\n!!   "))
	}
	fmt.Fprintf(out, "%d passed, %d failed\n", passed, failed)
	return failed == 0
}
