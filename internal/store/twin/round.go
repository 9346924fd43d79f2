package twin

import (
	"context"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/reconcile"
	"github.com/askpro/gateway/internal/store"
	"github.com/askpro/gateway/internal/tenant"
)

// Round is how far the rounds of a company have come; one that had none has an empty state of version 0.
func (s *Table) Round(ctx context.Context, t tenant.ID) (reconcile.State, error) {
	x, v, _, err := one[reconcile.State](ctx, s, "Round", at(t, ofRound, "", ""))
	x.Version = v
	return x, err
}

// SaveRound keeps it, over what was read; a *ledger.Conflict when somebody else was faster.
func (s *Table) SaveRound(ctx context.Context, t tenant.ID, x *reconcile.State) error {
	return s.do(ctx, "SaveRound", func() error {
		of := at(t, ofRound, "", "")
		if s.version(of) != x.Version {
			return &ledger.Conflict{On: []string{"round"}}
		}
		s.records[of] = &record{value: kept(*x), version: x.Version + 1}
		x.Version++
		return nil
	})
}

// SaveReport keeps the report of the last comparison.
func (s *Table) SaveReport(ctx context.Context, t tenant.ID, r reconcile.Report) error {
	return s.do(ctx, "SaveReport", func() error {
		s.records[at(t, ofReport, r.Kind, "")] = &record{value: kept(r)}
		return nil
	})
}

// Report of the last comparison; false when there was none yet.
func (s *Table) Report(ctx context.Context, t tenant.ID, kind string) (reconcile.Report, bool, error) {
	r, _, ok, err := one[reconcile.Report](ctx, s, "Report", at(t, ofReport, kind, ""))
	return r, ok, err
}

// Claims of many uids. What is not claimed is missing.
func (s *Table) Claims(ctx context.Context, t tenant.ID, uids []string) (map[string]booking.Claim, error) {
	claims := map[string]booking.Claim{}
	err := s.do(ctx, "Claims", func() error {
		for _, uid := range uids {
			if c, v, ok := read[booking.Claim](s, at(t, ofClaim, uid, "")); ok {
				c.Version = v
				claims[uid] = c
			}
		}
		return nil
	})
	return claims, err
}

// Appointments by their ids, in no order. One that does not exist is missing.
func (s *Table) Appointments(ctx context.Context, t tenant.ID, ids []string) (list []booking.Appointment, err error) {
	err = s.do(ctx, "Appointments", func() error {
		asked := map[string]bool{}
		for _, id := range ids {
			if a, v, ok := read[booking.Appointment](s, at(t, ofAppointment, id, "")); ok && !asked[id] {
				a.Version = v
				list, asked[id] = append(list, a), true
			}
		}
		return nil
	})
	return list, err
}

// Watched lists the company's troubled appointments.
func (s *Table) Watched(ctx context.Context, t tenant.ID) (list []booking.Watched, err error) {
	err = s.do(ctx, "Watched", func() error {
		list = all[booking.Watched](s, at(t, ofWatch, "", ""))
		return nil
	})
	return list, err
}

// tallied counts the bookings of an hour.
type tallied struct{ took, failed int }

// Tally counts a booking that the calendar took, or did not, in its hour.
func (s *Table) Tally(ctx context.Context, t tenant.ID, when time.Time, took bool) error {
	return s.do(ctx, "Tally", func() error {
		of := at(t, ofTally, "", hour(when))
		var n tallied
		if r := s.records[of]; r != nil {
			n = r.value.(tallied)
		}
		if took {
			n.took++
		} else {
			n.failed++
		}
		s.records[of] = &record{value: n}
		return nil
	})
}

// Tallied counts the bookings since an instant, by the hour.
func (s *Table) Tallied(ctx context.Context, t tenant.ID, since time.Time) (took, failed int, err error) {
	err = s.do(ctx, "Tallied", func() error {
		for at, r := range s.records {
			if at.company == t && at.kind == ofTally && at.sub >= hour(since) && at.sub <= hour(s.now()) {
				n := r.value.(tallied)
				took, failed = took+n.took, failed+n.failed
			}
		}
		return nil
	})
	return took, failed, err
}

func hour(t time.Time) string { return t.UTC().Format("2006-01-02T15") }

// ClaimOnce lets one in per lease; all others get store.ErrLeased.
func (s *Table) ClaimOnce(ctx context.Context, t tenant.ID, name string, lease time.Duration) error {
	return s.do(ctx, "ClaimOnce", func() error {
		of, now := at(t, ofOnce, name, ""), s.now()
		if r := s.records[of]; r != nil && r.value.(int64) > now.Unix() {
			return store.ErrLeased
		}
		s.records[of] = &record{value: now.Add(lease).Unix()}
		return nil
	})
}
