// Package call is one telephone call as we know it: who rang whom, what was asked of us and what came of it. Its one
// rule: whatever message arrives first creates the call, and its status only rises. It knows no wire format.
package call

import (
	"fmt"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/mode"
)

// Status only rises: ongoing < completed < analyzed.
type Status string

// The states of §4.3.
const (
	Ongoing   Status = "ongoing"
	Completed Status = "completed"
	Analyzed  Status = "analyzed"
)

// Rank orders the states.
func (s Status) Rank() int {
	switch s {
	case Ongoing:
		return 1
	case Completed:
		return 2
	case Analyzed:
		return 3
	}
	return 0
}

// Call as spec §2 has it. RetellID is Retell's id; it names the call in our table too, because every message carries it.
type Call struct {
	ID            string     `json:"id"`
	RetellID      string     `json:"retell_call_id"`
	BranchID      string     `json:"branch_id,omitempty"`
	Type          string     `json:"call_type,omitempty"`
	From          string     `json:"from_number,omitempty"`
	To            string     `json:"to_number,omitempty"`
	Direction     string     `json:"direction,omitempty"`
	Status        Status     `json:"status"`
	Connection    string     `json:"connection,omitempty"` // connected, not_connected, error
	StartedAt     *time.Time `json:"started_at,omitempty"`
	EndedAt       *time.Time `json:"ended_at,omitempty"`
	DurationMS    int64      `json:"duration_ms,omitempty"`
	Disconnection string     `json:"disconnection_reason,omitempty"`
	AgentID       string     `json:"agent_id,omitempty"`
	AgentVersion  int        `json:"agent_version,omitempty"`
	CustomerID    string     `json:"customer_id,omitempty"`
	SpokenName    string     `json:"spoken_name,omitempty"`
	NameSource    string     `json:"name_source,omitempty"` // tool > flow_variable > transcript
	LinkStatus    string     `json:"link_status,omitempty"`
	LinkMethod    string     `json:"link_method,omitempty"`
	LinkConfident int        `json:"link_confidence,omitempty"`
	// Candidates are customers who may have called: a person decides (link_status pending_review).
	Candidates   []string `json:"link_candidates,omitempty"`
	Appointments []string `json:"appointment_ids,omitempty"` // made in the call
	Callbacks    []string `json:"callback_ids,omitempty"`    // promised because of it
	CaseID       string   `json:"case_id,omitempty"`         // made in the call
	Outcome      string   `json:"outcome,omitempty"`
	Successful   *bool    `json:"successful,omitempty"`
	Sentiment    string   `json:"sentiment,omitempty"`
	Summary      string   `json:"summary,omitempty"`
	// TranscriptKey names the stored transcript (compressed, in the bucket or as an item of the call's collection).
	TranscriptKey    string    `json:"transcript_key,omitempty"`
	RecordingConsent string    `json:"recording_consent,omitempty"` // granted, refused, unknown
	RecordingURL     string    `json:"recording_url,omitempty"`
	LatencyP50MS     float64   `json:"latency_p50_ms,omitempty"`
	LatencyP95MS     float64   `json:"latency_p95_ms,omitempty"`
	CostCents        int64     `json:"cost_cents,omitempty"`
	Unfulfilled      *Wish     `json:"unfulfilled_wish,omitempty"`
	Heard            Heard     `json:"heard,omitzero"`
	Gateway          *mode.Pin `json:"gateway,omitempty"` // what the call was taken for; nil: appointments, as everywhere without a gateway
	CreatedAt        time.Time `json:"created_at"`
	UpdatedAt        time.Time `json:"updated_at"`
	Version          int       `json:"-"`
}

// Heard is what the telephone and the session told of a call, kept because what came of it is concluded again whenever
// more becomes known.
type Heard struct {
	VariableName   string `json:"variable_name,omitempty"`
	TranscriptName string `json:"transcript_name,omitempty"`
	Email          string `json:"email,omitempty"`
	CallerSpoke    bool   `json:"caller_spoke,omitempty"`
	InVoicemail    bool   `json:"in_voicemail,omitempty"`
	Successful     *bool  `json:"successful,omitempty"` // as Retell sees it
	Begun          bool   `json:"begun,omitempty"`      // the telephone told that a caller is on the line
	// Transfers that were begun, answered, given up.
	TransferBegun     bool  `json:"transfer_begun,omitempty"`
	TransferBridged   bool  `json:"transfer_bridged,omitempty"`
	TransferCancelled bool  `json:"transfer_cancelled,omitempty"`
	Wish              *Wish `json:"wish,omitempty"` // the last one that nothing came of while the caller was on the line
	// Analysis can be run again with another result: the one that counts, when it was told, and those it replaced.
	Analysis   string    `json:"analysis,omitempty"`
	AnalysedAt time.Time `json:"analysed_at,omitzero"`
	Replaced   []string  `json:"replaced,omitempty"`
	// WishToldAt is when the branch was told of the unfulfilled wish.
	WishToldAt *time.Time `json:"wish_told_at,omitempty"`
}

// Over tells whether the call has ended.
func (c *Call) Over() bool { return c.Status.Rank() >= Completed.Rank() }

// Seconds that the call took, rounded up; 0 where nobody told.
func (c *Call) Seconds() int {
	took := time.Duration(c.DurationMS) * time.Millisecond
	if took == 0 && c.StartedAt != nil && c.EndedAt != nil {
		took = c.EndedAt.Sub(*c.StartedAt)
	}
	return int((max(took, 0) + time.Second - 1) / time.Second)
}

// Began is the call's start, or where nobody told it, when we first heard of the call.
func (c *Call) Began() time.Time {
	if c.StartedAt != nil {
		return *c.StartedAt
	}
	return c.CreatedAt
}

// Wish is what a caller wanted and did not get.
type Wish struct {
	Date    string `json:"date,omitempty"`
	Time    string `json:"time,omitempty"`
	Service string `json:"service,omitempty"`
	Offered int    `json:"options_offered"`
	Reason  string `json:"reason,omitempty"`
}

// ToolCall is one question of the agent and our answer: the owner's most wanted debugging aid.
type ToolCall struct {
	Seq        int       `json:"seq"`
	Tool       string    `json:"tool"` // as sent
	Canonical  string    `json:"canonical_tool"`
	Args       string    `json:"args"`     // JSON, cleaned
	Response   string    `json:"response"` // JSON as answered
	Status     string    `json:"status"`
	DurationMS int64     `json:"duration_ms"`
	Error      string    `json:"error,omitempty"`
	At         time.Time `json:"at"`
}

// Session is what a call needs from one tool call to the next, small enough to be written with each of them.
type Session struct {
	CallID   string          `json:"-"`
	BranchID string          `json:"b,omitempty"`
	From     string          `json:"f,omitempty"`
	Customer string          `json:"c,omitempty"`
	Name     string          `json:"n,omitempty"`
	Pin      Pin             `json:"pin,omitzero"`
	Date     string          `json:"d,omitempty"` // the day the caller confirmed, 2006-01-02
	Offers   []booking.Offer `json:"o,omitempty"`
	Listed   int             `json:"l,omitempty"`  // how many of the last offers form the list read last
	NextOpt  int             `json:"no,omitempty"` // number of the last option made
	Held     *Held           `json:"h,omitempty"`
	Seq      int             `json:"q"`
	Counts   map[string]int  `json:"k,omitempty"` // per tool
	Minute   int64           `json:"m,omitempty"`
	InMinute int             `json:"mi,omitempty"`
	Once     []Once          `json:"x,omitempty"`
	Booked   []string        `json:"ap,omitempty"` // appointments made in this call
	Wish     *Wish           `json:"w,omitempty"`
	Called   bool            `json:"cb,omitempty"` // a callback was promised
	OwnAsked string          `json:"oa,omitempty"` // the own appointment that was asked about when it overlapped
	Shown    []string        `json:"sh,omitempty"` // appointments in the list read last
	Phone    string          `json:"ph,omitempty"` // a number that was spoken
	Asked    *Asked          `json:"as,omitempty"` // the change that a yes is awaited for
	Ended    bool            `json:"z,omitempty"`
	Gateway  *mode.Pin       `json:"gm,omitempty"` // nil: the company has no gateway
	Case     string          `json:"cs,omitempty"` // the case that was made in the call
	Version  int             `json:"-"`
}

// Asked is a question about a change: only a yes to that very change, in time and not the asking request delivered again,
// carries it out.
type Asked struct {
	Key      string `json:"y"`
	FeeCents int64  `json:"f,omitempty"`
	Until    int64  `json:"u"`
	Delivery string `json:"d,omitempty"`
}

// Pin keeps what the caller is talking about; it is replaced when another service is named and lapses after 30 minutes.
type Pin struct {
	ServiceID string `json:"v,omitempty"`
	StaffID   string `json:"p,omitempty"`
	Until     int64  `json:"u,omitempty"`
}

// Held is the call's one hold: of one offer, on the days of all whose time it takes.
type Held struct {
	Resource string     `json:"r"`
	Date     string     `json:"d"`
	Also     []HeldSpot `json:"a,omitempty"` // further days, or other members of staff
	Offer    string     `json:"i"`
	Until    int64      `json:"u"`
}

// HeldSpot is a further day that a hold stands on.
type HeldSpot struct {
	Resource string `json:"r"`
	Date     string `json:"d"`
}

// Hold remembers on which days the hold of an offer stands.
func Hold(offer string, days []booking.DayKey, until time.Time) *Held {
	h := &Held{Offer: offer, Until: until.Unix()}
	for i, k := range days {
		if i == 0 {
			h.Resource, h.Date = k.Resource, k.Date.String()
			continue
		}
		h.Also = append(h.Also, HeldSpot{k.Resource, k.Date.String()})
	}
	return h
}

// Days are those the hold stands on; none without a hold.
func (h *Held) Days() []booking.DayKey {
	if h == nil {
		return nil
	}
	var keys []booking.DayKey
	for _, s := range append([]HeldSpot{{h.Resource, h.Date}}, h.Also...) {
		k := booking.DayKey{Resource: s.Resource}
		if _, err := fmt.Sscanf(s.Date, "%d-%d-%d", &k.Date.Year, &k.Date.Month, &k.Date.Day); err == nil {
			keys = append(keys, k)
		}
	}
	return keys
}

// Once is a claim on a changing action. While it runs, Until is the time limit of the worker that has it; when it is
// done, Seq names the tool call that holds the answer and Until is when the answer may be forgotten.
type Once struct {
	Key           string `json:"y"`
	State         string `json:"t"` // running, done, uncertain
	Args          string `json:"g,omitempty"`
	Until         int64  `json:"u"`
	Seq           int    `json:"q,omitempty"`
	AppointmentID string `json:"a,omitempty"`
	FeeCents      int64  `json:"f,omitempty"` // of a change
}

// States of a Once.
const (
	Running   = "running"
	Done      = "done"
	Uncertain = "uncertain"
)

// Find returns the claim with a key that still counts.
func (s *Session) Find(key string, now time.Time) *Once {
	for i := range s.Once {
		if s.Once[i].Key == key && s.Once[i].Until > now.Unix() {
			return &s.Once[i]
		}
	}
	return nil
}

// Claim sets a claim, replacing one of the same key and sweeping those that no longer count.
func (s *Session) Claim(o Once, now time.Time) {
	kept := make([]Once, 0, len(s.Once)+1)
	for _, old := range s.Once {
		if old.Key != o.Key && old.Until > now.Unix() {
			kept = append(kept, old)
		}
	}
	s.Once = append(kept, o)
}

// Drop removes a claim: a refusal leaves the key free.
func (s *Session) Drop(key string) {
	for i := range s.Once {
		if s.Once[i].Key == key {
			s.Once = append(s.Once[:i:i], s.Once[i+1:]...)
			return
		}
	}
}
