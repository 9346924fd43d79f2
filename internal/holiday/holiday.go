// Package holiday knows the public holidays of the German Länder. Its one rule: a day that the law gives to a whole Land
// counts there for everybody; the few that hold in single municipalities only count for whoever says that they are there
// (Local). It knows no opening hours and no half days: Christmas Eve and New Year's Eve are working days.
package holiday

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

// Laender lists all sixteen.
var Laender = [...]Land{
	BadenWuerttemberg, Bayern, Berlin, Brandenburg, Bremen, Hamburg, Hessen, Mecklenburg, Niedersachsen, NordrheinWestf,
	RheinlandPfalz, Saarland, Sachsen, SachsenAnhalt, SchleswigHolstein, Thueringen,
}

var laenderNames = [...]string{
	"Baden-Württemberg", "Bayern", "Berlin", "Brandenburg", "Bremen", "Hamburg", "Hessen", "Mecklenburg-Vorpommern", "Niedersachsen",
	"Nordrhein-Westfalen", "Rheinland-Pfalz", "Saarland", "Sachsen", "Sachsen-Anhalt", "Schleswig-Holstein", "Thüringen",
}

// Valid tells whether a text is the code of a Land.
func (l Land) Valid() bool { return l.Name() != "" }

// Name is the Land's in German; empty for what is none.
func (l Land) Name() string {
	for i, known := range Laender {
		if l == known {
			return laenderNames[i]
		}
	}
	return ""
}

// Local names a holiday of single municipalities.
type Local string

// The holidays that the law of a Land leaves to municipalities.
const (
	CorpusChristi Local = "fronleichnam"       // in Catholic places of Saxony and Thuringia
	Assumption    Local = "mariae_himmelfahrt" // in Bavaria's municipalities with more Catholics than Protestants
	PeaceFestival Local = "friedensfest"       // in the city of Augsburg
)

// ValidIn tells whether municipalities of a Land can have the holiday.
func (l Local) ValidIn(land Land) bool {
	for i := range feasts {
		if l != "" && feasts[i].local == l && feasts[i].in(land) {
			return true
		}
	}
	return false
}

// feast is one holiday: on a fixed month and day, or days after Easter Sunday. Empty lands: everywhere. since and until
// are the first and the last year of its law; 0 is open.
type feast struct {
	name       string
	month, day int
	easter     int
	movable    bool
	lands      string
	since      int
	until      int
	local      Local
}

var feasts = []feast{
	{name: "Neujahr", month: 1, day: 1},
	{name: "Heilige Drei Könige", month: 1, day: 6, lands: "BW BY ST"},
	{name: "Internationaler Frauentag", month: 3, day: 8, lands: "BE", since: 2019},
	{name: "Internationaler Frauentag", month: 3, day: 8, lands: "MV", since: 2023},
	{name: "Karfreitag", movable: true, easter: -2},
	{name: "Ostersonntag", movable: true, easter: 0, lands: "BB"},
	{name: "Ostermontag", movable: true, easter: 1},
	{name: "Tag der Arbeit", month: 5, day: 1},
	{name: "Tag der Befreiung", month: 5, day: 8, lands: "BE", since: 2020, until: 2020},
	{name: "Tag der Befreiung", month: 5, day: 8, lands: "BE", since: 2025, until: 2025},
	{name: "Christi Himmelfahrt", movable: true, easter: 39},
	{name: "Pfingstsonntag", movable: true, easter: 49, lands: "BB"},
	{name: "Pfingstmontag", movable: true, easter: 50},
	{name: "Fronleichnam", movable: true, easter: 60, lands: "BW BY HE NW RP SL"},
	{name: "Fronleichnam", movable: true, easter: 60, lands: "SN TH", local: CorpusChristi},
	{name: "Gedenktag 17. Juni", month: 6, day: 17, lands: "BE", since: 2028, until: 2028},
	{name: "Augsburger Friedensfest", month: 8, day: 8, lands: "BY", local: PeaceFestival},
	{name: "Mariä Himmelfahrt", month: 8, day: 15, lands: "SL"},
	{name: "Mariä Himmelfahrt", month: 8, day: 15, lands: "BY", local: Assumption},
	{name: "Weltkindertag", month: 9, day: 20, lands: "TH", since: 2019},
	{name: "Tag der Deutschen Einheit", month: 10, day: 3},
	{name: "Reformationstag", month: 10, day: 31, lands: "BB MV SN ST TH"},
	{name: "Reformationstag", month: 10, day: 31, lands: "HB HH NI SH", since: 2018},
	{name: "Reformationstag", month: 10, day: 31, since: 2017, until: 2017}, // its five hundredth year
	{name: "Allerheiligen", month: 11, day: 1, lands: "BW BY NW RP SL"},
	{name: "Buß- und Bettag", month: 11, day: repentance, lands: "SN"},
	{name: "Erster Weihnachtstag", month: 12, day: 25},
	{name: "Zweiter Weihnachtstag", month: 12, day: 26},
}

// repentance stands for the Wednesday before 23 November.
const repentance = -1

// The laws were read for these years; outside them the table is today's law carried on.
const (
	readFrom = 1995 // since then Buß- und Bettag is Saxony's alone
	readTo   = 2027
)

// Known tells whether somebody has read the laws of all Länder for a year. Where it says no of the year to come, they are
// to be read again (§18: 1 October).
func Known(year int) bool { return readFrom <= year && year <= readTo }

// On names the public holiday of a Land on a date, and of a place in it with holidays of its own; an unknown Land has only
// those of all Germany.
func On(d Date, land Land, local ...Local) (name string, ok bool) {
	sinceEaster := farFromEaster
	if d.Month >= 3 && d.Month <= 6 {
		sinceEaster = dayNumber(d) - dayNumber(Easter(d.Year))
	}
	for i := range feasts {
		f := &feasts[i]
		switch {
		case f.movable:
			if f.easter != sinceEaster {
				continue
			}
		case f.month != d.Month:
			continue
		case f.day == repentance:
			if d.Day < 16 || d.Day > 22 || !wednesday(d) {
				continue
			}
		case f.day != d.Day:
			continue
		}
		if f.valid(d.Year) && f.in(land) && f.observed(local) {
			return f.name, true
		}
	}
	return "", false
}

// Day is a holiday with its name.
type Day struct {
	Date Date
	Name string
}

// Year lists the public holidays of a place in order.
func Year(year int, land Land, local ...Local) []Day {
	var days []Day
	for month := 1; month <= 12; month++ {
		for day := 1; day <= daysIn(year, month); day++ {
			d := Date{year, month, day}
			if name, ok := On(d, land, local...); ok {
				days = append(days, Day{d, name})
			}
		}
	}
	return days
}

func (f *feast) valid(year int) bool {
	return (f.since == 0 || year >= f.since) && (f.until == 0 || year <= f.until)
}

func (f *feast) in(land Land) bool {
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

func (f *feast) observed(local []Local) bool {
	if f.local == "" {
		return true
	}
	for _, l := range local {
		if l == f.local {
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

// farFromEaster is no distance of a feast: all of them fall into March to June.
const farFromEaster = 1000

// dayNumber counts the days from 1 March of a year, so that leap days are the year before's.
func dayNumber(d Date) int { return (153*(d.Month-3)+2)/5 + d.Day }

// wednesday of a day in November, by Zeller's congruence counted from Sunday.
func wednesday(d Date) bool {
	y := d.Year
	return (y+y/4-y/100+y/400+2+d.Day)%7 == 3
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
