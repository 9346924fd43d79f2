// Package dispatch takes cases out of the house: it plans a Delivery per recipient and webhook, renders, sends and settles
// each, and tells people of those that died. Its one rule: what happened is written down before anything follows from it, so
// that every step may be repeated and no case is lost between two of them. It knows no table, queue, mail service or
// network: delivery decides, Store remembers, Mailer and delivery.Sender send.
package dispatch

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/exchange"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/notify"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/tenant"
	"github.com/askpro/gateway/internal/webhook"
)

// Store is what dispatch asks of the table. Commit gives a *ledger.Conflict where somebody was faster. SaveGate, SaveAlerts
// and SaveDigest write over the version that was read (0: there was none) and report false where that is no longer the one;
// so does AddFailure, which takes a failure in once for ever. SaveRedelivery sets or clears the timer in the same step, and
// gives a conflict on "redelivery". OutputDeliveries lists those that were made in [from, to), earliest first, after a mark.
type Store interface {
	Config(ctx context.Context, t tenant.ID) (*company.Config, error)
	Desk(ctx context.Context, t tenant.ID) (*desk.Configuration, error)
	OutputVersion(ctx context.Context, t tenant.ID, id string, v int) (output.Output, bool, error)
	ReviseOutput(ctx context.Context, t tenant.ID, o output.Output) error
	Case(ctx context.Context, t tenant.ID, id string) (desk.Case, bool, error)
	CaseDeliveries(ctx context.Context, t tenant.ID, caseID string) ([]delivery.Delivery, error)
	CaseDelivery(ctx context.Context, t tenant.ID, caseID, id string) (delivery.Delivery, bool, error)
	OutputDeliveries(ctx context.Context, t tenant.ID, outputID string, from, to time.Time, after string, limit int) ([]delivery.Ref, error)
	Redelivery(ctx context.Context, t tenant.ID, id string) (Redelivery, bool, error)
	SaveRedelivery(ctx context.Context, t tenant.ID, r *Redelivery) error
	Call(ctx context.Context, t tenant.ID, callID string) (call.Call, bool, error)
	Commit(ctx context.Context, t tenant.ID, step *ledger.Step) error
	Gate(ctx context.Context, t tenant.ID, host string) (delivery.Gate, int, error)
	SaveGate(ctx context.Context, t tenant.ID, host string, g delivery.Gate, version int) (bool, error)
	Alerts(ctx context.Context, t tenant.ID, outputID string) (delivery.Alerts, int, error)
	SaveAlerts(ctx context.Context, t tenant.ID, outputID string, a delivery.Alerts, version int) (bool, error)
	Digest(ctx context.Context, t tenant.ID) (delivery.Digest, int, error)
	SaveDigest(ctx context.Context, t tenant.ID, d delivery.Digest, version int) (bool, error)
	AddFailure(ctx context.Context, t tenant.ID, f delivery.Failure, d delivery.Digest, version int, moved bool) (bool, error)
	Failures(ctx context.Context, t tenant.ID, digest, limit int) ([]delivery.Failure, error)
	AddExchange(ctx context.Context, t tenant.ID, l exchange.Line) error
	Exchanges(ctx context.Context, t tenant.ID, day time.Time, limit int) ([]exchange.Line, error)
	KeepOriginal(ctx context.Context, t tenant.ID, o exchange.Original) error
}

// Mailer hands a letter to a mail server. Its Message-ID is made of Key: a second sending carries the same.
type Mailer interface {
	SendLetter(ctx context.Context, t tenant.ID, l notify.Letter) (providerID string, err error)
}

// Rings gives what signs an output's webhooks; ref is where its first secret lies. Used notes that it signed one that went
// out, at most once an hour, so that people see which secret a receiver still needs.
type Rings interface {
	Ring(ctx context.Context, t tenant.ID, id, ref string) (webhook.Ring, error)
	Used(ctx context.Context, t tenant.ID, id, ref string) error
}

// Secrets resolves references.
type Secrets interface {
	Get(ctx context.Context, refs ...string) ([]string, error)
}

// Transcripts gives a call's text as the telephone wrote it, wherever it lies; empty when there is none.
type Transcripts interface {
	Said(ctx context.Context, t tenant.ID, callID string) (string, error)
}

// Objects are the company's stored recordings: a link for anybody who has it, which ends by itself (empty where there is no
// address to link to), and the bytes.
type Objects interface {
	Link(ctx context.Context, t tenant.ID, caseID string, until time.Time) (string, error)
	Read(ctx context.Context, t tenant.ID, key string) ([]byte, error)
}

// Dispatcher sends cases.
type Dispatcher struct {
	Store       Store
	Mail        Mailer
	Sender      delivery.Sender
	Rings       Rings
	Secrets     Secrets
	Transcripts Transcripts
	Objects     Objects
	Now         func() time.Time
	NewID       func() string
	Jitter      func() float64 // in [0, 1)
	// NoSecret is Secrets' and Rings' word for "there is none": the output is to be put right, trying again is of no use.
	NoSecret error
	Alarm    func(ctx context.Context, name, company string)
	// Tried hears of every attempt that is over, however it ended; nil: nobody does.
	Tried func(x delivery.Delivery)
	// Failed hears of what failed beside a Delivery and stopped nothing: a line of the exchange log, a Slack message.
	Failed   func(ctx context.Context, company, what string, err error)
	AdminURL string // of the admin pages; empty: there are none, and mails link to nothing
}

// AlarmUnheard: a Delivery is dead and there is nobody to tell.
const AlarmUnheard = "delivery_unheard"

// What dispatch refuses.
var (
	ErrNoCase     = errors.New("there is no such case")
	ErrNoDelivery = errors.New("there is no such delivery")
	ErrNoOutput   = errors.New("the output is missing, switched off or unfinished")
	ErrUnderWay   = errors.New("it is still under way")
)

// Due is a Delivery that somebody has to ask for at a time, with Attempt.
type Due struct {
	At         time.Time
	CaseID     string
	DeliveryID string
}

// IsZero tells that nothing is to come.
func (d Due) IsZero() bool { return d.DeliveryID == "" }

func dueOf(d delivery.Delivery) Due {
	at := d.NextAt
	if d.State == delivery.Sending {
		at = d.ClaimEnd
	}
	if d.Final() {
		return Due{}
	}
	return Due{at, d.CaseID, d.ID}
}

func duesOf(all []delivery.Delivery) []Due {
	var out []Due
	for _, d := range all {
		if due := dueOf(d); !due.IsZero() {
			out = append(out, due)
		}
	}
	return out
}

// tries of a write that others were faster at. Those who meet are the few workers of one case.
const tries = 8

// again repeats a step over what was read anew, as long as others were faster.
func again(step func() error) error {
	for n := 1; ; n++ {
		if err := step(); n == tries || !ledger.ConflictOn(err) {
			return err
		}
	}
}

// settings are how the company works its cases, and what it is.
func (d *Dispatcher) settings(ctx context.Context, t tenant.ID) (*desk.Configuration, *company.Config, error) {
	conf, err := d.Store.Desk(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	config, err := d.Store.Config(ctx, t)
	return conf, config, err
}

// theCase that a Delivery is of. A missing one is an error: the message comes again, and ends aside for a person.
func (d *Dispatcher) theCase(ctx context.Context, t tenant.ID, id string) (desk.Case, error) {
	c, ok, err := d.Store.Case(ctx, t, id)
	if err == nil && !ok {
		err = fmt.Errorf("%s: %w", id, ErrNoCase)
	}
	return c, err
}

func (d *Dispatcher) theDelivery(ctx context.Context, t tenant.ID, caseID, id string) (delivery.Delivery, error) {
	x, ok, err := d.Store.CaseDelivery(ctx, t, caseID, id)
	if err == nil && !ok {
		err = fmt.Errorf("%s: %w", id, ErrNoDelivery)
	}
	return x, err
}

// change decides over a Delivery as it stands and writes what was decided, with the facts that tell of it. decide reports
// false where there is nothing to change.
func (d *Dispatcher) change(ctx context.Context, t tenant.ID, caseID, id string,
	decide func(x delivery.Delivery) (next delivery.Delivery, changed bool, err error)) (x delivery.Delivery, err error) {
	err = again(func() error {
		if x, err = d.theDelivery(ctx, t, caseID, id); err != nil {
			return err
		}
		next, changed, err := decide(x)
		if err != nil || !changed {
			return err
		}
		if err := d.write(ctx, t, x, &next); err != nil {
			return err
		}
		x = next
		return nil
	})
	return x, err
}

// write puts a Delivery over what was read of it, and tells what happened to it.
func (d *Dispatcher) write(ctx context.Context, t tenant.ID, was delivery.Delivery, x *delivery.Delivery) error {
	step := &ledger.Step{Deliveries: []*delivery.Delivery{x}}
	switch {
	case x.State == was.State:
	case x.State == delivery.Sent:
		step.Events = append(step.Events, event.DeliverySent{DeliveryFact: d.fact(t, *x, "sent", 1)})
	case x.State == delivery.Dead:
		step.Events = append(step.Events, event.DeliveryDead{DeliveryFact: d.fact(t, *x, "dead", 1)})
	case x.State == delivery.Retrying:
		step.Events = append(step.Events, event.DeliveryFailed{DeliveryFact: d.fact(t, *x, "failed", 1)})
	}
	err := d.Store.Commit(ctx, t, step)
	if err == nil && was.State == delivery.Sending && x.State != delivery.Sending && d.Tried != nil {
		d.Tried(*x)
	}
	return err
}

// fact about a Delivery that is about to be written. Its id is made of what it tells, so that it has one however often the
// step is tried; nth orders the facts of one step.
func (d *Dispatcher) fact(t tenant.ID, x delivery.Delivery, what string, nth int) event.DeliveryFact {
	return event.DeliveryFact{
		Head: event.Head{
			ID: ident.Derive("delivery fact", t.String(), x.ID, what, strconv.Itoa(x.Version)), CompanyID: t.String(), At: d.Now().UTC(), Sequence: x.Version + nth,
		},
		DeliveryID: x.ID, CaseID: x.CaseID, OutputID: x.OutputID, Channel: string(x.Channel), Kind: string(x.Kind), Attempt: x.Attempts, Class: string(x.LastErrorClass),
		Reason: string(x.Reason), Actor: event.Actor{Kind: "system"},
	}
}
