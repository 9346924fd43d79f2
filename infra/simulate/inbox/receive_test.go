package inbox_test

import (
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/askpro/gateway/infra/simulate/inbox"
)

// post sends a webhook over a connection of its own (net/http repeats what fails on a used one).
func post(ctx context.Context, url, body string, headers map[string]string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, "POST", url, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err == nil {
		resp.Body.Close()
	}
	return resp, err
}

func TestAWebhookIsKeptAsItCame(t *testing.T) {
	t.Parallel()
	_, url := start(t)
	resp, err := post(t.Context(), url+"/receive/crm/cases", "{ \"ß\": 1 }", map[string]string{"X-Event": "case.created"})
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%v, %v", resp, err)
	}
	if _, err := post(t.Context(), url+"/receive/other", "", nil); err != nil {
		t.Fatal(err)
	}
	got := messages(t, url, "?path=/crm/cases").Webhooks
	if len(got) != 1 || got[0].Body != "{ \"ß\": 1 }" || got[0].Headers["X-Event"] != "case.created" || got[0].Answered != 200 || got[0].Signature != inbox.Unsigned || !got[0].ReceivedAt.Equal(now) {
		t.Errorf("%+v", got)
	}
}

func TestAReceiverAnswersAsItIsTold(t *testing.T) {
	t.Parallel()
	_, url := start(t)
	control(t, "POST", url+"/_sim/faults", inbox.Fault{Path: "/crm", Mode: "status", Status: 429, RetryAfter: 7, Times: 1}, nil)
	control(t, "POST", url+"/_sim/faults", inbox.Fault{Mode: "status", Status: 503}, nil)
	for i, tt := range []struct {
		path   string
		status int
		retry  string
	}{{"/other", 503, ""}, {"/crm", 429, "7"}, {"/crm", 503, ""}} {
		resp, err := post(t.Context(), url+"/receive"+tt.path, "x", nil)
		if err != nil || resp.StatusCode != tt.status || resp.Header.Get("Retry-After") != tt.retry {
			t.Errorf("request %d: %v, %v", i+1, resp, err)
		}
	}
	control(t, "DELETE", url+"/_sim/faults", nil, nil)
	if resp, err := post(t.Context(), url+"/receive/crm", "x", nil); err != nil || resp.StatusCode != 200 {
		t.Errorf("after the faults are cleared: %v, %v", resp, err)
	}
	if got := messages(t, url, "").Webhooks; len(got) != 4 || got[1].Answered != 429 {
		t.Errorf("%+v", got)
	}
}

func TestAReceiverCanFailToAnswer(t *testing.T) {
	t.Parallel()
	_, url := start(t)
	control(t, "POST", url+"/_sim/faults", inbox.Fault{Path: "/a", Mode: "lost"}, nil)
	control(t, "POST", url+"/_sim/faults", inbox.Fault{Path: "/b", Mode: "hang"}, nil)
	if _, err := post(t.Context(), url+"/receive/a", "x", nil); err == nil {
		t.Error("a lost answer is none")
	}
	ctx, giveUp := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() {
		_, err := post(ctx, url+"/receive/b", "x", nil)
		failed <- err
	}()
	for len(messages(t, url, "?path=/b").Webhooks) == 0 { // it has arrived, but is not answered
		if t.Context().Err() != nil {
			t.Fatal("it did not arrive")
		}
	}
	giveUp()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	for _, w := range messages(t, url, "").Webhooks {
		if w.Answered != 0 {
			t.Errorf("%+v", w)
		}
	}
}

func TestAFaultThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	_, url := start(t)
	for _, f := range []map[string]any{
		{"path": "/a", "mode": "refuse"}, {"path": "mail", "mode": "hang"}, {"path": "crm", "mode": "hang"}, {"mode": "status"},
		{"mode": "status", "status": 99}, {"mode": "hang", "times": -1}, {"mode": "hang", "nth": -1}, {"mode": "hang", "color": "red"}, {"mode": "drop"},
		{"mode": "redirect", "status": 200}, {"mode": "delay"}, {"mode": "delay", "ms": 1 << 30}, {"mode": "status", "status": 200, "ms": 5},
	} {
		if status := control(t, "POST", url+"/_sim/faults", f, nil); status != http.StatusBadRequest {
			t.Errorf("%v: %d", f, status)
		}
	}
	if status := control(t, "POST", url+"/_sim/secrets", inbox.Secret{Secret: "whsec_ß"}, nil); status != http.StatusBadRequest {
		t.Errorf("a secret that is none: %d", status)
	}
}

// TestSignaturesAreJudged uses the check vector of the Standard Webhooks specification.
func TestSignaturesAreJudged(t *testing.T) {
	t.Parallel()
	const (
		secret    = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
		other     = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		id        = "msg_p5jXN8AQM9LWM0D4loKWxJek"
		body      = `{"test": 2432232314}`
		signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
		at        = 1614265330
	)
	for _, tt := range []struct {
		name, signature, body, secret string
		late                          time.Duration
		want                          inbox.Verdict
	}{
		{"the vector", signature, body, secret, 0, inbox.Valid},
		{"among others, while a secret rotates", "v1,AAAA " + signature, body, secret, 5 * time.Minute, inbox.Valid},
		{"too old", signature, body, secret, 5*time.Minute + time.Second, inbox.Stale},
		{"from the future", signature, body, secret, -6 * time.Minute, inbox.Stale},
		{"another body", signature, body + " ", secret, 0, inbox.Wrong},
		{"another secret", signature, body, other, 0, inbox.Wrong},
		{"another version", strings.Replace(signature, "v1", "v2", 1), body, secret, 0, inbox.Wrong},
		{"no secret to check with", signature, body, "", 0, inbox.Unchecked},
		{"no signature", "", body, secret, 0, inbox.Unsigned},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := inbox.New(func() time.Time { return time.Unix(at, 0).Add(tt.late) })
			url := serve(t, b.Handler())
			if tt.secret != "" {
				control(t, "POST", url+"/_sim/secrets", inbox.Secret{Path: "/crm", Secret: tt.secret}, nil)
			}
			headers := map[string]string{"webhook-id": id, "webhook-timestamp": strconv.Itoa(at), "webhook-signature": tt.signature}
			if _, err := post(t.Context(), url+"/receive/crm", tt.body, headers); err != nil {
				t.Fatal(err)
			}
			if got := b.Messages("", "/crm").Webhooks[0].Signature; got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

// answer sends a webhook and reads what comes back, unpacked, at most 1 KiB of it.
func answer(t *testing.T, url string, headers map[string]string) (*http.Response, string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "POST", url, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1024))
	return resp, string(body), err
}

func TestReceiversHaveTheirBadDays(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		fault  inbox.Fault
		status int // 0: no answer
		header map[string]string
		says   string // how the body begins
		kept   bool
	}{
		{"it works", inbox.Fault{Path: "/elsewhere", Mode: "reset"}, 200, nil, `{"id":"INBOX-1"}`, true},
		{"it says no politely", inbox.Fault{Mode: "status", Status: 200, Body: `{"success":false}`}, 200, nil, `{"success":false}`, true},
		{"it is busy", inbox.Fault{Mode: "status", Status: 503, RetryAfter: 90}, 503, map[string]string{"Retry-After": "90"}, "", true},
		{"it is slow", inbox.Fault{Mode: "delay", MS: 1}, 200, nil, `{"id":"INBOX-1"}`, true},
		{"it is slow and fails", inbox.Fault{Mode: "delay", MS: 1, Status: 500}, 500, nil, "", true},
		{"its answer is lost", inbox.Fault{Mode: "lost"}, 0, nil, "", true},
		{"it crashes", inbox.Fault{Mode: "reset"}, 0, nil, "", false},
		{"it has moved", inbox.Fault{Mode: "redirect"}, 307, map[string]string{"Location": "/receive/redirected"}, "", true},
		{"it has moved for ever", inbox.Fault{Mode: "redirect", Status: 301, Headers: map[string]string{"Location": "http://127.0.0.1:9/"}}, 301, map[string]string{"Location": "http://127.0.0.1:9/"}, "", true},
		{"its answer unpacks to more than there is room for", inbox.Fault{Mode: "bomb"}, 200, nil, strings.Repeat("0", 1024), true},
		{"its answer does not end", inbox.Fault{Mode: "huge", Status: 500}, 500, nil, strings.Repeat("0", 1024), true},
		{"it is another one's turn", inbox.Fault{Mode: "status", Status: 500, Nth: 2}, 200, nil, `{"id":"INBOX-1"}`, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, url := start(t)
			if status := control(t, "POST", url+"/_sim/faults", tt.fault, nil); status != http.StatusNoContent {
				t.Fatalf("%+v: %d", tt.fault, status)
			}
			resp, body, err := answer(t, url+"/webhooks/edv", nil)
			if (err != nil) != (tt.status == 0) {
				t.Fatalf("%v", err)
			}
			if resp != nil {
				if resp.StatusCode != tt.status || !strings.HasPrefix(body, tt.says) {
					t.Errorf("%d %.80q", resp.StatusCode, body)
				}
				for name, want := range tt.header {
					if got := resp.Header.Get(name); got != want {
						t.Errorf("%s: %q, wanted %q", name, got, want)
					}
				}
			}
			if got := messages(t, url, "?path=/webhooks/edv").Webhooks; (len(got) == 1) != tt.kept || tt.kept && got[0].Answered != tt.status {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestAFaultComesAtItsTurn(t *testing.T) {
	t.Parallel()
	_, url := start(t)
	control(t, "POST", url+"/_sim/faults", inbox.Fault{Mode: "status", Status: 500, Nth: 2, Times: 2}, nil)
	var got []int
	for range 5 {
		resp, _, err := answer(t, url+"/events/edv", nil)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, resp.StatusCode)
	}
	if want := []int{200, 500, 500, 200, 200}; !slices.Equal(got, want) {
		t.Errorf("%v, wanted %v", got, want)
	}
}

func TestAReceiverKnowsAMessageAgain(t *testing.T) {
	t.Parallel()
	_, url := start(t)
	for _, tt := range []struct {
		name, path, id string
		repeat         bool
		reference      string
	}{
		{"a message", "/webhooks/edv", "msg_1", false, "INBOX-1"},
		{"again", "/webhooks/edv", "msg_1", true, "INBOX-1"},
		{"another one", "/webhooks/edv", "msg_2", false, "INBOX-2"},
		{"the same one to somebody else", "/webhooks/demo", "msg_1", false, "INBOX-3"},
		{"one without an id", "/webhooks/edv", "", false, "INBOX-4"},
		{"another one without", "/webhooks/edv", "", false, "INBOX-5"},
	} { // one after the other: they are remembered
		_, body, err := answer(t, url+tt.path, map[string]string{"webhook-id": tt.id})
		if err != nil || strings.TrimSpace(body) != `{"id":"`+tt.reference+`"}` {
			t.Errorf("%s: %q, %v", tt.name, body, err)
		}
		all := messages(t, url, "").Webhooks
		if last := all[len(all)-1]; last.Path != tt.path || last.Repeat != tt.repeat || last.Reference != tt.reference {
			t.Errorf("%s: %+v", tt.name, last)
		}
	}
}

func TestWhatWasRefusedIsNoRepeat(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		first     inbox.Fault
		reference string
		repeat    bool // of the second try
	}{
		{"refused", inbox.Fault{Mode: "status", Status: 503, Times: 1}, "", false},
		{"sent elsewhere", inbox.Fault{Mode: "redirect", Times: 1}, "", false},
		{"taken, and the answer was lost", inbox.Fault{Mode: "lost", Times: 1}, "INBOX-1", true},
		{"taken, with too long an answer", inbox.Fault{Mode: "huge", Times: 1}, "INBOX-1", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, url := start(t)
			control(t, "POST", url+"/_sim/faults", tt.first, nil)
			for range 2 {
				_, _, _ = answer(t, url+"/webhooks/edv", map[string]string{"webhook-id": "msg_1"}) // the first may have none
			}
			got := messages(t, url, "").Webhooks
			if len(got) != 2 || got[0].Repeat || got[0].Reference != tt.reference || got[1].Repeat != tt.repeat || got[1].Reference != "INBOX-1" {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestEachReceiverHasItsSecret(t *testing.T) {
	t.Parallel()
	b, url := start(t)
	const body = "{}"
	secret := func(letter string) string {
		return "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat(letter, 32)))
	}
	if err := b.Know(inbox.Secret{Path: "/webhooks/edv", Secret: secret("e")}, inbox.Secret{Path: "/webhooks/demo", Secret: secret("d")}); err != nil {
		t.Fatal(err)
	}
	if err := b.Know(inbox.Secret{Secret: "whsec_"}); err == nil {
		t.Error("an empty secret would make every signature of nothing valid")
	}
	signer, err := standardwebhooks.NewWebhook(secret("e"))
	if err != nil {
		t.Fatal(err)
	}
	signature, err := signer.Sign("msg_1", now, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		path string
		want inbox.Verdict
	}{
		{"/webhooks/edv", inbox.Valid}, {"/webhooks/edv/zweite", inbox.Valid}, {"/webhooks/demo", inbox.Wrong},
		{"/webhooks/edv2", inbox.Unchecked}, {"/events/edv", inbox.Unchecked},
	} {
		_, err := post(t.Context(), url+tt.path, body, map[string]string{
			"webhook-id": "msg_1", "webhook-timestamp": strconv.FormatInt(now.Unix(), 10), "webhook-signature": signature,
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := messages(t, url, "?path="+tt.path).Webhooks; len(got) != 1 || got[0].Signature != tt.want {
			t.Errorf("%s: %+v, wanted %s", tt.path, got, tt.want)
		}
	}
}

// TestABombIsOneStream unpacks only the first member, as many readers do: it does not end after a while.
func TestABombIsOneStream(t *testing.T) {
	t.Parallel()
	_, url := start(t)
	control(t, "POST", url+"/_sim/faults", inbox.Fault{Mode: "bomb"}, nil)
	req, err := http.NewRequestWithContext(t.Context(), "POST", url+"/webhooks/edv", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", "gzip") // so that net/http leaves it packed
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	z, err := gzip.NewReader(resp.Body)
	if err != nil || resp.Header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("%v, %v", resp.Header, err)
	}
	z.Multistream(false)
	if n, err := io.Copy(io.Discard, io.LimitReader(z, 16<<20)); n != 16<<20 || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
}
