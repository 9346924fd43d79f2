// Package compare sets our parser beside the best library there is, on the specification's phrases. It is a module of its
// own, so that the library stays out of the product's requirements:
//
//	cd internal/german/compare && go test -v -bench .
package compare

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	dateparser "github.com/markusmobius/go-dateparser"

	"github.com/askpro/gateway/internal/german"
)

type phrase struct {
	Now    time.Time `json:"now"`
	Input  string    `json:"input"`
	Expect struct {
		Date, Time, Error *string
		Window            any
	} `json:"expect"`
}

func phrases(tb testing.TB) []phrase {
	tb.Helper()
	raw, err := os.ReadFile("../../../testdata/datetime_cases.json")
	if err != nil {
		tb.Fatal(err)
	}
	var list []phrase
	if err := json.Unmarshal(raw, &list); err != nil {
		tb.Fatal(err)
	}
	return list
}

func library(p phrase) (time.Time, bool) {
	d, err := dateparser.Parse(&dateparser.Configuration{Languages: []string{"de"}, CurrentTime: p.Now, DefaultTimezone: p.Now.Location()}, p.Input)
	return d.Time, err == nil && !d.IsZero()
}

// TestTheLibraryAndUs counts right, wrong and silently wrong readings: a phrase that must be asked about, or of which only a
// part was said, and that is answered with some instant, is silently wrong.
func TestTheLibraryAndUs(t *testing.T) {
	right, refused, silent, ours := 0, 0, 0, 0
	list := phrases(t)
	for _, p := range list {
		want := p.Expect
		r := german.Parse(p.Input, p.Now)
		got := string(r.Err)
		if (want.Error == nil && got == "") || (want.Error != nil && got == *want.Error) {
			ours++
		}
		at, ok := library(p)
		switch {
		case !ok && want.Error != nil:
			right++
		case !ok:
			refused++
		case want.Error == nil && want.Window == nil && want.Date != nil && at.Format(time.DateOnly) == *want.Date && (want.Time == nil || at.Format("15:04") == *want.Time):
			right++
		default:
			silent++
		}
	}
	t.Logf("of %d phrases the library gets %d right, refuses %d and is silently wrong about %d; we get %d (all four fields: TestDateTimeCases)", len(list), right, refused, silent, ours)
	if ours != len(list) {
		t.Errorf("we get %d of %d", ours, len(list))
	}
}

func BenchmarkOurs(b *testing.B) {
	list := phrases(b)
	b.ReportAllocs()
	for i := range b.N {
		p := list[i%len(list)]
		german.Parse(p.Input, p.Now)
	}
}

func BenchmarkLibrary(b *testing.B) {
	list := phrases(b)
	b.ReportAllocs()
	for i := range b.N {
		library(list[i%len(list)])
	}
}
