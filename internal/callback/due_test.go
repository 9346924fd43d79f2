package callback_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/askpro/gateway/internal/callback"
	"github.com/askpro/gateway/internal/company"
)

// asked is a request made at a time and given to Anna.
func asked(now time.Time) callback.Request {
	r := callback.Request{ID: "r", Status: callback.Assigned, AssignedTo: "1", Priority: callback.Normal, CreatedAt: now}
	r.PromisedUntil, r.ExpiresAt = callback.Promise(office(), r.Priority, now)
	return r
}

func ref(t time.Time) *time.Time { return &t }

func TestDue(t *testing.T) {
	t.Parallel()
	with := func(created time.Time, change func(*callback.Request)) callback.Request {
		r := asked(created)
		change(&r)
		return r
	}
	monday := asked(at(13, 9, 0))
	for _, tt := range []struct {
		name   string
		r      callback.Request
		now    time.Time
		level  callback.Level
		reason callback.Reason
		next   time.Time // as it stands
	}{
		{"nothing for an hour", monday, at(13, 9, 59), callback.Nothing, "", at(13, 10, 0)},
		{"a warning after an hour", monday, at(13, 10, 0), callback.Warn, "", at(13, 10, 0)},
		{"critical after an hour and a half, even if nobody was warned", monday, at(13, 10, 30), callback.Critical, "", at(13, 10, 0)},
		{"an escalation after two hours, even if the others were missed", monday, at(13, 11, 0), callback.Escalate, callback.Breach, at(13, 10, 0)},
		{"one step only, however late", monday, at(17, 11, 0), callback.Escalate, callback.Breach, at(13, 10, 0)},
		{"business minutes: half an hour on Friday, half an hour on Monday", asked(at(10, 17, 30)), at(13, 9, 29), callback.Nothing, "", at(13, 9, 30)},
		{"asked on Sunday", asked(at(12, 15, 0)), at(13, 10, 0), callback.Warn, "", at(13, 10, 0)},
		{"exactly when the branch closes", asked(at(13, 17, 0)), at(13, 18, 0), callback.Warn, "", at(13, 18, 0)},
		{"a holiday does not count (the 3rd of October)", asked(at(2, 17, 30)), at(4, 12, 0), callback.Nothing, "", at(6, 9, 30)},
		{"nor does the weekend in which the clocks change", asked(at(24, 17, 30)), at(26, 12, 0), callback.Nothing, "", at(27, 9, 30)},
		{"warned once, critical follows", with(at(13, 9, 0), func(r *callback.Request) { r.WarnedAt = ref(at(13, 10, 0)) }), at(13, 10, 29), callback.Nothing, "", at(13, 10, 30)},
		{"after all steps the warning comes again a day later", with(at(13, 9, 0), func(r *callback.Request) {
			r.WarnedAt, r.CriticalAt, r.BreachedAt, r.EscalatedAt = ref(at(13, 10, 0)), ref(at(13, 10, 30)), ref(at(13, 11, 0)), ref(at(13, 11, 0))
		}), at(14, 9, 59), callback.Nothing, "", at(14, 10, 0)},
		{"a step that would come again at the weekend waits for Monday", with(at(10, 9, 0), func(r *callback.Request) {
			r.WarnedAt, r.CriticalAt, r.BreachedAt, r.EscalatedAt = ref(at(10, 10, 0)), ref(at(10, 10, 30)), ref(at(10, 11, 0)), ref(at(10, 11, 0))
		}), at(12, 23, 0), callback.Nothing, "", at(13, 9, 0)},
		{"nor is anybody warned again just before the escalation", with(at(10, 16, 1), func(r *callback.Request) {
			r.WarnedAt, r.CriticalAt = ref(at(10, 17, 1)), ref(at(10, 17, 31))
		}), at(13, 9, 0), callback.Nothing, "", at(13, 9, 1)},
		{"contact starts the minutes anew", with(at(13, 9, 0), func(r *callback.Request) {
			r.Status, r.ContactedAt, r.Tries = callback.Contacted, ref(at(13, 9, 50)), 1
		}), at(13, 10, 30), callback.Nothing, "", at(13, 10, 50)},
		{"contact does not make a warning come twice a day", with(at(13, 9, 0), func(r *callback.Request) {
			r.WarnedAt, r.ContactedAt = ref(at(13, 10, 0)), ref(at(13, 10, 10))
		}), at(13, 11, 20), callback.Nothing, "", at(13, 11, 40)},
		{"three tries of one person go to another", with(at(13, 9, 0), func(r *callback.Request) { r.ContactedAt, r.Tries = ref(at(13, 9, 20)), 3 }), at(13, 9, 20), callback.Escalate, callback.Failed, at(13, 9, 20)},
		{"but not within four hours of another escalation", with(at(13, 9, 0), func(r *callback.Request) {
			r.ContactedAt, r.Tries, r.EscalatedAt = ref(at(13, 9, 20)), 3, ref(at(13, 9, 10))
		}), at(13, 10, 0), callback.Nothing, "", at(13, 10, 20)},
		{"an escalation for time waits for that too", with(at(13, 9, 0), func(r *callback.Request) {
			r.WarnedAt, r.CriticalAt, r.EscalatedAt = ref(at(13, 10, 0)), ref(at(13, 10, 30)), ref(at(13, 10, 40))
		}), at(13, 14, 39), callback.Nothing, "", at(13, 14, 40)},
		{"its time is over", with(at(13, 9, 0), func(r *callback.Request) { r.ExpiresAt = at(13, 9, 30) }), at(13, 9, 30), callback.Lapse, "", at(13, 9, 30)},
	} {
		level, reason := callback.Due(office(), tt.r, tt.now)
		next, open := callback.Next(office(), tt.r)
		if level != tt.level || reason != tt.reason || !open || !next.Equal(tt.next) {
			t.Errorf("%s: %q %q, next %s", tt.name, level, reason, next.In(company.Berlin()))
		}
	}
}

func TestNothingIsDueAboutWhatIsOver(t *testing.T) {
	t.Parallel()
	for _, s := range []callback.Status{callback.Completed, callback.Cancelled, callback.Expired} {
		r := asked(at(1, 9, 0))
		r.Status = s
		if level, _ := callback.Due(office(), r, at(30, 9, 0)); level != callback.Nothing {
			t.Errorf("%s: %s", s, level)
		}
		if _, open := callback.Next(office(), r); open {
			t.Errorf("%s is looked at again", s)
		}
	}
}

func TestAnEscalationByHandHasItsPause(t *testing.T) {
	t.Parallel()
	r := asked(at(13, 9, 0)).Took(office(), callback.Escalate, callback.Manual, at(13, 9, 30))
	if r.MayEscalate(at(13, 13, 29)) != callback.ErrTooSoon || r.MayEscalate(at(13, 13, 30)) != nil {
		t.Error("four hours are not kept")
	}
	if level, _ := callback.Due(office(), r, at(13, 11, 0)); level != callback.Critical {
		t.Errorf("at the time of the next escalation it is %q", level)
	}
}

// taken is a step as it was taken.
type taken struct {
	level callback.Level
	at    time.Time
}

// live lets a timer wake somebody at its time, late by as much as late says; contact, where it is not zero, is a call back
// at the first waking after it.
func live(b company.Branch, r callback.Request, late func() time.Duration, contact time.Time) (steps []taken, last callback.Request) {
	now := r.CreatedAt
	for range 300 {
		next, open := callback.Next(b, r)
		if !open {
			break
		}
		if next.After(now) {
			now = next
		}
		now = now.Add(late())
		if !contact.IsZero() && !now.Before(contact) {
			r, _ = r.Contact(contact)
			contact = time.Time{}
			continue
		}
		level, why := callback.Due(b, r, now)
		switch level {
		case callback.Nothing:
			continue
		case callback.Lapse:
			r, _ = r.Expire(now)
		default:
			r = r.Took(b, level, why, now)
		}
		steps = append(steps, taken{level, now})
	}
	return steps, r
}

func hours(t *rapid.T) company.Branch {
	b := company.Branch{Timezone: "Europe/Berlin", Land: "BY", ClosedOnPublicHolidays: rapid.Bool().Draw(t, "holidays"), BusinessHours: map[string][]string{}}
	tables := [][]string{nil, {"09:00-18:00"}, {"08:00-12:00", "13:00-17:00"}, {"10:00-10:45"}, {"00:00-24:00"}, {"22:00-24:00"}}
	for _, day := range []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"} {
		b.BusinessHours[day] = rapid.SampledFrom(tables).Draw(t, day)
	}
	return b
}

func instant(t *rapid.T) time.Time {
	return time.Date(2025, 9, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 300*24*60).Draw(t, "minute")) * time.Minute)
}

// Whatever the hours and however late the timer: a request comes to its end, each step is taken at most once in 24 hours,
// escalations lie four hours apart, steps come at or after their business minutes, and only while the branch is open or
// because the timer was late.
func TestStepsKeepTheirDistance(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := hours(t)
		r := asked(instant(t))
		r.PromisedUntil, r.ExpiresAt = callback.Promise(b, r.Priority, r.CreatedAt)
		lateness := rapid.SampledFrom([]time.Duration{0, 0, time.Minute, 3 * time.Hour}).Draw(t, "late")
		steps, last := live(b, r, func() time.Duration { return lateness }, time.Time{})
		if last.Status != callback.Expired || len(steps) == 0 || steps[len(steps)-1].level != callback.Lapse {
			t.Fatalf("it never ends: %v", steps)
		}
		before := map[callback.Level]time.Time{}
		for _, s := range steps[:len(steps)-1] {
			if was, twice := before[s.level]; twice && s.at.Sub(was) < 24*time.Hour {
				t.Fatalf("%s at %s and at %s", s.level, was, s.at)
			}
			before[s.level] = s.at
			minutes := map[callback.Level]time.Duration{callback.Warn: 60, callback.Critical: 90, callback.Escalate: 120}[s.level] * time.Minute
			if due, ok := b.AddBusinessTime(r.CreatedAt, minutes); ok && s.at.Before(due) {
				t.Fatalf("%s at %s, before its %s", s.level, s.at, minutes)
			}
			if _, opens := b.NextOpening(s.at); opens && lateness == 0 && !b.OpenAt(s.at) && !b.OpenAt(s.at.Add(-time.Minute)) {
				t.Fatalf("%s at %s, when nobody is there", s.level, s.at.In(b.Location()))
			}
		}
	})
}

// In an office that is open when it should be, the first three steps are 60, 90 and 120 minutes of its time after the wish,
// in this order, once each; a timer that is handed out twice finds nothing more to do.
func TestTheFirstThreeSteps(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := office()
		r := asked(instant(t))
		for _, want := range []struct {
			level   callback.Level
			minutes time.Duration
		}{{callback.Warn, 60}, {callback.Critical, 90}, {callback.Escalate, 120}} {
			next, _ := callback.Next(b, r)
			if due, ok := b.AddBusinessTime(r.CreatedAt, want.minutes*time.Minute); !ok || !next.Equal(due) {
				t.Fatalf("%s is due at %s, wanted %s", want.level, next, due)
			}
			if level, _ := callback.Due(b, r, next.Add(-time.Second)); level != callback.Nothing {
				t.Fatalf("%s before its time", level)
			}
			level, why := callback.Due(b, r, next)
			if level != want.level {
				t.Fatalf("%q, wanted %q", level, want.level)
			}
			r = r.Took(b, level, why, next)
			if again, _ := callback.Due(b, r, next); again != callback.Nothing {
				t.Fatalf("%s, and %s at once", level, again)
			}
		}
	})
}

// A timer that wakes whenever it likes, and sleeps over what it likes, does one thing each time, and knows when it is
// wanted next.
func TestEachWakingTakesOneStep(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := hours(t)
		r := asked(instant(t))
		r.PromisedUntil, r.ExpiresAt = callback.Promise(b, r.Priority, r.CreatedAt)
		now := r.CreatedAt
		for range rapid.IntRange(1, 15).Draw(t, "wakings") {
			now = now.Add(time.Duration(rapid.SampledFrom([]int{1, 20, 31, 60, 120, 600, 1440, 5000}).Draw(t, "minutes")) * time.Minute)
			switch rapid.IntRange(0, 5).Draw(t, "meanwhile") {
			case 0:
				r, _ = r.Contact(now)
			case 1:
				r, _ = r.Assign("2", now)
			}
			level, why := callback.Due(b, r, now)
			if level == callback.Lapse {
				return
			}
			if level != callback.Nothing {
				r = r.Took(b, level, why, now)
			}
			if again, _ := callback.Due(b, r, now); again != callback.Nothing {
				t.Fatalf("after %q also %q", level, again)
			}
			if next, _ := callback.Next(b, r); !next.After(now) {
				t.Fatalf("the timer would wake at once again: %s, %s", now, next)
			}
		}
	})
}

// Contact in time keeps every step away for as long again.
func TestContactKeepsStepsAway(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := office()
		r := asked(instant(t))
		contact, _ := b.AddBusinessTime(r.CreatedAt, time.Duration(rapid.IntRange(1, 59).Draw(t, "after"))*time.Minute)
		steps, _ := live(b, r, func() time.Duration { return 0 }, contact)
		due, _ := b.AddBusinessTime(contact, time.Hour)
		if i := slices.IndexFunc(steps, func(s taken) bool { return s.at.Before(due) }); i >= 0 {
			t.Fatalf("%s at %s though somebody called at %s", steps[i].level, steps[i].at, contact)
		}
	})
}
