package sla

import (
	"time"
)

// State of a goal or of a case.
type State string

// The states, as the case record names them.
const (
	StateNone     State = "none" // nothing to reach
	StateOK       State = "ok"
	StateAtRisk   State = "at_risk" // warned, or due within two hours
	StateBreached State = "breached"
	StateMet      State = "met"
	StatePaused   State = "paused"
)

// Light is the traffic light of a state.
func (s State) Light() string {
	switch s {
	case StateOK, StateMet:
		return "green"
	case StateAtRisk:
		return "amber"
	case StateBreached:
		return "red"
	}
	return "grey"
}

// soon is the time before a due date in which a case is at risk, warned or not.
const soon = 2 * time.Hour

// Reading is where a goal stands.
type Reading struct {
	State     State
	Target    time.Duration // 0: none
	Used      time.Duration // on the clock
	Remaining time.Duration // on the clock; below 0: over
	DueAt     time.Time     // zero: none, or the clock stands still and only Remaining is known
	MetAt     time.Time
}

// Status is where a case stands at an instant.
type Status struct {
	State      State
	Response   Reading
	Resolution Reading
	Waiting    Reason        // why the clock stands still; empty: it runs
	Paused     time.Duration // pending time that stopped the resolution, on the wall clock
	Priority   Priority
}

// Summary is what the case record shows of it. A due date is missing where there is none and while its clock stands still.
type Summary struct {
	ResponseDueAt   time.Time `json:"response_due_at,omitzero"`
	ResolutionDueAt time.Time `json:"resolution_due_at,omitzero"`
	ResponseMetAt   time.Time `json:"response_met_at,omitzero"`
	PausedSeconds   int64     `json:"paused_seconds"`
	State           State     `json:"state"`
}

// Summary for the case record.
func (s Status) Summary() Summary {
	return Summary{
		ResponseDueAt: s.Response.DueAt, ResolutionDueAt: s.Resolution.DueAt, ResponseMetAt: s.Response.MetAt,
		PausedSeconds: int64(s.Paused / time.Second), State: s.State,
	}
}

// NextDue is the earliest due date of a goal that is still to be reached; zero when there is none.
func (s Status) NextDue() time.Time {
	var next time.Time
	if s.Waiting.ends() {
		return next
	}
	for _, r := range []Reading{s.Response, s.Resolution} {
		if r.MetAt.IsZero() && !r.DueAt.IsZero() && (next.IsZero() || r.DueAt.Before(next)) {
			next = r.DueAt
		}
	}
	return next
}

// At tells where the case stands at an instant: it may be in the past, then later entries do not exist yet.
func (l *Ledger) At(now time.Time) Status {
	if !l.Tracked() {
		return Status{State: StateNone, Response: Reading{State: StateNone}, Resolution: Reading{State: StateNone}}
	}
	then := l.asOf(now)
	s := Status{Priority: then.Terms[len(then.Terms)-1].Priority}
	if p := then.pause(); p != nil {
		s.Waiting = p.Reason
	}
	s.Response, s.Resolution = then.reading(Response, now), then.reading(Resolution, now)
	for _, p := range then.Pauses {
		to := p.To
		if to.IsZero() {
			to = now
		}
		if !p.Reason.ends() && to.After(p.From) && then.stopsResolution(p) {
			s.Paused += to.Sub(p.From)
		}
	}
	s.State = overall(s)
	return s
}

// stopsResolution tells whether the terms that held when a pause began let it stop the clock.
func (l *Ledger) stopsResolution(p Pause) bool {
	then := l.asOf(p.From)
	for _, r := range then.Terms[len(then.Terms)-1].KeepsRunning {
		if r == p.Reason {
			return false
		}
	}
	return true
}

// overall is the state of the goal that needs attention: the worst of both while the case is unanswered, then the
// resolution's. A case whose only goal is an answer shows that.
func overall(s Status) State {
	if s.Resolution.State == StateNone {
		return s.Response.State
	}
	if s.Response.MetAt.IsZero() && s.Resolution.MetAt.IsZero() {
		for _, worst := range [...]State{StateBreached, StateAtRisk, StateOK} {
			if s.Response.State == worst || s.Resolution.State == worst {
				return worst
			}
		}
	}
	return s.Resolution.State
}

// reading of one goal. What is done is judged by the terms of the moment in which it was done.
func (l *Ledger) reading(g Goal, now time.Time) Reading {
	var out Reading
	at := now
	p := l.pause()
	switch {
	case g == Response && !l.ResponseMetAt.IsZero():
		out.MetAt, at = l.ResponseMetAt, l.ResponseMetAt
	case p != nil && p.Reason.ends():
		at = p.From
		if g == Resolution {
			out.MetAt = p.From
		}
	}
	then := l.asOf(at)
	r := then.read()
	runs := r.runs(g)
	x := runs[len(runs)-1]
	if out.Target = x.target; x.target == 0 {
		out.State = StateNone
		return out
	}
	out.Used = time.Duration(r.used(g, micros(l.StartedAt), micros(at), stops)) * time.Microsecond
	out.Remaining = out.Target - out.Used
	due, ok := r.reachedIn(x, g, x.target, runsOn)
	if ok {
		out.DueAt = instant(due)
	}
	switch {
	case !out.MetAt.IsZero() && p != nil && p.Reason.uncounted() && g == Resolution:
		out.State = StateMet // by a merge or a deletion: it counts for nobody
	case !out.MetAt.IsZero() && out.Remaining >= 0:
		out.State = StateMet
	case out.Remaining < 0, out.Remaining == 0 && at.Equal(now) && out.MetAt.IsZero():
		out.State = StateBreached
	case p != nil && p.Reason.ends():
		out.State, out.DueAt = StateNone, time.Time{} // over before anybody had to answer
	case !ok:
		out.State = StatePaused
	case atRisk(g, x, out, now):
		out.State = StateAtRisk
	default:
		out.State = StateOK
	}
	return out
}

func atRisk(g Goal, x run, r Reading, now time.Time) bool {
	points := x.last.lead(g).points(g, x.target)
	return r.DueAt.Sub(now) <= soon || (len(points) > 0 && r.Used >= points[0].at)
}

// lead of a goal.
func (t Terms) lead(g Goal) Lead {
	if g == Response {
		return t.ResponseWarning
	}
	return t.ResolutionWarning
}
