package keeper

import (
	"context"
	"errors"
	"time"

	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// State of a call as the telephone's own records have it.
type State int

// Unknown: there is no such call. Ongoing: somebody speaks, or is about to. Over: it has ended, and the news tell how.
const (
	Unknown State = iota
	Ongoing
	Over
)

// Standing answers how a call stands.
type Standing struct {
	State State
	News  call.News
}

// ErrNoKey says that the telephone accepts none of the company's keys.
var ErrNoKey = errors.New("none of the company's keys is accepted")

// AlarmNoKey wakes whoever can store one.
const AlarmNoKey = "no_company_key"

// How long nobody may know a call until it counts as over, and how long any call may last.
const (
	closeAfter = 2 * time.Hour
	longest    = 24 * time.Hour
)

// Poll asks how a call stands that nobody told the end of, completes it from the answer as an event would, and puts itself
// off while it goes on. A call that is unknown there is closed after two hours (§4.3). It tells whether the timer is still
// wanted.
func (k *Keeper) Poll(ctx context.Context, t tenant.ID, callID string) (wanted bool, err error) {
	c, known, err := k.Store.Call(ctx, t, callID)
	if err != nil || !known || c.Over() {
		return false, err
	}
	config, err := k.Store.Config(ctx, t)
	if err != nil {
		return false, err
	}
	now := k.Now()
	age := now.Sub(c.Began())
	stands, failure := k.Telephone.Ask(ctx, config.Company.RetellAPIKeys, callID)
	if errors.Is(failure, ErrNoKey) {
		k.Alarm(ctx, AlarmNoKey, t.String())
	}
	switch {
	case failure == nil && stands.State == Over:
		stands.News.RetellID, stands.News.ReceivedAt = callID, now
		if stands.News.SentAt.IsZero() {
			stands.News.SentAt = now
		}
		return false, k.Apply(ctx, t, stands.News)
	case failure == nil && stands.State == Unknown && age >= closeAfter, age >= longest:
		return false, k.Apply(ctx, t, call.News{Event: call.Closed, RetellID: callID, Connection: "error", ReceivedAt: now, SentAt: now})
	}
	// It goes on, or could not be asked: the next quarter of an hour tells.
	return true, k.Store.Commit(ctx, t, &ledger.Step{SetTimers: []ledger.Timer{ledger.Poll(&c, now)}})
}
