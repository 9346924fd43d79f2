package keeper_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/german"
	"github.com/askpro/gateway/internal/keeper"
	"github.com/askpro/gateway/internal/ledger"
)

func TestWhoseCallItWas(t *testing.T) {
	t.Parallel()
	customers := map[string]customer.Customer{
		"c1": {ID: "c1", Name: "Erika Test", Email: "erika@a.example"},
		"c2": {ID: "c2", Name: "Érika  Test", Email: "other@a.example"},
		"c3": {ID: "c3", Name: "erika test"},
		"c4": {ID: "c4", Name: "Max Test", Email: "erika@a.example"},
	}
	for _, tt := range []struct {
		name       string
		from       string
		card       bool
		booked     bool
		said       string
		email      string
		status     string
		method     string
		confidence int
		customer   string
		candidates []string
	}{
		{"the number is a customer's", erika, true, false, "Max Test", "", "linked", "phone", 100, "c9", nil},
		{"an appointment was made", "", false, true, "Max Test", "", "linked", "appointment", 100, "erika", nil},
		{"the number before the appointment", erika, true, true, "", "", "linked", "phone", 100, "c9", nil},
		{"e-mail and name", "", false, false, "Erika Test", "ERIKA@a.example", "pending_review", "email_and_name", 60, "", []string{"c1"}},
		{"the name only", "", false, false, "Erika Test", "", "pending_review", "name", 40, "", []string{"c1", "c3"}},
		{"the name, and an address that is nobody's of that name", erika, false, false, "Erika Test", "x@a.example", "pending_review", "name", 40, "", []string{"c1", "c3"}},
		{"an address alone is nobody's", "", false, false, "", "erika@a.example", "anonymous", "", 0, "", nil},
		{"a name that nobody has", erika, false, false, "Paula Neu", "", "name_only", "", 0, "", nil},
		{"suppressed, without a name", "", false, false, "", "", "anonymous", "", 0, "", nil},
		{"suppressed, and what is no name", "", false, false, "Acht Uhr", "", "anonymous", "", 0, "", nil},
		{"a number that nobody has", erika, false, false, "", "", "unlinked", "", 0, "", nil},
	} {
		x := newLine()
		x.customers = customers
		if tt.card {
			x.cards[erika] = customer.Card{Key: erika, CustomerID: "c9"}
		}
		if tt.booked {
			x.tool(t, "book_appointment", "booked", func(step *ledger.Step, s *call.Session, _ *call.ToolCall) {
				a := appointment()
				a.Status = booking.Confirmed
				step.Appointments, s.Booked = []*booking.Appointment{&a}, []string{apptID}
				step.Call.From = tt.from
			})
		}
		n := analysed()
		n.From, n.SpokenName, n.Email = tt.from, tt.said, tt.email
		x.apply(t, n)
		c := x.call
		if c.LinkStatus != tt.status || c.LinkMethod != tt.method || c.LinkConfident != tt.confidence || c.CustomerID != tt.customer || !slices.Equal(c.Candidates, tt.candidates) {
			t.Errorf("%s: %s by %q with %d, customer %q, candidates %v", tt.name, c.LinkStatus, c.LinkMethod, c.LinkConfident, c.CustomerID, c.Candidates)
		}
	}
}

func TestAPersonsWordAboutACallStands(t *testing.T) {
	t.Parallel()
	x := newLine()
	x.apply(t, ended())
	x.call.LinkStatus, x.call.LinkMethod, x.call.LinkConfident, x.call.CustomerID = "linked", "manual", 100, "c7"
	x.cards[erika] = customer.Card{Key: erika, CustomerID: "c9"}
	x.apply(t, analysed())
	if x.call.CustomerID != "c7" || x.call.LinkMethod != "manual" {
		t.Errorf("%+v", x.call)
	}
}

func TestTheAddressThatAToolHeardCounts(t *testing.T) {
	t.Parallel()
	x := newLine()
	x.customers["c1"] = customer.Customer{ID: "c1", Name: "Erika Test", Email: "erika@a.example"}
	x.tool(t, "book_appointment", "need_date", func(_ *ledger.Step, _ *call.Session, c *call.ToolCall) {
		c.Args = `{"email":"erika@a.example","name":"Erika Test"}`
	})
	x.apply(t, analysed())
	if x.call.LinkConfident != 60 {
		t.Errorf("%s with %d", x.call.LinkMethod, x.call.LinkConfident)
	}
}

// §17.23: one name, from the best source there is.
func TestNamesByRank(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, tool, variable, transcript, want, source string }{
		{"the tool's", "Erika Tool", "Erika Variable", "Erika Transcript", "Erika Tool", "tool"},
		{"the flow's", "", "Erika Variable", "Erika Transcript", "Erika Variable", "flow_variable"},
		{"the transcript's", "", "", "Erika Transcript", "Erika Transcript", "transcript"},
		{"not a placeholder's", "", "Unbekannt", "Erika Transcript", "Erika Transcript", "transcript"},
		{"none", "", "ja", "n/a", "", ""},
	} {
		x := newLine()
		if tt.tool != "" {
			x.tool(t, "book_appointment", "need_date", func(_ *ledger.Step, s *call.Session, _ *call.ToolCall) { s.Name = tt.tool })
		}
		n := analysed()
		n.SpokenName, n.VariableName = tt.transcript, tt.variable
		x.apply(t, n)
		if x.call.SpokenName != tt.want || x.call.NameSource != tt.source {
			t.Errorf("%s: %q by %q", tt.name, x.call.SpokenName, x.call.NameSource)
		}
	}
}

func TestTheHoldAndTheTimerOfACallEndWithIt(t *testing.T) {
	t.Parallel()
	x := newLine()
	day := booking.DayKey{Resource: "mario", Date: german.Date{Year: 2025, Month: 10, Day: 20}}
	x.days[day] = booking.Day{Resource: "mario", Date: day.Date, Version: 1, Entries: []booking.Entry{{Start: 1, End: 2, Kind: booking.Hold, Owner: callID, Until: began.Add(time.Hour).Unix()}}}
	x.apply(t, started())
	if !x.timers[ledger.PollTimer].Equal(began.Add(30 * time.Minute)) {
		t.Errorf("it would be asked for at %s", x.timers[ledger.PollTimer])
	}
	x.tool(t, "reserve_slot", "reserved", func(_ *ledger.Step, s *call.Session, _ *call.ToolCall) {
		s.Held = &call.Held{Resource: "mario", Date: "2025-10-20"}
	})
	x.apply(t, ended())
	if len(x.days[day].Entries) != 0 || x.session.Held != nil || !x.session.Ended || len(x.timers) != 0 {
		t.Errorf("%+v, %+v, %v", x.days[day], x.session, x.timers)
	}
}

// The first tool is asked at once, the word that a call began goes through a queue: either may be first.
func TestThatACallBeganIsToldOnce(t *testing.T) {
	t.Parallel()
	tool := func(t *testing.T, x *line) { x.tool(t, "initialize_call", "ready", nil) }
	word := func(t *testing.T, x *line) { x.apply(t, started()) }
	over := func(t *testing.T, x *line) { x.apply(t, ended()) }
	for name, tt := range map[string]struct {
		messages []func(*testing.T, *line)
		want     int
	}{
		"the word first":           {[]func(*testing.T, *line){word, tool, word, over}, 1},
		"the tool first":           {[]func(*testing.T, *line){tool, tool, word, word, over, word}, 1},
		"the word after the end":   {[]func(*testing.T, *line){tool, over, word}, 0},
		"nobody told of the start": {[]func(*testing.T, *line){tool, over}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x, told := newLine(), 0
			for _, m := range tt.messages {
				m(t, x)
			}
			for _, e := range x.events {
				if e.Name == (event.CallStarted{}).Name() {
					told++
				}
			}
			if told != tt.want {
				t.Errorf("told %d times, wanted %d", told, tt.want)
			}
		})
	}
}

func TestABookingThatIsCancelledInTheSameCallIsNone(t *testing.T) {
	t.Parallel()
	x := newLine()
	uncertain.do(t, x)
	confirmed.do(t, x)
	x.tool(t, "cancel_appointment", "cancelled", func(step *ledger.Step, _ *call.Session, c *call.ToolCall) {
		a := x.appointments[apptID]
		a.Status = booking.Cancelled
		step.Appointments = []*booking.Appointment{&a}
		c.Response = `{"data":{"appointment":{"appointment_id":"` + apptID + `"}}}`
	})
	x.apply(t, ended())
	if x.call.Outcome != "appointment_cancelled" || !slices.Equal(x.call.Appointments, []string{apptID}) {
		t.Errorf("%s, %v", x.call.Outcome, x.call.Appointments)
	}
}

func TestAChangeOfUnknownOutcomeCountsWhenItCameTrue(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		tool, change, via string
		at                time.Duration
		want              string
	}{
		{"cancel_appointment", "cancel", "phone", time.Minute, "appointment_cancelled"},
		{"reschedule_appointment", "reschedule", "phone", time.Minute, "appointment_rescheduled"},
		{"reschedule_appointment", "reschedule", "calcom", time.Minute, "abandoned"},
		{"reschedule_appointment", "reschedule", "phone", -time.Minute, "abandoned"},
		{"cancel_appointment", "", "", 0, "abandoned"},
	} {
		x := newLine()
		x.tool(t, tt.tool, "change_uncertain", func(_ *ledger.Step, _ *call.Session, c *call.ToolCall) {
			c.Response = `{"data":{"appointment_id":"A9"}}`
		})
		x.apply(t, ended())
		if x.call.Outcome != "abandoned" || x.call.Successful != nil {
			t.Fatalf("before the outcome is known: %s", x.call.Outcome)
		}
		if tt.change != "" {
			x.write(t, &ledger.Step{
				Changes: []booking.Change{{AppointmentID: "A9", Type: tt.change, Via: tt.via, CreatedAt: x.now.Add(tt.at)}},
				Events:  []event.Event{event.AppointmentCancelled{Head: x.head(), AppointmentID: "A9", CallID: callID}},
			})
		}
		if x.call.Outcome != tt.want {
			t.Errorf("%+v: %s", tt, x.call.Outcome)
		}
	}
}

func TestAnAppointmentThatWasRefusedIsNotTheCalls(t *testing.T) {
	t.Parallel()
	x := newLine()
	x.tool(t, "book_appointment", "slot_taken", func(step *ledger.Step, s *call.Session, _ *call.ToolCall) {
		a := appointment()
		a.Status, a.CancelledBy = booking.Cancelled, "system"
		step.Appointments = []*booking.Appointment{&a}
		step.Events = append(step.Events, event.AppointmentRequested{Head: x.head(), AppointmentID: apptID, CallID: callID})
		s.Wish = &call.Wish{Service: "Schnitt"}
	})
	x.apply(t, ended())
	if len(x.call.Appointments) != 0 || x.call.Unfulfilled == nil || *x.call.Successful {
		t.Errorf("%v, %v, %v", x.call.Appointments, x.call.Unfulfilled, x.call.Successful)
	}
}

func TestABookingWhoseAnswerWasLostIsTheCalls(t *testing.T) {
	t.Parallel()
	x := newLine()
	x.tool(t, "check_availability", "available", func(step *ledger.Step, s *call.Session, _ *call.ToolCall) {
		a := appointment()
		a.Status = booking.Confirmed
		step.Appointments = []*booking.Appointment{&a}
		step.Events = append(step.Events, event.AppointmentRequested{Head: x.head(), AppointmentID: apptID, CallID: callID})
		s.Wish = &call.Wish{Service: "Schnitt"}
	})
	x.apply(t, ended())
	if x.call.Outcome != "appointment_booked" || !slices.Equal(x.call.Appointments, []string{apptID}) || x.call.Unfulfilled != nil {
		t.Errorf("%s, %v, %v", x.call.Outcome, x.call.Appointments, x.call.Unfulfilled)
	}
}

func TestWhatIsKnownOutlivesTheSessionAndTheEvents(t *testing.T) {
	t.Parallel()
	x := newLine()
	for _, m := range []message{uncertain, confirmed} {
		m.do(t, x)
	}
	x.write(t, &ledger.Step{Events: []event.Event{event.CallbackRequested{Head: x.head(), CallbackID: "cb", CallID: callID}}})
	x.apply(t, ended())
	x.session, x.events = call.Session{}, nil // they lapse
	x.apply(t, analysed())
	c := x.call
	if c.Outcome != "appointment_booked" || c.SpokenName != "Erika Tool" || !slices.Equal(c.Callbacks, []string{"cb"}) || x.session.Version != 0 {
		t.Errorf("%s, %q, %v", c.Outcome, c.SpokenName, c.Callbacks)
	}
}

func TestTheBranchIsToldOfAWishWhenStragglersAreIn(t *testing.T) {
	t.Parallel()
	told := func(x *line) (n int) {
		for _, e := range x.events {
			if e.Name == (event.WishUnfulfilled{}).Name() {
				n++
			}
		}
		return n
	}
	wish := func(t *testing.T, x *line) bool {
		t.Helper()
		wanted, err := x.Wish(t.Context(), us, callID)
		if err != nil {
			t.Fatal(err)
		}
		return wanted
	}
	x := newLine()
	availability.do(t, x)
	x.now = began.Add(time.Minute)
	x.apply(t, ended())
	if due := x.timers[keeper.WishTimer]; told(x) != 0 || !due.Equal(began.Add(11*time.Minute)) {
		t.Fatalf("told %d times, to be told at %s", told(x), due)
	}
	if !wish(t, x) || told(x) != 0 {
		t.Error("a timer that comes early is wanted again")
	}
	x.now = began.Add(11 * time.Minute)
	first := wish(t, x)
	if second := wish(t, x); first || second || told(x) != 1 || len(x.timers) != 0 {
		t.Errorf("told %d times, timers %v", told(x), x.timers)
	}

	y := newLine()
	availability.do(t, y)
	y.apply(t, ended())
	tool("request_callback", "callback_created").do(t, y) // a straggler
	y.now = began.Add(11 * time.Minute)
	if wish(t, y) || told(y) != 0 || y.call.Unfulfilled != nil || y.call.Outcome != "callback_requested" {
		t.Errorf("told %d times, %s", told(y), y.call.Outcome)
	}
}

// §17.25: open calls are polled and closed.
func TestACallThatNobodyTellsTheEndOf(t *testing.T) {
	t.Parallel()
	unknown, ongoing, over := keeper.Standing{}, keeper.Standing{State: keeper.Ongoing}, keeper.Standing{State: keeper.Over, News: ended()}
	for _, tt := range []struct {
		name   string
		age    time.Duration
		stands keeper.Standing
		err    error
		status call.Status
		link   string // connection
		next   time.Duration
	}{
		{"goes on", 30 * time.Minute, ongoing, nil, call.Ongoing, "", 45 * time.Minute},
		{"goes on, asked late", 50 * time.Minute, ongoing, nil, call.Ongoing, "", time.Hour},
		{"goes on, asked at the wrong time", 10 * time.Minute, ongoing, nil, call.Ongoing, "", 30 * time.Minute},
		{"goes on for three hours", 3 * time.Hour, ongoing, nil, call.Ongoing, "", 3*time.Hour + 15*time.Minute},
		{"goes on for a day: no call does", 24 * time.Hour, ongoing, nil, call.Completed, "error", 0},
		{"has ended", 45 * time.Minute, over, nil, call.Completed, "connected", 0},
		{"has ended long ago", 5 * time.Hour, over, nil, call.Completed, "connected", 0},
		{"is unknown", 105 * time.Minute, unknown, nil, call.Ongoing, "", 2 * time.Hour},
		{"is unknown after two hours", 2 * time.Hour, unknown, nil, call.Completed, "error", 0},
		{"cannot be asked for", 3 * time.Hour, unknown, errors.New("down"), call.Ongoing, "", 3*time.Hour + 15*time.Minute},
		{"cannot be asked for without a key", 45 * time.Minute, unknown, keeper.ErrNoKey, call.Ongoing, "", time.Hour},
		{"cannot be asked for during a day", 24 * time.Hour, unknown, errors.New("down"), call.Completed, "error", 0},
	} {
		x := newLine()
		x.apply(t, started())
		x.now = began.Add(tt.age)
		x.phone.stands, x.phone.err = tt.stands, tt.err
		for range 2 { // handed out twice
			wanted, err := x.Poll(t.Context(), us, callID)
			if err != nil || wanted != (tt.next > 0) {
				t.Fatalf("%s: wanted %t, %v", tt.name, wanted, err)
			}
		}
		var due time.Duration
		if at, set := x.timers[ledger.PollTimer]; set {
			due = at.Sub(began)
		}
		if x.call.Status != tt.status || x.call.Connection != tt.link || due != tt.next || x.session.Ended != (tt.status != call.Ongoing) {
			t.Errorf("%s: %s %q, asked again after %s", tt.name, x.call.Status, x.call.Connection, due)
		}
		if (len(x.alarms) > 0) != errors.Is(tt.err, keeper.ErrNoKey) {
			t.Errorf("%s: alarms %v", tt.name, x.alarms)
		}
	}
}

func TestARealEndPutsAClosedCallRight(t *testing.T) {
	t.Parallel()
	x := newLine()
	x.apply(t, started())
	x.now = began.Add(2 * time.Hour)
	if _, err := x.Poll(t.Context(), us, callID); err != nil {
		t.Fatal(err)
	}
	x.apply(t, ended())
	if x.call.Connection != "connected" || x.call.DurationMS != 60000 || x.call.EndedAt == nil {
		t.Errorf("%+v", x.call)
	}
	asked := x.phone.asked
	if wanted, err := x.Poll(t.Context(), us, callID); wanted || err != nil || x.phone.asked != asked {
		t.Errorf("a call that is over is asked for: %t, %v", wanted, err)
	}
}

func TestWithoutConsentNoTextAndNoRecording(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		recording bool
		consent   string
		kept      bool
	}{
		{"nothing is recorded, nothing was asked", false, "", true},
		{"nothing is recorded, and yet refused", false, "refused", false},
		{"recorded with consent", true, "granted", true},
		{"recorded, never asked", true, "", false},
		{"recorded, refused", true, "refused", false},
	} {
		x := newLine()
		x.config.Company.Recording = tt.recording
		n := analysed()
		n.Consent, n.RecordingURL = tt.consent, "https://a.example/wav"
		x.apply(t, n)
		if (x.call.RecordingURL != "") != tt.kept || (x.transcript != nil) != tt.kept || (x.call.TranscriptKey != "") != tt.kept {
			t.Errorf("%s: %q %q", tt.name, x.call.RecordingURL, x.call.TranscriptKey)
		}
	}
}

func TestARefusalThatComesLateEmptiesWhatWasKept(t *testing.T) {
	t.Parallel()
	x := newLine()
	n := ended()
	n.Transcript = strings.Repeat("User: viel Text. ", 100)
	x.apply(t, n)
	if x.transcript.ObjectKey == "" {
		t.Fatal("it should lie in the bucket")
	}
	refused := analysed()
	refused.Consent = "refused"
	x.apply(t, refused)
	if x.archive.dropped != 1 || x.transcript.Text != "" || x.transcript.ObjectKey != "" || x.call.TranscriptKey != "" {
		t.Errorf("dropped %d, %+v, %q", x.archive.dropped, x.transcript, x.call.TranscriptKey)
	}
}
