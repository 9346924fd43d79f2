package voice

import (
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/german"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/scheduling"
)

// repeated answers a booking that was asked for before (§5.4): the stored words after its end, a short wait while it
// runs, the resolved state of an uncertain one. Nil: the key is free.
func (x *turn) repeated(key string) (*Reply, error) {
	waited := time.Duration(0)
	for {
		once := x.session.Find(key, x.now)
		if once == nil {
			return x.orphaned(key)
		}
		if once.State != call.Running {
			return x.again(*once)
		}
		if waited >= repeatWait {
			r := answer("booking_uncertain", say.beingBooked, goOn, map[string]any{"appointment_id": once.AppointmentID})
			return &r, nil
		}
		if err := sleep(x, repeatStep); err != nil {
			return nil, err
		}
		waited += repeatStep
		if err := x.open(); err != nil {
			return nil, err
		}
		x.exceeded()
	}
}

// again gives the answer that was given, word for word when the words were the same.
func (x *turn) again(once call.Once) (*Reply, error) {
	a, ok, err := x.desk.Store.Appointment(x, x.t, once.AppointmentID)
	if err != nil {
		return nil, err
	}
	if ok && a.Status == booking.Cancelled {
		return nil, nil // given back meanwhile: the slot may be booked anew
	}
	settled := once.State == call.Done || !ok || a.SyncStatus != booking.Synced
	if settled && once.Args == x.args.fingerprint() && once.Seq > 0 {
		stored, found, err := x.desk.Store.ToolCall(x, x.t, x.request.CallID, once.Seq)
		if err != nil {
			return nil, err
		}
		if found {
			return &Reply{OK: true, Status: stored.Status, raw: []byte(stored.Response)}, nil
		}
	}
	if !ok {
		return nil, nil
	}
	r := x.already(a)
	if once.State == call.Uncertain {
		if a.SyncStatus != booking.Synced {
			r = x.outcome(scheduling.Outcome{Result: scheduling.IsUncertain, Appointment: a}, x.wishOf(a))
		} else {
			r = x.outcome(scheduling.Outcome{Result: resultOf(a), Appointment: a}, x.wishOf(a))
		}
	}
	return &r, nil
}

func resultOf(a booking.Appointment) scheduling.Result {
	if a.Status == booking.Pending {
		return scheduling.DidRequest
	}
	return scheduling.DidBook
}

func (x *turn) wishOf(a booking.Appointment) wish {
	s, _ := x.config.Service(a.ServiceID)
	return wish{service: s}
}

// orphaned looks for a claim whose worker died: its appointment stands there pending, and the calendar may know it.
func (x *turn) orphaned(key string) (*Reply, error) {
	for _, o := range x.session.Once {
		if o.Key != key || o.State != call.Running {
			continue
		}
		a, ok, err := x.desk.Store.Appointment(x, x.t, o.AppointmentID)
		if err != nil || !ok || a.Status == booking.Cancelled {
			return nil, err
		}
		if a.Status == booking.Pending && a.PendingReason == "calendar" {
			// Found at the calendar, it is confirmed now; else the job of its event finds out.
			if _, err := x.desk.Scheduler.Settle(x, x.t, x.config, a.ID); err != nil && !ledger.ConflictOn(err) {
				return nil, err
			}
			if a, ok, err = x.desk.Store.Appointment(x, x.t, o.AppointmentID); err != nil || !ok {
				return nil, err
			}
		}
		out := scheduling.Outcome{Result: resultOf(a), Appointment: a}
		state := call.Done
		if a.SyncStatus != booking.Synced {
			out.Result, state = scheduling.IsUncertain, call.Uncertain
		}
		r := x.outcome(out, x.wishOf(a))
		x.session.Booked = appendNew(x.session.Booked, a.ID)
		x.session.Wish = nil
		x.session.Claim(call.Once{Key: key, State: state, Args: o.Args, Until: x.now.Add(answerFor).Unix(), Seq: x.session.Seq + 1, AppointmentID: a.ID}, x.now)
		return &r, nil
	}
	return nil, nil
}

// bookedBefore finds, for a booking whose offer is used up, the answer by day, time and service.
func (x *turn) bookedBefore() *Reply {
	for _, once := range x.session.Once {
		if once.State != call.Running && once.Until > x.now.Unix() && once.Args == x.args.fingerprint() {
			if r, err := x.again(once); err == nil && r != nil {
				return r
			}
		}
	}
	for _, id := range x.session.Booked {
		a, ok, err := x.desk.Store.Appointment(x, x.t, id)
		if err != nil || !ok || !a.Active() {
			continue
		}
		if x.means(a) || (x.args["offer_id"] != "" && id == x.session.Booked[len(x.session.Booked)-1]) {
			r := x.already(a)
			return &r
		}
	}
	return nil
}

// means tells whether the arguments name an appointment's start (and its service, if one was named).
func (x *turn) means(a booking.Appointment) bool {
	r, mismatch := x.parse(x.args["date"], x.args["time"])
	if mismatch != nil || r.Time == german.NoTime || x.branch.LocalMinute(a.StartsAt) != r.Time {
		return false
	}
	if !r.Date.IsZero() && r.Date != x.branch.Day(a.StartsAt) {
		return false
	}
	if x.args["service"] == "" {
		return true
	}
	s, refused := x.service()
	return refused == nil && s.ID == a.ServiceID
}

func (x *turn) already(a booking.Appointment) Reply {
	r := x.outcome(scheduling.Outcome{Result: resultOf(a), Appointment: a}, x.wishOf(a))
	s, _ := x.config.Service(a.ServiceID)
	r.Status = "already_booked"
	r.Say = fill(say.already, "when", german.SpeakWhen(a.StartsAt, x.now, x.branch.Location()), "service", s.Name)
	return r
}

func sleep(x *turn, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-x.Done():
		return x.Err()
	case <-timer.C:
		return nil
	}
}
