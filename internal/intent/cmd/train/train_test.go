package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/askpro/gateway/internal/intent"
)

const root = "../../../.."

func corpusOf(t *testing.T) corpus {
	t.Helper()
	c, err := readCorpus(root)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// What the way of learning is worth where it has not heard of the topic, roughly: three models in haste. (-check takes its time and
// holds out a topic at a time.)
func TestUnheardTopics(t *testing.T) {
	t.Parallel()
	hasty := chosen
	hasty.rounds = 25
	vs, err := validate(corpusOf(t), hasty, inThirds, detected)
	if err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + vs.report())
	if p, u := vs.at(intent.DefaultThreshold); p < 0.94 || u > 0.30 {
		t.Errorf("precision %.3f, unsure %.3f: worse than it was", p, u)
	}
}

func TestTheEmbeddedModelIsLearnedFromTheCorpusAsItIs(t *testing.T) {
	t.Parallel()
	model, err := os.ReadFile(root + "/" + modelFile)
	if err != nil {
		t.Fatal(err)
	}
	if c := corpusOf(t); !strings.Contains(string(model), "# From "+c.sum+". ") {
		t.Error("corpus, frames or meanings have changed: go run ./internal/intent/cmd/train")
	}
	packed, err := os.ReadFile(root + "/" + modelFile + ".gz")
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(z); err != nil || string(text) != string(model) {
		t.Errorf("what is embedded is not %s, %v: go run ./internal/intent/cmd/train", modelFile, err)
	}
	if kb := len(model) / 1024; kb > 500 {
		t.Errorf("the model has %d KB", kb)
	}
}

func TestFrames(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, want, err string }{
		{"a frame is filled", "[who] Anna\na: zu {who} bitte", "zu Anna bitte", ""},
		{"slots may have slots", "[day] Montag\n[when] am {day}\nu: {when}?", "am Montag?", ""},
		{"a frame without slots is itself", "s: Es brennt", "Es brennt", ""},
		{"a slot must be known", "a: zu {whom}", "", `frames: "zu {whom}": no slot "whom"`},
		{"a frame has a label", "x: nichts", "", `frames: "x: nichts" has no label a, s or u`},
		{"a slot must not hold itself", "[a] {a}\na: {a}", "", `frames: "{a}" has no end`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			us, err := fillFrames(tt.text, 3)
			if tt.err != "" {
				if err == nil || err.Error() != tt.err {
					t.Fatalf("%v, wanted %s", err, tt.err)
				}
				return
			}
			if err != nil || len(us) != 1 || us[0].Text != tt.want {
				t.Errorf("%v %v, wanted %q once", us, err, tt.want)
			}
		})
	}
}

// A small world in which everything is known: the learning finds it, and finds the same again.
func TestLearning(t *testing.T) {
	t.Parallel()
	var us []utterance
	for range 5 {
		us = append(us,
			utterance{Label: "appointment", features: []string{"w:termin", "w:bitte"}},
			utterance{Label: "service_desk", features: []string{"w:kaputt", "w:bitte"}},
			utterance{Label: "unsure", features: []string{"w:bitte"}})
	}
	s := setting{kinds: map[byte]float64{'w': 1}, penalty: 1, often: 1, rounds: 60}
	model := learn(us, nil, s)
	if model != learn(us, nil, s) {
		t.Error("the same corpus gave two models")
	}
	d, err := intent.Trained(model)
	if err != nil {
		t.Fatal(err)
	}
	if a, s := d.Likely("Termin"); a < 0.5 || a < 3*s {
		t.Errorf("Termin: %.2f %.2f", a, s)
	}
	if a, s := d.Likely("kaputt"); s < 0.5 || s < 3*a {
		t.Errorf("kaputt: %.2f %.2f", a, s)
	}
	if a, s := d.Likely("bitte"); max(a, s) > 0.5 {
		t.Errorf("bitte: %.2f %.2f", a, s)
	}
}
