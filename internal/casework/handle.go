package casework

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/tenant"
)

// Kinds of work that cases make for later.
const (
	KindEnrich   = "case.enrich"
	KindDeadline = "case.deadline"
	KindRecord   = "case.record"
	KindSaid     = "case.said"
)

// Overheard is what a call said while the table could not be written (KindSaid).
type Overheard struct {
	CallID string    `json:"call_id"`
	Said   desk.Said `json:"said"`
}

// Work says which case a message is about, and the how manieth try it is, from 0.
type Work struct {
	CaseID string `json:"case_id"`
	Try    int    `json:"try,omitempty"`
}

// Handles lists the kinds of messages that concern cases.
var Handles = []string{event.CaseCreated{}.Name(), event.CaseRestored{}.Name(), event.CallEnded{}.Name(), event.CallAnalyzed{}.Name(), KindEnrich, KindDeadline, KindRecord, KindSaid}

// Handle does what a fact or an own message asks for, and says what is to be done later. Kinds that are none of its business
// ask for nothing.
func (k *Keeper) Handle(ctx context.Context, t tenant.ID, kind string, body []byte) ([]Later, error) {
	switch kind {
	case event.CaseCreated{}.Name():
		e, err := read[event.CaseCreated](body)
		if err != nil {
			return nil, err
		}
		return k.created(ctx, t, e)
	case event.CallEnded{}.Name(), event.CallAnalyzed{}.Name():
		e, err := read[struct {
			CallID string `json:"call_id"`
		}](body)
		if err != nil {
			return nil, err
		}
		return k.callOver(ctx, t, e.CallID, kind == event.CallAnalyzed{}.Name())
	case event.CaseRestored{}.Name():
		e, err := read[event.CaseRestored](body)
		if err != nil {
			return nil, err
		}
		now := k.Now()
		return []Later{{Kind: KindEnrich, Body: Work{CaseID: e.CaseID}, At: now}, {Kind: KindRecord, Body: Work{CaseID: e.CaseID}, At: now}}, nil
	case KindEnrich:
		w, err := read[Work](body)
		if err != nil {
			return nil, err
		}
		again, err := k.Enrich(ctx, t, w.CaseID, w.Try)
		return k.again(kind, w, again), err
	case KindRecord:
		w, err := read[Work](body)
		if err != nil {
			return nil, err
		}
		again, err := k.Record(ctx, t, w.CaseID, w.Try)
		return k.again(kind, w, again), err
	case KindSaid:
		w, err := read[Overheard](body)
		if err != nil {
			return nil, err
		}
		return nil, k.takeDown(ctx, t, w)
	case KindDeadline:
		w, err := read[Work](body)
		if err != nil {
			return nil, err
		}
		return nil, k.TimeOut(ctx, t, w.CaseID)
	}
	return nil, nil
}

func (k *Keeper) again(kind string, w Work, after time.Duration) []Later {
	if after <= 0 {
		return nil
	}
	return []Later{{Kind: kind, Body: Work{w.CaseID, w.Try + 1}, At: k.Now().Add(after)}}
}

// created sees to it that a new case is enriched, and that nobody waits for that longer than the company wants.
func (k *Keeper) created(ctx context.Context, t tenant.ID, e event.CaseCreated) ([]Later, error) {
	c, ok, err := k.Store.Case(ctx, t, e.CaseID)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, ErrUnknown
	}
	if c.Deletion != nil {
		return nil, nil
	}
	d, err := k.Store.Desk(ctx, t)
	if err != nil {
		return nil, err
	}
	if err := k.assignBySelf(ctx, t, d, c); err != nil {
		return nil, err
	}
	if c.CallID == "" {
		return nil, nil
	}
	later := []Later{
		{Kind: KindEnrich, Body: Work{CaseID: c.ID}, At: k.Now().Add(enrichAfter)}, // the call may be over already
		{Kind: KindDeadline, Body: Work{CaseID: c.ID}, At: c.CreatedAt.Add(d.Gateway.EnrichmentWithin())},
	}
	return append(later, Later{Kind: KindRecord, Body: Work{CaseID: c.ID}, At: k.Now().Add(recordingAfter)}), nil
}

// callOver goes on with the case of a call that ended or was analysed, or makes the one that is owed.
func (k *Keeper) callOver(ctx context.Context, t tenant.ID, callID string, analysed bool) ([]Later, error) {
	said, ok, err := k.Store.Captured(ctx, t, callID)
	if err != nil || !ok {
		return nil, err
	}
	if said.CaseID == "" {
		return nil, k.Recover(ctx, t, callID, true)
	}
	enrich, record := enrichAfter, recordingAfter
	if analysed {
		enrich, record = 0, 0
	}
	return []Later{
		{Kind: KindEnrich, Body: Work{CaseID: said.CaseID}, At: k.Now().Add(enrich)},
		{Kind: KindRecord, Body: Work{CaseID: said.CaseID}, At: k.Now().Add(record)},
	}, nil
}

// takeDown adds what was overheard to the call's capture, once: a message comes twice.
func (k *Keeper) takeDown(ctx context.Context, t tenant.ID, w Overheard) error {
	said, ok, err := k.Store.Captured(ctx, t, w.CallID)
	if err != nil {
		return err
	}
	if ok && slices.ContainsFunc(said.Said, func(s desk.Said) bool { return s.Tool == w.Said.Tool && s.Args == w.Said.Args && s.At.Equal(w.Said.At) }) {
		return nil
	}
	_, err = k.Store.Capture(ctx, t, w.CallID, w.Said, k.Now().Add(OwedAfter))
	return err
}

func read[T any](body []byte) (T, error) {
	var v T
	if err := json.Unmarshal(body, &v); err != nil {
		return v, fmt.Errorf("read the message: %w", err)
	}
	return v, nil
}
