// Package redact takes out of a log copy what must not be kept: secrets, what is nobody's business outside (providers,
// prompts, costs), and persons. Its one rule: what may be harmful is removed, even if something harmless goes with it; the
// original is kept elsewhere, for a short time and for few. It walks through a text once and knows no regular expression,
// so no answer of a partner can make it slow.
package redact

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Removed stands where something was.
const Removed = "[removed]"

// maxMessage is how long an error message in the exchange log is.
const maxMessage = 1000

const maxDepth = 64

// Body is the log copy of a JSON body, also of one that was cut off; what is no JSON is treated as text. person are what is
// known of the people in it, their names, numbers and words: they are masked wherever they stand.
func Body(body []byte, person ...string) string {
	if first := bytes.TrimLeft(body, " \t\r\n"); len(first) > 0 && (first[0] == '{' || first[0] == '[') {
		w := &walker{d: json.NewDecoder(bytes.NewReader(body)), people: persons(person)}
		w.d.UseNumber()
		if !w.value(0) {
			w.out.WriteString("…")
		}
		return w.out.String()
	}
	return text(string(body), persons(person))
}

// Text is the log copy of a text.
func Text(s string, person ...string) string { return text(s, persons(person)) }

// walker writes a JSON text again, without what is removed, as far as it can be read.
type walker struct {
	d      *json.Decoder
	out    bytes.Buffer
	people *strings.Replacer
}

// value copies one value; false when the text ended or went wrong inside it.
func (w *walker) value(depth int) bool {
	t, err := w.d.Token()
	if err != nil || depth > maxDepth {
		return false
	}
	switch t := t.(type) {
	case json.Delim:
		return w.list(t, depth)
	case string:
		w.quote(text(t, w.people))
	case json.Number:
		w.quoteless(t.String())
	case bool:
		w.quoteless(map[bool]string{true: "true", false: "false"}[t])
	default:
		w.quoteless("null")
	}
	return true
}

func (w *walker) list(open json.Delim, depth int) bool {
	w.out.WriteString(open.String())
	for n := 0; w.d.More(); n++ {
		if n > 0 {
			w.out.WriteByte(',')
		}
		if open == '{' {
			t, err := w.d.Token()
			name, ok := t.(string)
			if err != nil || !ok {
				return false
			}
			w.quote(text(name, w.people))
			w.out.WriteByte(':')
			if sensitive(name) {
				if !w.remove() {
					return false
				}
				continue
			}
		}
		if !w.value(depth + 1) {
			return false
		}
	}
	t, err := w.d.Token()
	if err != nil {
		return false
	}
	w.out.WriteString(t.(json.Delim).String())
	return true
}

// remove skips a value, however deep; only that there was none is told.
func (w *walker) remove() bool {
	for depth := 0; ; {
		t, err := w.d.Token()
		if err != nil {
			w.quote(Removed)
			return false
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		case nil:
			if depth == 0 {
				w.quoteless("null")
				return true
			}
		}
		if depth == 0 {
			w.quote(Removed)
			return true
		}
	}
}

func (w *walker) quote(s string) {
	e := json.NewEncoder(&w.out)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string can always be encoded
	w.out.Truncate(w.out.Len() - 1)
}

func (w *walker) quoteless(s string) { w.out.WriteString(s) }

// Header is the log copy of headers: several values of one are joined by comma.
func Header(h http.Header) map[string]string {
	out := make(map[string]string, len(h))
	for name, values := range h {
		value := strings.Join(values, ", ")
		switch {
		case strings.EqualFold(name, "User-Agent"), len(name) > 8 && strings.EqualFold(name[:8], "Content-"): // no agent of ours, nobody's content
			value = Text(value)
		case strings.EqualFold(name, "Location"): // no place of a person
			value = Place(value)
		case sensitive(name):
			value = Removed
		default:
			value = Text(value)
		}
		out[name] = value
	}
	return out
}

// Place is a URL as the exchange log has it: host and path, without user, query and what looks like a secret in the path.
func Place(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return Removed
	}
	segments := strings.Split(u.EscapedPath(), "/")
	for i, s := range segments {
		if capability(s) || strings.EqualFold(u.Hostname(), "hooks.slack.com") && i > 1 {
			segments[i] = "…"
		}
	}
	place := u.Host + strings.Join(segments, "/")
	if u.RawQuery != "" {
		place += "?…"
	}
	return Text(place)
}

// capability tells path segments whose knowledge is the permission, as messengers use them: long, letters and digits.
func capability(s string) bool {
	return len(s) >= 20 && strings.ContainsAny(s, "0123456789") && strings.ContainsFunc(s, unicode.IsLetter) || len(s) >= 40
}

// Recipient is an e-mail address as logs have it.
func Recipient(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 1 {
		return Removed
	}
	local := []rune(address[:at])
	return string(local[:min(3, len(local))]) + "***" + address[at:]
}

// Message is an error message without paths, IP addresses and the credentials of URLs, at most 1 000 characters.
func Message(s string) string {
	var b strings.Builder
	s = limit(s, 4*maxMessage)
	for s != "" {
		end := strings.IndexFunc(s, separates)
		switch {
		case end < 0:
			end = len(s)
		case end == 0:
			_, end = utf8.DecodeRuneInString(s)
			b.WriteString(s[:end])
			s = s[end:]
			continue
		}
		b.WriteString(word(s[:end]))
		s = s[end:]
	}
	return limit(Text(b.String()), maxMessage)
}

func separates(c rune) bool {
	return unicode.IsSpace(c) || unicode.IsControl(c) || strings.ContainsRune("\"'`()[]{}<>,;|", c)
}

// word of an error message: a URL, an address or a path become less than they were.
func word(s string) string {
	if scheme, rest, ok := strings.Cut(s, "://"); ok {
		if at := strings.LastIndexByte(strings.SplitN(rest, "/", 2)[0], '@'); at >= 0 {
			rest = rest[at+1:]
		}
		host, path, _ := strings.Cut(rest, "/")
		if isAddress(host) {
			host = Removed
		}
		return scheme + "://" + host + strings.TrimSuffix("/"+strings.SplitN(path, "?", 2)[0], "/")
	}
	if i := strings.LastIndexByte(s, '='); i >= 0 {
		return word(s[:i]) + "=" + word(s[i+1:])
	}
	bare := strings.TrimRight(s, ":.!?-")
	if isAddress(bare) {
		return Removed + s[len(bare):]
	}
	if strings.Count(bare, "/") >= 2 || len(bare) > 1 && bare[0] == '/' || strings.Contains(bare, `\`) {
		return Removed + s[len(bare):]
	}
	return s
}

func isAddress(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	_, err := netip.ParseAddrPort(s)
	return err == nil
}

func limit(s string, n int) string {
	if len(s) <= n {
		return s
	}
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}

// persons masks what is known of people, the longest first: the full name before the first name.
func persons(known []string) *strings.Replacer {
	known = slices.Clone(known)
	for i, x := range known {
		known[i] = strings.ToValidUTF8(x, "\ufffd") // as the texts are made: half a character would cut theirs
	}
	slices.SortFunc(known, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	var pairs []string
	for _, x := range known {
		if utf8.RuneCountInString(x) >= 3 {
			pairs = append(pairs, x, Removed)
		}
	}
	return strings.NewReplacer(pairs...)
}

// text masks persons, then what looks like a secret or an address.
func text(s string, people *strings.Replacer) string {
	return scan(people.Replace(strings.ToValidUTF8(s, "\ufffd")))
}
