package scenarios_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	mathrand "math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/infra/local/stacktest"
	"github.com/askpro/gateway/infra/simulate/inbox"
	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/dispatch"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/exchange"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/lambdakit/queue"
)

// helpdesk is a company whose telephone takes cases, and what its tools received.
type helpdesk struct {
	*stacktest.Company
	secret string // signs its webhooks until somebody rotates
}

// Parts of a company's file. {slug} is the company's.
const (
	deskHead = `
desk:
  gateway: {gateway_enabled: true, gateway_mode: service_desk, alert_emails: [alarm@{slug}.example], enrichment_enabled: `
	deskCategories = `}
  categories: [{slug: allgemein, name: Allgemein, is_default: true}]
`
	itsMail = `mail: {email_recipients: [it@{slug}.example], fallback_emails: [notfall@{slug}.example], template: technical}`
	itsHook = `webhook: {url: "{inbox}/webhooks/{slug}", signing_secret: "ssm:/askpro/local/webhook/{slug}/secret", preset: generic, include_transcript: true}`

	// hybrid, hooking and itsEndpoint are outputs and endpoints of a company.
	hybrid      = "  outputs: [{slug: ziel, name: Ziel, output_type: hybrid, " + itsMail + ", " + itsHook + "}]\n"
	hooking     = "  outputs: [{slug: ziel, name: Ziel, output_type: webhook, " + itsHook + "}]\n"
	itsEndpoint = `  endpoints: [{slug: crm, description: CRM, url: "{inbox}/events/{slug}", signing_secret: "ssm:/askpro/local/webhook/{slug}/secret", event_types: [`
)

// opensDesk gives a company of the test's own a service desk.
func opensDesk(t *testing.T, s *stacktest.Stack, enriches bool, ways string) *helpdesk {
	t.Helper()
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	c := &helpdesk{s.NewCompany(t), "whsec_" + base64.StdEncoding.EncodeToString(key)}
	c.Edit = func(file string) string {
		return file + strings.ReplaceAll(deskHead+strconv.FormatBool(enriches)+deskCategories+ways, "{slug}", c.Slug)
	}
	c.Load(t, c.Ref("webhook"), map[string]string{"ssm:/askpro/local/webhook/" + c.Slug + "/secret": c.secret})
	return c
}

// reports is a call that ends in a case.
func (c *helpdesk) reports(t *testing.T, more map[string]any) (x *stacktest.Call, caseID string) {
	t.Helper()
	x = c.Ring(c.Erika)
	args := map[string]any{"problem_description": "Der Drucker im zweiten Stock zieht kein Papier mehr ein.", "customer_name": "Erika Test"}
	for k, v := range more {
		args[k] = v
	}
	want(t, x.Tool(t, "finalize_ticket", args), "created")
	said, ok, err := c.Store().Captured(t.Context(), c.ID, x.ID)
	if err != nil || !ok || said.CaseID == "" {
		t.Fatalf("the call made no case: %+v, %v", said, err)
	}
	return x, said.CaseID
}

// spoken is how Retell tells of a call that was analysed.
const spoken = "Der Drucker zieht kein Papier ein"

func hangsUp(t *testing.T, x *stacktest.Call) {
	t.Helper()
	now := x.Clock(t).UnixMilli()
	for _, event := range []string{"call_ended", "call_analyzed"} {
		more := map[string]any{"call_status": "ended", "start_timestamp": now - 60000, "end_timestamp": now, "duration_ms": 60000, "disconnection_reason": "user_hangup"}
		if event == "call_analyzed" {
			more["transcript"] = "Agent: Guten Tag\nUser: " + spoken + "\n"
			more["call_analysis"] = map[string]any{"call_summary": "Papiereinzug gestört.", "user_sentiment": "Neutral"}
		}
		if status := x.Event(t, event, more); status/100 != 2 {
			t.Fatalf("%s answered %d", event, status)
		}
	}
}

// received is what the company's tool at a path got.
func received(t *testing.T, s *stacktest.Stack, path string) []inbox.Webhook {
	t.Helper()
	var out inbox.Messages
	s.Do(t, http.MethodGet, s.Mailbox("messages?path="+path), nil, nil, &out)
	return out.Webhooks
}

func (c *helpdesk) got(t *testing.T) []inbox.Webhook {
	return received(t, c.Stack, "/webhooks/"+c.Slug)
}
func (c *helpdesk) heard(t *testing.T) []inbox.Webhook {
	return received(t, c.Stack, "/events/"+c.Slug)
}

// answers makes the company's tool answer otherwise.
func (c *helpdesk) answers(t *testing.T, path string, fault map[string]any) {
	t.Helper()
	fault["path"] = "/" + path + "/" + c.Slug
	if status := c.Do(t, http.MethodPost, c.Mailbox("faults"), nil, fault, nil); status/100 != 2 {
		t.Fatalf("the inbox knows no such fault: %d", status)
	}
}

// told is what a webhook says of its case.
type told struct {
	Ticket struct {
		Reference         string
		ExternalReference string `json:"external_reference"`
	}
	Status     struct{ From, To string }
	Transcript *struct{ Segments []struct{ Text string } }
	Meta       struct {
		Event    string
		Sequence int
		Partial  []string
	}
}

func read(t *testing.T, w inbox.Webhook) (b told) {
	t.Helper()
	if err := json.Unmarshal([]byte(w.Body), &b); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return b
}

// complete tells whether the transcript is in it.
func (b told) complete() bool {
	return b.Transcript != nil && len(b.Transcript.Segments) == 2 && b.Transcript.Segments[1].Text == spoken
}

// way finds the one Delivery of a case that test says yes to.
func (c *helpdesk) way(t *testing.T, caseID string, is func(delivery.Delivery) bool) delivery.Delivery {
	t.Helper()
	all, err := c.Store().CaseDeliveries(t.Context(), c.ID, caseID)
	if err != nil {
		t.Fatal(err)
	}
	all = slices.DeleteFunc(all, func(d delivery.Delivery) bool { return !is(d) })
	if len(all) != 1 {
		t.Fatalf("%d such deliveries", len(all))
	}
	return all[0]
}

func first(d delivery.Delivery) bool {
	return d.Channel == delivery.Webhook && d.Kind == delivery.Created && d.ReplayOf == ""
}

func (c *helpdesk) theCase(t *testing.T, id string) desk.Case {
	t.Helper()
	x, ok, err := c.Store().Case(t.Context(), c.ID, id)
	if err != nil || !ok {
		t.Fatalf("case %s: %t, %v", id, ok, err)
	}
	return x
}

// facts counts what was told of a case, by name.
func (c *helpdesk) facts(t *testing.T, caseID string) map[string]int {
	t.Helper()
	events, err := c.Store().CaseEvents(t.Context(), c.ID, caseID)
	if err != nil {
		t.Fatal(err)
	}
	n := map[string]int{}
	for _, e := range events {
		n[e.Name]++
	}
	return n
}

// stands puts the stopped clock to an instant and waits for what is due then.
func stands(t *testing.T, s *stacktest.Stack, at time.Time) {
	t.Helper()
	s.SetClock(t, at.Format(time.RFC3339Nano), true)
	s.Idle(t)
}

// asks puts work into the gateway's queue, as its functions and the bus do.
func (c *helpdesk) asks(t *testing.T, kind string, body any) {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	work := lambdakit.Work{Kind: kind, Company: c.ID.String(), At: c.Clock(t), Body: raw}
	if err := queue.Open(c.Env, c.Queue("GatewayQueue")).Send(t.Context(), work, 0); err != nil {
		t.Fatal(err)
	}
}

// replays sends everything dead of a case again, as a person does, and waits for it.
func (c *helpdesk) replays(t *testing.T, caseID string) (n int) {
	t.Helper()
	now := c.Clock(t)
	d := &dispatch.Dispatcher{
		Store: c.Store(), Now: func() time.Time { return now }, NewID: func() string { return ident.New(now) }, Jitter: mathrand.Float64,
	}
	dues, left, err := d.ReplayCase(t.Context(), c.ID, caseID, false, desk.Actor{Kind: "user", ID: "chef"})
	if err != nil || left > 0 {
		t.Fatalf("%d left, %v", left, err)
	}
	for _, due := range dues {
		c.asks(t, dispatch.AttemptKind, dispatch.Attempting{CaseID: due.CaseID, DeliveryID: due.DeliveryID})
	}
	c.Idle(t)
	return len(dues)
}

func summary(m stacktest.Mail) bool { return strings.Contains(m.Subject, "Zusammenfassung") }

func TestDeskScenario09OfTwoChannelsOnlyTheFailingOneIsRepeated(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	moveTo(t, s, "2026-11-24 10:00")
	c := opensDesk(t, s, false, hybrid)
	c.answers(t, "webhooks", map[string]any{"mode": "status", "status": 500, "times": 4})
	began := s.Clock(t)
	_, id := c.reports(t, nil)
	s.Idle(t)
	for made := 1; made < 4; made++ {
		next := c.way(t, id, first).NextAt
		stands(t, s, next.Add(-2*time.Second))
		if n := len(c.got(t)); n != made {
			t.Fatalf("%d attempts before attempt %d was due", n, made+1)
		}
		stands(t, s, next.Add(time.Second))
	}
	stands(t, s, began.Add(time.Hour))

	got := c.got(t)
	if len(got) != 4 {
		t.Fatalf("%d attempts", len(got))
	}
	pauses := []time.Duration{0, 60 * time.Second, 120 * time.Second, 300 * time.Second}
	before := began
	for i, w := range got {
		pause, tolerance := w.ReceivedAt.Sub(before), pauses[i]/10+2*time.Second
		if (pause - pauses[i]).Abs() > tolerance {
			t.Errorf("attempt %d came %v after the one before, not %v", i+1, pause, pauses[i])
		}
		if w.Headers["Webhook-Id"] != got[0].Headers["Webhook-Id"] || w.Headers["X-Attempt"] != strconv.Itoa(i+1) || w.Signature != inbox.Valid {
			t.Errorf("attempt %d: %v, signature %s", i+1, w.Headers, w.Signature)
		}
		before = w.ReceivedAt
	}
	if d := c.way(t, id, first); d.State != delivery.Dead || d.Reason != delivery.Exhausted || d.LastErrorClass != "http_500" || d.Attempts != 4 {
		t.Errorf("%+v", d)
	}
	number := c.theCase(t, id).Number.String()
	letters := func() map[string]string {
		of := map[string]string{}
		for _, name := range []string{"it", "notfall", "alarm"} {
			list := slices.DeleteFunc(c.Mails(t, name+"@"+c.Slug+".example"), summary)
			if len(list) != 1 || !strings.Contains(list[0].Subject, number) {
				t.Errorf("%s got %d letters: %+v", name, len(list), list)
				continue
			}
			of[name] = list[0].Subject
		}
		return of
	}
	of, tells := letters(), "[Allgemein] "+number+": "
	if of["alarm"] != "[ALERT] Zustellung gescheitert: "+number || !strings.HasPrefix(of["it"], tells) || !strings.HasPrefix(of["notfall"], tells) {
		t.Errorf("%q", of)
	}
	if x := c.theCase(t, id); x.Delivered != delivery.PartlyFailed {
		t.Errorf("summary %s", x.Delivered)
	}
	if n := c.facts(t, id); n["delivery.dead.v1"] != 1 || n["delivery.failed.v1"] != 3 || n["delivery.sent.v1"] != 2 {
		t.Errorf("%v", n)
	}

	told := func(times int) { // the hour of the failure is over: it is told once more in its summary, and never again
		t.Helper()
		list := slices.DeleteFunc(c.Mails(t, "alarm@"+c.Slug+".example"), func(m stacktest.Mail) bool { return !summary(m) })
		if len(list) != times || !strings.Contains(list[0].Text, "(http_500)") || strings.Count(list[0].Text, number+": ") != 1 || !strings.HasSuffix(list[0].Subject, "Eine Zustellung gescheitert") {
			t.Errorf("%d summaries", len(list))
		}
	}
	told(1)
	stands(t, s, began.Add(2*time.Hour+time.Minute))
	stands(t, s, began.Add(3*time.Hour+time.Minute))
	told(1)

	if n := c.replays(t, id); n != 1 {
		t.Errorf("%d deliveries were replayed", n)
	}
	got = c.got(t)
	if len(got) != 5 || got[4].Headers["Webhook-Id"] != got[0].Headers["Webhook-Id"] || got[4].Reference == "" {
		t.Errorf("%d requests", len(got))
	}
	letters()
	if x := c.theCase(t, id); x.Delivered != delivery.AllSent || len(x.References) != 1 || x.References[0].Value != got[4].Reference {
		t.Errorf("%s, %v", x.Delivered, x.References)
	}
}

// A case that is resolved is told to the tool that made a ticket of it, where the output chose so.
func TestDeskAResolvedCaseReachesTheTicketThatWasMadeOfIt(t *testing.T) {
	t.Parallel()
	s := stacktest.Shared(t)
	c := opensDesk(t, s, false, strings.Replace(hooking, "output_type: webhook", "output_type: webhook, send_status_changes: true", 1))
	_, id := c.reports(t, nil)
	s.Idle(t)
	if _, err := casesOf(t, s).Move(t.Context(), c.ID, id, 0, event.Actor{Kind: "user", ID: "anna"}, desk.Move{To: desk.Resolved, Note: "Walze gereinigt"}, false); err != nil {
		t.Fatal(err)
	}
	s.Idle(t)
	got := c.got(t)
	if len(got) != 2 {
		t.Fatalf("%d messages", len(got))
	}
	b := read(t, got[1])
	if b.Meta.Event != "service_case.status_changed" || got[1].Headers["X-Event"] != b.Meta.Event || b.Meta.Sequence != 2 || b.Status.From != "new" || b.Status.To != "resolved" {
		t.Errorf("%s", got[1].Body)
	}
	if got[0].Reference == "" || b.Ticket.ExternalReference != got[0].Reference || got[1].Signature != inbox.Valid {
		t.Errorf("ticket %q, the first message made %q; signature %s", b.Ticket.ExternalReference, got[0].Reference, got[1].Signature)
	}
	var e event.CaseStatusChanged
	events, err := c.Store().CaseEvents(t.Context(), c.ID, id)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range events {
		if x.Name == e.Name() {
			if err := json.Unmarshal([]byte(x.Detail), &e); err != nil {
				t.Fatal(err)
			}
		}
	}
	c.asks(t, e.Name(), e) // the bus may tell it again
	s.Idle(t)
	if n := len(c.got(t)); n != 2 {
		t.Errorf("told again, %d messages", n)
	}
}

func TestDeskScenario10ACaseWaitsForItsCallButNotLongerThanItsDeadline(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	moveTo(t, s, "2026-11-24 10:00")
	quick, slow := opensDesk(t, s, true, hooking), opensDesk(t, s, true, hooking)
	began := s.Clock(t)
	after := func(d time.Duration) { t.Helper(); stands(t, s, began.Add(d)) }
	x, quickID := quick.reports(t, nil)
	y, slowID := slow.reports(t, nil)
	s.Idle(t)

	after(39 * time.Second)
	if n := len(quick.got(t)) + len(slow.got(t)); n != 0 {
		t.Fatalf("%d left before their calls were over", n)
	}
	after(40 * time.Second)
	hangsUp(t, x)
	s.Idle(t)
	got := quick.got(t)
	if len(got) != 1 || !got[0].ReceivedAt.Equal(began.Add(40*time.Second)) {
		t.Fatalf("after 40 s %d have left", len(got))
	}
	if b := read(t, got[0]); !b.complete() || len(b.Meta.Partial) > 0 || b.Meta.Event != "service_case.created" || b.Meta.Sequence != 1 {
		t.Errorf("%s", got[0].Body)
	}

	after(179 * time.Second)
	if n := len(slow.got(t)); n != 0 {
		t.Fatalf("%d left before the deadline", n)
	}
	after(181 * time.Second)
	got = slow.got(t)
	if len(got) != 1 {
		t.Fatalf("at the deadline %d have left", len(got))
	}
	if b := read(t, got[0]); b.Transcript != nil || !slices.Equal(b.Meta.Partial, []string{"transcript"}) || b.Meta.Sequence != 1 {
		t.Errorf("%s", got[0].Body)
	}
	if d := slow.way(t, slowID, first); d.Attempts != 1 || d.State != delivery.Sent || d.Profile.Attempts()-d.Attempts != 3 { // waiting used none
		t.Errorf("%+v", d)
	}

	after(300 * time.Second)
	hangsUp(t, y)
	s.Idle(t)
	after(time.Hour)
	got = slow.got(t)
	if len(got) != 2 || !got[1].ReceivedAt.Equal(began.Add(300*time.Second)) {
		t.Fatalf("%d messages", len(got))
	}
	b := read(t, got[1])
	if b.Meta.Event != "service_case.updated" || b.Meta.Sequence != 2 || !b.complete() || len(b.Meta.Partial) > 0 {
		t.Errorf("the update: %s", got[1].Body)
	}
	if b.Ticket.ExternalReference != got[0].Reference || got[0].Reference == "" {
		t.Errorf("the update is of ticket %q, the first message made %q", b.Ticket.ExternalReference, got[0].Reference)
	}
	if got[1].Headers["Webhook-Id"] == got[0].Headers["Webhook-Id"] || got[1].Headers["X-Event"] != "service_case.updated" {
		t.Errorf("%v", got[1].Headers)
	}
	if n := len(quick.got(t)); n != 1 {
		t.Errorf("what left complete was followed by %d more", n-1)
	}
	if a, b := quick.theCase(t, quickID), slow.theCase(t, slowID); a.Delivered != delivery.AllSent || b.Delivered != delivery.AllSent {
		t.Errorf("%s, %s", a.Delivered, b.Delivered)
	}
	for metric, want := range map[string][]float64{
		lambdakit.DeliveryTaken: {1, 1, 1}, lambdakit.DeliverySeconds: {40, 180}, lambdakit.EnrichmentTimedOut: {0, 1, 0},
	} {
		if got := measured(t, s, "work-gateway", metric); !slices.EqualFunc(got, want, func(a, b float64) bool { return a >= b && a < b+2 }) {
			t.Errorf("%s was %v, wanted %v", metric, got, want)
		}
	}
}

// TestDeskScenario11TheAnswerDecides lets companies' tools answer in their own ways, all in the same ten minutes.
func TestDeskScenario11TheAnswerDecides(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	moveTo(t, s, "2026-11-24 10:00")
	tests := []struct {
		name     string
		fault    map[string]any
		attempts int
		state    delivery.State
		class    delivery.Class
		disabled delivery.Disabling
	}{
		{"the answer is lost", map[string]any{"mode": "lost", "times": 1}, 2, delivery.Sent, "", ""},
		{"its connection breaks", map[string]any{"mode": "reset", "times": 1}, 1, delivery.Sent, "", ""},
		{"it says no in a 200", map[string]any{"mode": "status", "status": 200, "body": `{"success":false}`}, 1, delivery.Dead, "SemanticError:success", ""},
		{"it asks for two minutes", map[string]any{"mode": "status", "status": 429, "retry_after": 120, "times": 1}, 2, delivery.Sent, "", ""},
		{"it has moved", map[string]any{"mode": "redirect", "status": 301}, 1, delivery.Dead, delivery.RedirectRefused, ""},
		{"it is gone", map[string]any{"mode": "status", "status": 410}, 1, delivery.Dead, delivery.Gone, delivery.DisabledGone},
		{"a gibibyte", map[string]any{"mode": "huge"}, 1, delivery.Sent, "", ""},
		{"a gibibyte, packed", map[string]any{"mode": "bomb"}, 1, delivery.Sent, "", ""},
	}
	began := s.Clock(t)
	companies, cases := make([]*helpdesk, len(tests)), make([]string, len(tests))
	for i, tt := range tests {
		companies[i] = opensDesk(t, s, false, hooking)
		companies[i].answers(t, "webhooks", tt.fault)
		_, cases[i] = companies[i].reports(t, nil)
	}
	s.Idle(t)
	for _, after := range []time.Duration{67 * time.Second, 119 * time.Second, 140 * time.Second, 10 * time.Minute} {
		stands(t, s, began.Add(after))
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := companies[i]
			got, d := c.got(t), c.way(t, cases[i], first)
			if len(got) != tt.attempts || d.State != tt.state || d.LastErrorClass != tt.class {
				t.Fatalf("%d requests; %+v", len(got), d)
			}
			for _, w := range got {
				if w.Headers["Webhook-Id"] != d.MessageID || w.Signature != inbox.Valid {
					t.Errorf("%s signature, %v", w.Signature, w.Headers)
				}
			}
			conf, err := c.Store().Desk(t.Context(), c.ID)
			if err != nil || conf.Outputs[0].Disabled != tt.disabled {
				t.Errorf("switched off: %q, %v", conf.Outputs[0].Disabled, err)
			}
			switch tt.name {
			case "the answer is lost":
				if !got[1].Repeat || d.ExternalReference != got[0].Reference || got[0].Reference == "" {
					t.Errorf("ticket %q, %+v", d.ExternalReference, got)
				}
			case "its connection breaks":
				if d.Attempts != 2 {
					t.Errorf("%d attempts", d.Attempts)
				}
			case "it asks for two minutes":
				if pause := got[1].ReceivedAt.Sub(got[0].ReceivedAt); pause < 120*time.Second {
					t.Errorf("asked again after %v", pause)
				}
			case "it has moved":
				for _, w := range received(t, s, "/redirected") {
					if w.Headers["Webhook-Id"] == d.MessageID {
						t.Error("the redirect was followed")
					}
				}
			case "a gibibyte", "a gibibyte, packed":
				c.keptLittle(t, d.ID)
			}
		})
	}

	gone := companies[5] // the next case of a webhook that is switched off is no failure to be repeated, but is not lost either
	_, id := gone.reports(t, nil)
	s.Idle(t)
	if d := gone.way(t, id, first); d.State != delivery.Dead || d.Reason != delivery.ConfigError || d.LastErrorClass != "output_disabled" || d.Attempts != 0 {
		t.Errorf("%+v", d)
	}
	if n := len(gone.got(t)); n != 1 {
		t.Errorf("a webhook that is gone was called %d times", n)
	}
	if letters := gone.Mails(t, "alarm@"+gone.Slug+".example"); len(letters) != 2 {
		t.Errorf("%d alerts", len(letters))
	}
	survives(t, s, "work-gateway", 200<<20)
}

// keptLittle looks what the exchange log kept of a Delivery's answer.
func (c *helpdesk) keptLittle(t *testing.T, deliveryID string) {
	t.Helper()
	lines, err := c.Store().Exchanges(t.Context(), c.ID, c.Clock(t), 100)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(lines, func(l exchange.Line) bool { return l.DeliveryID == deliveryID })
	if i < 0 || len(lines[i].AnswerBody) > 8<<10 || lines[i].Status != http.StatusOK {
		t.Errorf("of %d lines, the answer's keeps %+v", len(lines), lines[max(i, 0):min(len(lines), max(i, 0)+1)])
	}
}

// What an output could not send in a time is sent again by the stack, each once, after somebody has seen how many there are;
// it says what writing a Delivery costs.
func TestDeskWhatAnOutputCouldNotSendIsSentAgain(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	moveTo(t, s, "2026-11-24 10:00")
	c := opensDesk(t, s, false, strings.Replace(hooking, "output_type: webhook", "output_type: webhook, retry_profile: none", 1))
	c.reports(t, nil) // it arrives
	s.Idle(t)
	s.ForgetCalls(t)
	const many = 3
	c.answers(t, "webhooks", map[string]any{"mode": "status", "status": 500, "times": many})
	cases := map[string]string{} // message id by case
	for range many {
		_, id := c.reports(t, nil)
		s.Idle(t)
		cases[id] = c.way(t, id, first).MessageID
	}
	used := units(t, s, "work-gateway")
	t.Logf("work-gateway writes %.1f units for a case with one webhook that dies at once, and is told of", used.WriteUnits/many)
	conf, err := c.Store().Desk(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	began := s.Clock(t)
	stands(t, s, began.Add(10*time.Minute))
	now := func() time.Time { return s.Clock(t) }
	d := &dispatch.Dispatcher{Store: c.Store(), Now: now, NewID: ident.Maker(now)}
	wish := dispatch.Redelivery{OutputID: conf.Outputs[0].ID, From: began.Add(-time.Hour), To: now(), By: desk.Actor{Kind: "user", ID: "anna"}}
	if n, more, err := d.CountRedelivery(t.Context(), c.ID, wish); err != nil || n != many || more {
		t.Errorf("%d would set out, more: %t, %v", n, more, err)
	}
	job, err := d.StartRedelivery(t.Context(), c.ID, wish)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 { // its timer, and once more: there is nothing left to do
		stands(t, s, s.Clock(t).Add(time.Minute))
	}
	if got := len(c.got(t)); got != 1+2*many {
		t.Errorf("%d requests", got)
	}
	ids := map[string]int{}
	for _, w := range c.got(t) {
		ids[w.Headers["Webhook-Id"]]++
	}
	for id, message := range cases {
		if x := c.theCase(t, id); ids[message] != 2 || x.Delivered != delivery.AllSent {
			t.Errorf("case %s is %s, its message came %d times", x.Number, x.Delivered, ids[message])
		}
		if n := c.facts(t, id); n["delivery.replayed.v1"] != 1 {
			t.Errorf("%v", n)
		}
	}
	job, _, err = c.Store().Redelivery(t.Context(), c.ID, job.ID)
	if err != nil || !job.Done() || job.Sent != many || job.Left != 0 {
		t.Errorf("%+v, %v", job, err)
	}
	if n, _, err := d.CountRedelivery(t.Context(), c.ID, wish); err != nil || n != 0 {
		t.Errorf("%d would set out again, %v", n, err)
	}
}

// survives checks that no invocation of a function failed and, where the machine tells, that none of its processes ever
// took more memory than most.
func survives(t *testing.T, s *stacktest.Stack, function string, most int) {
	t.Helper()
	for _, queue := range []string{"DefaultDeadQueue", "NotificationsDeadQueue", "GatewayDeadQueue", "EventsDeadQueue"} {
		if n := s.Depth(t, queue); n != 0 {
			t.Errorf("%s holds %d messages", queue, n)
		}
	}
	if runtime.GOOS != "linux" {
		return
	}
	processes, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	mine := []byte("AWS_ENDPOINT_URL=" + s.Env.Base + "\x00")
	for _, name := range processes {
		environ, err := os.ReadFile(name) // somebody else's, or gone
		if err != nil || !bytes.Contains(append(environ, 0), mine) || !bytes.Contains(environ, []byte("AWS_LAMBDA_FUNCTION_NAME="+function+"\x00")) {
			continue
		}
		status, err := os.ReadFile(filepath.Join(filepath.Dir(name), "status"))
		if err != nil {
			continue
		}
		for _, line := range strings.Split(string(status), "\n") {
			fields := strings.Fields(line)
			if len(fields) < 2 || fields[0] != "VmHWM:" {
				continue
			}
			seen++
			if kib, _ := strconv.Atoi(fields[1]); kib<<10 > most {
				t.Errorf("%s took %d KiB", function, kib)
			}
		}
	}
	if seen == 0 {
		t.Errorf("no process of %s was found", function)
	}
}
