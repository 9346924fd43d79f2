package dispatch_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/dispatch"
	"github.com/askpro/gateway/internal/exchange"
)

// TestTooManyAttemptsThatFailRaiseAnAlarm: what went before stands in the exchange log, the last attempt is made.
func TestTooManyAttemptsThatFailRaiseAnAlarm(t *testing.T) {
	t.Parallel()
	const refused, taken = 500, 200
	midnight := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name          string
		now           time.Time
		taken, failed int           // attempts before
		ago           time.Duration // the earliest of them; the others follow it within a minute
		as            func(l *exchange.Line)
		last          int
		alarmed       bool
	}{
		{name: "the tenth fails", now: noon, taken: 9, ago: 14 * time.Minute, last: refused, alarmed: true},
		{name: "of nine nothing is said", now: noon, failed: 8, ago: 14 * time.Minute, last: refused},
		{name: "one in twenty may fail", now: noon, taken: 19, ago: 14 * time.Minute, last: refused},
		{name: "two in twenty may not", now: noon, taken: 18, failed: 1, ago: 14 * time.Minute, last: refused, alarmed: true},
		{name: "none that was taken makes it worse", now: noon, failed: 12, ago: 14 * time.Minute, last: taken},
		{name: "what was more than a quarter of an hour ago is over", now: noon, failed: 12, ago: 17 * time.Minute, last: refused},
		{name: "over midnight", now: midnight.Add(5 * time.Minute), failed: 9, ago: 14 * time.Minute, last: refused, alarmed: true},
		{name: "tests are none", now: noon, failed: 12, ago: time.Minute, as: func(l *exchange.Line) { l.Test = true }, last: refused},
		{name: "what came in is none", now: noon, failed: 12, ago: time.Minute, as: func(l *exchange.Line) { l.Direction = exchange.Inbound }, last: refused},
		{name: "an endpoint's are not a case's", now: noon, failed: 12, ago: time.Minute, as: func(l *exchange.Line) { l.OutputID = "endpoint" }, last: refused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, r := receives(t, status(tt.last, ""))
			w.now = tt.now
			o := hooks(r.URL)
			o.Retry = delivery.Never
			w.save(o)
			for n := range tt.taken + tt.failed {
				at := tt.now.Add(-tt.ago).Add(time.Duration(n) * time.Second)
				l := exchange.Line{ID: fmt.Sprint("L", n), OutputID: "out", Direction: exchange.Outbound, Result: exchange.Success, CreatedAt: at, CompletedAt: at}
				if n >= tt.taken {
					l.Result = exchange.HTTPError
				}
				if tt.as != nil {
					tt.as(&l)
				}
				w.lines[l.ID] = l
			}
			w.created()
			w.run(t, tt.now.Add(time.Minute))
			if len(r.all()) != 1 {
				t.Fatalf("%d attempts", len(r.all()))
			}
			if got := slices.Contains(w.alarms, dispatch.AlarmRate); got != tt.alarmed || len(w.failed) > 0 {
				t.Errorf("alarms %v, failed %v", w.alarms, w.failed)
			}
		})
	}
}

// TestEachAttemptIsHeardOnceWhenItIsOver: also one whose worker died.
func TestEachAttemptIsHeardOnceWhenItIsOver(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		codes []int // the receiver's answers; 0: the worker dies of it
		want  []delivery.State
	}{
		{"it is taken", []int{200}, []delivery.State{delivery.Sent}},
		{"it is taken at last", []int{500, 500, 200}, []delivery.State{delivery.Retrying, delivery.Retrying, delivery.Sent}},
		{"it is refused for good", []int{404}, []delivery.State{delivery.Dead}},
		{"its worker dies", []int{0, 200}, []delivery.State{delivery.Retrying, delivery.Sent}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, r := receives(t, nil)
			w.save(hooks(r.URL))
			var heard []delivery.State
			w.Tried = func(x delivery.Delivery) { heard = append(heard, x.State) }
			r.become(func(rw http.ResponseWriter, _ *http.Request) {
				code := tt.codes[min(len(r.all()), len(tt.codes))-1]
				if code == 0 {
					w.mu.Lock()
					w.faultAt = w.ops + 2 // the outcome is never written
					w.mu.Unlock()
					code = 200
				}
				rw.WriteHeader(code)
			})
			w.created()
			w.run(t, noon.Add(time.Hour))
			if !slices.Equal(heard, tt.want) {
				t.Errorf("heard %v, wanted %v", heard, tt.want)
			}
		})
	}
}
