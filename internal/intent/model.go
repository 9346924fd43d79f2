package intent

import (
	_ "embed" // what was learned
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
)

// model.txt is written by the training command. It is text so that a change of it can be read.
//
//go:embed model.txt
var modelFile string

var learned = sync.OnceValue(func() *model {
	m, err := readModel(modelFile)
	if err != nil {
		panic(err) // built in
	}
	return m
})

// model is linear: every feature speaks so much for an appointment and so much for the desk, against neither.
type model struct {
	place   map[string]int32
	weights [][2]float32
	bias    [2]float64
}

// readModel reads comments, and lines of a feature, its weight for an appointment and its weight for the desk in hundredths,
// divided by tabs.
func readModel(text string) (*model, error) {
	lines := strings.Count(text, "\n")
	m := &model{place: make(map[string]int32, lines), weights: make([][2]float32, 0, lines)}
	for line := range strings.SplitSeq(text, "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		name, rest, _ := strings.Cut(line, "\t")
		first, second, _ := strings.Cut(rest, "\t")
		a, err := strconv.Atoi(first)
		if err != nil {
			return nil, fmt.Errorf("model: %q: %w", line, err)
		}
		s, err := strconv.Atoi(second)
		if err != nil {
			return nil, fmt.Errorf("model: %q: %w", line, err)
		}
		if name == "bias" {
			m.bias = [2]float64{float64(a) / 100, float64(s) / 100}
			continue
		}
		m.place[name] = int32(len(m.weights))
		m.weights = append(m.weights, [2]float32{float32(a) / 100, float32(s) / 100})
	}
	return m, nil
}

// odds are what the model makes of an utterance: the probabilities of the intents (the rest is neither), and what each word added
// for an appointment against the desk.
type odds struct {
	a, s   float64
	byWord []float64
}

func (o *odds) of(i Intent) float64 {
	if i == Appointment {
		return o.a
	}
	return o.s
}

func (m *model) read(tokens []token, t *tally) odds {
	o := odds{byWord: make([]float64, len(tokens))}
	za, zs := m.bias[0], m.bias[1]
	heard := make([]bool, len(m.weights)) // a feature speaks once, however often it is there
	features(tokens, t, func(name []byte, word, other int) {
		place, ok := m.place[string(name)]
		if !ok || heard[place] {
			return
		}
		heard[place] = true
		a, s := float64(m.weights[place][0]), float64(m.weights[place][1])
		za, zs = za+a, zs+s
		if word >= 0 {
			o.byWord[word] += (a - s) / 2
			o.byWord[other] += (a - s) / 2
		}
	})
	top := max(0, za, zs)
	ea, es := math.Exp(za-top), math.Exp(zs-top)
	sum := ea + es + math.Exp(-top)
	o.a, o.s = ea/sum, es/sum
	return o
}
