package redact

import (
	"strings"
	"sync"
	"unicode"
)

// families of names (§11): secrets, what is nobody's business outside, persons and their words. A name is sensitive if one
// of its words is in them.
var families = sync.OnceValue(func() map[string]bool {
	m := map[string]bool{}
	for _, list := range []string{
		"auth authorization authentication authenticate oauth secret secrets token tokens password passwords passwort passwd pwd pass passphrase key keys apikey " +
			"signature signatures sig credential credentials cookie cookies session jwt bearer hmac otp",
		"provider providers retell calcom twilio openai anthropic elevenlabs deepgram prompt prompts voice agent agents llm cost costs price prices pricing margin margins internal",
		"name names firstname lastname surname fullname username vorname nachname phone phones telephone telefon tel mobile handy fax email emails mail mails location locations " +
			"standort address addresses adresse street strasse description descriptions beschreibung transcript transcripts transkript segments caller " +
			"subject betreff title titel summary body text texts content comment comments note notes notiz",
	} {
		for _, w := range strings.Fields(list) {
			m[w] = true
		}
	}
	return m
})

// sensitive tells names of members and headers: Api-Key, apiKey, api_key, APIKey, signing-secret, customerName.
func sensitive(name string) bool {
	if len(name) > 200 {
		return true // nobody names something so
	}
	var word []rune
	found := false
	end := func() {
		found = found || families()[strings.ToLower(string(word))]
		word = word[:0]
	}
	runes := []rune(name)
	for i, c := range runes {
		switch {
		case !unicode.IsLetter(c):
			end()
			continue
		case unicode.IsUpper(c) && i > 0 && (unicode.IsLower(runes[i-1]) || unicode.IsUpper(runes[i-1]) && i+1 < len(runes) && unicode.IsLower(runes[i+1])):
			end()
		}
		word = append(word, c)
	}
	end()
	return found || families()[strings.ToLower(strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) {
			return c
		}
		return -1
	}, name))]
}

// scan goes through a text once and removes secrets, e-mail addresses and telephone numbers, and what stands behind a
// sensitive name (password=…, "token": …).
func scan(s string) string {
	var b strings.Builder
	before := "" // the word before
	for i := 0; i < len(s); {
		if s[i] == '+' && i+1 < len(s) && digit(s[i+1]) {
			if n := phone(s[i:]); n > 0 {
				b.WriteString(Removed)
				i, before = i+n, ""
				continue
			}
		}
		n := token(s[i:])
		if n == 0 {
			b.WriteByte(s[i])
			i++
			continue
		}
		t := s[i : i+n]
		i += n
		switch {
		case strings.EqualFold(before, "bearer") || strings.EqualFold(before, "basic"):
			b.WriteString(Removed)
		default:
			b.WriteString(bare(t))
		}
		before = t
		if !sensitive(t) || len(t) > 60 {
			continue
		}
		if gap := assigned(s[i:]); gap > 0 {
			b.WriteString(s[i : i+gap])
			i += gap
			if n := assignee(s[i:]); n > 0 {
				b.WriteString(Removed)
				i += n
			}
		}
	}
	return b.String()
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// token is the length of what may be one word, address or secret.
func token(s string) int {
	n := 0
	for n < len(s) && (digit(s[n]) || s[n] >= 'a' && s[n] <= 'z' || s[n] >= 'A' && s[n] <= 'Z' || s[n] >= 0x80 || strings.IndexByte("_-/.@%", s[n]) >= 0 || s[n] == '+' && n > 0) {
		n++
	}
	return n
}

// phone is the length of a number in international form: a plus sign and at least seven digits.
func phone(s string) int {
	digits, end := 0, 0
	for i := 1; i < len(s) && i < 40; i++ {
		switch {
		case digit(s[i]):
			digits++
			end = i + 1
		case strings.IndexByte(" -/()", s[i]) < 0:
			i = len(s)
		}
	}
	if digits < 7 {
		return 0
	}
	return end
}

// assigned is the length of what stands between a name and its value; 0 if there is no value.
func assigned(s string) int {
	n := 0
	for n < len(s) && n < 8 && strings.IndexByte("\"' \t\\", s[n]) >= 0 {
		n++
	}
	if n == len(s) || s[n] != ':' && s[n] != '=' {
		return 0
	}
	n++
	for n < len(s) && strings.IndexByte("\"' \t\\", s[n]) >= 0 {
		n++
	}
	return n
}

// assignee is the length of such a value: to the next quote, separator or line.
func assignee(s string) int {
	if end := strings.IndexAny(s, "\"'&,;<}\n\r"); end >= 0 {
		return end
	}
	return len(s)
}

// bare is a token without what is secret in it.
func bare(t string) string {
	if at := strings.IndexByte(t, '@'); at > 0 && strings.Contains(t[at:], ".") {
		return Removed
	}
	if secret(t) {
		return Removed
	}
	if !strings.Contains(t, ".") {
		return t
	}
	parts := strings.Split(t, ".")
	for i, p := range parts {
		if secret(p) {
			parts[i] = Removed
		}
	}
	return strings.Join(parts, ".")
}

// beginnings of secrets that their makers gave them, to be found.
var beginnings = []string{"sk-", "pk-", "sk_", "pk_", "rk_", "whsec_", "key_", "cal_", "xoxb-", "xoxp-", "xapp-", "ghp_", "glpat-", "eyJ", "AKIA", "ASIA"}

const (
	longHex    = 32
	longBase64 = 40
)

// secret tells what looks like one: a known beginning, 32 hexadecimal digits in a row, or 40 characters of base64.
func secret(t string) bool {
	for _, p := range strings.Split(t, "/") {
		for _, b := range beginnings {
			if len(p) >= len(b)+8 && strings.HasPrefix(p, b) {
				return true
			}
		}
	}
	hex, upper, lower, digits := 0, false, false, false
	for i := range len(t) {
		c := t[i]
		switch {
		case digit(c):
			digits = true
			hex++
		case c >= 'a' && c <= 'z':
			lower = true
			hex++
		case c >= 'A' && c <= 'Z':
			upper = true
			hex++
		default:
			hex = 0
		}
		if c > 'f' && c <= 'z' || c > 'F' && c <= 'Z' {
			hex = 0
		}
		if hex >= longHex {
			return true
		}
	}
	return len(t) >= longBase64 && upper && lower && digits && !strings.Contains(t, ".")
}
