package call

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// News is what an event of the telephone told us about a call, in our own words. What it does not say is zero.
type News struct {
	Event         string // call_started, call_ended, call_analyzed
	RetellID      string
	Type          string
	From, To      string // E.164; From is empty for a suppressed number
	Ours          string // whichever of the two is our number
	Direction     string
	AgentID       string
	AgentVersion  int
	StartedAt     *time.Time
	EndedAt       *time.Time
	DurationMS    int64
	Disconnection string
	Connection    string
	CostCents     *int64
	LatencyP50MS  float64
	LatencyP95MS  float64
	Summary       string
	Sentiment     string
	Transcript    string
	RecordingURL  string
	InVoicemail   bool
	Successful    *bool
	CallerSpoke   bool
	SpokenName    string // from the transcript's analysis
	VariableName  string // from collected variables
	Consent       string // granted, refused, ""
	Hash          string // of the analysis
	ReceivedAt    time.Time
}

// Merge brings news into a call. Status only rises, what is known stays, and saying the same again changes nothing; it
// reports whether anything changed.
func (c *Call) Merge(n News) bool {
	before := *c
	rise := map[string]Status{"call_started": Ongoing, "call_ended": Completed, "call_analyzed": Analyzed}[n.Event]
	if rise.Rank() > c.Status.Rank() {
		c.Status = rise
	}
	fill(&c.Type, n.Type)
	fill(&c.From, n.From)
	fill(&c.To, n.To)
	fill(&c.Direction, n.Direction)
	fill(&c.AgentID, n.AgentID)
	if c.AgentVersion == 0 {
		c.AgentVersion = n.AgentVersion
	}
	// Retell's own start is better than the time at which a tool call happened to create the call.
	if n.StartedAt != nil && (c.StartedAt == nil || n.StartedAt.Before(*c.StartedAt)) {
		c.StartedAt = n.StartedAt
	}
	if n.Event != "call_started" {
		if c.EndedAt == nil {
			c.EndedAt = n.EndedAt
		}
		if c.DurationMS == 0 {
			c.DurationMS = n.DurationMS
		}
		fill(&c.Disconnection, n.Disconnection)
		fill(&c.Connection, n.Connection)
		if n.CostCents != nil {
			c.CostCents = *n.CostCents
		}
		if n.LatencyP50MS > 0 {
			c.LatencyP50MS, c.LatencyP95MS = n.LatencyP50MS, n.LatencyP95MS
		}
	}
	if n.Event == "call_analyzed" && n.Hash != c.AnalysisHash {
		c.AnalysisHash = n.Hash
		set(&c.Summary, n.Summary)
		set(&c.Sentiment, n.Sentiment)
		set(&c.RecordingURL, n.RecordingURL)
		if n.Successful != nil {
			c.Successful = n.Successful
		}
	}
	if n.Consent != "" {
		c.RecordingConsent = n.Consent
	}
	c.takeName(n.VariableName, "flow_variable")
	c.takeName(n.SpokenName, "transcript")
	changed := !same(before, *c)
	if changed {
		c.UpdatedAt = n.ReceivedAt
	}
	return changed
}

// ranks of a name's source: a higher one is never overwritten by a lower one (§4.3).
var ranks = map[string]int{"": 0, "transcript": 1, "flow_variable": 2, "tool": 3}

func (c *Call) takeName(name, source string) {
	if name != "" && !NoName(name) && ranks[source] > ranks[c.NameSource] {
		c.SpokenName, c.NameSource = name, source
	}
}

// TakeToolName sets the name that a booking tool accepted.
func (c *Call) TakeToolName(name string) { c.takeName(name, "tool") }

// NoName refuses what models put where a name is missing.
func NoName(s string) bool {
	switch strings.ToLower(strings.Trim(s, " .-_")) {
	case "", "ja", "nein", "anonymous", "anonym", "unbekannt", "unknown", "gast", "guest", "kunde", "customer", "n/a", "na", "none", "null", "undefined":
		return true
	}
	return false
}

func fill(field *string, v string) {
	if *field == "" {
		*field = v
	}
}

func set(field *string, v string) {
	if v != "" {
		*field = v
	}
}

// same compares by value: pointers are followed, times compared as instants.
func same(a, b Call) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// Outcome decides what came of a call, first that applies (§4.3). Tool results decide, not keywords or duration; booked
// counts the active appointments made in it.
func Outcome(n News, tools []ToolCall, booked int) string {
	used := func(statuses ...string) bool {
		return slices.ContainsFunc(tools, func(t ToolCall) bool { return slices.Contains(statuses, t.Status) })
	}
	switch {
	case booked > 0:
		return "appointment_booked"
	case used("rescheduled"):
		return "appointment_rescheduled"
	case used("cancelled"):
		return "appointment_cancelled"
	case used("callback_created", "callback_updated") || slices.ContainsFunc(tools, func(t ToolCall) bool { return strings.Contains(t.Response, `"callback_id"`) }):
		return "callback_requested"
	case used("transfer") || n.Disconnection == "call_transfer" || n.Disconnection == "transfer_bridged":
		return "transferred"
	case slices.ContainsFunc(tools, informs):
		return "information_only"
	case n.InVoicemail || n.Disconnection == "voicemail_reached":
		return "voicemail"
	case n.Disconnection == "marked_as_spam" || n.Disconnection == "scam_detected":
		return "spam"
	case !n.CallerSpoke:
		return "no_customer_interaction"
	}
	return "abandoned"
}

// informs tells whether a tool call gave the caller an answer, rather than only greeting them or asking back.
func informs(t ToolCall) bool {
	switch t.Canonical {
	case "list_services", "get_service_info", "get_opening_hours":
		return t.Status == "ok"
	case "get_customer_appointments":
		return t.Status == "found" || t.Status == "none"
	}
	return false
}

// Succeeded is true for the first six outcomes, false when a booking tool was used and nothing came of it, else what
// Retell thinks, else unknown.
func Succeeded(outcome string, tools []ToolCall, retell *bool) *bool {
	yes, no := true, false
	switch outcome {
	case "appointment_booked", "appointment_rescheduled", "appointment_cancelled", "callback_requested", "transferred", "information_only":
		return &yes
	}
	if slices.ContainsFunc(tools, func(t ToolCall) bool {
		return t.Canonical == "book_appointment" || t.Canonical == "check_availability" || t.Canonical == "reserve_slot"
	}) {
		return &no
	}
	return retell
}
