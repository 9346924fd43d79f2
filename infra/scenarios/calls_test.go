package scenarios_test

import (
	"testing"

	"github.com/askpro/gateway/infra/local/stacktest"
	"github.com/askpro/gateway/internal/retell"
)

// of sums the rows of a function.
func of(rows []stacktest.Row, function string) (calls int, write float64, byOperation map[string]int) {
	byOperation = map[string]int{}
	for _, r := range rows {
		if r.Function == function {
			calls += r.Calls
			write += r.WriteUnits
			byOperation[r.Operation] += r.Calls
		}
	}
	return calls, write, byOperation
}

func TestWhatAWarmRequestAsksOfAWS(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	c := s.NewCompany(t)
	day := c.Day(t, 2)
	warm := c.Ring(c.Max)
	warm.Event(t, "call_started", nil)
	want(t, ask(t, warm, "Schnitt", day, "12 Uhr"), "available")
	want(t, warm.Tool(t, "release_slot_reservation", nil), "released")
	want(t, ask(t, c.Ring("+4917000000001"), "Schnitt", day, "9 Uhr"), "available") // fills the cache again after the changes
	c.Idle(t)

	s.ForgetCalls(t)
	body := []byte(`{"event":"call_ended","call":{"call_id":"call_x"}}`)
	for range 5 {
		if status := s.Do(t, "POST", c.API+"/webhooks/retell/"+c.Slug+"/events", map[string]string{retell.Header: retell.Sign("key_wrong", body, s.Clock(t))}, body, nil); status != 401 {
			t.Fatalf("status %d", status)
		}
	}
	if n, _, by := of(s.Calls(t), "hook-retell-events"); n != 0 {
		t.Errorf("a bad signature costs %d calls: %v", n, by)
	}

	s.ForgetCalls(t)
	warm.Event(t, "call_ended", nil)
	if n, _, by := of(s.Calls(t), "hook-retell-events"); n != 1 || by["SendMessage"] != 1 {
		t.Errorf("an accepted event costs %d calls: %v", n, by)
	}
	c.Idle(t)

	s.ForgetCalls(t)
	x := c.Ring(c.Erika)
	want(t, ask(t, x, "Schnitt", day, "15 Uhr"), "available")
	n, _, by := of(s.Calls(t), "hook-retell-tools")
	if n > 3 || by["TransactWriteItems"] != 1 || by["Scan"] != 0 {
		t.Errorf("availability from the cache costs %d calls: %v", n, by)
	}
	c.Idle(t)

	for _, caller := range []struct {
		name, from, called string
		most               float64
	}{{"known", c.Erika, "Erika Test", 28}, {"new", "+4917000000002", "Nina Neu", 32}} {
		x := c.Ring(caller.from)
		want(t, ask(t, x, "Schnitt", day, map[string]string{"known": "16 Uhr", "new": "17 Uhr"}[caller.name]), "available")
		c.Idle(t)
		posts := c.Asked(t, "create")
		s.ForgetCalls(t)
		want(t, x.Tool(t, "book_appointment", map[string]any{"offer_id": "opt1", "name": caller.called, "confirm": "true"}), "booked")
		n, units, by := of(s.Calls(t), "hook-retell-tools")
		if units > caller.most || c.Asked(t, "create") != posts+1 {
			t.Errorf("booking for a %s customer writes %.0f units in %v", caller.name, units, by)
		}
		t.Logf("booking for a %s customer: %d calls, %.0f write units, %v", caller.name, n, units, by)
		c.Idle(t)
	}
}

// From the tool call to its answer a case takes two round trips: what was said is written down, its session read and its number
// taken side by side; then one transaction files it.
func TestWhatACaseAsksOfAWS(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	c := s.NewCompany(t, itDesk("service_desk"))
	want(t, c.Ring(c.Max).Tool(t, "finalize_ticket", printer), "created") // the function is warm, its configuration read
	for _, call := range []struct {
		name  string
		begun bool
		most  float64
	}{{"whose first function it is", false, 30}, {"that has begun", true, 24}} {
		x := c.Ring(c.Erika)
		if call.begun {
			x.Tool(t, "current_time_berlin", nil)
		}
		c.Idle(t)
		s.ForgetCalls(t)
		want(t, x.Tool(t, "finalize_ticket", printer), "created")
		n, units, by := of(s.Calls(t), "hook-retell-tools")
		if n > 4 || by["TransactWriteItems"] != 1 || by["GetItem"] != 1 || by["UpdateItem"] > 2 || units > call.most {
			t.Errorf("a case of a call %s costs %d calls and %.0f write units: %v", call.name, n, units, by)
		}
		t.Logf("a case of a call %s: %d calls, %.0f write units, %v", call.name, n, units, by)
		c.Idle(t)
	}
}
