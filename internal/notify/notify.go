// Package notify writes the messages that follow a fact: to the customer, to who does the work, to the branch. Its one
// rule: nobody gets the same message twice, and a failed one never changes the result it tells of. It knows no provider.
package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/callback"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// Store is what notify asks of the table.
type Store interface {
	Config(ctx context.Context, t tenant.ID) (*company.Config, error)
	Appointment(ctx context.Context, t tenant.ID, id string) (booking.Appointment, bool, error)
	Changes(ctx context.Context, t tenant.ID, id string) ([]booking.Change, error)
	AppointmentIDs(ctx context.Context, t tenant.ID, branchID string, from, to time.Time, limit int) ([]string, error)
	Callback(ctx context.Context, t tenant.ID, id string) (callback.Request, bool, error)
	Call(ctx context.Context, t tenant.ID, callID string) (call.Call, bool, error)
	Case(ctx context.Context, t tenant.ID, id string) (desk.Case, bool, error)
	Notes(ctx context.Context, t tenant.ID, caseID string) ([]desk.Note, error)
	Desk(ctx context.Context, t tenant.ID) (*desk.Configuration, error)
	// ClaimDelivery takes a message for one attempt and returns how it stands. It gives Done when the message has reached
	// an end, and Busy, with the delivery, until the time at which it may be claimed.
	ClaimDelivery(ctx context.Context, t tenant.ID, d Delivery, lease time.Duration) (Delivery, error)
	// SaveDelivery writes down what came of an attempt.
	SaveDelivery(ctx context.Context, t tenant.ID, d Delivery) error
	// AddNotice keeps a notice; one that is there stays as it is.
	AddNotice(ctx context.Context, t tenant.ID, x Notice) error
	// Delivery is a message as it stands, found by what names it.
	Delivery(ctx context.Context, t tenant.ID, d Delivery) (Delivery, bool, error)
	// SaveReceipt writes down what a provider said, and gives Busy if the message does not stand any more as it was.
	SaveReceipt(ctx context.Context, t tenant.ID, was, next Delivery) error
	Deliveries(ctx context.Context, t tenant.ID, kind ledger.Kind, about string) ([]Delivery, error)
	Commit(ctx context.Context, t tenant.ID, step *ledger.Step) error
}

// Notifier sends the messages that a fact asks for.
type Notifier struct {
	Store Store
	Mail  Mailer
	Texts Texter
	Now   func() time.Time
	// Done and Busy are the store's words for "has reached an end" and "not now".
	Done, Busy error
	// Placeholder tells addresses that only exist in requests to Cal.com: never mailed.
	Placeholder func(address string) bool
	// Terms says whether a change (booking.ToCancel, ToReschedule) would be allowed at an instant, and for what fee; nil:
	// the letters say nothing of it.
	Terms Terms
	// Link gives the address at which the customer looks after an appointment; nil or empty: there is none.
	Link  func(ctx context.Context, t tenant.ID, a booking.Appointment) (string, error)
	Alarm func(ctx context.Context, name, company string)
	// Skipped notes a message that was wanted and had no address to go to.
	Skipped func(ctx context.Context, company string, e Event, recipient, why string)
}

// The alarms.
const (
	AlarmMailFailed = "mail_failed"           // a message could not be sent in all its attempts
	AlarmTemplate   = "notification_template" // a company's template cannot be filled: its messages are not sent
)

// Again says when the same fact should be handed in once more; zero: never.
type Again struct{ After time.Duration }

// fact is what an event says now that it is told: messages is empty when it was overtaken or concerns nobody.
type fact struct {
	kind     ledger.Kind
	about    string
	event    Event
	version  string
	messages []message
	notices  []Notice
	later    time.Duration // until the rest of it may be told; zero: that is all
}

// Handle sends what an event asks for. attempt counts from 0; a message that fails is tried again later, the ones that
// went out are not repeated.
func (n *Notifier) Handle(ctx context.Context, t tenant.ID, name string, detail []byte, attempt int) (Again, error) {
	f, err := n.read(ctx, t, name, detail)
	if err != nil {
		return Again{}, err
	}
	f.remember(name, detail)
	if err := n.keep(ctx, t, f); err != nil {
		return Again{}, err
	}
	if attempt > 0 && len(f.messages) == 0 && f.later == 0 {
		return Again{}, n.overtake(ctx, t, f)
	}
	o, err := n.sendAll(ctx, t, f.messages)
	if o.again > 0 {
		f.putOff(o.again)
	}
	if f.later > 0 {
		return Again{After: f.later}, nil // a message that failed for good fails again then, and is told of at the end
	}
	return Again{}, err
}

// sendAll sends messages side by side; the shortest pause that one of them asks for counts.
func (n *Notifier) sendAll(ctx context.Context, t tenant.ID, list []message) (outcome, error) {
	outcomes, errs := make([]outcome, len(list)), make([]error, len(list))
	var all sync.WaitGroup
	for i, m := range list {
		all.Go(func() { outcomes[i], errs[i] = n.attempt(ctx, t, m) })
	}
	all.Wait()
	var first outcome
	for _, o := range outcomes {
		if o.again > 0 && (first.again == 0 || o.again < first.again) {
			first.again = o.again
		}
		first.busy = first.busy || o.busy
	}
	return first, errors.Join(errs...)
}

// overtake ends the deliveries that waited for another attempt when what they tell is no longer true.
func (n *Notifier) overtake(ctx context.Context, t tenant.ID, f fact) error {
	list, err := n.Store.Deliveries(ctx, t, f.kind, f.about)
	if err != nil {
		return err
	}
	for _, d := range list {
		if d.Status == Waiting && d.Version == f.version && d.Event != Reminder {
			d.Status, d.Until = Overtaken, time.Time{}
			err = errors.Join(err, n.Store.SaveDelivery(ctx, t, d))
		}
	}
	return err
}

// read finds what an event tells from what stands in the table now: a fact that was overtaken is not told.
func (n *Notifier) read(ctx context.Context, t tenant.ID, name string, detail []byte) (fact, error) {
	config, err := n.Store.Config(ctx, t)
	if err != nil {
		return fact{}, err
	}
	switch name {
	case event.AppointmentConfirmed{}.Name():
		return told(detail, func(e event.AppointmentConfirmed) (fact, error) { return n.confirmed(ctx, t, config, e) })
	case event.AppointmentCancelled{}.Name():
		return told(detail, func(e event.AppointmentCancelled) (fact, error) { return n.cancelled(ctx, t, config, e) })
	case event.AppointmentNeedsReview{}.Name():
		return told(detail, func(e event.AppointmentNeedsReview) (fact, error) { return n.needsReview(ctx, t, config, e) })
	case event.CallbackRequested{}.Name():
		return told(detail, func(e event.CallbackRequested) (fact, error) { return n.callbackCreated(ctx, t, config, e) })
	case event.CallbackRepeated{}.Name():
		return told(detail, func(e event.CallbackRepeated) (fact, error) { return n.callbackRepeated(ctx, t, config, e) })
	case event.CallbackAssigned{}.Name():
		return told(detail, func(e event.CallbackAssigned) (fact, error) { return n.callbackAssigned(ctx, t, config, e) })
	case event.CallbackEscalated{}.Name():
		return told(detail, func(e event.CallbackEscalated) (fact, error) { return n.callbackEscalated(ctx, t, config, e) })
	case event.WishUnfulfilled{}.Name():
		return told(detail, func(e event.WishUnfulfilled) (fact, error) { return n.wishUnfulfilled(ctx, t, config, e) })
	case event.CallAnalyzed{}.Name():
		return told(detail, func(e event.CallAnalyzed) (fact, error) { return n.callSummary(ctx, t, config, e) })
	case event.CaseCreated{}.Name():
		return told(detail, func(e event.CaseCreated) (fact, error) { return n.caseCreated(ctx, t, config, e) })
	case event.CaseStatusChanged{}.Name():
		return told(detail, func(e event.CaseStatusChanged) (fact, error) { return n.caseMoved(ctx, t, config, e) })
	case event.CaseAssigned{}.Name():
		return told(detail, func(e event.CaseAssigned) (fact, error) { return n.caseAssigned(ctx, t, config, e) })
	case event.CaseNoteAdded{}.Name():
		return told(detail, func(e event.CaseNoteAdded) (fact, error) { return n.caseNote(ctx, t, config, e) })
	case event.CaseMentioned{}.Name():
		return told(detail, func(e event.CaseMentioned) (fact, error) { return n.caseMentioned(ctx, t, config, e) })
	case event.CaseSLAWarning{}.Name():
		return told(detail, func(e event.CaseSLAWarning) (fact, error) {
			return n.caseClock(ctx, t, config, e.CaseClock, CaseWarning)
		})
	case event.CaseSLABreached{}.Name():
		return told(detail, func(e event.CaseSLABreached) (fact, error) {
			return n.caseClock(ctx, t, config, e.CaseClock, CaseBreached)
		})
	case event.CaseEscalated{}.Name():
		return told(detail, func(e event.CaseEscalated) (fact, error) { return n.caseEscalated(ctx, t, config, e) })
	case ReminderTimer: // of one that came back
		return n.remindAgain(ctx, t, config, detail)
	}
	return fact{}, fmt.Errorf("no message is known for %s: take the rule away or write one", name)
}

func told[E event.Event](detail []byte, tell func(E) (fact, error)) (fact, error) {
	var e E
	if err := json.Unmarshal(detail, &e); err != nil {
		return fact{}, fmt.Errorf("read %s: %w", e.Name(), err)
	}
	return tell(e)
}

// note is a message in one language before its reader's channel is known: the letter and the text message it is, and what a
// template of the company may say of it.
type note struct {
	about   about
	subject string
	sheet   sheet
	invite  *Invite
	body    string // of a text message
	filling filling
}

// content is what a message says, in a language.
type content func(Language) note

// address makes the messages of a fact for a reader.
func (n *Notifier) address(ctx context.Context, c *company.Config, f *fact, r reader, p place, content content) {
	list, unreached := targets(c, f.event, r, p, n.Placeholder)
	if unreached {
		n.Skipped(ctx, c.Company.ID, f.event, r.name(), "no address")
	}
	for _, x := range list {
		m := message{
			Delivery: Delivery{Kind: f.kind, About: f.about, Event: f.event, Version: f.version, Channel: x.channel, Recipient: x.recipient},
			ways:     x.ways, retries: x.retries, sender: c.Company.SMSSender,
		}
		m.write(c, content(x.in), x.template)
		f.messages = append(f.messages, m)
	}
}

// workers drops the second of two messages to people at work that would reach the same address.
func (f *fact) workers() {
	seen := map[way]bool{}
	f.messages = slices.DeleteFunc(f.messages, func(m message) bool {
		first := way{m.ways[0].channel, strings.ToLower(m.ways[0].address)}
		twice := seen[first]
		if m.Recipient != string(Customer) {
			seen[first] = true
		}
		return twice && m.Recipient != string(Customer)
	})
}
