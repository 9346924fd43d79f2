package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/askpro/gateway/internal/audit"
	"github.com/askpro/gateway/internal/blob"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/journal"
	"github.com/askpro/gateway/internal/keeper"
	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/notify"
	"github.com/askpro/gateway/internal/promise"
	"github.com/askpro/gateway/internal/retell"
	"github.com/askpro/gateway/internal/store"
	"github.com/askpro/gateway/internal/usage"
)

type worker struct {
	table    *store.Table
	bucket   *blob.Bucket
	calls    *keeper.Keeper
	promises *promise.Keeper
	journal  journal.Journal
	meters   usage.Metering
}

func (w *worker) work(ctx context.Context, m lambdakit.Incoming) error {
	switch m.Kind {
	case retell.KindEvent:
		if err := m.Load(ctx, w.bucket.Get); err != nil {
			return err
		}
		news, err := retell.ReadEvent(m.Body, m.At)
		if err != nil {
			return err
		}
		return w.calls.Apply(ctx, m.Tenant, news)
	case event.AppointmentConfirmed{}.Name():
		if err := w.calls.Remember(ctx, m.Tenant, m.Body); err != nil {
			return err
		}
		return w.calls.Hear(ctx, m.Tenant, m.Body)
	case event.AppointmentCancelled{}.Name():
		if err := w.calls.Forget(ctx, m.Tenant, m.Body); err != nil {
			return err
		}
		return w.calls.Hear(ctx, m.Tenant, m.Body)
	case event.CallbackRequested{}.Name(), event.CallContinued{}.Name():
		return w.calls.Hear(ctx, m.Tenant, m.Body)
	case event.CallEnded{}.Name():
		return w.meters.Ended(ctx, m.Tenant, m.Body)
	case event.GatewayModeResolved{}.Name():
		return usage.CountMode(ctx, w.table, m.Tenant, m.Body)
	case event.DeliverySent{}.Name():
		// Neither waits for the other: a line that cannot be written costs no reading.
		return errors.Join(w.meters.Sent(ctx, m.Tenant, m.Body), w.journal.Log(ctx, m.Tenant, m.Kind, m.Body))
	case store.KindTimer:
		return w.timer(ctx, m)
	case audit.KindCheck:
		return w.follow(ctx, m)
	}
	if journal.Hears(m.Kind) {
		return w.journal.Log(ctx, m.Tenant, m.Kind, m.Body)
	}
	return fmt.Errorf("queue default knows no %s", m.Kind)
}

// follow looks whether a company's audit trail is what was written. Where it ends stands in the log: somebody who wrote the
// whole trail anew could not change that.
func (w *worker) follow(ctx context.Context, m lambdakit.Incoming) error {
	head, err := audit.Verify(ctx, w.table, m.Tenant)
	if errors.Is(err, audit.ErrBroken) {
		lambdakit.Log(ctx).Error("audit trail", "error", err)
		lambdakit.Alarm(ctx, audit.AlarmBroken, m.Company)
		return nil // asked again it would be broken still
	}
	if err == nil {
		lambdakit.Log(ctx).Info("audit trail", "lines", head.Seq, "ends", head.Hash[:min(len(head.Hash), 32)]) // the whole of it would be blacked out
	}
	return err
}

// timer does what a due timer is for. One that is no longer wanted is taken away; the others have been moved.
func (w *worker) timer(ctx context.Context, m lambdakit.Incoming) error {
	due, ok, err := store.ReadTimer(m.Tenant, m.Body)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("a timer of another company")
	}
	wanted := false
	switch what := (timer{due.Kind, due.Name}); what {
	case timer{ledger.OfAppointment, notify.CompleteTimer}:
		return w.calls.Complete(ctx, m.Tenant, due.About) // takes or moves it itself
	case timer{ledger.OfCallback, promise.Timer}:
		wanted, err = w.promises.Tend(ctx, m.Tenant, due.About)
	case timer{ledger.OfCall, ledger.PollTimer}:
		wanted, err = w.calls.Poll(ctx, m.Tenant, due.About)
	case timer{ledger.OfCall, keeper.WishTimer}:
		wanted, err = w.calls.Wish(ctx, m.Tenant, due.About)
	default:
		return fmt.Errorf("queue default knows no timer %q of a %s", due.Name, due.Kind)
	}
	if err != nil || wanted {
		return err
	}
	return w.table.Take(ctx, m.Tenant, due)
}

// timer is what is woken for what.
type timer struct {
	of   ledger.Kind
	name string
}
