package dispatch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/exchange"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/notify"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/template"
	"github.com/askpro/gateway/internal/tenant"
	"github.com/askpro/gateway/internal/webhook"
)

const (
	lease      = 60 * time.Second // of one attempt
	mailWithin = 25 * time.Second
	askAgain   = 2 * time.Second
	// behind is how long an update stands behind the message that it follows, before it looks again.
	behind = 30 * time.Second
)

// Classes of mails that were not taken.
const (
	mailError      delivery.Class = "mail_error"
	addressRefused delivery.Class = "address_refused"
)

// message is one attempt, rendered and complete.
type message struct {
	letter  *notify.Letter
	request *delivery.Request
	judging delivery.Judging
	signing string // reference of what signed the request; empty: nothing did
	body    []byte // in full
	persons []string
	partial []delivery.Part // what it leaves without
}

// Attempt makes a Delivery's next attempt, if it is due and nobody else is at it, and says when to ask again. What can be
// known beforehand uses no attempt: a gate that is shut, a secret that cannot be read now, a template that does not fit.
func (d *Dispatcher) Attempt(ctx context.Context, t tenant.ID, caseID, deliveryID string) (Due, error) {
	var x delivery.Delivery
	err := again(func() error {
		var err error
		x, err = d.attempt(ctx, t, caseID, deliveryID)
		return err
	})
	if err != nil {
		return Due{}, err
	}
	if x.Final() {
		err = d.summarize(ctx, t, caseID, x.ID)
	}
	return dueOf(x), err
}

// attempt gives the Delivery as it then stands. A conflict means that somebody was faster: look again.
func (d *Dispatcher) attempt(ctx context.Context, t tenant.ID, caseID, id string) (delivery.Delivery, error) {
	x, err := d.theDelivery(ctx, t, caseID, id)
	if err != nil || x.Final() {
		return x, err
	}
	c, err := d.theCase(ctx, t, caseID)
	if err != nil {
		return x, err
	}
	if x, err = d.stand(ctx, t, c, x); err != nil {
		return x, err
	}
	now := d.Now().UTC()
	if x.State != delivery.Scheduled && x.State != delivery.Retrying || now.Before(x.NextAt) {
		return x, nil
	}
	o, ok, err := d.Store.OutputVersion(ctx, t, x.OutputID, x.ConfigVersion)
	if err != nil {
		return x, err
	}
	if !ok {
		return d.misconfigured(ctx, t, x, outputMissing)
	}
	if x.Kind == delivery.Escalation {
		o = elsewhere(o)
	}
	m, err := d.compose(ctx, t, c, o, x)
	if class := configClass(err, d.NoSecret); class != "" {
		return d.misconfigured(ctx, t, x, class)
	}
	if err != nil {
		return x, err
	}
	host := hostOf(x)
	visit := x.ID + "/" + strconv.Itoa(x.Attempts+1)
	if host != "" {
		until, ok, err := d.enter(ctx, t, host, visit)
		if err != nil {
			return x, err
		}
		if !ok {
			return d.put(ctx, t, x, func() (delivery.Delivery, error) { return x.PutOff(until) })
		}
	}
	claim := d.NewID()
	sum := sha256.Sum256(m.body)
	taken, err := x.Take(claim, lease, now)
	if err != nil {
		return x, err
	}
	taken.Partial = m.partial
	taken.PayloadHash = hex.EncodeToString(sum[:])
	if err := d.write(ctx, t, x, &taken); err != nil {
		return x, err
	}
	return d.send(ctx, t, c, o, taken, m, host, visit)
}

// stand brings a Delivery to where it may set out: waiting ends at the deadline, a lost attempt is given up, and nothing is
// sent of a case that is deleted or part of another one by now.
func (d *Dispatcher) stand(ctx context.Context, t tenant.ID, c desk.Case, x delivery.Delivery) (delivery.Delivery, error) {
	now := d.Now().UTC()
	if x.State == delivery.Sending {
		if now.Before(x.ClaimEnd) {
			return x, nil
		}
		return d.put(ctx, t, x, func() (delivery.Delivery, error) { return x.Lost(d.Jitter(), now) })
	}
	switch {
	case c.Deletion != nil:
		return d.put(ctx, t, x, func() (delivery.Delivery, error) { return x.Cancel(deleted, now) })
	case c.MergedInto != "" && !x.Fallback:
		return d.put(ctx, t, x, func() (delivery.Delivery, error) { return x.Cancel(merged, now) })
	}
	conf, err := d.Store.Desk(ctx, t)
	if err != nil {
		return x, err
	}
	if o, ok := conf.Output(x.OutputID); ok && !o.Active && !x.Fallback { // somebody wants nothing more to leave by it
		return d.put(ctx, t, x, func() (delivery.Delivery, error) { return x.Cancel("output switched off", now) })
	}
	x, err = d.timeUp(ctx, t, c, x)
	if err != nil || x.Kind != delivery.Updated || x.State != delivery.Scheduled && x.State != delivery.Retrying || x.ReplayOf != "" {
		return x, err
	}
	// An update never overtakes what it updates: its receiver would not know the ticket.
	all, err := d.Store.CaseDeliveries(ctx, t, x.CaseID)
	if err != nil {
		return x, err
	}
	for _, y := range all {
		if !same(x, y) || y.Sequence >= x.Sequence || y.Kind != delivery.Created && y.Kind != delivery.Updated || replayed(all, y) {
			continue
		}
		switch {
		case y.State == delivery.Dead && y.Kind == delivery.Created:
			return d.put(ctx, t, x, func() (delivery.Delivery, error) { return x.Cancel("nothing to update", now) })
		case !y.Final():
			return d.put(ctx, t, x, func() (delivery.Delivery, error) { return x.PutOff(now.Add(behind)) })
		}
	}
	return x, nil
}

// put writes what was decided over a Delivery that was just read.
func (d *Dispatcher) put(ctx context.Context, t tenant.ID, was delivery.Delivery, decide func() (delivery.Delivery, error)) (delivery.Delivery, error) {
	x, err := decide()
	if err != nil {
		return was, err
	}
	if err := d.write(ctx, t, was, &x); err != nil {
		return was, err
	}
	return x, nil
}

func (d *Dispatcher) misconfigured(ctx context.Context, t tenant.ID, x delivery.Delivery, class delivery.Class) (delivery.Delivery, error) {
	return d.put(ctx, t, x, func() (delivery.Delivery, error) { return x.Misconfigured(class, d.Now().UTC()) })
}

// configClass tells mistakes that only a person can put right from what passes.
func configClass(err, noSecret error) delivery.Class {
	var one template.Problem
	var all template.Problems
	var class classError
	var header *webhook.HeaderProblem
	switch {
	case err == nil:
		return ""
	case errors.As(err, &class):
		return delivery.Class(class)
	case errors.As(err, &one), errors.As(err, &all):
		return classOf(err)
	case errors.As(err, &header):
		return badHeaders
	case noSecret != nil && errors.Is(err, noSecret), errors.Is(err, webhook.ErrSecret):
		return secretMissing
	}
	return ""
}

func hostOf(x delivery.Delivery) string {
	if x.Channel != delivery.Webhook {
		return ""
	}
	return delivery.HostOf(x.Destination)
}

// compose renders a Delivery's next attempt in the form of its output's version.
func (d *Dispatcher) compose(ctx context.Context, t tenant.ID, c desk.Case, o output.Output, x delivery.Delivery) (message, error) {
	m, err := d.gather(ctx, t, x, c, o)
	if err != nil {
		return message{}, err
	}
	if x.Channel == delivery.Email {
		return mailed(m)
	}
	return d.hooked(ctx, t, m, m.hookValues())
}

func mailed(m material) (message, error) {
	l, err := m.letter()
	if err != nil {
		return message{}, err
	}
	return message{letter: &l, body: []byte(l.Subject + "\n\n" + l.Text), persons: persons(m.c, m.said), partial: m.of.Partial}, nil
}

func (d *Dispatcher) hooked(ctx context.Context, t tenant.ID, m material, v template.Values) (message, error) {
	o, x := m.output, m.of
	r, p, class := readyHook(o)
	if class != "" {
		return message{}, classError(class)
	}
	body, headers, err := r.Render(v, m.zone)
	if err != nil {
		return message{}, err
	}
	auth, err := d.credentials(ctx, o.Hook.Auth)
	if err != nil {
		return message{}, err
	}
	var ring webhook.Ring
	if o.Hook.SigningRef != "" {
		if ring, err = d.Rings.Ring(ctx, t, o.ID, o.Hook.SigningRef); err != nil {
			return message{}, fmt.Errorf("what signs output %s: %w", o.ID, err)
		}
	} else if o.Hook.Auth.Type == webhook.AuthHMAC {
		return message{}, classError(secretMissing)
	}
	event, _ := v["event.name"].(string)
	h, err := webhook.Headers(webhook.Message{
		ID: x.MessageID, DeliveryID: x.ID, Event: event, Reference: text(v["case.number"]), Attempt: x.Attempts + 1, Body: body,
	}, webhook.Signing{Ring: ring, Legacy: o.Hook.Legacy}, auth, slices.Concat(headers, o.Hook.Headers), m.now)
	if err != nil {
		return message{}, err
	}
	return message{
		request: &delivery.Request{URL: x.Destination, Header: h, Body: body}, body: body, persons: persons(m.c, m.said), partial: m.of.Partial,
		judging: delivery.Judging{Semantic: o.Hook.Semantic, ReferencePath: p.ReferencePath}, signing: o.Hook.SigningRef,
	}, nil
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

func (d *Dispatcher) credentials(ctx context.Context, a output.Auth) (webhook.Auth, error) {
	out := webhook.Auth{Type: a.Type, User: a.User, Header: a.Header}
	var refs []string
	switch a.Type {
	case webhook.AuthBasic:
		refs = []string{a.PasswordRef}
	case webhook.AuthBearer, webhook.AuthAPIKey:
		refs = []string{a.TokenRef}
	default:
		return out, nil
	}
	if refs[0] == "" {
		return out, classError(secretMissing)
	}
	values, err := d.Secrets.Get(ctx, refs...)
	if err != nil {
		return out, fmt.Errorf("a receiver's credentials: %w", err)
	}
	if len(values) != 1 || values[0] == "" {
		return out, classError(secretMissing)
	}
	if a.Type == webhook.AuthBasic {
		out.Password = values[0]
	} else {
		out.Token = values[0]
	}
	return out, nil
}

// send makes the attempt that was claimed and writes down what came of it. From here on the message may be with its
// receiver: whatever fails now, the next attempt carries the same id.
func (d *Dispatcher) send(ctx context.Context, t tenant.ID, c desk.Case, o output.Output, x delivery.Delivery, m message,
	host, visit string) (delivery.Delivery, error) {
	d.aside(ctx, t, "keep the original", d.Store.KeepOriginal(ctx, t, exchange.Keep(x.MessageID, m.body, d.Now().UTC())))
	outcome, line := d.hand(ctx, t, m, about(t, c, x, m.persons))
	if outcome.Disable != "" {
		d.aside(ctx, t, "switch off output "+o.ID, d.disable(ctx, t, x, outcome.Disable))
	}
	settled, err := d.change(ctx, t, x.CaseID, x.ID, func(y delivery.Delivery) (delivery.Delivery, bool, error) {
		y, err := y.Settle(x.Claim, outcome, d.Jitter(), d.Now().UTC())
		if errors.Is(err, delivery.ErrOutdated) || errors.Is(err, delivery.ErrNotAllowed) { // it was given up; what followed counts
			return y, false, nil
		}
		return y, err == nil, err
	})
	if host != "" {
		d.aside(ctx, t, "leave the gate", d.leave(ctx, t, host, visit, !outcome.OK && outcome.Retry))
	}
	d.aside(ctx, t, "write the exchange log", d.Store.AddExchange(ctx, t, line))
	if !outcome.OK {
		d.aside(ctx, t, "look how many attempts failed", d.rate(ctx, t))
	}
	return settled, err
}

// hand gives a message away and judges the answer.
func (d *Dispatcher) hand(ctx context.Context, t tenant.ID, m message, a exchange.About) (delivery.Outcome, exchange.Line) {
	began := d.Now()
	if m.letter != nil {
		within, cancel := context.WithTimeout(ctx, mailWithin)
		defer cancel()
		id, err := d.Mail.SendLetter(within, t, *m.letter)
		o, words := delivery.MailAccepted(id), ""
		if err != nil {
			o, words = delivery.MailFailed(mailError, false), err.Error()
			if errors.Is(err, notify.ErrAddress) {
				o = delivery.MailFailed(addressRefused, true)
			}
		}
		return o, exchange.Mailed(a, m.letter.To, d.Now().Sub(began), o, words, d.Now().UTC())
	}
	answer := d.Sender.Send(ctx, *m.request)
	if m.signing != "" {
		d.aside(ctx, t, "note the use of a secret", d.Rings.Used(ctx, t, a.OutputID, m.signing))
	}
	o := delivery.Judge(answer, m.judging, d.Now().UTC())
	return o, exchange.Sent(a, *m.request, answer, o, d.Now().UTC())
}

func about(t tenant.ID, c desk.Case, x delivery.Delivery, persons []string) exchange.About {
	return exchange.About{
		ID: ident.Derive("exchange", t.String(), x.ID, strconv.Itoa(x.Attempts)), CaseID: x.CaseID, CallID: c.CallID, DeliveryID: x.ID, OutputID: x.OutputID,
		CorrelationID: x.MessageID, Attempt: x.Attempts, Of: x.Profile.Attempts(), Persons: persons,
	}
}

// aside notes what failed beside a Delivery.
func (d *Dispatcher) aside(ctx context.Context, t tenant.ID, what string, err error) {
	if err != nil {
		d.Failed(ctx, t.String(), what, err)
	}
}

// disable switches an output's webhook off, if it still leads where the answer came from.
func (d *Dispatcher) disable(ctx context.Context, t tenant.ID, x delivery.Delivery, why delivery.Disabling) error {
	conf, err := d.Store.Desk(ctx, t)
	if err != nil {
		return err
	}
	o, ok := conf.Output(x.OutputID)
	if !ok || o.Hook.URL != x.Destination || o.Disabled != "" {
		return nil
	}
	o.Disabled = why
	return d.Store.ReviseOutput(ctx, t, o)
}

// enter asks at the gate before a destination; whoever was faster there is asked again.
func (d *Dispatcher) enter(ctx context.Context, t tenant.ID, host, visit string) (until time.Time, ok bool, err error) {
	for range tries {
		g, v, err := d.Store.Gate(ctx, t, host)
		if err != nil {
			return until, false, err
		}
		now := d.Now().UTC()
		next, until, ok := g.Enter(visit, lease, now)
		if !ok {
			return until, false, nil
		}
		if saved, err := d.Store.SaveGate(ctx, t, host, next, v); err != nil || saved {
			return until, saved, err
		}
	}
	return d.Now().UTC().Add(askAgain), false, nil // a crowd: stand back
}

func (d *Dispatcher) leave(ctx context.Context, t tenant.ID, host, visit string, failed bool) error {
	for range tries {
		g, v, err := d.Store.Gate(ctx, t, host)
		if err != nil {
			return err
		}
		if saved, err := d.Store.SaveGate(ctx, t, host, g.Leave(visit, failed, d.Now().UTC()), v); err != nil || saved {
			return err
		}
	}
	return nil // the visit ends by the clock
}

// replayed tells whether a replay stands for a Delivery.
func replayed(all []delivery.Delivery, x delivery.Delivery) bool {
	return slices.ContainsFunc(all, func(y delivery.Delivery) bool { return y.ReplayOf == x.ID && y.State != delivery.Cancelled })
}
