package dispatch_test

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/webhook"
)

// An escalation's webhook goes to a receiver of its own: signed, without what only the output's receiver may see.
func TestAnEscalationCallsItsOwnReceiver(t *testing.T) {
	t.Parallel()
	w, r := receives(t, status(200, `{"id":"ESC-1"}`))
	o := hooks(r.URL)
	o.Hook.SigningRef = "ssm:/signing"
	o.Hook.Auth = output.Auth{Type: webhook.AuthBearer, TokenRef: "ssm:/token"}
	o.Hook.Headers = []webhook.Header{{Name: "X-Mandant", Value: "geheim"}}
	w.save(o)
	secret, err := webhook.NewSecret(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	w.rings["out"] = webhook.Ring{Current: secret}
	fact := event.CaseEscalated{Head: event.Head{ID: "E1"}, CaseID: caseID, URLs: []string{r.URL + "/escalation"}}
	for range 2 {
		w.give("case.escalated.v1", fact)
	}
	w.run(t, noon.Add(time.Hour))
	all := r.all()
	if len(all) != 1 {
		t.Fatalf("%d requests", len(all))
	}
	if name, _, _ := all[0].meta(t); name != "service_case.escalated" {
		t.Errorf("event %s", name)
	}
	if h := all[0].header; h.Get("Authorization") != "" || h.Get("X-Mandant") != "" || !strings.HasPrefix(h.Get("webhook-signature"), "v1,") {
		t.Errorf("headers: %v", h)
	}
	if c := w.cases[caseID]; len(c.References) > 0 || c.Delivered != "" {
		t.Errorf("the case: %v, %q", c.References, c.Delivered)
	}
	if x := one(t, w.of(delivery.Webhook)); x.State != delivery.Sent || x.Kind != delivery.Escalation {
		t.Errorf("%+v", x)
	}
}

func TestAnEscalationThatIsSentAgainGoesToItsOwnReceiver(t *testing.T) {
	t.Parallel()
	w, r := receives(t, status(404, ""))
	o := hooks(r.URL)
	o.Hook.SigningRef = "ssm:/signing"
	w.save(o)
	secret, err := webhook.NewSecret(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	w.rings["out"] = webhook.Ring{Current: secret}
	w.give("case.escalated.v1", event.CaseEscalated{Head: event.Head{ID: "E1"}, CaseID: caseID, URLs: []string{r.URL + "/escalation"}})
	w.run(t, noon.Add(time.Hour))
	dues, err := w.Replay(t.Context(), us, caseID, one(t, w.of(delivery.Webhook)).ID, false, anna)
	if err != nil || len(dues) != 1 {
		t.Fatalf("%v, %v", dues, err)
	}
	if x := w.deliveries[dues[0].DeliveryID]; x.Destination != r.URL+"/escalation" || x.Kind != delivery.Escalation {
		t.Errorf("%+v", x)
	}
}

func TestAnEscalationThatNothingSignsIsTold(t *testing.T) {
	t.Parallel()
	w, r := receives(t, status(200, ""))
	w.save(mails("it@kunde.example"))
	w.give("case.escalated.v1", event.CaseEscalated{Head: event.Head{ID: "E1"}, CaseID: caseID, URLs: []string{r.URL}})
	w.run(t, noon.Add(time.Hour))
	if x := one(t, w.of(delivery.Webhook)); x.State != delivery.Dead || x.Reason != delivery.ConfigError || len(r.all()) > 0 {
		t.Errorf("%+v, %d requests", x, len(r.all()))
	}
}
