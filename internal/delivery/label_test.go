package delivery_test

import (
	"testing"

	"github.com/askpro/gateway/internal/delivery"
)

func TestEveryStateHasItsLabel(t *testing.T) {
	t.Parallel()
	want := map[delivery.State]string{
		delivery.Scheduled: "Geplant", delivery.Waiting: "Wartet auf Anreicherung", delivery.Sending: "Wird gesendet", delivery.Sent: "Gesendet", delivery.Retrying: "Neuer Versuch", delivery.Dead: "Gescheitert",
		delivery.Cancelled: "Abgebrochen",
	}
	for _, s := range delivery.States {
		if s.Label() == "" || s.Label() != want[s] {
			t.Errorf("%s is called %q, wanted %q", s, s.Label(), want[s])
		}
	}
	if got := delivery.State("lost").Label(); got != "" {
		t.Errorf("a state that is on no list is called %q", got)
	}
}
