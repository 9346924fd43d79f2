package scheduling

import (
	"context"
	"slices"
	"strings"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/tenant"
)

// How sure a host's member of staff is (§12.1): below automatic nobody is taken for somebody.
const (
	surelyManual = 100
	surelyEmail  = 95
	surelyName   = 75
	automatic    = 75
)

// StaffOfHost finds whose calendar a host is: by the mapping that is kept, else by exact e-mail, else by exact name. One
// function for all paths. Two who fit equally are nobody.
func StaffOfHost(c *company.Config, h Host) (company.Staff, bool) {
	p, _, ok := mapHost(c, h)
	return p, ok
}

// mapHost also says how sure it is. A mapping that was switched off says that the host is nobody of ours.
func mapHost(c *company.Config, h Host) (company.Staff, company.HostMapping, bool) {
	if i := slices.IndexFunc(c.Hosts, func(m company.HostMapping) bool { return m.HostID == h.ID }); i >= 0 && h.ID != 0 {
		m := c.Hosts[i]
		if !m.Active {
			return company.Staff{}, m, false
		}
		if p, ok := c.Person(m.StaffID); ok {
			return p, m, true
		}
	}
	for _, guess := range []struct {
		source string
		surely int
		fits   func(company.Staff) bool
	}{
		{company.HostManual, surelyManual, func(p company.Staff) bool { return h.ID != 0 && p.CalcomUserID == h.ID }},
		{company.HostByEmail, surelyEmail, func(p company.Staff) bool { return h.Email != "" && strings.EqualFold(p.Email, h.Email) }},
		{company.HostByName, surelyName, func(p company.Staff) bool {
			return company.Fold(h.Name) != "" && company.Fold(p.Name) == company.Fold(h.Name)
		}},
	} {
		var found []company.Staff
		for _, p := range c.Staff {
			if guess.fits(p) {
				found = append(found, p)
			}
		}
		if len(found) == 1 && guess.surely >= automatic {
			return found[0], company.HostMapping{HostID: h.ID, StaffID: found[0].ID, Source: guess.source, Confidence: guess.surely, Active: true}, true
		}
	}
	return company.Staff{}, company.HostMapping{}, false
}

// learnHost keeps a mapping that was found by e-mail or name, so that it holds when either changes.
func (s *Scheduler) learnHost(ctx context.Context, t tenant.ID, c *company.Config, h Host) error {
	_, m, ok := mapHost(c, h)
	if !ok || h.ID == 0 || m.Source == company.HostManual || slices.Contains(c.Hosts, m) {
		return nil
	}
	if slices.ContainsFunc(c.Hosts, func(k company.HostMapping) bool { return k.HostID == h.ID }) {
		return nil // kept already, from before its staff's file changed
	}
	return s.Store.LearnHost(ctx, t, m)
}
