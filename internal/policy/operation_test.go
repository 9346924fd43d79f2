package policy_test

import (
	"testing"
	"time"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/policy"
)

var branch = company.Branch{ID: mitte, Timezone: "Europe/Berlin"}

func TestWhatIsNotConfiguredIsAllowed(t *testing.T) {
	t.Parallel()
	for _, op := range append(policy.AllOperations(), policy.Always) {
		for _, anonymous := range []bool{false, true} {
			v := policy.CheckUnder(config(), branch, op, policy.Circumstances{Now: berlin(2026, 6, 11, 3, 0), Anonymous: anonymous})
			if v != (policy.Verdict{Allowed: true, Code: policy.OK}) {
				t.Errorf("%q, anonymous %v: %+v", op, anonymous, v)
			}
		}
	}
}

func TestAnUnknownOperationIsRefused(t *testing.T) {
	t.Parallel()
	for _, op := range []policy.Operation{"refund", "Booking", policy.AnonymousCallerRestrictions, policy.AppointmentInfoDisclosure} {
		if v := policy.Check(config(), branch, op, berlin(2026, 6, 11, 10, 0)); v != (policy.Verdict{Code: policy.NotAllowed}) {
			t.Errorf("%q: %+v", op, v)
		}
	}
}

func TestHoursOfAnOperation(t *testing.T) {
	t.Parallel()
	hours := map[string][]string{"thursday": {"09:00-12:00", "14:00-17:00"}, "sunday": {"02:00-02:30"}}
	c := config(of("company", "booking", company.PolicyKeys{AllowedHours: hours, DisabledMessage: "Zu spät."}))
	for _, tt := range []struct {
		name    string
		now     time.Time
		allowed bool
	}{
		{"a minute before", berlin(2026, 6, 11, 8, 59), false},
		{"its start counts", berlin(2026, 6, 11, 9, 0), true},
		{"its end counts", berlin(2026, 6, 11, 12, 0), true},
		{"to the last second of that minute", berlin(2026, 6, 11, 12, 0).Add(59 * time.Second), true},
		{"between two ranges", berlin(2026, 6, 11, 13, 0), false},
		{"in the second range", berlin(2026, 6, 11, 17, 0), true},
		{"a minute after", berlin(2026, 6, 11, 17, 1), false},
		{"a day that is not listed", berlin(2026, 6, 12, 10, 0), false},
		{"by the branch's clock, whatever the instant's zone", berlin(2026, 6, 11, 9, 0).UTC(), true},
		{"the doubled hour in autumn, first pass", time.Date(2026, 10, 25, 0, 15, 0, 0, time.UTC), true},
		{"and second pass", time.Date(2026, 10, 25, 1, 15, 0, 0, time.UTC), true},
		{"the hour that spring skips never comes", time.Date(2026, 3, 29, 1, 15, 0, 0, time.UTC), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want := policy.Verdict{Allowed: true, Code: policy.OK}
			if !tt.allowed {
				want = policy.Verdict{Code: policy.Disabled, Message: "Zu spät.", Rule: policy.Origin{Key: policy.AllowedHours, Entity: "company", EntityID: salon}}
			}
			if v := policy.Check(c, branch, policy.Booking, tt.now); v != want {
				t.Errorf("got %+v", v)
			}
		})
	}
}

func TestOperationsFollowTheChain(t *testing.T) {
	t.Parallel()
	type keys = company.PolicyKeys
	now := berlin(2026, 6, 11, 10, 0)
	known := policy.Circumstances{Now: now, Service: cut, Staff: anna}
	never := map[string][]string{"monday": {"00:00-24:00"}}
	for _, tt := range []struct {
		name     string
		policies []company.Policy
		under    policy.Circumstances
		allowed  bool
		key      policy.Key
		entity   string
		message  string
	}{
		{"switched off by the company", []company.Policy{of("company", "booking", keys{Enabled: new(false), DisabledMessage: "Nein."})}, policy.Circumstances{Now: now}, false, policy.Enabled, "company", "Nein."},
		{"the branch's own policy wins whole", []company.Policy{of("company", "booking", keys{Enabled: new(false)}), of("branch", "booking", keys{Enabled: new(true)})}, policy.Circumstances{Now: now}, true, "", "", ""},
		{"and with override leaves the rest to the company", []company.Policy{of("company", "booking", keys{Enabled: new(false)}), of("branch", "booking", keys{DisabledMessage: "Hier nicht.", Override: true})}, policy.Circumstances{Now: now}, false, policy.Enabled, "company", "Hier nicht."},
		{"switched on does not lift the hours", []company.Policy{of("company", "booking", keys{AllowedHours: never}), of("branch", "booking", keys{Enabled: new(true), Override: true})}, policy.Circumstances{Now: now}, false, policy.AllowedHours, "company", ""},
		{"off is off, whatever the hours", []company.Policy{of("company", "booking", keys{Enabled: new(false), AllowedHours: map[string][]string{"thursday": {"00:00-24:00"}}})}, policy.Circumstances{Now: now}, false, policy.Enabled, "company", ""},
		{"a service that is not known yet decides nothing", []company.Policy{of("service", "booking", keys{Enabled: new(false)})}, policy.Circumstances{Now: now}, true, "", "", ""},
		{"known, it does", []company.Policy{of("service", "booking", keys{Enabled: new(false)})}, known, false, policy.Enabled, "service", ""},
		{"the member of staff before it", []company.Policy{of("service", "booking", keys{Enabled: new(false)}), of("staff", "booking", keys{})}, known, true, "", "", ""},
		{"another branch's policy says nothing", []company.Policy{{Entity: "branch", EntityID: "nord", Type: "booking", PolicyKeys: keys{Enabled: new(false)}}}, policy.Circumstances{Now: now}, true, "", "", ""},
		{"another operation's policy says nothing", []company.Policy{of("company", "cancellation", keys{Enabled: new(false)})}, policy.Circumstances{Now: now}, true, "", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := policy.CheckUnder(config(tt.policies...), branch, policy.Booking, tt.under)
			if v.Allowed != tt.allowed || v.Rule.Key != tt.key || v.Rule.Entity != tt.entity || v.Message != tt.message {
				t.Errorf("got %+v", v)
			}
		})
	}
}

func TestCallersWithoutNumber(t *testing.T) {
	t.Parallel()
	type keys = company.PolicyKeys
	restricted := of("company", policy.AnonymousCallerRestrictions, keys{Operations: []string{"booking", "callback_service"}, DisabledMessage: "Bitte rufen Sie mit Nummer an."})
	now := berlin(2026, 6, 11, 10, 0)
	for _, tt := range []struct {
		name     string
		policies []company.Policy
		op       policy.Operation
		number   bool
		want     policy.Verdict
	}{
		{"may not do what is listed", []company.Policy{restricted}, policy.Booking, false,
			policy.Verdict{Code: policy.NotAllowed, Message: "Bitte rufen Sie mit Nummer an.", Rule: policy.Origin{Key: policy.Operations, Entity: "company", EntityID: salon}}},
		{"may do what is not", []company.Policy{restricted}, policy.Availability, false, policy.Verdict{Allowed: true, Code: policy.OK}},
		{"a caller with a number may", []company.Policy{restricted}, policy.Booking, true, policy.Verdict{Allowed: true, Code: policy.OK}},
		{"who is calling is asked of everybody", []company.Policy{restricted}, policy.Always, false, policy.Verdict{Allowed: true, Code: policy.OK}},
		{"switched off, the restriction is lifted", []company.Policy{of("company", policy.AnonymousCallerRestrictions, keys{Operations: []string{"booking"}, Enabled: new(false)})}, policy.Booking, false, policy.Verdict{Allowed: true, Code: policy.OK}},
		{"a branch lifts it for itself", []company.Policy{restricted, of("branch", policy.AnonymousCallerRestrictions, keys{Enabled: new(false)})}, policy.Booking, false, policy.Verdict{Allowed: true, Code: policy.OK}},
		{"also by override", []company.Policy{restricted, of("branch", policy.AnonymousCallerRestrictions, keys{Enabled: new(false), Override: true})}, policy.Booking, false, policy.Verdict{Allowed: true, Code: policy.OK}},
		{"a branch says it in other words", []company.Policy{restricted, of("branch", policy.AnonymousCallerRestrictions, keys{DisabledMessage: "Hier nicht.", Override: true})}, policy.Booking, false,
			policy.Verdict{Code: policy.NotAllowed, Message: "Hier nicht.", Rule: policy.Origin{Key: policy.Operations, Entity: "company", EntityID: salon}}},
		{"lifting it opens nothing that is off for all", []company.Policy{of("company", policy.AnonymousCallerRestrictions, keys{Operations: []string{"booking"}, Enabled: new(false)}), of("company", "booking", keys{Enabled: new(false)})}, policy.Booking, false,
			policy.Verdict{Code: policy.Disabled, Rule: policy.Origin{Key: policy.Enabled, Entity: "company", EntityID: salon}}},
		{"the rule for suppressed numbers speaks first", []company.Policy{restricted, of("company", "booking", keys{Enabled: new(false), DisabledMessage: "Für niemanden."})}, policy.Booking, false,
			policy.Verdict{Code: policy.NotAllowed, Message: "Bitte rufen Sie mit Nummer an.", Rule: policy.Origin{Key: policy.Operations, Entity: "company", EntityID: salon}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if v := policy.CheckUnder(config(tt.policies...), branch, tt.op, policy.Circumstances{Now: now, Anonymous: !tt.number}); v != tt.want {
				t.Errorf("got %+v", v)
			}
		})
	}
}

func TestWhatMayBeSaidOfAnAppointment(t *testing.T) {
	t.Parallel()
	type keys = company.PolicyKeys
	const kind = policy.AppointmentInfoDisclosure
	all := policy.Fields{Date: true, Time: true, Service: true, Staff: true, Price: true}
	for _, tt := range []struct {
		name     string
		policies []company.Policy
		want     policy.Fields
	}{
		{"all of it, unless somebody says otherwise", nil, all},
		{"what is listed", []company.Policy{of("company", kind, keys{Fields: []string{"date", "time"}})}, policy.Fields{Date: true, Time: true}},
		{"each by its name", []company.Policy{of("company", kind, keys{Fields: policy.FieldNames()})}, all},
		{"the branch's list, whole", []company.Policy{of("company", kind, keys{Fields: []string{"date", "time"}}), of("branch", kind, keys{Fields: []string{"staff"}})}, policy.Fields{Staff: true}},
		{"a name nobody knows opens nothing", []company.Policy{of("company", kind, keys{Fields: []string{"notes", "service"}})}, policy.Fields{Service: true}},
		{"switched off, nothing", []company.Policy{of("company", kind, keys{Enabled: new(false), Fields: []string{"date"}})}, policy.Fields{}},
		{"switched off by override too", []company.Policy{of("company", kind, keys{Fields: []string{"date"}}), of("branch", kind, keys{Enabled: new(false), Override: true})}, policy.Fields{}},
		{"a policy that lists nothing restricts nothing", []company.Policy{of("branch", kind, keys{Enabled: new(true)})}, all},
		{"another branch's list says nothing", []company.Policy{{Entity: "branch", EntityID: "nord", Type: kind, PolicyKeys: keys{Fields: []string{"date"}}}}, all},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := policy.Disclosure(config(tt.policies...), branch); got != tt.want {
				t.Errorf("got %+v", got)
			}
		})
	}
}
