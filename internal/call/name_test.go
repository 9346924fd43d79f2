package call_test

import (
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/company"
)

func TestRealNames(t *testing.T) {
	t.Parallel()
	staff := []company.Staff{{Name: "Mario Rossi"}}
	now := time.Date(2025, 10, 9, 8, 0, 0, 0, time.UTC)
	for words, want := range map[string]string{
		"Erika Muster":           "Erika Muster",
		" Frau Freitag ":         "Frau Freitag",
		"Max Mai":                "Max Mai",
		"Mario Bianchi":          "Mario Bianchi",
		"Bo":                     "Bo",
		"Zoe Zimmer":             "Zoe Zimmer",
		"":                       "",
		"B":                      "",
		"4711":                   "",
		"-":                      "",
		"ja":                     "",
		"Nein.":                  "",
		"Unbekannt":              "",
		"n/a":                    "",
		"GAST":                   "",
		"Acht Uhr":               "",
		"morgen früh":            "",
		"Freitag":                "",
		"bei Mario":              "",
		"zum Chef":               "",
		"mario  rossi":           "",
		strings.Repeat("x", 151): "",
	} {
		if got := call.RealName(words, staff, now); got != want {
			t.Errorf("%q is the name %q, wanted %q", words, got, want)
		}
	}
}
