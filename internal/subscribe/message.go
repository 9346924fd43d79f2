package subscribe

import (
	"strings"
	"time"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/tenant"
)

// Message is one event on its way to one endpoint, whose id is the Delivery's OutputID. Its own id is made of the two and
// the time of the event, so that it exists once and sorts by occurrence.
type Message struct {
	delivery.Delivery
	EventID    string    `json:"event_id"`
	Type       string    `json:"event_type"`
	OccurredAt time.Time `json:"occurred_at"`
	Body       string    `json:"body"`
	// Slot is its turn under the endpoint's rate; zero: it has asked for none yet.
	Slot time.Time `json:"slot,omitzero"`
	// Held: it waits for a person, because the endpoint is disabled or because the message is dead.
	Held bool `json:"held,omitempty"`
	// WakeAt is when somebody has to look after it if nobody does before; zero: never.
	WakeAt time.Time `json:"wake_at,omitzero"`
}

// Ends is when a message is forgotten.
func (m *Message) Ends() time.Time { return m.OccurredAt.Add(delivery.KeptFor) }

// State of an endpoint. The configuration says what a person wants of it, State what became of that: it is the truth about
// whether an endpoint is disabled.
type State struct {
	EndpointID string          `json:"endpoint_id"`
	Health     delivery.Health `json:"health"`
	Replay     Period          `json:"replay,omitzero"` // under way
	Owed       []Alert         `json:"owed,omitempty"`  // mails that are not sent yet
	Told       int             `json:"told,omitempty"`  // events about it: their sequence
	Version    int             `json:"-"`
}

// Disabled tells whether AskPro keeps the endpoint's events instead of sending them.
func (s State) Disabled() bool { return !s.Health.DisabledAt.IsZero() }

// Period of events by their time: [From, To).
type Period struct {
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`
	// After is the id of the last message that was seen to: what is held anew behind it is for the next replay.
	After string `json:"after,omitempty"`
}

// ids are those of what is left of a period.
func (p Period) ids() (from, to string) {
	if p.After != "" {
		return p.After + "+", ident.Before(p.To)
	}
	return ident.Before(p.From), ident.Before(p.To)
}

// IsZero tells that there is none.
func (p Period) IsZero() bool { return p.To.IsZero() }

// Alert is what an endpoint's owner has to be told.
type Alert struct {
	ID     string             `json:"id"` // of the event that says the same
	Notice delivery.Notice    `json:"notice"`
	Since  time.Time          `json:"since"`
	Reason delivery.Disabling `json:"reason,omitempty"`
}

// Step is what changes together at one endpoint: nothing of it is written when somebody else changed a part of it meanwhile
// (a *ledger.Conflict on "state" or "message", or on "disabled" when the endpoint is not as OnlyDisabled says).
type Step struct {
	EndpointID   string
	State        *State
	Messages     []*Message
	OnlyDisabled bool
	Events       []event.Event
	SetTimers    []ledger.Timer
	ClearTimers  []ledger.Timer
}

// Written counts the versions on.
func (s *Step) Written() {
	if s.State != nil {
		s.State.Version++
	}
	for _, m := range s.Messages {
		m.Version++
	}
}

// mostAtOnce messages fit into one step: a dead one and its replay take four writes each at most.
const mostAtOnce = 12

// The timers of an endpoint.
const (
	queue        = "gateway"
	attemptTimer = "attempt/"
	alertTimer   = "alert"
	replayTimer  = "replay"
)

// Timer of a message, in the step that writes it.
func (m *Message) Timer() ledger.Timer {
	return ledger.Timer{Kind: ledger.OfEndpoint, About: m.OutputID, Queue: queue, Name: attemptTimer + m.ID, DueAt: m.WakeAt}
}

func timer(endpointID, name string, due time.Time) ledger.Timer {
	return ledger.Timer{Kind: ledger.OfEndpoint, About: endpointID, Queue: queue, Name: name, DueAt: due}
}

// Woken is the work of an endpoint's timer that is due; false when the timer is nobody's here. Such a timer is not taken:
// the work moves or clears it.
func Woken(kind ledger.Kind, about, name string) (Later, bool) {
	if kind != ledger.OfEndpoint {
		return Later{}, false
	}
	if id, ok := strings.CutPrefix(name, attemptTimer); ok {
		return Later{Kind: KindAttempt, Body: Attempted{EndpointID: about, DeliveryID: id}}, true
	}
	switch name {
	case alertTimer:
		return Later{Kind: KindAlert, Body: Endpointed{EndpointID: about}}, true
	case replayTimer:
		return Later{Kind: KindReplay, Body: Endpointed{EndpointID: about}}, true
	}
	return Later{}, false
}

// queueWaits is how long a message of a queue can be put off; afterGrace is when a timer makes up for one that was lost.
const (
	queueWaits = 15 * time.Minute
	afterGrace = time.Minute
)

// due sets when somebody looks after a message, and gives the queue's message if it comes soon enough for that.
func (m *Message) due(now time.Time) []Later {
	switch {
	case m.Held, m.Final():
		m.WakeAt = time.Time{}
		return nil
	case m.State == delivery.Sending:
		m.WakeAt = m.ClaimEnd
		return nil
	case m.NextAt.Sub(now) > queueWaits:
		m.WakeAt = m.NextAt
		return nil
	}
	m.WakeAt = m.NextAt.Add(afterGrace)
	return []Later{{Kind: KindAttempt, Body: Attempted{m.OutputID, m.ID}, At: m.NextAt}}
}

// planned is a message as it begins.
func planned(t tenant.ID, e output.Endpoint, of fact, kind delivery.Kind, profile delivery.Profile, body []byte, now time.Time) *Message {
	id := ident.DeriveAt(of.At, "endpoint message", t.String(), e.ID, of.ID)
	return &Message{
		Delivery: delivery.Plan(delivery.Order{
			ID: id, CaseID: of.Case, OutputID: e.ID, Kind: kind, Channel: delivery.Webhook, Destination: e.URL, Sequence: of.Sequence, Profile: profile,
			MessageID: "msg_" + id,
		}, now),
		EventID: of.ID, Type: of.Name, OccurredAt: of.At, Body: string(body),
	}
}

// again makes a message that was held, or has ended, due: one that only waited goes on as itself, one that has ended gets a
// successor under the same message id. Both are returned as they are to be written. Asked twice for the same one it makes
// the same successor, which can be written once.
func (m *Message) again(t tenant.ID, destination string, now time.Time) (changed []*Message, due *Message, err error) {
	if !m.Final() {
		m.Held, m.NextAt, m.Attempts, m.Slot, m.Destination = false, now, 0, time.Time{}, destination
		return []*Message{m}, m, nil
	}
	id := ident.DeriveAt(m.OccurredAt, "endpoint replay", t.String(), m.OutputID, m.ID)
	d, err := m.Replay(delivery.Order{ID: id, Destination: destination, Profile: m.Profile}, false, now)
	if err != nil {
		return nil, nil, err
	}
	d.Version = 0
	next := &Message{Delivery: d, EventID: m.EventID, Type: m.Type, OccurredAt: m.OccurredAt, Body: m.Body}
	if !m.Held {
		return []*Message{next}, next, nil
	}
	m.Held = false
	return []*Message{m, next}, next, nil
}
