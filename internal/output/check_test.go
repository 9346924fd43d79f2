package output_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/webhook"
)

// tickets is an output that nothing is wrong with.
func tickets() output.Output {
	return output.Output{
		ID: "o", Slug: "tickets", Name: "Ticketsystem", Type: output.Hybrid, Active: true, Retry: delivery.Fast, TimeoutS: 180, AudioMin: 60, Language: "de",
		Mail: output.Mail{To: []string{"service@edv-nord.example"}, Template: output.Standard, Audio: output.NoAudio},
		Hook: output.Hook{URL: "https://tickets.example.com/in", SigningRef: "ssm:/askpro/test/webhook/edv/secret", Auth: output.Auth{Type: webhook.AuthHMAC}},
	}
}

func jira(o *output.Output) {
	o.Hook.Preset, o.Hook.SigningRef = "jira-cloud", ""
	o.Hook.Auth = output.Auth{Type: webhook.AuthBasic, User: "bot@edv-nord.example", PasswordRef: "ssm:/askpro/test/webhook/edv/jira"}
	o.Hook.Vars = map[string]string{"project_key": "EDV"}
}

func slack(o *output.Output) {
	o.Type, o.Mail = output.Webhook, output.Mail{}
	o.Hook = output.Hook{URL: "https://hooks.slack.com/services/T0/B0/x", Preset: "slack"}
}

func custom(o *output.Output) {
	o.Mail.Template, o.Mail.Subject, o.Mail.Body = output.Custom, "{{case.number}}", "<p>{{case.subject}}</p>"
}

func TestOutputsThatAreTaken(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*output.Output){
		"signed":                              func(*output.Output) {},
		"a ticket system with login":          jira,
		"a messenger whose URL is the secret": slack,
		"a mail of one's own":                 custom,
		"mails alone":                         func(o *output.Output) { o.Type, o.Hook = output.Email, output.Hook{} },
		"all muted, but a fallback":           func(o *output.Output) { o.Mail.Muted, o.Mail.Fallback = o.Mail.To, []string{"chef@edv-nord.example"} },
		"a payload of one's own":              func(o *output.Output) { o.Hook.Payload = `{"nr":"{{case.number}}"}` },
		"changes of status":                   func(o *output.Output) { o.SendStatus = true },
		"changes of status in one's own words": func(o *output.Output) {
			custom(o)
			o.SendStatus, o.Mail.Subject, o.Hook.Payload = true, "{{case.number}} {{event.status_to}}", `{"nr":"{{case.number}}","now":"{{event.status_to?}}"}`
		},
		"headers": func(o *output.Output) { o.Hook.Headers = []webhook.Header{{Name: "X-Mandant", Value: "7"}} },
	} {
		o := tickets()
		change(&o)
		if wrong := o.Check(output.Known{}); len(wrong) > 0 {
			t.Errorf("%s: %v", name, wrong)
		}
	}
}

func TestEachFieldOfAnOutputIsJudged(t *testing.T) {
	t.Parallel()
	many := make([]string, output.MaxRecipients+1)
	for i := range many {
		many[i] = fmt.Sprintf("a%d@edv-nord.example", i)
	}
	for _, tt := range []struct {
		change      func(*output.Output)
		field, want string
	}{
		{func(o *output.Output) { o.Name = "" }, "name", "has a name"},
		{func(o *output.Output) { o.Name = strings.Repeat("ä", 151) }, "name", "150"},
		{func(o *output.Output) { o.Type = "fax" }, "output_type", `"fax"`},
		{func(o *output.Output) { o.Retry = "often" }, "retry_profile", `"often"`},
		{func(o *output.Output) { o.TimeoutS = 29 }, "timeout_seconds", "30 to 600, not 29"},
		{func(o *output.Output) { o.TimeoutS = 601 }, "timeout_seconds", "not 601"},
		{func(o *output.Output) { o.AudioMin = 14 }, "audio_ttl_minutes", "15 to 1440"},
		{func(o *output.Output) { o.Language = "fr" }, "payload_language", `"fr"`},
		{func(o *output.Output) { o.Mail.To = nil }, "mail.email_recipients", "nobody is left"},
		{func(o *output.Output) { o.Mail.Muted = o.Mail.To }, "mail.email_recipients", "nobody is left"},
		{func(o *output.Output) { o.Mail.To = []string{"Chef <chef@edv-nord.example>"} }, "mail.email_recipients", "no e-mail address"},
		{func(o *output.Output) { o.Mail.To = append(o.Mail.To, "SERVICE@edv-nord.example") }, "mail.email_recipients", "twice"},
		{func(o *output.Output) { o.Mail.To = many }, "mail.email_recipients", "at most 20"},
		{func(o *output.Output) { o.Mail.Muted = []string{"x"} }, "mail.muted_recipients", "no e-mail address"},
		{func(o *output.Output) { o.Mail.Fallback = []string{"x"} }, "mail.fallback_emails", "no e-mail address"},
		{func(o *output.Output) { o.Mail.Template = "pretty" }, "mail.template", `"pretty"`},
		{func(o *output.Output) { o.Mail.Body = "x" }, "mail.template", "belong to the template custom"},
		{func(o *output.Output) { custom(o); o.Mail.Body = " " }, "mail.body_template", "needs a text"},
		{func(o *output.Output) { custom(o); o.Mail.Body = "a\n {{case.nummer}}" }, "mail.body_template", "line 2, column 4"},
		{func(o *output.Output) { custom(o); o.Mail.Body = `<a href="{{case.subject}}">x</a>` }, "mail.body_template", "unsafe_place"},
		{func(o *output.Output) { custom(o); o.Mail.Subject = "{{#if case.number}}" }, "mail.subject_template", "unclosed"},
		{func(o *output.Output) { o.Mail.Audio = "tape" }, "mail.audio_option", `"tape"`},
		{func(o *output.Output) { slack(o); o.Mail.To = []string{"a@edv-nord.example"} }, "mail.email_recipients", "make it hybrid"},
		{func(o *output.Output) { o.Type = output.Email }, "hook.url", "make it hybrid"},
		{func(o *output.Output) { o.Hook.URL = "" }, "hook.url", "missing"},
		{func(o *output.Output) { o.Hook.URL = "http://tickets.example.com" }, "hook.url", "only https"},
		{func(o *output.Output) { o.Hook.URL = "https://169.254.169.254/latest" }, "hook.url", "blocked_address"},
		{func(o *output.Output) { o.Hook.URL = "https://db.internal/" }, "hook.url", "inner network"},
		{func(o *output.Output) { o.Hook.Preset = "notion" }, "hook.preset", `no preset "notion"`},
		{func(o *output.Output) { jira(o); o.Hook.Vars = nil }, "hook.variables", "needs"},
		{func(o *output.Output) { o.Hook.Vars = map[string]string{"queue": "1"} }, "hook.variables", `no "queue"`},
		{func(o *output.Output) { o.Hook.Maps = map[string]map[string]string{"mood": {"a": "b"}} }, "hook.value_maps", `no "mood"`},
		{func(o *output.Output) { o.Hook.Payload = `{"nr":"{{case.nummer}}"}` }, "hook.payload_template", "unknown_variable"},
		{func(o *output.Output) { o.Hook.Payload = `{"nr":` }, "hook.payload_template", "json"},
		{func(o *output.Output) { o.Hook.Headers = []webhook.Header{{Name: "Host", Value: "x"}} }, "hook.headers", "reserved"},
		{func(o *output.Output) { o.Hook.Headers = []webhook.Header{{Name: "X-A", Value: "a\r\nb"}} }, "hook.headers", "value"},
		{func(o *output.Output) {
			jira(o)
			o.Hook.Headers = []webhook.Header{{Name: "authorization", Value: "x"}}
		}, "hook.headers", "reserved"},
		{func(o *output.Output) { o.Hook.Auth.Type = "magic" }, "hook.auth.type", `"magic"`},
		{func(o *output.Output) { jira(o); o.Hook.Auth.User = "" }, "hook.auth.user", "needs a user"},
		{func(o *output.Output) { jira(o); o.Hook.Auth.PasswordRef = "geheim" }, "hook.auth.password_ref", "reference"},
		{func(o *output.Output) { o.Hook.Auth = output.Auth{Type: webhook.AuthBearer, TokenRef: "t"} }, "hook.auth.token_ref", "reference"},
		{func(o *output.Output) { o.Hook.SigningRef = "whsec_AAAA" }, "hook.signing_secret_ref", "no reference"},
		{func(o *output.Output) { o.Hook.SigningRef = "" }, "hook.signing_secret_ref", "hmac signs"},
		{func(o *output.Output) { o.Hook.SigningRef, o.Hook.Auth.Type = "", webhook.AuthNone }, "hook.signing_secret_ref", "signing secret or credentials"},
		{func(o *output.Output) { jira(o); o.Hook.Legacy = true }, "hook.legacy_signature", "needs a signing secret"},
		{func(o *output.Output) { jira(o); o.SendStatus = true }, "send_status_changes", "use the preset generic"},
		{func(o *output.Output) { o.SendStatus, o.Hook.Payload = true, `{"nr":"{{case.number}}"}` }, "send_status_changes", "{{event.status_to}}"},
		{func(o *output.Output) { custom(o); o.SendStatus = true }, "send_status_changes", "the mail does not say it"},
		{func(o *output.Output) { o.Hook.ContactType = "a\nb" }, "hook.contact_type_override", "one line"},
	} {
		o := tickets()
		tt.change(&o)
		judged(t, o.Check(output.Known{}), tt.field, tt.want)
	}
}

func judged(t *testing.T, wrong []output.Problem, field, want string) {
	t.Helper()
	if len(wrong) != 1 || wrong[0].Field != field || !strings.Contains(wrong[0].Text, want) {
		t.Errorf("wanted %s: …%s…, got %v", field, want, wrong)
	}
}

func TestEachFieldOfAnEndpointIsJudged(t *testing.T) {
	t.Parallel()
	good := output.Endpoint{
		ID: "e", Slug: "crm", URL: "https://crm.example.com/events", Events: []string{"case.*", "delivery.dead.v1"}, BranchID: "nord",
		SigningRef: "ssm:/askpro/test/webhook/edv/secret", Active: true,
	}
	known := output.Known{Branch: func(id string) bool { return id == "nord" }}
	if wrong := good.Check(known); len(wrong) > 0 {
		t.Fatal(wrong)
	}
	for _, tt := range []struct {
		change      func(*output.Endpoint)
		field, want string
	}{
		{func(e *output.Endpoint) { e.URL = "https://10.0.0.1/" }, "url", "blocked_address"},
		{func(e *output.Endpoint) { e.Description = strings.Repeat("x", 151) }, "description", "150"},
		{func(e *output.Endpoint) { e.Events = nil }, "event_types", "hears nothing"},
		{func(e *output.Endpoint) { e.Events = []string{"case.creatd.v1"} }, "event_types", `"case.creatd.v1"`},
		{func(e *output.Endpoint) { e.Events = []string{"*"} }, "event_types", `"*"`},
		{func(e *output.Endpoint) { e.Events = []string{"appointment.*"} }, "event_types", `"appointment.*"`},
		{func(e *output.Endpoint) { e.Events = []string{"call.*", "call.*"} }, "event_types", "twice"},
		{func(e *output.Endpoint) { e.BranchID = "sued" }, "branch_id", "no such branch"},
		{func(e *output.Endpoint) { e.SigningRef = "" }, "signing_secret_ref", "signed"},
		{func(e *output.Endpoint) { e.PerSecond = 101 }, "rate_limit", "1 to 100"},
		{func(e *output.Endpoint) { e.PerSecond = -1 }, "rate_limit", "1 to 100"},
	} {
		e := good
		tt.change(&e)
		judged(t, e.Check(known), tt.field, tt.want)
	}
}

// What is told about a case or a delivery can be subscribed to, under the name that it has on the bus.
func TestEveryEventOfACaseCanBeSubscribedTo(t *testing.T) {
	t.Parallel()
	for _, e := range []event.Event{
		event.CaseCreated{}, event.CaseUpdated{}, event.CaseStatusChanged{}, event.CaseAssigned{}, event.CaseNoteAdded{}, event.CaseEscalated{}, event.CaseEnriched{}, event.CaseMerged{},
		event.CaseDeleted{}, event.CaseRestored{},
		event.CaseLinked{}, event.CaseCustomerLinked{}, event.CaseSLAWarning{}, event.CaseSLABreached{}, event.CaseSLAMet{}, event.CaseEnrichmentTimedOut{}, event.CaseAudioReady{},
		event.DeliveryScheduled{}, event.DeliverySent{}, event.DeliveryFailed{}, event.DeliveryDead{}, event.DeliveryReplayed{},
		event.CallStarted{}, event.CallAnalyzed{},
	} {
		about, _, _ := strings.Cut(e.Name(), ".")
		if !slices.Contains(output.Subscribable[about], e.Name()) {
			t.Errorf("nobody can hear %s", e.Name())
		}
	}
}

func TestAFieldHasOneProblem(t *testing.T) {
	t.Parallel()
	p := &output.Problems{}
	p.Say("a", "first")
	p.Say("a", "second")
	p.Take("below", []output.Problem{{Field: "a", Text: "third"}})
	if want := []output.Problem{{Field: "a", Text: "first"}, {Field: "below.a", Text: "third"}}; !slices.Equal(p.List, want) {
		t.Errorf("%v", p.List)
	}
}
