package scenarios_test

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/askpro/gateway/infra/local/stacktest"
	"github.com/askpro/gateway/infra/simulate/inbox"
	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/signing"
	"github.com/askpro/gateway/internal/subscribe"
	webhooks "github.com/askpro/gateway/internal/webhook"
)

// verifies tells which of the secrets a receiver would find a webhook signed with, by the reference library.
func verifies(t *testing.T, w inbox.Webhook, secrets ...string) (with []bool) {
	t.Helper()
	h := http.Header{}
	for name, value := range w.Headers {
		h.Set(name, value)
	}
	for _, secret := range secrets {
		reader, err := standard.NewWebhook(secret)
		if err != nil {
			t.Fatal(err)
		}
		with = append(with, reader.VerifyIgnoringTimestamp([]byte(w.Body), h) == nil)
	}
	return with
}

// drains lets a few seconds pass again and again, for what waits for its turn, until there is enough.
func drains(t *testing.T, s *stacktest.Stack, enough func() bool) {
	t.Helper()
	for range 60 {
		if enough() {
			return
		}
		stands(t, s, s.Clock(t).Add(4*time.Second))
	}
	t.Fatal("after four minutes something still waits for its turn")
}

func TestDeskScenario12EverySignatureVerifiesWhileASecretIsRotated(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	moveTo(t, s, "2026-11-24 10:00")
	c := opensDesk(t, s, false, hooking+itsEndpoint+"case.created.v1, delivery.sent.v1]}]\n")
	conf, err := c.Store().Desk(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	of := map[string]string{conf.Outputs[0].ID: conf.Outputs[0].Hook.SigningRef, conf.Endpoints[0].ID: conf.Endpoints[0].SigningRef}
	rings := &signing.Rings{
		Store: c.Store(), Secrets: lambdakit.NewSecrets(s.Env), Keys: []string{"ssm:/askpro/local/seal/key"}, Random: rand.Reader, Now: func() time.Time { return s.Clock(t) },
	}
	rotate := func(id string) (string, error) {
		next, err := rings.Rotate(t.Context(), c.ID, id, of[id], 0, event.Actor{Kind: "user", ID: "chef"})
		return next.Reveal(), err
	}

	const callers, each = 4, 5
	next := map[string]string{} // secret by what it signs for
	var busy sync.WaitGroup
	var filed atomic.Int32
	half := make(chan struct{})
	for range callers {
		busy.Go(func() {
			for range each {
				c.reports(t, nil)
				if filed.Add(1) == callers*each/2 {
					close(half)
				}
			}
		})
	}
	<-half // the other half is filed, and all of them are sent, around the rotation
	for id := range of {
		if next[id], err = rotate(id); err != nil {
			t.Error(err)
		}
	}
	rotated := s.Clock(t)
	busy.Wait()
	drains(t, s, func() bool { return len(c.got(t)) >= callers*each && len(c.heard(t)) >= 2*callers*each })

	// seen checks what came since it was last asked: whether the old and the new secret verify it.
	count := map[string]int{}
	seen := func(when string, right func(old, new bool) bool) {
		t.Helper()
		for id, list := range map[string][]inbox.Webhook{conf.Outputs[0].ID: c.got(t), conf.Endpoints[0].ID: c.heard(t)} {
			if len(list) == count[id] {
				t.Errorf("%s nothing came", when)
			}
			for _, w := range list[count[id]:] {
				if with := verifies(t, w, c.secret, next[id]); !right(with[0], with[1]) {
					t.Errorf("%s: %s verifies with old and new: %v", when, w.Path, with)
				}
			}
			count[id] = len(list)
		}
	}
	both := func(old, new bool) bool { return old && new }
	seen("during the rotation", func(old, new bool) bool { return old || new })
	one := func() {
		n := len(c.heard(t))
		c.reports(t, nil)
		s.Idle(t)
		drains(t, s, func() bool { return len(c.heard(t)) >= n+2 })
	}
	stands(t, s, rotated.Add(2*time.Minute)) // by now every process has read the new ring
	one()
	seen("in the window", both)
	for id := range of {
		if _, err := rotate(id); !errors.Is(err, webhooks.ErrRotating) {
			t.Errorf("a second rotation in the window: %v", err)
		}
	}
	stands(t, s, rotated.Add(24*time.Hour-time.Minute))
	one()
	seen("just before the window's end", both)
	stands(t, s, rotated.Add(24*time.Hour+time.Second))
	one()
	seen("after the window", func(old, new bool) bool { return new && !old })
	for id := range of {
		if _, err := rotate(id); err != nil {
			t.Errorf("a rotation after the window: %v", err)
		}
	}
	for id, ref := range of {
		look, err := rings.Look(t.Context(), c.ID, id, ref)
		if err != nil || look.PreviousUsed.Before(rotated.Add(24*time.Hour-2*time.Minute)) {
			t.Errorf("the last use of the secret of %s is %s, %v", id, look.PreviousUsed, err) // noted once an hour
		}
	}
	events, err := c.Store().EndpointEvents(t.Context(), c.ID, conf.Endpoints[0].ID)
	if err != nil || len(events) != 2 || events[0].Name != "webhook_endpoint.secret_rotated.v1" {
		t.Errorf("%+v, %v", events, err)
	}
}

// happens tells the endpoints of something, as the bus does.
func (c *helpdesk) happens(t *testing.T, id string, at time.Time) {
	t.Helper()
	e := event.CallStarted{Head: event.Head{ID: id, CompanyID: c.ID.String(), At: at, Sequence: 1}, CallID: "call_" + id}
	c.asks(t, e.Name(), e)
}

func TestDeskScenario13AnEndpointThatFailsForFiveDays(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	moveTo(t, s, "2026-11-24 10:00")
	c := opensDesk(t, s, false, hooking+itsEndpoint+`call.started.v1]}, {slug: wacht, description: Wache, url: "{inbox}/events/{slug}/wacht",
    signing_secret: "ssm:/askpro/local/webhook/{slug}/secret", event_types: ["webhook_endpoint.*"]}]`+"\n")
	conf, err := c.Store().Desk(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	crm := conf.Endpoints[slices.IndexFunc(conf.Endpoints, func(e output.Endpoint) bool { return e.Slug == "crm" })].ID
	c.answers(t, "events", map[string]any{"mode": "status", "status": 500})
	began := s.Clock(t)
	const starts, still, off = "Webhook „CRM“: Zustellungen schlagen fehl", "Webhook „CRM“: Seit drei Tagen keine Zustellung", "Webhook „CRM“ wurde abgeschaltet"
	const day = 24 * time.Hour
	early := 0
	for _, step := range []struct {
		after time.Duration
		heard []string
	}{
		{0, nil}, {time.Minute, nil}, {2 * time.Minute, []string{starts}}, // the third message in a row
		{3*day - time.Hour, []string{starts}}, {3*day + time.Hour, []string{starts, still}},
		{5*day - time.Hour, []string{starts, still}}, {5*day + time.Hour, []string{starts, still, off}},
	} {
		stands(t, s, began.Add(step.after))
		c.happens(t, fmt.Sprintf("early-%d", early), s.Clock(t))
		early++
		s.Idle(t)
		var subjects []string
		for _, m := range c.Mails(t, "alarm@"+c.Slug+".example") {
			subjects = append(subjects, m.Subject)
		}
		if !slices.Equal(subjects, step.heard) {
			t.Fatalf("after %v the owner has heard %q", step.after, subjects)
		}
	}
	var others []string
	for _, w := range received(t, s, "/events/"+c.Slug+"/wacht") {
		others = append(others, w.Headers["X-Event"])
	}
	if want := []string{"webhook_endpoint.failing.v1", "webhook_endpoint.failing.v1", "webhook_endpoint.disabled.v1"}; !slices.Equal(others, want) {
		t.Errorf("the other endpoint has heard %q", others)
	}

	const kept = 100
	before := len(c.heard(t))
	from := s.Clock(t)
	stands(t, s, from.Add(time.Hour))
	for i := range kept {
		c.happens(t, fmt.Sprintf("kept-%03d", i), from.Add(time.Duration(i)*10*time.Second))
	}
	s.Idle(t)
	stands(t, s, from.Add(2*day))
	if n := len(c.heard(t)); n != before {
		t.Fatalf("a disabled endpoint was sent %d messages", n-before)
	}

	if status := s.Do(t, http.MethodDelete, s.Mailbox("faults"), nil, nil, nil); status/100 != 2 {
		t.Fatal(status)
	}
	hooks := &subscribe.Webhooks{Store: c.Store(), Configured: c.Store(), Now: func() time.Time { return s.Clock(t) }}
	later, err := hooks.Enable(t.Context(), c.ID, crm, true, time.Time{}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range later {
		c.asks(t, l.Kind, l.Body)
	}
	s.Idle(t)
	arrived := map[string]string{} // message by event
	order := map[string]int{}
	drains(t, s, func() bool {
		for _, w := range c.heard(t)[before:] {
			var body struct{ ID string }
			if err := json.Unmarshal([]byte(w.Body), &body); err != nil {
				t.Fatal(err)
			}
			if m, twice := arrived[body.ID]; twice && m != w.Headers["Webhook-Id"] {
				t.Fatalf("%s arrived as %s and as %s", body.ID, m, w.Headers["Webhook-Id"])
			} else if !twice {
				order[body.ID] = len(order)
			}
			if arrived[body.ID] = w.Headers["Webhook-Id"]; w.Signature != inbox.Valid {
				t.Fatalf("%s: its signature is %s", body.ID, w.Signature)
			}
		}
		return len(arrived) >= kept+early
	})
	halves := [2]int{} // two are under way at a time, and one may overtake another; all in all the older ones come first
	for i := range kept {
		halves[i*2/kept] += order[fmt.Sprintf("kept-%03d", i)]
	}
	if halves[0] >= halves[1] {
		t.Errorf("the kept events did not set out in the order in which they happened: places %v", halves)
	}
	messages, err := c.Store().EndpointMessages(t.Context(), c.ID, crm, "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]int{}
	for _, m := range messages {
		if m.ReplayOf == "" {
			made[m.EventID]++
		}
		if m.State != delivery.Sent && m.State != delivery.Dead {
			t.Errorf("%s is %s", m.EventID, m.State)
		}
	}
	for id, n := range made {
		if n != 1 {
			t.Errorf("%s was made %d times", id, n)
		}
	}
	if len(made) != kept+early {
		t.Errorf("%d messages of %d events", len(made), kept+early)
	}
	state, err := c.Store().EndpointState(t.Context(), c.ID, crm)
	if err != nil || state.Disabled() || !state.Replay.IsZero() {
		t.Errorf("%+v, %v", state, err)
	}
	survives(t, s, "work-gateway", 200<<20)
}

// hostile are addresses that lead into private networks, or hide where they lead; {port} is where this test listens.
var hostile = []string{
	"https://127.1/x", "https://127.1:{port}/x", "https://0x7f000001/x", "https://0x7f000001:{port}/x", "https://2130706433/x",
	"https://[::ffff:169.254.169.254]/latest/meta-data", "https://[::ffff:127.0.0.1]:{port}/x", "https://user@127.0.0.1/x", "https://hooks.example.com@127.0.0.1:{port}/x",
	"https://１２７.0.0.1/x", "https://ⓛocalhost/x", "https://drucker.local/x", "https://metadata.google.internal/x", "http://127.0.0.1:{port}/x",
}

// TestDeskScenario14NothingIsSavedOrSentThatLeadsIntoAPrivateNetwork: names that resolve to private addresses, and change
// between the look-up and the call, are package outside's test, which has name servers of its own.
func TestDeskScenario14NothingIsSavedOrSentThatLeadsIntoAPrivateNetwork(t *testing.T) {
	t.Parallel()
	s := stacktest.Shared(t)
	witness, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var dialled atomic.Int32
	go func() {
		for {
			caller, err := witness.Accept()
			if err != nil {
				return // the test is over
			}
			dialled.Add(1)
			_ = caller.Close()
		}
	}()
	t.Cleanup(func() { _ = witness.Close() })
	_, port, _ := net.SplitHostPort(witness.Addr().String())
	for _, url := range hostile {
		t.Run(url, func(t *testing.T) {
			t.Parallel()
			url := strings.ReplaceAll(url, "{port}", port)
			c := opensDesk(t, s, false, hooking+itsEndpoint+"case.created.v1]}]\n")
			for field, edit := range map[string][2]string{
				"outputs.ziel.hook.url":   {`"{inbox}/webhooks/` + c.Slug + `"`, `"` + url + `"`},
				"endpoints.crm.url":       {`"{inbox}/events/` + c.Slug + `"`, `"` + url + `"`},
				"gateway.alert_slack_url": {"alert_emails:", `alert_slack_url: "` + url + `", alert_emails:`},
				"sla.rules.X.actions":     {"  outputs:", `  sla: {rules: [{slug: x, name: X, trigger: resolution_breach, actions: [{kind: webhook, url: "` + url + `"}]}]}` + "\n  outputs:"},
			} {
				c.refuses(t, field, edit[0], edit[1])
			}

			conf, err := c.Store().Desk(t.Context(), c.ID)
			if err != nil {
				t.Fatal(err)
			}
			conf.Outputs[0].Hook.URL, conf.Endpoints[0].URL, conf.Gateway.AlertSlack = url, url, url
			if err := c.Store().SaveDesk(t.Context(), c.ID, conf, c.By()); err != nil {
				t.Fatal(err)
			}
			_, id := c.reports(t, nil)
			s.Idle(t)
			if d := c.way(t, id, first); d.State != delivery.Dead || d.Reason != delivery.BlockedByUs || d.Attempts != 1 {
				t.Errorf("%+v", d)
			}
			if conf, err = c.Store().Desk(t.Context(), c.ID); err != nil || conf.Outputs[0].Disabled != delivery.DisabledBlocked {
				t.Errorf("the output: %q, %v", conf.Outputs[0].Disabled, err)
			}
			if state, err := c.Store().EndpointState(t.Context(), c.ID, conf.Endpoints[0].ID); err != nil || state.Health.Disabled != delivery.DisabledBlocked {
				t.Errorf("the endpoint: %+v, %v", state.Health, err)
			}
			lines, err := c.Store().Exchanges(t.Context(), c.ID, c.Clock(t), 100)
			if err != nil || len(lines) != 3 { // the output's, the endpoint's, Slack's
				t.Errorf("%d lines in the exchange log, %v", len(lines), err)
			}
			for _, l := range lines {
				if l.Class != delivery.BlockedAddress || l.Status != 0 || strings.Contains(l.Message, "127.0.0.1") || strings.Contains(l.Message, "169.254") {
					t.Errorf("%+v", l)
				}
			}
			if letters := c.Mails(t, "alarm@"+c.Slug+".example"); len(letters) != 2 {
				t.Errorf("%d alerts", len(letters))
			}
		})
	}
	t.Run("a redirect", func(t *testing.T) {
		t.Parallel()
		c := opensDesk(t, s, false, hooking)
		c.answers(t, "webhooks", map[string]any{"mode": "redirect", "headers": map[string]string{"Location": "http://127.0.0.1:" + port + "/x"}})
		_, id := c.reports(t, nil)
		s.Idle(t)
		if d := c.way(t, id, first); d.State != delivery.Dead || d.LastErrorClass != delivery.RedirectRefused {
			t.Errorf("%+v", d)
		}
	})
	t.Cleanup(func() {
		if n := dialled.Load(); n != 0 {
			t.Errorf("the private network was dialled %d times", n)
		}
	})
}

// refuses loads the company's file with something else in it, which must not be taken.
func (c *helpdesk) refuses(t *testing.T, field, old, changed string) {
	t.Helper()
	as, edit := *c.Company, c.Edit
	as.Edit = func(file string) string {
		text := edit(file)
		if strings.Count(text, old) != 1 {
			t.Fatalf("%s: the file names %q %d times", field, old, strings.Count(text, old))
		}
		return strings.Replace(text, old, changed, 1)
	}
	if why := as.Refused(t); !strings.Contains(why, "desk, "+field+": blocked_address") {
		t.Errorf("%s: %s", field, why)
	}
}
