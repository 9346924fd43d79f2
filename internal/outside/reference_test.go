package outside_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/preset"
	"github.com/askpro/gateway/internal/webhook"
)

// A receiver written with the reference library, as a partner would: it knows one secret at a time, changes it in the
// middle of the rotation, and drops what it has seen. Every delivery verifies, over real sockets, also the repeated ones.
func TestAReceiverWithTheReferenceLibraryTakesEveryDelivery(t *testing.T) {
	t.Parallel()
	secret := func() webhook.Secret {
		s, err := webhook.NewSecret(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	old, next := secret(), secret()
	var knows atomic.Pointer[webhook.Secret]
	knows.Store(&old)
	var refused, repeated atomic.Int64
	var mu sync.Mutex
	seen := map[string]bool{}
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		verifier, err := standard.NewWebhook(knows.Load().Reveal())
		if err != nil || verifier.VerifyIgnoringTimestamp(body, r.Header) != nil {
			refused.Add(1)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		mu.Lock()
		again := seen[r.Header.Get("webhook-id")]
		seen[r.Header.Get("webhook-id")] = true
		mu.Unlock()
		if again {
			repeated.Add(1)
		} else if r.Header.Get("X-Attempt") == "1" && len(body)%2 == 0 { // took it, and the answer is lost
			panic(http.ErrAbortHandler)
		}
		fmt.Fprintf(w, `{"id":"IT-%s"}`, r.Header.Get("X-Delivery-Id"))
	}))
	t.Cleanup(receiver.Close)

	generic, _ := preset.Named("generic")
	rendering, err := generic.Ready(preset.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	s := newLocal(receiver.URL)
	ring := webhook.Ring{Current: old}
	deliver := func(n int, now time.Time) {
		v := preset.Sample(now)
		v["event.sequence"], v["case.description"] = n, fmt.Sprintf("%0*d", n%7, n) // bodies of both lengths
		body, _, err := rendering.Render(v, nil)
		if err != nil {
			t.Fatal(err)
		}
		d := delivery.Plan(delivery.Order{ID: fmt.Sprint(n), Kind: delivery.Created, Channel: delivery.Webhook, Profile: delivery.Fast, MessageID: fmt.Sprintf("msg_%d", n)}, now)
		for !d.Final() {
			at := d.NextAt
			if d, err = d.Take("w", time.Minute, at); err != nil {
				t.Fatal(err)
			}
			m := webhook.Message{ID: d.MessageID, DeliveryID: d.ID, Event: preset.TestEvent, Reference: "TKT-2026-00042", Attempt: d.Attempts, Body: body}
			h, err := webhook.Headers(m, webhook.Signing{Ring: ring, Legacy: true}, webhook.Auth{Type: webhook.AuthHMAC}, nil, at)
			if err != nil {
				t.Fatal(err)
			}
			a := s.Send(context.Background(), delivery.Request{URL: receiver.URL, Header: h, Body: body})
			if d, err = d.Settle("w", delivery.Judge(a, delivery.Judging{Semantic: true, ReferencePath: generic.ReferencePath}, at), 0.5, at); err != nil {
				t.Fatal(err)
			}
		}
		if d.State != delivery.Sent || d.ExternalReference != "IT-"+d.ID {
			t.Errorf("message %d, %s after the start: %s, %s", n, now.Sub(noon), d.State, d.LastErrorClass)
		}
	}
	for n := range 120 { // a message every half hour, the last ones on the third day
		now := noon.Add(time.Duration(n) * 30 * time.Minute)
		switch n {
		case 20:
			if ring, err = ring.Rotate(next, 24*time.Hour, now); err != nil {
				t.Fatal(err)
			}
		case 50: // 15 hours later the receiver changes over
			knows.Store(&next)
		}
		deliver(n, now)
	}
	if refused.Load() > 0 || len(seen) != 120 || repeated.Load() == 0 {
		t.Errorf("%d refused, %d different ones, %d repeated", refused.Load(), len(seen), repeated.Load())
	}
}
