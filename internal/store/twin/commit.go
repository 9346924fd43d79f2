package twin

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/callback"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/store"
	"github.com/askpro/gateway/internal/tenant"
)

// Kinds of records: what a Conflict calls them, and two that never conflict by version.
const (
	ofCall         = "call"
	ofSession      = "session"
	ofToolCall     = "tool call"
	ofTranscript   = "transcript"
	ofDay          = "day"
	ofAppointment  = "appointment"
	ofChange       = "change"
	ofClaim        = "claim"
	ofCard         = "card"
	ofCustomer     = "customer"
	ofEmail        = "email"
	ofCallback     = "callback"
	ofOpenCallback = "open callback"
	ofEvent        = "event"
	ofTimer        = "timer"
	ofSlots        = "slots"
	ofKey          = "key"
	ofWatch        = "watch"
	ofRound        = "round"
	ofReport       = "report"
	ofTally        = "tally"
	ofOnce         = "once"
	ofDelivery     = "message"
)

// write is one record of a transaction. A version below 0 is no condition; without a value the record is taken away.
type write struct {
	at      place
	value   any
	version int
	refuse  func() bool // a condition of another kind
	from    func() any  // instead of value: made of what lies there
}

const unconditional = -1

// mostWrites is how many items one transaction of the database takes.
const mostWrites = 100

// Commit writes a step whole or not at all.
func (s *Table) Commit(ctx context.Context, t tenant.ID, step *ledger.Step) error {
	writes, facts, err := s.writesOf(t, step)
	if err != nil || len(writes)+len(step.Audit) == 0 {
		return err
	}
	if err := sound(writes); err != nil {
		return err
	}
	return s.do(ctx, "Commit", func() error {
		var conflict ledger.Conflict
		for _, w := range writes {
			if w.version != unconditional && s.version(w.at) != w.version || w.refuse != nil && w.refuse() {
				conflict.On = append(conflict.On, w.at.kind)
			}
		}
		if len(conflict.On) > 0 {
			return &conflict
		}
		s.put(writes, facts)
		s.trail(t, step.Audit)
		step.Written()
		return nil
	})
}

// version of what lies at a place; 0: nothing.
func (s *Table) version(at place) int {
	if r := s.records[at]; r != nil {
		return r.version
	}
	return 0
}

// sound refuses what the database would refuse as a request.
func sound(writes []write) error {
	if len(writes) > mostWrites {
		return fmt.Errorf("commit %d items: a transaction takes %d", len(writes), mostWrites)
	}
	for i, w := range writes {
		for _, other := range writes[:i] {
			if w.at == other.at {
				return fmt.Errorf("commit %d items: one transaction writes the %s %s%s twice", len(writes), w.at.kind, w.at.id, w.at.sub)
			}
		}
	}
	return nil
}

func (s *Table) writesOf(t tenant.ID, step *ledger.Step) (w []write, facts []Fact, err error) {
	put := func(kind, id, sub string, value any, version int) {
		w = append(w, write{at: at(t, kind, id, sub), value: value, version: version})
	}
	if c := step.Call; c != nil {
		put(ofCall, c.RetellID, "", kept(*c), c.Version)
	}
	if x := step.Session; x != nil {
		put(ofSession, x.CallID, "", kept(*x), x.Version)
	}
	if c := step.ToolCall; c != nil {
		put(ofToolCall, step.Session.CallID, number(c.Seq), kept(*c), unconditional)
	}
	if x := step.Transcript; x != nil {
		text := *x
		if x.ObjectKey != "" {
			text.Text = "" // it lies in the bucket
		}
		put(ofTranscript, x.CallID, "", text, unconditional)
	}
	for _, d := range step.Days {
		put(ofDay, d.Resource, d.Date.String(), kept(d), d.Version)
	}
	for _, a := range step.Appointments {
		switch now := s.now(); {
		case a.Troubled() && a.TroubledSince == nil:
			a.TroubledSince = &now
			put(ofWatch, "", a.ID, kept(booking.Watched{AppointmentID: a.ID, Since: now}), unconditional)
		case !a.Troubled() && a.TroubledSince != nil:
			a.TroubledSince = nil
			put(ofWatch, "", a.ID, nil, unconditional)
		}
		put(ofAppointment, a.ID, "", kept(*a), a.Version)
	}
	for _, c := range step.Changes {
		put(ofChange, c.AppointmentID, c.ID, kept(c), unconditional)
	}
	for _, c := range step.Claims {
		put(ofClaim, c.UID, "", kept(c), c.Version)
	}
	if c := step.Card; c != nil {
		put(ofCard, c.Key, "", kept(*c), c.Version)
	}
	if c := step.OtherCard; c != nil {
		put(ofCard, c.Key, "", kept(*c), c.Version)
	}
	if c := step.Customer; c != nil {
		put(ofCustomer, c.ID, "", kept(*c), c.Version)
		if step.EmailOf != "" {
			put(ofEmail, address(step.EmailOf), "", c.ID, 0)
		}
	}
	if c := step.Callback; c != nil {
		put(ofCallback, c.ID, "", kept(*c), c.Version)
		if c.Open() {
			put(ofOpenCallback, c.BranchID, c.ID, kept(callback.Waiting{ID: c.ID, AssignedTo: c.AssignedTo, Priority: c.Priority, PromisedUntil: c.PromisedUntil}), unconditional)
		} else if c.Version > 0 {
			put(ofOpenCallback, c.BranchID, c.ID, nil, unconditional)
		}
	}
	w = append(w, s.deskWrites(t, step)...)
	for _, e := range step.Events {
		fact, err := factOf(t, e)
		if err != nil {
			return nil, nil, err
		}
		put(ofEvent, store.EventCollection(t, e), fact.ID, fact.Recorded, unconditional)
		facts = append(facts, fact)
	}
	for _, x := range step.SetTimers {
		put(ofTimer, aggregate(x.Kind, x.About), alarm(x.Queue, x.Name), kept(x), unconditional)
	}
	for _, x := range step.ClearTimers {
		put(ofTimer, aggregate(x.Kind, x.About), alarm(x.Queue, x.Name), nil, unconditional)
	}
	return w, facts, nil
}

func factOf(t tenant.ID, e event.Event) (Fact, error) {
	detail, err := json.Marshal(e)
	if err != nil {
		return Fact{}, fmt.Errorf("encode event %s: %w", e.Name(), err)
	}
	var head event.Head
	if err := json.Unmarshal(detail, &head); err != nil {
		return Fact{}, err
	}
	if head.ID == "" || head.CompanyID != t.String() {
		return Fact{}, fmt.Errorf("event %s carries no id or another company", e.Name())
	}
	if store.EventCollection(t, e) == "" {
		return Fact{}, fmt.Errorf("event %s tells of nothing that it could lie beside", e.Name())
	}
	at := written(head.At).Format(time.RFC3339Nano)
	return Fact{Recorded: event.Recorded{Name: e.Name(), ID: head.ID, At: at, Detail: string(detail)}, Company: t, At: head.At}, nil
}

// second is an instant as lists sort it.
func second(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func number(n int) string { return fmt.Sprintf("%04d", n) }

func aggregate(kind ledger.Kind, about string) string { return string(kind) + "#" + about }

func alarm(queue, name string) string { return queue + "#" + name }
