package dispatch

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/tenant"
)

// Release tells a case's Deliveries that a part is there. Who waits for it leaves as soon as nothing else is outstanding;
// who left without it is followed by an update.
func (d *Dispatcher) Release(ctx context.Context, t tenant.ID, caseID string, p delivery.Part) ([]Due, error) {
	if err := d.release(ctx, t, caseID, p); err != nil {
		return nil, err
	}
	return d.setOut(ctx, t, caseID)
}

// arrived releases whatever the case has by now.
func (d *Dispatcher) arrived(ctx context.Context, t tenant.ID, caseID string) error {
	c, err := d.theCase(ctx, t, caseID)
	if err != nil {
		return err
	}
	for _, p := range delivery.Parts {
		if len(missing(c, []delivery.Part{p}, true)) == 0 {
			if err := d.release(ctx, t, caseID, p); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *Dispatcher) release(ctx context.Context, t tenant.ID, caseID string, p delivery.Part) error {
	all, err := d.Store.CaseDeliveries(ctx, t, caseID)
	if err != nil {
		return err
	}
	for _, x := range all {
		// One that has not set out yet takes the part along, and owes nothing.
		got, err := d.change(ctx, t, caseID, x.ID, func(x delivery.Delivery) (delivery.Delivery, bool, error) {
			switch {
			case x.State == delivery.Waiting && slices.Contains(x.Awaits, p):
				return x.Arrived(p, d.Now().UTC()), true, nil
			case x.State == delivery.Scheduled && x.Attempts == 0 && slices.Contains(x.Partial, p):
				x.Partial = slices.DeleteFunc(slices.Clone(x.Partial), func(y delivery.Part) bool { return y == p })
				return x, true, nil
			}
			return x, false, nil
		})
		if err != nil {
			return err
		}
		if err := d.follow(ctx, t, got, p); err != nil {
			return err
		}
	}
	return nil
}

// follow plans the update of a Delivery that left without a part; of several in a row only the last that did not die owes one.
func (d *Dispatcher) follow(ctx context.Context, t tenant.ID, x delivery.Delivery, p delivery.Part) error {
	if !slices.Contains(x.Partial, p) {
		return nil
	}
	return again(func() error {
		all, err := d.Store.CaseDeliveries(ctx, t, x.CaseID)
		if err != nil || slices.ContainsFunc(all, func(y delivery.Delivery) bool {
			return same(x, y) && y.Sequence > x.Sequence && y.State != delivery.Cancelled && y.State != delivery.Dead
		}) {
			return err
		}
		c, err := d.theCase(ctx, t, x.CaseID)
		if err != nil {
			return err
		}
		conf, config, err := d.settings(ctx, t)
		if err != nil {
			return err
		}
		o, ok, err := d.Store.OutputVersion(ctx, t, x.OutputID, x.ConfigVersion)
		if err != nil || !ok || !x.NeedsUpdate(p, o.SendUpdates) || c.Gone() {
			return err
		}
		update, owed := d.after(t, all, x, o, x.UpdateKey(p), "")
		if !owed {
			return nil
		}
		update.Partial = without(missing(c, uses(o, conf.Gateway, x.Channel), config.Company.Recording), p)
		return d.plan(ctx, t, []delivery.Delivery{update})
	})
}

// after is what follows a message on its way, once for each cause: false where it is there. Way and number make its id, so
// that of two that are planned at the same moment one is refused, and looks again.
func (d *Dispatcher) after(t tenant.ID, all []delivery.Delivery, x delivery.Delivery, o output.Output, cause, statusFrom string) (delivery.Delivery, bool) {
	if slices.ContainsFunc(all, func(y delivery.Delivery) bool { return same(x, y) && y.Cause == cause }) {
		return delivery.Delivery{}, false
	}
	n := nextSequence(all, x)
	id := ident.Derive("delivery", t.String(), x.CaseID, "after", x.OutputID, string(x.Channel), x.Destination, strconv.FormatBool(x.Fallback), strconv.Itoa(n))
	return delivery.Plan(delivery.Order{
		ID: id, CaseID: x.CaseID, OutputID: x.OutputID, ConfigVersion: o.Version, Kind: delivery.Updated, Channel: x.Channel, Destination: x.Destination,
		Sequence: n, Profile: o.Retry, MessageID: messageID(id), Fallback: x.Fallback, Cause: cause, StatusFrom: statusFrom,
	}, d.Now().UTC()), true
}

func without(parts []delivery.Part, p delivery.Part) []delivery.Part {
	return slices.DeleteFunc(parts, func(x delivery.Part) bool { return x == p })
}

// same tells that two Deliveries go the same way.
func same(a, b delivery.Delivery) bool {
	return a.OutputID == b.OutputID && a.Channel == b.Channel && a.Destination == b.Destination && a.Fallback == b.Fallback
}

func nextSequence(all []delivery.Delivery, of delivery.Delivery) int {
	n := of.Sequence
	for _, x := range all {
		if same(x, of) {
			n = max(n, x.Sequence)
		}
	}
	return n + 1
}

// TimeUp lets go whoever still waits at the deadline: what is outstanding is missing, and no attempt was used.
func (d *Dispatcher) TimeUp(ctx context.Context, t tenant.ID, caseID string) ([]Due, error) {
	all, err := d.Store.CaseDeliveries(ctx, t, caseID)
	if err != nil {
		return nil, err
	}
	c, err := d.theCase(ctx, t, caseID)
	if err != nil {
		return nil, err
	}
	for _, x := range all {
		if _, err := d.timeUp(ctx, t, c, x); err != nil {
			return nil, err
		}
	}
	return d.setOut(ctx, t, caseID)
}

// timeUp ends one Delivery's waiting, if it is time. What the case has by now is not missing, even if its event is late.
func (d *Dispatcher) timeUp(ctx context.Context, t tenant.ID, c desk.Case, x delivery.Delivery) (delivery.Delivery, error) {
	if x.State != delivery.Waiting {
		return x, nil
	}
	return d.change(ctx, t, x.CaseID, x.ID, func(x delivery.Delivery) (delivery.Delivery, bool, error) {
		now, was := d.Now().UTC(), len(x.Awaits)
		for _, p := range slices.Clone(x.Awaits) {
			if len(missing(c, []delivery.Part{p}, true)) == 0 {
				x = x.Arrived(p, now)
			}
		}
		y, err := x.TimeUp(now)
		switch {
		case err == nil:
			return y, true, nil
		case errors.Is(err, delivery.ErrNotDue), errors.Is(err, delivery.ErrNotAllowed): // it waits, or it no longer does
			return x, len(x.Awaits) != was, nil
		}
		return x, false, err
	})
}

// Why Deliveries of a case are cancelled; what was cancelled so sets out again when that is taken back.
const (
	merged  = "merged"
	deleted = "deleted"
)

// Cancel ends what has not set out. Whatever is being sent right now cannot be called back: the time says when to ask again.
func (d *Dispatcher) Cancel(ctx context.Context, t tenant.ID, caseID, why string) (again time.Time, err error) {
	c, err := d.theCase(ctx, t, caseID)
	if err != nil || why == merged && c.MergedInto == "" || why == deleted && c.Deletion == nil { // it was undone before this was heard of
		return time.Time{}, err
	}
	all, err := d.Store.CaseDeliveries(ctx, t, caseID)
	if err != nil {
		return again, err
	}
	for _, x := range all {
		x, err = d.change(ctx, t, caseID, x.ID, func(x delivery.Delivery) (delivery.Delivery, bool, error) {
			if x.Final() || x.State == delivery.Sending {
				return x, false, nil
			}
			x, err := x.Cancel(why, d.Now().UTC())
			return x, err == nil, err
		})
		if err != nil {
			return again, err
		}
		if x.State == delivery.Sending && x.ClaimEnd.After(again) {
			again = x.ClaimEnd
		}
	}
	return again, d.summarize(ctx, t, caseID, "")
}

// Resume sends again what was cancelled because of a merge that was undone, or of a deletion.
func (d *Dispatcher) Resume(ctx context.Context, t tenant.ID, caseID, why string) ([]Due, error) {
	all, err := d.Store.CaseDeliveries(ctx, t, caseID)
	if err != nil {
		return nil, err
	}
	for _, x := range all {
		if x.State == delivery.Cancelled && x.Why == why && !replayed(all, x) {
			if _, err := d.Replay(ctx, t, caseID, x.ID, false, desk.Actor{Kind: "system"}); err != nil && !errors.Is(err, ErrNoOutput) {
				return nil, err
			}
		}
	}
	return d.Plan(ctx, t, caseID) // it may have been before anything was planned
}

// summarize brings the case up to date with its Deliveries: the summary, and the reference that the receiver of deliveryID
// gave. It is a step of its own and looks at what is really there, so it may be repeated at any time; a Delivery never waits
// for somebody who works on the case.
func (d *Dispatcher) summarize(ctx context.Context, t tenant.ID, caseID, deliveryID string) error {
	return again(func() error {
		c, err := d.theCase(ctx, t, caseID)
		if err != nil {
			return err
		}
		all, err := d.Store.CaseDeliveries(ctx, t, caseID)
		if err != nil {
			return err
		}
		changed := false
		if s := delivery.Summarize(all); s != c.Delivered && (s != delivery.NothingToSend || c.Delivered != "") {
			c.Delivered, changed = s, true
		}
		i := slices.IndexFunc(all, func(x delivery.Delivery) bool {
			return x.ID == deliveryID && x.ExternalReference != "" && x.State == delivery.Sent && x.Kind != delivery.Escalation
		})
		if i >= 0 && len(c.References) < desk.MaxReferences && reference(c, all[i].OutputID) != all[i].ExternalReference {
			r := desk.Reference{OutputID: all[i].OutputID, Value: all[i].ExternalReference}
			if !slices.ContainsFunc(c.References, func(y desk.Reference) bool { return y.OutputID == r.OutputID && y.Value == r.Value }) {
				c.References, changed = append(slices.Clone(c.References), r), true
			}
		}
		if !changed {
			return nil
		}
		c.UpdatedAt = d.Now().UTC()
		return d.Store.Commit(ctx, t, &ledger.Step{Case: &c})
	})
}

// reference is what an output's receiver calls the case: what it said last.
func reference(c desk.Case, outputID string) string {
	for _, r := range slices.Backward(c.References) {
		if r.OutputID == outputID && outputID != "" {
			return r.Value
		}
	}
	return ""
}

// newest is an output as it is now, if it can be used.
func newest(conf *desk.Configuration, c desk.Case, id string) (output.Output, error) {
	o, ok := conf.Output(id)
	if id == "" {
		o, ok = conf.OutputOf(c.CategoryID)
	}
	if !ok || !o.Active {
		return o, ErrNoOutput
	}
	return o, nil
}
