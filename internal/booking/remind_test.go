package booking

import (
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"
)

var berlin = func() *time.Location {
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	return loc
}()

func local(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", text, berlin)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestReminderTimes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, told, start, want string }{
		{"a day before", "2026-11-20 10:00", "2026-11-24 14:30", "2026-11-23 14:30"},
		{"exactly 24 hours ahead is early enough", "2026-11-23 14:30", "2026-11-24 14:30", "2026-11-23 14:30"},
		{"a minute less is not", "2026-11-23 14:31", "2026-11-24 14:30", ""},
		{"eight o'clock is not quiet", "2026-11-20 10:00", "2026-11-24 08:00", "2026-11-23 08:00"},
		{"before eight waits until eight", "2026-11-20 10:00", "2026-11-24 07:30", "2026-11-23 08:00"},
		{"a minute before eight in the evening is not quiet", "2026-11-20 10:00", "2026-11-24 19:59", "2026-11-23 19:59"},
		{"eight in the evening waits until the morning", "2026-11-20 10:00", "2026-11-24 20:00", "2026-11-24 08:00"},
		{"after midnight waits until the morning", "2026-11-20 10:00", "2026-11-24 00:30", "2026-11-23 08:00"},
		// 24 hours are elapsed hours: on the Sunday of 23 hours that is an hour earlier on the clock, on that of 25 one later.
		{"the clock goes forward in between", "2026-03-20 10:00", "2026-03-29 14:00", "2026-03-28 13:00"},
		{"the clock goes forward, and the hour before is quiet", "2026-03-20 10:00", "2026-03-29 08:30", "2026-03-28 08:00"},
		{"the clock goes back in between", "2026-10-20 10:00", "2026-10-25 14:00", "2026-10-24 15:00"},
		{"the clock goes back, and the hour after is quiet", "2026-10-20 10:00", "2026-10-25 19:30", "2026-10-25 08:00"},
		{"the night of the change is slept through", "2026-03-20 10:00", "2026-03-29 20:30", "2026-03-28 19:30"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := Appointment{StartsAt: local(t, tt.start).UTC(), CreatedAt: local(t, tt.told)}
			a.EndsAt = a.StartsAt.Add(30 * time.Minute)
			r, ok := a.NextReminder("", berlin)
			if got := r.At.In(berlin).Format("2006-01-02 15:04"); ok != (tt.want != "") || ok && got != tt.want {
				t.Errorf("%s, %t, wanted %q", got, ok, tt.want)
			}
		})
	}
}

func TestReminderPolicies(t *testing.T) {
	t.Parallel()
	at := func(h, m int) time.Time { return time.Date(2026, 11, 24, h-1, m, 0, 0, time.UTC) }
	a := Appointment{StartsAt: at(10, 0), EndsAt: at(12, 15), CreatedAt: at(10, 0).AddDate(0, 0, -9), Segments: []Segment{
		{Key: "A", StartsAt: at(10, 0), EndsAt: at(10, 50)}, {Key: "B", StartsAt: at(11, 5), EndsAt: at(11, 10)},
	}}
	if list := a.Reminders("none", berlin); len(list) != 0 {
		t.Errorf("none: %v", list)
	}
	if list := a.Reminders("single", berlin); len(list) != 1 || list[0].Segment != "" || !list[0].End.Equal(a.EndsAt) {
		t.Errorf("single: %v", list)
	}
	list := a.Reminders("per_segment", berlin)
	if len(list) != 2 || list[0].Segment != "A" || list[1].Segment != "B" || list[1].At.Sub(list[0].At) != 65*time.Minute {
		t.Fatalf("per segment: %v", list)
	}
	sent := list[0].At.Add(40 * time.Second)
	a.ReminderSentAt = &sent
	if r, ok := a.NextReminder("per_segment", berlin); !ok || r.Segment != "B" {
		t.Errorf("after the first: %v, %t", r, ok)
	}
	if r, ok := a.NextReminder("single", berlin); ok {
		t.Errorf("a single one was sent, and then %v", r)
	}
	// Both parts would be told of at eight in the morning: once is enough.
	early := Appointment{CreatedAt: a.CreatedAt, Segments: []Segment{{Key: "A", StartsAt: at(6, 0)}, {Key: "B", StartsAt: at(7, 0)}}}
	if list := early.Reminders("per_segment", berlin); len(list) != 1 || list[0].Segment != "A" {
		t.Errorf("at the same instant: %v", list)
	}
	whole := Appointment{StartsAt: a.StartsAt, EndsAt: a.EndsAt, CreatedAt: a.CreatedAt}
	if list := whole.Reminders("per_segment", berlin); len(list) != 1 || list[0].Segment != "" {
		t.Errorf("an appointment without segments has one: %v", list)
	}
}

func TestAMovedAppointmentIsRemindedOfAnew(t *testing.T) {
	t.Parallel()
	sent := local(t, "2026-11-23 10:00")
	a := Appointment{StartsAt: local(t, "2026-11-24 10:00"), CreatedAt: local(t, "2026-11-01 10:00"), ReminderSentAt: &sent}
	if r, ok := a.NextReminder("", berlin); ok {
		t.Fatalf("sent, and then %v", r)
	}
	a.StartsAt, a.ChangedAt = local(t, "2026-12-01 10:00"), sent.Add(time.Hour)
	if r, ok := a.NextReminder("", berlin); !ok || !r.At.Equal(local(t, "2026-11-30 10:00")) {
		t.Errorf("moved, and then %v, %t", r, ok)
	}
	a.StartsAt = a.ChangedAt.Add(20 * time.Hour)
	if r, ok := a.NextReminder("", berlin); ok {
		t.Errorf("moved to a time 20 hours ahead, and then %v", r)
	}
}

// TestRemindersNeverWakeAnybody holds in all of Germany's time, its clock changes included.
func TestRemindersNeverWakeAnybody(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		a := Appointment{StartsAt: from.Add(time.Duration(rapid.IntRange(0, 3*366*24*60).Draw(t, "start")) * time.Minute)}
		ahead := time.Duration(rapid.IntRange(0, 100*60).Draw(t, "told ahead")) * time.Minute
		a.CreatedAt = a.StartsAt.Add(-ahead)
		r, ok := a.NextReminder("single", berlin)
		if ok != (ahead >= RemindBefore) {
			t.Fatalf("told %s ahead: %t", ahead, ok)
		}
		if !ok {
			return
		}
		hour, late := r.At.In(berlin).Hour(), r.At.Sub(a.StartsAt.Add(-RemindBefore))
		switch {
		case hour < 8 || hour >= 20:
			t.Fatalf("at %s people sleep", r.At.In(berlin))
		case late < 0 || late > 13*time.Hour: // the longest night has 13 hours
			t.Fatalf("%s late", late)
		case !r.At.Before(a.StartsAt):
			t.Fatal("after the start")
		}
	})
}
