package scenarios_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/infra/local/stacktest"
	"github.com/askpro/gateway/internal/booking"
)

// §17.4: customer and pending appointment exist before Cal.com is called; an address is optional.
func TestWhatIsThereBeforeTheCalendarIsAsked(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t)
	x := c.Ring("+4917055555555")
	want(t, ask(t, x, "Langhaarschnitt", c.Day(t, 2), "10 Uhr"), "available")
	c.CalcomFault(t, map[string]any{"operation": "create", "mode": "timeout"})
	r := x.Tool(t, "book_appointment", map[string]any{"offer_id": "opt1", "name": "Nina Neu", "confirm": "true"})
	want(t, r, "booking_uncertain")
	a := c.Appointment(t, r.Text("appointment_id"))
	customer, ok, err := c.Store().Customer(t.Context(), c.ID, a.CustomerID)
	if err != nil || !ok || customer.Name != "Nina Neu" || customer.Email != "" || a.Status != booking.Pending {
		t.Errorf("%s, customer %+v, %t, %v", a.Status, customer, ok, err)
	}
}

// §17.7: service, event type and staff are fixed in the offer, whatever is named at booking.
func TestTheOfferDecidesWhatIsBooked(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t)
	x := c.Ring(c.Erika)
	offered := x.Tool(t, "check_availability", map[string]any{"service": "Schnitt", "staff": "Mario", "date": c.Day(t, 2), "time": "10 Uhr"})
	want(t, offered, "available")
	want(t, x.Tool(t, "book_appointment", map[string]any{"offer_id": "opt1", "name": "Erika Test", "duration": "90", "event_type_id": 4711, "confirm": "true"}), "booked")
	live := c.Live(t)
	if len(live) != 1 || live[0].Service != "schnitt" || live[0].Staff != "mario" || !same(live[0].Start.Format(time.RFC3339), offered.Text("starts_at")) {
		t.Errorf("booked %+v", live)
	}
	// Named as another service, the offer is none of it.
	y := c.Ring(c.Max)
	want(t, ask(t, y, "Schnitt", c.Day(t, 2), "12 Uhr"), "available")
	r := y.Tool(t, "book_appointment", map[string]any{"offer_id": "opt1", "service": "Langhaarschnitt", "name": "Max Test", "confirm": "true"})
	if r.Status == "booked" || len(c.Live(t)) != 1 {
		t.Errorf("another service was booked: %s", r.Raw)
	}
}

// §17.8: no appointment is ever made from a transcript.
func TestATranscriptBooksNothing(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t)
	x := c.Ring(c.Erika)
	x.Event(t, "call_analyzed", map[string]any{
		"call_status": "ended", "transcript": "User: Dauerwelle, Dienstag um zehn.\nAgent: Ich habe Ihren Termin gebucht.",
		"call_analysis": map[string]any{"call_summary": "Termin gebucht", "call_successful": true, "custom_analysis_data": map[string]any{"appointment_date": "Dienstag", "appointment_booked": true}},
	})
	c.Idle(t)
	r, _ := x.Record(t)
	if len(c.Bookings(t)) != 0 || len(r.Appointments) != 0 || r.Outcome == "appointment_booked" {
		t.Errorf("%d bookings, call %+v", len(c.Bookings(t)), r)
	}
}

// §17.11: date, time and name are asked for, and booking needs an explicit yes in this call.
func TestNothingIsFilledIn(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t)
	x := c.Ring("+4917066666666")
	day := c.Day(t, 2)
	for _, tt := range []struct {
		args   map[string]any
		status string
	}{
		{map[string]any{"service": "Schnitt", "name": "Nina Neu", "confirm": "true"}, "need_date"},
		{map[string]any{"service": "Schnitt", "date": day, "name": "Nina Neu", "confirm": "true"}, "need_time"},
		{map[string]any{"service": "Schnitt", "date": day, "time": "10 Uhr", "name": "Unbekannt", "confirm": "true"}, "need_name"},
		{map[string]any{"service": "Schnitt", "date": day, "time": "10 Uhr", "name": "Nina Neu", "confirm": "true"}, "need_confirmation"}, // nobody was asked yet
		{map[string]any{"service": "Schnitt", "date": day, "time": "10 Uhr", "name": "Nina Neu", "confirm": "false"}, "need_confirmation"},
	} {
		if r := x.Tool(t, "book_appointment", tt.args); r.Status != tt.status {
			t.Errorf("%v: %s", tt.args, r.Raw)
		}
	}
	if len(c.Bookings(t)) != 0 {
		t.Error("something was booked")
	}
}

// §17.13: an unknown tool alarms at once, and a version suffix is none.
func TestAnUnknownToolAlarms(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t)
	want(t, c.Ring(c.Erika).Tool(t, "termin_buchen_neu", nil), "unsupported_function")
	want(t, c.Ring(c.Erika).Tool(t, "get_opening_hours_v17", nil), "ok")
	if !strings.Contains(logOf(t, c.Stack, "hook-retell-tools"), `"alarm":"unsupported_function","company":"`+c.ID.String()) {
		t.Error("nobody was alarmed")
	}
}

// logOf is what a function logged so far.
func logOf(t *testing.T, s *stacktest.Stack, function string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(s.Logs, function+".log"))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// §17.22: Cal.com first, then us. What Cal.com refuses stays as it is here.
func TestARefusedChangeChangesNothing(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t)
	id := booked(t, c.Ring(c.Erika), "Langhaarschnitt", c.Day(t, 3), "10 Uhr", "Erika Test").Text("appointment_id")
	c.Idle(t)
	before := c.Appointment(t, id)
	for tool, fault := range map[string]map[string]any{"cancel_appointment": {"operation": "cancel"}, "reschedule_appointment": {"operation": "reschedule"}} {
		fault["mode"], fault["status"] = "status", 403
		c.CalcomFault(t, fault)
		_, r := change(t, c.Ring(c.Erika), tool, map[string]any{"new_date": c.Day(t, 4), "new_time": "11 Uhr"})
		want(t, r, "calendar_unavailable")
		if r.Text("callback_id") == "" {
			t.Errorf("%s: nobody calls back: %s", tool, r.Raw)
		}
		c.Idle(t)
		if a := c.Appointment(t, id); a.Status != booking.Confirmed || a.UID != before.UID || !a.StartsAt.Equal(before.StartsAt) || a.Pending != nil {
			t.Errorf("%s: %+v", tool, a)
		}
	}
	if n := len(c.Mails(t, c.ErikaMail)); n != 1 {
		t.Errorf("%d letters to the customer, wanted the confirmation alone", n)
	}
	free(t, c, "Langhaarschnitt", c.Day(t, 4), "11 Uhr")
}

// §17.26: a build says which one it is, and tests reach nothing but this machine.
func TestTheBuildSaysWhichItIs(t *testing.T) {
	t.Parallel()
	s := stacktest.Shared(t)
	var version struct{ Version string }
	if status := s.Do(t, "GET", s.API+"/version", nil, nil, &version); status != http.StatusOK || version.Version == "" {
		t.Errorf("%d, version %q", status, version.Version)
	}
	for _, url := range []string{s.API, s.Calcom, s.Env.Base, s.Inbox("")} {
		if !strings.HasPrefix(url, "http://127.0.0.1:") {
			t.Errorf("the tests would reach %s", url)
		}
	}
}

// §17.30: guards fail open on the voice path, with an alarm, and closed on authentication.
func TestALimiterThatCannotBeAskedSilencesNobody(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	c := s.NewCompany(t)
	x := c.Ring(c.Erika)
	want(t, x.Tool(t, "get_opening_hours", nil), "ok")
	s.Fault(t, map[string]any{"function": "hook-retell-tools", "service": "dynamodb", "mode": "error", "times": -1})
	want(t, x.Tool(t, "get_opening_hours", map[string]any{"date": "morgen"}), "ok")
	if r := x.Tool(t, "cancel_appointment", nil); r.OK || !strings.Contains(r.Say, "zurückrufen") {
		t.Errorf("a tool that needs the table says %s", r.Raw)
	}
	if !strings.Contains(logOf(t, s, "hook-retell-tools"), `"alarm":"guard_failed"`) {
		t.Error("nobody was alarmed")
	}
	// Whose a route is cannot be looked up: nobody is let in.
	body := []byte(`{"name":"get_opening_hours","call":{"call_id":"call_x","to_number":"` + c.Number + `"}}`)
	if status := s.Do(t, "POST", s.API+"/webhooks/retell/unbekannt-"+c.Slug+"/tools", nil, body, nil); status == http.StatusOK {
		t.Error("an unknown route was let in")
	}
}

// TestEveryLineOfNeverAgainHasATest looks for the numbers of §17 in the comments and names of the tests: each of its 32
// lines is something that went wrong once.
func TestEveryLineOfNeverAgainHasATest(t *testing.T) {
	t.Parallel()
	named := regexp.MustCompile(`§17\.(\d+)\b`)
	found := map[string]string{}
	for _, root := range []string{"../../internal", ".."} {
		err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
			if err == nil && d.IsDir() && d.Name() == "node_modules" {
				return filepath.SkipDir
			}
			if err != nil || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			raw, err := os.ReadFile(path)
			for _, m := range named.FindAllStringSubmatch(string(raw), -1) {
				found[m[1]] = path
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for n := 1; n <= 32; n++ {
		if found[fmt.Sprint(n)] == "" {
			t.Errorf("no test names §17.%d", n)
		}
	}
}
