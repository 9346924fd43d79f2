package scenarios_test

import (
	"testing"
	"time"

	"github.com/askpro/gateway/infra/local/stacktest"
	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/retell"
)

// §17.15, §17.27: the first message makes the call; combined_cost is cents.
func TestScenario17EventsInAnyOrderMakeTheSameCall(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t)
	now := c.Clock(t).UnixMilli()
	started := map[string]any{"start_timestamp": now - 60000}
	ended := map[string]any{"call_status": "ended", "start_timestamp": now - 60000, "end_timestamp": now, "duration_ms": 60000, "disconnection_reason": "user_hangup", "call_cost": map[string]any{"combined_cost": 12.5}}
	analyzed := map[string]any{"transcript": "Agent: Guten Tag\nUser: Falsch verbunden\n", "call_analysis": map[string]any{"call_summary": "Falsch verbunden.", "user_sentiment": "Neutral"}}
	for k, v := range ended {
		analyzed[k] = v
	}
	bodies := map[string]map[string]any{"call_started": started, "call_ended": ended, "call_analyzed": analyzed}
	orders := [][]string{
		{"call_started", "call_ended", "call_analyzed"},
		{"call_ended", "call_started", "call_analyzed"},
		{"call_analyzed", "call_ended", "call_started"},
		{"call_started", "call_ended", "call_ended", "call_ended", "call_analyzed", "call_analyzed"},
		{"tool", "call_ended", "call_analyzed", "call_started"},
	}
	records := make([]call.Call, len(orders))
	for i, order := range orders {
		x := c.Ring(c.Max)
		for _, event := range order {
			if event == "tool" {
				want(t, x.Tool(t, "initialize_call", nil), "ready")
				continue
			}
			if status := x.Event(t, event, bodies[event]); status/100 != 2 {
				t.Fatalf("%s answered %d", event, status)
			}
			c.Idle(t) // this test is about the order of processing, not of the queue
		}
		records[i], _ = x.Record(t)
	}
	first := records[0]
	for i, r := range records {
		if r.Status != call.Analyzed || r.CostCents != 13 || r.Connection != "connected" || r.DurationMS != 60000 || r.Summary != first.Summary || r.CustomerID != first.CustomerID || r.BranchID == "" || !r.StartedAt.Equal(*first.StartedAt) {
			t.Errorf("%v makes %+v", orders[i], r)
		}
	}
}

func TestScenario17ACallThatNeverConnectedHasNoStart(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t)
	x := c.Ring(c.Max)
	end := map[string]any{"call_status": "not_connected", "direction": "outbound", "from_number": c.Number, "to_number": c.Max, "disconnection_reason": "dial_no_answer"}
	x.Event(t, "call_ended", end)
	x.Event(t, "call_analyzed", end)
	c.Idle(t)
	r, _ := x.Record(t)
	if r.Status != call.Analyzed || r.Connection != "not_connected" || r.Outcome != "no_customer_interaction" || r.BranchID == "" {
		t.Errorf("%+v", r)
	}
}

func TestScenario27KeysAreRotatedWithoutAGap(t *testing.T) { // scenario 27 belongs to no slice yet; rotation is part of the plumbing
	t.Parallel()
	s := stacktest.Own(t)
	c := s.NewCompany(t)
	oldKey := c.Key
	post := func(key string, at time.Time) int {
		body := []byte(`{"name":"current_time_berlin","call":{"call_id":"call_r_` + c.Slug + `","from_number":"` + c.Erika + `","to_number":"` + c.Number + `","direction":"inbound"},"args":{}}`)
		return s.Do(t, "POST", c.API+"/webhooks/retell/"+c.Slug+"/tools", map[string]string{retell.Header: retell.Sign(key, body, at)}, body, nil)
	}
	newKey := "key_neu_" + c.Slug
	c.Load(t, c.Ref("webhook")+", "+c.Ref("webhook-2"), map[string]string{c.Ref("webhook-2"): newKey})
	s.Advance(t, "61s")
	if a, b := post(oldKey, s.Clock(t)), post(newKey, s.Clock(t)); a != 200 || b != 200 {
		t.Errorf("old %d, new %d, wanted both in", a, b)
	}
	c.Load(t, c.Ref("webhook-2"), nil)
	s.Advance(t, "61s")
	if a, b := post(oldKey, s.Clock(t)), post(newKey, s.Clock(t)); a != 401 || b != 200 {
		t.Errorf("old %d, new %d, wanted the old one out", a, b)
	}
	for offset, want := range map[time.Duration]int{-6 * time.Minute: 401, -4 * time.Minute: 200, 4 * time.Minute: 200, 6 * time.Minute: 401} {
		if got := post(newKey, s.Clock(t).Add(offset)); got != want {
			t.Errorf("signed %s off: %d, wanted %d", offset, got, want)
		}
	}
}
