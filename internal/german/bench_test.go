package german_test

import (
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/german"
)

func BenchmarkParse(b *testing.B) {
	cases := readCases(b, "../../testdata/datetime_cases.json")
	german.Parse("morgen", cases[0].Now) // the vocabulary is built once
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		c := cases[i%len(cases)]
		german.Parse(c.Input, c.Now)
	}
}

// BenchmarkHostileText shows the time of 10 KB and, as a ratio in the same run, of ten times as much.
func BenchmarkHostileText(b *testing.B) {
	now := time.Date(2025, 10, 9, 10, 30, 0, 0, time.UTC)
	for name, piece := range map[string]string{
		"oder": "oder ", "compounds": "einseinseinseinseinseinsein ", "numbers": "1.1.1.1.1.1:1:1-1-1 ", "modifiers": "nächste nächste übernächste diese ", "unknown": "xyzzyxyzzyxyzzyxyzzyxyzzyxyzzy ",
		"vor": "vor nach vor nach halb ", "am": "am in der den im ", "von bis": "von Montag bis Dienstag und ",
	} {
		text := strings.Repeat(piece, 10_000/len(piece))
		b.Run(name, func(b *testing.B) {
			short, long := time.Duration(0), time.Duration(0)
			more := strings.Repeat(text, 10)
			for range b.N {
				began := time.Now()
				german.Parse(text, now)
				short += time.Since(began)
				began = time.Now()
				german.Parse(more, now)
				long += time.Since(began)
			}
			b.ReportMetric(float64(short.Microseconds())/float64(b.N), "µs/10KB")
			b.ReportMetric(float64(long)/float64(short), "×10-ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}
