package exchange_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/exchange"
)

var noon = time.Date(2026, 11, 24, 11, 0, 0, 0, time.UTC)

func about() exchange.About {
	return exchange.About{ID: "x1", CaseID: "c1", DeliveryID: "d1", OutputID: "o1", CorrelationID: "r1", Attempt: 2, Of: 4, Persons: []string{"Erika Muster", "Der Drucker brennt"}}
}

func request() delivery.Request {
	return delivery.Request{
		URL:    "https://u:p@x.example/api?key=geheim",
		Header: http.Header{"Authorization": {"Bearer geheim"}, "Webhook-Id": {"msg_1"}},
		Body:   []byte(`{"customer":{"name":"Erika Muster"},"fields":{"anything":"Der Drucker brennt"},"priority":"high"}`),
	}
}

func TestALineTellsWhatHappenedAndNothingElse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		answer delivery.Answer
		want   exchange.Result
		hint   string // part of it
	}{
		{"taken", delivery.Answer{Status: 201, Body: []byte(`{"id":"IT-1"}`)}, exchange.Success, ""},
		{"refused", delivery.Answer{Status: 401, Body: []byte(`{"message":"Erika Muster?"}`)}, exchange.HTTPError, "Zugangsdaten"},
		{"an unusual refusal", delivery.Answer{Status: 418}, exchange.HTTPError, "abgelehnt"},
		{"an unusual failure", delivery.Answer{Status: 599}, exchange.HTTPError, "Fehler aufgetreten"},
		{"a yes that means no", delivery.Answer{Status: 200, Body: []byte(`{"success":false}`)}, exchange.SemanticError, "meldet im Inhalt"},
		{"silence", delivery.Answer{Failed: delivery.Timeout, Detail: "no answer from 10.0.0.1"}, exchange.Exception, "rechtzeitig"},
		{"half an answer", delivery.Answer{Status: 200, Failed: delivery.NetworkError}, exchange.Exception, "nicht erreichbar"},
		{"a wrong certificate", delivery.Answer{Failed: delivery.TLSError}, exchange.Exception, "Zertifikats"},
		{"a blocked address", delivery.Answer{Failed: delivery.BlockedAddress, Detail: "blocked_address"}, exchange.Exception, "Sicherheitsgründen"},
		{"a redirect", delivery.Answer{Status: 302, Header: http.Header{"Location": {"https://y.example/?token=geheim"}}}, exchange.HTTPError, "leitet weiter"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.answer.Took = 40 * time.Millisecond
			l := exchange.Sent(about(), request(), tt.answer, delivery.Judge(tt.answer, delivery.Judging{Semantic: true}, noon), noon)
			if l.Result != tt.want || l.HasErrors() != (tt.want != exchange.Success) {
				t.Errorf("result %s, want %s", l.Result, tt.want)
			}
			if hint := exchange.Hint(l); !strings.Contains(hint, tt.hint) || (hint == "") != (tt.hint == "") {
				t.Errorf("hint %q", hint)
			}
			if l.Place != "x.example/api?…" || l.Method != "POST" || l.Attempt != 2 || l.Of != 4 || l.Status != tt.answer.Status || l.Took != tt.answer.Took || !l.CreatedAt.Equal(noon.Add(-l.Took)) {
				t.Errorf("%+v", l)
			}
			for _, secret := range []string{"geheim", "Erika Muster", "Der Drucker brennt", "10.0.0.1", "u:p"} {
				if all := fmt.Sprintf("%+v", l); strings.Contains(all, secret) {
					t.Errorf("tells %q: %s", secret, all)
				}
			}
			if l.RequestHeader["Webhook-Id"] != "msg_1" || !strings.Contains(l.RequestBody, `"priority":"high"`) {
				t.Errorf("tells too little: %+v", l)
			}
		})
	}
}

func TestAHintPromisesAnotherAttemptOnlyWhereOneFollows(t *testing.T) {
	t.Parallel()
	for attempt, want := range map[int]bool{1: true, 3: true, 4: false} {
		l := exchange.Line{Result: exchange.HTTPError, Status: 503, Attempt: attempt, Of: 4}
		if hint := exchange.Hint(l); strings.Contains(hint, "erneut") != want || !strings.Contains(hint, "nicht erreichbar") {
			t.Errorf("attempt %d: %s", attempt, hint)
		}
	}
}

func TestALineIsBounded(t *testing.T) {
	t.Parallel()
	big := []byte(`{"a":"` + strings.Repeat("wort ", 200_000) + `"}`)
	r := request()
	r.Body = big
	l := exchange.Sent(about(), r, delivery.Answer{Status: 500, Body: big[:delivery.MaxAnswer], Detail: strings.Repeat("x ", 9000)}, delivery.Outcome{Class: "http_500", Retry: true}, noon)
	if len(l.RequestBody) > 20<<10 || len(l.AnswerBody) > 5<<10 || len(l.Message) > 1100 {
		t.Errorf("%d, %d, %d bytes", len(l.RequestBody), len(l.AnswerBody), len(l.Message))
	}
}

func TestMailsAndWhatComesIn(t *testing.T) {
	t.Parallel()
	l := exchange.Mailed(about(), "erika.muster@example.de", time.Second, delivery.MailFailed("throttled", false), "rate of 1.2.3.4", noon)
	if l.Method != "MAIL" || l.Place != "eri***@example.de" || l.Result != exchange.Exception || l.Class != "throttled" || strings.Contains(l.Message, "1.2.3.4") {
		t.Errorf("%+v", l)
	}
	if l = exchange.Mailed(about(), "erika.muster@example.de", time.Second, delivery.MailAccepted("1"), "", noon); l.Result != exchange.Success || exchange.Hint(l) != "" {
		t.Errorf("%+v", l)
	}
	l = exchange.Received(about(), "POST", "/webhooks/retell/demo/events?x=geheim", http.Header{"X-Retell-Signature": {"geheim"}}, []byte(`{"call":{"agent_id":"geheim"}}`), 401, time.Second, "", noon)
	if l.Direction != exchange.Inbound || l.Result != exchange.HTTPError || strings.Contains(fmt.Sprintf("%+v", l), "geheim") {
		t.Errorf("%+v", l)
	}
}

func TestEverythingEndsByItself(t *testing.T) {
	t.Parallel()
	for days, want := range map[int]int{0: 90, 1: 7, 7: 7, 30: 30, 365: 365, 1000: 365, -5: 7} {
		if got := exchange.KeepUntil(noon, days); !got.Equal(noon.AddDate(0, 0, want)) {
			t.Errorf("%d days: until %s", days, got)
		}
	}
	o := exchange.Keep("msg_1", []byte("x"), noon)
	if exchange.Gone(o.ExpiresAt, noon.Add(14*24*time.Hour-time.Second)) || !exchange.Gone(o.ExpiresAt, noon.Add(14*24*time.Hour)) {
		t.Errorf("%+v", o)
	}
}
