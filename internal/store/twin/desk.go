package twin

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/sla"
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

// SaveDesk writes a service desk's whole configuration; the outputs' versions are set in c.
func (s *Table) SaveDesk(ctx context.Context, t tenant.ID, c *desk.Configuration) error {
	return s.do(ctx, "SaveDesk", func() error {
		before := s.office(t)
		for i := range c.Outputs {
			s.saveOutput(t, before, &c.Outputs[i])
		}
		c.Version = before.Version + 1
		s.keepDesk(t, *c)
		return nil
	})
}

// keepDesk puts a configuration in the order in which the table lists it.
func (s *Table) keepDesk(t tenant.ID, c desk.Configuration) {
	c = kept(c)
	slices.SortFunc(c.Categories, func(a, b desk.Category) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(c.Groups, func(a, b desk.Group) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(c.Policies, func(a, b sla.Policy) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(c.Rules, func(a, b sla.Rule) int { return cmp.Compare(a.ID, b.ID) })
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

// ReviseOutput saves what we ourselves changed of an output as a new version, unless somebody saved another one meanwhile.
func (s *Table) ReviseOutput(ctx context.Context, t tenant.ID, o output.Output) error {
	return s.do(ctx, "ReviseOutput", func() error {
		c := *s.office(t)
		i := slices.IndexFunc(c.Outputs, func(x output.Output) bool { return x.ID == o.ID && x.Version == o.Version })
		if i < 0 {
			return nil
		}
		for taken := true; taken; _, _, taken = read[output.Output](s, versionOf(t, o.ID, o.Version)) {
			o.Version++
		}
		o.SavedAt = s.now().UTC()
		s.records[versionOf(t, o.ID, o.Version)] = &record{value: kept(o)}
		c.Outputs = slices.Clone(c.Outputs)
		c.Outputs[i] = o
		c.Version++
		s.keepDesk(t, c)
		return nil
	})
}
