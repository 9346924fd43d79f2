package endpoint_test

import (
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/askpro/gateway/infra/local/endpoint"
)

func TestCallsAreCountedByFunctionCompanyAndOperation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.reply = func(target string, _ []byte) (int, string) {
		switch target {
		case "DynamoDB_20120810.GetItem":
			return 200, `{"Item":{},"ConsumedCapacity":{"CapacityUnits":0.5,"Table":{"CapacityUnits":0.5}}}`
		case "DynamoDB_20120810.TransactWriteItems":
			return 200, `{"ConsumedCapacity":[{"CapacityUnits":4},{"CapacityUnits":6}]}`
		}
		return 200, `{}`
	}
	hook := w.as(t, "hook-retell-events")
	route := dynamo("GetItem", `{"TableName":"`+w.system.Table.Name+`","Key":{"pk":{"S":"DIRECTORY#ROUTE#demo"}}}`)
	scan := dynamo("Scan", `{"TableName":"`+w.system.Table.Name+`"}`)
	sync := session(t, w.do(t, w.as(t, "work-sync"), assume("TenantWriteRole", tag("company", "A"))))
	for _, x := range []struct {
		who endpoint.Credentials
		q   request
	}{{hook, route}, {hook, route}, {hook, scan}, {hook, send(w)}, {sync, transaction(w)}, {admin, scan}, {admin, transaction(w)}} {
		w.do(t, x.who, x.q)
	}
	want := []endpoint.Row{
		{Function: "hook-retell-events", Service: "dynamodb", Operation: "GetItem", Calls: 2, ReadUnits: 1},
		{Function: "hook-retell-events", Service: "dynamodb", Operation: "Scan", Denied: 1},
		{Function: "hook-retell-events", Service: "sqs", Operation: "SendMessage", Calls: 1},
		{Function: "work-sync", Service: "sts", Operation: "AssumeRole", Calls: 1},
		{Function: "work-sync", Company: "A", Service: "dynamodb", Operation: "TransactWriteItems", Calls: 1, WriteUnits: 10},
	}
	var rows []endpoint.Row
	w.control(t, http.MethodGet, "calls", "", &rows)
	if !reflect.DeepEqual(rows, want) {
		t.Errorf("counted %+v", rows)
	}
	w.control(t, http.MethodDelete, "calls", "", nil)
	if w.control(t, http.MethodGet, "calls", "", &rows); len(rows) != 0 {
		t.Errorf("after clearing: %+v", rows)
	}
}

func TestCapacityIsShownOnlyToWhoAsksForIt(t *testing.T) {
	t.Parallel()
	for asks, shown := range map[string]bool{``: false, `"ReturnConsumedCapacity":"NONE",`: false, `"ReturnConsumedCapacity":"TOTAL",`: true} {
		w := newWorld(t)
		w.reply = func(string, []byte) (int, string) {
			return 200, `{"Item":{"n":{"N":"12345678901234567890"}},"ConsumedCapacity":{"CapacityUnits":1}}`
		}
		got := w.do(t, w.tenant(t, "TenantReadRole", "A"), dynamo("GetItem", `{`+asks+`"TableName":"`+w.system.Table.Name+`","Key":{"pk":{"S":"COMPANY#A"}}}`))
		if strings.Contains(got.body, "ConsumedCapacity") != shown || !strings.Contains(got.body, "12345678901234567890") {
			t.Errorf("%s answered %s", asks, got.body)
		}
		if sent := string(w.saw().calls[0].body); !strings.Contains(sent, `"ReturnConsumedCapacity":"INDEXES"`) {
			t.Errorf("the emulator was sent %s", sent)
		}
	}
}
