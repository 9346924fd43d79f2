// Package phone reads telephone numbers as Germans write and say them. Its one rule: what is not surely a number is no
// number; a wrong one rings at a stranger's. It knows the shapes of E.164 (ITU-T) and of the German trunk prefix, not
// which numbers are assigned.
package phone

import (
	"errors"
	"strings"
)

// Number is E.164: a plus sign and 7 to 15 digits (ITU-T E.164 §6.2.1 allows 15).
type Number string

// ErrNoNumber says that a text is no telephone number.
var ErrNoNumber = errors.New("no telephone number: write it as +49 30 1234567 or 030 1234567")

// suppressed are the words that networks and models put in place of a withheld number (§5.6).
var suppressed = map[string]bool{
	"": true, "anonymous": true, "anonym": true, "unknown": true, "blocked": true, "private": true, "withheld": true,
	"restricted": true, "unavailable": true, "null": true, "none": true,
}

// Transmitted reads a caller's number as the network gives it: exact E.164, everything else counts as suppressed.
func Transmitted(s string) (Number, bool) {
	s = strings.TrimSpace(s)
	if suppressed[strings.ToLower(s)] || !strings.HasPrefix(s, "+") || !digits(s[1:]) || s[1] == '0' {
		return "", false
	}
	return Number(s), len(s) >= 8 && len(s) <= 16
}

// words are the digits as callers say them; a model often writes down what it heard.
var words = map[string]string{
	"null": "0", "eins": "1", "ein": "1", "zwei": "2", "zwo": "2", "drei": "3", "vier": "4", "fünf": "5", "fuenf": "5",
	"sechs": "6", "sieben": "7", "acht": "8", "neun": "9", "plus": "+",
}

// Parse reads a number in any usual German form: "+49 (0)731 4021", "0049 731 4021", "0731/40 21", "null sieben drei eins …".
// A number without country code and trunk prefix is refused: nobody knows its area.
func Parse(s string) (Number, error) {
	if len(s) > 100 {
		return "", ErrNoNumber
	}
	var b strings.Builder
	for _, field := range strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return strings.ContainsRune(" \t\n/-.,()", r) }) {
		if d, ok := words[field]; ok {
			field = d
		}
		b.WriteString(field)
	}
	n := b.String()
	// "+49 (0)30 …": the trunk zero in brackets is for callers inside the country.
	national := strings.Contains(s, "(0)")
	switch {
	case strings.HasPrefix(n, "+"):
	case strings.HasPrefix(n, "00"):
		n = "+" + n[2:]
	case strings.HasPrefix(n, "0"):
		n, national = "+49"+n[1:], false
	default:
		return "", ErrNoNumber
	}
	if national {
		if head, rest, ok := strings.Cut(n, "0"); ok && head == "+49" {
			n = head + rest
		}
	}
	if !digits(n[1:]) || len(n) < 8 || len(n) > 16 || n[1] == '0' || strings.HasPrefix(n, "+490") {
		return "", ErrNoNumber
	}
	return Number(n), nil
}

func digits(s string) bool {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return s != ""
}

// TakesText tells whether a text message can reach the number: of German ones the mobile ones only (015, 016, 017); what
// other countries do is not known here.
func (n Number) TakesText() bool {
	national, german := strings.CutPrefix(string(n), "+49")
	return n != "" && (!german || strings.HasPrefix(national, "15") || strings.HasPrefix(national, "16") || strings.HasPrefix(national, "17"))
}
