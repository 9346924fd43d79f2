package audit

import (
	"encoding/json"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/askpro/gateway/internal/redact"
)

// Hidden stands where a secret was, or the name of one.
const Hidden = "(hidden)"

// mostOfAValue is how much of a text a line keeps: a payload may be long, its first pages tell which it is.
const mostOfAValue = 2000

// Saved is the line of an object of the configuration, called by its slug, name or number; false where it says the same as
// before. before is nil for one that is new, after for one that is gone.
func Saved(by By, o Object, before, after map[string]any) (Entry, bool) {
	e := Entry{By: by, Action: Changed, Object: o}
	for _, of := range []map[string]any{after, before} {
		for _, name := range []string{"slug", "name", "number"} {
			if x, ok := of[name].(string); ok && e.Object.Name == "" {
				e.Object.Name = x
			}
		}
	}
	switch {
	case before == nil:
		e.Action = Created
	case after == nil:
		e.Action = Removed
	}
	e.compare("", before, after)
	return e, len(e.Changes) > 0
}

// Fields are the names of what is different, without any value.
func (e Entry) Fields() []string {
	names := make([]string, len(e.Changes))
	for i, c := range e.Changes {
		names[i] = c.Field
	}
	return names
}

// compare notes what is different in two objects, below a path. Objects within them are compared field by field, lists whole.
func (e *Entry) compare(path string, before, after map[string]any) {
	names := map[string]bool{}
	for _, m := range []map[string]any{before, after} {
		for name := range m {
			names[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		was, is := before[name], after[name]
		if reflect.DeepEqual(was, is) {
			continue
		}
		field := strings.TrimPrefix(path+"."+name, ".")
		inner, ok := was.(map[string]any)
		other, ok2 := is.(map[string]any)
		if (ok || was == nil) && (ok2 || is == nil) && len(inner)+len(other) > 0 {
			e.compare(field, inner, other)
			continue
		}
		e.Changes = append(e.Changes, Change{Field: field, Before: shown(field, was), After: shown(field, is)})
	}
}

// secretive are the words in the name of a field whose value nobody reads here.
var secretive = []string{"secret", "password", "token", "api_key", "signing", "headers", "auth.", "webhook_route_id"}

// shown is a value as a line has it.
func shown(field string, v any) string {
	if v == nil {
		return ""
	}
	if _, isSwitch := v.(bool); !isSwitch && !strings.HasSuffix(field, "auth.type") &&
		slices.ContainsFunc(secretive, func(word string) bool { return strings.Contains(field, word) }) {
		return Hidden
	}
	if s, ok := v.(string); ok {
		var payload map[string]any // as a company writes one: a text of JSON
		if json.Unmarshal([]byte(s), &payload) != nil {
			return cut(clean(s))
		}
		v = payload
	}
	b, err := json.Marshal(cleaned(v))
	if err != nil {
		return Hidden // nothing that was read from JSON or the table; better less than more
	}
	return cut(string(b))
}

// cleaned is a value with its texts cleaned, however deep.
func cleaned(v any) any {
	switch v := v.(type) {
	case string:
		return clean(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = cleaned(v[i])
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for name, x := range v {
			if _, isText := x.(string); isText {
				x = shown(name, x)
			}
			out[name] = cleaned(x)
		}
		return out
	}
	return v
}

// clean is a text without references to secrets, without what of a URL is a permission, and without what looks like a secret.
// Addresses and numbers stay: they are the company's own.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	if strings.HasPrefix(s, "ssm:") || strings.HasPrefix(s, "secretsmanager:") {
		return Hidden
	}
	if u, err := url.Parse(s); err == nil && u.Scheme != "" && u.Host != "" {
		return u.Scheme + "://" + redact.Place(s)
	}
	words := strings.SplitAfter(s, " ")
	for i, w := range words {
		bare := strings.TrimSpace(w)
		if !strings.ContainsAny(bare, "@+") && strings.Contains(redact.Text(bare), redact.Removed) {
			words[i] = strings.Replace(w, bare, Hidden, 1)
		}
	}
	return strings.Join(words, "")
}

func cut(s string) string {
	if utf8.RuneCountInString(s) <= mostOfAValue {
		return s
	}
	return string([]rune(s)[:mostOfAValue]) + "…"
}
