// Package ledger is one atomic step: everything that changes together, and the facts that tell of it. Its one rule: a
// step is written whole or not at all, and only over what was read. The product says what belongs together; the store
// knows the keys and conditions.
package ledger

import (
	"errors"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/audit"
	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/callback"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
)

// Step lists records as they shall be. Each carries the Version it was read with (0: it must not exist yet); a record
// somebody else changed meanwhile makes the whole step a *Conflict.
type Step struct {
	Call         *call.Call
	Session      *call.Session
	ToolCall     *call.ToolCall // of Session
	Transcript   *Transcript
	Days         []booking.Day
	Appointments []*booking.Appointment
	Changes      []booking.Change
	Claims       []booking.Claim
	Card         *customer.Card
	OtherCard    *customer.Card // of a second number: of whom is to be called back, where that is not Card's
	Customer     *customer.Customer
	EmailOf      string // claims Customer's address for Customer (unique per company)
	Callback     *callback.Request
	Case         *desk.Case
	OtherCase    *desk.Case    // the other side of a link or a merge
	Purged       *desk.Case    // is removed, as it was read, with what finds it by its number
	Filed        *desk.Capture // is a case now: refused when another one was made of it meanwhile
	Notes        []*desk.Note
	Activities   []desk.Activity // one of each id: written again they stay as they are
	Deliveries   []*delivery.Delivery
	Events       []event.Event
	Audit        []audit.Entry // the next lines of the company's trail; the store chains them
	SetTimers    []Timer
	ClearTimers  []Timer
}

// Written counts the versions of what was written on, so that the same records can be changed again. Stores call it.
func (s *Step) Written() {
	if s.Call != nil {
		s.Call.Version++
	}
	if s.Session != nil {
		s.Session.Version++
	}
	for i := range s.Days {
		s.Days[i].Version++
	}
	for _, a := range s.Appointments {
		a.Version++
	}
	if s.Card != nil {
		s.Card.Version++
	}
	if s.OtherCard != nil {
		s.OtherCard.Version++
	}
	if s.Customer != nil {
		s.Customer.Version++
	}
	if s.Callback != nil {
		s.Callback.Version++
	}
	for _, c := range []*desk.Case{s.Case, s.OtherCase} {
		if c != nil {
			c.Version++
		}
	}
	for _, n := range s.Notes {
		n.Version++
	}
	for _, d := range s.Deliveries {
		d.Version++
	}
}

// Timer wakes a queue's consumer at a time. It lives beside what it is about, so that the step that changes the one sets
// or clears the other; setting it again moves it. Name says what for; Queue is sync, notifications, default or gateway.
type Timer struct {
	Kind  Kind      `json:"kind"`
	About string    `json:"about"` // the aggregate's id
	Queue string    `json:"queue"`
	Name  string    `json:"name"` // unique within the aggregate, e.g. check
	DueAt time.Time `json:"due_at"`
}

// Kind of aggregate that a timer is about.
type Kind string

// The aggregates that have timers.
const (
	OfAppointment Kind = "APPOINTMENT"
	OfCallback    Kind = "CALLBACK"
	OfCall        Kind = "CALL"
	OfCase        Kind = "CASE"
	OfEndpoint    Kind = "ENDPOINT"
	OfDigest      Kind = "DIGEST"
	OfRedelivery  Kind = "REDELIVERY"
)

// Transcript is a call's text, compressed by the store and written once. ObjectKey names it in the bucket when it is too
// long for an item.
type Transcript struct {
	CallID    string `json:"-"`
	ObjectKey string `json:"-"`
	Text      string `json:"text"`
}

// Conflict says what of a step somebody else had changed: "session", "day", "appointment", "claim", "card", "email", ….
type Conflict struct{ On []string }

func (c *Conflict) Error() string {
	return "changed meanwhile: " + strings.Join(c.On, ", ") + "; read again and decide again"
}

// ConflictOn tells whether err is a conflict, and if names are given, on one of them.
func ConflictOn(err error, names ...string) bool {
	var c *Conflict
	if !errors.As(err, &c) {
		return false
	}
	for _, on := range c.On {
		for _, n := range names {
			if on == n {
				return true
			}
		}
	}
	return len(names) == 0
}

// Ask names what a decision needs to know; Known is the answer. What does not exist is there, empty, with version 0.
type Ask struct {
	Days  []booking.DayKey
	Slots []booking.SlotKey
	Card  string // the key of a card
	Key   string // the reference of a Cal.com key
}

// Known answers an Ask.
type Known struct {
	Days  map[booking.DayKey]booking.Day
	Slots map[booking.SlotKey]booking.SlotDay
	Card  customer.Card
	Key   KeyState
}

// KeyState is what is known of a Cal.com key, for all functions at once: until when it rests after a 429 (zero: not), how
// much of its budget is leased, and which groups of operations its breaker keeps shut.
type KeyState struct {
	RestUntil time.Time
	Tick      int64   // the tick that runs; Spent is of this one
	Spent             // what is leased in it
	Past      []Spent // what was leased in the ticks before, the last one first
	Breakers  map[string]Breaker
}

// Spent counts requests leased in one tick: all, and of them those of jobs.
type Spent struct {
	Used int `json:"u,omitempty"`
	Jobs int `json:"j,omitempty"`
}

// Lease takes requests out of a key's budget for the rest of a tick. The counts of a tick only grow, and those before it
// never change any more, so that what may have been leased before is a condition on two numbers.
type Lease struct {
	Tick int64
	Take Spent
	Most Spent     // what may have been leased in the tick before this lease
	Turn *KeyState // the tick begins with this lease: what it was turned from
	Past []Spent   // of the turned tick
}

// Breaker of one group of operations: open until a time (unix seconds) after failures in a row; then Probing counts the
// successes that close it.
type Breaker struct {
	Failures  int   `json:"f,omitempty"`
	OpenUntil int64 `json:"u,omitempty"`
	Probing   int   `json:"p,omitempty"`
}
