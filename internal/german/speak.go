package german

import (
	"strconv"
	"strings"
	"time"
)

// SpeakTime says a time of day after "um": "halb drei", "16 Uhr 20", "6 Uhr 30 morgens". Quarters and halves in words
// stand only where the parser reads them back as the same time: 07:00–18:59, because 1 to 6 is the afternoon's (§8.3, rules 10, 11).
func SpeakTime(t TimeOfDay) string {
	h, m := int(t)/60, int(t)%60
	if t >= 7*60 && t < 19*60 {
		switch m {
		case 15:
			return "viertel nach " + hourWords[h%12]
		case 30:
			return "halb " + hourWords[(h+1)%12]
		case 45:
			return "viertel vor " + hourWords[(h+1)%12]
		}
	}
	return clockWords(t)
}

// clockWords says hour and minute: "14 Uhr", "19 Uhr 30", before seven with "morgens", so that it is not the afternoon's.
func clockWords(t TimeOfDay) string {
	h, m := int(t)/60, int(t)%60
	s := strconv.Itoa(h) + " Uhr"
	if m > 0 {
		s += " " + strconv.Itoa(m)
	}
	switch {
	case h == 0:
		s += " nachts" // "0 Uhr 30 morgens" nobody says
	case h < 7:
		s += " morgens"
	}
	return s
}

// SpeakDate names a day: "heute", "morgen", "Dienstag, den 14. Oktober", with the year only if it is not today's.
func SpeakDate(d, today Date) string {
	switch d {
	case today:
		return "heute"
	case today.AddDays(1):
		return "morgen"
	}
	return WeekdayName(d) + ", den " + dayMonth(d, today)
}

// SpeakDateIs says what day it is: "Dienstag, der 14. Oktober".
func SpeakDateIs(d Date) string {
	return WeekdayName(d) + ", der " + dayMonth(d, d)
}

// SpeakClock says what the clock shows: "10 Uhr 30".
func SpeakClock(t TimeOfDay) string { return clockWords(t) }

func dayMonth(d, today Date) string {
	s := strconv.Itoa(d.Day) + ". " + MonthName(d.Month)
	if d.Year != today.Year {
		s += " " + strconv.Itoa(d.Year)
	}
	return s
}

// SpeakOnDate says when: "heute", "morgen", "am Dienstag, den 14. Oktober". Whoever goes on with " um …" after a date
// puts a comma: SpeakWhen does.
func SpeakOnDate(d, today Date) string {
	if s := SpeakDate(d, today); s == "heute" || s == "morgen" {
		return s
	}
	return "am " + SpeakDate(d, today)
}

// SpeakWhen says day and time: "heute um 15 Uhr 30", "am Dienstag, den 14. Oktober, um halb drei".
func SpeakWhen(t, now time.Time, loc *time.Location) string {
	day, today := DateOf(t, loc), DateOf(now, loc)
	local := t.In(loc)
	on := SpeakOnDate(day, today)
	if strings.HasPrefix(on, "am ") {
		on += ","
	}
	return on + " um " + SpeakTime(TimeOfDay(local.Hour()*60+local.Minute()))
}

// SpeakRange says a range of opening hours: "von 9 bis 18 Uhr", "von 8 Uhr 30 bis 12 Uhr".
func SpeakRange(from, to TimeOfDay) string {
	if from%60 == 0 && to%60 == 0 {
		return "von " + strconv.Itoa(int(from)/60) + " bis " + strconv.Itoa(int(to)/60) + " Uhr"
	}
	plain := func(t TimeOfDay) string {
		s := strconv.Itoa(int(t)/60) + " Uhr"
		if m := int(t) % 60; m > 0 {
			s += " " + strconv.Itoa(m)
		}
		return s
	}
	return "von " + plain(from) + " bis " + plain(to)
}

// SpeakDuration says how long something takes or is off, rounded as people round: "30 Minuten", "eineinhalb Stunden",
// "etwa 22 Stunden", "etwa 3 Tage".
func SpeakDuration(d time.Duration) string {
	minutes := int(d.Round(time.Minute) / time.Minute)
	switch {
	case minutes <= 0:
		return "weniger als eine Minute"
	case minutes == 1:
		return "eine Minute"
	case minutes == 60:
		return "eine Stunde"
	case minutes == 90:
		return "eineinhalb Stunden"
	case minutes < 120:
		if minutes > 60 {
			return "eine Stunde " + plural(minutes-60, "Minute", "Minuten", "eine")
		}
		return strconv.Itoa(minutes) + " Minuten"
	case minutes%60 == 0 && minutes < 48*60:
		return strconv.Itoa(minutes/60) + " Stunden"
	case minutes%60 == 30 && minutes < 8*60:
		return halves[minutes/60] + "einhalb Stunden"
	case minutes < 8*60:
		return strconv.Itoa(minutes/60) + " Stunden " + plural(minutes%60, "Minute", "Minuten", "eine")
	case minutes < 48*60:
		return "etwa " + strconv.Itoa((minutes+30)/60) + " Stunden"
	case minutes%(24*60) == 0:
		return strconv.Itoa(minutes/(24*60)) + " Tage"
	}
	return "etwa " + strconv.Itoa((minutes+12*60)/(24*60)) + " Tage"
}

var halves = [...]string{"", "ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben"}

func plural(n int, one, many, article string) string {
	if n == 1 {
		return article + " " + one
	}
	return strconv.Itoa(n) + " " + many
}

// SpeakMoney says cents: "23 Euro", "23 Euro 50", "50 Cent".
func SpeakMoney(cents int) string {
	if cents < 0 {
		return "minus " + SpeakMoney(-cents)
	}
	euro, cent := cents/100, cents%100
	switch {
	case euro == 0 && cent > 0:
		return strconv.Itoa(cent) + " Cent"
	case euro == 1 && cent == 0:
		return "einen Euro"
	case cent == 0:
		return strconv.Itoa(euro) + " Euro"
	}
	return strconv.Itoa(euro) + " Euro " + strconv.Itoa(cent)
}

// SpeakList joins with commas and, before the last, a conjunction: "A, B oder C".
func SpeakList(items []string, conj string) string {
	switch len(items) {
	case 0:
		return ""
	case 1:
		return items[0]
	}
	return strings.Join(items[:len(items)-1], ", ") + " " + conj + " " + items[len(items)-1]
}
