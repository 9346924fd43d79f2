package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/askpro/gateway/internal/intent"
)

// folds tell which fold an utterance belongs to.
type folds func(i int, u *utterance) string

// byTopic keeps a topic together, in both languages. What every caller might say anywhere is no topic; it is dealt out.
func byTopic(i int, u *utterance) string {
	if u.Topic == "general" {
		return fmt.Sprint("general ", i%8)
	}
	return u.Topic
}

// atRandom deals everything out, as many folds.
func atRandom(i int, _ *utterance) string { return fmt.Sprint(i % 23) }

// verdict of a reader on an utterance it has not learned from.
type verdict struct {
	*utterance
	intent     intent.Intent
	confidence float64
}

type verdicts []verdict

// validate judges every utterance by a model that has not learned from its fold.
func validate(c corpus, s setting, fold folds) (verdicts, error) {
	held := map[string][]int{}
	for i := range c.utterances {
		f := fold(i, &c.utterances[i])
		held[f] = append(held[f], i)
	}
	names := make([]string, 0, len(held))
	for name := range held {
		names = append(names, name)
	}
	slices.Sort(names)
	var all verdicts
	for _, name := range names {
		var rest []utterance
		for i, u := range c.utterances {
			if !slices.Contains(held[name], i) {
				rest = append(rest, u)
			}
		}
		d, err := intent.Trained(learn(rest, c.frames, s))
		if err != nil {
			return nil, err
		}
		for _, i := range held[name] {
			u := &c.utterances[i]
			r := d.Detect(u.Text)
			all = append(all, verdict{u, r.Intent, r.Confidence})
		}
	}
	return all, nil
}

func (v verdict) decided(threshold float64) bool {
	return v.intent != intent.Unknown && v.confidence >= threshold
}

func (v verdict) right() bool { return string(v.intent) == v.Label }

// at returns the share of decisions that are right, and the share of utterances without one.
func (vs verdicts) at(threshold float64) (precision, unsure float64) {
	decided, right := 0, 0
	for _, v := range vs {
		if v.decided(threshold) {
			decided++
			if v.right() {
				right++
			}
		}
	}
	return float64(right) / float64(max(1, decided)), 1 - float64(decided)/float64(len(vs))
}

// unsureFor returns the least share without decision at which the decisions are right so often.
func (vs verdicts) unsureFor(precision float64) float64 {
	sure := slices.Clone(vs)
	slices.SortStableFunc(sure, func(x, y verdict) int { return cmp.Compare(y.confidence, x.confidence) })
	right, best := 0, 0
	for i, v := range sure {
		if v.intent == intent.Unknown {
			continue
		}
		if v.right() {
			right++
		}
		last := i+1 == len(sure) || sure[i+1].confidence < v.confidence
		if last && float64(right) >= precision*float64(i+1) {
			best = i + 1
		}
	}
	return 1 - float64(best)/float64(len(sure))
}

// report is the confusion matrix at the default threshold.
func (vs verdicts) report() string {
	var b strings.Builder
	columns := []string{"appointment", "service_desk", "unsure"}
	matrix := map[string]map[string]int{}
	for _, v := range vs {
		said := "unsure"
		if v.decided(intent.DefaultThreshold) {
			said = string(v.intent)
		}
		if matrix[v.Label] == nil {
			matrix[v.Label] = map[string]int{}
		}
		matrix[v.Label][said]++
	}
	fmt.Fprintf(&b, "%-14s", "label \\ said")
	for _, c := range columns {
		fmt.Fprintf(&b, "%14s", c)
	}
	for _, row := range columns {
		fmt.Fprintf(&b, "\n%-14s", row)
		for _, c := range columns {
			fmt.Fprintf(&b, "%14d", matrix[row][c])
		}
	}
	p, u := vs.at(intent.DefaultThreshold)
	fmt.Fprintf(&b, "\nprecision %.3f, unsure %.1f %% of %d", p, 100*u, len(vs))
	return b.String()
}

func (vs verdicts) misses() string {
	var b strings.Builder
	for _, v := range vs {
		switch {
		case v.decided(intent.DefaultThreshold) && !v.right():
			fmt.Fprintf(&b, "wrong  %-12s %.3f, is %-12s %-16s %s\n", v.intent, v.confidence, v.Label, v.Topic, v.Text)
		case !v.decided(intent.DefaultThreshold) && v.Label != "unsure":
			fmt.Fprintf(&b, "unsure %-12s %.3f, is %-12s %-16s %s\n", v.intent, v.confidence, v.Label, v.Topic, v.Text)
		}
	}
	return b.String()
}
