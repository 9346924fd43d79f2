package subscribe_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/exchange"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/store/twin"
	"github.com/askpro/gateway/internal/subscribe"
	"github.com/askpro/gateway/internal/webhook"
)

var crm = output.Endpoint{ID: "e1", Slug: "crm", Description: "CRM", Events: []string{"case.*"}}

// Scenario 12: whatever process sends it and whatever it remembers, a message verifies with the old or the new secret for
// 24 hours, and afterwards only with the new one.
func TestMessagesVerifyWhileASecretIsRotated(t *testing.T) {
	t.Parallel()
	w := newWorld(t, crm)
	other := newWorld(t, crm) // another process on the same table
	other.table, other.rings.Store, other.hooks.Store = w.table, w.table, w.table
	load := func(from time.Time, n int) (sent []got) {
		for i := range n {
			for j, p := range []*world{w, other} {
				p.now = from.Add(time.Duration(i) * 7 * time.Second)
				before := len(p.server.got())
				p.happens(created(fmt.Sprint(from.Unix(), "-", i, "-", j), p.now))
				p.until(p.now.Add(time.Second))
				sent = append(sent, p.server.got()[before:]...)
			}
		}
		return sent
	}
	for _, g := range load(monday, 3) {
		if with := verifies(t, g, first); len(with) != 1 {
			t.Error("before: it does not verify with the secret of the configuration")
		}
	}
	w.now = monday.Add(20 * time.Second)
	rotated := w.now
	next, err := w.rings.Rotate(t.Context(), us, "e1", secret, 0, event.Actor{Kind: "user", ID: "u1"})
	if err != nil {
		t.Fatal(err)
	}
	during := load(rotated, 20)
	if len(during) != 40 {
		t.Fatalf("%d messages were sent", len(during))
	}
	both := 0
	for _, g := range during {
		with := verifies(t, g, first, next.Reveal())
		switch {
		case !slices.Contains(with, 0):
			t.Errorf("at %s it verifies with %v: who has the old secret cannot read it", g.at.Sub(rotated), with)
		case g.at.Sub(rotated) > time.Minute && len(with) != 2:
			t.Errorf("at %s it verifies with %v only", g.at.Sub(rotated), with)
		}
		both = max(both, len(with))
	}
	if both != 2 {
		t.Error("no message was signed with both")
	}
	if _, err := other.rings.Rotate(t.Context(), us, "e1", secret, 0, event.Actor{Kind: "user", ID: "u2"}); !errors.Is(err, webhook.ErrRotating) {
		t.Errorf("a second rotation in the window: %v", err)
	}
	for _, g := range load(rotated.Add(24*time.Hour-30*time.Second), 4) {
		if with := verifies(t, g, first, next.Reveal()); len(with) != 2 {
			t.Errorf("at %s it verifies with %v", g.at.Sub(rotated), with)
		}
	}
	for _, g := range load(rotated.Add(24*time.Hour), 3) {
		if with := verifies(t, g, first, next.Reveal()); !slices.Equal(with, []int{1}) {
			t.Errorf("at %s it verifies with %v", g.at.Sub(rotated), with)
		}
	}
}

// TestNothingIsLostOrMadeTwiceWhereverAWorkerDies lets each request to the table go wrong once, before and after it was
// carried out, and the queue lose what it was given.
func TestNothingIsLostOrMadeTwiceWhereverAWorkerDies(t *testing.T) {
	t.Parallel()
	// The whole story: a message fails once and arrives, one meets 410, one is kept, and all are replayed.
	story := func(t *testing.T, fail func(n int) *twin.Fault, lose bool) (requests int) {
		w := newWorld(t, crm, output.Endpoint{ID: "e2", Slug: "wacht", Events: []string{"webhook_endpoint.*"}})
		w.lose = lose
		w.reply = func(rw http.ResponseWriter, _ int) {
			if !strings.Contains(w.server.all[len(w.server.all)-1].header.Get("X-Event"), "case") {
				return
			}
			switch day := w.clock().Sub(monday); {
			case day < 10*time.Second:
				rw.WriteHeader(http.StatusServiceUnavailable)
			case day > 12*time.Hour && day < 48*time.Hour:
				rw.WriteHeader(http.StatusGone)
			}
		}
		w.table.Fault = func(string) *twin.Fault {
			requests++
			return fail(requests)
		}
		w.happens(created("a", monday))
		w.until(monday.Add(13 * time.Hour))
		w.happens(created("b", w.clock()))
		w.until(monday.Add(24 * time.Hour))
		w.happens(created("c", w.clock()))
		w.until(monday.Add(60 * time.Hour))
		enable := func() error {
			later, err := w.hooks.Enable(t.Context(), us, "e1", true, time.Time{}, time.Time{})
			w.put(later...)
			return err
		}
		if enable() != nil {
			if err := enable(); err != nil { // a person presses the button again
				t.Fatal(err)
			}
		}
		w.until(monday.Add(120 * time.Hour))
		ids := map[string]map[string]bool{}
		taken := map[string]bool{}
		for _, g := range w.server.got() {
			var body struct{ ID, Type string }
			if err := json.Unmarshal(g.body, &body); err != nil {
				t.Fatal(err)
			}
			if body.Type != "case.created.v1" {
				taken[body.Type] = true
				continue
			}
			if ids[body.ID] == nil {
				ids[body.ID] = map[string]bool{}
			}
			ids[body.ID][g.id()] = true
			if day := g.at.Sub(monday); day > 48*time.Hour || day > 10*time.Second && day < 12*time.Hour {
				taken[body.ID] = true
			}
		}
		for _, id := range []string{"a", "b", "c", "webhook_endpoint.disabled.v1"} {
			if !taken[id] {
				t.Errorf("%s was never taken", id)
			}
			if len(ids[id]) > 1 {
				t.Errorf("%s was sent as %v", id, ids[id])
			}
		}
		if n := w.table.Count(us, "endpoint message"); n != 5 { // a, b, c, b's replay, and what the other endpoint was told
			t.Errorf("%d messages were made", n)
		}
		keys := map[string]bool{}
		for _, m := range w.mails {
			keys[m.Key] = true
		}
		if len(keys) != 1 {
			t.Errorf("the owner was told of %v", keys)
		}
		if due := w.table.NextDue(); !due.IsZero() {
			t.Errorf("a timer is left for %s", due)
		}
		return requests
	}
	for _, lose := range []bool{false, true} {
		all := story(t, func(int) *twin.Fault { return nil }, lose)
		for n := 1; n <= all; n++ {
			for _, done := range []bool{false, true} {
				t.Run(fmt.Sprintf("request %d of %d fails, done %t, queue loses %t", n, all, done, lose), func(t *testing.T) {
					t.Parallel()
					story(t, func(i int) *twin.Fault {
						if i == n {
							return &twin.Fault{Err: errDown, Done: done}
						}
						return nil
					}, lose)
				})
			}
		}
	}
}

func TestWhoHearsWhat(t *testing.T) {
	t.Parallel()
	public, internal := event.CaseNoteAdded{CaseID: "c1", Public: true}, event.CaseNoteAdded{CaseID: "c1"}
	branch := event.CaseCreated{CaseID: "c1", BranchID: "ulm"}
	head := event.Head{ID: "ev", CompanyID: us.String(), At: monday}
	public.Head, internal.Head, branch.Head = head, head, head
	for _, tt := range []struct {
		name     string
		endpoint output.Endpoint
		event    event.Event
		want     bool
	}{
		{"by its name", output.Endpoint{Events: []string{"case.created.v1"}}, branch, true},
		{"by its family", output.Endpoint{Events: []string{"call.*", "case.*"}}, branch, true},
		{"another name", output.Endpoint{Events: []string{"case.updated.v1"}}, branch, false},
		{"another family", output.Endpoint{Events: []string{"delivery.*"}}, branch, false},
		{"no family of ours", output.Endpoint{Events: []string{"*"}}, branch, false},
		{"nothing", output.Endpoint{}, branch, false},
		{"of its branch", output.Endpoint{Events: []string{"case.*"}, BranchID: "ulm"}, branch, true},
		{"of another branch", output.Endpoint{Events: []string{"case.*"}, BranchID: "bonn"}, branch, false},
		{"of the branch that the case is of", output.Endpoint{Events: []string{"case.*"}, BranchID: "ulm"}, public, true},
		{"of another than the case's", output.Endpoint{Events: []string{"case.*"}, BranchID: "bonn"}, public, false},
		{"a public note", output.Endpoint{Events: []string{"case.*"}}, public, true},
		{"an internal note", output.Endpoint{Events: []string{"case.*"}}, internal, false},
		{"a delivery of an output", output.Endpoint{Events: []string{"delivery.*"}}, event.DeliverySent{DeliveryFact: event.DeliveryFact{Head: head, Kind: "created"}}, true},
		{"a delivery to an endpoint", output.Endpoint{Events: []string{"delivery.*"}}, event.DeliverySent{DeliveryFact: event.DeliveryFact{Head: head, Kind: "event"}}, false},
		{"itself", output.Endpoint{Events: []string{"webhook_endpoint.*"}}, event.EndpointFailing{Head: head, EndpointID: "e1"}, false},
		{"another endpoint, of whatever branch", output.Endpoint{Events: []string{"webhook_endpoint.*"}, BranchID: "bonn"}, event.EndpointFailing{Head: head, EndpointID: "e9"}, true},
		{"what nobody may hear", output.Endpoint{Events: []string{"callback.requested.v1"}}, event.CallbackRequested{Head: head}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.endpoint.ID = "e1"
			w := newWorld(t, tt.endpoint)
			w.cases["c1"] = desk.Case{ID: "c1", BranchID: "ulm"}
			w.happens(tt.event)
			w.until(monday.Add(time.Minute))
			if heard := len(w.server.got()) == 1; heard != tt.want {
				t.Errorf("heard: %t", heard)
			}
		})
	}
}

func TestAnEventOfAnotherCompanyIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, crm)
	foreign := created("a", monday)
	foreign.CompanyID = "01H00000000000000000000009"
	detail, err := json.Marshal(foreign)
	if err != nil {
		t.Fatal(err)
	}
	if later, err := w.hooks.Plan(t.Context(), us, foreign.Name(), detail); err == nil || len(later) > 0 || len(w.messages()) > 0 {
		t.Errorf("planned %v, %v", later, err)
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	updated := event.CaseUpdated{
		Head: event.Head{ID: "ev", CompanyID: us.String(), At: monday, Sequence: 7}, CaseID: "c1", Reason: "hat er am Telefon gesagt",
		Changes: []event.FieldChange{{Field: "subject", Old: "Drucker von Frau Weiß", New: "Drucker"}}, Actor: event.Actor{Kind: "user", ID: "u1"},
	}
	full := desk.Case{
		ID: "c1", Number: desk.Number{Prefix: "TKT", Year: 2026, Count: 42}, Subject: "<script>", Text: "Der Drucker", Status: desk.Opened,
		Contact:    desk.Contact{Name: "Erika Weiß", Phone: "+4973140210", PhoneSource: "caller_id"},
		Candidates: []desk.Candidate{{CategoryID: "geheim"}}, Recording: desk.Recording{Key: "calls/geheim.mp3"}, Enrichment: desk.Enrichment{Sentiment: "geheim"},
	}
	long := full
	long.Text = strings.Repeat("ü", desk.MaxText)
	gone := full
	gone.Deletion = &desk.Deletion{Reason: "geheim"}
	huge := full
	huge.Custom = map[string]string{"a": strings.Repeat("x", 25_000)}
	for _, tt := range []struct {
		name       string
		full       bool
		of         desk.Case
		with, none []string
	}{
		{"thin: ids and the names of fields", false, full, []string{`"changed_fields":["subject"]`, `"case_id":"c1"`, `"sequence":7`, `"occurred_at":"2026-11-23T08:00:00Z"`},
			[]string{"Drucker", "Telefon", "Weiß", "u1", "number"}},
		{"full: the case as those outside see it", true, full, []string{`"number":"TKT-2026-00042"`, `"description":"Der Drucker"`, `"phone":"+4973140210"`, `\u003cscript\u003e`},
			[]string{"geheim", "Telefon", "von Frau", "caller_id", "description_cut"}},
		{"full: nothing of a case that was deleted", true, gone, []string{`"changed_fields":["subject"]`, `"case_id":"c1"`}, []string{"Drucker", "Weiß", "geheim"}},
		{"full: a long text is cut", true, long, []string{`"description_cut":true`, "üüü"}, nil},
		{"full: what cannot be short stays out", true, huge, []string{`"case_omitted":true`, `"case_id":"c1"`}, []string{"xxx"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := crm
			e.Full = tt.full
			w := newWorld(t, e)
			w.cases["c1"] = tt.of
			w.happens(updated)
			w.until(monday.Add(time.Minute))
			all := w.server.got()
			if len(all) != 1 {
				t.Fatalf("%d messages", len(all))
			}
			body := string(all[0].body)
			if len(body) >= 20_000 || !json.Valid(all[0].body) {
				t.Errorf("a body of %d bytes, valid: %t", len(body), json.Valid(all[0].body))
			}
			for _, x := range tt.with {
				if !strings.Contains(body, x) {
					t.Errorf("%s is not in %.600s", x, body)
				}
			}
			for _, x := range tt.none {
				if strings.Contains(body, x) {
					t.Errorf("%s is in %.600s", x, body)
				}
			}
			for name, want := range map[string]string{"Webhook-Id": w.messages()[0].MessageID, "X-Event": "case.updated.v1", "X-Attempt": "1", "Content-Type": "application/json"} {
				if v := all[0].header.Get(name); v != want {
					t.Errorf("%s: %q, wanted %q", name, v, want)
				}
			}
		})
	}
}

func TestWhatAnAnswerDoesToTheEndpoint(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		reply    func(http.ResponseWriter, int)
		url      string
		state    delivery.State
		disabled delivery.Disabling
		attempts int
	}{
		{"taken", answers(204), "", delivery.Sent, "", 1},
		{"an error that passes", func(rw http.ResponseWriter, n int) { rw.WriteHeader(map[bool]int{true: 500, false: 200}[n < 3]) }, "", delivery.Sent, "", 3},
		{"an error that stays", answers(500), "", delivery.Dead, "", 8},
		{"refused", answers(400), "", delivery.Dead, "", 1},
		{"a redirect", func(rw http.ResponseWriter, _ int) { rw.Header().Set("Location", "/"); rw.WriteHeader(302) }, "", delivery.Dead, "", 1},
		{"gone", answers(410), "", delivery.Dead, delivery.DisabledGone, 1},
		{"a blocked address", nil, "https://10.0.0.1/hook", delivery.Dead, delivery.DisabledBlocked, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, crm)
			w.reply = tt.reply
			if tt.url != "" {
				w.conf.Endpoints[0].URL = tt.url
			}
			w.happens(created("a", monday))
			w.until(monday.Add(48 * time.Hour))
			m := w.messages()[0]
			if m.State != tt.state || m.Attempts != tt.attempts || m.Held != (tt.state == delivery.Dead) {
				t.Errorf("%s after %d attempts (held %t), wanted %s after %d", m.State, m.Attempts, m.Held, tt.state, tt.attempts)
			}
			state, err := w.table.EndpointState(t.Context(), us, "e1")
			if err != nil || state.Health.Disabled != tt.disabled {
				t.Errorf("disabled %q, %v; wanted %q", state.Health.Disabled, err, tt.disabled)
			}
			if told := len(w.mails) == 1; told != (tt.disabled != "") {
				t.Errorf("the owner has %d mails", len(w.mails))
			}
			if len(w.lines) != tt.attempts {
				t.Errorf("%d lines in the exchange log", len(w.lines))
			}
			for _, l := range w.lines {
				if strings.Contains(fmt.Sprint(l), first[6:]) || l.Direction != exchange.Outbound || l.OutputID != "e1" {
					t.Errorf("a line %+v", l)
				}
			}
		})
	}
}

func TestAttemptsOfOneMessageAreApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, crm)
	w.reply = answers(503)
	w.happens(created("a", monday))
	w.until(monday.Add(48 * time.Hour))
	var gaps []time.Duration
	all := w.server.got()
	for i, g := range all {
		if g.id() != all[0].id() {
			t.Errorf("attempt %d goes under another id", i+1)
		}
		if i > 0 {
			gaps = append(gaps, g.at.Sub(all[i-1].at))
		}
	}
	want := []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 10 * time.Hour}
	if len(gaps) != len(want) {
		t.Fatalf("pauses %v", gaps)
	}
	for i := range want {
		if gaps[i] < want[i] || gaps[i] > want[i]+time.Minute { // a timer may come a minute late
			t.Errorf("pause %d is %s, wanted %s", i+1, gaps[i], want[i])
		}
	}
}

func TestAnEndpointIsSentNoMoreThanItsRate(t *testing.T) {
	t.Parallel()
	e := crm
	e.PerSecond = 4
	w := newWorld(t, e)
	for i := range 40 {
		w.happens(created(fmt.Sprint(i), monday))
	}
	w.until(monday.Add(time.Minute))
	all := w.server.got()
	if len(all) != 40 {
		t.Fatalf("%d arrived", len(all))
	}
	for i := 4; i < len(all); i++ {
		if d := all[i].at.Sub(all[i-4].at); d < time.Second {
			t.Errorf("messages %d to %d within %s", i-4, i, d)
		}
	}
	if d := all[39].at.Sub(monday); d > 11*time.Second {
		t.Errorf("the last one only after %s", d)
	}
}

func TestARefusedReplayIsNotRepeatedForEver(t *testing.T) {
	t.Parallel()
	w := newWorld(t, crm)
	w.reply = answers(400)
	for i := range 30 {
		w.happens(created(fmt.Sprint("a", i), monday.Add(time.Duration(i)*time.Second)))
	}
	w.until(monday.Add(time.Hour))
	before := len(w.server.got())
	later, err := w.hooks.Replay(t.Context(), us, "e1", monday, w.clock())
	if err != nil {
		t.Fatal(err)
	}
	w.put(later...)
	w.until(monday.Add(3 * time.Hour))
	if n := len(w.server.got()) - before; n != 30 {
		t.Errorf("30 messages were replayed in %d requests", n)
	}
}

func TestAPeriodIsReplayedAndTheRestIsNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, crm)
	w.reply = func(rw http.ResponseWriter, n int) {
		if n == 1 {
			rw.WriteHeader(http.StatusGone)
		}
	}
	hours := func(n float64) time.Time { return monday.Add(time.Duration(n * float64(time.Hour))) }
	for i := range 5 {
		w.until(hours(float64(i)))
		w.happens(created(fmt.Sprint("a", i), hours(float64(i))))
	}
	w.until(hours(6))
	if _, err := w.hooks.Replay(t.Context(), us, "e1", hours(0), hours(6)); !errors.Is(err, subscribe.ErrDisabled) {
		t.Errorf("a disabled endpoint is sent something: %v", err)
	}
	if _, err := w.hooks.Enable(t.Context(), us, "e1", true, hours(3), hours(2)); !errors.Is(err, subscribe.ErrPeriod) {
		t.Errorf("a period that ends before it begins: %v", err)
	}
	if _, err := w.hooks.Enable(t.Context(), us, "e9", false, hours(3), hours(2)); !errors.Is(err, subscribe.ErrNotFound) {
		t.Errorf("an endpoint of nobody: %v", err)
	}
	events := func(from int) (ids []string) {
		for _, g := range w.server.got()[from:] {
			var body struct{ ID string }
			if err := json.Unmarshal(g.body, &body); err != nil {
				t.Fatal(err)
			}
			ids = append(ids, body.ID)
		}
		return ids
	}
	enable := func(replay bool, from, to time.Time) {
		later, err := w.hooks.Enable(t.Context(), us, "e1", replay, from, to)
		if err != nil {
			t.Fatal(err)
		}
		w.put(later...)
		w.until(w.clock().Add(time.Hour))
	}
	enable(false, time.Time{}, time.Time{})
	if got := events(1); len(got) != 0 {
		t.Errorf("dropped, but %q were sent", got)
	}
	enable(true, hours(1), hours(3))
	if got := events(1); !reflect.DeepEqual(got, []string{"a1", "a2"}) {
		t.Errorf("sent %q", got)
	}
	w.until(hours(14*24 + 2.5))
	enable(true, time.Time{}, time.Time{})
	if got := events(3); !reflect.DeepEqual(got, []string{"a3", "a4"}) {
		t.Errorf("after 14 days %q were sent", got)
	}
}

func TestOneMessageIsReplayedUnderItsId(t *testing.T) {
	t.Parallel()
	w := newWorld(t, crm)
	w.happens(created("a", monday))
	w.until(monday.Add(time.Minute))
	id := w.messages()[0].ID
	m, later, err := w.hooks.ReplayOne(t.Context(), us, "e1", id)
	if err != nil {
		t.Fatal(err)
	}
	w.put(later...)
	if _, _, err := w.hooks.ReplayOne(t.Context(), us, "e1", id); !errors.Is(err, subscribe.ErrUnderWay) {
		t.Errorf("replayed twice: %v", err)
	}
	w.until(monday.Add(2 * time.Minute))
	all := w.server.got()
	if len(all) != 2 || all[0].id() != all[1].id() || string(all[0].body) != string(all[1].body) || w.message(m.ID).ReplayOf != id {
		t.Errorf("%d requests, %+v", len(all), m.Delivery)
	}
	if _, _, err := w.hooks.ReplayOne(t.Context(), us, "e1", "nobody's"); !errors.Is(err, subscribe.ErrNotFound) {
		t.Error(err)
	}
}

func TestAnExampleIsSentOnceAndSaysNothingOfTheEndpoint(t *testing.T) {
	t.Parallel()
	w := newWorld(t, crm)
	w.reply = answers(410)
	w.happens(created("a", monday))
	w.until(monday.Add(time.Minute))
	before, err := w.table.EndpointState(t.Context(), us, "e1")
	if err != nil || !before.Disabled() {
		t.Fatal(before, err)
	}
	m, later, err := w.hooks.SendExample(t.Context(), us, "e1", "wish")
	if err != nil {
		t.Fatal(err)
	}
	w.put(later...)
	w.until(monday.Add(time.Hour))
	all := w.server.got()
	if len(all) != 2 || all[1].header.Get("X-Event") != "webhook.test" {
		t.Errorf("%d requests", len(all))
	}
	if m = w.message(m.ID); m.State != delivery.Dead || m.Held || !w.lines[1].Test {
		t.Errorf("%+v", m)
	}
	after, err := w.table.EndpointState(t.Context(), us, "e1")
	if err != nil || !reflect.DeepEqual(before, after) {
		t.Errorf("the endpoint was %+v and is %+v", before, after)
	}
}

func TestAMessageEndsWhereAPersonSwitchedItsEndpointOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, crm)
	w.reply = answers(503)
	w.happens(created("a", monday))
	w.until(monday.Add(time.Minute))
	n := len(w.server.got())
	w.conf.Endpoints[0].Active = false
	w.happens(created("b", monday))
	w.until(monday.Add(time.Hour))
	if m := w.messages(); len(m) != 1 || m[0].State != delivery.Cancelled || len(w.server.got()) != n {
		t.Errorf("%+v, %d requests more", m, len(w.server.got())-n)
	}
}

func TestNothingIsSentUnsigned(t *testing.T) {
	t.Parallel()
	w := newWorld(t, crm)
	w.conf.Endpoints[0].SigningRef = ""
	w.happens(created("a", monday))
	w.until(monday.Add(time.Minute))
	if m := w.messages()[0]; m.State != delivery.Dead || m.Reason != delivery.ConfigError || !m.Held || len(w.server.got()) != 0 {
		t.Errorf("%+v, %d requests", m.Delivery, len(w.server.got()))
	}
	next, err := w.rings.Rotate(t.Context(), us, "e1", "", 0, event.Actor{Kind: "user"})
	if err != nil {
		t.Fatal(err)
	}
	later, err := w.hooks.Replay(t.Context(), us, "e1", time.Time{}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	w.put(later...)
	w.until(monday.Add(time.Hour))
	if all := w.server.got(); len(all) != 1 || len(verifies(t, all[0], next.Reveal())) != 1 {
		t.Errorf("%d requests with the secret that it was given", len(all))
	}
}

func TestAnAlertIsSentUntilTheMailServiceTakesIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, crm)
	w.reply = answers(410)
	tries := 0
	w.mail = func(subscribe.Mail) error {
		if tries++; tries < 4 {
			return errDown
		}
		return nil
	}
	w.happens(created("a", monday))
	w.until(monday.Add(time.Hour))
	if len(w.mails) != 1 || tries != 4 {
		t.Fatalf("%d mails after %d tries", len(w.mails), tries)
	}
	m := w.mails[0]
	if !slices.Equal(m.To, []string{"technik@example.de"}) || !strings.Contains(m.Text, "410") || strings.Contains(m.Text, first) {
		t.Errorf("%+v", m)
	}
}

func TestTimersOfOthersWakeNobody(t *testing.T) {
	t.Parallel()
	for _, x := range []ledger.Timer{{Kind: ledger.OfCase, Name: "alert"}, {Kind: ledger.OfEndpoint, Name: "other"}} {
		if l, ok := subscribe.Woken(x.Kind, "e1", x.Name); ok {
			t.Errorf("%+v wakes for %+v", x, l)
		}
	}
}
