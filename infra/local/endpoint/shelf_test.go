package endpoint_test

import (
	"crypto/md5"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// message is a SendMessage of work-notifications to its own queue.
func message(w *world, text string, delay int) request {
	q, _ := w.system.QueueNamed("notifications")
	return request{service: "sqs", target: "AmazonSQS.SendMessage", body: fmt.Sprintf(`{"QueueUrl":%q,"MessageBody":%q,"DelaySeconds":%d,"MessageGroupId":"A"}`, q.URL, text, delay)}
}

func (w *world) advance(by time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(by)
}

// delivered lists the bodies of the messages the emulator got, by their operation.
func (w *world) delivered() (list []string) {
	for _, c := range w.saw().calls {
		var in struct {
			MessageBody  string
			DelaySeconds int
			Entries      []struct{ MessageBody string }
		}
		_ = json.Unmarshal(c.body, &in)
		for _, x := range in.Entries {
			in.MessageBody += x.MessageBody
		}
		list = append(list, fmt.Sprintf("%s %s %d", strings.TrimPrefix(c.target, "AmazonSQS."), in.MessageBody, in.DelaySeconds))
	}
	return list
}

func TestADelayedMessageWaitsForTheStacksClock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who := w.as(t, "work-notifications")
	w.do(t, who, message(w, "later", 60))
	got := w.do(t, who, message(w, "sooner", 30))
	w.do(t, who, message(w, "now", 0))
	var receipt struct{ MessageId, MD5OfMessageBody string }
	if err := json.Unmarshal([]byte(got.body), &receipt); err != nil || len(receipt.MessageId) != 36 || receipt.MD5OfMessageBody != fmt.Sprintf("%x", md5.Sum([]byte("sooner"))) {
		t.Errorf("answered %s", got.body)
	}
	for _, tt := range []struct {
		advance time.Duration
		want    string
		left    int
	}{
		{0, "[SendMessage now 0]", 2},
		{29 * time.Second, "[SendMessage now 0]", 2},
		{time.Hour, "[SendMessage now 0 SendMessage sooner 0 SendMessage later 0]", 0},
	} {
		w.advance(tt.advance)
		if err := w.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(w.delivered()); got != tt.want || len(w.Shelved()) != tt.left {
			t.Errorf("after %s: %s, %d left", tt.advance, got, len(w.Shelved()))
		}
	}
	for _, c := range w.saw().calls {
		if !strings.Contains(string(c.body), `"MessageGroupId":"A"`) {
			t.Errorf("the group is lost: %s", c.body)
		}
	}
}

func TestOfABatchOnlyTheDelayedWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.reply = func(target string, _ []byte) (int, string) {
		return 200, `{"Successful":[{"Id":"a","MessageId":"m"}]}`
	}
	q, _ := w.system.QueueNamed("notifications")
	got := w.do(t, w.as(t, "work-notifications"), request{service: "sqs", target: "AmazonSQS.SendMessageBatch", body: `{"QueueUrl":"` + q.URL + `","Entries":[{"Id":"b","MessageBody":"later","DelaySeconds":5},{"Id":"a","MessageBody":"now","DelaySeconds":0}]}`})
	var out struct {
		Successful []struct{ Id, MessageId string }
	}
	if err := json.Unmarshal([]byte(got.body), &out); err != nil || len(out.Successful) != 2 || out.Successful[0].Id != "a" || out.Successful[1].Id != "b" {
		t.Errorf("answered %s", got.body)
	}
	w.advance(5 * time.Second)
	if err := w.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(w.delivered()); got != "[SendMessageBatch now 0 SendMessage later 0]" {
		t.Error(got)
	}
}

func TestADelayThatSQSWouldRefuseIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who := w.as(t, "work-notifications")
	for _, delay := range []int{-1, 901} {
		if got := w.do(t, who, message(w, "x", delay)); got.code != "InvalidParameterValue" {
			t.Errorf("%d s: %d %s", delay, got.status, got.body)
		}
	}
	gone := message(w, "x", 5)
	gone.body = strings.Replace(gone.body, "notifications", "nowhere", 1)
	gone.body = strings.Replace(gone.body, "Notifications", "Nowhere", 1)
	if got := w.do(t, admin, gone); got.code != "QueueDoesNotExist" {
		t.Errorf("a queue that is not there: %d %s", got.status, got.body)
	}
	if n := len(w.Shelved()); n != 0 {
		t.Errorf("%d messages wait", n)
	}
}

func TestNoMessageVanishesInSilence(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(t, w.as(t, "work-notifications"), message(w, "x", 1))
	w.advance(time.Second)
	answer := func(status int) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.reply = func(string, []byte) (int, string) { return status, `{}` }
	}
	answer(http.StatusServiceUnavailable)
	if err := w.Release(t.Context()); err == nil || len(w.Shelved()) != 1 {
		t.Errorf("the emulator is away: %v, %d wait", err, len(w.Shelved()))
	}
	answer(http.StatusBadRequest)
	if err := w.Release(t.Context()); err == nil || !strings.Contains(err.Error(), "dropped") || len(w.Shelved()) != 0 {
		t.Errorf("the emulator refuses it: %v, %d wait", err, len(w.Shelved()))
	}
}

func TestSESTakesRawLettersOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who, from := w.as(t, "work-notifications"), `"FromEmailAddress":"termine@`+w.system.Mail+`"`
	post := func(rest string) reply {
		t.Helper()
		return w.do(t, who, request{service: "ses", target: "POST /v2/email/outbound-emails", body: `{` + from + rest + `}`})
	}
	if got := post(`,"Destination":{"ToAddresses":["a@x.example"],"BccAddresses":["b@x.example"]},"Content":{"Raw":{"Data":"bGV0dGVy"}}`); got.status != http.StatusOK || !strings.Contains(got.body, "mail-1") {
		t.Errorf("%d %s", got.status, got.body)
	}
	if len(w.saw().mails) != 1 || w.saw().mails[0].raw != "letter" || fmt.Sprint(w.saw().mails[0].to) != "[a@x.example b@x.example]" || len(w.reached()) != 0 {
		t.Errorf("received %+v; the emulator saw %q", w.saw().mails, w.reached())
	}
	for _, rest := range []string{`,"Destination":{"ToAddresses":["a@x.example"]},"Content":{"Simple":{}}`, `,"Content":{"Raw":{"Data":"bGV0dGVy"}}`} {
		if got := post(rest); got.status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", rest, got.status, got.body)
		}
	}
}

func TestEndUserMessagingTakesTextMessages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who := w.as(t, "work-notifications")
	post := func(to, body string) reply {
		t.Helper()
		return w.do(t, who, request{service: "sms-voice", target: "PinpointSMSVoiceV2.SendTextMessage", body: `{"DestinationPhoneNumber":"` + to + `","OriginationIdentity":"SalonMitte","MessageBody":"` + body + `","MessageType":"TRANSACTIONAL"}`})
	}
	if got := post("+4915112345678", "Bis morgen!"); got.status != http.StatusOK || !strings.Contains(got.body, `"MessageId":"text-1"`) {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := w.saw().texts; len(got) != 1 || got[0] != "SalonMitte +4915112345678 Bis morgen!" || len(w.reached()) != 0 {
		t.Errorf("received %q; the emulator saw %q", got, w.reached())
	}
	for _, tt := range [][2]string{{"0151", "x"}, {"+49151x", "x"}, {"+4915112345678", ""}, {"+4915112345678", strings.Repeat("a", 1601)}} {
		if got := post(tt[0], tt[1]); got.status != http.StatusBadRequest || got.code != "ValidationException" {
			t.Errorf("%q: %d %s", tt, got.status, got.body)
		}
	}
}
