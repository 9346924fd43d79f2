package sla_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/german"
	"github.com/askpro/gateway/internal/holiday"
	"github.com/askpro/gateway/internal/sla"
)

// Every day of 2020–2040 in every Land, the time of day wandering through all of them: a due date is never before its start,
// moves with its start and its target, may be reached in two steps, and a pause takes exactly its own working time.
func TestEveryDayInEveryLand(t *testing.T) {
	t.Parallel()
	loc := berlin(t)
	for _, land := range holiday.Laender {
		t.Run(string(land), func(t *testing.T) {
			t.Parallel()
			cal := sla.DefaultCalendar(land)
			cal.HalfDays = sla.YearEnd[:]
			h := cal.Hours()
			a, b := 4*time.Hour, 24*time.Hour
			var last time.Time
			n := 0
			for d := (german.Date{Year: 2020, Month: 1, Day: 1}); d.Year <= 2040; d = d.AddDays(1) {
				start := d.At(german.TimeOfDay(n*97%1440), loc)
				n++
				due := func(from time.Time, target time.Duration, pauses ...sla.Span) time.Time {
					at, ok := h.Due(sla.Business, from, target, pauses...)
					if !ok {
						t.Fatalf("from %s, %s are never due", from, target)
					}
					return at
				}
				dueA, dueAB := due(start, a), due(start, a+b)
				if dueA.Before(start) {
					t.Fatalf("from %s, %s are due before, %s", start, a, dueA)
				}
				if !dueAB.After(dueA) {
					t.Fatalf("from %s, %s are due %s and %s no later, %s", start, a, dueA, a+b, dueAB)
				}
				if two := due(dueA, b); !two.Equal(dueAB) {
					t.Fatalf("from %s, %s and then %s are due %s, together %s", start, a, b, two, dueAB)
				}
				if used := h.Elapsed(sla.Business, start, dueAB); used != a+b {
					t.Fatalf("from %s to %s are %s, not %s", start, dueAB, used, a+b)
				}
				if d.Day > 1 && dueA.Before(last.Add(-24*time.Hour)) {
					t.Fatalf("from %s: due %s, yesterday's was %s", start, dueA, last)
				}
				last = dueA
				pause := sla.Span{From: start.Add(90 * time.Minute), To: start.Add(31 * time.Hour)}
				paused := due(start, a+b, pause)
				if later := due(pause.To, a+b-h.Elapsed(sla.Business, start, pause.From)); !paused.Equal(later) {
					t.Fatalf("from %s with a pause %v: due %s, should go on after it until %s", start, pause, paused, later)
				}
				if moved := h.Elapsed(sla.Business, dueAB, paused); moved != h.Elapsed(sla.Business, pause.From, pause.To) {
					t.Fatalf("from %s: a pause %v moves the due date by %s", start, pause, moved)
				}
				night := sla.Span{From: d.At(17*60, loc), To: d.AddDays(1).At(9*60, loc)}
				if neutral := due(start, a+b, night); !neutral.Equal(dueAB) {
					t.Fatalf("from %s: a pause in the night moves %s to %s", start, dueAB, neutral)
				}
			}
		})
	}
}

func TestALaterStartIsNeverDueEarlier(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := drawCalendar(t).Hours()
		clock := rapid.SampledFrom([]sla.Clock{sla.Business, sla.AroundTheClock}).Draw(t, "clock")
		start := drawInstant(t, "start")
		later := start.Add(time.Duration(rapid.IntRange(0, 10_000).Draw(t, "minutes later")) * time.Minute)
		target := time.Duration(rapid.IntRange(0, 6_000).Draw(t, "target")) * time.Minute
		a, okA := h.Due(clock, start, target)
		b, okB := h.Due(clock, later, target)
		if okA && okB && b.Before(a) {
			t.Fatalf("%s from %s are due %s, from %s %s", target, start, a, later, b)
		}
	})
}

// What is counted is what the clock on the wall shows, minute by minute: an oracle that knows nothing of offsets and ranges
// in UTC. Zones and dates are drawn around the changes of their clocks.
func TestEachMinuteIsCountedAsTheWallClockShowsIt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cal := drawCalendar(t)
		h := cal.Hours()
		start := drawInstant(t, "start")
		length := rapid.IntRange(1, 4*24*60).Draw(t, "minutes")
		pauseFrom := rapid.IntRange(-100, length).Draw(t, "pause from")
		pauseTo := pauseFrom + rapid.IntRange(0, 3_000).Draw(t, "pause length")
		pause := sla.Span{From: start.Add(time.Duration(pauseFrom) * time.Minute), To: start.Add(time.Duration(pauseTo) * time.Minute)}
		open, free, dueAfter := 0, 0, -1
		target := rapid.IntRange(1, 900).Draw(t, "target")
		for m := range length {
			at := start.Add(time.Duration(m) * time.Minute)
			if !openAt(cal, at.In(h.Location())) {
				continue
			}
			open++
			if m < pauseFrom || m >= pauseTo {
				if free++; free == target {
					dueAfter = m + 1
				}
			}
		}
		end := start.Add(time.Duration(length) * time.Minute)
		if got := h.Elapsed(sla.Business, start, end); got != time.Duration(open)*time.Minute {
			t.Fatalf("%s–%s: %s are counted, the wall clock shows %d minutes", start, end, got, open)
		}
		if got := h.Elapsed(sla.Business, start, end, pause); got != time.Duration(free)*time.Minute {
			t.Fatalf("%s–%s without %v: %s are counted, the wall clock shows %d minutes", start, end, pause, got, free)
		}
		due, ok := h.Due(sla.Business, start, time.Duration(target)*time.Minute, pause)
		if dueAfter >= 0 && (!ok || !due.Equal(start.Add(time.Duration(dueAfter)*time.Minute))) {
			t.Fatalf("from %s, %d minutes without %v are due %s, by the wall clock %d minutes later", start, target, pause, due, dueAfter)
		}
		if dueAfter < 0 && ok && !due.After(end) {
			t.Fatalf("from %s, %d minutes without %v are due %s, by the wall clock not before %s", start, target, pause, due, end)
		}
	})
}

// openAt reads the calendar the plain way.
func openAt(c sla.Calendar, local time.Time) bool {
	hours := c.BusinessHours[weekdayNames[(int(local.Weekday())+6)%7]]
	half := slices.Contains(c.HalfDays, local.Format("01-02"))
	if _, is := holiday.On(holiday.Date(german.DateOf(local, local.Location())), c.Land, c.LocalHolidays...); is && c.Land != "" {
		hours = nil
	}
	for _, s := range c.SpecialDays {
		if s.Date == local.Format(time.DateOnly) {
			hours, half = s.Ranges, false
		}
	}
	clock := local.Format("15:04")
	for _, r := range hours {
		if from, to := r[:5], r[6:]; from <= clock && clock < to && (!half || clock < "12:00") {
			return true
		}
	}
	return false
}

func drawCalendar(t *rapid.T) sla.Calendar {
	c := sla.Calendar{
		Timezone:      rapid.SampledFrom([]string{"Europe/Berlin", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kathmandu", "America/St_Johns", "UTC"}).Draw(t, "zone"),
		Land:          rapid.SampledFrom(append([]holiday.Land{""}, holiday.Laender[:]...)).Draw(t, "land"),
		BusinessHours: map[string][]string{},
	}
	for _, day := range weekdayNames {
		c.BusinessHours[day] = drawRanges(t, day)
	}
	if rapid.Bool().Draw(t, "half days") {
		c.HalfDays = sla.YearEnd[:]
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "special days") {
		d := german.DateOf(drawInstant(t, fmt.Sprint("special ", i)), time.UTC)
		c.SpecialDays = append(c.SpecialDays, company.SpecialDay{Date: d.String(), Ranges: drawRanges(t, d.String())})
	}
	return c
}

func drawRanges(t *rapid.T, what string) []string {
	var out []string
	at := 0
	for range rapid.IntRange(0, 3).Draw(t, what) {
		from := at + 15*rapid.IntRange(0, 30).Draw(t, what+" from")
		to := from + 15*rapid.IntRange(1, 40).Draw(t, what+" to")
		if to > 24*60 {
			break
		}
		out = append(out, german.TimeOfDay(from).String()+"-"+german.TimeOfDay(to).String())
		at = to
	}
	return out
}

// drawInstant prefers the days on which clocks change, and the turn of the year.
func drawInstant(t *rapid.T, what string) time.Time {
	day := rapid.SampledFrom([]string{"2026-03-27", "2026-10-23", "2027-03-12", "2027-11-05", "2026-04-03", "2026-04-22", "2026-10-28", "2026-12-22", "2026-12-29", "2027-05-04"}).Draw(t, what+" near")
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		t.Fatal(err)
	}
	return at.Add(time.Duration(rapid.IntRange(0, 5*24*60).Draw(t, what)) * time.Minute)
}

func berlin(tb testing.TB) *time.Location {
	tb.Helper()
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		tb.Fatal(err)
	}
	return loc
}
