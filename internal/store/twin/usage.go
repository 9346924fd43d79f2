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
	return s.do(ctx, "Meter", func() error {
		at := at(t, ofReading, r.Key(), "")
		if s.version(at) <= r.Version {
			s.records[at] = &record{value: kept(r), version: r.Version}
		}
		return nil
	})
}

// Metered lists the company's readings in [from, to), at most limit of them.
func (s *Table) Metered(ctx context.Context, t tenant.ID, from, to time.Time, limit int) (list []usage.Reading, err error) {
	err = s.do(ctx, "Metered", func() error {
		ids, _ := listed(s, t, ofReading, func(r usage.Reading) string { return second(r.At) })
		for _, id := range ids {
			r, version, _ := read[usage.Reading](s, at(t, ofReading, id, ""))
			r.Version = version
			if !r.At.Before(from) && r.At.Before(to) && len(list) < limit {
				list = append(list, r)
			}
		}
		return nil
	})
	return list, err
}

// Resolve puts what a call was taken for over what was put of it before; of an older fact it leaves out.
func (s *Table) Resolve(ctx context.Context, t tenant.ID, r usage.Resolution) error {
	return s.do(ctx, "Resolve", func() error {
		at := at(t, ofResolution, r.CallID, "")
		if s.version(at) <= r.Version {
			s.records[at] = &record{value: kept(r), version: r.Version}
		}
		return nil
	})
}

// Resolved lists what the company's calls were taken for in [from, to), at most limit of them.
func (s *Table) Resolved(ctx context.Context, t tenant.ID, from, to time.Time, limit int) (list []usage.Resolution, err error) {
	err = s.do(ctx, "Resolved", func() error {
		ids, _ := listed(s, t, ofResolution, func(r usage.Resolution) string { return second(r.At) })
		for _, id := range ids {
			r, version, _ := read[usage.Resolution](s, at(t, ofResolution, id, ""))
			r.Version = version
			if !r.At.Before(from) && r.At.Before(to) && len(list) < limit {
				list = append(list, r)
			}
		}
		return nil
	})
	return list, err
}
