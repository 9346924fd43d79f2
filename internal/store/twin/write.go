package twin

import (
	"context"
	"fmt"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/store"
	"github.com/askpro/gateway/internal/tenant"
)

// LeaseSlots lets one asker at a time fetch a list of slots; false when somebody else is at it.
func (s *Table) LeaseSlots(ctx context.Context, t tenant.ID, k booking.SlotKey, now, until time.Time) (leased bool, err error) {
	err = s.do(ctx, "LeaseSlots", func() error {
		d, v, _ := read[booking.SlotDay](s, slotsAt(t, k))
		// A lease from beyond any lease's length was set under another clock.
		if leased = d.LeaseUntil <= now.Unix() || d.LeaseUntil > until.Unix(); leased {
			d.LeaseUntil = until.Unix()
			s.records[slotsAt(t, k)] = record{d, v + 1}
		}
		return nil
	})
	return leased && err == nil, err
}

// SaveSlots keeps fetched lists and ends their leases.
func (s *Table) SaveSlots(ctx context.Context, t tenant.ID, lists []booking.SlotDay) error {
	return s.do(ctx, "SaveSlots", func() error {
		for _, d := range lists {
			s.records[slotsAt(t, booking.SlotKey{EventTypeID: d.EventTypeID, Date: d.Date})] = record{value: kept(d)}
		}
		return nil
	})
}

func slotsAt(t tenant.ID, k booking.SlotKey) place {
	return at(t, ofSlots, fmt.Sprint(k.EventTypeID), k.Date.String())
}

// Rest keeps a Cal.com key quiet until a time.
func (s *Table) Rest(ctx context.Context, t tenant.ID, ref string, until time.Time) error {
	return s.do(ctx, "Rest", func() error {
		s.records[at(t, ofRest, ref, "")] = record{value: time.Unix(until.Unix(), 0).UTC()}
		return nil
	})
}

// RestUntil is when a Cal.com key may be used again; zero: at once.
func (s *Table) RestUntil(ctx context.Context, t tenant.ID, ref string) (time.Time, error) {
	until, _, _, err := one[time.Time](ctx, s, "RestUntil", at(t, ofRest, ref, ""))
	return until, err
}

// once is a claim on something that is done once, in unix seconds.
type once struct{ leaseUntil, sealedAt int64 }

// ClaimOnce leases a once-key to the caller. A lapsed lease lets the next try in; SealOnce ends it.
func (s *Table) ClaimOnce(ctx context.Context, t tenant.ID, name string, lease time.Duration) error {
	return s.do(ctx, "ClaimOnce", func() error {
		now := s.now()
		switch o := s.once(t, name); {
		case o.sealedAt > 0:
			return store.ErrSealed
		case o.leaseUntil > now.Unix():
			return store.ErrLeased
		}
		s.records[at(t, ofOnce, name, "")] = record{value: once{leaseUntil: now.Add(lease).Unix()}}
		return nil
	})
}

// SealOnce says that it was done.
func (s *Table) SealOnce(ctx context.Context, t tenant.ID, name, _ string) error {
	return s.do(ctx, "SealOnce", func() error {
		s.records[at(t, ofOnce, name, "")] = record{value: once{sealedAt: s.now().Unix()}}
		return nil
	})
}

// FreeOnce gives a claim back after a failure that surely did nothing.
func (s *Table) FreeOnce(ctx context.Context, t tenant.ID, name string) error {
	return s.do(ctx, "FreeOnce", func() error {
		if r, ok := s.records[at(t, ofOnce, name, "")]; ok {
			o := r.value.(once)
			o.leaseUntil = 0
			s.records[at(t, ofOnce, name, "")] = record{value: o}
		}
		return nil
	})
}

func (s *Table) once(t tenant.ID, name string) once {
	o, _ := s.records[at(t, ofOnce, name, "")].value.(once)
	return o
}

// OpenClaims names the once-keys of a company that somebody has begun and not ended.
func (s *Table) OpenClaims(t tenant.ID) (names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, at := range s.places(func(at place) bool { return at.company == t && at.kind == ofOnce }) {
		if s.once(t, at.id).sealedAt == 0 {
			names = append(names, at.id)
		}
	}
	return names
}

// Take removes a timer that has been seen to. Removing twice is harmless.
func (s *Table) Take(ctx context.Context, t tenant.ID, timer store.Timer) error {
	return s.do(ctx, "Take", func() error {
		delete(s.records, at(t, ofTimer, aggregate(timer.Kind, timer.About), alarm(timer.Queue, timer.Name)))
		return nil
	})
}
