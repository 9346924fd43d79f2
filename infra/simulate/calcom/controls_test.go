package calcom_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/infra/simulate/calcom"
)

// serve runs a handler until the test ends and returns its URL.
func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

func TestBookingsAreShownWithTheirHistory(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.book(t, damenhaarschnittAnna, ten)
	s.advance(time.Minute)
	moved := s.ask(t, "POST", "/bookings/"+b.UID+"/reschedule", `{"start":"2026-11-25T09:00:00Z"}`).booking(t)
	s.advance(time.Minute)
	s.ask(t, "POST", "/bookings/"+moved.UID+"/cancel", "")
	var list []calcom.Shown
	s.control(t, "GET", "bookings", nil, &list)
	if len(list) != 2 {
		t.Fatalf("%+v", list)
	}
	first, second := list[0], list[1]
	if first.Company != "demo" || first.Service != "damenhaarschnitt" || first.Staff != "anna" || first.Metadata["appointment_id"] != "a1" || first.Attendee.Name != "Erika Muster" || first.MovedTo != second.UID || second.MovedFrom != first.UID {
		t.Errorf("%+v", list)
	}
	var told []string
	for _, b := range list {
		for _, h := range b.History {
			told = append(told, h.At.Format("15:04 ")+h.What)
		}
	}
	if got, want := strings.Join(told, "; "), "06:00 made; 06:01 moved to "+second.UID+"; 06:01 made; 06:02 cancelled"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	s.control(t, "DELETE", "bookings", nil, nil)
	if n := len(s.Bookings("")); n != 0 {
		t.Errorf("%d bookings left", n)
	}
}

func TestThingsHappenBehindOurBack(t *testing.T) {
	t.Parallel()
	s := start(t)
	behind := func(in map[string]any) (b calcom.Shown) {
		t.Helper()
		in["company"] = "demo"
		if status := s.control(t, "POST", "bookings", in, &b); status != http.StatusOK {
			t.Fatalf("%v was refused", in)
		}
		return b
	}
	made := behind(map[string]any{"action": "made", "service": "Damenhaarschnitt", "staff": "Anna", "start": "2026-11-24T10:00", "uid": "vonAnna"})
	if made.UID != "vonAnna" || made.Staff != "anna" || !made.Start.Equal(time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)) {
		t.Errorf("made: %+v", made)
	}
	refused(t, s.ask(t, "POST", "/bookings", order(herrenhaarschnittAnna, ten)), 400, "already has booking")
	moved := behind(map[string]any{"action": "moved", "uid": "vonAnna", "start": "2026-11-24T14:00:00+01:00", "webhook": true})
	if h := s.hook(t); h.Trigger != "BOOKING_RESCHEDULED" || h.Payload["rescheduleUid"] != "vonAnna" || h.Payload["rescheduledBy"] != "anna@salon-mitte.example" {
		t.Errorf("the first webhook is that of the move, nobody was told of the making: %s", h.body)
	}
	if moved.UID == "vonAnna" || moved.MovedFrom != "vonAnna" {
		t.Errorf("moved: %+v", moved)
	}
	cancelled := behind(map[string]any{"action": "cancelled", "staff": "anna", "start": "2026-11-24T14:00", "webhook": true})
	if h := s.hook(t); cancelled.UID != moved.UID || h.Trigger != "BOOKING_CANCELLED" || h.Payload["cancelledBy"] != "anna@salon-mitte.example" {
		t.Errorf("cancelled: %+v, %s", cancelled, h.body)
	}
	s.book(t, herrenhaarschnittAnna, ten)
}

func TestWhatCannotHappenBehindOurBackIsRefused(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.book(t, damenhaarschnittAnna, ten)
	for _, in := range []map[string]any{
		{"company": "niemand", "action": "made", "service": "bartpflege", "start": "2026-11-24T10:00"},
		{"company": "demo", "action": "made", "service": "Gesichtsmaske", "start": "2026-11-24T10:00"},
		{"company": "demo", "action": "made", "service": "bartpflege", "staff": "anna", "start": "2026-11-24T10:00"},
		{"company": "demo", "action": "made", "service": "damenhaarschnitt", "staff": "anna", "start": "2026-11-24T10:30"},
		{"company": "demo", "action": "made", "service": "damenhaarschnitt", "staff": "anna", "start": "um zehn"},
		{"company": "demo", "action": "moved", "uid": "gibtsnicht", "start": "2026-11-24T10:30"},
		{"company": "demo", "action": "cancelled", "uid": "gibtsnicht"},
		{"company": "demo", "action": "lost"},
	} {
		var out struct{ Error string }
		if status := s.control(t, "POST", "bookings", in, &out); status != http.StatusBadRequest || out.Error == "" {
			t.Errorf("%v: %d %q", in, status, out.Error)
		}
	}
}

func TestCompaniesCanComeLater(t *testing.T) {
	t.Parallel()
	s := start(t)
	raw, err := os.ReadFile("../../../testdata/companies/demo.yaml")
	if err != nil {
		t.Fatal(err)
	}
	file := strings.NewReplacer("slug: demo", "slug: zweite", "webhook_route_id: demo", "webhook_route_id: weg2", "/demo/", "/zweite/").Replace(string(raw))
	status := s.control(t, "POST", "companies", map[string]any{"file": file, "secrets": map[string]string{
		"ssm:/askpro/{stage}/calcom/zweite/api-key": "cal_zweite", "ssm:/askpro/local/calcom-webhook/zweite/secret": "whsec_zweite",
	}}, nil)
	if status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
	s.book(t, damenhaarschnittAnna, ten)
	s.hook(t)
	if r := s.as(t, "cal_zweite", versions["bookings"], "POST", "/bookings", order(damenhaarschnittAnna, ten)); r.status != http.StatusCreated {
		t.Errorf("its Anna is another person: %d %s", r.status, r.raw)
	}
	if h := s.hook(t); h.path != "/webhooks/calcom/weg2" {
		t.Errorf("sent to %s", h.path)
	}
	var out struct{ Error string }
	if status := s.control(t, "POST", "companies", map[string]any{"file": file}, &out); status != http.StatusBadRequest || !strings.Contains(out.Error, "has no value") {
		t.Errorf("without secrets: %d %q", status, out.Error)
	}
}

func TestACompanyToldOfAgainKeepsItsBookings(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.book(t, damenhaarschnittAnna, ten)
	values := secrets(t)
	values["ssm:/askpro/local/calcom/demo/api-key"] = "cal_new"
	if err := s.AddCompany(company(t, "demo"), values); err != nil {
		t.Fatal(err)
	}
	refused(t, s.ask(t, "GET", "/bookings/"+b.UID, ""), 401, "Invalid API Key")
	if r := s.as(t, "cal_new", versions["bookings"], "GET", "/bookings/"+b.UID, ""); r.status != 200 {
		t.Errorf("%d %s", r.status, r.raw)
	}
}

func TestRequestsAreCounted(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.book(t, damenhaarschnittAnna, ten)
	s.ask(t, "POST", "/bookings", order(damenhaarschnittAnna, ten)) // refused, but asked
	s.ask(t, "GET", "/bookings/"+b.UID, "")
	s.as(t, "cal_kanzlei_api", "", "GET", "/me", "")
	s.as(t, "cal_nobody", "", "GET", "/me", "")
	var list []calcom.Request
	s.control(t, "GET", "requests?company=demo", nil, &list)
	var operations []string
	for _, r := range list {
		operations = append(operations, r.Operation)
	}
	if got := strings.Join(operations, " "); got != "create create get" || !list[0].At.Equal(monday) {
		t.Errorf("%+v", list)
	}
	s.control(t, "DELETE", "requests", nil, nil)
	if n := len(s.Requests("")); n != 0 {
		t.Errorf("%d requests left", n)
	}
}

func TestAWebhookCanBeSentByHand(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.book(t, damenhaarschnittAnna, ten)
	s.hook(t)
	s.control(t, "POST", "webhook", map[string]any{"company": "demo", "trigger": "BOOKING_CANCELLED", "uid": b.UID}, nil)
	if h := s.hook(t); h.Trigger != "BOOKING_CANCELLED" || h.Payload["uid"] != b.UID {
		t.Errorf("of a booking: %s", h.body)
	}
	s.control(t, "POST", "webhook", map[string]any{"company": "kanzlei", "body": map[string]any{"triggerEvent": "MEETING_ENDED", "uid": "x"}}, nil)
	if h := s.hook(t); h.path != "/webhooks/calcom/kanzlei" || string(h.body) != `{"triggerEvent":"MEETING_ENDED","uid":"x"}` {
		t.Errorf("a body is sent as it is: %s %s", h.path, h.body)
	}
	for _, in := range []map[string]any{{"company": "demo", "trigger": "MEETING_ENDED", "uid": b.UID}, {"company": "demo", "trigger": "BOOKING_CREATED", "uid": "x"}} {
		if status := s.control(t, "POST", "webhook", in, nil); status != http.StatusBadRequest {
			t.Errorf("%v: %d", in, status)
		}
	}
}

func TestResetForgetsAllButTheCompanies(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.fault(t, map[string]any{"operation": "create", "nth": 2, "mode": "lost"})
	s.book(t, damenhaarschnittAnna, ten)
	s.Reset()
	if len(s.Bookings("")) != 0 || len(s.Requests("")) != 0 {
		t.Error("something is left")
	}
	s.book(t, damenhaarschnittAnna, ten)
	s.book(t, bartpflegeMario, ten)
}
