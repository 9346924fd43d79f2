package sla

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"
)

// Ledger is all that ever moved the clocks of one case. It is kept with the case and carries the calendars it was counted
// on, so it can be read again years later. The zero Ledger is a case that is not tracked: every answer about it is empty.
//
// Whoever writes an entry does so in the same transaction as the fact itself. Entries go forward in time: one that claims
// to be earlier than the last is taken to be just then. An entry that changes nothing is none, so a second delivery is safe.
// A copy of a Ledger is on its own: entries never write into what the two share.
type Ledger struct {
	StartedAt     time.Time   `json:"started_at"`
	Calendars     []Calendar  `json:"calendars"`
	Terms         []Terms     `json:"terms"`
	Pauses        []Pause     `json:"pauses,omitempty"`
	ResponseMetAt time.Time   `json:"response_met_at,omitzero"`
	Recorded      []Milestone `json:"recorded,omitempty"`
}

// Terms are what applied from an instant on.
type Terms struct {
	From              time.Time `json:"from"`
	Cause             Cause     `json:"cause"`
	Priority          Priority  `json:"priority"`
	PolicyID          string    `json:"policy_id,omitempty"`
	Policy            string    `json:"policy,omitempty"` // its name then
	Target            Target    `json:"target"`
	ResponseWarning   Lead      `json:"response_warning,omitzero"`
	ResolutionWarning Lead      `json:"resolution_warning,omitzero"`
	KeepsRunning      []Reason  `json:"keeps_running,omitempty"`
	Calendar          int       `json:"calendar"` // in Calendars
}

// Cause of new terms.
type Cause string

// What moves a due date other than a pause.
const (
	Created         Cause = "created"
	PriorityChanged Cause = "priority"
	CategoryChanged Cause = "category"
	PolicyChanged   Cause = "policy"
	CalendarChanged Cause = "calendar"
)

// Pause is a time in which a clock stood still; without To it still does.
type Pause struct {
	From   time.Time `json:"from"`
	To     time.Time `json:"to,omitzero"`
	Reason Reason    `json:"reason"`
}

func (p Pause) span() Span { return Span{p.From, p.To} }

// Start begins the ledger of a new case.
func Start(at time.Time, p Policy, priority Priority, c Calendar) Ledger {
	at = at.UTC()
	t := termsOf(p, priority)
	t.From, t.Cause = at, Created
	return Ledger{StartedAt: at, Calendars: []Calendar{c}, Terms: []Terms{t}}
}

func termsOf(p Policy, priority Priority) Terms {
	t := Terms{
		Priority: priority, PolicyID: p.ID, Policy: p.Name, Target: p.Targets[priority], ResponseWarning: p.ResponseWarning,
		ResolutionWarning: p.ResolutionWarning, KeepsRunning: slices.Clone(p.KeepsRunning),
	}
	t.Target.Clock = t.Target.clock()
	return t
}

// Tracked tells whether there is anything to count.
func (l *Ledger) Tracked() bool { return len(l.Terms) > 0 }

// Change puts new terms in force: what was used of the old target stays used. It tells whether anything is different.
func (l *Ledger) Change(at time.Time, cause Cause, p Policy, priority Priority, c Calendar) bool {
	if !l.Tracked() {
		return false
	}
	t, old := termsOf(p, priority), l.Terms[len(l.Terms)-1]
	t.Calendar = slices.IndexFunc(l.Calendars, func(known Calendar) bool { return same(known, c) })
	if t.Calendar < 0 {
		t.Calendar = len(l.Calendars)
	}
	t.From, t.Cause = old.From, old.Cause
	if same(t, old) {
		return false
	}
	t.From, t.Cause = l.notBefore(at), cause
	if t.Calendar == len(l.Calendars) {
		l.Calendars = append(slices.Clip(l.Calendars), c)
	}
	l.Terms = append(slices.Clip(l.Terms), t)
	return true
}

// same compares what would be stored: an empty list is as good as none.
func same(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// Pause stops the clock: pending with its reason, resolved, or merged. Another reason ends the pause before it.
func (l *Ledger) Pause(at time.Time, r Reason) bool {
	if !l.Tracked() || !r.Valid() {
		return false
	}
	if p := l.pause(); p != nil && p.Reason == r {
		return false
	}
	at = l.notBefore(at)
	l.Continue(at)
	l.Pauses = append(slices.Clip(l.Pauses), Pause{From: at, Reason: r})
	return true
}

// Continue ends the pause: back from pending, reopened, or a merge undone.
func (l *Ledger) Continue(at time.Time) bool {
	if l.pause() == nil {
		return false
	}
	l.Pauses = slices.Clone(l.Pauses)
	p := l.pause()
	p.To = l.notBefore(at)
	if p.To.Equal(p.From) {
		l.Pauses = l.Pauses[:len(l.Pauses)-1]
	}
	return true
}

// pause is the one that goes on, or nil.
func (l *Ledger) pause() *Pause {
	if n := len(l.Pauses); n > 0 && l.Pauses[n-1].To.IsZero() {
		return &l.Pauses[n-1]
	}
	return nil
}

// Respond notes that somebody of the staff has answered: the first public note, or the first move out of new. The earliest
// counts, whatever the order in which they are told.
func (l *Ledger) Respond(at time.Time) bool {
	if !l.Tracked() {
		return false
	}
	if at = at.UTC(); at.Before(l.StartedAt) {
		at = l.StartedAt
	}
	if !l.ResponseMetAt.IsZero() && !at.Before(l.ResponseMetAt) {
		return false
	}
	l.ResponseMetAt = at
	return true
}

// notBefore is an instant, or that of the last entry if it is later.
func (l *Ledger) notBefore(at time.Time) time.Time {
	at = at.UTC()
	last := l.Terms[len(l.Terms)-1].From
	if n := len(l.Pauses); n > 0 {
		p := l.Pauses[n-1]
		for _, t := range []time.Time{p.From, p.To} {
			if t.After(last) {
				last = t
			}
		}
	}
	if at.Before(last) {
		return last
	}
	return at
}

// asOf is the ledger as it stood at an instant, without what came later. It shares what it can with l.
func (l *Ledger) asOf(at time.Time) Ledger {
	then := *l
	for len(then.Terms) > 1 && then.Terms[len(then.Terms)-1].From.After(at) {
		then.Terms = then.Terms[:len(then.Terms)-1]
	}
	for len(then.Pauses) > 0 && then.Pauses[len(then.Pauses)-1].From.After(at) {
		then.Pauses = then.Pauses[:len(then.Pauses)-1]
	}
	if n := len(then.Pauses); n > 0 && then.Pauses[n-1].To.After(at) {
		then.Pauses = slices.Clone(then.Pauses)
		then.Pauses[n-1].To = time.Time{}
	}
	if then.ResponseMetAt.After(at) {
		then.ResponseMetAt = time.Time{}
	}
	return then
}
