package companyfile_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/askpro/gateway/infra/companyfile"
	"github.com/askpro/gateway/internal/company"
)

const salon = `
company: {slug: salon, name: Salon, webhook_route_id: x, retell_api_keys: ["ssm:/a"], calcom_api_key: "ssm:/a"}
branches: [{slug: mitte}]
staff: [{slug: anna, branch: mitte}]
services: [{slug: schnitt, duration_minutes: 30}, {slug: kurs, duration_minutes: 60, allow_cancellation: false}]
policies:
`

func config(t *testing.T, policies string) (*company.Config, error) {
	t.Helper()
	f, err := companyfile.Parse([]byte(salon+policies), "local")
	if err != nil {
		t.Fatal(err)
	}
	return f.Config()
}

func TestEveryKeyOfAPolicyIsTaken(t *testing.T) {
	t.Parallel()
	c, err := config(t, `
  - {type: cancellation, hours_before: 24, max_cancellations_per_month: 3, fee: 500, fee_tiers: [{min_hours: 48, fee: 0}, {min_hours: 0, fee: 1500}], fee_percentage: 50, enabled: true, disabled_message: Nein., allowed_hours: {monday: ["09:00-17:00"]}}
  - {type: reschedule, branch: mitte, override: true, hours_before: 0, max_reschedules_per_month: 0, max_reschedules_per_appointment: 2}
  - {type: cancellation, service: schnitt, fee: 0}
  - {type: cancellation, staff: anna, enabled: false}
  - {type: booking, allowed_hours: {sunday: []}}
  - {type: anonymous_caller_restrictions, operations: [booking, cancellation], disabled_message: Nein.}
  - {type: anonymous_caller_restrictions, branch: mitte, enabled: false}
  - {type: appointment_info_disclosure, fields: [date, time, service, staff, price]}
`)
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]string{"branch": c.Branches[0].ID, "service": c.Services[0].ID, "staff": c.Staff[0].ID}
	want := []string{
		`{"entity":"company","type":"cancellation","hours_before":24,"max_cancellations_per_month":3,"fee":500,"fee_tiers":[{"min_hours":48,"fee":0},{"min_hours":0,"fee":1500}],"fee_percentage":50,"enabled":true,"disabled_message":"Nein.","allowed_hours":{"monday":["09:00-17:00"]}}`,
		`{"entity":"branch","entity_id":"` + ids["branch"] + `","type":"reschedule","hours_before":0,"max_reschedules_per_month":0,"max_reschedules_per_appointment":2,"override":true}`,
		`{"entity":"service","entity_id":"` + ids["service"] + `","type":"cancellation","fee":0}`,
		`{"entity":"staff","entity_id":"` + ids["staff"] + `","type":"cancellation","enabled":false}`,
		`{"entity":"company","type":"booking","allowed_hours":{"sunday":[]}}`,
		`{"entity":"company","type":"anonymous_caller_restrictions","disabled_message":"Nein.","operations":["booking","cancellation"]}`,
		`{"entity":"branch","entity_id":"` + ids["branch"] + `","type":"anonymous_caller_restrictions","enabled":false}`,
		`{"entity":"company","type":"appointment_info_disclosure","fields":["date","time","service","staff","price"]}`,
	}
	if len(c.Policies) != len(want) {
		t.Fatalf("%d policies", len(c.Policies))
	}
	for i, p := range c.Policies {
		if raw, err := json.Marshal(p); err != nil || string(raw) != want[i] {
			t.Errorf("got %s, wanted %s, %v", raw, want[i], err)
		}
	}
}

func TestAServiceSaysWhetherItCanBeCancelled(t *testing.T) {
	t.Parallel()
	c, err := config(t, "")
	if err != nil {
		t.Fatal(err)
	}
	if !c.Services[0].Cancellable() || c.Services[1].Cancellable() {
		t.Errorf("%+v", c.Services)
	}
}

func TestWhatIsWrongWithAPolicy(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, policies, want string }{
		{"no type", `- {hours_before: 1}`, "a policy without type"},
		{"a type nobody knows", `- {type: refund}`, "policy refund: the type is unknown; it is one of booking,"},
		{"a branch that is not there", `- {type: booking, branch: nord}`, `policy booking of branch nord: there is no branch "nord"`},
		{"a service that is not there", `- {type: booking, service: perm}`, `there is no service "perm"`},
		{"a member of staff who is not there", `- {type: booking, staff: mario}`, `there is no staff "mario"`},
		{"of two entities", `- {type: booking, staff: anna, branch: mitte}`, "a policy is of one branch, one service or one member of staff"},
		{"twice", `[{type: booking, branch: mitte}, {type: booking, branch: mitte}]`, "policy booking of branch mitte: stands there twice"},
		{"negative hours", `- {type: cancellation, hours_before: -1}`, "hours_before -1 is below 0"},
		{"negative maximum of cancellations", `- {type: cancellation, max_cancellations_per_month: -1}`, "max_cancellations_per_month -1 is below 0"},
		{"negative maximum of moves", `- {type: reschedule, max_reschedules_per_month: -1}`, "max_reschedules_per_month -1 is below 0"},
		{"negative maximum of an appointment's moves", `- {type: reschedule, max_reschedules_per_appointment: -2}`, "max_reschedules_per_appointment -2 is below 0"},
		{"a negative fee", `- {type: cancellation, fee: -1}`, "fee -1 is below 0"},
		{"more than all of the price", `- {type: cancellation, fee_percentage: 101}`, "fee_percentage 101 is not 0 to 100"},
		{"less than nothing of it", `- {type: cancellation, fee_percentage: -1}`, "fee_percentage -1 is not 0 to 100"},
		{"a tier twice", `- {type: cancellation, fee_tiers: [{min_hours: 24, fee: 0}, {min_hours: 24, fee: 1}]}`, "min_hours 24 stands there twice"},
		{"a tier below 0 hours", `- {type: cancellation, fee_tiers: [{min_hours: -24, fee: 0}]}`, "min_hours -24 is below 0"},
		{"a tier with a negative fee", `- {type: cancellation, fee_tiers: [{min_hours: 24, fee: -7}]}`, "fee_tiers: fee -7 is below 0"},
		{"no tiers", `- {type: cancellation, fee_tiers: []}`, "fee_tiers is empty; write fee: 0"},
		{"no hours", `- {type: booking, allowed_hours: {}}`, "allowed_hours is empty"},
		{"hours that are none", `- {type: booking, allowed_hours: {montag: [], monday: ["9-17"]}}`, `"9-17" is no range`},
		{"a key of another type", `- {type: booking, hours_before: 24}`, "hours_before says nothing in a policy of this type"},
		{"a quota of cancelling for moves", `- {type: reschedule, max_cancellations_per_month: 3}`, "max_cancellations_per_month says nothing"},
		{"a quota of moves for cancelling", `- {type: cancellation, max_reschedules_per_appointment: 3}`, "max_reschedules_per_appointment says nothing"},
		{"hours for callers without number", `- {type: anonymous_caller_restrictions, operations: [booking], allowed_hours: {monday: ["09:00-17:00"]}}`, "allowed_hours says nothing"},
		{"restrictions that restrict nothing", `- {type: anonymous_caller_restrictions}`, "operations is missing"},
		{"an empty list of operations", `- {type: anonymous_caller_restrictions, operations: []}`, "operations is empty; write enabled: false"},
		{"an operation nobody knows", `- {type: anonymous_caller_restrictions, operations: [refund]}`, `operations: "refund" is none of booking,`},
		{"an operation twice", `- {type: anonymous_caller_restrictions, operations: [booking, booking]}`, `operations: "booking" stands there twice`},
		{"an empty list of fields", `- {type: appointment_info_disclosure, fields: []}`, "fields is empty; write enabled: false"},
		{"a field nobody knows", `- {type: appointment_info_disclosure, fields: [notes]}`, `fields: "notes" is none of date, time, service, staff, price`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := config(t, "  "+tt.policies); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAllThatIsWrongWithPoliciesIsSaidAtOnce(t *testing.T) {
	t.Parallel()
	_, err := config(t, `
  - {type: cancellation, service: perm, hours_before: -1, fee: -2, fee_percentage: 300, fields: [date]}
  - {type: refund, staff: mario}
`)
	if err == nil {
		t.Fatal("it was taken")
	}
	for _, want := range []string{`no service "perm"`, "hours_before -1", "fee -2", "fee_percentage 300", "fields says nothing", "refund", `no staff "mario"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("nothing is said of %s", want)
		}
	}
}
