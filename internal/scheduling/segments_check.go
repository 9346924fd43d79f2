package scheduling

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/ledger"
)

// Figures of the job that looks after segments.
const (
	callEnds   = 12 * time.Second // after its begin no call goes on with a booking: the function's time limit and a little
	partlyFrom = 5 * time.Minute  // a composite booked in part for so long is an alarm (§12.2)
)

// AlarmPartly: some segments of an appointment are booked for five minutes, and others are not.
const AlarmPartly = "partly_booked"

// askedAt is when the calendar was asked for what is under way; the checks of §10.8 count from it.
func askedAt(a booking.Appointment) time.Time {
	if a.AskedAt.IsZero() {
		return a.CreatedAt
	}
	return a.AskedAt
}

// checkSegments looks after a composite appointment where its call left it. The segment under way is looked up as any
// unknown outcome (§10.8): found, it is written down and the next ones are booked; surely absent, it is asked for once
// more; refused, what is booked is cancelled in reverse order.
func (s *Scheduler) checkSegments(ctx context.Context, job checking, a booking.Appointment) (Next, error) {
	if s.stillCalling(a) {
		return Next{Check: job.check, After: max(a.CreatedAt.Add(callEnds).Sub(s.Now()), time.Second)}, nil
	}
	if partly(a) && s.Now().Sub(a.CreatedAt) >= partlyFrom {
		s.Alarm(ctx, AlarmPartly, job.t.String())
	}
	if a.PendingReason == takingBack || broken(a) {
		return s.undo(ctx, job, a)
	}
	i := underWay(a)
	if i < 0 {
		return Next{}, fmt.Errorf("appointment %s is pending though all of its segments are booked", a.ID)
	}
	found, is, err := s.findSegment(ctx, forJob(job.t, job.config), a, i)
	if err != nil {
		s.noteRefusal(ctx, job.t, err)
		return s.later(ctx, job, a)
	}
	switch {
	case is && found.Live():
		return s.goOn(ctx, job, a, i, found)
	case is: // it was there and was cancelled
		return s.fallen(ctx, job, a, i, "cancelled in the calendar")
	case job.check == len(checks)-1:
		return s.fallen(ctx, job, a, i, "not in the calendar")
	case job.check >= askAgainAt && a.AskedAgainAt == nil:
		return s.askSegmentAgain(ctx, job, a, i)
	}
	return s.at(ctx, job.t, a, job.check+1)
}

// askSegmentAgain makes the one repeated POST of a segment; that it was decided is written down first.
func (s *Scheduler) askSegmentAgain(ctx context.Context, job checking, a booking.Appointment, i int) (Next, error) {
	now := s.Now()
	a.AskedAgainAt, a.SyncStatus = &now, booking.SyncUnknown
	if err := s.Store.Commit(ctx, job.t, &ledger.Step{Appointments: []*booking.Appointment{&a}}); err != nil {
		if ledger.ConflictOn(err) {
			return Next{Check: job.check, After: time.Second}, nil
		}
		return Next{}, err
	}
	return s.askOn(ctx, job, a, i)
}

// askOn asks for a segment and then for the rest of them.
func (s *Scheduler) askOn(ctx context.Context, job checking, a booking.Appointment, i int) (Next, error) {
	b, err := s.ask(ctx, forJob(job.t, job.config), a, i, "repeat#"+a.ID)
	switch why := WhyOf(err); {
	case err == nil:
		return s.goOn(ctx, job, a, i, b)
	case why == Unknown || why == Resting:
		s.noteRefusal(ctx, job.t, err)
		if a.AskedAgainAt != nil {
			return s.at(ctx, job.t, a, min(job.check+1, len(checks)-1))
		}
		return s.at(ctx, job.t, a, 0)
	default:
		s.noteRefusal(ctx, job.t, err)
		return s.fallen(ctx, job, a, i, string(why))
	}
}

// goOn writes a segment's booking down and asks for the next one, until all are booked.
func (s *Scheduler) goOn(ctx context.Context, job checking, a booking.Appointment, i int, b Booked) (Next, error) {
	known := ledger.Known{}
	err := s.advance(ctx, job.t, job.config, job.branch, &a, i, b, &known, nil)
	switch {
	case errors.Is(err, errOvertaken):
		return Next{Check: 0, After: time.Second}, nil // whoever it was, the table says what is left to do
	case err != nil:
		return s.unrecorded(ctx, job, a, b, err)
	case i == len(a.Segments)-1:
		return Next{Done: true}, nil
	}
	return s.askOn(ctx, job, a, i+1)
}

// settleSegment goes on with an appointment whose segment under way was found, whoever found it. Any other booking of it is
// known or will be looked for.
func (s *Scheduler) settleSegment(ctx context.Context, job checking, a booking.Appointment, b Booked) error {
	i := underWay(a)
	if i < 0 || broken(a) || a.PendingReason != "calendar" || !isSegment(b, a, i) || s.stillCalling(a) {
		return nil
	}
	_, err := s.goOn(ctx, job, a, i, b)
	return err
}

// stillCalling tells whether the call that books an appointment may still be at it.
func (s *Scheduler) stillCalling(a booking.Appointment) bool {
	return a.SyncStatus != booking.SyncUnknown && s.Now().Before(a.CreatedAt.Add(callEnds))
}

// unrecorded: a booking was made or found that cannot be written down. It is tried again; when it still cannot be after a
// minute, all of the appointment's bookings are cancelled, and the next check finds them so (§10.9).
func (s *Scheduler) unrecorded(ctx context.Context, job checking, a booking.Appointment, b Booked, cause error) (Next, error) {
	if job.check < askAgainAt {
		return s.at(ctx, job.t, a, job.check+1)
	}
	who := forJob(job.t, job.config)
	err := s.Calendar.Cancel(ctx, who, b.UID, notBooked)
	if err = errors.Join(err, s.cancelSegments(ctx, who, a, notBooked)); err != nil {
		s.Alarm(ctx, AlarmOrphan, job.t.String())
		return Next{}, fmt.Errorf("segments of %s stand in the calendar only, writing (%w) and cancelling failed: %w", a.ID, cause, err)
	}
	if job.check == len(checks)-1 {
		return Next{}, cause
	}
	return s.at(ctx, job.t, a, job.check+1)
}

// fallen notes that a segment cannot be had, and undoes the others.
func (s *Scheduler) fallen(ctx context.Context, job checking, a booking.Appointment, i int, why string) (Next, error) {
	a = fail(a, i, why)
	if err := s.Store.Commit(ctx, job.t, &ledger.Step{Appointments: []*booking.Appointment{&a}}); err != nil {
		if ledger.ConflictOn(err) {
			return Next{Check: job.check, After: time.Second}, nil
		}
		return Next{}, err
	}
	return s.undo(ctx, job, a)
}

// undo cancels the segments that are booked, the last one first, and ends the appointment: quietly where the caller heard
// of it, else the customer is told and promised a call.
func (s *Scheduler) undo(ctx context.Context, job checking, a booking.Appointment) (Next, error) {
	if err := s.cancelSegments(ctx, forJob(job.t, job.config), a, notBooked); err != nil {
		s.noteRefusal(ctx, job.t, err)
		return s.later(ctx, job, a)
	}
	if a.PendingReason == takingBack {
		return Next{Done: true}, s.giveBack(ctx, job.t, job.branch, a)
	}
	return Next{Done: true}, s.giveUp(ctx, job, a, a.SyncError)
}
