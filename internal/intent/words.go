package intent

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// What somebody wants is said at the beginning; more than this is not listened to, so that no text costs more than another.
const (
	longestText = 2000 // bytes
	mostWords   = 120
	longestWord = 40 // bytes that count
)

// token is one word: as it is compared and as it was said.
type token struct {
	norm string
	said string
}

// split brings text into the form that entries are compared in (§3.1): lower case, NFC, ä→ae ö→oe ü→ue ß→ss, everything but
// letters and digits a blank.
func split(text string) []token {
	if len(text) > longestText {
		text = text[:longestText]
	}
	if !norm.NFC.IsNormalString(text) {
		text = norm.NFC.String(text)
	}
	tokens := make([]token, 0, 24)
	buffer := make([]byte, 0, len(text)+8)
	start, from := -1, 0
	end := func(at int) {
		if start < 0 {
			return
		}
		tokens = append(tokens, token{string(buffer[from:min(len(buffer), from+longestWord)]), text[start:at]})
		start, from = -1, len(buffer)
	}
	for i, r := range text {
		if len(tokens) == mostWords {
			return tokens
		}
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			end(i)
			continue
		}
		if start < 0 {
			start = i
		}
		switch r = unicode.ToLower(r); r {
		case 'ä':
			buffer = append(buffer, "ae"...)
		case 'ö':
			buffer = append(buffer, "oe"...)
		case 'ü':
			buffer = append(buffer, "ue"...)
		case 'ß':
			buffer = append(buffer, "ss"...)
		default:
			buffer = utf8.AppendRune(buffer, r)
		}
	}
	if len(tokens) < mostWords {
		end(len(text))
	}
	return tokens
}

// Normalise returns text as entries are compared with it.
func Normalise(text string) string {
	tokens := split(text)
	words := make([]string, len(tokens))
	for i, t := range tokens {
		words[i] = t.norm
	}
	return strings.Join(words, " ")
}
