package scheduling

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// staleAfter is the age from which a webhook is no longer believed: its signature carries no time (§13.2).
const staleAfter = 10 * time.Minute

// Notice is what the calendar told us without being asked. SentAt is when it says it did.
type Notice struct {
	Booked
	SentAt          time.Time
	RescheduleUID   string    // of the booking this one replaces
	RescheduleStart time.Time // its start
	NewDateWished   bool      // the host cancelled and asks for another date
	// NoShows says by address who came (false) and who did not; nil: the notice is about the booking itself.
	NoShows map[string]bool
}

// AlarmUnknownEventType: a booking came in for an event type that no service has.
const AlarmUnknownEventType = "unknown_event_type"

// Apply brings our record into agreement with what a notice tells of. Webhooks come twice, late and in any order, so it
// compares states: a second delivery changes nothing, and whatever comes first leads to what the calendar has now, with all
// the uids that a booking had on the way. Bookings that are not ours become appointments of ours; those of an event type
// nobody knows only block their host.
func (s *Scheduler) Apply(ctx context.Context, t tenant.ID, c *company.Config, n Notice) error {
	if n.UID == "" {
		return nil
	}
	err := s.again(ctx, func() error { return s.apply(ctx, t, c, n) })
	if err == nil {
		err = s.learnHost(ctx, t, c, n.Host)
	}
	return err
}

// again repeats what met somebody else's change: read again, decide again.
func (s *Scheduler) again(ctx context.Context, do func() error) error {
	for try := 0; ; try++ {
		err := do()
		if !ledger.ConflictOn(err) || try == 6 {
			return err
		}
		if err := wait(ctx, time.Duration(try+1)*20*time.Millisecond); err != nil {
			return err
		}
	}
}

func (s *Scheduler) apply(ctx context.Context, t tenant.ID, c *company.Config, n Notice) error {
	a, claim, err := s.match(ctx, t, n.Booked, n.RescheduleUID)
	if err != nil {
		return err
	}
	late := s.Now().Sub(n.SentAt) > staleAfter || n.SentAt.Before(lastChange(a, claim).Add(-time.Second))
	switch {
	case a != nil && n.NoShows != nil:
		return s.applyNoShow(ctx, t, c, *a, n, late)
	case a != nil && len(a.Segments) > 0:
		return s.applySegment(ctx, t, c, *a, n)
	case a != nil && heard(c, *a, n):
		if n.NewDateWished {
			return s.wishNewDate(ctx, t, c, *a)
		}
		return nil
	}
	// A notice tells what was, the calendar knows what is: the booking is read, and of it what became of it and what it was
	// before. A late notice is not believed at all; a fresh one where the calendar cannot be asked, or answers what we know
	// already (its own words may be quicker than its memory).
	l, err := s.lifeOf(ctx, forJob(t, c), n.UID, nil, a)
	s.noteRefusal(ctx, t, err)
	if err == nil && a == nil {
		if a, claim, err = s.match(ctx, t, l.now, l.uidsBefore()...); err != nil {
			return err
		}
	}
	told := told(n)
	switch {
	case err == nil && a != nil && !late && !l.now.UpdatedAt.After(n.SentAt.Add(time.Second)) && agrees(c, *a, l):
		l = told
	case err == nil:
	case late && WhyOf(err) == Gone, n.NoShows != nil:
		return nil
	case late:
		return fmt.Errorf("look up booking %s: %w", n.UID, err)
	default:
		l = told
	}
	why := news{via: "calcom", kind: "reschedule", at: l.now.UpdatedAt, newDate: n.NewDateWished}
	if why.at.IsZero() {
		why.at = n.SentAt
	}
	if a != nil {
		_, err = s.bring(ctx, t, c, *a, l, why)
	} else {
		_, err = s.adopt(ctx, t, c, claim, l, why)
	}
	// What a notice tells besides is told of a booking that is known now: who did not come, and a cancellation that cannot
	// be read yet.
	if more := n.NoShows != nil || a == nil && !late && !n.Live() && l.now.Live(); err != nil || !more {
		return err
	}
	if a, _, err = s.match(ctx, t, n.Booked); err != nil || a == nil {
		return err
	}
	return s.apply(ctx, t, c, n)
}

// lastChange is when what we have was last changed in the calendar, as far as we know.
func lastChange(a *booking.Appointment, claim booking.Claim) time.Time {
	if a != nil {
		return a.ChangedAt
	}
	if claim.Foreign != nil {
		return claim.ChangedAt
	}
	return time.Time{}
}

// told is a notice taken at its word.
func told(n Notice) life {
	l := life{now: n.Booked}
	if n.RescheduleUID != "" && n.RescheduleUID != n.UID {
		l.before = []Booked{{UID: n.RescheduleUID, Start: n.RescheduleStart}}
	}
	return l
}

// heard tells whether a notice says nothing new: the echo of a change of ours, a second delivery, news of a booking that
// was replaced since.
func heard(c *company.Config, a booking.Appointment, n Notice) bool {
	return slices.Contains(a.PreviousUIDs, n.UID) || agrees(c, a, told(n))
}

// match finds whose a booking is: by our id in its metadata, by its uid, by those that it or its moves replaced. The claim
// is that of its own uid.
func (s *Scheduler) match(ctx context.Context, t tenant.ID, b Booked, before ...string) (*booking.Appointment, booking.Claim, error) {
	claim, _, err := s.Store.Claim(ctx, t, b.UID)
	if err != nil {
		return nil, claim, err
	}
	ids := []string{b.Metadata[MetaAppointment], claim.AppointmentID}
	for i := 0; ; i++ {
		for _, id := range ids {
			if id == "" {
				continue
			}
			a, ok, err := s.Store.Appointment(ctx, t, id)
			if err != nil {
				return nil, claim, err
			}
			if ok {
				return &a, claim, nil
			}
		}
		if i == len(before) {
			return nil, claim, nil
		}
		ids = ids[:0]
		if before[i] != "" {
			older, _, err := s.Store.Claim(ctx, t, before[i])
			if err != nil {
				return nil, claim, err
			}
			ids = append(ids, older.AppointmentID)
		}
	}
}

// applyNoShow marks who did not come, or takes it back. The customer's count goes with it.
func (s *Scheduler) applyNoShow(ctx context.Context, t tenant.ID, c *company.Config, a booking.Appointment, n Notice, late bool) error {
	absent, about := n.NoShows[strings.ToLower(s.attendeeEmail(a))]
	if !about && a.AttendeeEmail == "" && len(n.NoShows) == 1 { // the calendar made up an address of its own
		for _, absent = range n.NoShows {
			about = true
		}
	}
	if !about {
		return nil // a guest
	}
	if late {
		b, err := s.Calendar.Booking(ctx, forJob(t, c), n.UID)
		if err != nil {
			s.noteRefusal(ctx, t, err)
			if WhyOf(err) == Gone {
				return nil
			}
			return fmt.Errorf("look up booking %s: %w", n.UID, err)
		}
		absent = b.Absent
	}
	return s.mark(ctx, t, a, absent, n.SentAt)
}

// mark sets that the attendee did not come, or that they did: then the appointment took place. What was told last is
// remembered even if it changes nothing: what was told before it and comes later must not count.
func (s *Scheduler) mark(ctx context.Context, t tenant.ID, a booking.Appointment, absent bool, at time.Time) error {
	status, by := booking.Completed, 0
	if absent {
		status, by = booking.NoShow, 1
	}
	if a.Status == booking.NoShow {
		by--
	}
	switch {
	case a.Status == booking.Cancelled, a.Status == booking.Pending:
		return nil
	case a.Status == status && !at.After(a.ChangedAt):
		return nil
	}
	a.Status, a.ChangedAt = status, latest(a.ChangedAt, at)
	step := &ledger.Step{Appointments: []*booking.Appointment{&a}}
	if by != 0 && a.CustomerID != "" {
		who, ok, err := s.Store.Customer(ctx, t, a.CustomerID)
		if err != nil {
			return err
		}
		if ok {
			who.NoShowCount = max(0, who.NoShowCount+by)
			step.Customer = &who
		}
	}
	return s.Store.Commit(ctx, t, step)
}
