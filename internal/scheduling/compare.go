package scheduling

import (
	"context"
	"slices"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// Comparison is how a booking was found that nobody told us of. Quiet: should it be new to us, it is old, and nobody is told.
type Comparison struct{ Quiet bool }

// Put brings what we have into agreement with a booking that was found in the calendar. seen are the bookings found with
// it, by uid, so that a move need not be asked for. Of a booking that ended before we heard of it nothing is kept.
func (s *Scheduler) Put(ctx context.Context, t tenant.ID, c *company.Config, b Booked, seen map[string]Booked, how Comparison) (did Did, err error) {
	err = s.again(ctx, func() error {
		did, err = s.put(ctx, t, c, b, seen, how)
		return err
	})
	if err == nil {
		err = s.learnHost(ctx, t, c, b.Host)
	}
	return did, err
}

func (s *Scheduler) put(ctx context.Context, t tenant.ID, c *company.Config, b Booked, seen map[string]Booked, how Comparison) (Did, error) {
	a, claim, err := s.match(ctx, t, b)
	if err != nil {
		return Nothing, err
	}
	if a != nil && len(a.Segments) > 0 {
		return s.putSegment(ctx, t, c, *a, b)
	}
	l, err := s.lifeOf(ctx, forJob(t, c), b.UID, seen, a)
	if err == nil && a == nil {
		a, claim, err = s.match(ctx, t, l.now, l.uidsBefore()...)
	}
	if err != nil {
		return Nothing, err
	}
	n := news{via: "calcom", kind: "corrected", at: l.now.UpdatedAt}
	switch {
	case a != nil && agrees(c, *a, l):
		return s.agreed(ctx, t, *a, l.now)
	case a != nil:
		return s.bring(ctx, t, c, *a, l, n)
	case !l.now.Live():
		return Nothing, nil
	}
	n.quiet = how.Quiet
	return s.adopt(ctx, t, c, claim, l, n)
}

// Settled tells whether Put would have nothing to do about a booking.
func Settled(c *company.Config, a booking.Appointment, b Booked) bool {
	if len(a.Segments) > 0 {
		return sameSegment(a, b)
	}
	if slices.Contains(a.PreviousUIDs, b.UID) {
		return true
	}
	return agrees(c, a, life{now: b}) && !unmarked(a, b) && !unflag(&a, reviewGone, reviewOlder, reviewUnasked)
}

// unmarked tells whether the calendar knows that the attendee did not come, and we do not.
func unmarked(a booking.Appointment, b Booked) bool {
	return b.Absent && (a.Status == booking.Confirmed || a.Status == booking.Completed)
}

// agreed takes back what a person was asked about because of the calendar, and notes who did not come. That somebody came
// after all is left to the staff: they may have marked it themselves.
func (s *Scheduler) agreed(ctx context.Context, t tenant.ID, a booking.Appointment, b Booked) (Did, error) {
	if unmarked(a, b) {
		return Corrected, s.mark(ctx, t, a, true, b.UpdatedAt)
	}
	if !unflag(&a, reviewGone, reviewOlder, reviewUnasked) {
		return Nothing, nil
	}
	return Repaired, s.Store.Commit(ctx, t, &ledger.Step{Appointments: []*booking.Appointment{&a}})
}

// Missing looks for a booking of an appointment that a list of the calendar did not have: the appointment is brought to
// where it is now, or a person has to look. Nothing is deleted.
func (s *Scheduler) Missing(ctx context.Context, t tenant.ID, c *company.Config, a booking.Appointment, uid string) (did Did, err error) {
	l, err := s.lifeOf(ctx, forJob(t, c), uid, nil, &a)
	if err == nil {
		return s.Put(ctx, t, c, l.now, map[string]Booked{l.now.UID: l.now}, Comparison{})
	}
	if WhyOf(err) != Gone {
		return Nothing, err
	}
	err = s.again(ctx, func() error {
		fresh, ok, err := s.Store.Appointment(ctx, t, a.ID)
		if err != nil || !ok || !fresh.Active() || !slices.Contains(fresh.UIDs(), uid) {
			return err
		}
		did, err = s.review(ctx, t, fresh, reviewGone)
		return err
	})
	return did, err
}

// Double asks a person to look at an appointment whose customer has another one at the same time.
func (s *Scheduler) Double(ctx context.Context, t tenant.ID, id string) (did Did, err error) {
	err = s.again(ctx, func() error {
		a, ok, err := s.Store.Appointment(ctx, t, id)
		if err != nil || !ok || !a.Active() {
			return err
		}
		did, err = s.review(ctx, t, a, reviewDouble)
		return err
	})
	return did, err
}

// Took tells whether the calendar did its part in a booking whose outcome is known: it took it, or said why not.
func Took(a booking.Appointment) bool {
	if a.Status != booking.Cancelled || a.CancelledBy != "system" {
		return a.SyncStatus != booking.SyncFailed
	}
	switch Result(a.CancellationReason) {
	case WasTaken, WasTooSoon, WasPast, HasTooMany:
		return true
	}
	return false
}
