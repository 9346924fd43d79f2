package usage

import (
	"context"
	"time"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/tenant"
)

// Records are what a recount reads beside a Store. Both lists are in order and have at most limit ids.
type Records interface {
	CallsBetween(ctx context.Context, t tenant.ID, from, to time.Time, limit int) ([]string, error)
	CasesBetween(ctx context.Context, t tenant.ID, from, to time.Time, limit int) ([]string, error)
	CaseDeliveries(ctx context.Context, t tenant.ID, caseID string) ([]delivery.Delivery, error)
}

// Most is how many calls, cases or readings of a month are looked at.
const Most = 1_000_000

// longestCall: a call that began before the month may end in it.
const longestCall = 24 * time.Hour

// Recount puts the readings of a month again, from the calls and the cases' deliveries as they stand now, and tells how
// many there are. A reading that was lost is back; one that is there already stays what it is.
func (m Metering) Recount(ctx context.Context, t tenant.ID, from Records, month Month) (n int, err error) {
	begin, end := month.Span()
	put := func(r Reading, counts bool) error {
		if !counts || MonthOf(r.At) != month {
			return nil
		}
		n++
		return m.Store.Meter(ctx, t, r)
	}
	calls, err := from.CallsBetween(ctx, t, begin.Add(-longestCall), end, Most)
	if err != nil {
		return n, err
	}
	for _, id := range calls {
		c, _, err := m.Store.Call(ctx, t, id)
		if err != nil {
			return n, err
		}
		if err := put(OfCall(c)); err != nil {
			return n, err
		}
		if r, ok := OfMode(c); ok && MonthOf(r.At) == month {
			if err := m.Store.Resolve(ctx, t, r); err != nil {
				return n, err
			}
		}
	}
	cases, err := from.CasesBetween(ctx, t, time.Time{}, end, Most)
	if err != nil {
		return n, err
	}
	for _, id := range cases {
		c, _, err := m.Store.Case(ctx, t, id)
		if err != nil {
			return n, err
		}
		list, err := from.CaseDeliveries(ctx, t, id)
		if err != nil {
			return n, err
		}
		for _, d := range list {
			if err := put(OfDelivery(d, c.BranchID)); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}
