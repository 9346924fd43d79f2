package scenarios_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	ics "github.com/arran4/golang-ical"

	"github.com/askpro/gateway/infra/local/stacktest"
	"github.com/askpro/gateway/infra/simulate/player"
	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/tenant"
)

func TestAllDialogues(t *testing.T) {
	t.Parallel()
	s := stacktest.Demo(t)
	files, err := player.Load(filepath.Join(s.Root, "testdata/dialogues"))
	if err != nil {
		t.Fatal(err)
	}
	var out, all strings.Builder
	p := player.New(s.Ports, s.Root, &out)
	for _, list := range files {
		if _, failed, err := p.PlayFile(context.Background(), list); err != nil || failed > 0 {
			t.Errorf("%d failed, %v\n%s", failed, err, out.String())
		}
		all.WriteString(ids.ReplaceAllString(out.String(), ""))
		out.Reset()
	}
	// What is said is read as a whole before it changes.
	golden := filepath.Join(s.Root, "testdata/texts/dialogues.txt")
	if os.Getenv("ASKPRO_GOLDEN") == "write" {
		if err := os.WriteFile(golden, []byte(all.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	said, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if string(said) != all.String() {
		t.Errorf("the dialogues sound otherwise than %s: run ASKPRO_STACK_TESTS=1 ASKPRO_GOLDEN=write go test ./infra/scenarios -run TestAllDialogues and read the diff", golden)
	}
}

// ids of calls differ each time.
var ids = regexp.MustCompile(`  \(call_[0-9a-f]+\)`)

func TestTheDefaultDialogueLeavesEverythingInOrder(t *testing.T) {
	t.Parallel()
	s := stacktest.Demo(t)
	files, err := player.Load(filepath.Join(s.Root, "testdata/dialogues/gebucht.json"))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	id, problems, err := player.New(s.Ports, s.Root, &out).Play(t.Context(), files[0][0])
	if err != nil || len(problems) > 0 {
		t.Fatalf("%v %v\n%s", problems, err, out.String())
	}
	s.Idle(t)
	demo := &stacktest.Company{Stack: s, Slug: "demo", ID: tenant.Proven(ident.Derive("company", "demo"))}

	bookings := demo.Bookings(t)
	if len(bookings) != 1 || bookings[0].Metadata["call_id"] != id || bookings[0].Metadata["company_id"] != demo.ID.String() {
		t.Fatalf("at Cal.com: %+v", bookings)
	}
	a := demo.Appointment(t, bookings[0].Metadata["appointment_id"])
	if a.Status != booking.Confirmed || a.UID != bookings[0].UID || a.StaffID == "" {
		t.Errorf("appointment %+v", a)
	}

	letters := s.Mails(t, "erika.muster@example.de")
	if len(letters) != 1 {
		t.Fatalf("%d letters", len(letters))
	}
	entries := 0
	for _, part := range letters[0].Attachments {
		calendar, err := ics.ParseCalendar(strings.NewReader(part.Text))
		if err != nil || len(calendar.Events()) != 1 {
			t.Fatalf("%s: %v", part.ContentType, err)
		}
		e := calendar.Events()[0]
		start, err := e.GetStartAt()
		if err != nil || !start.Equal(a.StartsAt) || e.Id() != a.ICSUID {
			t.Errorf("the entry starts %s, %v, uid %s", start, err, e.Id())
		}
		entries++
	}
	if entries != 2 {
		t.Errorf("%d forms of the calendar entry, wanted the invitation and the file", entries)
	}

	x := &stacktest.Call{Company: demo, ID: id}
	record, tools := x.Record(t)
	if record.Status != call.Analyzed || record.Outcome != "appointment_booked" || record.LinkStatus != "linked" || len(record.Appointments) != 1 || record.Appointments[0] != a.ID {
		t.Errorf("call %+v", record)
	}
	var asked []string
	for _, tool := range tools {
		asked = append(asked, tool.Canonical)
	}
	if strings.Join(asked, " ") != "initialize_call check_customer check_availability book_appointment" {
		t.Errorf("tool calls %v", asked)
	}
	transcript, ok, err := s.Store().Transcript(t.Context(), demo.ID, id)
	if err != nil || !ok || !strings.Contains(transcript.Text, "User: Ja, bitte, auf Erika Muster.") {
		t.Errorf("transcript %q, %t, %v", transcript.Text, ok, err)
	}
	events, err := s.Store().Events(t.Context(), demo.ID, id)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range events {
		names = append(names, e.Name)
	}
	for _, name := range []string{"call.started.v1", "appointment.requested.v1", "appointment.confirmed.v1"} {
		if !strings.Contains(strings.Join(names, " "), name) {
			t.Errorf("events %v lack %s", names, name)
		}
	}
	// They were consumed: the customer's history knows the appointment, and nothing waits anywhere.
	c, ok, err := s.Store().Customer(t.Context(), demo.ID, a.CustomerID)
	if err != nil || !ok || c.AppointmentCount != 1 || len(c.Recent) != 1 {
		t.Errorf("customer %+v, %v", c, err)
	}
	for _, queue := range []string{"DefaultQueue", "NotificationsQueue", "SyncQueue", "GatewayQueue", "DefaultDeadQueue", "NotificationsDeadQueue", "SyncDeadQueue", "GatewayDeadQueue", "EventsDeadQueue"} {
		if n := s.Depth(t, queue); n != 0 {
			t.Errorf("%s holds %d messages", queue, n)
		}
	}
}
