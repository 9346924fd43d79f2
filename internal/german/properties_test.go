package german_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/askpro/gateway/internal/german"
)

func berlin(tb testing.TB) *time.Location {
	tb.Helper()
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		tb.Fatal(err)
	}
	return loc
}

// What we say we understand: every minute from 7 to 20 o'clock on 365 days, from three reference days, so that both clock
// changes and the turn of the year lie between. The second pass of the doubled autumn hour is at night.
func TestWhatIsSpokenIsReadBack(t *testing.T) {
	t.Parallel()
	loc := berlin(t)
	for _, now := range []time.Time{
		time.Date(2025, 10, 9, 6, 30, 0, 0, loc), time.Date(2026, 3, 28, 6, 0, 0, 0, loc), time.Date(2026, 12, 30, 6, 59, 0, 0, loc),
	} {
		t.Run(now.Format(time.DateOnly), func(t *testing.T) {
			t.Parallel()
			today := german.DateOf(now, loc)
			for day := range 366 {
				d := today.AddDays(day)
				for minute := 7 * 60; minute <= 20*60; minute++ {
					at := german.TimeOfDay(minute)
					said := german.SpeakWhen(d.At(at, loc), now, loc)
					if r := german.ParseIn(said, now, loc); r.Err != "" || r.Date != d || r.Time != at {
						t.Fatalf("at %s, %q is read back as %s %s %s", now, said, r.Date, r.Time, r.Err)
					}
				}
			}
		})
	}
}

// Early and late times too, where they exist.
func TestEveryTimeOfTheDayIsReadBack(t *testing.T) {
	t.Parallel()
	loc := berlin(t)
	now := time.Date(2025, 10, 9, 0, 0, 0, 0, loc)
	for minute := range 24 * 60 {
		at := german.TimeOfDay(minute)
		if r := german.ParseIn("um "+german.SpeakTime(at), now, loc); r.Err != "" || r.Time != at {
			t.Errorf("%q is read back as %s %s, not %s", german.SpeakTime(at), r.Time, r.Err, at)
		}
	}
}

// Shifting now by whole weeks shifts the result by whole weeks, where the phrase speaks of weekdays and durations.
func TestWeeksShift(t *testing.T) {
	t.Parallel()
	loc := berlin(t)
	phrases := []string{"morgen um zehn", "Freitag", "nächste Woche Dienstag um halb drei", "in zwei Wochen", "am Wochenende", "übermorgen nachmittags", "Mittwoch in einer Woche", "Anfang nächster Woche"}
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2024, 1, 1, 10, 0, 0, 0, loc).AddDate(0, 0, rapid.IntRange(0, 1500).Draw(t, "day"))
		weeks := rapid.IntRange(1, 100).Draw(t, "weeks")
		phrase := rapid.SampledFrom(phrases).Draw(t, "phrase")
		a, b := german.ParseIn(phrase, now, loc), german.ParseIn(phrase, now.AddDate(0, 0, 7*weeks), loc)
		shift := func(d german.Date) german.Date {
			if d.IsZero() {
				return d
			}
			return d.AddDays(7 * weeks)
		}
		if shift(a.Date) != b.Date || a.Time != b.Time || shift(a.Window.From) != b.Window.From || shift(a.Window.To) != b.Window.To || a.Err != b.Err {
			t.Fatalf("%q: %+v, %d weeks later %+v", phrase, a, weeks, b)
		}
	})
}

// Words that say nothing change nothing, wherever they stand.
func TestFillersChangeNothing(t *testing.T) {
	t.Parallel()
	loc := berlin(t)
	now := time.Date(2025, 10, 9, 10, 30, 0, 0, loc)
	phrases := []string{"morgen um zehn", "am Freitag um halb drei", "nächste Woche Dienstag um vierzehn Uhr", "am fünfzehnten Oktober um neun", "übermorgen nachmittags", "in zwei Wochen um vier", "zwischen zehn und zwölf", "am 5. November um halb zehn"}
	fillers := []string{"äh", "ähm", "also", "bitte", "ja", "gerne", "dann", "vielleicht", "hm"}
	rapid.Check(t, func(t *rapid.T) {
		phrase := rapid.SampledFrom(phrases).Draw(t, "phrase")
		words := strings.Fields(phrase)
		var said []string
		for _, w := range words {
			if rapid.Bool().Draw(t, "filler") && !strings.HasSuffix(w, ".") {
				said = append(said, rapid.SampledFrom(fillers).Draw(t, "word"))
			}
			said = append(said, w)
		}
		a, b := german.ParseIn(phrase, now, loc), german.ParseIn(strings.Join(said, " "), now, loc)
		a.Used, a.Left, b.Used, b.Left = nil, nil, nil, nil
		if fmt.Sprint(a) != fmt.Sprint(b) {
			t.Fatalf("%q: %+v\n%q: %+v", phrase, a, strings.Join(said, " "), b)
		}
	})
}

// Nothing is invented: words that name no day give no day, words that name no time give no time.
func TestNothingIsInvented(t *testing.T) {
	t.Parallel()
	loc := berlin(t)
	now := time.Date(2025, 10, 9, 10, 30, 0, 0, loc)
	days := []string{"morgen", "am Freitag", "15.10.", "übermorgen", "nächste Woche Mittwoch", "Heiligabend"}
	times := []string{"um zehn", "14 Uhr", "halb drei", "viertel vor vier", "14:30", "gegen fünf"}
	others := []string{"Herrenhaarschnitt", "bei Anna", "Frau Müller", "und Farbe", "für meine Tochter", "Grüße"}
	rapid.Check(t, func(t *rapid.T) {
		day := rapid.SampledFrom(days).Draw(t, "day")
		clock := rapid.SampledFrom(times).Draw(t, "time")
		other := rapid.SampledFrom(others).Draw(t, "other")
		if r := german.ParseIn(day+" "+other, now, loc); r.Date.IsZero() || r.Time != german.NoTime || r.HasWindow {
			t.Fatalf("%q: %+v", day+" "+other, r)
		}
		if r := german.ParseIn(other+" "+clock, now, loc); !r.Date.IsZero() || !r.Window.From.IsZero() || r.Time == german.NoTime {
			t.Fatalf("%q: %+v", other+" "+clock, r)
		}
		if r := german.ParseIn(other, now, loc); r.Err != german.ErrUnparseable || !r.Date.IsZero() || r.Time != german.NoTime || r.HasWindow {
			t.Fatalf("%q: %+v", other, r)
		}
	})
}

// Every edge of summer time from 2020 to 2040: the skipped hour does not exist, the doubled one is its first pass.
func TestTheEdgesOfSummerTime(t *testing.T) {
	t.Parallel()
	loc := berlin(t)
	for year := 2020; year <= 2040; year++ {
		spring, autumn := lastSunday(year, 3), lastSunday(year, 10)
		before := spring.AddDays(-1).At(12*60, loc)
		if r := german.ParseIn("morgen um 02:30", before, loc); r.Err != german.ErrInvalidTime || r.Date != spring || r.Time != german.NoTime {
			t.Errorf("%d: %+v", year, r)
		}
		for _, clock := range []string{"01:59", "03:00"} {
			if r := german.ParseIn("morgen um "+clock, before, loc); r.Err != "" || r.Time.String() != clock {
				t.Errorf("%d, %s: %+v", year, clock, r)
			}
		}
		before = autumn.AddDays(-1).At(12*60, loc)
		r := german.ParseIn("morgen um 02:30", before, loc)
		if r.Err != "" || r.Time.String() != "02:30" {
			t.Errorf("%d: %+v", year, r)
		}
		if _, offset := r.Date.At(r.Time, loc).Zone(); offset != 7200 {
			t.Errorf("%d: the doubled hour is its second pass", year)
		}
		if r := german.ParseIn("in 24 Stunden", autumn.AddDays(-1).At(14*60, loc), loc); r.Date != autumn || r.Time.String() != "13:00" {
			t.Errorf("%d: 24 hours later it is %s %s", year, r.Date, r.Time)
		}
	}
}

func lastSunday(year, month int) german.Date {
	d := german.Date{Year: year, Month: month, Day: 31}
	return d.AddDays(-(d.Weekday() % 7))
}

func FuzzParse(f *testing.F) {
	for _, c := range readCases(f, "../../testdata/datetime_cases.json") {
		f.Add(c.Input)
	}
	f.Add(strings.Repeat("oder nein halbhalbhalb 1.1.1.1 ", 40))
	now := time.Date(2025, 10, 9, 10, 30, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		r := german.Parse(text, now)
		if !r.Date.IsZero() && !r.Date.Valid() {
			t.Errorf("%q: the calendar has no %s", text, r.Date)
		}
		if r.Time < german.NoTime || r.Time >= 24*60 {
			t.Errorf("%q: no clock shows %d", text, r.Time)
		}
		switch r.Err {
		case german.ErrUnparseable, german.ErrAmbiguous, german.ErrInvalidDate, german.ErrContradiction:
			if !r.Date.IsZero() || r.Time != german.NoTime || r.HasWindow {
				t.Errorf("%q: %s and yet %+v", text, r.Err, r)
			}
		case "":
			if r.Date.IsZero() && r.Time == german.NoTime && !r.HasWindow {
				t.Errorf("%q: nothing understood and no error", text)
			}
		}
		german.ParseOrdinal(text)
		german.IsYes(text)
	})
}
