// Package desk keeps service cases: what a caller reports, how it is sorted, who works on it and how it ends. Its one rule:
// a case exists before anything about it is judged, and its status, priority and history only change by the rules here,
// each change over the version that was read. It knows no phone, no storage and no clock of its own; deadlines are package
// sla's.
package desk

import (
	"time"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/sla"
)

// Case is a reported fault, request or question (§4.1). Texts are as the caller said them: escape at output.
type Case struct {
	ID         string `json:"id"`
	Number     Number `json:"number"`
	BranchID   string `json:"branch_id,omitempty"`
	CallID     string `json:"call_id,omitempty"` // Retell's; one case per call
	CustomerID string `json:"customer_id,omitempty"`

	Type       Type              `json:"case_type"`
	CategoryID string            `json:"category_id"`
	Candidates []Candidate       `json:"category_candidates,omitempty"` // what the classifier weighed, best first
	Subject    string            `json:"subject"`
	Text       string            `json:"description"`
	Tags       []string          `json:"tags,omitempty"`
	Custom     map[string]string `json:"custom_fields,omitempty"`
	Contact    Contact           `json:"contact"`
	Captured   Captured          `json:"capture"`

	Impact   Level    `json:"impact"`
	Urgency  Level    `json:"urgency"`
	Priority Level    `json:"priority"`
	Override Override `json:"priority_override,omitzero"`

	Status        Status        `json:"status"`
	PendingReason PendingReason `json:"pending_reason,omitempty"`
	PendingUntil  *time.Time    `json:"pending_until,omitempty"`
	Source        Source        `json:"source"`
	References    []Reference   `json:"external_references,omitempty"`
	AssigneeID    string        `json:"assignee_id,omitempty"`
	AssignedAt    time.Time     `json:"assigned_at,omitzero"`
	GroupID       string        `json:"group_id,omitempty"`
	ListedIn      string        `json:"listed_in,omitempty"` // the group among whose open cases it stands; stores set it
	MergedInto    string        `json:"merged_into,omitempty"`
	MergedFrom    Status        `json:"merged_from,omitempty"` // the status before the merge, for its undo
	MergedAt      *time.Time    `json:"merged_at,omitempty"`
	Links         []Link        `json:"links,omitempty"`
	Deletion      *Deletion     `json:"deletion,omitempty"` // nobody sees it any more, until it is restored or purged

	Resolution  string     `json:"resolution_note,omitempty"`
	ResolvedAt  *time.Time `json:"resolved_at,omitempty"`
	ClosedAt    *time.Time `json:"closed_at,omitempty"`
	ReopenCount int        `json:"reopen_count,omitempty"`

	SLA        sla.Ledger       `json:"sla_ledger,omitzero"` // read it with At and Explain
	Fired      []sla.Firing     `json:"escalated,omitempty"` // the rules' turns that were taken
	TouchedAt  time.Time        `json:"touched_at,omitzero"` // last activity by a person
	Enrichment Enrichment       `json:"enrichment,omitzero"`
	Recording  Recording        `json:"recording,omitzero"`
	Delivered  delivery.Summary `json:"delivery_summary,omitempty"` // empty: none

	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	CreatedBy string    `json:"created_by"` // user, token, voice, system
	Version   int       `json:"-"`
}

// Type of a case.
type Type string

// The types of §1.3.
const (
	Incident Type = "incident"
	Request  Type = "request"
	Inquiry  Type = "inquiry"
)

// ReadType reads a type; false for anything else.
func ReadType(s string) (Type, bool) {
	switch t := Type(s); t {
	case Incident, Request, Inquiry:
		return t, true
	}
	return Inquiry, false
}

// Source is how a case came in.
type Source string

// The sources of §1.3.
const (
	Voice    Source = "voice"
	Email    Source = "email"
	Web      Source = "web"
	API      Source = "api"
	Manual   Source = "manual"
	Chat     Source = "chat"
	Callback Source = "callback"
	WalkIn   Source = "walk_in"
)

// Contact is who reported it, in their words; the customer's record is separate. PhoneSource is agent or call_record.
type Contact struct {
	Name        string `json:"name,omitempty"`
	Company     string `json:"company,omitempty"`
	Phone       string `json:"phone,omitempty"`
	PhoneSource string `json:"phone_source,omitempty"`
	Email       string `json:"email,omitempty"`
	Location    string `json:"location,omitempty"`
}

// Captured is what the call said about the fault. Others is true, false or nil for unknown, with the words kept.
type Captured struct {
	Others         *bool      `json:"others_affected,omitempty"`
	OthersWords    string     `json:"others_affected_words,omitempty"`
	Since          string     `json:"problem_since,omitempty"` // as it was said
	SinceAt        *time.Time `json:"problem_since_at,omitempty"`
	SinceFormatted string     `json:"problem_since_formatted,omitempty"`
	UseCase        string     `json:"use_case_category,omitempty"`
	UseCaseDetail  string     `json:"use_case_detail,omitempty"`
	FinalizedAt    *time.Time `json:"finalized_at,omitempty"`
}

// Reference is a case's id in another system, from a delivery's answer or by hand.
type Reference struct {
	OutputID string `json:"output_config_id,omitempty"`
	Value    string `json:"value"`
	URL      string `json:"url,omitempty"`
}

// Limits of §1.2 and §4.1, in letters or entries.
const (
	MaxSubject   = 255
	MaxText      = 20_000
	MaxTags      = 20
	MaxTag       = 40
	MaxCustom    = 50
	MaxReference = 100
	// MaxReferences is how many a case keeps; §4.1 names no limit.
	MaxReferences = 50
	MaxNote       = 5_000
	MinNote       = 3
	MaxReason     = 1_000
)
