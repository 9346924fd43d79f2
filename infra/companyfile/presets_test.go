package companyfile_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/askpro/gateway/infra/companyfile"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/preset"
)

// edv is the service desk of the demonstration company that has a preset of its own.
func edv(t *testing.T) *desk.Configuration {
	t.Helper()
	f, err := companyfile.Read("../../testdata/companies/edv.yaml", "local", companyfile.Inbox("http://127.0.0.1:3002"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := f.ServiceDesk(tuesday)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestACompanysOwnPresetFillsItsOutput(t *testing.T) {
	t.Parallel()
	c := edv(t)
	k, _ := c.Categories.BySlug("warenwirtschaft")
	o, ok := c.OutputOf(k.ID)
	p, known := o.Hook.Filling()
	if !ok || !known || p.Slug != "hersteller-meldung" || p.System || o.SendUpdates {
		t.Fatalf("%+v, %t, %t", o, ok, known)
	}
	r, err := p.Ready(preset.Settings{Vars: o.Hook.Vars, Maps: o.Hook.Maps})
	if err != nil {
		t.Fatal(err)
	}
	values := preset.Sample(tuesday)
	values["case.custom"] = map[string]any{"lizenz": "L-17", "arbeitsplaetze": "3"}
	body, headers, err := r.Render(values, nil)
	if err != nil || len(headers) != 1 || headers[0].Value != "K-2044" {
		t.Fatalf("%v, %v", headers, err)
	}
	var got bytes.Buffer
	if err := json.Indent(&got, body, "", "  "); err != nil {
		t.Fatal(err)
	}
	got.WriteByte('\n')
	const golden = "testdata/hersteller-meldung.json"
	if os.Getenv("ASKPRO_GOLDEN") == "write" {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || !bytes.Equal(got.Bytes(), want) {
		t.Errorf("renders otherwise than %s: run make golden and read the diff\n%s, %v", golden, &got, err)
	}
	all, err := c.AllPresets()
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range all {
		want := map[string]string{"hersteller-meldung": "hersteller", "generic": "ticketsystem"}[x.Slug]
		if (len(x.UsedBy) == 1) != (want != "") || want != "" && x.UsedBy[0].Slug != want {
			t.Errorf("%s is used by %d", x.Slug, len(x.UsedBy))
		}
	}
}

// own is a service desk with a preset and an output that it fills.
const own = `
gateway: {gateway_enabled: true, gateway_mode: service_desk}
categories: [{slug: allgemein, name: Allgemein, is_default: true}]
presets:
  - slug: mein-jira
    copy_of: jira-cloud
    name: Unser Jira
    value_maps: {priority: {critical: Blocker, "*": Minor}}
  - slug: erp
    name: ERP
    payload_template: |
      {
        "nr": "{{case.number}}"
      }
outputs: [{slug: erp, name: ERP, output_type: webhook, webhook: {url: "https://erp.example.com/", preset: erp, auth: {type: bearer, token: "ssm:/t"}}}]`

func TestACopyKeepsWhatItLeavesOut(t *testing.T) {
	t.Parallel()
	c, err := office(t, support(own))
	if err != nil {
		t.Fatal(err)
	}
	of, _ := preset.Named("jira-cloud")
	p := c.Presets[0]
	if p.Name != "Unser Jira" || p.Maps["priority"]["critical"] != "Blocker" || len(p.Maps) != len(of.Maps) || string(p.Payload) != string(of.Payload) || p.ReferencePath != of.ReferencePath ||
		p.Version != 1 || p.System || of.Maps["priority"]["critical"] == "Blocker" {
		t.Errorf("%+v", p)
	}
}

func TestWrongPresetsAreRefusedWithLineAndColumn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ old, wrong, want string }{
		{"{{case.number}}", "{{case.nummer}}", `presets.erp.payload_template: line 2, column 12: unknown_variable "case.nummer"`},
		{"{{case.number}}", "{{case.number", "presets.erp.payload_template: line 2, column 10: syntax"},
		{`"{{case.number}}"`, `{{case.number}}`, "presets.erp.payload_template: line 2, column 10:"},
		{"name: ERP\n    payload", "name: ERP\n    headers: [{name: X-Nr, value: \"{{case.nummer}}\"}]\n    payload", `presets.erp.headers: X-Nr: line 1, column 3: unknown_variable "case.nummer"`},
		{"name: ERP\n    payload", "name: ERP\n    headers: [{name: Webhook-Id, value: x}]\n    payload", `presets.erp.headers: header 1 "Webhook-Id": reserved`},
		{"name: ERP\n    payload", "name: ERP\n    variables: [{name: mandant, label: Mandant}]\n    payload", `presets.erp.variables: "mandant"`},
		{"name: ERP\n    payload", "name: ERP\n    target: fax\n    payload", "presets.erp.target: it is missing, too long or of no known value"},
		{"name: ERP\n    payload", "name: ERP\n    sample_answer: \"{\"\n    payload", "presets.erp.sample_answer:"},
		{"name: ERP\n    payload", "name: ERP\n    reference_path: \"a..b\"\n    payload", "presets.erp.reference_path:"},
		{"slug: mein-jira", "slug: jira-cloud", "presets.jira-cloud.slug: it is one of the system's"},
		{"slug: mein-jira", "slug: erp", "presets.erp.slug: it stands there twice"},
		{"slug: mein-jira", "slug: Mein_Jira", "presets.Mein_Jira.slug:"},
		{"copy_of: jira-cloud", "copy_of: jira", `preset mein-jira: there is no preset "jira" of the system to copy`},
		{"  - slug: erp\n    name: ERP\n", "  - slug: erp-neu\n    name: ERP\n", `outputs.erp.hook.preset: there is no preset "erp"`}, // one that is used cannot be taken away
	} {
		text := support(own)
		if !strings.Contains(text, indented(tt.old)) {
			t.Fatal(tt.old)
		}
		_, err := office(t, strings.Replace(text, indented(tt.old), indented(tt.wrong), 1))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s:\ngot %v\nwanted %s", tt.wrong, err, tt.want)
		}
	}
}

// indented is a part of a service desk as support writes it.
func indented(s string) string { return strings.ReplaceAll(s, "\n", "\n  ") }
