package intent

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// Evidence is a word, or words, as said, and what they speak for. Weight is an entry's if it is of the lists, else the model's.
type Evidence struct {
	Said   string
	For    Intent
	Weight float64
	Listed bool

	word string
}

const (
	mostEvidence = 6
	leastWeight  = 0.2 // of the model: what is less says nothing worth reading
)

// explain fills in what the answer rests on: entries of the lists, then the words that moved the model, the strongest first.
// Words of grammar are left out as long as there are others.
func (r *Result) explain(tokens []token, t tally, o odds) {
	said := map[string]bool{}
	for _, m := range t.taken {
		for i := range m.places {
			said[tokens[i].norm] = true
		}
		if m.a == 0 && m.s == 0 {
			continue
		}
		e := Evidence{Said: m.said(tokens), For: Appointment, Weight: m.a, Listed: true, word: m.String()}
		if m.s > 0 || m.a < 0 {
			e.For, e.Weight = ServiceDesk, m.s-m.a
		}
		r.Evidence = append(r.Evidence, e)
	}
	slices.SortStableFunc(r.Evidence, strongest)
	heard := o.heard(tokens, said, false)
	if !slices.ContainsFunc(append(heard, r.Evidence...), func(e Evidence) bool { return e.For == r.Intent }) {
		heard = append(heard, o.heard(tokens, said, true)...)
	}
	r.Evidence = append(r.Evidence, heard...)
	if len(r.Evidence) > mostEvidence {
		r.Evidence = r.Evidence[:mostEvidence]
	}
	for _, e := range r.Evidence {
		if (e.Listed || e.For == r.Intent) && !slices.Contains(r.Keywords, e.word) {
			r.Keywords = append(r.Keywords, e.word)
		}
	}
}

func strongest(x, y Evidence) int { return cmp.Compare(y.Weight, x.Weight) }

// heard are the words that moved the model, but for those already said: words of matter, or of grammar.
func (o *odds) heard(tokens []token, said map[string]bool, grammar bool) []Evidence {
	var heard []Evidence
	for i, w := range o.byWord {
		word := tokens[i].norm
		if said[word] || functionWords()[word] != grammar || math.Abs(w) < leastWeight {
			continue
		}
		said[word] = true
		e := Evidence{Said: tokens[i].said, For: Appointment, Weight: math.Round(math.Abs(w)*10) / 10, word: word}
		if w < 0 {
			e.For = ServiceDesk
		}
		heard = append(heard, e)
	}
	slices.SortStableFunc(heard, strongest)
	return heard
}

// said is the entry's words as they were said.
func (m match) said(tokens []token) string {
	var words []string
	for i := range m.places {
		words = append(words, tokens[i].said)
	}
	if m.gap {
		return strings.Join(words, " … ")
	}
	return strings.Join(words, " ")
}

// Explanation says in German why, for the people who look at a call afterwards. The words are the caller's: escape them.
func (r Result) Explanation() string {
	side := func(i Intent) string {
		var words []string
		for _, e := range r.Evidence {
			if e.For == i {
				words = append(words, "„"+e.Said+"“")
			}
		}
		return strings.Join(words, ", ")
	}
	a, s := side(Appointment), side(ServiceDesk)
	switch {
	case a == "" && s == "":
		return "Nichts Gesagtes spricht für Termin oder Service."
	case s == "":
		return "Für Termin spricht " + a + "."
	case a == "":
		return "Für Service spricht " + s + "."
	}
	return "Für Termin spricht " + a + "; für Service " + s + "."
}
