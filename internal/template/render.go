package template

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// renderer fills one template once.
type renderer struct {
	t      *Template
	values Values
	zone   *time.Location
	out    bytes.Buffer
}

func fail(e *expression, code Code, text string) error {
	return Problem{e.line, e.column, code, cut(text)}
}

func (r *renderer) write(s string) error {
	if r.out.Len()+len(s) > maxOutput {
		return Problem{1, 1, TooLarge, ""}
	}
	r.out.WriteString(s)
	return nil
}

func (r *renderer) nodes(list []node) error {
	for _, n := range list {
		if err := r.node(n); err != nil {
			return err
		}
	}
	return nil
}

func (r *renderer) node(n node) error {
	switch n := n.(type) {
	case literal:
		return r.write(string(n))
	case *block:
		if r.truth(n.path) != n.unless {
			return r.nodes(n.then)
		}
		return r.nodes(n.other)
	case *expression:
		v, err := r.value(n)
		if err != nil {
			return err
		}
		return r.write(r.safe(text(v), n.place))
	}
	return fmt.Errorf("a node of type %T", n)
}

// look up what stands behind a path. A Line has one, whatever a caller said.
func (r *renderer) look(path string) any {
	v := r.raw(path)
	if s, ok := v.(string); ok && r.isLine(path) && strings.ContainsFunc(s, func(c rune) bool { return c != ' ' && unicode.IsSpace(c) || unicode.IsControl(c) }) {
		return oneLine(s)
	}
	return v
}

func (r *renderer) isLine(path string) bool {
	k, _ := r.t.schema.listed(path)
	return k == Line
}

func (r *renderer) raw(path string) any {
	if name, ok := strings.CutPrefix(path, varPrefix); ok {
		return r.t.schema.Vars[name].Value
	}
	if key, ok := strings.CutPrefix(path, customPrefix); ok {
		fields, _ := r.values["case.custom"].(map[string]any)
		return fields[key]
	}
	return r.values[path]
}

// truth of a condition: there is something, and it is neither no nor zero.
func (r *renderer) truth(path string) bool {
	switch v := r.look(path).(type) {
	case bool:
		return v
	case int:
		return v != 0
	case int64:
		return v != 0
	case float64:
		return v != 0
	default:
		return !empty(v)
	}
}

// value of an expression: string, bool, number, time.Time, []string, []Segment, map or nil.
func (r *renderer) value(e *expression) (any, error) {
	v := r.look(e.path)
	if !fits(v, e.kind) {
		return nil, fail(e, WrongKind, e.path)
	}
	unmapped := ""
	for _, f := range e.filters {
		if f.name == "default" {
			unmapped = ""
			if empty(v) {
				v = r.fallback(f)
			}
			continue
		}
		if empty(v) {
			continue
		}
		switch f.name {
		case "date", "datetime":
			at, ok := moment(v)
			if !ok {
				return nil, fail(e, WrongKind, e.path)
			}
			v = at.In(r.zone).Format(map[string]string{"date": "02.01.2006", "datetime": "02.01.2006 15:04"}[f.name])
		case "upper":
			v = strings.ToUpper(text(v))
		case "truncate":
			v = shorten(text(v), f.number)
		case "map":
			m := r.t.schema.Maps[f.argument]
			to, ok := m[text(v)]
			if !ok {
				to, ok = m["*"]
			}
			if !ok {
				unmapped = f.argument
			}
			v = to
		}
	}
	if unmapped != "" {
		return nil, fail(e, NotMapped, unmapped)
	}
	return v, nil
}

func (r *renderer) fallback(f filter) any {
	switch {
	case f.quoted:
		return f.argument
	case f.numeric:
		return f.number
	}
	return r.look(f.argument)
}

func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case time.Time:
		return v.IsZero()
	case []string:
		return len(v) == 0
	case []Segment:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

// fits tells whether a value is of the kind that its path promises.
func fits(v any, k Kind) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return k == Text || k == Line || k == Link || k == Any
	case bool:
		return k == Bool || k == Any
	case int, int64:
		return k == Number || k == Any
	case float64:
		return (k == Number || k == Any) && !math.IsNaN(v) && !math.IsInf(v, 0)
	case time.Time:
		return k == Time || k == Any
	case []string:
		return k == Texts || k == Any
	case []Segment:
		return k == Segments
	case map[string]any:
		for _, field := range v {
			if !fits(field, Any) {
				return false
			}
		}
		return k == Fields
	}
	return false
}

// moment of a value: custom fields keep theirs as text.
func moment(v any) (time.Time, bool) {
	switch v := v.(type) {
	case time.Time:
		return v, true
	case string:
		for _, layout := range []string{time.RFC3339, time.DateOnly} {
			if at, err := time.Parse(layout, v); err == nil {
				return at, true
			}
		}
	}
	return time.Time{}, false
}

// text of a value, before it is made safe.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int:
		return strconv.Itoa(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case time.Time:
		if !v.IsZero() {
			return stamp(v)
		}
	case []string:
		return strings.Join(v, ", ")
	}
	return ""
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// shorten to n characters, the last of them saying that there was more.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return strings.TrimRightFunc(string(r[:n-1]), unicode.IsSpace) + "…"
}

// safe makes a value's text harmless where it stands.
func (r *renderer) safe(s string, p place) string {
	s = clean(s)
	switch {
	case r.t.mode == Slack:
		return slackSafe(s)
	case r.t.mode != HTML:
		return s
	case p == inURL:
		s = url.QueryEscape(s)
	}
	s = html.EscapeString(s)
	if p == inText {
		s = strings.ReplaceAll(s, "\n", "<br>\n")
	}
	return s
}

// slackSafe takes the meaning from Slack's three control characters: no <!channel>, no <url|text>.
var slackSafe = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace

// clean removes what no text has: broken UTF-8 and control characters but line breaks and tabs.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	return strings.Map(func(c rune) rune {
		switch {
		case c == '\n' || c == '\t':
			return c
		case unicode.IsControl(c):
			return -1
		}
		return c
	}, s)
}

// oneLine is what a header may be: line breaks of any kind become spaces.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(c rune) bool { return unicode.IsSpace(c) || unicode.IsControl(c) || c == '\u2028' || c == '\u2029' }), " ")
}

// quote writes a JSON string; nothing but JSON's own characters is escaped, a payload is no page.
func quote(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string can always be encoded
	return strings.TrimSuffix(b.String(), "\n")
}
