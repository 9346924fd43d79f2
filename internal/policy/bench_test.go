package policy_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/policy"
)

// chains is a company that configured a lot: 20 branches, 40 services and 60 people with policies, the wanted ones last,
// and each leaving keys open to the next.
func chains() *company.Config {
	c := config()
	for _, kind := range []string{"cancellation", "reschedule", "booking"} {
		for entity, n := range map[string]int{"branch": 20, "service": 40, "staff": 60} {
			for i := range n {
				c.Policies = append(c.Policies, company.Policy{Entity: entity, EntityID: fmt.Sprintf("other-%d", i), Type: kind})
			}
		}
		c.Policies = append(c.Policies,
			of("staff", kind, company.PolicyKeys{Override: true}),
			of("service", kind, company.PolicyKeys{Override: true, FeeTiers: []company.FeeTier{{MinHours: 48, Fee: 0}, {MinHours: 24, Fee: 1000}, {MinHours: 0, Fee: 1500}}}),
			of("branch", kind, company.PolicyKeys{Override: true, HoursBefore: new(24)}),
			of("company", kind, company.PolicyKeys{MaxReschedulesPerMonth: new(3), AllowedHours: map[string][]string{"thursday": {"08:00-20:00"}}}),
		)
	}
	return c
}

func BenchmarkDecide(b *testing.B) {
	f := inHours(30 * time.Hour)
	for name, c := range map[string]*company.Config{
		"two policies":                  config(of("company", "cancellation", company.PolicyKeys{HoursBefore: new(24)}), of("company", "reschedule", company.PolicyKeys{HoursBefore: new(24)})),
		"372 policies, the whole chain": chains(),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !policy.Decide(c, chain, policy.Reschedule, f).Allowed {
					b.Fatal("refused")
				}
			}
		})
	}
}

func BenchmarkCheck(b *testing.B) {
	c, now := chains(), inHours(0).Now
	b.ReportAllocs()
	for b.Loop() {
		if !policy.Check(c, branch, policy.Booking, now).Allowed {
			b.Fatal("refused")
		}
	}
}
