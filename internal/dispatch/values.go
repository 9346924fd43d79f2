package dispatch

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/preset"
	"github.com/askpro/gateway/internal/sla"
	"github.com/askpro/gateway/internal/template"
	"github.com/askpro/gateway/internal/tenant"
)

// material is all that a message about a case may be made of.
type material struct {
	of     delivery.Delivery
	output output.Output
	c      desk.Case
	conf   *desk.Configuration
	config *company.Config
	call   call.Call
	said   []template.Segment // nil where the message leaves without
	audio  audio
	zone   *time.Location
	now    time.Time
	admin  string // link to the case's page; empty: none
	test   bool
}

// audio is a recording as a message may have it: a link that ends, or the recording itself.
type audio struct {
	url       string
	expiresAt time.Time
	bytes     []byte
	there     bool
}

// How long links to recordings live (§7.4), and how much of one goes with a mail (§9.2).
const (
	mailLink      = 24 * time.Hour
	MostAttached  = 10 << 20
	mostInPayload = 10_000 // letters of a transcript
	mostInMail    = 20_000
	atRisk        = 30 * time.Minute // before a due date (§9.3)
)

// gather reads what a Delivery's message is made of. What it left without, it stays without in every attempt: the update
// brings it.
func (d *Dispatcher) gather(ctx context.Context, t tenant.ID, x delivery.Delivery, c desk.Case, o output.Output) (m material, err error) {
	m = material{of: x, output: o, c: c, now: d.Now().UTC()}
	if m.conf, m.config, err = d.settings(ctx, t); err != nil {
		return m, err
	}
	m.zone = zoneOf(m.config, c.BranchID)
	if d.AdminURL != "" {
		m.admin = strings.TrimSuffix(d.AdminURL, "/") + "/vorgaenge/" + c.Number.String()
	}
	if c.CallID == "" {
		return m, nil
	}
	if m.call, _, err = d.Store.Call(ctx, t, c.CallID); err != nil {
		return m, err
	}
	used := uses(o, m.conf.Gateway, x.Channel)
	has := func(p delivery.Part) bool { return slices.Contains(used, p) && !slices.Contains(x.Partial, p) }
	if has(delivery.Transcript) && c.Enrichment.State == desk.Enriched {
		text, err := d.Transcripts.Said(ctx, t, c.CallID)
		if err = d.withoutIt(ctx, t, &m, delivery.Transcript, err); err != nil {
			return m, err
		}
		m.said = segments(text)
	}
	if has(delivery.Recording) {
		m.audio, err = d.recording(ctx, t, m)
		err = d.withoutIt(ctx, t, &m, delivery.Recording, err)
	}
	return m, err
}

// patience with what cannot be read: then the case leaves without. It must not stay in the house because of a recording.
const patience = 5 * time.Minute

func (d *Dispatcher) withoutIt(ctx context.Context, t tenant.ID, m *material, p delivery.Part, err error) error {
	if err == nil || m.now.Before(m.of.NextAt.Add(patience)) {
		return err
	}
	d.aside(ctx, t, "read the "+string(p), err)
	m.of.Partial = append(slices.Clone(m.of.Partial), p)
	return nil
}

// recording is only given away where the caller agreed and it is still kept (§7.4).
func (d *Dispatcher) recording(ctx context.Context, t tenant.ID, m material) (a audio, err error) {
	r := m.c.Recording
	if r.State != desk.RecordingStored || r.Key == "" || m.call.RecordingConsent != consented || r.ExpiresAt != nil && !m.now.Before(*r.ExpiresAt) {
		return a, nil
	}
	switch {
	case m.of.Channel == delivery.Webhook:
		minutes := m.output.AudioMin
		if minutes == 0 {
			minutes = m.conf.Gateway.AudioMinutes
		}
		a.expiresAt = m.now.Add(time.Duration(minutes) * time.Minute)
	case m.output.Mail.Audio == output.Attachment && r.Bytes <= MostAttached:
		if a.bytes, err = d.Objects.Read(ctx, t, r.Key); err == nil && (r.Bytes == 0 || int64(len(a.bytes)) == r.Bytes) {
			a.there = true
			return a, nil
		}
		// What cannot be read whole is not attached in part: a link does as well.
		a.bytes, a.expiresAt = nil, m.now.Add(mailLink)
	case m.output.Mail.Template == output.Admin && m.admin != "": // whoever reads it logs in
		a.url, a.there = m.admin, true
		return a, nil
	default:
		a.expiresAt = m.now.Add(mailLink)
	}
	if r.ExpiresAt != nil && r.ExpiresAt.Before(a.expiresAt) {
		a.expiresAt = *r.ExpiresAt
	}
	a.url, err = d.Objects.Link(ctx, t, m.c.ID, a.expiresAt)
	if a.there = err == nil; a.url == "" {
		a.expiresAt = time.Time{}
	}
	return a, err
}

// consented is how a call says that its caller agreed to the recording.
const consented = "granted"

func zoneOf(config *company.Config, branchID string) *time.Location {
	b, _ := config.Branch(branchID)
	return company.Zone(b.Timezone, config.Company.Timezone)
}

// segments reads a transcript as the telephone writes it: "Agent: …" and "User: …", a line each; what begins with neither
// belongs to the line before.
func segments(text string) []template.Segment {
	var out []template.Segment
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if rest, ok := strings.CutPrefix(line, "Agent:"); ok {
			out = append(out, template.Segment{Role: "agent", Text: strings.TrimSpace(rest)})
		} else if rest, ok := strings.CutPrefix(line, "User:"); ok {
			out = append(out, template.Segment{Role: "user", Text: strings.TrimSpace(rest)})
		} else if n := len(out); n > 0 {
			out[n-1].Text += " " + line
		} else {
			out = append(out, template.Segment{Role: "user", Text: line})
		}
	}
	return out
}

// cutSegments keeps the first letters of a transcript.
func cutSegments(all []template.Segment, letters int) (out []template.Segment, cut bool) {
	for _, s := range all {
		n := utf8.RuneCountInString(s.Text)
		if n > letters {
			if letters > 0 {
				out = append(out, template.Segment{Role: s.Role, Text: string([]rune(s.Text)[:letters])})
			}
			return out, true
		}
		out, letters = append(out, s), letters-n
	}
	return out, false
}

// speakers name who said something, in the language of an output's payload.
var speakers = map[string]map[string]string{
	"de": {"user": "Anrufer", "agent": "Assistent"},
	"en": {"user": "Caller", "agent": "Assistant"},
}

func spoken(all []template.Segment, language string) string {
	names := speakers[language]
	if names == nil {
		names = speakers["de"]
	}
	var lines []string
	for _, s := range all {
		lines = append(lines, names[s.Role]+": "+s.Text)
	}
	return strings.Join(lines, "\n")
}

// values are a case under the names that templates use (§9.3).
func (m material) values() template.Values {
	c := m.c
	status := c.SLA.At(m.now)
	v := template.Values{
		"case.number": c.Number.String(), "case.subject": c.Subject, "case.description": c.Text, "case.type": string(c.Type), "case.status": string(c.Status),
		"case.priority": string(c.Priority), "case.urgency": string(c.Urgency), "case.impact": string(c.Impact), "case.category": m.category(),
		"case.created_at": c.CreatedAt, "case.source": string(c.Source), "case.tags": c.Tags, "case.external_reference": reference(c, m.output.ID),
		"customer.name": c.Contact.Name, "customer.company": c.Contact.Company, "customer.phone": c.Contact.Phone, "customer.email": c.Contact.Email,
		"customer.location":     c.Contact.Location,
		"call.called_company":   m.config.Company.Name,
		"context.problem_since": c.Captured.Since, "context.use_case_category": c.Captured.UseCase, "context.use_case_detail": c.Captured.UseCaseDetail,
		"sla.is_overdue": overdue(status), "sla.is_at_risk": risky(status, m.now),
		"enrichment.state": string(c.Enrichment.State), "enrichment.segment_count": c.Enrichment.Segments, "enrichment.character_count": c.Enrichment.Characters,
		"enrichment.customer_match": c.Enrichment.Match.By,
		"ai.summary":                c.Enrichment.Summary,
		"audio.has_audio":           m.audio.there,
		"admin_url":                 m.admin, "timestamp": m.now,
		"event.name": m.event(), "event.sequence": m.of.Sequence, "event.partial": m.partial(), "event.is_test": m.test,
	}
	if len(c.Custom) > 0 {
		custom := map[string]any{}
		for k, x := range c.Custom {
			custom[k] = x
		}
		v["case.custom"] = custom
	}
	if b, ok := m.config.Branch(c.BranchID); ok {
		v["call.branch"] = b.Name
	}
	if c.CallID != "" {
		v["call.caller_number"], v["call.service_number"] = m.call.Caller(), m.call.To
		if s := m.seconds(); s > 0 {
			v["call.duration"] = s
			if m.audio.there {
				v["audio.duration"] = s
			}
		}
	}
	if c.Captured.Others != nil {
		v["context.others_affected"] = *c.Captured.Others
	} else if c.Captured.OthersWords != "" && v["context.use_case_detail"] == "" {
		v["context.use_case_detail"] = c.Captured.OthersWords
	}
	at := func(path string, when time.Time) {
		if !when.IsZero() {
			v[path] = when
		}
	}
	at("sla.response_due", status.Response.DueAt)
	at("sla.resolution_due", status.Resolution.DueAt)
	if e := c.Enrichment.EnrichedAt; e != nil {
		at("enrichment.enriched_at", *e)
	}
	if len(c.Candidates) > 0 {
		v["ai.confidence"] = c.Candidates[0].Share
	}
	if m.audio.url != "" {
		v["audio.url"] = m.audio.url
		at("audio.expires_at", m.audio.expiresAt)
	}
	if m.of.StatusFrom != "" { // to what the case is now: a change that is told late never turns it back
		v["event.status_from"], v["event.status_to"], v["event.pending_reason"] = m.of.StatusFrom, string(c.Status), string(c.PendingReason)
	}
	if len(m.said) > 0 {
		kept, cut := cutSegments(m.said, mostInPayload)
		v["transcript.segments"], v["transcript.truncated"] = kept, cut
		v["transcript.text"] = spoken(kept, m.output.Language)
		v["transcript.length"] = utf8.RuneCountInString(spoken(m.said, m.output.Language))
	}
	return v
}

func (m material) seconds() int {
	if m.c.Enrichment.DurationS > 0 {
		return m.c.Enrichment.DurationS
	}
	return int(m.call.DurationMS / 1000)
}

func (m material) category() string {
	k, _ := m.conf.Categories.ByID(m.c.CategoryID)
	return k.Name
}

// event is what a receiver calls the message's occasion.
func (m material) event() string {
	switch m.of.Kind {
	case delivery.Test:
		return preset.TestEvent
	case delivery.Updated:
		if m.of.StatusFrom != "" {
			return "service_case.status_changed"
		}
		return "service_case.updated"
	case delivery.Escalation:
		return "service_case.escalated"
	}
	return "service_case.created"
}

func (m material) partial() []string {
	out := []string{}
	for _, p := range m.of.Partial {
		out = append(out, string(p))
	}
	return out
}

func overdue(s sla.Status) bool {
	late := func(r sla.Reading) bool { return r.State == sla.StateBreached && r.MetAt.IsZero() }
	return s.Waiting != sla.Resolved && s.Waiting != sla.Merged && (late(s.Response) || late(s.Resolution))
}

func risky(s sla.Status, now time.Time) bool {
	due := s.NextDue()
	return !overdue(s) && !due.IsZero() && due.Sub(now) < atRisk
}

// persons is what is known of the people in a case: it is masked in the exchange log.
func persons(c desk.Case, said []template.Segment) []string {
	out := []string{c.Contact.Name, c.Contact.Company, c.Contact.Phone, c.Contact.Email, c.Contact.Location, c.Text, c.Subject, c.Enrichment.Summary}
	for _, s := range said {
		out = append(out, s.Text)
	}
	return slices.DeleteFunc(out, func(s string) bool { return strings.TrimSpace(s) == "" })
}
