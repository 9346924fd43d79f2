package scenarios_test

import (
	"testing"

	"github.com/askpro/gateway/infra/local/stacktest"
)

func TestMain(m *testing.M) { stacktest.Main(m) }

// ask is check_availability.
func ask(t *testing.T, x *stacktest.Call, service, date, time string) stacktest.Reply {
	t.Helper()
	return x.Tool(t, "check_availability", map[string]any{"service": service, "date": date, "time": time})
}

// book picks an option of the last answer.
func book(t *testing.T, x *stacktest.Call, option, name string) stacktest.Reply {
	t.Helper()
	return x.Tool(t, "book_appointment", map[string]any{"option": option, "name": name, "confirm": "true"})
}

// booked asks for a free time and books it.
func booked(t *testing.T, x *stacktest.Call, service, date, time, name string) stacktest.Reply {
	t.Helper()
	want(t, ask(t, x, service, date, time), "available")
	r := x.Tool(t, "book_appointment", map[string]any{"offer_id": "opt1", "name": name, "confirm": "true"})
	want(t, r, "booked")
	return r
}

func want(t *testing.T, r stacktest.Reply, statuses ...string) {
	t.Helper()
	for _, s := range statuses {
		if r.Status == s {
			return
		}
	}
	t.Fatalf("status %s, wanted %v: %s", r.Status, statuses, r.Raw)
}
