package intent

import (
	"cmp"
	"slices"
	"strings"
)

// What the entries of a list weigh (§3.2).
const (
	phrase   = 1.5
	strong   = 1.0
	weak     = 0.5
	ownWords = 1.5 // a company's own words count this many times their weight

	gapWords = 4 // between the halves of `x … y`
)

// Lists of both languages; a caller may mix them. Neutral entries and negations take their words out of the counting.
var (
	appointmentPhrases = `termin vereinbaren, termin ausmachen, termin haben, termin bekommen, termin verschieben, termin absagen, termin stornieren,
		möchte einen termin, brauche einen termin, hätte gern einen termin, wann haben sie zeit, etwas frei, noch frei,
		book an appointment, make an appointment, schedule an appointment, reschedule my appointment, cancel my appointment,
		need an appointment, next available`
	appointmentStrong = `termin, termine, *termin, terminvereinbarung, terminabsage, terminwunsch, buchen, buchung, reservieren, reservierung,
		zeitfenster, haarschnitt, färben, schneiden, behandlung, massage, wellness, kosmetik, maniküre, pediküre, dauerwelle, strähnchen,
		föhnen, styling,
		appointment, book, booking, schedule, reschedule, slot, reservation, reserve, haircut, colouring, coloring, treatment, manicure,
		pedicure`
	appointmentWeak = `verfügbar, frei, verschieben, absagen, vorbeikommen, available, availability, cancel, visit`

	servicePhrases = `funktioniert … nicht, geht … nicht, klappt … nicht, habe ein problem, brauche hilfe, nicht erreichbar, komme nicht rein,
		läuft nicht,
		not working, does not work, is down, have a problem, need help, cannot log in, can t log in, not reachable`
	serviceStrong = `problem, *problem, fehler, *fehler, kaputt, störung, *störung, ausfall, *ausfall, ausgefallen, support, reklamation,
		beschwerde, drucker, *drucker, computer, laptop, netzwerk, internet, passwort, zugang, login, absturz, abgestürzt, bestellung,
		lieferung, rechnung, ticket,
		issue, broken, error, outage, printer, network, password, access, invoice, delivery, order, complaint, crash, crashed`
	serviceWeak = `hilfe, frage, information, langsam, email, mail, help, question, slow, down`

	neutral = `heute, morgen, übermorgen, nächste woche, uhrzeit, dringend, bitte, freitag, today, tomorrow, next week, time, urgent, please`

	negations     = `kein problem, keine frage, keine störung, no problem, no question`
	noAppointment = `keinen termin, no appointment`

	// *termin means a time to meet us; these are dates of something else.
	otherDates = `liefertermin, abgabetermin, gerichtstermin, kündigungstermin, zahlungstermin, fälligkeitstermin, fertigstellungstermin,
		veröffentlichungstermin, einsendetermin, verhandlungstermin, übergabetermin, ablesetermin, einzugstermin, auszugstermin,
		versandtermin, anlieferungstermin, räumungstermin, abrechnungstermin, redaktionstermin, notartermin, drehtermin, stichtermin`
)

// entry of a list: whole words in a row, a word's ending (*x), or two words with others between them (x … y).
type entry struct {
	words  []string
	suffix bool
	gap    bool
	a, s   float64
	own    bool
	rank   int // letters, to take the longest first among entries of equally many words
}

func (e *entry) String() string {
	switch {
	case e.suffix:
		return "*" + e.words[0]
	case e.gap:
		return e.words[0] + " … " + e.words[1]
	}
	return strings.Join(e.words, " ")
}

// parseEntry reads one entry; ok is false if nothing of it can ever match.
func parseEntry(text string) (e entry, ok bool) {
	text = strings.TrimSpace(text)
	if rest, found := strings.CutPrefix(text, "*"); found {
		e.suffix = true
		text = rest
	}
	halves := strings.Split(text, "…")
	for _, t := range split(text) {
		e.words = append(e.words, t.norm)
		e.rank += len(t.norm)
	}
	e.gap = len(halves) == 2 && len(e.words) == 2 && !e.suffix
	return e, len(e.words) > 0 && (!e.suffix || len(e.words) == 1)
}

// lists are entries, found by their first word.
type lists struct {
	byFirst  map[string][]*entry
	suffixes []*entry
}

func (l *lists) add(e entry) {
	if e.suffix {
		l.suffixes = append(l.suffixes, &e)
		return
	}
	if l.byFirst == nil {
		l.byFirst = map[string][]*entry{}
	}
	l.byFirst[e.words[0]] = append(l.byFirst[e.words[0]], &e)
}

func (l *lists) addAll(texts string, a, s float64) {
	for text := range strings.SplitSeq(texts, ",") {
		if e, ok := parseEntry(text); ok {
			e.a, e.s = a, s
			l.add(e)
		}
	}
}

// basic are the lists that every company has.
func basic() *lists {
	once.basic.Do(func() {
		l := new(lists)
		l.addAll(appointmentPhrases, phrase, 0)
		l.addAll(appointmentStrong, strong, 0)
		l.addAll(appointmentWeak, weak, 0)
		l.addAll(servicePhrases, 0, phrase)
		l.addAll(serviceStrong, 0, strong)
		l.addAll(serviceWeak, 0, weak)
		l.addAll(neutral, 0, 0)
		l.addAll(negations, 0, 0)
		l.addAll(noAppointment, -1, 0)
		l.addAll(otherDates, 0, 0)
		once.lists = l
	})
	return once.lists
}

// match is an entry found in an utterance, at the places of its words.
type match struct {
	*entry
	at [2]int // first and last word
}

func (m match) places(yield func(int) bool) {
	if m.gap {
		_ = yield(m.at[0]) && yield(m.at[1])
		return
	}
	for i := m.at[0]; i <= m.at[1]; i++ {
		if !yield(i) {
			return
		}
	}
}

// find appends every place where an entry stands; who gets a word is decided later.
func (l *lists) find(tokens []token, found []match) []match {
	for i, t := range tokens {
		for _, e := range l.byFirst[t.norm] {
			if e.gap {
				for j := i + 1; j < len(tokens) && j <= i+1+gapWords; j++ {
					if tokens[j].norm == e.words[1] {
						if !ownTime(tokens, i, j) {
							found = append(found, match{e, [2]int{i, j}})
						}
						break
					}
				}
				continue
			}
			if n := len(e.words); i+n <= len(tokens) && slices.EqualFunc(e.words[1:], tokens[i+1:i+n], func(w string, t token) bool { return w == t.norm }) {
				found = append(found, match{e, [2]int{i, i + n - 1}})
			}
		}
		for _, e := range l.suffixes {
			if len(t.norm) > len(e.words[0]) && strings.HasSuffix(t.norm, e.words[0]) {
				found = append(found, match{e, [2]int{i, i}})
			}
		}
	}
	return found
}

// ownTime tells "Dienstag geht leider nicht" (no time for it) from "Heute geht der Drucker nicht" (a fault): a day right before
// the verb, and nothing but small words in it.
func ownTime(tokens []token, verb, not int) bool {
	if verb == 0 || !timeWords[tokens[verb-1].norm] || (verb > 1 && tokens[verb-2].norm == "seit") {
		return false
	}
	for _, t := range tokens[verb+1 : not] {
		if !smallWords[t.norm] {
			return false
		}
	}
	return true
}

var (
	timeWords  = set(`montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag heute morgen übermorgen vormittag vormittags mittag mittags nachmittag nachmittags abend abends früh uhr woche wochenende zeit da dann`)
	smallWords = set(`es bei mir uns leider das da doch auch gar so ganz aber also halt eben überhaupt beim zeitlich dann eher`)
)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, t := range split(words) {
		m[t.norm] = true
	}
	return m
}

// count takes the longest entries first. A word is used once, an entry counts once.
func count(found []match) (taken []match) {
	slices.SortStableFunc(found, func(x, y match) int {
		return cmp.Or(cmp.Compare(len(y.words), len(x.words)), compareBool(x.own, y.own), compareBool(y.suffix, x.suffix), cmp.Compare(y.rank, x.rank), cmp.Compare(x.at[0], y.at[0]))
	})
	var used [mostWords]bool
	for _, m := range found {
		free := true
		for i := range m.places {
			free = free && !used[i]
		}
		if !free {
			continue
		}
		for i := range m.places {
			used[i] = true
		}
		taken = append(taken, m)
	}
	slices.SortFunc(taken, func(x, y match) int { return cmp.Compare(x.at[0], y.at[0]) })
	return taken
}

// compareBool puts what is true first.
func compareBool(x, y bool) int {
	switch {
	case x == y:
		return 0
	case x:
		return -1
	}
	return 1
}
