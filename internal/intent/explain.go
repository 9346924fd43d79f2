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
}

const (
	mostEvidence = 6
	leastWeight  = 0.4 // of the model: what is less says nothing
)

// explain fills in what the answer rests on: entries of the lists, then the words that moved the model, the strongest first.
func (r *Result) explain(tokens []token, t tally, o odds) {
	var listed [mostWords]bool
	for _, m := range t.taken {
		if m.a == 0 && m.s == 0 {
			continue
		}
		for i := range m.places {
			listed[i] = true
		}
		if !slices.Contains(r.Keywords, m.String()) {
			r.Keywords = append(r.Keywords, m.String())
		}
		e := Evidence{Said: m.said(tokens), For: Appointment, Weight: m.a, Listed: true}
		if m.s > 0 || m.a < 0 {
			e.For, e.Weight = ServiceDesk, m.s-m.a
		}
		r.Evidence = append(r.Evidence, e)
	}
	strongest := func(x, y Evidence) int { return cmp.Compare(y.Weight, x.Weight) }
	slices.SortStableFunc(r.Evidence, strongest)
	var heard []Evidence
	for i, w := range o.byWord {
		if listed[i] || math.Abs(w) < leastWeight {
			continue
		}
		e := Evidence{Said: tokens[i].said, For: Appointment, Weight: math.Round(math.Abs(w)*10) / 10}
		if w < 0 {
			e.For = ServiceDesk
		}
		heard = append(heard, e)
		if e.For == r.Intent && w != 0 && !slices.Contains(r.Keywords, tokens[i].norm) && len(r.Keywords) < mostEvidence {
			r.Keywords = append(r.Keywords, tokens[i].norm)
		}
	}
	slices.SortStableFunc(heard, strongest)
	r.Evidence = append(r.Evidence, heard...)
	if len(r.Evidence) > mostEvidence {
		r.Evidence = r.Evidence[:mostEvidence]
	}
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
