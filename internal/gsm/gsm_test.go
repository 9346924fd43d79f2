package gsm

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestTheAlphabetIsWhole(t *testing.T) {
	t.Parallel()
	if n := utf8.RuneCountInString(basic); n != 128 {
		t.Errorf("the default alphabet has %d characters, wanted 128", n)
	}
	// A few codes of the table, so that no row has slipped.
	at := []rune(basic)
	for code, r := range map[int]rune{0x00: '@', 0x0a: '\n', 0x10: 'Δ', 0x1b: '\x1b', 0x1e: 'ß', 0x20: ' ', 0x24: '¤', 0x40: '¡', 0x41: 'A', 0x5b: 'Ä', 0x5f: '§', 0x60: '¿', 0x7b: 'ä', 0x7e: 'ü', 0x7f: 'à'} {
		if at[code] != r {
			t.Errorf("code %#x is %q, wanted %q", code, at[code], r)
		}
	}
	if n := utf8.RuneCountInString(extended); n != 10 {
		t.Errorf("the extension has %d characters, wanted 10", n)
	}
}

func TestLengthIsCountedInSeptets(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text string
		want int
		ok   bool
	}{
		{"", 0, true},
		{"Färben, Größe 38: 85 Euro", 25, true},
		{"85 €", 5, true}, // the euro sign takes two
		{"[a|b]{c}^~\\", 19, true},
		{strings.Repeat("ü", 160), 160, true},
		{"Łukasz", 0, false},
		{"„Ja“", 0, false},
		{"ok 👍", 0, false},
		{"a\x1bb", 0, false}, // an escape of one's own would change what follows
		{"c à ç", 0, false},  // the alphabet has Ç only
	} {
		if got, ok := Length(tt.text); got != tt.want || ok != tt.ok {
			t.Errorf("%q: %d, %t, wanted %d, %t", tt.text, got, ok, tt.want, tt.ok)
		}
	}
}

func TestTextIsWrittenInTheAlphabet(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, want string }{
		{"Größe und Übergrößen für Ärzte", "Größe und Übergrößen für Ärzte"},
		{"Gro\u00dfe a\u0308hnlich, U\u0308bung", "Große ähnlich, Übung"},
		{"„Schön“ – sagt’s", `"Schön" - sagt's`},
		{"14:30–15:00 Uhr", "14:30-15:00 Uhr"},
		{"85,00\u00a0€", "85,00 €"},
		{"Łukasz Żółć, François Œuvré", "Lukasz Zolc, Francois OEuvré"},
		{"Sinéad O’Connor", "Sinéad O'Connor"},
		{"Çelik Şahin Ğ", "Çelik Sahin G"},
		{"Termin ✂️ bei Anna 💇", "Termin bei Anna"},
		{"  viel\t\n  Platz  ", "viel Platz"},
		{"Привет", ""},
		{"a\x1bb", "ab"},
	} {
		if got := Text(tt.text); got != tt.want {
			t.Errorf("%q becomes %q, wanted %q", tt.text, got, tt.want)
		}
	}
}

func TestCutEndsAtAWord(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text string
		n    int
		want string
	}{
		{"Herrenhaarschnitt", 17, "Herrenhaarschnitt"},
		{"Herrenhaarschnitt", 10, "Herrenhaa."},
		{"Waschen, Schneiden und Föhnen", 20, "Waschen, Schneiden."},
		{"85 € und mehr", 5, "85."},
		{"€", 1, ""},
		{"abc", 0, ""},
	} {
		if got := Cut(tt.text, tt.n); got != tt.want {
			t.Errorf("%q in %d: %q, wanted %q", tt.text, tt.n, got, tt.want)
		}
	}
}

func TestWhateverIsWrittenCanBeSent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "text")
		n := rapid.IntRange(0, 200).Draw(t, "room")
		text := Text(s)
		if _, ok := Length(text); !ok {
			t.Fatalf("%q became %q, which is not in the alphabet", s, text)
		}
		if again := Text(text); again != text {
			t.Fatalf("written again, %q became %q", text, again)
		}
		if k, ok := Length(Cut(text, n)); !ok || k > n {
			t.Fatalf("cut to %d, %q takes %d", n, text, k)
		}
	})
}

func FuzzText(f *testing.F) {
	f.Add("Färben – 85,00\u00a0€ 💇 „ok“")
	f.Fuzz(func(t *testing.T, s string) {
		if k, ok := Length(Cut(Text(s), Single)); !ok || k > Single {
			t.Errorf("%q cannot be sent: %d septets, %t", s, k, ok)
		}
	})
}
