package scenarios_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/askpro/gateway/infra/local/stacktest"
	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/journal"
	"github.com/askpro/gateway/internal/store"
)

// The way of a case: said on the telephone, written down, made a case, told to its contact, enriched after the call and sent
// by mail and webhook.

// walks is the whole of it through whatever is broken: the request is repeated as Retell would, the clock lets messages come
// again.
func (c *helpdesk) walks(t *testing.T) {
	t.Helper()
	x := c.Ring(c.Erika)
	raw, err := json.Marshal(map[string]any{
		"name": "finalize_ticket", "args": map[string]any{
			"problem_description": "Der Drucker im zweiten Stock zieht kein Papier mehr ein.", "customer_name": "Erika Test", "customer_email": c.ErikaMail,
		},
		"call": map[string]any{"call_id": x.ID, "call_type": "phone_call", "agent_id": "agent_test", "direction": "inbound", "from_number": x.From, "to_number": x.Number},
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // it may have gone well and nobody heard: after a second try the agent goes on
		if status, r := c.Post(t, raw); status == http.StatusOK && (r.Status == "created" || r.Status == "noted") {
			break
		}
		c.Advance(t, "5s")
	}
	c.Advance(t, "20s")
	hangsUp(t, x)
	for _, by := range []string{"15s", "70s", "7m"} {
		c.Idle(t)
		c.Advance(t, by)
	}
	c.Idle(t)
	for range 5 { // what came to grief late comes again later still
		if c.rests(t) {
			return
		}
		c.Advance(t, "7m")
		c.Idle(t)
	}
	t.Error("after three quarters of an hour messages are still on their way")
}

// rests tells whether no message was put back into its queue and no delivery waits for its next attempt.
func (c *helpdesk) rests(t *testing.T) bool {
	t.Helper()
	if c.Depth(t, "DefaultQueue")+c.Depth(t, "NotificationsQueue")+c.Depth(t, "GatewayQueue") > 0 {
		return false
	}
	ids, err := c.Store().CaseIDs(t.Context(), c.ID, 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		all, err := c.Store().CaseDeliveries(t.Context(), c.ID, id)
		if err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(all, func(d delivery.Delivery) bool { return !d.Final() }) {
			return false
		}
	}
	return len(ids) > 0
}

// whole checks what must be so after any fault: one case, each message of it with its receiver at least once under one id
// and with all that was said, the history complete, and nobody left who waits.
func (c *helpdesk) whole(t *testing.T) {
	t.Helper()
	table := c.Store()
	ids, err := table.CaseIDs(t.Context(), c.ID, 10)
	if err != nil || len(ids) != 1 {
		t.Fatalf("%d cases, %v", len(ids), err)
	}
	x := c.theCase(t, ids[0])
	if x.Enrichment.State != desk.Enriched || x.Delivered != delivery.AllSent || x.Number.Count == 0 {
		t.Errorf("the case %s: enrichment %s, deliveries %s", x.Number, x.Enrichment.State, x.Delivered)
	}
	all, err := table.CaseDeliveries(t.Context(), c.ID, x.ID)
	if err != nil {
		t.Fatal(err)
	}
	got := c.got(t)
	messages := map[string]bool{}
	complete := false
	for _, w := range got {
		id := w.Headers["Webhook-Id"]
		messages[id] = true
		i := slices.IndexFunc(all, func(d delivery.Delivery) bool { return d.ID == w.Headers["X-Delivery-Id"] })
		if i < 0 || all[i].MessageID != id {
			t.Errorf("message %s is of no delivery, or of another one", id)
		}
		b := read(t, w)
		complete = complete || b.complete()
		if b.Ticket.Reference != x.Number.String() {
			t.Errorf("%s tells of %s", x.Number, b.Ticket.Reference)
		}
	}
	if !complete {
		t.Errorf("%d webhooks, none with the transcript", len(got))
	}
	kinds := map[string]int{}
	for _, d := range all {
		kinds[string(d.Channel)+" "+string(d.Kind)]++
		if d.State != delivery.Sent || d.Channel == delivery.Webhook && !messages[d.MessageID] {
			t.Errorf("%s %s: %s, and its receiver has it: %t", d.Kind, d.Channel, d.State, messages[d.MessageID])
		}
	}
	if kinds["email created"] != 1 || kinds["webhook created"] != 1 || kinds["email updated"] > 1 || kinds["webhook updated"] > 1 {
		t.Errorf("planned: %v", kinds)
	}
	if n := c.letters(t, "it@"+c.Slug+".example"); n != kinds["email created"]+kinds["email updated"] {
		t.Errorf("%d letters for %v", n, kinds)
	}
	if n := c.letters(t, c.ErikaMail); n != 1 {
		t.Errorf("%d confirmations", n)
	}
	if n := c.letters(t, "alarm@"+c.Slug+".example"); n != 0 {
		t.Errorf("%d alarms", n)
	}

	facts, err := table.CaseEvents(t.Context(), c.ID, x.ID)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := table.Activity(t.Context(), c.ID, x.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range journal.Missing(facts, lines) {
		t.Errorf("the history lacks %s", e.Name)
	}
	if n := c.facts(t, x.ID)["case.created.v1"]; n != 1 {
		t.Errorf("told %d times that it was made", n)
	}
	due, err := store.OpenTimers(c.Env, c.Table).Due(t.Context(), c.Clock(t).AddDate(0, 1, 0), 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, timer := range due {
		if timer.CompanyID == c.ID.String() && timer.Name == store.CaptureTimer {
			t.Error("the capture still waits for its case")
		}
	}
	for _, queue := range []string{"DefaultDeadQueue", "NotificationsDeadQueue", "GatewayDeadQueue", "EventsDeadQueue"} {
		if n := c.Depth(t, queue); n != 0 {
			t.Errorf("%s holds %d messages", queue, n)
		}
	}
}

// letters counts those to an address; the same one twice, as after a killed sender, is one.
func (c *helpdesk) letters(t *testing.T, to string) int {
	t.Helper()
	ids := map[string]bool{}
	for _, m := range c.Mails(t, to) {
		ids[m.MessageID] = true
	}
	return len(ids)
}

// TestFaultWalkOfACase breaks the AWS calls of a case's way in turn, in every function that takes part: the process is
// killed after it, its answer is lost, it fails.
func TestFaultWalkOfACase(t *testing.T) {
	t.Parallel()
	all := []string{"kill", "lost", "error"}
	turns := []string{"kill", "lost", "kill", "error"} // what is lost or fails once is mostly asked again at once; who is killed is not
	for _, function := range []string{"hook-retell-tools", "stream-outbox", "work-default", "work-gateway", "work-notifications"} {
		t.Run(function, func(t *testing.T) {
			t.Parallel()
			s := stacktest.Own(t)
			s.SetClock(t, s.Clock(t).Format(time.RFC3339), true)
			runs := 0
			modes, step := all, 1
			for n, fired := 1, true; fired; n += step {
				if os.Getenv(everyFault) == "" {
					step = apart
					modes = turns[n/step%len(turns):][:1]
				}
				fired = false
				for _, mode := range modes {
					c := opensDesk(t, s, true, hybrid)
					s.Fault(t, map[string]any{"function": function, "company": c.ID.String(), "nth": n, "mode": mode})
					c.walks(t)
					if s.Fired(t) > 0 {
						fired = true
						runs++
					}
					s.NoFaults(t)
					c.whole(t)
					c.Retire(t)
					if t.Failed() {
						t.Fatalf("after %s at call %d of %s", mode, n, function)
					}
				}
			}
			if runs == 0 {
				t.Error("nothing was broken")
			}
			t.Logf("%d faults in %s", runs, function)
		})
	}
}

// TestFaultWalkOfACaseAtItsReceiver breaks the company's tool: before it has the message, after it, and in its answer.
func TestFaultWalkOfACaseAtItsReceiver(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	s.SetClock(t, s.Clock(t).Format(time.RFC3339), true)
	for _, fault := range []map[string]any{
		{"mode": "reset", "times": 2}, {"mode": "lost", "times": 1}, {"mode": "lost", "times": 3}, {"mode": "status", "status": 503, "times": 2},
		{"mode": "status", "status": 429, "retry_after": 90, "times": 1},
	} {
		name := fmt.Sprint(fault)
		c := opensDesk(t, s, true, hybrid)
		c.answers(t, "webhooks", fault)
		c.walks(t)
		c.whole(t)
		c.Retire(t)
		if t.Failed() {
			t.Fatalf("with %s", name)
		}
	}
}
