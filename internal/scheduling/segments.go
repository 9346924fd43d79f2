package scheduling

import (
	"context"
	"errors"
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

// A composite appointment in segments (§12.2) is written down whole, as any other, and then booked segment by segment in
// their order. The step that writes one booking down puts the next segment under way, so whoever reads the appointment
// knows what may live in the calendar: every segment with a uid, and the first without one. And since that step is
// written over what was read, only one of a call, its job and the job's double goes on.

// segmentsOf a slot, as they stand before the calendar is asked; none for a slot that is one booking.
func segmentsOf(service company.Service, slot booking.Slot) []booking.Segment {
	var list []booking.Segment
	for _, p := range slot.Segments {
		name := p.Segment
		for _, x := range service.Segments {
			if x.Key == p.Segment && x.Name != "" {
				name = x.Name
			}
		}
		list = append(list, booking.Segment{
			Key: p.Segment, Name: name, OffsetMin: int(p.Start.Sub(slot.Start) / time.Minute), StaffID: p.StaffID, Resource: p.Resource,
			EventTypeID: p.EventTypeID, StartsAt: p.Start.UTC(), EndsAt: p.End.UTC(), SyncStatus: booking.SyncPending,
		})
	}
	return list
}

// PendingReason of an appointment whose booked segments are being cancelled: the caller knows that it did not work.
const takingBack = "taking_back"

// underWay is the segment that the calendar is being asked for, or was: none after it ever was. -1: all are booked.
func underWay(a booking.Appointment) int {
	return slices.IndexFunc(a.Segments, func(x booking.Segment) bool { return x.UID == "" })
}

// broken tells whether a segment was refused or taken away before all were booked: then none of them shall be.
func broken(a booking.Appointment) bool {
	return slices.ContainsFunc(a.Segments, func(x booking.Segment) bool { return x.SyncStatus == booking.SyncFailed })
}

// partly tells whether some segments are booked, but not all.
func partly(a booking.Appointment) bool {
	return len(a.Segments) > 0 && underWay(a) > 0
}

// isSegment accepts a booking only with our appointment's id, the segment's key and its start (§17.1).
func isSegment(b Booked, a booking.Appointment, i int) bool {
	return b.Metadata[MetaAppointment] == a.ID && b.Metadata[MetaSegment] == a.Segments[i].Key && b.Start.Equal(a.Segments[i].StartsAt) && b.UID != ""
}

// orderOf is the order of one segment.
func (s *Scheduler) orderOf(t tenant.ID, a booking.Appointment, i int, key string) Order {
	x := a.Segments[i]
	o := s.order(t, a, key+"#"+x.Key)
	o.EventTypeID, o.Start = x.EventTypeID, x.StartsAt
	o.Metadata[MetaSegment] = x.Key
	return o
}

// findSegment looks for the booking of a segment at the calendar by attendee and start, and knows it by our id and its key.
func (s *Scheduler) findSegment(ctx context.Context, who Account, a booking.Appointment, i int) (found Booked, ok bool, err error) {
	list, err := s.Calendar.Search(ctx, who, s.attendeeEmail(a), a.Segments[i].StartsAt)
	for _, b := range list {
		if isSegment(b, a, i) && (!ok || b.Live()) {
			found, ok = b, true
		}
	}
	return found, ok, err
}

// ask books one segment. A refusal that comes of an own attempt whose answer was lost is none (§10.7); where that cannot be
// found out, nothing is known.
func (s *Scheduler) ask(ctx context.Context, who Account, a booking.Appointment, i int, key string) (Booked, error) {
	b, err := s.Calendar.Create(ctx, who, s.orderOf(who.Company, a, i, key))
	if err != nil && WhyOf(err) == Taken {
		ours, found, lookErr := s.findSegment(ctx, who, a, i)
		switch {
		case lookErr != nil:
			return b, unknown(lookErr)
		case found && ours.Live():
			return ours, nil
		}
	}
	if err == nil && !isSegment(b, a, i) {
		return b, &Refused{Why: Taken, Err: errors.New("the calendar answers with another booking")}
	}
	return b, err
}

// left is what must remain of a caller's time to write down what came out.
const left = time.Second

// asking limits one question to the calendar, so that its outcome can still be written down.
func asking(ctx context.Context) (context.Context, context.CancelFunc) {
	within, cancel := context.WithTimeout(ctx, createWithin)
	if end, ok := ctx.Deadline(); ok {
		earlier, stop := context.WithDeadline(within, end.Add(-left))
		return earlier, func() { stop(); cancel() }
	}
	return within, cancel
}

// bookSegments books what begin has written down, while the caller waits. What the time does not suffice for, the job of
// the requested event does.
func (s *Scheduler) bookSegments(ctx context.Context, t tenant.ID, p Plan, a *booking.Appointment, known ledger.Known) (Outcome, error) {
	for i := range a.Segments {
		within, cancel := asking(ctx)
		if within.Err() != nil { // not asked for, but nobody else knows: the job looks and asks
			cancel()
			return s.uncertain(ctx, t, p, a)
		}
		b, err := s.ask(within, forCaller(t, p.Config), *a, i, p.Key)
		cancel()
		if err != nil {
			s.noteRefusal(ctx, t, err)
			if WhyOf(err) == Unknown {
				return s.uncertain(ctx, t, p, a)
			}
			return s.takeBack(ctx, t, p, a, i, Booked{}, WhyOf(err), known)
		}
		var out Outcome
		err = s.advance(ctx, t, p.Config, p.Branch, a, i, b, &known, func(step *ledger.Step, now booking.Appointment) error {
			if underWay(now) >= 0 {
				return nil
			}
			out = Outcome{Result: DidBook, Appointment: now}
			if now.Status == booking.Pending {
				out.Result = DidRequest
			}
			return p.Finish(ctx, step, out)
		})
		switch {
		case errors.Is(err, errOvertaken) && broken(*a): // the host has cancelled one of the first already
			return s.takeBack(ctx, t, p, a, i, b, Taken, known)
		case errors.Is(err, errOvertaken) && a.Status == booking.Confirmed:
			return s.finishOnly(ctx, t, p, *a)
		case errors.Is(err, errOvertaken) && a.Status != booking.Pending:
			return Outcome{}, err
		case err != nil:
			return s.uncertain(ctx, t, p, a)
		case out.Result != "":
			return out, nil
		}
	}
	return Outcome{}, fmt.Errorf("appointment %s has no segments", a.ID)
}

// errOvertaken says that somebody else has gone on with the appointment, or ended it.
var errOvertaken = errors.New("somebody else has gone on with the appointment")

// advance writes a segment's booking down and puts the next one under way; after the last one the appointment is
// confirmed. with may add to the step. The appointment is then as it was written; after errOvertaken, as somebody else left it.
func (s *Scheduler) advance(ctx context.Context, t tenant.ID, c *company.Config, branch company.Branch, a *booking.Appointment, i int, b Booked, known *ledger.Known, with func(*ledger.Step, booking.Appointment) error) error {
	for try := 0; ; try++ {
		step, now := s.advanced(t, c, branch, *a, i, b)
		err := s.placeSegments(ctx, t, step, branch, *a, now, known)
		if err == nil && with != nil {
			if err := with(step, now); err != nil {
				return err
			}
		}
		if err == nil {
			err = s.Store.Commit(ctx, t, step)
		}
		if err == nil {
			*a = *step.Appointments[0]
			for _, d := range step.Days {
				known.Days[booking.DayKey{Resource: d.Resource, Date: d.Date}] = d
			}
			if step.Card != nil {
				known.Card = *step.Card
			}
			return nil
		}
		if ledger.ConflictOn(err) {
			*known = ledger.Known{}
			if fresh, ok, readErr := s.Store.Appointment(ctx, t, a.ID); readErr == nil && ok {
				*a = fresh
				switch {
				case fresh.Segments[i].UID == b.UID && fresh.AskedAt.Equal(now.AskedAt): // this very step, its answer was lost
					return nil
				case fresh.Status != booking.Pending, underWay(fresh) != i, broken(fresh):
					return errOvertaken
				}
			}
		}
		if try == len(confirmAgain) || wait(ctx, confirmAgain[try]) != nil {
			return err
		}
	}
}

// advanced is the appointment with one segment more, and the step that says so.
func (s *Scheduler) advanced(t tenant.ID, c *company.Config, branch company.Branch, a booking.Appointment, i int, b Booked) (*ledger.Step, booking.Appointment) {
	now := s.Now()
	a.Segments = slices.Clone(a.Segments)
	x := &a.Segments[i]
	x.UID, x.BookingID, x.SyncStatus, x.AwaitsHost = b.UID, b.ID, booking.Synced, b.Status == "pending"
	s.segmentToHost(c, &a, i, b.Host)
	a.ChangedAt = latest(now, b.UpdatedAt)
	a.AskedAt, a.AskedAgainAt = now, nil
	step := &ledger.Step{Claims: []booking.Claim{{UID: b.UID, AppointmentID: a.ID, ChangedAt: a.ChangedAt}}}
	if underWay(a) < 0 {
		s.whole(t, step, &a)
	}
	step.Appointments = []*booking.Appointment{&a}
	return step, a
}

// whole confirms an appointment whose segments are all booked; one that waits for a host's yes is not confirmed yet.
func (s *Scheduler) whole(t tenant.ID, step *ledger.Step, a *booking.Appointment) {
	now := s.Now()
	a.SyncStatus, a.SyncError = booking.Synced, ""
	if slices.ContainsFunc(a.Segments, func(x booking.Segment) bool { return x.AwaitsHost }) {
		a.PendingReason = "host_approval"
		return
	}
	a.Status, a.PendingReason = booking.Confirmed, ""
	step.Changes = append(step.Changes, booking.Change{
		ID: s.NewID(), AppointmentID: a.ID, CustomerID: a.CustomerID, Type: "created", ActorType: "customer", Via: "phone",
		NewStartsAt: a.StartsAt, NoticeMinutes: int(a.StartsAt.Sub(now) / time.Minute), CreatedAt: now,
	})
	step.Events = append(step.Events, event.AppointmentConfirmed{Head: s.head(t, 2), AppointmentID: a.ID, CallID: a.CallID, Version: a.Sequence})
}

// segmentToHost sets a segment's staff from the calendar's host, as toHost does for a single booking. Who does the first
// segment, and its uid, stand for the whole appointment.
func (s *Scheduler) segmentToHost(c *company.Config, a *booking.Appointment, i int, h Host) {
	x := &a.Segments[i]
	if h != (Host{}) {
		switch p, ok := StaffOfHost(c, h); {
		case !ok:
			x.StaffID = ""
			flag(a, reviewHost)
		case p.ID != x.StaffID:
			if x.Resource == x.StaffID {
				x.Resource = p.ID
			}
			x.StaffID = p.ID
		}
	}
	if i == 0 {
		a.StaffID, a.Resource, a.UID, a.BookingID = x.StaffID, x.Resource, x.UID, x.BookingID
		if h.ID != 0 {
			a.HostID = h.ID
		}
	}
}

// placeSegments adds to a step the days of an appointment: where a segment went to somebody else, and when all are booked, so that
// slots asked for meanwhile no longer count. Its days are read anew unless they are known.
func (s *Scheduler) placeSegments(ctx context.Context, t tenant.ID, step *ledger.Step, branch company.Branch, was, is booking.Appointment, known *ledger.Known) error {
	if slices.Equal(was.Parts(), is.Parts()) && underWay(is) >= 0 {
		return nil
	}
	keys := booking.DayKeys(branch, append(was.Parts(), is.Parts()...))
	if slices.ContainsFunc(keys, func(k booking.DayKey) bool { _, ok := known.Days[k]; return !ok }) {
		var err error
		if *known, err = s.Store.Gather(ctx, t, ledger.Ask{Card: is.ContactKey, Days: keys}); err != nil {
			return err
		}
	}
	step.Days = placed(*known, branch, is.ID, was.Parts(), is.Parts(), s.Now())
	if card := known.Card; was.StaffID != is.StaffID && card.Version > 0 {
		card = card.With(customer.Upcoming{AppointmentID: is.ID, ServiceID: is.ServiceID, StaffID: is.StaffID, Start: is.StartsAt.Unix(), End: is.EndsAt.Unix()}, s.Now())
		step.Card = &card
	}
	return nil
}

// takeBack answers a caller one of whose segments was refused: that the time is gone is written down and told, then what
// is booked is cancelled in reverse order and the time given back. What fails of that the job does.
func (s *Scheduler) takeBack(ctx context.Context, t tenant.ID, p Plan, a *booking.Appointment, i int, b Booked, why Why, known ledger.Known) (Outcome, error) {
	result := WasTaken
	switch {
	case i == 0:
		return s.release(ctx, t, p, a, known, resultOf(why))
	case why == Misconfigured, why == Gone, why == Resting: // another time would meet the same
		result = resultOf(why)
	}
	for try := 0; ; try++ {
		fallen := fail(*a, i, string(why))
		fallen.Segments[i].UID, fallen.Segments[i].BookingID = b.UID, b.ID // of a booking that came too late, to be cancelled too
		fallen.PendingReason = takingBack
		step := &ledger.Step{Appointments: []*booking.Appointment{&fallen}}
		if err := p.Finish(ctx, step, Outcome{Result: result, Appointment: fallen}); err != nil {
			return Outcome{}, err
		}
		err := s.Store.Commit(ctx, t, step)
		if err == nil {
			*a = fallen
			break
		}
		if try == len(confirmAgain) || wait(ctx, confirmAgain[try]) != nil {
			return Outcome{}, fmt.Errorf("take the segments back: %w", err)
		}
		if fresh, ok, readErr := s.Store.Appointment(ctx, t, a.ID); readErr == nil && ok {
			*a = fresh
		}
	}
	o := Outcome{Result: result, Appointment: *a}
	within, cancel := context.WithCancel(ctx)
	if end, ok := ctx.Deadline(); ok {
		within, cancel = context.WithDeadline(ctx, end.Add(-2*left)) // the caller wants to hear what else is free
	}
	defer cancel()
	if err := s.cancelSegments(within, forCaller(t, p.Config), *a, notBooked); err != nil {
		s.noteRefusal(ctx, t, err)
		return o, nil
	}
	_ = s.giveBack(ctx, t, p.Branch, *a) // without it the job gives the time back
	return o, nil
}

// notBooked is told to the calendar with every segment that is taken back.
const notBooked = "Der Termin kam nicht zustande."

// fail notes that a segment cannot be had.
func fail(a booking.Appointment, i int, why string) booking.Appointment {
	a.Segments = slices.Clone(a.Segments)
	a.Segments[i].SyncStatus = booking.SyncFailed
	a.SyncError = "segment " + a.Segments[i].Key + ": " + why
	return a
}

// giveBack ends an appointment that the caller knows came to nothing: nobody is told again.
func (s *Scheduler) giveBack(ctx context.Context, t tenant.ID, branch company.Branch, a booking.Appointment) error {
	for try := 0; ; try++ {
		known, err := s.Store.Gather(ctx, t, askOf(Plan{Branch: branch}, a))
		if err != nil {
			return err
		}
		step := s.releasing(a, branch, known, a.SyncError)
		step.ClearTimers = []ledger.Timer{checkTimer(a)}
		err = s.Store.Commit(ctx, t, step)
		if !ledger.ConflictOn(err) || try == len(confirmAgain) {
			return err
		}
		fresh, ok, err := s.Store.Appointment(ctx, t, a.ID)
		if err != nil || !ok || fresh.Status != booking.Pending {
			return err
		}
		a = fresh
	}
}
