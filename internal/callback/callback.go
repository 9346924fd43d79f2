// Package callback keeps promises to ring back. Its one rule: nothing is promised without a number, and what is promised
// in words is the deadline in the data. It knows no telephone and no storage.
package callback

import (
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

// Request is somebody waiting for a call. Texts are as the caller said them: escape at output.
type Request struct {
	ID            string     `json:"id"`
	BranchID      string     `json:"branch_id"`
	CustomerID    string     `json:"customer_id,omitempty"`
	CallID        string     `json:"call_id,omitempty"`
	ServiceID     string     `json:"service_id,omitempty"`
	StaffID       string     `json:"staff_id,omitempty"`
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
	PromisedUntil time.Time  `json:"promised_until"`
	ExpiresAt     time.Time  `json:"expires_on"`
	CreatedAt     time.Time  `json:"created_at"`
	Version       int        `json:"-"`
}

// Open tells whether somebody still waits for the call.
func (r Request) Open() bool {
	return r.Status == Pending || r.Status == Assigned || r.Status == Contacted
}

// Waiting is an open request as the list of its branch shows it.
type Waiting struct {
	ID         string   `json:"id"`
	AssignedTo string   `json:"assigned_to,omitempty"`
	Priority   Priority `json:"priority"`
}

// keepOpen is how long after its promise a request stays open before it expires.
const keepOpen = 14 * 24 * time.Hour

// Promise sets the deadline from the branch's business hours. A branch that never opens promises the plain time.
func Promise(b company.Branch, p Priority, now time.Time) (until, expires time.Time) {
	until, ok := b.AddBusinessTime(now, p.Within())
	if !ok {
		until = now.Add(p.Within())
	}
	return until, until.Add(keepOpen)
}
