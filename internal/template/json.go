package template

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonNode of a payload: object, array, string with tags, or a literal that stays as it is.
type jsonNode any

type jsonObject struct {
	omit    *expression // omit_if_empty: the object goes when this is empty
	members []jsonMember
}

type jsonMember struct {
	name  string // quoted, with its colon; empty in a list
	value jsonNode
}

type jsonArray []jsonNode

type jsonLiteral string // a number, true, false, null, or a string without tags, quoted

// jsonText is a string with tags. If it is nothing but one expression, it takes the value as it is, typed.
type jsonText struct {
	nodes    []node
	whole    *expression
	optional []*expression // those with a ?: if one is empty, the member goes
}

// omitMember is the member that says on what its object depends; it is not part of the payload.
const omitMember = "omit_if_empty"

// jsonReader walks through the source, so that every string knows its place.
type jsonReader struct {
	*parser
	d *json.Decoder
}

var errRefused = errors.New("refused")

// json reads the whole source.
func (p *parser) json() jsonNode {
	var all json.RawMessage
	if err := json.Unmarshal([]byte(p.source), &all); err != nil { // judged as a whole first: only here mistakes have one place
		at := len(p.source)
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) && !strings.HasPrefix(syntax.Error(), "unexpected end") {
			at = int(syntax.Offset) - 1
		}
		p.refuse(at, BadJSON, err.Error())
		return nil
	}
	d := json.NewDecoder(strings.NewReader(p.source))
	d.UseNumber()
	n, err := (&jsonReader{p, d}).value(0)
	if err != nil {
		return nil // refused on the way
	}
	switch n := n.(type) {
	case jsonArray:
	case *jsonObject:
		if n.omit != nil {
			p.refuse(n.omit.at, BadJSON, omitMember)
		}
	default:
		p.refuse(0, BadJSON, "neither object nor list")
	}
	return n
}

// start is the offset of the next token.
func (r *jsonReader) start() int {
	at := int(r.d.InputOffset())
	for at < len(r.source) && strings.IndexByte(" \t\r\n,:", r.source[at]) >= 0 {
		at++
	}
	return at
}

func (r *jsonReader) value(depth int) (jsonNode, error) {
	at := r.start()
	if depth > maxDepth {
		r.refuse(at, TooDeep, "")
		return nil, errRefused
	}
	token, err := r.d.Token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case json.Delim:
		if token == '[' {
			list := jsonArray{}
			for r.d.More() {
				n, err := r.value(depth + 1)
				if err != nil {
					return nil, err
				}
				list = append(list, n)
			}
			_, err = r.d.Token()
			return list, err
		}
		return r.object(depth)
	case string:
		return r.text(token, at), nil
	case json.Number:
		return jsonLiteral(token.String()), nil
	case bool:
		return jsonLiteral(strconv.FormatBool(token)), nil
	}
	return jsonLiteral("null"), nil
}

func (r *jsonReader) object(depth int) (jsonNode, error) {
	o := &jsonObject{}
	seen := map[string]bool{}
	for r.d.More() {
		at := r.start()
		token, err := r.d.Token()
		if err != nil {
			return nil, err
		}
		name, _ := token.(string) // a decoder gives nothing else here
		switch {
		case seen[name]:
			r.refuse(at, DuplicateMember, name)
		case strings.Contains(name, "{{"):
			r.refuse(at, UnsafePlace, name)
		}
		seen[name] = true
		valueAt := r.start()
		n, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		if name != omitMember {
			o.members = append(o.members, jsonMember{quote(name) + ":", n})
			continue
		}
		t, ok := n.(*jsonText)
		if !ok || t.whole == nil {
			r.refuse(valueAt, BadJSON, omitMember)
			continue
		}
		o.omit = t.whole
	}
	_, err := r.d.Token()
	return o, err
}

// text reads the tags in a string.
func (r *jsonReader) text(s string, start int) jsonNode {
	if !strings.Contains(s, "{{") {
		return jsonLiteral(quote(s))
	}
	raw := r.source[start:]
	t := &jsonText{nodes: r.fragment(s, func(offset int) int { return start + rawOffset(raw, offset) })}
	if len(t.nodes) == 1 {
		t.whole, _ = t.nodes[0].(*expression)
	}
	t.collect(r.parser, t.nodes)
	return t
}

func (t *jsonText) collect(p *parser, nodes []node) {
	for _, n := range nodes {
		switch n := n.(type) {
		case *expression:
			if n.optional {
				t.optional = append(t.optional, n)
			}
			if t.whole == nil && (n.result == Segments || n.result == Fields) {
				p.refuse(n.at, WrongKind, n.path) // a list of segments has no text
			}
		case *block:
			t.collect(p, n.then)
			t.collect(p, n.other)
		}
	}
}

// rawOffset turns an offset in a string's value into one in the string as it was written, with quote and escapes.
func rawOffset(raw string, offset int) int {
	i := 1
	for decoded := 0; decoded < offset && i < len(raw); {
		if raw[i] != '\\' {
			_, n := utf8.DecodeRuneInString(raw[i:])
			i, decoded = i+n, decoded+n
			continue
		}
		c := hex4(raw, i)
		switch {
		case c < 0:
			i, decoded = i+2, decoded+1
		case utf16.IsSurrogate(c) && utf16.DecodeRune(c, hex4(raw, i+6)) != utf8.RuneError:
			i, decoded = i+12, decoded+4
		default:
			if utf16.IsSurrogate(c) {
				c = utf8.RuneError
			}
			i, decoded = i+6, decoded+utf8.RuneLen(c)
		}
	}
	return i
}

// hex4 reads \uXXXX; -1 if it is something else.
func hex4(raw string, i int) rune {
	if i+6 > len(raw) || raw[i] != '\\' || raw[i+1] != 'u' {
		return -1
	}
	n, err := strconv.ParseUint(raw[i+2:i+6], 16, 16)
	if err != nil {
		return -1
	}
	return rune(n)
}

// json writes a node; true means that it is not there and nothing was written.
func (r *renderer) json(n jsonNode) (gone bool, err error) {
	switch n := n.(type) {
	case jsonLiteral:
		return false, r.write(string(n))
	case jsonArray:
		items := make([]jsonMember, len(n))
		for i, element := range n {
			items[i].value = element
		}
		return false, r.items("[", items, "]")
	case *jsonObject:
		if n.omit != nil {
			v, err := r.value(n.omit)
			if err != nil || empty(v) {
				return true, err
			}
		}
		return false, r.items("{", n.members, "}")
	case *jsonText:
		return r.jsonText(n)
	}
	return false, nil
}

// items writes members or elements, without those that are gone.
func (r *renderer) items(open string, members []jsonMember, end string) error {
	if err := r.write(open); err != nil {
		return err
	}
	comma := ""
	for _, m := range members {
		before := r.out.Len()
		if err := r.write(comma + m.name); err != nil {
			return err
		}
		switch gone, err := r.json(m.value); {
		case err != nil:
			return err
		case gone:
			r.out.Truncate(before)
		default:
			comma = ","
		}
	}
	return r.write(end)
}

func (r *renderer) jsonText(t *jsonText) (gone bool, err error) {
	for _, e := range t.optional {
		v, err := r.value(e)
		if err != nil || empty(v) {
			return true, err
		}
	}
	if t.whole != nil {
		v, err := r.value(t.whole)
		if err != nil {
			return false, err
		}
		if s, ok := v.(string); ok && t.whole.result == Link {
			return false, r.write(quote(clean(s))) // a URL is no text, in Slack neither
		}
		return false, r.write(r.typed(v, t.whole.result))
	}
	inner := &renderer{t: r.t, values: r.values, zone: r.zone}
	if err := inner.nodes(t.nodes); err != nil {
		return false, err
	}
	return false, r.write(quote(inner.out.String()))
}

// typed is a value as JSON has it. A text that is missing is an empty one; other things that are missing are null.
func (r *renderer) typed(v any, k Kind) string {
	switch v := v.(type) {
	case nil:
		if k == Text || k == Link {
			return `""`
		}
		if k == Texts || k == Segments {
			return "[]"
		}
		return "null"
	case bool, int, int64, float64:
		return text(v)
	case []string:
		texts := make([]string, len(v))
		for i, s := range v {
			texts[i] = r.quoted(s)
		}
		return "[" + strings.Join(texts, ",") + "]"
	case []Segment:
		segments := make([]string, len(v))
		for i, s := range v {
			segments[i] = `{"role":` + r.quoted(s.Role) + `,"text":` + r.quoted(s.Text) + `}`
		}
		return "[" + strings.Join(segments, ",") + "]"
	case map[string]any:
		fields := make([]string, 0, len(v))
		for _, name := range slices.Sorted(maps.Keys(v)) {
			fields = append(fields, quote(clean(name))+":"+r.typed(v[name], Any))
		}
		return "{" + strings.Join(fields, ",") + "}"
	}
	if t, ok := v.(time.Time); ok && t.IsZero() {
		return "null"
	}
	return r.quoted(text(v))
}

func (r *renderer) quoted(s string) string { return quote(r.safe(s, nowhere)) }
