package desk_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/preset"
	"github.com/askpro/gateway/internal/sla"
)

// office is a configuration that nothing is wrong with.
func office() *desk.Configuration {
	c := desk.NoConfiguration()
	c.Gateway.Enabled, c.Gateway.Mode, c.Gateway.AlertEmails = true, desk.ServiceDesk, []string{"chef@edv-nord.example"}
	c.Categories = categories()
	c.Groups = []desk.Group{{ID: "desk-team", Slug: "first", Name: "1st Level", Active: true, Email: "first@edv-nord.example", Members: []desk.Member{{UserID: "u1", Email: "a@edv-nord.example", Active: true}}}}
	c.Policies = []sla.Policy{sla.DefaultPolicy()}
	c.Rules = []sla.Rule{{ID: "r", Name: "Frist verletzt", Active: true, Trigger: sla.ResolutionBreach, Actions: []sla.Action{{Kind: sla.SendEmail, To: []string{sla.ToLeads}}}}}
	c.Outputs = []output.Output{{
		ID: "o", Slug: "mail", Name: "E-Mail", Type: output.Email, Active: true, Default: true, Retry: delivery.Fast, TimeoutS: 180, AudioMin: 60, Language: "de",
		Mail: output.Mail{To: []string{"service@edv-nord.example"}, Template: output.Standard, Audio: output.NoAudio},
	}}
	c.Endpoints = []output.Endpoint{{ID: "e", Slug: "crm", URL: "https://crm.example.com/", Events: []string{"case.*"}, SigningRef: "ssm:/askpro/test/webhook/edv/secret", Active: true}}
	return c
}

var known = desk.Known{Now: now, Branches: []company.Branch{{ID: "nord", Slug: "nord", Timezone: "Europe/Berlin", BusinessHours: map[string][]string{"monday": {"08:00-18:00"}}}}}

func TestEachFieldOfAServiceDeskIsJudged(t *testing.T) {
	t.Parallel()
	if wrong := office().Check(known); len(wrong) > 0 {
		t.Fatal(wrong)
	}
	nine := func(c *desk.Configuration) {
		for range 10 {
			e := c.Endpoints[0]
			e.Slug += "x"
			c.Endpoints = append(c.Endpoints, e)
			c.Endpoints[0] = e
		}
	}
	days := -1
	for _, tt := range []struct {
		change func(*desk.Configuration)
		want   string // field: text
	}{
		{func(c *desk.Configuration) { c.Gateway.Mode = "fax" }, `gateway.gateway_mode: it is appointment, service_desk or hybrid, not "fax"`},
		{func(c *desk.Configuration) { c.Gateway.Mode = desk.Undecided }, `gateway.gateway_mode: it is`},
		{func(c *desk.Configuration) { c.Gateway.Mode, c.Gateway.Fallback = desk.Hybrid, "" }, `gateway.hybrid_fallback_mode: it is appointment or service_desk, not ""`},
		{func(c *desk.Configuration) { c.Gateway.Fallback = desk.Hybrid }, `gateway.hybrid_fallback_mode: it is`},
		{func(c *desk.Configuration) { c.Gateway.Confidence = 1.01 }, `gateway.intent_confidence_threshold: it is 0 to 1`},
		{func(c *desk.Configuration) { c.Gateway.Confidence = 0.755 }, `gateway.intent_confidence_threshold: it is 0 to 1 in steps of 0.01`},
		{func(c *desk.Configuration) { c.Gateway.EnrichmentSeconds = 29 }, `gateway.enrichment_timeout_seconds: it is 30 to 600, not 29`},
		{func(c *desk.Configuration) { c.Gateway.DelaySeconds = 901 }, `gateway.delivery_min_delay_seconds: it is 0 to 900`},
		{func(c *desk.Configuration) { c.Gateway.AudioMinutes = 4 }, `gateway.audio_url_ttl_minutes: it is 5 to 1440`},
		{func(c *desk.Configuration) { c.Gateway.Type = "problem" }, `gateway.default_case_type: it is`},
		{func(c *desk.Configuration) { c.Gateway.Priority = "urgent" }, `gateway.default_priority: it is`},
		{func(c *desk.Configuration) { c.Gateway.Prefix = "T1" }, `gateway.case_number_prefix: it is`},
		{func(c *desk.Configuration) { c.Gateway.CloseAfterDays = &days }, `gateway.close_after_days: it is 0 to 365`},
		{func(c *desk.Configuration) { c.Gateway.AlertEmails = []string{"chef"} }, `gateway.alert_emails: "chef" is no e-mail address`},
		{func(c *desk.Configuration) { c.Gateway.AlertEmails = make([]string, 11) }, `gateway.alert_emails: at most 10`},
		{func(c *desk.Configuration) {
			c.Gateway.AlertEmails = []string{strings.Repeat("a", 250) + "@a.de", strings.Repeat("b", 250) + "@a.de"}
		}, `gateway.alert_emails: at most 10 addresses and 500`},
		{func(c *desk.Configuration) { c.Gateway.AlertSlack = "https://127.0.0.1/" }, `gateway.alert_slack_url: blocked_address`},
		{func(c *desk.Configuration) { c.Categories = nil }, `gateway.default_category_id: a desk mode needs`},
		{func(c *desk.Configuration) { c.Matrix[0][0] = desk.Low }, `matrix: impact critical: raising the urgency`},
		{func(c *desk.Configuration) { c.Matrix[3][3] = "none" }, `matrix: impact low, urgency low: "none" is no priority`},

		{func(c *desk.Configuration) { c.Categories[0].Slug = "Netz" }, `categories.Netz.slug: it is`},
		{func(c *desk.Configuration) { c.Categories[0].Slug = "vpn" }, `categories.vpn.slug: it stands there twice`},
		{func(c *desk.Configuration) { c.Categories[0].Name = strings.Repeat("ä", 101) }, `categories.netzwerk.name: a category has a name of at most 100`},
		{func(c *desk.Configuration) { c.Categories[0].Description = strings.Repeat("ä", 1001) }, `categories.netzwerk.description: it has at most`},
		{func(c *desk.Configuration) { c.Categories[0].Threshold = 1.1 }, `categories.netzwerk.confidence_threshold: it is 0 to 1`},
		{func(c *desk.Configuration) { c.Categories[0].Keywords = []desk.Keyword{{Text: "…"}} }, `categories.netzwerk.intent_keywords: "…"`},
		{func(c *desk.Configuration) { c.Categories[0].Keywords = make([]desk.Keyword, 101) }, `categories.netzwerk.intent_keywords: 101`},
		{func(c *desk.Configuration) { c.Categories[0].Type = "x" }, `categories.netzwerk.default_case_type: it is`},
		{func(c *desk.Configuration) { c.Categories[0].Impact = "x" }, `categories.netzwerk.default_impact: it is`},
		{func(c *desk.Configuration) { c.Categories[0].Urgency = "x" }, `categories.netzwerk.default_urgency: it is`},
		{func(c *desk.Configuration) { c.Categories[0].AutoAssign = "random" }, `categories.netzwerk.auto_assign: it is`},
		{func(c *desk.Configuration) { c.Categories[0].AutoAssign = desk.AssignLeastLoaded }, `categories.netzwerk.auto_assign: least_loaded needs a group`},
		{func(c *desk.Configuration) { c.Categories[0].ParentID = "nobody" }, `categories.netzwerk.parent_id: its parents`},
		{func(c *desk.Configuration) { c.Categories[4].Active = false }, `categories.allgemein.is_default: the default is not active`},
		{func(c *desk.Configuration) { c.Categories[0].Default = true }, `categories: 2 are the default`},
		{func(c *desk.Configuration) { c.Categories[0].PolicyID = "x" }, `categories.netzwerk.sla_policy_id: there is no such policy`},
		{func(c *desk.Configuration) { c.Categories[0].GroupID = "x" }, `categories.netzwerk.default_group_id: there is no such group`},
		{func(c *desk.Configuration) { c.Categories[0].OutputID = "x" }, `categories.netzwerk.output_config_id: there is no such output`},
		{func(c *desk.Configuration) { c.Outputs[0].Default = false }, `categories.drucker.output_config_id: its cases would go nowhere`},

		{func(c *desk.Configuration) { c.Groups[0].Active = false }, `categories.arbeitsplatz.default_group_id: there is no such group, or it is not active`},
		{func(c *desk.Configuration) { c.Groups[0].Name = " " }, `groups.first.name: a group has a name`},
		{func(c *desk.Configuration) {
			c.Groups = append(c.Groups, desk.Group{ID: "2", Slug: "second", Name: "1st level"})
		}, `groups.second.name: another group`},
		{func(c *desk.Configuration) { c.Groups[0].Email = "x" }, `groups.first.email: "x" is no e-mail address`},
		{func(c *desk.Configuration) { c.Groups[0].Members = append(c.Groups[0].Members, c.Groups[0].Members[0]) }, `groups.first.members: a member without id, or twice`},
		{func(c *desk.Configuration) { c.Groups[0].Members[0].Email = "x" }, `groups.first.members: "x" is no`},

		{func(c *desk.Configuration) { c.SLA.Calendar.BusinessHours = map[string][]string{"monday": {"9-17"}} }, `sla.calendar.business_hours.monday: no-range`},
		{func(c *desk.Configuration) {
			c.SLA.Calendar.BusinessHours = map[string][]string{"sunday": {"09:00-17:00"}}
			c.SLA.Calendar.SpecialDays = []company.SpecialDay{{Date: "2026-11-29"}, {Date: "2026-12-06"}, {Date: "2026-12-13"}, {Date: "2026-12-20"}}
		}, `sla.calendar.business_hours: no-working-time`},
		{func(c *desk.Configuration) { c.SLA.Calendar.SpecialDays = []company.SpecialDay{{Date: "2026-12-27"}} }, `sla.calendar.business_hours: without hours`},
		{func(c *desk.Configuration) { c.SLA.Calendar.HalfDays = []string{"31.12."} }, `sla.calendar.half_days: no-date`},
		{func(c *desk.Configuration) { c.Policies[0].Targets[desk.High] = sla.Target{Response: -1} }, `sla.policies.Standard.targets.high.response_minutes: out-of-range`},
		{func(c *desk.Configuration) { c.Policies = append(c.Policies, c.Policies[0]) }, `sla.policies.Standard.name: another policy`},
		{func(c *desk.Configuration) {
			c.Policies = append(c.Policies, sla.Policy{ID: "2", Name: "Schnell", Default: true})
			c.Policies[0].Default = true
		}, `sla.policies: 2 are the default`},
		{func(c *desk.Configuration) { c.Rules[0].Trigger = "full_moon" }, `sla.rules.Frist verletzt.trigger: unknown-trigger`},
		{func(c *desk.Configuration) { c.Rules = append(c.Rules, c.Rules[0]) }, `sla.rules.Frist verletzt.name: another rule`},
		{func(c *desk.Configuration) { c.Rules[0].When.Groups = []string{"theirs"} }, `sla.rules.Frist verletzt.conditions.group_ids: unknown`},
		{func(c *desk.Configuration) { c.Rules[0].When.Categories = []string{"old"} }, `sla.rules.Frist verletzt.conditions.category_ids: unknown`},
		{func(c *desk.Configuration) { c.Rules[0].When.Types = []string{"problem"} }, `sla.rules.Frist verletzt.conditions.types: unknown`},
		{func(c *desk.Configuration) {
			c.Rules[0].Actions = []sla.Action{{Kind: sla.CallWebhook, URL: "https://10.0.0.1/"}}
		}, `sla.rules.Frist verletzt.actions: blocked_address`},

		{func(c *desk.Configuration) { c.Outputs[0].TimeoutS = 0 }, `outputs.mail.timeout_seconds: it is 30 to 600`},
		{func(c *desk.Configuration) { c.Outputs[0].Slug = "" }, `outputs..slug: it is missing`},
		{func(c *desk.Configuration) {
			second := c.Outputs[0]
			second.Slug = "second"
			c.Outputs = append(c.Outputs, second)
		}, `outputs: 2 are the default`},
		{func(c *desk.Configuration) { c.Endpoints[0].BranchID = "sued" }, `endpoints.crm.branch_id: there is no such branch`},
		{func(c *desk.Configuration) { c.Endpoints = append(c.Endpoints, c.Endpoints[0]) }, `endpoints.crm.slug: it is missing, or stands there twice`},
		{nine, `endpoints: 11 of them; at most 10`},
	} {
		c := office()
		tt.change(c)
		told(t, c.Check(known), tt.want)
	}
}

// told wants a problem among those that were found, and no field twice.
func told(t *testing.T, wrong []desk.Problem, want string) {
	t.Helper()
	found, fields := false, map[string]bool{}
	for _, p := range wrong {
		found = found || strings.HasPrefix(p.Error(), want)
		if fields[p.Field] {
			t.Errorf("%s is told of twice: %v", p.Field, wrong)
		}
		fields[p.Field] = true
	}
	if !found {
		t.Errorf("wanted %s, got %v", want, wrong)
	}
}

func TestADeskNeedsAnOutputThatWorks(t *testing.T) {
	t.Parallel()
	c := office()
	c.Outputs[0].Active = false
	told(t, c.Check(known), "gateway.outputs: a desk mode needs an active output")
	told(t, c.Check(known), "categories.allgemein.output_config_id: its cases would go nowhere")
	c.Gateway.Mode = desk.Appointments
	if wrong := c.Check(known); len(wrong) > 0 {
		t.Errorf("calls about appointments make no cases: %v", wrong)
	}
}

func TestABranchThatNeverOpensIsRefused(t *testing.T) {
	t.Parallel()
	k := known
	k.Branches = []company.Branch{{ID: "s", Slug: "sued", BusinessHours: map[string][]string{"monday": {"09:00-25:00"}}}}
	told(t, office().Check(k), "branches.sued.business_hours.monday: no-range")
}

func TestACompanyWithoutServiceDeskIsTaken(t *testing.T) {
	t.Parallel()
	if wrong := desk.NoConfiguration().Check(known); len(wrong) > 0 {
		t.Error(wrong)
	}
}

func TestASaveKeepsWhatNobodyWrites(t *testing.T) {
	t.Parallel()
	before := office()
	before.Rules[0].ActiveSince = now.Add(-time.Hour)
	before.Outputs[0].Hook.URL, before.Outputs[0].Disabled = "https://a.example.com", delivery.DisabledGone
	before.Endpoints[0].Disabled = delivery.DisabledFailing
	for name, tt := range map[string]struct {
		change   func(before, after *desk.Configuration)
		since    time.Time
		output   delivery.Disabling
		endpoint delivery.Disabling
	}{
		"the same again": {func(_, _ *desk.Configuration) {}, now.Add(-time.Hour), delivery.DisabledGone, delivery.DisabledFailing},
		"other addresses": {func(_, after *desk.Configuration) {
			after.Outputs[0].Hook.URL, after.Endpoints[0].URL = "https://b.example.com", "https://b.example.com"
		}, now.Add(-time.Hour), "", ""},
		"on again": {func(before, _ *desk.Configuration) {
			before.Rules[0].Active, before.Outputs[0].Active, before.Endpoints[0].Active = false, false, false
		}, now, "", ""},
		"off": {func(_, after *desk.Configuration) { after.Rules[0].Active = false }, time.Time{}, delivery.DisabledGone, delivery.DisabledFailing},
		"new": {func(before, _ *desk.Configuration) { *before = *desk.NoConfiguration() }, now, "", ""},
	} {
		was, after := *before, office()
		was.Rules, was.Outputs, was.Endpoints = slices.Clone(was.Rules), slices.Clone(was.Outputs), slices.Clone(was.Endpoints)
		after.Outputs[0].Hook.URL = "https://a.example.com"
		tt.change(&was, after)
		after.Follow(&was, now)
		if got := after.Rules[0].ActiveSince; !got.Equal(tt.since) || after.Outputs[0].Disabled != tt.output || after.Endpoints[0].Disabled != tt.endpoint {
			t.Errorf("%s: %s, %q, %q", name, got, after.Outputs[0].Disabled, after.Endpoints[0].Disabled)
		}
	}
}

func TestAPolicyIsTheCategorysOrTheDefault(t *testing.T) {
	t.Parallel()
	c := office()
	c.Policies = []sla.Policy{{ID: "1", Name: "Langsam"}, {ID: "2", Name: "Schnell", Default: true}, {ID: "3", Name: "Drucker"}}
	c.Categories[3].PolicyID = "3"
	for _, tt := range []struct{ category, want string }{{"work", "Drucker"}, {"print", "Drucker"}, {"net", "Schnell"}, {"", "Schnell"}} {
		if got := c.PolicyOf(tt.category); got.Name != tt.want {
			t.Errorf("%q: %s", tt.category, got.Name)
		}
	}
	c.Policies[1].Default = false
	if got := c.PolicyOf("net"); got.Name != sla.DefaultPolicy().Name {
		t.Errorf("without a default: %s", got.Name)
	}
}

func TestAPresetThatChangesIsItsNextVersionAndAnotherOutput(t *testing.T) {
	t.Parallel()
	erp := func(name string, version int) preset.Preset {
		return preset.Preset{Slug: "erp", Name: name, Version: version, Payload: []byte(`{"nr":"{{case.number}}"}`)}
	}
	with := func(p ...preset.Preset) *desk.Configuration {
		c := office()
		c.Outputs[0].Type, c.Outputs[0].Hook.Preset, c.Presets = output.Webhook, "erp", p
		c.Fill()
		return c
	}
	before := with(erp("ERP", 3))
	same := with(erp("ERP", 1)) // a file knows no versions
	same.Follow(before, now)
	if same.Presets[0].Version != 3 || !same.Outputs[0].Equal(before.Outputs[0]) {
		t.Errorf("the same again: %+v", same.Outputs[0].Hook.Own)
	}
	other := with(erp("ERP neu", 1))
	other.Follow(before, now)
	if other.Presets[0].Version != 4 || other.Outputs[0].Hook.Own.Version != 4 || other.Outputs[0].Equal(before.Outputs[0]) {
		t.Errorf("another one: %+v", other.Outputs[0].Hook.Own)
	}
	if p, ok := before.Outputs[0].Hook.Filling(); !ok || p.Name != "ERP" {
		t.Errorf("what was saved before is filled by %+v", p)
	}
	without := with()
	if _, ok := without.Outputs[0].Hook.Filling(); ok || without.Outputs[0].Hook.Own != nil {
		t.Error("an output is filled by a preset that is not there")
	}
	if first := with(erp("ERP", 1)); first.Presets[0].Version != 1 {
		t.Errorf("a new one: %+v", first.Presets[0])
	}
}
