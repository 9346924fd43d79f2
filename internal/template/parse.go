package template

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// node of a text: literal, expression or block.
type node any

type literal string

// expression is {{path?|filter:argument}}.
type expression struct {
	path     string
	kind     Kind // behind the path
	optional bool // ?: the JSON member goes with an empty value
	filters  []filter
	result   Kind // after the filters
	at       int  // offset in the source
	line     int  // the same for people
	column   int
	place    place
}

// block is {{#if path}}…{{else}}…{{/if}}.
type block struct {
	path        string
	unless      bool
	then, other []node
}

// parser of one source; offsets are told in it, whatever fragment is being read.
type parser struct {
	mode     Mode
	schema   Schema
	source   string
	problems Problems
	uses     map[string]bool
	tags     int
	html     htmlState
}

func (p *parser) refuse(at int, code Code, text string) {
	if len(p.problems) < 50 {
		line, column := position(p.source, at)
		p.problems = append(p.problems, Problem{line, column, code, cut(text)})
	}
}

func cut(text string) string {
	if r := []rune(text); len(r) > 60 {
		return string(r[:59]) + "…"
	}
	return text
}

func position(source string, offset int) (line, column int) {
	before := source[:min(offset, len(source))]
	start := strings.LastIndexByte(before, '\n') + 1
	return strings.Count(before, "\n") + 1, utf8.RuneCountInString(before[start:]) + 1
}

// frame is an open block.
type frame struct {
	b       *block
	keyword string
	at      int
	other   bool
}

// fragment reads one text; at turns an offset in it into one of the source.
func (p *parser) fragment(text string, at func(int) int) []node {
	var root []node
	var open []frame
	add := func(n node) {
		switch {
		case len(open) == 0:
			root = append(root, n)
		case open[len(open)-1].other:
			b := open[len(open)-1].b
			b.other = append(b.other, n)
		default:
			b := open[len(open)-1].b
			b.then = append(b.then, n)
		}
	}
	for i := 0; i < len(text); {
		start := strings.Index(text[i:], "{{")
		if start < 0 {
			p.html.feed(text[i:])
			add(literal(text[i:]))
			break
		}
		if start > 0 {
			p.html.feed(text[i : i+start])
			add(literal(text[i : i+start]))
		}
		i += start
		if p.tags++; p.tags > maxTags {
			p.refuse(at(i), TooLarge, "")
			return nil
		}
		t := &tag{text: text, i: i + 2}
		t.space()
		switch {
		case t.take("#"):
			keyword := t.word()
			t.space()
			path, pathAt := t.path()
			if keyword != "if" && keyword != "unless" || path == "" || !t.close() {
				p.refuse(at(i), BadSyntax, t.shown(i))
				return nil
			}
			if _, ok := p.known(path, at(pathAt)); !ok {
				path = ""
			}
			if len(open) == maxNesting {
				p.refuse(at(i), TooDeep, path)
				return nil
			}
			p.blockPlace(at(i))
			b := &block{path: path, unless: keyword == "unless"}
			add(b)
			open = append(open, frame{b, keyword, at(i), false})
		case t.take("/"):
			keyword := t.word()
			if !t.close() || len(open) == 0 || open[len(open)-1].keyword != keyword {
				p.refuse(at(i), BadSyntax, t.shown(i))
				return nil
			}
			p.blockPlace(at(i))
			open = open[:len(open)-1]
		case t.ahead("else"):
			t.word()
			if !t.close() || len(open) == 0 || open[len(open)-1].other {
				p.refuse(at(i), BadSyntax, t.shown(i))
				return nil
			}
			p.blockPlace(at(i))
			open[len(open)-1].other = true
		default:
			e, ok := p.expression(t, at)
			if !ok {
				p.refuse(at(i), BadSyntax, t.shown(i))
				return nil
			}
			e.at = at(i)
			e.line, e.column = position(p.source, e.at)
			e.place = p.valuePlace(e)
			add(e)
		}
		i = t.i
	}
	for _, f := range open {
		p.refuse(f.at, Unclosed, f.keyword)
	}
	return root
}

func (p *parser) known(path string, at int) (Kind, bool) {
	k, ok := p.schema.kind(path)
	if !ok {
		p.refuse(at, UnknownVariable, path)
		return k, false
	}
	p.uses[path] = true
	if name, isVar := strings.CutPrefix(path, varPrefix); isVar {
		if v := p.schema.Vars[name]; v.Required && v.Value == "" {
			p.refuse(at, MissingVariable, path)
		}
	}
	return k, true
}

// expression reads what stands in {{ }}; false if it cannot be read. What is merely wrong is refused on the way.
func (p *parser) expression(t *tag, at func(int) int) (*expression, bool) {
	path, pathAt := t.path()
	if path == "" {
		return nil, false
	}
	e := &expression{path: path, optional: t.take("?")}
	kind, ok := p.known(path, at(pathAt))
	e.kind, e.result = kind, plainKind(kind)
	if e.optional && p.mode != JSON && p.mode != Slack {
		p.refuse(at(pathAt), OnlyInJSON, path+"?")
	}
	for t.space(); t.take("|"); t.space() {
		t.space()
		nameAt := t.i
		f := filter{name: t.word()}
		if f.name == "" {
			return nil, false
		}
		t.space()
		if t.take(":") {
			t.space()
			if !t.argument(&f) {
				return nil, false
			}
		}
		if ok {
			e.result, ok = p.filter(&f, e.result, at, nameAt)
		}
		e.filters = append(e.filters, f)
	}
	if !ok {
		e.result = Any
	}
	return e, t.close()
}

// tag reads the inside of {{ }}.
type tag struct {
	text string
	i    int
}

func (t *tag) space() {
	for t.i < len(t.text) && strings.IndexByte(" \t\r\n", t.text[t.i]) >= 0 {
		t.i++
	}
}

func (t *tag) take(s string) bool {
	if !strings.HasPrefix(t.text[t.i:], s) {
		return false
	}
	t.i += len(s)
	return true
}

// ahead tells whether a word stands here, whole.
func (t *tag) ahead(word string) bool {
	rest, ok := strings.CutPrefix(t.text[t.i:], word)
	return ok && (rest == "" || !letter(rest[0]) && rest[0] != '.')
}

func letter(c byte) bool { return c == '_' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }

func (t *tag) word() string {
	start := t.i
	for t.i < len(t.text) && letter(t.text[t.i]) {
		t.i++
	}
	return t.text[start:t.i]
}

// path is words with dots between them.
func (t *tag) path() (path string, at int) {
	at = t.i
	for t.word() != "" {
		path = t.text[at:t.i]
		if !t.take(".") {
			return path, at
		}
	}
	return "", at
}

func (t *tag) close() bool {
	t.space()
	return t.take("}}")
}

// argument is "text", a number or a path.
func (t *tag) argument(f *filter) bool {
	f.argumentAt = t.i
	if t.take(`"`) {
		var b strings.Builder
		for t.i < len(t.text) {
			c := t.text[t.i]
			t.i++
			switch {
			case c == '"':
				f.argument, f.quoted = b.String(), true
				return true
			case c == '\\' && t.i < len(t.text) && (t.text[t.i] == '"' || t.text[t.i] == '\\'):
				c = t.text[t.i]
				t.i++
			}
			b.WriteByte(c)
		}
		return false
	}
	f.argument, _ = t.path()
	return f.argument != ""
}

// shown is the tag as it was written, as far as it was read, for the person who has to find it.
func (t *tag) shown(start int) string {
	rest := t.text[start:]
	if end := strings.Index(rest, "}}"); end >= 0 {
		rest = rest[:end+2]
	}
	if end := strings.IndexByte(rest, '\n'); end >= 0 {
		rest = rest[:end]
	}
	return rest
}

// filter is one step behind a path.
type filter struct {
	name       string
	argument   string
	quoted     bool // the argument is a text, not a number, map or path
	argumentAt int
	number     int
	numeric    bool // default: the argument is a number
}

// Filters is the one list of them.
var Filters = []string{"default", "date", "datetime", "upper", "truncate", "map"}

// filter judges a step and says what comes out of it.
func (p *parser) filter(f *filter, in Kind, at func(int) int, nameAt int) (Kind, bool) {
	wrong := func(code Code, where int, text string) (Kind, bool) {
		p.refuse(at(where), code, text)
		return Any, false
	}
	if !slices.Contains(Filters, f.name) {
		return wrong(UnknownFilter, nameAt, f.name)
	}
	n, notNumber := strconv.Atoi(f.argument)
	bare := f.argument == "" && !f.quoted
	switch f.name {
	case "default":
		switch {
		case bare:
			return wrong(BadArgument, nameAt, f.name)
		case in == Segments || in == Fields:
			return wrong(WrongKind, nameAt, f.name)
		case f.quoted:
			return either(in, Text), true
		case notNumber == nil:
			f.number, f.numeric = n, true
			return either(in, Number), true
		}
		k, ok := p.known(f.argument, at(f.argumentAt))
		return either(in, plainKind(k)), ok
	case "date", "datetime":
		if !bare {
			return wrong(BadArgument, f.argumentAt, f.argument)
		}
		if in != Time && in != Any {
			return wrong(WrongKind, nameAt, f.name)
		}
		return Text, true
	case "upper":
		if !bare {
			return wrong(BadArgument, f.argumentAt, f.argument)
		}
		if in != Text && in != Any {
			return wrong(WrongKind, nameAt, f.name)
		}
		return Text, true
	case "truncate":
		if f.quoted || notNumber != nil || n < 1 || n > maxOutput {
			return wrong(BadArgument, max(f.argumentAt, nameAt), f.argument)
		}
		if in != Text && in != Any && in != Texts {
			return wrong(WrongKind, nameAt, f.name)
		}
		f.number = n
		return Text, true
	}
	if _, ok := p.schema.Maps[f.argument]; !ok || f.quoted {
		return wrong(BadArgument, max(f.argumentAt, nameAt), f.argument)
	}
	if in != Text && in != Bool && in != Number && in != Any {
		return wrong(WrongKind, nameAt, f.name)
	}
	return Text, true
}

// plainKind is what filters and places see of a kind.
func plainKind(k Kind) Kind {
	if k == Line {
		return Text
	}
	return k
}

// either is the kind of a value that may come from two places.
func either(a, b Kind) Kind {
	if a == b {
		return a
	}
	return Any
}
