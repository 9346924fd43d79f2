package main

import (
	"fmt"
	"strings"
)

// fillFrames fills every sentence frame with words of its slots, so many times, by chance that is the same everywhere.
func fillFrames(text string, times int) ([]utterance, error) {
	slots := map[string][]string{}
	meant := map[string]string{"a": labels[appointment], "s": labels[serviceDesk], "u": labels[unsure]}
	seed := uint32(1)
	draw := func(n int) int { // a linear congruential generator
		seed = seed*1664525 + 1013904223
		return int(seed>>8) % n
	}
	var all []utterance
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "", line[0] == '#':
		case line[0] == '[':
			name, words, _ := strings.Cut(line[1:], "]")
			for w := range strings.SplitSeq(words, "|") {
				slots[name] = append(slots[name], strings.TrimSpace(w))
			}
		default:
			label, frame, _ := strings.Cut(line, ":")
			if meant[label] == "" {
				return nil, fmt.Errorf("frames: %q has no label a, s or u", line)
			}
			said := map[string]bool{}
			for range times {
				text, err := fill(strings.TrimSpace(frame), slots, draw)
				if err != nil {
					return nil, err
				}
				if !said[text] {
					said[text] = true
					all = append(all, utterance{Text: text, Label: meant[label]})
				}
			}
		}
	}
	return all, nil
}

// fill puts words into a frame's slots; they may have slots themselves.
func fill(frame string, slots map[string][]string, draw func(int) int) (string, error) {
	text := frame
	for range 20 {
		before, rest, open := strings.Cut(text, "{")
		if !open {
			return text, nil
		}
		name, after, _ := strings.Cut(rest, "}")
		words := slots[name]
		if len(words) == 0 {
			return "", fmt.Errorf("frames: %q: no slot %q", frame, name)
		}
		text = before + words[draw(len(words))] + after
	}
	return "", fmt.Errorf("frames: %q has no end", frame)
}
