package scheduling

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/ledger"
)

// cancelSegments cancels all segments of an appointment in the calendar, the last one first. It may be called again after
// any error: a segment that is cancelled already, or gone, is a success. After the first segment went every error is
// Unknown, whatever the calendar said: the appointment is no longer whole, and has to be ended.
func (s *Scheduler) cancelSegments(ctx context.Context, who Account, a booking.Appointment, reason string) error {
	went := false
	for _, x := range slices.Backward(a.Segments) {
		if x.UID == "" || x.SyncStatus == booking.SyncGone {
			continue
		}
		if err := s.Calendar.Cancel(ctx, who, x.UID, reason); err != nil {
			if went {
				return unknown(err)
			}
			return err
		}
		went = true
	}
	return nil
}

// changeSegments asks the calendar for the pending change of a composite appointment. Cancelling may always be asked for
// once more; of a move as says what is known.
func (s *Scheduler) changeSegments(ctx context.Context, who Account, a *booking.Appointment, as Asking) error {
	if a.Pending.Kind == booking.ToCancel {
		within, cancel := asking(ctx)
		defer cancel()
		return s.cancelSegments(within, who, *a, a.Pending.Reason)
	}
	return s.moveSegments(ctx, who, a, a.Pending.StartsAt, a.Pending.Reason, as)
}

// checkSegmentsChange looks after the pending change of a composite appointment where its call left it.
func (s *Scheduler) checkSegmentsChange(ctx context.Context, look changing, a booking.Appointment, check int) (Next, error) {
	if rest := a.Pending.At.Add(callEnds).Sub(s.Now()); rest > 0 { // its call may have it still
		return Next{Check: check, After: max(rest, time.Second)}, nil
	}
	as := Looking
	if check >= askAgainAt && a.Pending.AskedAgainAt == nil && a.Pending.Kind == booking.ToReschedule {
		now, p := s.Now(), *a.Pending
		p.AskedAgainAt = &now
		a.Pending, as = &p, Again
		if err := s.Store.Commit(ctx, look.t, &ledger.Step{Appointments: []*booking.Appointment{&a}}); err != nil {
			if ledger.ConflictOn(err) {
				return Next{Check: check, After: time.Second}, nil
			}
			return Next{}, err
		}
	}
	err := s.changeSegments(ctx, look.who, &a, as)
	last := check == len(checks)-1
	switch why := WhyOf(err); {
	case err == nil:
		return Next{Done: true}, s.settleChange(ctx, look, a, Booked{})
	case errors.Is(err, errOvertaken):
		return Next{Check: check, After: time.Second}, nil
	case why != Unknown && why != Resting && (last || a.Pending.Kind == booking.ToReschedule):
		s.noteRefusal(ctx, look.t, err)
		s.seeGone(ctx, look.who, &a)
		return Next{Done: true}, s.giveUpChange(ctx, look, a, "Der Kalender hat die Änderung abgelehnt.")
	case last && (a.Pending.Kind == booking.ToReschedule || s.Now().Sub(a.Pending.At) >= 24*time.Hour):
		s.seeGone(ctx, look.who, &a)
		return Next{Done: true}, s.giveUpChange(ctx, look, a, "Der Kalender hat die Änderung nicht angenommen.")
	case last:
		s.noteRefusal(ctx, look.t, err)
		return Next{Check: check, After: 5 * time.Minute}, nil
	}
	s.noteRefusal(ctx, look.t, err)
	return s.changeAt(ctx, look.t, a, check+1)
}

// seeGone notes which segments the calendar has no more, before a change is given up. One that cannot be read is taken to be there.
func (s *Scheduler) seeGone(ctx context.Context, who Account, a *booking.Appointment) {
	a.Segments = slices.Clone(a.Segments)
	for i, x := range a.Segments {
		b, err := s.follow(ctx, who, x.UID)
		if WhyOf(err) == Gone || (err == nil && !b.Live()) {
			a.Segments[i].SyncStatus = booking.SyncGone
		}
	}
}

// segmentsStatus is that of a booking that all segments were: pending while one waits for its host.
func segmentsStatus(a booking.Appointment) string {
	if slices.ContainsFunc(a.Segments, func(x booking.Segment) bool { return x.AwaitsHost }) {
		return "pending"
	}
	return "accepted"
}

// inOwnWay is where a part would go if the appointment began at start, when another segment of it stands there now: the
// calendar cannot know that this one will be gone. Zero: none does.
func inOwnWay(a booking.Appointment, part booking.Part, start time.Time) time.Time {
	for _, to := range a.PartsAt(start) {
		if len(a.Segments) == 0 || to.Segment != part.Segment {
			continue
		}
		for _, other := range a.Parts() {
			if other.Segment != to.Segment && other.Resource == to.Resource && other.Start.Before(to.End) && to.Start.Before(other.End) {
				return to.Start
			}
		}
	}
	return time.Time{}
}

// Asking says what is known of an earlier attempt at the same move.
type Asking int

const (
	// Afresh: the calendar was never asked.
	Afresh Asking = iota
	// Looking: it was asked and nobody knows what it did; it is only looked.
	Looking
	// Again: looked for long enough, and what surely did not happen may be asked for once more.
	Again
)

// moveSegments moves all segments of an appointment in the calendar, so that it begins at start, each by the same offset.
// Every segment that went is written down at once: its new uid and times, in a as well; the days of the appointment are
// left to whoever finishes the change. The outcome is nil (all are moved), an error that WhyOf knows (refused, and those
// that had gone are moved back), or Unknown: it may be called again, Looking or Again, and goes on from what the table and
// the calendar say.
func (s *Scheduler) moveSegments(ctx context.Context, who Account, a *booking.Appointment, start time.Time, reason string, as Asking) error {
	if torn(*a, start) {
		return &Refused{Why: Gone, Err: errors.New(reviewTorn)}
	}
	for _, i := range inOrder(*a, start) {
		target := a.Segments[i].StartFor(start)
		if a.Segments[i].StartsAt.Equal(target) {
			continue
		}
		err := s.moveSegment(ctx, who, a, i, target, reason, as)
		if err == nil {
			as = Afresh // none after it was ever asked for
			continue
		}
		if why := WhyOf(err); why == Unknown {
			return err
		} else if why == Resting && begun(*a, start) { // what cannot be asked for cannot be moved back either
			return unknown(err)
		}
		if back := s.moveBack(ctx, who, a, start); back != nil {
			return &Refused{Why: Unknown, Err: back}
		}
		return err
	}
	return nil
}

// torn tells whether a segment stands neither where the appointment is nor where it shall be, or is gone.
func torn(a booking.Appointment, start time.Time) bool {
	return slices.ContainsFunc(a.Segments, func(x booking.Segment) bool {
		return x.SyncStatus == booking.SyncGone || (!x.Begins().Equal(a.StartsAt) && !x.Begins().Equal(start))
	})
}

// begun tells whether a segment has moved already.
func begun(a booking.Appointment, start time.Time) bool {
	return slices.ContainsFunc(a.Segments, func(x booking.Segment) bool {
		return x.Begins().Equal(start) && !start.Equal(a.StartsAt)
	})
}

// inOrder are the segments in an order in which none is in another's way: later ones first when they move to a later time.
func inOrder(a booking.Appointment, start time.Time) []int {
	order := make([]int, len(a.Segments))
	for i := range order {
		order[i] = i
	}
	if start.After(a.StartsAt) {
		slices.Reverse(order)
	}
	return order
}

// moveBack returns the segments that had gone to start to where the appointment is, in reverse order.
func (s *Scheduler) moveBack(ctx context.Context, who Account, a *booking.Appointment, start time.Time) error {
	for _, i := range slices.Backward(inOrder(*a, start)) {
		home := a.Segments[i].StartFor(a.StartsAt)
		if a.Segments[i].StartsAt.Equal(home) {
			continue
		}
		if err := s.moveSegment(ctx, who, a, i, home, notMoved, Again); err != nil {
			return err
		}
	}
	return nil
}

// notMoved is told to the calendar with every segment that is moved back.
const notMoved = "Die Verschiebung war nicht möglich."

// moveSegment moves one segment, or the booking that replaced it meanwhile, and writes it down.
func (s *Scheduler) moveSegment(ctx context.Context, who Account, a *booking.Appointment, i int, to time.Time, reason string, as Asking) error {
	within, cancel := asking(ctx)
	defer cancel()
	uid := a.Segments[i].UID
	if as == Afresh {
		b, err := s.Calendar.Reschedule(within, who, uid, to, reason)
		if err == nil {
			return s.movedTo(ctx, who, a, i, b)
		} else if WhyOf(err) != Over {
			return err
		}
	}
	there, err := s.follow(within, who, uid)
	switch {
	case err != nil:
		return unknown(err)
	case there.Live() && there.Start.Equal(to):
		return s.movedTo(ctx, who, a, i, there)
	case as == Looking:
		return &Refused{Why: Unknown, Err: errNotSeen}
	case !there.Live():
		return &Refused{Why: Over, Err: errors.New("the segment was cancelled in the calendar")}
	}
	b, err := s.Calendar.Reschedule(within, who, there.UID, to, reason)
	if err != nil {
		return err
	}
	return s.movedTo(ctx, who, a, i, b)
}

// movedTo writes a segment's move down. Only whoever wrote it goes on: to all others it is an unknown outcome.
func (s *Scheduler) movedTo(ctx context.Context, who Account, a *booking.Appointment, i int, b Booked) error {
	for try := 0; ; try++ {
		now := *a
		x := moveOne(&now, i, b)
		now.ChangedAt = s.Now()
		step := &ledger.Step{Appointments: []*booking.Appointment{&now}}
		if x.UID != a.Segments[i].UID {
			step.Claims = []booking.Claim{{UID: x.UID, AppointmentID: a.ID, ChangedAt: now.ChangedAt}}
		}
		err := s.Store.Commit(ctx, who.Company, step)
		if err == nil {
			*a = now
			return nil
		}
		if try == len(confirmAgain) || wait(ctx, confirmAgain[try]) != nil {
			return unknown(err)
		}
		if fresh, ok, readErr := s.Store.Appointment(ctx, who.Company, a.ID); readErr == nil && ok {
			switch *a = fresh; {
			case fresh.Segments[i].UID == b.UID && fresh.ChangedAt.Equal(now.ChangedAt): // this very step, its answer was lost
				return nil
			case fresh.Segments[i].UID == b.UID, fresh.Pending == nil:
				return unknown(errOvertaken)
			}
		}
	}
}

// moveOne gives a segment of an appointment the time and uid of the booking that replaced its old one.
func moveOne(a *booking.Appointment, i int, b Booked) booking.Segment {
	a.Segments = slices.Clone(a.Segments)
	x := &a.Segments[i]
	if x.UID != "" && x.UID != b.UID && !slices.Contains(a.PreviousUIDs, x.UID) {
		a.PreviousUIDs = append(slices.Clone(a.PreviousUIDs), x.UID)
	}
	end := b.End
	if end.IsZero() {
		end = b.Start.Add(x.EndsAt.Sub(x.StartsAt))
	}
	x.UID, x.BookingID, x.StartsAt, x.EndsAt = b.UID, b.ID, b.Start.UTC(), end.UTC()
	x.SyncStatus, x.AwaitsHost = booking.Synced, b.Status == "pending"
	if i == 0 {
		a.UID, a.BookingID = x.UID, x.BookingID
	}
	return *x
}

var errNotSeen = errors.New("the segment is not seen to have moved")

// unknown makes an error that leaves the outcome open, whatever the calendar said to a question beside it.
func unknown(err error) error {
	if WhyOf(err) == Unknown {
		return err
	}
	return &Refused{Why: Unknown, Err: err}
}
