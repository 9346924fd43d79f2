package german_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/german"
)

// A case file is a JSON array: what was said, when, and what it comes to; a note says why.
type dateCase struct {
	Now    time.Time `json:"now"`
	Input  string    `json:"input"`
	Note   string    `json:"note"`
	Expect outcome   `json:"expect"`
}

type outcome struct {
	Date   *string `json:"date"`
	Time   *string `json:"time"`
	Window *window `json:"window"`
	Error  *string `json:"error"`
}

type window struct {
	DateFrom *string `json:"date_from"`
	DateTo   *string `json:"date_to"`
	TimeFrom *string `json:"time_from"`
	TimeTo   *string `json:"time_to"`
}

func show(o outcome) string {
	b, err := json.Marshal(o)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func text(s fmt.Stringer) *string {
	if v := s.String(); v != "" && v != "0000-00-00" {
		return &v
	}
	return nil
}

func outcomeOf(r german.Result) outcome {
	o := outcome{Date: text(r.Date), Time: text(r.Time)}
	if r.HasWindow {
		o.Window = &window{text(r.Window.From), text(r.Window.To), text(r.Window.TimeFrom), text(r.Window.TimeTo)}
	}
	if r.Err != "" {
		e := string(r.Err)
		o.Error = &e
	}
	return o
}

func readCases(tb testing.TB, name string) []dateCase {
	tb.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		tb.Fatal(err)
	}
	var cases []dateCase
	if err := json.Unmarshal(raw, &cases); err != nil {
		tb.Fatalf("%s: %v", name, err)
	}
	return cases
}

// TestDateTimeCases runs the specification's cases, our own, and those of further files in DATETIME_CASES (paths joined by
// colons): one subtest a case, all four fields exact.
// §17.10: one parser, tested by tables.
func TestDateTimeCases(t *testing.T) {
	t.Parallel()
	files := []string{"../../testdata/datetime_cases.json"}
	own, err := filepath.Glob("../../testdata/german/*.json")
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, own...)
	files = append(files, filepath.SplitList(os.Getenv("DATETIME_CASES"))...)
	for _, file := range files {
		for i, c := range readCases(t, file) {
			t.Run(fmt.Sprintf("%s/%d %s", filepath.Base(file), i, c.Input), func(t *testing.T) {
				t.Parallel()
				if got, want := show(outcomeOf(german.Parse(c.Input, c.Now))), show(c.Expect); got != want {
					t.Errorf("at %s, %q\n got    %s\n wanted %s\n (%s)", c.Now.Format(time.RFC3339), c.Input, got, want, c.Note)
				}
			})
		}
	}
}
