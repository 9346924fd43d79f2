package company

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/german"
	"github.com/askpro/gateway/internal/holiday"
)

// Range is an opening of one local day in minutes since midnight, half-open.
type Range struct{ From, To german.TimeOfDay }

var weekdays = [...]string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}

// ParseRange reads "09:00-18:00"; "24:00" is allowed as an end.
func ParseRange(s string) (Range, error) {
	from, to, ok := strings.Cut(s, "-")
	a, errA := ParseTimeOfDay(from)
	b, errB := ParseTimeOfDay(to)
	if !ok || errA != nil || errB != nil || a >= b {
		return Range{}, fmt.Errorf("%q is no range of opening hours: write it as 09:00-18:00", s)
	}
	return Range{a, b}, nil
}

// ParseTimeOfDay reads "HH:MM" up to 24:00.
func ParseTimeOfDay(s string) (german.TimeOfDay, error) {
	h, m, ok := strings.Cut(strings.TrimSpace(s), ":")
	hour, errH := strconv.Atoi(h)
	minute, errM := strconv.Atoi(m)
	if !ok || errH != nil || errM != nil || hour < 0 || minute < 0 || minute > 59 || hour*60+minute > 24*60 {
		return 0, fmt.Errorf("%q is no time of day: write it as 09:00", s)
	}
	return german.TimeOfDay(hour*60 + minute), nil
}

// Open lists the branch's openings of a day, in order. Special days win over holidays, holidays over the week.
func (b Branch) Open(d german.Date) []Range {
	for _, s := range b.SpecialDays {
		if s.Date == d.String() {
			return ranges(s.Ranges)
		}
	}
	if _, is := b.Holiday(d); is {
		return nil
	}
	return b.Week(b.BusinessHours, d)
}

// Week reads a table of hours by weekday names for one date.
func (b Branch) Week(hours map[string][]string, d german.Date) []Range {
	return ranges(hours[weekdays[d.Weekday()-1]])
}

// Holiday names the public holiday that closes the branch on a day.
func (b Branch) Holiday(d german.Date) (string, bool) {
	if !b.ClosedOnPublicHolidays || b.Land == "" {
		return "", false
	}
	return holiday.On(holiday.Date(d), holiday.Land(b.Land))
}

// ranges skips what does not parse: a file is validated when it is loaded, and a caller must not suffer from an old mistake.
func ranges(list []string) []Range {
	out := make([]Range, 0, len(list))
	for _, s := range list {
		if r, err := ParseRange(s); err == nil {
			out = append(out, r)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].From < out[j].From })
	return out
}

// OpenAt tells whether the branch is open at an instant.
func (b Branch) OpenAt(t time.Time) bool {
	m := b.LocalMinute(t)
	for _, r := range b.Open(b.Day(t)) {
		if r.From <= m && m < r.To {
			return true
		}
	}
	return false
}

// NextOpening is the first instant at or after t at which the branch is open; false when it stays closed for 60 days.
func (b Branch) NextOpening(t time.Time) (time.Time, bool) {
	if b.OpenAt(t) {
		return t, true
	}
	day := b.Day(t)
	for range 60 {
		for _, r := range b.Open(day) {
			if start := b.At(day, r.From); !start.Before(t) {
				return start, true
			}
		}
		day = day.AddDays(1)
	}
	return time.Time{}, false
}

// At is the instant of a local time of day at the branch.
func (b Branch) At(d german.Date, m german.TimeOfDay) time.Time {
	return d.At(m, b.Location())
}

// AddBusinessTime walks d forward inside the branch's openings (§15: deadlines of callbacks). A deadline that falls on
// the very end of an opening stays there. False when the branch is closed for 60 days running.
func (b Branch) AddBusinessTime(t time.Time, d time.Duration) (time.Time, bool) {
	day := b.Day(t)
	for range 60 {
		for _, r := range b.Open(day) {
			from, to := b.At(day, r.From), b.At(day, r.To)
			if to.After(t) {
				if from.Before(t) {
					from = t
				}
				if open := to.Sub(from); d <= open {
					return from.Add(d), true
				} else {
					d -= open
				}
			}
		}
		day = day.AddDays(1)
	}
	return time.Time{}, false
}

// Away tells whether a member of staff is on vacation on a day.
func (s Staff) Away(d german.Date) bool {
	iso := d.String()
	for _, v := range s.Vacation {
		if v.From <= iso && iso <= v.To {
			return true
		}
	}
	return false
}

// Works tells whether a member of staff works through [start, end) as far as their own hours and vacations say; without
// own hours the branch's calendar decides alone.
func (s Staff) Works(b Branch, start, end time.Time) bool {
	day := b.Day(start)
	if s.Away(day) {
		return false
	}
	if len(s.WorkingHours) == 0 {
		return true
	}
	for _, w := range s.WorkingHours {
		if w.Weekday != day.Weekday() {
			continue
		}
		from, errF := ParseTimeOfDay(w.Start)
		to, errT := ParseTimeOfDay(w.End)
		if errF != nil || errT != nil || start.Before(b.At(day, from)) || end.After(b.At(day, to)) {
			continue
		}
		breakFrom, errF := ParseTimeOfDay(w.BreakStart)
		breakTo, errT := ParseTimeOfDay(w.BreakEnd)
		if errF == nil && errT == nil && start.Before(b.At(day, breakTo)) && b.At(day, breakFrom).Before(end) {
			continue
		}
		return true
	}
	return false
}

func sortByPriority(list []Service) {
	sort.SliceStable(list, func(i, j int) bool { return list[i].Priority < list[j].Priority })
}

// LocalMinute is the time of day of an instant at the branch.
func (b Branch) LocalMinute(t time.Time) german.TimeOfDay {
	local := t.In(b.Location())
	return german.TimeOfDay(local.Hour()*60 + local.Minute())
}

// DaysOf lists the local dates that [start, end) touches.
func (b Branch) DaysOf(start, end time.Time) []german.Date {
	days := []german.Date{b.Day(start)}
	for last := b.Day(end.Add(-time.Nanosecond)); days[len(days)-1].Before(last); {
		days = append(days, days[len(days)-1].AddDays(1))
	}
	return days
}
