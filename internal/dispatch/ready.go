package dispatch

import (
	"encoding/json"
	"errors"
	"maps"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/preset"
	"github.com/askpro/gateway/internal/template"
)

// readyHook makes an output's payload ready to be filled; a class where that cannot be done, and trying again is of no use.
func readyHook(o output.Output) (*preset.Rendering, preset.Preset, delivery.Class) {
	p, ok := o.Hook.Filling()
	if !ok {
		return nil, p, presetMissing
	}
	if o.Hook.Payload != "" {
		p.Payload = json.RawMessage(o.Hook.Payload)
	}
	vars := maps.Clone(o.Hook.Vars)
	if o.Hook.ContactType != "" {
		if vars == nil {
			vars = map[string]string{}
		}
		vars["contact_type"] = o.Hook.ContactType
	}
	r, err := p.Ready(preset.Settings{Vars: vars, Maps: o.Hook.Maps})
	return r, p, classOf(err)
}

// form is an output's mail, ready to be filled. Only a custom one has templates.
type form struct {
	subject, body *template.Template
	page          bool // the body is HTML
}

func (f form) uses(path string) bool { return f.body.Uses(path) || f.subject.Uses(path) }

// readyMail makes an output's mails ready to be filled; a class where that cannot be done.
func readyMail(o output.Output) (form, delivery.Class) {
	if o.Mail.Template != output.Custom {
		return form{}, ""
	}
	f := form{page: isPage(o.Mail.Body)}
	mode := template.Plain
	if f.page {
		mode = template.HTML
	}
	schema := template.Schema{}
	var err, err2 error
	f.subject, err = template.Parse(template.Header, o.Mail.Subject, schema)
	f.body, err2 = template.Parse(mode, o.Mail.Body, schema)
	return f, classOf(errors.Join(err, err2))
}

// classOf a mistake in a template; empty if there is none.
func classOf(err error) delivery.Class {
	var all template.Problems
	var one template.Problem
	switch {
	case err == nil:
		return ""
	case errors.As(err, &all) && len(all) > 0:
		return badTemplate + delivery.Class(all[0].Code)
	case errors.As(err, &one):
		return badTemplate + delivery.Class(one.Code)
	}
	return badTemplate + "broken"
}
