package stacktest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/retell"
	"github.com/askpro/gateway/internal/tenant"
)

// Company is a test's own: open every day from 8 to 20, Anna and Mario cut (Schnitt, 30 minutes, both; Lang, 60, Anna;
// Bart, 15, Mario; Freigabe, 30, Anna, needs her approval), Erika is known and has an address, Max has none. Anna also does
// Dauerwelle, a composite in segments (A 50, gap 15, B 5, gap 10, C 15, D 40; Mario can do D), Volumenwelle, the same as one
// block, and Pony, which fits into the gaps (5).
type Company struct {
	*Stack
	ID                  tenant.ID
	Slug, Key, Secret   string
	Number, Erika, Max  string // telephone numbers
	ErikaMail, BranchTo string
	Events              int64                    // event types are Events+1 …
	Edit                func(file string) string // of its file, for the next Load
	more                string                   // of its file
	head                string                   // of its company, as more members
}

var companies atomic.Int64

const file = `
company: {slug: %[1]s, name: Testsalon, webhook_route_id: %[1]s, retell_api_keys: [%[7]s],
  calcom_api_key: "ssm:/askpro/local/calcom/%[1]s/api-key", calcom_webhook_secrets: ["ssm:/askpro/local/calcom-webhook/%[1]s/secret"]%[8]s}
branches: [{slug: mitte, name: Mitte, address: Testweg 1, city: Berlin, phone: "%[2]s", notification_email: branch@%[1]s.example,
  business_hours: {monday: ["08:00-20:00"], tuesday: ["08:00-20:00"], wednesday: ["08:00-20:00"], thursday: ["08:00-20:00"], friday: ["08:00-20:00"], saturday: ["08:00-20:00"], sunday: ["08:00-20:00"]},
  forwarding: {fallback_number: "+493000000000"}}]
phone_numbers: [{number: "%[2]s", branch: mitte}]
staff: [{slug: anna, name: Anna Weber, branch: mitte, email: anna@%[1]s.example, calcom_user_id: %[3]d1}, {slug: mario, name: Mario Rossi, branch: mitte, email: mario@%[1]s.example, calcom_user_id: %[3]d2}]
services:
  - {slug: schnitt, name: Schnitt, priority: 10, duration_minutes: 30, price_cents: 2800, event_types: [{staff: anna, id: %[3]d01}, {staff: mario, id: %[3]d02}]}
  - {slug: lang, name: Langhaarschnitt, priority: 20, duration_minutes: 60, price_cents: 5500, event_types: [{staff: anna, id: %[3]d03}]}
  - {slug: bart, name: Bartpflege, priority: 30, duration_minutes: 15, price_cents: 1500, event_types: [{staff: mario, id: %[3]d04}]}
  - {slug: freigabe, name: Freigabe, priority: 40, duration_minutes: 30, price_cents: 1000, requires_confirmation: true, event_types: [{staff: anna, id: %[3]d05}]}
  - {slug: dauerwelle, name: Dauerwelle, priority: 60, duration_minutes: 135, price_cents: 12000, composite: true, composite_mode: segments, segments: &perm [{key: A, name: Wickeln, duration_min: 50, gap_after_min: 15},
      {key: B, name: Fixieren, duration_min: 5, gap_after_min: 10}, {key: C, name: Ausspülen, duration_min: 15}, {key: D, name: Schneiden, duration_min: 40}],
     event_types: [{staff: anna, segment: A, id: %[3]d21}, {staff: anna, segment: B, id: %[3]d22}, {staff: anna, segment: C, id: %[3]d23}, {staff: anna, segment: D, id: %[3]d24}, {staff: mario, segment: D, id: %[3]d25}]}
  - {slug: volumenwelle, name: Volumenwelle, priority: 61, duration_minutes: 135, price_cents: 11000, composite: true, composite_mode: block, segments: *perm , event_types: [{staff: anna, id: %[3]d26}]}
  - {slug: pony, name: Pony, priority: 62, duration_minutes: 5, price_cents: 800, event_types: [{staff: anna, id: %[3]d27}]}
customers: [{name: Erika Test, phone: "%[4]s", email: erika@%[1]s.example}, {name: Max Test, phone: "%[5]s"}]
%[6]s
`

// NewCompany enters a company of the test's own; more is appended to its file (policies, for instance).
func (s *Stack) NewCompany(t testing.TB, more ...string) *Company {
	t.Helper()
	return s.NewCompanyWith(t, nil, more...)
}

// NewCompanyWith is NewCompany with more members of the file's company, such as sms_sender.
func (s *Stack) NewCompanyWith(t testing.TB, members []string, more ...string) *Company {
	t.Helper()
	n := companies.Add(1)
	// Numbers and ids must not meet those of another test process on the same stack.
	base := time.Now().UnixNano()/1000%9_000_000*100 + n%100
	slug := fmt.Sprintf("test-%d-%d", base, n)
	c := &Company{
		Stack: s, Slug: slug, Key: "key_" + slug, Secret: "whsec_" + slug, Number: fmt.Sprintf("+4930%09d", base), Erika: fmt.Sprintf("+49151%09d", base),
		Max: fmt.Sprintf("+49152%09d", base), ErikaMail: "erika@" + slug + ".example", BranchTo: "branch@" + slug + ".example", Events: base,
		ID: tenant.Proven(ident.Derive("company", slug)),
	}
	c.more = strings.Join(more, "\n")
	for _, m := range members {
		c.head += ", " + m
	}
	c.Load(t, c.ref("webhook"), map[string]string{c.ref("webhook"): c.Key})
	return c
}

func (c *Company) ref(name string) string { return "ssm:/askpro/local/retell/" + c.Slug + "/" + name }

// Load enters the company again with other references to its Retell keys (a YAML list's items) and the values of new ones.
func (c *Company) Load(t testing.TB, keyRefs string, values map[string]string) {
	t.Helper()
	quoted := []string{}
	for _, ref := range strings.Split(keyRefs, ",") {
		quoted = append(quoted, `"`+strings.TrimSpace(ref)+`"`)
	}
	secrets := c.secrets()
	for k, v := range values {
		secrets[k] = v
	}
	c.must(t, http.MethodPost, c.Local("company"), map[string]any{"file": c.file(strings.Join(quoted, ", ")), "secrets": secrets}, nil)
}

// secrets that every file of the company refers to.
func (c *Company) secrets() map[string]string {
	return map[string]string{"ssm:/askpro/local/calcom/" + c.Slug + "/api-key": "cal_" + c.Slug, "ssm:/askpro/local/calcom-webhook/" + c.Slug + "/secret": c.Secret}
}

// file of the company, as the next Load enters it.
func (c *Company) file(keyRefs string) string {
	text := fmt.Sprintf(file, c.Slug, c.Number, c.Events, c.Erika, c.Max, c.more, keyRefs, c.head)
	if c.Edit != nil {
		text = c.Edit(text)
	}
	return text
}

// Refused enters a file that must not be taken, and returns why it was not.
func (c *Company) Refused(t testing.TB) (why string) {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"file": c.file(`"` + c.ref("webhook") + `"`), "secrets": c.secrets()})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.http.Post(c.Local("company"), "application/json", bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusBadRequest {
		t.Fatalf("a file that is wrong was answered %s, %v", resp.Status, err)
	}
	return string(answer)
}

// Retire takes the company out of the quarter-hourly rounds: tests that make many companies on one stack would pay for all of
// them whenever they move its clock.
func (c *Company) Retire(t testing.TB) {
	t.Helper()
	edit := c.Edit
	c.Edit = func(file string) string {
		if edit != nil {
			file = edit(file)
		}
		return strings.Replace(file, "company: {", "company: {inactive: true, ", 1)
	}
	c.Load(t, c.ref("webhook"), nil)
}

// Ref is the name of one of the company's Retell keys.
func (c *Company) Ref(name string) string { return c.ref(name) }

// Call is a telephone call to the company.
type Call struct {
	*Company
	ID, From string
}

var calls atomic.Int64

// Ring begins a call from a number ("" is withheld).
func (c *Company) Ring(from string) *Call {
	return &Call{c, fmt.Sprintf("call_%s_%d", c.Slug, calls.Add(1)), from}
}

// Reply is a tool's answer.
type Reply struct {
	OK     bool
	Status string
	Say    string
	Next   string
	Data   map[string]any
	Raw    string
}

func (x *Call) object(more map[string]any) map[string]any {
	from := x.From
	if from == "" {
		from = "anonymous"
	}
	o := map[string]any{"call_id": x.ID, "call_type": "phone_call", "agent_id": "agent_test", "agent_version": 1, "call_status": "ongoing", "direction": "inbound", "from_number": from, "to_number": x.Number}
	for k, v := range more {
		o[k] = v
	}
	return o
}

// Tool asks a tool and insists on its envelope: 200, a status and a German sentence of at most 300 letters.
func (x *Call) Tool(t testing.TB, name string, args any) Reply {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"name": name, "call": x.object(nil), "args": args})
	if err != nil {
		t.Fatal(err)
	}
	status, r := x.Post(t, raw)
	if status != http.StatusOK || r.Status == "" || r.Say == "" || len([]rune(r.Say)) > 300 {
		t.Fatalf("%s answered %d: %s", name, status, r.Raw)
	}
	return r
}

// Post sends a signed body to the company's tools. The reply to a 503 has nothing but what was answered.
func (c *Company) Post(t testing.TB, raw []byte) (int, Reply) {
	t.Helper()
	var answer []byte
	status := c.Do(t, http.MethodPost, c.API+"/webhooks/retell/"+c.Slug+"/tools", map[string]string{retell.Header: retell.Sign(c.Key, raw, c.Clock(t)), "Content-Type": "application/json"}, raw, &answer)
	r := Reply{Raw: string(answer)}
	if err := json.Unmarshal(answer, &r); err != nil && status != http.StatusServiceUnavailable { // where nobody could be found, nobody speaks
		t.Fatalf("%d %s", status, answer)
	}
	return status, r
}

// Event tells of the call as Retell does; it returns the status.
func (x *Call) Event(t testing.TB, name string, more map[string]any) int {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"event": name, "call": x.object(more)})
	if err != nil {
		t.Fatal(err)
	}
	return x.PostEvent(t, raw)
}

// PostEvent sends a signed event.
func (c *Company) PostEvent(t testing.TB, raw []byte) int {
	t.Helper()
	return c.Do(t, http.MethodPost, c.API+"/webhooks/retell/"+c.Slug+"/events", map[string]string{retell.Header: retell.Sign(c.Key, raw, c.Clock(t))}, raw, nil)
}

// Day is the ISO date n days from the stack's today.
func (c *Company) Day(t testing.TB, n int) string {
	t.Helper()
	return c.Clock(t).In(berlin(t)).AddDate(0, 0, n).Format(time.DateOnly)
}

func berlin(t testing.TB) *time.Location {
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// Booking is one at Cal.com.
type Booking struct {
	UID, Service, Staff, Status string
	Start                       time.Time
	Metadata                    map[string]string
	Attendee                    struct{ Name, Email string }
	MovedTo                     string `json:"moved_to"`
}

// Bookings are the company's at Cal.com; Live those that take time.
func (c *Company) Bookings(t testing.TB) []Booking {
	t.Helper()
	var out []Booking
	c.must(t, http.MethodGet, c.Sim("bookings?company="+c.Slug), nil, &out)
	return out
}

// Live are the bookings that take time.
func (c *Company) Live(t testing.TB) (live []Booking) {
	t.Helper()
	for _, b := range c.Bookings(t) {
		if b.Status == "accepted" || b.Status == "pending" {
			live = append(live, b)
		}
	}
	return live
}

// Asked counts the API calls of an operation that Cal.com got from the company.
func (c *Company) Asked(t testing.TB, operation string) (n int) {
	t.Helper()
	var out []struct{ Operation string }
	c.must(t, http.MethodGet, c.Sim("requests?company="+c.Slug), nil, &out)
	for _, r := range out {
		if r.Operation == operation {
			n++
		}
	}
	return n
}

// CalcomFault makes Cal.com misbehave towards this company alone.
func (c *Company) CalcomFault(t testing.TB, f map[string]any) {
	t.Helper()
	f["company"] = c.Slug
	c.must(t, http.MethodPost, c.Sim("faults"), f, nil)
}

// Behind does something in the calendar without us: made, moved, cancelled.
func (c *Company) Behind(t testing.TB, f map[string]any) Booking {
	t.Helper()
	f["company"] = c.Slug
	var b Booking
	c.must(t, http.MethodPost, c.Sim("bookings"), f, &b)
	return b
}

// Mail is a letter in the inbox.
type Mail struct {
	Subject     string
	To          []string
	MessageID   string `json:"message_id"`
	Text, HTML  string
	Attachments []struct {
		Name        string
		ContentType string `json:"content_type"`
		Text        string
	}
}

// Mails are the letters to an address.
func (s *Stack) Mails(t testing.TB, to string) []Mail {
	t.Helper()
	var out struct{ Mails []Mail }
	s.must(t, http.MethodGet, s.Inbox("messages?to="+to), nil, &out)
	return out.Mails
}

// SMS is a text message in the inbox.
type SMS struct{ From, To, Text string }

// Texts are the text messages to a number.
func (s *Stack) Texts(t testing.TB, to string) []SMS {
	t.Helper()
	var out struct{ SMS []SMS }
	s.must(t, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/_sim/messages?to=%s", s.Ports.Inbox, url.QueryEscape(to)), nil, &out)
	return out.SMS
}

// Mailbox is a control's address at the inbox's port.
func (s *Stack) Mailbox(path string) string {
	return fmt.Sprintf("http://127.0.0.1:%d/_sim/%s", s.Ports.Inbox, path)
}

// Appointment reads one of ours; the test fails when there is none.
func (c *Company) Appointment(t testing.TB, id string) booking.Appointment {
	t.Helper()
	a, ok, err := c.Store().Appointment(context.Background(), c.ID, id)
	if err != nil || !ok {
		t.Fatalf("appointment %s: %t, %v", id, ok, err)
	}
	return a
}

// Record reads the call's record and its tool calls.
func (x *Call) Record(t testing.TB) (call.Call, []call.ToolCall) {
	t.Helper()
	table := x.Store()
	c, ok, err := table.Call(context.Background(), x.Company.ID, x.ID)
	if err != nil || !ok {
		t.Fatalf("call %s: %t, %v", x.ID, ok, err)
	}
	tools, err := table.ToolCalls(context.Background(), x.Company.ID, x.ID)
	if err != nil {
		t.Fatal(err)
	}
	return c, tools
}

// Text of a reply's data field.
func (r Reply) Text(name string) string { s, _ := r.Data[name].(string); return s }

// Options are the starts of a reply's options.
func (r Reply) Options() (starts []string) {
	list, _ := r.Data["options"].([]any)
	for _, o := range list {
		m, _ := o.(map[string]any)
		s, _ := m["starts_at"].(string)
		starts = append(starts, s)
	}
	return starts
}

// BehindAll does many things in the calendar without us, quickly.
func (c *Company) BehindAll(t testing.TB, list []map[string]any) []Booking {
	t.Helper()
	for _, f := range list {
		f["company"] = c.Slug
	}
	var out []Booking
	c.must(t, http.MethodPost, c.Sim("bookings/all"), list, &out)
	return out
}

// EventTypeChanged changes an event type in the calendar: title, minutes, gone.
func (c *Company) EventTypeChanged(t testing.TB, id int64, f map[string]any) {
	t.Helper()
	f["company"], f["id"] = c.Slug, id
	c.must(t, http.MethodPost, c.Sim("event-types"), f, nil)
}

// Round lets the company alone have its round, as if a quarter of an hour were over.
func (c *Company) Round(t testing.TB) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"kind": "round", "company_id": c.ID.String(), "at": c.Clock(t)})
	if err != nil {
		t.Fatal(err)
	}
	var out struct{ BatchItemFailures []any }
	c.must(t, http.MethodPost, c.Local("invoke/work-sync"), map[string]any{"Records": []any{map[string]any{"messageId": "round-" + c.Slug, "body": string(body), "eventSource": "aws:sqs", "attributes": map[string]string{"ApproximateReceiveCount": "1"}}}}, &out)
	if len(out.BatchItemFailures) > 0 {
		t.Fatalf("the round failed: see the log of work-sync in %s", c.Logs)
	}
}

// Request is one API call that Cal.com got.
type Request struct {
	Operation string
	At        time.Time
}

// Requests are the API calls that Cal.com got from the company.
func (c *Company) Requests(t testing.TB) (list []Request) {
	t.Helper()
	c.must(t, http.MethodGet, c.Sim("requests?company="+c.Slug), nil, &list)
	return list
}
