package storetest

import (
	"context"
	"time"

	"github.com/askpro/gateway/internal/audit"
	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/dispatch"
	"github.com/askpro/gateway/internal/exchange"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// Outgoing is what the cases ask about what goes out.
type Outgoing interface {
	Alerts(ctx context.Context, t tenant.ID, outputID string) (delivery.Alerts, int, error)
	SaveAlerts(ctx context.Context, t tenant.ID, outputID string, a delivery.Alerts, version int) (bool, error)
	Digest(ctx context.Context, t tenant.ID) (delivery.Digest, int, error)
	SaveDigest(ctx context.Context, t tenant.ID, d delivery.Digest, version int) (bool, error)
	AddFailure(ctx context.Context, t tenant.ID, f delivery.Failure, d delivery.Digest, version int, moved bool) (bool, error)
	Failures(ctx context.Context, t tenant.ID, digest, limit int) ([]delivery.Failure, error)
	OutputDeliveries(ctx context.Context, t tenant.ID, outputID string, from, to time.Time, after string, limit int) ([]delivery.Ref, error)
	Redelivery(ctx context.Context, t tenant.ID, id string) (dispatch.Redelivery, bool, error)
	SaveRedelivery(ctx context.Context, t tenant.ID, r *dispatch.Redelivery) error
	AddExchange(ctx context.Context, t tenant.ID, l exchange.Line) error
	Exchanges(ctx context.Context, t tenant.ID, day time.Time, limit int) ([]exchange.Line, error)
	KeepOriginal(ctx context.Context, t tenant.ID, o exchange.Original) error
	Original(ctx context.Context, t tenant.ID, messageID string) (exchange.Original, bool, error)
	CountPlay(ctx context.Context, t tenant.ID, caseID string, minute time.Time, most int) (int, error)
}

var outgoingCases = []testCase{
	{"an output's alerts are written over what was read, and by the faster one alone", func(x *try) {
		ctx := x.Context()
		none, version, err := x.Alerts(ctx, x.t, "o1")
		x.ok(err)
		if version != 0 || none.Count != 0 {
			x.Errorf("before anything died: %+v, version %d", none, version)
		}
		first := delivery.Alerts{Lately: []delivery.Death{{DeliveryID: "k1/d1", At: noon}}, Collected: []string{"k1/d1"}, Count: 1, FlushAt: noon.Add(time.Minute)}
		x.alerts(first, 0, true)
		x.alerts(delivery.Alerts{Count: 9}, 0, false) // read before the first one was saved
		got, version, err := x.Alerts(ctx, x.t, "o1")
		x.ok(err)
		x.same(got, first)
		second := delivery.Alerts{Lately: first.Lately}
		x.alerts(second, version, true)
		x.alerts(first, version, false)
		got, _, err = x.Alerts(ctx, x.t, "o1")
		x.ok(err)
		x.same(got, second)
		if _, version, err = x.Alerts(ctx, x.t, "o2"); version != 0 || err != nil {
			x.Errorf("another output's are version %d, %v", version, err)
		}
	}},
	{"a failure is in one digest, and its timer stands as long as something is to be told", func(x *try) {
		ctx := x.Context()
		digest, v, err := x.Digest(ctx, x.t)
		x.ok(err)
		if v != 0 || digest != (delivery.Digest{}) {
			x.Errorf("before anything failed: %+v, version %d", digest, v)
		}
		failure := func(id string, at time.Time) delivery.Failure {
			return delivery.Failure{CaseID: "k1", DeliveryID: id, Number: "TKT-2026-00001", Output: "Ziel", Channel: delivery.Webhook, Destination: "a.example/x", Class: "http_500", Reason: delivery.Exhausted, At: at}
		}
		add := func(f delivery.Failure, d delivery.Digest, version int, moved, want bool) {
			x.Helper()
			added, err := x.AddFailure(ctx, x.t, f, d, version, moved)
			x.ok(err)
			if added != want {
				x.Errorf("%s was added: %t", f.DeliveryID, added)
			}
		}
		holds := func(number, limit int, want ...delivery.Failure) {
			x.Helper()
			got, err := x.Failures(ctx, x.t, number, limit)
			x.ok(err)
			x.same(got, append([]delivery.Failure{}, want...))
		}
		a, b, c := failure("a", x.now.Add(time.Second)), failure("b", x.now), failure("c", x.now)
		open := digest.Collect(x.now)
		add(a, open, 0, true, true)
		add(b, open, 0, true, false) // it was read before the first one opened the digest
		add(b, open, 1, false, true)
		add(a, open, 1, false, true) // it is there
		holds(1, 10, b, a)
		holds(1, 1, b)
		x.wakes("digest", open.DueAt)

		closed, number := open.Begin(open.DueAt)
		x.digest(closed, 1, true)
		x.digest(closed, 1, false)
		add(c, closed, 1, false, false)
		next := closed.Collect(open.DueAt)
		add(c, next, 2, true, true)
		add(a, next, 3, false, true) // it was told
		holds(number, 10, b, a)
		holds(next.Open, 10, c)
		x.wakes("digest", next.WakeAt())
		x.digest(delivery.Digest{Open: 3}, 3, true)
		x.wakes("digest", time.Time{})
	}},
	{"an output's deliveries are listed by their making, a page at a time, and stay on the list as they change", func(x *try) {
		ctx := x.Context()
		out := func(id, caseID, output string, after time.Duration) *delivery.Delivery {
			return &delivery.Delivery{ID: id, CaseID: caseID, OutputID: output, Channel: delivery.Email, State: delivery.Scheduled, NextAt: x.now, CreatedAt: x.now.Add(after)}
		}
		a, b, c, d := out("d2", "k1", "o1", 0), out("d1", "k2", "o1", 0), out("d0", "k1", "o1", time.Minute), out("d9", "k1", "o1", time.Hour)
		x.commit(&ledger.Step{Deliveries: []*delivery.Delivery{a, b, c, d, out("d5", "k1", "o2", 0), out("d6", "k1", "", 0)}})
		a.State = delivery.Sent
		x.commit(&ledger.Step{Deliveries: []*delivery.Delivery{a}})
		list := func(output, after string, limit int) []delivery.Ref {
			refs, err := x.OutputDeliveries(ctx, x.t, output, x.now, x.now.Add(time.Hour), after, limit)
			x.ok(err)
			return refs
		}
		x.Seen(x.T, func() bool { return len(list("o1", "", 10)) == 3 && len(list("o2", "", 10)) == 1 })
		var ids []string
		mark := ""
		for page := list("o1", mark, 2); len(page) > 0; page = list("o1", mark, 2) {
			for _, ref := range page {
				ids, mark = append(ids, ref.CaseID+" "+ref.DeliveryID), ref.Mark
			}
		}
		x.same(ids, []string{"k2 d1", "k1 d2", "k1 d0"})
		if refs := list("", "", 10); len(refs) > 0 {
			x.Errorf("those of no output are listed: %+v", refs)
		}
	}},
	{"a redelivery is written over what was read, and its timer stands until it is done", func(x *try) {
		ctx := x.Context()
		if _, ok, err := x.Redelivery(ctx, x.t, "r1"); ok || err != nil {
			x.Errorf("one that nobody started: %t, %v", ok, err)
		}
		r := dispatch.Redelivery{ID: "r1", OutputID: "o1", From: x.now.Add(-time.Hour), To: x.now, AsNew: true, By: desk.Actor{Kind: "user", ID: "anna"}, WakeAt: x.now, StartedAt: x.now}
		stale := r
		x.ok(x.SaveRedelivery(ctx, x.t, &r))
		x.wakes(dispatch.RedeliveryTimer, x.now)
		if err := x.SaveRedelivery(ctx, x.t, &stale); !ledger.ConflictOn(err, "redelivery") {
			x.Errorf("started twice: %v", err)
		}
		r.After, r.Sent, r.Left = "2026-11-24T12:00:00Z#d1", 25, 1
		r.WakeAt = x.now.Add(5 * time.Minute)
		x.ok(x.SaveRedelivery(ctx, x.t, &r))
		x.same(must[dispatch.Redelivery](x)(x.Redelivery(ctx, x.t, "r1")), r)
		x.wakes(dispatch.RedeliveryTimer, r.WakeAt)
		r.FinishedAt = x.now
		x.ok(x.SaveRedelivery(ctx, x.t, &r))
		x.wakes(dispatch.RedeliveryTimer, time.Time{})
		lines, err := x.AuditTrail(ctx, x.t, 0, 10)
		x.ok(err)
		if len(lines) != 1 || lines[0].Action != audit.Replayed || lines[0].Object.ID != "o1" || lines[0].Actor.ID != "anna" {
			x.Errorf("in the trail stands %+v", lines)
		}
	}},
	{"a day's exchanges are listed newest first, each once, until they end", func(x *try) {
		ctx, day := x.Context(), time.Date(x.now.Year(), x.now.Month(), x.now.Day(), 0, 0, 0, 0, time.UTC)
		early, late := x.line("l1", day, time.Hour), x.line("l2", day.Add(12*time.Hour), 48*time.Hour)
		next := x.line("l3", day.Add(24*time.Hour), 48*time.Hour)
		for _, l := range []exchange.Line{early, late, next, early} {
			x.ok(x.AddExchange(ctx, x.t, l))
		}
		x.exchanges(day.Add(23*time.Hour), 10, late, early)
		x.exchanges(day, 1, late)
		x.exchanges(day.Add(24*time.Hour), 10, next)
		x.exchanges(day.Add(-time.Hour), 10)
		x.now = x.now.Add(time.Hour)
		x.exchanges(day, 10, late)
	}},
	{"an original is given back as it was sent last, until it ends", func(x *try) {
		ctx := x.Context()
		x.ok(x.KeepOriginal(ctx, x.t, exchange.Original{MessageID: "msg_1", Body: []byte("{}"), ExpiresAt: x.now.Add(time.Hour)}))
		last := exchange.Original{MessageID: "msg_1", Body: []byte(`{"ticket":"ä"}`), ExpiresAt: x.now.Add(2 * time.Hour)}
		x.ok(x.KeepOriginal(ctx, x.t, last))
		x.same(must[exchange.Original](x)(x.Original(ctx, x.t, "msg_1")), last)
		if _, ok, err := x.Original(ctx, x.t, "msg_2"); ok || err != nil {
			x.Errorf("one that nobody sent: %t, %v", ok, err)
		}
		x.now = x.now.Add(2 * time.Hour)
		if _, ok, err := x.Original(ctx, x.t, "msg_1"); ok || err != nil {
			x.Errorf("one that has ended: %t, %v", ok, err)
		}
	}},
	{"a recording is handed out so often in a minute and no more, and as often in the next", func(x *try) {
		count := func(caseID string, minute time.Time, want int) {
			x.Helper()
			nth, err := x.CountPlay(x.Context(), x.t, caseID, minute, 2)
			x.ok(err)
			if nth != want {
				x.Errorf("number %d, wanted %d", nth, want)
			}
		}
		minute := x.now.Truncate(time.Minute)
		for _, want := range []int{1, 2, 0, 0} {
			count("k1", minute, want)
		}
		count("k2", minute, 1)
		count("k1", minute.Add(time.Minute), 1)
	}},
}

func (x *try) alerts(a delivery.Alerts, version int, want bool) {
	x.Helper()
	saved, err := x.SaveAlerts(x.Context(), x.t, "o1", a, version)
	x.ok(err)
	if saved != want {
		x.Errorf("saved over version %d: %t", version, saved)
	}
}

func (x *try) digest(d delivery.Digest, version int, want bool) {
	x.Helper()
	saved, err := x.SaveDigest(x.Context(), x.t, d, version)
	x.ok(err)
	if saved != want {
		x.Errorf("saved over version %d: %t", version, saved)
	}
}

// wakes wants one of the company's timers due at a time, and not before; zero: it is not set.
func (x *try) wakes(name string, at time.Time) {
	x.Helper()
	due := func(now time.Time) (n int) {
		list, err := x.Due(x.Context(), now, 10_000)
		x.ok(err)
		for _, timer := range list {
			if timer.CompanyID == x.t.String() && timer.Name == name {
				n++
			}
		}
		return n
	}
	if at.IsZero() {
		x.Seen(x.T, func() bool { return due(x.now.Add(1000*time.Hour)) == 0 })
		return
	}
	x.Seen(x.T, func() bool { return due(at.Add(time.Second)) == 1 && due(at.Add(-time.Second)) == 0 })
}

// line of the exchange log that ends some time from now.
func (x *try) line(id string, at time.Time, ends time.Duration) exchange.Line {
	return exchange.Line{
		ID: id, CaseID: "k1", OutputID: "o1", Direction: exchange.Outbound, Result: exchange.HTTPError, Method: "POST", Place: "a.example/x", Status: 500, Took: 20 * time.Millisecond, Attempt: 1, Of: 4,
		Class: "http_500", RequestHeader: map[string]string{"Webhook-Id": "msg"}, RequestBody: "{}", CreatedAt: at, CompletedAt: at, ExpiresAt: x.now.Add(ends),
	}
}

func (x *try) exchanges(day time.Time, limit int, want ...exchange.Line) {
	x.Helper()
	got, err := x.Exchanges(x.Context(), x.t, day, limit)
	x.ok(err)
	x.same(got, want)
}
