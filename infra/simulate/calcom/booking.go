package calcom

import (
	"crypto/rand"
	"maps"
	"time"
)

// booking is one event in a calendar.
type booking struct {
	account    *account
	eventType  *eventType
	id         int64
	uid        string
	status     string // accepted, pending, cancelled, rejected
	start, end time.Time
	attendee   attendee
	metadata   map[string]any
	fields     map[string]any // what was answered to the event type's own questions
	icsUID     string         // stays the same over all moves
	sequence   int            // of the iCalendar object, counts its changes
	ended      ending
	absent     bool   // the attendee did not come
	move       change // what made this booking of an older one
	to         string // uid of the booking that replaced this one
	created    time.Time
	updated    time.Time // zero: never since it was made
	history    []History
}

type attendee struct {
	Name     string `json:"name"`
	Email    string `json:"email"`
	TimeZone string `json:"timeZone"`
	Phone    string `json:"phoneNumber,omitempty"`
	Language string `json:"language,omitempty"`
}

// ending is who ended a booking, and why; newDate: and asks the attendee for another one.
type ending struct {
	reason, by string
	newDate    bool
}

// change is a move: from which booking, why, by whom.
type change struct{ from, reason, by string }

// History is one thing that happened to a booking.
type History struct {
	At   time.Time `json:"at"`
	What string    `json:"what"` // made, moved to <uid>, cancelled, accepted, rejected, absent, present
}

// live bookings fill their host's time; one that waits for confirmation does so, too.
func (b *booking) live() bool { return b.status == "accepted" || b.status == "pending" }

// touched is when something last happened to the booking.
func (b *booking) touched() time.Time {
	if b.updated.IsZero() {
		return b.created
	}
	return b.updated
}

// note records a change of a booking that exists.
func (s *Server) note(b *booking, what string) {
	b.updated = s.now()
	b.sequence++
	b.history = append(b.history, History{b.updated, what})
}

// add enters a booking, pending where the event type wants the host's yes.
func (s *Server) add(a *account, e *eventType, start time.Time, who attendee, metadata, fields map[string]any) *booking {
	s.numbers++
	b := &booking{
		account: a, eventType: e, id: s.numbers, uid: newUID(), status: "accepted", start: start.UTC(), end: start.Add(e.minutes()).UTC(),
		attendee: who, metadata: metadata, fields: fields, created: s.now(),
	}
	if e.confirms {
		b.status = "pending"
	}
	b.icsUID = b.uid + "@Cal.com"
	b.history = []History{{b.created, "made"}}
	s.bookings = append(s.bookings, b)
	return b
}

// byUID finds an account's booking.
func (s *Server) byUID(a *account, uid string) *booking {
	for _, b := range s.bookings {
		if b.uid == uid && b.account == a {
			return b
		}
	}
	return nil
}

// end cancels a booking and tells of it.
func (s *Server) end(b *booking, x ending) {
	b.status, b.ended = "cancelled", x
	s.note(b, "cancelled")
	s.tell("BOOKING_CANCELLED", b, nil)
}

// markAbsent says whether the attendee came. It changes the attendee, not the booking: updatedAt stays.
func (s *Server) markAbsent(b *booking, absent bool) {
	b.absent = absent
	b.history = append(b.history, History{s.now(), map[bool]string{true: "absent", false: "present"}[absent]})
	s.tell("BOOKING_NO_SHOW_UPDATED", b, nil)
}

// replace makes the new booking of a move: new id, new uid; the old one is cancelled and points to it. Only the owner's
// move of an event type that wants a yes needs none; then the trigger is REQUESTED, not RESCHEDULED (trap 1).
func (s *Server) replace(old *booking, start time.Time, x change) *booking {
	b := s.add(old.account, old.eventType, start, old.attendee, maps.Clone(old.metadata), old.fields)
	x.from = old.uid
	b.move, b.icsUID, b.sequence = x, old.icsUID, old.sequence+1
	if x.by == old.eventType.host.Email {
		b.status = "accepted"
	}
	old.status, old.to = "cancelled", b.uid
	s.note(old, "moved to "+b.uid)
	trigger := "BOOKING_RESCHEDULED"
	if b.status == "pending" {
		trigger = "BOOKING_REQUESTED"
	}
	s.tell(trigger, b, old)
	return b
}

// letters of Cal.com's uids (short-uuid): none that look alike.
const letters = "123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"

func newUID() string {
	b := make([]byte, 22)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	for i := range b {
		b[i] = letters[int(b[i])%len(letters)]
	}
	return string(b)
}
