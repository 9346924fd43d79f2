package notify

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/ledger"
)

// nextMinute moves the clock to the first minute at which a reminder is due and takes the ones that are, as cron-timers
// hands them out: they stay until they are seen to.
func (w *world) nextMinute() (list []ledger.Timer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var first time.Time
	for _, x := range w.timers {
		if x.Name == ReminderTimer && (first.IsZero() || x.DueAt.Before(first)) {
			first = x.DueAt
		}
	}
	if first.After(w.now) {
		w.now = first.Add(time.Minute - time.Nanosecond).Truncate(time.Minute)
	}
	for _, x := range w.timers {
		if x.Name == ReminderTimer && !x.DueAt.After(w.now) {
			list = append(list, x)
		}
	}
	return list
}

// timer is what an appointment waits for.
func (w *world) timer(t testing.TB, a booking.Appointment) string {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for _, x := range w.timers {
		if x.About == a.ID {
			out = append(out, x.Queue+"/"+x.Name+" "+x.DueAt.In(company.Berlin()).Format("02.01. 15:04"))
		}
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

func (w *world) remindOf(t testing.TB, a booking.Appointment) {
	t.Helper()
	if err := w.Remind(t.Context(), us, a.ID); err != nil {
		t.Fatal(err)
	}
}

func TestScenario29AReminderIsSentOnceOrNotAtAll(t *testing.T) {
	t.Parallel()
	const complete = "default/complete 24.11. 17:00"
	for _, tt := range []struct {
		name, now   string
		set         func(w *world, a *booking.Appointment)
		sent        int
		timer       string
		sentAtSaved bool
	}{
		{"at its time", "2026-11-23 14:30", nil, 1, complete, true},
		{"a little late", "2026-11-23 14:33", nil, 1, complete, true},
		{"too early: it was moved", "2026-11-22 14:30", nil, 0, "notifications/reminder 23.11. 14:30", false},
		{"too late", "2026-11-24 14:30", nil, 0, complete, false},
		{"late, and people sleep", "2026-11-23 20:10", nil, 0, "notifications/reminder 24.11. 08:00", false},
		{"cancelled", "2026-11-23 14:30", func(_ *world, a *booking.Appointment) { a.Status = booking.Cancelled }, 0, "", false},
		{"waits for its host's approval", "2026-11-23 14:30", func(_ *world, a *booking.Appointment) { a.Status = booking.Pending }, 0, "", false},
		{"sent before", "2026-11-23 14:31", func(w *world, a *booking.Appointment) { at := w.now.Add(-time.Minute); a.ReminderSentAt = &at }, 0, complete, true},
		{"booked less than a day ahead", "2026-11-23 15:00", func(w *world, a *booking.Appointment) { a.CreatedAt = w.now }, 0, complete, false},
		{"moved to another day since: less than a day ahead", "2026-11-23 15:00", func(w *world, a *booking.Appointment) { a.ChangedAt = w.now }, 0, complete, false},
		{"a service without reminders", "2026-11-23 14:30", func(w *world, _ *booking.Appointment) { w.config.Services[0].ReminderPolicy = "none" }, 0, complete, false},
		{"a customer without address and mobile", "2026-11-23 14:30", func(_ *world, a *booking.Appointment) { a.AttendeeEmail, a.AttendeePhone = "", "" }, 0, complete, false},
		{"a customer whose only address is a placeholder", "2026-11-23 14:30", func(_ *world, a *booking.Appointment) {
			a.AttendeeEmail, a.AttendeePhone = "x@no-mail.askpro.example", ""
		}, 0, complete, false},
		{"reminders are switched off", "2026-11-23 14:30", func(w *world, _ *booking.Appointment) {
			w.config.Company.Notifications = []company.NotificationRule{{Event: "reminder", Recipient: "customer", Channel: "email", Disabled: true}}
		}, 0, complete, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, a := newWorld(t), cut(t)
			w.now = berlinTime(t, tt.now)
			if tt.set != nil {
				tt.set(w, &a)
			}
			w.put(a)
			w.timers[a.ID+"/"+ReminderTimer] = reminderTimer(a, w.now)
			for range 3 { // cron-timers may hand it out more than once
				w.remindOf(t, a)
			}
			if len(w.letters)+len(w.texts) != tt.sent || w.timer(t, a) != tt.timer {
				t.Errorf("%d sent, waits for %q, wanted %d and %q", len(w.letters)+len(w.texts), w.timer(t, a), tt.sent, tt.timer)
			}
			if got := w.appointments[a.ID].ReminderSentAt != nil; got != tt.sentAtSaved {
				t.Errorf("written down as sent: %t", got)
			}
		})
	}
}

func TestAReminderThatFailsIsTriedAgainAndThenLeft(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), cut(t)
	w.now, w.config.Company.SMSSender = berlinTime(t, "2026-11-23 14:30"), ""
	w.put(a)
	w.mailFails = func(Letter) error { return errDown }
	var waits []string
	for range 6 {
		w.remindOf(t, a)
		w.remindOf(t, a) // handed out twice: the pause counts
		waits = append(waits, w.timer(t, a))
		x := w.timers[a.ID+"/"+ReminderTimer]
		if x.About == "" {
			break
		}
		w.now = x.DueAt
	}
	if got := strings.Join(waits, "; "); got != "notifications/reminder 23.11. 14:31; notifications/reminder 23.11. 14:36; notifications/reminder 23.11. 14:51; default/complete 24.11. 17:00" {
		t.Error(got)
	}
	if len(w.alarms) != 1 || w.appointments[a.ID].ReminderSentAt != nil {
		t.Errorf("alarms %v, sent at %v", w.alarms, w.appointments[a.ID].ReminderSentAt)
	}
}

// TestAFaultAtAnyStepLosesNoReminder lets every single operation go wrong, before it did anything and after it did everything.
func TestAFaultAtAnyStepLosesNoReminder(t *testing.T) {
	t.Parallel()
	for fault := 1; ; fault++ {
		w, a := newWorld(t), cut(t)
		w.now, w.faultAt, w.config.Company.SMSSender = berlinTime(t, "2026-11-23 14:30"), fault, ""
		w.put(a)
		w.timers[a.ID+"/"+ReminderTimer] = reminderTimer(a, w.now)
		for range 30 {
			if x, ok := w.timers[a.ID+"/"+ReminderTimer]; ok && !x.DueAt.After(w.now) {
				_ = w.Remind(t.Context(), us, a.ID) // the minute hands it out again
			}
			w.pass(time.Minute)
		}
		switch {
		case len(w.letters) == 1:
		case len(w.letters) == 2 && w.letters[0].Key == w.letters[1].Key: // taken, and nobody heard that it was
		default:
			t.Errorf("fault %d: %d letters", fault, len(w.letters))
		}
		if w.timer(t, a) != "default/complete 24.11. 17:00" || w.appointments[a.ID].ReminderSentAt == nil || len(w.alarms) > 0 {
			t.Errorf("fault %d: waits for %q, sent at %v, alarms %v", fault, w.timer(t, a), w.appointments[a.ID].ReminderSentAt, w.alarms)
		}
		if w.ops < fault {
			break
		}
	}
}

func TestAMoveWhileItIsSentIsSeen(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), cut(t)
	w.now = berlinTime(t, "2026-11-23 14:30")
	w.put(a)
	w.mailFails = func(Letter) error { // the customer moves it at this very moment
		w.mailFails = nil
		b := w.appointments[a.ID]
		b.StartsAt, b.EndsAt, b.ChangedAt, b.Sequence = b.StartsAt.AddDate(0, 0, 7), b.EndsAt.AddDate(0, 0, 7), w.now, 1
		b.Version++
		w.appointments[a.ID] = b
		return nil
	}
	w.remindOf(t, a)
	if got := w.timer(t, a); got != "notifications/reminder 30.11. 14:30" || w.appointments[a.ID].ReminderSentAt != nil {
		t.Errorf("waits for %s, sent at %v", got, w.appointments[a.ID].ReminderSentAt)
	}
}

func TestEveryPartIsRemindedOf(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), composite(t)
	w.config.Services[1].ReminderPolicy = "per_segment"
	w.put(a)
	next := NextTimer(w.config, a)
	w.timers[a.ID+"/"+next.Name] = next
	for range 10 {
		x, ok := w.timers[a.ID+"/"+ReminderTimer]
		if !ok {
			break
		}
		w.now = x.DueAt.Add(20 * time.Second)
		w.remindOf(t, a)
		w.remindOf(t, a)
	}
	var subjects []string
	for _, l := range w.letters {
		subjects = append(subjects, strings.TrimSuffix(strings.TrimPrefix(l.Subject, "Erinnerung: Dauerwelle – "), " Uhr"))
	}
	want := "Wickeln, Di, 24.11.2026, 10:00; Fixieren, Di, 24.11.2026, 11:05; Ausspülen, Di, 24.11.2026, 11:20; Schneiden, Di, 24.11.2026, 11:35"
	if got := strings.Join(subjects, "; "); got != want || w.timer(t, a) != "default/complete 24.11. 14:15" {
		t.Errorf("%s; then %s", got, w.timer(t, a))
	}
}

func TestTheSweepFindsWhatLostItsTimer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.now = berlinTime(t, "2026-11-23 15:00")
	put := func(id, start string, set func(a *booking.Appointment)) booking.Appointment {
		a := cut(t)
		a.ID, a.StartsAt = id, berlinTime(t, start)
		a.EndsAt = a.StartsAt.Add(30 * time.Minute)
		if set != nil {
			set(&a)
		}
		w.put(a)
		return a
	}
	sent := w.now.Add(-30 * time.Minute)
	missed := put("missed", "2026-11-24 14:30", nil)
	for name, a := range map[string]booking.Appointment{
		"was sent": put("sent", "2026-11-24 14:30", func(a *booking.Appointment) { a.ReminderSentAt = &sent }), "has its time still to come": put("later", "2026-11-24 15:30", nil),
		"begins sooner": put("sooner", "2026-11-24 13:30", nil), "begins later": put("far", "2026-11-24 16:30", nil),
		"is cancelled":     put("off", "2026-11-24 14:30", func(a *booking.Appointment) { a.Status = booking.Cancelled }),
		"was booked today": put("new", "2026-11-24 14:30", func(a *booking.Appointment) { a.CreatedAt = w.now }),
	} {
		if err := w.Sweep(t.Context(), us); err != nil {
			t.Fatal(err)
		}
		if got := w.timer(t, a); got != "" {
			t.Errorf("one that %s gets %s", name, got)
		}
	}
	if got := w.timer(t, missed); got != "notifications/reminder 23.11. 14:30" {
		t.Errorf("the missed one waits for %q", got)
	}
	w.remindOf(t, missed)
	if err := w.Sweep(t.Context(), us); err != nil || len(w.letters) != 1 || w.timer(t, missed) != "default/complete 24.11. 17:00" {
		t.Errorf("%v, %d letters, then %s", err, len(w.letters), w.timer(t, missed))
	}
	// In the evening, what begins after eight tomorrow is reminded of in the morning: its timer is looked after as well.
	w.now = berlinTime(t, "2026-11-23 20:30")
	late := put("late", "2026-11-24 21:00", nil)
	if err := w.Sweep(t.Context(), us); err != nil || w.timer(t, late) != "notifications/reminder 24.11. 08:00" {
		t.Errorf("%v, the late one waits for %s", err, w.timer(t, late))
	}
}

// TestTenThousandRemindersGoOutOnceEach across a clock change, at the right local time, from timers that are handed out by the
// minute, the first of them twice, by as many workers as the template allows.
func TestTenThousandRemindersGoOutOnceEach(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, from, to string // when the appointments begin
		many           int
	}{
		{"10 000 of one hour", "2026-10-25 10:00", "2026-10-25 11:00", 10000},
		{"1 000 of the day of 23 hours", "2026-03-29 00:00", "2026-03-30 00:00", 1000},
		{"1 000 of the day of 25 hours", "2026-10-25 00:00", "2026-10-26 00:00", 1000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.config.Company.SMSSender = ""
			from, to := berlinTime(t, tt.from), berlinTime(t, tt.to)
			want := map[string]time.Time{} // to whom, and when it is due
			for i := range tt.many {
				a := cut(t)
				a.ID, a.AttendeeEmail, a.CreatedAt = fmt.Sprintf("A%05d", i), fmt.Sprintf("kunde%d@example.de", i), from.AddDate(0, 0, -20)
				a.StartsAt = from.Add(to.Sub(from) / time.Duration(tt.many) * time.Duration(i)).Truncate(time.Minute)
				a.EndsAt = a.StartsAt.Add(30 * time.Minute)
				w.put(a)
				x := NextTimer(w.config, a)
				w.timers[a.ID+"/"+x.Name] = x
				want[a.AttendeeEmail] = dayBefore(a.StartsAt)
			}
			got := map[string]time.Time{}
			w.mailFails = func(l Letter) error { // called with the world's lock held
				if before, twice := got[l.To]; twice {
					t.Errorf("%s at %s and %s", l.To, before, w.now)
				}
				got[l.To] = w.now
				return nil
			}
			w.now = from.AddDate(0, 0, -2)
			for list := w.nextMinute(); len(list) > 0; list = w.nextMinute() {
				list = append(list, list[0])
				work := make(chan string)
				var all sync.WaitGroup
				for range 50 {
					all.Go(func() {
						for id := range work {
							if err := w.Remind(t.Context(), us, id); err != nil {
								t.Error(err)
							}
						}
					})
				}
				for _, x := range list {
					work <- x.About
				}
				close(work)
				all.Wait()
			}
			if len(got) != tt.many {
				t.Errorf("%d of %d were reminded", len(got), tt.many)
			}
			for to, at := range got {
				due, hour := want[to], at.In(company.Berlin()).Hour()
				if at.Before(due) || at.Sub(due) >= time.Minute || hour < 8 || hour >= 20 {
					t.Fatalf("%s at %s, due %s", to, at.In(company.Berlin()), due.In(company.Berlin()))
				}
			}
			for _, a := range w.appointments {
				if w.timer(t, a) != "default/complete "+a.EndsAt.Add(2*time.Hour).In(company.Berlin()).Format("02.01. 15:04") {
					t.Fatalf("%s waits for %s", a.ID, w.timer(t, a))
				}
				break
			}
		})
	}
}

// dayBefore is 24 hours before a start, or the next eight o'clock where that is between 20 and 8 o'clock.
func dayBefore(start time.Time) time.Time {
	at := start.Add(-24 * time.Hour)
	for {
		if h := at.In(company.Berlin()).Hour(); h >= 8 && h < 20 {
			return at
		}
		at = at.Add(time.Minute).Truncate(time.Minute)
	}
}
