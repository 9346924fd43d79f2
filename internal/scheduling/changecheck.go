package scheduling

import (
	"context"
	"fmt"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/callback"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// ChangeTimer names the timer of a change's look that is further off than a queue can delay.
const ChangeTimer = "change"

func changeTimer(a booking.Appointment) ledger.Timer {
	return ledger.Timer{Kind: ledger.OfAppointment, About: a.ID, Queue: "sync", Name: ChangeTimer}
}

// CheckChange looks after a pending change until its outcome is known, at the times of §10.8. It may be called twice, late
// or never: it decides from what stands in the table and in the calendar, and repeats a change only where the calendar
// shows three times that it did not happen.
func (s *Scheduler) CheckChange(ctx context.Context, t tenant.ID, c *company.Config, appointmentID string, check int) (Next, error) {
	a, ok, err := s.Store.Appointment(ctx, t, appointmentID)
	if err != nil {
		return Next{}, err
	}
	if !ok || a.Pending == nil {
		return Next{Done: true}, nil
	}
	if check = min(max(check, 0), len(checks)-1); s.Now().Before(a.Pending.At.Add(checks[check])) {
		return s.changeAt(ctx, t, a, check)
	}
	branch, ok := c.Branch(a.BranchID)
	if !ok {
		return Next{}, fmt.Errorf("appointment %s: its branch is gone from the configuration", a.ID)
	}
	within, cancel := context.WithTimeout(ctx, jobWithin)
	defer cancel()
	look := changing{t: t, config: c, branch: branch, who: forJob(t, c)}
	if len(a.Segments) > 0 {
		return s.checkSegmentsChange(within, look, a, check)
	}
	state, err := s.changeState(within, look.who, a)
	last := check == len(checks)-1
	switch {
	case err != nil && last && s.Now().Sub(a.Pending.At) >= 24*time.Hour:
		return Next{Done: true}, s.giveUpChange(ctx, look, a, "Der Kalender war einen Tag lang nicht erreichbar.")
	case err != nil:
		s.noteRefusal(ctx, t, err)
		if last {
			return Next{Check: check, After: 5 * time.Minute}, nil
		}
		return s.changeAt(ctx, t, a, check+1)
	case state.done:
		return Next{Done: true}, s.settleChange(ctx, look, a, state.booked)
	case state.overtaken:
		return Next{Done: true}, s.giveUpChange(ctx, look, a, "Der Termin wurde inzwischen im Kalender geändert.")
	case check == askAgainAt && a.Pending.AskedAgainAt == nil:
		return s.changeAgain(within, look, a, check)
	case last:
		return Next{Done: true}, s.giveUpChange(ctx, look, a, "Der Kalender hat die Änderung nicht angenommen.")
	}
	return s.changeAt(ctx, t, a, check+1)
}

// changing is what the steps of one look at a change share.
type changing struct {
	t      tenant.ID
	config *company.Config
	branch company.Branch
	who    Account
}

// changeFound is what the calendar shows of a pending change: done, overtaken by somebody else's, or neither.
type changeFound struct {
	done, overtaken bool
	booked          Booked
}

func (s *Scheduler) changeState(ctx context.Context, who Account, a booking.Appointment) (changeFound, error) {
	l, err := s.lifeOf(ctx, who, a.UID, nil, &a)
	b, gone := l.now, err != nil && WhyOf(err) == Gone
	switch {
	case err != nil && !gone:
		return changeFound{}, err
	case a.Pending.Kind == booking.ToCancel:
		return changeFound{done: gone || !b.Live()}, nil
	case gone || !b.Live():
		return changeFound{overtaken: true}, nil
	case b.Start.Equal(a.Pending.StartsAt):
		return changeFound{done: true, booked: b}, nil
	}
	return changeFound{overtaken: b.UID != a.UID, booked: b}, nil
}

// changeAt puts the next look off to its time, by a message's delay or, where that is too short, by a timer of the table.
func (s *Scheduler) changeAt(ctx context.Context, t tenant.ID, a booking.Appointment, check int) (Next, error) {
	due := a.Pending.At.Add(checks[check])
	if after := due.Sub(s.Now()); after <= LongestDelay {
		return Next{Check: check, After: max(after, time.Second)}, nil
	}
	timer := changeTimer(a)
	timer.DueAt = due
	return Next{Timer: true, Check: check}, s.Store.Commit(ctx, t, &ledger.Step{SetTimers: []ledger.Timer{timer}})
}

// changeAgain asks for the change once more. That it was decided is written down first: killed in between, it is not
// asked for twice.
func (s *Scheduler) changeAgain(ctx context.Context, look changing, a booking.Appointment, check int) (Next, error) {
	now, p := s.Now(), *a.Pending
	p.AskedAgainAt = &now
	a.Pending = &p
	if err := s.Store.Commit(ctx, look.t, &ledger.Step{Appointments: []*booking.Appointment{&a}}); err != nil {
		if ledger.ConflictOn(err) {
			return Next{Check: check, After: time.Second}, nil
		}
		return Next{}, err
	}
	b, err := s.changeThere(ctx, look.who, &a)
	switch why := WhyOf(err); {
	case err == nil:
		return Next{Done: true}, s.settleChange(ctx, look, a, b)
	case why == Unknown || why == Resting:
		s.noteRefusal(ctx, look.t, err)
		return s.changeAt(ctx, look.t, a, check+1)
	default:
		s.noteRefusal(ctx, look.t, err)
		return Next{Done: true}, s.giveUpChange(ctx, look, a, "Der Kalender hat die Änderung abgelehnt.")
	}
}

// settleChange writes a change that the calendar has made over whatever else changed meanwhile.
func (s *Scheduler) settleChange(ctx context.Context, look changing, a booking.Appointment, b Booked) error {
	return s.overChange(ctx, look, a, func(a booking.Appointment, known ledger.Known) (*ledger.Step, error) {
		step, _ := s.settling(look.t, look.config, look.branch, a, b, known)
		return step, nil
	})
}

// giveUpChange leaves the appointment as it is in the calendar and has somebody call the customer, who was told that we
// would confirm.
func (s *Scheduler) giveUpChange(ctx context.Context, look changing, a booking.Appointment, reason string) error {
	return s.overChange(ctx, look, a, func(a booking.Appointment, known ledger.Known) (*ledger.Step, error) {
		pending := *a.Pending
		step := s.dropping(look.branch, a, known)
		if left := step.Appointments[0]; left.Torn() {
			s.reviewTear(ctx, look.t, step, left)
		}
		if known.Card.CustomerID != "" {
			card := known.Card
			step.Card = &card
		}
		wish := a
		if pending.Kind == booking.ToReschedule {
			wish.StartsAt = pending.StartsAt
		}
		wish.CallID = pending.CallID
		return step, s.promise(ctx, look.t, look.config, look.branch, wish, pending.Kind, callback.High, reason, step)
	})
}

func (s *Scheduler) overChange(ctx context.Context, look changing, a booking.Appointment, write func(booking.Appointment, ledger.Known) (*ledger.Step, error)) error {
	for try := 0; ; try++ {
		known, err := s.Store.Gather(ctx, look.t, askOfChange(look.branch, a))
		if err != nil {
			return err
		}
		step, err := write(a, known)
		if err != nil {
			return err
		}
		err = s.Store.Commit(ctx, look.t, step)
		if !ledger.ConflictOn(err) || try == len(confirmAgain) {
			return err
		}
		fresh, ok, readErr := s.Store.Appointment(ctx, look.t, a.ID)
		if readErr != nil || !ok || fresh.Pending == nil {
			return readErr // somebody else settled it
		}
		a = fresh
	}
}

// SettleChange ends a pending change at once if the calendar shows what became of it; it changes nothing otherwise.
func (s *Scheduler) SettleChange(ctx context.Context, t tenant.ID, c *company.Config, a booking.Appointment) error {
	branch, ok := c.Branch(a.BranchID)
	if !ok || a.Pending == nil || len(a.Segments) > 0 { // segments are their job's
		return nil
	}
	within, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	look := changing{t: t, config: c, branch: branch, who: forCaller(t, c)}
	state, err := s.changeState(within, look.who, a)
	if err != nil || !state.done {
		return nil // not known yet: the job goes on asking
	}
	return s.settleChange(ctx, look, a, state.booked)
}

// whileChanging is asked first when the calendar tells of an appointment that a change of ours is under way for: it may be
// telling of that change's outcome, which then is the customer's own, with its fee and its quota. If it is not, the
// calendar's state is applied as if no change were under way, and the change's own check finds it so.
func (s *Scheduler) whileChanging(ctx context.Context, t tenant.ID, c *company.Config, branch company.Branch, a booking.Appointment, b Booked) (did Did, settled bool, err error) {
	switch {
	case a.Pending.Kind == booking.ToCancel && b.Status == "cancelled":
		did = Ended
	case a.Pending.Kind == booking.ToReschedule && b.Live() && b.UID != a.UID && b.Start.Equal(a.Pending.StartsAt):
		did = Corrected
	default:
		return Nothing, false, nil
	}
	known, err := s.Store.Gather(ctx, t, askOfChange(branch, a))
	if err != nil {
		return Nothing, false, err
	}
	step, _ := s.settling(t, c, branch, a, b, known)
	return did, true, s.Store.Commit(ctx, t, step)
}
