package endpoint_test

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/askpro/gateway/infra/local/endpoint"
)

// send is a call that hook-retell-events may make.
func send(w *world) request {
	q, _ := w.system.QueueNamed("default")
	return request{service: "sqs", target: "AmazonSQS.SendMessage", body: `{"QueueUrl":"` + q.URL + `","MessageBody":"x"}`}
}

func transaction(w *world) request {
	item := `{"Put":{"TableName":"` + w.system.Table.Name + `","Item":{"pk":{"S":"COMPANY#A"}}}}`
	return dynamo("TransactWriteItems", `{"TransactItems":[`+item+`,`+item+`]}`)
}

func TestAFaultHitsTheCallsItNames(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, fault, want string }{
		{"the first", `{"mode":"error"}`, "X..."},
		{"the third", `{"mode":"error","nth":3}`, "..X."},
		{"two from the second", `{"mode":"error","nth":2,"times":2}`, ".XX."},
		{"all from the second", `{"mode":"error","nth":2,"times":-1}`, ".XXX"},
		{"every second", `{"mode":"error","every":2,"times":-1}`, "X.X."},
		{"every second, twice", `{"mode":"error","every":2,"times":2}`, "X.X."},
		{"every second, once", `{"mode":"error","every":2,"nth":2}`, ".X.."},
		{"of this service and operation", `{"mode":"error","service":"sqs","operation":"SendMessage","function":"hook-retell-events"}`, "X..."},
		{"of another function", `{"mode":"error","function":"hook-calcom"}`, "...."},
		{"of another service", `{"mode":"error","service":"dynamodb"}`, "...."},
		{"of another operation", `{"mode":"error","operation":"ReceiveMessage"}`, "...."},
	} {
		w := newWorld(t)
		w.control(t, http.MethodPost, "faults", tt.fault, nil)
		got := ""
		for range 4 {
			mark := "."
			if w.do(t, w.as(t, "hook-retell-events"), send(w)).status != http.StatusOK {
				mark = "X"
			}
			got += mark
			w.do(t, admin, send(w)) // never hit and never counted
		}
		if got != tt.want {
			t.Errorf("%s: %s", tt.name, got)
		}
	}
}

func TestAFaultLooksLikeTheServicesOwn(t *testing.T) {
	t.Parallel()
	get := func(w *world) request {
		return dynamo("GetItem", `{"TableName":"`+w.system.Table.Name+`","Key":{"pk":{"S":"COMPANY#A"}}}`)
	}
	put := func(w *world) request {
		return request{service: "s3", target: "PUT /" + w.system.Bucket.Name + "/companies/A/1"}
	}
	for _, tt := range []struct {
		fault  string
		q      func(*world) request
		status int
		code   string
	}{
		{`{"mode":"error"}`, get, 500, "InternalServerError"},
		{`{"mode":"error"}`, put, 500, "InternalError"},
		{`{"mode":"error","code":"ServiceUnavailable"}`, get, 503, "ServiceUnavailable"},
		{`{"mode":"error","code":"ResourceNotFoundException"}`, get, 400, "ResourceNotFoundException"},
		{`{"mode":"error","code":"ConditionalCheckFailed"}`, get, 400, "ConditionalCheckFailedException"},
		{`{"mode":"error","code":"TransactionConflict"}`, get, 400, "TransactionConflictException"},
		{`{"mode":"error","code":"TransactionConflict"}`, transaction, 400, "TransactionCanceledException"},
		{`{"mode":"throttle"}`, get, 400, "ProvisionedThroughputExceededException"},
		{`{"mode":"throttle"}`, put, 503, "SlowDown"},
	} {
		w := newWorld(t)
		w.control(t, http.MethodPost, "faults", tt.fault, nil)
		got := w.do(t, w.tenant(t, "TenantWriteRole", "A"), tt.q(w))
		if got.status != tt.status || got.code != tt.code || len(w.reached()) != 0 {
			t.Errorf("%s: %d %s", tt.fault, got.status, got.body)
		}
		if tt.code == "TransactionCanceledException" && (strings.Count(got.body, `"Code":"TransactionConflict"`) != 1 || strings.Count(got.body, `"Code":"None"`) != 1) {
			t.Errorf("reasons: %s", got.body)
		}
	}
}

func TestWhatIsLostOrKilledWasDone(t *testing.T) {
	t.Parallel()
	for mode, killed := range map[string][]string{"lost": nil, "kill": {"process-1"}} {
		w := newWorld(t)
		w.control(t, http.MethodPost, "faults", `{"mode":"`+mode+`"}`, nil)
		got := w.do(t, w.as(t, "hook-retell-events"), send(w))
		if got.err == nil || len(w.reached()) != 1 || !reflect.DeepEqual(w.saw().killed, killed) {
			t.Errorf("%s: %+v, the emulator saw %q, killed %q", mode, got, w.reached(), w.saw().killed)
		}
	}
}

func TestACallUnderASessionKillsTheProcessThatOpenedIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := session(t, w.do(t, w.as(t, "work-sync"), assume("TenantWriteRole", tag("company", "A"))))
	w.control(t, http.MethodPost, "faults", `{"mode":"kill","function":"work-sync"}`, nil)
	if got := w.do(t, a, transaction(w)); got.err == nil || !reflect.DeepEqual(w.saw().killed, []string{"process-1"}) {
		t.Errorf("%+v, killed %q", got, w.saw().killed)
	}
}

func TestADelayedCallIsDone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.control(t, http.MethodPost, "faults", `{"mode":"delay","ms":1}`, nil)
	if got := w.do(t, w.as(t, "hook-retell-events"), send(w)); got.status != http.StatusOK || len(w.reached()) != 1 {
		t.Errorf("%+v", got)
	}
}

func TestWhatFiredIsListedInOrderUntilItIsCleared(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.control(t, http.MethodPost, "faults", `{"mode":"throttle","service":"sqs","nth":2}`, nil)
	w.control(t, http.MethodPost, "faults", `{"mode":"error","operation":"TransactWriteItems"}`, nil)
	hook, tenant := w.as(t, "hook-retell-events"), w.tenant(t, "TenantWriteRole", "A")
	w.do(t, hook, send(w))
	w.do(t, tenant, transaction(w))
	w.do(t, hook, send(w))
	list := func() (lines []string) {
		var fired []endpoint.Fired
		w.control(t, http.MethodGet, "faults", "", &fired)
		for _, f := range fired {
			lines = append(lines, fmt.Sprintf("%s %s %s %s %d", f.Mode, f.Function, f.Service, f.Operation, f.Call))
		}
		return lines
	}
	if got, want := list(), []string{"error test dynamodb TransactWriteItems 1", "throttle hook-retell-events sqs SendMessage 2"}; !reflect.DeepEqual(got, want) {
		t.Errorf("%q", got)
	}
	w.control(t, http.MethodPost, "faults", `{"mode":"error","times":-1}`, nil)
	w.control(t, http.MethodDelete, "faults", "", nil)
	if got := w.do(t, hook, send(w)); got.status != http.StatusOK || len(list()) != 0 {
		t.Errorf("after clearing: %+v, %q", got, list())
	}
}

func TestADeniedCallMeetsNoFault(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.control(t, http.MethodPost, "faults", `{"mode":"error","times":-1}`, nil)
	if got := w.do(t, w.as(t, "hook-calcom"), send(w)); got.code != "AccessDeniedException" {
		t.Errorf("%+v", got)
	}
}

func TestAFaultThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, f := range []string{`{}`, `{"mode":"explode"}`, `{"mode":"error","nht":1}`, `{"mode":"delay"}`, `{"mode":"error","nth":-1}`, `{"mode":"error","times":-2}`, `[`} {
		if status := w.control(t, http.MethodPost, "faults", f, nil); status != http.StatusBadRequest {
			t.Errorf("%s: %d", f, status)
		}
	}
}
