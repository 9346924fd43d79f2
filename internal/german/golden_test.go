package german_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/german"
)

// TestSentences renders everything that is spoken and written, to be read aloud: make golden rewrites the file.
func TestSentences(t *testing.T) {
	t.Parallel()
	loc := berlin(t)
	now := time.Date(2025, 10, 9, 10, 30, 0, 0, loc)
	today := german.DateOf(now, loc)
	var b strings.Builder
	line := func(format string, a ...any) { fmt.Fprintf(&b, format+"\n", a...) }
	line("# Uhrzeiten")
	for _, at := range []german.TimeOfDay{0, 30, 5*60 + 45, 6*60 + 30, 7 * 60, 7*60 + 15, 8*60 + 30, 9*60 + 45, 12 * 60, 12*60 + 15, 12*60 + 30, 12*60 + 45, 14*60 + 30, 16*60 + 20, 18*60 + 45, 19*60 + 30, 20 * 60, 23*60 + 59} {
		line("%s  Der Termin ist um %s. (geschrieben: %s)", at, german.SpeakTime(at), german.WriteTime(at))
	}
	line("\n# Tage")
	for _, d := range []german.Date{today, today.AddDays(1), today.AddDays(2), {Year: 2025, Month: 10, Day: 14}, {Year: 2025, Month: 12, Day: 1}, {Year: 2026, Month: 1, Day: 13}, {Year: 2026, Month: 3, Day: 1}} {
		line("%s  Der Termin ist %s. Meinen Sie %s? Heute ist %s. (geschrieben: %s; %s %s)", d, german.SpeakOnDate(d, today), german.SpeakDate(d, today), german.SpeakDateIs(d), german.WriteDate(d), german.WeekdayAbbr(d), german.WriteDateShort(d))
	}
	line("\n# Tag und Uhrzeit")
	for _, d := range []german.Date{today, today.AddDays(1), {Year: 2025, Month: 10, Day: 14}, {Year: 2026, Month: 3, Day: 1}} {
		line("Wir sehen uns %s.", german.SpeakWhen(d.At(14*60+30, loc), now, loc))
	}
	line("\n# Öffnungszeiten")
	line("Wir haben %s geöffnet. (geschrieben: %s)", german.SpeakRange(9*60, 18*60), german.WriteRange(9*60, 18*60))
	line("Wir haben %s geöffnet.", german.SpeakList([]string{german.SpeakRange(8*60+30, 12*60), german.SpeakRange(13*60, 17*60)}, "und"))
	line("\n# Dauern")
	for _, m := range []int{0, 1, 15, 45, 60, 75, 90, 120, 135, 150, 1315, 1440, 3000, 7200, 7300} {
		line("Das dauert %s.", german.SpeakDuration(time.Duration(m)*time.Minute))
	}
	line("\n# Preise")
	for _, c := range []int{0, 50, 100, 150, 2300, 2350, 123456} {
		line("Das kostet %s. (geschrieben: %s)", german.SpeakMoney(c), german.WriteMoney(c))
	}
	line("\n# Aufzählungen")
	for _, list := range [][]string{nil, {"Anna"}, {"Anna", "Mario"}, {"Anna", "Mario", "Jana"}} {
		line("%q", german.SpeakList(list, "oder"))
	}
	const file = "../../testdata/german/sentences.txt"
	if os.Getenv("ASKPRO_GOLDEN") == "write" {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != b.String() {
		t.Errorf("the sentences are not those of %s: run make golden and read the diff aloud", file)
	}
	for _, never := range []string{"Uhr Uhr", "am heute", "am morgen ", "um um"} {
		if strings.Contains(b.String(), never) {
			t.Errorf("nobody says %q", never)
		}
	}
}
