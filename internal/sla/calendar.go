package sla

import (
	"fmt"
	"slices"
	"time"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/german"
	"github.com/askpro/gateway/internal/holiday"
)

// Calendar says when people work. Times of day are local to Timezone; the fields that a branch has too are written alike.
// On a date the special day decides, else the public holiday, else the half day, else the week.
type Calendar struct {
	ID            string               `json:"id,omitempty"`
	Name          string               `json:"name,omitempty"`
	Timezone      string               `json:"timezone"`                 // empty: Europe/Berlin
	Land          holiday.Land         `json:"bundesland,omitempty"`     // empty: holidays are working days
	LocalHolidays []holiday.Local      `json:"local_holidays,omitempty"` // of the municipality
	BusinessHours map[string][]string  `json:"business_hours"`           // monday … sunday → "09:00-12:00", "13:00-24:00"
	HalfDays      []string             `json:"half_days,omitempty"`      // "12-24": closed from 12:00 every year
	SpecialDays   []company.SpecialDay `json:"special_days,omitempty"`   // one-offs; no ranges means closed
}

// YearEnd is the switch for half days: Christmas Eve and New Year's Eve.
var YearEnd = [...]string{"12-24", "12-31"}

const halfDayEnds = german.TimeOfDay(12 * 60)

var weekdays = [...]string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}

// DefaultCalendar is what a company has before it says otherwise: Monday to Friday from nine to five.
func DefaultCalendar(land holiday.Land) Calendar {
	week := map[string][]string{}
	for _, day := range weekdays[:5] {
		week[day] = []string{"09:00-17:00"}
	}
	return Calendar{Timezone: "Europe/Berlin", Land: land, BusinessHours: week}
}

// OfBranch is the calendar of a branch as its opening hours say it.
func OfBranch(b company.Branch) Calendar {
	c := Calendar{ID: b.ID, Name: b.Name, Timezone: b.Timezone, BusinessHours: b.BusinessHours, SpecialDays: b.SpecialDays}
	if b.ClosedOnPublicHolidays {
		c.Land = holiday.Land(b.Land)
	}
	return c
}

// Limits of a calendar.
const (
	maxRangesADay  = 4
	maxSpecialDays = 500
	mustOpenWithin = 30 // days
)

// Check tells what is wrong with a calendar that is about to be saved. One without working time in the next 30 days is
// refused: a case of it would never fall due.
func (c Calendar) Check(now time.Time) []Fault {
	var faults []Fault
	say := func(field, code string) { faults = append(faults, Fault{field, code}) }
	if c.Timezone != "" && zone(c.Timezone) == nil {
		say("timezone", "unknown-zone")
	}
	if c.Land != "" && !c.Land.Valid() {
		say("bundesland", "unknown-land")
	}
	for _, l := range c.LocalHolidays {
		if !l.ValidIn(c.Land) {
			say("local_holidays", "not-in-this-land")
		}
	}
	for day, ranges := range c.BusinessHours {
		if !slices.Contains(weekdays[:], day) {
			say("business_hours", "unknown-weekday")
		} else if code := checkRanges(ranges); code != "" {
			say("business_hours."+day, code)
		}
	}
	for _, h := range c.HalfDays {
		if _, err := time.Parse("2006-01-02", "2024-"+h); err != nil { // a leap year: 29 February is one
			say("half_days", "no-date")
		}
	}
	if len(c.SpecialDays) > maxSpecialDays {
		say("special_days", "too-many")
	}
	seen := map[string]bool{}
	for i, s := range c.SpecialDays {
		field := fmt.Sprintf("special_days.%d", i)
		if _, err := time.Parse(time.DateOnly, s.Date); err != nil {
			say(field, "no-date")
		} else if seen[s.Date] {
			say(field, "twice")
		} else if code := checkRanges(s.Ranges); code != "" {
			say(field, code)
		}
		seen[s.Date] = true
	}
	sortFaults(faults)
	if len(faults) > 0 {
		return faults
	}
	h := c.Hours()
	from := now.In(h.loc)
	if h.Elapsed(Business, from, from.AddDate(0, 0, mustOpenWithin)) == 0 {
		return []Fault{{"business_hours", "no-working-time"}}
	}
	return nil
}

func checkRanges(list []string) (code string) {
	if len(list) > maxRangesADay {
		return "too-many-ranges"
	}
	ranges := make([]company.Range, 0, len(list))
	for _, s := range list {
		r, err := company.ParseRange(s)
		if err != nil {
			return "no-range"
		}
		ranges = append(ranges, r)
	}
	sortRanges(ranges)
	for i := 1; i < len(ranges); i++ {
		if ranges[i].From < ranges[i-1].To {
			return "overlap"
		}
	}
	return ""
}

func sortRanges(list []company.Range) {
	slices.SortFunc(list, func(a, b company.Range) int { return int(a.From) - int(b.From) })
}

// DayKind says what decides about a day.
type DayKind string

// From the weakest to the strongest.
const (
	Regular DayKind = "regular"
	HalfDay DayKind = "half_day"
	Holiday DayKind = "holiday"
	Special DayKind = "special"
)

// Day is a date as a calendar sees it. Name is the holiday's.
type Day struct {
	Date   german.Date
	Kind   DayKind
	Name   string
	Ranges []company.Range
}

// maxPreview bounds a preview; two years show every holiday twice.
const maxPreview = 732

// Preview lists the days from the first to the last date, at most two years of them.
func (h *Hours) Preview(from, to german.Date) []Day {
	var days []Day
	for d := from; !to.Before(d) && len(days) < maxPreview; d = d.AddDays(1) {
		days = append(days, h.Day(d))
	}
	return days
}
