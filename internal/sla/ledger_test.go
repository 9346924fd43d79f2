package sla_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/sla"
)

// tuesday begins a case of the default policy and calendar on Tuesday, 24.11.2026, 10:15.
func tuesday(t *testing.T, p sla.Priority) sla.Ledger {
	t.Helper()
	return sla.Start(at(t, "24.11.2026 10:15"), sla.DefaultPolicy(), p, sla.DefaultCalendar(""))
}

func TestTheResponseClockNeverPauses(t *testing.T) {
	t.Parallel()
	l := tuesday(t, sla.Normal)
	l.Pause(at(t, "24.11.2026 10:30"), sla.WaitingThirdParty)
	s := l.At(at(t, "24.11.2026 11:00"))
	wantInstant(t, "response due", s.Response.DueAt, "24.11.2026 14:15")
	wantInstant(t, "resolution due", s.Resolution.DueAt, "")
	wantMilestones(t, &l, "24.11.2026 13:45 response/1/warning", "24.11.2026 14:15 response/1/breach")
}

func TestTheEarliestAnswerMeetsTheResponse(t *testing.T) {
	t.Parallel()
	l := tuesday(t, sla.Normal)
	if !l.Respond(at(t, "24.11.2026 13:00")) || l.Respond(at(t, "24.11.2026 14:00")) || l.Respond(at(t, "24.11.2026 13:00")) {
		t.Error("a later answer, or the same again, is none")
	}
	if !l.Respond(at(t, "24.11.2026 12:00")) {
		t.Error("an earlier answer that is told late is the answer")
	}
	r := l.At(at(t, "26.11.2026 12:00")).Response
	if r.State != sla.StateMet || r.Used != 105*time.Minute {
		t.Errorf("response: %+v", r)
	}
	wantInstant(t, "met", r.MetAt, "24.11.2026 12:00")
	wantInstant(t, "was due", r.DueAt, "24.11.2026 14:15")
	wantMilestones(t, &l, "24.11.2026 12:00 response/1/met", "27.11.2026 09:15 resolution/1/warning", "27.11.2026 10:15 resolution/1/breach")
}

func TestALateAnswerStaysABreach(t *testing.T) {
	t.Parallel()
	l := tuesday(t, sla.Normal)
	l.Respond(at(t, "24.11.2026 14:16"))
	if s := l.At(at(t, "24.11.2026 15:00")); s.Response.State != sla.StateBreached || s.Response.Remaining != -time.Minute || s.State != sla.StateOK {
		t.Errorf("response %+v, case %s", s.Response, s.State)
	}
	wantMilestones(t, &l, "24.11.2026 14:15 response/1/breach", "27.11.2026 09:15 resolution/1/warning", "27.11.2026 10:15 resolution/1/breach")
}

func TestWhoIsDoneAtTheLastMomentIsDoneInTime(t *testing.T) {
	t.Parallel()
	l := tuesday(t, sla.Normal)
	l.Respond(at(t, "24.11.2026 14:15"))
	l.Pause(at(t, "27.11.2026 10:15"), sla.Resolved)
	s := l.At(at(t, "28.11.2026 10:00"))
	if s.Response.State != sla.StateMet || s.Resolution.State != sla.StateMet || s.State != sla.StateMet {
		t.Errorf("response %s, resolution %s, case %s", s.Response.State, s.Resolution.State, s.State)
	}
	wantMilestones(t, &l, "24.11.2026 14:15 response/1/met", "27.11.2026 10:15 resolution/1/met")
	l.Continue(at(t, "28.11.2026 10:00"))
	wantMilestones(t, &l, "24.11.2026 14:15 response/1/met", "27.11.2026 09:15 resolution/1/warning", "30.11.2026 09:00 resolution/1/breach")
}

func TestReopeningContinuesTheResolution(t *testing.T) {
	t.Parallel()
	l := tuesday(t, sla.High)
	l.Respond(at(t, "24.11.2026 10:20"))
	l.Pause(at(t, "24.11.2026 12:15"), sla.Resolved)
	s := l.At(at(t, "25.11.2026 08:00"))
	if s.Resolution.State != sla.StateMet || s.Resolution.Used != 2*time.Hour || s.Paused != 0 {
		t.Errorf("resolved: %+v", s)
	}
	wantInstant(t, "was due", s.Resolution.DueAt, "25.11.2026 10:15")
	l.Continue(at(t, "26.11.2026 14:00"))
	s = l.At(at(t, "26.11.2026 14:00"))
	if s.Resolution.State != sla.StateOK || s.Resolution.Used != 2*time.Hour || !s.Resolution.MetAt.IsZero() {
		t.Errorf("reopened: %+v", s.Resolution)
	}
	wantInstant(t, "due after reopening", s.Resolution.DueAt, "27.11.2026 12:00")
}

func TestAPolicyMayLetTheClockRunWhilePending(t *testing.T) {
	t.Parallel()
	p := sla.DefaultPolicy()
	p.KeepsRunning = []sla.Reason{sla.WaitingThirdParty}
	l := sla.Start(at(t, "24.11.2026 10:15"), p, sla.High, sla.DefaultCalendar(""))
	l.Pause(at(t, "24.11.2026 11:00"), sla.WaitingThirdParty)
	s := l.At(at(t, "24.11.2026 13:00"))
	if s.Resolution.State == sla.StatePaused || s.Paused != 0 {
		t.Errorf("waiting for others stops the clock: %+v", s)
	}
	wantInstant(t, "due", s.Resolution.DueAt, "25.11.2026 10:15")
	l.Pause(at(t, "24.11.2026 14:15"), sla.WaitingCustomer)
	l.Continue(at(t, "24.11.2026 15:15"))
	wantInstant(t, "due", l.At(at(t, "24.11.2026 16:00")).Resolution.DueAt, "25.11.2026 11:15")
}

func TestALowerTargetThanUsedIsBreachedAtOnce(t *testing.T) {
	t.Parallel()
	l := tuesday(t, sla.Normal)
	l.Respond(at(t, "24.11.2026 10:20"))
	l.Record(l.Milestones()[0])
	l.Change(at(t, "25.11.2026 15:00"), sla.PriorityChanged, sla.DefaultPolicy(), sla.Critical, sla.DefaultCalendar(""))
	s := l.At(at(t, "25.11.2026 15:00"))
	if s.State != sla.StateBreached || s.Resolution.Remaining != 4*time.Hour-(12*time.Hour+45*time.Minute) {
		t.Errorf("%s, %s left", s.State, s.Resolution.Remaining)
	}
	wantMilestones(t, &l, "25.11.2026 15:00 resolution/2/breach")
}

func TestABreachIsRecordedOnceAndStaysWhenTheTargetMoves(t *testing.T) {
	t.Parallel()
	l := tuesday(t, sla.High)
	l.Respond(at(t, "24.11.2026 10:20"))
	fire := func(now string) (keys []string) {
		come, _ := sla.Due(l.Milestones(), at(t, now))
		for _, m := range come {
			if !l.Record(m) {
				t.Errorf("%s is offered though it is recorded", m.Key())
			}
			keys = append(keys, m.Key())
		}
		return keys
	}
	if got := fire("25.11.2026 10:16"); !reflect.DeepEqual(got, []string{"response/1/met", "resolution/1/warning", "resolution/1/breach"}) {
		t.Errorf("first timer: %q", got)
	}
	for range 2 {
		if got := fire("25.11.2026 10:17"); got != nil {
			t.Errorf("the timer again: %q", got)
		}
	}
	l.Change(at(t, "25.11.2026 11:00"), sla.PriorityChanged, sla.DefaultPolicy(), sla.Low, sla.DefaultCalendar(""))
	if s := l.At(at(t, "25.11.2026 11:00")); s.State != sla.StateOK || len(l.Breaches()) != 1 {
		t.Errorf("%s with %d breaches", s.State, len(l.Breaches()))
	}
	l.Change(at(t, "25.11.2026 12:00"), sla.PriorityChanged, sla.DefaultPolicy(), sla.High, sla.DefaultCalendar(""))
	if got := fire("25.11.2026 12:00"); !reflect.DeepEqual(got, []string{"resolution/3/breach"}) || len(l.Breaches()) != 2 {
		t.Errorf("the new target's breach: %q", got)
	}
}

func TestALateTimerStillTellsABreachOfTheOldTarget(t *testing.T) {
	t.Parallel()
	l := tuesday(t, sla.High)
	l.Respond(at(t, "24.11.2026 10:20"))
	l.Change(at(t, "25.11.2026 10:20"), sla.PriorityChanged, sla.DefaultPolicy(), sla.Normal, sla.DefaultCalendar(""))
	wantMilestones(t, &l, "24.11.2026 10:20 response/1/met", "25.11.2026 10:15 resolution/1/breach", "27.11.2026 09:15 resolution/2/warning", "27.11.2026 10:15 resolution/2/breach")
	late := tuesday(t, sla.High)
	late.Respond(at(t, "24.11.2026 10:20"))
	late.Pause(at(t, "25.11.2026 10:20"), sla.Resolved)
	wantMilestones(t, &late, "24.11.2026 10:20 response/1/met", "25.11.2026 10:15 resolution/1/breach")
}

func TestACalendarMovesMilestonesButTellsNoneTwice(t *testing.T) {
	t.Parallel()
	l := tuesday(t, sla.Normal)
	l.Respond(at(t, "24.11.2026 10:15"))
	cal := sla.DefaultCalendar("")
	cal.SpecialDays = []company.SpecialDay{{Date: "2026-11-26"}}
	if !l.Change(at(t, "25.11.2026 12:00"), sla.CalendarChanged, sla.DefaultPolicy(), sla.Normal, cal) {
		t.Fatal("a new calendar changes nothing")
	}
	wantMilestones(t, &l, "24.11.2026 10:15 response/1/met", "30.11.2026 09:15 resolution/1/warning", "30.11.2026 10:15 resolution/1/breach")
	for _, m := range l.Milestones() {
		l.Record(m)
	}
	l.Change(at(t, "30.11.2026 10:30"), sla.CalendarChanged, sla.DefaultPolicy(), sla.Normal, sla.DefaultCalendar("BY"))
	wantMilestones(t, &l)
	if s := l.At(at(t, "30.11.2026 10:30")); s.State != sla.StateBreached {
		t.Errorf("%s after the calendar changed", s.State)
	}
}

func TestTheOldCalendarKeepsWhatWasUsedOnIt(t *testing.T) {
	t.Parallel()
	always := sla.DefaultPolicy()
	always.Targets[sla.High] = sla.Target{Resolution: 48 * 60, Clock: sla.AroundTheClock}
	l := sla.Start(at(t, "27.11.2026 17:00"), always, sla.High, sla.DefaultCalendar(""))
	l.Change(at(t, "28.11.2026 17:00"), sla.PolicyChanged, sla.Policy{Targets: map[sla.Priority]sla.Target{sla.High: {Resolution: 48 * 60}}}, sla.High, sla.DefaultCalendar(""))
	r := l.At(at(t, "29.11.2026 12:00")).Resolution
	if r.Used != 24*time.Hour {
		t.Errorf("%s of the night and the Saturday are used", r.Used)
	}
	wantInstant(t, "24 h are left, three working days", r.DueAt, "02.12.2026 17:00")
}

func TestASecondDeliveryChangesNothing(t *testing.T) {
	t.Parallel()
	l := tuesday(t, sla.Normal)
	noon := at(t, "24.11.2026 12:00")
	if !l.Pause(noon, sla.WaitingCustomer) || l.Pause(noon.Add(time.Hour), sla.WaitingCustomer) {
		t.Error("a pause begins twice")
	}
	if !l.Continue(noon.Add(time.Hour)) || l.Continue(noon.Add(2*time.Hour)) {
		t.Error("a pause ends twice")
	}
	if l.Change(noon, sla.PriorityChanged, sla.DefaultPolicy(), sla.Normal, sla.DefaultCalendar("")) {
		t.Error("the same terms are new")
	}
	if l.Pause(noon, "lunch") {
		t.Error("lunch is a reason")
	}
}

func TestACopyOfALedgerIsOnItsOwn(t *testing.T) {
	t.Parallel()
	l := tuesday(t, sla.Normal)
	l.Pause(at(t, "24.11.2026 11:00"), sla.WaitingCustomer)
	l.Continue(at(t, "24.11.2026 12:00"))
	l.Pause(at(t, "24.11.2026 13:00"), sla.WaitingCustomer)
	before, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	one, two := l, l
	for i, c := range []*sla.Ledger{&one, &two} {
		c.Continue(at(t, "24.11.2026 14:00").Add(time.Duration(i) * time.Minute))
		c.Pause(at(t, "24.11.2026 15:00").Add(time.Duration(i)*time.Minute), sla.Scheduled)
		c.Change(at(t, "24.11.2026 16:00"), sla.PriorityChanged, sla.DefaultPolicy(), sla.Priorities[i], sla.DefaultCalendar("BY"))
		c.Record(c.Milestones()[i])
	}
	if after, err := json.Marshal(l); err != nil || string(after) != string(before) {
		t.Errorf("the copies changed\n     %s\n to %s (%v)", before, after, err)
	}
	if one.Terms[1].Priority != sla.Critical || !one.Pauses[1].To.Equal(at(t, "24.11.2026 14:00")) || one.Recorded[0].Key() == two.Recorded[0].Key() {
		t.Errorf("the second copy changed the first: %+v", one)
	}
}

func TestAnEntryFromThePastIsTakenToBeJustNow(t *testing.T) {
	t.Parallel()
	l := tuesday(t, sla.Normal)
	l.Pause(at(t, "24.11.2026 12:00"), sla.WaitingCustomer)
	l.Pause(at(t, "24.11.2026 11:00"), sla.Scheduled)
	l.Continue(at(t, "24.11.2026 11:30"))
	if len(l.Pauses) != 0 {
		t.Errorf("pauses without length: %+v", l.Pauses)
	}
	l.Pause(at(t, "24.11.2026 13:00"), sla.Scheduled)
	l.Change(at(t, "24.11.2026 12:30"), sla.PriorityChanged, sla.DefaultPolicy(), sla.High, sla.DefaultCalendar(""))
	wantInstant(t, "the change", l.Terms[1].From, "24.11.2026 13:00")
}

func TestAMergeOrADeletionStopsBothClocksAndItsUndoingStartsThemAgain(t *testing.T) {
	t.Parallel()
	for _, gone := range []sla.Reason{sla.Merged, sla.Deleted} {
		l := tuesday(t, sla.Normal)
		l.Pause(at(t, "24.11.2026 12:15"), gone)
		s := l.At(at(t, "30.11.2026 12:00"))
		if s.State != sla.StateMet || s.Waiting != gone || s.Response.State != sla.StateNone || !s.Response.DueAt.IsZero() || !s.NextDue().IsZero() {
			t.Errorf("%s: %+v", gone, s)
		}
		wantMilestones(t, &l)
		l.Continue(at(t, "25.11.2026 12:15"))
		wantMilestones(t, &l, "25.11.2026 13:45 response/1/warning", "25.11.2026 14:15 response/1/breach", "30.11.2026 09:15 resolution/1/warning", "30.11.2026 10:15 resolution/1/breach")
	}
}

func TestWarningsByShareOfTheTarget(t *testing.T) {
	t.Parallel()
	p := sla.DefaultPolicy()
	p.ResolutionWarning = sla.Lead{Percents: []int{90, 50, 75}, Minutes: 30}
	l := sla.Start(at(t, "24.11.2026 09:00"), p, sla.High, sla.DefaultCalendar(""))
	l.Respond(at(t, "24.11.2026 09:00"))
	wantMilestones(t, &l, "24.11.2026 09:00 response/1/met", "24.11.2026 13:00 resolution/1/warning/50", "24.11.2026 15:00 resolution/1/warning/75",
		"24.11.2026 16:12 resolution/1/warning/90", "24.11.2026 16:30 resolution/1/warning", "24.11.2026 17:00 resolution/1/breach")
}

func TestALeadAsLongAsTheTargetIsHalfOfIt(t *testing.T) {
	t.Parallel()
	for minutes, want := range map[int][2]string{
		20: {"24.11.2026 09:10 response/1/warning", "24.11.2026 09:20 response/1/breach"},
		30: {"24.11.2026 09:15 response/1/warning", "24.11.2026 09:30 response/1/breach"},
		31: {"24.11.2026 09:01 response/1/warning", "24.11.2026 09:31 response/1/breach"},
	} {
		p := sla.Policy{Targets: map[sla.Priority]sla.Target{sla.Normal: {Response: minutes}}}
		l := sla.Start(at(t, "24.11.2026 09:00"), p, sla.Normal, sla.DefaultCalendar(""))
		wantMilestones(t, &l, want[0], want[1])
	}
}

func TestTheSameMinutesOnAnotherClockAreANewTarget(t *testing.T) {
	t.Parallel()
	p := sla.DefaultPolicy()
	l := sla.Start(at(t, "24.11.2026 10:15"), p, sla.High, sla.DefaultCalendar(""))
	p.Targets = map[sla.Priority]sla.Target{sla.High: {Resolution: 8 * 60, Clock: sla.AroundTheClock}}
	l.Change(at(t, "24.11.2026 12:15"), sla.PolicyChanged, p, sla.High, sla.DefaultCalendar(""))
	wantMilestones(t, &l, "24.11.2026 17:15 resolution/2/warning", "24.11.2026 18:15 resolution/2/breach")
}

func TestACaseIsAtRiskFromItsFirstWarningOn(t *testing.T) {
	t.Parallel()
	p := sla.DefaultPolicy()
	p.ResolutionWarning = sla.Lead{Percents: []int{50}, Minutes: 15}
	l := sla.Start(at(t, "24.11.2026 09:00"), p, sla.High, sla.DefaultCalendar(""))
	l.Respond(at(t, "24.11.2026 09:00"))
	for now, want := range map[string]sla.State{"24.11.2026 12:59": sla.StateOK, "24.11.2026 13:00": sla.StateAtRisk} {
		if s := l.At(at(t, now)); s.State != want {
			t.Errorf("%s: %s, wanted %s", now, s.State, want)
		}
	}
}

func TestTheTrafficLight(t *testing.T) {
	t.Parallel()
	l := tuesday(t, sla.Normal)
	l.Respond(at(t, "24.11.2026 11:00"))
	for _, tt := range []struct {
		name, now, state, light string
	}{
		{"far away", "25.11.2026 10:00", "ok", "green"},
		{"the evening before: an hour of clock time is not used, and it is not due within two hours", "26.11.2026 20:00", "ok", "green"},
		{"due within two hours", "27.11.2026 08:15", "at_risk", "amber"},
		{"after the warning", "27.11.2026 09:15", "at_risk", "amber"},
		{"due", "27.11.2026 10:15", "breached", "red"},
		{"long overdue", "27.12.2027 10:15", "breached", "red"},
	} {
		if s := l.At(at(t, tt.now)); string(s.State) != tt.state || s.State.Light() != tt.light {
			t.Errorf("%s: %s, %s", tt.name, s.State, s.State.Light())
		}
	}
	l.Pause(at(t, "25.11.2026 10:00"), sla.Scheduled)
	if s := l.At(at(t, "25.11.2026 11:00")); s.State.Light() != "grey" {
		t.Errorf("paused: %s", s.State.Light())
	}
	if s := (sla.Status{State: sla.StateNone}); s.State.Light() != "grey" {
		t.Errorf("none: %s", s.State.Light())
	}
}

func TestAnUnansweredCaseShowsTheWorstOfBoth(t *testing.T) {
	t.Parallel()
	l := tuesday(t, sla.Normal)
	for now, want := range map[string]sla.State{"24.11.2026 11:00": sla.StateOK, "24.11.2026 12:15": sla.StateAtRisk, "24.11.2026 14:15": sla.StateBreached} {
		if s := l.At(at(t, now)); s.State != want {
			t.Errorf("%s: %s, wanted %s", now, s.State, want)
		}
	}
	wantInstant(t, "next due", l.At(at(t, "24.11.2026 11:00")).NextDue(), "24.11.2026 14:15")
	l.Respond(at(t, "24.11.2026 11:00"))
	wantInstant(t, "next due once answered", l.At(at(t, "24.11.2026 11:00")).NextDue(), "27.11.2026 10:15")
}

func TestACaseWithoutTargetsHasNoState(t *testing.T) {
	t.Parallel()
	var untracked sla.Ledger
	untracked.Pause(at(t, "24.11.2026 12:00"), sla.Scheduled)
	untracked.Respond(at(t, "24.11.2026 12:00"))
	untracked.Change(at(t, "24.11.2026 12:00"), sla.PriorityChanged, sla.DefaultPolicy(), sla.High, sla.DefaultCalendar(""))
	none := sla.Start(at(t, "24.11.2026 10:15"), sla.Policy{}, sla.Normal, sla.DefaultCalendar(""))
	for name, l := range map[string]*sla.Ledger{"not tracked": &untracked, "no targets": &none} {
		if s := l.At(at(t, "27.11.2026 10:15")); s.State != sla.StateNone || !s.NextDue().IsZero() || len(l.Milestones()) != 0 {
			t.Errorf("%s: %+v", name, s)
		}
	}
	only := sla.Start(at(t, "24.11.2026 10:15"), sla.Policy{Targets: map[sla.Priority]sla.Target{sla.Normal: {Response: 60}}}, sla.Normal, sla.DefaultCalendar(""))
	if s := only.At(at(t, "24.11.2026 12:00")); s.State != sla.StateBreached {
		t.Errorf("only an answer is wanted: %s", s.State)
	}
}

func TestTheCaseRecordAsJSON(t *testing.T) {
	t.Parallel()
	l := tuesday(t, sla.Normal)
	l.Respond(at(t, "24.11.2026 11:00"))
	l.Pause(at(t, "24.11.2026 12:00"), sla.WaitingCustomer)
	got, err := json.Marshal(l.At(at(t, "24.11.2026 12:30")).Summary())
	if want := `{"response_due_at":"2026-11-24T13:15:00Z","response_met_at":"2026-11-24T10:00:00Z","paused_seconds":1800,"state":"paused"}`; err != nil || string(got) != want {
		t.Errorf("%s, wanted %s (%v)", got, want, err)
	}
}

// drawLedger lets anything happen to a case, each thing at least a minute after the last; then is told after each.
func drawLedger(t *rapid.T, then ...func(l *sla.Ledger, now time.Time)) (sla.Ledger, time.Time) {
	now := drawInstant(t, "start")
	cals := []sla.Calendar{drawCalendar(t), sla.DefaultCalendar("NW")}
	policy := sla.DefaultPolicy()
	policy.Targets[sla.Critical] = sla.Target{Response: 60, Resolution: 240, Clock: sla.AroundTheClock}
	if rapid.Bool().Draw(t, "keeps running") {
		policy.KeepsRunning = []sla.Reason{sla.Scheduled}
	}
	l := sla.Start(now, policy, rapid.SampledFrom(sla.Priorities[:]).Draw(t, "priority"), cals[0])
	for range rapid.IntRange(1, 8).Draw(t, "steps") {
		now = now.Add(time.Duration(rapid.IntRange(1, 3000).Draw(t, "minutes")) * time.Minute)
		switch rapid.IntRange(0, 4).Draw(t, "what") {
		case 0:
			l.Pause(now, rapid.SampledFrom([]sla.Reason{sla.WaitingCustomer, sla.WaitingThirdParty, sla.Scheduled, sla.Resolved, sla.Merged, sla.Deleted}).Draw(t, "reason"))
		case 1:
			l.Continue(now)
		case 2:
			l.Respond(now)
		case 3:
			l.Change(now, sla.PriorityChanged, policy, rapid.SampledFrom(sla.Priorities[:]).Draw(t, "new priority"), rapid.SampledFrom(cals).Draw(t, "new calendar"))
		case 4:
			come, _ := sla.Due(l.Milestones(), now)
			for _, m := range come {
				if m.At.Before(l.StartedAt) || m.At.After(now) || !l.Record(m) || l.Record(m) {
					t.Fatalf("%+v at %s", m, now)
				}
			}
		}
		for _, f := range then {
			f(&l, now)
		}
	}
	return l, now
}

// Whatever happens to a case: what is stored and read back says the same, used and left make the target, the clock never
// runs backwards, a due date is the instant at which the target is used up, and the past can be asked for.
func TestALedgerSaysTheSameWheneverItIsAsked(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		type memory struct {
			at     time.Time
			status sla.Status
		}
		var memories []memory
		used := time.Duration(0)
		l, _ := drawLedger(t, func(l *sla.Ledger, now time.Time) {
			s := l.At(now)
			if s.Resolution.Used < used {
				t.Fatalf("the resolution clock ran back from %s to %s", used, s.Resolution.Used)
			}
			used = s.Resolution.Used
			for _, r := range []sla.Reading{s.Response, s.Resolution} {
				if r.State != sla.StateNone && r.Used+r.Remaining != r.Target {
					t.Fatalf("%+v", r)
				}
				if r.State == sla.StateOK && !r.DueAt.After(now) {
					t.Fatalf("at %s: %+v", now, r)
				}
			}
			if r := s.Resolution; r.State == sla.StateOK || r.State == sla.StateAtRisk {
				if at := l.At(r.DueAt).Resolution; at.Used != at.Target || at.State != sla.StateBreached {
					t.Fatalf("due %s, and then %+v", r.DueAt, at)
				}
			}
			memories = append(memories, memory{now, s})
		})
		raw, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		var stored sla.Ledger
		if err := json.Unmarshal(raw, &stored); err != nil {
			t.Fatal(err)
		}
		for _, m := range memories {
			if got := stored.At(m.at); !reflect.DeepEqual(got, m.status) {
				t.Fatalf("at %s\n it was  %+v\n it says %+v\n %s", m.at, m.status, got, raw)
			}
		}
		if !reflect.DeepEqual(stored.Milestones(), l.Milestones()) {
			t.Fatal("the milestones are others after storing")
		}
	})
}
