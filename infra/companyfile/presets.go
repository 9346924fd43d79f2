package companyfile

import (
	"cmp"
	"encoding/json"
	"maps"

	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/preset"
	"github.com/askpro/gateway/internal/webhook"
)

// preset makes a preset of the company's own. A copy is made when the file is loaded: what the system's is changed to later
// comes with the next load.
func (r *deskReader) preset(x Preset) preset.Preset {
	p := preset.Preset{Target: "custom", Group: "custom", Auth: webhook.AuthNone, Format: preset.JSON, SendUpdates: true}
	if x.CopyOf != "" {
		of, ok := preset.Named(x.CopyOf)
		if !ok {
			r.w.say("desk, preset %s: there is no preset %q of the system to copy", x.Slug, x.CopyOf)
		} else {
			p = of
		}
	}
	p.Slug, p.Version, p.System = x.Slug, 1, false
	p.Name, p.Description, p.Setup = cmp.Or(x.Name, p.Name), cmp.Or(x.Description, p.Description), cmp.Or(x.Setup, p.Setup)
	p.Target, p.Group, p.DocsURL = cmp.Or(preset.Target(x.Target), p.Target), cmp.Or(preset.Group(x.Group), p.Group), cmp.Or(x.DocsURL, p.DocsURL)
	p.Auth, p.Format = cmp.Or(webhook.AuthType(x.Auth), p.Auth), cmp.Or(preset.Format(x.Format), p.Format)
	p.SendUpdates, p.ReferencePath = or(x.SendUpdates, p.SendUpdates), or(x.ReferencePath, p.ReferencePath)
	if x.Variables != nil {
		p.Variables = nil
		for _, v := range x.Variables {
			p.Variables = append(p.Variables, preset.Variable(v))
		}
	}
	if x.Headers != nil {
		p.Headers = nil
		for _, h := range x.Headers {
			p.Headers = append(p.Headers, webhook.Header(h))
		}
	}
	if x.Maps != nil { // map by map: those that it does not name stay
		all := maps.Clone(p.Maps)
		if all == nil {
			all = map[string]map[string]string{}
		}
		maps.Copy(all, x.Maps)
		p.Maps = all
	}
	if x.Payload != "" {
		p.Payload = json.RawMessage(x.Payload)
	}
	if x.Sample != "" {
		p.SampleAnswer = json.RawMessage(x.Sample)
	}
	return p
}

// filling is the preset that an output names: the company's own, or the system's.
func filling(own []preset.Preset, slug string) (preset.Preset, bool) {
	h := output.Hook{Preset: slug}
	for _, p := range own {
		if p.Slug == h.PresetSlug() {
			return p, true
		}
	}
	return h.Filling()
}
