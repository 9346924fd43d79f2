package desk

import (
	"math"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/target"
)

// Mode is what a company's telephone does (§2.1).
type Mode string

// The modes. Undecided is a hybrid call's until its caller has said what they want.
const (
	Appointments Mode = "appointment"
	ServiceDesk  Mode = "service_desk"
	Hybrid       Mode = "hybrid"
	Undecided    Mode = "undecided"
)

// Gateway is a company's one record of how calls are taken and cases leave (§2.1).
type Gateway struct {
	Enabled    bool    `json:"gateway_enabled"`
	Mode       Mode    `json:"gateway_mode"`
	Fallback   Mode    `json:"hybrid_fallback_mode"`
	Confidence float64 `json:"intent_confidence_threshold"`

	Enrichment        bool     `json:"enrichment_enabled"`
	EnrichmentSeconds int      `json:"enrichment_timeout_seconds"`
	DelaySeconds      int      `json:"delivery_min_delay_seconds,omitempty"`
	Audio             bool     `json:"audio_in_webhook,omitempty"`
	AudioMinutes      int      `json:"audio_url_ttl_minutes"`
	Type              Type     `json:"default_case_type"`
	Priority          Level    `json:"default_priority"`
	Alerts            bool     `json:"alerts_enabled"`
	AlertEmails       []string `json:"alert_emails,omitempty"`
	AlertSlack        string   `json:"alert_slack_url,omitempty"`
	Prefix            string   `json:"case_number_prefix"`
	ConfirmToCustomer *bool    `json:"confirm_to_customer,omitempty"` // nil: yes (§8)
	CloseAfterDays    *int     `json:"close_after_days,omitempty"`    // nil: 7, 0: never (§4.3)
	Version           int      `json:"-"`
}

// DefaultGateway is what a company has that configured nothing.
func DefaultGateway() Gateway {
	return Gateway{
		Mode: Appointments, Fallback: Appointments, Confidence: 0.75, EnrichmentSeconds: 180, AudioMinutes: 60, Type: Incident, Priority: Normal,
		Alerts: true, Prefix: "TKT",
	}
}

// EnrichmentWithin is how long deliveries wait for a case to be completed.
func (g Gateway) EnrichmentWithin() time.Duration {
	return time.Duration(g.EnrichmentSeconds) * time.Second
}

// isPrefix: two to five letters A to Z.
func isPrefix(s string) bool {
	return len(s) >= 2 && len(s) <= 5 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// Check says everything that is wrong, one problem per field. active is whether the company has an active output.
func (g Gateway) Check(categories Categories, active bool, targets target.Rules) []Problem {
	p := &output.Problems{}
	within := func(name string, v, low, high int) {
		if v < low || v > high {
			p.Say(name, "it is %d to %d, not %d", low, high, v)
		}
	}
	switch g.Mode {
	case Appointments, ServiceDesk, Hybrid:
	default:
		p.Say("gateway_mode", "it is appointment, service_desk or hybrid, not %q", g.Mode)
	}
	if g.Fallback != Appointments && g.Fallback != ServiceDesk {
		p.Say("hybrid_fallback_mode", "it is appointment or service_desk, not %q", g.Fallback)
	}
	if steps := g.Confidence * 100; g.Confidence < 0 || g.Confidence > 1 || math.Abs(steps-math.Round(steps)) > 1e-6 {
		p.Say("intent_confidence_threshold", "it is 0 to 1 in steps of 0.01, not %g", g.Confidence)
	}
	within("enrichment_timeout_seconds", g.EnrichmentSeconds, 30, 600)
	within("delivery_min_delay_seconds", g.DelaySeconds, 0, 900)
	within("audio_url_ttl_minutes", g.AudioMinutes, 5, 1440)
	if _, ok := ReadType(string(g.Type)); !ok {
		p.Say("default_case_type", "it is incident, request or inquiry, not %q", g.Type)
	}
	if _, ok := ReadLevel(string(g.Priority)); !ok {
		p.Say("default_priority", "it is critical, high, normal or low, not %q", g.Priority)
	}
	if !isPrefix(g.Prefix) {
		p.Say("case_number_prefix", "it is two to five letters A to Z, not %q", g.Prefix)
	}
	if g.CloseAfterDays != nil {
		within("close_after_days", *g.CloseAfterDays, 0, 365)
	}
	letters := 0
	for _, a := range g.AlertEmails {
		letters += len(a)
	}
	if len(g.AlertEmails) > 10 || letters > 500 {
		p.Say("alert_emails", "at most 10 addresses and 500 characters in total")
	}
	output.CheckAddresses(p, "alert_emails", g.AlertEmails)
	if g.AlertSlack != "" {
		output.CheckURL(p, "alert_slack_url", g.AlertSlack, targets)
	}
	if g.Enabled && g.Mode != Appointments {
		if c, ok := categories.Fallback(); !ok || !c.Active {
			p.Say("default_category_id", "a desk mode needs a default category")
		}
		if !active {
			p.Say("outputs", "a desk mode needs an active output: where shall cases go?")
		}
	}
	return p.List
}
