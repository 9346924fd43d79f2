package company

import (
	"strings"
	"unicode"
)

// Fold brings a name to the form in which names are compared: lower case, umlauts spelt out, letters and digits only,
// words parted by one blank.
func Fold(s string) string {
	var b strings.Builder
	gap := false
	for _, r := range strings.ToLower(s) {
		letters := string(r)
		switch {
		case r == 'ä':
			letters = "ae"
		case r == 'ö':
			letters = "oe"
		case r == 'ü':
			letters = "ue"
		case r == 'ß':
			letters = "ss"
		case r == '\u0308': // a decomposed umlaut: its base letter stands before it
			letters, gap = "e", false
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			gap = true
			continue
		}
		if gap && b.Len() > 0 {
			b.WriteByte(' ')
		}
		gap = false
		b.WriteString(letters)
	}
	return b.String()
}

// Match is the outcome of looking a spoken name up: exactly one Found, or candidates that are too close to call.
type Match[T any] struct {
	Found      T
	OK         bool
	Candidates []T
}

type scored[T any] struct {
	item  T
	score float64
}

// tie is how close two candidates may be before the caller is asked (§9.1).
const tie = 0.1

func decide[T any](list []scored[T]) Match[T] {
	best := 0.0
	for _, s := range list {
		best = max(best, s.score)
	}
	var near []T
	for _, s := range list {
		if best-s.score <= tie {
			near = append(near, s.item)
		}
	}
	if len(near) == 1 {
		return Match[T]{Found: near[0], OK: true}
	}
	return Match[T]{Candidates: near}
}

// MatchService finds the service a caller named among those they may book: by id, then exact name, containment, slug,
// synonym and at last similarity above 0.75 (§9.1). The first kind of evidence that says anything decides, so that a
// resemblance never beats a name.
func MatchService(list []Service, spoken string) Match[Service] {
	for _, s := range list {
		if s.ID == strings.TrimSpace(spoken) {
			return Match[Service]{Found: s, OK: true}
		}
	}
	said := Fold(spoken)
	if said == "" {
		return Match[Service]{}
	}
	stages := []func(Service) float64{
		func(s Service) float64 { return equal(Fold(s.Name), said) },
		func(s Service) float64 { return contains(Fold(s.Name), said) },
		func(s Service) float64 { return equal(Fold(s.Slug), said) },
		func(s Service) float64 {
			best := 0.0
			for _, y := range s.Synonyms {
				word := Fold(y.Text)
				if word == said || (len(word) >= 4 && containsWords(said, word)) {
					best = max(best, float64(y.Confidence)/100)
				}
			}
			return best
		},
		func(s Service) float64 {
			best := Similarity(Fold(s.Name), said)
			for _, y := range s.Synonyms {
				best = max(best, Similarity(Fold(y.Text), said)*float64(y.Confidence)/100)
			}
			if best <= 0.75 {
				return 0
			}
			return best
		},
	}
	for _, score := range stages {
		var hits []scored[Service]
		for _, s := range list {
			if v := score(s); v > 0 {
				hits = append(hits, scored[Service]{s, v})
			}
		}
		if len(hits) > 0 {
			return decide(hits)
		}
	}
	return Match[Service]{}
}

// MatchPerson finds the member of staff a caller named: by id, full name, one of the names ("Anna", "Frau Weber"), or
// similarity above 0.75.
func MatchPerson(list []Staff, spoken string) Match[Staff] {
	for _, s := range list {
		if s.ID == strings.TrimSpace(spoken) {
			return Match[Staff]{Found: s, OK: true}
		}
	}
	said := withoutTitles(Fold(spoken))
	if said == "" {
		return Match[Staff]{}
	}
	stages := []func(Staff) float64{
		func(s Staff) float64 { return equal(withoutTitles(Fold(s.Name)), said) },
		func(s Staff) float64 {
			for _, part := range strings.Fields(withoutTitles(Fold(s.Name))) {
				for _, word := range strings.Fields(said) {
					if part == word {
						return 1
					}
				}
			}
			return 0
		},
		func(s Staff) float64 {
			best := Similarity(withoutTitles(Fold(s.Name)), said)
			for _, part := range strings.Fields(withoutTitles(Fold(s.Name))) {
				best = max(best, Similarity(part, said))
			}
			if best <= 0.75 {
				return 0
			}
			return best
		},
	}
	for _, score := range stages {
		var hits []scored[Staff]
		for _, s := range list {
			if v := score(s); v > 0 {
				hits = append(hits, scored[Staff]{s, v})
			}
		}
		if len(hits) > 0 {
			return decide(hits)
		}
	}
	return Match[Staff]{}
}

// withoutTitles drops what comes before a name when people speak of somebody.
func withoutTitles(folded string) string {
	words := strings.Fields(folded)
	kept := words[:0]
	for _, w := range words {
		switch w {
		case "frau", "herr", "herrn", "dr", "doktor", "prof", "professor", "der", "die", "dem", "den", "bei", "beim", "zu", "zum", "zur", "mit":
		default:
			kept = append(kept, w)
		}
	}
	return strings.Join(kept, " ")
}

func equal(a, b string) float64 {
	if a == b {
		return 1
	}
	return 0
}

// contains scores containment either way by how much of the longer one the shorter one is. Three letters prove nothing.
func contains(name, said string) float64 {
	if min(len(name), len(said)) < 4 {
		return 0
	}
	if containsWords(said, name) {
		return 1
	}
	if strings.Contains(name, said) {
		return float64(len(said)) / float64(len(name))
	}
	return 0
}

// containsWords tells whether phrase stands in text as whole words.
func containsWords(text, phrase string) bool {
	return strings.Contains(" "+text+" ", " "+phrase+" ")
}

// Similarity is 1 − Levenshtein distance / longer length, by letters.
func Similarity(a, b string) float64 {
	x, y := []rune(a), []rune(b)
	if len(x) < len(y) {
		x, y = y, x
	}
	if len(x) == 0 {
		return 0
	}
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i, r := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j, s := range y {
			cost := diagonal
			if r != s {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return 1 - float64(row[len(y)])/float64(len(x))
}
