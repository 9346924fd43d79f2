package scenarios_test

import (
	"fmt"
	"testing"

	"github.com/askpro/gateway/infra/local/stacktest"
	"github.com/askpro/gateway/internal/booking"
)

// recovered books through whatever was broken: the tool call is repeated as Retell would, the clock lets messages come
// again, and the end must be one booking, one confirmed appointment, one letter (twice the same one if the mail service
// had taken it before the kill).
func recovered(t *testing.T, s *stacktest.Stack, c *stacktest.Company, x *stacktest.Call, twice bool) {
	t.Helper()
	body := fmt.Appendf(nil, `{"name":"book_appointment","call":{"call_id":%q,"call_type":"phone_call","agent_id":"agent_test","direction":"inbound","from_number":%q,"to_number":%q},"args":{"offer_id":"opt1","name":"Erika Test","confirm":"true"}}`, x.ID, x.From, x.Number)
	for try := 0; try < 4; try++ {
		status, r := c.Post(t, body)
		if status == 200 && (r.Status == "booked" || r.Status == "already_booked" || r.Status == "booking_uncertain") {
			break
		}
		s.Advance(t, "15s") // the killed worker's time limit
	}
	for _, by := range []string{"15s", "1m", "7m", "7m", "31m"} {
		c.Idle(t)
		s.Advance(t, by)
	}
	c.Idle(t)
	live := c.Live(t)
	if len(live) != 1 {
		t.Fatalf("%d live bookings", len(live))
	}
	a := c.Appointment(t, live[0].Metadata["appointment_id"])
	if a.Status != booking.Confirmed || a.UID != live[0].UID {
		t.Errorf("the appointment is %s (%s), uid %q of %q", a.Status, a.SyncStatus, a.UID, live[0].UID)
	}
	letters := c.Mails(t, c.ErikaMail)
	switch {
	case len(letters) == 1:
	case len(letters) == 2 && twice && letters[0].MessageID == letters[1].MessageID:
	default:
		t.Errorf("%d letters to the customer", len(letters))
	}
	record, err := c.Store().CallIDs(t.Context(), c.ID, 10)
	if err != nil || len(record) != 1 {
		t.Errorf("%d calls, %v", len(record), err)
	}
}

// TestKilledAfterAnyCallToAWS kills the process after each single AWS call of the booking flow in turn.
func TestKilledAfterAnyCallToAWS(t *testing.T) {
	t.Parallel()
	for _, function := range []string{"hook-retell-tools", "stream-outbox", "work-notifications", "work-sync", "work-default"} {
		t.Run(function, func(t *testing.T) {
			t.Parallel()
			s := stacktest.Own(t)
			points := 0
			for n := 1; n < 40; n++ {
				c := s.NewCompany(t)
				x := c.Ring(c.Erika)
				want(t, ask(t, x, "Langhaarschnitt", c.Day(t, 2), "10 Uhr"), "available")
				c.Idle(t)
				s.Fault(t, map[string]any{"function": function, "company": c.ID.String(), "nth": n, "mode": "kill"}) // the others have their rounds
				recovered(t, s, c, x, function == "work-notifications")
				fired := s.Fired(t)
				s.NoFaults(t)
				if fired == 0 {
					break
				}
				points++
			}
			if points == 0 {
				t.Error("nothing was killed")
			}
			t.Logf("killed after each of %d calls", points)
		})
	}
}

// TestKilledDuringAnyCallToCalCom kills the process while Cal.com answers, before and after it did what was asked.
func TestKilledDuringAnyCallToCalCom(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	for _, f := range []map[string]any{{"operation": "slots"}, {"operation": "create", "done": true}, {"operation": "create", "done": false}} {
		c := s.NewCompany(t)
		x := c.Ring(c.Erika)
		want(t, ask(t, x, "Langhaarschnitt", c.Day(t, 2), "10 Uhr"), "available")
		c.Idle(t)
		f["mode"], f["function"] = "kill", "hook-retell-tools"
		c.CalcomFault(t, f)
		recovered(t, s, c, x, false)
		s.NoFaults(t)
	}
}
