// Package promise makes callbacks and sees to it that they are kept: each is given to somebody, who is warned, and taken
// over from by another, while nobody calls. Its one rule: whoever promises, the request, its person, its timer and the
// facts that tell of it are one step. It knows no telephone, no queue and no letter.
package promise

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/callback"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// Reader is what making a promise asks of the table.
type Reader interface {
	Gather(ctx context.Context, t tenant.ID, ask ledger.Ask) (ledger.Known, error)
	Callback(ctx context.Context, t tenant.ID, id string) (callback.Request, bool, error)
	OpenCallbacks(ctx context.Context, t tenant.ID, branchID string) ([]callback.Waiting, error)
}

// Maker puts promises into steps.
type Maker struct {
	Store Reader
	NewID func() string
}

// Wish is what somebody is to be called back about.
type Wish struct {
	Phone string // E.164; empty: nothing is promised
	// Transmitted: the number came with the call, so its card says who it is. A spoken one identifies nobody.
	Transmitted   bool
	CustomerID    string // who it is, where that is known otherwise
	Name          string
	Action        string
	Priority      callback.Priority
	ServiceID     string
	StaffID       string // wished for
	WishedAt      *time.Time
	Preferred     string // when to call, in the caller's words
	Reason        string
	AppointmentID string
	CallID        string
	Now           time.Time
}

// Make puts a callback into a step that is about to be written: a new one, or the wish added to one that is still open for
// the same number, branch and action (§15). A card of that number that the step holds already is used and kept. Nil
// without a number. After a conflict it is called again with a fresh step.
func (m Maker) Make(ctx context.Context, t tenant.ID, c *company.Config, b company.Branch, w Wish, step *ledger.Step) (r *callback.Request, merged bool, err error) {
	if w.Phone == "" {
		return nil, false, nil
	}
	card, err := m.card(ctx, t, w.Phone, step)
	if err != nil {
		return nil, false, err
	}
	if id, open := card.OpenCallback(b.ID, w.Action, w.Now); open {
		r, ok, err := m.Store.Callback(ctx, t, id)
		if err != nil {
			return nil, false, err
		}
		if ok && r.Open() {
			was := given(r)
			r = r.Again(b, w.Priority, w.note(), w.WishedAt, w.Now)
			first := len(step.Events)
			err := m.assign(ctx, t, c, b, &r, w.Now, step)
			if !same(was, given(r)) { // an agent may ask for the same thing thrice in a call
				step.Events = slices.Insert(step.Events, first, event.Event(event.CallbackRepeated{Head: m.head(t, &r, w.Now, 0), CallbackID: r.ID, CallID: w.CallID, Promise: given(r)}))
			}
			step.Callback = &r
			return &r, true, err
		}
	}
	r = &callback.Request{
		ID: m.NewID(), BranchID: b.ID, CustomerID: w.CustomerID, CallID: w.CallID, ServiceID: w.ServiceID, StaffID: w.StaffID,
		Phone: w.Phone, Name: w.Name, PreferredTime: w.Preferred, Priority: w.Priority, Status: callback.Pending, Action: w.Action,
		Reason: w.Reason, AppointmentID: w.AppointmentID, WishedAt: w.WishedAt, CreatedAt: w.Now,
	}
	if w.Transmitted {
		r.CustomerID = card.CustomerID
		if r.Name == "" {
			r.Name = card.Name
		}
	}
	r.PromisedUntil, r.ExpiresAt = callback.Promise(b, r.Priority, w.Now)
	first := len(step.Events)
	if err := m.assign(ctx, t, c, b, r, w.Now, step); err != nil {
		return nil, false, err
	}
	promise := given(*r)
	step.Events = slices.Insert(step.Events, first, event.Event(event.CallbackRequested{Head: m.head(t, r, w.Now, 0), CallbackID: r.ID, CallID: w.CallID, Promise: &promise}))
	card = card.WithCallback(customer.Open{CallbackID: r.ID, BranchID: b.ID, Action: r.Action, At: w.Now.Unix()}, w.Now)
	if step.Card == nil || step.Card.Key == card.Key {
		step.Card = &card
	} else {
		step.OtherCard = &card
	}
	step.Callback = r
	setTimer(step, b, *r)
	return r, false, nil
}

// given is a request as its caller heard it: what is told of it later is told as of now.
func given(r callback.Request) event.Promise {
	return event.Promise{Until: r.PromisedUntil, WishedAt: r.WishedAt, StaffID: r.AssignedTo, Notes: len(r.Notes)}
}

// same tells whether a wish changed nothing that anybody would want to hear of.
func same(a, b event.Promise) bool {
	wished := a.WishedAt == nil && b.WishedAt == nil || a.WishedAt != nil && b.WishedAt != nil && a.WishedAt.Equal(*b.WishedAt)
	return wished && a.Until.Equal(b.Until) && a.StaffID == b.StaffID && a.Notes == b.Notes
}

// note is what a merged wish adds.
func (w Wish) note() string {
	var words []string
	for _, s := range []string{w.Reason, w.Preferred} {
		if s != "" {
			words = append(words, s)
		}
	}
	return strings.TrimSpace(strings.Join(words, " · "))
}

// card of the number: the step's own, as it will be written, else the table's.
func (m Maker) card(ctx context.Context, t tenant.ID, phone string, step *ledger.Step) (customer.Card, error) {
	for _, c := range []*customer.Card{step.Card, step.OtherCard} {
		if c != nil && c.Key == phone {
			return *c, nil
		}
	}
	known, err := m.Store.Gather(ctx, t, ledger.Ask{Card: phone})
	return known.Card, err
}

// assign gives a request that nobody has to a member of staff, unless the branch wants to do that itself. Who else has
// how much to do is read only where it decides.
func (m Maker) assign(ctx context.Context, t tenant.ID, c *company.Config, b company.Branch, r *callback.Request, now time.Time, step *ledger.Step) error {
	if r.AssignedTo != "" || !callback.ByItself(b, r.Priority) {
		return nil
	}
	staffID, err := choose(ctx, m.Store, t, c, b, *r, now)
	if err != nil || staffID == "" {
		return err
	}
	given, err := r.Assign(staffID, now)
	if err != nil {
		return err
	}
	*r = given
	step.Events = append(step.Events, event.CallbackAssigned{Head: m.head(t, r, now, 1), CallbackID: r.ID, StaffID: staffID})
	return nil
}

func choose(ctx context.Context, store Reader, t tenant.ID, c *company.Config, b company.Branch, r callback.Request, now time.Time) (string, error) {
	candidates := callback.Candidates(c, b, r, now)
	var open []callback.Waiting
	if len(candidates) > 1 {
		var err error
		if open, err = store.OpenCallbacks(ctx, t, b.ID); err != nil {
			return "", err
		}
	}
	return callback.Fewest(candidates, open), nil
}

// head of an event; a step tells at most two of one request.
func (m Maker) head(t tenant.ID, r *callback.Request, now time.Time, nth int) event.Head {
	return event.Head{ID: m.NewID(), CompanyID: t.String(), At: now, Sequence: 2*r.Version + 1 + nth}
}

// setTimer wakes Tend when something about the request is due, or takes the timer away when it is over.
func setTimer(step *ledger.Step, b company.Branch, r callback.Request) {
	timer := ledger.Timer{Kind: ledger.OfCallback, About: r.ID, Queue: "default", Name: Timer}
	next, open := callback.Next(b, r)
	if !open {
		step.ClearTimers = append(step.ClearTimers, timer)
		return
	}
	timer.DueAt = next
	step.SetTimers = append(step.SetTimers, timer)
}

// Timer names the one timer of an open callback.
const Timer = "sla"
