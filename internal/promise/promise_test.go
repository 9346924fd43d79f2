package promise_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/callback"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/promise"
	"github.com/askpro/gateway/internal/tenant"
)

var us = tenant.Proven("CID")

const caller = "+4915112345678"

// table holds callbacks, cards and timers under versions, as the real one does; meanwhile runs before a commit.
type table struct {
	config    company.Config
	callbacks map[string]callback.Request
	cards     map[string]customer.Card
	timers    map[string]time.Time
	events    []event.Event
	read      int // lists of open callbacks
	meanwhile func()
}

func newTable() *table {
	hours := []string{"09:00-18:00"}
	week := map[string][]string{}
	for _, day := range []string{"monday", "tuesday", "wednesday", "thursday", "friday"} {
		week[day] = hours
	}
	return &table{
		callbacks: map[string]callback.Request{}, cards: map[string]customer.Card{}, timers: map[string]time.Time{},
		config: company.Config{
			Branches: []company.Branch{{ID: "mitte", Timezone: "Europe/Berlin", BusinessHours: week}},
			Staff: []company.Staff{
				{ID: "anna", BranchID: "mitte", Name: "Anna", Active: true}, {ID: "mario", BranchID: "mitte", Name: "Mario", Active: true},
			},
		},
	}
}

func (s *table) Config(context.Context, tenant.ID) (*company.Config, error) { return &s.config, nil }

func (s *table) Gather(_ context.Context, _ tenant.ID, ask ledger.Ask) (ledger.Known, error) {
	c := s.cards[ask.Card]
	c.Key = ask.Card
	return ledger.Known{Card: c}, nil
}

func (s *table) Callback(_ context.Context, _ tenant.ID, id string) (callback.Request, bool, error) {
	r, ok := s.callbacks[id]
	return r, ok, nil
}

func (s *table) OpenCallbacks(context.Context, tenant.ID, string) (list []callback.Waiting, err error) {
	s.read++
	for _, r := range s.callbacks {
		if r.Open() {
			list = append(list, callback.Waiting{ID: r.ID, AssignedTo: r.AssignedTo})
		}
	}
	return list, nil
}

func (s *table) Commit(_ context.Context, _ tenant.ID, step *ledger.Step) error {
	if f := s.meanwhile; f != nil {
		s.meanwhile = nil
		f()
	}
	if r := step.Callback; r != nil && s.callbacks[r.ID].Version != r.Version {
		return &ledger.Conflict{On: []string{"callback"}}
	}
	for _, c := range []*customer.Card{step.Card, step.OtherCard} {
		if c != nil && s.cards[c.Key].Version != c.Version {
			return &ledger.Conflict{On: []string{"card"}}
		}
	}
	if r := step.Callback; r != nil {
		r.Version++
		s.callbacks[r.ID] = *r
	}
	for _, c := range []*customer.Card{step.Card, step.OtherCard} {
		if c != nil {
			c.Version++
			s.cards[c.Key] = *c
		}
	}
	for _, x := range step.SetTimers {
		s.timers[x.About+"/"+x.Name] = x.DueAt
	}
	for _, x := range step.ClearTimers {
		delete(s.timers, x.About+"/"+x.Name)
	}
	s.events = append(s.events, step.Events...)
	return nil
}

// told are the events so far, in words, and forgets them.
func (s *table) told() (list []string) {
	for _, e := range s.events {
		switch e := e.(type) {
		case event.CallbackAssigned:
			list = append(list, "assigned to "+e.StaffID)
		case event.CallbackEscalated:
			list = append(list, strings.TrimSpace(e.Level+" "+e.Reason+" "+e.StaffID))
		default:
			list = append(list, e.Name())
		}
	}
	s.events = nil
	return list
}

// desk is a table, a clock and whoever makes and keeps promises.
type desk struct {
	*table
	now    time.Time
	ids    int
	maker  promise.Maker
	keeper *promise.Keeper
}

// newDesk begins on Monday the 13th of October 2025, at 9.
func newDesk() *desk {
	d := &desk{table: newTable(), now: at(13, 9, 0)}
	newID := func() string { d.ids++; return fmt.Sprintf("id%d", d.ids) }
	d.maker = promise.Maker{Store: d.table, NewID: newID}
	d.keeper = &promise.Keeper{Store: d.table, Now: func() time.Time { return d.now }, NewID: newID}
	return d
}

func at(day, hour, minute int) time.Time {
	return time.Date(2025, 10, day, hour, minute, 0, 0, company.Berlin())
}

func (d *desk) wish(change ...func(*promise.Wish)) promise.Wish {
	w := promise.Wish{Phone: caller, Transmitted: true, Action: callback.ToBook, Priority: callback.Normal, Reason: "ein Termin", Now: d.now}
	for _, c := range change {
		c(&w)
	}
	return w
}

func (d *desk) make(t *testing.T, w promise.Wish) (*callback.Request, bool) {
	t.Helper()
	step := &ledger.Step{}
	r, merged, err := d.maker.Make(t.Context(), us, &d.config, d.config.Branches[0], w, step)
	if err == nil && r != nil {
		err = d.Commit(t.Context(), us, step)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r, merged
}

// tend lets the timer of a callback ring at a time.
func (d *desk) tend(t *testing.T, id string, now time.Time) bool {
	t.Helper()
	d.now = now
	wanted, err := d.keeper.Tend(t.Context(), us, id)
	if err != nil {
		t.Fatal(err)
	}
	return wanted
}

func want(t *testing.T, what string, got []string, wanted ...string) {
	t.Helper()
	if !slices.Equal(got, wanted) {
		t.Errorf("%s: %q, wanted %q", what, got, wanted)
	}
}

func TestAPromiseIsOneStep(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.cards[caller] = customer.Card{Key: caller, CustomerID: "erika", Name: "Erika Test"}
	r, merged := d.make(t, d.wish())
	if merged || r.Status != callback.Assigned || r.AssignedTo != "anna" || r.CustomerID != "erika" || r.Name != "Erika Test" || !r.PromisedUntil.Equal(at(15, 15, 0)) {
		t.Errorf("%+v", r)
	}
	want(t, "told", d.told(), "callback.requested.v1", "assigned to anna")
	if due := d.timers[r.ID+"/sla"]; !due.Equal(at(13, 10, 0)) {
		t.Errorf("the timer rings at %s", due)
	}
	if open := d.cards[caller].Callbacks; len(open) != 1 || open[0].CallbackID != r.ID {
		t.Errorf("the card has %v", open)
	}
}

func TestWhatIsReadForAPromise(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*desk, *promise.Wish)
		reads  int
	}{
		{"who has how much to do, where it decides", func(*desk, *promise.Wish) {}, 1},
		{"not for somebody who was wished for", func(_ *desk, w *promise.Wish) { w.StaffID = "mario" }, 0},
		{"not where only one is there", func(d *desk, _ *promise.Wish) { d.config.Staff = d.config.Staff[:1] }, 0},
		{"not where the branch gives them out itself", func(d *desk, _ *promise.Wish) { no := false; d.config.Branches[0].AssignCallbacks = &no }, 0},
	} {
		d := newDesk()
		w := d.wish()
		tt.change(d, &w)
		d.make(t, w)
		if d.read != tt.reads {
			t.Errorf("%s: %d lists were read", tt.name, d.read)
		}
	}
}

func TestNobodyIsPromisedACallWithoutANumber(t *testing.T) {
	t.Parallel()
	d := newDesk()
	if r, _ := d.make(t, d.wish(func(w *promise.Wish) { w.Phone = "" })); r != nil || len(d.callbacks)+len(d.events) > 0 {
		t.Errorf("%+v", r)
	}
}

func TestASpokenNumberIdentifiesNobody(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.cards[caller] = customer.Card{Key: caller, CustomerID: "erika", Name: "Erika Test"}
	if r, _ := d.make(t, d.wish(func(w *promise.Wish) { w.Transmitted = false })); r.CustomerID != "" || r.Name != "" {
		t.Errorf("%+v", r)
	}
}

func TestWhereNobodyIsThereItStaysPendingAndTheBranchIsToldOnce(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.config.Staff = nil
	r, _ := d.make(t, d.wish(func(w *promise.Wish) { w.Priority = callback.Urgent }))
	if r.Status != callback.Pending || d.timers[r.ID+"/sla"].IsZero() {
		t.Errorf("%+v", r)
	}
	want(t, "told", d.told(), "callback.requested.v1")
}

func TestASecondWishIsAdded(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		later  time.Duration
		change func(*promise.Wish)
		merged bool
	}{
		{"for the same thing within a day", 23 * time.Hour, func(*promise.Wish) {}, true},
		{"not a day later", 24 * time.Hour, func(*promise.Wish) {}, false},
		{"not for another thing", time.Hour, func(w *promise.Wish) { w.Action = callback.ToCancel }, false},
		{"not for another number", time.Hour, func(w *promise.Wish) { w.Phone = "+49301" }, false},
	} {
		d := newDesk()
		first, _ := d.make(t, d.wish())
		until := first.PromisedUntil
		d.told()
		d.now = d.now.Add(tt.later)
		second, merged := d.make(t, d.wish(tt.change, func(w *promise.Wish) { w.Reason = "noch etwas"; w.Preferred = "nachmittags" }))
		if merged != tt.merged || (first.ID == second.ID) != tt.merged {
			t.Errorf("%s: merged %t", tt.name, merged)
		}
		if tt.merged && (!second.PromisedUntil.Equal(until) || !slices.Equal(second.Notes, []string{"noch etwas · nachmittags"}) || !slices.Equal(d.told(), []string{"callback.repeated.v1"})) {
			t.Errorf("%s: %+v", tt.name, second)
		}
	}
}

func TestAWishIsNotAddedToWhatIsOver(t *testing.T) {
	t.Parallel()
	d := newDesk()
	first, _ := d.make(t, d.wish())
	if _, err := d.keeper.Change(t.Context(), us, first.ID, callback.Request.Cancel); err != nil {
		t.Fatal(err)
	}
	second, merged := d.make(t, d.wish())
	third, again := d.make(t, d.wish())
	if merged || second.ID == first.ID || !again || third.ID != second.ID {
		t.Errorf("%s, %s %t, %s %t", first.ID, second.ID, merged, third.ID, again)
	}
}

func TestAMoreUrgentWishIsGivenToSomebody(t *testing.T) {
	t.Parallel()
	d := newDesk()
	no := false
	d.config.Branches[0].AssignCallbacks = &no
	d.make(t, d.wish())
	d.told()
	r, merged := d.make(t, d.wish(func(w *promise.Wish) { w.Priority = callback.Urgent }))
	if !merged || r.Status != callback.Assigned || !r.PromisedUntil.Equal(at(13, 11, 0)) {
		t.Errorf("%+v", r)
	}
	want(t, "told", d.told(), "callback.repeated.v1", "assigned to anna")
}

func TestTheStepsOwnCardIsKept(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.cards[caller] = customer.Card{Key: caller, Version: 3}
	d.cards["c1"] = customer.Card{Key: "c1", Version: 5}
	same := &ledger.Step{Card: &customer.Card{Key: caller, Name: "geändert", Version: 3}}
	if _, _, err := d.maker.Make(t.Context(), us, &d.config, d.config.Branches[0], d.wish(), same); err != nil || same.Card.Name != "geändert" || len(same.Card.Callbacks) != 1 || same.OtherCard != nil {
		t.Errorf("%+v, %v", same.Card, err)
	}
	other := &ledger.Step{Card: &customer.Card{Key: "c1", Version: 5}}
	if _, _, err := d.maker.Make(t.Context(), us, &d.config, d.config.Branches[0], d.wish(), other); err != nil || len(other.Card.Callbacks) != 0 || other.OtherCard == nil || other.OtherCard.Key != caller {
		t.Errorf("%+v, %v", other.OtherCard, err)
	}
}

func TestNobodyCalls(t *testing.T) {
	t.Parallel()
	d := newDesk()
	r, _ := d.make(t, d.wish())
	d.told()
	for _, tt := range []struct {
		now   time.Time
		told  []string
		rings time.Time
	}{
		{at(13, 9, 30), nil, at(13, 10, 0)}, // handed out too early
		{at(13, 10, 0), []string{"warn sla_breach anna"}, at(13, 10, 30)},
		{at(13, 10, 0), nil, at(13, 10, 30)}, // and twice
		{at(13, 10, 31), []string{"critical sla_breach anna"}, at(13, 11, 0)},
		{at(13, 11, 0), []string{"escalated sla_breach mario"}, at(14, 10, 0)},
		{at(14, 10, 0), []string{"warn sla_breach mario"}, at(14, 10, 31)},
		{at(15, 9, 0), []string{"escalated sla_breach anna"}, at(15, 10, 0)}, // slept through
		{at(15, 10, 0), []string{"warn sla_breach anna"}, at(16, 9, 0)},
		{at(29, 13, 59), []string{"escalated sla_breach mario"}, at(29, 14, 0)},
		{at(29, 14, 0), nil, time.Time{}}, // 14 days after its promise; the clocks have changed
	} {
		wanted := d.tend(t, r.ID, tt.now)
		if rings := d.timers[r.ID+"/sla"]; !rings.Equal(tt.rings) || wanted == tt.rings.IsZero() {
			t.Errorf("at %s the timer is set to %s", tt.now, rings)
		}
		want(t, tt.now.String(), d.told(), tt.told...)
	}
	if d.callbacks[r.ID].Status != callback.Expired {
		t.Errorf("%+v", d.callbacks[r.ID])
	}
	if d.tend(t, r.ID, at(30, 9, 0)) {
		t.Error("the timer of what is over is still wanted")
	}
}

func TestWhereNobodyElseIsThereTheBranchIsTold(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.config.Staff = d.config.Staff[:1]
	r, _ := d.make(t, d.wish())
	d.told()
	d.tend(t, r.ID, at(13, 11, 0))
	want(t, "told", d.told(), "escalated sla_breach")
	if d.callbacks[r.ID].AssignedTo != "anna" {
		t.Error("whoever has it keeps it")
	}
}

func TestSomebodyCalls(t *testing.T) {
	t.Parallel()
	d := newDesk()
	r, _ := d.make(t, d.wish())
	d.told()
	change := func(day, hour, minute int, do func(callback.Request, time.Time) (callback.Request, error)) {
		t.Helper()
		d.now = at(day, hour, minute)
		if _, err := d.keeper.Change(t.Context(), us, r.ID, do); err != nil {
			t.Fatal(err)
		}
	}
	change(13, 9, 50, callback.Request.Contact)
	if rings := d.timers[r.ID+"/sla"]; !rings.Equal(at(13, 10, 50)) {
		t.Errorf("after the first try it rings at %s", rings)
	}
	change(13, 10, 20, callback.Request.Contact)
	change(13, 10, 40, callback.Request.Contact)
	d.tend(t, r.ID, at(13, 10, 41))
	want(t, "after three tries", d.told(), "escalated multiple_attempts_failed mario")
	if got := d.callbacks[r.ID]; got.Attempts != 3 || got.Tries != 0 || got.AssignedTo != "mario" || got.Status != callback.Assigned {
		t.Errorf("%+v", got)
	}
	change(13, 11, 0, callback.Request.Contact)
	change(13, 11, 5, callback.Request.Complete)
	if _, set := d.timers[r.ID+"/sla"]; set {
		t.Error("the timer outlives the callback")
	}
	if _, err := d.keeper.Change(t.Context(), us, r.ID, callback.Request.Contact); err != callback.ErrOver {
		t.Errorf("after the end: %v", err)
	}
	want(t, "in the end", d.told())
}

func TestGivenAwayByHand(t *testing.T) {
	t.Parallel()
	d := newDesk()
	r, _ := d.make(t, d.wish())
	d.told()
	if _, err := d.keeper.Change(t.Context(), us, r.ID, func(r callback.Request, now time.Time) (callback.Request, error) { return r.Assign("mario", now) }); err != nil {
		t.Fatal(err)
	}
	if _, err := d.keeper.Escalate(t.Context(), us, r.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := d.keeper.Escalate(t.Context(), us, r.ID); err != callback.ErrTooSoon {
		t.Errorf("%v", err)
	}
	want(t, "told", d.told(), "assigned to mario", "escalated manual_escalation anna")
	if _, err := d.keeper.Escalate(t.Context(), us, "nobody's"); err != promise.ErrUnknown {
		t.Errorf("%v", err)
	}
}

func TestWhatEndsMeanwhileIsNotEscalated(t *testing.T) {
	t.Parallel()
	d := newDesk()
	r, _ := d.make(t, d.wish())
	d.told()
	d.meanwhile = func() {
		now := d.callbacks[r.ID]
		now.Status = callback.Cancelled
		now.Version++
		d.callbacks[r.ID] = now
		delete(d.timers, r.ID+"/sla")
	}
	if d.tend(t, r.ID, at(13, 11, 0)) || len(d.told()) > 0 || d.callbacks[r.ID].Status != callback.Cancelled {
		t.Errorf("%+v", d.callbacks[r.ID])
	}
}

func TestABranchThatIsGoneKeepsItsPromises(t *testing.T) {
	t.Parallel()
	d := newDesk()
	r, _ := d.make(t, d.wish())
	d.config.Branches = nil
	d.told()
	d.tend(t, r.ID, at(13, 11, 0))
	want(t, "told", d.told(), "escalated sla_breach")
}
