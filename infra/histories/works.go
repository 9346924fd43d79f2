package histories

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/askpro/gateway/internal/calcom"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/hook"
	"github.com/askpro/gateway/internal/keeper"
	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/notify"
	"github.com/askpro/gateway/internal/promise"
	"github.com/askpro/gateway/internal/reconcile"
	"github.com/askpro/gateway/internal/retell"
	"github.com/askpro/gateway/internal/scheduling"
	"github.com/askpro/gateway/internal/store"
)

// work does what the function of a queue does. The functions are programs that cannot be imported: what stands here
// follows their main.go.
func (w *World) work(m message) error {
	ctx := context.Background()
	switch m.queue {
	case "default":
		return w.workDefault(ctx, m.work)
	case "notifications":
		return w.workNotifications(ctx, m.work)
	case "sync":
		return w.workSync(ctx, m.work)
	}
	return fmt.Errorf("nobody works on the queue %q", m.queue)
}

func (w *World) workDefault(ctx context.Context, m lambdakit.Work) error {
	switch m.Kind {
	case retell.KindEvent:
		news, err := retell.ReadEvent(m.Body, m.At)
		if err != nil {
			return err
		}
		return w.calls.Apply(ctx, w.t, news)
	case event.AppointmentConfirmed{}.Name():
		if err := w.calls.Remember(ctx, w.t, m.Body); err != nil {
			return err
		}
		return w.calls.Hear(ctx, w.t, m.Body)
	case event.AppointmentCancelled{}.Name():
		if err := w.calls.Forget(ctx, w.t, m.Body); err != nil {
			return err
		}
		return w.calls.Hear(ctx, w.t, m.Body)
	case event.CallbackRequested{}.Name(), event.CallContinued{}.Name():
		return w.calls.Hear(ctx, w.t, m.Body)
	case store.KindTimer:
		return w.timerDefault(ctx, m)
	}
	return fmt.Errorf("queue default knows no %s", m.Kind)
}

func (w *World) timerDefault(ctx context.Context, m lambdakit.Work) error {
	due, ok, err := store.ReadTimer(w.t, m.Body)
	if err != nil {
		return err
	}
	if !ok {
		return errors.New("a timer of another company")
	}
	wanted := false
	switch what := (timer{due.Kind, due.Name}); what {
	case timer{ledger.OfAppointment, notify.CompleteTimer}:
		return w.calls.Complete(ctx, w.t, due.About)
	case timer{ledger.OfCallback, promise.Timer}:
		wanted, err = w.promises.Tend(ctx, w.t, due.About)
	case timer{ledger.OfCall, ledger.PollTimer}:
		wanted, err = w.calls.Poll(ctx, w.t, due.About)
	case timer{ledger.OfCall, keeper.WishTimer}:
		wanted, err = w.calls.Wish(ctx, w.t, due.About)
	default:
		return fmt.Errorf("queue default knows no timer %q of a %s", due.Name, due.Kind)
	}
	if err != nil || wanted {
		return err
	}
	return w.table.Take(ctx, w.t, due)
}

// timer is what is woken for what.
type timer struct {
	of   ledger.Kind
	name string
}

func (w *World) workNotifications(ctx context.Context, m lambdakit.Work) error {
	switch m.Kind {
	case store.KindTimer:
		due, ok, err := store.ReadTimer(w.t, m.Body)
		if err != nil {
			return err
		}
		if !ok || due.Name != notify.ReminderTimer {
			return fmt.Errorf("queue notifications knows no timer %q of this company", due.Name)
		}
		return w.notifier.Remind(ctx, w.t, due.About)
	case notify.KindSweep:
		return w.notifier.Sweep(ctx, w.t)
	}
	again, err := w.notifier.Handle(ctx, w.t, m.Kind, m.Body, m.Attempt)
	if err != nil || again.After == 0 {
		return err
	}
	m.Attempt++
	w.put("notifications", m, again.After)
	return nil
}

// check is the work of looking a booking up once more.
type check struct {
	AppointmentID string `json:"appointment_id"`
	Number        int    `json:"check"`
}

const (
	kindCheck       = "appointment.check"
	kindChangeCheck = "appointment.change_check"
)

func (w *World) workSync(ctx context.Context, m lambdakit.Work) error {
	config, err := w.table.Config(ctx, w.t)
	if err != nil {
		return err
	}
	switch m.Kind {
	case event.AppointmentRequested{}.Name(), kindCheck:
		var c check
		if err := json.Unmarshal(m.Body, &c); err != nil {
			return err
		}
		next, err := w.check(ctx, m, c)
		if err != nil || !next.Done {
			return err
		}
		return w.tally(ctx, c.AppointmentID)
	case event.AppointmentChangeRequested{}.Name(), kindChangeCheck:
		var c check
		if err := json.Unmarshal(m.Body, &c); err != nil {
			return err
		}
		_, err := w.checkChange(ctx, m, c)
		return err
	case store.KindTimer:
		due, ok, err := store.ReadTimer(w.t, m.Body)
		if err != nil {
			return err
		}
		look := map[string]func(context.Context, lambdakit.Work, check) (scheduling.Next, error){
			scheduling.CheckTimer: w.check, scheduling.ChangeTimer: w.checkChange,
		}[due.Name]
		if !ok || look == nil {
			return fmt.Errorf("queue sync knows no timer %q of this company", due.Name)
		}
		next, err := look(ctx, m, check{due.About, scheduling.LastCheck})
		if err != nil || next.Timer {
			return err
		}
		if next.Done {
			if err := w.tally(ctx, due.About); err != nil {
				return err
			}
		}
		return w.table.Take(ctx, w.t, due)
	case calcom.KindWebhook:
		notice, wanted, err := calcom.ReadWebhook(m.Body)
		if err != nil || !wanted {
			return err
		}
		return w.orLater(m, w.sched.Apply(ctx, w.t, config, notice))
	case reconcile.KindRound:
		again, err := w.rounds.Round(ctx, w.t, config)
		if err == nil && again > 0 {
			w.put("sync", m, again)
		}
		return err
	case hook.KindPrefetch, event.CallStarted{}.Name():
		var p hook.Prefetch
		if err := json.Unmarshal(m.Body, &p); err != nil {
			return err
		}
		branch, ok := config.Branch(p.BranchID)
		if !ok {
			return nil
		}
		usual := config.Bookable(branch.ID)
		return w.sched.Prefetch(ctx, w.t, config, branch, usual[:min(len(usual), 2)])
	}
	return fmt.Errorf("queue sync knows no %s", m.Kind)
}

// tally counts what became of a booking whose outcome is known.
func (w *World) tally(ctx context.Context, appointmentID string) error {
	a, ok, err := w.table.Appointment(ctx, w.t, appointmentID)
	if err != nil || !ok {
		return err
	}
	return w.table.Tally(ctx, w.t, a.CreatedAt, scheduling.Took(a))
}

// orLater lets a webhook wait until the calendar can be asked again.
func (w *World) orLater(m lambdakit.Work, err error) error {
	var refused *scheduling.Refused
	if !errors.As(err, &refused) {
		return err
	}
	if m.Attempt++; m.Attempt <= 12 {
		w.put("sync", m, time.Minute)
	}
	return nil
}

func (w *World) check(ctx context.Context, m lambdakit.Work, c check) (scheduling.Next, error) {
	next, err := w.sched.Check(ctx, w.t, w.config, c.AppointmentID, c.Number)
	if err != nil {
		return next, err
	}
	return next, w.putOff(m, kindCheck, c.AppointmentID, next)
}

func (w *World) checkChange(ctx context.Context, m lambdakit.Work, c check) (scheduling.Next, error) {
	next, err := w.sched.CheckChange(ctx, w.t, w.config, c.AppointmentID, c.Number)
	if err != nil {
		return next, err
	}
	return next, w.putOff(m, kindChangeCheck, c.AppointmentID, next)
}

func (w *World) putOff(m lambdakit.Work, kind, appointmentID string, next scheduling.Next) error {
	if next.Done || next.Timer {
		return nil
	}
	body, err := json.Marshal(check{appointmentID, next.Check})
	w.put("sync", lambdakit.Work{Kind: kind, Company: m.Company, At: m.At, Body: body}, next.After)
	return err
}
