package scheduling

import (
	"context"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/callback"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// promiseNewDate adds a callback to a step: the host cancelled and asks for another date (§13.2). Once per appointment, and
// only where there is a number.
func (s *Scheduler) promiseNewDate(ctx context.Context, t tenant.ID, c *company.Config, step *ledger.Step, branch company.Branch, a *booking.Appointment) error {
	if a.NewDateWished {
		return nil
	}
	a.NewDateWished = true
	return s.promise(ctx, t, c, branch, *a, callback.ToReschedule, callback.Normal, "Der Termin wurde im Kalender abgesagt, und es wird ein neuer gesucht.", step)
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
	if err := s.promiseNewDate(ctx, t, c, step, branch, &a); err != nil {
		return err
	}
	return s.Store.Commit(ctx, t, step)
}
