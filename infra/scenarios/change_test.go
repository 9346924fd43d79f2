package scenarios_test

import (
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/infra/local/stacktest"
	"github.com/askpro/gateway/internal/booking"
)

// change asks for a cancellation or move, hears the question and says yes.
func change(t *testing.T, x *stacktest.Call, tool string, args map[string]any) (question, answer stacktest.Reply) {
	t.Helper()
	question = x.Tool(t, tool, args)
	want(t, question, "need_confirmation")
	args["confirm"] = "true"
	return question, x.Tool(t, tool, args)
}

func cents(r stacktest.Reply) int { v, _ := r.Data["fee_cents"].(float64); return int(v) }

// free asks whether somebody else could have a time.
func free(t *testing.T, c *stacktest.Company, service, day, clock string) {
	t.Helper()
	x := c.Ring("+4917044444444")
	want(t, ask(t, x, service, day, clock), "available")
	want(t, x.Tool(t, "release_slot_reservation", nil), "released")
}

// §17.32: nothing stored is said to somebody who is not verified.
func TestScenario10SuppressedNumber(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t)
	day := c.Day(t, 3)
	old := booked(t, c.Ring(c.Erika), "Langhaarschnitt", day, "10 Uhr", "Erika Test")
	c.Idle(t)

	x := c.Ring("")
	want(t, ask(t, x, "Schnitt", day, "15 Uhr"), "available")
	want(t, x.Tool(t, "book_appointment", map[string]any{"offer_id": "opt1", "name": "Berta Beispiel", "confirm": "true"}), "booked")
	y := c.Ring("")
	r := y.Tool(t, "cancel_appointment", map[string]any{"date": day, "time": "10 Uhr"})
	want(t, r, "need_phone_number")
	if strings.Contains(r.Say, "rufen Sie") && strings.Contains(r.Say, "bis ") {
		t.Errorf("a call is promised without a number: %s", r.Say)
	}
	r = y.Tool(t, "cancel_appointment", map[string]any{"appointment_id": old.Text("appointment_id"), "phone": "0151 23456789"})
	want(t, r, "callback_created")
	if strings.Contains(r.Raw, "Langhaar") || strings.Contains(r.Raw, "Erika") {
		t.Errorf("a stranger hears %s", r.Raw)
	}
	question, done := change(t, x, "cancel_appointment", map[string]any{})
	want(t, done, "cancelled")
	if !strings.Contains(question.Say, "15 Uhr") {
		t.Errorf("asked %q", question.Say)
	}
	c.Idle(t)
	if live := c.Live(t); len(live) != 1 || live[0].Metadata["appointment_id"] != old.Text("appointment_id") {
		t.Errorf("live at Cal.com: %+v", live)
	}
}

// §17.20: the same instant is no change, the same clock time on another day is one.
func TestScenario11MovingWithinOnesOwnTime(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t)
	day, next := c.Day(t, 3), c.Day(t, 4)
	r := booked(t, c.Ring(c.Erika), "Langhaarschnitt", day, "10 Uhr", "Erika Test")
	id := r.Text("appointment_id")
	c.Idle(t)
	was := c.Appointment(t, id)

	x := c.Ring(c.Erika)
	_, moved := change(t, x, "reschedule_appointment", map[string]any{"new_date": day, "new_time": "halb elf"})
	want(t, moved, "rescheduled")
	c.Idle(t)
	a := c.Appointment(t, id)
	if !a.StartsAt.Equal(was.StartsAt.Add(30*time.Minute)) || a.UID == was.UID || len(a.PreviousUIDs) != 1 || a.PreviousUIDs[0] != was.UID || a.Pending != nil || a.RescheduleCount != 1 {
		t.Errorf("after the move: %+v", a)
	}
	if live := c.Live(t); len(live) != 1 || live[0].UID != a.UID {
		t.Errorf("live at Cal.com: %+v", live)
	}

	booked(t, c.Ring(c.Max), "Langhaarschnitt", day, "14 Uhr", "Max Test")
	taken := x.Tool(t, "reschedule_appointment", map[string]any{"new_date": day, "new_time": "14 Uhr"})
	want(t, taken, "alternatives", "slot_taken")
	if len(taken.Options()) == 0 {
		t.Errorf("refused without options: %s", taken.Raw)
	}
	want(t, x.Tool(t, "reschedule_appointment", map[string]any{"new_date": day, "new_time": "halb elf"}), "no_change")
	_, sameTime := change(t, x, "reschedule_appointment", map[string]any{"new_date": next, "new_time": "halb elf"})
	want(t, sameTime, "rescheduled")
	c.Idle(t)
	if a := c.Appointment(t, id); a.StartsAt.Sub(was.StartsAt) < 23*time.Hour {
		t.Errorf("the same clock time on another day is a move: %s", a.StartsAt)
	}
	free(t, c, "Langhaarschnitt", day, "10 Uhr")
	letters := c.Mails(t, c.ErikaMail)
	if len(letters) != 3 {
		t.Errorf("%d letters, wanted the confirmation and two new times", len(letters))
	}
	want(t, x.Tool(t, "reschedule_appointment", map[string]any{}), "need_new_time")
}

func TestScenario11AnOptionIsTheNewTime(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t)
	day := c.Day(t, 3)
	booked(t, c.Ring(c.Max), "Langhaarschnitt", day, "14 Uhr", "Max Test")
	r := booked(t, c.Ring(c.Erika), "Langhaarschnitt", day, "10 Uhr", "Erika Test")
	c.Idle(t)
	x := c.Ring(c.Erika)
	options := x.Tool(t, "reschedule_appointment", map[string]any{"new_date": day, "new_time": "14 Uhr"}).Options()
	if len(options) < 2 {
		t.Fatalf("options %v", options)
	}
	_, moved := change(t, x, "reschedule_appointment", map[string]any{"option": "den zweiten"})
	want(t, moved, "rescheduled")
	if !same(moved.Text("new_starts_at"), options[1]) {
		t.Errorf("moved to %s, the second option was %s", moved.Text("new_starts_at"), options[1])
	}
	if a := c.Appointment(t, r.Text("appointment_id")); !same(a.StartsAt.Format(time.RFC3339), options[1]) {
		t.Errorf("starts %s", a.StartsAt)
	}
}

func TestScenario12ThreeAppointmentsAreAskedAbout(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t)
	var ids []string
	for i, clock := range []string{"9 Uhr", "11 Uhr", "16 Uhr"} {
		ids = append(ids, booked(t, c.Ring(c.Erika), "Langhaarschnitt", c.Day(t, 3+i), clock, "Erika Test").Text("appointment_id"))
	}
	c.Idle(t)
	x := c.Ring(c.Erika)
	r := x.Tool(t, "reschedule_appointment", map[string]any{"new_date": c.Day(t, 9), "new_time": "10 Uhr"})
	want(t, r, "multiple")
	if list, _ := r.Data["appointments"].([]any); len(list) != 3 {
		t.Errorf("told of %d appointments: %s", len(list), r.Raw)
	}
	_, moved := change(t, x, "reschedule_appointment", map[string]any{"option": "den zweiten", "new_date": c.Day(t, 9), "new_time": "10 Uhr"})
	want(t, moved, "rescheduled")
	want(t, x.Tool(t, "cancel_appointment", map[string]any{"date": c.Day(t, 5)}), "need_confirmation")
	c.Idle(t)
	for i, id := range ids {
		if got := c.Appointment(t, id); (got.PreviousStartsAt != nil) != (i == 1) || got.Status != booking.Confirmed {
			t.Errorf("appointment %d: %s, moved from %v", i, got.Status, got.PreviousStartsAt)
		}
	}
}

// rules are a test company's: 24 hours, two cancellations in 30 days, a fee for late moves.
const rules = `policies: [{type: cancellation, hours_before: 24, max_cancellations_per_month: 2, fee_tiers: [{min_hours: 48, fee: 0}, {min_hours: 0, fee: 1500}]}, {type: reschedule, hours_before: 24, fee_percentage: 50}]`

func TestScenario13ThePolicyDecidesBeforeTheQuestion(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	c := s.NewCompany(t, rules)
	s.SetClock(t, "2026-11-23T10:00:00+01:00", true)
	id := booked(t, c.Ring(c.Erika), "Langhaarschnitt", "24.11.", "11 Uhr", "Erika Test").Text("appointment_id")
	x := c.Ring(c.Erika)
	s.SetClock(t, "2026-11-23T11:01:00+01:00", true)
	denied := x.Tool(t, "cancel_appointment", map[string]any{"appointment_id": id})
	want(t, denied, "denied")
	if denied.Text("code") != "deadline_missed" || !strings.Contains(denied.Say, "24 Stunden") || !strings.Contains(denied.Say, "zurückrufen") || strings.ContainsAny(denied.Say, ".,") && strings.Contains(denied.Say, "23.9") {
		t.Errorf("denied with %s", denied.Raw)
	}
	want(t, x.Tool(t, "reschedule_appointment", map[string]any{"appointment_id": id, "new_date": "Freitag", "new_time": "10 Uhr"}), "denied")
	s.SetClock(t, "2026-11-23T11:00:00+01:00", true) // exactly 24 hours before
	question := x.Tool(t, "cancel_appointment", map[string]any{"appointment_id": id})
	want(t, question, "need_confirmation")
	if cents(question) != 1500 || !strings.Contains(question.Say, "15 Euro") {
		t.Errorf("the fee is not told: %s", question.Raw)
	}
	done := x.Tool(t, "cancel_appointment", map[string]any{"appointment_id": id, "confirm": "true"})
	want(t, done, "cancelled")
	if cents(done) != 1500 {
		t.Errorf("the fee is gone: %s", done.Raw)
	}
	changes, err := s.Store().Changes(t.Context(), c.ID, id)
	if err != nil || len(changes) != 2 {
		t.Fatalf("%d lines of history, %v", len(changes), err)
	}
	if line := changes[1]; line.Type != "cancel" || line.FeeCents != 1500 || !line.FeeConsent || !line.WithinPolicy || line.NoticeMinutes != 24*60 || line.RequiredMinutes != 24*60 || line.ActorType != "customer" || line.Via != "phone" {
		t.Errorf("the history says %+v", line)
	}
}

func TestScenario13AQuotaOverThirtyDays(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	c := s.NewCompany(t, rules)
	s.SetClock(t, "2026-11-02T10:00:00+01:00", true)
	for _, day := range []string{"9.11.", "10.11."} {
		booked(t, c.Ring(c.Erika), "Langhaarschnitt", day, "11 Uhr", "Erika Test")
		_, done := change(t, c.Ring(c.Erika), "cancel_appointment", map[string]any{})
		want(t, done, "cancelled")
	}
	booked(t, c.Ring(c.Erika), "Langhaarschnitt", "14.12.", "11 Uhr", "Erika Test")
	denied := c.Ring(c.Erika).Tool(t, "cancel_appointment", map[string]any{})
	want(t, denied, "denied")
	if denied.Text("code") != "quota_exceeded" {
		t.Errorf("denied with %s", denied.Raw)
	}
	s.Idle(t)
	s.SetClock(t, "2026-12-02T10:00:01+01:00", true)
	want(t, c.Ring(c.Erika).Tool(t, "cancel_appointment", map[string]any{}), "need_confirmation")
}

func TestScenario13OverTheClockChange(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	c := s.NewCompany(t, rules)
	s.SetClock(t, "2026-03-26T10:00:00+01:00", true)
	booked(t, c.Ring(c.Erika), "Langhaarschnitt", "29.3.", "10 Uhr", "Erika Test")
	s.Idle(t)
	s.SetClock(t, "2026-03-28T09:30:00+01:00", true)
	want(t, c.Ring(c.Erika).Tool(t, "cancel_appointment", map[string]any{}), "denied")
	s.SetClock(t, "2026-03-28T09:00:00+01:00", true)
	want(t, c.Ring(c.Erika).Tool(t, "cancel_appointment", map[string]any{}), "need_confirmation")
}

func TestAYesMustAnswerTheQuestion(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t)
	day := c.Day(t, 3)
	id := booked(t, c.Ring(c.Erika), "Langhaarschnitt", day, "10 Uhr", "Erika Test").Text("appointment_id")
	x := c.Ring(c.Erika)
	yes := map[string]any{"appointment_id": id, "confirm": "true"}
	want(t, x.Tool(t, "cancel_appointment", yes), "need_confirmation") // nobody was asked yet
	want(t, x.Tool(t, "cancel_appointment", yes), "need_confirmation") // the same request delivered again
	if a := c.Appointment(t, id); a.Status != booking.Confirmed {
		t.Fatalf("the appointment is %s", a.Status)
	}
	// A yes to another change is none to this one.
	want(t, x.Tool(t, "reschedule_appointment", map[string]any{"appointment_id": id, "new_date": day, "new_time": "16 Uhr", "confirm": "true"}), "need_confirmation")
	want(t, x.Tool(t, "reschedule_appointment", map[string]any{"appointment_id": id, "new_date": day, "new_time": "17 Uhr", "confirm": "true"}), "need_confirmation")
	moved := x.Tool(t, "reschedule_appointment", map[string]any{"appointment_id": id, "new_date": day, "new_time": "17 Uhr", "confirm": true, "reason": "Zug"})
	want(t, moved, "rescheduled")
	again := x.Tool(t, "reschedule_appointment", map[string]any{"appointment_id": id, "new_date": day, "new_time": "17 Uhr", "confirm": true, "reason": "Zug"})
	if again.Raw != moved.Raw {
		t.Errorf("heard  %s\nlater  %s", moved.Raw, again.Raw)
	}
	if n := c.Asked(t, "reschedule"); n != 1 {
		t.Errorf("%d moves at Cal.com", n)
	}
}

func TestTwoAppointmentsAreCancelledInOneCall(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t)
	for i := range 2 {
		booked(t, c.Ring(c.Erika), "Langhaarschnitt", c.Day(t, 3+i), "10 Uhr", "Erika Test")
	}
	x := c.Ring(c.Erika)
	want(t, x.Tool(t, "cancel_appointment", map[string]any{}), "multiple")
	_, one := change(t, x, "cancel_appointment", map[string]any{"option": "1"})
	want(t, one, "cancelled")
	_, two := change(t, x, "cancel_appointment", map[string]any{})
	want(t, two, "cancelled")
	if one.Raw == two.Raw || len(c.Live(t)) != 0 {
		t.Errorf("%d bookings live; heard %s and %s", len(c.Live(t)), one.Say, two.Say)
	}
	again := x.Tool(t, "cancel_appointment", map[string]any{"confirm": "true"})
	if again.Raw != two.Raw {
		t.Errorf("the last request delivered again hears %s", again.Raw)
	}
}

// §17.21: what follows the commit cannot change the answer.
func TestScenario30TheCallerHearsSuccessThoughTheMailIsDown(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	c := s.NewCompany(t)
	booked(t, c.Ring(c.Erika), "Langhaarschnitt", c.Day(t, 3), "10 Uhr", "Erika Test")
	s.Idle(t)
	c.Do(t, "POST", c.Inbox("faults"), nil, map[string]any{"path": "mail", "mode": "refuse", "times": 2}, nil)
	_, done := change(t, c.Ring(c.Erika), "cancel_appointment", map[string]any{"reason": "krank"})
	want(t, done, "cancelled")
	s.Idle(t)
	if n := len(c.Mails(t, c.ErikaMail)); n != 1 {
		t.Fatalf("%d letters while the provider is down, wanted the confirmation alone", n)
	}
	for _, by := range []string{"61s", "5m1s", "15m1s"} {
		s.Advance(t, by)
		s.Idle(t)
	}
	letters := c.Mails(t, c.ErikaMail)
	if len(letters) != 2 || !strings.Contains(letters[1].Subject, "abgesagt") {
		t.Errorf("%d letters: %+v", len(letters), letters)
	}
}
