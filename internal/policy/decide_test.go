package policy_test

import (
	"math"
	"testing"
	"time"

	_ "time/tzdata"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/policy"
)

// A salon with one of everything.
const (
	salon, mitte, cut, anna = "co", "br", "sv", "st"
)

var chain = policy.Chain{Staff: anna, Service: cut, Branch: mitte}

func of(entity, kind string, keys company.PolicyKeys) company.Policy {
	p := company.Policy{Entity: entity, Type: kind, PolicyKeys: keys}
	switch entity {
	case "branch":
		p.EntityID = mitte
	case "service":
		p.EntityID = cut
	case "staff":
		p.EntityID = anna
	}
	return p
}

func config(list ...company.Policy) *company.Config {
	return &company.Config{Company: company.Company{ID: salon}, Policies: list}
}

func berlin(year int, month time.Month, day, hour, minute int) time.Time {
	return time.Date(year, month, day, hour, minute, 0, 0, company.Berlin())
}

// with is a company whose only policy is this one, of the company and for cancelling.
func with(keys company.PolicyKeys) *company.Config {
	return config(of("company", "cancellation", keys))
}

func inHours(notice time.Duration) policy.Facts {
	now := time.Date(2026, 6, 11, 8, 0, 0, 0, time.UTC)
	return policy.Facts{StartsAt: now.Add(notice), Now: now, PriceCents: 4599, AllowCancellation: true}
}

// The examples of the specification (§14).
func TestDeadlines(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name        string
		starts, now time.Time
		allowed     bool
		notice      int
	}{
		{"Friday 10:00 from Thursday 10:00 is exactly 24 h", berlin(2026, 6, 12, 10, 0), berlin(2026, 6, 11, 10, 0), true, 1440},
		{"a minute later is too late", berlin(2026, 6, 12, 10, 0), berlin(2026, 6, 11, 10, 1), false, 1439},
		{"a nanosecond later is too late", berlin(2026, 6, 12, 10, 0), berlin(2026, 6, 11, 10, 0).Add(1), false, 1439},
		{"a nanosecond earlier is early enough", berlin(2026, 6, 12, 10, 0), berlin(2026, 6, 11, 10, 0).Add(-1), true, 1440},
		{"the spring night is an hour shorter: Sunday 10:00 from Saturday 9:00 is exactly 24 h", berlin(2026, 3, 29, 10, 0), berlin(2026, 3, 28, 9, 0), true, 1440},
		{"Saturday 9:30 is 23 h 30", berlin(2026, 3, 29, 10, 0), berlin(2026, 3, 28, 9, 30), false, 1410},
		{"Saturday 9:01 is a minute late", berlin(2026, 3, 29, 10, 0), berlin(2026, 3, 28, 9, 1), false, 1439},
		{"the autumn night is an hour longer: Saturday 11:00 is exactly 24 h", berlin(2026, 10, 25, 10, 0), berlin(2026, 10, 24, 11, 0), true, 1440},
		{"Saturday 11:01 is a minute late", berlin(2026, 10, 25, 10, 0), berlin(2026, 10, 24, 11, 1), false, 1439},
		{"the zones of the two instants do not matter", time.Date(2026, 3, 29, 8, 0, 0, 0, time.UTC), berlin(2026, 3, 28, 9, 0), true, 1440},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := policy.Decide(with(company.PolicyKeys{HoursBefore: new(24)}), chain, policy.Cancellation, policy.Facts{StartsAt: tt.starts, Now: tt.now, AllowCancellation: true})
			want := policy.DeadlineMissed
			if tt.allowed {
				want = policy.OK
			}
			if d.Allowed != tt.allowed || d.Code != want || d.NoticeMinutes != tt.notice || d.RequiredMinutes != 1440 {
				t.Errorf("got %+v", d)
			}
		})
	}
}

func TestADeadlineThatIsAnError(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		hours    int
		required int
		code     policy.Code
	}{
		{"below zero is none", -24, 0, policy.OK},
		{"beyond counting is never early enough", math.MaxInt, 60 * math.MaxInt32, policy.DeadlineMissed},
	} {
		if d := policy.Decide(with(company.PolicyKeys{HoursBefore: &tt.hours}), chain, policy.Cancellation, inHours(8760*time.Hour)); d.Code != tt.code || d.RequiredMinutes != tt.required {
			t.Errorf("%s: %+v", tt.name, d)
		}
	}
}

func TestFees(t *testing.T) {
	t.Parallel()
	tiers := []company.FeeTier{{MinHours: 48, Fee: 0}, {MinHours: 24, Fee: 1000}, {MinHours: 0, Fee: 1500}}
	shuffled := []company.FeeTier{tiers[1], tiers[2], tiers[0]}
	for _, tt := range []struct {
		name   string
		keys   company.PolicyKeys
		notice time.Duration
		price  int64
		want   int64
		rule   policy.Key
	}{
		{"nothing configured is free", company.PolicyKeys{}, 0, 4599, 0, ""},
		{"a fixed fee", company.PolicyKeys{Fee: new(int64(700))}, 99 * time.Hour, 4599, 700, policy.FixedFee},
		{"tiers, 48 h", company.PolicyKeys{FeeTiers: tiers}, 48 * time.Hour, 4599, 0, policy.FeeTiers},
		{"tiers, 47 h 59", company.PolicyKeys{FeeTiers: tiers}, 48*time.Hour - time.Minute, 4599, 1000, policy.FeeTiers},
		{"tiers, 24 h", company.PolicyKeys{FeeTiers: tiers}, 24 * time.Hour, 4599, 1000, policy.FeeTiers},
		{"tiers, 23 h 59", company.PolicyKeys{FeeTiers: tiers}, 24*time.Hour - time.Minute, 4599, 1500, policy.FeeTiers},
		{"tiers, at the last moment", company.PolicyKeys{FeeTiers: tiers}, 0, 4599, 1500, policy.FeeTiers},
		{"tiers in any order, 48 h", company.PolicyKeys{FeeTiers: shuffled}, 48 * time.Hour, 4599, 0, policy.FeeTiers},
		{"tiers in any order, 30 h", company.PolicyKeys{FeeTiers: shuffled}, 30 * time.Hour, 4599, 1000, policy.FeeTiers},
		{"tiers in any order, 1 h", company.PolicyKeys{FeeTiers: shuffled}, time.Hour, 4599, 1500, policy.FeeTiers},
		{"below every tier the lowest counts", company.PolicyKeys{FeeTiers: []company.FeeTier{{MinHours: 48, Fee: 0}, {MinHours: 24, Fee: 1000}}}, 2 * time.Hour, 4599, 1000, policy.FeeTiers},
		{"50 % of 4599 is half up", company.PolicyKeys{FeePercentage: new(50)}, time.Hour, 4599, 2300, policy.FeePercentage},
		{"a third of a cent is down", company.PolicyKeys{FeePercentage: new(33)}, time.Hour, 101, 33, policy.FeePercentage},
		{"0 %", company.PolicyKeys{FeePercentage: new(0)}, time.Hour, 4599, 0, policy.FeePercentage},
		{"100 % is the price", company.PolicyKeys{FeePercentage: new(100)}, time.Hour, 4599, 4599, policy.FeePercentage},
		{"a share of no price is nothing", company.PolicyKeys{FeePercentage: new(50)}, time.Hour, 0, 0, policy.FeePercentage},
		{"a price that is an error costs nothing", company.PolicyKeys{FeePercentage: new(50)}, time.Hour, -4599, 0, policy.FeePercentage},
		{"a share above 100 % is an error and costs the price", company.PolicyKeys{FeePercentage: new(250)}, time.Hour, 4599, 4599, policy.FeePercentage},
		{"no price is too large", company.PolicyKeys{FeePercentage: new(50)}, time.Hour, 1<<63 - 1, 1 << 62, policy.FeePercentage},
		{"the fixed fee before tiers and share", company.PolicyKeys{Fee: new(int64(0)), FeeTiers: tiers, FeePercentage: new(50)}, time.Hour, 4599, 0, policy.FixedFee},
		{"tiers before the share", company.PolicyKeys{FeeTiers: tiers, FeePercentage: new(50)}, time.Hour, 4599, 1500, policy.FeeTiers},
		{"a negative fee is an error and costs nothing", company.PolicyKeys{Fee: new(int64(-5))}, time.Hour, 4599, 0, policy.FixedFee},
		{"a negative tier likewise", company.PolicyKeys{FeeTiers: []company.FeeTier{{MinHours: 0, Fee: -5}}}, time.Hour, 4599, 0, policy.FeeTiers},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := inHours(tt.notice)
			f.PriceCents = tt.price
			d := policy.Decide(with(tt.keys), chain, policy.Cancellation, f)
			if !d.Allowed || d.FeeCents != tt.want || d.FeeIfForced != tt.want || d.Rule.Key != tt.rule || d.FeeFrom != d.Rule {
				t.Errorf("got %+v, wanted %d by %q", d, tt.want, tt.rule)
			}
		})
	}
}

func TestQuotas(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name                 string
		kind                 policy.Operation
		keys                 company.PolicyKeys
		cancelled, moved, of int // in 30 days; of this appointment
		code                 policy.Code
		used, max            int
		from                 policy.Key
	}{
		{"max 3, used 3 is too many", policy.Cancellation, company.PolicyKeys{MaxCancellationsPerMonth: new(3)}, 3, 0, 0, policy.QuotaExceeded, 3, 3, policy.MaxCancellationsPerMonth},
		{"max 3, used 2 is the last", policy.Cancellation, company.PolicyKeys{MaxCancellationsPerMonth: new(3)}, 2, 0, 0, policy.OK, 2, 3, policy.MaxCancellationsPerMonth},
		{"max 0 allows none", policy.Cancellation, company.PolicyKeys{MaxCancellationsPerMonth: new(0)}, 0, 0, 0, policy.QuotaExceeded, 0, 0, policy.MaxCancellationsPerMonth},
		{"a negative maximum is an error and allows none", policy.Cancellation, company.PolicyKeys{MaxCancellationsPerMonth: new(-1)}, 0, 0, 0, policy.QuotaExceeded, 0, 0, policy.MaxCancellationsPerMonth},
		{"without a maximum nothing is counted", policy.Cancellation, company.PolicyKeys{}, 99, 99, 99, policy.OK, 0, 0, ""},
		{"moves do not use up cancellations", policy.Cancellation, company.PolicyKeys{MaxCancellationsPerMonth: new(3)}, 0, 9, 9, policy.OK, 0, 3, policy.MaxCancellationsPerMonth},
		{"cancellations do not use up moves", policy.Reschedule, company.PolicyKeys{MaxReschedulesPerMonth: new(3)}, 9, 0, 0, policy.OK, 0, 3, policy.MaxReschedulesPerMonth},
		{"moves of the month", policy.Reschedule, company.PolicyKeys{MaxReschedulesPerMonth: new(3)}, 0, 3, 0, policy.QuotaExceeded, 3, 3, policy.MaxReschedulesPerMonth},
		{"moves of the appointment, ever", policy.Reschedule, company.PolicyKeys{MaxReschedulesPerAppointment: new(2)}, 0, 0, 2, policy.MaxReschedulesReached, 2, 2, policy.MaxReschedulesPerAppointment},
		{"both used up: the month speaks", policy.Reschedule, company.PolicyKeys{MaxReschedulesPerMonth: new(3), MaxReschedulesPerAppointment: new(2)}, 0, 4, 2, policy.QuotaExceeded, 4, 3, policy.MaxReschedulesPerMonth},
		{"however much more the other is overdrawn", policy.Reschedule, company.PolicyKeys{MaxReschedulesPerMonth: new(3), MaxReschedulesPerAppointment: new(2)}, 0, 3, 5, policy.QuotaExceeded, 3, 3, policy.MaxReschedulesPerMonth},
		{"the appointment alone is used up", policy.Reschedule, company.PolicyKeys{MaxReschedulesPerMonth: new(3), MaxReschedulesPerAppointment: new(2)}, 0, 2, 2, policy.MaxReschedulesReached, 2, 2, policy.MaxReschedulesPerAppointment},
		{"neither: the one with less left is told", policy.Reschedule, company.PolicyKeys{MaxReschedulesPerMonth: new(5), MaxReschedulesPerAppointment: new(2)}, 0, 1, 1, policy.OK, 1, 2, policy.MaxReschedulesPerAppointment},
		{"neither, the same left: the month", policy.Reschedule, company.PolicyKeys{MaxReschedulesPerMonth: new(2), MaxReschedulesPerAppointment: new(2)}, 0, 1, 1, policy.OK, 1, 2, policy.MaxReschedulesPerMonth},
		{"an appointment's quota does not limit cancelling", policy.Cancellation, company.PolicyKeys{MaxReschedulesPerAppointment: new(0), MaxReschedulesPerMonth: new(0)}, 0, 9, 9, policy.OK, 0, 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := inHours(72 * time.Hour)
			f.UsedCancellations, f.UsedReschedules, f.RescheduleCount = tt.cancelled, tt.moved, tt.of
			d := policy.Decide(config(of("company", string(tt.kind), tt.keys)), chain, tt.kind, f)
			if d.Code != tt.code || d.Used != tt.used || d.Max != tt.max || d.QuotaFrom.Key != tt.from {
				t.Errorf("got %+v", d)
			}
			if !d.Allowed && d.Rule != d.QuotaFrom {
				t.Errorf("it was %+v that refused", d.Rule)
			}
		})
	}
}

func TestTheFirstReasonInOrderDecides(t *testing.T) {
	t.Parallel()
	keys := company.PolicyKeys{HoursBefore: new(24), MaxCancellationsPerMonth: new(1), Fee: new(int64(900)), Enabled: new(false), DisabledMessage: "Bitte schreiben Sie uns."}
	on := keys
	on.Enabled = new(true)
	for _, tt := range []struct {
		name      string
		keys      company.PolicyKeys
		notice    time.Duration
		cancels   bool
		used      int
		code      policy.Code
		rule      policy.Key
		from      string
		forWhat   int64
		ifForced  int64
		toldWords string
	}{
		{"past before everything", keys, -time.Second, false, 1, policy.Past, policy.StartsAt, "", 0, 900, ""},
		{"a service without cancelling before a policy that is off", keys, time.Hour, false, 1, policy.NotAllowed, policy.AllowCancellation, "service", 0, 900, ""},
		{"switched off before the deadline", keys, time.Hour, true, 1, policy.Disabled, policy.Enabled, "company", 0, 900, "Bitte schreiben Sie uns."},
		{"the deadline before the quota", on, time.Hour, true, 1, policy.DeadlineMissed, policy.HoursBefore, "company", 0, 900, ""},
		{"the quota before the fee", on, 48 * time.Hour, true, 1, policy.QuotaExceeded, policy.MaxCancellationsPerMonth, "company", 0, 900, ""},
		{"the fee at last", on, 48 * time.Hour, true, 0, policy.OK, policy.FixedFee, "company", 900, 900, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := inHours(tt.notice)
			f.AllowCancellation, f.UsedCancellations = tt.cancels, tt.used
			d := policy.Decide(with(tt.keys), chain, policy.Cancellation, f)
			if d.Code != tt.code || d.Rule.Key != tt.rule || d.Rule.Entity != tt.from || d.FeeCents != tt.forWhat || d.FeeIfForced != tt.ifForced || d.Message != tt.toldWords {
				t.Errorf("got %+v", d)
			}
		})
	}
}

func TestPast(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		notice time.Duration
		code   policy.Code
		told   int
	}{
		{"the very instant of the start is not past", 0, policy.OK, 0},
		{"a nanosecond after it is", -1, policy.Past, -1},
		{"an hour and a half ago", -90 * time.Minute, policy.Past, -90},
		{"a minute and a second ago are two that have begun", -61 * time.Second, policy.Past, -2},
	} {
		if d := policy.Decide(config(), chain, policy.Reschedule, inHours(tt.notice)); d.Code != tt.code || d.NoticeMinutes != tt.told {
			t.Errorf("%s: %+v", tt.name, d)
		}
	}
}

func TestAServiceWithoutCancellingIsNotMovedEither(t *testing.T) {
	t.Parallel()
	for _, kind := range []policy.Operation{policy.Cancellation, policy.Reschedule} {
		f := inHours(72 * time.Hour)
		f.AllowCancellation = company.Service{AllowCancellation: new(false)}.Cancellable()
		want := policy.Origin{Key: policy.AllowCancellation, Entity: "service", EntityID: cut}
		if d := policy.Decide(config(), chain, kind, f); d.Allowed || d.Code != policy.NotAllowed || d.Rule != want {
			t.Errorf("%s: %+v", kind, d)
		}
	}
	if !(company.Service{}).Cancellable() || !(company.Service{AllowCancellation: new(true)}).Cancellable() {
		t.Error("a service that says nothing, or yes, is not cancellable")
	}
}

func TestWithoutPolicyEverythingIsAllowedAndFree(t *testing.T) {
	t.Parallel()
	for _, kind := range []policy.Operation{policy.Cancellation, policy.Reschedule} {
		want := policy.Decision{Allowed: true, Code: policy.OK, NoticeMinutes: 1}
		if d := policy.Decide(config(), policy.Chain{}, kind, inHours(time.Minute)); d != want {
			t.Errorf("%s: %+v", kind, d)
		}
	}
}

func TestNothingElseIsDecided(t *testing.T) {
	t.Parallel()
	for _, kind := range []policy.Operation{policy.Booking, policy.Always, "refund"} {
		if d := policy.Decide(config(), chain, kind, inHours(72*time.Hour)); d != (policy.Decision{Code: policy.NotAllowed}) {
			t.Errorf("%q: %+v", kind, d)
		}
	}
}

func TestTheChainDecides(t *testing.T) {
	t.Parallel()
	type keys = company.PolicyKeys
	at := func(entity string, key policy.Key) policy.Origin {
		id := map[string]string{"company": salon, "branch": mitte, "service": cut, "staff": anna}[entity]
		return policy.Origin{Key: key, Entity: entity, EntityID: id}
	}
	whole := []company.Policy{
		of("company", "cancellation", keys{HoursBefore: new(1), Fee: new(int64(100)), MaxCancellationsPerMonth: new(1)}),
		of("branch", "cancellation", keys{HoursBefore: new(2)}),
		of("service", "cancellation", keys{HoursBefore: new(3), Fee: new(int64(300))}),
		of("staff", "cancellation", keys{HoursBefore: new(4)}),
	}
	for _, tt := range []struct {
		name          string
		policies      []company.Policy
		chain         policy.Chain
		deadline, fee policy.Origin
		hours         int
		cents         int64
	}{
		{"the member of staff is nearest and wins whole", whole, chain, at("staff", policy.HoursBefore), policy.Origin{}, 4, 0},
		{"then the service", whole, policy.Chain{Service: cut, Branch: mitte}, at("service", policy.HoursBefore), at("service", policy.FixedFee), 3, 300},
		{"then the branch", whole, policy.Chain{Branch: mitte}, at("branch", policy.HoursBefore), policy.Origin{}, 2, 0},
		{"then the company", whole, policy.Chain{}, at("company", policy.HoursBefore), at("company", policy.FixedFee), 1, 100},
		{"others' policies do not count", whole, policy.Chain{Staff: "mario", Service: "perm", Branch: "nord"}, at("company", policy.HoursBefore), at("company", policy.FixedFee), 1, 100},
		{"an id is looked for at its own kind only", whole, policy.Chain{Staff: cut, Service: mitte, Branch: anna}, at("company", policy.HoursBefore), at("company", policy.FixedFee), 1, 100},
		{
			"override leaves open keys to the next one up",
			[]company.Policy{
				of("company", "cancellation", keys{HoursBefore: new(24), Fee: new(int64(100))}),
				of("service", "cancellation", keys{HoursBefore: new(48), Override: true}),
			},
			chain, at("service", policy.HoursBefore), at("company", policy.FixedFee), 48, 100,
		},
		{
			"and so on, as long as each says so",
			[]company.Policy{
				of("company", "cancellation", keys{Fee: new(int64(100))}),
				of("branch", "cancellation", keys{HoursBefore: new(12), Override: true}),
				of("service", "cancellation", keys{Override: true}),
				of("staff", "cancellation", keys{Override: true}),
			},
			chain, at("branch", policy.HoursBefore), at("company", policy.FixedFee), 12, 100,
		},
		{
			"it ends with the first that does not",
			[]company.Policy{
				of("company", "cancellation", keys{HoursBefore: new(24), Fee: new(int64(100))}),
				of("branch", "cancellation", keys{HoursBefore: new(12)}),
				of("staff", "cancellation", keys{Override: true}),
			},
			chain, at("branch", policy.HoursBefore), policy.Origin{}, 12, 0,
		},
		{
			"override with nobody above is nothing special",
			[]company.Policy{of("staff", "cancellation", keys{HoursBefore: new(5), Override: true})},
			chain, at("staff", policy.HoursBefore), policy.Origin{}, 5, 0,
		},
		{
			"a zero is a value too",
			[]company.Policy{
				of("company", "cancellation", keys{HoursBefore: new(24), Fee: new(int64(100))}),
				of("service", "cancellation", keys{HoursBefore: new(0), Fee: new(int64(0)), Override: true}),
			},
			chain, at("service", policy.HoursBefore), at("service", policy.FixedFee), 0, 0,
		},
		{
			"a fixed fee from above comes before a nearer share",
			[]company.Policy{
				of("company", "cancellation", keys{Fee: new(int64(100))}),
				of("service", "cancellation", keys{FeePercentage: new(50), Override: true}),
			},
			chain, policy.Origin{}, at("company", policy.FixedFee), 0, 100,
		},
		{
			"tiers are one key: nearer ones replace all of them",
			[]company.Policy{
				of("company", "cancellation", keys{FeeTiers: []company.FeeTier{{MinHours: 72, Fee: 7200}, {MinHours: 0, Fee: 1}}}),
				of("service", "cancellation", keys{FeeTiers: []company.FeeTier{{MinHours: 0, Fee: 250}}, Override: true}),
			},
			chain, policy.Origin{}, at("service", policy.FeeTiers), 0, 250,
		},
		{
			"policies of another type say nothing",
			[]company.Policy{
				of("company", "cancellation", keys{HoursBefore: new(6)}),
				of("staff", "reschedule", keys{HoursBefore: new(99), Fee: new(int64(9900))}),
				of("staff", "booking", keys{Enabled: new(false)}),
			},
			chain, at("company", policy.HoursBefore), policy.Origin{}, 6, 0,
		},
		{
			"whose id is unknown is nobody's",
			[]company.Policy{
				of("company", "cancellation", keys{HoursBefore: new(6)}),
				{Entity: "service", Type: "cancellation", PolicyKeys: keys{HoursBefore: new(99)}},
			},
			policy.Chain{}, at("company", policy.HoursBefore), policy.Origin{}, 6, 0,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := policy.Decide(config(tt.policies...), tt.chain, policy.Cancellation, inHours(100*time.Hour))
			if !d.Allowed || d.DeadlineFrom != tt.deadline || d.FeeFrom != tt.fee || d.RequiredMinutes != tt.hours*60 || d.FeeCents != tt.cents {
				t.Errorf("got %+v", d)
			}
		})
	}
}

func TestSwitchedOff(t *testing.T) {
	t.Parallel()
	off := company.PolicyKeys{Enabled: new(false), DisabledMessage: "Nur schriftlich."}
	for _, tt := range []struct {
		name     string
		policies []company.Policy
		code     policy.Code
		entity   string
		message  string
	}{
		{"by the company", []company.Policy{of("company", "reschedule", off)}, policy.Disabled, "company", "Nur schriftlich."},
		{"by the service", []company.Policy{of("company", "reschedule", company.PolicyKeys{}), of("service", "reschedule", off)}, policy.Disabled, "service", "Nur schriftlich."},
		{"a nearer policy wins whole and is on", []company.Policy{of("company", "reschedule", off), of("service", "reschedule", company.PolicyKeys{HoursBefore: new(1)})}, policy.OK, "", ""},
		{"unless it leaves that open", []company.Policy{of("company", "reschedule", off), of("service", "reschedule", company.PolicyKeys{HoursBefore: new(1), Override: true})}, policy.Disabled, "company", "Nur schriftlich."},
		{"in the nearer one's words", []company.Policy{of("company", "reschedule", off), of("branch", "reschedule", company.PolicyKeys{DisabledMessage: "In Mitte nicht.", Override: true})}, policy.Disabled, "company", "In Mitte nicht."},
		{"without words", []company.Policy{of("company", "reschedule", company.PolicyKeys{Enabled: new(false)})}, policy.Disabled, "company", ""},
		{"cancelling says nothing of moving", []company.Policy{of("company", "cancellation", off)}, policy.OK, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := policy.Decide(config(tt.policies...), chain, policy.Reschedule, inHours(72*time.Hour))
			if d.Code != tt.code || d.Rule.Entity != tt.entity || d.Message != tt.message {
				t.Errorf("got %+v", d)
			}
		})
	}
}

func TestTheWindowOfAQuota(t *testing.T) {
	t.Parallel()
	now := berlin(2026, 4, 20, 12, 0) // the window holds the spring night
	for _, tt := range []struct {
		name string
		at   time.Time
		want int
	}{
		{"just now", now, 1},
		{"thirty days ago to the instant, an hour earlier on the clock", berlin(2026, 3, 21, 11, 0), 1},
		{"a nanosecond before that", berlin(2026, 3, 21, 11, 0).Add(-1), 0},
		{"by a clock that runs ahead", now.Add(2 * time.Second), 1},
		{"never", time.Time{}, 0},
	} {
		if got := policy.Used([]time.Time{tt.at}, now); got != tt.want {
			t.Errorf("%s: %d", tt.name, got)
		}
	}
	if n := policy.Used([]time.Time{now, now.Add(-policy.QuotaWindow - 1), now.Add(-policy.QuotaWindow), now}, now); n != 3 {
		t.Errorf("%d of four counted", n)
	}
	if n := policy.Used(nil, now); n != 0 {
		t.Errorf("%d of none counted", n)
	}
}

func TestWhoseChangesCount(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		actor, via string
		want       bool
	}{
		{"customer", "phone", true}, {"customer", "portal", true}, {"customer", "calcom", false}, {"customer", "admin", false},
		{"staff", "phone", false}, {"staff", "portal", false}, {"system", "calcom", false}, {"", "", false},
	} {
		if got := policy.Counts(tt.actor, tt.via); got != tt.want {
			t.Errorf("%s by %s: %v", tt.actor, tt.via, got)
		}
	}
}
