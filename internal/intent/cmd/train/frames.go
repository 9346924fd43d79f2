package main

import (
	"fmt"
	"os"
	"strings"
)

// readFrames fills every sentence frame of a file with the words of its slots, so many times each.
func readFrames(file string, times int) ([]utterance, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	slots := map[string][]string{}
	labels := map[string]string{"a": "appointment", "s": "service_desk", "u": "unsure"}
	var all []utterance
	seed := uint32(1)
	next := func(n int) int { // a linear congruential generator: the same sentences everywhere
		seed = seed*1664525 + 1013904223
		return int(seed>>8) % n
	}
	for line := range strings.Lines(string(raw)) {
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
			if labels[label] == "" {
				return nil, fmt.Errorf("%s: %q has no label a, s or u", file, line)
			}
			said := map[string]bool{}
			for range times {
				text := fill(strings.TrimSpace(frame), slots, next)
				if strings.ContainsAny(text, "{}") {
					return nil, fmt.Errorf("%s: %q has an unknown slot", file, frame)
				}
				if !said[text] {
					said[text] = true
					all = append(all, utterance{Text: text, Label: labels[label]})
				}
			}
		}
	}
	return all, nil
}

func fill(frame string, slots map[string][]string, next func(int) int) string {
	for from := 0; ; {
		open := strings.IndexByte(frame[from:], '{')
		if open < 0 {
			return frame
		}
		open += from
		end := strings.IndexByte(frame[open:], '}')
		if end < 0 {
			return frame
		}
		words := slots[frame[open+1:open+end]]
		if len(words) == 0 {
			return frame
		}
		w := words[next(len(words))]
		frame = frame[:open] + w + frame[open+end+1:]
		from = open
	}
}
