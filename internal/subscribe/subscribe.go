// Package subscribe sends a company's events to the endpoints that subscribed to them (ClientWebhooks). Its one rule: an
// event becomes one message per endpoint, which is sent until it is taken, given up or kept for a person, and never made
// twice. It knows no bus, table or network; its messages wait in a queue and, should the queue lose one, for a timer.
package subscribe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/exchange"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/tenant"
	"github.com/askpro/gateway/internal/webhook"
)

// Store keeps what endpoints are sent. What was never written is not there, or empty with version 0. All reads are strong.
type Store interface {
	EndpointState(ctx context.Context, t tenant.ID, endpointID string) (State, error)
	EndpointMessage(ctx context.Context, t tenant.ID, endpointID, id string) (Message, bool, error)
	// HeldMessages lists the first held messages with ids in [from, to), that is by occurrence.
	HeldMessages(ctx context.Context, t tenant.ID, endpointID, from, to string, limit int) ([]string, error)
	CommitEndpoint(ctx context.Context, t tenant.ID, s *Step) error
	// EndpointTurn takes the next turn at a rate: not before now, turns apart from each other.
	EndpointTurn(ctx context.Context, t tenant.ID, endpointID string, apart time.Duration, now time.Time) (time.Time, error)
	// Gate stands before a destination; SaveGate writes it over the version that was read (false: another one is there by now).
	Gate(ctx context.Context, t tenant.ID, host string) (g delivery.Gate, version int, err error)
	SaveGate(ctx context.Context, t tenant.ID, host string, g delivery.Gate, version int) (saved bool, err error)
}

// Configured says what a company subscribed to; it may be a minute old.
type Configured interface {
	Desk(ctx context.Context, t tenant.ID) (*desk.Configuration, error)
}

// Cases shows a case as it is; false when there is none.
type Cases interface {
	Case(ctx context.Context, t tenant.ID, id string) (desk.Case, bool, error)
}

// Rings give the secrets that sign.
type Rings interface {
	Ring(ctx context.Context, t tenant.ID, id, ref string) (webhook.Ring, error)
	Used(ctx context.Context, t tenant.ID, id, ref string) error
}

// Mailer writes to the company's alert addresses. The key is the same when something is told again because it is not known
// whether it was.
type Mailer interface {
	Alert(ctx context.Context, t tenant.ID, m Mail) error
}

// Mail is an alert.
type Mail struct {
	Key           string
	To            []string
	Subject, Text string
}

// Log takes the lines of the exchange log.
type Log interface {
	AddExchange(ctx context.Context, t tenant.ID, l exchange.Line) error
}

// Webhooks sends events to endpoints.
type Webhooks struct {
	Store      Store
	Configured Configured
	Cases      Cases
	Rings      Rings
	Sender     delivery.Sender
	Mailer     Mailer
	Log        Log
	Jitter     func() float64 // in [0, 1)
	Now        func() time.Time
	// Unlogged hears of what could not be written down beside a message that went out; it stops nothing.
	Unlogged func(ctx context.Context, t tenant.ID, err error)
}

// The kinds of work in the queue.
const (
	KindEvent   = "endpoint.event"   // Happened
	KindAttempt = "endpoint.attempt" // Attempted
	KindAlert   = "endpoint.alert"   // Endpointed
	KindReplay  = "endpoint.replay"  // Endpointed
)

// Handles lists them.
var Handles = []string{KindEvent, KindAttempt, KindAlert, KindReplay}

// Happened is an event of the bus.
type Happened struct {
	Name   string          `json:"name"`
	Detail json.RawMessage `json:"detail"`
}

// Attempted names a message that is due.
type Attempted struct {
	EndpointID string `json:"endpoint_id"`
	DeliveryID string `json:"delivery_id"`
}

// Endpointed names an endpoint.
type Endpointed struct {
	EndpointID string `json:"endpoint_id"`
}

// Later is work for the same queue. Losing it makes what it asks for late: a timer has it too.
type Later = ledger.Later

// Handle does what the queue asks for. Asked twice it does nothing more.
func (w *Webhooks) Handle(ctx context.Context, t tenant.ID, kind string, body []byte) ([]Later, error) {
	switch kind {
	case KindEvent:
		return handle(body, func(x Happened) ([]Later, error) { return w.Plan(ctx, t, x.Name, x.Detail) })
	case KindAttempt:
		return handle(body, func(x Attempted) ([]Later, error) { return w.Attempt(ctx, t, x.EndpointID, x.DeliveryID) })
	case KindAlert:
		return handle(body, func(x Endpointed) ([]Later, error) { return nil, w.Alert(ctx, t, x.EndpointID) })
	case KindReplay:
		return handle(body, func(x Endpointed) ([]Later, error) { return w.Replaying(ctx, t, x.EndpointID) })
	}
	return nil, fmt.Errorf("nobody here does %q", kind)
}

func handle[T any](body []byte, do func(T) ([]Later, error)) ([]Later, error) {
	var x T
	if err := json.Unmarshal(body, &x); err != nil {
		return nil, fmt.Errorf("read the work: %w", err)
	}
	return do(x)
}

// tries of a step that met others.
const tries = 8

// ErrBusy: others were faster again and again. The queue asks once more.
var ErrBusy = errors.New("others are changing the same")

// Plan makes an event's messages: one per active endpoint that subscribed to it, due at once, or held where the endpoint is
// disabled. The same event makes the same messages.
func (w *Webhooks) Plan(ctx context.Context, t tenant.ID, name string, detail []byte) ([]Later, error) {
	of, ok, err := readFact(t, name, detail)
	if err != nil || !ok {
		return nil, err
	}
	conf, err := w.Configured.Desk(ctx, t)
	if err != nil {
		return nil, err
	}
	var subject *desk.Case
	var later []Later
	var failed []error
	for _, e := range conf.Endpoints {
		if !e.Active || !Matches(e, name) || of.Endpoint == e.ID {
			continue
		}
		if subject == nil && of.Case != "" && (e.Full || e.BranchID != "" && of.Branch == "") {
			c, ok, err := w.Cases.Case(ctx, t, of.Case)
			if err != nil {
				return nil, err
			}
			if ok {
				subject = &c
			}
		}
		if !of.concerns(e, subject) {
			continue
		}
		full := subject
		if !e.Full || subject != nil && subject.Deletion != nil { // of a deleted one nobody is told what it says
			full = nil
		}
		body, err := of.body(full)
		if err != nil {
			return nil, err
		}
		more, err := w.enter(ctx, t, planned(t, e, of, delivery.Event, delivery.Long, body, w.Now()))
		later, failed = append(later, more...), append(failed, err)
	}
	return later, errors.Join(failed...)
}

// concerns tells whether an event is of the branch that an endpoint asks about. What happens to endpoints is of no branch
// and concerns all.
func (of fact) concerns(e output.Endpoint, subject *desk.Case) bool {
	branch := of.Branch
	if branch == "" && subject != nil {
		branch = subject.BranchID
	}
	return e.BranchID == "" || branch == e.BranchID || strings.HasPrefix(of.Name, "webhook_endpoint.")
}

// enter writes a new message down, held if its endpoint is disabled at that moment.
func (w *Webhooks) enter(ctx context.Context, t tenant.ID, m *Message) ([]Later, error) {
	for range tries {
		state, err := w.Store.EndpointState(ctx, t, m.OutputID)
		if err != nil {
			return nil, err
		}
		m.Held = state.Disabled()
		later := m.due(w.Now())
		err = w.Store.CommitEndpoint(ctx, t, &Step{EndpointID: m.OutputID, Messages: []*Message{m}, OnlyDisabled: m.Held})
		switch {
		case ledger.ConflictOn(err, "message"): // the event came twice; the first one's timer is set
			return later, nil
		case !ledger.ConflictOn(err, "disabled"):
			return later, err
		}
	}
	return nil, fmt.Errorf("plan a message: %w", ErrBusy)
}

// hostOf is the destination of a URL, as the company's gates are called.
func hostOf(raw string) string {
	if host := delivery.HostOf(raw); host != "" {
		return host
	}
	return "unreadable" // nothing gets out to it either
}

// ErrNotFound: there is no such endpoint or message.
var ErrNotFound = errors.New("no such endpoint or message")

func (w *Webhooks) endpoint(ctx context.Context, t tenant.ID, id string) (output.Endpoint, *desk.Configuration, error) {
	conf, err := w.Configured.Desk(ctx, t)
	if err != nil {
		return output.Endpoint{}, nil, err
	}
	i := slices.IndexFunc(conf.Endpoints, func(e output.Endpoint) bool { return e.ID == id })
	if i < 0 {
		return output.Endpoint{}, conf, ErrNotFound
	}
	return conf.Endpoints[i], conf, nil
}

// SendExample sends an example event to an endpoint, also to a disabled one: one attempt, which says nothing about the
// endpoint's health. id is the wish's own, the same when it is asked for twice.
func (w *Webhooks) SendExample(ctx context.Context, t tenant.ID, endpointID, id string) (Message, []Later, error) {
	e, _, err := w.endpoint(ctx, t, endpointID)
	if err != nil {
		return Message{}, nil, err
	}
	now := w.Now()
	of := fact{Name: "webhook.test", Head: event.Head{ID: id, CompanyID: t.String(), At: now, Sequence: 1}}
	body, err := of.body(nil)
	if err != nil {
		return Message{}, nil, err
	}
	m := planned(t, e, of, delivery.Test, delivery.Never, body, now)
	later := m.due(now)
	err = w.Store.CommitEndpoint(ctx, t, &Step{EndpointID: e.ID, Messages: []*Message{m}})
	if ledger.ConflictOn(err, "message") {
		err = nil
	}
	return *m, later, err
}
