package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/askpro/gateway/internal/intent"
)

// utterance of the corpus.
type utterance struct {
	Text  string `json:"text"`
	Label string `json:"label"`
	Topic string `json:"topic"`

	features []string
}

func (u *utterance) class() int {
	switch u.Label {
	case "appointment":
		return 0
	case "service_desk":
		return 1
	}
	return 2
}

// corpus is what is learned from: what callers say, and filled sentence frames, which only help to learn.
type corpus struct {
	utterances []utterance
	frames     []utterance
}

const fillings = 10 // of each frame

func readCorpus(dir string) (corpus, error) {
	var c corpus
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return c, err
	}
	if len(files) == 0 {
		return c, fmt.Errorf("no corpus in %s", dir)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return c, err
		}
		var some []utterance
		if err := json.Unmarshal(raw, &some); err != nil {
			return c, fmt.Errorf("%s: %w", file, err)
		}
		c.utterances = append(c.utterances, some...)
	}
	if c.frames, err = readFrames(filepath.Join(dir, "frames.txt"), fillings); err != nil {
		return c, err
	}
	d := intent.New(nil)
	for _, some := range [][]utterance{c.utterances, c.frames} {
		for i := range some {
			some[i].features = d.Features(some[i].Text)
		}
	}
	return c, nil
}
