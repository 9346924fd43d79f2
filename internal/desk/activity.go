package desk

import (
	"time"

	"github.com/askpro/gateway/internal/event"
)

// Activity is one line of a case's history (§4.6). Lines are only ever added; a line's id is that of the event it tells of,
// so that writing it again changes nothing.
type Activity struct {
	ID     string    `json:"id"`
	CaseID string    `json:"case_id"`
	Actor  Actor     `json:"actor"`
	Action Action    `json:"action"`
	Field  string    `json:"field,omitempty"`
	Old    string    `json:"old,omitempty"`
	New    string    `json:"new,omitempty"`
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at"`
	// EventID is the fact that it tells of.
	EventID string `json:"event_id,omitempty"`
}

// Actor is who did something, as the facts of it name them.
type Actor = event.Actor

// Action names what was done.
type Action string

// The actions of §4.6.
const (
	DidCreate           Action = "created"
	DidUpdate           Action = "updated" // a field that has no action of its own, as the subject
	ChangedStatus       Action = "status_changed"
	ChangedPriority     Action = "priority_changed"
	ChangedImpact       Action = "impact_changed"
	ChangedUrgency      Action = "urgency_changed"
	ChangedCategory     Action = "category_changed"
	ChangedType         Action = "type_changed"
	DidAssign           Action = "assigned"
	DidUnassign         Action = "unassigned"
	AssignedGroup       Action = "group_assigned"
	LinkedCustomer      Action = "customer_linked"
	UnlinkedCustomer    Action = "customer_unlinked"
	AddedNote           Action = "note_added"
	EditedNote          Action = "note_edited"
	HidNote             Action = "note_hidden"
	SetReference        Action = "external_reference_set"
	EnrichmentCompleted Action = "enrichment_completed"
	EnrichmentTimedOut  Action = "enrichment_timed_out"
	StoredRecording     Action = "recording_stored"
	PlayedRecording     Action = "recording_played"
	StartedSLA          Action = "sla_started"
	PausedSLA           Action = "sla_paused"
	ResumedSLA          Action = "sla_resumed"
	WarnedSLA           Action = "sla_warning"
	BreachedSLA         Action = "sla_breached"
	MetSLA              Action = "sla_met"
	Escalated           Action = "escalated"
	ScheduledDelivery   Action = "delivery_scheduled"
	SentDelivery        Action = "delivery_sent"
	FailedDelivery      Action = "delivery_failed"
	DeadDelivery        Action = "delivery_dead"
	ReplayedDelivery    Action = "delivery_replayed"
	DidMerge            Action = "merged"
	DidLink             Action = "linked"
	Deleted             Action = "deleted"
	Restored            Action = "restored"
	Exported            Action = "exported"
	Erased              Action = "erased"
)
