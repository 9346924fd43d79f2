package sla

import (
	"fmt"
	"slices"
	"time"
)

// Mark is what a milestone tells.
type Mark string

// The marks on the way of a goal.
const (
	Warning Mark = "warning"
	Breach  Mark = "breach"
	Met     Mark = "met"
)

// Milestone is something that happens once per goal and target of a case. A new target (other minutes, or another clock)
// has milestones of its own; a pause, a reopening or a calendar only moves them.
type Milestone struct {
	Goal    Goal      `json:"goal"`
	Mark    Mark      `json:"mark"`
	Percent int       `json:"percent,omitempty"` // of a warning by a share of the target
	Number  int       `json:"number"`            // of the goal's target: 1 is the first
	Minutes int       `json:"target_minutes"`
	At      time.Time `json:"at"`
	DueAt   time.Time `json:"due_at,omitzero"`
}

// Instance is the target that a milestone belongs to, as rules and events name it: "resolution/2".
func (m Milestone) Instance() string { return fmt.Sprintf("%s/%d", m.Goal, m.Number) }

// Key is the same for every timer and every delivery of a milestone.
func (m Milestone) Key() string {
	if m.Percent > 0 {
		return fmt.Sprintf("%s/%s/%d", m.Instance(), m.Mark, m.Percent)
	}
	return m.Instance() + "/" + string(m.Mark)
}

// Record keeps a milestone for ever; the second time it tells that it has it already.
func (l *Ledger) Record(m Milestone) bool {
	if l.has(m) {
		return false
	}
	m.At, m.DueAt = m.At.UTC(), m.DueAt.UTC()
	l.Recorded = append(slices.Clip(l.Recorded), m)
	return true
}

func (l *Ledger) has(m Milestone) bool {
	return slices.ContainsFunc(l.Recorded, func(old Milestone) bool { return old.Key() == m.Key() })
}

// Breaches lists the recorded ones; a later change of the target takes none of them back.
func (l *Ledger) Breaches() []Milestone {
	var out []Milestone
	for _, m := range l.Recorded {
		if m.Mark == Breach {
			out = append(out, m)
		}
	}
	return out
}

// Milestones lists, earliest first, what is to come and what has come but is not recorded yet. As the case stands now: a
// pause that goes on hides what lies behind it. Of a target that holds no longer only a breach is told late.
func (l *Ledger) Milestones() []Milestone {
	if !l.Tracked() {
		return nil
	}
	r := l.read()
	var out []Milestone
	add := func(m Milestone) {
		if !l.has(m) {
			out = append(out, m)
		}
	}
	for _, g := range Goals {
		runs := r.runs(g)
		for i, x := range runs {
			if x.target == 0 {
				continue
			}
			m := Milestone{Goal: g, Number: x.number, Minutes: int(x.target / time.Minute)}
			due, breaches := r.reachedIn(x, g, x.target, stops)
			if breaches && g == Response && !l.ResponseMetAt.IsZero() && due >= micros(l.ResponseMetAt) {
				breaches = false
			}
			if breaches {
				m.Mark, m.At, m.DueAt = Breach, instant(due), instant(due)
				add(m)
			}
			if i == len(runs)-1 && !l.done(g) {
				for _, p := range x.last.lead(g).points(g, x.target) {
					if at, ok := r.reachedIn(x, g, p.at, stops); ok && (!breaches || at < due) {
						m.Mark, m.Percent, m.At, m.DueAt = Warning, p.percent, instant(at), time.Time{}
						if breaches {
							m.DueAt = instant(due)
						}
						add(m)
					}
				}
			}
		}
		if m, ok := l.met(g); ok {
			add(m)
		}
	}
	slices.SortStableFunc(out, func(a, b Milestone) int { return a.At.Compare(b.At) })
	return out
}

// done tells whether nothing more is to be reached as the case stands.
func (l *Ledger) done(g Goal) bool {
	p := l.pause()
	return (g == Response && !l.ResponseMetAt.IsZero()) || (p != nil && p.Reason.ends())
}

// met is the success of a goal that was reached in time; a merge is none.
func (l *Ledger) met(g Goal) (Milestone, bool) {
	at := l.ResponseMetAt
	if g == Resolution {
		at = time.Time{}
		if p := l.pause(); p != nil && p.Reason == Resolved {
			at = p.From
		}
	}
	if at.IsZero() {
		return Milestone{}, false
	}
	then := l.asOf(at)
	reading := then.reading(g, at)
	if reading.State != StateMet {
		return Milestone{}, false
	}
	r := then.read()
	runs := r.runs(g)
	return Milestone{Goal: g, Mark: Met, Number: runs[len(runs)-1].number, Minutes: int(reading.Target / time.Minute), At: at, DueAt: reading.DueAt}, true
}

// Due splits milestones at an instant: what has come, and when to look again (zero: never).
func Due(list []Milestone, now time.Time) (come []Milestone, again time.Time) {
	for i, m := range list {
		if m.At.After(now) {
			return list[:i], m.At
		}
	}
	return list, time.Time{}
}
