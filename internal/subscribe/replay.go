package subscribe

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/tenant"
)

// What a person's wish is refused for.
var (
	ErrDisabled = errors.New("the endpoint is disabled: enable it first")
	ErrPeriod   = errors.New("a period ends after it begins")
	ErrUnderWay = errors.New("the message is under way already")
)

// Enable is a person's: the endpoint's clock is back at zero and new events are sent again. With replay, what was kept or
// given up in [from, to) is sent in order of occurrence; zero times mean all of it. What is dropped, or outside of the
// period, is not sent; until its 14 days are over a later Replay may still ask for it.
func (w *Webhooks) Enable(ctx context.Context, t tenant.ID, endpointID string, replay bool, from, to time.Time) ([]Later, error) {
	return w.change(ctx, t, endpointID, func(s *State, step *Step, now time.Time) ([]Later, error) {
		s.Health = s.Health.Enable()
		if !replay {
			return nil, nil
		}
		return begin(s, step, from, to, now)
	})
}

// Replay sends an endpoint's messages of [from, to) that were kept or given up, in order of occurrence.
func (w *Webhooks) Replay(ctx context.Context, t tenant.ID, endpointID string, from, to time.Time) ([]Later, error) {
	return w.change(ctx, t, endpointID, func(s *State, step *Step, now time.Time) ([]Later, error) {
		if s.Disabled() {
			return nil, ErrDisabled
		}
		return begin(s, step, from, to, now)
	})
}

// begin notes a replay. A second one widens the one that is under way: what it has sent it does not send again.
func begin(s *State, step *Step, from, to, now time.Time) ([]Later, error) {
	if earliest := now.Add(-delivery.KeptFor); from.Before(earliest) {
		from = earliest
	}
	if to.IsZero() || to.After(now) {
		to = now.Add(time.Millisecond)
	}
	const tick = time.Millisecond // as ids know time
	from, to = from.Truncate(tick), to.Add(tick-1).Truncate(tick)
	if !from.Before(to) {
		return nil, ErrPeriod
	}
	if was := s.Replay; !was.IsZero() {
		from = earlier(from, was.From)
		if was.To.After(to) {
			to = was.To
		}
	}
	s.Replay = Period{From: from, To: to}
	step.SetTimers = []ledger.Timer{timer(s.EndpointID, replayTimer, now.Add(afterGrace))}
	return []Later{{Kind: KindReplay, Body: Endpointed{s.EndpointID}, At: now}}, nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// change writes on an endpoint's state what do makes of it.
func (w *Webhooks) change(ctx context.Context, t tenant.ID, endpointID string, do func(*State, *Step, time.Time) ([]Later, error)) ([]Later, error) {
	if _, _, err := w.endpoint(ctx, t, endpointID); err != nil {
		return nil, err
	}
	for range tries {
		state, err := w.Store.EndpointState(ctx, t, endpointID)
		if err != nil {
			return nil, err
		}
		step := &Step{EndpointID: endpointID, State: &state}
		later, err := do(&state, step, w.Now())
		if err != nil {
			return nil, err
		}
		if err = w.Store.CommitEndpoint(ctx, t, step); !ledger.ConflictOn(err, "state") {
			return later, err
		}
	}
	return nil, fmt.Errorf("change an endpoint: %w", ErrBusy)
}

// Replaying carries a replay on by a few messages and asks to be called again until none is left. Each leaves the held ones
// in the step that makes it due, so that whoever comes second finds it gone.
func (w *Webhooks) Replaying(ctx context.Context, t tenant.ID, endpointID string) ([]Later, error) {
	state, err := w.Store.EndpointState(ctx, t, endpointID)
	if err != nil {
		return nil, err
	}
	now := w.Now()
	e, _, err := w.endpoint(ctx, t, endpointID)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	if state.Replay.IsZero() || state.Disabled() || errors.Is(err, ErrNotFound) || !e.Active {
		return nil, w.replayed(ctx, t, &state)
	}
	from, to := state.Replay.ids()
	ids, err := w.Store.HeldMessages(ctx, t, endpointID, from, to, mostAtOnce)
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return nil, w.replayed(ctx, t, &state)
	}
	later, err := w.release(ctx, t, e, &state, ids)
	if err != nil && !ledger.ConflictOn(err) {
		return nil, err
	}
	if err != nil {
		later = nil // somebody else was at it: look again
	}
	return append(later, Later{Kind: KindReplay, Body: Endpointed{endpointID}, At: now}), nil
}

// release makes held messages due.
func (w *Webhooks) release(ctx context.Context, t tenant.ID, e output.Endpoint, state *State, ids []string) (later []Later, err error) {
	now := w.Now()
	held := map[string]*Message{}
	var kept []delivery.Kept
	for _, id := range ids {
		m, ok, err := w.Store.EndpointMessage(ctx, t, e.ID, id)
		if err != nil {
			return nil, err
		}
		if ok && m.Held {
			held[m.MessageID] = &m
			kept = append(kept, delivery.Kept{MessageID: m.MessageID, OccurredAt: m.OccurredAt, Sequence: m.Sequence})
		}
	}
	step := &Step{EndpointID: e.ID, State: state, SetTimers: []ledger.Timer{timer(e.ID, replayTimer, now.Add(afterGrace))}}
	for _, k := range delivery.ReplayPeriod(kept, state.Replay.From, state.Replay.To, now) {
		changed, due, err := held[k.MessageID].again(t, e.URL, now)
		if err != nil {
			return nil, err
		}
		later = append(later, due.due(now)...)
		step.Messages = append(step.Messages, changed...)
	}
	state.Replay.After = ids[len(ids)-1]
	return later, w.Store.CommitEndpoint(ctx, t, step)
}

// replayed ends a replay.
func (w *Webhooks) replayed(ctx context.Context, t tenant.ID, state *State) error {
	step := &Step{EndpointID: state.EndpointID, ClearTimers: []ledger.Timer{timer(state.EndpointID, replayTimer, w.Now())}}
	if !state.Replay.IsZero() {
		state.Replay = Period{}
		step.State = state
	}
	return w.Store.CommitEndpoint(ctx, t, step)
}

// ReplayOne sends one message again, under its own message id: a receiver that has it drops it.
func (w *Webhooks) ReplayOne(ctx context.Context, t tenant.ID, endpointID, id string) (Message, []Later, error) {
	e, _, err := w.endpoint(ctx, t, endpointID)
	if err != nil {
		return Message{}, nil, err
	}
	state, err := w.Store.EndpointState(ctx, t, endpointID)
	if err != nil {
		return Message{}, nil, err
	}
	if state.Disabled() {
		return Message{}, nil, ErrDisabled
	}
	m, ok, err := w.Store.EndpointMessage(ctx, t, endpointID, id)
	switch {
	case err != nil:
		return Message{}, nil, err
	case !ok || w.Now().After(m.Ends()):
		return Message{}, nil, ErrNotFound
	case !m.Final() && !m.Held:
		return m, nil, ErrUnderWay
	}
	changed, due, err := m.again(t, e.URL, w.Now())
	if err != nil {
		return Message{}, nil, err
	}
	later := due.due(w.Now())
	err = w.Store.CommitEndpoint(ctx, t, &Step{EndpointID: e.ID, Messages: changed})
	if ledger.ConflictOn(err) {
		return *due, nil, ErrUnderWay // somebody replayed the same
	}
	return *due, later, err
}
