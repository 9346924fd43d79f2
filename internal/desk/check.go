package desk

import (
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/preset"
	"github.com/askpro/gateway/internal/sla"
	"github.com/askpro/gateway/internal/target"
)

// Problem is one thing that is wrong with a configuration: which field, and why.
type Problem = output.Problem

// Known is what a service desk's configuration is judged by beside itself.
type Known struct {
	Now      time.Time // a calendar has to open within the next 30 days
	Branches []company.Branch
	Targets  target.Rules
}

// Check says everything that is wrong with a configuration that is about to be saved, one problem per field (§2.1). Fields
// are named as they are stored, below the slug of what they belong to: outputs.tickets.hook.url.
func (c *Configuration) Check(k Known) []Problem {
	p := &output.Problems{}
	active := slices.ContainsFunc(c.Outputs, func(o output.Output) bool { return o.Active })
	p.Take("gateway", c.Gateway.Check(c.Categories, active, k.Targets))
	if err := c.Matrix.Check(); err != nil {
		p.Say("matrix", "%s", err)
	}
	p.Take("", c.Categories.Check())
	c.Fields.check(p, "custom_fields")
	c.checkTargets(p)
	c.checkGroups(p)
	c.checkClocks(p, k)
	c.checkRules(p, k.Targets)
	c.checkPresets(p)
	c.checkOutputs(p, k)
	return p.List
}

// checkTargets follows what categories name: a policy, an output and a group of the company's own. Each active category has
// to lead to an output that works, or its cases would go nowhere.
func (c *Configuration) checkTargets(p *output.Problems) {
	for _, k := range c.Categories {
		say := func(field, format string, a ...any) { p.Say("categories."+k.Slug+"."+field, format, a...) }
		if k.PolicyID != "" && !slices.ContainsFunc(c.Policies, func(x sla.Policy) bool { return x.ID == k.PolicyID }) {
			say("sla_policy_id", "there is no such policy")
		}
		if g, ok := c.Group(k.GroupID); k.GroupID != "" && (!ok || !g.Active) {
			say("default_group_id", "there is no such group, or it is not active")
		}
		if _, ok := c.Output(k.OutputID); k.OutputID != "" && !ok {
			say("output_config_id", "there is no such output")
		} else if o, ok := c.OutputOf(k.ID); k.Active && c.desk() && (!ok || !o.Active) {
			say("output_config_id", "its cases would go nowhere: name an active output, or make one the default")
		}
		if group, _ := c.Categories.Inherited(k.ID, func(x Category) string { return x.GroupID }); k.AutoAssign == AssignLeastLoaded && group == "" {
			say("auto_assign", "least_loaded needs a group")
		}
	}
}

// desk tells whether calls make cases.
func (c *Configuration) desk() bool { return c.Gateway.Enabled && c.Gateway.Mode != Appointments }

func (c *Configuration) checkGroups(p *output.Problems) {
	names := map[string]bool{}
	for _, g := range c.Groups {
		say := func(field, format string, a ...any) { p.Say("groups."+g.Slug+"."+field, format, a...) }
		name := strings.ToLower(strings.TrimSpace(g.Name))
		if name == "" || utf8.RuneCountInString(g.Name) > output.MaxName {
			say("name", "a group has a name of at most %d letters", output.MaxName)
		} else if names[name] {
			say("name", "another group has it too")
		}
		names[name] = true
		if g.Email != "" {
			output.CheckAddresses(p, "groups."+g.Slug+".email", []string{g.Email})
		}
		members := map[string]bool{}
		for _, m := range g.Members {
			if m.UserID == "" || members[m.UserID] {
				say("members", "a member without id, or twice")
			}
			members[m.UserID] = true
			if m.Email != "" {
				output.CheckAddresses(p, "groups."+g.Slug+".members", []string{m.Email})
			}
		}
	}
}

// checkClocks judges every calendar that a case may be counted on: the company's and each branch's.
func (c *Configuration) checkClocks(p *output.Problems, k Known) {
	faults(p, "sla.calendar", c.SLA.CalendarFor(nil).Check(k.Now))
	if len(c.SLA.Calendar.BusinessHours) == 0 && (len(c.SLA.Calendar.SpecialDays) > 0 || len(c.SLA.Calendar.LocalHolidays) > 0) {
		p.Say("sla.calendar.business_hours", "without hours the calendar is the usual one, and nobody reads its special days")
	}
	for _, b := range k.Branches {
		if len(b.BusinessHours) > 0 {
			faults(p, "branches."+b.Slug, c.SLA.CalendarFor(&b).Check(k.Now))
		}
	}
	names, defaults := map[string]bool{}, 0
	for _, x := range c.Policies {
		if names[x.Name] {
			p.Say("sla.policies."+x.Name+".name", "another policy has it too")
		}
		names[x.Name] = true
		if x.Default {
			defaults++
		}
		faults(p, "sla.policies."+x.Name, x.Check())
	}
	if defaults > 1 {
		p.Say("sla.policies", "%d are the default; at most one may be", defaults)
	}
}

func (c *Configuration) checkRules(p *output.Problems, targets target.Rules) {
	known := sla.Known{
		Type:     func(id string) bool { _, ok := ReadType(id); return ok },
		Category: func(id string) bool { k, ok := c.Categories.ByID(id); return ok && k.Active },
		Group:    func(id string) bool { g, ok := c.Group(id); return ok && g.Active },
	}
	names := map[string]bool{}
	for _, r := range c.Rules {
		field := "sla.rules." + r.Name
		if names[r.Name] {
			p.Say(field+".name", "another rule has it too")
		}
		names[r.Name] = true
		faults(p, field, r.Check(known))
		for _, a := range r.Actions {
			if a.Kind == sla.CallWebhook {
				output.CheckURL(p, field+".actions", a.URL, targets)
			}
		}
	}
}

// MaxPresets is how many presets a company has of its own.
const MaxPresets = 20

// checkPresets judges the company's own presets, with line and column where a template is wrong.
func (c *Configuration) checkPresets(p *output.Problems) {
	if len(c.Presets) > MaxPresets {
		p.Say("presets", "%d of them; at most %d are allowed", len(c.Presets), MaxPresets)
	}
	for i, x := range c.Presets {
		field := "presets." + x.Slug
		if slices.ContainsFunc(c.Presets[:i], func(y preset.Preset) bool { return y.Slug == x.Slug }) {
			p.Say(field+".slug", "it stands there twice")
		}
		if _, taken := preset.Named(x.Slug); taken {
			p.Say(field+".slug", "it is one of the system's; a copy has a name of its own")
		}
		var wrong *preset.FieldError
		if err := x.Check(); errors.As(err, &wrong) {
			name := wrong.Field
			if name == "payload" {
				name = "payload_template" // as whoever writes one calls it
			}
			p.Say(field+"."+name, "%s", wrong.Cause)
		}
	}
}

func (c *Configuration) checkOutputs(p *output.Problems, k Known) {
	known := output.Known{
		Targets: k.Targets,
		Branch: func(id string) bool {
			return slices.ContainsFunc(k.Branches, func(b company.Branch) bool { return b.ID == id })
		},
	}
	slugs, defaults := map[string]bool{}, 0
	for _, o := range c.Outputs {
		if o.Slug == "" || slugs[o.Slug] {
			p.Say("outputs."+o.Slug+".slug", "it is missing, or stands there twice")
		}
		slugs[o.Slug] = true
		if o.Default {
			defaults++
		}
		known := known
		known.Custom = c.customOf(o)
		p.Take("outputs."+o.Slug, o.Check(known))
	}
	if defaults > 1 {
		p.Say("outputs", "%d are the default; at most one may be", defaults)
	}
	if len(c.Endpoints) > output.MaxEndpoints {
		p.Say("endpoints", "%d of them; at most %d are allowed", len(c.Endpoints), output.MaxEndpoints)
	}
	slugs = map[string]bool{}
	for _, e := range c.Endpoints {
		if e.Slug == "" || slugs[e.Slug] {
			p.Say("endpoints."+e.Slug+".slug", "it is missing, or stands there twice")
		}
		slugs[e.Slug] = true
		p.Take("endpoints."+e.Slug, e.Check(known))
	}
}

// customOf tells which custom fields the cases of an output may have, so that a template that misspells one is refused; nil
// where the schema of one of its categories allows any.
func (c *Configuration) customOf(o output.Output) func(key string) bool {
	var all []Schema
	for _, k := range c.Categories {
		if leads, ok := c.OutputOf(k.ID); !k.Active || !ok || leads.ID != o.ID {
			continue
		}
		s := c.Settings().SchemaOf(k.ID)
		if len(s) == 0 {
			return nil
		}
		all = append(all, s)
	}
	if len(all) == 0 {
		return nil
	}
	return func(key string) bool {
		return slices.ContainsFunc(all, func(s Schema) bool { _, ok := s.Field(key); return ok })
	}
}

// faults takes what package sla finds; its codes stay: pages have words for them.
func faults(p *output.Problems, below string, list []sla.Fault) {
	for _, f := range list {
		p.Say(below+"."+f.Field, "%s", f.Code)
	}
}
