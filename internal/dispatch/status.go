package dispatch

import (
	"context"
	"slices"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/tenant"
)

// StatusChanged plans what tells a case's receivers that its status changed: one message for each change and each way that
// the case left by, where the way's output chose so (§9.4). Unlike a late part a change is a new occasion: the output speaks
// as it is now, and only to where it still leads. A receiver that never got the case is told nothing; its replay is rendered
// anew.
func (d *Dispatcher) StatusChanged(ctx context.Context, t tenant.ID, e event.CaseStatusChanged) ([]Due, error) {
	conf, config, err := d.settings(ctx, t)
	if err != nil || !slices.ContainsFunc(conf.Outputs, tellsStatus) {
		return nil, err
	}
	err = again(func() error {
		c, err := d.theCase(ctx, t, e.CaseID)
		if err != nil || c.Gone() {
			return err
		}
		all, err := d.Store.CaseDeliveries(ctx, t, c.ID)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(all, first) { // facts come in any order: what this one follows is not planned yet
			if _, err := d.Plan(ctx, t, c.ID); err != nil {
				return err
			}
			if all, err = d.Store.CaseDeliveries(ctx, t, c.ID); err != nil {
				return err
			}
		}
		var fresh []delivery.Delivery
		for _, x := range all {
			o, _ := conf.Output(x.OutputID)
			if x.Kind != delivery.Created || x.State == delivery.Dead || x.State == delivery.Cancelled || !tellsStatus(o) || !leads(o, x) ||
				slices.ContainsFunc(fresh, func(y delivery.Delivery) bool { return same(x, y) }) {
				continue
			}
			if y, owed := d.after(t, all, x, o, "status/"+e.ID, e.From); owed {
				y.Partial = missing(c, uses(o, conf.Gateway, x.Channel), config.Company.Recording)
				fresh = append(fresh, y)
			}
		}
		return d.planAll(ctx, t, fresh)
	})
	if err != nil {
		return nil, err
	}
	return d.setOut(ctx, t, e.CaseID)
}

func tellsStatus(o output.Output) bool { return o.Active && o.SendStatus }

// leads tells whether an output still goes where a message of it went.
func leads(o output.Output, x delivery.Delivery) bool {
	switch {
	case x.Fallback:
		to, _ := delivery.Recipients(o.Mail.Fallback, o.Mail.Silent(), nil)
		return slices.Contains(to, x.Destination)
	case x.Channel == delivery.Webhook:
		return o.Hooks() && o.Hook.URL == x.Destination
	}
	return o.Mails() && slices.Contains(destinations(o, delivery.Email), x.Destination)
}
