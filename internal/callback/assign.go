package callback

import (
	"cmp"
	"slices"
	"time"

	"github.com/askpro/gateway/internal/company"
)

// ByItself tells whether a request of this priority is given to somebody when it is made (§15).
func ByItself(b company.Branch, p Priority) bool {
	return p == High || p == Urgent || b.AssignCallbacks == nil || *b.AssignCallbacks
}

// Candidates are who a request may be given to, equals among whom the one with the least to do gets it: the wished member
// of staff alone; else those of the branch who do the service; else all of the branch. Who has it already, and who is on
// vacation when the branch opens next, is none.
func Candidates(c *company.Config, b company.Branch, r Request, now time.Time) []company.Staff {
	day := b.Day(whenOpen(b, now))
	can := func(p company.Staff) bool { return p.Active && p.ID != r.AssignedTo && !p.Away(day) }
	if p, ok := c.Person(r.StaffID); ok && can(p) {
		return []company.Staff{p}
	}
	var here, doing []company.Staff
	s, _ := c.Service(r.ServiceID)
	for _, p := range c.Staff {
		if p.BranchID != b.ID || !can(p) {
			continue
		}
		here = append(here, p)
		if slices.ContainsFunc(s.EventTypes, func(e company.EventType) bool { return e.StaffID == p.ID }) {
			doing = append(doing, p)
		}
	}
	if len(doing) > 0 {
		return doing
	}
	return here
}

// Fewest is the candidate with the fewest open requests; of several the first by name. Empty where there is no candidate.
func Fewest(candidates []company.Staff, open []Waiting) (staffID string) {
	has := map[string]int{}
	for _, w := range open {
		has[w.AssignedTo]++
	}
	if len(candidates) == 0 {
		return ""
	}
	return slices.MinFunc(candidates, func(p, q company.Staff) int {
		return cmp.Or(cmp.Compare(has[p.ID], has[q.ID]), cmp.Compare(company.Fold(p.Name), company.Fold(q.Name)), cmp.Compare(p.ID, q.ID))
	}).ID
}
