package holiday_test

import (
	"testing"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/de"

	"github.com/askpro/gateway/internal/holiday"
)

// TestASecondSourceAgrees sets the table beside a library with lists of its own, day by day in every Land, from two years
// before the Reformation's jubilee to 2040. Each difference has its explanation, each explanation its difference.
func TestASecondSourceAgrees(t *testing.T) {
	t.Parallel()
	theirs := map[holiday.Land][]*cal.Holiday{
		"BW": de.HolidaysBW, "BY": de.HolidaysBY, "BE": de.HolidaysBE, "BB": de.HolidaysBB, "HB": de.HolidaysHB, "HH": de.HolidaysHH, "HE": de.HolidaysHE, "MV": de.HolidaysMV,
		"NI": de.HolidaysNI, "NW": de.HolidaysNW, "RP": de.HolidaysRP, "SL": de.HolidaysSL, "SN": de.HolidaysSN, "ST": de.HolidaysST, "SH": de.HolidaysSH, "TH": de.HolidaysTH,
	}
	explanations := []explanation{
		{"Berlin has Women's Day since 2019 (Gesetz vom 30.01.2019); the library gives it no first year",
			func(d difference) bool {
				return d.land == "BE" && !d.ours && d.on(3, 8) && d.date.Year < 2019
			}, 4},
		{"Mecklenburg-Vorpommern has Women's Day since 2023 (FTG M-V § 2 in the text of 2022); the library does not know it",
			func(d difference) bool {
				return d.land == "MV" && d.ours && d.on(3, 8) && d.date.Year >= 2023
			}, 18},
		{"Brandenburg names Easter Sunday and Whit Sunday (FTG § 2); the library leaves out what is a Sunday anyway",
			func(d difference) bool {
				return d.land == "BB" && d.ours && (d.afterEaster(0) || d.afterEaster(49))
			}, 52},
		{"Berlin celebrated the liberation on 8 May 2020 and 2025, once each, and will remember 17 June in 2028; the library has no single years",
			func(d difference) bool {
				return d.land == "BE" && d.ours && (d.on(5, 8) && (d.date.Year == 2020 || d.date.Year == 2025) || d.on(6, 17) && d.date.Year == 2028)
			}, 3},
		{"the North has Reformation Day since 2018 (four laws of that year); the library gives it no first year",
			func(d difference) bool {
				north := d.land == "HB" || d.land == "HH" || d.land == "NI" || d.land == "SH"
				return north && !d.ours && d.on(10, 31) && d.date.Year < 2017
			}, 8},
		{"all Germany had Reformation Day in 2017, its five hundredth year; the library does not know the exception",
			func(d difference) bool {
				return d.ours && d.on(10, 31) && d.date.Year == 2017
			}, 7},
	}
	found := make([]int, len(explanations))
	for year := 2015; year <= 2040; year++ {
		for _, land := range holiday.Laender {
			days := map[holiday.Date]bool{}
			for _, h := range theirs[land] {
				if actual, _ := h.Calc(year); !actual.IsZero() {
					days[holiday.Date{Year: year, Month: int(actual.Month()), Day: actual.Day()}] = true
				}
			}
			for at := time.Date(year, 1, 1, 12, 0, 0, 0, time.UTC); at.Year() == year; at = at.AddDate(0, 0, 1) {
				date := holiday.Date{Year: year, Month: int(at.Month()), Day: at.Day()}
				name, ours := holiday.On(date, land)
				if ours == days[date] {
					continue
				}
				if i := explain(explanations, difference{date, land, ours}); i >= 0 {
					found[i]++
				} else {
					t.Errorf("%v in %s: we say %q (holiday: %t), the library the contrary, and nobody knows why", date, land, name, ours)
				}
			}
		}
	}
	for i, e := range explanations {
		if found[i] != e.days {
			t.Errorf("%s: explains %d days, should explain %d", e.why, found[i], e.days)
		}
	}
}

type difference struct {
	date holiday.Date
	land holiday.Land
	ours bool // our table has the day, the library has not
}

func (d difference) on(month, day int) bool { return d.date.Month == month && d.date.Day == day }

func (d difference) afterEaster(days int) bool {
	e := gauss(d.date.Year).AddDate(0, 0, days)
	return d.on(int(e.Month()), e.Day())
}

type explanation struct {
	why  string
	fits func(difference) bool
	days int // how many it explains
}

func explain(list []explanation, d difference) int {
	for i, e := range list {
		if e.fits(d) {
			return i
		}
	}
	return -1
}

// gauss is Easter Sunday by Gauß's rule of 1800 with Lichtenberg's corrections (1997): another way than the table's.
func gauss(year int) time.Time {
	k := year / 100
	m := 15 + (3*k+3)/4 - (8*k+13)/25
	s := 2 - (3*k+3)/4
	a := year % 19
	d := (19*a + m) % 30
	r := (d + a/11) / 29
	og := 21 + d - r
	sz := 7 - (year+year/4+s)%7
	oe := 7 - (og-sz)%7
	return time.Date(year, 3, og+oe, 12, 0, 0, 0, time.UTC)
}

func TestEasterByAnotherRule(t *testing.T) {
	t.Parallel()
	for year := 1900; year <= 2299; year++ {
		e := holiday.Easter(year)
		if want := gauss(year); want.Month() != time.Month(e.Month) || want.Day() != e.Day {
			t.Errorf("%d: Easter is on %v, by Gauß's rule on %s", year, e, want.Format(time.DateOnly))
		}
	}
}
