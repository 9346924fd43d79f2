package scenarios_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/infra/local/stacktest"
	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/retell"
)

// usual are the events of a call of a minute in which not much was said.
func usual(t *testing.T, c *stacktest.Company) map[string]map[string]any {
	t.Helper()
	now := c.Clock(t).UnixMilli()
	started := map[string]any{"start_timestamp": now - 60000}
	ended := map[string]any{"call_status": "ended", "start_timestamp": now - 60000, "end_timestamp": now, "duration_ms": 60000, "disconnection_reason": "user_hangup", "call_cost": map[string]any{"combined_cost": 12.5}}
	analyzed := map[string]any{"transcript": "Agent: Guten Tag\nUser: Falsch verbunden\n", "call_analysis": map[string]any{"call_summary": "Falsch verbunden.", "user_sentiment": "Neutral"}}
	for k, v := range ended {
		analyzed[k] = v
	}
	return map[string]map[string]any{"call_started": started, "call_ended": ended, "call_analyzed": analyzed, "transfer_started": started, "transfer_bridged": started}
}

// bare is a record without what depends on when and under which id we learnt of the call.
func bare(r call.Call) string {
	r.ID, r.RetellID, r.CreatedAt, r.UpdatedAt, r.Version, r.Heard.Begun, r.Heard.AnalysedAt = "", "", time.Time{}, time.Time{}, 0, false, time.Time{}
	r.Appointments, r.Callbacks = slices.Repeat([]string{"one"}, len(r.Appointments)), slices.Repeat([]string{"one"}, len(r.Callbacks))
	b, err := json.Marshal(r)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// §17.15, §17.27: the first message makes the call; combined_cost is cents.
func TestScenario17EventsInAnyOrderMakeTheSameCall(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t)
	bodies := usual(t, c)
	for _, tt := range []struct {
		name    string
		outcome string
		orders  []string
	}{
		{"nothing was asked", "abandoned", []string{
			"call_started call_ended call_analyzed", "call_ended call_started call_analyzed", "call_analyzed call_ended call_started",
			"call_started call_ended call_ended call_ended call_analyzed call_analyzed", "call_ended call_analyzed", "call_analyzed",
		}},
		{"asked before the first event, or after the last", "information_only", []string{
			"list_services call_ended call_analyzed call_started", "call_started call_analyzed list_services call_ended", "call_analyzed call_ended list_services",
		}},
		{"called back", "callback_requested", []string{
			"call_started request_callback call_ended call_analyzed", "call_analyzed request_callback call_ended call_ended", "call_ended call_analyzed request_callback call_started",
		}},
		{"transferred", "transferred", []string{
			"call_started transfer_started transfer_bridged call_ended call_analyzed", "call_analyzed transfer_bridged call_ended transfer_started", "transfer_bridged transfer_started call_analyzed",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			first := ""
			for i, order := range tt.orders {
				x := c.Ring(c.Max)
				if tt.outcome == "callback_requested" {
					x.From = "" // each time another number is spoken, or the wish would be added to the first
				}
				for _, event := range strings.Fields(order) {
					switch {
					case event == "request_callback":
						want(t, x.Tool(t, event, map[string]any{"phone": fmt.Sprintf("+4917012345%02d", i)}), "callback_created")
					case bodies[event] == nil:
						want(t, x.Tool(t, event, nil), "ok")
					default:
						if status := x.Event(t, event, bodies[event]); status/100 != 2 {
							t.Fatalf("%s answered %d", event, status)
						}
					}
					c.Idle(t) // this test is about the order of processing, not of the queue
				}
				r, _ := x.Record(t)
				if r.Status != call.Analyzed || r.CostCents != 13 || r.Connection != "connected" || r.BranchID == "" || r.Outcome != tt.outcome {
					t.Errorf("%s makes %+v", order, r)
				}
				if got := bare(r); first == "" {
					first = got
				} else if got != first {
					t.Errorf("%s makes\n%s\nwanted\n%s", order, got, first)
				}
			}
		})
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

func TestScenario17ABookingThatIsConfirmedAfterTheCallCounts(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	c := s.NewCompany(t)
	bodies := usual(t, c)
	x := c.Ring(c.Erika)
	want(t, ask(t, x, "Schnitt", c.Day(t, 2), "10 Uhr"), "available")
	c.CalcomFault(t, map[string]any{"operation": "create", "mode": "status", "status": 502, "times": -1})
	want(t, x.Tool(t, "book_appointment", map[string]any{"offer_id": "opt1", "name": "Erika Test", "confirm": "true"}), "booking_uncertain")
	x.Event(t, "call_analyzed", bodies["call_analyzed"])
	x.Event(t, "call_ended", bodies["call_ended"])
	c.Idle(t)
	if r, _ := x.Record(t); r.Outcome != "appointment_booked" || len(r.Appointments) != 1 {
		t.Errorf("while it may live: %s, %v", r.Outcome, r.Appointments)
	}
	for _, by := range []string{"3s", "10s", "1m", "5m", "31m"} {
		s.Advance(t, by)
		c.Idle(t)
	}
	// The calendar never had it: half an hour after the call it is one that is called back.
	if r, _ := x.Record(t); r.Outcome != "callback_requested" || len(r.Callbacks) != 1 || r.Unfulfilled != nil || !*r.Successful {
		t.Errorf("in the end: %s, callbacks %v, wish %v", r.Outcome, r.Callbacks, r.Unfulfilled)
	}
	for _, letter := range c.Mails(t, c.BranchTo) {
		if strings.Contains(letter.Subject, "Terminwunsch") {
			t.Errorf("the branch is told of a wish in vain: %q", letter.Subject)
		}
	}
}

func TestTheBranchIsToldOfAWishTenMinutesAfterTheCall(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	c := s.NewCompany(t)
	told := func() (n int) {
		for _, letter := range c.Mails(t, c.BranchTo) {
			if strings.Contains(letter.Subject, "Terminwunsch") {
				n++
			}
		}
		return n
	}
	bodies := usual(t, c)
	vain, late := c.Ring(c.Max), c.Ring(c.Erika)
	for _, x := range []*stacktest.Call{vain, late} {
		want(t, ask(t, x, "Schnitt", c.Day(t, 2), "10 Uhr"), "available", "alternatives")
		x.Event(t, "call_ended", bodies["call_ended"])
		x.Event(t, "call_analyzed", bodies["call_analyzed"])
	}
	c.Idle(t)
	want(t, late.Tool(t, "request_callback", nil), "callback_created") // a straggler
	s.Advance(t, "8m")
	c.Idle(t)
	if n := told(); n != 0 {
		t.Fatalf("%d letters before stragglers can be in", n)
	}
	s.Advance(t, "3m")
	c.Idle(t)
	s.Advance(t, "1h")
	c.Idle(t)
	if n := told(); n != 1 {
		t.Errorf("%d letters, wanted one for the call in which nothing came of it", n)
	}
	a, _ := vain.Record(t)
	b, _ := late.Record(t)
	if a.Unfulfilled == nil || a.Unfulfilled.Service != "Schnitt" || *a.Successful || b.Unfulfilled != nil || b.Outcome != "callback_requested" {
		t.Errorf("%+v\n%+v", a, b)
	}
}

// §17.25.
func TestACallNobodyTellsTheEndOfIsPolled(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	c := s.NewCompany(t)
	bodies := usual(t, c)
	tell := func(x *stacktest.Call, more map[string]any) {
		t.Helper()
		o := map[string]any{"call_id": x.ID, "call_type": "phone_call", "agent_id": "agent_test", "agent_version": 1, "call_status": "ongoing", "direction": "inbound", "from_number": x.From, "to_number": x.Number}
		for k, v := range more {
			o[k] = v
		}
		if status := c.Do(t, http.MethodPost, c.Sim("calls"), nil, o, nil); status != http.StatusNoContent {
			t.Fatalf("status %d", status)
		}
	}
	over, ongoing, unknown, asked, polledLate := c.Ring(c.Erika), c.Ring(c.Erika), c.Ring(c.Erika), c.Ring(c.Erika), c.Ring(c.Erika)
	for _, x := range []*stacktest.Call{over, ongoing, unknown, polledLate} {
		x.Event(t, "call_started", bodies["call_started"])
	}
	want(t, asked.Tool(t, "list_services", nil), "ok") // not even its start was told
	tell(over, bodies["call_analyzed"])
	tell(asked, bodies["call_ended"])
	tell(ongoing, nil)
	c.Idle(t)
	s.Advance(t, "28m")
	c.Idle(t)
	if r, _ := over.Record(t); r.Status != call.Ongoing {
		t.Fatalf("after 29 minutes it is %s", r.Status)
	}
	s.Advance(t, "3m")
	c.Idle(t)
	if r, _ := over.Record(t); r.Status != call.Analyzed || r.Summary != "Falsch verbunden." || r.CostCents != 13 || r.EndedAt == nil || r.Outcome != "abandoned" {
		t.Errorf("completed from the answer: %+v", r)
	}
	if r, _ := asked.Record(t); r.Status != call.Completed || r.DurationMS != 60000 || r.Outcome != "information_only" {
		t.Errorf("completed from the answer: %+v", r)
	}
	s.Advance(t, "75m")
	c.Idle(t)
	if r, _ := unknown.Record(t); r.Status != call.Ongoing {
		t.Errorf("before two hours it is %s", r.Status)
	}
	s.Advance(t, "30m")
	c.Idle(t)
	if r, _ := unknown.Record(t); r.Status != call.Completed || r.Connection != "error" || r.Outcome != "no_customer_interaction" {
		t.Errorf("closed: %+v", r)
	}
	if r, _ := ongoing.Record(t); r.Status != call.Ongoing {
		t.Errorf("somebody still speaks, and it is %s", r.Status)
	}
	// What comes after all is right.
	polledLate.Event(t, "call_ended", bodies["call_ended"])
	ongoing.Event(t, "call_ended", bodies["call_ended"])
	c.Idle(t)
	for _, x := range []*stacktest.Call{polledLate, ongoing} {
		if r, _ := x.Record(t); r.Status != call.Completed || r.Connection != "connected" {
			t.Errorf("after its real end: %+v", r)
		}
	}
	s.ForgetCalls(t)
	s.Advance(t, "2h")
	c.Idle(t)
	if n, _, by := of(s.Calls(t), "work-default"); n != 0 {
		t.Errorf("calls that are over are still polled: %v", by)
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
