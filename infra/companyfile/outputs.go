package companyfile

import (
	"cmp"
	"strings"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/preset"
	"github.com/askpro/gateway/internal/webhook"
)

// output makes an output; what the file leaves out is as §9.1 has it. Whether updates are sent is the preset's to say: a
// ticket system would make a second ticket of one. A company's only output is its default.
func (r *deskReader) output(o Output, own []preset.Preset) output.Output {
	used, known := filling(own, o.Webhook.Preset)
	out := output.Output{
		ID: r.id("output", o.Slug), Slug: o.Slug, Name: o.Name, Type: cmp.Or(output.Type(o.Type), output.Email), Active: !o.Inactive, Default: o.Default || len(r.Outputs) == 1,
		Retry: cmp.Or(delivery.Profile(o.Retry), delivery.Fast), SendUpdates: or(o.SendUpdates, true), SendStatus: o.SendStatus, Wait: or(o.Wait, true), TimeoutS: or(o.TimeoutS, 180),
		AudioMin: or(o.AudioMin, 60), Language: cmp.Or(o.Language, "de"), Mail: o.Mail.mail(),
	}
	if out.Type != output.Email {
		if known && o.SendUpdates == nil {
			out.SendUpdates = used.SendUpdates
		}
	}
	out.Hook = o.Webhook.hook(r.Gateway.Audio && out.Type != output.Email)
	return out
}

func (m Mail) mail() output.Mail {
	return output.Mail{
		To: m.To, Muted: m.Muted, Fallback: m.Fallback, Template: cmp.Or(output.MailTemplate(m.Template), output.Standard), Subject: m.Subject, Body: m.Body,
		Summary: or(m.Summary, true), Transcript: or(m.Transcript, true), AdminLink: m.AdminLink, Audio: cmp.Or(output.Audio(m.Audio), output.NoAudio),
	}
}

// hook makes the webhook side. Whether a recording's link goes with it is the company's to say, unless the output does.
func (h Webhook) hook(recording bool) output.Hook {
	out := output.Hook{
		URL: h.URL, SigningRef: h.Signing, Preset: h.Preset, Payload: h.Payload, Transcript: h.Transcript, Recording: or(h.Recording, recording),
		Auth:     output.Auth{Type: webhook.AuthType(h.Auth.Type), User: h.Auth.User, PasswordRef: h.Auth.Password, TokenRef: h.Auth.Token, Header: h.Auth.Header},
		Semantic: or(h.Semantic, true), Legacy: h.Legacy, ContactType: h.ContactType, Vars: h.Vars, Maps: h.Maps,
	}
	if out.Auth.Type == "" {
		if out.Auth.Type = webhook.AuthNone; h.Signing != "" {
			out.Auth.Type = webhook.AuthHMAC
		}
	}
	for _, x := range h.Headers {
		out.Headers = append(out.Headers, webhook.Header{Name: x.Name, Value: x.Value})
	}
	return out
}

func (r *deskReader) endpoint(e Endpoint) output.Endpoint {
	switch e.Payload {
	case "", "thin", "full":
	default:
		r.w.say("desk, endpoint %s: payload is thin or full, not %q", e.Slug, e.Payload)
	}
	return output.Endpoint{
		ID: r.id("endpoint", e.Slug), Slug: e.Slug, URL: e.URL, Description: e.Description, Events: e.Events, BranchID: r.pick("endpoint "+e.Slug, "branch", e.Branch),
		Full: e.Payload == "full", SigningRef: e.Signing, Active: !e.Inactive, PerSecond: e.PerSecond,
	}
}

// urls are all that the file wants to be called, in one text.
func (r *deskReader) urls() string {
	list := []string{r.Gateway.AlertSlack}
	for _, o := range r.Outputs {
		list = append(list, o.Webhook.URL)
	}
	for _, e := range r.Endpoints {
		list = append(list, e.URL)
	}
	for _, x := range r.SLA.Rules {
		for _, a := range x.Actions {
			list = append(list, a.URL)
		}
	}
	return strings.Join(list, "\n")
}
