// Package template fills what a company writes into mails, webhooks and Slack messages: one engine for all of them. Its
// one rule: structure is parsed before anything is filled in, so no value of a caller can become a quote, a tag, a header
// line or a variable; and what is wrong is told with line and column, on save, never replaced by something else. It knows
// no case and no company: it is given values under the names in Paths, or of those a Schema brings.
//
// It is written here because no library does this. Tried were raymond 2.0.48 (Handlebars; an unknown variable is silently
// empty, errors have a line and no column), osteele/liquid 1.6.0 (strict variables only fail when rendered, an unclosed tag
// of line 2 is told as line 1, other syntax) and cbroglie/mustache 1.4.2 (no filters, a missing variable fails after half
// the output). All of them fill text: {"n":"{{n}}"} never becomes a number, and a member cannot be left out.
package template

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Mode is what is made, and so how values are made harmless in it.
type Mode int

// The modes.
const (
	Plain  Mode = iota // text of a mail
	HTML               // page of a mail
	Header             // a line: subject, header of a request
	JSON               // payload of a webhook
	Slack              // payload whose texts are Slack's mrkdwn
)

// The limits of a template and of what is made from it.
const (
	maxSource  = 64 << 10
	maxOutput  = 1 << 20
	maxTags    = 500
	maxNesting = 3
	maxDepth   = 32 // of JSON
)

// Problem is a mistake in a template, at its place: line and column count from 1, columns in characters.
type Problem struct {
	Line, Column int
	Code         Code
	Text         string // what stands there: the variable, filter or member
}

// Code says which rule is broken.
type Code string

// The codes.
const (
	BadSyntax       Code = "syntax"
	UnknownVariable Code = "unknown_variable"
	MissingVariable Code = "missing_variable" // a required variable of the output has no value
	UnknownFilter   Code = "unknown_filter"
	BadArgument     Code = "filter_argument"
	WrongKind       Code = "wrong_kind" // a filter or a place that does not fit the value
	NotMapped       Code = "not_mapped" // a value that a map does not have, without default
	TooDeep         Code = "too_deep"
	Unclosed        Code = "unclosed"
	OnlyInJSON      Code = "only_in_json"
	BadJSON         Code = "json"
	DuplicateMember Code = "duplicate_member"
	UnsafePlace     Code = "unsafe_place"
	TooLarge        Code = "too_large"
)

func (p Problem) Error() string {
	return fmt.Sprintf("line %d, column %d: %s %q", p.Line, p.Column, p.Code, p.Text)
}

// Problems are all mistakes of a template, from the top; as an error they refuse saving it.
type Problems []Problem

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, x := range p {
		lines[i] = x.Error()
	}
	return strings.Join(lines, "\n")
}

// Variable is what an output adds to the context, as var.name: a project key, a queue.
type Variable struct {
	Value    string
	Required bool
}

// Schema is what a template may speak of.
type Schema struct {
	// Paths are the names there are; nil: those of a case, in the list Paths, and case.custom.<key>.
	Paths []Path
	Vars  map[string]Variable
	Maps  map[string]map[string]string // value maps by name; "*" is for all other values
	// Custom tells which case.custom.* there are; nil: all.
	Custom func(key string) bool
}

// Template is ready to be filled, by many at a time.
type Template struct {
	mode   Mode
	schema Schema
	text   []node // all modes but JSON and Slack
	tree   jsonNode
	uses   map[string]bool
}

// Parse reads a template. The error is Problems.
func Parse(mode Mode, source string, s Schema) (*Template, error) {
	p := &parser{mode: mode, schema: s, source: source, uses: map[string]bool{}}
	t := &Template{mode: mode, schema: s, uses: p.uses}
	switch {
	case len(source) > maxSource:
		p.problems = Problems{{1, 1, TooLarge, ""}}
	case !utf8.ValidString(source) || strings.ContainsRune(source, 0):
		p.problems = Problems{{1, 1, BadSyntax, "no UTF-8"}}
	case mode == JSON || mode == Slack:
		t.tree = p.json()
	default:
		t.text = p.fragment(source, func(offset int) int { return offset })
	}
	if len(p.problems) > 0 {
		slices.SortStableFunc(p.problems, func(a, b Problem) int { return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column)) })
		return nil, p.problems
	}
	return t, nil
}

// Uses tells whether a template speaks of a path.
func (t *Template) Uses(path string) bool { return t.uses[path] }

// Values are what a template is filled with, by path. What is absent or nil is empty.
type Values map[string]any

// Render fills a template. Dates are those of the zone; nil is UTC. The error is a Problem: the template or a value map
// does not fit what has to be sent.
func (t *Template) Render(v Values, zone *time.Location) (string, error) {
	if zone == nil {
		zone = time.UTC
	}
	r := &renderer{t: t, values: v, zone: zone}
	var err error
	if t.tree != nil {
		_, err = r.json(t.tree)
	} else {
		err = r.nodes(t.text)
	}
	if err != nil {
		return "", err
	}
	if t.mode == Header {
		return oneLine(r.out.String()), nil
	}
	return r.out.String(), nil
}
