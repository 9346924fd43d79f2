// Package player plays telephone calls against a running local stack as Retell would: the signed inbound webhook, events,
// tool calls with the transcript so far, the end and the analysis. Its one rule: it knows what Retell knows, nothing of
// the product; what a dialogue expects stands in the dialogue. The format is described in testdata/dialogues/README.md.
package player

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Dialogue is one call and what came before it.
type Dialogue struct {
	Name       string            `json:"name"`
	About      string            `json:"about,omitempty"`
	Now        *time.Time        `json:"now,omitempty"`
	Company    string            `json:"company"`
	FromNumber *string           `json:"from_number"` // null: suppressed
	Existing   []json.RawMessage `json:"existing,omitempty"`
	Turns      []Turn            `json:"turns"`
}

// Turn is a tool call, a pause, or something that happens at Cal.com.
type Turn struct {
	Says   string          `json:"says,omitempty"` // the caller's words, for the reader; without it they are made from args
	Tool   string          `json:"tool,omitempty"`
	Args   json.RawMessage `json:"args,omitempty"`
	Expect *Expect         `json:"expect,omitempty"`
	Wait   string          `json:"wait,omitempty"`
	Sim    string          `json:"sim,omitempty"` // bookings or faults
	Body   json.RawMessage `json:"body,omitempty"`
}

// Expect is what the answer has to be.
type Expect struct {
	Status         []string `json:"status,omitempty"` // any of
	SayContains    []string `json:"say_contains,omitempty"`
	SayNotContains []string `json:"say_not_contains,omitempty"`
	StartsAt       string   `json:"starts_at,omitempty"`
	StartsAtOption *Option  `json:"starts_at_option,omitempty"`
}

// Option names an option of an earlier turn, both counted from 0.
type Option struct {
	Turn  int `json:"turn"`
	Index int `json:"index"`
}

// Load reads a file (one dialogue or an array of them) or all .json files of a folder, in the order of their names. Each
// file is one list.
func Load(path string) ([][]Dialogue, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	files := []string{path}
	if info.IsDir() {
		if files, err = filepath.Glob(filepath.Join(path, "*.json")); err != nil {
			return nil, err
		}
		slices.Sort(files)
	}
	var out [][]Dialogue
	for _, name := range files {
		list, err := read(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out = append(out, list)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s holds no dialogues (*.json)", path)
	}
	return out, nil
}

func read(name string) ([]Dialogue, error) {
	raw, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	if raw = bytes.TrimSpace(raw); len(raw) > 0 && raw[0] == '[' {
		var list []Dialogue
		err := d.Decode(&list)
		return list, err
	}
	var one Dialogue
	err = d.Decode(&one)
	return []Dialogue{one}, err
}

// caller makes the caller's words of a turn.
func (t Turn) caller() string {
	if t.Says != "" {
		return t.Says
	}
	var args map[string]any
	raw := t.Args
	var text string
	if json.Unmarshal(raw, &text) == nil {
		raw = json.RawMessage(text)
	}
	if json.Unmarshal(raw, &args) != nil {
		return ""
	}
	var words []string
	for _, name := range []string{"service", "date", "time", "new_date", "new_time", "staff", "option", "name", "phone", "email", "reason", "preferred_time", "notes"} {
		if v, ok := args[name]; ok && v != nil {
			words = append(words, strings.TrimSpace(fmt.Sprint(v)))
		}
	}
	return strings.Join(words, ", ")
}
