package endpoint_test

import (
	"fmt"
	"testing"
	"time"
)

func TestOnlyWhoReadsWhatWasWrittenIsWoken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.reply = func(string, []byte) (int, string) { return 200, `{"ConsumedCapacity":[{"CapacityUnits":4}]}` }
	sender := w.as(t, "work-notifications")
	sync := session(t, w.do(t, w.as(t, "work-sync"), assume("TenantWriteRole", tag("company", "A"))))
	route := dynamo("GetItem", `{"TableName":"`+w.system.Table.Name+`","Key":{"pk":{"S":"DIRECTORY#ROUTE#demo"}}}`)
	told := 0
	for _, tt := range []struct {
		name string
		do   func()
		want string
	}{
		{"what is only read", func() { w.do(t, w.as(t, "hook-retell-events"), route) }, "[]"},
		{"what is written to the table", func() { w.do(t, sync, transaction(w)) }, "[dynamodb]"},
		{"a message", func() { w.do(t, sender, message(w, "now", 0)) }, "[sqs askpro-local-NotificationsQueue]"},
		{"a message that waits", func() { w.do(t, sender, message(w, "later", 30)) }, "[]"},
		{"when its time has come", func() {
			w.advance(time.Minute)
			if err := w.Release(t.Context()); err != nil {
				t.Error(err)
			}
		}, "[sqs askpro-local-NotificationsQueue]"},
		{"another call of an operator's to a queue: any may be meant", func() {
			w.do(t, admin, request{service: "sqs", target: "AmazonSQS.StartMessageMoveTask", body: "{}"})
		}, "[sqs]"},
	} {
		tt.do()
		nudged := w.saw().nudged
		if got := fmt.Sprint(nudged[told:]); got != tt.want {
			t.Errorf("%s wakes %s, wanted %s", tt.name, got, tt.want)
		}
		told = len(nudged)
	}
}
