package retell

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/call"
)

// KindEvent is the work that an accepted event makes; its body is the event as Retell sent it.
const KindEvent = "retell.event"

// Peek tells what the accepting side needs of an event: its name, whether it changes a call, and our number in it.
func Peek(body []byte) (event string, wanted bool, ours string, err error) {
	o, err := read(body)
	if err != nil {
		return "", false, "", err
	}
	c := o.object("call")
	event = o.text("event")
	_, _, ours = sides(c)
	switch event {
	case call.Started, call.Ended, call.Analysed, call.TransferBegun, call.TransferBridged, call.TransferCancelled, call.TransferEnded:
		wanted = c.text("call_id") != ""
	}
	return event, wanted, ours, nil
}

// ReadEvent reads an event about a call. Fields that are absent, null or of unknown values are normal.
func ReadEvent(body []byte, received time.Time) (call.News, error) {
	o, err := read(body)
	if err != nil {
		return call.News{}, err
	}
	n := news(o.text("event"), o.object("call"), received)
	// Where Retell says when it told us, what it told later counts; a time ahead of ours is none.
	if told := o.instant("event_timestamp"); told != nil && told.Before(received.Add(clockSkew)) {
		n.SentAt = *told
	}
	return n, nil
}

// clockSkew is how far two clocks may differ (§4.1).
const clockSkew = 5 * time.Minute

// news reads a call object, as events and the REST API have it.
func news(event string, c loose, received time.Time) call.News {
	n := call.News{
		Event: event, RetellID: c.text("call_id"), AgentID: c.text("agent_id"), SentAt: received, ReceivedAt: received,
		StartedAt: c.instant("start_timestamp"), EndedAt: c.instant("end_timestamp"), Disconnection: c.text("disconnection_reason"),
	}
	n.Type = strings.TrimSuffix(c.text("call_type"), "_call")
	var caller string
	n.Direction, caller, n.Ours = sides(c)
	n.From, n.To = caller, n.Ours
	if n.Direction == "outbound" {
		n.From, n.To = n.Ours, caller
	}
	if v, ok := c.number("agent_version"); ok {
		n.AgentVersion = int(v)
	}
	if v, ok := c.number("duration_ms"); ok {
		n.DurationMS = int64(v)
	}
	// combined_cost is cents already (§17.27), and fractions of them.
	if v, ok := c.object("call_cost").number("combined_cost"); ok {
		cents := int64(math.Floor(v + 0.5))
		n.CostCents = &cents
	}
	e2e := c.object("latency").object("e2e")
	n.LatencyP50MS, _ = e2e.number("p50")
	n.LatencyP95MS, _ = e2e.number("p95")
	n.Connection = connection(n.Disconnection, c.text("call_status"))
	analysis(&n, c)
	return n
}

func analysis(n *call.News, c loose) {
	a := c.object("call_analysis")
	n.Summary, n.Sentiment = a.text("call_summary"), a.text("user_sentiment")
	n.Successful = a.truth("call_successful")
	if v := a.truth("in_voicemail"); v != nil {
		n.InVoicemail = *v
	}
	n.Transcript, n.RecordingURL = c.text("transcript"), c.text("recording_url")
	n.CallerSpoke = strings.Contains(n.Transcript, "User:")
	custom, collected, given := a.object("custom_analysis_data"), c.object("collected_dynamic_variables"), c.object("retell_llm_dynamic_variables")
	n.SpokenName = first(custom, "customer_name", "caller_name", "kundenname", "name")
	if n.VariableName = first(collected, "customer_name", "kundenname", "name"); n.VariableName == "" {
		n.VariableName = first(given, "customer_name", "kundenname")
	}
	if n.Email = first(collected, emailNames...); n.Email == "" {
		n.Email = first(custom, emailNames...)
	}
	n.Consent = consent(first(collected, consentNames...), first(custom, consentNames...))
	if raw := c["call_analysis"]; len(raw) > 0 {
		sum := sha256.Sum256(canonical(raw))
		n.Hash = hex.EncodeToString(sum[:8])
	}
}

var emailNames = []string{"customer_email", "email", "e_mail"}

var consentNames = []string{"recording_consent", "aufzeichnung_einverstanden", "einwilligung_aufzeichnung"}

func first(o loose, names ...string) string {
	for _, name := range names {
		if v := strings.TrimSpace(o.text(name)); v != "" {
			return v
		}
	}
	return ""
}

func consent(answers ...string) string {
	for _, a := range answers {
		switch strings.ToLower(a) {
		case "true", "ja", "yes", "granted", "erteilt":
			return "granted"
		case "false", "nein", "no", "refused", "abgelehnt":
			return "refused"
		}
	}
	return ""
}

// canonical gives the same bytes for the same JSON: an analysis that was run again counts as new only if it says
// something else.
func canonical(raw json.RawMessage) []byte {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return raw
	}
	b, err := json.Marshal(v)
	if err != nil {
		return raw
	}
	return b
}

// The reasons that Retell groups as never connected (retell.md §2.5).
var notConnected = []string{
	"dial_busy", "dial_failed", "dial_no_answer", "invalid_destination", "telephony_provider_permission_denied",
	"telephony_provider_unavailable", "sip_routing_error", "marked_as_spam", "user_declined", "no_concurrency_fallback",
	"concurrency_limit_reached", "no_valid_payment", "registered_call_timeout",
}

func connection(reason, status string) string {
	switch {
	case reason == "" && status == "not_connected", slices.Contains(notConnected, reason):
		return "not_connected"
	case strings.HasPrefix(reason, "error_"), status == "error":
		return "error"
	case reason != "", status == "ended":
		return "connected"
	}
	return ""
}
