package mail

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/notify"
	"github.com/askpro/gateway/internal/tenant"
)

func TestALetterWhoseFateIsWaitedForCarriesItsRef(t *testing.T) {
	t.Parallel()
	var got map[string]any
	ses := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewDecoder(r.Body).Decode(&got)
		_, _ = io.WriteString(w, `{"MessageId":"ses-1"}`)
	}))
	t.Cleanup(ses.Close)
	s := Open(lambdakit.Env{Region: "eu-central-1", HTTP: ses.Client(), Base: ses.URL, Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKIA", SecretAccessKey: "x"}, nil
	})}, "termine@askpro.example", Receipts{Set: "set", Queue: "notifications"}, func() time.Time { return now })
	l := notify.Letter{Key: "k", Ref: "APPOINTMENT/a1/confirmed#0#email#customer", To: "erika@example.de", FromName: "Salon", Subject: "x", Text: "y"}
	for _, l.Ref = range []string{l.Ref, ""} {
		got = nil
		if id, err := s.SendLetter(t.Context(), tenant.Proven("01KAQ7T5Z0QW8R4N2M6X3C9V1B"), l); err != nil || id != "ses-1" {
			t.Fatal(id, err)
		}
		want := "set[map[Name:company Value:01KAQ7T5Z0QW8R4N2M6X3C9V1B] map[Name:queue Value:notifications] map[Name:ref Value:QVBQT0lOVE1FTlQvYTEvY29uZmlybWVkIzAjZW1haWwjY3VzdG9tZXI]]"
		if l.Ref == "" {
			want = "<nil><nil>"
		}
		if got := fmt.Sprintf("%v%v", got["ConfigurationSetName"], got["EmailTags"]); got != want {
			t.Errorf("with ref %q: %s", l.Ref, got)
		}
	}
}

func TestWhatSESSaysOfALetter(t *testing.T) {
	t.Parallel()
	const mail = `"mail":{"messageId":"ses-1","destination":["a@x.example"],"tags":{"company":["c"],"queue":["gateway"],"ref":["YS9iL2M"]}}`
	for _, tt := range []struct {
		name, event string
		fate        notify.Fate
		forGood     bool
	}{
		{"delivered", `{"eventType":"Delivery",` + mail + `,"delivery":{"recipients":["a@x.example"]}}`, notify.Reached, false},
		{"there is no such mailbox", `{"eventType":"Bounce",` + mail + `,"bounce":{"bounceType":"Permanent","bounceSubType":"General"}}`, notify.Returned, true},
		{"the mailbox stayed full", `{"eventType":"Bounce",` + mail + `,"bounce":{"bounceType":"Transient","bounceSubType":"MailboxFull"}}`, notify.Returned, false},
		{"SES itself does not send it", `{"eventType":"Reject",` + mail + `,"reject":{"reason":"Bad content"}}`, notify.Returned, false},
		{"called spam by its reader", `{"eventType":"Complaint",` + mail + `,"complaint":{}}`, notify.Unwanted, false},
	} {
		r, err := ReadReceipt([]byte(tt.event))
		if err != nil || r != (notify.Receipt{Ref: "a/b/c", Channel: notify.Email, Fate: tt.fate, ForGood: tt.forGood, ProviderID: "ses-1"}) {
			t.Errorf("%s: %+v, %v", tt.name, r, err)
		}
	}
	for _, event := range []string{`x`, `{}`, `{"eventType":"Open",` + mail + `}`, `{"eventType":"Delivery","mail":{"tags":{}}}`, `{"eventType":"Delivery","mail":{"tags":{"ref":["?"]}}}`} {
		if r, err := ReadReceipt([]byte(event)); err == nil {
			t.Errorf("%s was read as %+v", event, r)
		}
	}
}
