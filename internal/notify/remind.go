package notify

import (
	"context"
	"errors"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// The timers of an appointment's later life. One of them lives at a time: the reminder's, then that of its completion.
const (
	ReminderTimer = "reminder" // queue notifications
	CompleteTimer = "complete" // queue default
)

// KindSweep is the work of looking for reminders whose timers got lost: once an hour and company, on the queue
// notifications, without a body.
const KindSweep = "reminder.sweep"

// NextTimer is the timer that a confirmed appointment shall have: its next reminder's, or where there is none (left), or
// nobody to be reminded, that of its completion.
func NextTimer(c *company.Config, a booking.Appointment) ledger.Timer {
	if r, ok := nextReminder(c, a); ok {
		return reminderTimer(a, r.At)
	}
	return completeTimer(a)
}

// OtherTimer is the one that NextTimer is not: it goes when the other comes.
func OtherTimer(a booking.Appointment, next ledger.Timer) ledger.Timer {
	if next.Name == ReminderTimer {
		return completeTimer(a)
	}
	return reminderTimer(a, time.Time{})
}

func reminderTimer(a booking.Appointment, at time.Time) ledger.Timer {
	return ledger.Timer{Kind: ledger.OfAppointment, About: a.ID, Queue: "notifications", Name: ReminderTimer, DueAt: at}
}

func completeTimer(a booking.Appointment) ledger.Timer {
	return ledger.Timer{Kind: ledger.OfAppointment, About: a.ID, Queue: "default", Name: CompleteTimer, DueAt: a.CompleteAt()}
}

// nextReminder that was not sent yet, if the customer can be reached at all.
func nextReminder(c *company.Config, a booking.Appointment) (booking.Reminder, bool) {
	b, _ := c.Branch(a.BranchID)
	s, _ := c.Service(a.ServiceID)
	r, ok := a.NextReminder(s.ReminderPolicy, company.Zone(a.Timezone, b.Timezone))
	if !ok || len(Reaches(c, Reminder, a, func(string) bool { return false })) == 0 {
		return booking.Reminder{}, false
	}
	return r, true
}

// Remind does what a reminder's timer is for. Everything is asked anew: the appointment may have been moved or cancelled,
// reminded of already, or the timer may come too late. What is left to be waited for is a timer again.
func (n *Notifier) Remind(ctx context.Context, t tenant.ID, appointmentID string) error {
	for try := 0; ; try++ {
		err := n.remind(ctx, t, appointmentID)
		if !ledger.ConflictOn(err) || try == 4 {
			return err
		}
	}
}

func (n *Notifier) remind(ctx context.Context, t tenant.ID, id string) error {
	c, err := n.Store.Config(ctx, t)
	if err != nil {
		return err
	}
	a, ok, err := n.Store.Appointment(ctx, t, id)
	if err != nil {
		return err
	}
	if !ok || a.Status != booking.Confirmed { // who confirms it later sets a new one
		a.ID = id
		return n.Store.Commit(ctx, t, &ledger.Step{ClearTimers: []ledger.Timer{reminderTimer(a, time.Time{})}})
	}
	now, x := n.Now(), n.about(c, a)
	next, ok := nextReminder(c, a)
	if ok {
		next.At = booking.Awake(latest(next.At, now), x.zone())
	}
	switch {
	case ok && !next.At.Before(next.Start): // too late
		return n.goOn(ctx, t, c, a, next.Start, false)
	case !ok || next.At.After(now):
		return n.wait(ctx, t, a, ok, next.At)
	}
	f, err := n.reminding(ctx, t, c, a, next)
	if err != nil {
		return err
	}
	o, err := n.sendAll(ctx, t, f.messages)
	switch {
	case o.busy: // the timer stays, whoever is at it sees to it
		return nil
	case o.again > 0:
		return n.wait(ctx, t, a, true, now.Add(o.again))
	case err != nil && !errors.Is(err, errGivenUp):
		return err
	}
	return n.goOn(ctx, t, c, a, now, err == nil && len(f.messages) > 0)
}

// wait sets the timer that is to come next.
func (n *Notifier) wait(ctx context.Context, t tenant.ID, a booking.Appointment, remind bool, at time.Time) error {
	if remind {
		return n.Store.Commit(ctx, t, &ledger.Step{SetTimers: []ledger.Timer{reminderTimer(a, at)}})
	}
	return n.Store.Commit(ctx, t, &ledger.Step{SetTimers: []ledger.Timer{completeTimer(a)}, ClearTimers: []ledger.Timer{reminderTimer(a, at)}})
}

// goOn sets what comes after a reminder was sent, or was not and will not be: the next part's, or the completion.
func (n *Notifier) goOn(ctx context.Context, t tenant.ID, c *company.Config, a booking.Appointment, at time.Time, sent bool) error {
	before := a.ReminderSentAt
	a.ReminderSentAt = &at
	next := NextTimer(c, a)
	step := &ledger.Step{SetTimers: []ledger.Timer{next}}
	if next.Name != ReminderTimer {
		step.ClearTimers = []ledger.Timer{OtherTimer(a, next)}
	}
	if a.ReminderSentAt = before; sent {
		a.ReminderSentAt = &at
		step.Appointments = []*booking.Appointment{&a}
	}
	return n.Store.Commit(ctx, t, step)
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// How far ahead a sweep looks, and how many appointments of a branch it looks at.
const (
	sweepFrom = 23 * time.Hour
	sweepTo   = 25 * time.Hour
	sweepMost = 2000
)

// Sweep gives the appointments that start in about a day, and whose reminder is due and was not sent, their timer (back).
func (n *Notifier) Sweep(ctx context.Context, t tenant.ID) error {
	c, err := n.Store.Config(ctx, t)
	if err != nil {
		return err
	}
	now := n.Now()
	for _, b := range c.Branches {
		ids, err := n.Store.AppointmentIDs(ctx, t, b.ID, now.Add(sweepFrom), now.Add(sweepTo), sweepMost)
		if err != nil {
			return err
		}
		for _, id := range ids {
			a, ok, err := n.Store.Appointment(ctx, t, id)
			if err != nil {
				return err
			}
			if !ok || a.Status != booking.Confirmed {
				continue
			}
			// One that comes later in the night or the morning is not due within this window: it is set here.
			if r, ok := nextReminder(c, a); ok && (!r.At.After(now) || r.At.After(r.Start.Add(-booking.RemindBefore))) {
				if err := n.wait(ctx, t, a, true, r.At); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
