package dispatch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// The messages that Handle understands beside the facts: both are its own, put into the queue as Later.
const (
	AttemptKind  = "delivery.attempt" // Attempting
	AlertsKind   = "delivery.alerts"  // AlertsDue
	DeadlineKind = "case.deadline"    // a case_id: whoever still waits leaves as it is
	CancelKind   = "delivery.cancel"  // Cancelling
	// RedeliverKind asks for a redelivery's next page: Redelivering.
	RedeliverKind = "delivery.redeliver"
)

// Later is work for the same queue.
type Later = ledger.Later

// Attempting asks for a Delivery's next attempt.
type Attempting struct {
	CaseID     string `json:"case_id"`
	DeliveryID string `json:"delivery_id"`
}

// AlertsDue asks for an output's collected alerts.
type AlertsDue struct {
	OutputID string `json:"output_id"`
}

// Cancelling asks again for what could not be cancelled while it was being sent.
type Cancelling struct {
	CaseID string `json:"case_id"`
	Why    string `json:"why"`
}

// Handles lists the kinds of messages that Handle takes.
var Handles = []string{
	event.CaseCreated{}.Name(), event.CaseEnriched{}.Name(), event.CaseEnrichmentTimedOut{}.Name(), event.CaseAudioReady{}.Name(), event.CaseMerged{}.Name(), event.CaseEscalated{}.Name(),
	event.CaseStatusChanged{}.Name(), event.CaseDeleted{}.Name(), event.CaseRestored{}.Name(),
	event.DeliveryDead{}.Name(), AttemptKind, AlertsKind, DeadlineKind, CancelKind, RedeliverKind,
}

// Redelivering goes on with a redelivery: behind After, when so many were handed out; or where it stands, if it says nothing.
type Redelivering struct {
	RedeliveryID string `json:"redelivery_id"`
	After        string `json:"after,omitempty"`
	Sent         int    `json:"sent,omitempty"`
	Left         int    `json:"left,omitempty"`
	Done         bool   `json:"done,omitempty"`
}

// ErrUnknown says that a message is none of ours.
var ErrUnknown = errors.New("no such message")

// Handle does what a message asks for, and says what is to be asked for later. An error means: the same message again. The
// messages that it returns belong into the queue before the one it was given is done; a second copy of one harms nothing.
func (d *Dispatcher) Handle(ctx context.Context, t tenant.ID, kind string, body []byte) ([]Later, error) {
	var m struct {
		CaseID     string `json:"case_id"`
		DeliveryID string `json:"delivery_id"`
		OutputID   string `json:"output_id"`
		Why        string `json:"why"`
		IntoID     string `json:"into_id"`
		Undone     bool   `json:"undone"`
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return nil, fmt.Errorf("read %s: %w", kind, err)
	}
	switch kind {
	case event.CaseCreated{}.Name():
		return attempts(d.Plan(ctx, t, m.CaseID))
	case event.CaseEnriched{}.Name():
		return attempts(d.Release(ctx, t, m.CaseID, delivery.Transcript))
	case event.CaseAudioReady{}.Name():
		return attempts(d.Release(ctx, t, m.CaseID, delivery.Recording))
	case event.CaseEnrichmentTimedOut{}.Name(), DeadlineKind:
		return attempts(d.TimeUp(ctx, t, m.CaseID))
	case event.CaseEscalated{}.Name():
		var e event.CaseEscalated
		if err := json.Unmarshal(body, &e); err != nil {
			return nil, fmt.Errorf("read %s: %w", kind, err)
		}
		return attempts(d.Escalate(ctx, t, e))
	case event.CaseStatusChanged{}.Name():
		var e event.CaseStatusChanged
		if err := json.Unmarshal(body, &e); err != nil {
			return nil, fmt.Errorf("read %s: %w", kind, err)
		}
		return attempts(d.StatusChanged(ctx, t, e))
	case event.CaseMerged{}.Name():
		if m.Undone {
			return attempts(d.Resume(ctx, t, m.CaseID, merged))
		}
		return d.cancel(ctx, t, m.CaseID, merged)
	case event.CaseDeleted{}.Name():
		return d.cancel(ctx, t, m.CaseID, deleted)
	case event.CaseRestored{}.Name():
		return attempts(d.Resume(ctx, t, m.CaseID, deleted))
	case CancelKind:
		return d.cancel(ctx, t, m.CaseID, m.Why)
	case AttemptKind:
		due, err := d.Attempt(ctx, t, m.CaseID, m.DeliveryID)
		return attempts([]Due{due}, err)
	case event.DeliveryDead{}.Name():
		return d.Dead(ctx, t, m.CaseID, m.DeliveryID)
	case RedeliverKind:
		var r Redelivering
		if err := json.Unmarshal(body, &r); err != nil {
			return nil, fmt.Errorf("read %s: %w", kind, err)
		}
		return d.Redeliver(ctx, t, r)
	case AlertsKind:
		return d.TellCollected(ctx, t, m.OutputID)
	}
	return nil, fmt.Errorf("%s: %w", kind, ErrUnknown)
}

func (d *Dispatcher) cancel(ctx context.Context, t tenant.ID, caseID, why string) ([]Later, error) {
	running, err := d.Cancel(ctx, t, caseID, why)
	if err != nil || running.IsZero() {
		return nil, err
	}
	return []Later{{Kind: CancelKind, Body: Cancelling{caseID, why}, At: running}}, nil
}

func attempts(dues []Due, err error) ([]Later, error) {
	var out []Later
	for _, due := range dues {
		if !due.IsZero() {
			out = append(out, Later{Kind: AttemptKind, Body: Attempting{due.CaseID, due.DeliveryID}, At: due.At})
		}
	}
	return out, err
}
