package endpoint_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/askpro/gateway/infra/local/endpoint"
	letters "github.com/askpro/gateway/internal/mail"
	"github.com/askpro/gateway/internal/notify"
	"github.com/askpro/gateway/internal/sms"
)

// receipts are the messages that the default bus's rules put into queues: "queue kind company fate ref".
func (w *world) receipts(t *testing.T) (list []string) {
	t.Helper()
	for _, c := range w.saw().calls {
		var in struct{ QueueUrl, MessageBody, MessageGroupId string }
		var m struct {
			Kind    string          `json:"kind"`
			Company string          `json:"company_id"`
			At      string          `json:"at"`
			Body    json.RawMessage `json:"body"`
		}
		if c.target != "AmazonSQS.SendMessage" || json.Unmarshal(c.body, &in) != nil || json.Unmarshal([]byte(in.MessageBody), &m) != nil {
			t.Fatalf("%s %s", c.target, c.body)
		}
		if in.MessageGroupId != "receipts" || m.At == "" {
			t.Errorf("group %q, at %q", in.MessageGroupId, m.At)
		}
		var r notify.Receipt
		var err error
		if m.Kind == letters.KindReceipt {
			r, err = letters.ReadReceipt(m.Body)
		} else {
			r, _, err = sms.ReadReceipt(m.Body)
		}
		if err != nil {
			t.Error(err)
		}
		list = append(list, fmt.Sprint(in.QueueUrl[strings.LastIndexByte(in.QueueUrl, '-')+1:], " ", m.Kind, " ", m.Company, " ", r.Fate, " ", r.Ref, " ", r.ForGood, " ", r.Cost))
	}
	return list
}

func TestWhatBecomesOfALetterIsToldToItsQueue(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, queue, set, fate string
		want                   string
	}{
		{"delivered", "notifications", "askpro-local-MailSet", "", "NotificationsQueue mail.receipt A reached a/b false 0"},
		{"of another function", "gateway", "askpro-local-MailSet", "", "GatewayQueue mail.receipt A reached a/b false 0"},
		{"it came back", "gateway", "askpro-local-MailSet", endpoint.Bounce, "GatewayQueue mail.receipt A returned a/b true 0"},
		{"its reader complained", "gateway", "askpro-local-MailSet", endpoint.Complaint, "GatewayQueue mail.receipt A reached a/b false 0; GatewayQueue mail.receipt A unwanted a/b false 0"},
		{"nobody's queue", "sync", "askpro-local-MailSet", "", ""},
		{"without a configuration set", "gateway", "", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.fate = tt.fate
			body, err := json.Marshal(map[string]any{
				"FromEmailAddress": "termine@" + w.system.Mail, "Destination": map[string]any{"ToAddresses": []string{"a@x.example"}}, "Content": map[string]any{"Raw": map[string]any{"Data": "bGV0dGVy"}},
				"ConfigurationSetName": tt.set, "EmailTags": []any{tagged("company", "A"), tagged("queue", tt.queue), tagged("ref", base64.RawURLEncoding.EncodeToString([]byte("a/b")))},
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := w.do(t, w.as(t, "work-notifications"), request{service: "ses", target: "POST /v2/email/outbound-emails", body: string(body)}); got.status != http.StatusOK {
				t.Fatalf("%d %s", got.status, got.body)
			}
			if got := strings.Join(w.receipts(t), "; "); got != tt.want {
				t.Errorf("told %q", got)
			}
		})
	}
}

func tagged(name, value string) map[string]string {
	return map[string]string{"Name": name, "Value": value}
}

func TestWhatSESRefusesOfTagsAndSets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for rest, want := range map[string]int{
		`"ConfigurationSetName":"another"`:                                        http.StatusForbidden, // the role's policy names ours
		`"EmailTags":[{"Name":"ref","Value":"a/b"}]`:                              http.StatusBadRequest,
		`"EmailTags":[{"Name":"","Value":"a"}]`:                                   http.StatusBadRequest,
		`"EmailTags":[{"Name":"ref","Value":"` + strings.Repeat("a", 257) + `"}]`: http.StatusBadRequest,
		`"EmailTags":[{"Name":"ref","Value":"` + strings.Repeat("a", 256) + `"}]`: http.StatusOK,
		`"ConfigurationSetName":"askpro-local-MailSet"`:                           http.StatusOK,
	} {
		body := `{"FromEmailAddress":"termine@` + w.system.Mail + `","Destination":{"ToAddresses":["a@x.example"]},"Content":{"Raw":{"Data":"bGV0dGVy"}},` + rest + `}`
		if got := w.do(t, w.as(t, "work-notifications"), request{service: "ses", target: "POST /v2/email/outbound-emails", body: body}); got.status != want {
			t.Errorf("%.60s: %d %s", rest, got.status, got.body)
		}
	}
}

func TestWhatBecomesOfATextMessageIsToldToItsQueue(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, stage, fate, want string }{
		{"delivered", "local", "", "NotificationsQueue sms.receipt A reached a/b false 75500"},
		{"it came back", "local", endpoint.Bounce, "NotificationsQueue sms.receipt A returned a/b true 75500"},
		{"of another stage", "prod", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.fate = tt.fate
			body := `{"DestinationPhoneNumber":"+4915112345678","OriginationIdentity":"SalonMitte","MessageBody":"x","MessageType":"TRANSACTIONAL","Context":{"stage":"` + tt.stage + `","company":"A","ref":"a/b"}}`
			if got := w.do(t, w.as(t, "work-notifications"), request{service: "sms-voice", target: "PinpointSMSVoiceV2.SendTextMessage", body: body}); got.status != http.StatusOK {
				t.Fatalf("%d %s", got.status, got.body)
			}
			if got := strings.Join(w.receipts(t), "; "); got != tt.want {
				t.Errorf("told %q", got)
			}
		})
	}
}
