package twin

import (
	"context"
	"maps"
	"time"

	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// Lease takes requests out of a key's budget. Not granted: others have leased meanwhile, so that the state is another one.
func (s *Table) Lease(ctx context.Context, t tenant.ID, key string, l ledger.Lease) (granted bool, now ledger.KeyState, err error) {
	return s.change(ctx, "Lease", t, key, func(k *ledger.KeyState) bool {
		switch {
		case l.Turn == nil:
			fits := k.Used <= l.Most.Used && (l.Take.Jobs == 0 || k.Jobs <= l.Most.Jobs)
			if k.Tick == 0 || k.Tick != l.Tick || !fits {
				return false
			}
			k.Used, k.Jobs = k.Used+l.Take.Used, k.Jobs+l.Take.Jobs
		case l.Turn.Tick == 0 && k.Tick != 0, l.Turn.Tick != 0 && (k.Tick != l.Turn.Tick || k.Spent != l.Turn.Spent):
			return false
		default:
			k.Tick, k.Spent, k.Past = l.Tick, l.Take, l.Past
		}
		return true
	})
}

// Trip changes the breaker of one group. Not done: somebody else was faster.
func (s *Table) Trip(ctx context.Context, t tenant.ID, key, group string, from, to ledger.Breaker) (done bool, now ledger.KeyState, err error) {
	return s.change(ctx, "Trip", t, key, func(k *ledger.KeyState) bool {
		if k.Breakers[group] != from {
			return false
		}
		breakers := map[string]ledger.Breaker{}
		maps.Copy(breakers, k.Breakers)
		if breakers[group] = to; to == (ledger.Breaker{}) {
			delete(breakers, group)
		}
		if k.Breakers = breakers; len(breakers) == 0 {
			k.Breakers = nil
		}
		return true
	})
}

// Rest keeps a Cal.com key quiet until a time.
func (s *Table) Rest(ctx context.Context, t tenant.ID, key string, until time.Time) error {
	_, _, err := s.change(ctx, "Rest", t, key, func(k *ledger.KeyState) bool {
		k.RestUntil = time.Unix(until.Unix(), 0).UTC()
		return true
	})
	return err
}

// change changes what is known of a key, if it may be, and tells how it then stands.
func (s *Table) change(ctx context.Context, method string, t tenant.ID, key string, do func(*ledger.KeyState) bool) (done bool, now ledger.KeyState, err error) {
	err = s.do(ctx, method, func() error {
		k, _, _ := read[ledger.KeyState](s, at(t, ofKey, key, ""))
		if done = do(&k); done {
			s.records[at(t, ofKey, key, "")] = &record{value: kept(k)}
		}
		now = kept(k)
		return nil
	})
	return done, now, err
}
