// Package event lists the facts that AskPro tells itself: something that happened, in past tense, with a version. Facts
// leave through the outbox, in the transaction of the change they tell of; consumers are idempotent by ID. Wire fields
// are plain, so the product may rename its own. It knows no bus.
package event

import "time"

// Event is a fact. Name is its detail-type on the bus.
type Event interface{ Name() string }

// Head is in every event.
type Head struct {
	ID        string    `json:"event_id"`
	CompanyID string    `json:"company_id"`
	At        time.Time `json:"at"`
	// Sequence orders the events of one aggregate: items of one transaction may appear out of order.
	Sequence int `json:"sequence"`
}

// AppointmentRequested: an appointment was written down and the calendar is about to be asked.
// From booking. Heard by work-sync, which looks after it until the outcome is known. Once per appointment.
type AppointmentRequested struct {
	Head
	AppointmentID string `json:"appointment_id"`
	CallID        string `json:"call_id,omitempty"`
}

// Name of the event on the bus.
func (AppointmentRequested) Name() string { return "appointment.requested.v1" }

// AppointmentConfirmed: a customer has a fixed time, in the calendar and with us; a higher Version tells of another time.
// From booking, the checks of unknown outcomes and Cal.com's webhooks. Heard by work-notifications (confirmation, branch
// mail) and work-default (the customer's history).
type AppointmentConfirmed struct {
	Head
	AppointmentID string `json:"appointment_id"`
	CallID        string `json:"call_id,omitempty"`
	Version       int    `json:"version"` // of what the attendee is told: the iCalendar sequence
}

// Name of the event on the bus.
func (AppointmentConfirmed) Name() string { return "appointment.confirmed.v1" }

// AppointmentCancelled: an appointment will not take place. By is customer, staff or system.
// From the checks of unknown outcomes and Cal.com's webhooks. Heard by work-notifications.
type AppointmentCancelled struct {
	Head
	AppointmentID string `json:"appointment_id"`
	CallID        string `json:"call_id,omitempty"`
	By            string `json:"by"`
	Reason        string `json:"reason,omitempty"`
	Version       int    `json:"version"`
}

// Name of the event on the bus.
func (AppointmentCancelled) Name() string { return "appointment.cancelled.v1" }

// CallbackRequested: somebody was promised a call.
// From the phone and from bookings that failed. Heard by work-notifications, which tells the branch.
type CallbackRequested struct {
	Head
	CallbackID string `json:"callback_id"`
	CallID     string `json:"call_id,omitempty"`
}

// Name of the event on the bus.
func (CallbackRequested) Name() string { return "callback.requested.v1" }

// CallStarted: a caller is on the line. Heard by work-sync, which fetches the slots that are usually asked for.
type CallStarted struct {
	Head
	CallID   string `json:"call_id"`
	BranchID string `json:"branch_id"`
}

// Name of the event on the bus.
func (CallStarted) Name() string { return "call.started.v1" }

// WishUnfulfilled: availability was asked and nothing came of it. Heard by work-notifications, which tells the branch.
type WishUnfulfilled struct {
	Head
	CallID   string `json:"call_id"`
	BranchID string `json:"branch_id"`
}

// Name of the event on the bus.
func (WishUnfulfilled) Name() string { return "wish.unfulfilled.v1" }
