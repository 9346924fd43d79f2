package scenarios_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/infra/local/stacktest"
	"github.com/askpro/gateway/internal/retell"
)

func TestScenario09AnotherCompanysServiceDoesNotExistHere(t *testing.T) {
	t.Parallel()
	s := stacktest.Shared(t)
	a, b := s.NewCompany(t), s.NewCompany(t)
	info := a.Ring(a.Erika).Tool(t, "get_service_info", map[string]any{"service": "Langhaarschnitt"})
	want(t, info, "ok")
	foreign := info.Text("service_id")
	r := b.Ring(b.Erika).Tool(t, "check_availability", map[string]any{"service": foreign, "date": b.Day(t, 2), "time": "10 Uhr"})
	want(t, r, "unknown_service")
	if strings.Contains(r.Raw, foreign) || a.Asked(t, "slots") > 0 {
		t.Errorf("something of the other company shows: %s", r.Raw)
	}
}

func TestScenario09ASignatureOfOneCompanyOpensNoOther(t *testing.T) {
	t.Parallel()
	s := stacktest.Shared(t)
	a, b := s.NewCompany(t), s.NewCompany(t)
	body := []byte(`{"event":"call_started","call":{"call_id":"call_fremd_` + b.Slug + `","direction":"inbound","from_number":"+4915100000000","to_number":"` + b.Number + `"}}`)
	sign := func(key string) map[string]string {
		return map[string]string{retell.Header: retell.Sign(key, body, s.Clock(t))}
	}
	for name, header := range map[string]map[string]string{"the other company's key": sign(a.Key), "no signature": nil, "nonsense": {retell.Header: "v=1,d=2"}} {
		for _, what := range []string{"events", "tools", "inbound"} {
			if status := s.Do(t, "POST", b.API+"/webhooks/retell/"+b.Slug+"/"+what, header, body, nil); status != 401 {
				t.Errorf("%s, %s: %d", what, name, status)
			}
		}
	}
	// The right key, but a number of the other company.
	mixed := []byte(strings.ReplaceAll(string(body), b.Number, a.Number))
	if status := s.Do(t, "POST", b.API+"/webhooks/retell/"+b.Slug+"/events", map[string]string{retell.Header: retell.Sign(b.Key, mixed, s.Clock(t))}, mixed, nil); status != 401 {
		t.Errorf("a number of another company: %d", status)
	}
	if status := s.Do(t, "POST", b.API+"/webhooks/retell/niemand/events", sign(a.Key), body, nil); status != 401 {
		t.Errorf("unknown route: %d", status)
	}
	s.Idle(t)
	if _, found, err := b.Store().Call(t.Context(), b.ID, "call_fremd_"+b.Slug); found || err != nil {
		t.Errorf("something was written: %t, %v", found, err)
	}
}

// §17.9: date variables on every call.
func TestScenario18TheInboundWebhook(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	c := s.NewCompany(t)
	s.SetClock(t, "2025-12-14T12:30:00+01:00", false)
	ring := func(from, to string) map[string]any {
		var answer struct {
			Inbound map[string]any `json:"call_inbound"`
		}
		body := fmt.Appendf(nil, `{"event":"call_inbound","call_inbound":{"agent_id":"agent_x","from_number":%q,"to_number":%q}}`, from, to)
		if status := s.Do(t, "POST", c.API+"/webhooks/retell/"+c.Slug+"/inbound", map[string]string{retell.Header: retell.Sign(c.Key, body, s.Clock(t))}, body, &answer); status != 200 {
			t.Fatalf("status %d", status)
		}
		return answer.Inbound
	}
	if a := ring(c.Erika, "+493099999999"); a == nil || len(a) != 0 {
		t.Errorf("an unknown number gets %v", a)
	}
	variables, _ := ring(c.Erika, c.Number)["dynamic_variables"].(map[string]any)
	for name, want := range map[string]string{
		"customer_phone": c.Erika, "heute_datum": "14.12.2025", "current_date": "2025-12-14", "current_weekday": "Sonntag", "current_year": "2025",
		"current_month": "Dezember", "morgen": "15.12.2025", "uebermorgen": "16.12.2025", "naechster_montag": "15.12.2025", "filiale": "Mitte",
		"heute_geoeffnet": "heute von 8 bis 20 Uhr", "kunde_bekannt": "true", "kunde_vorname": "Erika", "kunde_nachname": "Test", "current_time": "12:30",
	} {
		if variables[name] != want {
			t.Errorf("%s is %v, wanted %s", name, variables[name], want)
		}
	}
	if days, _ := variables["kalender_14_tage"].(string); !strings.HasPrefix(days, "So 14.12., Mo 15.12., Di 16.12.,") || len(strings.Split(days, ", ")) != 14 {
		t.Errorf("calendar %q", days)
	}
	for name, v := range variables {
		if _, is := v.(string); !is {
			t.Errorf("%s is no string: %v", name, v)
		}
	}
	if v, _ := ring("anonymous", c.Number)["dynamic_variables"].(map[string]any); v["customer_phone"] != "" || v["kunde_bekannt"] != "false" {
		t.Errorf("a withheld number gives %v", v)
	}
	s.Idle(t)
	if ids, err := c.Store().CallIDs(t.Context(), c.ID, 10); err != nil || len(ids) != 0 {
		t.Errorf("calls were created: %v, %v", ids, err)
	}
}

func TestScenario20CalComIsDown(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t)
	c.CalcomFault(t, map[string]any{"operation": "slots", "mode": "timeout", "times": -1})
	x := c.Ring(c.Erika)
	r := ask(t, x, "Schnitt", c.Day(t, 2), "10 Uhr")
	want(t, r, "calendar_unavailable")
	if r.Text("callback_id") == "" || !strings.Contains(r.Say, "zurück") {
		t.Errorf("no callback: %s", r.Raw)
	}
	c.Idle(t)
	if _, tools := x.Record(t); len(tools) != 1 || tools[0].DurationMS > 3000 { // the specification's hard limit, as our own record has it
		t.Errorf("tool calls %+v", tools)
	}
	letters := c.Mails(t, c.BranchTo)
	if len(letters) != 1 || !strings.Contains(letters[0].Text, c.Erika) || !strings.Contains(letters[0].Text, "10:00") {
		t.Errorf("the branch got %+v", letters)
	}
}

func TestScenario20AKeyThatRestsDisturbsNobodyElse(t *testing.T) {
	t.Parallel()
	s := stacktest.Shared(t)
	a, b := s.NewCompany(t), s.NewCompany(t)
	a.CalcomFault(t, map[string]any{"operation": "slots", "mode": "status", "status": 429, "retry_after": 60})
	want(t, ask(t, a.Ring(a.Erika), "Langhaarschnitt", a.Day(t, 2), "10 Uhr"), "calendar_unavailable")
	asked := a.Asked(t, "slots")
	want(t, ask(t, a.Ring(a.Max), "Langhaarschnitt", a.Day(t, 2), "10 Uhr"), "calendar_unavailable")
	if n := a.Asked(t, "slots"); n != asked {
		t.Errorf("a resting key was used %d times more", n-asked)
	}
	want(t, ask(t, b.Ring(b.Erika), "Langhaarschnitt", b.Day(t, 2), "10 Uhr"), "available")
}

func TestScenario21TheSecondOption(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t)
	for _, said := range []map[string]any{{"option": "den zweiten"}, {"option": "2"}, {"offer_id": "opt2"}} {
		x := c.Ring("")
		options := x.Tool(t, "check_availability", map[string]any{"service": "Bartpflege", "date": c.Day(t, 4)}).Options()
		if len(options) < 2 {
			t.Fatalf("options %v", options)
		}
		said["name"], said["confirm"] = "Berta Beispiel", "true"
		r := x.Tool(t, "book_appointment", said)
		want(t, r, "booked")
		if !same(r.Text("starts_at"), options[1]) {
			t.Errorf("%v books %s, the second option was %s", said, r.Text("starts_at"), options[1])
		}
	}
	// A clock time among the options, on another day than today.
	x := c.Ring("")
	options := x.Tool(t, "check_availability", map[string]any{"service": "Langhaarschnitt", "date": c.Day(t, 5)}).Options()
	at, err := time.Parse(time.RFC3339, options[2])
	if err != nil {
		t.Fatal(err)
	}
	r := x.Tool(t, "book_appointment", map[string]any{"time": at.Format("15:04"), "name": "Berta Beispiel", "confirm": "true"})
	want(t, r, "booked")
	if !same(r.Text("starts_at"), options[2]) {
		t.Errorf("%s books %s", at.Format("15:04"), r.Text("starts_at"))
	}
}

func same(a, b string) bool {
	x, errX := time.Parse(time.RFC3339, a)
	y, errY := time.Parse(time.RFC3339, b)
	return errX == nil && errY == nil && x.Equal(y)
}

// §17.8: a service that was named never becomes another one.
func TestScenario22WhatIsNoServiceAndNoName(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t)
	x := c.Ring("+4917011111111")
	want(t, ask(t, x, "Zahnreinigung", c.Day(t, 2), "10 Uhr"), "unknown_service")
	want(t, ask(t, x, "Schnitt", c.Day(t, 2), "10 Uhr"), "available")
	for _, name := range []string{"Acht Uhr", "Gast", "anonymous", "N/A", "-", "bei Mario", "x"} {
		r := x.Tool(t, "book_appointment", map[string]any{"offer_id": "opt1", "name": name, "confirm": "true"})
		want(t, r, "need_name")
	}
	if len(c.Bookings(t)) != 0 {
		t.Error("something was booked")
	}
	r := ask(t, x, "Schnitt", c.Day(t, 2), "10 Uhr")
	want(t, r, "available")
	if r.Text("staff_name") != "Mario Rossi" {
		t.Errorf("the wish for Mario was lost: %s", r.Raw)
	}
}

func TestScenario23AnExpiredHold(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	c := s.NewCompany(t)
	day := c.Day(t, 2)
	x := c.Ring(c.Erika)
	want(t, ask(t, x, "Langhaarschnitt", day, "10 Uhr"), "available")
	s.Advance(t, "3m")
	want(t, x.Tool(t, "book_appointment", map[string]any{"offer_id": "opt1", "name": "Erika Test", "confirm": "true"}), "booked")
	y, z := c.Ring(c.Max), c.Ring("+4917033333330")
	want(t, ask(t, y, "Langhaarschnitt", day, "12 Uhr"), "available")
	s.Advance(t, "3m")
	booked(t, z, "Langhaarschnitt", day, "12 Uhr", "Zoe Zimmer")
	r := y.Tool(t, "book_appointment", map[string]any{"offer_id": "opt1", "name": "Max Test", "confirm": "true"})
	want(t, r, "slot_taken")
	if len(r.Options()) == 0 {
		t.Errorf("no options: %s", r.Raw)
	}
}

// §17.17: holds have an owner and go when the wish changes.
func TestScenario24AChangedWishFreesTheOldHold(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t)
	day := c.Day(t, 2)
	x, y := c.Ring(c.Erika), c.Ring(c.Max)
	want(t, ask(t, x, "Langhaarschnitt", day, "10 Uhr"), "available")
	want(t, ask(t, y, "Langhaarschnitt", day, "10 Uhr"), "alternatives")
	want(t, ask(t, x, "Langhaarschnitt", day, "15 Uhr"), "available")
	want(t, ask(t, y, "Langhaarschnitt", day, "10 Uhr"), "available")
	// A call that ends lets its hold go as well.
	y.Event(t, "call_ended", map[string]any{"call_status": "ended", "disconnection_reason": "user_hangup"})
	c.Idle(t)
	want(t, ask(t, c.Ring("+4917022222222"), "Langhaarschnitt", day, "10 Uhr"), "available")
}

// §17.18: zones are converted once, in summer and winter.
func TestScenario25TheSameLocalSlotsOnTheDaysTheClocksChange(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	c := s.NewCompany(t)
	for _, now := range []string{"2025-10-24T10:00:00+02:00", "2026-03-27T10:00:00+01:00"} { // Sunday is in two days
		s.SetClock(t, now, false)
		for _, at := range []string{"08:00", "10:00", "19:00"} {
			x := c.Ring("+4917033333333")
			r := ask(t, x, "Langhaarschnitt", c.Day(t, 2), at)
			want(t, r, "available")
			if got := r.Text("time"); got != at || r.Text("weekday") != "Sonntag" {
				t.Errorf("asked for %s, offered %s %s", at, r.Text("weekday"), got)
			}
			want(t, x.Tool(t, "release_slot_reservation", nil), "released")
		}
	}
}

// §17.12: one envelope for every tool.
func TestScenario26HostileArguments(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t)
	long := strings.Repeat("Dienstag oder <b>Mittwoch</b> {{x}} ", 300)
	tools := []string{
		"initialize_call", "get_current_context", "current_time_berlin", "check_customer", "parse_date", "check_availability", "get_alternatives", "find_next_available",
		"reserve_slot", "release_slot_reservation", "book_appointment", "start_booking", "get_customer_appointments", "query_appointment", "cancel_appointment",
		"reschedule_appointment", "request_callback", "list_services", "get_available_services", "get_service_info", "get_opening_hours", "transfer_to_human", "book_appointment_v17", "gibt_es_nicht",
	}
	names := []string{"date", "time", "service", "name", "staff", "option", "offer_id", "phone", "email", "notes", "confirm", "reason", "appointment_id", "new_date", "new_time", "category", "priority"}
	with := func(v any) map[string]any {
		m := map[string]any{}
		for _, n := range names {
			m[n] = v
		}
		return m
	}
	for name, args := range map[string]any{
		"missing": nil, "empty": map[string]any{}, "empty texts": with(""), "numbers": with(42), "lists": with([]any{1, "x"}), "objects": with(map[string]any{"a": 1}),
		"truth values": with(true), "nulls": with(nil), "long texts": with(long), "a text": `{"date":"morgen","time":"zehn","service":"Schnitt"}`, "a broken text": `{"date":`, "a list": []any{1},
		"unknown fields": map[string]any{"company_id": "01H", "call_id": "call_1", "to_number": "+491", "__proto__": "x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, tool := range tools {
				r := c.Ring(c.Erika).Tool(t, tool, args) // insists on 200, the envelope and 300 letters
				if !r.OK || r.Status == "technical_problem" {
					t.Errorf("%s: %s", tool, r.Raw)
				}
				if len(r.Raw) > 4000 || strings.ContainsAny(r.Say, "<>{}\\") {
					t.Errorf("%s says %s", tool, r.Raw)
				}
			}
		})
	}
}

// §17.14: identity comes from the signed call alone.
func TestArgumentsNeverSayWhoCalls(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t)
	raw := []byte(`{"name":"check_availability","args":{"date":"morgen"}}`)
	if status, r := c.Post(t, raw); status != 200 || r.Status != "no_call_context" {
		t.Errorf("%d %s", status, r.Raw)
	}
	raw = []byte(`{"name":"check_customer","call":{"call_id":"call_n_` + c.Slug + `","from_number":"` + c.Erika + `","to_number":"+493088888888","direction":"inbound"},"args":{"to_number":"` + c.Number + `"}}`)
	if status, r := c.Post(t, raw); status != 200 || r.Status != "no_tenant_context" || strings.Contains(r.Raw, "Erika") {
		t.Errorf("%d %s", status, r.Raw)
	}
}
