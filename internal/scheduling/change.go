package scheduling

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/german"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/policy"
	"github.com/askpro/gateway/internal/tenant"
)

// changeWithin is how long the calendar may take for a cancellation or move (§13.1).
const changeWithin = 5 * time.Second

// ChangePlan is a cancellation or move that was agreed: Pending says what. Begin and Finish add what the asking side keeps
// with the transaction before the calendar is asked and the one after it has answered; Finish may be called again with a
// fresh step.
type ChangePlan struct {
	Config      *company.Config
	Branch      company.Branch
	Appointment booking.Appointment
	Pending     booking.PendingChange
	Known       ledger.Known // the days of the old and the new time, the customer's card
	CallID      string       // whose hold on the new time becomes the change's claim
	Begin       func(*ledger.Step) error
	Finish      func(context.Context, *ledger.Step, ChangeOutcome) error
}

// ChangeOutcome is what became of a change, with the appointment as it now stands.
type ChangeOutcome struct {
	Result      Result
	Appointment booking.Appointment
	FeeCents    int64 // what was agreed
}

// What became of a change, beside the results that a booking has: IsUncertain leaves it pending for a job, and all
// refusals leave the appointment as it was.
const (
	DidCancel Result = "cancelled"
	DidMove   Result = "rescheduled"
	WasGone   Result = "gone" // the calendar has no such living booking any more
)

// Change carries a plan through: written down, the calendar, written down (§11.3). A *ledger.Conflict before the calendar
// was asked comes back as an error: read again and decide again. After that there is always an outcome.
func (s *Scheduler) Change(ctx context.Context, t tenant.ID, p ChangePlan) (ChangeOutcome, error) {
	a, err := s.beginChange(ctx, t, p)
	if err != nil {
		return ChangeOutcome{}, err
	}
	b, err := s.changeThere(ctx, forCaller(t, p.Config), &a)
	if err != nil {
		s.noteRefusal(ctx, t, err)
		if WhyOf(err) == Unknown {
			return s.changeUncertain(ctx, t, p, a)
		}
		return s.endChange(ctx, t, p, a, func(a booking.Appointment, known ledger.Known) (*ledger.Step, Result) {
			return s.dropping(p.Branch, a, known), changeRefused(WhyOf(err))
		})
	}
	return s.endChange(ctx, t, p, a, func(a booking.Appointment, known ledger.Known) (*ledger.Step, Result) {
		return s.settling(t, p.Config, p.Branch, a, b, known)
	})
}

func changeRefused(why Why) Result {
	if why == Gone || why == Over {
		return WasGone
	}
	return resultOf(why)
}

// changeThere asks the calendar for a pending change. For a cancellation the booking comes back empty, for segments too:
// theirs are written down as they go, in a as well.
func (s *Scheduler) changeThere(ctx context.Context, who Account, a *booking.Appointment) (Booked, error) {
	if len(a.Segments) > 0 {
		return Booked{}, s.changeSegments(ctx, who, a, Afresh)
	}
	within, cancel := context.WithTimeout(ctx, changeWithin)
	defer cancel()
	if a.Pending.Kind == booking.ToCancel {
		return Booked{}, s.cancelThere(within, who, *a)
	}
	return s.moveThere(within, who, *a, a.UID)
}

// cancelThere cancels a booking, or the one that replaced it meanwhile.
func (s *Scheduler) cancelThere(ctx context.Context, who Account, a booking.Appointment) error {
	err := s.Calendar.Cancel(ctx, who, a.UID, a.Pending.Reason)
	if err == nil || WhyOf(err) != Over {
		return err
	}
	l, err := s.lifeOf(ctx, who, a.UID, nil, &a)
	switch {
	case err != nil && WhyOf(err) == Gone, err == nil && !l.now.Live():
		return nil
	case err != nil:
		return err
	}
	return s.Calendar.Cancel(ctx, who, l.now.UID, a.Pending.Reason)
}

// moveThere moves a booking, or the one that replaced it meanwhile. Only a booking that carries our id and begins as
// wished is an answer (§10.5).
func (s *Scheduler) moveThere(ctx context.Context, who Account, a booking.Appointment, uid string) (Booked, error) {
	b, err := s.Calendar.Reschedule(ctx, who, uid, a.Pending.StartsAt, a.Pending.Reason)
	if err != nil && WhyOf(err) == Over {
		l, readErr := s.lifeOf(ctx, who, uid, nil, &a)
		switch {
		case readErr != nil:
			return Booked{}, readErr
		case !l.now.Live():
			return Booked{}, err
		case l.now.Start.Equal(a.Pending.StartsAt):
			return l.now, nil // an earlier attempt of ours, or somebody wished the same
		}
		b, err = s.Calendar.Reschedule(ctx, who, l.now.UID, a.Pending.StartsAt, a.Pending.Reason)
	}
	if err == nil && (b.UID == "" || !b.Start.Equal(a.Pending.StartsAt)) {
		return Booked{}, &Refused{Why: Unknown, Err: fmt.Errorf("the answer to a move begins at %s", b.Start.Format(time.RFC3339))}
	}
	return b, err
}

// beginChange writes the pending change, the claim on the new time and the event that makes sure somebody looks after it.
func (s *Scheduler) beginChange(ctx context.Context, t tenant.ID, p ChangePlan) (booking.Appointment, error) {
	now := s.Now()
	a := p.Appointment
	pending := p.Pending
	a.Pending = &pending
	step := &ledger.Step{Appointments: []*booking.Appointment{&a}}
	if pending.Kind == booking.ToReschedule {
		days, parts := edits{known: p.Known}, a.PartsAt(pending.StartsAt)
		if booking.Conflict(p.Known.Days, p.Branch, parts, now, p.CallID, a.ID) {
			return a, &ledger.Conflict{On: []string{"day"}}
		}
		days.on(booking.DayKeys(p.Branch, parts), func(d booking.Day) booking.Day { return d.WithoutHold(p.CallID, now) })
		days.enter(p.Branch, parts, booking.Moving, a.ID, now)
		step.Days = days.list()
	}
	step.Events = []event.Event{event.AppointmentChangeRequested{Head: s.head(t, 10+2*a.Sequence), AppointmentID: a.ID, CallID: pending.CallID, Change: pending.Kind}}
	if err := p.Begin(step); err != nil {
		return a, err
	}
	return a, s.Store.Commit(ctx, t, step)
}

// endChange writes down how a change ended, over whatever else changed meanwhile. The record must be there before anybody
// hears of it: three tries, then the job of the requested event finds out, and the caller hears that we will confirm.
func (s *Scheduler) endChange(ctx context.Context, t tenant.ID, p ChangePlan, a booking.Appointment, decide func(booking.Appointment, ledger.Known) (*ledger.Step, Result)) (ChangeOutcome, error) {
	for try := 0; ; try++ {
		known, err := s.Store.Gather(ctx, t, askOfChange(p.Branch, a))
		if err == nil {
			step, result := decide(a, known)
			out := ChangeOutcome{Result: result, Appointment: *step.Appointments[0], FeeCents: p.Pending.FeeCents}
			if err := p.Finish(ctx, step, out); err != nil {
				return ChangeOutcome{}, err
			}
			if err = s.Store.Commit(ctx, t, step); err == nil {
				return out, nil
			}
			if ledger.ConflictOn(err, "appointment") {
				fresh, ok, readErr := s.Store.Appointment(ctx, t, a.ID)
				if readErr == nil && ok {
					if done, is := settled(fresh, p.Pending); is { // a webhook or job of the same change was quicker
						return s.finishChange(ctx, t, p, ChangeOutcome{Result: done, Appointment: fresh, FeeCents: p.Pending.FeeCents})
					}
					if fresh.Pending == nil {
						return s.finishChange(ctx, t, p, ChangeOutcome{Result: WasGone, Appointment: fresh})
					}
					a = fresh
				}
			}
		}
		if try == len(confirmAgain) || wait(ctx, confirmAgain[try]) != nil {
			return s.changeUncertain(ctx, t, p, a)
		}
	}
}

// settled tells whether an appointment shows that a change was carried out.
func settled(a booking.Appointment, want booking.PendingChange) (Result, bool) {
	switch {
	case a.Pending != nil:
		return "", false
	case want.Kind == booking.ToCancel && a.Status == booking.Cancelled:
		return DidCancel, true
	case want.Kind == booking.ToReschedule && a.Active() && a.StartsAt.Equal(want.StartsAt):
		if a.Status == booking.Pending {
			return DidRequest, true
		}
		return DidMove, true
	}
	return "", false
}

// finishChange keeps the answer when the appointment stands as it shall already.
func (s *Scheduler) finishChange(ctx context.Context, t tenant.ID, p ChangePlan, out ChangeOutcome) (ChangeOutcome, error) {
	step := &ledger.Step{}
	if err := p.Finish(ctx, step, out); err != nil {
		return ChangeOutcome{}, err
	}
	return out, s.Store.Commit(ctx, t, step)
}

// changeUncertain leaves everything claimed: the job of the requested event finds out what the calendar did.
func (s *Scheduler) changeUncertain(ctx context.Context, t tenant.ID, p ChangePlan, a booking.Appointment) (ChangeOutcome, error) {
	out := ChangeOutcome{Result: IsUncertain, Appointment: a}
	step := &ledger.Step{}
	if err := p.Finish(ctx, step, out); err != nil {
		return ChangeOutcome{}, err
	}
	_ = s.Store.Commit(ctx, t, step) // without it only the tool call is missing from the record
	return out, nil
}

func askOfChange(branch company.Branch, a booking.Appointment) ledger.Ask {
	parts := append(a.PartsAt(a.StartsAt), a.Parts()...) // of segments that stand elsewhere, both
	if a.Pending != nil && a.Pending.Kind == booking.ToReschedule {
		parts = append(parts, a.PartsAt(a.Pending.StartsAt)...)
	}
	return ledger.Ask{Card: a.ContactKey, Days: booking.DayKeys(branch, parts)}
}

// settling is the step that carries a pending change out in our record: the calendar has done it. b is the booking that
// replaced the old one, empty for a cancellation.
func (s *Scheduler) settling(t tenant.ID, c *company.Config, branch company.Branch, a booking.Appointment, b Booked, known ledger.Known) (*ledger.Step, Result) {
	if a.Pending.Kind == booking.ToCancel {
		return s.settlingCancel(t, branch, a, known), DidCancel
	}
	step := s.settlingMove(t, c, branch, a, b, known)
	if step.Appointments[0].Status == booking.Pending {
		return step, DidRequest
	}
	return step, DidMove
}

func (s *Scheduler) settlingCancel(t tenant.ID, branch company.Branch, a booking.Appointment, known ledger.Known) *ledger.Step {
	now, p := s.Now(), *a.Pending
	days := edits{known: known}
	s.freeDays(&days, branch, a)
	a.Status, a.PendingReason, a.Pending = booking.Cancelled, "", nil
	a.SyncStatus, a.SyncError = booking.Synced, ""
	a.CancelledAt, a.CancelledBy, a.CancellationSource, a.CancellationReason = &now, p.ActorType, p.Via, p.Reason
	a.ChangedAt = latest(now, a.ChangedAt)
	a.Sequence++
	step := &ledger.Step{Appointments: []*booking.Appointment{&a}, Days: days.list()}
	step.Card = countedCard(known.Card.Without(a.ID, now), a.ID, p, now)
	step.Changes = []booking.Change{changeLine(s.NewID(), a, p, a.StartsAt, time.Time{}, now)}
	step.Events = []event.Event{event.AppointmentCancelled{Head: s.head(t, 11+2*a.Sequence), AppointmentID: a.ID, CallID: a.CallID, By: p.ActorType, Reason: p.Reason, Version: a.Sequence}}
	step.ClearTimers = []ledger.Timer{changeTimer(a)}
	return step
}

func (s *Scheduler) settlingMove(t tenant.ID, c *company.Config, branch company.Branch, a booking.Appointment, b Booked, known ledger.Known) *ledger.Step {
	now, p := s.Now(), *a.Pending
	was := a.StartsAt
	days := edits{known: known}
	s.freeDays(&days, branch, a)
	if len(a.Segments) > 0 { // their uids and times are written down already
		b = Booked{UID: a.UID, ID: a.BookingID, Status: segmentsStatus(a)}
	}
	if a.UID != b.UID && a.UID != "" && !slices.Contains(a.PreviousUIDs, a.UID) {
		a.PreviousUIDs = append(a.PreviousUIDs, a.UID)
	}
	newUID := a.UID != b.UID
	shift := p.StartsAt.Sub(a.StartsAt)
	a.UID, a.BookingID, a.StartsAt, a.EndsAt = b.UID, b.ID, a.StartsAt.Add(shift), a.EndsAt.Add(shift)
	if b.ICSUID != "" {
		a.ICSUID = b.ICSUID
	}
	a.PreviousStartsAt, a.Pending = &was, nil
	a.Status, a.PendingReason = booking.Confirmed, ""
	if b.Status == "pending" {
		a.Status, a.PendingReason = booking.Pending, "host_approval"
	}
	a.SyncStatus, a.SyncError = booking.Synced, ""
	a.ChangedAt = latest(latest(now, b.UpdatedAt), a.ChangedAt)
	a.Sequence++
	a.ReminderSentAt = nil
	if policy.Counts(p.ActorType, p.Via) {
		a.RescheduleCount++
	}
	if len(a.Segments) == 0 {
		a.HostID = b.Host.ID
		if m := s.toHost(c, &a, b.Host); m.to != "" {
			a.Resource = m.to
		}
	}
	days.enter(branch, a.Parts(), booking.Ours, a.ID, now)
	step := &ledger.Step{Appointments: []*booking.Appointment{&a}, Days: days.list()}
	if newUID {
		step.Claims = []booking.Claim{{UID: b.UID, AppointmentID: a.ID, ChangedAt: a.ChangedAt}}
	}
	card := known.Card.With(customer.Upcoming{AppointmentID: a.ID, ServiceID: a.ServiceID, StaffID: a.StaffID, Start: a.StartsAt.Unix(), End: a.EndsAt.Unix()}, now)
	step.Card = countedCard(card, a.ID, p, now)
	step.Changes = []booking.Change{changeLine(s.NewID(), a, p, was, a.StartsAt, now)}
	if a.Status == booking.Confirmed {
		step.Events = []event.Event{event.AppointmentConfirmed{Head: s.head(t, 11+2*a.Sequence), AppointmentID: a.ID, CallID: a.CallID, Version: a.Sequence}}
	}
	step.ClearTimers = []ledger.Timer{changeTimer(a)}
	return step
}

// freeDays takes an appointment, and a move of it that was under way, out of all its days.
func (s *Scheduler) freeDays(days *edits, branch company.Branch, a booking.Appointment) {
	now := s.Now()
	days.on(askOfChange(branch, a).Days, func(d booking.Day) booking.Day {
		return d.Without(booking.Ours, a.ID, now).Without(booking.Moving, a.ID, now)
	})
}

// countedCard counts a change of the customer's own against their quota (§14); nil where there is no card.
func countedCard(card customer.Card, appointmentID string, p booking.PendingChange, now time.Time) *customer.Card {
	if card.CustomerID == "" {
		return nil
	}
	if policy.Counts(p.ActorType, p.Via) {
		card = card.WithChange(customer.Changed{AppointmentID: appointmentID, Type: p.Kind, At: p.At.Unix()}, policy.QuotaSince(now))
	}
	return &card
}

func changeLine(id string, a booking.Appointment, p booking.PendingChange, from, to, now time.Time) booking.Change {
	return booking.Change{
		ID: id, AppointmentID: a.ID, CustomerID: a.CustomerID, Type: p.Kind, ActorType: p.ActorType, Via: p.Via, Reason: p.Reason,
		OldStartsAt: from, NewStartsAt: to, NoticeMinutes: p.NoticeMinutes, RequiredMinutes: p.RequiredMinutes, WithinPolicy: p.NoticeMinutes >= p.RequiredMinutes,
		FeeCents: p.FeeCents, FeeConsent: p.FeeConsent, CreatedAt: now,
	}
}

// dropping is the step that takes a pending change back: the appointment stays as it was, the new time is free again.
func (s *Scheduler) dropping(branch company.Branch, a booking.Appointment, known ledger.Known) *ledger.Step {
	now := s.Now()
	days := edits{known: known}
	if a.Pending.Kind == booking.ToReschedule {
		days.on(booking.DayKeys(branch, a.PartsAt(a.Pending.StartsAt)), func(d booking.Day) booking.Day {
			return d.Without(booking.Moving, a.ID, now)
		})
	}
	if a.Torn() { // segments that could not be moved back, or were cancelled without the others, are as they are
		s.freeDays(&days, branch, a)
		days.enter(branch, a.Parts(), booking.Ours, a.ID, now)
	}
	a.Pending = nil
	return &ledger.Step{Appointments: []*booking.Appointment{&a}, Days: days.list(), ClearTimers: []ledger.Timer{changeTimer(a)}}
}

// SlotsToMove asks the calendar, not the cache, what is free on a day for an appointment that is to be moved to begin at an
// instant: one list for each of its parts. ErrUnavailable when it cannot be asked.
func (s *Scheduler) SlotsToMove(ctx context.Context, t tenant.ID, q Search, a booking.Appointment, day german.Date, at time.Time) ([]booking.SlotDay, error) {
	from, to := q.Branch.At(day, 0), q.Branch.At(day.AddDays(1), 0)
	within, cancel := context.WithTimeout(ctx, slotsWithin)
	defer cancel()
	parts, uids := a.Parts(), a.UIDs()
	lists, errs := make([]booking.SlotDay, len(parts)), make([]error, len(parts))
	var wait sync.WaitGroup
	for i, part := range parts {
		wait.Go(func() {
			var starts []time.Time
			starts, errs[i] = s.Calendar.SlotsToMove(within, forCaller(t, q.Config), part.EventTypeID, from.UTC(), to.UTC(), q.Branch.Location().String(), uids[i])
			if to := inOwnWay(a, part, at); !to.IsZero() {
				starts = append(starts, to)
			}
			starts = slices.DeleteFunc(starts, func(at time.Time) bool { return q.Branch.Day(at) != day })
			lists[i] = booking.NewSlotDay(booking.SlotKey{EventTypeID: part.EventTypeID, Date: day}, from, starts, 0, s.Now())
		})
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		s.noteRefusal(ctx, t, err)
		return nil, errors.Join(ErrUnavailable, err)
	}
	return lists, nil
}
