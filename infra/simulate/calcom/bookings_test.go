package calcom_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

const ten = "2026-11-24T09:00:00Z" // Tuesday, 10 o'clock in Berlin

func TestABookingIsWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.book(t, damenhaarschnittAnna, ten)
	if b.Status != "accepted" || b.Start != "2026-11-24T09:00:00.000Z" || b.End != "2026-11-24T10:00:00.000Z" || b.Title != "Damenhaarschnitt zwischen Anna Weber und Erika Muster" {
		t.Errorf("%+v", b)
	}
	if b.Metadata["appointment_id"] != "a1" || b.UpdatedAt != nil || len(b.UID) != 22 {
		t.Errorf("%+v", b)
	}
	if got := s.ask(t, "GET", "/bookings/"+b.UID, "").booking(t); got.ID != b.ID || got.Metadata["appointment_id"] != "a1" {
		t.Errorf("read again: %+v", got)
	}
}

func TestAStartIsReadInItsOwnZone(t *testing.T) {
	t.Parallel()
	s := start(t)
	if b := s.book(t, bartpflegeMario, "2026-11-24T10:00:00+01:00"); b.Start != "2026-11-24T09:00:00.000Z" {
		t.Errorf("an offset is converted: %s", b.Start)
	}
	if b := s.book(t, bartpflegeMario, "2026-11-24T10:00:00"); b.Start != "2026-11-24T10:00:00.000Z" {
		t.Errorf("without a zone it is UTC: %s", b.Start)
	}
}

func TestAPhoneOnlyAttendeeGetsAMadeUpAddress(t *testing.T) {
	t.Parallel()
	s := start(t)
	r := s.ask(t, "POST", "/bookings", `{"start":"`+ten+`","eventTypeId":2101,"attendee":{"name":"Max","timeZone":"Europe/Berlin","phoneNumber":"+4915112345679"}}`)
	b := r.booking(t)
	if b.Attendees[0].Email != "4915112345679@sms.cal.com" || b.Attendees[0].DisplayEmail != b.Attendees[0].Email {
		t.Errorf("%s", r.raw)
	}
}

func TestABookingIsRefused(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.book(t, damenhaarschnittAnna, ten)
	for _, tt := range []struct {
		name    string
		body    string
		status  int
		message string
	}{
		{"at the same time", order(damenhaarschnittAnna, ten), 400, "already has booking at this time or is not available"},
		{"of the same host, overlapping, for another service", order(herrenhaarschnittAnna, "2026-11-24T09:30:00Z"), 400, "already has booking"},
		{"in the past", order(bartpflegeMario, "2026-11-20T09:00:00Z"), 400, "in the past"},
		{"outside the hours", order(bartpflegeMario, "2026-11-24T20:00:00Z"), 400, "not available"},
		{"that would last beyond closing time", order(faerbenJana, "2026-11-24T16:00:00Z"), 400, "not available"},
		{"two years ahead", order(bartpflegeMario, "2028-11-24T09:00:00Z"), 400, `can't be booked at the "start" time provided`},
		{"for another company's event type", order(2201, ten), 404, "2201"},
		{"that is no JSON", "morgen um zehn", 400, "Unexpected token"},
	} {
		t.Run("a booking "+tt.name, func(t *testing.T) {
			t.Parallel()
			refused(t, s.ask(t, "POST", "/bookings", tt.body), tt.status, tt.message)
		})
	}
}

func TestValidationNamesEachFlaw(t *testing.T) {
	t.Parallel()
	s := start(t)
	attendee := `"attendee":{"name":"E","email":"e@example.de","timeZone":"Europe/Berlin"}`
	many, _ := json.Marshal(func() map[string]string {
		m := map[string]string{}
		for i := range 51 {
			m[fmt.Sprint(i)] = "x"
		}
		return m
	}())
	for _, tt := range []struct{ name, body, property string }{
		{"no name", `{"start":"` + ten + `","eventTypeId":2101,"attendee":{"email":"e@example.de","timeZone":"Europe/Berlin"}}`, "name"},
		{"a zone that is none", `{"start":"` + ten + `","eventTypeId":2101,"attendee":{"name":"E","email":"e@example.de","timeZone":"MEZ"}}`, "timeZone"},
		{"neither e-mail nor phone", `{"start":"` + ten + `","eventTypeId":2101,"attendee":{"name":"E","timeZone":"Europe/Berlin"}}`, "email"},
		{"an e-mail that is none", `{"start":"` + ten + `","eventTypeId":2101,"attendee":{"name":"E","email":"e at example","timeZone":"Europe/Berlin"}}`, "email"},
		{"a phone number that is not E.164", `{"start":"` + ten + `","eventTypeId":2101,"attendee":{"name":"E","phoneNumber":"030 123","timeZone":"Europe/Berlin"}}`, "phoneNumber"},
		{"no start", `{"eventTypeId":2101,` + attendee + `}`, "start"},
		{"no event type", `{"start":"` + ten + `",` + attendee + `}`, "eventTypeId"},
		{"an event type that is a text", `{"start":"` + ten + `","eventTypeId":"2101",` + attendee + `}`, "eventTypeId"},
		{"nested metadata", `{"start":"` + ten + `","eventTypeId":2101,"metadata":{"a":{"b":"c"}},` + attendee + `}`, "metadata"},
		{"51 metadata", `{"start":"` + ten + `","eventTypeId":2101,"metadata":` + string(many) + `,` + attendee + `}`, "metadata"},
		{"a metadata value of 501 characters", `{"start":"` + ten + `","eventTypeId":2101,"metadata":{"a":"` + strings.Repeat("ß", 501) + `"},` + attendee + `}`, "metadata"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := s.ask(t, "POST", "/bookings", tt.body)
			refused(t, r, 400, "Bad Request Exception")
			if list := r.Error.Details.Errors; len(list) != 1 || list[0].Property != tt.property || len(list[0].Constraints) != 1 {
				t.Errorf("want the one flaw %s: %s", tt.property, r.raw)
			}
		})
	}
}

func TestOnlyOneOfManyGetsTheSlot(t *testing.T) {
	t.Parallel()
	s := start(t)
	var group sync.WaitGroup
	statuses := make(chan int, 20)
	for range 20 {
		group.Go(func() { statuses <- s.ask(t, "POST", "/bookings", order(damenhaarschnittAnna, ten)).status })
	}
	group.Wait()
	close(statuses)
	booked := 0
	for status := range statuses {
		if status == http.StatusCreated {
			booked++
		}
	}
	if booked != 1 || len(s.Bookings("demo")) != 1 {
		t.Errorf("%d of 20 booked", booked)
	}
}

func TestACancelledBookingFreesItsTime(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.book(t, damenhaarschnittAnna, ten)
	s.advance(time.Minute)
	r := s.ask(t, "POST", "/bookings/"+b.UID+"/cancel", `{"cancellationReason":"verhindert"}`)
	if got := r.booking(t); r.status != 200 || got.Status != "cancelled" || got.CancellationReason != "verhindert" || got.CancelledByEmail != "erika.muster@example.de" || *got.UpdatedAt != "2026-11-23T06:01:00.000Z" {
		t.Errorf("%d %s", r.status, r.raw)
	}
	refused(t, s.ask(t, "POST", "/bookings/"+b.UID+"/cancel", ""), 400, "cancelled already")
	refused(t, s.ask(t, "POST", "/bookings/"+b.UID+"/reschedule", `{"start":"2026-11-25T09:00:00Z"}`), 400, "has been cancelled")
	s.book(t, damenhaarschnittAnna, ten)
}

func TestAMoveMakesANewBookingThatPointsBack(t *testing.T) {
	t.Parallel()
	s := start(t)
	old := s.book(t, damenhaarschnittAnna, ten)
	r := s.ask(t, "POST", "/bookings/"+old.UID+"/reschedule", `{"start":"2026-11-24T09:30:00Z","reschedulingReason":"später","rescheduledBy":"erika.muster@example.de"}`)
	b := r.booking(t)
	if r.status != 201 || b.UID == old.UID || b.ID == old.ID || b.RescheduledFromUID != old.UID || b.Status != "accepted" || b.ReschedulingReason != "später" || b.Metadata["appointment_id"] != "a1" {
		t.Errorf("%d %s (it may overlap the time it had)", r.status, r.raw)
	}
	if got := s.ask(t, "GET", "/bookings/"+old.UID, "").booking(t); got.Status != "cancelled" || got.RescheduledToUID != b.UID {
		t.Errorf("the old one: %+v", got)
	}
	s.book(t, herrenhaarschnittAnna, "2026-11-24T09:00:00Z") // is free again
	refused(t, s.ask(t, "POST", "/bookings/"+b.UID+"/reschedule", `{"start":"2026-11-24T08:45:00Z"}`), 400, "already has booking")
	refused(t, s.ask(t, "POST", "/bookings/"+b.UID+"/reschedule", `{"start":"2026-11-20T08:45:00Z"}`), 400, "in the past")
	refused(t, s.ask(t, "POST", "/bookings/"+b.UID+"/reschedule", `{}`), 400, "Bad Request Exception")
}

func TestWhatNeedsAYesWaitsForIt(t *testing.T) {
	t.Parallel()
	s := start(t)
	f := company(t, "demo")
	f.Services[0].RequiresConfirmation = true
	if err := s.AddCompany(f, secrets(t)); err != nil {
		t.Fatal(err)
	}
	b := s.book(t, herrenhaarschnittAnna, ten)
	if h := s.hook(t); b.Status != "pending" || h.Trigger != "BOOKING_REQUESTED" || h.Payload["status"] != "PENDING" {
		t.Errorf("booked: %s, %s", b.Status, h.body)
	}
	moved := s.ask(t, "POST", "/bookings/"+b.UID+"/reschedule", `{"start":"2026-11-24T10:00:00Z"}`).booking(t)
	if h := s.hook(t); moved.Status != "pending" || h.Trigger != "BOOKING_REQUESTED" || h.Payload["rescheduleUid"] != b.UID {
		t.Errorf("a move is a request, too: %s, %s", moved.Status, h.body)
	}
	if got := s.ask(t, "POST", "/bookings/"+moved.UID+"/confirm", "").booking(t); got.Status != "accepted" {
		t.Errorf("confirmed: %+v", got)
	}
	if h := s.hook(t); h.Trigger != "BOOKING_CREATED" || h.Payload["status"] != "ACCEPTED" {
		t.Errorf("a yes arrives as CREATED: %s", h.body)
	}
	refused(t, s.ask(t, "POST", "/bookings/"+moved.UID+"/confirm", ""), 400, "does not wait")
	owner := s.ask(t, "POST", "/bookings/"+moved.UID+"/reschedule", `{"start":"2026-11-24T11:00:00Z","rescheduledBy":"anna@salon-mitte.example"}`).booking(t)
	if h := s.hook(t); owner.Status != "accepted" || h.Trigger != "BOOKING_RESCHEDULED" {
		t.Errorf("the owner's move needs no yes: %s, %s", owner.Status, h.body)
	}
	other := s.book(t, herrenhaarschnittAnna, "2026-11-24T14:00:00Z")
	s.hook(t)
	if got := s.ask(t, "POST", "/bookings/"+other.UID+"/decline", `{"reason":"ausgebucht"}`).booking(t); got.Status != "rejected" {
		t.Errorf("declined: %+v", got)
	}
	if h := s.hook(t); h.Trigger != "BOOKING_REJECTED" || h.Payload["rejectionReason"] != "ausgebucht" {
		t.Errorf("declined: %s", h.body)
	}
}

func TestAnotherCompanysBookingIsNotFound(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.book(t, damenhaarschnittAnna, ten)
	for method, path := range map[string]string{"GET": "", "POST": "/cancel"} {
		refused(t, s.as(t, "cal_kanzlei_api", versions["bookings"], method, "/bookings/"+b.UID+path, ""), 404, "was not found")
	}
	if r := s.as(t, "cal_kanzlei_api", versions["bookings"], "GET", "/bookings", ""); string(r.Data) != "[]" {
		t.Errorf("listed: %s", r.raw)
	}
	refused(t, s.as(t, "cal_kanzlei_api", versions["event-types"], "GET", "/event-types/2101", ""), 404, "not found")
}
