package calcom

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"time"
)

// tell sends a webhook of a change, as Cal.com does: at once, without waiting, never again. Called with s.mu held.
func (s *Server) tell(trigger string, b, old *booking) {
	if s.hushed {
		return
	}
	times, wait := 1, time.Duration(0)
	if f := s.faults.match("webhook", b.account.slug); f != nil {
		switch f.Mode {
		case "drop":
			return
		case "duplicate": // a subscription of the user, one of the event type, one of the team
			times = 3
		case "delay":
			wait = time.Duration(f.MS) * time.Millisecond
		}
	}
	body := s.envelope(trigger, payload(trigger, b, old))
	for range times {
		s.send(b.account, body, wait)
	}
}

// envelope is what all BOOKING_* triggers and PING have around their payload; createdAt is when it is sent.
func (s *Server) envelope(trigger string, payload any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)       // JSON.stringify does not either
	_ = e.Encode(map[string]any{ // maps of plain values always encode
		"triggerEvent": trigger, "createdAt": s.now().Format(stamp), "payload": payload,
	})
	return bytes.TrimSpace(b.Bytes())
}

// Webhook is one as it would be posted; it is of the company with this slug.
type Webhook struct {
	Company string
	Body    []byte
}

// send posts a body, signed, in the background. Called with s.mu held.
func (s *Server) send(a *account, body []byte, wait time.Duration) {
	if s.Take != nil {
		s.Take(Webhook{a.slug, body})
		return
	}
	s.webhooks++
	signature := "no-secret-provided"
	if a.secret != "" {
		mac := hmac.New(sha256.New, []byte(a.secret))
		mac.Write(body)
		signature = hex.EncodeToString(mac.Sum(nil))
	}
	go func() {
		defer func() {
			s.mu.Lock()
			s.webhooks--
			s.mu.Unlock()
		}()
		if wait > 0 {
			<-time.After(wait)
		}
		req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, s.Deliver+"/webhooks/calcom/"+a.route, bytes.NewReader(body))
		if err != nil {
			return
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-Cal-Signature-256", signature)
		req.Header.Set("X-Cal-Webhook-Version", "2021-10-20")
		if resp, err := s.http.Do(req); err == nil {
			_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20)) // so that the connection is used again
			resp.Body.Close()                                            // whatever it answers: Cal.com does not repeat
		}
	}()
}
