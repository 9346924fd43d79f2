package notify

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/german"
)

// Language is what a message is written in. The zero Language is German.
type Language string

// The languages of §16.
const (
	German  Language = "de"
	English Language = "en"
)

// Languages are all that a company can choose from.
var Languages = []Language{German, English}

// tag names the language in a page (BCP 47).
func (l Language) tag() string {
	if l == English {
		return string(English)
	}
	return string(German)
}

// words are the catalogue's for a key, with {name} filled in by pairs of name and value. A key that the catalogue does not
// have says nothing: that is how outcomes and wishes that need no words are left out.
func (l Language) words(key string, pairs ...string) string {
	catalogue := inGerman
	if l == English {
		catalogue = inEnglish
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		pairs[i] = "{" + pairs[i] + "}"
	}
	return strings.NewReplacer(pairs...).Replace(catalogue[key])
}

// reason is why something was not done: what the product wrote down itself is said in the language, what people said as they
// said it.
func (l Language) reason(s string) string {
	if key, ours := reasons[s]; ours {
		return l.words(key)
	}
	return plain(s)
}

// reasons are those that the product writes down, in German.
var reasons = map[string]string{
	"Der Kalender war nicht erreichbar.":                                    "reason.unreachable",
	"Der Kalender war einen Tag lang nicht erreichbar.":                     "reason.unreachable_all_day",
	"Der Termin wurde inzwischen im Kalender geändert.":                     "reason.changed_meanwhile",
	"Der Kalender hat die Änderung nicht angenommen.":                       "reason.change_not_taken",
	"Der Kalender hat die Änderung abgelehnt.":                              "reason.change_refused",
	"Die Verschiebung war nicht möglich.":                                   "reason.not_moved",
	"Der Termin kam nicht zustande.":                                        "reason.not_booked",
	"Der Termin wurde im Kalender abgesagt, und es wird ein neuer gesucht.": "reason.new_date",
	"Der Termin konnte nicht übernommen werden.":                            "reason.not_adopted",
	"Die Terminbuchung wurde vom Kalender nicht bestätigt.":                 "reason.not_confirmed",
	"Die Leistung ist im Kalender nicht vollständig eingerichtet.":          "reason.not_set_up",
}

// weekday is "Dienstag", "Tuesday".
func (l Language) weekday(t time.Time) string {
	if l == English {
		return t.Format("Monday")
	}
	return german.WeekdayName(german.DateOf(t, t.Location()))
}

// day is "Dienstag, 24.11.2026", "Tuesday, 24 November 2026".
func (l Language) day(t time.Time) string {
	if l == English {
		return t.Format("Monday, 2 January 2006")
	}
	return l.weekday(t) + ", " + german.WriteDateShort(german.DateOf(t, t.Location()))
}

// clock is "10:00 Uhr", "10:00".
func (l Language) clock(t time.Time) string {
	if l == English {
		return t.Format("15:04")
	}
	return german.WriteTime(minute(t))
}

// span is "10:00–10:30 Uhr", "10:00–10:30".
func (l Language) span(start, end time.Time) string {
	if l == English {
		return l.clock(start) + "–" + l.clock(end)
	}
	return german.WriteRange(minute(start), minute(end))
}

// shortly is "Di, 24.11.2026, 10:00 Uhr", "Tue, 24 Nov 2026, 10:00".
func (l Language) shortly(t time.Time) string {
	if l == English {
		return t.Format("Mon, 2 Jan 2006, 15:04")
	}
	d := german.DateOf(t, t.Location())
	return german.WeekdayAbbr(d) + ", " + german.WriteDateShort(d) + ", " + l.clock(t)
}

// texted is "Di 24.11. um 14:30 Uhr", "Tue 24 Nov at 14:30"; the year only where it is another one than now.
func (l Language) texted(t, now time.Time) string {
	if l == English {
		layout := "Mon 2 Jan"
		if t.Year() != now.Year() {
			layout += " 2006"
		}
		return t.Format(layout) + " at " + l.clock(t)
	}
	layout := "02.01."
	if t.Year() != now.Year() {
		layout = "02.01.2006"
	}
	return german.WeekdayAbbr(german.DateOf(t, t.Location())) + " " + t.Format(layout) + " um " + l.clock(t)
}

// money is "1.234,50 €", "€1,234.50".
func (l Language) money(cents int64) string {
	if l != English {
		return german.WriteMoney(int(cents))
	}
	sign := ""
	if cents < 0 {
		sign, cents = "−", -cents
	}
	euro := strconv.FormatInt(cents/100, 10)
	for i := len(euro) - 3; i > 0; i -= 3 {
		euro = euro[:i] + "," + euro[i:]
	}
	return fmt.Sprintf("%s€%s.%02d", sign, euro, cents%100)
}

// list is "Anna Weber und Jana Klein", "Anna Weber and Jana Klein".
func (l Language) list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " " + l.words("list.and") + " " + names[len(names)-1]
}

// greeting addresses somebody by the name they gave, unless it carries an address: a letter of ours shall advertise nothing.
func (l Language) greeting(name string) string {
	name = plain(name)
	if name == "" || strings.ContainsAny(name, "/@:") || strings.Contains(strings.ToLower(name), "www.") {
		return l.words("greeting.nobody")
	}
	return l.words("greeting", "name", name)
}

// count is "1 Minute", "2 Minuten"; one and many are keys.
func (l Language) count(n int64, one, many string) string {
	if n == 1 {
		return l.words(one)
	}
	return l.words(many, "n", strconv.FormatInt(n, 10))
}

// hours of some minutes, rounded down: a notice is not made longer than it was.
func (l Language) hours(minutes int) string {
	if minutes < 60 {
		return l.count(int64(max(minutes, 0)), "minutes.one", "minutes.many")
	}
	return l.count(int64(minutes/60), "hours.one", "hours.many")
}

// length of a call: "1 Minute 32 Sekunden"; nothing of none.
func (l Language) length(ms int64) string {
	if ms <= 0 {
		return ""
	}
	var parts []string
	s := (ms + 500) / 1000
	if s >= 60 {
		parts = append(parts, l.count(s/60, "minutes.one", "minutes.many"))
	}
	if s%60 > 0 {
		parts = append(parts, l.count(s%60, "seconds.one", "seconds.many"))
	}
	return strings.Join(parts, " ")
}
