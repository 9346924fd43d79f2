package scheduling

import (
	"context"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/callback"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// promiseNewDate adds a callback to a step: the host cancelled and asks for another date (§13.2). Once per appointment, and
// only where there is a number; one that is open for the same wish stands for both.
func (s *Scheduler) promiseNewDate(t tenant.ID, step *ledger.Step, branch company.Branch, a *booking.Appointment) {
	if a.NewDateWished {
		return
	}
	a.NewDateWished = true
	const action = "reschedule"
	now := s.Now()
	if a.AttendeePhone == "" {
		return
	}
	if step.Card != nil && step.Card.Key == a.AttendeePhone {
		if _, open := step.Card.OpenCallback(branch.ID, action, now); open {
			return
		}
	}
	r := &callback.Request{
		ID: s.NewID(), BranchID: branch.ID, CustomerID: a.CustomerID, CallID: a.CallID, ServiceID: a.ServiceID, StaffID: a.StaffID,
		Phone: a.AttendeePhone, Name: a.AttendeeName, Priority: callback.Normal, Status: callback.Pending, Action: action,
		Reason: "Der Termin wurde im Kalender abgesagt, und es wird ein neuer gesucht.", AppointmentID: a.ID, WishedAt: &a.StartsAt, CreatedAt: now,
	}
	r.PromisedUntil, r.ExpiresAt = callback.Promise(branch, r.Priority, now)
	step.Callback = r
	step.Events = append(step.Events, event.CallbackRequested{Head: s.head(t, 4), CallbackID: r.ID, CallID: a.CallID})
	if step.Card != nil && step.Card.Key == a.AttendeePhone {
		card := step.Card.WithCallback(customer.Open{CallbackID: r.ID, BranchID: branch.ID, Action: action, At: now.Unix()}, now)
		step.Card = &card
	}
}

// wishNewDate does the same for a cancellation that was known before.
func (s *Scheduler) wishNewDate(ctx context.Context, t tenant.ID, c *company.Config, a booking.Appointment) error {
	branch, ok := c.Branch(a.BranchID)
	if !ok || a.NewDateWished || a.Status != booking.Cancelled {
		return nil
	}
	known, err := s.Store.Gather(ctx, t, ledger.Ask{Card: a.ContactKey})
	if err != nil {
		return err
	}
	step := &ledger.Step{Appointments: []*booking.Appointment{&a}}
	if known.Card.Version > 0 {
		step.Card = &known.Card
	}
	s.promiseNewDate(t, step, branch, &a)
	return s.Store.Commit(ctx, t, step)
}
