package dispatch

import (
	"context"
	"slices"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/tenant"
	"github.com/askpro/gateway/internal/webhook"
)

// Escalate makes the webhooks of an escalation (§6.5): one Delivery for each URL that a rule names, which goes the way of
// all others. It is signed as the case's output signs; the output's credentials are for its own receiver alone and stay out.
func (d *Dispatcher) Escalate(ctx context.Context, t tenant.ID, e event.CaseEscalated) ([]Due, error) {
	if len(e.URLs) == 0 {
		return nil, nil
	}
	c, err := d.theCase(ctx, t, e.CaseID)
	if err != nil || c.Gone() {
		return nil, err
	}
	conf, err := d.Store.Desk(ctx, t)
	if err != nil {
		return nil, err
	}
	signer, now := signerOf(conf, c), d.Now().UTC()
	var fresh []delivery.Delivery
	for _, url := range e.URLs {
		id := ident.Derive("escalation", t.String(), e.ID, url)
		fresh = append(fresh, delivery.Plan(delivery.Order{
			ID: id, CaseID: c.ID, OutputID: signer.ID, ConfigVersion: signer.Version, Kind: delivery.Escalation, Channel: delivery.Webhook, Destination: url, Sequence: 1,
			Profile: delivery.Fast, MessageID: messageID(id),
		}, now))
	}
	if err := d.plan(ctx, t, fresh); err != nil && !ledger.ConflictOn(err, "delivery") { // told twice: they are there
		return nil, err
	}
	return d.setOut(ctx, t, c.ID)
}

// signerOf is the output whose secret signs a case's escalations: its category's, else any that has one, else none.
func signerOf(conf *desk.Configuration, c desk.Case) output.Output {
	o, _ := conf.OutputOf(c.CategoryID)
	if o.Hook.SigningRef != "" {
		return o
	}
	if i := slices.IndexFunc(conf.Outputs, func(o output.Output) bool { return o.Active && o.Hook.SigningRef != "" }); i >= 0 {
		return conf.Outputs[i]
	}
	return o
}

// elsewhere is an output as it goes to another receiver than its own: the usual payload, signed, and nothing else of it.
func elsewhere(o output.Output) output.Output {
	o.Hook = output.Hook{SigningRef: o.Hook.SigningRef, Auth: output.Auth{Type: webhook.AuthHMAC}}
	return o
}
