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

// Recorded is an event as the outbox keeps it for seven days, beside what it tells of.
type Recorded struct{ Name, ID, At, Detail string }

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
// mail) and work-default (the customer's history, what came of the call, the reminder's timer).
type AppointmentConfirmed struct {
	Head
	AppointmentID string `json:"appointment_id"`
	CallID        string `json:"call_id,omitempty"`
	Version       int    `json:"version"` // of what the attendee is told: the iCalendar sequence
	// Quiet: it is an old booking that we only learned of now. It is kept and reminded of, but nobody is told.
	Quiet bool `json:"quiet,omitempty"`
}

// Name of the event on the bus.
func (AppointmentConfirmed) Name() string { return "appointment.confirmed.v1" }

// AppointmentCancelled: an appointment will not take place. By is customer, staff or system.
// From the checks of unknown outcomes, Cal.com's webhooks and the phone. Heard by work-notifications and work-default (the
// customer's history, what came of the call, the timers).
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

// AppointmentChangeRequested: a cancellation or move was decided and the calendar is about to be asked.
// From the phone. Heard by work-sync, which looks after it until the outcome is known. Once per change.
type AppointmentChangeRequested struct {
	Head
	AppointmentID string `json:"appointment_id"`
	CallID        string `json:"call_id,omitempty"`
	Change        string `json:"change"` // cancel, reschedule
}

// Name of the event on the bus.
func (AppointmentChangeRequested) Name() string { return "appointment.change_requested.v1" }

// AppointmentNeedsReview: we and the calendar disagree and a person has to look.
// From the reconciliation and the checks of unknown outcomes. Heard by work-notifications, which tells the branch.
type AppointmentNeedsReview struct {
	Head
	AppointmentID string `json:"appointment_id"`
	Reason        string `json:"reason"`
}

// Name of the event on the bus.
func (AppointmentNeedsReview) Name() string { return "appointment.needs_review.v1" }

// PolicyViolated: a change was refused because of the company's policy. Code is the decision's; nothing was changed.
// From the phone. For statistics; nobody hears it yet.
type PolicyViolated struct {
	Head
	AppointmentID string `json:"appointment_id"`
	CallID        string `json:"call_id,omitempty"`
	Operation     string `json:"operation"` // cancellation, reschedule
	Code          string `json:"code"`
}

// Name of the event on the bus.
func (PolicyViolated) Name() string { return "policy.violated.v1" }

// CallbackRequested: somebody was promised a call.
// From the phone and from bookings that failed. Heard by work-notifications, which tells the branch, and by work-default
// (what came of the call).
type CallbackRequested struct {
	Head
	CallbackID string `json:"callback_id"`
	CallID     string `json:"call_id,omitempty"`
	// Promise as it was given: a later wish may move it before anybody is told of this one. Nil in facts of before.
	Promise *Promise `json:"promise,omitempty"`
}

// Promise is what a caller was told of their callback, and who had it then.
type Promise struct {
	Until    time.Time  `json:"until"`
	WishedAt *time.Time `json:"wished_at,omitempty"`
	StaffID  string     `json:"staff_id,omitempty"`
	Notes    int        `json:"notes,omitempty"` // how many stood there, this wish's included
}

// Name of the event on the bus.
func (CallbackRequested) Name() string { return "callback.requested.v1" }

// CallbackRepeated: a second wish was added to a callback that is still open (§15 of the voice specification). Heard by
// work-notifications, which tells the branch and whoever has it.
type CallbackRepeated struct {
	Head
	CallbackID string  `json:"callback_id"`
	CallID     string  `json:"call_id,omitempty"`
	Promise    Promise `json:"promise"`
}

// Name of the event on the bus.
func (CallbackRepeated) Name() string { return "callback.repeated.v1" }

// CallbackAssigned: a callback was given to a member of staff. Heard by work-notifications, which tells them.
type CallbackAssigned struct {
	Head
	CallbackID string `json:"callback_id"`
	StaffID    string `json:"staff_id"`
}

// Name of the event on the bus.
func (CallbackAssigned) Name() string { return "callback.assigned.v1" }

// CallbackEscalated: nobody has called back in time, or three tries failed. Level is warn, critical or escalated; StaffID
// is who has it now; of an escalation it is empty when nobody else is there. Heard by work-notifications, which tells the branch or that person.
type CallbackEscalated struct {
	Head
	CallbackID string `json:"callback_id"`
	Level      string `json:"level"`
	Reason     string `json:"reason"` // sla_breach, manual_escalation, multiple_attempts_failed
	StaffID    string `json:"staff_id,omitempty"`
}

// Name of the event on the bus.
func (CallbackEscalated) Name() string { return "callback.escalated.v1" }

// CallStarted: a caller is on the line. Heard by work-sync, which fetches the slots that are usually asked for.
type CallStarted struct {
	Head
	CallID   string `json:"call_id"`
	BranchID string `json:"branch_id"`
}

// Name of the event on the bus.
func (CallStarted) Name() string { return "call.started.v1" }

// CallContinued: a tool was asked after the call had ended, or while its end was being written down. Heard by work-default,
// which concludes the call again.
type CallContinued struct {
	Head
	CallID string `json:"call_id"`
}

// Name of the event on the bus.
func (CallContinued) Name() string { return "call.continued.v1" }

// CallEnded: a call is over; Retell said so, or it was found out. Told once, and again when its length turns out to be
// another. Heard by work-gateway, which adds what the call adds to its cases, and by work-default, which meters it.
type CallEnded struct {
	Head
	CallID   string `json:"call_id"`
	BranchID string `json:"branch_id"`
	Seconds  int    `json:"duration_s"`
	Reason   string `json:"disconnection_reason,omitempty"`
}

// Name of the event on the bus.
func (CallEnded) Name() string { return "call.ended.v1" }

// WishUnfulfilled: availability was asked and some minutes after the end of the call nothing has come of it. Heard by work-notifications, which tells the branch.
type WishUnfulfilled struct {
	Head
	CallID   string `json:"call_id"`
	BranchID string `json:"branch_id"`
}

// Name of the event on the bus.
func (WishUnfulfilled) Name() string { return "wish.unfulfilled.v1" }

// CallAnalyzed: a call is over and its summary is known. Told only where somebody wants to read it, or a case waits for it.
// Heard by work-notifications, which tells the branch, and by work-gateway, which adds it to the case.
type CallAnalyzed struct {
	Head
	CallID   string `json:"call_id"`
	BranchID string `json:"branch_id"`
}

// Name of the event on the bus.
func (CallAnalyzed) Name() string { return "call.analyzed.v1" }
