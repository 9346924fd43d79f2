package scheduling

import (
	"context"
	"fmt"
	"slices"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/company"
)

// life is a booking as the calendar has it now, and the ones it was before: each move makes another one with another uid.
type life struct {
	before []Booked // oldest first; of some only the uid is known
	now    Booked
}

// longestChain is how far a booking is followed in either direction (§11.3).
const longestChain = 10

// lifeOf reads a booking by any of its uids. seen holds bookings that were just read with others; what came before an
// appointment's own uids is not asked for again.
func (s *Scheduler) lifeOf(ctx context.Context, who Account, uid string, seen map[string]Booked, a *booking.Appointment) (life, error) {
	read := func(uid string) (Booked, error) {
		if b, ok := seen[uid]; ok {
			return b, nil
		}
		return s.Calendar.Booking(ctx, who, uid)
	}
	l, err := onward(read, uid)
	if err != nil {
		return life{}, err
	}
	first := append(l.before, l.now)[0]
	for range longestChain {
		from := first.RescheduledFrom
		if from == "" || from == l.now.UID || slices.Contains(l.uidsBefore(), from) {
			break
		}
		older := Booked{UID: from}
		if a == nil || from != a.UID && !slices.Contains(a.PreviousUIDs, from) {
			if older, err = read(from); WhyOf(err) == Gone && err != nil {
				older, err = Booked{UID: from}, nil // its trace ends here
			}
			if err != nil {
				return life{}, err
			}
		}
		l.before = slices.Insert(l.before, 0, older)
		first = older
	}
	return l, nil
}

// follow reads a booking and, where it was moved, the one that replaced it.
func (s *Scheduler) follow(ctx context.Context, who Account, uid string) (Booked, error) {
	l, err := onward(func(uid string) (Booked, error) { return s.Calendar.Booking(ctx, who, uid) }, uid)
	return l.now, err
}

// onward reads a booking and those that replaced it, up to the one that stands now.
func onward(read func(uid string) (Booked, error), uid string) (life, error) {
	var l life
	b, err := read(uid)
	for ; err == nil && b.RescheduledTo != ""; b, err = read(b.RescheduledTo) {
		if len(l.before) == longestChain {
			return life{}, &Refused{Why: Gone, Err: fmt.Errorf("booking %s was moved in a circle", uid)}
		}
		l.before = append(l.before, b)
	}
	if err != nil {
		return life{}, err
	}
	l.now = b
	return l, nil
}

func (l life) uidsBefore() []string {
	uids := make([]string, len(l.before))
	for i, b := range l.before {
		uids[i] = b.UID
	}
	return uids
}

// uids are all of them, the oldest first.
func (l life) uids() []string { return append(l.uidsBefore(), l.now.UID) }

// moves counts how often the booking was moved since an appointment heard of it.
func (l life) moves(a booking.Appointment) int {
	if a.UID == l.now.UID {
		return 0
	}
	if i := slices.Index(l.uidsBefore(), a.UID); i >= 0 {
		return len(l.before) - i
	}
	if a.UID == "" {
		return len(l.before)
	}
	return 1
}

// twin tells whether the booking carries our id beside another one of the same appointment: it was booked twice.
func (l life) twin(a booking.Appointment) bool {
	return a.UID != "" && a.UID != l.now.UID && len(l.before) == 0 && l.now.RescheduledFrom == ""
}

// agrees tells whether an appointment stands as the calendar has it.
func agrees(c *company.Config, a booking.Appointment, l life) bool {
	b := l.now
	for _, uid := range l.uidsBefore() {
		if !slices.Contains(a.PreviousUIDs, uid) {
			return false
		}
	}
	switch {
	case a.UID != b.UID:
		return false
	case !b.Live():
		return a.Status != booking.Pending && a.Status != booking.Confirmed // an end is an end
	case !a.StartsAt.Equal(b.Start), a.Status == booking.Cancelled, a.SyncStatus != booking.Synced:
		return false
	case (b.Status == "pending") != (a.Status == booking.Pending):
		return false
	}
	p, known := StaffOfHost(c, b.Host)
	return !known || p.ID == a.StaffID
}
