package companyfile_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/askpro/gateway/infra/companyfile"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/sla"
	"github.com/askpro/gateway/internal/webhook"
)

var tuesday = time.Date(2026, 11, 24, 9, 15, 0, 0, time.UTC)

const functions = `agent_functions: [initialize_call, current_time_berlin, check_customer, detect_intent_v2, get_opening_hours, transfer, request_callback, collect_issue_details, categorize_request, route_ticket, finalize_ticket]`

// support is a company that takes cases alone; more is its section desk.
func support(more string) string {
	return `
company: {slug: edv, name: EDV, webhook_route_id: x, retell_api_keys: ["ssm:/k"]}
branches: [{slug: nord, business_hours: {monday: ["08:00-18:00"]}}]
desk:
  ` + functions + strings.ReplaceAll(more, "\n", "\n  ")
}

const small = `
gateway: {gateway_enabled: true, gateway_mode: service_desk}
categories: [{slug: allgemein, name: Allgemein, is_default: true}]
outputs: [{slug: mail, name: Mail, mail: {email_recipients: [service@edv-nord.example]}}]`

func office(t *testing.T, text string) (*desk.Configuration, error) {
	t.Helper()
	f, err := companyfile.Parse([]byte(text), "test", companyfile.Inbox("http://127.0.0.1:3002"))
	if err != nil {
		t.Fatal(err)
	}
	return f.ServiceDesk(tuesday)
}

func TestWhatAFileLeavesOutIsAsUsual(t *testing.T) {
	t.Parallel()
	c, err := office(t, support(small))
	if err != nil {
		t.Fatal(err)
	}
	gateway := desk.DefaultGateway()
	gateway.Enabled, gateway.Mode = true, desk.ServiceDesk
	want := output.Output{
		ID: ident.Derive("desk-output", "edv", "mail"), Slug: "mail", Name: "Mail", Type: output.Email, Active: true, Default: true, Retry: delivery.Fast, SendUpdates: true, Wait: true,
		TimeoutS: 180, AudioMin: 60, Language: "de",
		Mail: output.Mail{To: []string{"service@edv-nord.example"}, Template: output.Standard, Summary: true, Transcript: true, Audio: output.NoAudio},
		Hook: output.Hook{Semantic: true, Auth: output.Auth{Type: webhook.AuthNone}},
	}
	if d := cmp.Diff(gateway, c.Gateway) + cmp.Diff([]output.Output{want}, c.Outputs) + cmp.Diff(desk.DefaultMatrix(), c.Matrix) + cmp.Diff(sla.DefaultCalendar(""), c.SLA.Calendar); d != "" {
		t.Error(d)
	}
	c, err = office(t, support(small+"\nsla: {calendar: {timezone: Europe/Vienna, bundesland: BY, special_days: [{date: \"2026-12-28\"}]}}"))
	if err != nil || c.SLA.CalendarFor(nil).Timezone != "Europe/Vienna" || len(c.SLA.CalendarFor(nil).SpecialDays) != 1 {
		t.Errorf("a calendar without hours counts for nothing: %+v, %v", c.SLA, err)
	}
}

func TestEverythingInAServiceDeskIsTaken(t *testing.T) {
	t.Parallel()
	c, err := office(t, support(`
gateway: {gateway_enabled: true, gateway_mode: service_desk, hybrid_fallback_mode: service_desk, intent_confidence_threshold: 0, enrichment_enabled: true, enrichment_timeout_seconds: 60,
  delivery_min_delay_seconds: 90, audio_in_webhook: true, audio_url_ttl_minutes: 30, default_case_type: request, default_priority: low, alerts_enabled: false,
  alert_emails: [chef@edv-nord.example], alert_slack_url: "https://hooks.slack.com/services/x", case_number_prefix: EDV, confirm_to_customer: false, close_after_days: 0}
matrix: {normal: {low: normal}}
categories:
  - {slug: allgemein, name: Allgemein, is_default: true, group: first}
  - {slug: drucker, parent: allgemein, name: Drucker, description: Papier, keywords: ["drucker:0.9", toner], threshold: 0.5, case_type: incident, impact: low, urgency: high,
     output: jira, group: first, sla_policy: fast, auto_assign: least_loaded, inactive: true, sort_order: 7,
     custom_fields: [{key: geraet, label: Gerät, type: choice, required: true, choices: [Laser, Tinte]}, {key: nr, label: Nummer, max_length: 20}]}
custom_fields: [{key: seit, label: Kunde seit, type: date}]
groups: [{slug: first, name: First, email: first@edv-nord.example, members: [{email: A@edv-nord.example, is_lead: true, is_away: true}, {email: b@edv-nord.example, inactive: true, notifications: [in_app]}]}]
sla:
  sla_tracking_enabled: false
  escalations_enabled: true
  calendar: {timezone: Europe/Vienna, bundesland: BY, local_holidays: [friedensfest], business_hours: {monday: ["09:00-12:00"]}, half_days: ["12-24"], special_days: [{date: "2026-12-28", ranges: ["10:00-11:00"]}]}
  policies: [{slug: fast, name: Schnell, targets: {high: {response_minutes: 30, resolution_minutes: 90, clock: 24x7}, low: {resolution_minutes: 600}},
    response_warning: {minutes: 10}, resolution_warning: {percents: [50, 90]}, keeps_running: [scheduled]}]
  rules: [{slug: idle, name: Liegt, trigger: idle, minutes: 240, priorities: [high], case_types: [incident], categories: [allgemein], groups: [first], repeat_every_minutes: 60, repeat_times: 2,
    actions: [{kind: email, to: [leads], subject: "{number}"}, {kind: reassign_group, group: first}, {kind: raise_priority, priority: critical}, {kind: webhook, url: "https://hooks.example.com/"}]}]
outputs:
  - {slug: mail, name: Mail, is_default: true, retry_profile: long, send_updates: false, wait_for_enrichment: false, timeout_seconds: 60, audio_ttl_minutes: 15, payload_language: en,
     mail: {email_recipients: [a@edv-nord.example, b@edv-nord.example], muted_recipients: [b@edv-nord.example], fallback_emails: [c@edv-nord.example], template: custom,
     subject_template: "{{case.number}}", body_template: "{{case.subject}}", include_summary: false, include_transcript: false, show_admin_link: true, audio_option: link}}
  - slug: jira
    name: Jira
    output_type: webhook
    webhook: {url: "https://edv.example.com/rest", preset: jira-cloud, include_transcript: true, headers: [{name: X-Mandant, value: "7"}], auth: {type: basic, user: bot, password: "ssm:/jira"},
      semantic_check: false, contact_type_override: phone, variables: {project_key: EDV}, value_maps: {priority: {critical: Blocker}}}
  - {slug: own, name: Own, output_type: webhook, inactive: true, send_status_changes: true, webhook: {url: "{inbox}/webhooks/own", signing_secret: "ssm:/own", payload_template: '{"nr":"{{case.number}}","now":"{{event.status_to?}}"}', include_audio: false, legacy_signature: true}}
endpoints: [{slug: crm, url: "{inbox}/events/crm", description: CRM, event_types: [case.created.v1], branch: nord, payload: full, signing_secret: "ssm:/own", inactive: true, rate_limit: 5}]`))
	if err != nil {
		t.Fatal(err)
	}
	id := func(kind, slug string) string { return ident.Derive("desk-"+kind, "edv", slug) }
	no, never := false, 0
	matrix := desk.DefaultMatrix()
	matrix[2][3] = desk.Normal
	want := &desk.Configuration{
		Gateway: desk.Gateway{
			Enabled: true, Mode: desk.ServiceDesk, Fallback: desk.ServiceDesk, Enrichment: true, EnrichmentSeconds: 60, DelaySeconds: 90, Audio: true, AudioMinutes: 30, Type: desk.Request,
			Priority: desk.Low, AlertEmails: []string{"chef@edv-nord.example"}, AlertSlack: "https://hooks.slack.com/services/x", Prefix: "EDV", ConfirmToCustomer: &no, CloseAfterDays: &never,
		},
		Matrix: matrix,
		Categories: desk.Categories{
			{ID: id("category", "allgemein"), Slug: "allgemein", Name: "Allgemein", Active: true, Default: true, GroupID: id("group", "first"), Sort: 1},
			{ID: id("category", "drucker"), Slug: "drucker", Name: "Drucker", ParentID: id("category", "allgemein"), Description: "Papier", Keywords: []desk.Keyword{{Text: "drucker", Weight: 0.9}, {Text: "toner"}},
				Threshold: 0.5, Type: desk.Incident, Impact: desk.Low, Urgency: desk.High, PolicyID: id("policy", "fast"), OutputID: id("output", "jira"), GroupID: id("group", "first"),
				AutoAssign: desk.AssignLeastLoaded, Sort: 7, Fields: desk.Schema{
					{Key: "geraet", Label: "Gerät", Type: desk.ChoiceField, Required: true, Choices: []string{"Laser", "Tinte"}}, {Key: "nr", Label: "Nummer", Type: desk.TextField, MaxLength: 20},
				}},
		},
		Fields: desk.Schema{{Key: "seit", Label: "Kunde seit", Type: desk.DateField}},
		Groups: []desk.Group{{ID: id("group", "first"), Slug: "first", Name: "First", Email: "first@edv-nord.example", Active: true, Members: []desk.Member{
			{UserID: ident.Derive("user", "edv", "a@edv-nord.example"), Email: "A@edv-nord.example", Lead: true, Active: true, Away: true},
			{UserID: ident.Derive("user", "edv", "b@edv-nord.example"), Email: "b@edv-nord.example", Unwanted: []desk.HearBy{desk.ByMail}},
		}}},
		Policies: []sla.Policy{{
			ID: id("policy", "fast"), Name: "Schnell", Default: true, ResponseWarning: sla.Lead{Minutes: 10}, ResolutionWarning: sla.Lead{Percents: []int{50, 90}}, KeepsRunning: []sla.Reason{sla.Scheduled},
			Targets: map[sla.Priority]sla.Target{sla.High: {Response: 30, Resolution: 90, Clock: sla.AroundTheClock}, sla.Low: {Resolution: 600, Clock: sla.Business}},
		}},
		SLA: sla.Settings{Tracking: &no, Escalations: true, Calendar: sla.Calendar{
			Timezone: "Europe/Vienna", Land: "BY", LocalHolidays: c.SLA.Calendar.LocalHolidays, BusinessHours: map[string][]string{"monday": {"09:00-12:00"}}, HalfDays: []string{"12-24"},
			SpecialDays: []company.SpecialDay{{Date: "2026-12-28", Ranges: []string{"10:00-11:00"}}},
		}},
		Rules: []sla.Rule{{
			ID: id("rule", "idle"), Name: "Liegt", Order: 1, Active: true, Trigger: sla.Idle, Minutes: 240, RepeatEvery: 60, RepeatTimes: 2,
			When: sla.Conditions{Priorities: []sla.Priority{sla.High}, Types: []string{"incident"}, Categories: []string{id("category", "allgemein")}, Groups: []string{id("group", "first")}},
			Actions: []sla.Action{{Kind: sla.SendEmail, To: []string{"leads"}, Subject: "{number}"}, {Kind: sla.ReassignGroup, GroupID: id("group", "first")},
				{Kind: sla.RaisePriority, Priority: sla.Critical}, {Kind: sla.CallWebhook, URL: "https://hooks.example.com/"}},
		}},
		Outputs: []output.Output{
			{ID: id("output", "mail"), Slug: "mail", Name: "Mail", Type: output.Email, Active: true, Default: true, Retry: delivery.Long, TimeoutS: 60, AudioMin: 15, Language: "en",
				Mail: output.Mail{To: []string{"a@edv-nord.example", "b@edv-nord.example"}, Muted: []string{"b@edv-nord.example"}, Fallback: []string{"c@edv-nord.example"}, Template: output.Custom,
					Subject: "{{case.number}}", Body: "{{case.subject}}", AdminLink: true, Audio: output.AudioLink},
				Hook: output.Hook{Semantic: true, Auth: output.Auth{Type: webhook.AuthNone}}},
			{ID: id("output", "jira"), Slug: "jira", Name: "Jira", Type: output.Webhook, Active: true, Retry: delivery.Fast, Wait: true, TimeoutS: 180, AudioMin: 60, Language: "de",
				Mail: output.Mail{Template: output.Standard, Summary: true, Transcript: true, Audio: output.NoAudio},
				Hook: output.Hook{URL: "https://edv.example.com/rest", Headers: []webhook.Header{{Name: "X-Mandant", Value: "7"}}, Preset: "jira-cloud", Transcript: true, Recording: true,
					Auth: output.Auth{Type: webhook.AuthBasic, User: "bot", PasswordRef: "ssm:/jira"}, ContactType: "phone", Vars: map[string]string{"project_key": "EDV"},
					Maps: map[string]map[string]string{"priority": {"critical": "Blocker"}}}},
			{ID: id("output", "own"), Slug: "own", Name: "Own", Type: output.Webhook, Retry: delivery.Fast, SendUpdates: true, SendStatus: true, Wait: true, TimeoutS: 180, AudioMin: 60, Language: "de",
				Mail: output.Mail{Template: output.Standard, Summary: true, Transcript: true, Audio: output.NoAudio},
				Hook: output.Hook{URL: "http://127.0.0.1:3002/webhooks/own", SigningRef: "ssm:/own", Payload: `{"nr":"{{case.number}}","now":"{{event.status_to?}}"}`, Auth: output.Auth{Type: webhook.AuthHMAC}, Semantic: true, Legacy: true}},
		},
		Endpoints: []output.Endpoint{{ID: id("endpoint", "crm"), Slug: "crm", URL: "http://127.0.0.1:3002/events/crm", Description: "CRM", Events: []string{"case.created.v1"},
			BranchID: ident.Derive("branch", "edv", "nord"), Full: true, SigningRef: "ssm:/own", PerSecond: 5}},
	}
	if d := cmp.Diff(want, c); d != "" {
		t.Error(d)
	}
}

func TestWhatIsWrongWithAServiceDesk(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ old, wrong, want string }{
		{"gateway_mode: service_desk", "gateway_mode: fax", `desk, gateway.gateway_mode: it is appointment, service_desk or hybrid, not "fax"`},
		{"gateway_mode: service_desk", "gateway_mode: service_desk, intent_confidence_threshold: 2", "gateway.intent_confidence_threshold"},
		{"gateway_mode: service_desk", "gateway_mode: hybrid", "in mode hybrid callers would miss check_availability, get_alternatives,"},
		{"gateway_mode: service_desk", "gateway_mode: appointment", "in mode appointment callers would miss check_availability"},
		{"route_ticket, finalize_ticket", "route_ticket", "in mode service_desk callers would miss finalize_ticket"},
		{"transfer, ", "", "callers would miss transfer_to_human"},
		{functions, "agent_functions: []", "callers would miss detect_intent, request_callback,"},
		{"categories: [", "category_template: friseur\n  categories: [", `there is no category template "friseur"; there are arztpraxis, autohaus`},
		{"categories: [", "categories: [{slug: allgemein, name: A}, ", `category "allgemein": the slug is not lower-case`},
		{"categories: [", "categories: [{slug: Drucker, name: A}, ", `category "Drucker": the slug is not lower-case`},
		{"categories: [", "categories: [{slug: x, name: X, parent: y}, ", `category x: there is no category "y"`},
		{"categories: [", "categories: [{slug: x, name: X, output: y}, ", `category x: there is no output "y"`},
		{"categories: [", "categories: [{slug: x, name: X, group: y}, ", `category x: there is no group "y"`},
		{"categories: [", "categories: [{slug: x, name: X, sla_policy: y}, ", `category x: there is no policy "y"`},
		{"categories: [", `categories: [{slug: x, name: X, keywords: ["…"]}, `, `category x: keyword "…" holds no letters`},
		{"categories: [", `categories: [{slug: x, name: X, keywords: ["a:b"]}, `, `category x: keyword "a:b": its weight`},
		{"is_default: true", "is_default: false", "desk, categories: 0 are the default"},
		{"categories: [", "matrix: {highest: {low: low}}\n  categories: [", "matrix: highest, low: impact and urgency are"},
		{"categories: [", "matrix: {critical: {critical: low}}\n  categories: [", "raising the urgency from high to critical would lower"},
		{"categories: [", "groups: [{slug: A, name: A}]\n  categories: [", `desk, group: the slug "A"`},
		{"categories: [", "groups: [{slug: a, name: A}, {slug: a, name: B}]\n  categories: [", `desk, group: the slug "a" stands there twice`},
		{"categories: [", "groups: [{slug: a, name: A, members: [{email: a@b.example, notifications: [fax]}]}]\n  categories: [", `group a: a member hears by email or in_app, not by "fax"`},
		{"categories: [", "groups: [{slug: a, name: A, members: [{is_lead: true}]}]\n  categories: [", "group a: a member is known by the e-mail address, and one has none"},
		{"categories: [", "sla: {calendar: {business_hours: {monday: []}}}\n  categories: [", "desk, sla.calendar.business_hours: no-working-time"},
		{"categories: [", "sla: {policies: [{slug: a, name: A, targets: {high: {clock: lunar}}}]}\n  categories: [", "sla.policies.A.targets.high.clock: unknown-clock"},
		{"categories: [", "sla: {rules: [{slug: a, name: A, trigger: idle}]}\n  categories: [", "sla.rules.A.actions: missing"},
		{"categories: [", "sla: {rules: [{slug: a, name: A, trigger: idle, categories: [x], actions: [{kind: reassign_group, group: y}]}]}\n  categories: [", `rule a: there is no group "y"`},
		{"service@edv-nord.example", "service", `desk, outputs.mail.mail.email_recipients: "service" is no e-mail address`},
		{"name: Mail,", "name: Mail, output_type: webhook,", "outputs.mail.hook.url: it is missing"},
		{"name: Mail,", `name: Mail, output_type: hybrid, webhook: {url: "https://a.example.com"},`, "outputs.mail.hook.signing_secret_ref: the receiver could not tell"},
		{"name: Mail,", `name: Mail, output_type: hybrid, webhook: {url: "https://a.example.com", signing_secret: whsec_x},`, "hook.signing_secret_ref: this is no reference"},
		{"name: Mail,", `name: Mail, output_type: hybrid, webhook: {url: "http://127.0.0.1:3003", signing_secret: "ssm:/x"},`, "hook.url: blocked_address"},
		{"outputs: [", "endpoints: [{slug: a, url: \"https://a.example.com\", event_types: [case.*], signing_secret: \"ssm:/x\", payload: fat}]\n  outputs: [", "endpoint a: payload is thin or full"},
		{"outputs: [", "endpoints: [{slug: a, url: \"https://a.example.com\", event_types: [case.*], signing_secret: \"ssm:/x\", branch: sued}]\n  outputs: [", `endpoint a: there is no branch "sued"`},
		{"outputs: [", "endpoints: [{slug: a, url: \"https://a.example.com\", event_types: [cases], signing_secret: \"ssm:/x\"}]\n  outputs: [", `endpoints.a.event_types: there is no event "cases"`},
		{"outputs: [{", "outputs: [{inactive: true, ", "gateway.outputs: a desk mode needs an active output"},
	} {
		text := support(small)
		if !strings.Contains(text, tt.old) {
			t.Fatal(tt.old)
		}
		_, err := office(t, strings.Replace(text, tt.old, tt.wrong, 1))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s:\ngot %v\nwanted %s", tt.wrong, err, tt.want)
		}
	}
}

func TestAllThatIsWrongWithAServiceDeskIsSaidAtOnce(t *testing.T) {
	t.Parallel()
	_, err := office(t, support(`
gateway: {gateway_enabled: true, gateway_mode: service_desk, case_number_prefix: x}
categories: [{slug: a, name: A, impact: huge, group: b}]
outputs: [{slug: mail, name: Mail, retry_profile: often, mail: {template: pretty}}]`))
	if err == nil {
		t.Fatal("it was taken")
	}
	for _, want := range []string{"case_number_prefix", "default_impact", `no group "b"`, "0 are the default", "retry_profile", "nobody is left", `"pretty"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("nothing is said of %s: %v", want, err)
		}
	}
}

func TestUnknownNamesOfAServiceDeskAreErrors(t *testing.T) {
	t.Parallel()
	for _, wrong := range []string{"gateway: {mode: hybrid}", "categories: [{slug: a, colour: red}]", "outputs: [{slug: a, mail: {to: []}}]", "sla: {rules: [{when: x}]}"} {
		if _, err := companyfile.Parse([]byte("desk: {"+wrong+"}"), "test"); err == nil {
			t.Errorf("%s was taken", wrong)
		}
	}
}

func TestATemplateIsChangedBySlug(t *testing.T) {
	t.Parallel()
	c, err := office(t, support(strings.Replace(small, "categories: [{slug: allgemein, name: Allgemein, is_default: true}]", `
category_template: it
categories: [{slug: vpn, name: Einwahl, urgency: critical}, {slug: teams, inactive: true}, {slug: rest, name: Rest, is_default: true}]`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	vpn, _ := c.Categories.BySlug("vpn")
	if vpn.Name != "Einwahl" || vpn.Urgency != desk.Critical || vpn.Impact != desk.Normal || len(vpn.Keywords) == 0 || c.Categories.Path(vpn.ID) != "Netzwerk & Verbindung / Einwahl" {
		t.Errorf("%+v", vpn)
	}
	if _, offered := c.Categories.BySlug("teams"); offered {
		t.Error("teams is still offered")
	}
	if fallback, _ := c.Categories.Fallback(); fallback.Slug != "rest" {
		t.Errorf("the default is %s", fallback.Slug)
	}
}

func TestTheInboxIsTheStacksOwn(t *testing.T) {
	t.Parallel()
	text := support(strings.Replace(small, "name: Mail,", `name: Mail, output_type: hybrid, webhook: {url: "{inbox}/webhooks/edv", signing_secret: "ssm:/x"},`, 1))
	for _, tt := range []struct{ inbox, want string }{
		{"http://127.0.0.1:3002", ""}, {"https://receiver.example.com/in/", ""}, {"http://receiver.example.com", "only https"}, {"http://10.0.0.1:80", "blocked_address"}, {"", "say whose it is"},
	} {
		f, err := companyfile.Parse([]byte(text), "test", companyfile.Inbox(tt.inbox))
		if err != nil {
			t.Fatal(err)
		}
		c, err := f.ServiceDesk(tuesday)
		if tt.want == "" && (err != nil || c.Outputs[0].Hook.URL != strings.TrimSuffix(tt.inbox, "/")+"/webhooks/edv") || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%q: %v, wanted %q", tt.inbox, err, tt.want)
		}
	}
}

func TestOnlyACompanyThatTakesCasesAloneNeedsNoCalendar(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(string) string
		want   bool
	}{
		"cases alone": {func(s string) string { return s }, true},
		"hybrid": {func(s string) string {
			return strings.Replace(s, "gateway_mode: service_desk", "gateway_mode: hybrid", 1)
		}, false},
		"switched off":  {func(s string) string { return strings.Replace(s, "gateway_enabled: true", "gateway_enabled: false", 1) }, false},
		"with services": {func(s string) string { return s + "\nservices: [{slug: a, duration_minutes: 30}]" }, false},
	} {
		f, err := companyfile.Parse([]byte(tt.change(support(small))), "test")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Config(); err == nil != tt.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheDemoCompaniesServiceDesks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, mode string
		slugs      []string
	}{
		{"demo", "hybrid", []string{"reklamation", "rechnung", "allgemein"}},
		{"edv", "service_desk", []string{"netzwerk", "phishing", "drucker", "warenwirtschaft"}},
		{"kanzlei", "appointment", nil},
	} {
		f, err := companyfile.Read("../../testdata/companies/"+tt.name+".yaml", "local", companyfile.Inbox("http://127.0.0.1:3002"))
		if err != nil {
			t.Fatal(err)
		}
		c, err := f.ServiceDesk(tuesday)
		if err != nil {
			t.Fatal(err)
		}
		if string(c.Gateway.Mode) != tt.mode || c.Gateway.Enabled != (tt.slugs != nil) {
			t.Errorf("%s: %+v", tt.name, c.Gateway)
		}
		for _, s := range tt.slugs {
			k, ok := c.Categories.BySlug(s)
			if _, leads := c.OutputOf(k.ID); !ok || !leads {
				t.Errorf("%s: %s: %t, %t", tt.name, s, ok, leads)
			}
			group, _ := c.Categories.Inherited(k.ID, func(k desk.Category) string { return k.GroupID })
			if g, ok := c.Group(group); ok != (tt.name == "edv") || ok && g.Address() == "" {
				t.Errorf("%s: %s goes to nobody", tt.name, s)
			}
		}
	}
}

func TestTheSecretsOfTheDemoCompaniesAreThere(t *testing.T) {
	t.Parallel()
	values := secrets(t)
	for _, name := range []string{"demo", "edv"} {
		if _, err := webhook.ParseSecret(values["ssm:/askpro/local/webhook/"+name+"/secret"]); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := values["ssm:/askpro/local/retell/edv/webhook"]; got != "key_edv_webhook" {
		t.Error(got)
	}
	f, err := companyfile.Read("../../testdata/companies/edv.yaml", "local", companyfile.Inbox("http://127.0.0.1:3002"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := f.ServiceDesk(tuesday)
	if err != nil {
		t.Fatal(err)
	}
	refs := []string{f.Company.RetellAPIKeys[0], c.Outputs[0].Hook.SigningRef, c.Endpoints[0].SigningRef}
	if slices.ContainsFunc(refs, func(ref string) bool { return values[ref] == "" }) {
		t.Errorf("a value is missing of %v", refs)
	}
}
