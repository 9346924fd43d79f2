package german

import "time"

func minutes(n int) time.Duration { return time.Duration(n) * time.Minute }

// ParseOrdinal understands which one of a list was meant: "den zweiten", "2", "Nummer drei", "das letzte" (-1).
func ParseOrdinal(text string) (n int, ok bool) {
	var buffer [32]token
	found := 0
	for _, t := range corrected(lex(text, buffer[:0])) {
		switch t.kind {
		case ordinal, number:
			if t.n >= halvesFrom || (found != 0 && found != t.n) {
				return 0, false
			}
			found = t.n
		case last:
			found = -1
		case filler, article, am, unknown:
		default:
			return 0, false
		}
	}
	return found, found != 0
}

// IsYes understands consent: "ja", "ja bitte", "genau", "passt". A no in it is none.
func IsYes(text string) bool {
	var buffer [32]token
	yes := false
	for _, t := range lex(text, buffer[:0]) {
		switch t.kind {
		case not, correct:
			return false
		case filler:
			yes = yes || affirmative[text[t.at:t.to]] || affirmative[lowered(text[t.at:t.to])]
		}
	}
	return yes
}

var affirmative = map[string]bool{
	"ja": true, "jo": true, "jawohl": true, "genau": true, "passt": true, "gerne": true, "gern": true, "okay": true, "ok": true, "gut": true, "bitte": true,
}

func lowered(s string) string {
	b := []byte(s)
	for i, c := range b {
		b[i] = lower(c)
	}
	return string(b)
}
