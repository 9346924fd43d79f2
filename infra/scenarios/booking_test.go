package scenarios_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/askpro/gateway/infra/local/stacktest"
	"github.com/askpro/gateway/internal/booking"
)

// fifty lets as many callers book the same slot at the same time; exactly one may win.
func fifty(t *testing.T, c *stacktest.Company, callers int) {
	t.Helper()
	day := c.Day(t, 3)
	c.Behind(t, map[string]any{"service": "lang", "staff": "anna", "start": day + "T10:00", "action": "made"})
	lines := make([]*stacktest.Call, callers)
	var wait sync.WaitGroup
	for i := range lines {
		wait.Go(func() {
			lines[i] = c.Ring(fmt.Sprintf("+49170%08d", i+1))
			// The wished time is taken, so all hear the same options and nobody holds anything.
			if r := ask(t, lines[i], "Langhaarschnitt", day, "10 Uhr"); r.Status != "alternatives" || r.Text("reason") == "" && len(r.Options()) == 0 {
				t.Errorf("caller %d hears %s", i, r.Raw)
			}
		})
	}
	wait.Wait()
	answers := make([]stacktest.Reply, callers)
	for i := range lines {
		wait.Go(func() { answers[i] = book(t, lines[i], "1", fmt.Sprintf("Caller %d Test", i)) })
	}
	wait.Wait()
	won, options := 0, 0
	for i, r := range answers {
		switch {
		case r.Status == "booked":
			won++
		case r.Status == "slot_taken" && len(r.Options()) > 0 && strings.Contains(r.Say, "gerade vergeben"):
			options++
		default:
			t.Errorf("caller %d hears %s", i, r.Raw)
		}
	}
	if won != 1 || options != callers-1 {
		t.Errorf("%d won and %d heard options, wanted 1 and %d", won, options, callers-1)
	}
	if n := len(c.Live(t)); n != 2 {
		t.Errorf("%d live bookings, wanted the old one and one more", n)
	}
	if n := c.Asked(t, "create"); n != 1 {
		t.Errorf("%d POSTs, wanted one", n)
	}
}

// §17.5: held at the offer, looked up at booking; who comes late hears options.
func TestScenario01OfFiftyCallersForOneSlotOneWins(t *testing.T) {
	t.Parallel()
	fifty(t, stacktest.Shared(t).NewCompany(t), 50)
}

func TestScenario01AlsoWhenEverySecondTransactionMeetsAnother(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	c := s.NewCompany(t)
	s.Fault(t, map[string]any{"function": "hook-retell-tools", "service": "dynamodb", "operation": "TransactWriteItems", "mode": "error", "code": "TransactionConflict", "every": 2, "times": -1})
	fifty(t, c, 50)
	if s.Fired(t) < 50 {
		t.Errorf("only %d transactions met a conflict", s.Fired(t))
	}
}

// §17.2: a duplicate returns the appointment that exists and says so.
func TestScenario02TheSameToolCallThreeTimesBooksOnce(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t)
	x := c.Ring(c.Erika)
	want(t, ask(t, x, "Schnitt", c.Day(t, 2), "halb drei"), "available")
	again := func() stacktest.Reply {
		return x.Tool(t, "book_appointment", map[string]any{"offer_id": "opt1", "name": "Erika Test", "confirm": "true"})
	}
	answers := make([]stacktest.Reply, 3)
	var wait sync.WaitGroup
	for i := range answers {
		wait.Go(func() { answers[i] = again() })
	}
	wait.Wait()
	late := again()
	for _, r := range append(answers, late) {
		if r.Status != "booked" || r.Raw != late.Raw {
			t.Errorf("heard %s\nlater  %s", r.Raw, late.Raw)
		}
	}
	if n := c.Asked(t, "create"); n != 1 || len(c.Live(t)) != 1 {
		t.Errorf("%d POSTs and %d bookings, wanted one each", n, len(c.Live(t)))
	}
	// Another name for the same start and service is no second booking.
	other := x.Tool(t, "book_appointment", map[string]any{"offer_id": "opt1", "name": "Erica Tesd", "confirm": "true"})
	want(t, other, "already_booked")
}

// settled asserts what an unknown outcome must come to: one booking, one confirmed appointment, one letter to the customer.
func settled(t *testing.T, c *stacktest.Company, r stacktest.Reply, posts int) {
	t.Helper()
	c.Idle(t)
	a := c.Appointment(t, r.Text("appointment_id"))
	if a.Status != booking.Confirmed || a.SyncStatus != booking.Synced {
		t.Errorf("the appointment is %s, %s", a.Status, a.SyncStatus)
	}
	live := c.Live(t)
	if len(live) != 1 || live[0].UID != a.UID {
		t.Errorf("live bookings %v, ours is %s", live, a.UID)
	}
	if n := c.Asked(t, "create"); n != posts {
		t.Errorf("%d POSTs, wanted %d", n, posts)
	}
	if n := len(c.Mails(t, c.ErikaMail)); n != 1 {
		t.Errorf("%d letters to the customer, wanted one", n)
	}
}

func TestScenario03ThePostTimesOutButBooked(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	c := s.NewCompany(t)
	x := c.Ring(c.Erika)
	want(t, ask(t, x, "Schnitt", c.Day(t, 2), "10 Uhr"), "available")
	c.CalcomFault(t, map[string]any{"operation": "create", "mode": "timeout", "done": true})
	c.CalcomFault(t, map[string]any{"operation": "webhook", "mode": "drop", "times": -1})
	r := x.Tool(t, "book_appointment", map[string]any{"offer_id": "opt1", "name": "Erika Test", "confirm": "true"})
	want(t, r, "booking_uncertain")
	if strings.Contains(r.Say, "fehlgeschlagen") || !strings.Contains(r.Say, "Bestätigung") {
		t.Errorf("the caller hears %q", r.Say)
	}
	s.Advance(t, "10s")
	settled(t, c, r, 1)
}

func TestScenario04A500ThatBookedIsFound(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	c := s.NewCompany(t)
	x := c.Ring(c.Erika)
	want(t, ask(t, x, "Schnitt", c.Day(t, 2), "10 Uhr"), "available")
	c.CalcomFault(t, map[string]any{"operation": "create", "mode": "status", "status": 500, "done": true})
	c.CalcomFault(t, map[string]any{"operation": "webhook", "mode": "drop", "times": -1})
	r := x.Tool(t, "book_appointment", map[string]any{"offer_id": "opt1", "name": "Erika Test", "confirm": "true"})
	want(t, r, "booking_uncertain")
	s.Advance(t, "10s")
	settled(t, c, r, 1)
}

func TestScenario04A500ThatDidNotBookIsAskedOnceMoreAfterAMinute(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	c := s.NewCompany(t)
	x := c.Ring(c.Erika)
	want(t, ask(t, x, "Schnitt", c.Day(t, 2), "10 Uhr"), "available")
	c.CalcomFault(t, map[string]any{"operation": "create", "mode": "status", "status": 500})
	r := x.Tool(t, "book_appointment", map[string]any{"offer_id": "opt1", "name": "Erika Test", "confirm": "true"})
	want(t, r, "booking_uncertain")
	for _, by := range []string{"3s", "10s"} {
		s.Advance(t, by)
		c.Idle(t)
		if n := c.Asked(t, "create"); n != 1 {
			t.Fatalf("%d POSTs before the minute is over", n)
		}
	}
	s.Advance(t, "1m")
	settled(t, c, r, 2)
}

func TestScenario04WhatNeverBooksIsReleasedAndCalledBack(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	c := s.NewCompany(t)
	x := c.Ring(c.Erika)
	day := c.Day(t, 2)
	want(t, ask(t, x, "Lang", day, "10 Uhr"), "available")
	c.CalcomFault(t, map[string]any{"operation": "create", "mode": "status", "status": 502, "times": -1})
	r := x.Tool(t, "book_appointment", map[string]any{"offer_id": "opt1", "name": "Erika Test", "confirm": "true"})
	want(t, r, "booking_uncertain")
	for _, by := range []string{"3s", "10s", "1m", "5m", "31m"} {
		s.Advance(t, by)
		c.Idle(t)
	}
	if a := c.Appointment(t, r.Text("appointment_id")); a.Status != booking.Cancelled || a.CancelledBy != "system" {
		t.Errorf("the appointment is %s by %q", a.Status, a.CancelledBy)
	}
	if n := c.Asked(t, "create"); n != 2 {
		t.Errorf("%d POSTs, wanted the first and one more", n)
	}
	letters := c.Mails(t, c.ErikaMail)
	if len(letters) != 1 || !strings.Contains(letters[0].Text, "nicht bestätigen") {
		t.Errorf("the customer got %+v", letters)
	}
	found := false
	for _, m := range c.Mails(t, c.BranchTo) {
		found = found || strings.Contains(m.Subject, "Rückruf")
	}
	if !found {
		t.Error("the branch was not asked to call back")
	}
	c.Do(t, "DELETE", c.Sim("faults"), nil, nil, nil)
	want(t, ask(t, c.Ring(c.Max), "Lang", day, "10 Uhr"), "available") // free for others
}

func TestScenario05OurOwnLostSuccessIsRecognised(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t)
	x := c.Ring(c.Erika)
	want(t, ask(t, x, "Schnitt", c.Day(t, 2), "10 Uhr"), "available")
	c.CalcomFault(t, map[string]any{"operation": "create", "mode": "status", "status": 400, "message": "no_available_users_found_error", "done": true})
	r := x.Tool(t, "book_appointment", map[string]any{"offer_id": "opt1", "name": "Erika Test", "confirm": "true"})
	want(t, r, "booked")
	settled(t, c, r, 1)
}

// §17.3: success is spoken and stored only after the durable record; failures are repaired or compensated.
func TestScenario06ALocalConfirmationThatFailsIsRepaired(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	c := s.NewCompany(t)
	x := c.Ring(c.Erika)
	want(t, ask(t, x, "Schnitt", c.Day(t, 2), "10 Uhr"), "available")
	// The transaction after Cal.com's yes fails, with all of its retries.
	s.Fault(t, map[string]any{"function": "hook-retell-tools", "service": "dynamodb", "operation": "TransactWriteItems", "nth": 2, "times": -1, "mode": "error"})
	c.CalcomFault(t, map[string]any{"operation": "webhook", "mode": "drop", "times": -1})
	r := x.Tool(t, "book_appointment", map[string]any{"offer_id": "opt1", "name": "Erika Test", "confirm": "true"})
	if r.Status == "booked" {
		t.Fatalf("success is spoken without a record: %s", r.Raw)
	}
	s.NoFaults(t)
	s.Advance(t, "15s")
	c.Idle(t)
	live := c.Live(t)
	if len(live) != 1 {
		t.Fatalf("%d live bookings", len(live))
	}
	if a := c.Appointment(t, live[0].Metadata["appointment_id"]); a.Status != booking.Confirmed || a.UID != live[0].UID {
		t.Errorf("the appointment is %s, %s", a.Status, a.SyncStatus)
	}
}

func TestScenario06WithoutRepairTheBookingIsCancelled(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	c := s.NewCompany(t)
	x := c.Ring(c.Erika)
	want(t, ask(t, x, "Schnitt", c.Day(t, 2), "10 Uhr"), "available")
	s.Fault(t, map[string]any{"function": "hook-retell-tools", "service": "dynamodb", "operation": "TransactWriteItems", "nth": 2, "times": -1, "mode": "error"})
	s.Fault(t, map[string]any{"function": "work-sync", "service": "dynamodb", "operation": "TransactWriteItems", "times": -1, "mode": "error"})
	c.CalcomFault(t, map[string]any{"operation": "webhook", "mode": "drop", "times": -1})
	x.Tool(t, "book_appointment", map[string]any{"offer_id": "opt1", "name": "Erika Test", "confirm": "true"})
	for _, by := range []string{"3s", "10s", "1m"} {
		s.Advance(t, by)
		c.Idle(t)
	}
	if live := c.Live(t); len(live) != 0 || c.Asked(t, "cancel") != 1 {
		t.Errorf("%d bookings live, %d cancelled at Cal.com", len(live), c.Asked(t, "cancel"))
	}
}

// §17.1: an answer counts only with our id and start.
func TestScenario07AnOlderForeignBookingIsNotAccepted(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t)
	x := c.Ring(c.Erika)
	want(t, ask(t, x, "Schnitt", c.Day(t, 2), "10 Uhr"), "available")
	c.CalcomFault(t, map[string]any{"operation": "create", "mode": "foreign"})
	r := x.Tool(t, "book_appointment", map[string]any{"offer_id": "opt1", "name": "Erika Test", "confirm": "true"})
	want(t, r, "slot_taken")
	if len(r.Options()) == 0 || strings.Contains(r.Say, "gebucht") {
		t.Errorf("the caller hears %s", r.Raw)
	}
	c.Idle(t)
	if n := len(c.Mails(t, c.ErikaMail)); n != 0 {
		t.Errorf("%d letters of a booking that is not ours", n)
	}
}

func TestScenario08AHostWhoMustApproveConfirmsByWebhook(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t)
	x := c.Ring(c.Erika)
	want(t, ask(t, x, "Freigabe", c.Day(t, 2), "10 Uhr"), "available")
	r := x.Tool(t, "book_appointment", map[string]any{"offer_id": "opt1", "name": "Erika Test", "confirm": "true"})
	want(t, r, "requested")
	c.Idle(t)
	b := c.Live(t)[0]
	if n := len(c.Mails(t, c.ErikaMail)); n != 0 {
		t.Errorf("%d confirmations before the approval", n)
	}
	c.Do(t, "POST", fmt.Sprintf("http://127.0.0.1:%d/v2/bookings/%s/confirm", c.Ports.Partners, b.UID), map[string]string{"Authorization": "Bearer cal_" + c.Slug, "cal-api-version": "2024-08-13"}, nil, nil)
	settled(t, c, r, 1)
}
