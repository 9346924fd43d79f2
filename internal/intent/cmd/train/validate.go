package main

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/askpro/gateway/internal/intent"
)

// folds tell which fold an utterance belongs to.
type folds func(i int, u *utterance) string

// byTopic keeps a topic together, in both languages: hair salons are judged by a model that learned from everything but hair
// salons. What every caller may say anywhere is no topic; it is dealt out.
func byTopic(i int, u *utterance) string {
	if u.Topic == "general" {
		return fmt.Sprint("general ", i%8)
	}
	return u.Topic
}

// inEighths and inThirds put topics together. They are nearly as good, and quicker.
func inEighths(i int, u *utterance) string { return dealt(i, u, 8) }

func inThirds(i int, u *utterance) string { return dealt(i, u, 3) }

func dealt(i int, u *utterance, folds int) string {
	if u.Topic == "general" {
		return fmt.Sprint(i % folds)
	}
	sum := 0
	for _, c := range []byte(u.Topic) {
		sum += int(c)
	}
	return fmt.Sprint(sum % folds)
}

// atRandom deals everything out in eighths.
func atRandom(i int, _ *utterance) string { return fmt.Sprint(i % 8) }

// a judge makes something of an utterance: an intent and how sure it is.
type judge func(d *intent.Detector, text string) (intent.Intent, float64)

func detected(d *intent.Detector, text string) (intent.Intent, float64) {
	r := d.Detect(text)
	return r.Intent, r.Confidence
}

func modelOnly(d *intent.Detector, text string) (intent.Intent, float64) {
	a, s := d.Likely(text)
	if a > s {
		return intent.Appointment, a
	}
	return intent.ServiceDesk, s
}

func listsOnly(d *intent.Detector, text string) (intent.Intent, float64) {
	i, margin, _, _ := d.Listed(text)
	return i, margin
}

// verdict on an utterance that was not learned from.
type verdict struct {
	*utterance
	intent     intent.Intent
	confidence float64
}

type verdicts []verdict

// validate has every utterance judged with a model that has not learned from its fold.
func validate(c corpus, s setting, fold folds, say judge) (verdicts, error) {
	in := make([]string, len(c.utterances))
	for i := range c.utterances {
		in[i] = fold(i, &c.utterances[i])
	}
	names := slices.Clone(in)
	slices.Sort(names)
	names = slices.Compact(names)
	vs := make(verdicts, len(c.utterances))
	problems := make([]error, len(names))
	var wait sync.WaitGroup
	free := make(chan struct{}, runtime.GOMAXPROCS(0))
	for n, name := range names {
		free <- struct{}{}
		wait.Go(func() {
			defer func() { <-free }()
			var rest []utterance
			for i, u := range c.utterances {
				if in[i] != name {
					rest = append(rest, u)
				}
			}
			d, err := intent.Trained(learn(rest, c.frames, s))
			if err != nil {
				problems[n] = err
				return
			}
			for i := range c.utterances {
				if u := &c.utterances[i]; in[i] == name {
					what, confidence := say(d, u.Text)
					vs[i] = verdict{u, what, confidence}
				}
			}
		})
	}
	wait.Wait()
	return vs, cmp.Or(problems...)
}

func (v *verdict) decided(threshold float64) bool {
	return v.intent != intent.Unknown && v.confidence >= threshold
}

func (v *verdict) right() bool { return string(v.intent) == v.Label }

// at returns the share of decisions that are right, and the share of utterances left without one.
func (vs verdicts) at(threshold float64) (precision, undecided float64) {
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

// weigher tells how much an utterance counts.
type weigher func(*utterance) float64

func alike(*utterance) float64 { return 1 }

// asCalled weighs so that the lists alone decide about half of what is said, as they do in real calls (§3.3). Our corpus is harder:
// it was written to hold what the lists do not.
func (vs verdicts) asCalled() weigher {
	listed := 0.0
	for _, v := range vs {
		if v.listed {
			listed++
		}
	}
	share := listed / float64(len(vs))
	return func(u *utterance) float64 {
		if u.listed {
			return 0.51 / share
		}
		return 0.49 / (1 - share)
	}
}

// precisionAt returns the share of decisions that are right if so many utterances stay undecided.
func (vs verdicts) precisionAt(undecided float64, weigh weigher) float64 {
	sure := slices.Clone(vs)
	slices.SortStableFunc(sure, func(x, y verdict) int { return cmp.Compare(y.confidence, x.confidence) })
	total := 0.0
	for _, v := range sure {
		total += weigh(v.utterance)
	}
	decided, right := 0.0, 0.0
	for _, v := range sure {
		if decided >= total*(1-undecided) {
			break
		}
		w := weigh(v.utterance)
		decided += w
		if v.right() {
			right += w
		}
	}
	return right / decided
}

// report is the confusion matrix at the default threshold.
func (vs verdicts) report() string {
	var b strings.Builder
	matrix := map[string]map[string]int{}
	for _, l := range labels {
		matrix[l] = map[string]int{}
	}
	for _, v := range vs {
		said := labels[unsure]
		if v.decided(intent.DefaultThreshold) {
			said = string(v.intent)
		}
		matrix[v.Label][said]++
	}
	fmt.Fprintf(&b, "%-14s%14s%14s%14s", "label \\ said", labels[0], labels[1], labels[2])
	for _, l := range labels {
		fmt.Fprintf(&b, "\n%-14s%14d%14d%14d", l, matrix[l][labels[0]], matrix[l][labels[1]], matrix[l][labels[2]])
	}
	p, u := vs.at(intent.DefaultThreshold)
	fmt.Fprintf(&b, "\nprecision %.3f of what is decided, unsure %.1f %% of %d", p, 100*u, len(vs))
	return b.String()
}

func (vs verdicts) misses() string {
	var b strings.Builder
	for _, v := range vs {
		switch {
		case v.decided(intent.DefaultThreshold) && !v.right():
			fmt.Fprintf(&b, "wrong  %-12s %.3f, is %-12s %-16s %s\n", v.intent, v.confidence, v.Label, v.Topic, v.Text)
		case !v.decided(intent.DefaultThreshold) && v.Label != labels[unsure]:
			fmt.Fprintf(&b, "unsure %-12s %.3f, is %-12s %-16s %s\n", v.intent, v.confidence, v.Label, v.Topic, v.Text)
		}
	}
	return b.String()
}
