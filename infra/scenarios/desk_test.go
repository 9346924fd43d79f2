package scenarios_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/askpro/gateway/infra/local/stacktest"
	"github.com/askpro/gateway/internal/casework"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/hindsight"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/mode"
	"github.com/askpro/gateway/internal/notify"
	"github.com/askpro/gateway/internal/sla"
	"github.com/askpro/gateway/internal/store"
)

// The scenarios of the service desk, by their numbers in §22 of its specification.

// itDesk is the section of a company's file that makes it take cases: in mode service_desk or hybrid.
func itDesk(mode string) string {
	return fmt.Sprintf(`
desk:
  gateway: {gateway_enabled: true, gateway_mode: %s, enrichment_enabled: true, alert_emails: [alarm@desk.example], case_number_prefix: TKT}
  category_template: it
  groups: [{slug: first, name: 1st Level, email: first@desk.example, members: [{email: anna@desk.example, is_lead: true}]}]
  sla: {calendar: {bundesland: BE}}
  outputs: [{slug: box, name: Postfach, output_type: email, mail: {email_recipients: [service@desk.example]}}]`, mode)
}

var printer = map[string]any{"problem_description": "Der Drucker zieht kein Papier ein.", "customer_name": "Erika Test"}

// table is the running stack's table, as functions see it.
func table(t *testing.T, s *stacktest.Stack) *store.Table {
	t.Helper()
	return store.Open(s.Env, s, s.Table, func() time.Time { return s.Clock(t) })
}

// filed are the company's cases, newest first.
func filed(t *testing.T, c *stacktest.Company) []desk.Case {
	t.Helper()
	tab := table(t, c.Stack)
	ids, err := tab.CaseIDs(t.Context(), c.ID, 2000)
	if err != nil {
		t.Fatal(err)
	}
	var out []desk.Case
	for _, id := range ids {
		x, ok, err := tab.Case(t.Context(), c.ID, id)
		if err != nil || !ok {
			t.Fatalf("case %s: %t, %v", id, ok, err)
		}
		out = append(out, x)
	}
	return out
}

// only is the company's one case.
func only(t *testing.T, c *stacktest.Company) desk.Case {
	t.Helper()
	list := filed(t, c)
	if len(list) != 1 {
		t.Fatalf("%d cases, wanted one", len(list))
	}
	return list[0]
}

// casesOf changes cases as the pages and the API will.
func casesOf(t *testing.T, s *stacktest.Stack) *casework.Keeper {
	t.Helper()
	tab, now := table(t, s), func() time.Time { return s.Clock(t) }
	newID := ident.Maker(now)
	return &casework.Keeper{
		Store: tab, Now: now, NewID: newID, Alarm: func(context.Context, string, string) {},
		Opener: &casework.Opener{Store: tab, NewID: newID, Alarm: func(context.Context, string, string) {}},
	}
}

// alarmed counts how often a function alarmed a company by a name.
func alarmed(t *testing.T, c *stacktest.Company, function, name string) (n int) {
	t.Helper()
	log, err := os.ReadFile(filepath.Join(c.Logs, function+".log"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(log)) {
		if strings.Contains(line, `"alarm":"`+name+`"`) && strings.Contains(line, c.ID.String()) {
			n++
		}
	}
	return n
}

func TestDeskScenario01OneCallIsOneCase(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	c := s.NewCompany(t, itDesk("service_desk"))
	x := c.Ring(c.Erika)
	answers := make([]stacktest.Reply, 6)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() { answers[i] = x.Tool(t, "finalize_ticket", printer) })
	}
	all.Wait()
	s.Advance(t, "1h")
	answers = append(answers, x.Tool(t, "finalize_ticket_v17", printer))
	for _, a := range answers {
		want(t, a, "created")
		if a.Raw != answers[0].Raw {
			t.Errorf("%s\nand first %s", a.Raw, answers[0].Raw)
		}
	}
	s.Idle(t)
	only(t, c)
	events, err := table(t, s).CaseEvents(t.Context(), c.ID, only(t, c).ID)
	if err != nil {
		t.Fatal(err)
	}
	created := 0
	for _, e := range events {
		if e.Name == (event.CaseCreated{}).Name() {
			created++
		}
	}
	if created != 1 {
		t.Errorf("it was created %d times", created)
	}
}

func TestDeskScenario02WhereverFilingBreaksTheCaseIsThere(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	for _, tt := range []struct {
		name   string
		fault  map[string]any
		answer string
	}{
		{"the transaction fails", map[string]any{"function": "hook-retell-tools", "operation": "TransactWriteItems", "mode": "error", "nth": 1, "times": 9}, "noted"},
		{"its answer is lost", map[string]any{"function": "hook-retell-tools", "operation": "TransactWriteItems", "mode": "lost", "nth": 1, "times": 9}, "noted"},
		{"nothing can be written down", map[string]any{"function": "hook-retell-tools", "operation": "UpdateItem", "mode": "error", "nth": 1, "times": 99}, "noted"},
		{"it takes too long", map[string]any{"function": "hook-retell-tools", "operation": "TransactWriteItems", "mode": "delay", "ms": 4000, "nth": 1, "times": 9}, "noted"},
	} {
		c := s.NewCompany(t, itDesk("service_desk"))
		x := c.Ring(c.Erika)
		x.Tool(t, "current_time_berlin", nil) // the session is there
		s.Fault(t, tt.fault)
		a := x.Tool(t, "finalize_ticket", printer)
		s.NoFaults(t)
		want(t, a, tt.answer, "created")
		if a.Status == tt.answer && a.Say != "Ich habe alles notiert, ein Mitarbeiter meldet sich bei Ihnen." {
			t.Errorf("%s: %s", tt.name, a.Say)
		}
		s.Advance(t, "3m")
		s.Idle(t)
		if got := only(t, c); got.Text != printer["problem_description"] {
			t.Errorf("%s: %q", tt.name, got.Text)
		}
		want(t, x.Tool(t, "finalize_ticket", printer), "created")
		only(t, c)
	}
}

func TestDeskScenario02WhatNobodyCanFileIsMailed(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	c := s.NewCompany(t, itDesk("service_desk"))
	x := c.Ring(c.Erika)
	for _, function := range []string{"hook-retell-tools", "work-gateway"} {
		s.Fault(t, map[string]any{"function": function, "operation": "TransactWriteItems", "mode": "error", "nth": 1, "times": 1000})
	}
	want(t, x.Tool(t, "finalize_ticket", printer), "noted")
	for range 8 {
		s.Advance(t, "1m")
		s.Idle(t)
	}
	s.NoFaults(t)
	mails := s.Mails(t, "alarm@desk.example")
	if len(mails) != 1 || !strings.Contains(mails[0].Text, "Der Drucker zieht kein Papier ein.") || !strings.Contains(mails[0].Text, c.Erika) {
		t.Errorf("%d mails: %+v", len(mails), mails)
	}
}

func TestDeskScenario03AHybridCallIsPinned(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t, itDesk("hybrid"))
	x := c.Ring(c.Erika)
	unsure := x.Tool(t, "detect_intent", map[string]any{"utterance": "Termin, ich habe ein Problem"})
	want(t, unsure, "clarify")
	if unsure.Text("recommended_mode") != "clarify" || unsure.Say != "Geht es um einen Termin oder möchten Sie eine Störung oder Anfrage melden?" {
		t.Errorf("%+v", unsure)
	}
	sure := x.Tool(t, "detect_intent", map[string]any{"text": "Eine Störung, der Drucker ist kaputt"})
	if want(t, sure, "detected"); sure.Text("recommended_mode") != "service_desk" {
		t.Errorf("%+v", sure)
	}
	c.Edit = func(file string) string {
		return strings.Replace(file, "gateway_mode: hybrid", "gateway_mode: appointment", 1)
	}
	c.Load(t, c.Ref("webhook"), nil)
	booked(t, x, "Schnitt", "in drei Tagen", "10 Uhr", "Erika Test")
	want(t, x.Tool(t, "finalize_ticket", printer), "created", "outside_mode")
	session, err := table(t, c.Stack).Session(t.Context(), c.ID, x.ID)
	if err != nil || session.Gateway == nil || session.Gateway.Mode != desk.ServiceDesk || session.Gateway.From != "intent" {
		t.Errorf("the pin: %+v, %v", session.Gateway, err)
	}
}

func TestAModeIsToldWithItsPinAndCountedOnce(t *testing.T) {
	t.Parallel()
	s := stacktest.Shared(t)
	c, pure, other := s.NewCompany(t, itDesk("hybrid")), s.NewCompany(t, itDesk("service_desk")), s.NewCompany(t, itDesk("hybrid"))
	end := map[string]any{"call_status": "ended", "disconnection_reason": "user_hangup"}
	heard := c.Ring(c.Erika)
	want(t, heard.Tool(t, "detect_intent", map[string]any{"utterance": "Termin, ich habe ein Problem"}), "clarify")
	want(t, heard.Tool(t, "detect_intent", map[string]any{"utterance": "Eine Störung, der Drucker ist kaputt"}), "detected")
	want(t, heard.Tool(t, "current_time_berlin", nil), "ok")
	quiet := c.Ring(c.Max)
	want(t, quiet.Tool(t, "detect_intent", map[string]any{"utterance": "Termin, ich habe ein Problem"}), "clarify")
	once := pure.Ring(pure.Erika)
	want(t, once.Tool(t, "finalize_ticket", printer), "created")
	for _, x := range []*stacktest.Call{heard, quiet, once} {
		x.Event(t, "call_ended", end)
	}
	s.Idle(t)
	quiet.Tool(t, "detect_intent", map[string]any{"utterance": "Eine Störung, der Drucker ist kaputt"}) // too late to decide anything
	s.Idle(t)
	for _, tt := range []struct {
		name string
		x    *stacktest.Call
		of   *stacktest.Company
		want []string
	}{
		{"heard", heard, c, []string{"1 undecided service_desk company", "2 service_desk service_desk intent"}},
		{"quiet", quiet, c, []string{"1 undecided service_desk company", "2 appointment service_desk fallback"}},
		{"pure", once, pure, []string{"1 service_desk  company"}},
	} {
		list, err := table(t, s).Events(t.Context(), tt.of.ID, tt.x.ID)
		if err != nil {
			t.Fatal(err)
		}
		var told []string
		for _, r := range list {
			var e event.GatewayModeResolved
			if r.Name != e.Name() {
				continue
			}
			if err := json.Unmarshal([]byte(r.Detail), &e); err != nil {
				t.Fatal(err)
			}
			told = append(told, fmt.Sprintf("%d %s %s %s", e.Sequence, e.Mode, e.Intent, e.From))
		}
		slices.Sort(told)
		if !slices.Equal(told, tt.want) {
			t.Errorf("%s: %q, wanted %q", tt.name, told, tt.want)
		}
	}
	counted := func(of *stacktest.Company) string {
		now := s.Clock(t)
		list, err := table(t, s).Resolved(t.Context(), of.ID, now.AddDate(0, 0, -2), now.AddDate(0, 0, 1), 10)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, r := range list {
			out = append(out, fmt.Sprintf("%s unsure:%t", r.Mode, r.Unsure()))
		}
		slices.Sort(out)
		return strings.Join(out, ", ")
	}
	if got := counted(c); got != "appointment unsure:true, service_desk unsure:false" {
		t.Errorf("counted %s", got)
	}
	if got := counted(pure); got != "service_desk unsure:false" {
		t.Errorf("counted %s", got)
	}
	if got := counted(other); got != "" {
		t.Errorf("another company's are counted: %s", got)
	}
}

func TestChangedWordsAreTriedOnWhatWasSaid(t *testing.T) {
	t.Parallel()
	s := stacktest.Shared(t)
	c, other := s.NewCompany(t, itDesk("hybrid")), s.NewCompany(t, itDesk("hybrid"))
	for _, x := range []*stacktest.Call{c.Ring(c.Erika), other.Ring(other.Erika)} {
		x.Tool(t, "detect_intent", map[string]any{"utterance": "Xyzzy Frobnikator"})
		x.Event(t, "call_ended", map[string]any{"call_status": "ended", "disconnection_reason": "user_hangup"})
	}
	s.Idle(t)
	tab := table(t, s)
	is := hindsight.Setting{}
	var err error
	if is.Config, err = tab.Config(t.Context(), c.ID); err != nil {
		t.Fatal(err)
	}
	if is.Desk, err = tab.Desk(t.Context(), c.ID); err != nil {
		t.Fatal(err)
	}
	changed := *is.Desk
	changed.Categories = slices.Clone(changed.Categories)
	changed.Categories[0].Keywords = []desk.Keyword{{Text: "Frobnikator", Weight: 1}}
	var found []hindsight.Verdict
	sum, err := hindsight.New(is, hindsight.Setting{Config: is.Config, Desk: &changed}).Run(t.Context(), tab, c.ID, s.Clock(t), func(v hindsight.Verdict) error {
		found = append(found, v)
		return nil
	}, func(hindsight.Totals, time.Time) error { return nil })
	if err != nil || sum.Judged != 1 || sum.Switched != 1 || len(found) != 1 {
		t.Fatalf("%+v, %v, %v", sum, found, err)
	}
	v := found[0]
	if v.Utterance != "Xyzzy Frobnikator" || v.Is.Mode != mode.Undecided || v.Would.Mode != mode.ServiceDesk || v.Stands != mode.Appointment || v.StandsBy != mode.FromFallback {
		t.Errorf("%+v", v)
	}
}

func TestDeskScenario04AFunctionOfTheOtherTable(t *testing.T) {
	t.Parallel()
	s := stacktest.Shared(t)
	for _, tt := range []struct{ mode, tool, next, say string }{
		{"service_desk", "book_appointment", "finalize_ticket", "Das kann ich am Telefon leider nicht direkt erledigen. Ich nehme Ihr Anliegen gern auf."},
		{"appointment", "finalize_ticket", "request_callback", "Das kann ich am Telefon leider nicht direkt erledigen. Soll Sie jemand zurückrufen?"},
	} {
		c := s.NewCompany(t, itDesk(tt.mode))
		a := c.Ring(c.Erika).Tool(t, tt.tool, map[string]any{"date": "morgen", "time": "10 Uhr", "problem_description": "Drucker"})
		if a.Status != "outside_mode" || a.Next != tt.next || a.Say != tt.say || !a.OK {
			t.Errorf("%s in mode %s: %s", tt.tool, tt.mode, a.Raw)
		}
		if n := alarmed(t, c, "hook-retell-tools", "function_outside_mode"); n != 1 {
			t.Errorf("%s in mode %s: %d alarms", tt.tool, tt.mode, n)
		}
		if len(filed(t, c)) > 0 || len(c.Bookings(t)) > 0 {
			t.Errorf("%s in mode %s did something", tt.tool, tt.mode)
		}
	}
}

func TestDeskScenario06SignalsRaiseAndNeverLower(t *testing.T) {
	t.Parallel()
	s := stacktest.Shared(t)
	for _, tt := range []struct {
		name             string
		args             map[string]any
		impact, priority desk.Level
	}{
		{"others are affected", map[string]any{"problem_description": "Ich habe eine Frage zur Rechnung", "others_affected": "ja"}, desk.High, desk.High},
		{"nothing is known", map[string]any{"problem_description": "Ich habe eine Frage zur Rechnung", "others_affected": "vielleicht"}, desk.Normal, desk.Normal},
		{"extortion, though the flow said low", map[string]any{"problem_description": "Auf dem Schirm steht Ransomware", "priority": "low"}, desk.Critical, desk.Critical},
	} {
		c := s.NewCompany(t, itDesk("service_desk"))
		want(t, c.Ring(c.Erika).Tool(t, "finalize_ticket", tt.args), "created")
		if got := only(t, c); got.Impact != tt.impact || got.Priority != tt.priority {
			t.Errorf("%s: impact %s, priority %s", tt.name, got.Impact, got.Priority)
		}
	}
}

// Scenario 7 in the small; ASKPRO_MANY_CASES=1 makes it a thousand.
func TestDeskScenario07CasesAtOnceHaveTheirOwnNumbers(t *testing.T) {
	t.Parallel()
	s := stacktest.Shared(t)
	many := 80
	if os.Getenv("ASKPRO_MANY_CASES") != "" {
		many = 1000
	}
	c, other := s.NewCompany(t, itDesk("service_desk")), s.NewCompany(t, itDesk("service_desk"))
	began := time.Now()
	numbers := make(chan string, many)
	var all sync.WaitGroup
	gate := make(chan struct{}, 2*abreast) // a caller waits for three seconds, on a slow machine as well
	for i := range many {
		all.Go(func() {
			gate <- struct{}{}
			defer func() { <-gate }()
			a := c.Ring(fmt.Sprintf("+4915170%05d", i)).Tool(t, "finalize_ticket", printer)
			numbers <- a.Text("case_number")
		})
	}
	all.Wait()
	close(numbers)
	t.Logf("%d cases in %v", many, time.Since(began).Round(time.Millisecond))
	seen := map[string]bool{}
	for n := range numbers {
		if seen[n] || !strings.HasPrefix(n, "TKT-") {
			t.Fatalf("number %q twice, or none", n)
		}
		seen[n] = true
	}
	if a := other.Ring(other.Erika).Tool(t, "finalize_ticket", printer); !strings.HasSuffix(a.Text("case_number"), "-00001") {
		t.Errorf("another company begins at %s", a.Text("case_number"))
	}
}

func TestDeskScenario08OfWritersAtOnceOneIsTold(t *testing.T) {
	t.Parallel()
	s := stacktest.Shared(t)
	c := s.NewCompany(t, itDesk("service_desk"))
	want(t, c.Ring(c.Erika).Tool(t, "finalize_ticket", printer), "created")
	keeper := casesOf(t, s)
	rested := func() desk.Case { // the work that follows a change changes the case, too
		t.Helper()
		c.Idle(t)
		return only(t, c)
	}
	x := rested()
	users := []event.Actor{{Kind: casework.User, ID: "anna"}, {Kind: casework.User, ID: "bert"}}
	race := func(name string, do func(event.Actor) error, refused func(error) bool) {
		t.Helper()
		errs := make([]error, len(users))
		var all sync.WaitGroup
		for i, u := range users {
			all.Go(func() { errs[i] = do(u) })
		}
		all.Wait()
		if (errs[0] == nil) == (errs[1] == nil) || !refused(errors.Join(errs...)) {
			t.Errorf("%s: %v", name, errs)
		}
	}
	race("take", func(u event.Actor) error { _, err := keeper.Take(t.Context(), c.ID, x.ID, u); return err },
		func(err error) bool { var taken *casework.Taken; return errors.As(err, &taken) && taken.By != "" })
	x = rested()
	race("edit", func(u event.Actor) error {
		subject := "von " + u.ID
		_, err := keeper.Edit(t.Context(), c.ID, x.ID, x.Version, u, casework.Edit{Subject: &subject})
		return err
	}, func(err error) bool {
		var stale *casework.Stale
		return errors.As(err, &stale) && stale.Current.Version > x.Version
	})
	race("resolve", func(u event.Actor) error {
		_, err := keeper.Move(t.Context(), c.ID, x.ID, 0, u, desk.Move{To: desk.Resolved, Note: "Walze gereinigt"}, false)
		return err
	}, func(err error) bool {
		var invalid *desk.InvalidMove
		return errors.As(err, &invalid) && invalid.From == desk.Resolved
	})
}

// Service desk §8: whoever is mentioned in a note finds a mail and a notice, once.
func TestAColleagueWhoIsMentionedHearsOfTheNote(t *testing.T) {
	t.Parallel()
	s := stacktest.Shared(t)
	c := s.NewCompany(t, itDesk("service_desk"))
	want(t, c.Ring(c.Erika).Tool(t, "finalize_ticket", printer), "created")
	s.Idle(t)
	x := only(t, c)
	note := casework.Writing{Text: "@anna, hattest du den nicht schon einmal? " + c.Slug}
	if _, _, err := casesOf(t, s).AddNote(t.Context(), c.ID, x.ID, event.Actor{Kind: casework.User, ID: "bert"}, note); err != nil {
		t.Fatal(err)
	}
	s.Idle(t)
	var told []stacktest.Mail
	for _, m := range s.Mails(t, "anna@desk.example") { // every company's Anna has this address
		if strings.Contains(m.Subject, "Sie wurden erwähnt: "+x.Number.String()) && strings.Contains(m.Text, c.Slug) {
			told = append(told, m)
		}
	}
	d, err := table(t, s).Desk(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	notices, err := table(t, s).Notices(t.Context(), c.ID, d.Groups[0].Members[0].UserID, s.Clock(t).Add(time.Minute), 5)
	if err != nil || len(notices) != 1 || notices[0].Event != notify.CaseMentioned || notices[0].CaseID != x.ID || len(told) != 1 {
		t.Errorf("%d mails, notices %+v, %v", len(told), notices, err)
	}
}

func TestDeskScenario15TheClocksOfACase(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	s.SetClock(t, "2026-11-24T10:15:00+01:00", false)
	c := s.NewCompany(t, itDesk("service_desk"))
	want(t, c.Ring(c.Erika).Tool(t, "finalize_ticket", map[string]any{"problem_description": "Ich habe eine Frage zur Rechnung"}), "created")
	s.Idle(t)
	keeper, anna := casesOf(t, s), event.Actor{Kind: casework.User, ID: "anna"}
	id := only(t, c).ID
	if _, _, err := keeper.AddNote(t.Context(), c.ID, id, anna, casework.Writing{Text: "nur für uns"}); err != nil {
		t.Fatal(err)
	}
	if got := only(t, c); !got.SLA.ResponseMetAt.IsZero() {
		t.Error("an internal note answers nobody")
	}
	s.Advance(t, "5h") // the company is open all day, every day: four hours to answer
	s.Idle(t)
	tell := func(name string) (n int) {
		events, err := table(t, s).CaseEvents(t.Context(), c.ID, id)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			var x struct {
				Clock string `json:"clock"`
			}
			if err := json.Unmarshal([]byte(e.Detail), &x); err != nil {
				t.Fatal(err)
			}
			if e.Name == name && x.Clock == string(sla.Response) {
				n++
			}
		}
		return n
	}
	if w, b := tell("case.sla_warning.v1"), tell("case.sla_breached.v1"); w != 1 || b != 1 {
		t.Errorf("%d warnings and %d breaches of the response", w, b)
	}
	if _, _, err := keeper.AddNote(t.Context(), c.ID, id, anna, casework.Writing{Text: "Wir sehen nach.", Public: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := keeper.Move(t.Context(), c.ID, id, 0, anna, desk.Move{To: desk.Pending, PendingReason: desk.WaitingCustomer}, false); err != nil {
		t.Fatal(err)
	}
	if got := only(t, c); got.SLA.ResponseMetAt.IsZero() || got.SLA.At(s.Clock(t)).Resolution.State != sla.StatePaused {
		t.Errorf("%+v", got.SLA.At(s.Clock(t)))
	}
	s.Idle(t)
	lines, err := table(t, s).Activity(t.Context(), c.ID, id)
	if err != nil {
		t.Fatal(err)
	}
	var did []string
	for _, l := range lines {
		did = append(did, string(l.Action))
	}
	for _, action := range []desk.Action{desk.DidCreate, desk.StartedSLA, desk.AddedNote, desk.WarnedSLA, desk.BreachedSLA, desk.PausedSLA, desk.ChangedStatus, desk.ScheduledDelivery} {
		if !slices.Contains(did, string(action)) {
			t.Errorf("its history has no %s: %v", action, did)
		}
	}
}

func TestDeskScenario20HostileNamesStayInert(t *testing.T) {
	t.Parallel()
	s := stacktest.Shared(t)
	c := s.NewCompany(t, strings.ReplaceAll(itDesk("service_desk"), "desk.example", "hostile.example"))
	hostile := "=HYPERLINK(\"http://x.example\")<script>alert(1)</script>\r\nBcc: opfer@x.example\u202e"
	want(t, c.Ring(c.Erika).Tool(t, "finalize_ticket", map[string]any{
		"problem_description": hostile, "customer_name": hostile, "customer_email": "erika@hostile.example", "customer_company": hostile,
	}), "created")
	s.Idle(t)
	for _, to := range []string{"erika@hostile.example", "first@hostile.example"} {
		for _, m := range s.Mails(t, to) {
			if strings.ContainsAny(m.Subject, "\r\n\u202e") || strings.Contains(m.HTML, "<script") || strings.Contains(m.HTML, "\u202e") {
				t.Errorf("to %s: %q\n%s", to, m.Subject, m.HTML)
			}
		}
	}
	if n := len(s.Mails(t, "opfer@x.example")); n > 0 {
		t.Errorf("%d mails went to a stranger", n)
	}
	if len(s.Mails(t, "erika@hostile.example")) != 1 {
		t.Error("the contact was not told")
	}
}
