package twin

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/audit"
	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/signing"
	"github.com/askpro/gateway/internal/store"
	"github.com/askpro/gateway/internal/subscribe"
	"github.com/askpro/gateway/internal/tenant"
)

// Kinds of what endpoints have; a Conflict leaves out whose they are.
const (
	ofRing            = "ring"
	ofEndpoint        = "endpoint state"
	ofEndpointMessage = "endpoint message"
	ofHeld            = "held"
	ofTurn            = "turn"
	ofGate            = "gate"
)

// Ring is the sealed ring of an output or endpoint; false until somebody rotates its secret.
func (s *Table) Ring(ctx context.Context, t tenant.ID, id string) (signing.Record, bool, error) {
	r, v, ok, err := one[signing.Record](ctx, s, "Ring", at(t, ofRing, id, ""))
	r.Version = v
	return r, ok, err
}

// SaveRing writes a ring over what was read, with the event that tells of it and its line in the trail.
func (s *Table) SaveRing(ctx context.Context, t tenant.ID, r *signing.Record, e event.EndpointSecretRotated) error {
	writes, facts, err := s.writesOf(t, &ledger.Step{Events: []event.Event{e}})
	if err != nil {
		return err
	}
	return s.do(ctx, "SaveRing", func() error {
		if s.version(at(t, ofRing, r.ID, "")) != r.Version {
			return &ledger.Conflict{On: []string{ofRing}}
		}
		s.put(append(writes, write{at: at(t, ofRing, r.ID, ""), value: kept(*r), version: r.Version}), facts)
		s.trail(t, []audit.Entry{audit.Rotated(e)})
		r.Version++
		return nil
	})
}

// transact writes all of it or nothing, unless checks or versions speak against it.
func (s *Table) transact(ctx context.Context, method string, writes []write, facts []Fact, checks ...func() []string) error {
	if err := sound(writes); err != nil || len(writes) == 0 {
		return err
	}
	return s.do(ctx, method, func() error {
		var conflict ledger.Conflict
		for _, check := range checks {
			conflict.On = append(conflict.On, check()...)
		}
		for _, w := range writes {
			if w.version != unconditional && s.version(w.at) != w.version {
				conflict.On = append(conflict.On, strings.TrimPrefix(w.at.kind, "endpoint "))
			}
		}
		if len(conflict.On) > 0 {
			return &conflict
		}
		s.put(writes, facts)
		return nil
	})
}

// put carries out what nothing speaks against.
func (s *Table) put(writes []write, facts []Fact) {
	for _, w := range writes {
		if w.from != nil {
			w.value = w.from()
		}
		if w.value == nil {
			delete(s.records, w.at)
		} else {
			s.records[w.at] = &record{value: w.value, version: max(w.version, 0) + 1}
		}
	}
	s.facts = append(s.facts, facts...)
}

// UseRing notes that a ring signed, unless a use was noted since before.
func (s *Table) UseRing(ctx context.Context, t tenant.ID, id string, both bool, when, before time.Time) error {
	return s.do(ctx, "UseRing", func() error {
		of := at(t, ofRing, id, "")
		r, v, ok := read[signing.Record](s, of)
		if !ok || r.CurrentUsed.After(before) {
			return nil
		}
		r.CurrentUsed = millis(when)
		if both {
			r.PreviousUsed = millis(when)
		}
		s.records[of] = &record{value: r, version: v}
		return nil
	})
}

// CommitEndpoint writes what changes together at an endpoint.
func (s *Table) CommitEndpoint(ctx context.Context, t tenant.ID, step *subscribe.Step) error {
	timers := &ledger.Step{Events: step.Events, SetTimers: step.SetTimers, ClearTimers: step.ClearTimers}
	var writes []write
	if x := step.State; x != nil {
		writes = append(writes, write{at: at(t, ofEndpoint, step.EndpointID, ""), value: kept(*x), version: x.Version})
	}
	for _, m := range step.Messages {
		writes = append(writes, write{at: at(t, ofEndpointMessage, step.EndpointID, m.ID), value: kept(*m), version: m.Version})
		held := write{at: at(t, ofHeld, step.EndpointID, m.ID), value: nil, version: unconditional}
		if m.Held {
			held.value = m.ID
		}
		if m.Held || m.Version > 0 {
			writes = append(writes, held)
		}
		switch x := m.Timer(); {
		case !m.WakeAt.IsZero():
			timers.SetTimers = append(timers.SetTimers, x)
		case m.Version > 0:
			timers.ClearTimers = append(timers.ClearTimers, x)
		}
	}
	more, facts, err := s.writesOf(t, timers)
	if err != nil {
		return err
	}
	writes = append(writes, more...)
	only := func() (refused []string) {
		if x, _, _ := read[subscribe.State](s, at(t, ofEndpoint, step.EndpointID, "")); step.OnlyDisabled && !x.Disabled() {
			refused = []string{"disabled"}
		}
		return refused
	}
	if err := s.transact(ctx, "CommitEndpoint", writes, facts, only); err != nil {
		return err
	}
	step.Written()
	return nil
}

// EndpointState is how an endpoint is doing.
func (s *Table) EndpointState(ctx context.Context, t tenant.ID, endpointID string) (subscribe.State, error) {
	x, v, _, err := one[subscribe.State](ctx, s, "EndpointState", at(t, ofEndpoint, endpointID, ""))
	x.EndpointID, x.Version = endpointID, v
	return x, err
}

// EndpointMessage is one message to an endpoint.
func (s *Table) EndpointMessage(ctx context.Context, t tenant.ID, endpointID, id string) (subscribe.Message, bool, error) {
	m, v, ok, err := one[subscribe.Message](ctx, s, "EndpointMessage", at(t, ofEndpointMessage, endpointID, id))
	m.Version = v
	return m, ok, err
}

// EndpointMessages are the newest messages to an endpoint, older than the one with the given id if there is one.
func (s *Table) EndpointMessages(ctx context.Context, t tenant.ID, endpointID, before string, limit int) (out []subscribe.Message, err error) {
	err = s.do(ctx, "EndpointMessages", func() error {
		for _, id := range s.subs(t, ofEndpointMessage, endpointID) {
			if before == "" || id < before {
				m, v, _ := read[subscribe.Message](s, at(t, ofEndpointMessage, endpointID, id))
				m.Version = v
				out = append(out, m)
			}
		}
		slices.Reverse(out)
		out = out[:min(len(out), limit)]
		return nil
	})
	return out, err
}

// HeldMessages are the ids of the first held messages in [from, to], in order.
func (s *Table) HeldMessages(ctx context.Context, t tenant.ID, endpointID, from, to string, limit int) (ids []string, err error) {
	err = s.do(ctx, "HeldMessages", func() error {
		for _, id := range s.subs(t, ofHeld, endpointID) {
			if from <= id && id <= to && len(ids) < limit {
				ids = append(ids, id)
			}
		}
		return nil
	})
	return ids, err
}

// subs lists what one id has of a kind, in order.
func (s *Table) subs(t tenant.ID, kind, id string) (subs []string) {
	for at := range s.records {
		if at.company == t && at.kind == kind && at.id == id {
			subs = append(subs, at.sub)
		}
	}
	slices.SortFunc(subs, strings.Compare)
	return subs
}

// EndpointTurn takes an endpoint's next turn.
func (s *Table) EndpointTurn(ctx context.Context, t tenant.ID, endpointID string, apart time.Duration, now time.Time) (turn time.Time, err error) {
	err = s.do(ctx, "EndpointTurn", func() error {
		of := at(t, ofTurn, endpointID, "")
		next, _, _ := read[int64](s, of)
		turn = now
		if next >= now.UnixMilli() {
			turn = time.UnixMilli(next).UTC()
		}
		s.records[of] = &record{value: turn.UnixMilli() + apart.Milliseconds()}
		return nil
	})
	return turn, err
}

// Gate before a destination of the company.
func (s *Table) Gate(ctx context.Context, t tenant.ID, host string) (delivery.Gate, int, error) {
	g, v, _, err := one[delivery.Gate](ctx, s, "Gate", at(t, ofGate, host, ""))
	return g, v, err
}

// SaveGate writes it over the version that was read; false when somebody else was faster.
func (s *Table) SaveGate(ctx context.Context, t tenant.ID, host string, g delivery.Gate, v int) (bool, error) {
	err := s.transact(ctx, "SaveGate", []write{{at: at(t, ofGate, host, ""), value: kept(g), version: v}}, nil)
	if ledger.ConflictOn(err) {
		return false, nil
	}
	return err == nil, err
}

// EndpointEvents are those of an endpoint, in order.
func (s *Table) EndpointEvents(ctx context.Context, t tenant.ID, endpointID string) ([]event.Recorded, error) {
	return s.events(ctx, "EndpointEvents", at(t, ofEvent, store.EndpointCollection(t, endpointID), ""))
}
