package keeper_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/keeper"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

var us = tenant.Proven("CID")

const (
	callID = "call_1"
	ours   = "+493012345670"
	erika  = "+4915112345678"
	apptID = "A1"
)

// table holds what the keeper reads and writes, under versions as the real one does.
type table struct {
	config       company.Config
	call         *call.Call
	session      call.Session
	tools        []call.ToolCall
	events       []event.Recorded
	appointments map[string]booking.Appointment
	changes      map[string][]booking.Change
	customers    map[string]customer.Customer
	cards        map[string]customer.Card
	days         map[booking.DayKey]booking.Day
	timers       map[string]time.Time
	transcript   *ledger.Transcript
	outbox       []event.Event
	commits      int
}

func newTable() *table {
	return &table{
		config: company.Config{
			Company:  company.Company{RetellAPIKeys: []string{"ssm:/key"}},
			Branches: []company.Branch{{ID: "mitte", Active: true, Timezone: "Europe/Berlin"}},
			Numbers:  []company.PhoneNumber{{BranchID: "mitte", E164: ours, Active: true}},
			Staff:    []company.Staff{{ID: "mario", Name: "Mario Rossi"}},
			Services: []company.Service{{ID: "cut", Name: "Schnitt"}},
		},
		appointments: map[string]booking.Appointment{}, changes: map[string][]booking.Change{}, customers: map[string]customer.Customer{},
		cards: map[string]customer.Card{}, days: map[booking.DayKey]booking.Day{}, timers: map[string]time.Time{},
	}
}

func (s *table) Config(context.Context, tenant.ID) (*company.Config, error) { return &s.config, nil }

func (s *table) Call(context.Context, tenant.ID, string) (call.Call, bool, error) {
	if s.call == nil {
		return call.Call{}, false, nil
	}
	return *s.call, true, nil
}

func (s *table) Session(_ context.Context, _ tenant.ID, id string) (call.Session, error) {
	x := s.session
	x.CallID = id
	return x, nil
}

func (s *table) ToolCalls(context.Context, tenant.ID, string) ([]call.ToolCall, error) {
	return slices.Clone(s.tools), nil
}

func (s *table) Events(context.Context, tenant.ID, string) ([]event.Recorded, error) {
	return slices.Clone(s.events), nil
}

func (s *table) Appointment(_ context.Context, _ tenant.ID, id string) (booking.Appointment, bool, error) {
	a, ok := s.appointments[id]
	return a, ok, nil
}

func (s *table) Changes(_ context.Context, _ tenant.ID, id string) ([]booking.Change, error) {
	return s.changes[id], nil
}

func (s *table) Customer(_ context.Context, _ tenant.ID, id string) (customer.Customer, bool, error) {
	c, ok := s.customers[id]
	return c, ok, nil
}

func (s *table) CustomersNamed(_ context.Context, _ tenant.ID, folded string, limit int) (ids []string, err error) {
	for _, id := range slices.Sorted(maps.Keys(s.customers)) {
		if company.Fold(s.customers[id].Name) == folded && len(ids) < limit {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

func (s *table) Gather(_ context.Context, _ tenant.ID, ask ledger.Ask) (ledger.Known, error) {
	known := ledger.Known{Card: s.cards[ask.Card], Days: map[booking.DayKey]booking.Day{}}
	for _, k := range ask.Days {
		known.Days[k] = s.days[k]
	}
	return known, nil
}

func (s *table) Commit(_ context.Context, _ tenant.ID, step *ledger.Step) error {
	switch {
	case step.Call != nil && s.call == nil && step.Call.Version != 0, step.Call != nil && s.call != nil && step.Call.Version != s.call.Version:
		return &ledger.Conflict{On: []string{"call"}}
	case step.Session != nil && step.Session.Version != s.session.Version:
		return &ledger.Conflict{On: []string{"session"}}
	}
	s.commits++
	if c := step.Call; c != nil {
		kept := *c
		kept.Version++
		s.call = &kept
	}
	if x := step.Session; x != nil {
		s.session = *x
		s.session.Version++
	}
	if step.ToolCall != nil {
		s.tools = append(s.tools, *step.ToolCall)
	}
	for _, a := range step.Appointments {
		s.appointments[a.ID] = *a
	}
	for _, c := range step.Changes {
		s.changes[c.AppointmentID] = append(s.changes[c.AppointmentID], c)
	}
	for _, d := range step.Days {
		s.days[booking.DayKey{Resource: d.Resource, Date: d.Date}] = d
	}
	if step.Transcript != nil {
		s.transcript = step.Transcript
	}
	for _, x := range step.SetTimers {
		s.timers[x.Name] = x.DueAt
	}
	for _, x := range step.ClearTimers {
		delete(s.timers, x.Name)
	}
	for _, e := range step.Events {
		detail, err := json.Marshal(e)
		if err != nil {
			return err
		}
		s.events = append(s.events, event.Recorded{Name: e.Name(), Detail: string(detail)})
	}
	s.outbox = append(s.outbox, step.Events...)
	return nil
}

// archive keeps nothing: every transcript belongs into the table, unless it is long.
type archive struct{ dropped int }

func (a *archive) Keep(_ context.Context, _ tenant.ID, callID string, x ledger.Transcript) (string, bool, error) {
	return "transcripts/" + callID, len(x.Text) > 1000, nil
}

func (a *archive) Drop(context.Context, tenant.ID, string) error { a.dropped++; return nil }

// telephone answers as it was told to.
type telephone struct {
	stands keeper.Standing
	err    error
	asked  int
}

func (p *telephone) Ask(context.Context, []string, string) (keeper.Standing, error) {
	p.asked++
	return p.stands, p.err
}

// line is a company, its table and its keeper.
type line struct {
	*table
	*keeper.Keeper
	now     time.Time
	ids     int
	archive archive
	phone   telephone
	alarms  []string
}

// began is when the call begins; it lasts a minute.
var began = time.Date(2025, 10, 13, 9, 0, 0, 0, time.UTC)

func newLine() *line {
	x := &line{table: newTable(), now: began}
	x.Keeper = &keeper.Keeper{
		Store: x.table, Archive: &x.archive, Telephone: &x.phone, Now: func() time.Time { return x.now },
		NewID: func() string { x.ids++; return fmt.Sprintf("id%d", x.ids) },
		Alarm: func(_ context.Context, name, _ string) { x.alarms = append(x.alarms, name) },
	}
	return x
}

// apply brings news in, and then whatever the queue hands us because of them.
func (x *line) apply(t *testing.T, n call.News) {
	t.Helper()
	n.RetellID, n.ReceivedAt = callID, x.now
	if n.SentAt.IsZero() {
		n.SentAt = x.now
	}
	if err := x.Apply(t.Context(), us, n); err != nil {
		t.Fatal(err)
	}
	x.deliver(t)
}

// deliver hands the facts to those who hear them.
func (x *line) deliver(t *testing.T) {
	t.Helper()
	for len(x.outbox) > 0 {
		e := x.outbox[0]
		x.outbox = x.outbox[1:]
		switch e.(type) {
		case event.AppointmentConfirmed, event.AppointmentCancelled, event.CallbackRequested, event.CallContinued:
			detail, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			if err := x.Hear(t.Context(), us, detail); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// write commits what others write: the telephone's tools, jobs.
func (x *line) write(t *testing.T, step *ledger.Step) {
	t.Helper()
	if err := x.Commit(t.Context(), us, step); err != nil {
		t.Fatal(err)
	}
	x.deliver(t)
}

func (x *line) head() event.Head {
	return event.Head{ID: x.NewID(), CompanyID: us.String(), At: x.now, Sequence: 1}
}

// tool answers a tool call as the voice tools do: it creates the call when it is the first message, counts in the session,
// and says so when the call has ended already.
func (x *line) tool(t *testing.T, name, status string, more func(*ledger.Step, *call.Session, *call.ToolCall)) {
	t.Helper()
	s := x.session
	s.CallID = callID
	step := &ledger.Step{Session: &s}
	if now := x.now; s.Version == 0 && x.call == nil {
		step.Call = &call.Call{
			ID: x.NewID(), RetellID: callID, BranchID: "mitte", Type: "phone", From: erika, To: ours, Direction: "inbound", AgentID: "agent", Status: call.Ongoing,
			StartedAt: &now, CreatedAt: x.now, UpdatedAt: x.now,
		}
		step.SetTimers = append(step.SetTimers, ledger.Poll(step.Call, x.now))
	}
	s.Seq++
	step.ToolCall = &call.ToolCall{Seq: s.Seq, Tool: name, Canonical: name, Args: "{}", Response: `{"data":{}}`, Status: status, At: x.now}
	if more != nil {
		more(step, &s, step.ToolCall)
	}
	if s.Ended {
		step.Events = append(step.Events, event.CallContinued{Head: x.head(), CallID: callID})
	}
	x.write(t, step)
}

// The news of a usual call: from Erika's number, a minute long.
func started() call.News {
	at := began
	return call.News{Event: call.Started, Type: "phone", From: erika, To: ours, Ours: ours, Direction: "inbound", AgentID: "agent", AgentVersion: 3, StartedAt: &at}
}

func ended() call.News {
	n := started()
	at, cents := began.Add(time.Minute), int64(13)
	n.Event, n.EndedAt, n.DurationMS, n.Disconnection, n.Connection, n.CostCents = call.Ended, &at, 60000, "user_hangup", "connected", &cents
	n.CallerSpoke, n.Transcript = true, "Agent: Guten Tag\nUser: Hallo"
	return n
}

func analysed() call.News {
	n := ended()
	n.Event, n.Summary, n.Sentiment, n.Hash, n.SpokenName = call.Analysed, "Ein Anruf.", "Neutral", "h1", "Erika Test"
	return n
}
