package policy

import "github.com/askpro/gateway/internal/company"

// Chain is whose policies can decide, nearest first: the member of staff, the service, the branch and, always, the
// company. An id that is not known (yet) is left empty.
type Chain struct{ Staff, Service, Branch string }

// Key is a setting of a policy, by its name in the configuration.
type Key string

// What a decision can rest on. The last two are no keys of a policy: the appointment's own start, and what its service says.
const (
	HoursBefore                  Key = "hours_before"
	MaxCancellationsPerMonth     Key = "max_cancellations_per_month"
	MaxReschedulesPerMonth       Key = "max_reschedules_per_month"
	MaxReschedulesPerAppointment Key = "max_reschedules_per_appointment"
	FixedFee                     Key = "fee"
	FeeTiers                     Key = "fee_tiers"
	FeePercentage                Key = "fee_percentage"
	Enabled                      Key = "enabled"
	DisabledMessage              Key = "disabled_message"
	AllowedHours                 Key = "allowed_hours"
	Operations                   Key = "operations"
	DisclosedFields              Key = "fields"
	StartsAt                     Key = "starts_at"
	AllowCancellation            Key = "allow_cancellation"
)

// Origin is where a deciding value was set: the key, and the entity whose policy has it. The zero Origin is nowhere:
// nobody configured anything.
type Origin struct {
	Key      Key    `json:"key"`
	Entity   string `json:"entity,omitempty"` // company, branch, service, staff
	EntityID string `json:"entity_id,omitempty"`
}

// setting is a key in force, nil when nobody in the chain set it.
type setting[T any] struct {
	value *T
	from  Origin
}

// inherit takes a value from farther up unless somebody nearer has set the key.
func (s *setting[T]) inherit(value *T, key Key, from Origin) {
	if s.value == nil && value != nil {
		from.Key = key
		s.value, s.from = value, from
	}
}

// rules are the keys in force for one chain and type, each with where it comes from.
type rules struct {
	hoursBefore                  setting[int]
	maxCancellationsPerMonth     setting[int]
	maxReschedulesPerMonth       setting[int]
	maxReschedulesPerAppointment setting[int]
	fee                          setting[int64]
	feeTiers                     setting[[]company.FeeTier]
	feePercentage                setting[int]
	enabled                      setting[bool]
	disabledMessage              setting[string]
	allowedHours                 setting[map[string][]string]
	operations                   setting[[]string]
	fields                       setting[[]string]
}

// resolve walks the chain: the nearest entity with a policy of its own wins whole; only where that policy says override
// do the keys it leaves open come from the next one up, and so on.
func resolve(c *company.Config, chain Chain, kind string) rules {
	var r rules
	for _, link := range [...]Origin{
		{Entity: "staff", EntityID: chain.Staff}, {Entity: "service", EntityID: chain.Service}, {Entity: "branch", EntityID: chain.Branch},
		{Entity: "company", EntityID: c.Company.ID},
	} {
		p := policyOf(c, link, kind)
		if p == nil {
			continue
		}
		r.inherit(&p.PolicyKeys, link)
		if !p.Override {
			break
		}
	}
	return r
}

// policyOf is an entity's own policy of a type; there is one at most.
func policyOf(c *company.Config, of Origin, kind string) *company.Policy {
	for i := range c.Policies {
		p := &c.Policies[i]
		if p.Type != kind || p.Entity != of.Entity {
			continue
		}
		// The company is implicit: its policies carry no id.
		if of.Entity == "company" || (of.EntityID != "" && p.EntityID == of.EntityID) {
			return p
		}
	}
	return nil
}

func (r *rules) inherit(k *company.PolicyKeys, from Origin) {
	r.hoursBefore.inherit(k.HoursBefore, HoursBefore, from)
	r.maxCancellationsPerMonth.inherit(k.MaxCancellationsPerMonth, MaxCancellationsPerMonth, from)
	r.maxReschedulesPerMonth.inherit(k.MaxReschedulesPerMonth, MaxReschedulesPerMonth, from)
	r.maxReschedulesPerAppointment.inherit(k.MaxReschedulesPerAppointment, MaxReschedulesPerAppointment, from)
	r.fee.inherit(k.Fee, FixedFee, from)
	r.feePercentage.inherit(k.FeePercentage, FeePercentage, from)
	r.enabled.inherit(k.Enabled, Enabled, from)
	if len(k.FeeTiers) > 0 {
		r.feeTiers.inherit(&k.FeeTiers, FeeTiers, from)
	}
	if k.DisabledMessage != "" {
		r.disabledMessage.inherit(&k.DisabledMessage, DisabledMessage, from)
	}
	if len(k.AllowedHours) > 0 {
		r.allowedHours.inherit(&k.AllowedHours, AllowedHours, from)
	}
	if len(k.Operations) > 0 {
		r.operations.inherit(&k.Operations, Operations, from)
	}
	if len(k.Fields) > 0 {
		r.fields.inherit(&k.Fields, DisclosedFields, from)
	}
}

// switchedOff tells whether the policy in force says enabled: false.
func (r *rules) switchedOff() bool { return r.enabled.value != nil && !*r.enabled.value }

// message is the company's own words for a refusal.
func (r *rules) message() string {
	if r.disabledMessage.value == nil {
		return ""
	}
	return *r.disabledMessage.value
}
