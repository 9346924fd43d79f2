// Package callback keeps promises to ring back. Its one rule: nothing is promised without a number, and what is promised
// in words is the deadline in the data. It knows no telephone and no storage.
package callback

import (
	"slices"
	"time"

	"github.com/askpro/gateway/internal/company"
)

// Priority decides the deadline.
type Priority string

// Business hours of the branch until somebody has to have called: 24, 4, 2 (§15).
const (
	Normal Priority = "normal"
	High   Priority = "high"
	Urgent Priority = "urgent"
)

// Within is the time on the branch's clock.
func (p Priority) Within() time.Duration {
	switch p {
	case Urgent:
		return 2 * time.Hour
	case High:
		return 4 * time.Hour
	}
	return 24 * time.Hour
}

// Status of a request; completed, cancelled and expired are ends.
type Status string

// The states of §15.
const (
	Pending   Status = "pending"
	Assigned  Status = "assigned"
	Contacted Status = "contacted"
	Completed Status = "completed"
	Expired   Status = "expired"
	Cancelled Status = "cancelled"
)

// Actions that a caller wants to be called back about.
const (
	ToBook       = "book"
	ToCancel     = "cancel"
	ToReschedule = "reschedule"
	Other        = "other"
)

// Request is somebody waiting for a call. Texts are as the caller said them: escape at output.
type Request struct {
	ID            string     `json:"id"`
	BranchID      string     `json:"branch_id"`
	CustomerID    string     `json:"customer_id,omitempty"`
	CallID        string     `json:"call_id,omitempty"`
	ServiceID     string     `json:"service_id,omitempty"`
	StaffID       string     `json:"staff_id,omitempty"` // who was wished for
	Phone         string     `json:"phone"`
	Name          string     `json:"name,omitempty"`
	PreferredTime string     `json:"preferred_time,omitempty"`
	Priority      Priority   `json:"priority"`
	Status        Status     `json:"status"`
	AssignedTo    string     `json:"assigned_to,omitempty"` // staff id
	Notes         []string   `json:"notes,omitempty"`
	Action        string     `json:"action"` // book, cancel, reschedule, other
	Reason        string     `json:"reason,omitempty"`
	AppointmentID string     `json:"appointment_id,omitempty"`
	WishedAt      *time.Time `json:"wished_at,omitempty"`
	// Attempts counts all calls back, Tries those since somebody was given it.
	Attempts      int        `json:"contact_attempts,omitempty"`
	Tries         int        `json:"tries,omitempty"`
	AssignedAt    *time.Time `json:"assigned_at,omitempty"`
	ContactedAt   *time.Time `json:"contacted_at,omitempty"` // the last time
	CompletedAt   *time.Time `json:"completed_at,omitempty"`
	PromisedUntil time.Time  `json:"promised_until"`
	ExpiresAt     time.Time  `json:"expires_on"`
	// When each step for want of contact was taken last, or missed; and the last escalation of any kind.
	WarnedAt     *time.Time `json:"warned_at,omitempty"`
	CriticalAt   *time.Time `json:"critical_at,omitempty"`
	BreachedAt   *time.Time `json:"breached_at,omitempty"`
	EscalatedAt  *time.Time `json:"escalated_at,omitempty"`
	EscalatedFor string     `json:"escalated_for,omitempty"` // a Reason
	CreatedAt    time.Time  `json:"created_at"`
	Version      int        `json:"-"`
}

// Open tells whether somebody still waits for the call.
func (r Request) Open() bool {
	return r.Status == Pending || r.Status == Assigned || r.Status == Contacted
}

// Waiting is an open request as the list of its branch shows it.
type Waiting struct {
	ID            string    `json:"id"`
	AssignedTo    string    `json:"assigned_to,omitempty"`
	Priority      Priority  `json:"priority"`
	PromisedUntil time.Time `json:"promised_until"`
}

// keepOpen is how long after its promise a request stays open before it expires.
const keepOpen = 14 * 24 * time.Hour

// Promise sets the deadline from the branch's business hours, as it is spoken: nobody says "um 17 Uhr 1", so up to five
// minutes of it are given away. A branch that never opens promises the plain time.
func Promise(b company.Branch, p Priority, now time.Time) (until, expires time.Time) {
	until = afterOpen(b, now, p.Within()).Truncate(spoken)
	return until, until.Add(keepOpen)
}

// spoken is how finely people say a deadline.
const spoken = 5 * time.Minute

// afterOpen is when the branch has been open for d since t; the plain time where it never opens.
func afterOpen(b company.Branch, t time.Time, d time.Duration) time.Time {
	if at, ok := b.AddBusinessTime(t, d); ok {
		return at
	}
	return t.Add(d)
}

// whenOpen is t, or the next time the branch is open.
func whenOpen(b company.Branch, t time.Time) time.Time {
	if at, ok := b.NextOpening(t); ok {
		return at
	}
	return t
}

// maxNotes keeps a request that is asked for again and again small.
const maxNotes = 20

// Again adds a second wish for the same thing to an open request (§15): its words as a note, its time, its urgency. A
// promise that was given is never made later; one that has passed is given anew. What was said already is not noted twice.
func (r Request) Again(b company.Branch, p Priority, note string, wishedAt *time.Time, now time.Time) Request {
	if note != "" && note != r.Reason && !slices.Contains(r.Notes, note) && len(r.Notes) < maxNotes {
		r.Notes = append(r.Notes[:len(r.Notes):len(r.Notes)], note)
	}
	if wishedAt != nil {
		r.WishedAt = wishedAt
	}
	if p.Within() < r.Priority.Within() {
		r.Priority = p
	}
	until, expires := Promise(b, r.Priority, now)
	if r.PromisedUntil.Before(now) || until.Before(r.PromisedUntil) {
		r.PromisedUntil = until
	}
	if expires.After(r.ExpiresAt) {
		r.ExpiresAt = expires
	}
	return r
}
