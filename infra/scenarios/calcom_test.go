package scenarios_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/askpro/gateway/infra/local/stacktest"
	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/calcom"
)

// hook posts a webhook body with a signature of our choice.
func hook(t *testing.T, c *stacktest.Company, body []byte, signature string) int {
	t.Helper()
	header := map[string]string{}
	if signature != "" {
		header[calcom.Header] = signature
	}
	return c.Do(t, "POST", c.API+"/webhooks/calcom/"+c.Slug, header, body, nil)
}

// body of a webhook about one of the company's bookings.
func webhook(t *testing.T, c *stacktest.Company, trigger, status string, b stacktest.Booking, at time.Time, more map[string]any) []byte {
	t.Helper()
	payload := map[string]any{
		"uid": b.UID, "bookingId": 1, "startTime": b.Start.UTC().Format(time.RFC3339), "endTime": b.Start.Add(30 * time.Minute).UTC().Format(time.RFC3339), "status": status,
		"eventTypeId": c.Events*100 + 1, "organizer": map[string]any{"id": c.Events*10 + 1, "name": "Anna Weber", "email": "anna@" + c.Slug + ".example"}, "metadata": b.Metadata,
	}
	for k, v := range more {
		payload[k] = v
	}
	raw, err := json.Marshal(map[string]any{"triggerEvent": trigger, "createdAt": at.UTC().Format(time.RFC3339Nano), "payload": payload})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestScenario15WhoIsNotLetIn(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t)
	body := webhook(t, c, "BOOKING_CREATED", "ACCEPTED", stacktest.Booking{UID: "x", Start: c.Clock(t)}, c.Clock(t), nil)
	for name, signature := range map[string]string{"none": "", "no-secret-provided": "no-secret-provided", "another secret": calcom.Sign("whsec_other", body), "an empty secret": calcom.Sign("", body), "with a prefix": "sha256=" + calcom.Sign(c.Secret, body)} {
		if got := hook(t, c, body, signature); got != 401 {
			t.Errorf("%s: %d", name, got)
		}
	}
	ping := []byte(`{"triggerEvent":"PING","createdAt":"2026-01-01T00:00:00Z","payload":{"type":"Test","title":"Test trigger event"}}`)
	if got := hook(t, c, ping, calcom.Sign(c.Secret, ping)); got/100 != 2 {
		t.Errorf("PING: %d", got)
	}
	if got := c.Do(t, "GET", c.API+"/webhooks/calcom/"+c.Slug, nil, nil, nil); got != 200 {
		t.Errorf("GET: %d", got)
	}
	flat := []byte(`{"triggerEvent":"MEETING_ENDED","uid":"x","startTime":"2026-01-01T00:00:00Z"}`)
	if got := hook(t, c, flat, calcom.Sign(c.Secret, flat)); got/100 != 2 {
		t.Errorf("MEETING_ENDED: %d", got)
	}
}

// imported is the appointment that a booking of the calendar became.
func imported(t *testing.T, c *stacktest.Company, uid string) booking.Appointment {
	t.Helper()
	claim, ok, err := c.Store().Claim(t.Context(), c.ID, uid)
	if err != nil || !ok || claim.AppointmentID == "" {
		t.Fatalf("booking %s is kept as %+v, %t, %v", uid, claim, ok, err)
	}
	return c.Appointment(t, claim.AppointmentID)
}

func TestScenario15AForeignBookingBlocksItsStaff(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t)
	day := c.Day(t, 2)
	b := c.Behind(t, map[string]any{"service": "lang", "staff": "anna", "start": day + "T10:00", "action": "made", "webhook": true})
	c.Idle(t)
	a := imported(t, c, b.UID)
	if a.Status != booking.Confirmed || a.Source != "calcom" || a.SyncOrigin != "calcom" || a.SyncStatus != booking.Synced || a.StaffID == "" || a.CustomerID == "" || !a.StartsAt.Equal(b.Start) {
		t.Fatalf("the foreign booking is %+v", a)
	}
	changes, err := c.Store().Changes(t.Context(), c.ID, a.ID)
	if err != nil || len(changes) != 1 || changes[0].Type != "imported" {
		t.Errorf("its history: %+v, %v", changes, err)
	}
	r := ask(t, c.Ring(c.Erika), "Langhaarschnitt", day, "10 Uhr")
	want(t, r, "alternatives")
	c.Behind(t, map[string]any{"uid": b.UID, "start": day + "T14:00", "action": "moved", "webhook": true})
	c.Idle(t)
	want(t, ask(t, c.Ring(c.Max), "Langhaarschnitt", day, "10 Uhr"), "available")
	want(t, ask(t, c.Ring(c.Erika), "Langhaarschnitt", day, "14 Uhr"), "alternatives")
	moved := c.Live(t)[0]
	c.Behind(t, map[string]any{"uid": moved.UID, "action": "cancelled", "webhook": true})
	c.Idle(t)
	want(t, ask(t, c.Ring(c.Erika), "Langhaarschnitt", day, "14 Uhr"), "available")
}

func TestScenario15OurBookingIsMovedAndCancelledInTheCalendar(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t)
	day := c.Day(t, 2)
	r := booked(t, c.Ring(c.Erika), "Langhaarschnitt", day, "10 Uhr", "Erika Test")
	c.Idle(t)
	id := r.Text("appointment_id")
	old := c.Appointment(t, id)
	c.Behind(t, map[string]any{"uid": old.UID, "start": day + "T15:00", "action": "moved", "webhook": true})
	c.Idle(t)
	a := c.Appointment(t, id)
	if a.UID == old.UID || a.Status != booking.Confirmed || !a.StartsAt.Equal(old.StartsAt.Add(5*time.Hour)) || len(a.PreviousUIDs) != 1 || a.PreviousUIDs[0] != old.UID {
		t.Fatalf("after the move: %+v", a)
	}
	// The old uid's cancellation, which Cal.com also sends at times, changes nothing.
	late := webhook(t, c, "BOOKING_CANCELLED", "CANCELLED", stacktest.Booking{UID: old.UID, Start: old.StartsAt}, c.Clock(t), map[string]any{"metadata": nil})
	hook(t, c, late, calcom.Sign(c.Secret, late))
	c.Idle(t)
	if a := c.Appointment(t, id); a.Status != booking.Confirmed {
		t.Fatalf("the old uid's cancellation made it %s", a.Status)
	}
	letters := c.Mails(t, c.ErikaMail)
	if len(letters) != 2 {
		t.Fatalf("%d letters, wanted the confirmation and the new time", len(letters))
	}
	c.Behind(t, map[string]any{"uid": a.UID, "action": "cancelled", "webhook": true})
	c.Idle(t)
	if a := c.Appointment(t, id); a.Status != booking.Cancelled || a.CancellationSource != "calcom_webhook" || a.CancelledBy != "staff" {
		t.Errorf("after the cancellation: %s by %s, %s", a.Status, a.CancelledBy, a.CancellationSource)
	}
	want(t, ask(t, c.Ring(c.Max), "Langhaarschnitt", day, "15 Uhr"), "available")
}

func TestScenario15ThreeSubscriptionsTellOnce(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t)
	c.CalcomFault(t, map[string]any{"operation": "webhook", "mode": "duplicate", "times": -1})
	r := booked(t, c.Ring(c.Erika), "Langhaarschnitt", c.Day(t, 2), "10 Uhr", "Erika Test")
	settled(t, c, r, 1)
	changes, err := c.Store().Changes(t.Context(), c.ID, r.Text("appointment_id"))
	if err != nil || len(changes) != 1 {
		t.Errorf("%d lines of history, %v", len(changes), err)
	}
}

func TestScenario15OutOfOrderAndOldOnesAreLookedUp(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t)
	r := booked(t, c.Ring(c.Erika), "Langhaarschnitt", c.Day(t, 2), "10 Uhr", "Erika Test")
	c.Idle(t)
	id := r.Text("appointment_id")
	b := c.Live(t)[0]
	for name, at := range map[string]time.Time{"a replay from an hour ago": c.Clock(t).Add(-time.Hour), "one sent before the last change": c.Appointment(t, id).ChangedAt.Add(-5 * time.Second)} {
		body := webhook(t, c, "BOOKING_CANCELLED", "CANCELLED", b, at, map[string]any{"metadata": nil})
		hook(t, c, body, calcom.Sign(c.Secret, body))
		c.Idle(t)
		if a := c.Appointment(t, id); a.Status != booking.Confirmed {
			t.Errorf("%s made it %s", name, a.Status)
		}
	}
	if c.Asked(t, "get") == 0 {
		t.Error("nobody looked the booking up")
	}
}

func TestScenario15TheWebhookIsQuickerThanOurAnswer(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t)
	x := c.Ring(c.Erika)
	want(t, ask(t, x, "Langhaarschnitt", c.Day(t, 2), "10 Uhr"), "available")
	c.CalcomFault(t, map[string]any{"operation": "create", "mode": "delay", "ms": 1500, "done": true})
	r := x.Tool(t, "book_appointment", map[string]any{"offer_id": "opt1", "name": "Erika Test", "confirm": "true"})
	want(t, r, "booked")
	settled(t, c, r, 1)
}

func TestScenario15AnEventTypeNobodyKnows(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t)
	b := stacktest.Booking{UID: "fremd-" + c.Slug, Start: c.Clock(t).Add(48 * time.Hour).Truncate(time.Hour)}
	body := webhook(t, c, "BOOKING_CREATED", "ACCEPTED", b, c.Clock(t), map[string]any{"eventTypeId": 4711})
	if got := hook(t, c, body, calcom.Sign(c.Secret, body)); got/100 != 2 {
		t.Fatalf("status %d", got)
	}
	c.Idle(t)
	claim, ok, err := c.Store().Claim(t.Context(), c.ID, b.UID)
	if err != nil || !ok || claim.Foreign == nil {
		t.Errorf("kept as %+v, %t, %v", claim, ok, err)
	}
}
