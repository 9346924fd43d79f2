package notify

import (
	"context"
	"strconv"

	"github.com/askpro/gateway/internal/callback"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// ring is what a message about a callback says.
type ring struct {
	about
	r callback.Request
}

// ringOf reads a callback that still waits; false when nobody waits any more.
func (n *Notifier) ringOf(ctx context.Context, t tenant.ID, c *company.Config, id string) (ring, bool, error) {
	r, ok, err := n.Store.Callback(ctx, t, id)
	if err != nil || !ok || !r.Open() {
		return ring{}, false, err
	}
	x := ring{about{config: c, now: n.Now()}, r}
	x.branch, ok = c.Branch(r.BranchID)
	return x, ok, nil
}

func (x ring) place(staff string) place { return place{x.r.BranchID, x.r.ServiceID, staff} }

// as is the callback as it stood when a wish was written down: what came after has letters of its own.
func (x ring) as(p event.Promise) ring {
	x.r.PromisedUntil, x.r.WishedAt, x.r.AssignedTo = p.Until, p.WishedAt, p.StaffID
	x.r.Notes = x.r.Notes[:min(p.Notes, len(x.r.Notes))]
	return x
}

// callbackCreated tells the branch whom to call.
func (n *Notifier) callbackCreated(ctx context.Context, t tenant.ID, c *company.Config, e event.CallbackRequested) (fact, error) {
	f := fact{kind: ledger.OfCallback, about: e.CallbackID, event: CallbackCreated, version: "0"}
	x, ok, err := n.ringOf(ctx, t, c, e.CallbackID)
	if err != nil || !ok {
		return f, err
	}
	if e.Promise != nil {
		x = x.as(*e.Promise)
	}
	n.address(ctx, c, &f, branchReader(x.branch), x.place(x.r.AssignedTo), x.note("callback.created", "callback.title", "callback.created_line"))
	return f, nil
}

// callbackRepeated tells the branch, and who has the callback now, that somebody asked for it once more. Whoever wants to
// hear of new callbacks hears of this too.
func (n *Notifier) callbackRepeated(ctx context.Context, t tenant.ID, c *company.Config, e event.CallbackRepeated) (fact, error) {
	f := fact{kind: ledger.OfCallback, about: e.CallbackID, event: CallbackCreated, version: e.ID}
	x, ok, err := n.ringOf(ctx, t, c, e.CallbackID)
	if err != nil || !ok {
		return f, err
	}
	now, x := x.r.AssignedTo, x.as(e.Promise)
	content := x.note("callback.repeated", "callback.title", "callback.repeated_line")
	n.address(ctx, c, &f, branchReader(x.branch), x.place(x.r.AssignedTo), content)
	if p, ok := c.Person(now); ok && p.Active {
		f.event = CallbackAssigned
		n.address(ctx, c, &f, staffReader(p), x.place(p.ID), content)
		f.event = CallbackCreated
	}
	f.workers()
	return f, nil
}

// callbackAssigned tells somebody that a callback is theirs, unless the branch's own message reached them already.
func (n *Notifier) callbackAssigned(ctx context.Context, t tenant.ID, c *company.Config, e event.CallbackAssigned) (fact, error) {
	f := fact{kind: ledger.OfCallback, about: e.CallbackID, event: CallbackAssigned, version: e.ID}
	x, ok, err := n.ringOf(ctx, t, c, e.CallbackID)
	if err != nil || !ok || x.r.AssignedTo != e.StaffID {
		return f, err
	}
	content := x.note("callback.assigned", "callback.title", "callback.assigned_line")
	created, _ := targets(c, CallbackCreated, branchReader(x.branch), x.place(e.StaffID), n.Placeholder)
	if p, ok := c.Person(e.StaffID); ok && p.Active && !sameAddress(created, staffReader(p)) {
		n.address(ctx, c, &f, staffReader(p), x.place(p.ID), content)
	}
	n.address(ctx, c, &f, branchReader(x.branch), x.place(e.StaffID), content)
	f.workers()
	return f, nil
}

func sameAddress(list []target, r reader) bool {
	for _, t := range list {
		if t.ways[0].address == r.email || t.ways[0].address == r.text {
			return true
		}
	}
	return false
}

// callbackEscalated tells who has an overdue callback now; where nobody has it, or they cannot be reached, the branch, and
// where the company wants it, the branch in any case.
func (n *Notifier) callbackEscalated(ctx context.Context, t tenant.ID, c *company.Config, e event.CallbackEscalated) (fact, error) {
	f := fact{kind: ledger.OfCallback, about: e.CallbackID, event: CallbackEscalated, version: e.ID}
	x, ok, err := n.ringOf(ctx, t, c, e.CallbackID)
	if err != nil || !ok {
		return f, err
	}
	content := x.note("callback.overdue", "callback.overdue", escalationLine(e))
	if e.Level == "warn" {
		content = x.note("callback.open", "callback.open", escalationLine(e))
	}
	if p, ok := c.Person(e.StaffID); ok && p.Active {
		n.address(ctx, c, &f, staffReader(p), x.place(p.ID), content)
	}
	if _, configured := choices(c, CallbackEscalated, Branch, x.place(e.StaffID)); configured || len(f.messages) == 0 {
		n.address(ctx, c, &f, branchReader(x.branch), x.place(e.StaffID), content)
	}
	f.workers()
	return f, nil
}

// escalationLine is the catalogue's key for why somebody hears of a callback once more.
func escalationLine(e event.CallbackEscalated) string {
	switch {
	case e.Reason == "multiple_attempts_failed":
		return "callback.failed_line"
	case e.Reason == "manual_escalation":
		return "callback.handed_line"
	case e.Level == "warn":
		return "callback.hour_line"
	case e.Level == "critical":
		return "callback.longer_line"
	}
	return "callback.longest_line"
}

// note tells people at work whom to call, until when and why; what, title and line are keys.
func (x ring) note(what, title, line string) content {
	return func(l Language) note {
		x.in = l
		promised := func(by string) string { return l.words("callback.promised", "what", l.words(what), "by", by) }
		return note{
			about: x.about, subject: promised(x.short(x.r.PromisedUntil)), filling: x.filling(),
			sheet: sheet{title: l.words(title), lines: []string{l.words(line)}, facts: x.callFacts(x.moment(x.r.PromisedUntil))},
			body:  x.brief(promised(x.at(x.r.PromisedUntil)), x.r.Phone, short(x.r.Name), l.words("action."+x.r.Action), l.reason(x.r.Reason)),
		}
	}
}

func (x ring) callFacts(by string) [][2]string {
	r := x.r
	facts := [][2]string{
		x.fact("fact.phone", plain(r.Phone)), x.fact("fact.name", plain(r.Name)), x.fact("fact.action", x.in.words("action."+r.Action)),
		x.fact("fact.reason", x.in.reason(r.Reason)), x.fact("fact.reachable", plain(r.PreferredTime)),
	}
	if s, ok := x.config.Service(r.ServiceID); ok {
		facts = append(facts, x.fact("fact.service", plain(s.Name)))
	}
	if p, ok := x.config.Person(r.StaffID); ok {
		facts = append(facts, x.fact("fact.wished_staff", plain(p.Name)))
	}
	if r.WishedAt != nil {
		facts = append(facts, x.fact("fact.wished_at", x.moment(*r.WishedAt)))
	}
	for _, s := range r.Notes {
		facts = append(facts, x.fact("fact.note", plain(s)))
	}
	if p, ok := x.config.Person(r.AssignedTo); ok {
		facts = append(facts, x.fact("fact.assigned", plain(p.Name)))
	}
	return known(append(facts, x.fact("fact.promised", by)))
}

// wishUnfulfilled tells the branch what a caller wished and did not get.
func (n *Notifier) wishUnfulfilled(ctx context.Context, t tenant.ID, c *company.Config, e event.WishUnfulfilled) (fact, error) {
	f := fact{kind: ledger.OfCall, about: e.CallID, event: WishUnfulfilled, version: "0"}
	call, ok, err := n.Store.Call(ctx, t, e.CallID)
	b, found := c.Branch(call.BranchID)
	if err != nil || !ok || !found || call.Unfulfilled == nil {
		return f, err
	}
	w := call.Unfulfilled
	n.address(ctx, c, &f, branchReader(b), place{branch: b.ID}, func(l Language) note {
		x, title, own := about{in: l, config: c, branch: b, now: n.Now()}, l.words("wish.title"), placeFilling(c, b)
		for path, v := range map[string]string{"wish.service": w.Service, "wish.date": w.Date, "wish.time": w.Time, "call.name": call.SpokenName, "call.phone": call.From} {
			own.set(path, plain(v), plain(v))
		}
		facts := known([][2]string{
			x.fact("fact.service", plain(w.Service)), x.fact("fact.wished_day", plain(w.Date)), x.fact("fact.wished_time", plain(w.Time)),
			x.fact("fact.offered", strconv.Itoa(w.Offered)), x.fact("fact.name", plain(call.SpokenName)), x.fact("fact.phone", plain(call.From)),
		})
		return note{
			about: x, subject: title, sheet: sheet{title: title, lines: []string{l.words("wish.line")}, facts: facts}, filling: own,
			body: x.brief(title, w.Service, w.Date, w.Time, call.From),
		}
	})
	return f, nil
}

// callSummary tells the branch what a call was about; only where that was asked for.
func (n *Notifier) callSummary(ctx context.Context, t tenant.ID, c *company.Config, e event.CallAnalyzed) (fact, error) {
	f := fact{kind: ledger.OfCall, about: e.CallID, event: CallSummary, version: "0"}
	call, ok, err := n.Store.Call(ctx, t, e.CallID)
	b, found := c.Branch(call.BranchID)
	if err != nil || !ok || !found {
		return f, err
	}
	began := call.CreatedAt
	if call.StartedAt != nil {
		began = *call.StartedAt
	}
	n.address(ctx, c, &f, branchReader(b), place{branch: b.ID}, func(l Language) note {
		x, outcome, own := about{in: l, config: c, branch: b, now: n.Now()}, l.words("outcome."+call.Outcome), placeFilling(c, b)
		for path, v := range map[string]string{
			"call.duration": l.length(call.DurationMS), "call.phone": call.From, "call.name": call.SpokenName, "call.outcome": outcome, "call.summary": call.Summary,
		} {
			own.set(path, plain(v), plain(v))
		}
		own.set("call.when", x.moment(began), x.at(began))
		s := sheet{title: l.words("call.title"), facts: known([][2]string{
			x.fact("fact.began", x.moment(began)), x.fact("fact.duration", l.length(call.DurationMS)), x.fact("fact.phone", plain(call.From)),
			x.fact("fact.name", plain(call.SpokenName)), x.fact("fact.outcome", outcome),
		})}
		if text := plain(call.Summary); text != "" {
			s.lines = []string{text}
		}
		return note{
			about: x, subject: l.words("call.subject", "when", x.short(began)), sheet: s, filling: own,
			body: x.brief(l.words("call.text", "time", l.clock(began.In(x.zone()))), call.From, outcome, call.Summary),
		}
	})
	return f, nil
}
