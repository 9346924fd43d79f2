package policy_test

import (
	"encoding/json"
	"math/big"
	"slices"
	"sort"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/policy"
)

func optional[T any](t *rapid.T, g *rapid.Generator[T], name string) *T {
	if !rapid.Bool().Draw(t, name+" is set") {
		return nil
	}
	return new(g.Draw(t, name))
}

var anyTiers = rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) company.FeeTier {
	return company.FeeTier{MinHours: rapid.IntRange(0, 96).Draw(t, "min_hours"), Fee: rapid.Int64Range(0, 9000).Draw(t, "fee")}
}), 0, 5, func(t company.FeeTier) int { return t.MinHours })

// anyKeys are those a checked configuration can have.
var anyKeys = rapid.Custom(func(t *rapid.T) company.PolicyKeys {
	k := company.PolicyKeys{
		HoursBefore:                  optional(t, rapid.IntRange(0, 96), "hours_before"),
		MaxCancellationsPerMonth:     optional(t, rapid.IntRange(0, 4), "max_cancellations_per_month"),
		MaxReschedulesPerMonth:       optional(t, rapid.IntRange(0, 4), "max_reschedules_per_month"),
		MaxReschedulesPerAppointment: optional(t, rapid.IntRange(0, 4), "max_reschedules_per_appointment"),
		Fee:                          optional(t, rapid.Int64Range(0, 9000), "fee"),
		FeeTiers:                     anyTiers.Draw(t, "fee_tiers"),
		FeePercentage:                optional(t, rapid.IntRange(0, 100), "fee_percentage"),
		Enabled:                      optional(t, rapid.Bool(), "enabled"),
		DisabledMessage:              rapid.SampledFrom([]string{"", "Nur schriftlich.", "Heute nicht."}).Draw(t, "disabled_message"),
		Override:                     rapid.Bool().Draw(t, "override"),
	}
	return k
})

// anyPolicies are a company's, in any order: each link of the chain may have one of each type, and so may others.
var anyPolicies = rapid.Custom(func(t *rapid.T) []company.Policy {
	var list []company.Policy
	for _, entity := range []string{"company", "branch", "service", "staff"} {
		for _, kind := range []string{"cancellation", "reschedule", "booking"} {
			if rapid.Bool().Draw(t, entity+" has "+kind) {
				list = append(list, of(entity, kind, anyKeys.Draw(t, "keys")))
			}
			if entity != "company" && rapid.Bool().Draw(t, "another "+entity+" has "+kind) {
				list = append(list, company.Policy{Entity: entity, EntityID: "other", Type: kind, PolicyKeys: anyKeys.Draw(t, "keys")})
			}
		}
	}
	return rapid.Permutation(list).Draw(t, "order")
})

var anyFacts = rapid.Custom(func(t *rapid.T) policy.Facts {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.Int64Range(0, int64(8760*time.Hour)).Draw(t, "now")))
	// Whole hours and minutes as often as odd nanoseconds: the edges lie there.
	unit := rapid.SampledFrom([]time.Duration{time.Hour, time.Minute, time.Nanosecond}).Draw(t, "unit")
	return policy.Facts{
		StartsAt: now.Add(unit * time.Duration(rapid.Int64Range(-int64(10*time.Hour/unit), int64(100*time.Hour/unit)).Draw(t, "notice"))), Now: now,
		PriceCents: rapid.Int64Range(0, 30_000).Draw(t, "price"), AllowCancellation: rapid.IntRange(0, 9).Draw(t, "allow_cancellation") > 0,
		UsedCancellations: rapid.IntRange(0, 5).Draw(t, "cancelled"), UsedReschedules: rapid.IntRange(0, 5).Draw(t, "moved"),
		RescheduleCount: rapid.IntRange(0, 5).Draw(t, "moves"),
	}
})

var anyKind = rapid.SampledFrom([]policy.Operation{policy.Cancellation, policy.Reschedule})

func TestADecisionIsItsCode(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := anyFacts.Draw(t, "facts")
		d := policy.Decide(config(anyPolicies.Draw(t, "policies")...), chain, anyKind.Draw(t, "kind"), f)
		if d.Allowed != (d.Code == policy.OK) {
			t.Fatalf("allowed and code contradict each other: %+v", d)
		}
		if d.FeeCents < 0 || d.FeeIfForced < 0 {
			t.Fatalf("a negative fee: %+v", d)
		}
		if (d.Allowed && d.FeeCents != d.FeeIfForced) || (!d.Allowed && d.FeeCents != 0) {
			t.Fatalf("the fee does not follow from the code: %+v", d)
		}
		if !d.Allowed && d.Rule == (policy.Origin{}) {
			t.Fatalf("refused by nothing: %+v", d)
		}
		if d.Code != policy.Disabled && d.Message != "" {
			t.Fatalf("words for what is not switched off: %+v", d)
		}
	})
}

func TestTheOrderOfPoliciesAndTiersDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := anyPolicies.Draw(t, "policies")
		kind, f := anyKind.Draw(t, "kind"), anyFacts.Draw(t, "facts")
		c := config(list...)
		before, _ := json.Marshal(c)
		first := policy.Decide(c, chain, kind, f)
		if again := policy.Decide(c, chain, kind, f); again != first {
			t.Fatalf("the same question, another answer: %+v, then %+v", first, again)
		}
		if after, _ := json.Marshal(c); string(after) != string(before) {
			t.Fatalf("deciding changed the configuration")
		}
		other := rapid.Permutation(list).Draw(t, "another order")
		for i := range other {
			other[i].FeeTiers = rapid.Permutation(other[i].FeeTiers).Draw(t, "tiers")
		}
		if got := policy.Decide(config(other...), chain, kind, f); got != first {
			t.Fatalf("in another order %+v, not %+v", got, first)
		}
	})
}

// The chain once more, told the other way round: from the company down, nearer keys over farther ones.
func TestTheChainAsMaps(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := anyPolicies.Draw(t, "policies")
		kind := anyKind.Draw(t, "kind")
		in := map[string]json.RawMessage{}
		for _, entity := range []string{"company", "branch", "service", "staff"} {
			for _, p := range list {
				if p.Type != string(kind) || p.Entity != entity || p.EntityID == "other" {
					continue
				}
				if !p.Override {
					clear(in)
				}
				raw, err := json.Marshal(p.PolicyKeys)
				if err == nil {
					err = json.Unmarshal(raw, &in)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		delete(in, "override")
		raw, _ := json.Marshal(in)
		var keys company.PolicyKeys
		if err := json.Unmarshal(raw, &keys); err != nil {
			t.Fatal(err)
		}
		f := anyFacts.Draw(t, "facts")
		got := policy.Decide(config(list...), chain, kind, f)
		want := policy.Decide(config(of("company", string(kind), keys)), chain, kind, f)
		for _, o := range []*policy.Origin{&got.Rule, &got.DeadlineFrom, &got.QuotaFrom, &got.FeeFrom, &want.Rule, &want.DeadlineFrom, &want.QuotaFrom, &want.FeeFrom} {
			o.Entity, o.EntityID = "", ""
		}
		if got != want {
			t.Fatalf("%+v, but the merged keys %s give %+v", got, raw, want)
		}
	})
}

// Where a value is said to come from, it stands.
func TestOriginsAreTrue(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := anyPolicies.Draw(t, "policies")
		kind := anyKind.Draw(t, "kind")
		d := policy.Decide(config(list...), chain, kind, anyFacts.Draw(t, "facts"))
		for _, o := range []policy.Origin{d.DeadlineFrom, d.QuotaFrom, d.FeeFrom} {
			if o == (policy.Origin{}) {
				continue
			}
			i := slices.IndexFunc(list, func(p company.Policy) bool {
				return p.Type == string(kind) && p.Entity == o.Entity && (p.EntityID == o.EntityID || o.Entity == "company" && o.EntityID == salon)
			})
			if i < 0 {
				t.Fatalf("nobody has the policy %+v speaks of", o)
			}
			raw, _ := json.Marshal(list[i].PolicyKeys)
			var keys map[policy.Key]any
			_ = json.Unmarshal(raw, &keys)
			if _, is := keys[o.Key]; !is {
				t.Fatalf("%+v does not stand in %s", o, raw)
			}
		}
	})
}

func TestMoreNoticeNeverMakesItWorse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		k := anyKeys.Draw(t, "keys")
		// Unless a company wants early changes to cost more than late ones.
		slices.SortFunc(k.FeeTiers, func(a, b company.FeeTier) int { return a.MinHours - b.MinHours })
		fees := make([]int64, len(k.FeeTiers))
		for i, tier := range k.FeeTiers {
			fees[i] = tier.Fee
		}
		slices.Sort(fees)
		for i := range k.FeeTiers {
			k.FeeTiers[i].Fee = fees[len(fees)-1-i]
		}
		f := anyFacts.Draw(t, "facts")
		late := policy.Decide(with(k), chain, policy.Cancellation, f)
		f.StartsAt = f.StartsAt.Add(time.Duration(rapid.Int64Range(0, int64(100*time.Hour)).Draw(t, "more")))
		early := policy.Decide(with(k), chain, policy.Cancellation, f)
		if early.FeeIfForced > late.FeeIfForced {
			t.Fatalf("%d minutes ahead costs %d, %d minutes ahead only %d", early.NoticeMinutes, early.FeeIfForced, late.NoticeMinutes, late.FeeIfForced)
		}
		if late.Allowed && !early.Allowed {
			t.Fatalf("%d minutes ahead is refused, %d minutes ahead is not", early.NoticeMinutes, late.NoticeMinutes)
		}
	})
}

func TestExactlyEqualIsAllowed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		hours := rapid.IntRange(1, 24*365).Draw(t, "hours_before")
		c := with(company.PolicyKeys{HoursBefore: &hours})
		start := time.Unix(rapid.Int64Range(1_577_836_800, 2_240_611_200).Draw(t, "start"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanosecond"))
		now := start.Add(-time.Duration(hours) * time.Hour)
		ask := func(now time.Time) policy.Decision {
			return policy.Decide(c, chain, policy.Cancellation, policy.Facts{StartsAt: start.In(company.Berlin()), Now: now, AllowCancellation: true})
		}
		if d := ask(now); !d.Allowed || d.NoticeMinutes != d.RequiredMinutes {
			t.Fatalf("exactly %d hours: %+v", hours, d)
		}
		for _, late := range []time.Duration{1, time.Second, time.Minute} {
			if d := ask(now.Add(late)); d.Code != policy.DeadlineMissed {
				t.Fatalf("%s late: %+v", late, d)
			}
		}
	})
}

func TestAShareOfThePriceIsExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		share, price := rapid.IntRange(0, 100).Draw(t, "percentage"), rapid.Int64Min(0).Draw(t, "price")
		f := inHours(time.Hour)
		f.PriceCents = price
		// floor((2 · share · price + 100) / 200) is half up.
		twice := new(big.Int).Mul(big.NewInt(int64(2*share)), big.NewInt(price))
		want := twice.Add(twice, big.NewInt(100)).Div(twice, big.NewInt(200)).Int64()
		if d := policy.Decide(with(company.PolicyKeys{FeePercentage: &share}), chain, policy.Cancellation, f); d.FeeCents != want {
			t.Fatalf("%d %% of %d is %d, not %d", share, price, want, d.FeeCents)
		}
	})
}

// Every Sunday on which German clocks change, by the European rule: the last of March and of October, at 1:00 UTC.
func TestEveryClockChangeIsExact(t *testing.T) {
	t.Parallel()
	c := with(company.PolicyKeys{HoursBefore: new(24), FeeTiers: []company.FeeTier{{MinHours: 25, Fee: 0}, {MinHours: 24, Fee: 1000}, {MinHours: 0, Fee: 1500}}})
	for year := 2020; year <= 2040; year++ {
		for _, change := range []struct {
			month   time.Month
			sunday  time.Duration // how long it is
			equalAt int           // Saturday's hour that is exactly 24 hours before Sunday, 10:00
		}{{time.March, 23 * time.Hour, 9}, {time.October, 25 * time.Hour, 11}} {
			day := 31
			for time.Date(year, change.month, day, 0, 0, 0, 0, time.UTC).Weekday() != time.Sunday {
				day--
			}
			if long := berlin(year, change.month, day+1, 0, 0).Sub(berlin(year, change.month, day, 0, 0)); long != change.sunday {
				t.Fatalf("%d-%d-%d is %s long", year, change.month, day, long)
			}
			start := berlin(year, change.month, day, 10, 0)
			for minute := -120; minute <= 120; minute++ {
				now := berlin(year, change.month, day-1, change.equalAt, minute)
				d := policy.Decide(c, chain, policy.Cancellation, policy.Facts{StartsAt: start, Now: now, AllowCancellation: true})
				wantFee := int64(1500)
				switch {
				case minute <= -60:
					wantFee = 0
				case minute <= 0:
					wantFee = 1000
				}
				if d.NoticeMinutes != 1440-minute || d.Allowed != (minute <= 0) || d.FeeIfForced != wantFee {
					t.Fatalf("%s, asked at %s: %+v", start, now, d)
				}
			}
		}
	}
}

// Every instant of a window's edge, counted against the plain definition.
func TestUsedCountsTheLastThirtyDays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(rapid.Int64Range(1_577_836_800, 2_240_611_200).Draw(t, "now"), 0)
		var times []time.Time
		want := 0
		for _, ago := range rapid.SliceOf(rapid.IntRange(0, 60*24*60)).Draw(t, "minutes ago") {
			times = append(times, now.Add(-time.Duration(ago)*time.Minute))
			if ago <= 30*24*60 {
				want++
			}
		}
		if got := policy.Used(times, now); got != want {
			t.Fatalf("%d counted, not %d", got, want)
		}
	})
}

// FuzzFeeTiers charges by tiers of any shape, also those that no checked configuration has, beside the specification's
// own words: sorted by min_hours descending, the first with notice ≥ min_hours, none → the lowest tier.
func FuzzFeeTiers(f *testing.F) {
	f.Add([]byte{48, 0, 24, 100, 0, 150}, int64(24*60))
	f.Add([]byte{24, 9, 24, 3, 200, 77}, int64(24*60)) // twice the same hours, reached
	f.Add([]byte{24, 3, 24, 9}, int64(-1))             // and not
	f.Add([]byte{0, 9, 255, 3}, int64(-30))            // below zero is not zero
	f.Add([]byte{}, int64(0))
	f.Fuzz(func(t *testing.T, raw []byte, notice int64) {
		var tiers []company.FeeTier
		for i := 0; i+1 < len(raw) && i < 40; i += 2 {
			tiers = append(tiers, company.FeeTier{MinHours: int(int8(raw[i])), Fee: int64(int8(raw[i+1])) * 10})
		}
		notice %= 400 * 60
		facts := inHours(time.Duration(notice) * time.Minute)
		got := policy.Decide(with(company.PolicyKeys{FeeTiers: tiers}), chain, policy.Cancellation, facts).FeeIfForced

		want := int64(0)
		if len(tiers) > 0 {
			sorted := slices.Clone(tiers)
			sort.Slice(sorted, func(i, j int) bool {
				if sorted[i].MinHours != sorted[j].MinHours {
					return sorted[i].MinHours > sorted[j].MinHours
				}
				return sorted[i].Fee < sorted[j].Fee
			})
			i := slices.IndexFunc(sorted, func(t company.FeeTier) bool { return notice >= int64(t.MinHours)*60 })
			if i < 0 { // the lowest tier, and of several the smallest fee
				low := sorted[len(sorted)-1].MinHours
				i = slices.IndexFunc(sorted, func(t company.FeeTier) bool { return t.MinHours == low })
			}
			want = max(0, sorted[i].Fee)
		}
		if got != want {
			t.Errorf("%+v with %d minutes: %d, not %d", tiers, notice, got, want)
		}
		slices.Reverse(tiers)
		if back := policy.Decide(with(company.PolicyKeys{FeeTiers: tiers}), chain, policy.Cancellation, facts).FeeIfForced; back != got {
			t.Errorf("%+v: %d, the other way round %d", tiers, back, got)
		}
	})
}
