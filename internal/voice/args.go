package voice

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/askpro/gateway/internal/german"
)

// arguments are what a model wrote, cleaned: known names only, plain text, within their lengths. A value that is too long
// counts as not understood; a note is cut.
type arguments map[string]string

// Lengths of §5.3 in letters; everything else has 100.
var lengths = map[string]int{
	"date": 120, "time": 60, "new_date": 120, "new_time": 60, "name": 150, "service": 250, "email": 255, "notes": 1000, "reason": 1000,
	"preferred_time": 120, "utterance": 1000, "text": 1000,
}

// whole are the arguments that are cut when they are too long, not dropped: their beginning says enough.
var whole = map[string]bool{"notes": true, "reason": true, "utterance": true, "text": true}

const otherLength = 100

// Other names that models use (§5.3).
var aliases = map[string]string{
	"datum": "date", "date_string": "date", "appointment_date": "date", "preferred_date": "date", "day": "date", "after": "date",
	"uhrzeit": "time", "appointment_time": "time", "preferred_time": "time",
	"dienstleistung": "service", "service_name": "service", "service_id": "service",
	"customer_name": "name",
	"mitarbeiter":   "staff", "preferred_staff_id": "staff",
	"bestaetigung": "confirm", "confirm_booking": "confirm",
	"old_date": "date",
}

// clean reads the arguments of a tool. A canonical name wins over its aliases, whatever the order. keepTime leaves
// preferred_time alone: for a callback it is a wish in words, not the time of an appointment.
func clean(raw map[string]any, keepTime bool) arguments {
	args := arguments{}
	for name, v := range raw {
		canonical := strings.ToLower(strings.TrimSpace(name))
		to, isAlias := aliases[canonical]
		if isAlias && !(keepTime && canonical == "preferred_time") {
			canonical = to
		}
		s, ok := scalar(v)
		if !ok {
			continue
		}
		if _, set := args[canonical]; set && isAlias {
			continue
		}
		limit, known := lengths[canonical]
		if !known {
			limit = otherLength
		}
		s = plain(s)
		if utf8.RuneCountInString(s) > limit {
			if !whole[canonical] {
				continue
			}
			s = string([]rune(s)[:limit])
		}
		if s != "" {
			args[canonical] = s
		}
	}
	return args
}

func scalar(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	case json.Number:
		return v.String(), true
	}
	return "", false
}

// plain removes tags, what could be markup or a template, and control letters, and trims blanks.
func plain(s string) string {
	var b strings.Builder
	inTag, gap := false, false
	for i, r := range s {
		switch {
		case r == '<':
			// A tag ends; a lone "<" does not swallow the rest.
			inTag = strings.ContainsRune(s[i:], '>')
			continue
		case r == '>':
			inTag = false
			continue
		case inTag, r == '{', r == '}', r == '\\', r == utf8.RuneError:
			continue
		case unicode.IsSpace(r) || unicode.IsControl(r):
			gap = true
			continue
		case unicode.Is(unicode.Cf, r): // direction marks and other invisible letters
			continue
		}
		if gap && b.Len() > 0 {
			b.WriteByte(' ')
		}
		gap = false
		b.WriteRune(r)
	}
	return b.String()
}

// yes and no read a flag the way models write it; an absent or strange one is neither.
func (a arguments) yes(name string) bool {
	switch strings.ToLower(a[name]) {
	case "true", "1", "ja", "yes", "wahr":
		return true
	}
	return false
}

func (a arguments) no(name string) bool {
	switch strings.ToLower(a[name]) {
	case "false", "0", "nein", "no", "falsch":
		return true
	}
	return false
}

// fingerprint is the same for the same arguments, whatever their order.
func (a arguments) fingerprint() string {
	b, _ := json.Marshal(a) // keys of a map are sorted
	h := fnv.New64a()
	h.Write(b)
	return fmt.Sprintf("%x", h.Sum64())
}

func (a arguments) json() string {
	b, _ := json.Marshal(a)
	return string(b)
}

// email reads a spoken address; empty when it is none.
func (a arguments) email() string {
	s := german.ReadEmail(a["email"])
	if strings.HasSuffix(s, "@sms.cal.com") {
		return ""
	}
	return s
}
