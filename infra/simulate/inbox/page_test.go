package inbox_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/askpro/gateway/infra/simulate/inbox"
)

// serve runs a handler until the test ends and returns its URL.
func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// look reads the page.
func look(t *testing.T, url string) (string, http.Header) {
	t.Helper()
	resp, err := http.Get(url + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%d, %v", resp.StatusCode, err)
	}
	return string(raw), resp.Header
}

func TestThePageShowsAllThatArrived(t *testing.T) {
	t.Parallel()
	b, url := start(t)
	if _, _, err := b.ReceiveSES("a@askpro.example", []string{"erika.muster@example.de"}, letter(t)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.ReceiveSMS("AskPro", "+4915112345678", "die erste"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.ReceiveSMS("AskPro", "+4915112345678", "die zweite"); err != nil {
		t.Fatal(err)
	}
	if _, err := post(t.Context(), url+"/receive/crm", `{"id":7}`, nil); err != nil {
		t.Fatal(err)
	}
	got, header := look(t, url)
	for _, want := range []string{
		"Mails (1)", "SMS (2)", "Webhooks (1)", "Ihr Termin: Färben am Dienstag", "erika.muster@example.de", "Guten Tag, Erika Müßig!",
		"termin.ics · text/calendar", "SUMMARY:Färben", "2026-11-24 10:00:00 CET", "/crm", `&#34;id&#34;: 7`, "Signatur fehlt",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Index(got, "die zweite") > strings.Index(got, "die erste") {
		t.Error("the latest comes first")
	}
	if !strings.HasPrefix(header.Get("Content-Security-Policy"), "default-src 'none'") || header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v", header)
	}
}

func TestThePageEscapesEverything(t *testing.T) {
	t.Parallel()
	b, url := start(t)
	const evil = `"><script>alert(1)</script>`
	raw := "From: x@example.org\r\nSubject: " + evil + "\r\nX-Evil: " + evil + "\r\nContent-Type: text/html\r\n\r\n" + evil
	if _, _, err := b.ReceiveSES(evil, []string{evil}, []byte(raw)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.ReceiveSMS(evil, evil, evil); err != nil {
		t.Fatal(err)
	}
	if _, err := post(t.Context(), url+"/receive/%3Cscript%3Ealert(1)", evil, map[string]string{
		"X-Evil": evil, "X-Ticket-Reference": evil, "X-Event": evil, "X-Attempt": evil, "X-Delivery-Id": evil, "Webhook-Id": evil, "Webhook-Signature": evil,
	}); err != nil {
		t.Fatal(err)
	}
	got, _ := look(t, url)
	if strings.Contains(got, "<script") {
		t.Error("a script came through")
	}
	if !strings.Contains(got, `<iframe sandbox title=`) {
		t.Error("HTML is shown where it may do nothing")
	}
}

func TestAnEmptyPageSaysHowToFillIt(t *testing.T) {
	t.Parallel()
	_, url := start(t)
	if got, _ := look(t, url); strings.Count(got, "None yet.") != 3 || !strings.Contains(got, "make call") {
		t.Error("the empty page does not say so")
	}
}

func TestThePageTellsAWebhooksStory(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		verdict, signature string
		late               time.Duration
		secret             bool
	}{
		{"Signatur gültig", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", 0, true},
		{"Signatur veraltet", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", time.Hour, true},
		{"Signatur ungültig", "v1,AAAA", 0, true},
		{"Signatur fehlt", "", 0, true},
		{"Signatur nicht geprüft", "v1,AAAA", 0, false},
	} {
		t.Run(tt.verdict, func(t *testing.T) {
			t.Parallel()
			const at = 1614265330
			b := inbox.New(func() time.Time { return time.Unix(at, 0).Add(tt.late) })
			url := serve(t, b.Handler())
			if tt.secret {
				if err := b.Know(inbox.Secret{Path: "/webhooks/edv", Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 {
				if _, err := post(t.Context(), url+"/webhooks/edv", `{"test": 2432232314}`, map[string]string{
					"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330", "webhook-signature": tt.signature,
					"X-Ticket-Reference": "TKT-2026-00042", "X-Event": "service_case.created", "X-Delivery-Id": "01KB0000", "X-Attempt": "2",
				}); err != nil {
					t.Fatal(err)
				}
			}
			got, _ := look(t, url)
			for _, want := range []string{
				tt.verdict, "TKT-2026-00042 · service_case.created", "<dt>Attempt</dt><dd>2</dd>", "<dt>Delivery</dt><dd>01KB0000</dd>",
				"<dt>Message</dt><dd>msg_p5jXN8AQM9LWM0D4loKWxJek, taken before</dd>", "<dt>Answered</dt><dd>200, ticket INBOX-1</dd>", "<dt>To</dt><dd>/webhooks/edv</dd>",
				"<pre>{\n  &#34;test&#34;: 2432232314\n}</pre>", "Webhook-Timestamp: 1614265330",
			} {
				if !strings.Contains(got, want) {
					t.Errorf("the page lacks %q", want)
				}
			}
		})
	}
}

func TestThePageShowsTheBeginningOfALongWebhook(t *testing.T) {
	t.Parallel()
	_, url := start(t)
	body := "x" + strings.Repeat("ä", 100_000) // the cut is inside of a letter
	if _, err := post(t.Context(), url+"/events/edv", body, nil); err != nil {
		t.Fatal(err)
	}
	got, _ := look(t, url)
	if len(got) > 100_000 || !strings.Contains(got, "ää\n…") || !utf8.ValidString(got) {
		t.Errorf("%d bytes, valid %v", len(got), utf8.ValidString(got))
	}
	if m := messages(t, url, "").Webhooks; len(m) != 1 || m[0].Body != body {
		t.Error("the list has all of it")
	}
}
