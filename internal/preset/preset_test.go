package preset_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/preset"
	"github.com/askpro/gateway/internal/template"
	"github.com/askpro/gateway/internal/webhook"
)

var now = time.Date(2026, 11, 24, 9, 17, 0, 0, time.UTC)

// settings fill every variable of a preset, as a company would.
func settings(p preset.Preset) preset.Settings {
	s := preset.Settings{Vars: map[string]string{}, Maps: map[string]map[string]string{"queue": {"Arbeitsplatz": "Desk"}, "request_type": {"Arbeitsplatz": "25"}}}
	for _, v := range p.Variables {
		if v.Required && v.Default == "" {
			s.Vars[v.Name] = map[string]string{"project_key": "IT", "service_desk_id": "1", "request_type_id": "10", "customer_user": "telefon"}[v.Name]
		}
	}
	return s
}

func system(t *testing.T) []preset.Preset {
	t.Helper()
	all, err := preset.System()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func render(t *testing.T, p preset.Preset, v template.Values) []byte {
	t.Helper()
	r, err := p.Ready(settings(p))
	if err != nil {
		t.Fatal(err)
	}
	body, _, err := r.Render(v, nil)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestThePresetsOfTheSystem(t *testing.T) {
	t.Parallel()
	var slugs []string
	for _, p := range system(t) {
		slugs = append(slugs, p.Slug)
		if err := p.Check(); err != nil {
			t.Errorf("%s: %v", p.Slug, err)
		}
		if !p.System || p.Setup == "" || p.Description == "" || !strings.HasPrefix(p.DocsURL, "https://") {
			t.Errorf("%s says too little of itself", p.Slug)
		}
	}
	if want := []string{"generic", "jira-cloud", "jira-service-management", "otrs", "servicenow-incident", "slack", "teams", "zendesk"}; !slices.Equal(slugs, want) {
		t.Errorf("%v, want %v", slugs, want)
	}
	if _, ok := preset.Named("zendesk"); !ok {
		t.Error("Zendesk is not found by name")
	}
	if _, ok := preset.Named("fax"); ok {
		t.Error("somebody sends faxes")
	}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for _, p := range system(t) {
		t.Run(p.Slug, func(t *testing.T) {
			t.Parallel()
			var got bytes.Buffer
			if err := json.Indent(&got, render(t, p, preset.Sample(now)), "", "  "); err != nil {
				t.Fatal(err)
			}
			got.WriteByte('\n')
			golden := filepath.Join("testdata", p.Slug+".json")
			if os.Getenv("ASKPRO_GOLDEN") == "write" {
				if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("renders otherwise than %s: run make golden and read the diff\n%s", golden, &got)
			}
		})
	}
}

// The value maps cover every value that a case can have (§1.3, §4.1), with what the specification says for some.
func TestEveryValueOfACaseIsMapped(t *testing.T) {
	t.Parallel()
	for _, p := range system(t) {
		for path, list := range map[string][]string{
			"case.type": {"incident", "request", "inquiry"}, "case.priority": {"critical", "high", "normal", "low"}, "case.impact": {"critical", "high", "normal", "low"},
			"case.urgency": {"critical", "high", "normal", "low"}, "case.source": {"voice", "email", "web", "api", "manual", "chat", "callback", "walk_in"},
		} {
			for _, value := range list {
				v := preset.Sample(now)
				v[path] = value
				render(t, p, v)
			}
		}
	}
	jira, _ := preset.Named("jira-cloud")
	v := preset.Sample(now)
	v["case.type"], v["case.priority"] = "inquiry", "critical"
	if body := string(render(t, jira, v)); !strings.Contains(body, `"issuetype":{"name":"Story"}`) || !strings.Contains(body, `"priority":{"name":"Highest"}`) {
		t.Error(body)
	}
}

func TestACaseOfWhichLittleIsKnownIsStillSent(t *testing.T) {
	t.Parallel()
	bare := template.Values{
		"case.number": "TKT-2026-00001", "case.subject": "Anruf", "case.type": "inquiry", "case.priority": "normal", "case.urgency": "normal", "case.impact": "normal",
		"case.category": "Sonstiges", "case.created_at": now, "case.source": "voice", "event.name": "service_case.created", "event.sequence": 1,
	}
	for _, p := range system(t) {
		body := render(t, p, bare)
		if bytes.Contains(body, []byte(`null`)) && p.Slug != "teams" {
			t.Errorf("%s says null: %s", p.Slug, body)
		}
		if bytes.Contains(body, []byte(`"text":""`)) {
			t.Errorf("%s has an empty text, which its receiver refuses: %s", p.Slug, body)
		}
	}
}

// The default payload is stable: additions only.
func TestTheDefaultPayload(t *testing.T) {
	t.Parallel()
	generic, _ := preset.Named("generic")
	v := preset.Sample(now)
	v["case.subject"], v["event.name"], v["event.partial"] = "Drucker druckt nicht", "service_case.created", []string{"recording"}
	delete(v, "audio.url")
	delete(v, "transcript.segments")
	var got map[string]map[string]any
	if err := json.Unmarshal(render(t, generic, v), &got); err != nil {
		t.Fatal(err)
	}
	for group, members := range map[string][]string{
		"ticket":   {"reference", "summary", "description", "type", "priority", "category", "created_at"},
		"context":  {"urgency", "impact", "problem_since", "others_affected", "use_case_category", "use_case_detail"},
		"customer": {"name", "company", "phone", "email", "location"},
		"meta":     {"event", "sequence", "partial"},
	} {
		for _, m := range members {
			if _, ok := got[group][m]; !ok {
				t.Errorf("%s.%s is missing", group, m)
			}
		}
	}
	if len(got) != 4 {
		t.Errorf("audio or transcript are there without there being any: %v", got)
	}
	if got["context"]["others_affected"] != true || got["meta"]["sequence"] != 1.0 {
		t.Errorf("types are lost: %v", got)
	}
	v = preset.Sample(now)
	v["case.external_reference"] = "IT-1"
	if body := string(render(t, generic, v)); !strings.Contains(body, `"external_reference":"IT-1"`) || !strings.Contains(body, `"transcript":{"format":"segments","segments":[{"role":"user"`) ||
		!strings.Contains(body, `"audio":{"url":"https://example.com/aufnahme.mp3","expires_at":"2026-11-24T10:17:00Z"}`) {
		t.Error(body)
	}
}

// The reference is found in the answer that the receiver's documentation shows.
func TestTheReferenceIsFoundInTheSampleAnswer(t *testing.T) {
	t.Parallel()
	for slug, want := range map[string]string{
		"generic": "4711", "jira-cloud": "IT-24", "jira-service-management": "HELP-7", "servicenow-incident": "INC0010023", "otrs": "2026112410000014", "zendesk": "35436",
	} {
		p, ok := preset.Named(slug)
		if !ok {
			t.Fatal(slug)
		}
		o := delivery.Judge(delivery.Answer{Status: 200, Body: p.SampleAnswer}, delivery.Judging{Semantic: true, ReferencePath: p.ReferencePath}, now)
		if !o.OK || o.Reference != want {
			t.Errorf("%s: %+v", slug, o)
		}
	}
}

func TestAMissingVariableIsAMistake(t *testing.T) {
	t.Parallel()
	for slug, variable := range map[string]string{"jira-cloud": "project_key", "otrs": "customer_user", "jira-service-management": "service_desk_id"} {
		p, _ := preset.Named(slug)
		s := settings(p)
		delete(s.Vars, variable)
		_, err := p.Ready(s)
		var problems template.Problems
		if !errors.As(err, &problems) || problems[0].Code != template.MissingVariable || problems[0].Text != "var."+variable {
			t.Errorf("%s without %s: %v", slug, variable, err)
		}
	}
}

func TestACopyIsJudged(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*preset.Preset){
		"an unknown target":               func(p *preset.Preset) { p.Target = "fax" },
		"an unknown auth type":            func(p *preset.Preset) { p.Auth = "magic" },
		"a variable that nobody uses":     func(p *preset.Preset) { p.Variables = append(p.Variables, preset.Variable{Name: "x", Label: "X"}) },
		"a variable twice":                func(p *preset.Preset) { p.Variables = append(p.Variables, p.Variables[0]) },
		"an undeclared variable":          func(p *preset.Preset) { p.Variables = nil },
		"a header of ours":                func(p *preset.Preset) { p.Headers = []webhook.Header{{Name: "Host", Value: "x"}} },
		"a header with a wrong template":  func(p *preset.Preset) { p.Headers = []webhook.Header{{Name: "X-A", Value: "{{x}}"}} },
		"a path that cannot be read":      func(p *preset.Preset) { p.ReferencePath = "a..b" },
		"a payload that cannot be parsed": func(p *preset.Preset) { p.Payload = json.RawMessage(`{"a":"{{"}`) },
	} {
		p, _ := preset.Named("jira-cloud")
		if change(&p); p.Check() == nil {
			t.Errorf("%s is taken", name)
		}
	}
	p, _ := preset.Named("jira-cloud")
	p.Headers = []webhook.Header{{Name: "X-Case", Value: "{{case.number}} {{var.project_key}}"}}
	r, err := p.Ready(settings(p))
	if err != nil || p.Check() != nil {
		t.Fatal(err)
	}
	if _, headers, err := r.Render(preset.Sample(now), nil); err != nil || headers[0].Value != "TKT-2026-00042 IT" {
		t.Errorf("%v, %v", headers, err)
	}
	if !r.Uses("case.number") || r.Uses("transcript.segments") {
		t.Error("does not know what it uses")
	}
}

// A company's map adds to the preset's and leaves the preset as it was.
func TestACompanysMapsAreItsOwn(t *testing.T) {
	t.Parallel()
	zendesk, _ := preset.Named("zendesk")
	r, err := zendesk.Ready(preset.Settings{Maps: map[string]map[string]string{"priority": {"high": "urgent"}}})
	if err != nil {
		t.Fatal(err)
	}
	body, _, err := r.Render(preset.Sample(now), nil)
	if err != nil || !strings.Contains(string(body), `"priority":"urgent"`) {
		t.Errorf("%s, %v", body, err)
	}
	if body := string(render(t, zendesk, preset.Sample(now))); !strings.Contains(body, `"priority":"high"`) {
		t.Errorf("another company sees it: %s", body)
	}
}

func TestTheSampleNamesEverything(t *testing.T) {
	t.Parallel()
	sample := preset.Sample(now)
	if unknown := sample.Unknown(); len(unknown) > 0 {
		t.Errorf("unknown: %v", unknown)
	}
	without := []string{"case.custom", "case.external_reference", "event.status_from", "event.status_to", "event.pending_reason"} // the last ones follow a case
	for _, p := range template.Paths {
		if _, ok := sample[p.Name]; !ok && !slices.Contains(without, p.Name) {
			t.Errorf("%s is missing", p.Name)
		}
	}
}
