package twin

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/notify"
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
			s.records[slotsAt(t, k)] = &record{value: d, version: v + 1}
		}
		return nil
	})
	return leased && err == nil, err
}

// SaveSlots keeps fetched lists and ends their leases.
func (s *Table) SaveSlots(ctx context.Context, t tenant.ID, lists []booking.SlotDay) error {
	return s.do(ctx, "SaveSlots", func() error {
		for _, d := range lists {
			s.records[slotsAt(t, booking.SlotKey{EventTypeID: d.EventTypeID, Date: d.Date})] = &record{value: kept(d)}
		}
		return nil
	})
}

func slotsAt(t tenant.ID, k booking.SlotKey) place {
	return at(t, ofSlots, fmt.Sprint(k.EventTypeID), k.Date.String())
}

// ClaimDelivery takes a message for one attempt and returns it as it then stands; with store.ErrLeased as it stands
// meanwhile. A lapsed lease lets the next attempt in.
func (s *Table) ClaimDelivery(ctx context.Context, t tenant.ID, d notify.Delivery, lease time.Duration) (found notify.Delivery, err error) {
	err = s.do(ctx, "ClaimDelivery", func() error {
		now := s.now()
		x, _, _ := read[notify.Delivery](s, deliveryAt(t, d))
		found = x
		switch {
		case slices.Contains(notify.Ends, x.Status):
			return store.ErrSealed
		case x.Until.After(millis(now)):
			return store.ErrLeased
		case x.CreatedAt.IsZero():
			x.CreatedAt = millis(now)
		}
		x.Event, x.Version, x.Channel, x.Recipient = d.Event, d.Version, d.Channel, d.Recipient
		x.Status, x.UpdatedAt, x.Until = notify.Processing, millis(now), millis(now.Add(lease))
		x.Tries++
		if x.Told == nil {
			x.Told = d.Told
		}
		s.records[deliveryAt(t, d)] = &record{value: x}
		found = x
		return nil
	})
	found.Kind, found.About = d.Kind, d.About
	return found, err
}

// SaveDelivery writes down what came of an attempt, unless a later one has begun since or the provider has told more.
func (s *Table) SaveDelivery(ctx context.Context, t tenant.ID, d notify.Delivery) error {
	return s.do(ctx, "SaveDelivery", func() error {
		x, _, ok := read[notify.Delivery](s, deliveryAt(t, d))
		if ok && x.Tries == d.Tries && !slices.Contains(notify.Ends, x.Status) {
			x.Status, x.UpdatedAt, x.Failures, x.Via, x.ProviderID, x.Until = d.Status, millis(s.now()), d.Failures, d.Via, d.ProviderID, millis(d.Until)
			s.records[deliveryAt(t, d)] = &record{value: x}
		}
		return nil
	})
}

// Delivery is a message by what names it.
func (s *Table) Delivery(ctx context.Context, t tenant.ID, d notify.Delivery) (found notify.Delivery, ok bool, err error) {
	err = s.do(ctx, "Delivery", func() error {
		found, _, ok = read[notify.Delivery](s, deliveryAt(t, d))
		return nil
	})
	found.Kind, found.About = d.Kind, d.About
	return found, ok, err
}

// SaveReceipt writes down what a provider said of a message that stands as it was; store.ErrLeased where it does not any more.
func (s *Table) SaveReceipt(ctx context.Context, t tenant.ID, was, next notify.Delivery) error {
	return s.do(ctx, "SaveReceipt", func() error {
		x, _, ok := read[notify.Delivery](s, deliveryAt(t, was))
		if !ok || x.Status != was.Status || x.Tries != was.Tries {
			return store.ErrLeased
		}
		x.Status, x.UpdatedAt, x.Via, x.ProviderID, x.Until = next.Status, millis(s.now()), next.Via, next.ProviderID, millis(next.Until)
		x.CostMicroUSD, x.Returned, x.Tries = next.CostMicroUSD, next.Returned, next.Tries
		s.records[deliveryAt(t, was)] = &record{value: x}
		return nil
	})
}

// Deliveries are the messages about an aggregate, by event and version.
func (s *Table) Deliveries(ctx context.Context, t tenant.ID, kind ledger.Kind, about string) (list []notify.Delivery, err error) {
	err = s.do(ctx, "Deliveries", func() error {
		list = all[notify.Delivery](s, at(t, ofDelivery, aggregate(kind, about), ""))
		for i := range list {
			list[i].Kind, list[i].About = kind, about
		}
		return nil
	})
	return list, err
}

// Unfinished names a company's messages that have begun and have not reached an end.
func (s *Table) Unfinished(t tenant.ID) (names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, at := range s.places(func(at place) bool { return at.company == t && at.kind == ofDelivery }) {
		if d := s.records[at].value.(notify.Delivery); !slices.Contains(notify.Ends, d.Status) {
			names = append(names, string(d.Status)+": "+at.id+" "+at.sub)
		}
	}
	return names
}

func deliveryAt(t tenant.ID, d notify.Delivery) place {
	return at(t, ofDelivery, aggregate(d.Kind, d.About), d.Name())
}

// millis is an instant as precisely as the table compares it.
func millis(t time.Time) time.Time { return t.UTC().Round(0).Truncate(time.Millisecond) }

// Take removes a timer that has been seen to. Removing twice is harmless.
func (s *Table) Take(ctx context.Context, t tenant.ID, timer store.Timer) error {
	return s.do(ctx, "Take", func() error {
		delete(s.records, at(t, ofTimer, aggregate(timer.Kind, timer.About), alarm(timer.Queue, timer.Name)))
		return nil
	})
}
