package twin

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/tenant"
)

// entered is a company's configuration: what was entered, what was found out since, and both together as they are read.
type entered struct {
	file     company.Config
	hosts    []company.HostMapping
	vanished []company.Vanished
	whole    *company.Config
}

// Enter gives a company its configuration, as store.Install would.
func (s *Table) Enter(c *company.Config) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := entered{file: *c}
	for _, p := range c.Staff {
		if p.CalcomUserID != 0 {
			e.hosts = append(e.hosts, company.HostMapping{HostID: p.CalcomUserID, StaffID: p.ID, Source: company.HostManual, Confidence: 100, Active: true})
		}
	}
	s.found(tenant.Proven(c.Company.ID), e)
}

// found keeps a configuration at its next version. Tables that were forked do not hear of it.
func (s *Table) found(t tenant.ID, e entered) {
	whole := e.file
	whole.Version = s.configs[t].version() + 1
	whole.Services = slices.Clone(whole.Services)
	slices.SortFunc(e.hosts, func(a, b company.HostMapping) int { return cmp.Compare(fmt.Sprint(a.HostID), fmt.Sprint(b.HostID)) })
	slices.SortFunc(e.vanished, func(a, b company.Vanished) int {
		return cmp.Compare(fmt.Sprint(a.EventType.ID), fmt.Sprint(b.EventType.ID))
	})
	whole.Hosts = e.hosts
	whole.Without(e.vanished)
	e.whole = &whole
	s.configs = maps.Clone(s.configs)
	s.configs[t] = e
}

func (e entered) version() int {
	if e.whole == nil {
		return 0
	}
	return e.whole.Version
}

// Config of a company.
func (s *Table) Config(ctx context.Context, t tenant.ID) (c *company.Config, err error) {
	err = s.do(ctx, "Config", func() error {
		if c = s.configs[t].whole; c == nil {
			return fmt.Errorf("company %s has no configuration: load it with make company", t)
		}
		return nil
	})
	return c, err
}

// LearnHost keeps whose calendar a host is, unless there is a record of the host already.
func (s *Table) LearnHost(ctx context.Context, t tenant.ID, m company.HostMapping) error {
	return s.do(ctx, "LearnHost", func() error {
		e := s.configs[t]
		if slices.ContainsFunc(e.hosts, func(h company.HostMapping) bool { return h.HostID == m.HostID }) {
			return nil
		}
		e.hosts = append(slices.Clone(e.hosts), m)
		s.found(t, e)
		return nil
	})
}

// Vanish notes that the calendar lost an event type, or that it is back.
func (s *Table) Vanish(ctx context.Context, t tenant.ID, v company.Vanished, back bool) error {
	return s.do(ctx, "Vanish", func() error {
		e := s.configs[t]
		e.vanished = slices.DeleteFunc(slices.Clone(e.vanished), func(x company.Vanished) bool { return x.EventType.ID == v.EventType.ID })
		if !back {
			e.vanished = append(e.vanished, v)
		}
		s.found(t, e)
		return nil
	})
}
