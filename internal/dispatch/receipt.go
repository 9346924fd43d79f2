package dispatch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/notify"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/tenant"
)

// refKind begins what the mail service's word on a Delivery names.
const refKind = "delivery"

// refOf a Delivery's mail.
func refOf(x delivery.Delivery) string { return refKind + "/" + x.CaseID + "/" + x.ID }

// Hear notes what the mail service says became of a mail. One that its recipient has is not sent again, even if handing it
// over had seemed to fail. One that came back is dead, and its address gets nothing more by this output, until a person
// saves the output again: each mail to it would harm what all others are believed.
func (d *Dispatcher) Hear(ctx context.Context, t tenant.ID, r notify.Receipt) error {
	part := strings.Split(r.Ref, "/")
	if len(part) != 3 || part[0] != refKind {
		return fmt.Errorf("a receipt of %q: that is no delivery of ours", r.Ref)
	}
	x, err := d.change(ctx, t, part[1], part[2], func(x delivery.Delivery) (next delivery.Delivery, changed bool, err error) {
		now := d.Now().UTC()
		switch {
		case r.Fate != notify.Reached:
			next, err = x.Returned(reasonOf(r), now)
		case x.DeliveredAt.IsZero():
			next, err = x.Reached(r.ProviderID, now)
		default:
			return x, false, nil
		}
		if errors.Is(err, delivery.ErrNotAllowed) { // heard before, or over
			return x, false, nil
		}
		return next, true, err
	})
	if err != nil || !x.Final() {
		return err
	}
	if x.Reason == delivery.Complained || x.Reason == delivery.Bounced && r.ForGood {
		if err := d.silence(ctx, t, x); err != nil {
			return err
		}
	}
	return d.summarize(ctx, t, x.CaseID, x.ID)
}

func reasonOf(r notify.Receipt) delivery.Reason {
	if r.Fate == notify.Unwanted {
		return delivery.Complained
	}
	return delivery.Bounced
}

// silence keeps an output from writing to an address that gave a mail back.
func (d *Dispatcher) silence(ctx context.Context, t tenant.ID, x delivery.Delivery) error {
	conf, err := d.Store.Desk(ctx, t)
	if err != nil {
		return err
	}
	o, ok := conf.Output(x.OutputID)
	listed := func(list []string) bool {
		return slices.ContainsFunc(list, func(a string) bool { return strings.EqualFold(strings.TrimSpace(a), x.Destination) })
	}
	if !ok || !listed(slices.Concat(o.Mail.To, o.Mail.Fallback)) || listed(o.Mail.Silent()) {
		return nil
	}
	o.Mail.Returned = append(slices.Clone(o.Mail.Returned), output.Returned{Address: x.Destination, Reason: x.Reason, At: d.Now().UTC()})
	return d.Store.ReviseOutput(ctx, t, o)
}
