package desk

import "time"

// EnrichmentState says how far a case is with what its call adds to it (§7.3).
type EnrichmentState string

// The states. TimedOut may still become Enriched.
const (
	EnrichmentPending EnrichmentState = "pending"
	Enriched          EnrichmentState = "enriched"
	TimedOut          EnrichmentState = "timeout"
	Skipped           EnrichmentState = "skipped"
)

// Enrichment is what was added to a case after its call: from the call, and who the customer is.
type Enrichment struct {
	State         EnrichmentState `json:"state,omitempty"`
	EnrichedAt    *time.Time      `json:"enriched_at,omitempty"`
	Segments      int             `json:"segment_count,omitempty"`
	Characters    int             `json:"character_count,omitempty"`
	Summary       string          `json:"summary,omitempty"` // as the model wrote it: escape at output
	Sentiment     string          `json:"sentiment,omitempty"`
	DurationS     int             `json:"duration_s,omitempty"`
	Disconnection string          `json:"disconnection_reason,omitempty"`
	Match         Match           `json:"customer_match,omitzero"`
}

// Match is how a case's customer was found: by what, how sure (100, 85, 70, 0), and who it might be where nobody was linked.
type Match struct {
	By          string       `json:"by,omitempty"` // linked, phone, email, name, placeholder, hand
	Confidence  int          `json:"confidence,omitempty"`
	Suggestions []Suggestion `json:"suggestions,omitempty"`
}

// ByHand: a person said whose case it is, or that it is nobody's.
const ByHand = "hand"

// Suggestion is somebody who may be the customer; a person confirms or rejects it.
type Suggestion struct {
	CustomerID string `json:"customer_id"`
	Name       string `json:"name,omitempty"`
	Evidence   string `json:"evidence"` // phone, email, name
}

// RecordingState says where a call's recording is (§7.4).
type RecordingState string

// The states.
const (
	RecordingPending     RecordingState = "pending"
	RecordingStored      RecordingState = "stored"
	RecordingUnavailable RecordingState = "unavailable"
	RecordingExpired     RecordingState = "expired"
)

// Recording of a case's call, in the company's own storage. The provider's address is never kept here.
type Recording struct {
	State     RecordingState `json:"state,omitempty"`
	Key       string         `json:"object_key,omitempty"`
	Bytes     int64          `json:"bytes,omitempty"`
	Type      string         `json:"content_type,omitempty"`
	ExpiresAt *time.Time     `json:"expires_at,omitempty"`
}
