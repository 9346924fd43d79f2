// Package holiday knows the public holidays of the German Länder. Its one rule: a day counts for a whole Land or not at
// all; the few that hold in single municipalities only (Augsburg's peace festival, Corpus Christi in parts of Saxony and
// Thuringia, Assumption in Bavaria's Catholic ones) are for the branch's special days. It knows the laws as of 2026.
package holiday

import "time"

// Date of the Gregorian calendar; the layout is german.Date's.
type Date struct{ Year, Month, Day int }

// Land is the ISO 3166-2:DE code without the country: BE, BY, NW, ….
type Land string

// The sixteen Länder.
const (
	BadenWuerttemberg Land = "BW"
	Bayern            Land = "BY"
	Berlin            Land = "BE"
	Brandenburg       Land = "BB"
	Bremen            Land = "HB"
	Hamburg           Land = "HH"
	Hessen            Land = "HE"
	Mecklenburg       Land = "MV"
	Niedersachsen     Land = "NI"
	NordrheinWestf    Land = "NW"
	RheinlandPfalz    Land = "RP"
	Saarland          Land = "SL"
	Sachsen           Land = "SN"
	SachsenAnhalt     Land = "ST"
	SchleswigHolstein Land = "SH"
	Thueringen        Land = "TH"
)

// Valid tells whether a text is the code of a Land.
func (l Land) Valid() bool {
	switch l {
	case BadenWuerttemberg, Bayern, Berlin, Brandenburg, Bremen, Hamburg, Hessen, Mecklenburg, Niedersachsen, NordrheinWestf,
		RheinlandPfalz, Saarland, Sachsen, SachsenAnhalt, SchleswigHolstein, Thueringen:
		return true
	}
	return false
}

// feast is one holiday: on a fixed month and day, or days after Easter Sunday. Empty lands: everywhere. since and until
// are years, inclusive; 0 is open.
type feast struct {
	name       string
	month, day int
	easter     int
	movable    bool
	lands      string
	since      int
	until      int
}

var feasts = []feast{
	{name: "Neujahr", month: 1, day: 1},
	{name: "Heilige Drei Könige", month: 1, day: 6, lands: "BW BY ST"},
	{name: "Internationaler Frauentag", month: 3, day: 8, lands: "BE", since: 2019},
	{name: "Internationaler Frauentag", month: 3, day: 8, lands: "MV", since: 2023},
	{name: "Karfreitag", movable: true, easter: -2},
	{name: "Ostersonntag", movable: true, easter: 0, lands: "BB HE"},
	{name: "Ostermontag", movable: true, easter: 1},
	{name: "Tag der Arbeit", month: 5, day: 1},
	{name: "Tag der Befreiung", month: 5, day: 8, lands: "BE", since: 2020, until: 2020},
	{name: "Tag der Befreiung", month: 5, day: 8, lands: "BE", since: 2025, until: 2025},
	{name: "Christi Himmelfahrt", movable: true, easter: 39},
	{name: "Pfingstsonntag", movable: true, easter: 49, lands: "BB HE"},
	{name: "Pfingstmontag", movable: true, easter: 50},
	{name: "Fronleichnam", movable: true, easter: 60, lands: "BW BY HE NW RP SL"},
	{name: "Gedenktag 17. Juni", month: 6, day: 17, lands: "BE", since: 2028, until: 2028},
	{name: "Mariä Himmelfahrt", month: 8, day: 15, lands: "SL"},
	{name: "Weltkindertag", month: 9, day: 20, lands: "TH", since: 2019},
	{name: "Tag der Deutschen Einheit", month: 10, day: 3},
	{name: "Reformationstag", month: 10, day: 31, lands: "BB MV SN ST TH"},
	{name: "Reformationstag", month: 10, day: 31, lands: "HB HH NI SH", since: 2018},
	{name: "Reformationstag", month: 10, day: 31, since: 2017, until: 2017}, // its five hundredth year
	{name: "Allerheiligen", month: 11, day: 1, lands: "BW BY NW RP SL"},
	{name: "Erster Weihnachtstag", month: 12, day: 25},
	{name: "Zweiter Weihnachtstag", month: 12, day: 26},
}

// On names the public holiday of a Land on a date; an unknown Land has only those of all Germany.
func On(d Date, land Land) (name string, ok bool) {
	easterDay := -1
	for _, f := range feasts {
		if (f.since > 0 && d.Year < f.since) || (f.until > 0 && d.Year > f.until) || !f.in(land) {
			continue
		}
		if !f.movable {
			if f.month == d.Month && f.day == d.Day {
				return f.name, true
			}
			continue
		}
		if easterDay < 0 {
			easterDay = dayOfYear(Easter(d.Year))
		}
		if dayOfYear(d) == easterDay+f.easter {
			return f.name, true
		}
	}
	// Buß- und Bettag: the Wednesday before 23 November, in Saxony only.
	if land == Sachsen && d.Month == 11 && d.Day >= 16 && d.Day <= 22 && weekday(d) == time.Wednesday {
		return "Buß- und Bettag", true
	}
	return "", false
}

func (f feast) in(land Land) bool {
	if f.lands == "" {
		return true
	}
	for i := 0; i+2 <= len(f.lands); i += 3 {
		if f.lands[i:i+2] == string(land) {
			return true
		}
	}
	return false
}

// Easter Sunday of a year, by the anonymous Gregorian computus (Nature, 20 April 1876).
func Easter(year int) Date {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	f := (b + 8) / 25
	g := (b - f + 1) / 3
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return Date{year, n / 31, n%31 + 1}
}

func dayOfYear(d Date) int {
	return time.Date(d.Year, time.Month(d.Month), d.Day, 12, 0, 0, 0, time.UTC).YearDay()
}

func weekday(d Date) time.Weekday {
	return time.Date(d.Year, time.Month(d.Month), d.Day, 12, 0, 0, 0, time.UTC).Weekday()
}
