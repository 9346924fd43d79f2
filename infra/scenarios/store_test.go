package scenarios_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/askpro/gateway/infra/local/stacktest"
	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/callback"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/german"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/store"
	"github.com/askpro/gateway/internal/store/storetest"
	"github.com/askpro/gateway/internal/store/twin"
	"github.com/askpro/gateway/internal/tenant"
)

func TestTheTableKeepsThePromisesOfAStore(t *testing.T) {
	t.Parallel()
	s := stacktest.Shared(t)
	storetest.Run(t, func(t *testing.T, now func() time.Time) storetest.Subject {
		table := store.Open(s.Env, s, s.Table, now)
		enter := func(ctx context.Context, c *company.Config) error {
			return table.SaveConfig(ctx, tenant.Proven(c.Company.ID), c, s.By())
		}
		return storetest.Subject{Store: table, Enter: enter, Due: store.OpenTimers(s.Env, s.Table).Due, Seen: seen}
	})
}

// seen waits for a list, which may be a moment behind the table.
func seen(t *testing.T, there func() bool) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for range 100 {
		if there() {
			return
		}
		<-tick.C
	}
	t.Error("what was written is on no list after five seconds")
}

// TestTheTableAndItsTwinAgreeOnAnySteps makes random steps over a few records, some of them over versions that somebody
// moved on, and wants the same answer and afterwards the same records from both.
func TestTheTableAndItsTwinAgreeOnAnySteps(t *testing.T) {
	t.Parallel()
	s := stacktest.Shared(t)
	now := time.Now().UTC().Truncate(time.Second)
	clock := func() time.Time { return now }
	table := store.Open(s.Env, s, s.Table, clock)
	rapid.Check(t, func(r *rapid.T) {
		co := tenant.Proven(ident.New(now))
		mirror := twin.New(clock)
		for range rapid.IntRange(1, 8).Draw(r, "steps") {
			a := step(r, now)
			b := *a
			b.Days = append([]booking.Day(nil), a.Days...)
			b.Session, b.Card, b.Customer, b.Callback = copied(a.Session), copied(a.Card), copied(a.Customer), copied(a.Callback)
			b.Appointments = nil
			for _, x := range a.Appointments {
				b.Appointments = append(b.Appointments, copied(x))
			}
			one, other := table.Commit(t.Context(), co, a), mirror.Commit(t.Context(), co, &b)
			if said(one) != said(other) {
				r.Fatalf("the table says %q, its twin %q", said(one), said(other))
			}
		}
		want, got := everything(t, table, co), everything(t, mirror, co)
		if d := cmp.Diff(want, got); d != "" {
			r.Fatal("the twin holds something else (-table +twin):\n" + d)
		}
	})
}

func copied[T any](v *T) *T {
	if v == nil {
		return nil
	}
	c := *v
	return &c
}

func said(err error) string {
	var c *ledger.Conflict
	switch {
	case err == nil:
		return "written"
	case errors.As(err, &c):
		return fmt.Sprint("conflict on ", c.On)
	}
	return "refused"
}

var theDay = german.Date{Year: 2031, Month: 6, Day: 3}

// step draws a transaction over few ids and low versions, so that steps meet.
func step(r *rapid.T, now time.Time) *ledger.Step {
	version := rapid.IntRange(0, 2)
	flip := rapid.Bool()
	word := rapid.SampledFrom([]string{"", "Erika", "Jürgen Groß"})
	id := rapid.SampledFrom([]string{"1", "2"})
	at := now.Add(time.Duration(rapid.IntRange(0, 3).Draw(r, "hour")) * time.Hour)
	x := &ledger.Step{}
	if flip.Draw(r, "session") {
		x.Session = &call.Session{CallID: id.Draw(r, "id"), Name: word.Draw(r, "name"), Version: version.Draw(r, "v")}
		if flip.Draw(r, "tool") {
			x.ToolCall = &call.ToolCall{Seq: rapid.IntRange(1, 2).Draw(r, "seq"), Tool: word.Draw(r, "name")}
		}
	}
	for _, resource := range []string{"anna", "mario"} {
		if flip.Draw(r, resource) {
			x.Days = append(x.Days, booking.Day{Resource: resource, Date: theDay, Calendar: version.Draw(r, "calendar"), Version: version.Draw(r, "v")})
		}
	}
	if flip.Draw(r, "appointment") {
		a := &booking.Appointment{ID: id.Draw(r, "id"), BranchID: "b", StartsAt: at, Status: booking.Pending, NeedsReview: flip.Draw(r, "review"), Version: version.Draw(r, "v")}
		x.Appointments = append(x.Appointments, a)
		x.Claims = append(x.Claims, booking.Claim{UID: id.Draw(r, "uid"), AppointmentID: a.ID, Version: version.Draw(r, "v")})
	}
	if flip.Draw(r, "customer") {
		x.Customer = &customer.Customer{ID: id.Draw(r, "id"), Name: word.Draw(r, "name"), Version: version.Draw(r, "v")}
		x.EmailOf = rapid.SampledFrom([]string{"", "a@example.de", "A@example.de"}).Draw(r, "email")
	}
	if flip.Draw(r, "card") {
		x.Card = &customer.Card{Key: "+49", Name: word.Draw(r, "name"), Version: version.Draw(r, "v")}
	}
	if flip.Draw(r, "callback") {
		status := rapid.SampledFrom([]callback.Status{callback.Pending, callback.Assigned, callback.Completed}).Draw(r, "status")
		x.Callback = &callback.Request{ID: id.Draw(r, "id"), BranchID: "b", Status: status, AssignedTo: word.Draw(r, "name"), PromisedUntil: at, Version: version.Draw(r, "v")}
	}
	timer := ledger.Timer{Kind: ledger.OfCall, About: id.Draw(r, "about"), Queue: "default", Name: "poll", DueAt: at}
	switch rapid.IntRange(0, 2).Draw(r, "timer") {
	case 1:
		x.SetTimers = append(x.SetTimers, timer)
	case 2:
		x.ClearTimers = append(x.ClearTimers, timer)
	}
	return x
}

// everything that such steps may have written.
func everything(t *testing.T, s storetest.Store, co tenant.ID) (all []any) {
	t.Helper()
	keep := func(list ...any) {
		for _, v := range list {
			if err, failed := v.(error); failed {
				t.Fatal(err)
			}
			all = append(all, v)
		}
	}
	ctx := t.Context()
	for _, id := range []string{"1", "2"} {
		session, err := s.Session(ctx, co, id)
		keep(session, err)
		tools, err := s.ToolCalls(ctx, co, id)
		keep(tools, err)
		a, _, err := s.Appointment(ctx, co, id)
		keep(a, err)
		claim, _, err := s.Claim(ctx, co, id)
		keep(claim, err)
		c, _, err := s.Customer(ctx, co, id)
		keep(c, err)
		request, _, err := s.Callback(ctx, co, id)
		keep(request, err)
	}
	whose, _, err := s.CustomerOfEmail(ctx, co, "a@example.de")
	keep(whose, err)
	watched, err := s.Watched(ctx, co)
	keep(watched, err)
	waiting, err := s.OpenCallbacks(ctx, co, "b")
	keep(waiting, err)
	known, err := s.Gather(ctx, co, ledger.Ask{Card: "+49", Days: []booking.DayKey{{Resource: "anna", Date: theDay}, {Resource: "mario", Date: theDay}}})
	keep(known, err)
	return all
}
