package companyfile

import (
	"slices"
	"strings"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/policy"
)

// policies makes the policies of a file; known are the slugs of each kind of entity.
func (f File) policies(w *wrong, id func(kind, slug string) string, known map[string]map[string]bool) []company.Policy {
	var out []company.Policy
	seen := map[[3]string]bool{}
	for _, p := range f.Policies {
		made := p.policy()
		what := "policy " + p.Type
		named := 0
		for _, entity := range []struct{ kind, slug string }{{"staff", p.Staff}, {"service", p.Service}, {"branch", p.Branch}} {
			if entity.slug == "" {
				continue
			}
			named++
			made.Entity, made.EntityID = entity.kind, id(entity.kind, entity.slug)
			what += " of " + entity.kind + " " + entity.slug
			if !known[entity.kind][entity.slug] {
				w.say("%s: there is no %s %q", what, entity.kind, entity.slug)
			}
		}
		if named > 1 {
			w.say("%s: a policy is of one branch, one service or one member of staff", what)
		}
		key := [3]string{made.Entity, made.EntityID, made.Type}
		if seen[key] {
			w.say("%s: stands there twice", what)
		}
		seen[key] = true
		p.check(w, what)
		out = append(out, made)
	}
	return out
}

func (p Policy) policy() company.Policy {
	out := company.Policy{Entity: "company", Type: p.Type, PolicyKeys: company.PolicyKeys{
		HoursBefore: p.HoursBefore, MaxCancellationsPerMonth: p.MaxCancellationsPerMonth, MaxReschedulesPerMonth: p.MaxReschedulesPerMonth,
		MaxReschedulesPerAppointment: p.MaxReschedulesPerAppointment, Fee: p.Fee, FeePercentage: p.FeePercentage, Override: p.Override,
		Enabled: p.Enabled, DisabledMessage: p.DisabledMessage, AllowedHours: p.AllowedHours, Operations: p.Operations, Fields: p.Fields,
	}}
	for _, t := range p.FeeTiers {
		out.FeeTiers = append(out.FeeTiers, company.FeeTier{MinHours: t.MinHours, Fee: t.Fee})
	}
	return out
}

// keysOf lists the keys that say something in a policy of a type, besides override, enabled and disabled_message, which
// go with every type; false for a type that nothing decides by.
func keysOf(kind string) ([]policy.Key, bool) {
	switch {
	case kind == string(policy.Cancellation):
		return []policy.Key{policy.HoursBefore, policy.MaxCancellationsPerMonth, policy.FixedFee, policy.FeeTiers, policy.FeePercentage, policy.AllowedHours}, true
	case kind == string(policy.Reschedule):
		return []policy.Key{policy.HoursBefore, policy.MaxReschedulesPerMonth, policy.MaxReschedulesPerAppointment, policy.FixedFee, policy.FeeTiers, policy.FeePercentage, policy.AllowedHours}, true
	case kind == policy.AnonymousCallerRestrictions:
		return []policy.Key{policy.Operations}, true
	case kind == policy.AppointmentInfoDisclosure:
		return []policy.Key{policy.DisclosedFields}, true
	case slices.Contains(operations(), kind):
		return []policy.Key{policy.AllowedHours}, true
	}
	return nil, false
}

// check says what is wrong with a policy: a key that would be read by nobody is as wrong as one that says nonsense.
func (p Policy) check(w *wrong, what string) {
	allowed, known := keysOf(p.Type)
	switch {
	case p.Type == "":
		w.say("a policy without type")
	case !known:
		w.say("%s: the type is unknown; it is one of %s", what, strings.Join(types(), ", "))
	default:
		for _, k := range p.keys() {
			if !slices.Contains(allowed, k) {
				w.say("%s: %s says nothing in a policy of this type", what, k)
			}
		}
	}
	w.notBelow0(what, policy.HoursBefore, p.HoursBefore)
	w.notBelow0(what, policy.MaxCancellationsPerMonth, p.MaxCancellationsPerMonth)
	w.notBelow0(what, policy.MaxReschedulesPerMonth, p.MaxReschedulesPerMonth)
	w.notBelow0(what, policy.MaxReschedulesPerAppointment, p.MaxReschedulesPerAppointment)
	if p.Fee != nil && *p.Fee < 0 {
		w.say("%s: fee %d is below 0", what, *p.Fee)
	}
	if s := p.FeePercentage; s != nil && (*s < 0 || *s > 100) {
		w.say("%s: fee_percentage %d is not 0 to 100", what, *s)
	}
	p.checkTiers(w, what)
	if p.AllowedHours != nil && len(p.AllowedHours) == 0 {
		w.say("%s: allowed_hours is empty; write enabled: false to switch it off", what)
	}
	w.hours(what, p.AllowedHours)
	w.list(what, policy.Operations, p.Operations, operations(), "enabled: false to close nothing")
	w.list(what, policy.DisclosedFields, p.Fields, policy.FieldNames(), "enabled: false to speak of nothing")
	if p.Type == policy.AnonymousCallerRestrictions && p.Operations == nil && !p.Override && (p.Enabled == nil || *p.Enabled) {
		w.say("%s: operations is missing: beyond what such callers can never do it restricts nothing", what)
	}
}

func (p Policy) checkTiers(w *wrong, what string) {
	if p.FeeTiers != nil && len(p.FeeTiers) == 0 {
		w.say("%s: fee_tiers is empty; write fee: 0 to charge nothing", what)
	}
	seen := map[int]bool{}
	for _, t := range p.FeeTiers {
		if t.MinHours < 0 {
			w.say("%s: fee_tiers: min_hours %d is below 0", what, t.MinHours)
		}
		if t.Fee < 0 {
			w.say("%s: fee_tiers: fee %d is below 0", what, t.Fee)
		}
		if seen[t.MinHours] {
			w.say("%s: fee_tiers: min_hours %d stands there twice", what, t.MinHours)
		}
		seen[t.MinHours] = true
	}
}

// keys lists what a policy sets, besides what goes with every type.
func (p Policy) keys() []policy.Key {
	var out []policy.Key
	for _, k := range []struct {
		key policy.Key
		set bool
	}{
		{policy.HoursBefore, p.HoursBefore != nil},
		{policy.MaxCancellationsPerMonth, p.MaxCancellationsPerMonth != nil},
		{policy.MaxReschedulesPerMonth, p.MaxReschedulesPerMonth != nil},
		{policy.MaxReschedulesPerAppointment, p.MaxReschedulesPerAppointment != nil},
		{policy.FixedFee, p.Fee != nil},
		{policy.FeeTiers, p.FeeTiers != nil},
		{policy.FeePercentage, p.FeePercentage != nil},
		{policy.AllowedHours, p.AllowedHours != nil},
		{policy.Operations, p.Operations != nil},
		{policy.DisclosedFields, p.Fields != nil},
	} {
		if k.set {
			out = append(out, k.key)
		}
	}
	return out
}

func (w *wrong) notBelow0(what string, key policy.Key, n *int) {
	if n != nil && *n < 0 {
		w.say("%s: %s %d is below 0", what, key, *n)
	}
}

// list checks names against those there are; instead is what to write for an empty list.
func (w *wrong) list(what string, key policy.Key, names, there []string, instead string) {
	if names != nil && len(names) == 0 {
		w.say("%s: %s is empty; write %s", what, key, instead)
	}
	seen := map[string]bool{}
	for _, n := range names {
		if !slices.Contains(there, n) {
			w.say("%s: %s: %q is none of %s", what, key, n, strings.Join(there, ", "))
		}
		if seen[n] {
			w.say("%s: %s: %q stands there twice", what, key, n)
		}
		seen[n] = true
	}
}

func operations() []string {
	var out []string
	for _, op := range policy.AllOperations() {
		out = append(out, string(op))
	}
	return out
}

func types() []string {
	return append(operations(), policy.AnonymousCallerRestrictions, policy.AppointmentInfoDisclosure)
}
