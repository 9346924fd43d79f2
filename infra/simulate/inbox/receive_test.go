package inbox_test

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

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
	control(t, "POST", url+"/_sim/faults", inbox.Fault{Path: "/crm", Mode: "status", Status: 429, Headers: map[string]string{"Retry-After": "7"}, Times: 1}, nil)
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
	control(t, "POST", url+"/_sim/faults", inbox.Fault{Path: "/a", Mode: "drop"}, nil)
	control(t, "POST", url+"/_sim/faults", inbox.Fault{Path: "/b", Mode: "hang"}, nil)
	if _, err := post(t.Context(), url+"/receive/a", "x", nil); err == nil {
		t.Error("a dropped connection has no answer")
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
		{"mode": "status", "status": 99}, {"mode": "hang", "times": -1}, {"mode": "hang", "color": "red"},
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
