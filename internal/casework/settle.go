package casework

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/sla"
	"github.com/askpro/gateway/internal/tenant"
)

// settle completes a change: priority and clocks follow what is different now, each difference is told, and the case's
// timer is set to the next time at which something is due.
func (k *Keeper) settle(t tenant.ID, x *change) {
	was, c := &x.was, &x.c
	c.Prioritise(x.desk.Matrix)
	c.UpdatedAt = x.now
	if x.actor.Kind == User {
		c.TouchedAt = x.now
	}
	x.clocks()
	if was.Status != c.Status || was.PendingReason != c.PendingReason {
		x.tell(event.CaseStatusChanged{
			Head: k.head(t, x), CaseID: c.ID, From: string(was.Status), To: string(c.Status), PendingReason: string(c.PendingReason), Reason: x.reason, Actor: x.actor,
		})
	}
	if was.AssigneeID != c.AssigneeID {
		c.AssignedAt = x.now
	}
	if was.AssigneeID != c.AssigneeID || was.GroupID != c.GroupID {
		rule := ""
		if x.actor.Kind == "rule" {
			rule = x.actor.ID
		}
		x.tell(event.CaseAssigned{
			Head: k.head(t, x), CaseID: c.ID, OldAssignee: was.AssigneeID, NewAssignee: c.AssigneeID, OldGroup: was.GroupID, NewGroup: c.GroupID, Rule: rule, Actor: x.actor,
		})
	}
	if was.CustomerID != c.CustomerID {
		by := x.c.Enrichment.Match.By
		if x.actor.Kind == User {
			by = desk.ByHand
		}
		x.tell(event.CaseCustomerLinked{Head: k.head(t, x), CaseID: c.ID, CustomerID: c.CustomerID, By: by, Actor: x.actor})
	}
	if list := fields(was, c); len(list) > 0 {
		x.tell(event.CaseUpdated{Head: k.head(t, x), CaseID: c.ID, Changes: list, Reason: x.reason, Actor: x.actor})
	}
	if was.SLA.ResponseMetAt.IsZero() && !c.SLA.ResponseMetAt.IsZero() {
		k.met(t, x, sla.Response)
	}
	if was.Status.Open() && !c.Status.Open() && c.MergedInto == "" && c.SLA.Tracked() { // a merge counts for nothing
		k.met(t, x, sla.Resolution)
	}
	x.step.Case = c
	wake(x.desk, c, x.now, &x.step)
}

// clocks of the case follow its status and its terms.
func (x *change) clocks() {
	was, c := &x.was, &x.c
	if !c.SLA.Tracked() {
		return
	}
	if c.Priority != was.Priority || c.CategoryID != was.CategoryID {
		cause := sla.PriorityChanged
		if c.CategoryID != was.CategoryID {
			cause = sla.CategoryChanged
		}
		c.SLA.Change(x.now, cause, x.desk.PolicyOf(c.CategoryID), c.Priority, calendarOf(x.config, x.desk, c))
	}
	switch {
	case c.Deletion != nil && !c.Status.Open(): // they stand since its end
	case c.Deletion != nil:
		c.SLA.Pause(x.now, sla.Deleted)
	case c.MergedInto != "" && was.MergedInto == "":
		c.SLA.Pause(x.now, sla.Merged)
	case !c.Status.Open():
		c.SLA.Pause(x.now, sla.Resolved)
	case c.Status == desk.Pending:
		c.SLA.Pause(x.now, c.PendingReason)
	default:
		c.SLA.Continue(x.now)
	}
	if was.Status == desk.New && c.Status != desk.New && x.actor.Kind == User {
		c.SLA.Respond(x.now)
	}
}

// met records that a goal was reached, once.
func (k *Keeper) met(t tenant.ID, x *change, g sla.Goal) {
	for _, m := range x.c.SLA.Milestones() {
		if m.Goal == g && m.Mark == sla.Met && x.c.SLA.Record(m) {
			x.tell(event.CaseSLAMet{CaseClock: clock(k.head(t, x), &x.c, m)})
		}
	}
}

func clock(h event.Head, c *desk.Case, m sla.Milestone) event.CaseClock {
	return event.CaseClock{Head: h, CaseID: c.ID, Goal: string(m.Goal), DueAt: m.DueAt, Instance: m.Instance(), Percent: m.Percent}
}

// fields lists what is different in a case and has no event of its own.
func fields(was, c *desk.Case) []event.FieldChange {
	var list []event.FieldChange
	for _, f := range []struct{ name, old, now string }{
		{"case_type", string(was.Type), string(c.Type)}, {"category_id", was.CategoryID, c.CategoryID}, {"impact", string(was.Impact), string(c.Impact)},
		{"urgency", string(was.Urgency), string(c.Urgency)}, {"priority", string(was.Priority), string(c.Priority)}, {"subject", was.Subject, c.Subject},
		{"description", was.Text, c.Text}, {"tags", strings.Join(was.Tags, ", "), strings.Join(c.Tags, ", ")}, {"contact.name", was.Contact.Name, c.Contact.Name},
		{"contact.email", was.Contact.Email, c.Contact.Email}, {"contact.phone", was.Contact.Phone, c.Contact.Phone}, {"external_reference", references(was), references(c)},
	} {
		if f.old == f.now {
			continue
		}
		if f.name == "description" || strings.HasPrefix(f.name, "contact.") || f.name == "subject" { // people's words are not sent around
			f.old, f.now = "", ""
		}
		list = append(list, event.FieldChange{Field: f.name, Old: f.old, New: f.now})
	}
	keys := maps.Clone(was.Custom)
	if keys == nil {
		keys = map[string]string{}
	}
	maps.Copy(keys, c.Custom)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if was.Custom[key] != c.Custom[key] { // they may hold people's words as well
			list = append(list, event.FieldChange{Field: "custom_fields." + key})
		}
	}
	return list
}

func references(c *desk.Case) string {
	var list []string
	for _, r := range c.References {
		list = append(list, r.Value)
	}
	return strings.Join(list, ", ")
}

// Timer names the one timer of a case.
const Timer = "tend"

func timerOf(id string) ledger.Timer {
	return ledger.Timer{Kind: ledger.OfCase, About: id, Queue: "gateway", Name: Timer}
}

// wake sets the case's timer to when Tend has something to do, or takes it away.
func wake(d *desk.Configuration, c *desk.Case, now time.Time, step *ledger.Step) {
	timer := timerOf(c.ID)
	if at := next(d, c, now); !at.IsZero() {
		timer.DueAt = at
		step.SetTimers = append(step.SetTimers, timer)
	} else if c.Version > 0 {
		step.ClearTimers = append(step.ClearTimers, timer)
	}
}
