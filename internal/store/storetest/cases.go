package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/audit"
	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/callback"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/notify"
	"github.com/askpro/gateway/internal/reconcile"
	"github.com/askpro/gateway/internal/scheduling"
	"github.com/askpro/gateway/internal/store"
	"github.com/askpro/gateway/internal/tenant"
)

// testCase is one promise, told as a sentence.
type testCase struct {
	name string
	run  func(*try)
}

var cases = []testCase{
	{"what was never written is empty and has version 0", func(x *try) {
		s, err := x.Session(x.Context(), x.t, "c1")
		x.ok(err)
		x.same(s, call.Session{CallID: "c1"})
		k := booking.DayKey{Resource: "anna", Date: day}
		slots := booking.SlotKey{EventTypeID: 7, Date: day}
		known, err := x.Gather(x.Context(), x.t, ledger.Ask{Days: []booking.DayKey{k, k}, Slots: []booking.SlotKey{slots}, Card: "+49", Key: "ref"})
		x.ok(err)
		x.same(known, ledger.Known{
			Days:  map[booking.DayKey]booking.Day{k: {Resource: "anna", Date: day}},
			Slots: map[booking.SlotKey]booking.SlotDay{slots: {EventTypeID: 7, Date: day}},
			Card:  customer.Card{Key: "+49"},
		})
		if _, ok, err := x.Appointment(x.Context(), x.t, "a1"); ok || err != nil {
			x.Errorf("an appointment of nobody: %t, %v", ok, err)
		}
		claim, ok, err := x.Claim(x.Context(), x.t, "u1")
		x.ok(err)
		x.same(claim, booking.Claim{UID: "u1"})
		if ok {
			x.Error("a claim of nobody")
		}
	}},
	{"every record of a step is read back as it was written, one version on", func(x *try) {
		started := noon.Add(-time.Hour)
		yes := true
		step := full(x, started, &yes)
		for part, v := range reflect.ValueOf(*step).Fields() {
			if v.IsZero() && part.Name != "ClearTimers" && part.Name != "Purged" { // what takes away has cases of its own
				x.Errorf("this step has no %s: a part of a step that no case writes may be lost unnoticed", part.Name)
			}
		}
		x.commit(step)
		ctx := x.Context()
		x.same(must[call.Call](x)(x.Call(ctx, x.t, "c1")), *step.Call)
		s, err := x.Session(ctx, x.t, "c1")
		x.ok(err)
		x.same(s, *step.Session)
		x.same(must[call.ToolCall](x)(x.ToolCall(ctx, x.t, "c1", 1)), *step.ToolCall)
		x.same(must[ledger.Transcript](x)(x.Transcript(ctx, x.t, "c1")), *step.Transcript)
		x.same(must[booking.Appointment](x)(x.Appointment(ctx, x.t, "a1")), *step.Appointments[0])
		claim := step.Claims[0]
		claim.Version = 1
		x.same(must[booking.Claim](x)(x.Claim(ctx, x.t, "u1")), claim)
		x.same(must[customer.Customer](x)(x.Customer(ctx, x.t, "k1")), *step.Customer)
		x.same(must[callback.Request](x)(x.Callback(ctx, x.t, "r1")), *step.Callback)
		x.same(must[desk.Case](x)(x.Case(ctx, x.t, "k1")), *step.Case)
		x.same(must[desk.Case](x)(x.Case(ctx, x.t, "k2")), *step.OtherCase)
		if filed := must[desk.Capture](x)(x.Captured(ctx, x.t, "c1")); filed.CaseID != "k1" || filed.Number != step.Case.Number || filed.FiledAt == nil || len(filed.Said) != 1 {
			x.Errorf("what was said became %+v", filed)
		}
		changes, err := x.Changes(ctx, x.t, "a1")
		x.ok(err)
		x.same(changes, step.Changes)
		known, err := x.Gather(ctx, x.t, ledger.Ask{Days: []booking.DayKey{{Resource: "anna", Date: day}}, Card: "+4930"})
		x.ok(err)
		x.same(known.Days[booking.DayKey{Resource: "anna", Date: day}], step.Days[0])
		x.same(known.Card, *step.Card)
		known, err = x.Gather(ctx, x.t, ledger.Ask{Card: "+4931"})
		x.ok(err)
		x.same(known.Card, *step.OtherCard)
		x.trailed("recording.played case k1")
		if step.Call.Version != 1 || step.Days[0].Version != 1 || step.Card.Version != 1 || step.OtherCard.Version != 1 {
			x.Errorf("versions after the step: call %d, day %d, card %d", step.Call.Version, step.Days[0].Version, step.Card.Version)
		}
	}},
	{"a step that was written can be changed and written again", func(x *try) {
		a := &booking.Appointment{ID: "a1", BranchID: "b1", StartsAt: noon, Status: booking.Pending}
		x.commit(&ledger.Step{Appointments: []*booking.Appointment{a}})
		a.Status = booking.Confirmed
		x.commit(&ledger.Step{Appointments: []*booking.Appointment{a}})
		x.same(must[booking.Appointment](x)(x.Appointment(x.Context(), x.t, "a1")), *a)
	}},
	{"a record that exists is not created again, and is named", func(x *try) {
		yes := true
		x.commit(full(x, noon, &yes))
		again := full(x, noon, &yes)
		x.refuses(again, "call", "session", "day", "appointment", "claim", "card", "card", "customer", "email", "callback", "case", "case number", "case", "case number", "capture",
			"note", "delivery")
	}},
	{"a record that somebody else changed refuses the whole step", func(x *try) {
		x.commit(&ledger.Step{Session: &call.Session{CallID: "c1"}, Card: &customer.Card{Key: "+49", Name: "A"}})
		mine, err := x.Session(x.Context(), x.t, "c1")
		x.ok(err)
		theirs := mine
		theirs.Name = "B"
		x.commit(&ledger.Step{Session: &theirs})
		mine.Name = "C"
		x.refuses(&ledger.Step{
			Session: &mine, Card: &customer.Card{Key: "+49", Name: "C", Version: 1},
			SetTimers: []ledger.Timer{{Kind: ledger.OfCall, About: "c1", Queue: "default", Name: "poll", DueAt: x.now}},
		}, "session")
		known, err := x.Gather(x.Context(), x.t, ledger.Ask{Card: "+49"})
		x.ok(err)
		x.same(known.Card, customer.Card{Key: "+49", Name: "A", Version: 1})
		x.due(x.now)
		if mine.Version != 1 {
			x.Errorf("version %d after a refusal, wanted the one that was read", mine.Version)
		}
	}},
	{"a version of something that does not exist is a conflict", func(x *try) {
		x.refuses(&ledger.Step{Card: &customer.Card{Key: "+49", Version: 3}}, "card")
	}},
	{"of several days each one that changed is named", func(x *try) {
		d := []booking.Day{{Resource: "anna", Date: day}, {Resource: "anna", Date: day.AddDays(1)}, {Resource: "mario", Date: day}}
		x.commit(&ledger.Step{Days: append([]booking.Day(nil), d[0], d[2])})
		x.refuses(&ledger.Step{Days: d}, "day", "day")
	}},
	{"one transaction cannot write a record twice", func(x *try) {
		d := booking.Day{Resource: "anna", Date: day}
		err := x.Commit(x.Context(), x.t, &ledger.Step{Days: []booking.Day{d, d}})
		if err == nil || ledger.ConflictOn(err) {
			x.Errorf("%v, wanted a refusal that is no conflict", err)
		}
	}},
	{"a step with nothing in it is no request", func(x *try) { x.commit(&ledger.Step{}) }},
	{"what one reader does to a record no other sees", func(x *try) {
		x.commit(&ledger.Step{Session: &call.Session{CallID: "c1", Counts: map[string]int{"a": 1}, Booked: []string{"x"}, Wish: &call.Wish{Date: "heute"}}})
		mine, err := x.Session(x.Context(), x.t, "c1")
		x.ok(err)
		mine.Counts["a"], mine.Booked[0], mine.Wish.Date = 9, "y", "morgen"
		mine.Booked = append(mine.Booked, "z")
		other, err := x.Session(x.Context(), x.t, "c1")
		x.ok(err)
		x.same(other, call.Session{CallID: "c1", Counts: map[string]int{"a": 1}, Booked: []string{"x"}, Wish: &call.Wish{Date: "heute"}, Version: 1})
	}},
	{"empty lists stay empty, missing ones stay missing", func(x *try) {
		want := call.Session{CallID: "c1", Counts: map[string]int{}, Booked: []string{}}
		x.commit(&ledger.Step{Session: &want})
		s, err := x.Session(x.Context(), x.t, "c1")
		x.ok(err)
		x.same(s, want)
	}},
	{"times come back as instants, in UTC or at their offset", func(x *try) {
		berlin, err := time.LoadLocation("Europe/Berlin")
		x.ok(err)
		local := noon.In(berlin)
		x.commit(&ledger.Step{Appointments: []*booking.Appointment{{ID: "a1", BranchID: "b1", StartsAt: local, EndsAt: noon.Add(time.Nanosecond), CancelledAt: &local}}})
		a := must[booking.Appointment](x)(x.Appointment(x.Context(), x.t, "a1"))
		if !a.StartsAt.Equal(local) || a.StartsAt.Format(time.RFC3339) != local.Format(time.RFC3339) || a.EndsAt != noon.Add(time.Nanosecond) || !a.CancelledAt.Equal(noon) || !a.CreatedAt.IsZero() {
			x.Errorf("%+v", a)
		}
	}},
	{"tool calls are listed in their order", func(x *try) {
		s := &call.Session{CallID: "c1"}
		for _, seq := range []int{2, 10, 1} {
			x.commit(&ledger.Step{Session: s, ToolCall: &call.ToolCall{Seq: seq}})
		}
		list, err := x.ToolCalls(x.Context(), x.t, "c1")
		x.ok(err)
		x.same(list, []call.ToolCall{{Seq: 1}, {Seq: 2}, {Seq: 10}})
		none, err := x.ToolCalls(x.Context(), x.t, "c2")
		x.ok(err)
		x.same(none, []call.ToolCall{})
	}},
	{"history is read oldest first", func(x *try) {
		early, late := ident.New(x.now), ident.New(x.now.Add(time.Minute))
		for _, id := range []string{late, early} {
			x.commit(&ledger.Step{Changes: []booking.Change{{ID: id, AppointmentID: "a1"}}})
		}
		list, err := x.Changes(x.Context(), x.t, "a1")
		x.ok(err)
		x.same(list, []booking.Change{{ID: early, AppointmentID: "a1"}, {ID: late, AppointmentID: "a1"}})
	}},
	{"an address belongs to one customer, however it is written", func(x *try) {
		x.commit(&ledger.Step{Customer: &customer.Customer{ID: "k1"}, EmailOf: "Erika@Example.de"})
		x.refuses(&ledger.Step{Customer: &customer.Customer{ID: "k2"}, EmailOf: "erika@example.de"}, "email")
		whose, taken, err := x.CustomerOfEmail(x.Context(), x.t, "ERIKA@example.de")
		x.ok(err)
		nobodys, other, err := x.CustomerOfEmail(x.Context(), x.t, "max@example.de")
		x.ok(err)
		if _, there, _ := x.Customer(x.Context(), x.t, "k2"); !taken || whose != "k1" || other || nobodys != "" || there {
			x.Errorf("%q's: %t, another %q's: %t, the refused customer exists: %t", whose, taken, nobodys, other, there)
		}
	}},
	{"the open callbacks of a branch stand by their promise; who is done leaves", func(x *try) {
		open := func(id, branch string, in time.Duration) *callback.Request {
			return &callback.Request{ID: id, BranchID: branch, Status: callback.Pending, Priority: callback.High, PromisedUntil: noon.Add(in)}
		}
		late, early, other := open("r1", "b1", 2*time.Hour), open("r2", "b1", time.Hour), open("r3", "b2", 0)
		for _, r := range []*callback.Request{late, early, other} {
			x.commit(&ledger.Step{Callback: r})
		}
		early.AssignedTo, early.Status = "anna", callback.Assigned
		x.commit(&ledger.Step{Callback: early})
		first := callback.Waiting{ID: "r2", AssignedTo: "anna", Priority: callback.High, PromisedUntil: noon.Add(time.Hour)}
		second := callback.Waiting{ID: "r1", Priority: callback.High, PromisedUntil: noon.Add(2 * time.Hour)}
		x.waiting("b1", first, second)
		early.PromisedUntil, first.PromisedUntil = noon.Add(3*time.Hour), noon.Add(3*time.Hour) // it stands once, wherever it moves
		x.commit(&ledger.Step{Callback: early})
		x.waiting("b1", second, first)
		early.Status = callback.Completed
		x.commit(&ledger.Step{Callback: early})
		x.waiting("b1", second)
		x.waiting("b3")
	}},
	{"appointments are listed by branch and start, the end of the time left out", func(x *try) {
		for i, id := range []string{"a3", "a1", "a2", "a4"} {
			x.commit(&ledger.Step{Appointments: []*booking.Appointment{{ID: id, BranchID: "b1", StartsAt: noon.Add(time.Duration([]int{2, 0, 1, 3}[i]) * time.Hour)}}})
		}
		x.commit(&ledger.Step{Appointments: []*booking.Appointment{{ID: "a9", BranchID: "b2", StartsAt: noon}}})
		ids := func(from, to time.Duration, limit int) []string {
			list, err := x.AppointmentIDs(x.Context(), x.t, "b1", noon.Add(from), noon.Add(to), limit)
			x.ok(err)
			return list
		}
		x.Seen(x.T, func() bool { return len(ids(-time.Hour, 9*time.Hour, 9)) == 4 })
		x.same(ids(0, 3*time.Hour, 9), []string{"a1", "a2", "a3"})
		x.same(ids(0, 3*time.Hour, 2), []string{"a1", "a2"})
		if none := ids(4*time.Hour, 5*time.Hour, 9); len(none) != 0 {
			x.Errorf("listed %v, wanted none", none)
		}
		moved := must[booking.Appointment](x)(x.Appointment(x.Context(), x.t, "a1"))
		moved.StartsAt = noon.Add(90 * time.Minute)
		x.commit(&ledger.Step{Appointments: []*booking.Appointment{&moved}})
		x.Seen(x.T, func() bool { return len(ids(0, time.Hour, 9)) == 0 })
		x.same(ids(0, 3*time.Hour, 9), []string{"a2", "a1", "a3"})
	}},
	{"customers are listed by their folded name", func(x *try) {
		for id, name := range map[string]string{"k1": "Jürgen Groß", "k2": "juergen gross", "k3": "Erika", "k4": ""} {
			x.commit(&ledger.Step{Customer: &customer.Customer{ID: id, Name: name}})
		}
		named := func(folded string, limit int) []string {
			list, err := x.CustomersNamed(x.Context(), x.t, folded, limit)
			x.ok(err)
			return list
		}
		x.Seen(x.T, func() bool { return len(named("juergen gross", 9)) == 2 })
		x.same(named("juergen gross", 9), []string{"k2", "k1"})
		x.same(named("juergen gross", 1), []string{"k2"})
		x.same(named("max", 9), []string{})
	}},
	{"calls are listed newest first, by when they began or were heard of", func(x *try) {
		began := noon.Add(time.Hour)
		x.commit(&ledger.Step{Call: &call.Call{RetellID: "c1", CreatedAt: noon}})
		x.commit(&ledger.Step{Call: &call.Call{RetellID: "c2", CreatedAt: noon.Add(-time.Hour), StartedAt: &began}})
		ids := func(limit int) []string {
			list, err := x.CallIDs(x.Context(), x.t, limit)
			x.ok(err)
			return list
		}
		x.Seen(x.T, func() bool { return len(ids(9)) == 2 })
		x.same(ids(9), []string{"c2", "c1"})
		x.same(ids(1), []string{"c2"})
	}},
	{"calls of a time are read by page, newest first, and none twice", func(x *try) {
		const n = 7
		for i := range n { // two of them at the same second
			x.commit(&ledger.Step{Call: &call.Call{RetellID: fmt.Sprint("c", i), CreatedAt: noon.Add(time.Duration(i/2) * time.Minute)}})
		}
		x.commit(&ledger.Step{Call: &call.Call{RetellID: "before", CreatedAt: noon.Add(-time.Second)}})
		x.commit(&ledger.Step{Call: &call.Call{RetellID: "after", CreatedAt: noon.Add(time.Hour)}})
		read := func(limit int) (ids []string, pages int) {
			for next := ""; ; {
				page, more, err := x.CallPage(x.Context(), x.t, noon, noon.Add(time.Hour), next, limit)
				x.ok(err)
				if pages++; len(page) > limit || pages > n+1 {
					x.Fatalf("page %d has %d calls", pages, len(page))
				}
				for _, c := range page {
					ids = append(ids, c.RetellID)
				}
				if next = more; next == "" {
					return ids, pages
				}
			}
		}
		x.Seen(x.T, func() bool { ids, _ := read(100); return len(ids) == n })
		for _, limit := range []int{1, 2, 3, 100} {
			ids, pages := read(limit)
			x.same(ids, []string{"c6", "c5", "c4", "c3", "c2", "c1", "c0"})
			if pages < (n+limit-1)/limit {
				x.Errorf("%d pages of %d", pages, limit)
			}
		}
	}},
	{"a timer is due at its time, moves when it is set again, and goes when it is cleared or taken", func(x *try) {
		timer := func(name string, in time.Duration) ledger.Timer {
			return ledger.Timer{Kind: ledger.OfAppointment, About: "a-" + x.t.String(), Queue: "sync", Name: name, DueAt: x.now.Add(in)}
		}
		x.commit(&ledger.Step{SetTimers: []ledger.Timer{timer("check", time.Minute), timer("remind", 2*time.Minute)}})
		x.due(x.now.Add(59 * time.Second))
		x.due(x.now.Add(time.Minute), "check")
		x.due(x.now.Add(time.Hour), "check", "remind")
		x.commit(&ledger.Step{SetTimers: []ledger.Timer{timer("check", 3*time.Minute)}})
		x.due(x.now.Add(time.Hour), "remind", "check")
		x.commit(&ledger.Step{ClearTimers: []ledger.Timer{timer("remind", 0), timer("never set", 0)}})
		handed := x.due(x.now.Add(time.Hour), "check")
		body := []byte(fmt.Sprintf(`{"pk":%q,"sk":%q}`, handed[0].PK, handed[0].SK))
		read, ours, err := store.ReadTimer(x.t, body)
		if err != nil || !ours || read.Kind != ledger.OfAppointment || read.About != timer("", 0).About || read.Queue != "sync" || read.Name != "check" {
			x.Errorf("handed out as %+v, %t, %v", read, ours, err)
		}
		x.ok(x.Take(x.Context(), x.t, read))
		x.ok(x.Take(x.Context(), x.t, read))
		x.due(x.now.Add(time.Hour))
	}},
	{"events lie with the call they tell of, else with the callback, in the order of their ids", func(x *try) {
		head := func(id string) event.Head {
			return event.Head{ID: id, CompanyID: x.t.String(), At: noon.Add(time.Millisecond)}
		}
		x.commit(&ledger.Step{Events: []event.Event{event.WishUnfulfilled{Head: head("e2"), CallID: "c1"}, event.CallStarted{Head: head("e1"), CallID: "c1"}}})
		x.commit(&ledger.Step{Events: []event.Event{event.CallbackAssigned{Head: head("e3"), CallbackID: "r1", StaffID: "anna"}}})
		at := noon.Add(time.Millisecond).Format(time.RFC3339Nano)
		calls, err := x.Events(x.Context(), x.t, "c1")
		x.ok(err)
		x.same(calls, []event.Recorded{
			{Name: "call.started.v1", ID: "e1", At: at, Detail: fmt.Sprintf(`{"event_id":"e1","company_id":%q,"at":%q,"sequence":0,"call_id":"c1","branch_id":""}`, x.t, at)},
			{Name: "wish.unfulfilled.v1", ID: "e2", At: at, Detail: fmt.Sprintf(`{"event_id":"e2","company_id":%q,"at":%q,"sequence":0,"call_id":"c1","branch_id":""}`, x.t, at)},
		})
		callbacks, err := x.CallbackEvents(x.Context(), x.t, "r1")
		x.ok(err)
		x.same(callbacks, []event.Recorded{
			{Name: "callback.assigned.v1", ID: "e3", At: at, Detail: fmt.Sprintf(`{"event_id":"e3","company_id":%q,"at":%q,"sequence":0,"callback_id":"r1","staff_id":"anna"}`, x.t, at)},
		})
		none, err := x.Events(x.Context(), x.t, "c2")
		x.ok(err)
		x.same(none, []event.Recorded{})
	}},
	{"an event needs an id and its company", func(x *try) {
		for name, head := range map[string]event.Head{"no id": {CompanyID: x.t.String()}, "another company": {ID: "e1", CompanyID: "other"}} {
			step := &ledger.Step{Events: []event.Event{event.CallStarted{Head: head, CallID: "c1"}}}
			if err := x.Commit(x.Context(), x.t, step); err == nil || ledger.ConflictOn(err) {
				x.Errorf("%s: %v", name, err)
			}
		}
	}},
	{"one asker at a time fetches slots, until the lists are saved or the lease lapses", func(x *try) {
		k := booking.SlotKey{EventTypeID: 7, Date: day}
		lease := func(now, until time.Duration) bool {
			ok, err := x.LeaseSlots(x.Context(), x.t, k, x.now.Add(now), x.now.Add(until))
			x.ok(err)
			return ok
		}
		if !lease(0, 10*time.Second) || lease(time.Second, 11*time.Second) || !lease(10*time.Second, 20*time.Second) {
			x.Error("a lease is given to one until it lapses")
		}
		if !lease(-time.Hour, -time.Hour+10*time.Second) {
			x.Error("a lease from beyond any lease's length counts as none: the clock was set back")
		}
		x.commit(&ledger.Step{Session: &call.Session{CallID: "c1"}}) // leases are nobody's business but their own
		slots := booking.SlotDay{EventTypeID: 7, Date: day, Minutes: []int{540, 570}, FetchedAt: x.now.Unix(), FreshTill: x.now.Unix() + 300, Calendar: 2}
		x.ok(x.SaveSlots(x.Context(), x.t, []booking.SlotDay{slots}))
		known, err := x.Gather(x.Context(), x.t, ledger.Ask{Slots: []booking.SlotKey{k}})
		x.ok(err)
		x.same(known.Slots[k], slots)
		if !lease(0, 10*time.Second) {
			x.Error("saving ends the lease")
		}
		known, err = x.Gather(x.Context(), x.t, ledger.Ask{Slots: []booking.SlotKey{k}})
		x.ok(err)
		slots.LeaseUntil = x.now.Add(10 * time.Second).Unix()
		x.same(known.Slots[k], slots)
	}},
	{"a key rests until its time, to the second", func(x *try) {
		x.ok(x.Rest(x.Context(), x.t, "ref", x.now.Add(1500*time.Millisecond)))
		x.key("ref", ledger.KeyState{RestUntil: x.now.Add(time.Second)})
		x.key("other", ledger.KeyState{})
	}},
	{"requests are leased over the counts that were read, and a tick is turned once", func(x *try) {
		lease := func(l ledger.Lease, want bool, state ledger.KeyState) {
			x.Helper()
			granted, now, err := x.Lease(x.Context(), x.t, "ref", l)
			x.ok(err)
			if granted != want {
				x.Errorf("granted %t, wanted %t: %+v", granted, want, l)
			}
			x.same(now, state)
			x.key("ref", state)
		}
		spent := func(used, jobs int) ledger.Spent { return ledger.Spent{Used: used, Jobs: jobs} }
		none := ledger.KeyState{}
		lease(ledger.Lease{Tick: 7, Take: spent(10, 0), Most: spent(90, 50)}, false, none) // no tick runs yet
		first := ledger.Lease{Tick: 7, Take: spent(10, 5), Turn: &none, Past: []ledger.Spent{spent(3, 1)}}
		now := ledger.KeyState{Tick: 7, Spent: spent(10, 5), Past: []ledger.Spent{spent(3, 1)}}
		lease(first, true, now)
		lease(first, false, now)
		lease(ledger.Lease{Tick: 8, Take: spent(1, 0), Most: spent(90, 50)}, false, now) // another tick
		lease(ledger.Lease{Tick: 7, Take: spent(1, 0), Most: spent(9, 50)}, false, now)  // too much was leased before
		lease(ledger.Lease{Tick: 7, Take: spent(1, 1), Most: spent(10, 4)}, false, now)  // too much by jobs
		now.Spent = spent(11, 5)
		lease(ledger.Lease{Tick: 7, Take: spent(1, 0), Most: spent(10, 4)}, true, now) // which a call does not mind
		now.Spent = spent(13, 7)
		lease(ledger.Lease{Tick: 7, Take: spent(2, 2), Most: spent(11, 5)}, true, now)
		old := now
		old.Spent = spent(11, 5)
		lease(ledger.Lease{Tick: 8, Take: spent(4, 0), Turn: &old}, false, now)
		was := now
		now = ledger.KeyState{Tick: 8, Spent: spent(4, 0), Past: []ledger.Spent{spent(13, 7), spent(3, 1)}}
		lease(ledger.Lease{Tick: 8, Take: spent(4, 0), Turn: &was, Past: now.Past}, true, now)
	}},
	{"a breaker is changed over what was read, each group for itself, and nothing of the key is lost", func(x *try) {
		x.ok(x.Rest(x.Context(), x.t, "ref", x.now))
		trip := func(group string, from, to ledger.Breaker, want bool, breakers map[string]ledger.Breaker) {
			x.Helper()
			done, now, err := x.Trip(x.Context(), x.t, "ref", group, from, to)
			x.ok(err)
			if done != want {
				x.Errorf("done %t, wanted %t: %s from %+v to %+v", done, want, group, from, to)
			}
			state := ledger.KeyState{RestUntil: x.now, Breakers: breakers}
			x.same(now, state)
			x.key("ref", state)
		}
		shut, one, two := ledger.Breaker{}, ledger.Breaker{Failures: 1}, ledger.Breaker{Failures: 5, OpenUntil: 9, Probing: 1}
		trip("slots", one, two, false, nil)
		trip("slots", shut, one, true, map[string]ledger.Breaker{"slots": one})
		trip("slots", shut, one, false, map[string]ledger.Breaker{"slots": one})
		trip("read", shut, two, true, map[string]ledger.Breaker{"slots": one, "read": two})
		trip("slots", one, shut, true, map[string]ledger.Breaker{"read": two})
		trip("read", two, shut, true, nil)
	}},
	{"the state of the rounds is saved over what was read; reports replace each other", func(x *try) {
		state, err := x.Round(x.Context(), x.t)
		x.ok(err)
		x.same(state, reconcile.State{})
		state.ReconciledUntil, state.Night = noon, &reconcile.Night{On: "2031-06-03", Gone: []int64{4}, Report: reconcile.Report{Counts: map[scheduling.Did]int{"repaired": 2}}}
		x.ok(x.SaveRound(x.Context(), x.t, &state))
		if err := x.SaveRound(x.Context(), x.t, &reconcile.State{}); !ledger.ConflictOn(err, "round") {
			x.Errorf("saved over another's with %v", err)
		}
		again, err := x.Round(x.Context(), x.t)
		x.ok(err)
		x.same(again, state)
		x.ok(x.SaveRound(x.Context(), x.t, &again))
		if _, there, err := x.Report(x.Context(), x.t, reconcile.KindComparison); there || err != nil {
			x.Errorf("a report that nobody wrote: %t, %v", there, err)
		}
		for _, compared := range []int{3, 4} {
			x.ok(x.SaveReport(x.Context(), x.t, reconcile.Report{Kind: reconcile.KindComparison, On: "2031-06-03", StartedAt: noon, Compared: compared, Differences: []reconcile.Difference{{UID: "u1", Did: "repaired"}}}))
		}
		report := must[reconcile.Report](x)(x.Report(x.Context(), x.t, reconcile.KindComparison))
		x.same(report, reconcile.Report{Kind: reconcile.KindComparison, On: "2031-06-03", StartedAt: noon, Compared: 4, Differences: []reconcile.Difference{{UID: "u1", Did: "repaired"}}})
	}},
	{"many claims and appointments are read at once; what does not exist is missing", func(x *try) {
		for _, id := range []string{"1", "2"} {
			x.commit(&ledger.Step{Appointments: []*booking.Appointment{{ID: "a" + id, BranchID: "b1", StartsAt: noon}}, Claims: []booking.Claim{{UID: "u" + id, AppointmentID: "a" + id}}})
		}
		claims, err := x.Claims(x.Context(), x.t, []string{"u1", "u3", "u2", "u1", ""})
		x.ok(err)
		x.same(claims, map[string]booking.Claim{"u1": {UID: "u1", AppointmentID: "a1", Version: 1}, "u2": {UID: "u2", AppointmentID: "a2", Version: 1}})
		list, err := x.Appointments(x.Context(), x.t, []string{"a2", "a3", "a1", "a2", ""})
		x.ok(err)
		slices.SortFunc(list, func(a, b booking.Appointment) int { return strings.Compare(a.ID, b.ID) })
		x.same(list, []booking.Appointment{{ID: "a1", BranchID: "b1", StartsAt: noon, Version: 1}, {ID: "a2", BranchID: "b1", StartsAt: noon, Version: 1}})
	}},
	{"who is in trouble is watched from its beginning to its end", func(x *try) {
		watched := func(want ...booking.Watched) {
			x.Helper()
			list, err := x.Watched(x.Context(), x.t)
			x.ok(err)
			x.same(list, append([]booking.Watched{}, want...))
		}
		watched()
		a := &booking.Appointment{ID: "a1", BranchID: "b1", StartsAt: noon, Status: booking.Pending, SyncStatus: booking.SyncUnknown}
		x.commit(&ledger.Step{Appointments: []*booking.Appointment{a}})
		since := x.now
		watched(booking.Watched{AppointmentID: "a1", Since: since})
		if a.TroubledSince == nil || !a.TroubledSince.Equal(since) {
			x.Errorf("troubled since %v", a.TroubledSince)
		}
		x.now = x.now.Add(time.Minute)
		x.commit(&ledger.Step{Appointments: []*booking.Appointment{a}})
		watched(booking.Watched{AppointmentID: "a1", Since: since})
		read := must[booking.Appointment](x)(x.Appointment(x.Context(), x.t, "a1"))
		read.SyncStatus = booking.Synced
		x.commit(&ledger.Step{Appointments: []*booking.Appointment{&read}})
		watched()
		if read.TroubledSince != nil {
			x.Error("still troubled")
		}
	}},
	{"bookings are counted by the hour", func(x *try) {
		for at, took := range map[time.Duration]bool{0: true, -time.Minute: true, -2 * time.Hour: false, -30 * time.Hour: true} {
			x.ok(x.Tally(x.Context(), x.t, x.now.Add(at), took))
		}
		took, failed, err := x.Tallied(x.Context(), x.t, x.now.Add(-24*time.Hour))
		x.ok(err)
		if took != 2 || failed != 1 {
			x.Errorf("%d took, %d failed", took, failed)
		}
	}},
	{"what many come upon is said once a lease", func(x *try) {
		claim := func(want error) {
			x.Helper()
			if err := x.ClaimOnce(x.Context(), x.t, "alarm", time.Minute); !errors.Is(err, want) || (want == nil && err != nil) {
				x.Fatalf("claimed with %v, wanted %v", err, want)
			}
		}
		claim(nil)
		claim(store.ErrLeased)
		x.now = x.now.Add(59 * time.Second)
		claim(store.ErrLeased)
		x.now = x.now.Add(time.Second)
		claim(nil)
	}},
	{"a host is learned once, and an event type can vanish and come back", func(x *try) {
		e1, e2 := company.EventType{StaffID: "anna", ID: 1}, company.EventType{StaffID: "mario", ID: 2}
		entered := &company.Config{
			Company: company.Company{ID: x.t.String(), Slug: "x"}, Staff: []company.Staff{{ID: "anna", CalcomUserID: 7}, {ID: "mario"}},
			Services: []company.Service{{ID: "schnitt", Active: true, EventTypes: []company.EventType{e1, e2}}},
		}
		x.ok(x.Enter(x.Context(), entered))
		found := func(hosts []company.HostMapping, types []company.EventType, active bool, version int) {
			x.Helper()
			x.now = x.now.Add(2 * time.Minute) // what is remembered is as old as a minute
			c, err := x.Config(x.Context(), x.t)
			x.ok(err)
			x.same(c.Hosts, hosts)
			x.same(c.Services[0].EventTypes, types)
			if c.Services[0].Active != active || c.Version != version {
				x.Errorf("active %t, version %d", c.Services[0].Active, c.Version)
			}
		}
		anna := company.HostMapping{HostID: 7, StaffID: "anna", Source: company.HostManual, Confidence: 100, Active: true}
		mario := company.HostMapping{HostID: 12, StaffID: "mario", Source: company.HostByEmail, Confidence: 90, Active: true}
		found([]company.HostMapping{anna}, []company.EventType{e1, e2}, true, 1)
		x.ok(x.LearnHost(x.Context(), x.t, mario))
		x.ok(x.LearnHost(x.Context(), x.t, company.HostMapping{HostID: 7, StaffID: "mario"}))
		found([]company.HostMapping{mario, anna}, []company.EventType{e1, e2}, true, 2)
		gone := company.Vanished{ServiceID: "schnitt", EventType: e1, Since: noon}
		x.ok(x.Vanish(x.Context(), x.t, gone, false))
		found([]company.HostMapping{mario, anna}, []company.EventType{e2}, true, 3)
		x.ok(x.Vanish(x.Context(), x.t, company.Vanished{ServiceID: "schnitt", EventType: e2, Since: noon}, false))
		found([]company.HostMapping{mario, anna}, []company.EventType{}, false, 4)
		x.ok(x.Vanish(x.Context(), x.t, gone, true))
		found([]company.HostMapping{mario, anna}, []company.EventType{e1}, true, 5)
	}},
	{"a message is claimed by one, done for ever, and free when its lease or its pause is over", func(x *try) {
		d := notify.Delivery{Kind: ledger.OfAppointment, About: "a1", Event: notify.Reminder, Version: "1.A", Channel: notify.Email, Recipient: "customer"}
		claim := func(want error) notify.Delivery {
			x.Helper()
			got, err := x.ClaimDelivery(x.Context(), x.t, d, time.Minute)
			if !errors.Is(err, want) || (want == nil && err != nil) {
				x.Fatalf("claimed with %v, wanted %v", err, want)
			}
			return got
		}
		began := x.now.UTC()
		first := claim(nil)
		want := d
		want.Status, want.Tries, want.CreatedAt, want.UpdatedAt, want.Until = notify.Processing, 1, began, began, began.Add(time.Minute)
		x.same(first, want)
		x.same(claim(store.ErrLeased), want)
		x.now = x.now.Add(time.Minute - time.Millisecond)
		claim(store.ErrLeased)
		x.now = x.now.Add(time.Millisecond)
		second := claim(nil)
		want.Tries, want.UpdatedAt, want.Until = 2, x.now, x.now.Add(time.Minute)
		x.same(second, want)

		first.Status = notify.Sent // too late: the second attempt has begun
		x.ok(x.SaveDelivery(x.Context(), x.t, first))
		x.same(claim(store.ErrLeased), want)

		second.Status, second.Failures, second.Via, second.Until = notify.Waiting, 1, notify.Email, x.now.Add(5*time.Minute)
		x.ok(x.SaveDelivery(x.Context(), x.t, second))
		want.Status, want.Failures, want.Via, want.Until = second.Status, second.Failures, second.Via, second.Until
		x.same(claim(store.ErrLeased), want)
		x.now = x.now.Add(5 * time.Minute)
		third := claim(nil)
		third.Status, third.Via, third.ProviderID, third.Until = notify.Sent, notify.SMS, "id", time.Time{}
		x.ok(x.SaveDelivery(x.Context(), x.t, third))
		want.Status, want.Tries, want.Via, want.ProviderID, want.Until, want.UpdatedAt = notify.Sent, 3, notify.SMS, "id", time.Time{}, x.now
		x.same(claim(store.ErrSealed), want)
	}},
	{"what a provider says of a message counts over what its attempt knows, and is written over what was read alone", func(x *try) {
		d := notify.Delivery{
			Kind: ledger.OfAppointment, About: "a1", Event: notify.Confirmed, Version: "0", Channel: notify.Email, Recipient: "customer",
			Told: &notify.Told{Name: "appointment.confirmed.v1", Detail: `{"appointment_id":"a1"}`},
		}
		_, ok, err := x.Delivery(x.Context(), x.t, d)
		x.ok(err)
		x.same(ok, false)
		claimed, err := x.ClaimDelivery(x.Context(), x.t, d, time.Minute)
		x.ok(err)
		stands := func(want notify.Delivery) {
			x.Helper()
			got, ok, err := x.Delivery(x.Context(), x.t, d)
			x.ok(err)
			x.same(ok, true)
			x.same(got, want)
		}
		stands(claimed)

		reached := claimed
		reached.Status, reached.Via, reached.ProviderID, reached.CostMicroUSD, reached.Until = notify.Delivered, notify.Email, "ses-1", 75_000, time.Time{}
		x.ok(x.SaveReceipt(x.Context(), x.t, claimed, reached))
		reached.UpdatedAt = x.now
		stands(reached)
		sent := claimed
		sent.Status, sent.Until = notify.Sent, time.Time{}
		x.ok(x.SaveDelivery(x.Context(), x.t, sent)) // the attempt knows less
		stands(reached)

		back := reached
		back.Status, back.Returned, back.Until, back.Tries = notify.Waiting, []notify.Channel{notify.Email}, x.now, 2 // the attempt is taken away from its worker
		x.now = x.now.Add(time.Second)
		x.ok(x.SaveReceipt(x.Context(), x.t, reached, back))
		back.UpdatedAt = x.now
		stands(back)
		if err := x.SaveReceipt(x.Context(), x.t, reached, back); !errors.Is(err, store.ErrLeased) {
			x.Fatalf("written over what stands no more: %v", err)
		}
		again, err := x.ClaimDelivery(x.Context(), x.t, d, time.Minute)
		x.ok(err)
		back.Status, back.Tries, back.Until = notify.Processing, 3, x.now.Add(time.Minute)
		x.same(again, back)
		never := d
		never.About = "a2"
		if err := x.SaveReceipt(x.Context(), x.t, never, never); !errors.Is(err, store.ErrLeased) {
			x.Fatalf("of a message that nobody began: %v", err)
		}
	}},
	{"notices are a member's, newest first, kept once, read once, and gone after their time", func(x *try) {
		notice := func(user, caseID string, ago time.Duration) notify.Notice {
			return notify.Notice{UserID: user, CaseID: caseID, Event: notify.CaseAssigned, Version: "e-" + caseID, At: x.now.Add(-ago).UTC().Truncate(time.Second)}
		}
		see := func(before time.Time, limit int, want ...notify.Notice) {
			x.Helper()
			got, err := x.Notices(x.Context(), x.t, "bernd", before, limit)
			x.ok(err)
			if len(got)+len(want) > 0 {
				x.same(got, want)
			}
		}
		old, two, three := notice("bernd", "c1", notify.NoticeLife-time.Hour), notice("bernd", "c2", time.Hour), notice("bernd", "c3", time.Minute)
		see(x.now, 10)
		for _, n := range []notify.Notice{two, old, three, notice("carla", "c2", time.Hour), two} {
			x.ok(x.AddNotice(x.Context(), x.t, n))
		}
		see(x.now, 10, three, two, old)
		see(x.now, 2, three, two)
		see(three.At, 10, two, old)
		at := x.now.UTC()
		x.ok(x.ReadNotice(x.Context(), x.t, two))
		x.now = x.now.Add(2 * time.Hour)
		x.ok(x.ReadNotice(x.Context(), x.t, two))
		x.ok(x.AddNotice(x.Context(), x.t, two)) // the fact once more
		x.ok(x.ReadNotice(x.Context(), x.t, notice("bernd", "none", time.Hour)))
		two.ReadAt = &at
		see(x.now, 10, three, two)
	}},
	{"messages about something are listed by event and version; one never begun is not written down", func(x *try) {
		about := func(event notify.Event, version, about string) notify.Delivery {
			return notify.Delivery{Kind: ledger.OfCall, About: about, Event: event, Version: version, Channel: notify.Email, Recipient: "branch"}
		}
		for _, d := range []notify.Delivery{about(notify.Reminder, "2", "c1"), about(notify.Confirmed, "1", "c1"), about(notify.Reminder, "1", "c1"), about(notify.Reminder, "1", "c2")} {
			_, err := x.ClaimDelivery(x.Context(), x.t, d, time.Minute)
			x.ok(err)
		}
		never := about(notify.Cancelled, "1", "c1")
		never.Status = notify.Sent
		x.ok(x.SaveDelivery(x.Context(), x.t, never))
		list, err := x.Deliveries(x.Context(), x.t, ledger.OfCall, "c1")
		x.ok(err)
		var names []string
		for _, d := range list {
			names = append(names, d.Name())
			if d.Kind != ledger.OfCall || d.About != "c1" {
				x.Errorf("%s is about %s %s", d.Name(), d.Kind, d.About)
			}
		}
		x.same(names, []string{about(notify.Confirmed, "1", "").Name(), about(notify.Reminder, "1", "").Name(), about(notify.Reminder, "2", "").Name()})
	}},
	{"what is one company's is not there for another", func(x *try) {
		yes := true
		x.commit(full(x, noon, &yes))
		mine := x.t
		x.t = tenant.Proven(ident.New(x.now))
		other := full(x, noon, &yes)
		x.commit(other) // nothing of the first is in the way
		for _, t := range []tenant.ID{mine, x.t} {
			_, err := x.ClaimDelivery(x.Context(), t, notify.Delivery{Kind: ledger.OfCall, About: "c1"}, time.Minute)
			x.ok(err)
		}
	}},
}

// full is a step with something of everything; a case is made of what its call said before.
func full(x *try, started time.Time, yes *bool) *ledger.Step {
	x.Helper()
	_, err := x.Capture(x.Context(), x.t, "c1", desk.Said{Tool: desk.Finalize, Args: "{}", At: noon}, noon)
	x.ok(err)
	one, other := aCase("k1", 1), aCase("k2", 2)
	return &ledger.Step{
		Case: one, OtherCase: other, Filed: &desk.Capture{CallID: "c1", CaseID: "k1", Number: one.Number},
		Notes:      []*desk.Note{{ID: "n1", CaseID: "k1", Text: "erstens", At: noon}},
		Activities: []desk.Activity{{ID: "e1", CaseID: "k1", Action: desk.DidCreate, EventID: "e1", At: noon}},
		Audit:      []audit.Entry{{By: anna, Action: audit.PlayedRecording, Object: audit.Object{Kind: "case", ID: "k1"}, At: noon}},
		Deliveries: []*delivery.Delivery{{ID: "d1", CaseID: "k1", Channel: delivery.Email, State: delivery.Scheduled, NextAt: noon, CreatedAt: noon}},
		Call:       &call.Call{ID: "i1", RetellID: "c1", BranchID: "b1", Status: call.Ongoing, StartedAt: &started, Successful: yes, Appointments: []string{"a1"}, LatencyP50MS: 1.5, Unfulfilled: &call.Wish{Service: "Schnitt"}, CreatedAt: noon, UpdatedAt: noon},
		Session: &call.Session{
			CallID: "c1", Pin: call.Pin{ServiceID: "s1", Until: 5}, Offers: []booking.Offer{{ID: "opt1", Start: 7, Until: 9}}, Held: &call.Held{Resource: "anna", Until: 3},
			Counts: map[string]int{"book_appointment": 2}, Once: []call.Once{{Key: "k", State: call.Done, Until: 8}}, Booked: []string{"a1"},
		},
		ToolCall:   &call.ToolCall{Seq: 1, Tool: "book_appointment", Args: "{}", Response: `{"ok":true}`, At: noon},
		Transcript: &ledger.Transcript{CallID: "c1", Text: "Agent: Guten Tag\nUser: Grüß Gott\n"},
		Days:       []booking.Day{{Resource: "anna", Date: day, Calendar: 3, Entries: []booking.Entry{{Start: 1, End: 2, Kind: booking.Ours, Owner: "a1"}, {Start: 3, End: 4, Kind: booking.Hold, Owner: "c1", Until: 9}}}},
		Appointments: []*booking.Appointment{{
			ID: "a1", BranchID: "b1", CustomerID: "k1", StartsAt: noon, EndsAt: noon.Add(time.Hour), Status: booking.Confirmed, PreviousUIDs: []string{"u0"}, PreviousStartsAt: &started,
			Pending: &booking.PendingChange{Kind: booking.ToCancel, At: noon}, Segments: []booking.Segment{{Key: "a", StartsAt: noon, EndsAt: noon}}, Sequence: 2, ChangedAt: noon, CreatedAt: noon,
		}},
		Changes:   []booking.Change{{ID: "h1", AppointmentID: "a1", Type: "created", NewStartsAt: noon, CreatedAt: noon, WithinPolicy: true}},
		Claims:    []booking.Claim{{UID: "u1", Foreign: &booking.Foreign{StartsAt: noon, EndsAt: noon.Add(time.Hour), Status: "accepted", HostID: 4}, ChangedAt: noon}},
		Card:      &customer.Card{Key: "+4930", CustomerID: "k1", Name: "Erika", Upcoming: []customer.Upcoming{{AppointmentID: "a1", Start: 1, End: 2}}, Callbacks: []customer.Open{{CallbackID: "r1", At: 3}}},
		OtherCard: &customer.Card{Key: "+4931", Callbacks: []customer.Open{{CallbackID: "r1", At: 3}}},
		Customer:  &customer.Customer{ID: "k1", Name: "Erika", LastAppointment: &started, Recent: []customer.Visit{{AppointmentID: "a1", Start: 1}}, CreatedAt: noon},
		EmailOf:   "erika@example.de",
		Callback:  &callback.Request{ID: "r1", BranchID: "b1", Phone: "+4930", Status: callback.Pending, Notes: []string{"später"}, WishedAt: &started, PromisedUntil: noon, ExpiresAt: noon.Add(time.Hour), CreatedAt: noon},
		Events:    []event.Event{event.CallStarted{Head: event.Head{ID: "e1", CompanyID: x.t.String(), At: noon}, CallID: "c1"}},
		SetTimers: []ledger.Timer{{Kind: ledger.OfCall, About: "c1", Queue: "default", Name: "poll", DueAt: noon}},
	}
}

// due insists on the names of the company's timers that are due, in order.
func (x *try) due(now time.Time, names ...string) (list []store.Timer) {
	x.Helper()
	got := []string{}
	read := func() bool {
		got, list = []string{}, nil
		all, err := x.Due(x.Context(), now, 10_000)
		x.ok(err)
		for _, timer := range all {
			if timer.CompanyID == x.t.String() {
				got, list = append(got, timer.Name), append(list, timer)
			}
		}
		return fmt.Sprint(got) == fmt.Sprint(names)
	}
	if !read() {
		x.Seen(x.T, read)
	}
	x.same(got, append([]string{}, names...))
	return list
}

// key insists on what is known of a Cal.com key.
func (x *try) key(key string, want ledger.KeyState) {
	x.Helper()
	known, err := x.Gather(x.Context(), x.t, ledger.Ask{Key: key})
	x.ok(err)
	x.same(known.Key, want)
}

func (x *try) waiting(branch string, want ...callback.Waiting) {
	x.Helper()
	got, err := x.OpenCallbacks(x.Context(), x.t, branch)
	x.ok(err)
	x.same(got, append([]callback.Waiting{}, want...))
}
