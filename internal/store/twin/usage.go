package twin

import (
	"context"
	"time"

	"github.com/askpro/gateway/internal/tenant"
	"github.com/askpro/gateway/internal/usage"
)

const (
	ofReading    = "reading"
	ofResolution = "resolution"
)

// Meter puts a reading over an older one of the same call or delivery; an older one it leaves out.
func (s *Table) Meter(ctx context.Context, t tenant.ID, r usage.Reading) error {
	return s.newest(ctx, "Meter", at(t, ofReading, r.Key(), ""), kept(r), r.Version)
}

// Metered lists the company's readings in [from, to), at most limit of them.
func (s *Table) Metered(ctx context.Context, t tenant.ID, from, to time.Time, limit int) ([]usage.Reading, error) {
	return within(ctx, s, "Metered", t, ofReading, from, to, limit, func(r *usage.Reading, v int) time.Time {
		r.Version = v
		return r.At
	})
}

// Resolve puts what a call was taken for over what was put of it before; of an older fact it leaves out.
func (s *Table) Resolve(ctx context.Context, t tenant.ID, r usage.Resolution) error {
	return s.newest(ctx, "Resolve", at(t, ofResolution, r.CallID, ""), kept(r), r.Version)
}

// Resolved lists what the company's calls were taken for in [from, to), at most limit of them.
func (s *Table) Resolved(ctx context.Context, t tenant.ID, from, to time.Time, limit int) ([]usage.Resolution, error) {
	return within(ctx, s, "Resolved", t, ofResolution, from, to, limit, func(r *usage.Resolution, v int) time.Time {
		r.Version = v
		return r.At
	})
}

// newest puts a record over an older one of the same place; an older one it leaves out.
func (s *Table) newest(ctx context.Context, method string, there place, value any, v int) error {
	return s.do(ctx, method, func() error {
		if s.version(there) <= v {
			s.records[there] = &record{value: value, version: v}
		}
		return nil
	})
}

// within lists the records that newest put, in [from, to). of gives a record its version and says its time.
func within[T any](ctx context.Context, s *Table, method string, t tenant.ID, kind string, from, to time.Time, limit int, of func(r *T, v int) time.Time) (list []T, err error) {
	err = s.do(ctx, method, func() error {
		ids, _ := listed(s, t, kind, func(r T) string { return second(of(&r, 0)) })
		for _, id := range ids {
			r, v, _ := read[T](s, at(t, kind, id, ""))
			if when := of(&r, v); !when.Before(from) && when.Before(to) && len(list) < limit {
				list = append(list, r)
			}
		}
		return nil
	})
	return list, err
}
