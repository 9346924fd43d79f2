package scenarios_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/infra/local/stacktest"
	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/calcom"
	"github.com/askpro/gateway/internal/callback"
	"github.com/askpro/gateway/internal/reconcile"
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

// §17.6: what a webhook changes is offered to nobody from the cache.
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

func TestScenario15TheHostAsksForAnotherDate(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t)
	a := c.Appointment(t, booked(t, c.Ring(c.Max), "Langhaarschnitt", c.Day(t, 2), "10 Uhr", "Max Test").Text("appointment_id"))
	c.Idle(t)
	c.CalcomFault(t, map[string]any{"operation": "webhook", "mode": "duplicate", "times": -1})
	c.Behind(t, map[string]any{"uid": a.UID, "action": "cancelled", "new_date": true, "webhook": true})
	c.Idle(t)
	if got := c.Appointment(t, a.ID); got.Status != booking.Cancelled || got.CancelledBy != "staff" || got.CancellationSource != "calcom_webhook" {
		t.Errorf("%s by %q, %s", got.Status, got.CancelledBy, got.CancellationSource)
	}
	open, err := c.Store().OpenCallbacks(t.Context(), c.ID, a.BranchID)
	if err != nil || len(open) != 1 {
		t.Fatalf("%d callbacks, %v", len(open), err)
	}
	r, _, err := c.Store().Callback(t.Context(), c.ID, open[0].ID)
	if err != nil || r.Priority != callback.Normal || r.Action != "reschedule" || r.Phone != c.Max || r.AppointmentID != a.ID || !r.PromisedUntil.After(c.Clock(t)) {
		t.Errorf("the callback: %+v, %v", r, err)
	}
}

func TestScenario15WhoDidNotCome(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t)
	a := c.Appointment(t, booked(t, c.Ring(c.Erika), "Langhaarschnitt", c.Day(t, 2), "10 Uhr", "Erika Test").Text("appointment_id"))
	c.Idle(t)
	for _, x := range []struct {
		action string
		status booking.Status
		count  int
	}{{"absent", booking.NoShow, 1}, {"absent", booking.NoShow, 1}, {"present", booking.Completed, 0}, {"absent", booking.NoShow, 1}} {
		c.Behind(t, map[string]any{"uid": a.UID, "action": x.action, "webhook": true})
		c.Idle(t)
		who, _, err := c.Store().Customer(t.Context(), c.ID, a.CustomerID)
		if got := c.Appointment(t, a.ID); got.Status != x.status || who.NoShowCount != x.count || err != nil {
			t.Fatalf("after %s it is %s, the count %d, %v", x.action, got.Status, who.NoShowCount, err)
		}
	}
}

func TestScenario15AHostWhoDeclines(t *testing.T) { // scenario 8, its other half
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t)
	x := c.Ring(c.Erika)
	want(t, ask(t, x, "Freigabe", c.Day(t, 2), "10 Uhr"), "available")
	r := x.Tool(t, "book_appointment", map[string]any{"offer_id": "opt1", "name": "Erika Test", "confirm": "true"})
	want(t, r, "requested")
	c.Idle(t)
	b := c.Live(t)[0]
	c.Do(t, "POST", fmt.Sprintf("http://127.0.0.1:%d/v2/bookings/%s/decline", c.Ports.Partners, b.UID), map[string]string{"Authorization": "Bearer cal_" + c.Slug, "cal-api-version": "2024-08-13"}, map[string]string{"reason": "Urlaub"}, nil)
	c.Idle(t)
	if a := c.Appointment(t, r.Text("appointment_id")); a.Status != booking.Cancelled || a.CancellationReason != "Urlaub" || a.CancelledBy != "staff" {
		t.Errorf("%s by %q: %q", a.Status, a.CancelledBy, a.CancellationReason)
	}
	if n := len(c.Mails(t, c.ErikaMail)); n != 1 {
		t.Errorf("%d letters, wanted the one that says no", n)
	}
	want(t, ask(t, c.Ring(c.Max), "Freigabe", c.Day(t, 2), "10 Uhr"), "available")
}

func TestScenario15AForeignBookingsLifeInAnyOrder(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t)
	day := c.Day(t, 2)
	made := c.Behind(t, map[string]any{"service": "lang", "staff": "anna", "start": day + "T10:00", "action": "made", "name": "Frieda Fremd", "email": "frieda@" + c.Slug + ".example", "phone": c.Max})
	moved := c.Behind(t, map[string]any{"uid": made.UID, "start": day + "T12:00", "action": "moved"})
	again := c.Behind(t, map[string]any{"uid": moved.UID, "start": day + "T15:00", "action": "moved"})
	for _, w := range [][2]string{{"BOOKING_RESCHEDULED", again.UID}, {"BOOKING_CREATED", made.UID}, {"BOOKING_RESCHEDULED", moved.UID}, {"BOOKING_CREATED", made.UID}} {
		c.Do(t, "POST", c.Sim("webhook"), nil, map[string]string{"company": c.Slug, "trigger": w[0], "uid": w[1]}, nil)
		c.Idle(t)
	}
	a := imported(t, c, made.UID)
	if a.UID != again.UID || !slices.Equal(a.PreviousUIDs, []string{made.UID, moved.UID}) || a.Sequence != 2 || !a.StartsAt.Equal(again.Start) || a.Status != booking.Confirmed {
		t.Errorf("%+v", a)
	}
	if other := imported(t, c, moved.UID); other.ID != a.ID {
		t.Error("there are two")
	}
	// The number is Max's, so it is his appointment, and he hears of it.
	if r := c.Ring(c.Max).Tool(t, "get_customer_appointments", nil); r.Status != "found" || !strings.Contains(r.Say, "15 Uhr") {
		t.Errorf("Max hears %s", r.Raw)
	}
	if n := len(c.Mails(t, "frieda@"+c.Slug+".example")); n != 1 {
		t.Errorf("%d letters to the attendee", n)
	}
	want(t, ask(t, c.Ring(c.Erika), "Langhaarschnitt", day, "12 Uhr"), "available")
}

func TestAnEventTypeThatVanishedIsNotOffered(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t)
	c.EventTypeChanged(t, c.Events*100+4, map[string]any{"gone": true})
	c.EventTypeChanged(t, c.Events*100+3, map[string]any{"title": "Langer Schnitt", "minutes": 75})
	c.Round(t)
	c.Idle(t)
	want(t, ask(t, c.Ring(c.Erika), "Bartpflege", c.Day(t, 2), "10 Uhr"), "unknown_service")
	r := ask(t, c.Ring(c.Erika), "Langhaarschnitt", c.Day(t, 2), "10 Uhr")
	want(t, r, "available")
	if minutes, _ := r.Data["duration_minutes"].(float64); minutes != 60 {
		t.Errorf("the calendar changed our length: %s", r.Raw)
	}
	report, ok, err := c.Store().Report(t.Context(), c.ID, reconcile.KindComparison)
	if err != nil || !ok || len(report.Drift) != 3 {
		t.Errorf("the report: %+v, %t, %v", report, ok, err)
	}
}
