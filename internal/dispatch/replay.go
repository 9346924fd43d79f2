package dispatch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/askpro/gateway/internal/audit"
	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/tenant"
)

// Replay sends a Delivery that is over again, with its output as it is now. Its receiver drops it if it has the message,
// unless it is sent as new. Asked twice at once it replays once; ErrUnderWay while it is still being tried, ErrNoOutput
// while its output cannot send.
func (d *Dispatcher) Replay(ctx context.Context, t tenant.ID, caseID, deliveryID string, asNew bool, by desk.Actor) ([]Due, error) {
	return d.replay(ctx, t, caseID, deliveryID, asNew, by, "")
}

// replay is Replay, and of a redelivery once for ever: what it made stands for what it would make.
func (d *Dispatcher) replay(ctx context.Context, t tenant.ID, caseID, deliveryID string, asNew bool, by desk.Actor, redelivery string) ([]Due, error) {
	var fresh []delivery.Delivery
	err := again(func() error {
		c, err := d.theCase(ctx, t, caseID)
		if err != nil {
			return err
		}
		conf, config, err := d.settings(ctx, t)
		if err != nil {
			return err
		}
		all, err := d.Store.CaseDeliveries(ctx, t, caseID)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(x delivery.Delivery) bool { return x.ID == deliveryID })
		if i < 0 {
			return fmt.Errorf("%s: %w", deliveryID, ErrNoDelivery)
		}
		x := all[i]
		if !x.Final() {
			return ErrUnderWay
		}
		nth, done := 1, false
		fresh = nil
		for _, y := range all {
			if y.ReplayOf == x.ID {
				nth++
				if !y.Final() { // asked twice
					fresh = append(fresh, y)
				}
				done = done || redelivery != "" && y.Redelivery == redelivery
			}
		}
		if done || len(fresh) > 0 {
			return nil
		}
		turn := cmp.Or(redelivery, strconv.Itoa(nth))
		if fresh, err = d.replays(t, c, conf, config.Company.Recording, all, x, asNew, turn); err != nil {
			return err
		}
		step := &ledger.Step{}
		if redelivery == "" { // of many, one line says it
			step.Audit = []audit.Entry{{By: audit.By{Actor: by}, Action: audit.Replayed, Object: audit.Object{Kind: "case", ID: caseID, Name: c.Number.String()}, At: d.Now()}}
		}
		for i := range fresh {
			fresh[i].Redelivery = redelivery
			fact := d.fact(t, fresh[i], "replayed", 1)
			fact.Actor = by
			step.Deliveries = append(step.Deliveries, &fresh[i])
			step.Events = append(step.Events, event.DeliveryReplayed{DeliveryFact: fact})
		}
		return d.Store.Commit(ctx, t, step)
	})
	if err != nil {
		return nil, err
	}
	return duesOf(fresh), d.summarize(ctx, t, caseID, "")
}

// replays of a Delivery: one, or where it never had a destination, one for each that the output has by now.
func (d *Dispatcher) replays(t tenant.ID, c desk.Case, conf *desk.Configuration, recorded bool,
	all []delivery.Delivery, x delivery.Delivery, asNew bool, turn string) ([]delivery.Delivery, error) {
	o, err := newest(conf, c, x.OutputID)
	if err != nil {
		return nil, err
	}
	var to []string
	switch {
	case x.Destination != "" && (x.Channel == delivery.Email || x.Kind == delivery.Escalation): // an escalation has a receiver of its own
		to = []string{x.Destination}
	case x.Channel == delivery.Webhook && o.Hooks():
		to = []string{o.Hook.URL}
	case x.Destination == "" && x.OutputID == "": // there was no output at all
		return d.firstReplays(t, c, conf, o, recorded, x, turn)
	case x.Channel == delivery.Email && o.Mails():
		to, _ = delivery.Recipients(o.Mail.To, o.Mail.Silent(), o.Mail.Fallback)
	}
	var out []delivery.Delivery
	for _, address := range to {
		if address == "" {
			continue
		}
		id := ident.Derive("delivery", t.String(), x.ID, "replay", turn, address)
		y, err := x.Replay(delivery.Order{
			ID: id, ConfigVersion: o.Version, Destination: address, Profile: o.Retry, MessageID: messageID(id), Sequence: nextSequence(all, x),
		}, asNew, d.Now().UTC())
		if err != nil {
			return nil, err
		}
		if x.Destination == "" && len(to) > 1 { // one message each
			y.MessageID = messageID(id)
		}
		y.OutputID, y.Version = o.ID, 0
		y.Partial = missing(c, uses(o, conf.Gateway, y.Channel), recorded)
		out = append(out, y)
	}
	if len(out) == 0 {
		return nil, ErrNoOutput
	}
	return out, nil
}

// firstReplays are what a case would have got, had there been an output.
func (d *Dispatcher) firstReplays(t tenant.ID, c desk.Case, conf *desk.Configuration, o output.Output, recorded bool,
	x delivery.Delivery, turn string) ([]delivery.Delivery, error) {
	var out []delivery.Delivery
	for _, y := range d.wanted(t, c, conf, o, true, recorded) {
		if y.State == delivery.Dead {
			return nil, ErrNoOutput
		}
		y.ID = ident.Derive("delivery", t.String(), x.ID, "replay", turn, string(y.Channel), y.Destination)
		y.MessageID, y.ReplayOf = messageID(y.ID), x.ID
		out = append(out, y)
	}
	return out, nil
}

// ReplayCase sends everything of a case again that is dead and that nobody has sent again yet. It says how many it could not.
func (d *Dispatcher) ReplayCase(ctx context.Context, t tenant.ID, caseID string, asNew bool, by desk.Actor) (dues []Due, left int, err error) {
	all, err := d.Store.CaseDeliveries(ctx, t, caseID)
	if err != nil {
		return nil, 0, err
	}
	for _, x := range all {
		if x.State != delivery.Dead || x.Fallback || replayed(all, x) {
			continue
		}
		due, err := d.Replay(ctx, t, caseID, x.ID, asNew, by)
		if errors.Is(err, ErrNoOutput) {
			left++
			continue
		}
		if err != nil {
			return dues, left, err
		}
		dues = append(dues, due...)
	}
	return dues, left, nil
}
