package dispatch_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/webhook"
)

// TestKilledAnywhereNothingIsLostAndNothingIsPlannedTwice walks through a case's whole way out, and lets each operation of
// it go wrong once: before it did anything, and after it did everything. What was interrupted comes again.
func TestKilledAnywhereNothingIsLostAndNothingIsPlannedTwice(t *testing.T) {
	t.Parallel()
	for _, way := range []struct {
		name    string
		answers []int // of the webhook, the last one for ever
		mails   []string
		states  map[delivery.State]int
		summary delivery.Summary
	}{
		{"partial at the deadline, completed by updates", []int{200}, []string{"it@kunde.example/created", "it@kunde.example/updated"}, map[delivery.State]int{delivery.Sent: 4}, delivery.AllSent},
		{"the webhook says no for good", []int{404}, []string{"it@kunde.example/created", "it@kunde.example/updated", "notfall@kunde.example/created", "notfall@kunde.example/updated"}, map[delivery.State]int{delivery.Sent: 4, delivery.Dead: 1}, delivery.PartlyFailed},
	} {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			ops := 0
			for fault := 0; fault <= ops; fault++ {
				w, r := receives(t, status(way.answers[0], `{"id":"IT-7"}`))
				o := both("it@kunde.example", r.URL)
				o.Mail.Fallback = []string{"notfall@kunde.example"}
				w.save(o)
				w.callable()
				w.faultAt = fault
				w.created()
				w.run(t, noon.Add(300*time.Second))
				w.enrich()
				w.run(t, noon.Add(2*time.Hour))
				if fault == 0 {
					ops = w.ops
				}
				w.check(t, fmt.Sprintf("fault at %d of %d", fault, ops), r, way.mails, way.states, way.summary)
				r.Close()
				if t.Failed() {
					return
				}
			}
			if ops < 50 {
				t.Errorf("only %d operations: the walk has seen too little", ops)
			}
		})
	}
}

func (w *world) check(t *testing.T, when string, r *receiver, mails []string, states map[delivery.State]int, summary delivery.Summary) {
	t.Helper()
	ids := map[string]string{} // message id by delivery, however often it was sent
	for _, g := range r.all() {
		id := g.header.Get("x-delivery-id")
		if known, ok := ids[id]; ok && known != g.id() {
			t.Errorf("%s: delivery %s under two message ids", when, id)
		}
		ids[id] = g.id()
	}
	byState := map[delivery.State]int{}
	for _, d := range append(w.of(delivery.Email), w.of(delivery.Webhook)...) {
		byState[d.State]++
		if d.State == delivery.Sent && d.Channel == delivery.Webhook && ids[d.ID] == "" {
			t.Errorf("%s: sent, and nobody got it: %+v", when, d)
		}
	}
	if fmt.Sprint(byState) != fmt.Sprint(states) {
		t.Errorf("%s: %v, not %v", when, byState, states)
	}
	letters := map[string]string{}
	alerts := 0
	for _, l := range w.letters {
		kind := "created"
		if strings.Contains(l.Text, "ergänzt") {
			kind = "updated"
		}
		if l.To == "alarm@kunde.example" {
			alerts++
			continue
		}
		if known, ok := letters[l.To+"/"+kind]; ok && known != l.Key {
			t.Errorf("%s: %s under two Message-IDs", when, l.To)
		}
		letters[l.To+"/"+kind] = l.Key
	}
	for _, m := range mails {
		if letters[m] == "" {
			t.Errorf("%s: no mail %s", when, m)
		}
	}
	if len(letters) != len(mails) || (alerts > 0) != (states[delivery.Dead] > 0) {
		t.Errorf("%s: mails %v, %d alerts", when, letters, alerts)
	}
	if c := w.cases[caseID]; c.Delivered != summary || summary == delivery.AllSent && (len(c.References) != 1 || c.References[0].Value != "IT-7") {
		t.Errorf("%s: %s, %v", when, c.Delivered, c.References)
	}
	seen := map[string]bool{}
	for _, e := range w.events {
		id := fmt.Sprintf("%+v", e)
		if seen[id] {
			t.Errorf("%s: told twice: %s", when, e.Name())
		}
		seen[id] = true
	}
}

func TestEverySignatureVerifiesWithWhatTheReceiverKnowsAlsoDuringARotation(t *testing.T) {
	t.Parallel()
	secret := func(b byte) webhook.Secret {
		s, err := webhook.ParseSecret("whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat(string(b), 32))))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	old, next := secret('a'), secret('b')
	for _, tt := range []struct {
		name    string
		rotated time.Duration // before the messages; 0: never
		knows   webhook.Secret
		ok      bool
	}{
		{"no rotation", 0, old, true},
		{"a receiver that still has the old one", time.Hour, old, true},
		{"a receiver that has changed over", time.Hour, next, true},
		{"after the window the old one is over", 25 * time.Hour, old, false},
		{"after the window, the new one", 25 * time.Hour, next, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, r := receives(t, status(500, ""))
			o := hooks(r.URL)
			o.Hook.SigningRef, o.Hook.Auth.Type = "ssm:/x", webhook.AuthHMAC
			w.save(o)
			ring := webhook.Ring{Current: old}
			if tt.rotated > 0 {
				var err error
				if ring, err = ring.Rotate(next, 24*time.Hour, noon.Add(-tt.rotated)); err != nil {
					t.Fatal(err)
				}
			}
			w.rings["out"] = ring
			w.created()
			w.run(t, noon.Add(time.Hour))
			if len(r.all()) != 4 || len(w.used) != 4 || w.used[0] != "out ssm:/x" {
				t.Fatalf("%d requests, signed by %v", len(r.all()), w.used)
			}
			verifier, err := standard.NewWebhook(tt.knows.Reveal())
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range r.all() {
				if err := verifier.VerifyIgnoringTimestamp([]byte(g.body), g.header); (err == nil) != tt.ok {
					t.Errorf("%v", err)
				}
			}
		})
	}
}

func TestTwoWorkersNeverMakeTheSameAttempt(t *testing.T) {
	t.Parallel()
	w, r := receives(t, status(200, ""))
	w.save(hooks(r.URL))
	dues, err := w.Plan(t.Context(), us, caseID)
	if err != nil || len(dues) != 1 {
		t.Fatalf("%v, %v", dues, err)
	}
	done := make(chan error)
	for range 8 {
		go func() {
			_, err := w.Attempt(context.Background(), us, caseID, dues[0].DeliveryID)
			done <- err
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if d := one(t, w.of(delivery.Webhook)); len(r.all()) != 1 || d.State != delivery.Sent || d.Attempts != 1 {
		t.Errorf("%d requests, %+v", len(r.all()), d)
	}
}

func TestAWorkerThatDiesGivesItsAttemptBackAfterItsTime(t *testing.T) {
	t.Parallel()
	w, r := receives(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	r.become(func(rw http.ResponseWriter, req *http.Request) { // the receiver books, and then the worker is gone
		w.mu.Lock()
		w.faultAt = w.ops + 2 // the outcome is never written
		w.mu.Unlock()
		rw.WriteHeader(200)
	})
	w.save(hooks(r.URL))
	dues, err := w.Plan(ctx, us, caseID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Attempt(ctx, us, caseID, dues[0].DeliveryID); err == nil {
		t.Fatal("the worker survived")
	}
	cancel()
	d := one(t, w.of(delivery.Webhook))
	if d.State != delivery.Sending || !d.ClaimEnd.Equal(noon.Add(60*time.Second)) {
		t.Fatalf("%+v", d)
	}
	due, err := w.Attempt(t.Context(), us, caseID, d.ID)
	if err != nil || !due.At.Equal(d.ClaimEnd) {
		t.Fatalf("asked too early: %v, %v", due, err)
	}
	r.become(status(200, ""))
	w.give("delivery.attempt", map[string]string{"case_id": caseID, "delivery_id": d.ID})
	w.run(t, noon.Add(time.Hour))
	if d = one(t, w.of(delivery.Webhook)); d.State != delivery.Sent || d.Attempts != 2 || len(r.all()) != 2 || r.all()[0].id() != r.all()[1].id() {
		t.Errorf("%+v, %d requests", d, len(r.all()))
	}
}

func TestASilentReceiverIsATimeout(t *testing.T) {
	t.Parallel()
	w, r := receives(t, nil)
	release := make(chan struct{})
	defer close(release)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r.become(func(http.ResponseWriter, *http.Request) { cancel(); <-release })
	w.save(hooks(r.URL))
	dues, err := w.Plan(t.Context(), us, caseID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Attempt(ctx, us, caseID, dues[0].DeliveryID); err != nil {
		t.Fatal(err)
	}
	if d := one(t, w.of(delivery.Webhook)); d.State != delivery.Retrying || d.Attempts != 1 || !d.NextAt.Equal(noon.Add(time.Minute)) {
		t.Errorf("%+v", d)
	}
}

func TestAConflictWithSomebodyWhoWorksOnTheCaseLosesNothing(t *testing.T) {
	t.Parallel()
	w, r := receives(t, status(200, `{"key":"IT-9"}`))
	w.save(hooks(r.URL))
	w.refuse = map[string]int{"case": 3, "delivery": 2}
	w.created()
	w.run(t, noon.Add(time.Hour))
	c := w.cases[caseID]
	if len(r.all()) != 1 || c.Delivered != delivery.AllSent || len(c.References) != 1 || c.References[0] != (desk.Reference{OutputID: "out", Value: "IT-9"}) {
		t.Errorf("%d requests, %s, %v", len(r.all()), c.Delivered, c.References)
	}
}
