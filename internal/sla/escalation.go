package sla

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/german"
	"github.com/askpro/gateway/internal/inert"
)

// Case is what rules look at, as it is now. Number, Category and Status are for people; all texts are untrusted.
type Case struct {
	Priority     Priority
	Type         string
	CategoryPath []string // ids from the root down to the case's own
	GroupID      string
	AssigneeID   string
	TouchedAt    time.Time // last activity by a person; zero: none since the case began

	Number   string
	Category string
	Status   string
}

// Firing is a rule's turn for a case: once per instance, and again as often as the rule repeats.
type Firing struct {
	RuleID   string    `json:"rule_id"`
	Instance string    `json:"instance"`
	Repeat   int       `json:"repeat,omitempty"` // 0 is the first time
	At       time.Time `json:"at"`
}

// Key is the same for every timer and every delivery of a firing.
func (f Firing) Key() string { return fmt.Sprintf("%s/%s/%d", f.RuleID, f.Instance, f.Repeat) }

// Firings lists, earliest first and then in the rules' order, the turns of the active rules that fit a case and that have
// not been taken yet. It is asked anew whenever anything happened to the case, and before a timer's firing is believed.
func (l *Ledger) Firings(rules []Rule, c Case, taken []Firing) []Firing {
	if !l.Tracked() || l.done(Resolution) {
		return nil
	}
	r := l.read()
	order := map[string]int{}
	var out []Firing
	for _, rule := range rules {
		order[rule.ID] = rule.Order
		if !rule.Active || !rule.When.fit(c) {
			continue
		}
		for _, w := range r.waits(rule, c) {
			first, ok := w.reach(0)
			if !ok || first.Before(rule.ActiveSince) {
				continue
			}
			times, every := rule.repeats()
			for n := nextTurn(taken, rule.ID, w.instance); n <= times; n++ {
				at, ok := w.reach(time.Duration(n) * every)
				if !ok {
					break
				}
				out = append(out, Firing{rule.ID, w.instance, n, at})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Firing) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(order[a.RuleID], order[b.RuleID]), cmp.Compare(a.RuleID, b.RuleID))
	})
	return out
}

// nextTurn after the last that was taken of an instance.
func nextTurn(taken []Firing, rule, instance string) int {
	next := 0
	for _, f := range taken {
		if f.RuleID == rule && f.Instance == instance {
			next = max(next, f.Repeat+1)
		}
	}
	return next
}

// DueFirings splits firings at an instant: whose turn has come, and when to look again (zero: never). Of turns of the same
// instance that were missed, only the last is taken: after an outage nobody gets five alarms at once.
func DueFirings(list []Firing, now time.Time) (come []Firing, again time.Time) {
	for _, f := range list {
		if f.At.After(now) {
			return come, f.At
		}
		come = slices.DeleteFunc(come, func(missed Firing) bool { return missed.RuleID == f.RuleID && missed.Instance == f.Instance })
		come = append(come, f)
	}
	return come, time.Time{}
}

// wait is an instance of a rule's trigger; reach tells when it comes, and so much later on the clock.
type wait struct {
	instance string
	reach    func(later time.Duration) (time.Time, bool)
}

func (r reader) waits(rule Rule, c Case) []wait {
	switch rule.Trigger {
	case ResponseWarning, ResolutionWarning, ResponseBreach, ResolutionBreach:
		g, _ := rule.Trigger.goal()
		if r.l.done(g) {
			return nil
		}
		runs := r.runs(g)
		x := runs[len(runs)-1]
		if x.target == 0 {
			return nil
		}
		warns := rule.Trigger == ResponseWarning || rule.Trigger == ResolutionWarning
		from := x.target + rule.after()
		if warns {
			from = before(x.target, rule.after())
		}
		return []wait{{fmt.Sprintf("%s/%d", g, x.number), func(later time.Duration) (time.Time, bool) {
			at, ok := r.reachedIn(x, g, from+later, stops)
			if due, breached := r.reachedIn(x, g, x.target, stops); warns && breached && due <= at {
				return time.Time{}, false // a warning after the fact is none
			}
			return instant(at), ok
		}}}
	case Idle:
		since := c.TouchedAt
		if since.Before(r.l.StartedAt) {
			since = r.l.StartedAt
		}
		return []wait{{"idle/" + since.UTC().Format(time.RFC3339), r.since(since, rule.after())}}
	case PriorityRaised:
		to := raiseTo(rule.RaisedTo)
		if to.Above(c.Priority) {
			return nil // it was lowered again
		}
		var list []wait
		for i := 1; i < len(r.l.Terms); i++ {
			if was, is := r.l.Terms[i-1], r.l.Terms[i]; to.Above(was.Priority) && !to.Above(is.Priority) {
				list = append(list, wait{fmt.Sprintf("priority/%d", i+1), r.since(is.From, rule.after())})
			}
		}
		return list
	}
	return nil
}

// since counts on the resolution's clock from an instant on.
func (r reader) since(from time.Time, d time.Duration) func(time.Duration) (time.Time, bool) {
	return func(later time.Duration) (time.Time, bool) {
		at, ok := r.reached(Resolution, micros(from), micros(from)+horizon, int64((d+later)/time.Microsecond), stops)
		return instant(at), ok
	}
}

// Skip says why an action has nothing to do.
type Skip string

// What is not done, and logged with its reason.
const (
	NotUpwards       Skip = "not-upwards"       // the case has the priority or a higher one
	AlreadyThere     Skip = "already-there"     // the case is the group's, and nobody's own
	GroupUnavailable Skip = "group-unavailable" // deleted, inactive or not the company's
	NothingToDo      Skip = "unknown-kind"
)

// Effect is an action decided for a case. Skipped effects are only logged.
type Effect struct {
	Kind          ActionKind `json:"kind"`
	Skipped       Skip       `json:"skipped,omitempty"`
	To            []string   `json:"to,omitempty"`
	Subject       string     `json:"subject,omitempty"`
	NotBefore     time.Time  `json:"not_before,omitzero"` // an e-mail that keeps the quiet hours
	GroupID       string     `json:"group_id,omitempty"`
	ClearAssignee bool       `json:"clear_assignee,omitempty"`
	Priority      Priority   `json:"priority,omitempty"`
	Reason        string     `json:"reason,omitempty"` // of the override: the rule's name, or what the person wrote
	URL           string     `json:"url,omitempty"`
}

// Effects of a rule whose turn it is. Each action sees the case as the ones before it leave it. group tells whether a group
// is the company's own and active.
func (r Rule) Effects(c Case, group func(id string) bool, now time.Time) []Effect {
	return effects(r.Actions, r.Name, c, group, now)
}

// minReason and maxReason bound what a person writes about an escalation.
const (
	minReason = 3
	maxReason = 1_000
)

// Escalate is what a person does by hand, with the actions of rules and a reason.
func Escalate(reason string, actions []Action, c Case, k Known, now time.Time) ([]Effect, []Fault) {
	faults := checkActions(actions, k)
	if n := utf8.RuneCountInString(strings.TrimSpace(reason)); n < minReason {
		faults = append(faults, Fault{"reason", "missing"})
	} else if n > maxReason {
		faults = append(faults, Fault{"reason", "too-long"})
	}
	if len(faults) > 0 {
		sortFaults(faults)
		return nil, faults
	}
	return effects(actions, strings.TrimSpace(reason), c, k.Group, now), nil
}

func effects(actions []Action, reason string, c Case, group func(id string) bool, now time.Time) []Effect {
	out := make([]Effect, 0, len(actions))
	for _, a := range actions {
		e := Effect{Kind: a.Kind}
		switch a.Kind {
		case SendEmail:
			e.To, e.Subject, e.NotBefore = a.To, a.subject(c), now.UTC()
			if c.Priority != Critical {
				e.NotBefore = afterQuietHours(now)
			}
		case ReassignGroup:
			e.GroupID, e.ClearAssignee = a.GroupID, true
			switch {
			case !knows(group, a.GroupID):
				e.Skipped = GroupUnavailable
			case c.GroupID == a.GroupID && c.AssigneeID == "":
				e.Skipped = AlreadyThere
			default:
				c.GroupID, c.AssigneeID = a.GroupID, ""
			}
		case RaisePriority:
			e.Priority, e.Reason = raiseTo(a.Priority), reason
			if !e.Priority.Above(c.Priority) {
				e.Skipped = NotUpwards
			} else {
				c.Priority = e.Priority
			}
		case CallWebhook:
			e.URL = a.URL
		default:
			e.Skipped = NothingToDo
		}
		out = append(out, e)
	}
	return out
}

// Quiet hours in Berlin: e-mails to people wait until the morning.
const (
	quietFrom = german.TimeOfDay(22 * 60)
	quietTo   = german.TimeOfDay(7 * 60)
)

// afterQuietHours is now, or the end of the quiet hours that it falls into.
func afterQuietHours(now time.Time) time.Time {
	loc := company.Berlin()
	local := now.In(loc)
	today, clock := german.DateOf(now, loc), german.TimeOfDay(local.Hour()*60+local.Minute())
	switch {
	case clock >= quietFrom:
		return today.AddDays(1).At(quietTo, loc).UTC()
	case clock < quietTo:
		return today.At(quietTo, loc).UTC()
	}
	return now.UTC()
}

// usualSubject of an e-mail that a rule gives none: a rule never sends a blank one.
const usualSubject = "Eskalation {number} ({priority}): {category}, {status}"

var variables = [...]string{"{number}", "{priority}", "{category}", "{status}"}

func knownVariables(template string) bool {
	for rest := template; ; {
		_, after, ok := strings.Cut(rest, "{")
		if !ok {
			return true
		}
		name, behind, ok := strings.Cut(after, "}")
		if !ok || !slices.Contains(variables[:], "{"+name+"}") {
			return false
		}
		rest = behind
	}
}

// subject of an e-mail: one line, each variable replaced once. What stands in the case is text and nothing else.
func (a Action) subject(c Case) string {
	template := inert.Line(a.Subject)
	if template == "" {
		template = usualSubject
	}
	values := [...]string{c.Number, c.Priority.Label(), c.Category, c.Status}
	var pairs []string
	for i, name := range variables {
		value := inert.Line(values[i])
		if value == "" {
			value = "–"
		}
		pairs = append(pairs, name, value)
	}
	return inert.Shorten(inert.Line(strings.NewReplacer(pairs...).Replace(template)), maxSubject)
}
