package store

import (
	"reflect"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/exchange"
)

func TestWhatStandsBeforeADestinationAndInTheLogReadsAsItWasWritten(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		was, read any
	}{
		{"a gate with a probe", &delivery.Gate{Tries: []delivery.Tries{{From: noon, Total: 9, Failed: 7}}, OpenUntil: noon.Add(time.Minute), Probe: "d/2", Inside: []delivery.Visit{{ID: "d/2", Until: noon}}}, &delivery.Gate{}},
		{"a gate that is open to all", &delivery.Gate{}, &delivery.Gate{}},
		{"collected alerts", &delivery.Alerts{Lately: []delivery.Death{{DeliveryID: "c/d", At: noon}}, Collected: []string{"c/d"}, Count: 1, FlushAt: noon.Add(time.Minute)}, &delivery.Alerts{}},
		{"a line of the exchange log", &exchange.Line{
			ID: "L", CaseID: "C", OutputID: "O", Direction: exchange.Outbound, Result: exchange.HTTPError, Method: "POST", Place: "a.example/x", Status: 500, Took: 20 * time.Millisecond, Attempt: 1, Of: 4,
			Class: "http_500", RequestHeader: map[string]string{"Webhook-Id": "msg"}, RequestBody: "{}", CreatedAt: noon, CompletedAt: noon, ExpiresAt: noon.Add(time.Hour),
		}, &exchange.Line{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			it, err := encode(key{"pk", "sk"}, tt.was)
			if err != nil {
				t.Fatal(err)
			}
			if err := decode(it, tt.read); err != nil || !reflect.DeepEqual(tt.was, tt.read) {
				t.Errorf("%+v, %v", tt.read, err)
			}
		})
	}
}

func TestALineHasOnePlaceHoweverOftenItIsWritten(t *testing.T) {
	t.Parallel()
	a, b := exchange.Line{ID: "L", CreatedAt: noon}, exchange.Line{ID: "L", CreatedAt: noon, Class: "timeout"}
	if exchangeKey(us, a) != exchangeKey(us, b) || exchangeKey(us, a) == exchangeKey(us, exchange.Line{ID: "M", CreatedAt: noon}) {
		t.Error("the place of a line is its time and id")
	}
}
