package call

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"
)

// News is what an event of the telephone told us about a call, in our own words. What it does not say is zero.
type News struct {
	Event         string // call_started, call_ended, call_analyzed, transfer_…
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
	SpokenName    string    // from the transcript's analysis
	VariableName  string    // from collected variables
	Email         string    // from either
	Consent       string    // granted, refused, ""
	Hash          string    // of the analysis
	SentAt        time.Time // when the telephone says it told us, else ReceivedAt
	ReceivedAt    time.Time
}

// The events of a call that change it.
const (
	Started  = "call_started"
	Ended    = "call_ended"
	Analysed = "call_analyzed"
	// Closed is ours: nobody ever told the end of the call, and Retell does not know it.
	Closed = "call_closed"

	TransferBegun     = "transfer_started"
	TransferBridged   = "transfer_bridged"
	TransferCancelled = "transfer_cancelled"
	TransferEnded     = "transfer_ended"
)

// rise is the least status that a call has after an event.
func rise(event string) Status {
	switch event {
	case Ended, Closed:
		return Completed
	case Analysed:
		return Analyzed
	}
	return Ongoing
}

// Merge brings news into a call, so that the same news make the same call in whatever order and however often. Status only
// rises; what is known stays unless somebody tells it who knows better: the end better than the beginning, the analysis
// better than the end. It reports whether anything changed.
func (c *Call) Merge(n News) bool {
	before := *c
	if n.Event == Closed && c.Over() {
		return false
	}
	status := rise(n.Event)
	better := status.Rank() >= c.Status.Rank()
	if status.Rank() > c.Status.Rank() {
		c.Status = status
	}
	c.identity(n)
	stale := n.Event == Analysed && !c.isNewAnalysis(n)
	if n.Event == Ended || n.Event == Analysed || n.Event == Closed {
		c.end(n, better && !stale)
	}
	if n.Event == Analysed && n.Hash != "" && !stale {
		c.analysis(n)
	}
	switch n.Event {
	case Started:
		c.Heard.Begun = true
	case TransferBegun:
		c.Heard.TransferBegun = true
	case TransferBridged, TransferEnded: // only what was bridged can end
		c.Heard.TransferBridged = true
	case TransferCancelled:
		c.Heard.TransferCancelled = true
	}
	c.Heard.CallerSpoke = c.Heard.CallerSpoke || n.CallerSpoke
	if n.Consent != "" && c.RecordingConsent != "refused" { // a refusal is not taken back
		c.RecordingConsent = n.Consent
	}
	c.name("")
	return c.changed(before, n.ReceivedAt)
}

// identity fills in who called whom.
func (c *Call) identity(n News) {
	fill(&c.Type, n.Type)
	fill(&c.From, n.From)
	fill(&c.To, n.To)
	fill(&c.Direction, n.Direction)
	fill(&c.AgentID, n.AgentID)
	if c.AgentVersion == 0 {
		c.AgentVersion = n.AgentVersion
	}
	// Retell's own start is better than the time at which a tool call happened to create the call.
	if n.StartedAt != nil && (c.StartedAt == nil || c.StartedAt.Equal(c.CreatedAt)) {
		c.StartedAt = n.StartedAt
	}
}

// end takes over how the call ended; better says that the news know more than what is there.
func (c *Call) end(n News, better bool) {
	take := fill
	if better {
		take = set
	}
	take(&c.Disconnection, n.Disconnection)
	take(&c.Connection, n.Connection)
	take(&c.RecordingURL, n.RecordingURL)
	take(&c.Heard.VariableName, n.VariableName)
	if n.EndedAt != nil && (better || c.EndedAt == nil) {
		c.EndedAt = n.EndedAt
	}
	if n.DurationMS > 0 && (better || c.DurationMS == 0) {
		c.DurationMS = n.DurationMS
	}
	if n.CostCents != nil && (better || c.CostCents == 0) {
		c.CostCents = *n.CostCents
	}
	if n.LatencyP50MS > 0 && (better || c.LatencyP50MS == 0) {
		c.LatencyP50MS, c.LatencyP95MS = n.LatencyP50MS, n.LatencyP95MS
	}
}

// isNewAnalysis tells whether an analysis replaces the one we have: one that was seen, or is older, does not.
func (c *Call) isNewAnalysis(n News) bool {
	h := &c.Heard
	if n.Hash == "" || n.Hash == h.Analysis {
		return true
	}
	if slices.Contains(h.Replaced, n.Hash) {
		return false
	}
	older := n.SentAt.Before(h.AnalysedAt) || n.SentAt.Equal(h.AnalysedAt) && n.Hash < h.Analysis
	if h.Analysis != "" && older {
		h.Replaced = append(h.Replaced[:len(h.Replaced):len(h.Replaced)], n.Hash)
		slices.Sort(h.Replaced)
		return false
	}
	return true
}

// analysis takes over everything an analysis says, and with it what it does not say any more.
func (c *Call) analysis(n News) {
	h := &c.Heard
	if n.Hash == h.Analysis {
		return
	}
	if h.Analysis != "" {
		h.Replaced = append(h.Replaced[:len(h.Replaced):len(h.Replaced)], h.Analysis)
		slices.Sort(h.Replaced)
	}
	h.Analysis, h.AnalysedAt = n.Hash, n.SentAt
	c.Summary, c.Sentiment = n.Summary, n.Sentiment
	h.TranscriptName, h.Email, h.InVoicemail, h.Successful = n.SpokenName, n.Email, n.InVoicemail, n.Successful
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

// changed compares by value: pointers are followed, times compared as instants.
func (c *Call) changed(before Call, at time.Time) bool {
	x, errX := json.Marshal(before)
	y, errY := json.Marshal(*c)
	if errX == nil && errY == nil && bytes.Equal(x, y) {
		return false
	}
	c.UpdatedAt = at
	return true
}
