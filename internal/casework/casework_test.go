package casework_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/casework"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/sla"
	"github.com/askpro/gateway/internal/store/twin"
	"github.com/askpro/gateway/internal/tenant"
)

var (
	us   = tenant.Proven("01KB0000000000000000000002")
	them = tenant.Proven("01KB0000000000000000000003")
	anna = event.Actor{Kind: casework.User, ID: "anna"}
	bert = event.Actor{Kind: casework.User, ID: "bert"}
)

// office is a company with a service desk, its cases in memory, on a clock of its own.
type office struct {
	*twin.Table
	service *desk.Configuration
	keeper  *casework.Keeper
	mu      sync.Mutex
	now     time.Time
	mails   []string
	alarms  []string
}

// Desk is the office's configuration.
func (o *office) Desk(context.Context, tenant.ID) (*desk.Configuration, error) { return o.service, nil }

func (o *office) clock() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.now
}

func (o *office) after(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.now = o.now.Add(d)
}

// at is a time in Berlin in the last week of November 2026: Tuesday is the 24th.
func at(day, hour, minute int) time.Time {
	return time.Date(2026, 11, day, hour, minute, 0, 0, company.Berlin())
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{now: at(24, 10, 15)}
	o.Table = twin.New(o.clock)
	for _, id := range []tenant.ID{us, them} {
		o.Enter(&company.Config{
			Company:  company.Company{ID: id.String(), Name: "EDV", Timezone: "Europe/Berlin"},
			Branches: []company.Branch{{ID: "nord", Name: "Nord", Active: true, Timezone: "Europe/Berlin"}},
		})
	}
	o.service = desk.NoConfiguration()
	o.service.Gateway.Enabled, o.service.Gateway.Mode, o.service.Gateway.Enrichment = true, desk.ServiceDesk, true
	o.service.Gateway.AlertEmails = []string{"alarm@edv.example"}
	o.service.Categories = desk.Categories{{ID: "any", Slug: "allgemein", Name: "Allgemein", Active: true, Default: true}, {ID: "vpn", Slug: "vpn", Name: "VPN", Active: true, Impact: desk.Normal, Urgency: desk.High}}
	o.service.Groups = []desk.Group{{ID: "first", Name: "1st Level", Active: true, Members: []desk.Member{{UserID: "anna", Active: true}}}}
	newID := ident.Maker(o.clock)
	o.keeper = &casework.Keeper{
		Store: o, Now: o.clock, NewID: newID, Alarm: func(_ context.Context, name, _ string) { o.alarms = append(o.alarms, name) },
		Opener: &casework.Opener{Store: o, NewID: newID, Alarm: func(context.Context, string, string) {}},
		Backup: func(_ context.Context, _ tenant.ID, to []string, subject, text string) error {
			o.mails = append(o.mails, strings.Join(to, ",")+": "+subject+"\n"+text)
			return nil
		},
	}
	return o
}

// says takes down what a call says.
func (o *office) says(t *testing.T, callID, tool string, fields map[string]string) desk.Capture {
	t.Helper()
	args, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	c, err := o.Capture(t.Context(), us, callID, desk.Said{Tool: tool, Args: string(args), BranchID: "nord", Caller: "+493012345678", At: o.clock()}, o.clock().Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// reported is a case made of a call.
func (o *office) reported(t *testing.T, callID string, fields map[string]string) desk.Case {
	t.Helper()
	o.says(t, callID, desk.Finalize, fields)
	if err := o.keeper.Recover(t.Context(), us, callID, false); err != nil {
		t.Fatal(err)
	}
	return o.the(t, callID)
}

func (o *office) the(t *testing.T, callID string) desk.Case {
	t.Helper()
	said, _, err := o.Captured(t.Context(), us, callID)
	if err != nil || said.CaseID == "" {
		t.Fatalf("no case: %+v, %v", said, err)
	}
	c, ok, err := o.Case(t.Context(), us, said.CaseID)
	if err != nil || !ok {
		t.Fatalf("case %s: %t, %v", said.CaseID, ok, err)
	}
	return c
}

// told are the facts since the last time, by their names.
func (o *office) told() (names []string) {
	for _, f := range o.Facts() {
		names = append(names, f.Name)
	}
	return names
}

func wants(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, wanted %q", what, got, want)
	}
}

var broken = map[string]string{"problem_description": "Der Drucker druckt nicht", "customer_name": "Erika Muster", "customer_email": "erika@muster.example"}

// rung is the record of a call, over or not.
func (o *office) rung(t *testing.T, id string, change ...func(*call.Call)) {
	t.Helper()
	started := o.clock().Add(-time.Minute)
	c := &call.Call{ID: id, RetellID: id, BranchID: "nord", From: "+493012345678", Status: call.Completed, Connection: "connected", StartedAt: &started, CreatedAt: started}
	for _, f := range change {
		f(c)
	}
	if err := o.Commit(t.Context(), us, &ledger.Step{Call: c}); err != nil {
		t.Fatal(err)
	}
}

func (o *office) transcribed(t *testing.T, id string) {
	t.Helper()
	if err := o.Commit(t.Context(), us, &ledger.Step{Transcript: &ledger.Transcript{CallID: id, Text: "Agent: Guten Tag\nUser: Der Drucker geht nicht\n"}}); err != nil {
		t.Fatal(err)
	}
}

func TestWhatACallSaysBecomesOneCase(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.reported(t, "call_1", broken)
	if c.Number.String() != "TKT-2026-00001" || c.Status != desk.New || c.Contact.Phone != "+493012345678" || c.Enrichment.State != desk.EnrichmentPending || !c.SLA.Tracked() {
		t.Errorf("%+v", c)
	}
	wants(t, "told", o.told(), "case.created.v1")
	for range 3 {
		if err := o.keeper.Recover(t.Context(), us, "call_1", true); err != nil {
			t.Fatal(err)
		}
	}
	wants(t, "told again", o.told())
	if n := o.Count(us, "case"); n != 1 {
		t.Errorf("%d cases", n)
	}
	again, err := o.Capture(t.Context(), us, "call_1", desk.Said{Tool: desk.Finalize}, o.clock())
	if err != nil || again.CaseID != c.ID || len(again.Said) != 1 {
		t.Errorf("after it: %+v, %v", again, err)
	}
}

func TestAFaultIsNotFiledWhileTheCallerStillSpeaks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		tool  string
		says  map[string]string
		over  bool
		later time.Duration
		want  int
	}{
		{"finished", desk.Finalize, broken, false, 0, 1},
		{"finished without saying what it is about", desk.Finalize, map[string]string{"customer_name": "Erika"}, false, 0, 0},
		{"only collected", desk.CollectIssue, map[string]string{"subject": "Drucker", "description": "druckt nicht"}, false, 0, 0},
		{"only collected, and the call is over", desk.CollectIssue, map[string]string{"subject": "Drucker", "description": "druckt nicht"}, true, 0, 1},
		{"only collected, hours ago", desk.CollectIssue, map[string]string{"subject": "Drucker", "description": "druckt nicht"}, false, 3 * time.Hour, 1},
		{"only a category, and the call is over", desk.Categorize, map[string]string{"priority": "high"}, true, 0, 0},
		{"nothing but a name, and the call is over", desk.Finalize, map[string]string{"customer_name": "Erika"}, true, 0, 1},
	} {
		o := newOffice(t)
		o.says(t, "call_1", tt.tool, tt.says)
		o.after(tt.later)
		if err := o.keeper.Recover(t.Context(), us, "call_1", tt.over); err != nil {
			t.Fatal(err)
		}
		if n := o.Count(us, "case"); n != tt.want {
			t.Errorf("%s: %d cases, wanted %d", tt.name, n, tt.want)
		}
	}
}

func TestARejectedCallCreatesNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.rung(t, "call_1", func(c *call.Call) { c.Connection = "not_connected" })
	o.says(t, "call_1", desk.Finalize, broken)
	if err := o.keeper.Recover(t.Context(), us, "call_1", true); err != nil || o.Count(us, "case") != 0 {
		t.Errorf("%d cases, %v", o.Count(us, "case"), err)
	}
}

// §2.4, §15: what becomes no case is kept a day after the call, then only counts are.
func TestWhatBecomesNoCaseIsForgottenADayAfterTheCall(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, tool string
		ended      func(c *call.Call, at time.Time)
	}{
		{"a rejected call", desk.Finalize, func(c *call.Call, at time.Time) {
			c.Connection, c.EndedAt, c.Status = "not_connected", &at, call.Completed
		}},
		{"nothing was reported", desk.Categorize, func(c *call.Call, at time.Time) { c.EndedAt, c.Status = &at, call.Completed }},
	} {
		o := newOffice(t)
		end := o.now
		o.rung(t, "call_1", func(c *call.Call) { tt.ended(c, end) })
		o.says(t, "call_1", tt.tool, broken)
		o.after(time.Minute)
		timer := func() {
			t.Helper()
			if err := o.keeper.Recover(t.Context(), us, "call_1", false); err != nil {
				t.Fatal(err)
			}
		}
		kept := func() (words, count int) {
			c, _, err := o.Captured(t.Context(), us, "call_1")
			if err != nil {
				t.Fatal(err)
			}
			return len(c.Said), c.Counts[tt.tool]
		}
		timer()
		o.now = end.Add(24*time.Hour - time.Second)
		timer()
		if words, count := kept(); words != 1 || count != 0 {
			t.Errorf("%s, within the day: %d, %d", tt.name, words, count)
		}
		o.now = end.Add(24 * time.Hour)
		for range 2 {
			if words, count := kept(); words != 0 || count != 1 {
				t.Errorf("%s, after it: %d, %d", tt.name, words, count)
			}
			timer()
		}
		if o.Count(us, "case") != 0 || len(o.mails) > 0 {
			t.Errorf("%s: %d cases, %q", tt.name, o.Count(us, "case"), o.mails)
		}
	}
}

// What is owed is never lost, however long it cannot be settled.
func TestWhatIsOwedOutlastsItsDay(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.says(t, "call_1", desk.Finalize, broken)
	o.after(10 * 24 * time.Hour) // nothing ran
	if err := o.keeper.Recover(t.Context(), us, "call_1", false); err != nil {
		t.Fatal(err)
	}
	if c := o.the(t, "call_1"); !strings.Contains(c.Text, "Der Drucker druckt nicht") {
		t.Errorf("%+v", c)
	}
}

// §2.4: what the recovery cannot file either goes out by mail after five minutes.
func TestScenario02WhatCannotBeFiledIsMailed(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"Commit", "LeaseNumbers", "Config"} {
		o := newOffice(t)
		o.says(t, "call_1", desk.Finalize, broken)
		o.Fault = func(m string) *twin.Fault {
			if m == method {
				return &twin.Fault{Err: errors.New("down")}
			}
			return nil
		}
		for range 5 {
			if err := o.keeper.Recover(t.Context(), us, "call_1", true); err != nil {
				t.Fatalf("%s: %v", method, err)
			}
			if len(o.mails) > 0 {
				t.Fatalf("%s: mailed too early", method)
			}
			o.after(time.Minute)
		}
		if err := o.keeper.Recover(t.Context(), us, "call_1", true); err != nil {
			t.Fatalf("%s: %v", method, err)
		}
		if len(o.mails) != 1 || !strings.HasPrefix(o.mails[0], "alarm@edv.example: ") || !strings.Contains(o.mails[0], "Der Drucker druckt nicht") || !strings.Contains(o.mails[0], "+493012345678") {
			t.Errorf("%s: mails %q", method, o.mails)
		}
		if !slices.Contains(o.alarms, casework.AlarmCaseFailed) {
			t.Errorf("%s: alarms %q", method, o.alarms)
		}
	}
}

// Scenario 7 of §22, over eight processes.
func TestScenario07AThousandCasesAtOnceHaveTheirOwnNumbers(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	leases := 0
	o.Fault = func(m string) *twin.Fault {
		if m == "LeaseNumbers" {
			leases++
		}
		return nil
	}
	var all sync.WaitGroup
	numbers := make(chan int64, 1000)
	for range 8 {
		var process casework.Numbers
		for range 125 {
			all.Go(func() {
				n, err := process.Next(t.Context(), o, us, 2026, o.clock())
				if err != nil {
					t.Error(err)
				}
				numbers <- n
			})
		}
	}
	all.Wait()
	close(numbers)
	seen := map[int64]bool{}
	for n := range numbers {
		if seen[n] || n < 1 {
			t.Fatalf("%d was given away twice", n)
		}
		seen[n] = true
	}
	if leases > 8*(5+125/16) {
		t.Errorf("the counter was asked %d times for 1000 numbers", leases)
	}
	var other casework.Numbers
	if n, err := other.Next(t.Context(), o, them, 2026, o.clock()); n != 1 || err != nil {
		t.Errorf("another company begins at %d, %v", n, err)
	}
}

func TestACaseNowAndThenLeavesNoGap(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	var numbers casework.Numbers
	for want := int64(1); want <= 5; want++ {
		n, err := numbers.Next(t.Context(), o, us, 2026, o.clock())
		if err != nil || n != want {
			t.Fatalf("%d, %v, wanted %d", n, err, want)
		}
		o.after(5 * time.Second)
	}
	n, _ := numbers.Next(t.Context(), o, us, 2026, o.clock())
	numbers.GiveBack(us, 2026, n)
	if again, _ := numbers.Next(t.Context(), o, us, 2026, o.clock()); again != n {
		t.Errorf("given back %d, then %d", n, again)
	}
	if first, _ := numbers.Next(t.Context(), o, us, 2027, o.clock()); first != 1 {
		t.Errorf("a new year begins at %d", first)
	}
}

// Scenario 8 of §22.
func TestScenario08OfTwoWritersOneIsTold(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.reported(t, "call_1", broken)
	if _, err := o.keeper.Take(t.Context(), us, c.ID, anna); err != nil {
		t.Fatal(err)
	}
	var taken *casework.Taken
	if _, err := o.keeper.Take(t.Context(), us, c.ID, bert); !errors.As(err, &taken) || taken.By != "anna" {
		t.Errorf("taken twice: %v", err)
	}
	subject := "anders"
	var stale *casework.Stale
	if _, err := o.keeper.Edit(t.Context(), us, c.ID, c.Version, bert, casework.Edit{Subject: &subject}); !errors.As(err, &stale) || stale.Current.AssigneeID != "anna" {
		t.Errorf("over a newer version: %v", err)
	}
	if _, err := o.keeper.Move(t.Context(), us, c.ID, 0, anna, desk.Move{To: desk.Resolved, Note: "Kabel getauscht"}, false); err != nil {
		t.Fatal(err)
	}
	var invalid *desk.InvalidMove
	if _, err := o.keeper.Move(t.Context(), us, c.ID, 0, bert, desk.Move{To: desk.Resolved, Note: "Kabel getauscht"}, false); !errors.As(err, &invalid) {
		t.Errorf("resolved twice: %v", err)
	}
	if _, err := o.keeper.Take(t.Context(), them, c.ID, bert); !errors.Is(err, casework.ErrUnknown) {
		t.Errorf("another company's: %v", err)
	}
}

// Scenario 15 of §22.
func TestScenario15TheClocksFollowWhatPeopleDo(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.reported(t, "call_1", broken)
	do := func(next desk.Case, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		c = next
	}
	note := func(w casework.Writing) (desk.Case, error) {
		c, _, err := o.keeper.AddNote(t.Context(), us, c.ID, anna, w)
		return c, err
	}
	do(note(casework.Writing{Text: "nur für uns"}))
	if !c.SLA.ResponseMetAt.IsZero() {
		t.Error("an internal note answers nobody")
	}
	do(note(casework.Writing{Text: "Wir sehen es uns an.", Public: true}))
	if !c.SLA.ResponseMetAt.Equal(o.clock()) {
		t.Error("a public note answers")
	}
	o.after(3*time.Hour + 45*time.Minute)
	do(o.keeper.Move(t.Context(), us, c.ID, 0, anna, desk.Move{To: desk.Pending, PendingReason: desk.WaitingCustomer}, false))
	if r := c.SLA.At(o.clock()).Resolution; r.State != sla.StatePaused || !r.DueAt.IsZero() {
		t.Errorf("pending: %+v", r)
	}
	o.mu.Lock()
	o.now = at(25, 10, 30)
	o.mu.Unlock()
	do(o.keeper.Move(t.Context(), us, c.ID, 0, anna, desk.Move{To: desk.Opened}, false))
	used := c.SLA.At(o.clock()).Resolution.Used
	do(o.keeper.Move(t.Context(), us, c.ID, 0, anna, desk.Move{To: desk.Resolved, Note: "Kabel getauscht"}, false))
	o.after(2 * time.Hour)
	do(o.keeper.Move(t.Context(), us, c.ID, 0, anna, desk.Move{To: desk.Opened, Reason: "doch nicht"}, false))
	if r := c.SLA.At(o.clock()).Resolution; r.Used != used || r.MetAt != (time.Time{}) {
		t.Errorf("reopened: used %v of %v, %+v", r.Used, used, r)
	}
	o.mu.Lock()
	o.now = at(30, 16, 0)
	o.mu.Unlock()
	o.told()
	for range 3 {
		if _, err := o.keeper.Tend(t.Context(), us, c.ID); err != nil {
			t.Fatal(err)
		}
	}
	breaches := 0
	for _, name := range o.told() {
		if name == (event.CaseSLABreached{}).Name() {
			breaches++
		}
	}
	if breaches != 1 {
		t.Errorf("%d breaches after three timers", breaches)
	}
}

func TestTheTimerOfACaseDoesWhatIsDue(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.reported(t, "call_1", broken)
	until := o.clock().Add(48 * time.Hour)
	if _, err := o.keeper.Move(t.Context(), us, c.ID, 0, anna, desk.Move{To: desk.Pending, PendingReason: desk.Scheduled, PendingUntil: &until}, false); err != nil {
		t.Fatal(err)
	}
	o.after(48 * time.Hour)
	if wanted, err := o.keeper.Tend(t.Context(), us, c.ID); err != nil || !wanted {
		t.Errorf("%t, %v", wanted, err)
	}
	if c = o.the(t, "call_1"); c.Status != desk.Opened {
		t.Errorf("its date has come, and it is %s", c.Status)
	}
	if _, err := o.keeper.Move(t.Context(), us, c.ID, 0, anna, desk.Move{To: desk.Resolved, Note: "erledigt"}, false); err != nil {
		t.Fatal(err)
	}
	o.after(desk.CloseAfter)
	if _, err := o.keeper.Tend(t.Context(), us, c.ID); err != nil {
		t.Fatal(err)
	}
	if c = o.the(t, "call_1"); c.Status != desk.Closed {
		t.Errorf("nobody came back, and it is %s", c.Status)
	}
	if wanted, err := o.keeper.Tend(t.Context(), us, "nobody's"); wanted || err != nil {
		t.Errorf("a case that is gone: %t, %v", wanted, err)
	}
}

func TestEachRuleEscalatesOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.service.SLA.Escalations = true
	o.service.Rules = []sla.Rule{{
		ID: "late", Name: "Reaktion überfällig", Active: true, Trigger: sla.ResponseBreach,
		Actions: []sla.Action{{Kind: sla.ReassignGroup, GroupID: "first"}, {Kind: sla.SendEmail, To: []string{"chef@edv.example"}}},
	}, {
		ID: "warned", Name: "Reaktion bald fällig", Active: true, Trigger: sla.ResponseWarning, When: sla.Conditions{Priorities: []sla.Priority{sla.Normal}},
		Actions: []sla.Action{{Kind: sla.RaisePriority, Priority: sla.High}},
	}}
	c := o.reported(t, "call_1", broken)
	o.told()
	for range 12 {
		o.after(30 * time.Minute)
		if _, err := o.keeper.Tend(t.Context(), us, c.ID); err != nil {
			t.Fatal(err)
		}
	}
	escalated := 0
	for _, f := range o.told() {
		if f == (event.CaseEscalated{}).Name() {
			escalated++
		}
	}
	c = o.the(t, "call_1")
	if escalated != 2 || c.Priority != desk.High || c.Override.Reason != "Reaktion bald fällig" || c.GroupID != "first" {
		t.Errorf("escalated %d times, %+v: %s, %+v, group %s", escalated, c.Fired, c.Priority, c.Override, c.GroupID)
	}
}

func TestTheCustomerOfACase(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		fields map[string]string
		known  []customer.Customer
		linked string
		by     string
		sure   int
		maybe  int
	}{
		{"by number", broken, []customer.Customer{{ID: "c1", Name: "Erika Muster", Phone: "+493012345678"}}, "c1", "phone", 100, 0},
		{"by address", broken, []customer.Customer{{ID: "c2", Name: "E. M.", Email: "erika@muster.example"}}, "c2", "email", 85, 0},
		{"by name, which links nobody", broken, []customer.Customer{{ID: "c3", Name: "Erika Muster"}, {ID: "c4", Name: "Erika Muster"}}, "", "name", 70, 2},
		{"nobody is known", broken, nil, "new", "placeholder", 0, 0},
	} {
		o := newOffice(t)
		for i := range tt.known {
			step := &ledger.Step{Customer: &tt.known[i], EmailOf: tt.known[i].Email}
			if tt.known[i].Phone != "" {
				step.Card = &customer.Card{Key: tt.known[i].Phone, CustomerID: tt.known[i].ID, Name: tt.known[i].Name}
			}
			if err := o.Commit(t.Context(), us, step); err != nil {
				t.Fatal(err)
			}
		}
		c := o.reported(t, "call_1", tt.fields)
		o.rung(t, "call_1", func(c *call.Call) { c.Status = call.Analyzed; c.Summary = "Drucker defekt" })
		o.transcribed(t, "call_1")
		for range 2 {
			if again, err := o.keeper.Enrich(t.Context(), us, c.ID, 0); err != nil || again != 0 {
				t.Fatalf("%s: again %v, %v", tt.name, again, err)
			}
		}
		c = o.the(t, "call_1")
		m := c.Enrichment.Match
		if tt.linked == "new" && c.CustomerID != "" {
			tt.linked = c.CustomerID
		}
		if c.Enrichment.State != desk.Enriched || c.Enrichment.Segments != 2 || c.Enrichment.Summary != "Drucker defekt" || c.CustomerID != tt.linked || m.By != tt.by || m.Confidence != tt.sure || len(m.Suggestions) != tt.maybe {
			t.Errorf("%s: customer %q, %+v", tt.name, c.CustomerID, c.Enrichment)
		}
	}
}

// Scenario 10 of §22, its first half: a case waits for its call no longer than the company wants.
func TestScenario10EnrichmentComesInTimeOrLate(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.reported(t, "call_1", broken)
	o.told()
	later, err := o.keeper.Handle(t.Context(), us, "case.created.v1", fmt.Appendf(nil, `{"case_id":%q}`, c.ID))
	if err != nil || len(later) != 3 || !later[1].At.Equal(c.CreatedAt.Add(180*time.Second)) {
		t.Fatalf("%+v, %v", later, err)
	}
	if again, err := o.keeper.Enrich(t.Context(), us, c.ID, 0); again != 0 || err != nil {
		t.Errorf("the call goes on: again %v, %v", again, err)
	}
	o.after(180 * time.Second)
	for range 2 {
		if err := o.keeper.TimeOut(t.Context(), us, c.ID); err != nil {
			t.Fatal(err)
		}
	}
	wants(t, "at the deadline", o.told(), "case.enrichment_timed_out.v1")
	o.rung(t, "call_1")
	o.transcribed(t, "call_1")
	for try := range 5 {
		again, err := o.keeper.Enrich(t.Context(), us, c.ID, try)
		if err != nil || (again != 0) != (try < 4) {
			t.Errorf("try %d without the analysis: again %v, %v", try, again, err)
		}
	}
	wants(t, "late", o.told(), "case.enriched.v1", "case.customer_linked.v1")
	if c = o.the(t, "call_1"); c.Enrichment.State != desk.Enriched {
		t.Errorf("%+v", c.Enrichment)
	}
}

func TestACaseGoesToWhoHasTheFewest(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.service.Groups[0].Members = []desk.Member{{UserID: "anna", Active: true}, {UserID: "bert", Active: true}, {UserID: "cleo", Active: true, Away: true}}
	o.service.Categories[0].GroupID, o.service.Categories[0].AutoAssign = "first", desk.AssignLeastLoaded
	var got []string
	for i := range 5 {
		c := o.reported(t, fmt.Sprint("call_", i), broken)
		for range 2 {
			if _, err := o.keeper.Handle(t.Context(), us, "case.created.v1", fmt.Appendf(nil, `{"case_id":%q}`, c.ID)); err != nil {
				t.Fatal(err)
			}
		}
		o.after(time.Minute)
		c = o.the(t, fmt.Sprint("call_", i))
		got = append(got, c.AssigneeID)
		if i == 2 { // anna has solved both of hers
			for _, id := range []string{"call_0", "call_2"} {
				if _, err := o.keeper.Move(t.Context(), us, o.the(t, id).ID, 0, anna, desk.Move{To: desk.Resolved, Note: "erledigt"}, false); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	wants(t, "who has it", got, "anna", "bert", "anna", "anna", "bert")
}

func TestMergedCasesOpenWhereTheyWent(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	a, b, c := o.reported(t, "call_1", broken), o.reported(t, "call_2", broken), o.reported(t, "call_3", broken)
	for _, pair := range [][2]string{{a.ID, b.ID}, {c.ID, a.ID}} {
		if _, err := o.keeper.Merge(t.Context(), us, pair[0], pair[1], anna); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []string{a.ID, b.ID, c.ID} {
		found, ok, err := o.keeper.Find(t.Context(), us, id)
		if err != nil || !ok || found.ID != b.ID {
			t.Errorf("%s opens %s, %v", id, found.ID, err)
		}
	}
	if _, err := o.keeper.Merge(t.Context(), us, b.ID, c.ID, anna); err == nil {
		t.Error("a circle was made")
	}
	o.after(time.Hour)
	if back, err := o.keeper.Unmerge(t.Context(), us, a.ID, anna); err != nil || back.Status != desk.New {
		t.Errorf("undone: %s, %v", back.Status, err)
	}
}

// Every request of the table breaks once, before and after it was carried out, and what is delivered again puts it right.
func TestAFaultAtAnyStepLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	run := func(n int, done bool) (calls int, o *office) {
		o = newOffice(t)
		o.rung(t, "call_1", func(c *call.Call) { c.Status = call.Analyzed })
		o.transcribed(t, "call_1")
		o.says(t, "call_1", desk.Finalize, broken)
		o.Fault = func(string) *twin.Fault {
			if calls++; calls == n {
				return &twin.Fault{Err: errors.New("broken off"), Done: done}
			}
			return nil
		}
		work := []func() error{
			func() error { return o.keeper.Recover(t.Context(), us, "call_1", true) },
			func() error {
				_, err := o.keeper.Handle(t.Context(), us, "call.analyzed.v1", []byte(`{"call_id":"call_1"}`))
				return err
			},
			func() error {
				said, _, err := o.Captured(t.Context(), us, "call_1")
				if err != nil || said.CaseID == "" {
					return fmt.Errorf("not yet: %w", err)
				}
				_, err = o.keeper.Enrich(t.Context(), us, said.CaseID, 4)
				return err
			},
		}
		for _, w := range work {
			for try := 0; w() != nil; try++ {
				if try == 3 {
					t.Fatalf("fault %d, done %t: it never works", n, done)
				}
				_ = o.keeper.Recover(t.Context(), us, "call_1", true) // the capture's timer
			}
		}
		return calls, o
	}
	points, _ := run(-1, false)
	for n := 1; n <= points; n++ {
		for _, done := range []bool{false, true} {
			_, o := run(n, done)
			told := o.told()
			slices.Sort(told)
			wants(t, fmt.Sprintf("fault %d, done %t", n, done), told, "case.created.v1", "case.customer_linked.v1", "case.enriched.v1")
			if o.Count(us, "case") != 1 || o.Count(us, "customer") != 1 {
				t.Errorf("fault %d, done %t: %d cases, %d customers", n, done, o.Count(us, "case"), o.Count(us, "customer"))
			}
		}
	}
	t.Logf("%d points, %d runs", points, 2*points)
}
