package casework

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/sla"
	"github.com/askpro/gateway/internal/tenant"
)

// system is who does what the clock does.
var system = event.Actor{Kind: "system"}

// errNothing ends a change in which there was nothing to do.
var errNothing = errors.New("nothing is due")

// next is when Tend has something to do for a case; zero: never, as it stands.
func next(d *desk.Configuration, c *desk.Case, now time.Time) time.Time {
	if c.Deletion != nil {
		return c.PurgeAt()
	}
	var first time.Time
	at := func(t time.Time) {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	for _, m := range c.SLA.Milestones() {
		at(m.At)
	}
	for _, f := range firings(d, c) {
		at(f.At)
	}
	if c.Status == desk.Pending && c.PendingUntil != nil {
		at(*c.PendingUntil)
	}
	at(closes(d, c))
	if c.Enrichment.State == desk.EnrichmentPending {
		at(c.CreatedAt.Add(d.Gateway.EnrichmentWithin() + enrichmentGrace))
	}
	return first
}

// enrichmentGrace is how long after the deadline the message that ends the waiting counts as lost.
const enrichmentGrace = time.Minute

// closes is when a resolved case closes by itself.
func closes(d *desk.Configuration, c *desk.Case) time.Time {
	if c.Status != desk.Resolved || c.ResolvedAt == nil {
		return time.Time{}
	}
	after := desk.CloseAfter
	if days := d.Gateway.CloseAfterDays; days != nil {
		after = time.Duration(*days) * 24 * time.Hour
	}
	if after == 0 {
		return time.Time{}
	}
	return c.ResolvedAt.Add(after)
}

// firings are the turns of the company's escalation rules for a case, if it escalates.
func firings(d *desk.Configuration, c *desk.Case) []sla.Firing {
	if !d.SLA.Escalations || len(d.Rules) == 0 {
		return nil
	}
	return c.SLA.Firings(d.Rules, seen(d, c), c.Fired)
}

// seen is a case as rules look at it.
func seen(d *desk.Configuration, c *desk.Case) sla.Case {
	return sla.Case{
		Priority: c.Priority, Type: string(c.Type), CategoryPath: d.Categories.Ancestry(c.CategoryID), GroupID: c.GroupID, AssigneeID: c.AssigneeID, TouchedAt: c.TouchedAt,
		Number: c.Number.String(), Category: d.Categories.Path(c.CategoryID), Status: string(c.Status),
	}
}

// Tend does what is due for a case when its timer wakes it: a pending date that has come, a case that closes by itself,
// warnings, breaches, escalations, an enrichment that nobody ended; of a deleted one, its purge. Called late or twice it does
// each once. It tells whether the timer is still wanted.
func (k *Keeper) Tend(ctx context.Context, t tenant.ID, id string) (wanted bool, err error) {
	c, err := k.change(ctx, t, id, 0, system, "", func(x *change) error {
		done := x.byTheClock()
		if k.milestones(t, x) {
			done = true
		}
		if k.escalate(t, x) {
			done = true
		}
		if e := &x.c.Enrichment; e.State == desk.EnrichmentPending && !x.now.Before(x.c.CreatedAt.Add(x.desk.Gateway.EnrichmentWithin()+enrichmentGrace)) {
			k.timeOut(t, x)
			done = true
		}
		if !done {
			return errNothing
		}
		return nil
	})
	switch {
	case errors.Is(err, ErrDeleted) && !k.Now().Before(c.PurgeAt()):
		return false, k.purge(ctx, t, c)
	case errors.Is(err, ErrDeleted):
		return k.reset(ctx, t, c)
	case errors.Is(err, ErrUnknown):
		return false, nil
	case errors.Is(err, errNothing):
		return k.reset(ctx, t, c)
	case err != nil:
		return true, err
	}
	d, err := k.Store.Desk(ctx, t)
	return err != nil || !next(d, &c, k.Now()).IsZero(), err
}

// reset moves a timer that woke up too early, after a clock of its case was moved without it.
func (k *Keeper) reset(ctx context.Context, t tenant.ID, c desk.Case) (wanted bool, err error) {
	d, err := k.Store.Desk(ctx, t)
	if err != nil {
		return true, err
	}
	step := &ledger.Step{}
	wake(d, &c, k.Now(), step)
	return len(step.SetTimers) > 0, k.Store.Commit(ctx, t, step)
}

// byTheClock moves a case that waited for a date, or closes one that nobody came back to.
func (x *change) byTheClock() bool {
	switch at := closes(x.desk, &x.c); {
	case x.c.Status == desk.Pending && x.c.PendingUntil != nil && !x.now.Before(*x.c.PendingUntil):
		x.reason = "Termin erreicht"
		return x.c.Apply(desk.Move{To: desk.Opened}, x.now) == nil
	case !at.IsZero() && !x.now.Before(at):
		x.reason = "keine Antwort"
		return x.c.Apply(desk.Move{To: desk.Closed}, x.now) == nil
	}
	return false
}

// milestones records and tells the warnings and breaches that have come.
func (k *Keeper) milestones(t tenant.ID, x *change) bool {
	come, _ := sla.Due(x.c.SLA.Milestones(), x.now)
	for _, m := range come {
		if !x.c.SLA.Record(m) {
			continue
		}
		switch fact := clock(k.head(t, x), &x.c, m); m.Mark {
		case sla.Warning:
			x.tell(event.CaseSLAWarning{CaseClock: fact})
		case sla.Breach:
			x.tell(event.CaseSLABreached{CaseClock: fact})
		case sla.Met:
			x.tell(event.CaseSLAMet{CaseClock: fact})
		}
	}
	return len(come) > 0
}

// escalate takes the turns of rules that have come.
func (k *Keeper) escalate(t tenant.ID, x *change) bool {
	come, _ := sla.DueFirings(firings(x.desk, &x.c), x.now)
	for _, f := range come {
		i := slices.IndexFunc(x.desk.Rules, func(r sla.Rule) bool { return r.ID == f.RuleID })
		rule := x.desk.Rules[i]
		x.c.Fired = append(x.c.Fired[:len(x.c.Fired):len(x.c.Fired)], f)
		x.actor = event.Actor{Kind: "rule", ID: rule.Name}
		active := func(id string) bool { g, ok := x.desk.Group(id); return ok && g.Active }
		k.carryOut(t, x, rule.Effects(seen(x.desk, &x.c), active, x.now), rule.ID, rule.Name)
	}
	return len(come) > 0
}

// carryOut does what an escalation decided to the case, and tells the rest.
func (k *Keeper) carryOut(t tenant.ID, x *change, effects []sla.Effect, ruleID, name string) {
	fact := event.CaseEscalated{Head: k.head(t, x), CaseID: x.c.ID, RuleID: ruleID, Rule: name, Actor: x.actor}
	for _, e := range effects {
		if e.Skipped != "" {
			continue
		}
		fact.Actions = append(fact.Actions, string(e.Kind))
		switch e.Kind {
		case sla.SendEmail:
			fact.Emails = append(fact.Emails, event.Mailed{To: e.To, Subject: e.Subject, NotBefore: e.NotBefore})
		case sla.ReassignGroup:
			if g, ok := x.desk.Group(e.GroupID); ok {
				x.c.GiveToGroup(g)
			}
			if e.ClearAssignee {
				x.c.AssigneeID = ""
			}
		case sla.RaisePriority:
			x.c.Override = desk.Override{Priority: e.Priority, Reason: e.Reason, By: x.actor.ID}
		case sla.CallWebhook:
			fact.URLs = append(fact.URLs, e.URL)
		}
	}
	x.tell(fact)
}

// Escalate is a person's: the same actions, with their reason.
func (k *Keeper) Escalate(ctx context.Context, t tenant.ID, id string, version int, actor event.Actor, reason string, actions []sla.Action) (desk.Case, []sla.Fault, error) {
	var faults []sla.Fault
	c, err := k.change(ctx, t, id, version, actor, reason, func(x *change) error {
		active := func(id string) bool { g, ok := x.desk.Group(id); return ok && g.Active }
		known := sla.Known{
			Type: func(s string) bool { _, ok := desk.ReadType(s); return ok }, Group: active,
			Category: func(id string) bool { c, ok := x.desk.Categories.ByID(id); return ok && c.Active },
		}
		effects, wrong := sla.Escalate(reason, actions, seen(x.desk, &x.c), known, x.now)
		if faults = wrong; len(wrong) > 0 {
			return errNothing
		}
		k.carryOut(t, x, effects, "", reason)
		return nil
	})
	if errors.Is(err, errNothing) {
		err = nil
	}
	return c, faults, err
}
