package dispatch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/askpro/gateway/internal/audit"
	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// Redelivery is the replay of many (§7.5): of an output's Deliveries that were made in [From, To), or of a case's. It is
// worked off a page at a time, in the order in which they were made, and goes on where it stopped.
type Redelivery struct {
	ID       string     `json:"id"`
	OutputID string     `json:"output_id,omitempty"`
	From     time.Time  `json:"from,omitzero"`
	To       time.Time  `json:"to,omitzero"`
	CaseID   string     `json:"case_id,omitempty"` // instead of an output and a time: all of a case
	All      bool       `json:"all,omitempty"`     // also those that arrived, not the dead alone
	AsNew    bool       `json:"as_new,omitempty"`  // under new message ids: receivers take them a second time
	By       desk.Actor `json:"by"`

	After      string    `json:"after,omitempty"` // the place in the output's list up to which it is done
	Sent       int       `json:"sent"`            // set out
	Left       int       `json:"left"`            // could not be: their output cannot send now
	WakeAt     time.Time `json:"wake_at"`         // when it is begun, or taken up again should its messages be lost
	StartedAt  time.Time `json:"started_at"`
	FinishedAt time.Time `json:"finished_at,omitzero"`
	Version    int       `json:"-"`
}

// Done tells that nothing more will set out.
func (r Redelivery) Done() bool { return !r.FinishedAt.IsZero() }

// Line of the audit trail that tells of it: who wanted it, and of what.
func (r Redelivery) Line() audit.Entry {
	object := audit.Object{Kind: "output", ID: r.OutputID, Name: r.From.Format(time.RFC3339) + "/" + r.To.Format(time.RFC3339)}
	if r.CaseID != "" {
		object = audit.Object{Kind: "case", ID: r.CaseID}
	}
	return audit.Entry{By: audit.By{Actor: r.By}, Action: audit.Replayed, Object: object, At: r.StartedAt}
}

// RedeliveryTimer names the timer of a redelivery.
const RedeliveryTimer = "redeliver"

// Timer of a redelivery, which stands until it is done.
func (r Redelivery) Timer() ledger.Timer {
	return ledger.Timer{Kind: ledger.OfRedelivery, About: r.ID, Queue: "gateway", Name: RedeliveryTimer, DueAt: r.WakeAt}
}

const (
	// redeliveredAtOnce set out together, and the next ones a while later: a receiver takes two at a time, and whoever stands
	// before its door asks again and again.
	redeliveredAtOnce = 25
	redeliveredEvery  = 5 * time.Second
	takenUp           = 5 * time.Minute
	// mostRedelivered are counted before somebody decides, of at most so many that are looked at.
	mostRedelivered = 1000
)

// ErrPeriod says that a redelivery's period is none.
var ErrPeriod = errors.New("the period ends before it begins, or has not begun")

// CountRedelivery says how many Deliveries would set out; more tells that there may be others beyond those that it looked
// at. For each page it asks the output's list once, and once for each case in it.
func (d *Dispatcher) CountRedelivery(ctx context.Context, t tenant.ID, r Redelivery) (count int, more bool, err error) {
	for looked := 0; looked < mostRedelivered; {
		page, err := d.page(ctx, t, r, redeliveredAtOnce)
		if err != nil {
			return 0, false, err
		}
		of := map[string][]delivery.Delivery{}
		for _, ref := range page {
			all, err := d.ofCase(ctx, t, of, ref.CaseID)
			if err != nil {
				return 0, false, err
			}
			if _, wanted := r.wants(all, ref.DeliveryID); wanted {
				count++
			}
		}
		if looked += len(page); r.CaseID != "" || len(page) < redeliveredAtOnce {
			return count, false, nil
		}
		r.After = page[len(page)-1].Mark
	}
	return count, true, nil
}

// StartRedelivery writes down what is to be sent again; its timer begins it. Asked twice with one id it starts once. What is
// made from now on is no part of it, its own replays least of all.
func (d *Dispatcher) StartRedelivery(ctx context.Context, t tenant.ID, r Redelivery) (Redelivery, error) {
	now := d.Now().UTC()
	if r.CaseID == "" {
		if r.From, r.To = r.From.UTC(), r.To.UTC(); r.To.After(now) {
			r.To = now
		}
		if !r.From.Before(r.To) {
			return r, ErrPeriod
		}
		conf, err := d.Store.Desk(ctx, t)
		if err != nil {
			return r, err
		}
		if o, ok := conf.Output(r.OutputID); !ok || !o.Active {
			return r, ErrNoOutput
		}
	} else if c, err := d.theCase(ctx, t, r.CaseID); err != nil {
		return r, err
	} else if c.Deletion != nil {
		return r, ErrNoCase
	}
	if r.ID == "" {
		r.ID = d.NewID()
	}
	r.After, r.Sent, r.Left, r.WakeAt, r.StartedAt, r.FinishedAt, r.Version = "", 0, 0, now, now, time.Time{}, 0
	err := d.Store.SaveRedelivery(ctx, t, &r)
	if ledger.ConflictOn(err, "redelivery") {
		there, ok, err := d.Store.Redelivery(ctx, t, r.ID)
		if err == nil && !ok {
			err = fmt.Errorf("redelivery %s: %w", r.ID, errCrowd)
		}
		return there, err
	}
	return r, err
}

// Redeliver works off a page and asks for the next. That a page is done is written down by the message that follows it: by
// then all that set out with it is in the queue. Killed anywhere, the page is worked off again; what it made stands there with
// the redelivery's id, and is not made a second time.
func (d *Dispatcher) Redeliver(ctx context.Context, t tenant.ID, m Redelivering) ([]Later, error) {
	r, ok, err := d.handedOut(ctx, t, m)
	if err != nil || !ok || r.Done() {
		return nil, err
	}
	page, err := d.page(ctx, t, r, redeliveredAtOnce)
	if err != nil {
		return nil, err
	}
	var dues []Due
	of := map[string][]delivery.Delivery{}
	for _, ref := range page {
		all, err := d.ofCase(ctx, t, of, ref.CaseID)
		if err != nil {
			return nil, err
		}
		mine, wanted := r.wants(all, ref.DeliveryID)
		switch {
		case len(mine) > 0: // of a try that was killed
			dues = append(dues, duesOf(mine)...)
			r.Sent++
		case wanted:
			due, err := d.replay(ctx, t, ref.CaseID, ref.DeliveryID, r.AsNew, r.By, r.ID)
			switch {
			case errors.Is(err, ErrNoOutput), errors.Is(err, ErrNoCase):
				r.Left++
			case err != nil:
				return nil, err
			default:
				dues = append(dues, due...)
				r.Sent++
			}
		}
	}
	next := Redelivering{RedeliveryID: r.ID, After: r.After, Sent: r.Sent, Left: r.Left, Done: r.CaseID != "" || len(page) < redeliveredAtOnce}
	at := d.Now().UTC()
	if !next.Done {
		next.After, at = page[len(page)-1].Mark, at.Add(redeliveredEvery)
	}
	later, _ := attempts(dues, nil)
	return append(later, Later{Kind: RedeliverKind, Body: next, At: at}), nil
}

// handedOut writes down how far a redelivery has come; false where a message is behind that: somebody else goes on.
func (d *Dispatcher) handedOut(ctx context.Context, t tenant.ID, m Redelivering) (r Redelivery, ok bool, err error) {
	err = again(func() error {
		if r, ok, err = d.Store.Redelivery(ctx, t, m.RedeliveryID); err != nil || !ok || r.Done() || m.After == "" && !m.Done {
			return err
		}
		if m.After < r.After {
			ok = false
			return nil
		}
		if m.After == r.After && !m.Done {
			return nil
		}
		now := d.Now().UTC()
		if r.After, r.Sent, r.Left, r.WakeAt = m.After, m.Sent, m.Left, now.Add(takenUp); m.Done {
			r.FinishedAt = now
		}
		return d.Store.SaveRedelivery(ctx, t, &r)
	})
	return r, ok, err
}

// page is what comes next: of the output's list, or the case's own.
func (d *Dispatcher) page(ctx context.Context, t tenant.ID, r Redelivery, limit int) ([]delivery.Ref, error) {
	if r.CaseID == "" {
		return d.Store.OutputDeliveries(ctx, t, r.OutputID, r.From, r.To, r.After, limit)
	}
	all, err := d.Store.CaseDeliveries(ctx, t, r.CaseID)
	out := make([]delivery.Ref, len(all))
	for i, x := range all {
		out[i] = delivery.Ref{CaseID: x.CaseID, DeliveryID: x.ID}
	}
	return out, err
}

// ofCase reads a case's Deliveries once for a page, as they were before the page sent any of them again.
func (d *Dispatcher) ofCase(ctx context.Context, t tenant.ID, read map[string][]delivery.Delivery, caseID string) ([]delivery.Delivery, error) {
	all, ok := read[caseID]
	if ok {
		return all, nil
	}
	all, err := d.Store.CaseDeliveries(ctx, t, caseID)
	read[caseID] = all
	return all, err
}

// wants tells whether a Delivery is to be sent again, and what was made of it already by this redelivery. Dead ones that
// nobody has sent again yet; with All each message that arrived or died, once, however often it was replayed before. Mails
// that stood in for a dead webhook do not go out again, and an output's escalations are no cases.
func (r Redelivery) wants(all []delivery.Delivery, id string) (mine []delivery.Delivery, wanted bool) {
	i := slices.IndexFunc(all, func(x delivery.Delivery) bool { return x.ID == id })
	if i < 0 {
		return nil, false
	}
	x := all[i]
	if r.ID != "" && x.Redelivery == r.ID { // by a clock that is behind it was made in the period
		return nil, false
	}
	for _, y := range all {
		if r.ID != "" && y.ReplayOf == id && y.Redelivery == r.ID {
			mine = append(mine, y)
		}
	}
	switch {
	case x.Fallback, r.CaseID == "" && x.Kind != delivery.Created && x.Kind != delivery.Updated:
		return mine, false
	case r.All:
		return mine, x.ReplayOf == "" && (x.State == delivery.Sent || x.State == delivery.Dead)
	}
	return mine, x.State == delivery.Dead && !replayed(all, x)
}
