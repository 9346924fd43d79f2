package template_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/askpro/gateway/internal/template"
)

var berlin = func() *time.Location {
	l, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	return l
}()

func schema() template.Schema {
	return template.Schema{
		Vars: map[string]template.Variable{"project": {Value: "IT", Required: true}, "queue": {}, "token": {Required: true}},
		Maps: map[string]map[string]string{
			"priority": {"critical": "Highest", "high": "High"}, "yes_no": {"true": "ja", "false": "nein"}, "queue": {"Arbeitsplatz": "Desk", "*": "Raw"},
		},
		Custom: func(key string) bool { return key == "room" || key == "until" || key == "seats" },
	}
}

func values() template.Values {
	return template.Values{
		"case.number": "TKT-2026-00042", "case.subject": "Drucker druckt nicht", "case.description": "Zeile 1\nZeile \"2\"", "case.priority": "high", "case.impact": "unheard",
		"case.category": "Arbeitsplatz", "case.created_at": time.Date(2026, 11, 24, 23, 15, 0, 0, time.UTC), "case.tags": []string{"drucker", "2. OG"},
		"case.custom":   map[string]any{"room": "2.14", "until": "2026-12-01", "seats": 4},
		"customer.name": "Erika <Muster> & Söhne", "customer.email": "", "customer.location": "2. OG\r\n Ost", "call.duration": 184, "context.others_affected": true, "sla.is_overdue": false,
		"ai.confidence": 0.87, "audio.url": "https://files.example.com/a?b=c&d=e", "transcript.segments": []template.Segment{{Role: "user", Text: "Hallo"}},
		"event.sequence": 0,
	}
}

func render(t *testing.T, mode template.Mode, source string) string {
	t.Helper()
	x, err := template.Parse(mode, source, schema())
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	out, err := x.Render(values(), berlin)
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	return out
}

func TestATextIsFilled(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, source, want string }{
		{"a variable", "Vorgang {{case.number}}.", "Vorgang TKT-2026-00042."},
		{"spaces do not matter", "{{  case.number\t| upper }}", "TKT-2026-00042"},
		{"nothing", "[{{customer.phone}}]", "[]"},
		{"braces that are no tags", "{ {case.number} }} {", "{ {case.number} }} {"},
		{"a default", `{{customer.phone|default:"keine Nummer"}}`, "keine Nummer"},
		{"an empty text has a default", `{{customer.email|default:"-"}}`, "-"},
		{"a default with quotes", `{{customer.phone|default:"\"}}\\"}}`, `"}}\`},
		{"a default from another variable", `{{customer.phone|default:case.number}}`, "TKT-2026-00042"},
		{"a default that is not needed", `{{case.number|default:"x"}}`, "TKT-2026-00042"},
		{"zero is something", `{{event.sequence|default:7}}`, "0"},
		{"a date of the zone", "{{case.created_at|date}}", "25.11.2026"},
		{"date and time of the zone", "{{case.created_at|datetime}}", "25.11.2026 00:15"},
		{"an instant", "{{case.created_at}}", "2026-11-24T23:15:00Z"},
		{"the date in a custom field", "{{case.custom.until|date}}", "01.12.2026"},
		{"upper", "{{case.custom.room|default:\"x\"|upper}} {{case.category|upper}}", "2.14 ARBEITSPLATZ"},
		{"truncated", "{{case.subject|truncate:9}}|{{case.subject|truncate:20}}|{{case.subject|truncate:1}}", "Drucker…|Drucker druckt nicht|…"},
		{"mapped", "{{case.priority|map:priority}} {{sla.is_overdue|map:yes_no}}", "High nein"},
		{"mapped with a star", "{{case.number|map:queue}} {{case.category|map:queue}}", "Raw Desk"},
		{"not mapped but with a default", `{{case.impact|map:priority|default:"Medium"}}`, "Medium"},
		{"nothing is not mapped", "[{{customer.phone|map:priority}}]", "[]"},
		{"a list", "{{case.tags}}", "drucker, 2. OG"},
		{"numbers", "{{call.duration}} {{ai.confidence}} {{case.custom.seats}}", "184 0.87 4"},
		{"a variable of the output", "{{var.project}}/{{var.queue}}", "IT/"},
		{"if", "{{#if context.others_affected}}mehrere{{else}}einer{{/if}}", "mehrere"},
		{"if not", "{{#if sla.is_overdue}}spät{{else}}pünktlich{{/if}}", "pünktlich"},
		{"if empty", "{{#if customer.email}}Mail{{/if}}-", "-"},
		{"if zero", "{{#if event.sequence}}ja{{else}}nein{{/if}}", "nein"},
		{"unless", "{{#unless customer.email}}keine Mail{{else}}Mail{{/unless}}", "keine Mail"},
		{"three deep", "{{#if case.number}}{{#if case.tags}}{{#unless customer.phone}}x{{/unless}}{{/if}}{{/if}}", "x"},
		{"what looks like a tag in a value stays text", "{{case.description}}", "Zeile 1\nZeile \"2\""},
	} {
		if got := render(t, template.Plain, tt.source); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestAPayloadIsFilledByItsStructure(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, source, want string }{
		{"texts are quoted", `{"a":"{{case.description}}"}`, `{"a":"Zeile 1\nZeile \"2\""}`},
		{"a whole node takes the type", `["{{call.duration}}","{{ai.confidence}}","{{context.others_affected}}","{{case.tags}}","{{case.created_at}}"]`,
			`[184,0.87,true,["drucker","2. OG"],"2026-11-24T23:15:00Z"]`},
		{"inside a text it is text", `["{{call.duration}} s"," {{context.others_affected}}"]`, `["184 s"," true"]`},
		{"segments", `{"s":"{{transcript.segments}}"}`, `{"s":[{"role":"user","text":"Hallo"}]}`},
		{"all custom fields", `{"c":"{{case.custom}}"}`, `{"c":{"room":"2.14","seats":4,"until":"2026-12-01"}}`},
		{"what is missing", `["{{customer.phone}}","{{sla.response_due}}","{{audio.duration}}","{{audio.has_audio}}","{{event.partial}}"]`, `["",null,null,null,[]]`},
		{"a member goes when empty", `{"a":"{{customer.email?}}","b":"{{case.number?}}","c":"{{audio.duration?}}"}`, `{"b":"TKT-2026-00042"}`},
		{"an element goes when empty", `["{{customer.email?}}","{{case.number?}}","{{customer.phone?}}"]`, `["TKT-2026-00042"]`},
		{"a member goes when a part of it is empty", `{"a":"mailto:{{customer.email?}}","b":"x{{case.number?}}"}`, `{"b":"xTKT-2026-00042"}`},
		{"no and zero are not empty", `{"a":"{{sla.is_overdue?}}","b":"{{event.sequence?}}"}`, `{"a":false,"b":0}`},
		{"genuine empty texts stay", `{"a":"","b":"{{customer.email}}"}`, `{"a":"","b":""}`},
		{"filters after ?", `{"a":"{{case.priority?|map:priority}}","b":"{{customer.phone?|upper}}"}`, `{"a":"High"}`},
		{"an object that depends on something", `{"a":{"omit_if_empty":"{{customer.email}}","x":1},"b":{"x":2,"omit_if_empty":"{{case.number}}"}}`, `{"b":{"x":2}}`},
		{"all members gone", `{"a":{"b":"{{customer.email?}}"}}`, `{"a":{}}`},
		{"literals stay as they are", `{"a":1.50,"b":1e3,"c":null,"d":true,"e":[],"f":"<b>"}`, `{"a":1.50,"b":1e3,"c":null,"d":true,"e":[],"f":"<b>"}`},
		{"a condition in a text", `{"a":"{{#if context.others_affected}}alle{{/if}}"}`, `{"a":"alle"}`},
		{"a number as default", `{"a":"{{audio.duration|default:0}}"}`, `{"a":0}`},
		{"spaces between", "{ \"a\" :\n [ 1 , 2 ] }", `{"a":[1,2]}`},
	} {
		if got := render(t, template.JSON, tt.source); got != tt.want {
			t.Errorf("%s:\n %s, want\n %s", tt.name, got, tt.want)
		}
	}
}

func TestValuesAreHarmlessWhereTheyStand(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name         string
		mode         template.Mode
		source, want string
	}{
		{"a page", template.HTML, "<p>{{customer.name}}</p>", "<p>Erika &lt;Muster&gt; &amp; Söhne</p>"},
		{"line breaks of a page", template.HTML, "<p>{{case.description}}</p>", "<p>Zeile 1<br>\nZeile &#34;2&#34;</p>"},
		{"an attribute", template.HTML, `<p title="{{case.description}}">`, "<p title=\"Zeile 1\nZeile &#34;2&#34;\">"},
		{"a link of ours", template.HTML, `<a href="{{audio.url}}">`, `<a href="https://files.example.com/a?b=c&amp;d=e">`},
		{"inside a link", template.HTML, `<a href="https://x.example/?n={{customer.name}}">`, `<a href="https://x.example/?n=Erika+%3CMuster%3E+%26+S%C3%B6hne">`},
		{"a link in Slack", template.Slack, `["{{audio.url}}","<{{audio.url}}|x>"]`, `["https://files.example.com/a?b=c&d=e","<https://files.example.com/a?b=c&amp;d=e|x>"]`},
		{"what has one line", template.JSON, `["{{customer.location}}"]`, `["2. OG Ost"]`},
		{"a line", template.Header, "Vorgang\n {{case.description}} ", `Vorgang Zeile 1 Zeile "2"`},
		{"Slack", template.Slack, `{"text":"*{{customer.name}}*","t":"{{customer.name}}"}`, `{"text":"*Erika &lt;Muster&gt; &amp; Söhne*","t":"Erika &lt;Muster&gt; &amp; Söhne"}`},
		{"JSON is no page", template.JSON, `{"t":"{{customer.name}}"}`, `{"t":"Erika <Muster> & Söhne"}`},
	} {
		if got := render(t, tt.mode, tt.source); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestAMistakeIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	const p, h, j = template.Plain, template.HTML, template.JSON
	for _, tt := range []struct {
		name         string
		mode         template.Mode
		source       string
		line, column int
		code         template.Code
		text         string
	}{
		{"an unknown variable", p, "a\nü {{case.nmber}}", 2, 5, template.UnknownVariable, "case.nmber"},
		{"an unknown variable of the output", p, "{{var.other}}", 1, 3, template.UnknownVariable, "var.other"},
		{"an unknown custom field", p, "{{case.custom.color}}", 1, 3, template.UnknownVariable, "case.custom.color"},
		{"a custom field of a custom field", p, "{{case.custom.room.x}}", 1, 3, template.UnknownVariable, "case.custom.room.x"},
		{"a group is no variable", p, "{{case}}", 1, 3, template.UnknownVariable, "case"},
		{"a variable without its value", p, "{{var.token}}", 1, 3, template.MissingVariable, "var.token"},
		{"an unknown variable in a condition", p, "{{#if x.y}}{{/if}}", 1, 7, template.UnknownVariable, "x.y"},
		{"an unknown variable in a default", p, "{{case.number|default:x.y}}", 1, 23, template.UnknownVariable, "x.y"},
		{"an unknown filter", p, "{{case.number|shout}}", 1, 15, template.UnknownFilter, "shout"},
		{"an unknown map", p, "{{case.number|map:colors}}", 1, 19, template.BadArgument, "colors"},
		{"a map without a name", p, "{{case.number|map}}", 1, 15, template.BadArgument, ""},
		{"a date of a text", p, "{{case.number|date}}", 1, 15, template.WrongKind, "date"},
		{"a date with an argument", p, `{{timestamp|date:"Y"}}`, 1, 18, template.BadArgument, "Y"},
		{"truncate without a length", p, "{{case.number|truncate}}", 1, 15, template.BadArgument, ""},
		{"truncate to nothing", p, "{{case.number|truncate:0}}", 1, 24, template.BadArgument, "0"},
		{"upper of a number", p, "{{call.duration|upper}}", 1, 17, template.WrongKind, "upper"},
		{"a default without a value", p, "{{case.number|default}}", 1, 15, template.BadArgument, "default"},
		{"an open tag", p, "x {{case.number", 1, 3, template.BadSyntax, "{{case.number"},
		{"an open text", p, `x {{case.number|default:"x}}`, 1, 3, template.BadSyntax, `{{case.number|default:"x}}`},
		{"an empty tag", p, "{{}}", 1, 1, template.BadSyntax, "{{}}"},
		{"a stranger's syntax", p, "{{ case.number + 1 }}", 1, 1, template.BadSyntax, "{{ case.number + 1 }}"},
		{"three braces", p, "{{{case.number}}}", 1, 1, template.BadSyntax, "{{{case.number}}"},
		{"an open condition", p, "\n{{#if case.number}}x", 2, 1, template.Unclosed, "if"},
		{"a wrong end", p, "{{#if case.number}}x{{/unless}}", 1, 21, template.BadSyntax, "{{/unless}}"},
		{"an end without beginning", p, "x{{/if}}", 1, 2, template.BadSyntax, "{{/if}}"},
		{"else without if", p, "{{else}}", 1, 1, template.BadSyntax, "{{else}}"},
		{"else twice", p, "{{#if case.number}}{{else}}{{else}}{{/if}}", 1, 28, template.BadSyntax, "{{else}}"},
		{"each", p, "{{#each case.tags}}{{/each}}", 1, 1, template.BadSyntax, "{{#each case.tags}}"},
		{"four deep", p, strings.Repeat("{{#if case.number}}", 4), 1, 58, template.TooDeep, "case.number"},
		{"a list as text", p, "{{transcript.segments}}", 1, 1, template.WrongKind, "transcript.segments"},
		{"? in a text", p, "{{case.number?}}", 1, 3, template.OnlyInJSON, "case.number?"},
		{"JSON: a mistake in it", j, "{\n \"a\": }", 2, 7, template.BadJSON, ""},
		{"JSON: not closed", j, `{"a":1`, 1, 7, template.BadJSON, ""},
		{"JSON: more", j, `{"a":1} {}`, 1, 9, template.BadJSON, ""},
		{"JSON: a number alone", j, `1`, 1, 1, template.BadJSON, "neither object nor list"},
		{"JSON: a tag outside of texts", j, `{"a":{{case.number}}}`, 1, 7, template.BadJSON, ""},
		{"JSON: a member twice", j, `{"a":1,"b":{"a":2},"a":3}`, 1, 20, template.DuplicateMember, "a"},
		{"JSON: a variable as a member", j, `{"{{case.number}}":1}`, 1, 2, template.UnsafePlace, "{{case.number}}"},
		{"JSON: behind an escape", j, "{\"a\":\n  \"\\u00fc\\n\\ud83d\\ude00 {{case.nmber}}\"}", 2, 27, template.UnknownVariable, "case.nmber"},
		{"JSON: a list inside a text", j, `{"a":"x {{transcript.segments}}"}`, 1, 9, template.WrongKind, "transcript.segments"},
		{"JSON: an object that depends on a text", j, `{"a":{"omit_if_empty":"x"}}`, 1, 23, template.BadJSON, "omit_if_empty"},
		{"JSON: a payload that depends on something", j, `{"omit_if_empty":"{{case.number}}"}`, 1, 19, template.BadJSON, "omit_if_empty"},
		{"JSON: too deep", j, strings.Repeat("[", 40) + strings.Repeat("]", 40), 1, 34, template.TooDeep, ""},
		{"HTML: an attribute without quotes", h, "<p title={{case.number}}>", 1, 10, template.UnsafePlace, "case.number"},
		{"HTML: the name of a tag", h, "<{{case.number}}>", 1, 2, template.UnsafePlace, "case.number"},
		{"HTML: an attribute", h, "<p {{case.number}}>", 1, 4, template.UnsafePlace, "case.number"},
		{"HTML: a handler", h, `<p onclick="{{case.number}}">`, 1, 13, template.UnsafePlace, "case.number"},
		{"HTML: a style", h, `<p style="color:{{case.number}}">`, 1, 17, template.UnsafePlace, "case.number"},
		{"HTML: a caller's link", h, `<a href="{{customer.name}}">`, 1, 10, template.UnsafePlace, "customer.name"},
		{"HTML: a caller's link with spaces", h, `<a href = '{{customer.name}}'>`, 1, 12, template.UnsafePlace, "customer.name"},
		{"HTML: a script", h, "<script>x = '{{case.number}}'</script>", 1, 14, template.UnsafePlace, "case.number"},
		{"HTML: a comment", h, "<!-- {{case.number}} -->", 1, 6, template.UnsafePlace, "case.number"},
		{"HTML: a condition in a tag", h, `<p {{#if case.number}}title="x"{{/if}}>`, 1, 4, template.UnsafePlace, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := template.Parse(tt.mode, tt.source, schema())
			var problems template.Problems
			if !errors.As(err, &problems) {
				t.Fatalf("taken: %v", err)
			}
			got := problems[0]
			if tt.code == template.BadJSON && tt.text == "" {
				got.Text = ""
			}
			if want := (template.Problem{Line: tt.line, Column: tt.column, Code: tt.code, Text: tt.text}); got != want {
				t.Errorf("%+v, want %+v", got, want)
			}
		})
	}
}

func TestAllMistakesAreToldAtOnce(t *testing.T) {
	t.Parallel()
	_, err := template.Parse(template.JSON, "{\"a\":\"{{x.y}}\",\n\"b\":\"{{case.number|shout}} {{z.z}}\"}", schema())
	var problems template.Problems
	if !errors.As(err, &problems) || len(problems) != 3 || problems[2].Line != 2 {
		t.Errorf("%v", err)
	}
}

func TestSafePlacesOfAPageAreFound(t *testing.T) {
	t.Parallel()
	for _, source := range []string{
		"a < b {{case.number}}", "<br/>{{case.number}}", "<img alt='>' title=\"{{case.number}}\">{{case.number}}", "<style>p > a {}</style>{{case.number}}",
		"<!-- x > --><p>{{case.number}}</p>", "<!doctype html><p class=a>{{case.number}}</p>", "<script>if (a<b) {'</scriptx>'}</script >{{case.number}}",
		"<p>{{#if case.number}}<b>{{case.number}}</b>{{else}}-{{/if}}</p>", "<td width = 5 title = \"{{case.number}}\">",
	} {
		if got := render(t, template.HTML, source); strings.Contains(got, "{{") || !strings.Contains(got, "TKT-2026-00042") {
			t.Errorf("%s: %s", source, got)
		}
	}
}

func TestAtRunTimeNothingIsReplacedInSilence(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, source string
		values       template.Values
		want         template.Problem
	}{
		{"a value without its map", "{\n\"a\":\"{{case.impact|map:priority}}\"}", values(), template.Problem{Line: 2, Column: 6, Code: template.NotMapped, Text: "priority"}},
		{"a value of the wrong kind", `{"a":"{{call.duration}}"}`, template.Values{"call.duration": "lang"}, template.Problem{Line: 1, Column: 7, Code: template.WrongKind, Text: "call.duration"}},
		{"a date that is none", `{"a":"{{case.custom.room|date}}"}`, values(), template.Problem{Line: 1, Column: 7, Code: template.WrongKind, Text: "case.custom.room"}},
		{"more than a megabyte", `["{{case.description}}"]`, template.Values{"case.description": strings.Repeat("x", 1<<20)}, template.Problem{Line: 1, Column: 1, Code: template.TooLarge}},
	} {
		x, err := template.Parse(template.JSON, tt.source, schema())
		if err != nil {
			t.Fatal(err)
		}
		out, err := x.Render(tt.values, nil)
		var p template.Problem
		if !errors.As(err, &p) || p != tt.want || out != "" {
			t.Errorf("%s: %q, %+v", tt.name, out, err)
		}
	}
	if _, err := template.Parse(template.Plain, strings.Repeat("x", 65<<10), schema()); err == nil {
		t.Error("a template of 65 KiB is taken")
	}
	if _, err := template.Parse(template.Plain, strings.Repeat("{{timestamp}}", 501), schema()); err == nil {
		t.Error("501 tags are taken")
	}
}

func TestATemplateTellsWhatItUses(t *testing.T) {
	t.Parallel()
	x, err := template.Parse(template.Plain, `{{#if audio.has_audio}}{{audio.url|default:admin_url}}{{/if}}`, schema())
	if err != nil || !x.Uses("audio.has_audio") || !x.Uses("audio.url") || !x.Uses("admin_url") || x.Uses("transcript.text") {
		t.Errorf("%v", err)
	}
}

func TestEveryPathHasOneNameAndCanBeFilled(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, p := range template.Paths {
		if seen[p.Name] {
			t.Errorf("%s stands there twice", p.Name)
		}
		seen[p.Name] = true
		x, err := template.Parse(template.JSON, fmt.Sprintf(`["{{%s}}"]`, p.Name), template.Schema{})
		if err != nil {
			t.Errorf("%s: %v", p.Name, err)
			continue
		}
		fitting := map[template.Kind]any{
			template.Text: "x", template.Line: "x", template.Link: "https://x.example/", template.Number: int64(1), template.Bool: true, template.Time: time.Now(),
			template.Texts: []string{"x"}, template.Segments: []template.Segment{{}}, template.Fields: map[string]any{"a": []string{"b"}},
		}[p.Kind]
		for _, v := range []any{fitting, nil} {
			out, err := x.Render(template.Values{p.Name: v}, nil)
			if err != nil || !json.Valid([]byte(out)) {
				t.Errorf("%s with %v: %s, %v", p.Name, v, out, err)
			}
		}
	}
	for _, group := range []string{"case.", "customer.", "call.", "context.", "sla.", "enrichment.", "ai.", "audio.", "transcript.", "event."} {
		if !slices.ContainsFunc(template.Paths, func(p template.Path) bool { return strings.HasPrefix(p.Name, group) }) {
			t.Errorf("nothing of %s", group)
		}
	}
	if got := (template.Values{"case.number": "x", "case.nmber": "x"}).Unknown(); !slices.Equal(got, []string{"case.nmber"}) {
		t.Errorf("unknown: %v", got)
	}
}
