package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/askpro/gateway/internal/intent"
)

const (
	corpusDir   = "testdata/intents"
	packageDir  = "internal/intent"
	modelFile   = packageDir + "/model.txt"
	meaningFile = packageDir + "/meanings.txt"

	fillings = 10 // of each frame
)

// utterance of the corpus.
type utterance struct {
	Text  string `json:"text"`
	Label string `json:"label"`
	Topic string `json:"topic"`

	features []string
	listed   bool // the lists alone decide it
}

// Classes, in the order of their weights.
const (
	appointment = iota
	serviceDesk
	unsure
	classes
)

var labels = [classes]string{"appointment", "service_desk", "unsure"}

func (u *utterance) class() int {
	for c, l := range labels {
		if l == u.Label {
			return c
		}
	}
	return unsure
}

// corpus is what is learned from: what callers say, and filled sentence frames, which only help to learn.
type corpus struct {
	utterances []utterance
	frames     []utterance
	sum        string // of all that was read
}

func readCorpus(root string) (corpus, error) {
	var c corpus
	files, err := filepath.Glob(filepath.Join(root, corpusDir, "*.json"))
	if err != nil {
		return c, err
	}
	if len(files) == 0 {
		return c, fmt.Errorf("no corpus in %s", filepath.Join(root, corpusDir))
	}
	sum := sha256.New()
	read := func(file string) ([]byte, error) {
		raw, err := os.ReadFile(file)
		sum.Write(raw)
		return raw, err
	}
	for _, file := range files {
		raw, err := read(file)
		if err != nil {
			return c, err
		}
		var some []utterance
		if err := json.Unmarshal(raw, &some); err != nil {
			return c, fmt.Errorf("%s: %w", file, err)
		}
		for _, u := range some {
			if u.Label != labels[u.class()] || u.Topic == "" {
				return c, fmt.Errorf("%s: %q: label %q, topic %q", file, u.Text, u.Label, u.Topic)
			}
		}
		c.utterances = append(c.utterances, some...)
	}
	raw, err := read(filepath.Join(root, corpusDir, "frames.txt"))
	if err != nil {
		return c, err
	}
	if c.frames, err = fillFrames(string(raw), fillings); err != nil {
		return c, err
	}
	if _, err := read(filepath.Join(root, meaningFile)); err != nil {
		return c, err
	}
	c.sum = hex.EncodeToString(sum.Sum(nil))[:16]
	d := intent.New(nil)
	for _, some := range [][]utterance{c.utterances, c.frames} {
		for i := range some {
			u := &some[i]
			u.features = d.Features(u.Text)
			_, margin, _, _ := d.Listed(u.Text)
			u.listed = margin >= intent.DefaultThreshold
		}
	}
	return c, nil
}
