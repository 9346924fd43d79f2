package notify

import (
	"context"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/sla"
	"github.com/askpro/gateway/internal/tenant"
)

// What people hear of a case. A company's notifications do not speak of these: the service desk's configuration decides (§8).
const (
	CaseCreated   Event = "case_created"
	CaseResolved  Event = "case_resolved"
	CaseClosed    Event = "case_closed"
	CaseDue       Event = "case_due" // the date it was put off to is reached
	CaseNote      Event = "case_note"
	CaseMentioned Event = "case_mentioned"
	CaseAssigned  Event = "case_assigned"
	CaseWarning   Event = "case_sla_warning"
	CaseBreached  Event = "case_sla_breached"
	CaseEscalated Event = "case_escalated"
)

// Actors that a mail about their own doing would not tell anything.
const (
	byUser     = "user"
	byCustomer = "customer"
	byToken    = "token"
)

// filed is what a message about a case says.
type filed struct {
	about
	c    desk.Case
	desk *desk.Configuration
}

// caseOf reads a case as it is now; false when there is nothing to tell of it: it is gone, deleted, or went into another one.
func (n *Notifier) caseOf(ctx context.Context, t tenant.ID, c *company.Config, id string) (filed, bool, error) {
	x := filed{about: about{config: c, now: n.Now()}}
	var ok bool
	var err error
	if x.c, ok, err = n.Store.Case(ctx, t, id); err != nil || !ok || x.c.Gone() {
		return x, false, err
	}
	if x.desk, err = n.Store.Desk(ctx, t); err != nil {
		return x, false, err
	}
	if x.branch, ok = c.Branch(x.c.BranchID); !ok && len(c.Branches) > 0 { // whose letter it is; the case need not belong to one
		x.branch = c.Branches[max(slices.IndexFunc(c.Branches, func(b company.Branch) bool { return b.Active }), 0)]
	}
	return x, true, nil
}

// noteOf reads one of its notes besides; false when that is gone, or there is nothing to tell of the case.
func (n *Notifier) noteOf(ctx context.Context, t tenant.ID, c *company.Config, id, noteID string) (filed, desk.Note, bool, error) {
	x, ok, err := n.caseOf(ctx, t, c, id)
	if err != nil || !ok {
		return x, desk.Note{}, false, err
	}
	notes, err := n.Store.Notes(ctx, t, id)
	if err != nil {
		return x, desk.Note{}, false, err
	}
	i := slices.IndexFunc(notes, func(note desk.Note) bool { return note.ID == noteID })
	if i < 0 {
		return x, desk.Note{}, false, nil
	}
	return x, notes[i], true, nil
}

func aboutCase(id string, e Event, version string) fact {
	return fact{kind: ledger.OfCase, about: id, event: e, version: version}
}

// caseCreated confirms to the contact that their concern was taken down, and tells the group that it has one more.
func (n *Notifier) caseCreated(ctx context.Context, t tenant.ID, c *company.Config, e event.CaseCreated) (fact, error) {
	f := aboutCase(e.CaseID, CaseCreated, firstTold)
	x, ok, err := n.caseOf(ctx, t, c, e.CaseID)
	if err != nil || !ok || !x.c.Status.Open() {
		return f, err
	}
	if confirm := x.desk.Gateway.ConfirmToCustomer; confirm == nil || *confirm {
		n.toContact(ctx, &f, x, x.received())
	}
	x.newToGroup(&f)
	return f, nil
}

// firstTold is the version under which a group hears of a case for the first time, whichever fact comes first.
const firstTold = "0"

// newToGroup tells a group of a new case, unless the output's mail reaches the same address.
func (x filed) newToGroup(f *fact) {
	if g, ok := x.group(); ok && !x.outputMails(g.Address()) {
		f.post("group/"+g.ID, g.Address(), x.work("Neuer Vorgang", "Neuer Vorgang", "Ein neuer Vorgang ist eingegangen:"))
	}
}

// caseAssigned tells who has a case now. Who took it themselves knows.
func (n *Notifier) caseAssigned(ctx context.Context, t tenant.ID, c *company.Config, e event.CaseAssigned) (fact, error) {
	f := aboutCase(e.CaseID, CaseAssigned, e.ID)
	x, ok, err := n.caseOf(ctx, t, c, e.CaseID)
	if err != nil || !ok || !x.c.Status.Open() {
		return f, err
	}
	switch took := e.Actor.Kind == byUser && e.Actor.ID == e.NewAssignee; {
	case e.NewAssignee != "" && e.NewAssignee != e.OldAssignee:
		if x.c.AssigneeID == e.NewAssignee && !took {
			x.toWorker(&f, e.At, x.work("Vorgang für Sie", "Vorgang für Sie", "Dieser Vorgang ist Ihnen zugeteilt:"))
		}
	case e.NewGroup == "" || e.NewGroup == e.OldGroup || x.c.GroupID != e.NewGroup || x.c.AssigneeID != "":
	case e.OldGroup == "":
		f.event, f.version = CaseCreated, firstTold
		x.newToGroup(&f)
	default:
		x.toWorker(&f, e.At, x.work("Vorgang für Ihre Gruppe", "Vorgang für Ihre Gruppe", "Dieser Vorgang ist Ihrer Gruppe zugeteilt:"))
	}
	return f, nil
}

// caseMoved tells the contact of the end of their case, and who has it that the date is reached to which it was put off.
func (n *Notifier) caseMoved(ctx context.Context, t tenant.ID, c *company.Config, e event.CaseStatusChanged) (fact, error) {
	f := aboutCase(e.CaseID, CaseResolved, e.ID)
	x, ok, err := n.caseOf(ctx, t, c, e.CaseID)
	if err != nil || !ok || x.c.Status != desk.Status(e.To) || x.movedSince(e.At) {
		return f, err
	}
	switch {
	case x.c.Status == desk.Resolved, x.c.Status == desk.Closed:
		notes, err := n.Store.Notes(ctx, t, e.CaseID)
		if err != nil {
			return f, err
		}
		title := "Ihr Anliegen ist gelöst"
		if x.c.Status == desk.Closed {
			f.event, title = CaseClosed, "Ihr Anliegen ist abgeschlossen"
		}
		n.toContact(ctx, &f, x, x.ended(title, notes))
	case x.c.Status == desk.Opened && e.From == string(desk.Pending) && !slices.Contains([]string{byUser, byCustomer, byToken}, e.Actor.Kind): // the clock did it
		f.event = CaseDue
		x.toWorker(&f, e.At, x.work("Wiedervorlage", "Wiedervorlage", "Dieser Vorgang war bis jetzt zurückgestellt und ist wieder offen:"))
	}
	return f, nil
}

// movedSince tells whether a case was finished once more after a fact: that is told then. A minute is more than the clocks
// of two machines differ by.
func (x filed) movedSince(at time.Time) bool {
	end := x.c.ResolvedAt
	if x.c.Status == desk.Closed {
		end = x.c.ClosedAt
	}
	return !x.c.Status.Open() && end != nil && end.After(at.Add(time.Minute))
}

// caseNote sends a public note to the contact. Their own they know, and a resolution is told with the end of the case.
func (n *Notifier) caseNote(ctx context.Context, t tenant.ID, c *company.Config, e event.CaseNoteAdded) (fact, error) {
	f := aboutCase(e.CaseID, CaseNote, e.NoteID)
	if !e.Public {
		return f, nil
	}
	x, note, ok, err := n.noteOf(ctx, t, c, e.CaseID, e.NoteID)
	if err != nil || !ok || !note.SeenBy(desk.ForContact) || note.Author.Kind == byCustomer || !x.c.Status.Open() && note.Text == x.c.Resolution {
		return f, err
	}
	n.toContact(ctx, &f, x, x.message(note))
	return f, nil
}

// caseMentioned tells colleagues that a note speaks to them, once however often it is edited.
func (n *Notifier) caseMentioned(ctx context.Context, t tenant.ID, c *company.Config, e event.CaseMentioned) (fact, error) {
	f := aboutCase(e.CaseID, CaseMentioned, e.NoteID)
	x, note, ok, err := n.noteOf(ctx, t, c, e.CaseID, e.NoteID)
	if err != nil || !ok || !note.SeenBy(desk.ForStaff) {
		return f, err
	}
	still := x.desk.Mentioned(note.Text) // it may have been edited since
	for _, id := range e.UserIDs {
		if m, ok := x.desk.Colleague(id); ok && slices.Contains(still, id) {
			f.toMember(m, e.At, x.mention(note))
		}
	}
	return f, nil
}

// caseClock tells who has a case that a target is near or has passed, unless it was reached or moved since.
func (n *Notifier) caseClock(ctx context.Context, t tenant.ID, c *company.Config, e event.CaseClock, what Event) (fact, error) {
	f := aboutCase(e.CaseID, what, e.Instance+"/"+strconv.Itoa(e.Percent)) // a target may be warned of at several shares of it
	x, ok, err := n.caseOf(ctx, t, c, e.CaseID)
	if err != nil || !ok || !x.c.Status.Open() || x.clockMoved(e, what) {
		return f, err
	}
	x.toWorker(&f, e.At, x.clock(e, what), x.desk.Gateway.AlertEmails...)
	return f, nil
}

// clockMoved tells whether what a clock said holds no longer.
func (x filed) clockMoved(e event.CaseClock, what Event) bool {
	if !x.c.SLA.Tracked() {
		return false
	}
	now := x.c.SLA.At(x.now)
	r := now.Resolution
	if sla.Goal(e.Goal) == sla.Response {
		r = now.Response
	}
	switch {
	case !r.MetAt.IsZero(): // in time or not: nobody has to hurry any more
		return true
	case r.State == sla.StateBreached:
		return what == CaseWarning // the breach is told by itself
	}
	return r.DueAt.IsZero() || !e.DueAt.IsZero() && !r.DueAt.Equal(e.DueAt)
}

// caseEscalated sends the mails of an escalation; those that keep the quiet hours wait for their end.
func (n *Notifier) caseEscalated(ctx context.Context, t tenant.ID, c *company.Config, e event.CaseEscalated) (fact, error) {
	f := aboutCase(e.CaseID, CaseEscalated, e.ID)
	if len(e.Emails) == 0 {
		return f, nil
	}
	x, ok, err := n.caseOf(ctx, t, c, e.CaseID)
	if err != nil || !ok || !x.c.Status.Open() {
		return f, err
	}
	for _, m := range e.Emails {
		if wait := m.NotBefore.Sub(x.now); wait > 0 {
			f.putOff(wait)
			continue
		}
		for _, to := range m.To {
			f.post(named(to), to, x.escalation(e, m.Subject))
		}
	}
	return f, nil
}

// putOff asks for a fact again after a while; the shortest one counts.
func (f *fact) putOff(wait time.Duration) {
	if f.later == 0 || wait < f.later {
		f.later = wait
	}
}

// toContact addresses who reported a case, if they left an address that can be written to.
func (n *Notifier) toContact(ctx context.Context, f *fact, x filed, l Letter) {
	switch to := strings.TrimSpace(x.c.Contact.Email); {
	case to == "":
	case !writable(to) || n.Placeholder(to):
		n.Skipped(ctx, x.config.Company.ID, f.event, string(Customer), "no address")
	default:
		f.post(string(Customer), to, l)
	}
}

// toWorker addresses who has a case, else their group, else the last ones.
func (x filed) toWorker(f *fact, at time.Time, l Letter, last ...string) {
	if m, ok := x.assignee(); ok {
		f.toMember(m, at, l)
		return
	}
	if g, ok := x.group(); ok {
		f.post("group/"+g.ID, g.Address(), l)
		return
	}
	for _, to := range last {
		f.post(named(to), to, l)
	}
}

// group that has a case and can be written to.
func (x filed) group() (desk.Group, bool) {
	g, ok := x.desk.Group(x.c.GroupID)
	return g, ok && g.Active && g.Address() != ""
}

// outputMails tells whether the case's output writes to an address anyway.
func (x filed) outputMails(address string) bool {
	o, ok := x.desk.OutputOf(x.c.CategoryID)
	same := func(s string) bool { return strings.EqualFold(s, address) }
	return ok && o.Active && o.Mails() && slices.ContainsFunc(o.Mail.To, same) && !slices.ContainsFunc(o.Mail.Silent(), same)
}

// named is what a delivery calls a reader of whom nothing but the address is known: it keeps none.
func named(address string) string {
	return "address/" + ident.Derive("address", strings.ToLower(strings.TrimSpace(address)))
}

// post adds the mail to one reader. Who has two of the fact's addresses in common gets one mail, and nobody sees another.
func (f *fact) post(recipient, address string, l Letter) {
	address = strings.TrimSpace(address)
	if !writable(address) || slices.ContainsFunc(f.messages, func(m message) bool { return strings.EqualFold(m.ways[0].address, address) }) {
		return
	}
	f.messages = append(f.messages, message{
		Delivery: Delivery{Kind: f.kind, About: f.about, Event: f.event, Version: f.version, Channel: Email, Recipient: recipient},
		ways:     []way{{Email, address}}, retries: len(pauses), letter: l,
	})
}

// writable tells whether a text is one address and nothing else: what a caller said may be anything.
func writable(address string) bool {
	a, err := mail.ParseAddress(address)
	return err == nil && a.Address == address && plain(address) == address
}
