package histories

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/askpro/gateway/infra/simulate/calcom"
	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/callback"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// Reader is what the end of a history is read with: the table, or its twin.
type Reader interface {
	AppointmentIDs(ctx context.Context, t tenant.ID, branchID string, from, to time.Time, limit int) ([]string, error)
	Appointment(ctx context.Context, t tenant.ID, id string) (booking.Appointment, bool, error)
	Changes(ctx context.Context, t tenant.ID, id string) ([]booking.Change, error)
	Claim(ctx context.Context, t tenant.ID, uid string) (booking.Claim, bool, error)
	Gather(ctx context.Context, t tenant.ID, ask ledger.Ask) (ledger.Known, error)
	Customer(ctx context.Context, t tenant.ID, id string) (customer.Customer, bool, error)
	Callback(ctx context.Context, t tenant.ID, id string) (callback.Request, bool, error)
	OpenCallbacks(ctx context.Context, t tenant.ID, branchID string) ([]callback.Waiting, error)
	Call(ctx context.Context, t tenant.ID, callID string) (call.Call, bool, error)
	Session(ctx context.Context, t tenant.ID, callID string) (call.Session, error)
}

// Scene is whose end is read: the company, the calls and numbers of the history, its bookings at Cal.com in the order they
// were made, and the letters.
type Scene struct {
	Tenant   tenant.ID
	Config   *company.Config
	Names    Names
	Calls    []string
	Bookings []calcom.Shown
	Letters  []Letter
	Now      time.Time
}

// ending is what was read, before it is written down.
type ending struct {
	appointments []booking.Appointment
	changes      []booking.Change
	claims       []booking.Claim
	days         []booking.Day
	cards        []customer.Card
	customers    []customer.Customer
	callbacks    []callback.Request
	calls        []call.Call
	sessions     []call.Session
}

// forever is longer than any history.
const forever = 400 * 24 * time.Hour

// End writes down how a history ended, in a form that is the same for the same end. What it leaves out tells of the way,
// not of the end: versions, when a record was made, changed or last heard of, the lines of an appointment's history and
// the tool calls (a question that arrives twice was asked and answered twice), counters and what a call in progress
// remembers: of that only what it has not let go. Ids that we or the calendar made up are named by what they are of. Lists are sorted.
func End(ctx context.Context, from Reader, x Scene) (string, error) {
	e, err := read(ctx, from, x)
	if err != nil {
		return "", err
	}
	return e.write(x), nil
}

// write writes it down. What is wrong is added as it is.
func (e ending) write(x Scene, wrong ...string) string {
	p := &page{names: x.namesOf(e)}
	for i, b := range x.Bookings {
		p.line("booking", fmt.Sprint(i+1), "at Cal.com:", b.Service, b.Staff, b.Start.UTC().Format(time.RFC3339), b.Status, b.Attendee.Name, b.Attendee.Email, b.MovedTo)
	}
	records(p, "appointment", e.appointments, func(a booking.Appointment) string { return a.ID })
	records(p, "change of", e.changes, func(c booking.Change) string { return c.AppointmentID })
	records(p, "claim", e.claims, func(c booking.Claim) string { return c.UID })
	for _, d := range e.days {
		for _, entry := range d.Entries {
			if entry.Kind != booking.Hold || entry.Until > x.Now.Unix() {
				p.line("busy", d.Resource, d.Date.String(), string(entry.Kind), unix(entry.Start), unix(entry.End), entry.Owner)
			}
		}
	}
	records(p, "card", e.cards, func(c customer.Card) string { return c.Key })
	records(p, "customer", e.customers, func(c customer.Customer) string { return c.ID })
	records(p, "callback", e.callbacks, func(c callback.Request) string { return c.ID })
	records(p, "call", e.calls, func(c call.Call) string { return c.RetellID })
	for _, s := range e.sessions {
		if h := s.Held; h != nil && h.Until > x.Now.Unix() {
			p.line("session", s.CallID, "still holds", h.Resource, h.Date)
		}
		for _, o := range s.Once {
			if o.State == call.Running && o.Until > x.Now.Unix() {
				p.line("session", s.CallID, "is still at", o.Key)
			}
		}
	}
	for _, l := range x.Letters {
		p.letter(l)
	}
	for _, one := range wrong {
		p.line("wrong:", one)
	}
	return x.Names.Unfill(p.String())
}

func unix(s int64) string { return time.Unix(s, 0).UTC().Format(time.RFC3339) }

// read finds the records of a scene by the questions that products ask.
func read(ctx context.Context, from Reader, x Scene) (e ending, err error) {
	dates := map[booking.DayKey]bool{}
	touch := func(start, end time.Time) {
		for _, b := range x.Config.Branches {
			for _, date := range b.DaysOf(start, end) {
				for _, p := range x.Config.Staff {
					dates[booking.DayKey{Resource: p.ID, Date: date}] = true
				}
			}
		}
	}
	contacts, customers, callbacks := []string{x.Names.Erika, x.Names.Max}, []string{}, []string{}
	for _, b := range x.Config.Branches {
		ids, err := from.AppointmentIDs(ctx, x.Tenant, b.ID, x.Now.Add(-forever), x.Now.Add(forever), 1000)
		if err != nil {
			return e, err
		}
		for _, id := range ids {
			a, _, err := from.Appointment(ctx, x.Tenant, id)
			if err != nil {
				return e, err
			}
			e.appointments = append(e.appointments, a)
			touch(a.StartsAt, a.EndsAt)
			contacts, customers = append(contacts, a.ContactKey), append(customers, a.CustomerID)
			changes, err := from.Changes(ctx, x.Tenant, id)
			if err != nil {
				return e, err
			}
			e.changes = append(e.changes, changes...)
		}
		waiting, err := from.OpenCallbacks(ctx, x.Tenant, b.ID)
		if err != nil {
			return e, err
		}
		for _, w := range waiting {
			callbacks = append(callbacks, w.ID)
		}
	}
	for _, b := range x.Bookings {
		touch(b.Start, b.Start.Add(time.Minute))
		c, ok, err := from.Claim(ctx, x.Tenant, b.UID)
		if err != nil {
			return e, err
		}
		if ok {
			e.claims = append(e.claims, c)
		}
	}
	for _, id := range x.Calls {
		c, ok, err := from.Call(ctx, x.Tenant, id)
		if err != nil {
			return e, err
		}
		if ok {
			e.calls = append(e.calls, c)
			contacts, customers = append(contacts, c.From), append(customers, c.CustomerID)
		}
		s, err := from.Session(ctx, x.Tenant, id)
		if err != nil {
			return e, err
		}
		if s.Version > 0 {
			e.sessions = append(e.sessions, s)
		}
	}
	for _, key := range unique(contacts) {
		known, err := from.Gather(ctx, x.Tenant, ledger.Ask{Card: key})
		if err != nil {
			return e, err
		}
		if known.Card.Version > 0 {
			e.cards = append(e.cards, known.Card)
			customers = append(customers, known.Card.CustomerID)
			for _, o := range known.Card.Callbacks {
				callbacks = append(callbacks, o.CallbackID)
			}
		}
	}
	for _, id := range unique(customers) {
		c, ok, err := from.Customer(ctx, x.Tenant, id)
		if err != nil {
			return e, err
		}
		if ok {
			e.customers = append(e.customers, c)
		}
	}
	for _, id := range unique(callbacks) {
		c, ok, err := from.Callback(ctx, x.Tenant, id)
		if err != nil {
			return e, err
		}
		if ok {
			e.callbacks = append(e.callbacks, c)
		}
	}
	var ask ledger.Ask
	for k := range dates {
		ask.Days = append(ask.Days, k)
	}
	known, err := from.Gather(ctx, x.Tenant, ask)
	for _, d := range known.Days {
		e.days = append(e.days, d)
	}
	return e, err
}

func unique(list []string) []string {
	slices.Sort(list)
	list = slices.Compact(list)
	if len(list) > 0 && list[0] == "" {
		return list[1:]
	}
	return list
}

// namesOf names every id: those of the file by their slugs, those that were made up by what they are of. Records of one
// kind are told apart by what is in them, so the same records have the same names.
func (x Scene) namesOf(e ending) map[string]string {
	names := map[string]string{x.Tenant.String(): "company"}
	for _, b := range x.Config.Branches {
		names[b.ID] = b.Slug
	}
	for _, p := range x.Config.Staff {
		names[p.ID] = p.Slug
	}
	for _, s := range x.Config.Services {
		names[s.ID] = s.Slug
	}
	for i, b := range x.Bookings {
		names[b.UID] = fmt.Sprint("booking ", i+1)
	}
	slices.SortFunc(e.customers, func(a, b customer.Customer) int {
		return cmp.Or(cmp.Compare(a.Phone, b.Phone), cmp.Compare(a.Email, b.Email), cmp.Compare(a.Name, b.Name))
	})
	for i, c := range e.customers {
		names[c.ID] = fmt.Sprint("customer ", i+1)
	}
	slices.SortFunc(e.appointments, func(a, b booking.Appointment) int {
		return cmp.Or(a.StartsAt.Compare(b.StartsAt), cmp.Compare(names[a.UID], names[b.UID]), cmp.Compare(names[a.CustomerID], names[b.CustomerID]), cmp.Compare(a.Status, b.Status))
	})
	for i, a := range e.appointments {
		names[a.ID] = fmt.Sprint("appointment ", i+1)
	}
	slices.SortFunc(e.callbacks, func(a, b callback.Request) int {
		return cmp.Or(cmp.Compare(a.Phone, b.Phone), cmp.Compare(a.Action, b.Action), a.PromisedUntil.Compare(b.PromisedUntil), cmp.Compare(names[a.AppointmentID], names[b.AppointmentID]))
	})
	for i, c := range e.callbacks {
		names[c.ID] = fmt.Sprint("callback ", i+1)
	}
	delete(names, "")
	return names
}

// page collects what is written, sorted at the end so that the order of lists does not count.
type page struct {
	names map[string]string
	parts []string
}

// String of the page.
func (p *page) String() string {
	slices.Sort(p.parts)
	return strings.Join(p.parts, "\n") + "\n"
}

func (p *page) line(words ...string) {
	var b strings.Builder
	for i, word := range words {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(p.named(word))
	}
	p.parts = append(p.parts, b.String())
}

// named replaces ids in a text by their names.
func (p *page) named(text string) string {
	if name, ok := p.names[text]; ok {
		return name
	}
	if len(text) > 20 { // shorter ones hold no id
		for id, name := range p.names {
			if len(id) > 20 && strings.Contains(text, id) {
				text = strings.ReplaceAll(text, id, name)
			}
		}
	}
	return text
}

func (p *page) letter(l Letter) {
	var b strings.Builder
	fmt.Fprintf(&b, "letter to %s: %s\n", p.named(l.To), p.named(l.Subject))
	if l.Invite != nil {
		b.WriteString("    " + p.named(l.Invite.String()) + "\n")
	}
	for line := range strings.SplitSeq(strings.TrimSpace(l.Text), "\n") {
		b.WriteString("    | " + strings.TrimRight(p.named(line), " \r") + "\n")
	}
	p.parts = append(p.parts, strings.TrimRight(b.String(), "\n"))
}
