package reconcile

import (
	"time"

	"github.com/askpro/gateway/internal/scheduling"
)

// Report is what a full comparison found, kept until the next one. It holds ids, no personal data.
type Report struct {
	Kind      string    `json:"kind"`
	On        string    `json:"on"` // date at the company
	StartedAt time.Time `json:"started_at"`
	EndedAt   time.Time `json:"ended_at,omitzero"`
	Compared  int       `json:"compared"` // bookings of the calendar
	Requests  int       `json:"requests"` // lists and looks for what was missing
	// Counts says how often something was done; Differences shows the first of them.
	Counts      map[scheduling.Did]int `json:"counts,omitempty"`
	Differences []Difference           `json:"differences,omitempty"`
	// Drift lists where event types and services differ. Nothing is put right: whose number counts is for people to decide.
	Drift []Drift `json:"drift,omitempty"`
}

// KindComparison is the kind of the report of the nightly comparison.
const KindComparison = "comparison"

// Difference is one thing that did not agree, and what was done about it.
type Difference struct {
	UID           string         `json:"uid,omitempty"`
	AppointmentID string         `json:"appointment_id,omitempty"`
	Did           scheduling.Did `json:"did"`
}

// overlaps: two appointments take the same member of staff's time. Nothing is done about it but an alarm.
const overlaps scheduling.Did = "overlaps"

// mostDifferences is how many a report shows.
const mostDifferences = 200

func (r *Report) note(uid, appointment string, did scheduling.Did) {
	if r == nil || did == scheduling.Nothing {
		return
	}
	if r.Counts == nil {
		r.Counts = map[scheduling.Did]int{}
	}
	if r.Counts[did]++; len(r.Differences) < mostDifferences {
		r.Differences = append(r.Differences, Difference{uid, appointment, did})
	}
}

// Drift is one difference between an event type and what it is mapped to.
type Drift struct {
	EventType int64  `json:"event_type"`
	Service   string `json:"service"` // slug
	What      string `json:"what"`    // name, minutes, price, team, vanished, back, refused
	Ours      string `json:"ours,omitempty"`
	Theirs    string `json:"theirs,omitempty"`
}
