package event

import "time"

// Actor says who did something: user, token, customer, system, operator, voice or a rule; ID is theirs, or the rule's name.
type Actor struct {
	Kind string `json:"kind"`
	ID   string `json:"id,omitempty"`
}

// FieldChange is one changed field of a case.
type FieldChange struct {
	Field string `json:"field"`
	Old   string `json:"old,omitempty"`
	New   string `json:"new,omitempty"`
}

// CaseCreated: a case exists (ServiceCaseCreated). Heard by work-gateway (EnrichServiceCase, ScheduleDelivery), by
// work-notifications (SendNotification) and by work-default (LogActivity).
type CaseCreated struct {
	Head
	CaseID     string `json:"case_id"`
	Number     string `json:"number"`
	CategoryID string `json:"category_id"`
	Type       string `json:"case_type"`
	Priority   string `json:"priority"`
	Source     string `json:"source"`
	CallID     string `json:"call_id,omitempty"`
	CustomerID string `json:"customer_id,omitempty"`
	BranchID   string `json:"branch_id,omitempty"`
	OutputID   string `json:"output_config_id,omitempty"`
	Actor      Actor  `json:"actor"`
}

// Name of the event on the bus.
func (CaseCreated) Name() string { return "case.created.v1" }

// CaseUpdated: fields of a case are different now. Heard by work-default.
type CaseUpdated struct {
	Head
	CaseID  string        `json:"case_id"`
	Changes []FieldChange `json:"changes"`
	Reason  string        `json:"reason,omitempty"`
	Actor   Actor         `json:"actor"`
}

// Name of the event on the bus.
func (CaseUpdated) Name() string { return "case.updated.v1" }

// CaseStatusChanged: a case moved on. Heard by work-default, by work-notifications, which tells the contact of an end, and by
// work-gateway, which tells the receivers of outputs that chose so.
type CaseStatusChanged struct {
	Head
	CaseID        string `json:"case_id"`
	From          string `json:"from"`
	To            string `json:"to"`
	PendingReason string `json:"pending_reason,omitempty"`
	Reason        string `json:"reason,omitempty"`
	Actor         Actor  `json:"actor"`
}

// Name of the event on the bus.
func (CaseStatusChanged) Name() string { return "case.status_changed.v1" }

// CaseAssigned: somebody or a group has the case now. Heard by work-default and work-notifications.
type CaseAssigned struct {
	Head
	CaseID      string `json:"case_id"`
	OldAssignee string `json:"old_assignee,omitempty"`
	NewAssignee string `json:"new_assignee,omitempty"`
	OldGroup    string `json:"old_group,omitempty"`
	NewGroup    string `json:"new_group,omitempty"`
	Rule        string `json:"rule,omitempty"`
	Actor       Actor  `json:"actor"`
}

// Name of the event on the bus.
func (CaseAssigned) Name() string { return "case.assigned.v1" }

// CaseNoteAdded: somebody wrote on the case. Heard by work-default and, of public ones, work-notifications.
type CaseNoteAdded struct {
	Head
	CaseID string `json:"case_id"`
	NoteID string `json:"note_id"`
	Public bool   `json:"public"`
	Actor  Actor  `json:"actor"`
}

// Name of the event on the bus.
func (CaseNoteAdded) Name() string { return "case.note_added.v1" }

// CaseMentioned: a note mentions colleagues of its author, as it was written or since it was edited. Heard by work-notifications,
// which tells them, and work-default.
type CaseMentioned struct {
	Head
	CaseID  string   `json:"case_id"`
	NoteID  string   `json:"note_id"`
	UserIDs []string `json:"user_ids"`
	Actor   Actor    `json:"actor"`
}

// Name of the event on the bus.
func (CaseMentioned) Name() string { return "case.mentioned.v1" }

// CaseClock is what the three facts about a case's clocks say. Goal is response or resolution.
type CaseClock struct {
	Head
	CaseID   string    `json:"case_id"`
	Goal     string    `json:"clock"`
	DueAt    time.Time `json:"due_at,omitzero"`
	Instance string    `json:"instance"`
	Percent  int       `json:"percent,omitempty"`
}

// CaseSLAWarning: a target is near. CaseSLABreached: it has passed. CaseSLAMet: it was reached. Heard by work-default and,
// the first two, by work-notifications.
type (
	CaseSLAWarning  struct{ CaseClock }
	CaseSLABreached struct{ CaseClock }
	CaseSLAMet      struct{ CaseClock }
)

// Name of the event on the bus.
func (CaseSLAWarning) Name() string { return "case.sla_warning.v1" }

// Name of the event on the bus.
func (CaseSLABreached) Name() string { return "case.sla_breached.v1" }

// Name of the event on the bus.
func (CaseSLAMet) Name() string { return "case.sla_met.v1" }

// CaseEscalated: a rule's turn came, or a person escalated. Heard by work-default, work-notifications (the mails) and
// work-gateway (the webhooks).
type CaseEscalated struct {
	Head
	CaseID  string   `json:"case_id"`
	RuleID  string   `json:"rule_id,omitempty"`
	Rule    string   `json:"rule,omitempty"` // its name, or a person's reason
	Actions []string `json:"actions"`        // email, reassign_group, raise_priority, webhook
	Emails  []Mailed `json:"emails,omitempty"`
	URLs    []string `json:"urls,omitempty"`
	Actor   Actor    `json:"actor"`
}

// Mailed is one e-mail of an escalation: addresses, the subject as it is shown, and not before when.
type Mailed struct {
	To        []string  `json:"to"`
	Subject   string    `json:"subject"`
	NotBefore time.Time `json:"not_before,omitzero"`
}

// Name of the event on the bus.
func (CaseEscalated) Name() string { return "case.escalated.v1" }

// CaseEnriched: what the call adds is with the case. Heard by work-gateway, which releases what waits, and work-default.
type CaseEnriched struct {
	Head
	CaseID     string `json:"case_id"`
	Segments   int    `json:"segments"`
	Characters int    `json:"characters"`
	MatchedBy  string `json:"customer_match,omitempty"`
	CustomerID string `json:"customer_id,omitempty"`
}

// Name of the event on the bus.
func (CaseEnriched) Name() string { return "case.enriched.v1" }

// CaseEnrichmentTimedOut: deliveries stop waiting. Heard by work-gateway and work-default.
type CaseEnrichmentTimedOut struct {
	Head
	CaseID string `json:"case_id"`
}

// Name of the event on the bus.
func (CaseEnrichmentTimedOut) Name() string { return "case.enrichment_timed_out.v1" }

// CaseAudioReady: the recording is stored. Heard by work-gateway and work-default.
type CaseAudioReady struct {
	Head
	CaseID    string    `json:"case_id"`
	Bytes     int64     `json:"bytes"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Name of the event on the bus.
func (CaseAudioReady) Name() string { return "case.audio_ready.v1" }

// CaseMerged: a case went into another. Heard by work-gateway, which cancels what waits, and work-default.
type CaseMerged struct {
	Head
	CaseID string `json:"case_id"`
	IntoID string `json:"into_id"`
	Undone bool   `json:"undone,omitempty"`
	Actor  Actor  `json:"actor"`
}

// Name of the event on the bus.
func (CaseMerged) Name() string { return "case.merged.v1" }

// CaseDeleted: a case is out of everybody's sight. CaseRestored: it is back as it was. Heard by work-gateway, which cancels
// what waits or sends it after all, and work-default.
type CaseDeleted struct {
	Head
	CaseID string `json:"case_id"`
	Reason string `json:"reason"`
	Actor  Actor  `json:"actor"`
}

// Name of the event on the bus.
func (CaseDeleted) Name() string { return "case.deleted.v1" }

// CaseRestored is the other half.
type CaseRestored struct {
	Head
	CaseID string `json:"case_id"`
	Actor  Actor  `json:"actor"`
}

// Name of the event on the bus.
func (CaseRestored) Name() string { return "case.restored.v1" }

// CaseLinked: two cases belong together. Heard by work-default.
type CaseLinked struct {
	Head
	CaseID  string `json:"case_id"`
	OtherID string `json:"other_id"`
	Type    string `json:"link_type"`
	Actor   Actor  `json:"actor"`
}

// Name of the event on the bus.
func (CaseLinked) Name() string { return "case.linked.v1" }

// CaseCustomerLinked: it is known whose case it is, or not any more (empty). Heard by work-default.
type CaseCustomerLinked struct {
	Head
	CaseID     string `json:"case_id"`
	CustomerID string `json:"customer_id,omitempty"`
	By         string `json:"by"`
	Actor      Actor  `json:"actor"`
}

// Name of the event on the bus.
func (CaseCustomerLinked) Name() string { return "case.customer_linked.v1" }

// About is the case.
func (e CaseCreated) About() string { return e.CaseID }

// About is the case.
func (e CaseUpdated) About() string { return e.CaseID }

// About is the case.
func (e CaseStatusChanged) About() string { return e.CaseID }

// About is the case.
func (e CaseAssigned) About() string { return e.CaseID }

// About is the case.
func (e CaseNoteAdded) About() string { return e.CaseID }

// About is the case.
func (e CaseMentioned) About() string { return e.CaseID }

// About is the case.
func (e CaseClock) About() string { return e.CaseID }

// About is the case.
func (e CaseEscalated) About() string { return e.CaseID }

// About is the case.
func (e CaseEnriched) About() string { return e.CaseID }

// About is the case.
func (e CaseEnrichmentTimedOut) About() string { return e.CaseID }

// About is the case.
func (e CaseAudioReady) About() string { return e.CaseID }

// About is the case.
func (e CaseMerged) About() string { return e.CaseID }

// About is the case.
func (e CaseDeleted) About() string { return e.CaseID }

// About is the case.
func (e CaseRestored) About() string { return e.CaseID }

// About is the case.
func (e CaseLinked) About() string { return e.CaseID }

// About is the case.
func (e CaseCustomerLinked) About() string { return e.CaseID }
