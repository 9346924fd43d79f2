package delivery_test

import (
	"slices"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/delivery"
)

// Scenario 9: a hybrid output. The mail is accepted, the webhook answers 500 four times: it is dead, the fallback mail and
// the alert go out once, the case is partly failed, and a replay sends only the webhook, under the same message id.
func TestAHybridOutputWhoseWebhookFails(t *testing.T) {
	t.Parallel()
	order := func(id string, c delivery.Channel) delivery.Order {
		o := webhook()
		o.ID, o.Channel, o.MessageID = id, c, "msg_"+id
		return o
	}
	mail, hook := delivery.Plan(order("mail", delivery.Email), noon), delivery.Plan(order("hook", delivery.Webhook), noon)
	all := func(more ...delivery.Delivery) delivery.Summary {
		return delivery.Summarize(append([]delivery.Delivery{mail, hook}, more...))
	}
	mail = try(t, mail, delivery.MailAccepted("ses-1"))
	var at []time.Duration
	for !hook.Final() {
		if got := all(); got != delivery.Pending {
			t.Errorf("%s while a retry is due", got)
		}
		at = append(at, hook.NextAt.Sub(noon)/time.Second)
		hook = try(t, hook, delivery.Judge(delivery.Answer{Status: 500}, delivery.Judging{Semantic: true}, hook.NextAt))
	}
	if !slices.Equal(at, []time.Duration{0, 60, 180, 480}) || mail.Attempts != 1 {
		t.Errorf("webhook tried at %d, mail %d times", at, mail.Attempts)
	}
	if got := all(); got != delivery.PartlyFailed {
		t.Errorf("the case is %s", got)
	}
	if _, ok := delivery.FallbackOf(hook); !ok {
		t.Error("no fallback mail")
	}
	if _, ok := delivery.FallbackOf(mail); ok {
		t.Error("a fallback mail for the mail")
	}
	if _, told := (delivery.Alerts{}).Add(hook.ID, noon); !told {
		t.Error("no alert")
	}
	replay := must(hook.Replay(delivery.Order{ID: "hook2", Profile: delivery.Fast, MessageID: "msg_hook2"}, false, noon.Add(time.Hour)))
	if replay.MessageID != hook.MessageID || replay.Channel != delivery.Webhook {
		t.Errorf("replay: %+v", replay)
	}
	if got := all(replay); got != delivery.Pending {
		t.Errorf("during the replay the case is %s", got)
	}
	if got := all(try(t, replay, ok)); got != delivery.AllSent {
		t.Errorf("after it the case is %s", got)
	}
}
