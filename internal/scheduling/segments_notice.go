package scheduling

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// reviewTorn: somebody moved or cancelled one segment in the calendar and left the others.
const reviewTorn = "a segment was changed alone in the calendar"

// segmentOf is the segment that a booking is, or replaces; -1 when it is none of the appointment's.
func segmentOf(a booking.Appointment, n Notice) int {
	for _, is := range []func(booking.Segment) bool{
		func(x booking.Segment) bool { return x.UID != "" && x.UID == n.UID },
		func(x booking.Segment) bool { return x.UID != "" && x.UID == n.RescheduleUID },
		func(x booking.Segment) bool { return x.Key == n.Metadata[MetaSegment] },
	} {
		if i := slices.IndexFunc(a.Segments, is); i >= 0 {
			return i
		}
	}
	return -1
}

// sameSegment tells whether a booking says nothing new of a composite appointment.
func sameSegment(a booking.Appointment, b Booked) bool {
	i := slices.IndexFunc(a.Segments, func(x booking.Segment) bool { return x.UID != "" && x.UID == b.UID })
	if !b.Live() {
		return i < 0 || !a.Active() || a.Segments[i].SyncStatus != booking.Synced
	}
	return i >= 0 && a.Active() && a.Segments[i].StartsAt.Equal(b.Start) && a.Segments[i].SyncStatus == booking.Synced &&
		a.Segments[i].AwaitsHost == (b.Status == "pending")
}

// applySegment brings a composite appointment into agreement with a notice about one of its segments. Our own doings are
// not news: who books, moves or takes back reads the calendar itself. What the staff do to one segment alone tears the
// appointment, which is for people to mend; what they do to all of them is done to the appointment.
func (s *Scheduler) applySegment(ctx context.Context, t tenant.ID, c *company.Config, a booking.Appointment, n Notice) error {
	branch, ok := c.Branch(a.BranchID)
	if !ok {
		return fmt.Errorf("appointment %s: its branch is gone from the configuration", a.ID)
	}
	i := segmentOf(a, n)
	if i < 0 || sameSegment(a, n.Booked) || slices.Contains(a.PreviousUIDs, n.UID) || (!n.Live() && n.RescheduledTo != "") {
		return nil
	}
	switch {
	case a.Status == booking.Cancelled:
		return s.strayed(ctx, t, c, n)
	case !a.Active(), a.Pending != nil, a.PendingReason == takingBack:
		return nil
	case a.PendingReason == "calendar":
		if n.Live() || broken(a) {
			return nil
		}
		a = fail(a, i, "cancelled in the calendar") // the host says no while the others are being booked
		return s.Store.Commit(ctx, t, &ledger.Step{Appointments: []*booking.Appointment{&a}})
	}
	late := s.Now().Sub(n.SentAt) > staleAfter || n.SentAt.Before(a.ChangedAt.Add(-time.Second))
	if uid := a.Segments[i].UID; late || !n.Live() || (n.UID != uid && n.RescheduleUID != uid) {
		// An end may be that of a move's old booking, and a move one that another has followed: the calendar says what is now.
		state, err := s.follow(ctx, forJob(t, c), n.UID)
		switch {
		case err != nil && WhyOf(err) != Gone:
			return fmt.Errorf("look up segment %s of %s: %w", a.Segments[i].Key, a.ID, err)
		case err == nil && sameSegment(a, state):
			return nil
		case err == nil && state.Live():
			n.RescheduleUID, n.Booked = n.UID, state
		case n.UID != uid: // it is over, and was not the one we know
			return nil
		case err == nil:
			n.Booked.Status = state.Status
		}
	}
	if !n.Live() {
		return s.segmentGone(ctx, t, c, branch, a, i, n)
	}
	return s.segmentMoved(ctx, t, c, branch, a, i, n)
}

// putSegment brings a composite appointment into agreement with a segment that was found in the calendar without a notice.
func (s *Scheduler) putSegment(ctx context.Context, t tenant.ID, c *company.Config, a booking.Appointment, b Booked) (Did, error) {
	if err := s.applySegment(ctx, t, c, a, Notice{Booked: b, SentAt: b.UpdatedAt}); err != nil {
		return Nothing, err
	}
	fresh, _, err := s.Store.Appointment(ctx, t, a.ID)
	switch {
	case err != nil, fresh.Version == a.Version:
		return Nothing, err
	case a.Active() && !fresh.Active():
		return Ended, nil
	}
	return Corrected, nil
}

// strayed cancels a booking that stands in the calendar though its appointment is over: it landed after it was taken back.
func (s *Scheduler) strayed(ctx context.Context, t tenant.ID, c *company.Config, n Notice) error {
	if !n.Live() {
		return nil
	}
	b, err := s.Calendar.Booking(ctx, forJob(t, c), n.UID)
	if WhyOf(err) == Gone || (err == nil && !b.Live()) {
		return nil
	}
	if err == nil {
		err = s.Calendar.Cancel(ctx, forJob(t, c), n.UID, notBooked)
	}
	if err != nil {
		s.Alarm(ctx, AlarmOrphan, t.String())
		return fmt.Errorf("cancel booking %s of an appointment that is over: %w", n.UID, err)
	}
	return nil
}

// segmentGone takes a segment out that was cancelled in the calendar. A host who does not approve, and staff who have
// cancelled all the others too, end the appointment.
func (s *Scheduler) segmentGone(ctx context.Context, t tenant.ID, c *company.Config, branch company.Branch, a booking.Appointment, i int, n Notice) error {
	was := a
	a.Segments = slices.Clone(a.Segments)
	a.Segments[i].SyncStatus = booking.SyncGone
	if a.Status == booking.Pending { // not approved
		if err := s.cancelSegments(ctx, forJob(t, c), a, notBooked); err != nil {
			return fmt.Errorf("cancel the other segments of %s: %w", a.ID, err)
		}
	}
	known, err := s.Store.Gather(ctx, t, askOf(Plan{Branch: branch}, was))
	if err != nil {
		return err
	}
	if a.Status == booking.Pending || len(a.Parts()) == 0 {
		was.NeedsReview, was.ReviewReason = false, ""
		return s.Store.Commit(ctx, t, s.allCancelled(t, branch, was, n, known))
	}
	a.ChangedAt = latest(n.SentAt, a.ChangedAt)
	step := &ledger.Step{Appointments: []*booking.Appointment{&a}, Days: placed(known, branch, a.ID, was.Parts(), a.Parts(), s.Now())}
	s.reviewTear(ctx, t, step, &a)
	return s.Store.Commit(ctx, t, step)
}

// allCancelled is the step for an appointment whose last segment was cancelled in the calendar.
func (s *Scheduler) allCancelled(t tenant.ID, branch company.Branch, a booking.Appointment, n Notice, known ledger.Known) *ledger.Step {
	now := s.Now()
	a.Status, a.PendingReason = booking.Cancelled, ""
	a.CancelledAt, a.CancelledBy, a.CancellationSource, a.CancellationReason = &now, whoCancelled(n.Booked, a), "calcom_webhook", n.Reason
	a.SyncStatus, a.ChangedAt = booking.Synced, latest(n.SentAt, a.ChangedAt)
	a.Sequence++
	step := &ledger.Step{Appointments: []*booking.Appointment{&a}}
	s.free(step, a, branch, known)
	step.Changes = []booking.Change{{
		ID: s.NewID(), AppointmentID: a.ID, CustomerID: a.CustomerID, Type: "cancel", ActorType: a.CancelledBy, Via: "calcom", Reason: n.Reason,
		OldStartsAt: a.StartsAt, NoticeMinutes: int(a.StartsAt.Sub(now) / time.Minute), CreatedAt: now,
	}}
	step.Events = []event.Event{event.AppointmentCancelled{Head: s.head(t, 10+a.Sequence), AppointmentID: a.ID, CallID: a.CallID, By: a.CancelledBy, Reason: n.Reason, Version: a.Sequence}}
	return step
}

// segmentMoved gives a segment the time, uid, staff or approval that it has in the calendar. When all have moved by the same
// offset, the appointment has.
func (s *Scheduler) segmentMoved(ctx context.Context, t tenant.ID, c *company.Config, branch company.Branch, a booking.Appointment, i int, n Notice) error {
	was := a
	x := moveOne(&a, i, n.Booked)
	if uid := n.RescheduleUID; uid != "" && uid != x.UID && !slices.Contains(a.PreviousUIDs, uid) {
		a.PreviousUIDs = append(slices.Clone(a.PreviousUIDs), uid) // of a move between that we have not heard of, or not yet
	}
	s.segmentToHost(c, &a, i, n.Host)
	a.ChangedAt = latest(n.SentAt, a.ChangedAt)
	step := &ledger.Step{Appointments: []*booking.Appointment{&a}}
	if x.UID != was.Segments[i].UID {
		step.Claims = []booking.Claim{{UID: x.UID, AppointmentID: a.ID, ChangedAt: a.ChangedAt}}
	}
	var known ledger.Known
	if err := s.placeSegments(ctx, t, step, branch, was, a, &known); err != nil {
		return err
	}
	start, together := startOf(a)
	switch {
	case !together:
		s.reviewTear(ctx, t, step, &a)
		return s.Store.Commit(ctx, t, step)
	default:
		unflag(&a, reviewTorn)
	}
	if !start.Equal(a.StartsAt) {
		s.wholeMoved(t, step, &a, start, n, known)
	}
	if a.Status == booking.Pending && !slices.ContainsFunc(a.Segments, func(x booking.Segment) bool { return x.AwaitsHost }) {
		s.whole(t, step, &a)
	}
	return s.Store.Commit(ctx, t, step)
}

// startOf is when an appointment begins by what its segments say; false when they do not say the same.
func startOf(a booking.Appointment) (time.Time, bool) {
	var start time.Time
	for i, x := range a.Segments {
		if x.SyncStatus == booking.SyncGone || (i > 0 && !x.Begins().Equal(start)) {
			return start, false
		}
		start = x.Begins()
	}
	return start, true
}

// wholeMoved gives the appointment the time that all of its segments have.
func (s *Scheduler) wholeMoved(t tenant.ID, step *ledger.Step, a *booking.Appointment, start time.Time, n Notice, known ledger.Known) {
	now, old := s.Now(), a.StartsAt
	a.StartsAt, a.EndsAt, a.PreviousStartsAt = start, start.Add(a.EndsAt.Sub(a.StartsAt)), &old
	a.Sequence++
	if known.Card.CustomerID != "" {
		card := known.Card.With(customer.Upcoming{AppointmentID: a.ID, ServiceID: a.ServiceID, StaffID: a.StaffID, Start: a.StartsAt.Unix(), End: a.EndsAt.Unix()}, now)
		step.Card = &card
	}
	step.Changes = append(step.Changes, booking.Change{
		ID: s.NewID(), AppointmentID: a.ID, CustomerID: a.CustomerID, Type: "reschedule", ActorType: "staff", Via: "calcom", Reason: n.Reason,
		OldStartsAt: old, NewStartsAt: a.StartsAt, NoticeMinutes: int(old.Sub(now) / time.Minute), CreatedAt: now,
	})
	if a.Status == booking.Confirmed {
		step.Events = append(step.Events, event.AppointmentConfirmed{Head: s.head(t, 10+a.Sequence), AppointmentID: a.ID, CallID: a.CallID, Version: a.Sequence})
	}
}

// reviewTear asks people to look at an appointment that was torn, and tells the branch once.
func (s *Scheduler) reviewTear(ctx context.Context, t tenant.ID, step *ledger.Step, a *booking.Appointment) {
	if !flag(a, reviewTorn) {
		return
	}
	s.Alarm(ctx, AlarmReview, t.String())
	step.Events = append(step.Events, event.AppointmentNeedsReview{Head: s.head(t, 20+a.Sequence), AppointmentID: a.ID, Reason: reviewTorn})
}
