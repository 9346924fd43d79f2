package sla_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/sla"
)

// FuzzCalendar: whatever a calendar says, counting on it neither fails nor hangs, and what is due has been counted.
func FuzzCalendar(f *testing.F) {
	for _, c := range []string{
		`{"timezone":"Europe/Berlin","bundesland":"BY","local_holidays":["friedensfest"],"business_hours":{"monday":["09:00-12:00","13:00-24:00"]},"half_days":["12-24"],"special_days":[{"date":"2026-03-29","ranges":["02:00-03:00"]}]}`,
		`{"business_hours":{"sunday":["02:30-02:30","02:00-25:00"]}}`, `{"timezone":"Africa/Cairo","business_hours":{"friday":["00:00-24:00"]}}`, `{}`, `null`,
	} {
		f.Add(c, int64(1_774_738_800), int32(240), int32(90), int32(600))
	}
	f.Fuzz(func(t *testing.T, raw string, start int64, target, pauseAfter, pauseFor int32) {
		var c sla.Calendar
		if len(raw) > 2_000 || json.Unmarshal([]byte(raw), &c) != nil {
			return
		}
		from := time.Unix(start%8_000_000_000, 0)
		c.Check(from)
		h := c.Hours()
		minutes := time.Duration(target%5_000) * time.Minute
		pause := sla.Span{From: from.Add(time.Duration(pauseAfter%10_000) * time.Minute), To: from.Add(time.Duration(pauseFor%10_000) * time.Minute)}
		for _, clock := range []sla.Clock{sla.Business, sla.AroundTheClock} {
			due, ok := h.Due(clock, from, minutes, pause)
			if !ok {
				continue
			}
			if due.Before(from) {
				t.Errorf("due %s before %s", due, from)
			}
			if used := h.Elapsed(clock, from, due, pause); used != max(minutes, 0) {
				t.Errorf("%s are due %s, and by then %s are used", minutes, due, used)
			}
		}
	})
}

// FuzzLedger: a ledger that was stored by nobody we know is read without failing, and says the same twice.
func FuzzLedger(f *testing.F) {
	start := time.Date(2026, 11, 24, 9, 15, 0, 0, time.UTC)
	l := sla.Start(start, sla.DefaultPolicy(), sla.Normal, sla.DefaultCalendar("SN"))
	l.Pause(start.Add(time.Hour), sla.WaitingCustomer)
	l.Continue(start.Add(20 * time.Hour))
	l.Change(start.Add(21*time.Hour), sla.PriorityChanged, sla.DefaultPolicy(), sla.High, sla.DefaultCalendar("SN"))
	l.Respond(start.Add(22 * time.Hour))
	for _, m := range l.Milestones()[:2] {
		l.Record(m)
	}
	l.Pause(start.Add(30*time.Hour), sla.Resolved)
	raw, err := json.Marshal(l)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(raw), int64(1_795_600_000))
	f.Add(`{"terms":[{"calendar":7,"target":{"response_minutes":-5,"resolution_minutes":9,"clock":"lunar"}},{"from":"0001-01-01T00:00:00Z"}],"pauses":[{"reason":"lunch"}]}`, int64(0))
	f.Add(`{}`, int64(-1))
	f.Fuzz(func(t *testing.T, raw string, at int64) {
		var l sla.Ledger
		if len(raw) > 4_000 || json.Unmarshal([]byte(raw), &l) != nil {
			return
		}
		now := time.Unix(at%100_000_000_000, 0)
		s := l.At(now)
		for _, g := range sla.Goals {
			if e := l.Explain(g, now); e.Question == "" || e.Verdict == "" {
				t.Errorf("nothing is said: %+v", e)
			}
		}
		rules := []sla.Rule{{ID: "r", Active: true, Trigger: sla.Idle, RepeatEvery: 60, RepeatTimes: 5}, {ID: "s", Active: true, Trigger: sla.ResolutionWarning}, {ID: "t", Active: true, Trigger: sla.PriorityRaised}}
		l.Firings(rules, sla.Case{Priority: s.Priority}, nil)
		for _, m := range l.Milestones() {
			if !l.Record(m) || l.Record(m) {
				t.Errorf("%s is recorded as often as it is offered", m.Key())
			}
		}
		if again := l.At(now); again.State != s.State || !again.NextDue().Equal(s.NextDue()) {
			t.Errorf("first %+v, then %+v", s, again)
		}
	})
}

// FuzzSubject: whatever stands in a case, a subject is one line and not empty.
func FuzzSubject(f *testing.F) {
	f.Add("{number}: {category}", "Drucker\r\nBcc: x")
	f.Add("", "\u202e")
	f.Add("{{number}", "{status}")
	f.Fuzz(func(t *testing.T, template, category string) {
		rule := sla.Rule{Actions: []sla.Action{{Kind: sla.SendEmail, To: []string{"leads"}, Subject: template}}}
		subject := rule.Effects(sla.Case{Number: "TKT-2026-00001", Priority: sla.High, Category: category, Status: "Offen"}, nil, time.Unix(0, 0))[0].Subject
		runes := []rune(subject)
		if len(runes) == 0 || len(runes) > 255 {
			t.Errorf("%q and %q make a subject of %d letters", template, category, len(runes))
		}
		for _, r := range runes {
			if r < ' ' || r == 0x7f || r == 0x2028 || r == 0x2029 {
				t.Errorf("%q and %q make %q", template, category, subject)
			}
		}
	})
}
