// Package sla runs the clocks of a case: when somebody has to have answered and when it has to be solved, on the working
// time of a calendar or around the clock. Its one rule: nothing is ever counted up and stored; what was decided is kept in
// a Ledger (terms, calendars, pauses), and every due date, warning, breach and explanation is computed from it, so that the
// same ledger says the same today, tomorrow and on another machine. It knows no cases, users, timers or storage: it says
// what is due and when to look again.
package sla

import (
	"cmp"
	"slices"
	"unicode/utf8"
)

// Priority decides the targets; the most urgent comes first.
type Priority string

// The priorities of a case.
const (
	Critical Priority = "critical"
	High     Priority = "high"
	Normal   Priority = "normal"
	Low      Priority = "low"
)

// Priorities lists them, the most urgent first.
var Priorities = [...]Priority{Critical, High, Normal, Low}

// Valid tells whether there is such a priority.
func (p Priority) Valid() bool { return slices.Contains(Priorities[:], p) }

// Label is the priority's in German.
func (p Priority) Label() string {
	switch p {
	case Critical:
		return "Kritisch"
	case High:
		return "Hoch"
	case Normal:
		return "Normal"
	case Low:
		return "Niedrig"
	}
	return ""
}

// Above tells whether p is more urgent than o.
func (p Priority) Above(o Priority) bool {
	return p.Valid() && o.Valid() && slices.Index(Priorities[:], p) < slices.Index(Priorities[:], o)
}

// Clock is how time counts.
type Clock string

// The clocks of a target.
const (
	Business       Clock = "business" // while the calendar is open
	AroundTheClock Clock = "24x7"
)

// Valid tells whether there is such a clock.
func (c Clock) Valid() bool { return c == Business || c == AroundTheClock }

// Goal is what has to be reached in time.
type Goal string

// The two goals of a case, each with a clock of its own.
const (
	Response   Goal = "response"   // somebody of the staff has answered
	Resolution Goal = "resolution" // the case is solved
)

// Goals lists them in the order in which they fall due.
var Goals = [...]Goal{Response, Resolution}

// Reason says why a clock stands still.
type Reason string

// The reasons of a pause. The first three are a pending case's: they stop the resolution, never the response, and a policy
// may let the clock run on. The others are an end that a reopening, an undone merge or a restoration takes back.
const (
	WaitingCustomer   Reason = "waiting_customer"
	WaitingThirdParty Reason = "waiting_third_party"
	Scheduled         Reason = "scheduled"
	Resolved          Reason = "resolved"
	Merged            Reason = "merged"
	Deleted           Reason = "deleted"
)

// Pending lists the reasons that a policy has a switch for.
var Pending = [...]Reason{WaitingCustomer, WaitingThirdParty, Scheduled}

// Valid tells whether there is such a reason.
func (r Reason) Valid() bool { return r.pending() || r.ends() }

// ends tells whether both goals stop: the case is over until somebody takes that back.
func (r Reason) ends() bool { return r == Resolved || r.uncounted() }

// uncounted tells whether the case is over in a way that says nothing of whether it was done in time.
func (r Reason) uncounted() bool { return r == Merged || r == Deleted }

func (r Reason) pending() bool { return slices.Contains(Pending[:], r) }

// Label is the reason's in German.
func (r Reason) Label() string {
	switch r {
	case WaitingCustomer:
		return "Wartet auf Kunde"
	case WaitingThirdParty:
		return "Wartet auf Dritte"
	case Scheduled:
		return "Terminiert"
	case Resolved:
		return "Gelöst"
	case Merged:
		return "Zusammengeführt"
	case Deleted:
		return "Gelöscht"
	}
	return ""
}

// Fault is one thing that is wrong with a configuration: which field, and a code that pages have words for.
type Fault struct {
	Field string `json:"field"`
	Code  string `json:"code"`
}

// sortFaults puts them in a fixed order: maps have none.
func sortFaults(list []Fault) {
	slices.SortFunc(list, func(a, b Fault) int { return cmp.Or(cmp.Compare(a.Field, b.Field), cmp.Compare(a.Code, b.Code)) })
}

func checkName(name string) (code string) {
	switch n := utf8.RuneCountInString(name); {
	case n == 0:
		return "missing"
	case n > maxName:
		return "too-long"
	}
	return ""
}
