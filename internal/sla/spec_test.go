package sla_test

import (
	"testing"
	"time"

	"github.com/askpro/gateway/internal/holiday"
	"github.com/askpro/gateway/internal/sla"
)

// at reads "24.11.2026 10:15" in Berlin.
func at(tb testing.TB, s string) time.Time {
	tb.Helper()
	t, err := time.ParseInLocation("02.01.2006 15:04", s, berlin(tb))
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

// The worked examples of §6.4, as the specification writes them, through the ledger of a case: what the case record shows.
func TestWorkedExamples(t *testing.T) {
	t.Parallel()
	lunch := map[string][]string{"friday": {"08:00-12:00"}}
	for _, day := range []string{"monday", "tuesday", "wednesday", "thursday"} {
		lunch[day] = []string{"08:00-12:00", "13:00-17:00"}
	}
	night := map[string][]string{"saturday": {"22:00-24:00"}, "sunday": {"00:00-06:00"}, "monday": {"09:00-17:00"}}
	for _, tt := range []struct {
		name                 string
		start                string
		land                 holiday.Land
		hours                map[string][]string
		halfDays             []string
		clock                sla.Clock
		response, resolution int // hours
		wantResponse         string
		wantResolution       string
	}{
		{name: "1 three 8-hour days", start: "24.11.2026 10:15", response: 4, resolution: 24, wantResponse: "24.11.2026 14:15", wantResolution: "27.11.2026 10:15"},
		{name: "2 half an hour on Friday", start: "27.11.2026 16:30", response: 4, resolution: 24, wantResponse: "30.11.2026 12:30", wantResolution: "02.12.2026 16:30"},
		{name: "3 Karfreitag, weekend, Ostermontag", start: "02.04.2026 16:00", land: "NW", response: 4, resolution: 24, wantResponse: "07.04.2026 12:00", wantResolution: "09.04.2026 16:00"},
		{name: "4 Fronleichnam in NW", start: "03.06.2026 15:00", land: "NW", response: 4, wantResponse: "05.06.2026 11:00"},
		{name: "4 and not in BE", start: "03.06.2026 15:00", land: "BE", response: 4, wantResponse: "04.06.2026 11:00"},
		{name: "5 Buß- und Bettag in SN", start: "17.11.2026 16:00", land: "SN", response: 4, wantResponse: "19.11.2026 12:00"},
		{name: "5 and not in BY", start: "17.11.2026 16:00", land: "BY", response: 4, wantResponse: "18.11.2026 12:00"},
		{name: "6 half day on 24.12.", start: "23.12.2026 15:00", land: "BE", halfDays: sla.YearEnd[:], resolution: 8, wantResolution: "28.12.2026 12:00"},
		{name: "7 night of 23 hours", start: "28.03.2026 20:00", clock: sla.AroundTheClock, resolution: 8, wantResolution: "29.03.2026 05:00"},
		{name: "8 night of 25 hours", start: "24.10.2026 20:00", clock: sla.AroundTheClock, resolution: 8, wantResolution: "25.10.2026 03:00"},
		{name: "9 no lost minute at midnight", start: "25.11.2026 20:00", clock: sla.AroundTheClock, resolution: 12, wantResolution: "26.11.2026 08:00"},
		{name: "10 02–03 does not exist", start: "28.03.2026 22:00", hours: night, resolution: 6, wantResolution: "29.03.2026 05:00"},
		{name: "11 lunch break", start: "26.11.2026 11:30", hours: lunch, response: 2, wantResponse: "26.11.2026 14:30"},
		{name: "12 0:30 + 3:30", start: "27.11.2026 11:30", hours: lunch, response: 4, wantResponse: "30.11.2026 11:30"},
		{name: "15 starts at next opening", start: "29.03.2026 01:30", response: 4, wantResponse: "30.03.2026 13:00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cal := sla.DefaultCalendar(tt.land)
			if tt.hours != nil {
				cal.BusinessHours = tt.hours
			}
			cal.HalfDays = tt.halfDays
			p := sla.Policy{Targets: map[sla.Priority]sla.Target{sla.Normal: {Response: 60 * tt.response, Resolution: 60 * tt.resolution, Clock: tt.clock}}}
			l := sla.Start(at(t, tt.start), p, sla.Normal, cal)
			got := l.At(at(t, tt.start)).Summary()
			wantInstant(t, "response due", got.ResponseDueAt, tt.wantResponse)
			wantInstant(t, "resolution due", got.ResolutionDueAt, tt.wantResolution)
		})
	}
}

// wantInstant compares in Berlin; nothing wanted is the zero time.
func wantInstant(t *testing.T, what string, got time.Time, want string) {
	t.Helper()
	text := ""
	if !got.IsZero() {
		text = got.In(berlin(t)).Format("02.01.2006 15:04")
	}
	if text != want {
		t.Errorf("%s: %q, wanted %q", what, text, want)
	}
}

// Examples 7, 8, 10 and 15 as instants, because a wall clock shows some of them twice.
func TestWorkedExamplesInUTC(t *testing.T) {
	t.Parallel()
	for start, want := range map[string]string{"28.03.2026 20:00": "2026-03-29T03:00:00Z", "24.10.2026 20:00": "2026-10-25T02:00:00Z"} {
		due, _ := sla.DefaultCalendar("").Hours().Due(sla.AroundTheClock, at(t, start), 8*time.Hour)
		if got := due.Format(time.RFC3339); got != want {
			t.Errorf("from %s: due %s, wanted %s", start, got, want)
		}
	}
	due, _ := sla.DefaultCalendar("").Hours().Due(sla.Business, at(t, "29.03.2026 01:30"), 4*time.Hour)
	if got := due.Format(time.RFC3339); got != "2026-03-30T11:00:00Z" {
		t.Errorf("example 15: due %s", got)
	}
}

// Example 2: the warnings, half an hour and an hour of clock time before.
func TestWarningsOfExample2(t *testing.T) {
	t.Parallel()
	l := sla.Start(at(t, "27.11.2026 16:30"), sla.DefaultPolicy(), sla.Normal, sla.DefaultCalendar(""))
	wantMilestones(t, &l, "30.11.2026 12:00 response/1/warning", "30.11.2026 12:30 response/1/breach", "02.12.2026 15:30 resolution/1/warning", "02.12.2026 16:30 resolution/1/breach")
}

func wantMilestones(t *testing.T, l *sla.Ledger, want ...string) {
	t.Helper()
	var got []string
	for _, m := range l.Milestones() {
		got = append(got, m.At.In(berlin(t)).Format("02.01.2006 15:04 ")+m.Key())
	}
	if len(got) != len(want) {
		t.Errorf("milestones:\n got    %q\n wanted %q", got, want)
		return
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("milestone %d is %q, wanted %q", i, got[i], want[i])
		}
	}
}

// Example 13: pending from Tuesday 14:00 to Wednesday 10:30.
func TestExample13APauseTakesItsWorkingTime(t *testing.T) {
	t.Parallel()
	l := sla.Start(at(t, "24.11.2026 10:15"), sla.DefaultPolicy(), sla.High, sla.DefaultCalendar(""))
	wantInstant(t, "without a pause", l.At(at(t, "24.11.2026 13:00")).Resolution.DueAt, "25.11.2026 10:15")
	l.Pause(at(t, "24.11.2026 14:00"), sla.WaitingCustomer)
	paused := l.At(at(t, "24.11.2026 20:00"))
	if paused.Resolution.State != sla.StatePaused || !paused.Resolution.DueAt.IsZero() || paused.Resolution.Remaining != 4*time.Hour+15*time.Minute || paused.Waiting != sla.WaitingCustomer {
		t.Errorf("while pending: %+v", paused)
	}
	l.Continue(at(t, "25.11.2026 10:30"))
	s := l.At(at(t, "25.11.2026 10:30"))
	wantInstant(t, "after the pause", s.Resolution.DueAt, "25.11.2026 14:45")
	if s.Resolution.Used != 3*time.Hour+45*time.Minute || s.Summary().PausedSeconds != 73800 {
		t.Errorf("used %s, paused %d s", s.Resolution.Used, s.Summary().PausedSeconds)
	}
}

// Example 14: normal (24 h), raised to high (8 h) at 15:15.
func TestExample14WhatIsUsedStaysUsed(t *testing.T) {
	t.Parallel()
	l := sla.Start(at(t, "24.11.2026 10:15"), sla.DefaultPolicy(), sla.Normal, sla.DefaultCalendar(""))
	l.Respond(at(t, "24.11.2026 10:20"))
	if !l.Change(at(t, "24.11.2026 15:15"), sla.PriorityChanged, sla.DefaultPolicy(), sla.High, sla.DefaultCalendar("")) {
		t.Fatal("a new priority changes nothing")
	}
	r := l.At(at(t, "24.11.2026 15:15")).Resolution
	wantInstant(t, "raised", r.DueAt, "25.11.2026 10:15")
	if r.Used != 5*time.Hour || r.Remaining != 3*time.Hour {
		t.Errorf("used %s, left %s", r.Used, r.Remaining)
	}
}
