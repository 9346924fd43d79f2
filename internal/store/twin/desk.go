package twin

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/askpro/gateway/internal/audit"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/preset"
	"github.com/askpro/gateway/internal/sla"
	"github.com/askpro/gateway/internal/store"
	"github.com/askpro/gateway/internal/tenant"
)

const (
	ofDesk   = "service desk"
	ofOutput = "output"
)

func versionOf(t tenant.ID, id string, v int) place {
	return at(t, ofOutput, id, fmt.Sprintf("%06d", v))
}

// office is the configuration as it was saved; one without anything where there is none.
func (s *Table) office(t tenant.ID) *desk.Configuration {
	c, _, ok := read[desk.Configuration](s, at(t, ofDesk, "", ""))
	if !ok {
		return desk.NoConfiguration()
	}
	return &c
}

// Desk is the configuration of a company's service desk.
func (s *Table) Desk(ctx context.Context, t tenant.ID) (c *desk.Configuration, err error) {
	err = s.do(ctx, "Desk", func() error {
		c = s.office(t)
		return nil
	})
	return c, err
}

// OutputVersion is an output as it was saved once; false when there never was such a version.
func (s *Table) OutputVersion(ctx context.Context, t tenant.ID, id string, v int) (output.Output, bool, error) {
	o, _, ok, err := one[output.Output](ctx, s, "OutputVersion", versionOf(t, id, v))
	return o, ok, err
}

// SaveDesk writes a service desk's whole configuration, as far as it is different; the outputs' versions are set in c.
func (s *Table) SaveDesk(ctx context.Context, t tenant.ID, c *desk.Configuration, by audit.By) error {
	return s.do(ctx, "SaveDesk", func() error {
		before := s.office(t)
		for i := range c.Outputs {
			s.saveOutput(t, before, &c.Outputs[i])
		}
		return s.saveDesk(t, before, c, by)
	})
}

// saveDesk keeps a configuration with what tells of it, unless it is the one of before.
func (s *Table) saveDesk(t tenant.ID, before, c *desk.Configuration, by audit.By) error {
	was := map[string]any{}
	if before.Version > 0 {
		was = objects(before)
	}
	is := objects(c)
	names := maps.Clone(is)
	maps.Copy(names, was)
	var lines []audit.Entry
	var facts []Fact
	c.Version = before.Version
	for _, name := range slices.Sorted(maps.Keys(names)) {
		old, err := plain(was[name])
		if err != nil {
			return err
		}
		now, err := plain(is[name])
		if err != nil {
			return err
		}
		if e, different := audit.Saved(by, store.DeskObject(t, name), old, now); different {
			e.At = s.now()
			fact, err := factOf(t, store.Changed(t, e, int(before.Version)+1))
			if err != nil {
				return err
			}
			lines, facts = append(lines, e), append(facts, fact)
		}
	}
	if len(lines) == 0 {
		return nil
	}
	c.Version++
	s.keepDesk(t, *c)
	s.trail(t, lines)
	var told []write
	for _, f := range facts {
		told = append(told, write{at: at(t, ofEvent, store.AuditCollection(t), f.ID), value: f.Recorded})
	}
	s.put(told, facts)
	return nil
}

// objects of a configuration, by their names in the table.
func objects(c *desk.Configuration) map[string]any {
	all := map[string]any{"GATEWAY": c.Gateway, "MATRIX": struct{ Matrix desk.Matrix }{c.Matrix}, "SLA": c.SLA}
	if len(c.Fields) > 0 {
		all["FIELDS"] = struct{ Fields desk.Schema }{c.Fields}
	}
	for _, x := range c.Categories {
		all["CATEGORY#"+x.ID] = x
	}
	for _, x := range c.Groups {
		all["GROUP#"+x.ID] = x
	}
	for _, x := range c.Policies {
		all["POLICY#"+x.ID] = x
	}
	for _, x := range c.Rules {
		all["RULE#"+x.ID] = x
	}
	for _, x := range c.Presets {
		all["PRESET#"+x.Slug] = x
	}
	for _, x := range c.Endpoints {
		all["ENDPOINT#"+x.ID] = x
	}
	for _, x := range c.Outputs {
		all["OUTPUT#"+x.ID] = x
	}
	return all
}

// plain is an object as JSON has it; nil of none.
func plain(x any) (out map[string]any, err error) {
	if x == nil {
		return nil, nil
	}
	b, err := json.Marshal(x)
	if err != nil {
		return nil, err
	}
	return out, json.Unmarshal(b, &out)
}

// keepDesk puts a configuration in the order in which the table lists it.
func (s *Table) keepDesk(t tenant.ID, c desk.Configuration) {
	c = kept(c)
	slices.SortFunc(c.Categories, func(a, b desk.Category) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(c.Groups, func(a, b desk.Group) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(c.Policies, func(a, b sla.Policy) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(c.Rules, func(a, b sla.Rule) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(c.Presets, func(a, b preset.Preset) int { return cmp.Compare(a.Slug, b.Slug) })
	slices.SortFunc(c.Outputs, func(a, b output.Output) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(c.Endpoints, func(a, b output.Endpoint) int { return cmp.Compare(a.ID, b.ID) })
	s.records[at(t, ofDesk, "", "")] = &record{value: c}
}

func (s *Table) saveOutput(t tenant.ID, before *desk.Configuration, o *output.Output) {
	was, known := before.Output(o.ID)
	if o.Version, o.SavedAt = was.Version, was.SavedAt; known && o.Equal(was) {
		return
	}
	for o.SavedAt = s.now().UTC(); ; {
		o.Version++
		there, _, taken := read[output.Output](s, versionOf(t, o.ID, o.Version))
		if !taken {
			s.records[versionOf(t, o.ID, o.Version)] = &record{value: kept(*o)}
			return
		}
		if o.Equal(there) {
			o.SavedAt = there.SavedAt
			return
		}
	}
}

// ReviseOutput saves what we ourselves changed of an output (its webhook is switched off, an address gets nothing more), as a
// new version, unless somebody saved another one since o was read.
func (s *Table) ReviseOutput(ctx context.Context, t tenant.ID, o output.Output) error {
	return s.do(ctx, "ReviseOutput", func() error {
		before := s.office(t)
		i := slices.IndexFunc(before.Outputs, func(x output.Output) bool { return x.ID == o.ID })
		if i < 0 || before.Outputs[i].Version != o.Version {
			return nil
		}
		next := o
		s.saveOutput(t, before, &next)
		c := kept(*before)
		c.Outputs[i] = next
		return s.saveDesk(t, before, &c, audit.By{Actor: event.Actor{Kind: "system"}})
	})
}
