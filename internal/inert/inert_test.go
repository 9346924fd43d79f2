package inert_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/askpro/gateway/internal/inert"
)

func TestTextsBecomeHarmless(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, line, lines, cell string }{
		{"a plain one", "Der Drucker druckt nicht.", "Der Drucker druckt nicht.", "Der Drucker druckt nicht.", "Der Drucker druckt nicht."},
		{"line breaks", " a\r\nBcc: b\tc ", "a Bcc: b c", "a \nBcc: b\tc", "a Bcc: b c"},
		{"what turns the direction of writing", "TKT\u202egpj.exe\u200b", "TKTgpj.exe", "TKTgpj.exe", "TKTgpj.exe"},
		{"what a terminal obeys", "\x1b[31mrot\x07", "[31mrot", "[31mrot", "[31mrot"},
		{"no UTF-8", "a\xffb\ufffd", "ab", "ab", "ab"},
		{"a formula", "=HYPERLINK(1)", "=HYPERLINK(1)", "=HYPERLINK(1)", "'=HYPERLINK(1)"},
		{"a formula behind blanks", "\t @SUM(1)", "@SUM(1)", "@SUM(1)", "'@SUM(1)"},
		{"a formula in wide letters", "＝1", "＝1", "＝1", "'＝1"},
		{"a telephone number", "+4930", "+4930", "+4930", "'+4930"},
		{"a formula behind what shows nothing", "\u202e\u200b=1", "=1", "=1", "'=1"},
		{"a formula on the second line", "a\r\n=1", "a =1", "a \n=1", "a =1"},
		{"nothing", "\r\n\x00", "", "", ""},
	} {
		if line, lines, cell := inert.Line(tt.in), inert.Lines(tt.in), inert.Cell(tt.in); line != tt.line || lines != tt.lines || cell != tt.cell {
			t.Errorf("%s: %q, %q, %q", tt.name, line, lines, cell)
		}
	}
}

func TestWhateverComesInLettersComeOut(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")) + rapid.String().Draw(t, "text")
		line, lines := inert.Line(s), inert.Lines(s)
		if bad := func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }; strings.ContainsFunc(line, bad) || !utf8.ValidString(line) || inert.Line(line) != line {
			t.Fatalf("%q became the line %q", s, line)
		}
		if bad := func(r rune) bool { return r != '\n' && r != '\t' && unicode.IsControl(r) }; strings.ContainsFunc(lines, bad) || !utf8.ValidString(lines) || inert.Lines(lines) != lines {
			t.Fatalf("%q became the lines %q", s, lines)
		}
	})
}

func TestShorteningEndsAtAWord(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, want string }{
		{"kurz", "kurz"},
		{"genau zwanzig Zeichen", "genau zwanzig…"},
		{"Der Drucker zieht kein Papier", "Der Drucker zieht…"},
		{"Drucker, Scanner, und Fax", "Drucker, Scanner…"},
		{"https://example.com/a/very/long/link/without/blanks", "https://example.com…"},
		{"Donaudampfschifffahrtsgesellschaft", "Donaudampfschifffah…"},
	} {
		if got := inert.Shorten(tt.in, 20); got != tt.want || len([]rune(got)) > 20 {
			t.Errorf("%q became %q", tt.in, got)
		}
	}
}
