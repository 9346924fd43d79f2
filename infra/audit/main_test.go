package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/audit"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/store/twin"
	"github.com/askpro/gateway/internal/tenant"
)

func TestATrailIsPrintedInPagesTheNewestLineFirst(t *testing.T) {
	t.Parallel()
	us := tenant.Proven("01H00000000000000000000000")
	noon := time.Date(2026, 11, 24, 11, 0, 0, 0, time.UTC)
	table := twin.New(func() time.Time { return noon })
	for i := range 120 {
		e := audit.Entry{By: audit.By{Actor: event.Actor{Kind: "operator", ID: "anna"}, IP: "198.51.100.7"}, Action: audit.Changed,
			Object: audit.Object{Kind: "output", ID: "o1", Name: fmt.Sprintf("tickets%d", i+1)}, At: noon.Add(time.Duration(i) * time.Hour),
			Changes: []audit.Change{{Field: "name", After: "ne\x1b[31mu"}}}
		if err := table.Commit(t.Context(), us, &ledger.Step{Audit: []audit.Entry{e}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name        string
		since       time.Time
		before      int64
		lines       int
		first, last string
	}{
		{"the newest page", time.Time{}, 0, 50, "   120  29.11.2026 11:00:00  operator anna from 198.51.100.7  config.changed output tickets120", "… 70 more: BEFORE=71"},
		{"the next one", time.Time{}, 71, 50, "    70  ", "… 20 more: BEFORE=21"},
		{"the last one", time.Time{}, 21, 20, "    20  ", "        name: – → ne [31mu"},
		{"since a time", noon.Add(50 * time.Hour), 0, 70, "   120  ", "        name: – → ne [31mu"},
		{"before the first", time.Time{}, 1, 0, "", ""},
	} {
		var out strings.Builder
		if err := list(t.Context(), &out, table, us, tt.since, tt.before); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		if n := strings.Count(out.String(), "config.changed"); n != tt.lines || !strings.HasPrefix(lines[0], tt.first) || lines[len(lines)-1] != tt.last {
			t.Errorf("%s: %d lines, from %q to %q", tt.name, n, lines[0], lines[len(lines)-1])
		}
	}
}

func TestSinceIsADayInBerlinOrATimeThatHasPassed(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 11, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{"": "0001-01-01T00:00:00Z", "48h": "2026-11-22T11:00:00Z", "2026-11-01": "2026-10-31T23:00:00Z"} {
		if got, err := readSince(text, now); err != nil || got.UTC().Format(time.RFC3339) != want {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"gestern", "-48h", "2026-13-01"} {
		if got, err := readSince(text, now); err == nil {
			t.Errorf("%q is taken for %s", text, got)
		}
	}
}
