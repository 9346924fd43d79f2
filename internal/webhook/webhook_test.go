package webhook_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"pgregory.net/rapid"

	"github.com/askpro/gateway/internal/webhook"
)

var noon = time.Date(2026, 11, 24, 11, 0, 0, 0, time.UTC)

func secret(t testing.TB) webhook.Secret {
	s, err := webhook.NewSecret(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func parse(t testing.TB, text string) webhook.Secret {
	s, err := webhook.ParseSecret(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The vector that the standard's libraries share, in Go, PHP, Python, Ruby, JavaScript.
func TestTheOfficialVector(t *testing.T) {
	t.Parallel()
	s := parse(t, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	got, err := webhook.Sign([]webhook.Secret{s}, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; err != nil || got != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}

// sum is the standard's sentence in code, without the library: v1,<base64 HMAC-SHA256 of "{id}.{timestamp}.{body}">.
func sum(t testing.TB, s webhook.Secret, id string, at time.Time, body []byte) string {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(s.Reveal(), "whsec_"))
	if err != nil {
		t.Fatal(err)
	}
	h := hmac.New(sha256.New, key)
	fmt.Fprintf(h, "%s.%d.%s", id, at.Unix(), body)
	return "v1," + base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// verifies asks the reference library as a receiver that knows one secret.
func verifies(t testing.TB, s webhook.Secret, h http.Header, body []byte) bool {
	t.Helper()
	w, err := standard.NewWebhook(s.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	return w.VerifyIgnoringTimestamp(body, h) == nil // it asks the machine's clock; here the clock is virtual
}

func TestASecretIsOfTheStandardAndHidesItself(t *testing.T) {
	t.Parallel()
	s := secret(t)
	if again := parse(t, s.Reveal()); again != s {
		t.Error("does not read back")
	}
	if s == secret(t) {
		t.Error("two secrets are the same")
	}
	key := s.Reveal()[len("whsec_") : len(s.Reveal())-6]
	for _, shown := range []string{s.String(), fmt.Sprintf("%v %+v %#v", s, webhook.Ring{Current: s}, webhook.Ring{Current: s}), s.Last4()} {
		if strings.Contains(shown, key) || strings.Contains(shown, s.Reveal()) {
			t.Errorf("shown: %s", shown)
		}
	}
	if shown := fmt.Sprintf("%+v %#v", webhook.Auth{Type: "basic", User: "u", Password: "geheim"}, webhook.Auth{Token: "geheim"}); strings.Contains(shown, "geheim") {
		t.Errorf("credentials are shown: %s", shown)
	}
	bytes32 := base64.StdEncoding.EncodeToString(make([]byte, 32))
	for text, good := range map[string]bool{
		"whsec_" + bytes32: true, "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 24)): true, "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 64)): true,
		bytes32: false, "": false, "whsec_": false, "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 23)): false, "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 65)): false,
		"whsec_" + bytes32[:20] + "\n" + bytes32[20:]: false, "whsec_" + strings.TrimRight(bytes32, "="): false, "whsec_ümlaut": false,
	} {
		if _, err := webhook.ParseSecret(text); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Scenario 12: under load, every message verifies with the old and with the new secret for 24 h, then only with the new.
func TestRotationUnderLoad(t *testing.T) {
	t.Parallel()
	old, next := secret(t), secret(t)
	ring, err := webhook.Ring{}.Rotate(old, 0, noon)
	if err != nil {
		t.Fatal(err)
	}
	rotated := noon.Add(time.Hour)
	if ring, err = ring.Used(noon).Rotate(next, 0, rotated); err != nil {
		t.Fatal(err)
	}
	for i := range 2000 {
		now := rotated.Add(time.Duration(i) * time.Minute)
		body := fmt.Appendf(nil, `{"n":%d}`, i)
		m := webhook.Message{ID: fmt.Sprintf("msg_%d", i), DeliveryID: "d", Event: "case.created.v1", Attempt: 1, Body: body}
		h, err := webhook.Headers(m, webhook.Signing{Ring: ring}, webhook.Auth{Type: webhook.AuthHMAC}, nil, now)
		if err != nil {
			t.Fatal(err)
		}
		inside := now.Before(rotated.Add(24 * time.Hour))
		if !verifies(t, next, h, body) || verifies(t, old, h, body) != inside {
			t.Fatalf("after %s: new %v, old %v", now.Sub(rotated), verifies(t, next, h, body), verifies(t, old, h, body))
		}
		if verifies(t, next, h, append(body, ' ')) {
			t.Fatal("a changed body verifies")
		}
		if _, err := ring.Rotate(secret(t), 0, now); errors.Is(err, webhook.ErrRotating) != inside {
			t.Fatalf("a second rotation after %s: %v", now.Sub(rotated), err)
		}
		ring = ring.Used(now)
	}
	if !ring.PreviousUsed.Equal(rotated.Add(24*time.Hour-time.Minute)) || !ring.CurrentUsed.Equal(rotated.Add(1999*time.Minute)) {
		t.Errorf("last used: %s, %s", ring.PreviousUsed, ring.CurrentUsed)
	}
}

func TestARotationsWindowAndItsEarlyEnd(t *testing.T) {
	t.Parallel()
	ring := webhook.Ring{Current: secret(t)}
	for window, good := range map[time.Duration]bool{0: true, time.Hour: true, 72 * time.Hour: true, 59 * time.Minute: false, 73 * time.Hour: false, -time.Hour: false} {
		if _, err := ring.Rotate(secret(t), window, noon); errors.Is(err, webhook.ErrWindow) == good {
			t.Errorf("%s: %v", window, err)
		}
	}
	rotating, err := ring.Rotate(secret(t), 72*time.Hour, noon)
	if err != nil || len(rotating.Signing(noon)) != 2 {
		t.Fatalf("%v", err)
	}
	revoked := rotating.Revoke()
	if s := revoked.Signing(noon); len(s) != 1 || s[0] != rotating.Current {
		t.Errorf("after revoking: %v", s)
	}
	if _, err := revoked.Rotate(secret(t), 0, noon); err != nil {
		t.Errorf("rotating after revoking: %v", err)
	}
	if s := (webhook.Ring{}).Signing(noon); s != nil {
		t.Errorf("an empty ring signs with %v", s)
	}
}

func TestTheHeadersOfAMessage(t *testing.T) {
	t.Parallel()
	s := parse(t, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	m := webhook.Message{ID: "msg_1", DeliveryID: "01D", Event: "service_case.created", Reference: "TKT-2026-00042", Attempt: 2, Body: []byte(`{"a":1}`)}
	h, err := webhook.Headers(m, webhook.Signing{Ring: webhook.Ring{Current: s}, Legacy: true}, webhook.Auth{Type: webhook.AuthBasic, User: "askpro", Password: "a:b"},
		[]webhook.Header{{"X-Team", "IT"}}, noon)
	if err != nil {
		t.Fatal(err)
	}
	legacy := hmac.New(sha256.New, []byte(s.Reveal()))
	legacy.Write(m.Body)
	for name, want := range map[string]string{
		"Content-Type": "application/json", "User-Agent": "AskPro-Webhooks/1.0", "webhook-id": "msg_1", "webhook-timestamp": strconv.FormatInt(noon.Unix(), 10),
		"webhook-signature": sum(t, s, "msg_1", noon, m.Body), "X-Ticket-Reference": "TKT-2026-00042", "X-Event": "service_case.created", "X-Delivery-Id": "01D",
		"X-Attempt": "2", "X-Signature": hex.EncodeToString(legacy.Sum(nil)), "Authorization": "Basic YXNrcHJvOmE6Yg==", "X-Team": "IT",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if len(h) != 12 {
		t.Errorf("%d headers: %v", len(h), h)
	}
}

func TestCredentialsAreShownAsTheReceiverWantsThem(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		auth       webhook.Auth
		name, want string
	}{
		{webhook.Auth{Type: webhook.AuthNone}, "Authorization", ""},
		{webhook.Auth{Type: webhook.AuthBearer, Token: "t"}, "Authorization", "Bearer t"},
		{webhook.Auth{Type: webhook.AuthAPIKey, Token: "t"}, "X-Api-Key", "t"},
		{webhook.Auth{Type: webhook.AuthAPIKey, Token: "Token t", Header: "authorization"}, "Authorization", "Token t"},
	} {
		h, err := webhook.Headers(webhook.Message{ID: "m"}, webhook.Signing{}, tt.auth, nil, noon)
		if err != nil || h.Get(tt.name) != tt.want || h.Get("webhook-signature") != "" {
			t.Errorf("%s: %v, %v", tt.auth.Type, h, err)
		}
	}
}

// During a rotation the header that can carry only one signature keeps the old secret until its end or its revocation.
func TestTheLegacySignatureKeepsTheOldSecretUntilTheEnd(t *testing.T) {
	t.Parallel()
	old, next := secret(t), secret(t)
	ring, err := webhook.Ring{Current: old}.Rotate(next, time.Hour, noon)
	if err != nil {
		t.Fatal(err)
	}
	legacy := func(r webhook.Ring, now time.Time) string {
		h, err := webhook.Headers(webhook.Message{ID: "m", Body: []byte("x")}, webhook.Signing{Ring: r, Legacy: true}, webhook.Auth{}, nil, now)
		if err != nil {
			t.Fatal(err)
		}
		return h.Get("X-Signature")
	}
	before, after := legacy(webhook.Ring{Current: old}, noon), legacy(webhook.Ring{Current: next}, noon)
	for _, tt := range []struct {
		name string
		ring webhook.Ring
		now  time.Time
		want string
	}{{"inside the window", ring, noon, before}, {"after it", ring, noon.Add(time.Hour), after}, {"revoked", ring.Revoke(), noon, after}} {
		if got := legacy(tt.ring, tt.now); got != tt.want {
			t.Errorf("%s: %s", tt.name, got)
		}
	}
}

func TestExtraHeadersThatAreRefused(t *testing.T) {
	t.Parallel()
	bearer := webhook.Auth{Type: webhook.AuthBearer, Token: "t"}
	many := make([]webhook.Header, 21)
	for i := range many {
		many[i] = webhook.Header{Name: fmt.Sprintf("X-%d", i), Value: "x"}
	}
	for _, tt := range []struct {
		name  string
		auth  webhook.Auth
		extra []webhook.Header
		code  string // empty: taken
	}{
		{"one of their own", bearer, []webhook.Header{{"X-Team", "IT"}}, ""},
		{"Authorization without an auth type", webhook.Auth{Type: webhook.AuthNone}, []webhook.Header{{"Authorization", "Token x"}}, ""},
		{"Authorization with one", bearer, []webhook.Header{{"authorization", "x"}}, "reserved"},
		{"Authorization with hmac", webhook.Auth{Type: webhook.AuthHMAC}, []webhook.Header{{"Authorization", "x"}}, "reserved"},
		{"the signature", bearer, []webhook.Header{{"WEBHOOK-SIGNATURE", "v1,x"}}, "reserved"},
		{"the old signature", bearer, []webhook.Header{{"x-signature", "x"}}, "reserved"},
		{"the host", bearer, []webhook.Header{{"hOst", "127.0.0.1"}}, "reserved"},
		{"the length", bearer, []webhook.Header{{"Content-Length", "0"}}, "reserved"},
		{"the encoding", bearer, []webhook.Header{{"transfer-encoding", "chunked"}}, "reserved"},
		{"the connection", bearer, []webhook.Header{{"Connection", "close"}}, "reserved"},
		{"TE", bearer, []webhook.Header{{"TE", "trailers"}}, "reserved"},
		{"a line break in the value", bearer, []webhook.Header{{"X-A", "b\r\nX-C: d"}}, "value"},
		{"a NUL in the value", bearer, []webhook.Header{{"X-A", "\x00"}}, "value"},
		{"a line break in the name", bearer, []webhook.Header{{"X-A\r\nX-B", "c"}}, "name"},
		{"a colon in the name", bearer, []webhook.Header{{"X-A:", "c"}}, "name"},
		{"a space in the name", bearer, []webhook.Header{{"X A", "c"}}, "name"},
		{"no name", bearer, []webhook.Header{{"", "c"}}, "name"},
		{"twice", bearer, []webhook.Header{{"X-A", "b"}, {"x-a", "c"}}, "twice"},
		{"too many", bearer, many, "too_many"},
		{"a long value", bearer, []webhook.Header{{"X-A", strings.Repeat("x", 1025)}}, "value"},
		{"the key's header once more", webhook.Auth{Type: webhook.AuthAPIKey, Token: "t"}, []webhook.Header{{"x-api-key", "u"}}, "twice"},
		{"a key in a header of ours", webhook.Auth{Type: webhook.AuthAPIKey, Token: "t", Header: "Host"}, nil, "reserved"},
		{"a token with a line break", webhook.Auth{Type: webhook.AuthBearer, Token: "t\r\nX: y"}, nil, "value"},
		{"a user with a colon", webhook.Auth{Type: webhook.AuthBasic, User: "a:b"}, nil, "value"},
		{"no token", webhook.Auth{Type: webhook.AuthBearer}, nil, "value"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := webhook.CheckHeaders(tt.auth, tt.extra)
			var p *webhook.HeaderProblem
			if errors.As(err, &p) != (tt.code != "") || p != nil && p.Code != tt.code {
				t.Errorf("%v, want %q", err, tt.code)
			}
			if _, sending := webhook.Headers(webhook.Message{ID: "m"}, webhook.Signing{}, tt.auth, tt.extra, noon); (sending == nil) != (err == nil) {
				t.Errorf("saved with %v, sent with %v", err, sending)
			}
		})
	}
}

// Whatever the message, the reference library and the standard's sentence agree, for one secret and for two.
func TestEveryMessageVerifies(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		body := rapid.SliceOf(rapid.Byte()).Draw(r, "body")
		at := time.Unix(rapid.Int64Range(0, 1<<35).Draw(r, "at"), rapid.Int64Range(0, 999_999_999).Draw(r, "ns"))
		checkSignature(t, rapid.StringMatching(`msg_[0-9A-Za-z]{1,27}`).Draw(r, "id"), at, body)
	})
}

func checkSignature(t testing.TB, id string, at time.Time, body []byte) {
	t.Helper()
	ring, err := webhook.Ring{Current: secret(t)}.Rotate(secret(t), 0, at.Add(-time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	h, err := webhook.Headers(webhook.Message{ID: id, Attempt: 1, Body: body}, webhook.Signing{Ring: ring, Legacy: true}, webhook.Auth{}, nil, at)
	if err != nil {
		var p *webhook.HeaderProblem
		if !errors.As(err, &p) {
			t.Fatal(err)
		}
		return // an id that fits no header
	}
	want := sum(t, ring.Current, id, at, body) + " " + sum(t, ring.Previous, id, at, body)
	if got := h.Get("webhook-signature"); got != want {
		t.Fatalf("%s, want %s", got, want)
	}
	if id != "" && (!verifies(t, ring.Current, h, body) || !verifies(t, ring.Previous, h, body) || verifies(t, secret(t), h, body) || verifies(t, ring.Current, h, append(bytes.Clone(body), 0))) {
		t.Fatal("the reference library disagrees")
	}
}

func FuzzSign(f *testing.F) {
	f.Add("msg_p5jXN8AQM9LWM0D4loKWxJek", int64(1614265330), []byte(`{"test": 2432232314}`))
	f.Add("a.b", int64(0), []byte{0, 0xff})
	f.Add("a\r\nb", int64(-1), []byte(nil))
	f.Fuzz(func(t *testing.T, id string, at int64, body []byte) {
		checkSignature(t, id, time.Unix(at%(1<<40), 0), body)
	})
}
