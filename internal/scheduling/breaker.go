package scheduling

import (
	"context"
	"errors"
	"time"

	"github.com/askpro/gateway/internal/ledger"
)

// Figures of a breaker (§13.1). Once its time is over one request at a time probes; a probe that nobody hears of again ends
// after probeFor.
const (
	mostFailures = 5
	openFor      = 60 * time.Second
	closedBy     = 2
	probeFor     = 6 * time.Second
)

// failed is a breaker after one more failure.
func failed(b ledger.Breaker, now time.Time) ledger.Breaker {
	if b.Failures >= mostFailures && b.Probing == 0 && b.OpenUntil > now.Add(probeFor).Unix() && b.OpenUntil <= now.Add(openFor).Unix() {
		return b // it is open already: this request had set out before
	}
	b.Failures = min(b.Failures+1, mostFailures)
	if b.Probing = 0; b.Failures == mostFailures {
		b.OpenUntil = now.Add(openFor).Unix()
	}
	return b
}

// answered is a breaker after an answer, a refusal too: whoever refuses is there.
func answered(b ledger.Breaker, now time.Time) ledger.Breaker {
	switch {
	case b.Failures < mostFailures:
		return ledger.Breaker{}
	case b.OpenUntil > now.Add(probeFor).Unix():
		return b // open: this request had set out before
	case b.Probing+1 >= closedBy:
		return ledger.Breaker{}
	}
	b.Probing++
	b.OpenUntil = now.Unix() // the next probe may go at once
	return b
}

// open refuses while a breaker's time runs. A time beyond any breaker's was set under another clock.
func open(b ledger.Breaker, now time.Time) error {
	if b.Failures >= mostFailures && b.OpenUntil > now.Unix() && b.OpenUntil <= now.Add(openFor).Unix() {
		return &Refused{Why: Resting, Until: time.Unix(b.OpenUntil, 0).UTC(), Err: errors.New("the calendar failed several times in a row")}
	}
	return nil
}

// probe lets a request through a closed breaker, and one at a time through one whose time is over.
func (g *Guard) probe(ctx context.Context, p *purse, who Account, group string) error {
	for range tries {
		b, now := p.state.Breakers[group], g.Now()
		if b.Failures < mostFailures {
			return nil
		}
		if err := open(b, now); err != nil {
			return err
		}
		probing := b
		probing.OpenUntil = now.Add(probeFor).Unix()
		mine, state, err := g.Keys.Trip(ctx, who.Company, who.Key, group, b, probing)
		if err != nil {
			return err
		}
		if p.state = state; mine {
			return nil
		}
	}
	return &Refused{Why: Resting, Until: g.Now().Add(time.Second), Err: errors.New("too many ask at once")}
}
