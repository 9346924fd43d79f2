package keeper

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/notify"
	"github.com/askpro/gateway/internal/tenant"
)

// Remember enters a confirmed appointment into its customer's history, once: "Möchten Sie wieder …?" is asked from it. It
// also sets the timer of the appointment's reminder, or of its completion. Both are read off the appointment as it is now,
// so that the facts may come in any order.
func (k *Keeper) Remember(ctx context.Context, t tenant.ID, detail []byte) error {
	var e event.AppointmentConfirmed
	if err := json.Unmarshal(detail, &e); err != nil {
		return fmt.Errorf("read the event: %w", err)
	}
	return k.inHistory(ctx, t, e.AppointmentID, func(c *company.Config, a booking.Appointment) (step ledger.Step, off, enter bool) {
		if a.Status == booking.Confirmed {
			next := notify.NextTimer(c, a)
			step.SetTimers = []ledger.Timer{next}
			if a.Sequence > 0 { // the first time there is no other
				step.ClearTimers = []ledger.Timer{notify.OtherTimer(a, next)}
			}
		}
		return step, false, a.Active()
	})
}

// Forget notes that an appointment will not take place: its timers go, and unless it was never in the calendar, its
// customer's history says so.
func (k *Keeper) Forget(ctx context.Context, t tenant.ID, detail []byte) error {
	var e event.AppointmentCancelled
	if err := json.Unmarshal(detail, &e); err != nil {
		return fmt.Errorf("read the event: %w", err)
	}
	return k.inHistory(ctx, t, e.AppointmentID, func(_ *company.Config, a booking.Appointment) (step ledger.Step, off, enter bool) {
		if a.Status != booking.Cancelled {
			return step, false, false // it lives again
		}
		step.ClearTimers = []ledger.Timer{
			{Kind: ledger.OfAppointment, About: a.ID, Queue: "notifications", Name: notify.ReminderTimer},
			{Kind: ledger.OfAppointment, About: a.ID, Queue: "default", Name: notify.CompleteTimer},
		}
		return step, true, e.By != "system"
	})
}

// inHistory commits what an appointment asks for, with its line in the customer's history if it enters there; off: as a
// cancelled one.
func (k *Keeper) inHistory(ctx context.Context, t tenant.ID, id string, ask func(*company.Config, booking.Appointment) (step ledger.Step, off, enter bool)) error {
	return again(ctx, func() error {
		config, err := k.Store.Config(ctx, t)
		if err != nil {
			return err
		}
		a, ok, err := k.Store.Appointment(ctx, t, id)
		if err != nil || !ok {
			return err
		}
		step, off, enter := ask(config, a)
		if enter && a.CustomerID != "" {
			c, ok, err := k.Store.Customer(ctx, t, a.CustomerID)
			if err != nil {
				return err
			}
			next, changed := c.WithVisit(customer.Visit{AppointmentID: a.ID, ServiceID: a.ServiceID, StaffID: a.StaffID, Start: a.StartsAt.Unix(), Off: off})
			if ok && changed {
				step.Customer = &next
			}
		}
		return k.Store.Commit(ctx, t, &step)
	})
}

// Complete does what the timer behind an appointment's end is for: a confirmed one counts as completed. It may come
// twice, too early (the appointment was moved) or for one that was cancelled.
func (k *Keeper) Complete(ctx context.Context, t tenant.ID, appointmentID string) error {
	return again(ctx, func() error {
		a, ok, err := k.Store.Appointment(ctx, t, appointmentID)
		if err != nil {
			return err
		}
		timer := ledger.Timer{Kind: ledger.OfAppointment, About: appointmentID, Queue: "default", Name: notify.CompleteTimer, DueAt: a.CompleteAt()}
		step := &ledger.Step{ClearTimers: []ledger.Timer{timer}}
		switch {
		case !ok || a.Status != booking.Confirmed:
		case k.Now().Before(a.CompleteAt()):
			step = &ledger.Step{SetTimers: []ledger.Timer{timer}}
		default:
			a.Status = booking.Completed
			step.Appointments = []*booking.Appointment{&a}
		}
		return k.Store.Commit(ctx, t, step)
	})
}

// again repeats what somebody else's change came between, a few times.
func again(ctx context.Context, do func() error) error {
	for try := 0; ; try++ {
		err := do()
		if !ledger.ConflictOn(err) || try == 8 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(try+1) * 15 * time.Millisecond):
		}
	}
}
