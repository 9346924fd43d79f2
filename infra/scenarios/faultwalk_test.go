package scenarios_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/askpro/gateway/infra/local/stacktest"
	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/ledger"
)

// flow is something a caller does: prepared, then asked for as often as Retell and an impatient caller would.
type flow struct {
	name    string
	tool    string
	service string
	prepare func(t *testing.T, c *stacktest.Company, x *stacktest.Call)
	args    func(t *testing.T, c *stacktest.Company) map[string]any
	final   []string                           // statuses after which nobody asks again
	letters []string                           // what the customer is told in the end, by the beginning of the subject
	check   func(a booking.Appointment) string // what is wrong with the appointment in the end
}

func flows(t *testing.T) []flow {
	t.Helper()
	confirmed := func(a booking.Appointment) string {
		if a.Status != booking.Confirmed || a.SyncStatus != booking.Synced {
			return fmt.Sprintf("it is %s, %s", a.Status, a.SyncStatus)
		}
		return ""
	}
	return []flow{
		{
			name: "book", tool: "book_appointment", service: "Langhaarschnitt",
			prepare: func(t *testing.T, c *stacktest.Company, x *stacktest.Call) {
				want(t, ask(t, x, "Langhaarschnitt", c.Day(t, 2), "10 Uhr"), "available")
			},
			args: func(*testing.T, *stacktest.Company) map[string]any {
				return map[string]any{"offer_id": "opt1", "name": "Erika Test", "confirm": "true"}
			},
			final:   []string{"booked", "already_booked", "booking_uncertain"},
			letters: []string{"Terminbestätigung"},
			check:   confirmed,
		},
		{
			name: "perm", tool: "book_appointment", service: "Dauerwelle",
			prepare: func(t *testing.T, c *stacktest.Company, x *stacktest.Call) {
				want(t, ask(t, x, "Dauerwelle", c.Day(t, 3), "10 Uhr"), "available")
			},
			args: func(*testing.T, *stacktest.Company) map[string]any {
				return map[string]any{"offer_id": "opt1", "name": "Erika Test", "confirm": "true"}
			},
			final:   []string{"booked", "already_booked", "booking_uncertain"},
			letters: []string{"Terminbestätigung"},
			check: func(a booking.Appointment) string {
				if len(a.Segments) != 4 || a.Torn() || !a.InCalendar() {
					return fmt.Sprintf("its segments are %+v", a.Segments)
				}
				return confirmed(a)
			},
		},
		{
			name: "cancel", tool: "cancel_appointment", service: "Langhaarschnitt",
			prepare: func(t *testing.T, c *stacktest.Company, x *stacktest.Call) {
				booked(t, c.Ring(c.Erika), "Langhaarschnitt", c.Day(t, 2), "10 Uhr", "Erika Test")
				c.Idle(t)
				want(t, x.Tool(t, "cancel_appointment", nil), "need_confirmation")
			},
			args:    func(*testing.T, *stacktest.Company) map[string]any { return map[string]any{"confirm": "true"} },
			final:   []string{"cancelled", "change_uncertain", "not_found"},
			letters: []string{"Terminbestätigung", "Termin abgesagt"},
			check: func(a booking.Appointment) string {
				if a.Status != booking.Cancelled || a.CancelledBy != "customer" || a.CancellationSource != "phone" {
					return fmt.Sprintf("it is %s by %q (%s)", a.Status, a.CancelledBy, a.CancellationSource)
				}
				return ""
			},
		},
		{
			name: "move", tool: "reschedule_appointment", service: "Langhaarschnitt",
			prepare: func(t *testing.T, c *stacktest.Company, x *stacktest.Call) {
				booked(t, c.Ring(c.Erika), "Langhaarschnitt", c.Day(t, 2), "10 Uhr", "Erika Test")
				c.Idle(t)
				want(t, x.Tool(t, "reschedule_appointment", map[string]any{"new_date": c.Day(t, 3), "new_time": "15 Uhr"}), "need_confirmation")
			},
			args: func(t *testing.T, c *stacktest.Company) map[string]any {
				return map[string]any{"new_date": c.Day(t, 3), "new_time": "15 Uhr", "confirm": "true"}
			},
			final:   []string{"rescheduled", "change_uncertain", "no_change"},
			letters: []string{"Terminbestätigung", "Neue Zeit"},
			check: func(a booking.Appointment) string {
				if problem := confirmed(a); problem != "" {
					return problem
				}
				if a.Sequence != 1 || a.RescheduleCount != 1 || len(a.PreviousUIDs) != 1 {
					return fmt.Sprintf("sequence %d, moved %d times, former uids %v", a.Sequence, a.RescheduleCount, a.PreviousUIDs)
				}
				return ""
			},
		},
	}
}

// play carries a flow out through whatever is broken: the request is repeated as Retell would, the clock lets messages come
// again, and the caller says yes again where they are asked again.
func (f flow) play(t *testing.T, s *stacktest.Stack, c *stacktest.Company, x *stacktest.Call) {
	t.Helper()
	args := f.args(t, c)
	for try := 0; try < 5; try++ {
		raw, err := json.Marshal(map[string]any{"name": f.tool, "args": args, "call": map[string]any{
			"call_id": x.ID, "call_type": "phone_call", "agent_id": "agent_test", "direction": "inbound", "from_number": x.From, "to_number": x.Number,
		}})
		if err != nil {
			t.Fatal(err)
		}
		status, r := c.Post(t, raw)
		if status == 200 && slices.Contains(f.final, r.Status) {
			break
		}
		if r.Status == "need_confirmation" {
			args["notes"] = fmt.Sprint("ja ", try) // the caller's words, so that it is no repeated delivery
			continue
		}
		s.Advance(t, "15s") // the killed worker's time limit
	}
	for _, by := range []string{"15s", "1m", "7m", "7m", "31m"} {
		c.Idle(t)
		s.Advance(t, by)
	}
	c.Idle(t)
}

// inOrder checks what must be so after any fault: a living booking per living appointment and none without, no lock left,
// each letter once (twice the same one where the mail service had taken it before the fault).
func (f flow) inOrder(t *testing.T, c *stacktest.Company, twice bool) {
	t.Helper()
	table := c.Store()
	config, err := table.Config(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	now := c.Clock(t)
	branch := config.Branches[0]
	ids, err := table.AppointmentIDs(t.Context(), c.ID, branch.ID, now.AddDate(0, 0, -2), now.AddDate(0, 0, 30), 100)
	if err != nil || len(ids) == 0 {
		t.Fatalf("%d appointments, %v", len(ids), err)
	}
	taken := map[string]int{} // live bookings by uid
	for _, b := range c.Live(t) {
		taken[b.UID]++
	}
	ends := 0
	for _, id := range ids {
		a := c.Appointment(t, id)
		if a.Pending != nil {
			t.Errorf("a %s is still under way", a.Pending.Kind)
		}
		if a.Active() {
			for _, uid := range a.UIDs() {
				if taken[uid] != 1 {
					t.Errorf("appointment %s has %d living bookings of uid %q", a.Status, taken[uid], uid)
				}
				delete(taken, uid)
			}
		}
		if problem := f.check(a); problem == "" {
			ends++
		} else if a.CancelledBy != "system" { // one that was released on the way is none of the flow's
			t.Errorf("the appointment: %s", problem)
		}
	}
	if ends != 1 {
		t.Errorf("%d appointments are as they shall be", ends)
	}
	for uid := range taken {
		t.Errorf("booking %s stands at Cal.com only", uid)
	}
	ask := ledger.Ask{}
	for _, p := range config.Staff {
		for i := range 6 {
			ask.Days = append(ask.Days, booking.DayKey{Resource: p.ID, Date: branch.Day(now.AddDate(0, 0, i-1))})
		}
	}
	known, err := table.Gather(t.Context(), c.ID, ask)
	if err != nil {
		t.Fatal(err)
	}
	for k, d := range known.Days {
		for _, e := range d.Entries {
			a, ok, err := table.Appointment(t.Context(), c.ID, e.Owner)
			lapsed := e.Kind == booking.Hold && e.Until <= now.Unix()
			if err != nil || (!lapsed && (e.Kind != booking.Ours || !ok || !a.Active())) {
				t.Errorf("on %s a %s of %s is left", k.Date, e.Kind, e.Owner)
			}
		}
	}
	seen := map[string]int{}
	subjects := map[string]int{}
	for _, m := range c.Mails(t, c.ErikaMail) {
		if seen[m.MessageID]++; seen[m.MessageID] == 1 {
			for _, l := range f.letters {
				if len(m.Subject) >= len(l) && m.Subject[:len(l)] == l {
					subjects[l]++
				}
			}
		} else if !twice {
			t.Errorf("%q came twice", m.Subject)
		}
	}
	for _, l := range f.letters {
		if subjects[l] != 1 {
			t.Errorf("%d letters %q", subjects[l], l)
		}
	}
	for _, queue := range []string{"DefaultDeadQueue", "NotificationsDeadQueue", "SyncDeadQueue", "GatewayDeadQueue", "EventsDeadQueue"} {
		if n := c.Depth(t, queue); n != 0 {
			t.Errorf("%s holds %d messages", queue, n)
		}
	}
}

// everyFault, when set, has each call broken in every way; without it every fifth call is, and the ways take turns.
const (
	everyFault = "ASKPRO_EVERY_FAULT"
	apart      = 5
)

// TestFaultWalkAlongAWS breaks the AWS calls of each flow in turn, in every function that takes part: the process is
// killed after it, its answer is lost, it fails.
func TestFaultWalkAlongAWS(t *testing.T) {
	t.Parallel()
	all := []string{"kill", "lost", "error"}
	for _, f := range flows(t) {
		for _, function := range []string{"hook-retell-tools", "stream-outbox", "work-notifications", "work-sync", "work-default"} {
			t.Run(f.name+"/"+function, func(t *testing.T) {
				t.Parallel()
				s := stacktest.Own(t)
				runs := 0
				modes, step := all, 1
				for n, fired := 1, true; fired; n += step {
					if os.Getenv(everyFault) == "" {
						step = apart
						modes = all[n/step%len(all):][:1]
					}
					fired = false
					for _, mode := range modes {
						if f.brokenAt(t, s, function, n, mode) {
							fired = true
							runs++
						}
						if t.Failed() {
							t.Fatalf("after %s at call %d of %s", mode, n, function)
						}
					}
				}
				t.Logf("%s: %d faults in %s", f.name, runs, function)
			})
		}
	}
}

// brokenAt plays the flow with one fault and tells whether the call that it was for took place.
func (f flow) brokenAt(t *testing.T, s *stacktest.Stack, function string, n int, mode string) bool {
	t.Helper()
	c := s.NewCompany(t)
	x := c.Ring(c.Erika)
	f.prepare(t, c, x)
	c.Idle(t)
	s.Fault(t, map[string]any{"function": function, "company": c.ID.String(), "nth": n, "mode": mode})
	f.play(t, s, c, x)
	hit := s.Fired(t) > 0
	s.NoFaults(t)
	f.inOrder(t, c, function == "work-notifications")
	c.Retire(t)
	return hit
}

// TestFaultWalkAlongCalCom breaks each call to Cal.com of each flow: it answers 500 and did it or not, its answer is lost,
// it does not answer, our process is killed meanwhile.
func TestFaultWalkAlongCalCom(t *testing.T) {
	t.Parallel()
	operations := map[string][]string{"book": {"slots", "create"}, "perm": {"create"}, "cancel": {"cancel"}, "move": {"reschedule"}}
	modes := []map[string]any{
		{"mode": "status", "status": 500}, {"mode": "status", "status": 502, "done": true}, {"mode": "lost"}, {"mode": "timeout", "done": true}, {"mode": "timeout"},
		{"mode": "kill", "done": true}, {"mode": "kill"},
	}
	for _, f := range flows(t) {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			s := stacktest.Own(t)
			runs := 0
			for _, operation := range operations[f.name] {
				for i, mode := range modes {
					for j, webhooks := range []bool{true, false} {
						if os.Getenv(everyFault) == "" && i%2 != j {
							continue
						}
						c := s.NewCompany(t)
						x := c.Ring(c.Erika)
						f.prepare(t, c, x)
						c.Idle(t)
						fault := map[string]any{"operation": operation, "function": "hook-retell-tools"}
						for k, v := range mode {
							fault[k] = v
						}
						c.CalcomFault(t, fault)
						if !webhooks {
							c.CalcomFault(t, map[string]any{"operation": "webhook", "mode": "drop", "times": -1})
						}
						f.play(t, s, c, x)
						s.NoFaults(t)
						f.inOrder(t, c, false)
						if t.Failed() {
							t.Fatalf("after %v of %s, webhooks %t", mode, operation, webhooks)
						}
						runs++
					}
				}
			}
			t.Logf("%s: %d runs", f.name, runs)
		})
	}
}
