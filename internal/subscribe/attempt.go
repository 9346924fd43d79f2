package subscribe

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/exchange"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/tenant"
	"github.com/askpro/gateway/internal/webhook"
)

const (
	// lease is an attempt's: longer than an exchange may last, so that what ends after it was lost.
	lease = 45 * time.Second
	// noSecret is the class of a message that nothing can sign. AskPro sends nothing unsigned.
	noSecret delivery.Class = "no_signing_secret"
	// unsendable is the class of one that no request can be made of.
	unsendable delivery.Class = "unsendable"
	// switchedOff is why a message to an endpoint that a person switched off or removed ends.
	switchedOff = "endpoint switched off"
	// tooOld is why one ends that waited until it was to be forgotten.
	tooOld = "older than 14 days"
)

// Attempt sends a message if it is due, nobody else is at it and its endpoint, its rate and its destination allow it.
func (w *Webhooks) Attempt(ctx context.Context, t tenant.ID, endpointID, id string) ([]Later, error) {
	for range tries {
		later, err := w.attempt(ctx, t, endpointID, id)
		if !ledger.ConflictOn(err) {
			return later, err
		}
	}
	return nil, fmt.Errorf("send a message: %w", ErrBusy)
}

// attempt returns a conflict as long as nothing was sent: then all is looked at again.
func (w *Webhooks) attempt(ctx context.Context, t tenant.ID, endpointID, id string) ([]Later, error) {
	m, ok, err := w.Store.EndpointMessage(ctx, t, endpointID, id)
	if err != nil {
		return nil, err
	}
	now := w.Now()
	switch {
	case !ok || m.Final():
		return nil, w.clear(ctx, t, timer(endpointID, attemptTimer+id, now))
	case m.Held:
		return nil, nil
	case m.State == delivery.Sending:
		return w.lost(ctx, t, &m)
	case now.Before(m.NextAt):
		if m.NextAt.Sub(now) > queueWaits {
			return nil, nil // its timer is set
		}
		return []Later{{Kind: KindAttempt, Body: Attempted{endpointID, id}, At: m.NextAt}}, nil
	}
	e, _, err := w.endpoint(ctx, t, endpointID)
	if errors.Is(err, ErrNotFound) || err == nil && !e.Active && m.Kind != delivery.Test || now.After(m.Ends()) {
		why := switchedOff
		if now.After(m.Ends()) {
			why = tooOld
		}
		if m.Delivery, err = m.Cancel(why, now); err != nil {
			return nil, err
		}
		return w.save(ctx, t, &m)
	}
	if err != nil {
		return nil, err
	}
	state, err := w.Store.EndpointState(ctx, t, endpointID)
	if err != nil {
		return nil, err
	}
	if state.Disabled() && m.Kind != delivery.Test {
		m.Held = true
		m.due(now)
		return nil, w.Store.CommitEndpoint(ctx, t, &Step{EndpointID: endpointID, Messages: []*Message{&m}, OnlyDisabled: true})
	}
	ring, err := w.Rings.Ring(ctx, t, e.ID, e.SigningRef)
	if err != nil {
		return nil, err
	}
	if len(ring.Signing(now)) == 0 {
		if m.Delivery, err = m.Misconfigured(noSecret, now); err != nil {
			return nil, err
		}
		m.Held = m.Kind != delivery.Test
		return w.save(ctx, t, &m)
	}
	if m.Slot.IsZero() {
		if m.Slot, err = w.Store.EndpointTurn(ctx, t, e.ID, time.Second/time.Duration(rate(e)), now); err != nil {
			return nil, err
		}
		if m.Slot.After(now) {
			return w.putOff(ctx, t, &m, m.Slot)
		}
	}
	m.Destination = e.URL // what is due goes to where the endpoint is now
	host := hostOf(e.URL)
	claim := ident.New(now)
	again, err := w.pass(ctx, t, host, func(g delivery.Gate) (delivery.Gate, time.Time, bool) { return g.Enter(claim, lease, now) })
	if err != nil {
		return nil, err
	}
	if !again.IsZero() {
		// Many wait behind a breaker: they do not all ask again at the same moment.
		return w.putOff(ctx, t, &m, again.Add(time.Duration(w.Jitter()*float64(again.Sub(now)/2))))
	}
	if m.Delivery, err = m.Take(claim, lease, now); err == nil {
		m.Slot = time.Time{}
		_, err = w.save(ctx, t, &m)
	}
	if err != nil {
		return nil, errors.Join(err, w.leave(ctx, t, host, claim, false))
	}
	return w.send(ctx, t, e, m, ring, claim)
}

// rate is how many messages a second an endpoint takes, whatever is stored of it.
func rate(e output.Endpoint) int { return min(max(e.Rate(), 1), 1000) }

func (w *Webhooks) save(ctx context.Context, t tenant.ID, m *Message) ([]Later, error) {
	later := m.due(w.Now())
	return later, w.Store.CommitEndpoint(ctx, t, &Step{EndpointID: m.OutputID, Messages: []*Message{m}})
}

func (w *Webhooks) clear(ctx context.Context, t tenant.ID, x ledger.Timer) error {
	return w.Store.CommitEndpoint(ctx, t, &Step{EndpointID: x.About, ClearTimers: []ledger.Timer{x}})
}

func (w *Webhooks) putOff(ctx context.Context, t tenant.ID, m *Message, until time.Time) (later []Later, err error) {
	if m.Delivery, err = m.PutOff(until); err != nil {
		return nil, err
	}
	return w.save(ctx, t, m)
}

// lost gives up an attempt whose worker is gone. It says nothing about the endpoint.
func (w *Webhooks) lost(ctx context.Context, t tenant.ID, m *Message) ([]Later, error) {
	d, err := m.Lost(w.Jitter(), w.Now())
	if errors.Is(err, delivery.ErrClaimed) {
		return nil, nil // it is at it, and the timer looks again
	}
	if err != nil {
		return nil, err
	}
	m.Delivery = d
	m.Held = d.State == delivery.Dead && d.Kind != delivery.Test
	return w.save(ctx, t, m)
}

// pass changes the gate before a destination; again says when to ask once more.
func (w *Webhooks) pass(ctx context.Context, t tenant.ID, host string, do func(delivery.Gate) (delivery.Gate, time.Time, bool)) (again time.Time, err error) {
	for range tries {
		g, v, err := w.Store.Gate(ctx, t, host)
		if err != nil {
			return time.Time{}, err
		}
		next, again, ok := do(g)
		if !ok {
			return again, nil
		}
		if saved, err := w.Store.SaveGate(ctx, t, host, next, v); err != nil || saved {
			return time.Time{}, err
		}
	}
	return w.Now().Add(busyGate), nil
}

// busyGate is how long a gate that many want to pass is left alone.
const busyGate = time.Second

func (w *Webhooks) leave(ctx context.Context, t tenant.ID, host, claim string, failed bool) error {
	_, err := w.pass(ctx, t, host, func(g delivery.Gate) (delivery.Gate, time.Time, bool) {
		return g.Leave(claim, failed, w.Now()), time.Time{}, true
	})
	return err
}

// send makes the attempt that was taken and writes down what came of it. Whatever goes wrong after the answer, the message
// is not sent again before its claim has ended.
func (w *Webhooks) send(ctx context.Context, t tenant.ID, e output.Endpoint, m Message, ring webhook.Ring, claim string) ([]Later, error) {
	body := []byte(m.Body)
	header, err := webhook.Headers(
		webhook.Message{ID: m.MessageID, DeliveryID: m.ID, Event: m.Type, Attempt: m.Attempts, Body: body},
		webhook.Signing{Ring: ring}, webhook.Auth{Type: webhook.AuthHMAC}, nil, w.Now())
	if err != nil {
		w.note(ctx, t, w.leave(ctx, t, hostOf(e.URL), claim, false))
		return w.settle(ctx, t, m, claim, delivery.Outcome{Class: unsendable, Reason: delivery.ConfigError})
	}
	request := delivery.Request{URL: e.URL, Header: header, Body: body}
	answer := w.Sender.Send(ctx, request)
	now := w.Now()
	outcome := delivery.Judge(answer, delivery.Judging{}, now)
	w.note(ctx, t, w.leave(ctx, t, hostOf(e.URL), claim, !outcome.OK && outcome.Retry))
	w.note(ctx, t, w.Rings.Used(ctx, t, e.ID, e.SigningRef))
	w.note(ctx, t, w.Log.AddExchange(ctx, t, exchange.Sent(exchange.About{
		ID: ident.DeriveAt(now, "exchange", m.ID, claim), CaseID: m.CaseID, DeliveryID: m.ID, OutputID: e.ID, CorrelationID: m.EventID,
		Attempt: m.Attempts, Of: m.Profile.Attempts(), Test: m.Kind == delivery.Test,
	}, request, answer, outcome, now)))
	return w.settle(ctx, t, m, claim, outcome)
}

func (w *Webhooks) note(ctx context.Context, t tenant.ID, err error) {
	if err != nil && w.Unlogged != nil {
		w.Unlogged(ctx, t, err)
	}
}

// settle writes down what came of an attempt: of the message, and of the endpoint if it is not what it was.
func (w *Webhooks) settle(ctx context.Context, t tenant.ID, m Message, claim string, o delivery.Outcome) ([]Later, error) {
	for range tries {
		now := w.Now()
		step := &Step{EndpointID: m.OutputID}
		later, err := w.observe(ctx, t, step, m, o, now)
		if err != nil {
			return nil, err
		}
		next := m
		next.Delivery, err = m.Settle(claim, o, w.Jitter(), now)
		switch {
		case err == nil:
			next.Held = next.State == delivery.Dead && next.Kind != delivery.Test
			later = append(next.due(now), later...)
			step.Messages = []*Message{&next}
		case !errors.Is(err, delivery.ErrOutdated):
			return nil, err
		case step.State == nil: // the attempt was given up and says nothing new of the endpoint
			return nil, nil
		}
		if err = w.Store.CommitEndpoint(ctx, t, step); !ledger.ConflictOn(err) {
			return later, err
		}
		var ok bool
		if m, ok, err = w.Store.EndpointMessage(ctx, t, m.OutputID, m.ID); err != nil || !ok {
			return nil, err
		}
	}
	return nil, fmt.Errorf("settle a message: %w", ErrBusy)
}

// observe puts what an attempt says of its endpoint into a step, if anything.
func (w *Webhooks) observe(ctx context.Context, t tenant.ID, step *Step, m Message, o delivery.Outcome, now time.Time) ([]Later, error) {
	if m.Kind == delivery.Test {
		return nil, nil
	}
	state, err := w.Store.EndpointState(ctx, t, m.OutputID)
	if err != nil {
		return nil, err
	}
	health, notices := state.Health.Observe(m.MessageID, o, now)
	if same(health, state.Health) {
		return nil, nil
	}
	before := state.Health
	state.Health = health
	step.State = &state
	for _, n := range notices {
		state.Told++
		head := event.Head{ID: ident.New(now), CompanyID: t.String(), At: now, Sequence: state.Told}
		alert := Alert{ID: head.ID, Notice: n, Since: health.FailingSince}
		if n == delivery.IsDisabled {
			alert.Reason = health.Disabled
			if alert.Since = before.FailingSince; alert.Since.IsZero() {
				alert.Since = now
			}
			step.Events = append(step.Events, event.EndpointDisabled{Head: head, EndpointID: m.OutputID, Since: alert.Since, Reason: string(health.Disabled)})
		} else {
			step.Events = append(step.Events, event.EndpointFailing{Head: head, EndpointID: m.OutputID, Since: alert.Since, Still: n == delivery.StillFailing})
		}
		state.Owed = append(state.Owed, alert)
	}
	if len(notices) == 0 {
		return nil, nil
	}
	step.SetTimers = append(step.SetTimers, timer(m.OutputID, alertTimer, now.Add(afterGrace)))
	return []Later{{Kind: KindAlert, Body: Endpointed{m.OutputID}, At: now}}, nil
}

// same tells whether nothing is different, so that a busy endpoint that works, or has failed for hours, is not written on.
func same(a, b delivery.Health) bool {
	if len(a.Failed) != len(b.Failed) || !a.FailingSince.Equal(b.FailingSince) || a.WarnedAgain != b.WarnedAgain || !a.DisabledAt.Equal(b.DisabledAt) {
		return false
	}
	for i := range a.Failed {
		if a.Failed[i].MessageID != b.Failed[i].MessageID {
			return false
		}
	}
	return true
}
