// Command train learns the model of package intent from the corpus in testdata/intents and writes it where the package embeds it:
//
//	go run ./internal/intent/cmd/train            # learn, write internal/intent/model.txt, say what it is worth
//	go run ./internal/intent/cmd/train -check     # cross-validate only, print the confusion matrix
//	go run ./internal/intent/cmd/train -compare   # what other readers reach: lists, words, stems, letters, meanings (an hour's coffee)
//
// What a model is worth is measured on topics it has not heard of: hair salons are judged by a model that learned from
// everything but hair salons. The same corpus gives the same model, bit by bit.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/askpro/gateway/internal/intent"
)

func main() {
	root := flag.String("root", ".", "the repository")
	check := flag.Bool("check", false, "cross-validate, write nothing")
	compared := flag.Bool("compare", false, "cross-validate every kind of reader, write nothing")
	misses := flag.Bool("misses", false, "with -check: print what went wrong")
	flag.Parse()
	if err := run(os.Stdout, *root, *check, *compared, *misses); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(out io.Writer, root string, check, compared, misses bool) error {
	all, err := readCorpus(filepath.Join(root, "testdata/intents"))
	if err != nil {
		return err
	}
	switch {
	case compared:
		compare(out, all)
		return nil
	case check:
		v, err := validate(all, chosen, byTopic)
		if err != nil {
			return err
		}
		fmt.Fprintln(out, v.report())
		if misses {
			fmt.Fprint(out, v.misses())
		}
		return nil
	}
	text := learn(all.utterances, all.frames, chosen)
	file := filepath.Join(root, "internal/intent/model.txt")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: %d features, %d KB, from %d utterances and %d filled frames\n",
		file, strings.Count(text, "\n"), len(text)/1024, len(all.utterances), len(all.frames))
	return nil
}

// setting of the learning: how much each kind of feature may say (nothing if it is not there), how hard weights are held down, how
// much a filled frame counts beside an utterance, and what is left out of the model for being small.
type setting struct {
	kinds   map[byte]float64
	penalty float64
	frame   float64
	least   float64
}

// chosen by cross-validation; the neighbourhood is flat.
var chosen = setting{
	kinds:   map[byte]float64{'w': 0.7, 's': 0.7, 'c': 0.3, 'b': 1, 'm': 1.5, 'p': 1.3, 'l': 1, 'n': 1},
	penalty: 1, frame: 0.3, least: 0.03,
}

// learn returns a model's text.
func learn(utterances, frames []utterance, s setting) string {
	v := vocabulary{place: map[string]int{}, kinds: s.kinds}
	examples := make([]example, 0, len(utterances)+len(frames))
	for _, u := range utterances {
		examples = append(examples, example{v.places(u.features), u.class(), 1})
	}
	for _, u := range frames {
		examples = append(examples, example{v.places(u.features), u.class(), s.frame})
	}
	w := logistic(examples, v.scale, s.penalty, 60)
	return v.write(w, s.least)
}

// write prints the weights of both intents against neither, in hundredths, in the order of their names.
func (v *vocabulary) write(w []float64, least float64) string {
	var lines []string
	line := func(name string, at int, scale float64) {
		a, s := (w[at]-w[at+2])*scale, (w[at+1]-w[at+2])*scale
		if name != "bias" && max(a, -a, s, -s) < least {
			return
		}
		lines = append(lines, fmt.Sprintf("%s\t%.0f\t%.0f\n", name, 100*a+0, 100*s+0))
	}
	for i, name := range v.names {
		line(name, classes*i, v.scale[i])
	}
	slices.Sort(lines)
	line("bias", classes*len(v.names), 1)
	return "# Learned by `go run ./internal/intent/cmd/train`: feature, hundredths for an appointment, for the desk. Do not edit.\n" +
		strings.ReplaceAll(strings.Join(lines, ""), "\t-0", "\t0")
}

var _ = intent.Unknown
