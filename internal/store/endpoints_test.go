package store

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/subscribe"
)

func TestWhatIsKeptOfAnEndpointIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	state := subscribe.State{
		EndpointID: "e1", Told: 2,
		Health: delivery.Health{FailingSince: noon, WarnedAgain: true, DisabledAt: noon.Add(time.Hour), Disabled: delivery.DisabledFailing},
		Replay: subscribe.Period{From: noon, To: noon.Add(time.Hour), After: "01"},
		Owed:   []subscribe.Alert{{ID: "a1", Notice: delivery.IsDisabled, Since: noon, Reason: delivery.DisabledFailing}},
	}
	it, err := encode(endpointStateKey(us, "e1"), endpointState{&state, disabledAt(&state)})
	if err != nil {
		t.Fatal(err)
	}
	if got := text(it, "disabled_at"); got != "2026-11-24T13:00:00.000Z" {
		t.Errorf("the condition on a disabled endpoint would see %q", got)
	}
	var read subscribe.State
	if err := decode(it, &read); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(state, read); d != "" {
		t.Error(d)
	}
	healthy := subscribe.State{EndpointID: "e1"}
	if it, err = encode(endpointStateKey(us, "e1"), endpointState{&healthy, disabledAt(&healthy)}); err != nil || it["disabled_at"] != nil {
		t.Errorf("a healthy endpoint has %v, %v", it["disabled_at"], err)
	}
	m := subscribe.Message{
		Delivery: delivery.Plan(delivery.Order{ID: "d1", OutputID: "e1", Kind: delivery.Event, Channel: delivery.Webhook, Profile: delivery.Long, MessageID: "msg_1"}, noon),
		EventID:  "ev", Type: "case.created.v1", OccurredAt: noon, Body: "{}", Held: true, WakeAt: noon,
	}
	if it, err = encode(endpointMessageKey(us, "e1", "d1"), &m); err != nil {
		t.Fatal(err)
	}
	var back subscribe.Message
	if err := decode(it, &back); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(m, back); d != "" {
		t.Error(d)
	}
	gate, _, _ := delivery.Gate{}.Enter("a", time.Minute, noon)
	if it, err = encode(gateKey(us, "h"), gate); err != nil {
		t.Fatal(err)
	}
	var g delivery.Gate
	if err := decode(it, &g); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(gate, g); d != "" {
		t.Error(d)
	}
}
