// Package inert makes others' texts harmless where they are shown: callers, models and partners send them. Its one rule:
// what comes out is nothing but letters in a line (or lines), whatever went in. It knows no page, no mail and no file; HTML
// is escaped by who writes it.
package inert

import (
	"strings"
	"unicode"
)

// Line is a text on one line: no control characters, none of those that turn the direction of writing or show nothing, no
// two blanks in a row. What is no UTF-8 is left out.
func Line(s string) string {
	return strings.Join(strings.Fields(letters(s, func(r rune) bool { return unicode.IsSpace(r) })), " ")
}

// Lines is a text of several lines, its tabs kept, otherwise as Line leaves it.
func Lines(s string) string {
	return strings.TrimSpace(letters(s, func(r rune) bool { return r != '\n' && r != '\t' && r != ' ' && unicode.IsSpace(r) }))
}

// letters leaves letters alone, and blanks where blank says so.
func letters(s string, blank func(rune) bool) string {
	return strings.Map(func(r rune) rune {
		switch {
		case blank(r):
			return ' '
		case r == '\n', r == '\t':
			return r
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}

// Cell is a line that a spreadsheet only ever reads: what begins like a formula, also in the wide letters of East Asia, gets
// an apostrophe before it (OWASP, CSV Injection).
func Cell(s string) string {
	if s = Line(s); s != "" && strings.ContainsAny(s[:len(string([]rune(s)[:1]))], "=+-@＝＋－＠") {
		return "'" + s
	}
	return s
}

// Shorten a text to at most so many letters, an ellipsis included. It is cut behind a word, unless that would lose more than
// the end of one.
func Shorten(s string, letters int) string {
	r := []rune(s)
	if len(r) <= letters {
		return s
	}
	short := string(r[:letters-1])
	if i := strings.LastIndexByte(short, ' '); i > 0 && r[letters-1] != ' ' && len(short)-i <= longestEnd {
		short = short[:i]
	}
	return strings.TrimRight(short, " ,;:–-") + "…"
}

// longestEnd of a word, in bytes, that Shorten takes away: longer ones (links, compounds) are cut inside.
const longestEnd = 24
