package sla

import (
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Trigger is what an escalation rule waits for.
type Trigger string

// The triggers. Their minutes are counted on the case's clock: nobody is called on a Sunday about a Friday's case.
const (
	ResponseWarning   Trigger = "response_warning"   // minutes before it is due
	ResolutionWarning Trigger = "resolution_warning" // minutes before it is due
	ResponseBreach    Trigger = "response_breach"    // minutes after it was due
	ResolutionBreach  Trigger = "resolution_breach"  // minutes after it was due
	Idle              Trigger = "idle"               // minutes without activity by a person
	PriorityRaised    Trigger = "priority_raised_to" // minutes after it was raised to RaisedTo or above
)

// goal of a trigger; false where it has none.
func (t Trigger) goal() (Goal, bool) {
	switch t {
	case ResponseWarning, ResponseBreach:
		return Response, true
	case ResolutionWarning, ResolutionBreach:
		return Resolution, true
	}
	return "", false
}

// after is the rule's time in its trigger's direction, with the trigger's default where nothing is said.
func (r Rule) after() time.Duration {
	minutes := r.Minutes
	if minutes <= 0 {
		minutes = map[Trigger]int{ResponseWarning: defaultResponseLead, ResolutionWarning: defaultResolutionLead, Idle: 120}[r.Trigger]
	}
	return time.Duration(minutes) * time.Minute
}

// Rule says what happens when a case is in danger and nobody moves.
type Rule struct {
	ID          string     `json:"id"`
	Name        string     `json:"name"`
	Order       int        `json:"order"`
	Active      bool       `json:"active"`
	ActiveSince time.Time  `json:"active_since,omitzero"` // what happened before is not escalated any more
	Trigger     Trigger    `json:"trigger"`
	Minutes     int        `json:"minutes,omitempty"`   // 0: the trigger's default
	RaisedTo    Priority   `json:"raised_to,omitempty"` // of priority_raised_to; empty: high
	When        Conditions `json:"conditions,omitzero"`
	Actions     []Action   `json:"actions"`
	RepeatEvery int        `json:"repeat_every_minutes,omitempty"` // 0: never again
	RepeatTimes int        `json:"repeat_times,omitempty"`
}

// Conditions limit a rule; within a kind one must fit, an empty kind fits all.
type Conditions struct {
	Priorities []Priority `json:"priorities,omitempty"`
	Types      []string   `json:"types,omitempty"`
	Categories []string   `json:"category_ids,omitempty"` // each with its children
	Groups     []string   `json:"group_ids,omitempty"`
}

// fit tells whether a rule is for a case as it is now.
func (w Conditions) fit(c Case) bool {
	return (len(w.Priorities) == 0 || slices.Contains(w.Priorities, c.Priority)) &&
		(len(w.Types) == 0 || slices.Contains(w.Types, c.Type)) &&
		(len(w.Groups) == 0 || slices.Contains(w.Groups, c.GroupID)) &&
		(len(w.Categories) == 0 || slices.ContainsFunc(c.CategoryPath, func(id string) bool { return slices.Contains(w.Categories, id) }))
}

// ActionKind is what a rule does.
type ActionKind string

// The kinds of actions.
const (
	SendEmail     ActionKind = "email"
	ReassignGroup ActionKind = "reassign_group"
	RaisePriority ActionKind = "raise_priority"
	CallWebhook   ActionKind = "webhook"
)

// Recipients of an e-mail that are not addresses.
const (
	ToAssignee = "assignee"
	ToGroup    = "group"
	ToLeads    = "leads"
)

// Action is one thing that a rule does.
type Action struct {
	Kind     ActionKind `json:"kind"`
	To       []string   `json:"to,omitempty"`       // of an e-mail: addresses, or assignee, group, leads
	Subject  string     `json:"subject,omitempty"`  // of an e-mail, with {number} {priority} {category} {status}; empty: the usual
	GroupID  string     `json:"group_id,omitempty"` // of a reassignment
	Priority Priority   `json:"priority,omitempty"` // to raise to; empty: high
	URL      string     `json:"url,omitempty"`      // of a webhook; the guarded sender judges where it leads
}

// raiseTo is the priority of an action, or of a trigger, that names none.
func raiseTo(p Priority) Priority {
	if p == "" {
		return High
	}
	return p
}

// Limits of rules.
const (
	maxRuleMinutes = 10_080
	minRepeat      = 60
	maxRepeats     = 5
	maxActions     = 10
	maxRecipients  = 10
	maxSubject     = 255
	maxURL         = 2_048
)

// repeats of a rule: how often again, and after how long.
func (r Rule) repeats() (times int, every time.Duration) {
	if r.RepeatEvery < minRepeat {
		return 0, 0
	}
	return min(r.RepeatTimes, maxRepeats), time.Duration(r.RepeatEvery) * time.Minute
}

// Known tells which ids and types are the company's own; groups and categories have to be active. What nobody can tell is
// not known.
type Known struct {
	Type, Category, Group func(id string) bool
}

func knows(f func(string) bool, id string) bool { return f != nil && f(id) }

// Check tells what is wrong with a rule that is about to be saved.
func (r Rule) Check(k Known) []Fault {
	var faults []Fault
	say := func(field, code string) { faults = append(faults, Fault{field, code}) }
	if code := checkName(r.Name); code != "" {
		say("name", code)
	}
	switch r.Trigger {
	case ResponseWarning, ResolutionWarning, ResponseBreach, ResolutionBreach, Idle, PriorityRaised:
	default:
		say("trigger", "unknown-trigger")
	}
	if r.Minutes < 0 || r.Minutes > maxRuleMinutes {
		say("minutes", "out-of-range")
	}
	if r.RaisedTo != "" && !r.RaisedTo.Valid() {
		say("raised_to", "unknown-priority")
	}
	for _, p := range r.When.Priorities {
		if !p.Valid() {
			say("conditions.priorities", "unknown-priority")
		}
	}
	for field, list := range map[string]struct {
		ids   []string
		known func(string) bool
	}{"types": {r.When.Types, k.Type}, "category_ids": {r.When.Categories, k.Category}, "group_ids": {r.When.Groups, k.Group}} {
		for _, id := range list.ids {
			if !knows(list.known, id) {
				say("conditions."+field, "unknown")
			}
		}
	}
	switch {
	case r.RepeatEvery == 0 && r.RepeatTimes == 0:
	case r.RepeatEvery < minRepeat || r.RepeatEvery > maxRuleMinutes:
		say("repeat_every_minutes", "out-of-range")
	case r.RepeatTimes < 1 || r.RepeatTimes > maxRepeats:
		say("repeat_times", "out-of-range")
	}
	faults = append(faults, checkActions(r.Actions, k)...)
	sortFaults(faults)
	return faults
}

func checkActions(list []Action, k Known) []Fault {
	var faults []Fault
	if len(list) == 0 {
		faults = append(faults, Fault{"actions", "missing"})
	}
	if len(list) > maxActions {
		faults = append(faults, Fault{"actions", "too-many"})
	}
	for i, a := range list {
		if field, code := a.check(k); code != "" {
			faults = append(faults, Fault{fmt.Sprintf("actions.%d.%s", i, field), code})
		}
	}
	return faults
}

func (a Action) check(k Known) (field, code string) {
	switch a.Kind {
	case SendEmail:
		if len(a.To) == 0 {
			return "to", "missing"
		}
		if len(a.To) > maxRecipients {
			return "to", "too-many"
		}
		for _, to := range a.To {
			if to == ToAssignee || to == ToGroup || to == ToLeads {
				continue
			}
			if at, err := mail.ParseAddress(to); err != nil || at.Address != to || len(to) > maxSubject {
				return "to", "no-address"
			}
		}
		if utf8.RuneCountInString(a.Subject) > maxSubject {
			return "subject", "too-long"
		}
		if !knownVariables(a.Subject) {
			return "subject", "unknown-variable"
		}
	case ReassignGroup:
		if !knows(k.Group, a.GroupID) {
			return "group_id", "unknown"
		}
	case RaisePriority:
		if !raiseTo(a.Priority).Valid() {
			return "priority", "unknown-priority"
		}
	case CallWebhook:
		if !strings.HasPrefix(a.URL, "https://") || len(a.URL) > maxURL {
			return "url", "no-https"
		}
	default:
		return "kind", "unknown-kind"
	}
	return "", ""
}
