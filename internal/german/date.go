// Package german understands when callers want to come and says dates, times, durations, prices and lists the way Germans
// say them. Its one rule: it reports only what was said, never a day or a time of its own, and asks where a phrase has two
// readings. It knows no clock, no opening hours and no server time zone: now and the zone are arguments.
package german

import (
	"fmt"
	"time"
)

// Date is a day of the Gregorian calendar. The zero Date is no date.
type Date struct{ Year, Month, Day int }

// DateOf is the local date of an instant.
func DateOf(t time.Time, loc *time.Location) Date {
	y, m, d := t.In(loc).Date()
	return Date{y, int(m), d}
}

// IsZero tells no date.
func (d Date) IsZero() bool { return d == Date{} }

// String is the ISO 8601 form, 2025-10-14.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// AddDays moves on the calendar; n may be negative.
func (d Date) AddDays(n int) Date { return dateOfDays(d.days() + n) }

// Weekday is ISO 8601's: 1 is Monday, 7 Sunday.
func (d Date) Weekday() int { return mod(d.days()+3, 7) + 1 }

// Compare orders dates: -1, 0, +1.
func (d Date) Compare(o Date) int {
	switch a, b := d.days(), o.days(); {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// Before tells whether d is earlier than o.
func (d Date) Before(o Date) bool { return d.days() < o.days() }

// Valid tells whether the calendar has the day.
func (d Date) Valid() bool {
	return d.Month >= 1 && d.Month <= 12 && d.Day >= 1 && d.Day <= daysIn(d.Year, d.Month)
}

// At is the instant of a local time of day; of a doubled hour the first, and a time that the clocks skip moves on by the
// hour they skip.
func (d Date) At(t TimeOfDay, loc *time.Location) time.Time {
	at := time.Date(d.Year, time.Month(d.Month), d.Day, int(t)/60, int(t)%60, 0, 0, loc)
	if earlier := at.Add(-time.Hour); earlier.Hour() == at.Hour() && earlier.Day() == at.Day() { // package time does not say which it picks
		return earlier
	}
	return at
}

// Week is the ISO 8601 week and the year it belongs to.
func (d Date) Week() (year, week int) {
	return time.Date(d.Year, time.Month(d.Month), d.Day, 12, 0, 0, 0, time.UTC).ISOWeek()
}

// days since 1970-01-01 in the proleptic Gregorian calendar, by whole 400-year eras (Hinnant, "chrono-compatible
// low-level date algorithms", 2014): the parser counts days far more often than it makes instants.
func (d Date) days() int {
	y := d.Year
	if d.Month <= 2 {
		y--
	}
	era := floorDiv(y, 400)
	yoe := y - era*400
	doy := (153*(mod(d.Month+9, 12))+2)/5 + d.Day - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return era*146097 + doe - 719468
}

func dateOfDays(z int) Date {
	z += 719468
	era := floorDiv(z, 146097)
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	d := Date{yoe + era*400, mp + 3, doy - (153*mp+2)/5 + 1}
	if d.Month > 12 {
		d.Month -= 12
		d.Year++
	}
	return d
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func mod(a, b int) int { return a - floorDiv(a, b)*b }

// TimeOfDay is minutes since midnight, 0–1440 (1440 only as the end of a range).
type TimeOfDay int

// NoTime is no time of day.
const NoTime TimeOfDay = -1

// String is HH:MM; NoTime is empty.
func (t TimeOfDay) String() string {
	if t < 0 {
		return ""
	}
	return fmt.Sprintf("%02d:%02d", int(t)/60, int(t)%60)
}
