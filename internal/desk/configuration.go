package desk

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/preset"
	"github.com/askpro/gateway/internal/sla"
)

// Configuration is everything a company decided about its service desk, read whole.
type Configuration struct {
	Gateway    Gateway
	Matrix     Matrix
	Categories Categories
	Fields     Schema // of categories that have none, nor their parents
	Groups     []Group
	Policies   []sla.Policy
	SLA        sla.Settings
	Rules      []sla.Rule
	Presets    []preset.Preset // the company's own
	Outputs    []output.Output // the newest version of each
	Endpoints  []output.Endpoint
	Version    int64
}

// NoConfiguration is that of a company which has no service desk.
func NoConfiguration() *Configuration {
	return &Configuration{Gateway: DefaultGateway(), Matrix: DefaultMatrix()}
}

// Settings are what building a case asks of the configuration.
func (c *Configuration) Settings() Settings {
	return Settings{Matrix: c.Matrix, Categories: c.Categories, Fields: c.Fields, Type: c.Gateway.Type, Priority: c.Gateway.Priority}
}

// Group by id.
func (c *Configuration) Group(id string) (Group, bool) {
	if i := slices.IndexFunc(c.Groups, func(g Group) bool { return g.ID == id && id != "" }); i >= 0 {
		return c.Groups[i], true
	}
	return Group{}, false
}

// Output by id.
func (c *Configuration) Output(id string) (output.Output, bool) {
	if i := slices.IndexFunc(c.Outputs, func(o output.Output) bool { return o.ID == id && id != "" }); i >= 0 {
		return c.Outputs[i], true
	}
	return output.Output{}, false
}

// OutputOf a category: its own, else its parents', else the company's default (§5.2). False when there is none.
func (c *Configuration) OutputOf(categoryID string) (output.Output, bool) {
	if id, _ := c.Categories.Inherited(categoryID, func(k Category) string { return k.OutputID }); id != "" {
		return c.Output(id)
	}
	if i := slices.IndexFunc(c.Outputs, func(o output.Output) bool { return o.Default }); i >= 0 {
		return c.Outputs[i], true
	}
	return output.Output{}, false
}

// PolicyOf a category: its own, else its parents', else the company's default, else the usual one (§5.2).
func (c *Configuration) PolicyOf(categoryID string) sla.Policy {
	id, _ := c.Categories.Inherited(categoryID, func(k Category) string { return k.PolicyID })
	if i := slices.IndexFunc(c.Policies, func(p sla.Policy) bool { return p.ID == id && id != "" }); i >= 0 {
		return c.Policies[i]
	}
	if i := slices.IndexFunc(c.Policies, func(p sla.Policy) bool { return p.Default }); i >= 0 {
		return c.Policies[i]
	}
	return sla.DefaultPolicy()
}

// Confirms tells whether a contact is told by mail that their case was taken down (§8).
func (c *Configuration) Confirms(contact Contact) bool {
	return (c.Gateway.ConfirmToCustomer == nil || *c.Gateway.ConfirmToCustomer) && delivery.Address(contact.Email)
}

// Fill gives every output a copy of the company's preset that it names, so that a saved version of it says all of itself:
// deliveries under way are filled as they were planned.
func (c *Configuration) Fill() {
	for i := range c.Outputs {
		h := &c.Outputs[i].Hook
		h.Own = nil
		if own, ok := c.preset(h.Preset); ok && c.Outputs[i].Type != output.Email {
			h.Own = &own
		}
	}
}

func (c *Configuration) preset(slug string) (preset.Preset, bool) {
	if i := slices.IndexFunc(c.Presets, func(p preset.Preset) bool { return p.Slug == slug }); i >= 0 {
		return c.Presets[i], true
	}
	return preset.Preset{}, false
}

// Offered is a preset that a company may choose, with the outputs that it fills.
type Offered struct {
	preset.Preset
	UsedBy []output.Output
}

// AllPresets are the system's and the company's own, by name. One that fills an output cannot be taken away: the output would
// name what is not there.
func (c *Configuration) AllPresets() ([]Offered, error) {
	system, err := preset.System()
	if err != nil {
		return nil, err
	}
	var list []Offered
	for _, p := range slices.Concat(system, c.Presets) {
		o := Offered{Preset: p}
		for _, x := range c.Outputs {
			if x.Type != output.Email && x.Hook.PresetSlug() == p.Slug {
				o.UsedBy = append(o.UsedBy, x)
			}
		}
		list = append(list, o)
	}
	slices.SortFunc(list, func(a, b Offered) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(a.Slug, b.Slug))
	})
	return list, nil
}

// Follow takes over from the configuration that was saved before what nobody writes into a new one: since when a rule is
// active, so that old cases are not escalated again, the how manieth version of a preset it is, and what we switched off
// ourselves. A webhook stays off until somebody saves it with another address, or inactive once.
func (c *Configuration) Follow(before *Configuration, now time.Time) {
	for i := range c.Presets {
		p := &c.Presets[i]
		if was, ok := before.preset(p.Slug); ok {
			if p.Version = was.Version; !p.Equal(was) {
				p.Version++
			}
		}
	}
	c.Fill()
	for i := range c.Rules {
		r := &c.Rules[i]
		if r.ActiveSince = now; !r.Active {
			r.ActiveSince = time.Time{} // saved again, it is the same
		}
		if j := slices.IndexFunc(before.Rules, func(x sla.Rule) bool { return x.ID == r.ID && x.Active && r.Active }); j >= 0 {
			r.ActiveSince = before.Rules[j].ActiveSince
		}
	}
	for i := range c.Outputs {
		o := &c.Outputs[i]
		if was, ok := before.Output(o.ID); ok && was.Active && o.Active && was.Hook.URL == o.Hook.URL {
			o.Disabled = was.Disabled
		}
	}
	for i := range c.Endpoints {
		e := &c.Endpoints[i]
		if j := slices.IndexFunc(before.Endpoints, func(x output.Endpoint) bool { return x.ID == e.ID }); j >= 0 {
			if was := before.Endpoints[j]; was.Active && e.Active && was.URL == e.URL {
				e.Disabled = was.Disabled
			}
		}
	}
}
