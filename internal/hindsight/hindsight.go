// Package hindsight tries changed words on what callers once said: which stored calls would be taken for something else
// (§3.4). Its one rule: both sides are decided as the telephone decides a call's first words, so that nothing differs but
// the configuration. It changes nothing, keeps nothing, and knows no table and no screen.
package hindsight

import (
	"context"
	"fmt"
	"time"

	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/intent"
	"github.com/askpro/gateway/internal/mode"
	"github.com/askpro/gateway/internal/tenant"
)

// Longest is how far back first words are tried, whatever is kept longer (§3.4, §15).
const Longest = 90 * 24 * time.Hour

// Setting is a company as it is, or as it would be: its words, threshold and mode.
type Setting struct {
	Config *company.Config
	Desk   *desk.Configuration
}

// Outcome is what first words come to. Mode is undecided where the caller would be asked.
type Outcome struct {
	Mode        mode.Mode
	From        mode.Source
	Intent      intent.Intent
	Confidence  float64
	Explanation string
}

// Verdict is one call: what stands in its record, and what its first words come to with the one setting and the other.
type Verdict struct {
	CallID    string
	At        time.Time
	Utterance string
	Stands    mode.Mode // what the call was taken for in the end: later words, functions and the fallback are in it
	StandsBy  mode.Source
	Is, Would Outcome
}

// Switches tells whether the change makes another call of it.
func (v Verdict) Switches() bool { return v.Is.Mode != v.Would.Mode }

// Trial holds two settings against each other.
type Trial struct{ is, would decider }

type decider struct {
	words  *intent.Detector
	config mode.Config
}

// New makes a trial of a change.
func New(is, would Setting) *Trial { return &Trial{is.decider(), would.decider()} }

func (s Setting) decider() decider {
	g := s.Desk.Gateway
	return decider{
		intent.New(desk.Words(s.Desk, s.Config)),
		mode.Config{Enabled: g.Enabled, Mode: g.Mode, Fallback: g.Fallback, Threshold: g.Confidence, Version: s.Desk.Version},
	}
}

// decide is the beginning of a call whose first words these are.
func (d decider) decide(utterance string, at time.Time) Outcome {
	r := d.words.Detect(utterance)
	p := mode.Resolve(true, &d.config, at).Heard(mode.Detection{Intent: string(r.Intent), Confidence: r.Confidence, Keywords: r.Keywords}, at)
	return Outcome{p.Mode, p.From, r.Intent, r.Confidence, r.Explanation()}
}

// Try judges a call; false where there is nothing to judge: no words are kept, or they are too old.
func (t *Trial) Try(c call.Call, now time.Time) (Verdict, bool) {
	p, at := c.Gateway, c.Began()
	if p == nil || p.Utterance == "" || at.Before(now.Add(-Longest)) {
		return Verdict{}, false
	}
	return Verdict{
		CallID: c.RetellID, At: at, Utterance: p.Utterance, Stands: p.Mode, StandsBy: p.From,
		Is: t.is.decide(p.Utterance, at), Would: t.would.decide(p.Utterance, at),
	}, true
}

// Totals are the sums of a trial.
type Totals struct {
	Calls    int // that were looked at
	Judged   int // of these, those with words
	Switched int
	Unsure   [2]int               // whose caller would be asked: as it is, as it would be
	Moves    map[[2]mode.Mode]int // of those that switch: from, to
}

func (s *Totals) add(v Verdict) {
	s.Judged++
	for i, o := range []Outcome{v.Is, v.Would} {
		if o.Mode == mode.Undecided {
			s.Unsure[i]++
		}
	}
	if v.Switches() {
		s.Switched++
		s.Moves[[2]mode.Mode{v.Is.Mode, v.Would.Mode}]++
	}
}

// Calls is what hindsight asks of the table: a page of the calls that began in [from, to), newest first, and where the next
// one begins; empty: there is none.
type Calls interface {
	CallPage(ctx context.Context, t tenant.ID, from, to time.Time, after string, limit int) (page []call.Call, next string, err error)
}

// page is how many calls are read at once.
const page = 100

// Run tries a change on the calls of the last 90 days, newest first. found is told each call that would switch, progress
// after every page how many were looked at and how far back that is; an error of either ends it.
func (t *Trial) Run(ctx context.Context, of Calls, company tenant.ID, now time.Time, found func(Verdict) error, progress func(Totals, time.Time) error) (Totals, error) {
	sum := Totals{Moves: map[[2]mode.Mode]int{}}
	for after := ""; ; {
		list, next, err := of.CallPage(ctx, company, now.Add(-Longest), now.Add(time.Second), after, page)
		if err != nil {
			return sum, fmt.Errorf("read calls: %w", err)
		}
		reached := now
		for _, c := range list {
			sum.Calls++
			reached = c.Began()
			v, ok := t.Try(c, now)
			if !ok {
				continue
			}
			sum.add(v)
			if !v.Switches() {
				continue
			}
			if err := found(v); err != nil {
				return sum, err
			}
		}
		if len(list) > 0 {
			if err := progress(sum, reached); err != nil {
				return sum, err
			}
		}
		if after = next; after == "" {
			return sum, nil
		}
	}
}
