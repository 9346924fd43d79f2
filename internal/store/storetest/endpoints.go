package storetest

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"time"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/signing"
	"github.com/askpro/gateway/internal/subscribe"
	"github.com/askpro/gateway/internal/tenant"
)

// Endpoints is what the cases of webhook endpoints ask.
type Endpoints interface {
	subscribe.Store
	signing.Store
	EndpointMessages(ctx context.Context, t tenant.ID, endpointID, before string, limit int) ([]subscribe.Message, error)
	EndpointEvents(ctx context.Context, t tenant.ID, endpointID string) ([]event.Recorded, error)
}

// message to the endpoint e1 about something that happens some minutes after now.
func (x *try) message(minutes int) *subscribe.Message {
	at := x.now.Add(time.Duration(minutes) * time.Minute)
	id := ident.DeriveAt(at, "message")
	d := delivery.Plan(delivery.Order{ID: id, OutputID: "e1", Kind: delivery.Event, Channel: delivery.Webhook, Profile: delivery.Long, MessageID: "msg_" + id}, x.now)
	return &subscribe.Message{Delivery: d, EventID: "ev", Type: "case.created.v1", OccurredAt: at, Body: "{}", WakeAt: x.now.Add(time.Minute)}
}

func (x *try) endpoint(step *subscribe.Step, refused ...string) {
	x.Helper()
	step.EndpointID = "e1"
	err := x.CommitEndpoint(x.Context(), x.t, step)
	var conflict *ledger.Conflict
	switch {
	case len(refused) == 0:
		x.ok(err)
	case !errors.As(err, &conflict) || !reflect.DeepEqual(conflict.On, refused):
		x.Errorf("committed with %v, wanted a conflict on %v", err, refused)
	}
}

func (x *try) head(id string) event.Head {
	return event.Head{ID: id, CompanyID: x.t.String(), At: x.now, Sequence: 1}
}

var endpointCases = []testCase{
	{"a message to an endpoint is written once and then only over what was read", func(x *try) {
		m := x.message(0)
		x.endpoint(&subscribe.Step{Messages: []*subscribe.Message{m}})
		x.endpoint(&subscribe.Step{Messages: []*subscribe.Message{x.message(0)}}, "message")
		got := must[subscribe.Message](x)(x.EndpointMessage(x.Context(), x.t, "e1", m.ID))
		x.same(got, *m)
		other := got
		x.endpoint(&subscribe.Step{Messages: []*subscribe.Message{&got}})
		x.endpoint(&subscribe.Step{Messages: []*subscribe.Message{&other}}, "message")
		if _, ok, err := x.EndpointMessage(x.Context(), tenant.Proven(ident.New(x.now)), "e1", m.ID); ok || err != nil {
			x.Errorf("another company reads it: %t, %v", ok, err)
		}
	}},
	{"a message has its timer until it needs none", func(x *try) {
		m := x.message(0)
		x.endpoint(&subscribe.Step{Messages: []*subscribe.Message{m}})
		x.due(m.WakeAt.Add(-time.Second))
		due := x.due(m.WakeAt, "attempt/"+m.ID)
		later, ok := subscribe.Woken(due[0].Kind, due[0].About, due[0].Name)
		if want := (subscribe.Attempted{EndpointID: "e1", DeliveryID: m.ID}); !ok || later.Kind != subscribe.KindAttempt || later.Body != want {
			x.Errorf("wakes for %+v, %t", later, ok)
		}
		m.WakeAt = time.Time{}
		x.endpoint(&subscribe.Step{Messages: []*subscribe.Message{m}})
		x.due(x.now.Add(time.Hour))
	}},
	{"held messages are listed in order of occurrence until they are let go", func(x *try) {
		var all []*subscribe.Message
		var ids []string
		for _, minutes := range []int{3, 1, 2, 0} {
			m := x.message(minutes)
			m.Held, m.WakeAt = true, time.Time{}
			all = append(all, m)
		}
		x.endpoint(&subscribe.Step{Messages: all})
		for _, i := range []int{3, 1, 2, 0} {
			ids = append(ids, all[i].ID)
		}
		held := func(from, to time.Time, limit int) []string {
			got, err := x.HeldMessages(x.Context(), x.t, "e1", ident.Before(from), ident.Before(to), limit)
			x.ok(err)
			return got
		}
		end := x.now.Add(time.Hour)
		x.same(held(x.now, end, 10), ids)
		x.same(held(x.now, end, 2), ids[:2])
		x.same(held(x.now.Add(time.Minute), x.now.Add(3*time.Minute), 10), ids[1:3])
		all[1].Held = false
		x.endpoint(&subscribe.Step{Messages: all[1:2]})
		x.same(held(x.now, end, 2), []string{ids[0], ids[2]})
		newest, err := x.EndpointMessages(x.Context(), x.t, "e1", "", 2)
		x.ok(err)
		older, err := x.EndpointMessages(x.Context(), x.t, "e1", newest[1].ID, 2)
		x.ok(err)
		x.same([]string{newest[0].ID, newest[1].ID, older[0].ID, older[1].ID}, []string{ids[3], ids[2], ids[1], ids[0]})
	}},
	{"what is only for a disabled endpoint is refused by one that is not", func(x *try) {
		m := x.message(0)
		m.Held = true
		x.endpoint(&subscribe.Step{Messages: []*subscribe.Message{m}, OnlyDisabled: true}, "disabled")
		state, err := x.EndpointState(x.Context(), x.t, "e1")
		x.ok(err)
		x.same(state, subscribe.State{EndpointID: "e1"})
		old := state
		state.Health = delivery.Health{DisabledAt: x.now, Disabled: delivery.DisabledGone}
		state.Owed = []subscribe.Alert{{ID: "a", Notice: delivery.IsDisabled, Since: x.now}}
		told := event.EndpointDisabled{Head: x.head("ev1"), EndpointID: "e1", Since: x.now, Reason: "gone"}
		x.endpoint(&subscribe.Step{State: &state, Events: []event.Event{told}})
		x.endpoint(&subscribe.Step{State: &old}, "state")
		x.endpoint(&subscribe.Step{Messages: []*subscribe.Message{m}, OnlyDisabled: true})
		got, err := x.EndpointState(x.Context(), x.t, "e1")
		x.ok(err)
		x.same(got, state)
		got.Health = got.Health.Enable()
		x.endpoint(&subscribe.Step{State: &got})
		x.endpoint(&subscribe.Step{Messages: []*subscribe.Message{m}, OnlyDisabled: true}, "disabled")
		events, err := x.EndpointEvents(x.Context(), x.t, "e1")
		x.ok(err)
		if len(events) != 1 || events[0].Name != told.Name() {
			x.Errorf("%+v", events)
		}
	}},
	{"turns at an endpoint are apart, however many ask at once", func(x *try) {
		var mu sync.Mutex
		var wg sync.WaitGroup
		seen := map[time.Duration]bool{}
		for range 6 {
			wg.Go(func() {
				turn, err := x.EndpointTurn(x.Context(), x.t, "e1", 100*time.Millisecond, x.now)
				if err != nil {
					x.Error(err)
				}
				mu.Lock()
				seen[turn.Sub(x.now)] = true
				mu.Unlock()
			})
		}
		wg.Wait()
		for i := range 6 {
			if at := time.Duration(i) * 100 * time.Millisecond; !seen[at] {
				x.Errorf("nobody has the turn after %s: %v", at, seen)
			}
		}
		turn, err := x.EndpointTurn(x.Context(), x.t, "e1", 100*time.Millisecond, x.now.Add(time.Minute))
		x.ok(err)
		x.same(turn, x.now.Add(time.Minute))
	}},
	{"a gate is written over what was read", func(x *try) {
		g, v, err := x.Gate(x.Context(), x.t, "hooks.example")
		x.ok(err)
		next, _, _ := g.Enter("a", time.Minute, x.now)
		for _, want := range []bool{true, false} { // the second time it is somebody else's
			saved, err := x.SaveGate(x.Context(), x.t, "hooks.example", next, v)
			x.ok(err)
			x.same(saved, want)
		}
		got, v, err := x.Gate(x.Context(), x.t, "hooks.example")
		x.ok(err)
		x.same(got, next)
		x.same(v, 1)
	}},
	{"a ring is rotated once, and its use is noted once an hour", func(x *try) {
		if _, ok, err := x.Ring(x.Context(), x.t, "e1"); ok || err != nil {
			x.Errorf("a ring of nobody: %t, %v", ok, err)
		}
		told := event.EndpointSecretRotated{Head: x.head("ev1"), EndpointID: "e1", Actor: anna.Actor}
		x.ok(x.UseRing(x.Context(), x.t, "e1", true, x.now, x.now)) // there is none yet, and none comes of it
		r := &signing.Record{ID: "e1", Current: "new", Previous: "old", Until: x.now.Add(time.Hour), Rotations: 1}
		second := *r
		x.ok(x.SaveRing(x.Context(), x.t, r, told))
		if err := x.SaveRing(x.Context(), x.t, &second, told); !ledger.ConflictOn(err, "ring") {
			x.Errorf("rotated twice: %v", err)
		}
		x.ok(x.UseRing(x.Context(), x.t, "e1", true, x.now, x.now.Add(-time.Hour)))
		x.ok(x.UseRing(x.Context(), x.t, "e1", true, x.now.Add(time.Minute), x.now.Add(time.Minute-time.Hour)))
		want := *r
		want.CurrentUsed, want.PreviousUsed = x.now, x.now
		x.same(must[signing.Record](x)(x.Ring(x.Context(), x.t, "e1")), want)
		x.ok(x.UseRing(x.Context(), x.t, "e1", false, x.now.Add(time.Hour), x.now))
		want.CurrentUsed = x.now.Add(time.Hour)
		x.same(must[signing.Record](x)(x.Ring(x.Context(), x.t, "e1")), want)
		events, err := x.EndpointEvents(x.Context(), x.t, "e1")
		x.ok(err)
		if len(events) != 1 {
			x.Errorf("%+v", events)
		}
		if e := x.trailed("secret.rotated signing_secret ")[0]; e.Object.ID != "e1" || e.Actor != anna.Actor {
			x.Errorf("%+v", e)
		}
	}},
}
