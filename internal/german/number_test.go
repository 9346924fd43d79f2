package german_test

import (
	"testing"

	"github.com/askpro/gateway/internal/german"
)

func TestSpeakNumber(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{
		0: "null", 1: "eins", 12: "zwölf", 17: "siebzehn", 21: "einundzwanzig", 42: "zweiundvierzig", 100: "einhundert", 101: "einhunderteins",
		222: "zweihundertzweiundzwanzig", 1000: "eintausend", 1001: "eintausendeins", 2026: "zweitausendsechsundzwanzig", 21_000: "einundzwanzigtausend",
		101_001: "einhunderteintausendeins", 999_999: "neunhundertneunundneunzigtausendneunhundertneunundneunzig", 1_000_000: "eine Million", 3_000_042: "drei Millionen zweiundvierzig", -7: "minus sieben",
	} {
		if got := german.SpeakNumber(n); got != want {
			t.Errorf("%d: %q, wanted %q", n, got, want)
		}
	}
}
