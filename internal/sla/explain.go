package sla

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/german"
	"github.com/askpro/gateway/internal/inert"
)

// Explanation answers "Warum fällig am …?" for one goal: every stretch that was counted or will be, every holiday that was
// not, every pause and every change, in order. Texts are German, times local to the calendar; names in them are the
// company's own words and are escaped where they are shown.
type Explanation struct {
	Goal     Goal      `json:"goal"`
	Question string    `json:"question"`
	Terms    string    `json:"terms"`
	Lines    []Line    `json:"lines"`
	Verdict  string    `json:"verdict"`
	Timezone string    `json:"timezone"`
	DueAt    time.Time `json:"due_at,omitzero"`
	Target   int64     `json:"target_seconds"`
	Used     int64     `json:"used_seconds"`
}

// LineKind is what a line tells.
type LineKind string

// In the order in which lines of the same moment stand.
const (
	LineStart   LineKind = "start"
	LineChange  LineKind = "change"
	LineClosed  LineKind = "closed"  // no working time by the week
	LineSkipped LineKind = "skipped" // a working day that a holiday, a half day or a special day changed
	LinePause   LineKind = "pause"
	LineCounted LineKind = "counted"
	LineDue     LineKind = "due"
	LineEnd     LineKind = "end" // answered, solved or merged
)

var lineOrder = [...]LineKind{LineStart, LineChange, LineClosed, LineSkipped, LinePause, LineCounted, LineDue, LineEnd}

// Line is one fact. Total is what was counted up to its end.
type Line struct {
	Kind    LineKind  `json:"kind"`
	From    time.Time `json:"from"`
	To      time.Time `json:"to,omitzero"`
	Counted int64     `json:"counted_seconds,omitempty"`
	Total   int64     `json:"total_seconds,omitempty"`
	When    string    `json:"when"`
	Text    string    `json:"text"`
}

// String is the explanation as plain text, to be printed.
func (e Explanation) String() string {
	width := 0
	for _, l := range e.Lines {
		width = max(width, len([]rune(l.When)))
	}
	var b strings.Builder
	b.WriteString(e.Question + "\n")
	if e.Terms != "" {
		b.WriteString(e.Terms + "\n")
	}
	b.WriteByte('\n')
	for _, l := range e.Lines {
		fmt.Fprintf(&b, "%s%s  %s\n", l.When, strings.Repeat(" ", width-len([]rune(l.When))), l.Text)
	}
	if len(e.Lines) > 0 {
		b.WriteByte('\n')
	}
	return b.String() + e.Verdict + "\n"
}

// Explain a goal as it stands at an instant.
func (l *Ledger) Explain(g Goal, now time.Time) Explanation {
	e := Explanation{Goal: g, Question: "Keine Frist für die " + noun(g), Verdict: "Für diesen Vorgang ist keine Zeit für die " + noun(g) + " vereinbart."}
	if !l.Tracked() {
		return e
	}
	then := l.asOf(now)
	reading := then.reading(g, now)
	if !reading.MetAt.IsZero() {
		then = l.asOf(reading.MetAt)
	}
	r := then.read()
	x := explainer{r: r, g: g, terms: then.Terms[len(then.Terms)-1]}
	x.hours = r.hoursOf(x.terms)
	e.Timezone, e.DueAt = x.hours.loc.String(), reading.DueAt
	e.Target, e.Used = int64(reading.Target/time.Second), int64(reading.Used/time.Second)
	if reading.Target == 0 {
		return e
	}
	e.Terms = x.agreed()
	end := x.end(reading, now)
	x.change()
	x.closed(end)
	x.pause(end)
	x.count(end)
	x.add(Line{Kind: LineStart, From: then.StartedAt, Text: "Vorgang erfasst"})
	if reading.DueAt.IsZero() {
		e.Question = "Warum gibt es kein Fälligkeitsdatum?"
	} else {
		e.Question = "Warum fällig am " + x.long(reading.DueAt) + "?"
	}
	if end.Equal(reading.DueAt) && (reading.MetAt.IsZero() || reading.Remaining <= 0) {
		x.add(Line{Kind: LineDue, From: end, Text: "Fällig"})
	}
	if p := then.pause(); !reading.MetAt.IsZero() {
		x.add(Line{Kind: LineEnd, From: reading.MetAt, Text: x.done(p)})
	} else if p != nil && p.Reason.ends() {
		x.add(Line{Kind: LineEnd, From: p.From, Text: p.Reason.Label()})
	}
	slices.SortStableFunc(x.lines, func(a, b Line) int {
		return cmp.Or(a.From.Compare(b.From), cmp.Compare(slices.Index(lineOrder[:], a.Kind), slices.Index(lineOrder[:], b.Kind)))
	})
	e.Lines, e.Verdict = x.lines, x.verdict(reading, then.pause())
	return e
}

// explainer collects lines.
type explainer struct {
	r     reader
	g     Goal
	terms Terms  // that hold
	hours *Hours // of the terms that hold
	lines []Line
}

func (x *explainer) add(l Line) {
	if l.When == "" {
		l.When = x.stamp(l.From)
		if !l.To.IsZero() {
			l.When = x.between(l.From, l.To)
		}
	}
	x.lines = append(x.lines, l)
}

// end of what there is to explain: the due date, or the moment at which the goal was met before, or the clock stopped. A
// calendar that never opens again is told of for as long as anything is counted.
func (x *explainer) end(reading Reading, now time.Time) time.Time {
	p := x.r.l.pause()
	switch {
	case !reading.MetAt.IsZero() && (reading.DueAt.IsZero() || reading.MetAt.Before(reading.DueAt)):
		return reading.MetAt
	case !reading.DueAt.IsZero():
		return reading.DueAt
	case p != nil && (p.Reason.ends() || x.g == Resolution):
		return p.From
	}
	return instant(min(micros(now), micros(x.r.l.StartedAt)+horizon))
}

// agreed says what was agreed and how it is counted.
func (x *explainer) agreed() string {
	t := x.terms
	parts := []string{noun(x.g) + ": " + x.hours.InWorkingDays(t.Target.clock(), t.Target.Of(x.g)), "Priorität " + t.Priority.Label()}
	if t.Policy != "" {
		parts = append(parts, "SLA „"+inert.Line(t.Policy)+"“")
	}
	if t.Target.clock() == AroundTheClock {
		return strings.Join(append(parts, "gezählt rund um die Uhr"), ", ") + "."
	}
	s := strings.Join(parts, ", ") + ". Arbeitszeit: " + x.hours.WeekInWords()
	if x.hours.land != "" {
		s += "; ohne die Feiertage " + in(x.hours.land.Name())
	}
	return s + "."
}

// change adds a line for each new terms.
func (x *explainer) change() {
	for i := 1; i < len(x.r.l.Terms); i++ {
		was, is := x.r.l.Terms[i-1], x.r.l.Terms[i]
		text := map[Cause]string{CategoryChanged: "Kategorie geändert", PolicyChanged: "SLA geändert", CalendarChanged: "Kalender geändert"}[is.Cause]
		if text == "" {
			text = "SLA geändert"
		}
		if was.Priority != is.Priority {
			text = "Priorität von " + was.Priority.Label() + " auf " + is.Priority.Label() + " geändert"
		}
		target := is.Target.Of(x.g)
		used := time.Duration(x.r.used(x.g, micros(x.r.l.StartedAt), micros(is.From), stops)) * time.Microsecond
		if before := was.Target.Of(x.g); before != target {
			text += ": " + limit(target) + " statt " + limit(before)
		}
		if was.Target.clock() != is.Target.clock() {
			text += map[Clock]string{Business: ", jetzt in der Arbeitszeit", AroundTheClock: ", jetzt rund um die Uhr"}[is.Target.clock()]
		}
		switch {
		case target == 0:
		case used >= target:
			text += "; " + length(used) + " verbraucht, damit sofort überfällig"
		default:
			text += "; " + length(used) + " verbraucht, es bleiben " + length(target-used)
		}
		x.add(Line{Kind: LineChange, From: is.From, Total: int64(used / time.Second), Text: text})
	}
}

func limit(target time.Duration) string {
	if target == 0 {
		return "keine Frist"
	}
	return hours(target)
}

// pause adds a line for each pause that began before the end.
func (x *explainer) pause(end time.Time) {
	for _, p := range x.r.l.Pauses {
		stands := p.To.IsZero() && x.g == Resolution && x.r.l.stopsResolution(p)
		if !p.From.Before(end) && !stands {
			continue
		}
		text := "Pause: " + p.Reason.Label()
		switch {
		case p.Reason.ends() && p.To.IsZero():
			continue // the end of the case has its own line
		case p.Reason == Resolved:
			text = "Gelöst, danach wieder geöffnet: zählt nicht"
		case p.Reason == Merged:
			text = "Zusammengeführt, danach wieder getrennt: zählt nicht"
		case p.Reason == Deleted:
			text = "Gelöscht, danach wiederhergestellt: zählt nicht"
		case x.g == Response:
			text = p.Reason.Label() + ": die Zeit bis zur Reaktion läuft weiter"
		case !x.r.l.stopsResolution(p):
			text = p.Reason.Label() + ": die Uhr läuft laut SLA weiter"
		}
		l := Line{Kind: LinePause, From: p.From, To: p.To, Text: text}
		if p.To.IsZero() {
			l.When = "seit " + x.stamp(p.From)
		}
		x.add(l)
	}
}

// closed adds the days that were no working days, or not as usual, one line for those of the week that follow each other.
func (x *explainer) closed(end time.Time) {
	for i, t := range x.r.l.Terms {
		if t.Target.clock() != Business {
			continue
		}
		h := x.r.hoursOf(t)
		to := end
		if i+1 < len(x.r.l.Terms) && x.r.l.Terms[i+1].From.Before(end) {
			to = x.r.l.Terms[i+1].From
		}
		pauses := x.r.pauses(x.g, t, runsOn)
		var free []german.Date
		flush := func() {
			if len(free) > 0 {
				first, last := free[0], free[len(free)-1]
				when := short(first)
				if first != last {
					when += " – " + short(last)
				}
				x.add(Line{Kind: LineClosed, From: later(first.At(0, h.loc), t.From), To: last.AddDays(1).At(0, h.loc).UTC(), When: when, Text: "keine Arbeitszeit"})
			}
			free = nil
		}
		began := german.DateOf(t.From, h.loc)
		for d := began; ; d = d.AddDays(1) {
			from, until := d.At(0, h.loc), d.AddDays(1).At(0, h.loc)
			if !from.Before(to) {
				break
			}
			if slices.ContainsFunc(pauses, func(s span) bool { return s.from <= micros(from) && micros(until) <= s.to }) {
				continue
			}
			day := h.Day(d)
			usual := h.week[d.Weekday()-1]
			if day.Kind == Regular || slices.Equal(day.Ranges, usual) {
				if len(day.Ranges) == 0 {
					if i == 0 || d != began { // else the terms before have told of it
						free = append(free, d)
					}
				} else {
					flush()
				}
				continue
			}
			flush()
			x.add(Line{Kind: LineSkipped, From: later(from, t.From), To: until.UTC(), When: short(d), Text: reason(day)})
		}
		flush()
	}
	x.dropShared()
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b.UTC()
	}
	return a.UTC()
}

// dropShared leaves out a day that two terms in a row would both tell of.
func (x *explainer) dropShared() {
	seen := map[string]bool{}
	x.lines = slices.DeleteFunc(x.lines, func(l Line) bool {
		if l.Kind != LineClosed && l.Kind != LineSkipped {
			return false
		}
		key := l.When + l.Text
		twice := seen[key]
		seen[key] = true
		return twice
	})
}

// reason says why a day was not as usual.
func reason(d Day) string {
	switch {
	case d.Kind == Holiday:
		return d.Name + ": Feiertag"
	case d.Kind == HalfDay && len(d.Ranges) == 0:
		return "halber Tag: vormittags keine Arbeitszeit"
	case d.Kind == HalfDay:
		return "halber Tag: Arbeitszeit bis " + halfDayEnds.String()
	case len(d.Ranges) == 0:
		return "geschlossen"
	}
	return "besondere Arbeitszeit " + rangesInWords(d)
}

// manyLines is how many counted stretches stand one by one; a longer list is told week by week.
const manyLines = 40

// count adds what counted until the end.
func (x *explainer) count(end time.Time) {
	type stretch struct {
		from, to, counted int64
		terms             int
	}
	var list []stretch
	for p := range x.r.counted(x.g, micros(x.r.l.StartedAt), micros(end), stops) {
		if n := len(list); n > 0 && list[n-1].to == p.from && list[n-1].terms == p.terms && x.sameDay(list[n-1].from, p.from) {
			list[n-1].to, list[n-1].counted = p.to, list[n-1].counted+p.to-p.from
			continue
		}
		list = append(list, stretch{p.from, p.to, p.to - p.from, p.terms})
	}
	weekly := len(list) > manyLines
	if weekly {
		joined := list[:0]
		for _, s := range list {
			if n := len(joined); n > 0 && joined[n-1].terms == s.terms && x.week(joined[n-1].from) == x.week(s.from) {
				joined[n-1].to, joined[n-1].counted = s.to, joined[n-1].counted+s.counted
				continue
			}
			joined = append(joined, s)
		}
		list = joined
		x.lines = slices.DeleteFunc(x.lines, func(l Line) bool { return l.Kind == LineClosed })
	}
	total := int64(0)
	for _, s := range list {
		total += s.counted
		from, to, counted := instant(s.from), instant(s.to), time.Duration(s.counted)*time.Microsecond
		text := fmt.Sprintf("%s, insgesamt %s", length(counted), length(time.Duration(total)*time.Microsecond))
		if weekly {
			_, week := german.DateOf(from, x.hours.loc).Week()
			text = fmt.Sprintf("%s in KW %d, insgesamt %s", length(counted), week, length(time.Duration(total)*time.Microsecond))
		} else if change := x.shown(from, to) - counted; change > 0 {
			text += " (die Uhr wird um " + step(change) + " vorgestellt)"
		} else if change < 0 {
			text += " (die Uhr wird um " + step(-change) + " zurückgestellt)"
		}
		x.add(Line{Kind: LineCounted, From: from, To: to, Counted: int64(counted / time.Second), Total: total / 1e6, Text: text})
	}
}

func (x *explainer) sameDay(a, b int64) bool {
	return german.DateOf(instant(a), x.hours.loc) == german.DateOf(instant(b), x.hours.loc)
}

func (x *explainer) week(at int64) [2]int {
	year, week := german.DateOf(instant(at), x.hours.loc).Week()
	return [2]int{year, week}
}

// shown is the time between two instants as a clock on the wall shows it.
func (x *explainer) shown(from, to time.Time) time.Duration {
	_, a := from.In(x.hours.loc).Zone()
	_, b := to.In(x.hours.loc).Zone()
	return to.Sub(from) + time.Duration(b-a)*time.Second
}

// done says how a goal was met.
func (x *explainer) done(p *Pause) string {
	switch {
	case x.g == Response:
		return "Beantwortet"
	case p != nil && p.Reason.uncounted():
		return p.Reason.Label()
	}
	return "Gelöst"
}

// verdict says where the goal stands.
func (x *explainer) verdict(r Reading, p *Pause) string {
	kind := " Arbeitszeit"
	if x.terms.Target.clock() == AroundTheClock {
		kind = ""
	}
	switch {
	case !r.MetAt.IsZero() && p != nil && p.Reason.uncounted() && x.g == Resolution:
		return p.Reason.Label() + " am " + x.long(r.MetAt) + ": der Vorgang zählt nicht."
	case !r.MetAt.IsZero() && r.Remaining >= 0:
		return x.done(p) + " am " + x.long(r.MetAt) + ", " + length(r.Remaining) + kind + " vor Ablauf."
	case !r.MetAt.IsZero():
		return x.done(p) + " am " + x.long(r.MetAt) + ", " + length(-r.Remaining) + kind + " zu spät."
	case r.State == StateNone:
		return "Der Vorgang endete, bevor jemand antworten musste."
	case p != nil && p.Reason.ends():
		return "Bis zum Ende des Vorgangs war die " + noun(x.g) + " " + length(-r.Remaining) + kind + " überfällig."
	case r.Remaining == 0:
		return "Jetzt fällig."
	case r.Remaining < 0:
		return "Überfällig seit " + length(-r.Remaining) + kind + "."
	case r.State == StatePaused && p != nil:
		return "Die Uhr steht seit " + x.long(p.From) + " (" + p.Reason.Label() + "). Es bleiben " + length(r.Remaining) + kind + "."
	case r.State == StatePaused:
		return "Der Kalender hat keine Arbeitszeit mehr. Es bleiben " + length(r.Remaining) + "."
	}
	return "Es bleiben " + length(r.Remaining) + kind + "."
}

func (x *explainer) stamp(t time.Time) string {
	local := t.In(x.hours.loc)
	return short(german.DateOf(t, x.hours.loc)) + " " + clock(local)
}

// between is a stretch of time, with one date where it is of one day.
func (x *explainer) between(from, to time.Time) string {
	a, b := german.DateOf(from, x.hours.loc), german.DateOf(to, x.hours.loc)
	switch {
	case a == b:
		return x.stamp(from) + "–" + clock(to.In(x.hours.loc))
	case b == a.AddDays(1) && to.Equal(b.At(0, x.hours.loc)):
		return x.stamp(from) + "–24:00"
	}
	return x.stamp(from) + " – " + x.stamp(to)
}

// long is an instant in a sentence: "Mittwoch, 25. November 2026, 14:45 Uhr".
func (x *explainer) long(t time.Time) string {
	return german.WriteDate(german.DateOf(t, x.hours.loc)) + ", " + clock(t.In(x.hours.loc)) + " Uhr"
}
