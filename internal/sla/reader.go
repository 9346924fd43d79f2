package sla

import (
	"iter"
	"slices"
	"time"
)

// reader counts on a ledger: its calendars made ready once.
type reader struct {
	l     *Ledger
	hours []*Hours
}

func (l *Ledger) read() reader {
	r := reader{l: l, hours: make([]*Hours, len(l.Calendars))}
	for i, c := range l.Calendars {
		r.hours[i] = c.Hours()
	}
	return r
}

// hoursOf terms. A ledger that lost a calendar counts on the default: wrong by hours is better than not at all.
func (r reader) hoursOf(t Terms) *Hours {
	if t.Calendar >= 0 && t.Calendar < len(r.hours) {
		return r.hours[t.Calendar]
	}
	return DefaultCalendar("").Hours()
}

// ending is how a count treats the end that the case has come to, if it has: the clock stands still, or runs on as it would
// have without it.
type ending bool

const (
	stops  ending = false
	runsOn ending = true
)

// pauses of a goal under terms.
func (r reader) pauses(g Goal, t Terms, e ending) []span {
	var list []Span
	for i, p := range r.l.Pauses {
		if e == runsOn && p.Reason.ends() && p.To.IsZero() && i == len(r.l.Pauses)-1 {
			continue
		}
		if p.Reason.ends() || (g == Resolution && !slices.Contains(t.KeepsRunning, p.Reason)) {
			list = append(list, p.span())
		}
	}
	return spans(list)
}

// part is a stretch of counted time and the terms that it was counted under.
type part struct {
	from, to int64
	terms    int
}

// counted yields what counts for a goal in [from, to), in order: under each terms in turn, on their clock and calendar. No
// case is counted longer than forty years.
func (r reader) counted(g Goal, from, to int64, e ending) iter.Seq[part] {
	return func(yield func(part) bool) {
		to := min(to, micros(r.l.StartedAt)+2*horizon)
		for i, t := range r.l.Terms {
			a, b := max(from, micros(t.From)), to
			if i == 0 {
				a = max(from, micros(r.l.StartedAt))
			}
			if i+1 < len(r.l.Terms) {
				b = min(to, micros(r.l.Terms[i+1].From))
			}
			if a >= b {
				continue
			}
			for x, y := range without(r.hoursOf(t).running(t.Target.clock(), a, b), r.pauses(g, t, e)) {
				if !yield(part{x, y, i}) {
					return
				}
			}
		}
	}
}

func (r reader) used(g Goal, from, to int64, e ending) int64 {
	total := int64(0)
	for p := range r.counted(g, from, to, e) {
		total += p.to - p.from
	}
	return total
}

// reached is the first instant in [from, to) at which the clock has run for d since from. One that falls on the moment at
// which the case came to its end is not: who is done at the last moment is done in time.
func (r reader) reached(g Goal, from, to, d int64, e ending) (int64, bool) {
	if d <= 0 {
		return from, from < to
	}
	for p := range r.counted(g, from, to, e) {
		if d == 0 { // used up at the very end, and then taken up again
			return p.from, p.from < to
		}
		if d < p.to-p.from || (d == p.to-p.from && !r.endsAt(p.to, e)) {
			return p.from + d, p.from+d < to
		}
		d -= p.to - p.from
	}
	return 0, false
}

func (r reader) endsAt(at int64, e ending) bool {
	return e == stops && slices.ContainsFunc(r.l.Pauses, func(p Pause) bool { return p.Reason.ends() && micros(p.From) == at })
}

// run is a time in which a goal had the same target: number 1 is the first. Terms that change something else do not begin
// a new one.
type run struct {
	number   int
	target   time.Duration
	from, to int64 // to is beyond the horizon for the run that is on
	last     Terms
}

func (r reader) runs(g Goal) []run {
	var list []run
	for _, t := range r.l.Terms {
		from := micros(t.From)
		if n := len(list); n > 0 {
			before := &list[n-1]
			if before.target == t.Target.Of(g) && before.last.Target.clock() == t.Target.clock() {
				before.last = t
				continue
			}
			before.to = from
		}
		list = append(list, run{number: len(list) + 1, target: t.Target.Of(g), from: from, to: forever, last: t})
	}
	if n := len(list); n > 0 {
		list[n-1].to = micros(list[n-1].last.From) + horizon
	}
	return list
}

// reachedIn a run is the instant at which an amount of clock time since the case began is used: the beginning of the run
// where more is used already.
func (r reader) reachedIn(x run, g Goal, d time.Duration, e ending) (int64, bool) {
	already := r.used(g, micros(r.l.StartedAt), x.from, e)
	return r.reached(g, x.from, x.to, int64(d/time.Microsecond)-already, e)
}
