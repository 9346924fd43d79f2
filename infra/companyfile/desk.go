package companyfile

import (
	"cmp"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/desk/templates"
	"github.com/askpro/gateway/internal/holiday"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/sla"
)

// deskReader makes a service desk of a file; slugs become ids on the way.
type deskReader struct {
	f File
	Desk
	w     *wrong
	slugs map[string]map[string]bool // by kind
}

var categorySlug = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,99}$`)

// ServiceDesk makes the configuration of a file's service desk: everything that is wrong is reported at once. A file without
// the section has none.
func (f File) ServiceDesk(now time.Time) (*desk.Configuration, error) {
	if f.Desk == nil {
		return desk.NoConfiguration(), nil
	}
	r := &deskReader{f: f, Desk: *f.Desk, w: &wrong{}, slugs: map[string]map[string]bool{}}
	if strings.Contains(r.urls(), "{inbox}") {
		r.w.say("the file names {inbox}: say whose it is (INBOX=https://…)")
	}
	entries := r.entries()
	for _, b := range f.Branches {
		r.name("branch", b.Slug)
	}
	for _, g := range r.Groups {
		r.unique("group", g.Slug)
	}
	for _, p := range r.SLA.Policies {
		r.unique("policy", p.Slug)
	}
	for _, o := range r.Outputs {
		r.unique("output", o.Slug)
	}
	c := &desk.Configuration{Gateway: r.gateway(), Matrix: r.matrix(), Categories: r.categories(entries), Fields: schema(r.Fields)}
	for _, g := range r.Groups {
		c.Groups = append(c.Groups, r.group(g))
	}
	c.SLA = r.settings()
	for _, p := range r.SLA.Policies {
		c.Policies = append(c.Policies, r.policy(p))
	}
	for i, x := range r.SLA.Rules {
		r.unique("rule", x.Slug)
		c.Rules = append(c.Rules, r.rule(x, i))
	}
	for _, x := range r.Presets {
		c.Presets = append(c.Presets, r.preset(x))
	}
	for _, o := range r.Outputs {
		c.Outputs = append(c.Outputs, r.output(o, c.Presets))
	}
	c.Fill()
	for _, e := range r.Endpoints {
		r.unique("endpoint", e.Slug)
		c.Endpoints = append(c.Endpoints, r.endpoint(e))
	}
	r.functions(c.Gateway)
	for _, p := range c.Check(desk.Known{Now: now, Branches: r.branches(), Targets: f.targets}) {
		r.w.say("desk, %w", p)
	}
	return c, errors.Join(r.w.all...)
}

func (r *deskReader) id(kind, slug string) string {
	return ident.Derive("desk-"+kind, r.f.Company.Slug, slug)
}

func (r *deskReader) name(kind, slug string) {
	if r.slugs[kind] == nil {
		r.slugs[kind] = map[string]bool{}
	}
	r.slugs[kind][slug] = true
}

// unique takes a slug of the file down, and tells of one that is none or stands there twice.
func (r *deskReader) unique(kind, slug string) {
	r.name(kind, "")
	delete(r.slugs[kind], "")
	r.w.slug("desk, "+kind, slug, r.slugs[kind])
}

// pick makes the id of what a slug names; empty stays empty.
func (r *deskReader) pick(what, kind, slug string) string {
	if slug == "" {
		return ""
	}
	if !r.slugs[kind][slug] {
		r.w.say("desk, %s: there is no %s %q", what, kind, slug)
		return ""
	}
	if kind == "branch" {
		return ident.Derive("branch", r.f.Company.Slug, slug)
	}
	return r.id(kind, slug)
}

func (r *deskReader) picks(what, kind string, slugs []string) (ids []string) {
	for _, s := range slugs {
		ids = append(ids, r.pick(what, kind, s))
	}
	return ids
}

// branches as the calendars of their cases see them; what is wrong with them is told with the company.
func (r *deskReader) branches() (list []company.Branch) {
	for _, b := range r.f.Branches {
		list = append(list, b.branch(&wrong{}, ident.Derive("branch", r.f.Company.Slug, b.Slug), cmp.Or(r.f.Company.Timezone, "Europe/Berlin")))
	}
	return list
}

func or[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}

func (r *deskReader) gateway() desk.Gateway {
	g, usual := r.Gateway, desk.DefaultGateway()
	return desk.Gateway{
		Enabled: g.Enabled, Mode: cmp.Or(desk.Mode(g.Mode), usual.Mode), Fallback: cmp.Or(desk.Mode(g.Fallback), usual.Fallback), Confidence: or(g.Confidence, usual.Confidence),
		Enrichment: g.Enrichment, EnrichmentSeconds: or(g.EnrichmentSeconds, usual.EnrichmentSeconds), DelaySeconds: g.DelaySeconds,
		Audio: g.Audio, AudioMinutes: or(g.AudioMinutes, usual.AudioMinutes), Type: cmp.Or(desk.Type(g.Type), usual.Type), Priority: cmp.Or(desk.Level(g.Priority), usual.Priority),
		Alerts: or(g.Alerts, usual.Alerts), AlertEmails: g.AlertEmails, AlertSlack: g.AlertSlack, Prefix: cmp.Or(g.Prefix, usual.Prefix),
		ConfirmToCustomer: g.ConfirmToCustomer, CloseAfterDays: g.CloseAfterDays,
	}
}

// matrix is the usual one with what the file wants otherwise.
func (r *deskReader) matrix() desk.Matrix {
	m := desk.DefaultMatrix()
	for impact, row := range r.Matrix {
		for urgency, priority := range row {
			i, j := slices.Index(sla.Priorities[:], desk.Level(impact)), slices.Index(sla.Priorities[:], desk.Level(urgency))
			if i < 0 || j < 0 {
				r.w.say("desk, matrix: %s, %s: impact and urgency are critical, high, normal or low", impact, urgency)
				continue
			}
			m[i][j] = desk.Level(priority)
		}
	}
	return m
}

// entries are the template's with the company's own laid over them, then those that are the company's alone.
func (r *deskReader) entries() []Category {
	var list []Category
	if r.Template != "" {
		of, err := templates.Named(r.Template)
		if err != nil {
			r.w.say("desk: %w", err)
		}
		for _, e := range of {
			list = append(list, Category{Entry: e})
		}
	}
	ownDefault := slices.ContainsFunc(r.Categories, func(c Category) bool { return c.Default })
	for i := range list {
		list[i].Default = list[i].Default && !ownDefault
	}
	own := map[string]bool{}
	for _, c := range r.Categories {
		if !categorySlug.MatchString(c.Slug) || own[c.Slug] {
			r.w.say("desk, category %q: the slug is not lower-case letters, digits and dashes, or stands there twice", c.Slug)
			continue
		}
		own[c.Slug] = true
		i := slices.IndexFunc(list, func(x Category) bool { return x.Slug == c.Slug })
		if i < 0 {
			list = append(list, c)
			continue
		}
		c.Entry = list[i].Over(c.Entry)
		list[i] = c
	}
	for i, c := range list {
		r.name("category", c.Slug)
		if c.Sort == 0 {
			list[i].Sort = i + 1
		}
	}
	return list
}

func (r *deskReader) categories(entries []Category) (list desk.Categories) {
	for _, e := range entries {
		what := "category " + e.Slug
		if e.Parent != "" {
			r.pick(what, "category", e.Parent)
		}
		c, bad := e.Category(func(slug string) string { return r.id("category", slug) })
		for _, err := range bad {
			r.w.say("desk, %s: %w", what, err)
		}
		c.OutputID, c.GroupID, c.PolicyID = r.pick(what, "output", e.Output), r.pick(what, "group", e.Group), r.pick(what, "policy", e.Policy)
		c.AutoAssign, c.Active, c.Sort, c.Fields = e.AutoAssign, !e.Inactive, e.Sort, schema(e.Fields)
		list = append(list, c)
	}
	return list
}

// schema of custom fields; a text where nothing is said.
func schema(fields []Field) (s desk.Schema) {
	for _, f := range fields {
		s = append(s, desk.Field{
			Key: f.Key, Label: f.Label, Type: cmp.Or(desk.FieldType(f.Type), desk.TextField), Required: f.Required, MaxLength: f.MaxLength, Choices: f.Choices,
		})
	}
	return s
}

func (r *deskReader) group(g Group) desk.Group {
	out := desk.Group{ID: r.id("group", g.Slug), Slug: g.Slug, Name: g.Name, Email: g.Email, Active: !g.Inactive}
	for _, m := range g.Members {
		if m.Email == "" {
			r.w.say("desk, group %s: a member is known by the e-mail address, and one has none", g.Slug)
		}
		member := desk.Member{UserID: ident.Derive("user", r.f.Company.Slug, strings.ToLower(m.Email)), Email: m.Email, Lead: m.Lead, Active: !m.Inactive, Away: m.Away}
		if m.Notifications != nil {
			member.Unwanted = r.unwanted(g.Slug, *m.Notifications)
		}
		out.Members = append(out.Members, member)
	}
	return out
}

// unwanted are the ways that a member did not name.
func (r *deskReader) unwanted(group string, wanted []string) (out []desk.HearBy) {
	for _, by := range wanted {
		if !slices.Contains(desk.HearsBy, desk.HearBy(by)) {
			r.w.say("desk, group %s: a member hears by email or in_app, not by %q", group, by)
		}
	}
	for _, by := range desk.HearsBy {
		if !slices.Contains(wanted, string(by)) {
			out = append(out, by)
		}
	}
	return out
}

// settings are the switches and the company's calendar. One without hours has the usual ones, so that its zone and its
// special days count.
func (r *deskReader) settings() sla.Settings {
	c := r.SLA.Calendar
	out := sla.Settings{Tracking: r.SLA.Tracking, Escalations: r.SLA.Escalations, Calendar: sla.Calendar{
		Timezone: cmp.Or(c.Timezone, r.f.Company.Timezone, "Europe/Berlin"), Land: holiday.Land(c.Land), BusinessHours: c.BusinessHours, HalfDays: c.HalfDays,
	}}
	if len(c.BusinessHours) == 0 {
		out.Calendar.BusinessHours = sla.DefaultCalendar("").BusinessHours
	}
	for _, l := range c.LocalHolidays {
		out.Calendar.LocalHolidays = append(out.Calendar.LocalHolidays, holiday.Local(l))
	}
	for _, d := range c.SpecialDays {
		out.Calendar.SpecialDays = append(out.Calendar.SpecialDays, company.SpecialDay{Date: d.Date, Ranges: d.Ranges})
	}
	return out
}

// policy makes a policy of the clocks. A company's only one is its default.
func (r *deskReader) policy(p SLAPolicy) sla.Policy {
	out := sla.Policy{
		ID: r.id("policy", p.Slug), Name: p.Name, Default: p.Default || len(r.SLA.Policies) == 1, Targets: sla.DefaultPolicy().Targets,
		ResponseWarning: sla.Lead(p.ResponseWarning), ResolutionWarning: sla.Lead(p.ResolutionWarning),
	}
	if len(p.Targets) > 0 {
		out.Targets = map[sla.Priority]sla.Target{}
	}
	for priority, t := range p.Targets {
		out.Targets[sla.Priority(priority)] = sla.Target{Response: t.Response, Resolution: t.Resolution, Clock: cmp.Or(sla.Clock(t.Clock), sla.Business)}
	}
	for _, reason := range p.KeepsRunning {
		out.KeepsRunning = append(out.KeepsRunning, sla.Reason(reason))
	}
	return out
}

func (r *deskReader) rule(x Rule, order int) sla.Rule {
	what := "rule " + x.Slug
	out := sla.Rule{
		ID: r.id("rule", x.Slug), Name: x.Name, Order: order + 1, Active: !x.Inactive, Trigger: sla.Trigger(x.Trigger), Minutes: x.Minutes, RaisedTo: sla.Priority(x.RaisedTo),
		When:        sla.Conditions{Types: x.Types, Categories: r.picks(what, "category", x.Categories), Groups: r.picks(what, "group", x.Groups)},
		RepeatEvery: x.RepeatEvery, RepeatTimes: x.RepeatTimes,
	}
	for _, p := range x.Priorities {
		out.When.Priorities = append(out.When.Priorities, sla.Priority(p))
	}
	for _, a := range x.Actions {
		out.Actions = append(out.Actions, sla.Action{
			Kind: sla.ActionKind(a.Kind), To: a.To, Subject: a.Subject, GroupID: r.pick(what, "group", a.Group), Priority: sla.Priority(a.Priority), URL: a.URL,
		})
	}
	return out
}
