package subscribe_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/output"
)

// Scenario 13: an endpoint fails for five days; its owner is warned twice, then it is disabled; a thousand events are kept,
// and after a person enabled it each of them arrives, none of them made twice.
func TestAnEndpointThatFailsForFiveDays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, output.Endpoint{ID: "e1", Slug: "crm", Description: "CRM", Events: []string{"case.*"}},
		output.Endpoint{ID: "e2", Slug: "wacht", Events: []string{"webhook_endpoint.*"}})
	broken := true
	w.twice = true
	var watched []got
	w.reply = func(rw http.ResponseWriter, _ int) {
		g := w.server.all[len(w.server.all)-1]
		if g.header.Get("X-Event") != "case.created.v1" {
			watched = append(watched, g)
		} else if broken {
			rw.WriteHeader(http.StatusInternalServerError)
		}
	}
	subjects := func() (list []string) {
		for _, m := range w.mails {
			list = append(list, m.Subject)
		}
		return list
	}
	const starts, still, off = "Webhook „CRM“: Zustellungen schlagen fehl", "Webhook „CRM“: Seit drei Tagen keine Zustellung", "Webhook „CRM“ wurde abgeschaltet"

	early := 0
	for at := monday; at.Before(monday.Add(5*24*time.Hour + 6*time.Hour)); at = at.Add(3 * time.Hour) {
		w.until(at)
		w.happens(created(fmt.Sprintf("early-%03d", early), at))
		early++
		switch days := at.Sub(monday).Hours() / 24; {
		case days > 0.5 && days < 2.9 && !slices.Equal(subjects(), []string{starts}):
			t.Fatalf("after %.1f days the owner has heard %q", days, subjects())
		case days > 3.6 && days < 4.9 && !slices.Equal(subjects(), []string{starts, still}):
			t.Fatalf("after %.1f days the owner has heard %q", days, subjects())
		}
	}
	w.until(monday.Add(7 * 24 * time.Hour))
	if !slices.Equal(subjects(), []string{starts, still, off}) {
		t.Fatalf("the owner has heard %q", subjects())
	}
	var heard []string
	for _, g := range watched {
		heard = append(heard, g.header.Get("X-Event"))
	}
	if want := []string{"webhook_endpoint.failing.v1", "webhook_endpoint.failing.v1", "webhook_endpoint.disabled.v1"}; !slices.Equal(heard, want) {
		t.Errorf("the other endpoint has heard %q", heard)
	}

	before := len(w.server.got())
	for i := range 1000 {
		at := w.clock().Add(10 * time.Second)
		w.until(at)
		w.happens(created(fmt.Sprintf("kept-%04d", i), at))
	}
	w.until(w.clock().Add(time.Hour))
	if n := len(w.server.got()); n != before {
		t.Fatalf("a disabled endpoint was sent %d messages", n-before)
	}
	if n := len(w.messages()); n != early+1000 {
		t.Fatalf("%d messages of %d events", n, early+1000)
	}

	broken = false
	later, err := w.hooks.Enable(t.Context(), us, "e1", true, time.Time{}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	w.put(later...)
	w.until(w.clock().Add(24 * time.Hour))
	arrived := map[string]string{} // event → message
	var order []string
	for _, g := range w.server.got()[before:] {
		var body struct{ ID string }
		if err := json.Unmarshal(g.body, &body); err != nil {
			t.Fatal(err)
		}
		if m, twice := arrived[body.ID]; twice && m != g.id() {
			t.Errorf("%s arrived as %s and as %s", body.ID, m, g.id())
		} else if !twice && strings.HasPrefix(body.ID, "kept-") {
			order = append(order, body.ID)
		}
		arrived[body.ID] = g.id()
		if with := verifies(t, g, first); len(with) != 1 {
			t.Errorf("%s does not verify", body.ID)
		}
	}
	for i := range 1000 {
		if id := fmt.Sprintf("kept-%04d", i); arrived[id] == "" {
			t.Errorf("%s never arrived", id)
		}
	}
	for i := range early {
		if id := fmt.Sprintf("early-%03d", i); arrived[id] == "" {
			t.Errorf("%s was given up and not replayed", id)
		}
	}
	if !slices.IsSorted(order) {
		t.Error("the kept events did not set out in the order in which they happened")
	}
	made := map[string]int{}
	for _, m := range w.messages() {
		if made[m.EventID]++; m.ReplayOf == "" && m.State != delivery.Sent && m.State != delivery.Dead {
			t.Errorf("%s is %s", m.EventID, m.State)
		}
	}
	for id, n := range made {
		if n != 1 && strings.HasPrefix(id, "kept-") {
			t.Errorf("%s was made %d times", id, n)
		}
	}
	state, err := w.table.EndpointState(t.Context(), us, "e1")
	if err != nil || state.Disabled() || !state.Replay.IsZero() {
		t.Errorf("the endpoint stands at %+v, %v", state, err)
	}
	if due := w.table.NextDue(); !due.IsZero() {
		t.Errorf("a timer is left for %s", due)
	}
	if w.failing > 0 {
		t.Errorf("%d messages of the queue failed", w.failing)
	}
}
