package intent

import (
	"bytes"
	"compress/gzip"
	_ "embed" // what was learned
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"sync"
)

// model.txt.gz is model.txt, compressed for the binary; the training command writes both. The text is there so that a change
// of it can be read.
//
//go:embed model.txt.gz
var packedModel []byte

func modelFile() string {
	z, err := gzip.NewReader(bytes.NewReader(packedModel))
	if err != nil {
		panic(err) // built in
	}
	text, err := io.ReadAll(z)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// learned is a function with its own once, and no variable made by one: a binary in which nobody asks then carries no model.
func learned() *model {
	once.learned.Do(func() {
		m, err := readModel(modelFile())
		if err != nil {
			panic(err) // built in
		}
		once.model = m
	})
	return once.model
}

// once holds what is made when it is first asked for.
var once struct {
	learned, basic, meanings, functionWords sync.Once

	model      *model
	lists      *lists
	dictionary *dictionary
	words      map[string]bool
}

// model is linear: every feature speaks so much for an appointment and so much for the desk, against neither. It is a hash table
// with open addresses that keeps the features' hashes instead of their names.
type model struct {
	hashes  []uint64 // 0: free
	weights [][2]int16
	bias    [2]float64
}

const hundredth = 0.01 // the unit of weights

// readModel reads comments, and lines of a feature, its weight for an appointment and its weight for the desk, divided by tabs.
func readModel(text string) (*model, error) {
	size := 64
	for size < 2*strings.Count(text, "\n") {
		size *= 2
	}
	m := &model{hashes: make([]uint64, size), weights: make([][2]int16, size)}
	for line := range strings.SplitSeq(text, "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		name, rest, _ := strings.Cut(line, "\t")
		first, second, _ := strings.Cut(rest, "\t")
		a, err := strconv.ParseInt(first, 10, 16)
		if err != nil {
			return nil, fmt.Errorf("model: %q: %w", line, err)
		}
		s, err := strconv.ParseInt(second, 10, 16)
		if err != nil {
			return nil, fmt.Errorf("model: %q: %w", line, err)
		}
		if name == "bias" {
			m.bias = [2]float64{float64(a) * hundredth, float64(s) * hundredth}
			continue
		}
		h := hash(name)
		place, known := m.place(h)
		if known {
			return nil, fmt.Errorf("model: %q is there twice, or two names have one hash", name)
		}
		m.hashes[place], m.weights[place] = h, [2]int16{int16(a), int16(s)}
	}
	return m, nil
}

// place of a hash in the table, or where it would be.
func (m *model) place(h uint64) (place int, known bool) {
	for at := h; ; at++ {
		place := int(at & uint64(len(m.hashes)-1))
		switch m.hashes[place] {
		case h:
			return place, true
		case 0:
			return place, false
		}
	}
}

// hash is FNV-1a.
func hash[T string | []byte](name T) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 1099511628211
	}
	return max(1, h)
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
	heard := make([]uint64, len(m.hashes)/64) // a feature speaks once, however often it is there
	features(tokens, t, func(name []byte, word, other int) {
		place, known := m.place(hash(name))
		if !known || heard[place/64]&(1<<(place%64)) != 0 {
			return
		}
		heard[place/64] |= 1 << (place % 64)
		a, s := float64(m.weights[place][0])*hundredth, float64(m.weights[place][1])*hundredth
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
