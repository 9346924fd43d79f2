package sms_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/notify"
	"github.com/askpro/gateway/internal/sms"
	"github.com/askpro/gateway/internal/tenant"
)

var us = tenant.Proven("01KAQ7T5Z0QW8R4N2M6X3C9V1B")

// provider answers as End User Messaging does and keeps the last request.
type provider struct {
	status int
	answer string
	got    map[string]any
	header http.Header
}

func (p *provider) sender(t *testing.T) *sms.Sender {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(raw, &p.got)
		p.header = r.Header
		w.WriteHeader(p.status)
		_, _ = io.WriteString(w, p.answer)
	}))
	t.Cleanup(server.Close)
	return sms.Open(lambdakit.Env{Region: "eu-central-1", HTTP: server.Client(), Base: server.URL, Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKIA", SecretAccessKey: "x"}, nil
	})}, "dev")
}

var text = notify.Text{Key: "APPOINTMENT/1/confirmed#0#sms#customer", Ref: "APPOINTMENT/1/confirmed#0#sms#customer", From: "SalonMitte", To: "+4915112345678", Body: "Salon Mitte: Ihr Termin ist bestätigt."}

func TestATextMessageIsHandedOver(t *testing.T) {
	t.Parallel()
	p := &provider{status: 200, answer: `{"MessageId":"m-1"}`}
	id, err := p.sender(t).SendText(t.Context(), us, text)
	if err != nil || id != "m-1" {
		t.Fatalf("%q, %v", id, err)
	}
	for name, want := range map[string]any{
		"DestinationPhoneNumber": text.To, "OriginationIdentity": text.From, "MessageBody": text.Body, "MessageType": "TRANSACTIONAL", "TimeToLive": 43200.0,
	} {
		if p.got[name] != want {
			t.Errorf("%s is %v, wanted %v", name, p.got[name], want)
		}
	}
	if got := fmt.Sprint(p.got["Context"]); got != "map[company:"+us.String()+" ref:"+text.Ref+" stage:dev]" {
		t.Errorf("what comes back with it is %s", got)
	}
	auth := p.header.Get("Authorization")
	if p.header.Get("X-Amz-Target") != "PinpointSMSVoiceV2.SendTextMessage" || p.header.Get("Content-Type") != "application/x-amz-json-1.0" || !strings.Contains(auth, "/eu-central-1/sms-voice/aws4_request") {
		t.Errorf("headers %v", p.header)
	}
}

func TestWhyATextMessageIsRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, answer string
		status       int
		unwanted     bool
	}{
		{"its owner wants none", `{"__type":"ConflictException","Message":"x","Reason":"DESTINATION_PHONE_NUMBER_OPTED_OUT"}`, 400, true},
		{"a country that gets none", `{"__type":"com.amazonaws#ValidationException","Reason":"DESTINATION_COUNTRY_BLOCKED"}`, 400, true},
		{"our sender is not registered", `{"__type":"ValidationException","Reason":"SENDER_ID_NOT_REGISTERED"}`, 400, false},
		{"the month's money is spent", `{"__type":"ServiceQuotaExceededException","Reason":"MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT"}`, 400, false},
		{"too fast", `{"__type":"ThrottlingException"}`, 400, false},
		{"not allowed", `{"__type":"AccessDeniedException"}`, 400, false},
		{"broken", `<html>502</html>`, 502, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := (&provider{status: tt.status, answer: tt.answer}).sender(t).SendText(t.Context(), us, text)
			if err == nil || errors.Is(err, notify.ErrAddress) != tt.unwanted {
				t.Errorf("%v", err)
			}
			if err != nil && strings.Contains(err.Error(), text.To) {
				t.Errorf("%v shows the number", err)
			}
		})
	}
}

func TestOnlyWhatIsOneMessageIsSent(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"too long": strings.Repeat("a", 161), "other letters": "Ihr Termin „heute“", "nothing": ""} {
		p := &provider{status: 200, answer: `{}`}
		m := text
		m.Body = body
		if _, err := p.sender(t).SendText(t.Context(), us, m); err == nil || p.got != nil {
			t.Errorf("%s: %v, sent %v", name, err, p.got)
		}
	}
}

func TestWhatTheProviderSaysOfATextMessage(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		event string
		fate  notify.Fate
		good  bool
	}{
		{"TEXT_DELIVERED", notify.Reached, false}, {"TEXT_INVALID", notify.Returned, true}, {"TEXT_UNREACHABLE", notify.Returned, false}, {"TEXT_TTL_EXPIRED", notify.Returned, false},
		{"TEXT_SUCCESSFUL", "", false}, {"TEXT_UNKNOWN", "", false}, {"TEXT_OF_TOMORROW", "", false},
	} {
		r, ok, err := sms.ReadReceipt([]byte(`{"eventType":"` + tt.event + `","isFinal":true,"messageId":"m-1","context":{"stage":"dev","company":"c","ref":"a/b/c"},"totalMessagePrice":0.0755,"totalCarrierFee":0.001}`))
		if err != nil || ok != (tt.fate != "") || r != (notify.Receipt{Ref: "a/b/c", Channel: notify.SMS, Fate: tt.fate, ForGood: tt.good, ProviderID: "m-1", Cost: 76_500}) {
			t.Errorf("%s: %+v, %t, %v", tt.event, r, ok, err)
		}
	}
	if _, _, err := sms.ReadReceipt([]byte(`x`)); err == nil {
		t.Error("what is no JSON was read")
	}
}
