package storetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/mode"
	"github.com/askpro/gateway/internal/notify"
	"github.com/askpro/gateway/internal/store"
	"github.com/askpro/gateway/internal/usage"
)

// caseCases are what a store promises of cases and of meters.
var caseCases = []testCase{
	{"what belongs to a case is read back as it was written, in order", func(x *try) {
		ctx := x.Context()
		c := aCase("k1", 42)
		notes := []*desk.Note{{ID: "n2", CaseID: "k1", Text: "zweitens", At: noon, Attachments: []desk.Attachment{
			{ID: "a1", Name: "Plan Büro.pdf", Type: "application/pdf", Bytes: 10 << 20, State: desk.AttachmentAwaited, StateAt: noon},
			{ID: "a2", Name: "b.zip", Type: "application/zip", Bytes: 1, State: desk.AttachmentRejected, Reason: desk.Infected, StateAt: noon},
		}}, {ID: "n1", CaseID: "k1", Text: "erstens", Public: true, Author: desk.Actor{Kind: "user", ID: "anna"}, At: noon}}
		lines := []desk.Activity{{ID: "l2", CaseID: "k1", Action: desk.StartedSLA, EventID: "e9", At: noon}, {ID: "l1", CaseID: "k1", Action: desk.DidCreate, EventID: "e9", At: noon}}
		out := []*delivery.Delivery{{ID: "d1", CaseID: "k1", Channel: delivery.Email, State: delivery.Scheduled, NextAt: noon, CreatedAt: noon}}
		x.commit(&ledger.Step{Case: c, Notes: notes, Activities: lines, Deliveries: out, Events: []event.Event{event.CaseLinked{Head: event.Head{ID: "e1", CompanyID: x.t.String(), At: noon}, CaseID: "k1"}}})
		x.same(must[desk.Case](x)(x.Case(ctx, x.t, "k1")), *c)
		gotNotes, err := x.Notes(ctx, x.t, "k1")
		x.ok(err)
		x.same(gotNotes, []desk.Note{*notes[1], *notes[0]})
		gotLines, err := x.ownLines("k1")
		x.ok(err)
		x.same(gotLines, []desk.Activity{lines[1], lines[0]})
		gotOut, err := x.CaseDeliveries(ctx, x.t, "k1")
		x.ok(err)
		x.same(gotOut, []delivery.Delivery{*out[0]})
		x.same(must[delivery.Delivery](x)(x.CaseDelivery(ctx, x.t, "k1", "d1")), *out[0])
		if _, ok, err := x.CaseDelivery(ctx, x.t, "k1", "d2"); ok || err != nil {
			x.Errorf("a delivery of nobody: %t, %v", ok, err)
		}
		facts, err := x.CaseEvents(ctx, x.t, "k1")
		x.ok(err)
		if len(facts) != 1 || facts[0].Name != "case.linked.v1" || facts[0].ID != "e1" {
			x.Errorf("%+v", facts)
		}
		x.commit(&ledger.Step{Activities: lines}) // once more: the same lines
		gotLines, err = x.ownLines("k1")
		x.ok(err)
		x.same(gotLines, []desk.Activity{lines[1], lines[0]})
	}},
	{"a fact about a case that it does not name is refused, with all that was to be written beside it", func(x *try) {
		sent := func(caseID string) event.Event {
			return event.DeliverySent{DeliveryFact: event.DeliveryFact{Head: event.Head{ID: "e1", CompanyID: x.t.String(), At: noon}, DeliveryID: "d1", CaseID: caseID}}
		}
		if err := x.Commit(x.Context(), x.t, &ledger.Step{Case: aCase("k1", 1), Events: []event.Event{sent("")}}); err == nil {
			x.Error("it was written")
		}
		if _, ok, err := x.Case(x.Context(), x.t, "k1"); ok || err != nil {
			x.Errorf("the case stands there: %t, %v", ok, err)
		}
		x.commit(&ledger.Step{Case: aCase("k1", 1), Events: []event.Event{sent("k1")}})
	}},
	{"a group's open cases are listed until they end or go elsewhere", func(x *try) {
		list := func(group string) (ids []string) {
			open, err := x.OpenCases(x.Context(), x.t, group)
			x.ok(err)
			for _, o := range open {
				ids = append(ids, o.CaseID+" "+o.AssigneeID)
			}
			return ids
		}
		c := aCase("k1", 1)
		c.Status, c.GroupID, c.AssigneeID = desk.Opened, "g1", "anna"
		x.commit(&ledger.Step{Case: c})
		x.same(list("g1"), []string{"k1 anna"})
		c.GroupID, c.AssigneeID = "g2", ""
		x.commit(&ledger.Step{Case: c})
		x.same(list("g1"), []string(nil))
		x.same(list("g2"), []string{"k1 "})
		c.Status = desk.Closed
		x.commit(&ledger.Step{Case: c})
		x.same(list("g2"), []string(nil))
		x.same(must[desk.Case](x)(x.Case(x.Context(), x.t, "k1")).ListedIn, "")
	}},
	{"a case is found by its number, and a number is nobody else's", func(x *try) {
		x.commit(&ledger.Step{Case: aCase("k1", 42)})
		id, ok, err := x.CaseNumbered(x.Context(), x.t, 2026, 42)
		x.ok(err)
		if id != "k1" || !ok {
			x.Errorf("number 42 is %q, %t", id, ok)
		}
		if id, ok, err = x.CaseNumbered(x.Context(), x.t, 2027, 42); id != "" || ok || err != nil {
			x.Errorf("next year's is %q, %t, %v", id, ok, err)
		}
		other := aCase("k2", 42)
		other.Number.Prefix = "ABC"
		x.refuses(&ledger.Step{Case: other}, "case number")
	}},
	{"cases are listed newest first, and those of a time in order", func(x *try) {
		for i, id := range []string{"k1", "k2", "k3"} {
			c := aCase(id, int64(i+1))
			c.CreatedAt = noon.Add(time.Duration(i) * time.Hour)
			x.commit(&ledger.Step{Case: c})
		}
		var newest, between []string
		read := func() bool {
			var err error
			newest, err = x.CaseIDs(x.Context(), x.t, 2)
			x.ok(err)
			between, err = x.CasesBetween(x.Context(), x.t, noon, noon.Add(2*time.Hour), 10)
			x.ok(err)
			return strings.Join(newest, "") == "k3k2" && len(between) == 2
		}
		if !read() {
			x.Seen(x.T, read)
		}
		x.same(newest, []string{"k3", "k2"})
		x.same(between, []string{"k1", "k2"})
		first, err := x.CasesBetween(x.Context(), x.t, noon, noon.Add(24*time.Hour), 1)
		x.ok(err)
		x.same(first, []string{"k1"})
	}},
	{"a deleted case stands in the list of those alone, and leaves it when it is restored", func(x *try) {
		lists := func() string {
			there, err := x.CaseIDs(x.Context(), x.t, 5)
			x.ok(err)
			between, err := x.CasesBetween(x.Context(), x.t, noon.Add(-time.Hour), noon.Add(time.Hour), 5)
			x.ok(err)
			deleted, err := x.DeletedCaseIDs(x.Context(), x.t, 5)
			x.ok(err)
			return strings.Join([]string{strings.Join(there, " "), strings.Join(between, " "), strings.Join(deleted, " ")}, "; ")
		}
		stand := func(want string) {
			if x.Seen(x.T, func() bool { return lists() == want }); lists() != want {
				x.Errorf("%s, wanted %s", lists(), want)
			}
		}
		var all [3]*desk.Case
		for i, id := range []string{"k1", "k2", "k3"} {
			all[i] = aCase(id, int64(i+1))
			all[i].CreatedAt, all[i].GroupID = noon.Add(time.Duration(i)*time.Minute), "g"
			x.commit(&ledger.Step{Case: all[i]})
		}
		stand("k3 k2 k1; k1 k2 k3; ")
		for i, c := range all[:2] {
			c.Deletion = &desk.Deletion{At: noon.Add(-time.Duration(i) * time.Hour), Reason: "Test"}
			x.commit(&ledger.Step{Case: c})
		}
		stand("k3; k3; k1 k2")
		open, err := x.OpenCases(x.Context(), x.t, "g")
		x.ok(err)
		if len(open) != 1 || open[0].CaseID != "k3" {
			x.Errorf("the group has %+v", open)
		}
		all[1].Deletion = nil
		x.commit(&ledger.Step{Case: all[1]})
		stand("k3 k2; k2 k3; k1")
	}},
	{"a case is purged with all that lies with it, over the version that was read, and nothing else is", func(x *try) {
		ctx := x.Context()
		at := func(caseID string) event.Head {
			return event.Head{ID: "e-" + caseID, CompanyID: x.t.String(), At: noon}
		}
		for i, id := range []string{"k1", "k2"} {
			step := &ledger.Step{
				Case: aCase(id, int64(i+1)), Notes: []*desk.Note{{ID: "n1", CaseID: id, Text: "vertraulich", At: noon}},
				Deliveries: []*delivery.Delivery{{ID: "d1", CaseID: id, Channel: delivery.Email, State: delivery.Sent, CreatedAt: noon}},
				Events:     []event.Event{event.CaseLinked{Head: at(id), CaseID: id}},
				SetTimers:  []ledger.Timer{{Kind: ledger.OfCase, About: id, Queue: "gateway", Name: "tend", DueAt: noon}},
			}
			x.commit(step)
			for j := range 250 { // more than one page and one transaction
				x.commit(&ledger.Step{Activities: []desk.Activity{{ID: fmt.Sprintf("l%03d", j), CaseID: id, Action: desk.DidUpdate, At: noon}}})
			}
			_, err := x.ClaimDelivery(ctx, x.t, notify.Delivery{Kind: ledger.OfCase, About: id, Event: notify.CaseCreated, Version: "0", Channel: notify.Email, Recipient: "customer"}, time.Minute)
			x.ok(err)
		}
		for range 2 { // broken off and begun again
			x.ok(x.Strip(ctx, x.t, "k1"))
		}
		counts := func(id string) string {
			notes, err := x.Notes(ctx, x.t, id)
			x.ok(err)
			lines, err := x.ownLines(id)
			x.ok(err)
			out, err := x.CaseDeliveries(ctx, x.t, id)
			x.ok(err)
			facts, err := x.CaseEvents(ctx, x.t, id)
			x.ok(err)
			told, err := x.Deliveries(ctx, x.t, ledger.OfCase, id)
			x.ok(err)
			return fmt.Sprint(len(notes), len(lines), len(out), len(facts), len(told))
		}
		if got := counts("k1") + ", " + counts("k2"); got != "0 0 0 0 0, 1 250 1 1 1" {
			x.Errorf("there are %s notes, lines, deliveries, events, messages", got)
		}
		c := must[desk.Case](x)(x.Case(ctx, x.t, "k1"))
		stale := c
		stale.Version++
		x.refuses(&ledger.Step{Purged: &stale}, "case")
		due, err := x.Due(ctx, noon, 10_000) // of all companies
		x.ok(err)
		if !slices.ContainsFunc(due, func(y store.Timer) bool { return y.CompanyID == x.t.String() && y.About == "k1" }) {
			x.Error("its timer was gone before it")
		}
		x.commit(&ledger.Step{Purged: &c})
		if _, ok, err := x.Case(ctx, x.t, "k1"); ok || err != nil {
			x.Errorf("the case is there: %t, %v", ok, err)
		}
		if id, ok, err := x.CaseNumbered(ctx, x.t, c.Number.Year, c.Number.Count); ok || err != nil {
			x.Errorf("its number leads to %q, %v", id, err)
		}
	}},
	{"a reading counts once: a newer one replaces it, wherever its time is, and an older one does not", func(x *try) {
		r := usage.Reading{Meter: usage.CallSeconds, Reference: "c1", BranchID: "b1", Quantity: 60, At: noon, Version: 2}
		next := noon.AddDate(0, 1, 0)
		sent := usage.Reading{Meter: usage.DeliveriesSent, Reference: "c1", Channel: "email", Quantity: 1, At: noon, Version: 1}
		for _, put := range []usage.Reading{r, r, sent} {
			x.ok(x.Meter(x.Context(), x.t, put))
		}
		x.metered(noon, next, r, sent)
		older, newer := r, r
		older.Quantity, older.Version = 0, 1
		newer.Quantity, newer.Version, newer.At = 62, 3, next
		for _, put := range []usage.Reading{older, newer, r} {
			x.ok(x.Meter(x.Context(), x.t, put))
		}
		x.metered(noon, next, sent)
		x.metered(next, next.AddDate(0, 1, 0), newer)
	}},
	{"a call's mode counts once: the decision replaces what was undecided, and an older fact does not", func(x *try) {
		open := usage.Resolution{CallID: "c1", Mode: mode.Undecided, From: mode.FromCompany, At: noon, Version: 1}
		decided := usage.Resolution{CallID: "c1", Mode: mode.ServiceDesk, Intent: "service_desk", From: mode.FromIntent, At: noon.Add(time.Minute), Version: 2}
		other := usage.Resolution{CallID: "c2", Mode: mode.Appointment, From: mode.FromCompany, At: noon.AddDate(0, 0, 1), Version: 1}
		for _, put := range []usage.Resolution{open, open, other, decided, open, decided} {
			x.ok(x.Resolve(x.Context(), x.t, put))
		}
		var got []usage.Resolution
		read := func() bool {
			var err error
			got, err = x.Resolved(x.Context(), x.t, noon, noon.AddDate(0, 0, 1), 10)
			x.ok(err)
			return len(got) == 1
		}
		if !read() {
			x.Seen(x.T, read)
		}
		x.same(got, []usage.Resolution{decided})
	}},
	{"as long as a case is owed a capture has no end; then its words are gone after a day, and counts remain", func(x *try) {
		ctx, said := x.Context(), desk.Said{Tool: desk.Categorize, Args: `{"category":"vpn"}`, At: noon}
		read := func(words, counts int, due ...string) desk.Capture {
			x.Helper()
			c := must[desk.Capture](x)(x.Captured(ctx, x.t, "c1"))
			if len(c.Said) != words || c.Counts[desk.Categorize] != counts {
				x.Errorf("%d are to be read, %v remain; wanted %d and %d", len(c.Said), c.Counts, words, counts)
			}
			x.due(x.now, due...)
			return c
		}
		write := func() {
			x.Helper()
			_, err := x.Capture(ctx, x.t, "c1", said, x.now.Add(time.Minute))
			x.ok(err)
		}
		write()
		x.now = x.now.Add(30 * 24 * time.Hour)
		owed := read(1, 0, "capture")
		x.ok(x.CaptureForget(ctx, x.t, owed)) // it is owed: nobody forgets it
		write()                               // meanwhile more was said
		x.ok(x.CaptureOver(ctx, x.t, owed, x.now.Add(desk.KeepCapture)))
		x.now = x.now.Add(time.Minute)
		over := read(2, 0, "capture")
		until := x.now.Add(desk.KeepCapture)
		x.ok(x.CaptureOver(ctx, x.t, over, until))
		x.ok(x.CaptureOver(ctx, x.t, over, until.Add(time.Hour))) // told twice, the first counts
		x.ok(x.CaptureLater(ctx, x.t, "c1", x.now, true))         // nothing is owed any more
		read(2, 0)
		x.now = until.Add(-time.Second)
		x.ok(x.CaptureForget(ctx, x.t, read(2, 0)))
		read(2, 0)
		x.now = until // invisible at once, removed by its timer
		x.ok(x.CaptureForget(ctx, x.t, read(0, 2, "capture")))
		read(0, 2)
		write() // somebody speaks of it again: what is gone stays gone
		x.now = x.now.Add(time.Hour)
		read(1, 2, "capture")
	}},
	{"what is said after words have expired does not bring them back", func(x *try) {
		ctx, said := x.Context(), desk.Said{Tool: desk.Categorize, Args: "{}", At: noon}
		first, err := x.Capture(ctx, x.t, "c1", said, x.now)
		x.ok(err)
		x.ok(x.CaptureOver(ctx, x.t, first, x.now.Add(desk.KeepCapture)))
		x.now = x.now.Add(desk.KeepCapture)
		said.Tool = desk.CollectIssue
		all, err := x.Capture(ctx, x.t, "c1", said, x.now)
		x.ok(err)
		if len(all.Said) != 1 || all.Said[0].Tool != desk.CollectIssue || all.Settled() {
			x.Errorf("%+v", all)
		}
	}},
	{"a capture that became a case says which, longer than its words are kept", func(x *try) {
		ctx, yes := x.Context(), true
		x.commit(full(x, noon, &yes))
		x.now = x.now.Add(desk.KeepCapture)
		c := must[desk.Capture](x)(x.Captured(ctx, x.t, "c1"))
		if c.CaseID != "k1" || len(c.Said) > 0 || c.Counts[desk.Finalize] != 1 {
			x.Errorf("%+v", c)
		}
		again, err := x.Capture(ctx, x.t, "c1", desk.Said{Tool: desk.Finalize, Args: "{}", At: x.now}, x.now)
		x.ok(err)
		if again.CaseID != "k1" {
			x.Errorf("the same call would get another case: %+v", again)
		}
	}},
	{"calls of a time are listed in order", func(x *try) {
		yes := true
		x.commit(full(x, noon, &yes))
		var ids []string
		read := func() bool {
			var err error
			ids, err = x.CallsBetween(x.Context(), x.t, noon, noon.Add(time.Second), 10)
			x.ok(err)
			return len(ids) == 1
		}
		if !read() {
			x.Seen(x.T, read)
		}
		x.same(ids, []string{"c1"})
		none, err := x.CallsBetween(x.Context(), x.t, noon.Add(time.Second), noon.Add(time.Hour), 10)
		x.ok(err)
		if len(none) > 0 {
			x.Errorf("%v began at another time", none)
		}
	}},
}

// metered insists on the readings of a time, in the order of their keys.
func (x *try) metered(from, to time.Time, want ...usage.Reading) {
	x.Helper()
	var got []usage.Reading
	read := func() bool {
		var err error
		got, err = x.Metered(x.Context(), x.t, from, to, 10)
		x.ok(err)
		slices.SortFunc(got, func(a, b usage.Reading) int { return strings.Compare(a.Key(), b.Key()) })
		return len(got) == len(want)
	}
	if !read() {
		x.Seen(x.T, read)
	}
	x.same(got, want)
}

func aCase(id string, count int64) *desk.Case {
	return &desk.Case{
		ID: id, Number: desk.Number{Prefix: "TKT", Year: 2026, Count: count}, CallID: "c1", Type: desk.Incident, CategoryID: "vpn", Subject: "VPN", Text: "bricht ab", Status: desk.New,
		Impact: desk.High, Urgency: desk.Normal, Priority: desk.High, Source: desk.Voice, Contact: desk.Contact{Name: "Erika"}, CreatedAt: noon, UpdatedAt: noon, CreatedBy: "voice",
	}
}

// ownLines are a case's lines without those of its facts: a running stack writes them, sooner or later.
func (x *try) ownLines(caseID string) ([]desk.Activity, error) {
	lines, err := x.Activity(x.Context(), x.t, caseID)
	return slices.DeleteFunc(lines, func(a desk.Activity) bool { return a.Action == desk.DidLink }), err
}
