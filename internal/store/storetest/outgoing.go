package storetest

import (
	"context"
	"time"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/exchange"
	"github.com/askpro/gateway/internal/tenant"
)

// Outgoing is what the cases ask about what goes out.
type Outgoing interface {
	Alerts(ctx context.Context, t tenant.ID, outputID string) (delivery.Alerts, int, error)
	SaveAlerts(ctx context.Context, t tenant.ID, outputID string, a delivery.Alerts, version int) (bool, error)
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
