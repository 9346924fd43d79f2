package scheduling_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/callback"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// memory keeps records as the table does: whole or not at all, and only over what was read.
type memory struct {
	records map[string]record
	facts   []string
}

type record struct {
	raw     []byte
	version int
}

func newMemory() *memory { return &memory{records: map[string]record{}} }

func load[T any](m *memory, key string, into *T) (version int, ok bool) {
	r, ok := m.records[key]
	if ok {
		if err := json.Unmarshal(r.raw, into); err != nil {
			panic(err)
		}
	}
	return r.version, ok
}

func dayName(k booking.DayKey) string { return fmt.Sprint("day/", k.Resource, "/", k.Date) }

// Gather reads days, slots and a card.
func (m *memory) Gather(_ context.Context, _ tenant.ID, ask ledger.Ask) (ledger.Known, error) {
	known := ledger.Known{Days: map[booking.DayKey]booking.Day{}, Slots: map[booking.SlotKey]booking.SlotDay{}}
	for _, k := range ask.Days {
		d := booking.Day{}
		d.Version, _ = load(m, dayName(k), &d)
		d.Resource, d.Date = k.Resource, k.Date
		known.Days[k] = d
	}
	if ask.Card != "" {
		known.Card.Version, _ = load(m, "card/"+ask.Card, &known.Card)
		known.Card.Key = ask.Card
	}
	return known, nil
}

// Commit writes a step.
func (m *memory) Commit(_ context.Context, _ tenant.ID, step *ledger.Step) error {
	type write struct {
		name, key string
		value     any
		version   *int
	}
	var writes []write
	for i := range step.Days {
		d := &step.Days[i]
		writes = append(writes, write{"day", dayName(booking.DayKey{Resource: d.Resource, Date: d.Date}), d, &d.Version})
	}
	for _, a := range step.Appointments {
		writes = append(writes, write{"appointment", "appointment/" + a.ID, a, &a.Version})
	}
	for i := range step.Claims {
		writes = append(writes, write{"claim", "claim/" + step.Claims[i].UID, step.Claims[i], &step.Claims[i].Version})
	}
	for _, c := range step.Changes {
		writes = append(writes, write{"change", "change/" + c.AppointmentID + "/" + c.ID, c, new(int)})
	}
	if c := step.Card; c != nil {
		writes = append(writes, write{"card", "card/" + c.Key, c, &c.Version})
	}
	if c := step.Customer; c != nil {
		writes = append(writes, write{"customer", "customer/" + c.ID, c, &c.Version})
		if step.EmailOf != "" {
			writes = append(writes, write{"email", "email/" + strings.ToLower(step.EmailOf), c.ID, new(int)})
		}
	}
	if c := step.Callback; c != nil {
		writes = append(writes, write{"callback", "callback/" + c.ID, c, &c.Version})
	}
	var conflict ledger.Conflict
	for i, w := range writes {
		if m.records[w.key].version != *w.version {
			conflict.On = append(conflict.On, w.name)
		}
		for _, other := range writes[:i] {
			if other.key == w.key {
				return fmt.Errorf("a transaction writes %s twice", w.key)
			}
		}
	}
	if len(conflict.On) > 0 {
		return &conflict
	}
	for _, w := range writes {
		raw, err := json.Marshal(w.value)
		if err != nil {
			return err
		}
		*w.version++
		m.records[w.key] = record{raw, *w.version}
	}
	for _, e := range step.Events {
		switch e := e.(type) {
		case event.AppointmentConfirmed:
			m.facts = append(m.facts, fmt.Sprint(e.Name(), " version ", e.Version))
		case event.AppointmentCancelled:
			m.facts = append(m.facts, fmt.Sprint(e.Name(), " version ", e.Version, " by ", e.By))
		default:
			m.facts = append(m.facts, e.Name())
		}
	}
	return nil
}

// Appointment by id.
func (m *memory) Appointment(_ context.Context, _ tenant.ID, id string) (a booking.Appointment, ok bool, err error) {
	a.Version, ok = load(m, "appointment/"+id, &a)
	return a, ok, nil
}

// Claim by uid.
func (m *memory) Claim(_ context.Context, _ tenant.ID, uid string) (c booking.Claim, ok bool, err error) {
	c.Version, ok = load(m, "claim/"+uid, &c)
	c.UID = uid
	return c, ok, nil
}

// Customer by id.
func (m *memory) Customer(_ context.Context, _ tenant.ID, id string) (c customer.Customer, ok bool, err error) {
	c.Version, ok = load(m, "customer/"+id, &c)
	return c, ok, nil
}

// CustomerOfEmail by address.
func (m *memory) CustomerOfEmail(_ context.Context, _ tenant.ID, email string) (id string, ok bool, err error) {
	_, ok = load(m, "email/"+strings.ToLower(email), &id)
	return id, ok, nil
}

// LearnHost keeps the first.
func (m *memory) LearnHost(_ context.Context, _ tenant.ID, h company.HostMapping) error {
	key := fmt.Sprint("host/", h.HostID)
	if _, known := m.records[key]; !known {
		raw, err := json.Marshal(h)
		m.records[key] = record{raw, 1}
		return err
	}
	return nil
}

// Callback reads one that was promised.
func (m *memory) Callback(_ context.Context, _ tenant.ID, id string) (r callback.Request, ok bool, err error) {
	r.Version, ok = load(m, "callback/"+id, &r)
	return r, ok, nil
}

// OpenCallbacks lists none: who is given one is not this test's matter.
func (m *memory) OpenCallbacks(context.Context, tenant.ID, string) ([]callback.Waiting, error) {
	return nil, nil
}

// ClaimOnce lets one in for good.
func (m *memory) ClaimOnce(_ context.Context, _ tenant.ID, name string, _ time.Duration) error {
	if _, leased := m.records["once/"+name]; leased {
		return errors.New("leased")
	}
	m.records["once/"+name] = record{[]byte("1"), 1}
	return nil
}

// LeaseSlots is not asked here, nor is SaveSlots.
func (m *memory) LeaseSlots(context.Context, tenant.ID, booking.SlotKey, time.Time, time.Time) (bool, error) {
	return false, nil
}

// SaveSlots keeps nothing.
func (m *memory) SaveSlots(context.Context, tenant.ID, []booking.SlotDay) error { return nil }
