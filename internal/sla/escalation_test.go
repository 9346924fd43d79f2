package sla_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/sla"
)

func wantFirings(t *testing.T, got []sla.Firing, want ...string) {
	t.Helper()
	var list []string
	for _, f := range got {
		list = append(list, f.At.In(berlin(t)).Format("02.01. 15:04 ")+f.Key())
	}
	if !reflect.DeepEqual(list, want) {
		t.Errorf("firings:\n got    %q\n wanted %q", list, want)
	}
}

func TestEachTriggerHasItsMoment(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		rule sla.Rule
		want []string
	}{
		{"before the response, as usual", sla.Rule{Trigger: sla.ResponseWarning}, []string{"24.11. 13:45 r/response/1/0"}},
		{"before the response", sla.Rule{Trigger: sla.ResponseWarning, Minutes: 90}, []string{"24.11. 12:45 r/response/1/0"}},
		{"when the response is overdue", sla.Rule{Trigger: sla.ResponseBreach}, []string{"24.11. 14:15 r/response/1/0"}},
		{"before the resolution, as usual", sla.Rule{Trigger: sla.ResolutionWarning}, []string{"27.11. 09:15 r/resolution/1/0"}},
		{"after the resolution was due, on the clock", sla.Rule{Trigger: sla.ResolutionBreach, Minutes: 8 * 60}, []string{"30.11. 10:15 r/resolution/1/0"}},
		{"nobody has touched it, as usual", sla.Rule{Trigger: sla.Idle}, []string{"24.11. 14:00 r/idle/2026-11-24T11:00:00Z/0"}},
		{"nobody has touched it for a working day", sla.Rule{Trigger: sla.Idle, Minutes: 8 * 60}, []string{"25.11. 12:00 r/idle/2026-11-24T11:00:00Z/0"}},
		{"nothing was raised", sla.Rule{Trigger: sla.PriorityRaised}, nil},
		{"no such trigger", sla.Rule{Trigger: "full_moon"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := tuesday(t, sla.Normal)
			tt.rule.ID, tt.rule.Active = "r", true
			wantFirings(t, l.Firings([]sla.Rule{tt.rule}, sla.Case{Priority: sla.Normal, TouchedAt: at(t, "24.11.2026 12:00")}, nil), tt.want...)
		})
	}
}

func TestARaisedPriorityFiresWhenItPassesTheRules(t *testing.T) {
	t.Parallel()
	l := tuesday(t, sla.Low)
	raise := func(when string, p sla.Priority) {
		l.Change(at(t, when), sla.PriorityChanged, sla.DefaultPolicy(), p, sla.DefaultCalendar(""))
	}
	rules := []sla.Rule{{ID: "high", Active: true, Trigger: sla.PriorityRaised}, {ID: "critical", Active: true, Trigger: sla.PriorityRaised, RaisedTo: sla.Critical}}
	raise("24.11.2026 11:00", sla.Normal)
	wantFirings(t, l.Firings(rules, sla.Case{Priority: sla.Normal}, nil))
	raise("24.11.2026 12:00", sla.Critical)
	wantFirings(t, l.Firings(rules, sla.Case{Priority: sla.Critical}, nil), "24.11. 12:00 critical/priority/3/0", "24.11. 12:00 high/priority/3/0")
	raise("24.11.2026 13:00", sla.High)
	wantFirings(t, l.Firings(rules, sla.Case{Priority: sla.High}, nil), "24.11. 12:00 high/priority/3/0")
	raise("24.11.2026 14:00", sla.Low)
	raise("24.11.2026 15:00", sla.High)
	taken := []sla.Firing{{RuleID: "high", Instance: "priority/3"}}
	wantFirings(t, l.Firings(rules, sla.Case{Priority: sla.High}, taken), "24.11. 15:00 high/priority/6/0")
}

func TestARuleFiresOncePerInstanceAndRepeatsAsOftenAsItSays(t *testing.T) {
	t.Parallel()
	l := tuesday(t, sla.High) // due on Wednesday at 10:15
	rule := sla.Rule{ID: "r", Active: true, Trigger: sla.ResolutionBreach, RepeatEvery: 240, RepeatTimes: 3}
	c := sla.Case{Priority: sla.High}
	all := l.Firings([]sla.Rule{rule}, c, nil)
	wantFirings(t, all, "25.11. 10:15 r/resolution/1/0", "25.11. 14:15 r/resolution/1/1", "26.11. 10:15 r/resolution/1/2", "26.11. 14:15 r/resolution/1/3")
	come, again := sla.DueFirings(all, at(t, "25.11.2026 12:00"))
	wantFirings(t, come, "25.11. 10:15 r/resolution/1/0")
	wantInstant(t, "again", again, "25.11.2026 14:15")
	wantFirings(t, l.Firings([]sla.Rule{rule}, c, come), "25.11. 14:15 r/resolution/1/1", "26.11. 10:15 r/resolution/1/2", "26.11. 14:15 r/resolution/1/3")
	after, again := sla.DueFirings(all, at(t, "26.11.2026 12:00"))
	wantFirings(t, after, "26.11. 10:15 r/resolution/1/2") // of those that an outage has missed only the last
	wantInstant(t, "again", again, "26.11.2026 14:15")
	wantFirings(t, l.Firings([]sla.Rule{rule}, c, after), "26.11. 14:15 r/resolution/1/3")
	wantFirings(t, l.Firings([]sla.Rule{rule}, c, all))
	l.Change(at(t, "27.11.2026 10:00"), sla.PriorityChanged, sla.DefaultPolicy(), sla.Critical, sla.DefaultCalendar(""))
	if got := l.Firings([]sla.Rule{rule}, c, all); len(got) != 4 || got[0].Instance != "resolution/2" {
		t.Errorf("the new target is a new instance: %v", got)
	}
}

func TestRulesRestWhileTheirClockDoes(t *testing.T) {
	t.Parallel()
	rules := []sla.Rule{
		{ID: "breach", Active: true, Trigger: sla.ResolutionBreach, RepeatEvery: 60, RepeatTimes: 5}, {ID: "idle", Active: true, Trigger: sla.Idle},
		{ID: "answer", Active: true, Trigger: sla.ResponseBreach},
	}
	l := tuesday(t, sla.Critical) // answer due at 11:15, solution at 14:15
	l.Pause(at(t, "24.11.2026 12:00"), sla.WaitingCustomer)
	wantFirings(t, l.Firings(rules, sla.Case{Priority: sla.Critical}, nil), "24.11. 11:15 answer/response/1/0")
	l.Respond(at(t, "24.11.2026 11:00"))
	wantFirings(t, l.Firings(rules, sla.Case{Priority: sla.Critical}, nil))
	l.Continue(at(t, "24.11.2026 16:00"))
	if got := l.Firings(rules, sla.Case{Priority: sla.Critical}, nil); len(got) != 7 || got[0].RuleID != "idle" {
		t.Errorf("after the pause: %v", got)
	}
	l.Pause(at(t, "27.11.2026 12:00"), sla.Resolved)
	wantFirings(t, l.Firings(rules, sla.Case{Priority: sla.Critical}, nil))
	var untracked sla.Ledger
	wantFirings(t, untracked.Firings(rules, sla.Case{}, nil))
}

func TestANewRuleDoesNotWakeOldCases(t *testing.T) {
	t.Parallel()
	l := tuesday(t, sla.Critical)
	rule := sla.Rule{ID: "r", Active: true, Trigger: sla.ResolutionBreach, RepeatEvery: 60, RepeatTimes: 5, ActiveSince: at(t, "24.11.2026 14:16")}
	wantFirings(t, l.Firings([]sla.Rule{rule}, sla.Case{Priority: sla.Critical}, nil))
	rule.ActiveSince = at(t, "24.11.2026 14:15")
	if got := l.Firings([]sla.Rule{rule}, sla.Case{Priority: sla.Critical}, nil); len(got) != 6 {
		t.Errorf("active when it was due: %v", got)
	}
	rule.Active = false
	wantFirings(t, l.Firings([]sla.Rule{rule}, sla.Case{Priority: sla.Critical}, nil))
}

func TestAWarningRepeatsOnlyBeforeTheFact(t *testing.T) {
	t.Parallel()
	l := tuesday(t, sla.High)
	rule := sla.Rule{ID: "r", Active: true, Trigger: sla.ResolutionWarning, Minutes: 150, RepeatEvery: 60, RepeatTimes: 5}
	wantFirings(t, l.Firings([]sla.Rule{rule}, sla.Case{Priority: sla.High}, nil), "24.11. 15:45 r/resolution/1/0", "24.11. 16:45 r/resolution/1/1", "25.11. 09:45 r/resolution/1/2")
	l.Change(at(t, "24.11.2026 15:00"), sla.PriorityChanged, sla.DefaultPolicy(), sla.Critical, sla.DefaultCalendar(""))
	wantFirings(t, l.Firings([]sla.Rule{rule}, sla.Case{Priority: sla.Critical}, nil)) // overdue at once: nothing is left to warn of
}

func TestConditions(t *testing.T) {
	t.Parallel()
	c := sla.Case{Priority: sla.High, Type: "incident", CategoryPath: []string{"it", "netz", "vpn"}, GroupID: "g1"}
	for _, tt := range []struct {
		name string
		when sla.Conditions
		want bool
	}{
		{"none fit all", sla.Conditions{}, true},
		{"one of a kind", sla.Conditions{Priorities: []sla.Priority{sla.Critical, sla.High}}, true},
		{"none of a kind", sla.Conditions{Priorities: []sla.Priority{sla.Critical}}, false},
		{"a category's child", sla.Conditions{Categories: []string{"it"}}, true},
		{"another category", sla.Conditions{Categories: []string{"telefon"}}, false},
		{"all kinds", sla.Conditions{Priorities: []sla.Priority{sla.High}, Types: []string{"incident"}, Categories: []string{"vpn"}, Groups: []string{"g1", "g2"}}, true},
		{"all kinds but one", sla.Conditions{Priorities: []sla.Priority{sla.High}, Types: []string{"incident"}, Categories: []string{"vpn"}, Groups: []string{"g2"}}, false},
		{"another type", sla.Conditions{Types: []string{"request"}}, false},
	} {
		l := tuesday(t, sla.High)
		got := l.Firings([]sla.Rule{{ID: "r", Active: true, Trigger: sla.ResolutionBreach, When: tt.when}}, c, nil)
		if (len(got) == 1) != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

func ours(ids ...string) func(string) bool {
	return func(id string) bool { return strings.Contains(" "+strings.Join(ids, " ")+" ", " "+id+" ") && id != "" }
}

func TestEffects(t *testing.T) {
	t.Parallel()
	day := at(t, "24.11.2026 14:15")
	c := sla.Case{Priority: sla.Normal, GroupID: "g1", AssigneeID: "anna", Number: "TKT-2026-00042", Category: "VPN", Status: "Offen"}
	rule := sla.Rule{Name: "Chef rufen", Actions: []sla.Action{
		{Kind: sla.RaisePriority}, {Kind: sla.RaisePriority, Priority: sla.Normal}, {Kind: sla.ReassignGroup, GroupID: "g2"}, {Kind: sla.ReassignGroup, GroupID: "g2"},
		{Kind: sla.ReassignGroup, GroupID: "fremd"}, {Kind: sla.SendEmail, To: []string{"leads"}, Subject: "{number}: {priority}"}, {Kind: sla.CallWebhook, URL: "https://example.com/hook"}, {Kind: "dance"},
	}}
	want := []sla.Effect{
		{Kind: sla.RaisePriority, Priority: sla.High, Reason: "Chef rufen"},
		{Kind: sla.RaisePriority, Priority: sla.Normal, Reason: "Chef rufen", Skipped: sla.NotUpwards},
		{Kind: sla.ReassignGroup, GroupID: "g2", ClearAssignee: true},
		{Kind: sla.ReassignGroup, GroupID: "g2", ClearAssignee: true, Skipped: sla.AlreadyThere},
		{Kind: sla.ReassignGroup, GroupID: "fremd", ClearAssignee: true, Skipped: sla.GroupUnavailable},
		{Kind: sla.SendEmail, To: []string{"leads"}, Subject: "TKT-2026-00042: Hoch", NotBefore: day.UTC()},
		{Kind: sla.CallWebhook, URL: "https://example.com/hook"},
		{Kind: "dance", Skipped: sla.NothingToDo},
	}
	got := rule.Effects(c, ours("g1", "g2"), day)
	for i := range want {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("effect %d: %+v, wanted %+v", i, got[i], want[i])
		}
	}
}

func TestQuietHoursHoldMailsToPeopleUntilTheMorning(t *testing.T) {
	t.Parallel()
	rule := sla.Rule{Name: "Nacht", Actions: []sla.Action{{Kind: sla.SendEmail, To: []string{"assignee"}}}}
	for _, tt := range []struct {
		now      string
		priority sla.Priority
		want     string
	}{
		{"24.11.2026 21:59", sla.High, "24.11.2026 21:59"},
		{"24.11.2026 22:00", sla.High, "25.11.2026 07:00"},
		{"25.11.2026 06:59", sla.High, "25.11.2026 07:00"},
		{"25.11.2026 07:00", sla.High, "25.11.2026 07:00"},
		{"24.11.2026 23:00", sla.Critical, "24.11.2026 23:00"},
		{"28.03.2026 23:30", sla.Normal, "29.03.2026 07:00"},
		{"24.10.2026 23:30", sla.Normal, "25.10.2026 07:00"},
		{"31.12.2026 22:30", sla.Low, "01.01.2027 07:00"},
	} {
		e := rule.Effects(sla.Case{Priority: tt.priority}, nil, at(t, tt.now))
		wantInstant(t, tt.now+" "+string(tt.priority), e[0].NotBefore, tt.want)
	}
	raised := sla.Rule{Actions: []sla.Action{{Kind: sla.RaisePriority, Priority: sla.Critical}, {Kind: sla.SendEmail, To: []string{"leads"}}}}
	wantInstant(t, "raised to critical first", raised.Effects(sla.Case{Priority: sla.Low}, nil, at(t, "24.11.2026 23:00"))[1].NotBefore, "24.11.2026 23:00")
}

func TestSubjectsAreOneLineAndNeverBlank(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, subject, category, want string }{
		{"the usual", " ", "Drucker", "Eskalation TKT-2026-00042 (Hoch): Drucker, Offen"},
		{"nothing known of the category", "", "", "Eskalation TKT-2026-00042 (Hoch): –, Offen"},
		{"a header smuggled in", "{category}", "Drucker\r\nBcc: alle@example.com", "Drucker Bcc: alle@example.com"},
		{"a variable smuggled in", "{category}!", "{number}", "{number}!"},
		{"right-to-left marks", "{category}", "Dru\u202ecker\u200b", "Drucker"},
		{"too long", "{category}", strings.Repeat("ä", 300), strings.Repeat("ä", 254) + "…"},
	} {
		rule := sla.Rule{Actions: []sla.Action{{Kind: sla.SendEmail, To: []string{"leads"}, Subject: tt.subject}}}
		c := sla.Case{Number: "TKT-2026-00042", Priority: sla.High, Category: tt.category, Status: "Offen"}
		if got := rule.Effects(c, nil, at(t, "24.11.2026 12:00"))[0].Subject; got != tt.want {
			t.Errorf("%s: %q, wanted %q", tt.name, got, tt.want)
		}
	}
}

func TestEscalatingByHandNeedsAReason(t *testing.T) {
	t.Parallel()
	known := sla.Known{Group: ours("g2")}
	c := sla.Case{Priority: sla.Normal, GroupID: "g1"}
	actions := []sla.Action{{Kind: sla.ReassignGroup, GroupID: "g2"}, {Kind: sla.RaisePriority}}
	got, faults := sla.Escalate("  Kunde ist Großkunde  ", actions, c, known, at(t, "24.11.2026 12:00"))
	want := []sla.Effect{{Kind: sla.ReassignGroup, GroupID: "g2", ClearAssignee: true}, {Kind: sla.RaisePriority, Priority: sla.High, Reason: "Kunde ist Großkunde"}}
	if len(faults) > 0 || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, faults)
	}
	for name, tt := range map[string]struct {
		reason  string
		actions []sla.Action
		want    sla.Fault
	}{
		"no reason":       {" x ", actions, sla.Fault{Field: "reason", Code: "missing"}},
		"a novel":         {strings.Repeat("x", 1001), actions, sla.Fault{Field: "reason", Code: "too-long"}},
		"no action":       {"warum auch immer", nil, sla.Fault{Field: "actions", Code: "missing"}},
		"a foreign group": {"warum auch immer", []sla.Action{{Kind: sla.ReassignGroup, GroupID: "fremd"}}, sla.Fault{Field: "actions.0.group_id", Code: "unknown"}},
	} {
		if got, faults := sla.Escalate(tt.reason, tt.actions, c, known, at(t, "24.11.2026 12:00")); got != nil || len(faults) != 1 || faults[0] != tt.want {
			t.Errorf("%s: %v, %v", name, got, faults)
		}
	}
}

func TestCheckOfARule(t *testing.T) {
	t.Parallel()
	known := sla.Known{Type: ours("incident", "request", "inquiry"), Category: ours("it"), Group: ours("g1")}
	good := func() sla.Rule {
		return sla.Rule{
			Name: "Überfällig", Trigger: sla.ResolutionBreach, Minutes: 10_080, RepeatEvery: 60, RepeatTimes: 5,
			When: sla.Conditions{Priorities: []sla.Priority{sla.High}, Types: []string{"incident"}, Categories: []string{"it"}, Groups: []string{"g1"}},
			Actions: []sla.Action{
				{Kind: sla.SendEmail, To: []string{"assignee", "group", "leads", "chef@example.com"}, Subject: "{number} {priority} {category} {status}"},
				{Kind: sla.ReassignGroup, GroupID: "g1"}, {Kind: sla.RaisePriority}, {Kind: sla.CallWebhook, URL: "https://example.com/hook"},
			},
		}
	}
	if faults := good().Check(known); len(faults) > 0 {
		t.Fatalf("a good rule: %v", faults)
	}
	for want, spoil := range map[string]func(*sla.Rule){
		"name missing":                           func(r *sla.Rule) { r.Name = "" },
		"name too-long":                          func(r *sla.Rule) { r.Name = strings.Repeat("ü", 151) },
		"trigger unknown-trigger":                func(r *sla.Rule) { r.Trigger = "full_moon" },
		"minutes out-of-range":                   func(r *sla.Rule) { r.Minutes = 10_081 },
		"raised_to unknown-priority":             func(r *sla.Rule) { r.RaisedTo = "urgent" },
		"conditions.priorities unknown-priority": func(r *sla.Rule) { r.When.Priorities = []sla.Priority{"urgent"} },
		"conditions.types unknown":               func(r *sla.Rule) { r.When.Types = []string{"problem"} },
		"conditions.category_ids unknown":        func(r *sla.Rule) { r.When.Categories = []string{"fremd"} },
		"conditions.group_ids unknown":           func(r *sla.Rule) { r.When.Groups = []string{"fremd"} },
		"repeat_every_minutes out-of-range":      func(r *sla.Rule) { r.RepeatEvery = 59 },
		"repeat_times out-of-range":              func(r *sla.Rule) { r.RepeatTimes = 6 },
		"actions missing":                        func(r *sla.Rule) { r.Actions = nil },
		"actions too-many": func(r *sla.Rule) {
			r.Actions = append(r.Actions, r.Actions[1], r.Actions[1], r.Actions[1], r.Actions[1], r.Actions[1], r.Actions[1], r.Actions[1])
		},
		"actions.0.to missing":                func(r *sla.Rule) { r.Actions[0].To = nil },
		"actions.0.to too-many":               func(r *sla.Rule) { r.Actions[0].To = strings.Fields(strings.Repeat("leads ", 11)) },
		"actions.0.to no-address":             func(r *sla.Rule) { r.Actions[0].To = []string{"Chef <chef@example.com>"} },
		"actions.0.subject too-long":          func(r *sla.Rule) { r.Actions[0].Subject = strings.Repeat("x", 256) },
		"actions.0.subject unknown-variable":  func(r *sla.Rule) { r.Actions[0].Subject = "{number} {phone}" },
		"actions.1.group_id unknown":          func(r *sla.Rule) { r.Actions[1].GroupID = "" },
		"actions.2.priority unknown-priority": func(r *sla.Rule) { r.Actions[2].Priority = "urgent" },
		"actions.3.url no-https":              func(r *sla.Rule) { r.Actions[3].URL = "http://example.com" },
		"actions.3.kind unknown-kind":         func(r *sla.Rule) { r.Actions[3].Kind = "dance" },
	} {
		r := good()
		spoil(&r)
		if faults := r.Check(known); len(faults) != 1 || fmt.Sprintf("%s %s", faults[0].Field, faults[0].Code) != want {
			t.Errorf("%s: %v", want, faults)
		}
	}
	r := good()
	r.Actions[0].Subject = "{number"
	if faults := r.Check(sla.Known{}); len(faults) != 5 {
		t.Errorf("what nobody can tell is not known: %v", faults)
	}
}

func TestFiringsAreQuickForACaseOfManyYears(t *testing.T) {
	t.Parallel()
	l := sla.Start(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), sla.DefaultPolicy(), sla.Low, sla.DefaultCalendar("BY"))
	l.Change(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), sla.PriorityChanged, sla.DefaultPolicy(), sla.High, sla.DefaultCalendar("BY"))
	if got := l.Firings([]sla.Rule{{ID: "r", Active: true, Trigger: sla.Idle}}, sla.Case{Priority: sla.High, TouchedAt: time.Date(9998, 1, 1, 0, 0, 0, 0, time.UTC)}, nil); len(got) != 0 {
		t.Errorf("after forty years nothing counts: %v", got)
	}
}
