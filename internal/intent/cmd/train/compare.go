package main

import (
	"fmt"
	"io"

	"github.com/askpro/gateway/internal/intent"
)

// compare prints what kinds of readers reach on what they have not learned from. The model alone is asked, without the lists' verdict,
// and its decisions are taken from the surest on.
func compare(out io.Writer, c corpus) error {
	only := func(kinds string, frame float64) setting {
		s := setting{kinds: map[byte]float64{}, penalty: chosen.penalty, frame: frame, often: chosen.often, rounds: chosen.rounds}
		for i := range len(kinds) {
			s.kinds[kinds[i]] = chosen.kinds[kinds[i]]
		}
		return s
	}
	letters := only("cn", 0)
	letters.kinds['c'] = 0.5
	for _, r := range []struct {
		name string
		setting
	}{
		{"words", only("wfn", 0)},
		{"stems", only("sfn", 0)},
		{"letters (3 to 5)", letters},
		{"words, stems, letters, word pairs", only("wsfcbn", 0)},
		{"meanings", only("mn", 0)},
		{"meanings and their pairs", only("mpn", 0)},
		{"all of it", only("wsfcbmpn", 0)},
		{"and what the lists count", only("wsfcbmpnl", 0)},
		{"and filled frames", chosen},
	} {
		topics, err := validate(c, r.setting, inEighths, modelOnly)
		if err != nil {
			return err
		}
		random, err := validate(c, r.setting, atRandom, modelOnly)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%-36s", r.name)
		for _, undecided := range []float64{0.20, 0.25, 0.30} {
			fmt.Fprintf(out, " | at %.0f %%: random %.3f, topics %.3f, as called %.3f", 100*undecided,
				random.precisionAt(undecided, alike), topics.precisionAt(undecided, alike), topics.precisionAt(undecided, topics.asCalled()))
		}
		fmt.Fprintln(out)
		if r.name == "and filled frames" {
			fmt.Fprint(out, topics.reliability())
		}
	}
	for _, r := range []struct {
		name string
		say  judge
	}{{"the lists alone", listsOnly}, {"both readers", detected}} {
		vs, err := validate(c, chosen, inEighths, r.say)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "\n%s, at the default threshold, by topics:\n%s\n", r.name, vs.report())
	}
	return nil
}

// reliability sets what the model says beside how often it is right.
func (vs verdicts) reliability() string {
	text := "  how likely it says, how often it is right:"
	for low := 0.3; low < 0.99; low += 0.1 {
		n, right, sum := 0, 0, 0.0
		for _, v := range vs {
			if v.intent != intent.Unknown && v.confidence >= low && v.confidence < low+0.1 {
				n++
				sum += v.confidence
				if v.right() {
					right++
				}
			}
		}
		text += fmt.Sprintf("  %.2f %.2f (%d)", sum/float64(max(1, n)), float64(right)/float64(max(1, n)), n)
	}
	return text + "\n"
}
