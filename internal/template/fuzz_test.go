package template_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"

	"github.com/askpro/gateway/internal/template"
)

// Any source in any mode: taken or refused with places that exist, and what is taken makes what its mode promises.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`{"a":"{{case.number}}","b":["{{customer.email?|upper}}"],"c":{"omit_if_empty":"{{case.tags}}"}}`, `{{#if case.number}}a{{else}}{{timestamp|date}}{{/if}}`,
		`<a href="{{audio.url}}" title='{{case.subject|truncate:5}}'>{{customer.name}}</a>`, `{{case.priority|map:priority|default:"\"x"}}`, "{\"a\":\"\\ud83d\\ude00{{x", `<!-- {{case.number}} --><p>{{case.number}}`,
	} {
		for mode := range 5 {
			f.Add(mode, s, "</p>\"'\r\nX: y{{case.number}}")
		}
	}
	f.Fuzz(func(t *testing.T, m int, source, value string) {
		mode := template.Mode(uint(m) % 5)
		x, err := template.Parse(mode, source, schema())
		if err != nil {
			var problems template.Problems
			if !errors.As(err, &problems) || len(problems) == 0 {
				t.Fatalf("%v", err)
			}
			for _, p := range problems {
				lines := strings.Split(source, "\n")
				if p.Line < 1 || p.Line > len(lines) || p.Column < 1 || p.Column > utf8.RuneCountInString(lines[p.Line-1])+1 {
					t.Fatalf("a problem at %d:%d of %q", p.Line, p.Column, source)
				}
			}
			return
		}
		hostile := values()
		for path, v := range hostile {
			if _, ok := v.(string); ok && path != "audio.url" {
				hostile[path] = value
			}
		}
		hostile["case.tags"] = []string{value, value}
		hostile["case.custom"] = map[string]any{"room": value, "until": value, value: value}
		hostile["transcript.segments"] = []template.Segment{{Role: value, Text: value}}
		out, err := x.Render(hostile, berlin)
		var p template.Problem
		if err != nil && !errors.As(err, &p) {
			t.Fatalf("%v", err)
		}
		if err != nil {
			return
		}
		if !utf8.ValidString(out) {
			t.Fatalf("no UTF-8: %q", out)
		}
		switch mode {
		case template.JSON, template.Slack:
			if !json.Valid([]byte(out)) {
				t.Fatalf("no JSON: %s", out)
			}
		case template.Header:
			if strings.ContainsFunc(out, unicode.IsControl) {
				t.Fatalf("more than a line: %q", out)
			}
		case template.HTML:
			calm, err := x.Render(calmed(hostile), berlin)
			if err == nil && tags(calm) != tags(out) && value != "" {
				t.Fatalf("%q made other tags of %q:\n%s\n%s", value, source, out, calm)
			}
		}
	})
}

// calmed has a harmless word wherever the other has the hostile one.
func calmed(v template.Values) template.Values {
	calm := template.Values{}
	for path, x := range v {
		switch x.(type) {
		case string:
			calm[path] = "x"
		case []string:
			calm[path] = []string{"x", "x"}
		case map[string]any:
			calm[path] = map[string]any{"room": "x", "until": "x"}
		default:
			calm[path] = x
		}
	}
	return calm
}

// tags are the tags of a page with the names of their attributes, as a browser reads it; line breaks apart.
func tags(page string) string {
	var b strings.Builder
	for z := html.NewTokenizer(strings.NewReader(page)); ; {
		kind := z.Next()
		if kind == html.ErrorToken {
			return b.String()
		}
		if token := z.Token(); kind != html.TextToken && kind != html.CommentToken && token.Data != "br" {
			fmt.Fprintf(&b, "%s %s", kind, token.Data)
			for _, a := range token.Attr {
				b.WriteString(" " + a.Key)
			}
			b.WriteByte('\n')
		}
	}
}

// Whatever a value is, the payload has the members of the template, and the value is the one that was given.
func FuzzPayload(f *testing.F) {
	for _, s := range []string{`","x":"`, "\\", "\u2028", "{{case.number}}", "\x00\xff", "<!channel>", "\xed\xa0\x80"} {
		f.Add(s)
	}
	x, err := template.Parse(template.JSON, `{"whole":"{{case.description}}","part":"<{{case.description}}>","list":"{{case.tags}}","gone":"{{customer.phone?}}"}`, schema())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, value string) {
		out, err := x.Render(template.Values{"case.description": value, "case.tags": []string{value}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal([]byte(out), &got); err != nil {
			t.Fatalf("%s: %v", out, err)
		}
		want := strings.Map(func(c rune) rune {
			if unicode.IsControl(c) && c != '\n' && c != '\t' {
				return -1
			}
			return c
		}, strings.ToValidUTF8(value, "\ufffd"))
		if expected := (map[string]any{"whole": want, "part": "<" + want + ">", "list": []any{want}}); !reflect.DeepEqual(got, expected) {
			t.Fatalf("%q became %v", value, got)
		}
	})
}
