package storetest

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/preset"
	"github.com/askpro/gateway/internal/sla"
	"github.com/askpro/gateway/internal/webhook"
)

// deskCases are what a store promises of a service desk's configuration.
var deskCases = []testCase{
	{"a company without service desk has the usual configuration", func(x *try) {
		x.same(x.desk(), desk.NoConfiguration())
	}},
	{"a service desk's configuration is read back as it was saved, one version on", func(x *try) {
		c := office()
		x.ok(x.SaveDesk(x.Context(), x.t, c, anna))
		if c.Version != 1 || c.Outputs[0].Version != 1 || !c.Outputs[0].SavedAt.Equal(x.now) {
			x.Errorf("version %d, output's %d of %s", c.Version, c.Outputs[0].Version, c.Outputs[0].SavedAt)
		}
		x.same(x.desk(), c)
		c.Categories, c.Groups, c.Rules, c.Endpoints = c.Categories[:1], nil, nil, nil
		c.Gateway.Confidence, c.Gateway.CloseAfterDays, c.Fields = 0, nil, nil
		x.ok(x.SaveDesk(x.Context(), x.t, c, anna))
		x.same(x.desk(), c)
		if c.Version != 2 || c.Outputs[0].Version != 1 {
			x.Errorf("version %d, output's %d: the output is the same", c.Version, c.Outputs[0].Version)
		}
	}},
	{"every save of an output that is different is a version, and stays", func(x *try) {
		c := office()
		x.ok(x.SaveDesk(x.Context(), x.t, c, anna))
		first := c.Outputs[0]
		x.now = x.now.Add(time.Hour)
		c.Outputs[0].Name, c.Outputs[0].Version, c.Outputs[0].SavedAt = "Neu", 0, time.Time{} // as a file has it
		x.ok(x.SaveDesk(x.Context(), x.t, c, anna))
		if c.Outputs[0].Version != 2 || !c.Outputs[0].SavedAt.Equal(x.now) {
			x.Errorf("version %d of %s", c.Outputs[0].Version, c.Outputs[0].SavedAt)
		}
		x.same(must[output.Output](x)(x.OutputVersion(x.Context(), x.t, "o1", 1)), first)
		x.same(must[output.Output](x)(x.OutputVersion(x.Context(), x.t, "o1", 2)), c.Outputs[0])
		if _, ok, err := x.OutputVersion(x.Context(), x.t, "o1", 3); ok || err != nil {
			x.Errorf("a version that nobody saved: %t, %v", ok, err)
		}
	}},
	{"an output that was taken out comes back, with the next number where it is another one", func(x *try) {
		c := office()
		x.ok(x.SaveDesk(x.Context(), x.t, c, anna))
		first, without := c.Outputs[0], office()
		without.Outputs = nil
		x.ok(x.SaveDesk(x.Context(), x.t, without, anna))
		if got := x.desk().Outputs; len(got) > 0 {
			x.Errorf("still there: %v", got)
		}
		again := office()
		x.ok(x.SaveDesk(x.Context(), x.t, again, anna))
		x.same(again.Outputs[0], first)
		x.ok(x.SaveDesk(x.Context(), x.t, without, anna))
		again = office()
		again.Outputs[0].Name = "Neu"
		x.ok(x.SaveDesk(x.Context(), x.t, again, anna))
		if got := x.desk().Outputs[0]; got.Version != 2 || got.Name != "Neu" {
			x.Errorf("%+v", got)
		}
	}},
	{"what we change of an output is a new version, unless somebody saved another one meanwhile", func(x *try) {
		c := office()
		x.ok(x.SaveDesk(x.Context(), x.t, c, anna))
		off := c.Outputs[0]
		off.Disabled = delivery.DisabledGone
		x.ok(x.ReviseOutput(x.Context(), x.t, off))
		x.ok(x.ReviseOutput(x.Context(), x.t, off)) // once more
		got := x.desk()
		if o := got.Outputs[0]; o.Version != 2 || o.Disabled != delivery.DisabledGone || got.Version != 2 {
			x.Errorf("version %d, output's %d, %q", got.Version, o.Version, o.Disabled)
		}
		other := office()
		x.ok(x.SaveDesk(x.Context(), x.t, other, anna)) // saved anew, switched on
		off.Version = 2
		x.ok(x.ReviseOutput(x.Context(), x.t, off)) // of the version before
		if o := x.desk().Outputs[0]; o.Version != 3 || o.Disabled != "" {
			x.Errorf("version %d, %q", o.Version, o.Disabled)
		}
	}},
}

// desk reads the configuration when what is remembered of it is too old.
func (x *try) desk() *desk.Configuration {
	x.Helper()
	x.now = x.now.Add(2 * time.Minute)
	c, err := x.Desk(x.Context(), x.t)
	x.ok(err)
	return c
}

// erp is a preset of the company's own.
func erp() preset.Preset {
	return preset.Preset{
		Slug: "erp", Name: "ERP", Description: "d", Target: "custom", Group: "ticketing", Version: 3, DocsURL: "https://erp.example", Auth: webhook.AuthBasic, Format: preset.JSON, Setup: "s", SendUpdates: true,
		ReferencePath: "id", Variables: []preset.Variable{{Name: "mandant", Label: "Mandant", Required: true, Default: "1"}}, Maps: map[string]map[string]string{"priority": {"high": "A", "*": "B"}},
		Headers: []webhook.Header{{Name: "X-Mandant", Value: "{{var.mandant}}"}}, Payload: json.RawMessage("{\n  \"nr\": \"{{case.number}}\"\n}"), SampleAnswer: json.RawMessage(`{"id":7}`),
	}
}

// office has something of everything, each list by id.
func office() *desk.Configuration {
	yes, days := true, 3
	matrix := desk.DefaultMatrix()
	matrix[2][3] = desk.Normal
	own := erp()
	return &desk.Configuration{
		Gateway: desk.Gateway{
			Enabled: true, Mode: desk.Hybrid, Fallback: desk.Appointments, Confidence: 0.8, Enrichment: true, EnrichmentSeconds: 120, DelaySeconds: 90, Audio: true, AudioMinutes: 30,
			Type: desk.Request, Priority: desk.High, Alerts: true, AlertEmails: []string{"a@edv.example"}, AlertSlack: "https://hooks.example.com/", Prefix: "EDV", ConfirmToCustomer: &yes, CloseAfterDays: &days,
		},
		Matrix: matrix,
		Fields: desk.Schema{{Key: "kunde_seit", Label: "Kunde seit", Type: desk.DateField}},
		Categories: desk.Categories{
			{ID: "c1", Slug: "netz", Name: "Netz", Keywords: []desk.Keyword{{Text: "netz", Weight: 0.9}, {Text: "wlan"}}, Threshold: 0.6, Type: desk.Incident, Impact: desk.High, Urgency: desk.Low, PolicyID: "p1",
				OutputID: "o1", GroupID: "g1", AutoAssign: desk.AssignLeastLoaded, Active: true, Default: true, Sort: 2},
			{ID: "c2", Slug: "vpn", Name: "VPN", ParentID: "c1", Description: "Einwahl",
				Fields: desk.Schema{{Key: "geraet", Label: "Gerät", Type: desk.ChoiceField, Required: true, Choices: []string{"Laptop", "Handy"}}, {Key: "nr", Label: "Nummer", Type: desk.TextField, MaxLength: 20}}},
		},
		Groups: []desk.Group{{ID: "g1", Slug: "first", Name: "1st", Email: "g@edv.example", Active: true, Members: []desk.Member{{UserID: "u1", Email: "u@edv.example", Lead: true, Active: true, Away: true}}}},
		Policies: []sla.Policy{{ID: "p1", Name: "Standard", Default: true, Targets: map[sla.Priority]sla.Target{sla.High: {Response: 30, Resolution: 90, Clock: sla.AroundTheClock}},
			ResponseWarning: sla.Lead{Minutes: 10}, ResolutionWarning: sla.Lead{Percents: []int{50, 90}}, KeepsRunning: []sla.Reason{sla.Scheduled}}},
		SLA: sla.Settings{Tracking: &yes, Escalations: true, Calendar: sla.Calendar{Timezone: "Europe/Berlin", Land: "BE", BusinessHours: map[string][]string{"monday": {"09:00-12:00", "13:00-24:00"}},
			HalfDays: slices.Clone(sla.YearEnd[:]), SpecialDays: []company.SpecialDay{{Date: "2031-12-27", Ranges: []string{"10:00-11:00"}}}}},
		Rules: []sla.Rule{{ID: "r1", Name: "Liegt", Order: 1, Active: true, ActiveSince: noon, Trigger: sla.Idle, Minutes: 60, RepeatEvery: 60, RepeatTimes: 2,
			When:    sla.Conditions{Priorities: []sla.Priority{sla.High}, Types: []string{"incident"}, Categories: []string{"c1"}, Groups: []string{"g1"}},
			Actions: []sla.Action{{Kind: sla.SendEmail, To: []string{sla.ToLeads}, Subject: "{number}"}, {Kind: sla.RaisePriority, Priority: sla.Critical}}}},
		Presets: []preset.Preset{erp()},
		Outputs: []output.Output{{ID: "o1", Slug: "tickets", Name: "Tickets", Type: output.Hybrid, Active: true, Default: true, Retry: delivery.Long, SendUpdates: true, Wait: true, TimeoutS: 180, AudioMin: 60,
			Language: "de",
			Mail: output.Mail{To: []string{"a@edv.example"}, Muted: []string{"b@edv.example"}, Fallback: []string{"c@edv.example"}, Template: output.Custom, Subject: "s", Body: "b", Summary: true,
				Transcript: true, AdminLink: true, Audio: output.AudioLink},
			Hook: output.Hook{URL: "https://a.example.com/", SigningRef: "ssm:/s", Headers: []webhook.Header{{Name: "X-A", Value: "1"}}, Preset: "erp", Own: &own, Payload: "{}", Transcript: true, Recording: true,
				Auth: output.Auth{Type: webhook.AuthBasic, User: "u", PasswordRef: "ssm:/p"}, Semantic: true, Legacy: true, ContactType: "phone", Vars: map[string]string{"project_key": "X"},
				Maps: map[string]map[string]string{"priority": {"high": "P1"}}}}},
		Endpoints: []output.Endpoint{{ID: "e1", Slug: "crm", URL: "https://a.example.com/", Description: "CRM", Events: []string{"case.*"}, BranchID: "b1", Full: true, SigningRef: "ssm:/s", Active: true, PerSecond: 5}},
	}
}
