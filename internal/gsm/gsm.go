// Package gsm writes text in the alphabet of text messages (3GPP TS 23.038 §6.2.1). Its one rule: one character outside
// of it would turn the whole message into one of 70 characters, so nothing outside of it is let through. It knows no
// message.
package gsm

import (
	"strings"
	"unicode"
)

// Single is how many septets one message has room for (160 characters of 7 bits in 140 bytes).
const Single = 160

// basic is the default alphabet in the order of its codes; the escape (0x1b) has no character.
const basic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"

// extended characters follow an escape, so they take two septets.
const extended = "\f^{}\\[~]|€"

// septets a character takes; 0: it is not in the alphabet.
func septets(r rune) int {
	switch {
	case r == '\x1b':
		return 0
	case strings.ContainsRune(basic, r):
		return 1
	case strings.ContainsRune(extended, r):
		return 2
	}
	return 0
}

// Length of a text in septets; false when a character is not in the alphabet.
func Length(s string) (n int, ok bool) {
	for _, r := range s {
		k := septets(r)
		if k == 0 {
			return 0, false
		}
		n += k
	}
	return n, true
}

// alike are characters that people write in German texts and names and that the alphabet lacks. Those with a plain
// letter beneath an accent are in plain.
var alike = map[rune]string{
	'„': `"`, '“': `"`, '”': `"`, '«': `"`, '»': `"`, '‟': `"`, '‹': "'", '›': "'", '‚': "'", '‘': "'", '’': "'", '`': "'", '´': "'",
	'–': "-", '—': "-", '‐': "-", '‑': "-", '−': "-", '…': "...", '·': "-", '•': "-", '×': "x", '½': "1/2", '¼': "1/4", '¾': "3/4",
	'ẞ': "SS", 'Œ': "OE", 'œ': "oe", 'Ł': "L", 'ł': "l", 'Đ': "D", 'đ': "d", 'ð': "d", 'Ð': "D", 'þ': "th", 'Þ': "Th", 'ı': "i", '¢': "c",
	'©': "(c)", '®': "(R)", '™': "(TM)", '№': "Nr.", 'µ': "u",
}

// plain lists letters behind the plain one that stands for them.
var plain = []string{
	"AÀÁÂÃĀĂĄ", "CĆĈĊČ", "DĎ", "EÈÊËĒĔĖĘĚ", "GĜĞĠĢ", "HĤĦ", "IÌÍÎÏĨĪĬĮİ", "JĴ", "KĶ", "LĹĻĽ", "NŃŅŇ", "OÒÓÔÕŌŎŐ", "RŔŖŘ", "SŚŜŞŠȘ", "TŢŤŦȚ",
	"UÙÚÛŨŪŬŮŰŲ", "WŴ", "YÝŶŸ", "ZŹŻŽ",
	"aáâãāăą", "cćĉċčç", "dď", "eêëēĕėęě", "gĝğġģ", "hĥħ", "iíîïĩīĭį", "jĵ", "kķ", "lĺļľ", "nńņňŉ", "oóôõōŏő", "rŕŗř", "sśŝşšș", "tţťŧț",
	"uúûũūŭůűų", "wŵ", "yýÿŷ", "zźżž",
}

// umlauts are what a letter and a combining diaeresis make.
var umlauts = map[rune]rune{'a': 'ä', 'o': 'ö', 'u': 'ü', 'A': 'Ä', 'O': 'Ö', 'U': 'Ü'}

// Text writes s in the alphabet: umlauts and ß stay, other letters lose their accents, quotes and dashes become plain ones,
// blanks of any kind one space. What has nothing alike (emoji, other scripts) is left out.
func Text(s string) string {
	var b strings.Builder
	var last rune
	for _, r := range s {
		switch {
		case r == '\u0308' && umlauts[last] != 0:
			head := b.String()
			b.Reset()
			b.WriteString(head[:len(head)-1])
			r = umlauts[last]
			b.WriteRune(r)
		case unicode.IsSpace(r) || r == '\u200b':
			r = ' '
			if last != ' ' && b.Len() > 0 {
				b.WriteByte(' ')
			}
		case septets(r) > 0:
			b.WriteRune(r)
		case alike[r] != "":
			b.WriteString(alike[r])
		default:
			p := plainOf(r)
			if p == 0 {
				continue // and last stays: two blanks around it are one
			}
			r = p
			b.WriteRune(p)
		}
		last = r
	}
	return strings.TrimSpace(b.String())
}

func plainOf(r rune) rune {
	for _, row := range plain {
		if strings.ContainsRune(row, r) {
			return rune(row[0])
		}
	}
	return 0
}

// Cut shortens a text in the alphabet to at most n septets, at the end of a word where there is one in its last third;
// a full stop says that something is missing.
func Cut(s string, n int) string {
	if k, _ := Length(s); k <= n {
		return s
	}
	used, cut := 0, 0
	for i, r := range s {
		if used += septets(r); used > n-1 {
			break
		}
		cut = i + len(string(r))
	}
	head := s[:cut]
	if at := strings.LastIndexByte(head, ' '); at >= len(head)*2/3 {
		head = head[:at]
	}
	if head = strings.TrimRight(head, " ,.;:-"); head == "" {
		return ""
	}
	return head + "."
}
