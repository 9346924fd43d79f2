package keeper_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
)

// message is something that happens to a call; it may happen twice and in any order that its needs allow.
type message struct {
	name  string
	do    func(*testing.T, *line)
	after string // a message that must have been before, because it is made of it
}

func news(name string, n func() call.News, more ...func(*call.News)) message {
	return message{name: name, do: func(t *testing.T, x *line) {
		y := n()
		for _, m := range more {
			m(&y)
		}
		x.apply(t, y)
	}}
}

func tool(name, status string) message {
	return message{name: name, do: func(t *testing.T, x *line) {
		if slices.ContainsFunc(x.tools, func(c call.ToolCall) bool { return c.Canonical == name }) {
			return // a repeated tool call gets the stored answer
		}
		x.tool(t, name, status, nil)
	}}
}

// availability leaves a wish.
var availability = message{name: "check_availability", do: func(t *testing.T, x *line) {
	if slices.ContainsFunc(x.tools, func(c call.ToolCall) bool { return c.Canonical == "check_availability" }) {
		return
	}
	x.tool(t, "check_availability", "alternatives", func(_ *ledger.Step, s *call.Session, _ *call.ToolCall) {
		if len(s.Booked) == 0 {
			s.Wish = &call.Wish{Service: "Schnitt", Date: "2025-10-20", Offered: 3}
		}
	})
}}

func appointment() booking.Appointment {
	start := time.Date(2025, 10, 20, 8, 0, 0, 0, time.UTC)
	return booking.Appointment{
		ID: apptID, BranchID: "mitte", CustomerID: "erika", ServiceID: "cut", CallID: callID, StartsAt: start, EndsAt: start.Add(30 * time.Minute),
		Status: booking.Pending, PendingReason: "calendar", AttendeePhone: erika,
	}
}

// uncertain books with an outcome that nobody knows yet.
var uncertain = message{name: "book_appointment", do: func(t *testing.T, x *line) {
	if _, there := x.appointments[apptID]; there {
		return
	}
	x.tool(t, "book_appointment", "booking_uncertain", func(step *ledger.Step, s *call.Session, _ *call.ToolCall) {
		a := appointment()
		step.Appointments = []*booking.Appointment{&a}
		step.Events = append(step.Events, event.AppointmentRequested{Head: x.head(), AppointmentID: apptID, CallID: callID})
		s.Booked, s.Wish, s.Name = []string{apptID}, nil, "Erika Tool"
		x.cards[erika] = customer.Card{Key: erika, CustomerID: "erika"}
	})
}}

var confirmed = message{name: "confirmed", after: "book_appointment", do: func(t *testing.T, x *line) {
	a := x.appointments[apptID]
	if a.Status != booking.Pending {
		return
	}
	a.Status = booking.Confirmed
	x.write(t, &ledger.Step{
		Appointments: []*booking.Appointment{&a}, Changes: []booking.Change{{AppointmentID: apptID, Type: "created", CreatedAt: x.now}},
		Events: []event.Event{event.AppointmentConfirmed{Head: x.head(), AppointmentID: apptID, CallID: callID}},
	})
}}

var cancelledThere = message{name: "cancelled in the calendar", after: "confirmed", do: func(t *testing.T, x *line) {
	a := x.appointments[apptID]
	if a.Status != booking.Confirmed {
		return
	}
	a.Status, a.CancelledBy = booking.Cancelled, "staff"
	x.write(t, &ledger.Step{
		Appointments: []*booking.Appointment{&a}, Changes: []booking.Change{{AppointmentID: apptID, Type: "cancel", Via: "calcom", CreatedAt: x.now}},
		Events: []event.Event{event.AppointmentCancelled{Head: x.head(), AppointmentID: apptID, CallID: callID, By: "staff"}},
	})
}}

// givenUp: the calendar never had it. With a callback where there is a number.
func givenUp(promise bool) message {
	return message{name: "given up", after: "book_appointment", do: func(t *testing.T, x *line) {
		a := x.appointments[apptID]
		if a.Status != booking.Pending {
			return
		}
		a.Status, a.CancelledBy = booking.Cancelled, "system"
		step := &ledger.Step{Appointments: []*booking.Appointment{&a}, Events: []event.Event{event.AppointmentCancelled{Head: x.head(), AppointmentID: apptID, CallID: callID, By: "system"}}}
		if promise {
			step.Events = append(step.Events, event.CallbackRequested{Head: x.head(), CallbackID: "cb", CallID: callID})
		}
		x.write(t, step)
	}}
}

// poll is the job that asks the telephone; it knows the end as the events tell it.
var poll = message{name: "poll", do: func(t *testing.T, x *line) {
	x.phone.stands.State, x.phone.stands.News = 2, analysed()
	if _, err := x.Poll(t.Context(), us, callID); err != nil {
		t.Fatal(err)
	}
	x.deliver(t)
}}

// state is what has to be the same: the call but for when and under which id we learnt of it, and what else it left.
func state(t *testing.T, x *line) string {
	t.Helper()
	if x.call == nil {
		return "none"
	}
	c := *x.call
	c.ID, c.CreatedAt, c.UpdatedAt, c.Version, c.Heard.Begun, c.Heard.AnalysedAt, c.Heard.WishToldAt = "", time.Time{}, time.Time{}, 0, false, time.Time{}, nil
	text := ""
	if x.transcript != nil {
		text = x.transcript.Text
	}
	b, err := json.MarshalIndent(map[string]any{"call": c, "transcript": text, "ended": x.session.Ended, "polled": !x.timers[ledger.PollTimer].IsZero()}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// letters counts what the branch is told of the wish once everything is in.
func letters(t *testing.T, x *line) (n int) {
	t.Helper()
	x.now = began.Add(time.Hour)
	for range 3 { // handed out more than once
		if _, err := x.Wish(t.Context(), us, callID); err != nil {
			t.Fatal(err)
		}
	}
	for _, e := range x.events {
		if e.Name == (event.WishUnfulfilled{}).Name() {
			n++
		}
	}
	return n
}

// ends checks that the end is told once, and again only with another length; the last one is the call's.
func ends(t *testing.T, x *line) {
	t.Helper()
	var told []int
	for _, e := range x.events {
		if e.Name != (event.CallEnded{}).Name() {
			continue
		}
		var end event.CallEnded
		if err := json.Unmarshal([]byte(e.Detail), &end); err != nil {
			t.Fatal(err)
		}
		told = append(told, end.Seconds)
	}
	if len(told) == 0 || told[len(told)-1] != x.call.Seconds() || len(slices.Compact(slices.Clone(told))) != len(told) {
		t.Fatalf("a call of %d seconds, its ends were told as %v", x.call.Seconds(), told)
	}
}

// orders are all arrangements of a history, each with every single message once more at every place.
func orders(n int, visit func([]int)) {
	list := make([]int, n)
	used := make([]bool, n)
	var fill func(at int)
	fill = func(at int) {
		if at == n {
			visit(list)
			for twice := range n {
				for place := range n + 1 {
					visit(slices.Insert(slices.Clone(list), place, twice))
				}
			}
			return
		}
		for i := range n {
			if !used[i] {
				used[i], list[at] = true, i
				fill(at + 1)
				used[i] = false
			}
		}
	}
	fill(0)
}

// §17.15: whatever comes first creates the call.
func TestTheSameMessagesMakeTheSameCall(t *testing.T) {
	t.Parallel()
	start, end, analysis := news(call.Started, started), news(call.Ended, ended), news(call.Analysed, analysed)
	better := func(n *call.News) { n.VariableName = "Erika Variable" }
	for _, tt := range []struct {
		name     string
		messages []message
		outcome  string
		told     int
	}{
		{"nothing was asked", []message{start, end, analysis}, "abandoned", 0},
		{"the analysis knows a better name", []message{start, news(call.Ended, ended, better), news(call.Analysed, analysed, better)}, "abandoned", 0},
		{"the analysis was run again", []message{end, analysis, news("run again", analysed, func(n *call.News) {
			n.Hash, n.Summary, n.SpokenName, n.InVoicemail, n.SentAt = "h2", "Genauer.", "", true, began.Add(time.Hour)
		})}, "voicemail", 0},
		{"never analysed", []message{start, end, tool("list_services", "ok")}, "information_only", 0},
		{"a wish in vain", []message{start, availability, end, analysis}, "abandoned", 1},
		{"a wish and a callback", []message{availability, tool("request_callback", "callback_created"), end, analysis}, "callback_requested", 0},
		{"a transfer", []message{start, news(call.TransferBegun, started, as(call.TransferBegun)), news(call.TransferBridged, started, as(call.TransferBridged)), end}, "transferred", 0},
		{"a transfer that was given up", []message{news(call.TransferBegun, started, as(call.TransferBegun)), news(call.TransferCancelled, started, as(call.TransferCancelled)), end, analysis}, "abandoned", 0},
		{"a booking that is confirmed by a job", []message{start, uncertain, confirmed, end, analysis}, "appointment_booked", 0},
		{"and cancelled later in the calendar", []message{availability, uncertain, confirmed, cancelledThere, end, analysis}, "appointment_booked", 0},
		{"a booking that the calendar never had, with a callback", []message{uncertain, givenUp(true), end, analysis}, "callback_requested", 0},
		{"and without a number to call", []message{uncertain, givenUp(false), end, analysis}, "abandoned", 1},
		{"the end was polled", []message{start, poll, end, analysis}, "abandoned", 0},
		{"given up for lost, and then told", []message{news("closed", func() call.News { return call.News{Event: call.Closed, Connection: "error"} }), start, end, analysis}, "abandoned", 0},
		{"recording was refused once", []message{start, news(call.Ended, ended, func(n *call.News) { n.Consent = "refused" }), news(call.Analysed, analysed, func(n *call.News) { n.Consent = "granted" })}, "abandoned", 0},
		{"recording was refused in the analysis only", []message{start, end, news(call.Analysed, analysed, func(n *call.News) { n.Consent = "refused" })}, "abandoned", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wanted, count := "", 0
			orders(len(tt.messages), func(order []int) {
				for i, m := range order { // what is made of another message cannot come before it
					after := tt.messages[m].after
					if after != "" && !slices.ContainsFunc(order[:i], func(j int) bool { return tt.messages[j].name == after }) {
						return
					}
				}
				x := newLine()
				names := make([]string, len(order))
				for i, m := range order {
					names[i] = tt.messages[m].name
					x.now = began.Add(time.Duration(i+1) * 20 * time.Second)
					tt.messages[m].do(t, x)
				}
				told := letters(t, x)
				ends(t, x)
				got := state(t, x)
				if wanted == "" {
					wanted = got
				}
				count++
				if got != wanted || told != tt.told || x.call.Outcome != tt.outcome {
					t.Fatalf("%s: outcome %s, %d letters\n%s\nwanted as in the first order\n%s", strings.Join(names, ", "), x.call.Outcome, told, got, wanted)
				}
			})
			t.Logf("%d orders", count)
		})
	}
}

func as(event string) func(*call.News) { return func(n *call.News) { n.Event = event } }

// A message that comes once more, after everything has come, writes nothing.
func TestARepetitionWritesNothing(t *testing.T) {
	t.Parallel()
	x := newLine()
	for _, n := range []call.News{started(), ended(), analysed()} {
		x.apply(t, n)
	}
	before := fmt.Sprint(*x.call)
	for _, n := range []call.News{analysed(), ended(), started()} {
		x.now = x.now.Add(time.Minute)
		x.apply(t, n)
	}
	if got := fmt.Sprint(*x.call); got != before {
		t.Errorf("%s became %s", before, got)
	}
}
