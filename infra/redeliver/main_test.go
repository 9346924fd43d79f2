package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/audit"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/dispatch"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/store/twin"
	"github.com/askpro/gateway/internal/tenant"
)

var us = tenant.Proven("01KAQ7T5Z0QW8R4N2M6X3C9V1B")

// office is a company with an output by which three cases left on 24 November at 11, 12 and 13 Berlin time: dead, sent, dead.
// The stack works once at each wait.
type office struct {
	*twin.Table
	now  time.Time
	work *dispatch.Dispatcher
	t    *testing.T
}

func newOffice(t *testing.T) *office {
	o := &office{now: time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC), t: t}
	clock := func() time.Time { return o.now }
	o.Table = twin.New(clock)
	o.work = &dispatch.Dispatcher{Store: o.Table, Now: clock, NewID: ident.Maker(clock)}
	o.Enter(&company.Config{Company: company.Company{ID: us.String(), Timezone: "Europe/Berlin"}})
	conf := desk.NoConfiguration()
	conf.Gateway.Prefix = "TKT"
	conf.Outputs = []output.Output{{ID: "o1", Slug: "tickets", Type: output.Email, Active: true, Default: true, Retry: delivery.Fast, Mail: output.Mail{To: []string{"it@kunde.example"}, Template: output.Standard}}}
	if err := o.SaveDesk(t.Context(), us, conf, audit.By{Actor: event.Actor{Kind: "test"}}); err != nil {
		t.Fatal(err)
	}
	for n, state := range []delivery.State{delivery.Dead, delivery.Sent, delivery.Dead} {
		id := fmt.Sprintf("k%d", n)
		at := time.Date(2026, 11, 24, 10+n, 0, 0, 0, time.UTC)
		if err := o.Commit(t.Context(), us, &ledger.Step{
			Case: &desk.Case{ID: id, Number: desk.Number{Prefix: "TKT", Year: 2026, Count: int64(n + 1)}, CreatedAt: at},
			Deliveries: []*delivery.Delivery{{ID: "d" + id, CaseID: id, OutputID: "o1", ConfigVersion: 1, Kind: delivery.Created, Channel: delivery.Email, Destination: "it@kunde.example",
				State: state, CreatedAt: at, MessageID: "msg_" + id}},
		}); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

// does runs the command; while it waits the stack works as the queue and the timer make it.
func (o *office) does(w wish) (said string, err error) {
	var out strings.Builder
	var queue []dispatch.Later
	known := ""
	wait := func() {
		id := ""
		for line := range strings.Lines(out.String()) {
			_, _ = fmt.Sscanf(line, "redelivery %s begins", &id)
		}
		if id != known {
			known, queue = id, append(queue, dispatch.Later{Kind: dispatch.RedeliverKind, Body: dispatch.Redelivering{RedeliveryID: id}})
		}
		for len(queue) > 0 && queue[0].Kind != dispatch.RedeliverKind { // attempts are the mail server's to answer
			queue = queue[1:]
		}
		if len(queue) == 0 {
			o.t.Fatal("the stack has nothing to do, and the command waits")
		}
		body, err := json.Marshal(queue[0].Body)
		if err != nil {
			o.t.Fatal(err)
		}
		later, err := o.work.Handle(context.Background(), us, queue[0].Kind, body)
		if err != nil {
			o.t.Fatal(err)
		}
		queue = append(queue[1:], later...)
	}
	err = run(o.t.Context(), &out, o.Table, us, func() time.Time { return o.now }, w, wait)
	return out.String(), err
}

func TestACountIsShownAndNothingIsSentUnlessItIsWished(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		wish wish
		want string
	}{
		{"since a day", wish{output: "tickets", from: "2026-11-24"}, "output tickets, 24.11.2026 00:00 to 25.11.2026 10:00: 2 would be sent again\n"},
		{"with what arrived", wish{output: "tickets", from: "2026-11-24", all: true}, "3 would be sent again\n"},
		{"to a day's end", wish{output: "tickets", from: "2026-11-24 11:30", to: "2026-11-24"}, "output tickets, 24.11.2026 11:30 to 25.11.2026 00:00: 1 would be sent again\n"},
		{"to an hour, which does not belong to it", wish{output: "tickets", from: "2026-11-24", to: "2026-11-24 13:00"}, ": 1 would be sent again\n"},
		{"of a case", wish{number: "TKT-2026-00003"}, "case TKT-2026-00003: 1 would be sent again\n"},
	} {
		o := newOffice(t)
		said, err := o.does(tt.wish)
		if err != nil || !strings.Contains(said, tt.want) || !strings.HasSuffix(said, "Nothing was sent. APPLY=1 sends them.\n") {
			t.Errorf("%s: %s%v", tt.name, said, err)
		}
		for n := range 3 {
			if all, _ := o.CaseDeliveries(t.Context(), us, fmt.Sprintf("k%d", n)); len(all) != 1 {
				t.Errorf("%s: something was planned", tt.name)
			}
		}
	}
}

func TestWhatIsWishedSetsOutAndIsShown(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	said, err := o.does(wish{output: "tickets", from: "2026-11-24", apply: true})
	if err != nil || !strings.Contains(said, "begins within a minute\n") || !strings.HasSuffix(said, "  2 set out\ndone: 2 set out; what becomes of them is on their cases\n") {
		t.Errorf("%s%v", said, err)
	}
	if said, err = o.does(wish{output: "tickets", from: "2026-11-24", apply: true}); err != nil || !strings.HasSuffix(said, ": 0 would be sent again\n") {
		t.Errorf("once more: %s%v", said, err)
	}
	said, err = o.does(wish{number: "TKT-2026-00002", all: true, asNew: true, apply: true})
	if err != nil || !strings.Contains(said, "done: 1 set out") {
		t.Errorf("%s%v", said, err)
	}
	all, err := o.CaseDeliveries(t.Context(), us, "k1")
	if err != nil || len(all) != 2 {
		t.Fatalf("%d deliveries, %v", len(all), err)
	}
	for _, d := range all {
		if d.ReplayOf != "" && (d.MessageID == "msg_k1" || d.Redelivery == "") {
			t.Errorf("%+v", d)
		}
	}
}

func TestAWishThatCannotBeUnderstoodSaysWhatToWrite(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		wish wish
		want string
	}{
		{wish{}, "make redeliver COMPANY=demo"},
		{wish{output: "tickets"}, "FROM"},
		{wish{output: "jira", from: "2026-11-24"}, `no output "jira"`},
		{wish{output: "tickets", from: "gestern"}, `"gestern" is neither a day (2026-11-24) nor a time`},
		{wish{output: "tickets", from: "2026-11-24", to: "24.11.2026"}, "is neither a day"},
		{wish{number: "Vorgang"}, "CASE=TKT-2026-00042"},
		{wish{number: "TKT-2026-00009"}, "there is no case TKT-2026-00009"},
	} {
		if said, err := newOffice(t).does(tt.wish); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %s%v", tt.wish, said, err)
		}
	}
}
