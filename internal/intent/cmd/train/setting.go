package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// setting of the learning: how much each kind of feature may say (nothing if it is not there), how hard weights are held down, how
// much a filled frame counts beside an utterance.
type setting struct {
	kinds   map[byte]float64
	penalty float64
	frame   float64
	often   int // how often a feature has to be there at least
	rounds  int // of the learning, at most
}

// chosen by cross-validation over topics. Around it the figures hardly move.
var chosen = setting{
	kinds:   map[byte]float64{'w': 0.7, 's': 0.7, 'c': 0.3, 'f': 0.3, 'b': 1, 'm': 1.5, 'p': 1.3, 'l': 1, 'n': 1},
	penalty: 1, frame: 0.3, often: 2, rounds: 60,
}

// least is the weight from which a feature is worth its line.
const least = 0.03

// learn returns a model's text.
func learn(utterances, frames []utterance, s setting) string {
	v := vocabulary{place: map[string]int{}, kinds: s.kinds, known: map[string]bool{}}
	if s.frame == 0 {
		frames = nil
	}
	count := map[string]int{}
	for _, some := range [][]utterance{utterances, frames} {
		for i := range some {
			for _, f := range some[i].features {
				if count[f]++; count[f] == s.often {
					v.known[f] = true
				}
			}
		}
	}
	examples := make([]example, 0, len(utterances)+len(frames))
	for i := range utterances {
		examples = append(examples, example{v.places(utterances[i].features), utterances[i].class(), 1})
	}
	for i := range frames {
		examples = append(examples, example{v.places(frames[i].features), frames[i].class(), s.frame})
	}
	return v.write(logistic(examples, v.scale, s.penalty, s.rounds))
}

// write prints what every feature says for the two intents, against neither, in the order of their names.
func (v *vocabulary) write(w []float64) string {
	line := func(name string, at int, scale float64) string {
		a, s := (w[at+appointment]-w[at+unsure])*scale, (w[at+serviceDesk]-w[at+unsure])*scale
		return fmt.Sprintf("%s\t%d\t%d\n", name, int(math.Round(100*a)), int(math.Round(100*s)))
	}
	var lines []string
	for i, name := range v.names {
		at := classes * i
		if largest := max(math.Abs(w[at]-w[at+unsure]), math.Abs(w[at+1]-w[at+unsure])) * v.scale[i]; largest >= least {
			lines = append(lines, line(name, at, v.scale[i]))
		}
	}
	slices.Sort(lines)
	return line("bias", classes*len(v.names), 1) + strings.Join(lines, "")
}
