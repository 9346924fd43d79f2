package intent

import "slices"

// tally is what the lists make of an utterance.
type tally struct {
	taken  []match
	a, s   float64
	own    bool   // a company's own words were among them
	intent Intent // Unknown without evidence
	margin float64
}

func (d *Detector) tally(tokens []token) tally {
	var t tally
	var room [48]match
	t.taken = count(d.own.find(tokens, basic().find(tokens, room[:0])))
	var forA, forS int
	for i, m := range t.taken {
		if slices.ContainsFunc(t.taken[:i], func(o match) bool { return o.entry == m.entry }) {
			continue // an entry counts once
		}
		t.a, t.s = t.a+m.a, t.s+m.s
		if m.a > 0 {
			forA++
		}
		if m.s > 0 {
			forS++
		}
		t.own = t.own || m.own
	}
	t.a, t.s = round3(t.a), round3(t.s)
	winner, margin := Margin(t.a, t.s)
	w, entries := t.s, forS
	if winner == Appointment {
		w, entries = t.a, forA
	}
	t.intent = Unknown
	if w >= strong || entries >= 2 {
		t.intent, t.margin = winner, margin
	}
	return t
}

// both tells whether something strong was heard on either side.
func (t *tally) both() bool { return min(t.a, t.s) >= strong }

// Listed is what the lists alone make of an utterance (§3.3).
func (d *Detector) Listed(utterance string) (intent Intent, margin, a, s float64) {
	t := d.tally(split(utterance))
	return t.intent, t.margin, t.a, t.s
}
