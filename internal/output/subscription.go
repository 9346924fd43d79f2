package output

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/askpro/gateway/internal/preset"
)

// Generic is the preset of an output that names none.
const Generic = "generic"

// PresetSlug is the preset that a webhook is filled by.
func (h Hook) PresetSlug() string {
	if h.Preset == "" {
		return Generic
	}
	return h.Preset
}

// Filling is the preset itself: the company's own, of which the output keeps a copy, else the system's; false where there is
// none of that name.
func (h Hook) Filling() (preset.Preset, bool) {
	if h.Own != nil && h.Own.Slug == h.PresetSlug() {
		return *h.Own, true
	}
	return preset.Named(h.PresetSlug())
}

// Rate is how many messages a second an endpoint takes.
func (e Endpoint) Rate() int {
	if e.PerSecond == 0 {
		return defaultRate
	}
	return e.PerSecond
}

// Subscribable is the one list of the events that an endpoint may hear (§12), by what they are about.
var Subscribable = map[string][]string{
	"case": {"case.created.v1", "case.updated.v1", "case.status_changed.v1", "case.assigned.v1", "case.note_added.v1", "case.sla_warning.v1", "case.sla_breached.v1",
		"case.sla_met.v1", "case.escalated.v1", "case.enriched.v1", "case.enrichment_timed_out.v1", "case.audio_ready.v1", "case.merged.v1", "case.deleted.v1", "case.restored.v1", "case.linked.v1", "case.customer_linked.v1"},
	"delivery":         {"delivery.scheduled.v1", "delivery.sent.v1", "delivery.failed.v1", "delivery.dead.v1", "delivery.replayed.v1"},
	"call":             {"call.started.v1", "call.ended.v1", "call.analyzed.v1"},
	"webhook_endpoint": {"webhook_endpoint.failing.v1", "webhook_endpoint.disabled.v1", "webhook_endpoint.secret_rotated.v1"},
}

// hears tells whether a subscription names something that is ever told: "case.created.v1", or "case.*".
func hears(name string) bool {
	about, rest, _ := strings.Cut(name, ".")
	return Subscribable[about] != nil && (rest == "*" || slices.Contains(Subscribable[about], name))
}

// Check says everything that is wrong with an endpoint that is about to be saved, one problem per field (§10.2).
func (e Endpoint) Check(k Known) []Problem {
	p := &Problems{}
	CheckURL(p, "url", e.URL, k.Targets)
	if utf8.RuneCountInString(e.Description) > MaxName {
		p.Say("description", "it has at most %d letters", MaxName)
	}
	if len(e.Events) == 0 {
		p.Say("event_types", "an endpoint that hears nothing: name events, or case.*")
	}
	for i, name := range e.Events {
		switch {
		case !hears(name):
			p.Say("event_types", "there is no event %q; there are case.*, delivery.*, call.* and webhook_endpoint.*", name)
		case slices.Contains(e.Events[:i], name):
			p.Say("event_types", "%s stands there twice", name)
		}
	}
	if e.BranchID != "" && (k.Branch == nil || !k.Branch(e.BranchID)) {
		p.Say("branch_id", "there is no such branch")
	}
	if !IsReference(e.SigningRef) {
		p.Say("signing_secret_ref", "every message to an endpoint is signed: name a secret, ssm:/path or secretsmanager:name")
	}
	within(p, "rate_limit", e.Rate(), 1, maxPerSecond)
	return p.List
}
