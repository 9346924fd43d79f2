package stack_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/smtp"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/askpro/gateway/infra/local/stacktest"
	"github.com/askpro/gateway/infra/simulate/inbox"
)

func TestMain(m *testing.M) { stacktest.Main(m) }

// get reads what an address answers.
func get(t *testing.T, method, url, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func TestTheControls(t *testing.T) {
	t.Parallel()
	s := stacktest.Demo(t)
	for _, tt := range []struct {
		name, method, path, body string
		status                   int
		says                     string
	}{
		{"it is ready", "GET", "ready", "", 200, `"ready":true`},
		{"it is idle", "GET", "idle?timeout=30s", "", 200, `{"left":[]}`},
		{"the clock is set and frozen", "POST", "clock", `{"now":"2026-11-23T10:00:00+01:00","frozen":true}`, 200, `{"frozen":true,"now":"2026-11-23T09:00:00Z"}`},
		{"it is moved on", "POST", "clock", `{"advance":"3m"}`, 200, `{"frozen":true,"now":"2026-11-23T09:03:00Z"}`},
		{"it is read", "GET", "clock", "", 200, `"now":"2026-11-23T09:03:00Z"`},
		{"it thaws", "POST", "clock", `{"frozen":false}`, 200, `"frozen":false,"now":"2026-11-23T09:03:00`},
		{"it never goes back by advance", "POST", "clock", `{"advance":"-3m"}`, 400, "advance is a duration"},
		{"a misspelt field is refused", "POST", "clock", `{"when":"now"}`, 400, "now, frozen and advance"},
		{"a function runs with a raw event", "POST", "invoke/cron-timers", `{}`, 200, ""},
		{"its log is read", "GET", "logs?function=cron-timers", "", 200, `"msg":"schedule"`},
		{"what the function fails with is said", "POST", "invoke/hook-calcom", `[]`, 502, `"errorType"`},
		{"an unknown function", "POST", "invoke/none", `{}`, 404, "no function none"},
		{"an unknown function's log", "GET", "logs?function=none", "", 404, ""},
		{"a log is only looked for among the logs", "GET", "logs?function=../emulator", "", 404, ""},
		{"a company's calls are dropped", "DELETE", "sessions?company=demo", "", 204, ""},
		{"of no company", "DELETE", "sessions?company=none", "", 404, "none"},
	} { // one after the other: it is one clock
		if status, text := get(t, tt.method, s.Local(tt.path), tt.body); status != tt.status || !strings.Contains(text, tt.says) {
			t.Errorf("%s: %d %s", tt.name, status, text)
		}
	}
}

func TestIdleSaysWhatIsLeft(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	s.Fault(t, map[string]any{"function": "cron-timers", "mode": "delay", "ms": 2000})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = http.Post(s.Local("invoke/cron-timers"), "application/json", strings.NewReader("{}")) // its answer is nobody's
	}()
	for range time.Tick(5 * time.Millisecond) {
		if status, text := get(t, "GET", s.Local("idle?timeout=1ms"), ""); status == http.StatusRequestTimeout && strings.Contains(text, "1 invocations") {
			break
		}
	}
	<-ended
	s.Idle(t)
}

// posted hands a letter in as it is, without the inbox's own certificate, which only the functions trust.
func posted(t *testing.T, server, letter string) {
	t.Helper()
	client, err := smtp.Dial(server)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	if err := errors.Join(client.Mail("a@example.de"), client.Rcpt("b@example.de")); err != nil {
		t.Fatal(err)
	}
	body, err := client.Data()
	if err != nil {
		t.Fatal(err)
	}
	_, err = body.Write([]byte(letter))
	if err := errors.Join(err, body.Close(), client.Quit()); err != nil {
		t.Fatal(err)
	}
}

// demoSecret is what testdata/companies/local-secrets.yaml gives demo's tool.
const demoSecret = "whsec_bG9jYWwgd2ViaG9va3Mgb2YgY29tcGFueSBkZW1vIDA="

// hooked signs a webhook as demo's are and says what its receiver finds.
func hooked(t *testing.T, s *stacktest.Stack, path string) inbox.Verdict {
	t.Helper()
	at, id := s.Clock(t), fmt.Sprintf("msg_%d", time.Now().UnixNano())
	signer, err := standardwebhooks.NewWebhook(demoSecret)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := signer.Sign(id, at, []byte("{}"))
	if err != nil {
		t.Fatal(err)
	}
	url := s.Stack.Inbox + path
	s.Do(t, "POST", url, map[string]string{"webhook-id": id, "webhook-timestamp": strconv.FormatInt(at.Unix(), 10), "webhook-signature": signature}, json.RawMessage("{}"), nil)
	var got inbox.Messages
	s.Do(t, "GET", s.Inbox("messages?path="+path), nil, nil, &got)
	for _, w := range got.Webhooks {
		if w.Headers["Webhook-Id"] == id {
			return w.Signature
		}
	}
	t.Fatalf("%s: it did not arrive", url)
	return ""
}

func TestDataGoesBackToTheSeededState(t *testing.T) {
	t.Parallel()
	s := stacktest.Demo(t)
	s.SetClock(t, "2030-01-01T10:00:00Z", true)
	c := s.NewCompany(t)
	known := func(slug string) bool {
		status, _ := get(t, "DELETE", s.Local("sessions?company="+slug), "")
		return status == http.StatusNoContent
	}
	if !known(c.Slug) {
		t.Fatal("the test's company is not there")
	}
	var at struct{ SMTP string }
	s.Do(t, "GET", s.Local("ready"), nil, nil, &at)
	posted(t, at.SMTP, "From: a@example.de\r\nTo: b@example.de\r\nSubject: Hallo\r\n\r\nText")
	messages := fmt.Sprintf("http://127.0.0.1:%d/_sim/messages", s.Ports.Inbox)
	if _, text := get(t, "GET", messages, ""); !strings.Contains(text, "Hallo") {
		t.Fatalf("the letter did not arrive: %s", text)
	}
	if verdict := hooked(t, s, "/webhooks/demo"); verdict != inbox.Valid {
		t.Errorf("demo's tool finds its webhook %s", verdict)
	}
	if verdict := hooked(t, s, "/events/edv"); verdict != inbox.Wrong {
		t.Errorf("edv's tool finds demo's webhook %s", verdict)
	}
	s.Fault(t, map[string]any{"mode": "error", "times": -1})
	if status, text := get(t, "DELETE", s.Local("data"), ""); status != http.StatusNoContent {
		t.Fatalf("reset: %d %s", status, text)
	}
	if late := time.Since(s.Clock(t)).Abs(); late > time.Minute {
		t.Errorf("the clock is %s off", late)
	}
	if !known("demo") || !known("kanzlei") {
		t.Error("the seeded companies are not there")
	}
	if known(c.Slug) {
		t.Error("the test's company is still there")
	}
	if _, text := get(t, "GET", messages, ""); strings.Contains(text, "Hallo") {
		t.Errorf("the inbox holds %s", text)
	}
	if verdict := hooked(t, s, "/events/demo"); verdict != inbox.Valid {
		t.Errorf("afterwards demo's tool finds its webhook %s", verdict)
	}
	s.Idle(t)
}

// The emulator is the next stack's.
func TestAStackLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	var s *stacktest.Stack
	t.Run("a stack of its own", func(t *testing.T) {
		s = stacktest.Own(t)
		s.Idle(t)
	})
	if s == nil {
		t.Skip("needs the local stack: run make test")
	}
	soon, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for _, port := range []int{s.Ports.FrontDoor, s.Ports.Partners, s.Ports.Inbox, s.Ports.AWS} {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		for err != nil && soon.Err() == nil { // a child that is just being started has our sockets until its program runs
			<-tick.C
			l, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		}
		if err != nil {
			t.Errorf("port %d is still taken", port)
			continue
		}
		l.Close()
	}
}
