package scheduling

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/callback"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/promise"
	"github.com/askpro/gateway/internal/tenant"
)

// checks are the times after the request at which an unknown outcome is looked up (§10.8).
var checks = []time.Duration{2 * time.Second, 10 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute}

const (
	askAgainAt = 2 // the check after which the one repeated POST may be made
	jobWithin  = 30 * time.Second
	// CheckTimer names the timer of a check that is further off than a queue can delay.
	CheckTimer = "check"
	// LongestDelay of a queue message (SQS: 15 minutes); what is further off is a timer.
	LongestDelay = 15 * time.Minute
)

// Next says when to look again; Done when nothing is left to do. Timer: it is further off than a message can wait, and a
// timer has been set in the table.
type Next struct {
	Done  bool
	Timer bool
	Check int
	After time.Duration
}

// Check looks after an appointment until its outcome is known. check is which look this is (0 the first). It may be
// called twice, late or never: it decides from what stands in the table and in the calendar.
func (s *Scheduler) Check(ctx context.Context, t tenant.ID, c *company.Config, appointmentID string, check int) (Next, error) {
	a, ok, err := s.Store.Appointment(ctx, t, appointmentID)
	if err != nil {
		return Next{}, err
	}
	if !ok || a.Status != booking.Pending || (a.PendingReason != "calendar" && a.PendingReason != takingBack) {
		return Next{Done: true}, nil
	}
	if check = min(max(check, 0), len(checks)-1); s.Now().Before(askedAt(a).Add(checks[check])) {
		return s.at(ctx, t, a, check)
	}
	branch, ok := c.Branch(a.BranchID)
	if !ok {
		return Next{}, fmt.Errorf("appointment %s: its branch is gone from the configuration", a.ID)
	}
	job := checking{t: t, config: c, branch: branch, check: check}
	within, cancel := context.WithTimeout(ctx, jobWithin)
	defer cancel()
	if len(a.Segments) > 0 {
		return s.checkSegments(within, job, a)
	}

	found, is, err := s.find(within, forJob(t, c), a)
	if err != nil {
		s.noteRefusal(ctx, t, err)
		var refused *Refused
		if errors.As(err, &refused) && refused.Why == Resting && s.Now().Sub(a.CreatedAt) < 24*time.Hour {
			return Next{Check: check, After: min(max(refused.Until.Sub(s.Now()), time.Second), LongestDelay)}, nil
		}
		return s.later(ctx, job, a)
	}
	switch {
	case is && found.Live():
		return s.repair(ctx, job, a, found)
	case is: // it was there and was cancelled
		return Next{Done: true}, s.giveUp(ctx, job, a, "cancelled in the calendar")
	case check == askAgainAt && a.AskedAgainAt == nil:
		return s.askAgain(within, job, a)
	case check == len(checks)-1:
		return Next{Done: true}, s.giveUp(ctx, job, a, "not in the calendar")
	}
	return s.at(ctx, t, a, check+1)
}

// checking is what the steps of one check share.
type checking struct {
	t      tenant.ID
	config *company.Config
	branch company.Branch
	check  int
}

// at puts a check off to its time, by a message's delay or, where that is too short, by a timer of the table.
func (s *Scheduler) at(ctx context.Context, t tenant.ID, a booking.Appointment, check int) (Next, error) {
	due := askedAt(a).Add(checks[check])
	after := due.Sub(s.Now())
	if after <= LongestDelay {
		return Next{Check: check, After: max(after, time.Second)}, nil
	}
	timer := checkTimer(a)
	timer.DueAt = due
	return Next{Timer: true, Check: check}, s.Store.Commit(ctx, t, &ledger.Step{SetTimers: []ledger.Timer{timer}})
}

func checkTimer(a booking.Appointment) ledger.Timer {
	return ledger.Timer{Kind: ledger.OfAppointment, About: a.ID, Queue: "sync", Name: CheckTimer}
}

// later asks again soon: the calendar could not be asked. After the last check it goes on every five minutes for a day,
// because a booking may live; then a person has to look.
func (s *Scheduler) later(ctx context.Context, job checking, a booking.Appointment) (Next, error) {
	age := s.Now().Sub(a.CreatedAt)
	if job.check < len(checks)-1 {
		return s.at(ctx, job.t, a, job.check+1)
	}
	if age < 24*time.Hour {
		return Next{Check: job.check, After: 5 * time.Minute}, nil
	}
	flag(&a, reviewUnasked)
	a.SyncStatus = booking.SyncFailed
	s.Alarm(ctx, AlarmReview, job.t.String())
	return Next{Done: true}, s.Store.Commit(ctx, job.t, &ledger.Step{Appointments: []*booking.Appointment{&a}})
}

// repair confirms a booking that was found. When that cannot be written down even after a minute, the booking is
// cancelled in the calendar: a customer with a time nobody here knows of is worse than one who is called back.
func (s *Scheduler) repair(ctx context.Context, job checking, a booking.Appointment, b Booked) (Next, error) {
	err := s.settle(ctx, job, a, b)
	if err == nil {
		return Next{Done: true}, nil
	}
	if job.check < askAgainAt {
		return s.at(ctx, job.t, a, job.check+1)
	}
	if cancelErr := s.Calendar.Cancel(ctx, forJob(job.t, job.config), b.UID, "Der Termin konnte nicht übernommen werden."); cancelErr != nil {
		s.Alarm(ctx, AlarmOrphan, job.t.String())
		return Next{}, fmt.Errorf("booking %s stands in the calendar only, confirming (%w) and cancelling failed: %w", a.ID, err, cancelErr)
	}
	if job.check == len(checks)-1 {
		return Next{}, err
	}
	return s.at(ctx, job.t, a, job.check+1) // finds it cancelled, and tells the customer
}

// settle writes a confirmation over whatever else changed meanwhile.
func (s *Scheduler) settle(ctx context.Context, job checking, a booking.Appointment, b Booked) error {
	if len(a.Segments) > 0 {
		return s.settleSegment(ctx, job, a, b)
	}
	var err error
	for try := 0; try <= len(confirmAgain); try++ {
		if try > 0 {
			if waitErr := wait(ctx, confirmAgain[try-1]); waitErr != nil {
				return waitErr
			}
			fresh, ok, readErr := s.Store.Appointment(ctx, job.t, a.ID)
			if readErr != nil || !ok {
				err = readErr
				continue
			}
			if a = fresh; a.UID == b.UID && a.SyncStatus == booking.Synced {
				return nil
			}
		}
		var known ledger.Known
		if known, err = s.Store.Gather(ctx, job.t, askOf(Plan{Branch: job.branch}, a)); err != nil {
			continue
		}
		step, _ := s.confirmation(job.t, job.config, job.branch, a, b, known)
		if err = s.Store.Commit(ctx, job.t, step); err == nil {
			return nil
		}
	}
	return err
}

// askAgain makes the one repeated POST, under the same metadata. That it was decided is written down first: killed in
// between, it is not made twice.
func (s *Scheduler) askAgain(ctx context.Context, job checking, a booking.Appointment) (Next, error) {
	now := s.Now()
	a.AskedAgainAt, a.SyncStatus = &now, booking.SyncUnknown
	if err := s.Store.Commit(ctx, job.t, &ledger.Step{Appointments: []*booking.Appointment{&a}}); err != nil {
		if ledger.ConflictOn(err) {
			return Next{Check: job.check, After: time.Second}, nil
		}
		return Next{}, err
	}
	b, err := s.Calendar.Create(ctx, forJob(job.t, job.config), s.order(job.t, a, "repeat#"+a.ID))
	if err == nil && isOurs(b, a) {
		return s.repair(ctx, job, a, b)
	}
	if err == nil || WhyOf(err) == Taken {
		if ours, found, lookErr := s.find(ctx, forJob(job.t, job.config), a); lookErr == nil && found && ours.Live() {
			return s.repair(ctx, job, a, ours)
		} else if lookErr == nil {
			return Next{Done: true}, s.giveUp(ctx, job, a, "the time was given away meanwhile")
		}
	}
	if why := WhyOf(err); why != Unknown && why != Resting && err != nil && why != Taken {
		s.noteRefusal(ctx, job.t, err)
		return Next{Done: true}, s.giveUp(ctx, job, a, "the calendar refused: "+string(why))
	}
	return s.at(ctx, job.t, a, job.check+1)
}

// giveUp cancels an appointment that the calendar surely does not have, tells the customer and promises a call.
func (s *Scheduler) giveUp(ctx context.Context, job checking, a booking.Appointment, reason string) error {
	for try := 0; ; try++ {
		known, err := s.Store.Gather(ctx, job.t, askOf(Plan{Branch: job.branch}, a))
		if err != nil {
			return err
		}
		step := s.releasing(a, job.branch, known, reason)
		step.Events = []event.Event{event.AppointmentCancelled{Head: s.head(job.t, 3), AppointmentID: a.ID, CallID: a.CallID, By: "system", Reason: reason, Version: a.Sequence}}
		step.ClearTimers = []ledger.Timer{checkTimer(a)}
		if err := s.promise(ctx, job.t, job.config, job.branch, a, callback.ToBook, callback.High, "Die Terminbuchung wurde vom Kalender nicht bestätigt.", step); err != nil {
			return err
		}
		err = s.Store.Commit(ctx, job.t, step)
		if !ledger.ConflictOn(err) || try == len(confirmAgain) {
			return err
		}
		fresh, ok, err := s.Store.Appointment(ctx, job.t, a.ID)
		if err != nil || !ok || fresh.Status != booking.Pending {
			return err // somebody else settled it
		}
		a = fresh
	}
}

// promise adds a callback about an appointment to a step, where there is a number to call: a new one, or the wish to one
// that is open. After a conflict the step is made anew, and so is the promise.
func (s *Scheduler) promise(ctx context.Context, t tenant.ID, c *company.Config, branch company.Branch, a booking.Appointment, action string, priority callback.Priority, reason string, step *ledger.Step) error {
	at := a.StartsAt
	_, _, err := promise.Maker{Store: s.Store, NewID: s.NewID}.Make(ctx, t, c, branch, promise.Wish{
		Phone: a.AttendeePhone, CustomerID: a.CustomerID, Name: a.AttendeeName, Action: action, Priority: priority,
		ServiceID: a.ServiceID, StaffID: a.StaffID, WishedAt: &at, Reason: reason, AppointmentID: a.ID, CallID: a.CallID, Now: s.Now(),
	}, step)
	return err
}

// Settle confirms a pending appointment at once if the calendar has it; it changes nothing otherwise.
func (s *Scheduler) Settle(ctx context.Context, t tenant.ID, c *company.Config, appointmentID string) (bool, error) {
	a, ok, err := s.Store.Appointment(ctx, t, appointmentID)
	if err != nil || !ok {
		return false, err
	}
	branch, ok := c.Branch(a.BranchID)
	if !ok || a.Status != booking.Pending || len(a.Segments) > 0 { // segments are their job's: more than looking may be left
		return a.SyncStatus == booking.Synced, nil
	}
	within, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	found, is, err := s.find(within, forCaller(t, c), a)
	if err != nil || !is || !found.Live() {
		return false, nil // not known yet: the job goes on asking
	}
	return true, s.settle(ctx, checking{t: t, config: c, branch: branch}, a, found)
}

// LastCheck is the check that a timer wakes.
var LastCheck = len(checks) - 1
