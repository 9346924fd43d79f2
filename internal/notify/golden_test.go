package notify

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/callback"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/gsm"
)

// tiers are the terms of a company that takes 10 € from 24 hours before, 15 € from 6, and nothing any more in the last hour.
func tiers(_ *company.Config, a booking.Appointment, _ string, at time.Time) (bool, int64) {
	switch left := a.StartsAt.Sub(at); {
	case left >= 24*time.Hour:
		return true, 0
	case left >= 6*time.Hour:
		return true, 1000
	case left >= time.Hour:
		return true, 1500
	}
	return false, 0
}

func hoursOf(list ...int) []company.Policy {
	var out []company.Policy
	for _, h := range list {
		out = append(out, company.Policy{PolicyKeys: company.PolicyKeys{HoursBefore: &h}})
	}
	return out
}

// composite is the appointment of a perm, booked part by part by two people.
func composite(t testing.TB) booking.Appointment {
	a := cut(t)
	a.ServiceID, a.StaffID, a.PriceCents = "welle", "jana", 12000
	a.StartsAt = berlinTime(t, "2026-11-24 10:00")
	a.EndsAt = a.StartsAt.Add(135 * time.Minute)
	at := func(minutes int) time.Time { return a.StartsAt.Add(time.Duration(minutes) * time.Minute) }
	a.Segments = []booking.Segment{
		{Key: "A", Name: "Wickeln", StaffID: "jana", StartsAt: at(0), EndsAt: at(50)}, {Key: "B", Name: "Fixieren", StaffID: "jana", StartsAt: at(65), EndsAt: at(70)},
		{Key: "C", Name: "Ausspülen", StaffID: "jana", StartsAt: at(80), EndsAt: at(95)}, {Key: "D", Name: "Schneiden", StaffID: "anna", StartsAt: at(95), EndsAt: at(135)},
	}
	return a
}

func moved(t testing.TB, w *world, fee int64) booking.Appointment {
	a := cut(t)
	old := berlinTime(t, "2026-11-23 10:00")
	a.Sequence, a.PreviousStartsAt = 1, &old
	w.changes[a.ID] = []booking.Change{
		{ID: "1", AppointmentID: a.ID, Type: "created", NewStartsAt: old},
		{ID: "2", AppointmentID: a.ID, Type: "reschedule", ActorType: "customer", Via: "phone", OldStartsAt: old, NewStartsAt: a.StartsAt, FeeCents: fee, FeeConsent: fee > 0, WithinPolicy: true},
	}
	return a
}

func calledOff(t testing.TB, w *world, by string, change booking.Change) booking.Appointment {
	a := cut(t)
	a.Status, a.Sequence, a.CancelledBy = booking.Cancelled, 1, by
	change.ID, change.AppointmentID, change.Type, change.ActorType = "3", a.ID, "cancel", by
	w.changes[a.ID] = []booking.Change{change}
	return a
}

func ringBack(t testing.TB) callback.Request {
	wished := berlinTime(t, "2026-11-25 10:00")
	return callback.Request{
		ID: "01KB0000000000000000000004", BranchID: "mitte", ServiceID: "schnitt", StaffID: "anna", Phone: "+4915112345678", Name: "Erika Muster", Status: callback.Assigned,
		AssignedTo: "jana", Action: "reschedule", Reason: "Der Kalender war nicht erreichbar.", PreferredTime: "ab 16 Uhr", Notes: []string{"hat noch einmal angerufen"},
		WishedAt: &wished, PromisedUntil: berlinTime(t, "2026-11-23 11:00"),
	}
}

// sample is one fact and the world it is told in.
type sample struct {
	name string
	set  func(t testing.TB, w *world) event.Event
	// remind: no fact is told, the reminder is due.
	remind func(t testing.TB, w *world)
}

func of(a func(t testing.TB, w *world) booking.Appointment) func(t testing.TB, w *world) event.Event {
	return func(t testing.TB, w *world) event.Event {
		x := a(t, w)
		w.put(x)
		if x.Status == booking.Cancelled {
			return cancelledEvent(x, x.CancelledBy)
		}
		return confirmedEvent(x)
	}
}

// samples are all messages there are; each is read aloud before it is merged.
var samples = map[string][]sample{
	"confirmed": {
		{name: "by telephone", set: of(func(t testing.TB, _ *world) booking.Appointment {
			a := cut(t)
			a.Notes = "möchte es kürzer als sonst"
			return a
		})},
		{name: "with a fee, and a page of one's own", set: of(func(t testing.TB, w *world) booking.Appointment {
			w.Terms, w.config.Policies = tiers, hoursOf(24, 6, 1)
			w.Link = linkTo("https://termine.example/t/abc")
			return cut(t)
		})},
		{name: "at short notice, until when it can be cancelled is over", set: of(func(t testing.TB, w *world) booking.Appointment {
			w.now = berlinTime(t, "2026-11-24 13:45")
			w.Terms, w.config.Policies = tiers, hoursOf(24, 6, 1)
			return cut(t)
		})},
		{name: "a service in parts, by two people", set: of(func(t testing.TB, _ *world) booking.Appointment { return composite(t) })},
		{name: "a service in parts, in one block", set: of(func(t testing.TB, _ *world) booking.Appointment {
			a := composite(t)
			a.Segments = nil
			return a
		})},
		{name: "a host nobody knows, without address, telephone and price", set: of(func(t testing.TB, w *world) booking.Appointment {
			b := &w.config.Branches[0]
			b.Address, b.PostalCode, b.City, b.Phone = "", "", "", ""
			a := cut(t)
			a.StaffID, a.PriceCents, a.NeedsReview, a.ReviewReason = "", 0, true, "host of the calendar is nobody we know"
			return a
		})},
	},
	"rescheduled": {
		{name: "for nothing", set: of(func(t testing.TB, w *world) booking.Appointment { return moved(t, w, 0) })},
		{name: "for a fee", set: of(func(t testing.TB, w *world) booking.Appointment { return moved(t, w, 1000) })},
	},
	"cancelled": {
		{name: "by the customer, in time", set: of(func(t testing.TB, w *world) booking.Appointment {
			a := calledOff(t, w, "customer", booking.Change{Via: "phone", WithinPolicy: true, NoticeMinutes: 100*60 + 5, RequiredMinutes: 24 * 60})
			a.CancellationReason = "Krank geworden"
			return a
		})},
		{name: "by the customer, with a fee", set: of(func(t testing.TB, w *world) booking.Appointment {
			return calledOff(t, w, "customer", booking.Change{Via: "phone", WithinPolicy: true, NoticeMinutes: 23*60 + 59, FeeCents: 5000, FeeConsent: true})
		})},
		{name: "by the salon", set: of(func(t testing.TB, w *world) booking.Appointment {
			a := calledOff(t, w, "staff", booking.Change{Via: "calcom"})
			a.CancellationReason = "Anna ist leider krank."
			return a
		})},
		{name: "a service in parts", set: of(func(t testing.TB, w *world) booking.Appointment {
			a := composite(t)
			a.Status, a.Sequence, a.CancelledBy, a.UID, a.Segments[0].UID = booking.Cancelled, 1, "customer", "", "uid-a"
			return a
		})},
		{name: "never confirmed", set: of(func(t testing.TB, w *world) booking.Appointment {
			a := calledOff(t, w, "system", booking.Change{})
			a.CancellationReason, a.UID, a.Sequence = "not in the calendar", "", 0
			return a
		})},
		{name: "never confirmed, and nobody can be called", set: of(func(t testing.TB, w *world) booking.Appointment {
			a := calledOff(t, w, "system", booking.Change{})
			a.AttendeePhone, a.UID, a.Sequence = "", "", 0
			return a
		})},
	},
	"reminder": {
		{name: "a day before", remind: func(t testing.TB, w *world) {
			w.now = berlinTime(t, "2026-11-23 14:30")
			w.Terms, w.config.Policies = tiers, hoursOf(24, 6, 1)
			w.put(cut(t))
		}},
		{name: "in the morning, because the evening before was quiet", remind: func(t testing.TB, w *world) {
			w.now = berlinTime(t, "2026-11-24 08:00")
			a := cut(t)
			a.StartsAt = berlinTime(t, "2026-11-24 20:30")
			a.EndsAt = a.StartsAt.Add(30 * time.Minute)
			w.put(a)
		}},
		{name: "of one part", remind: func(t testing.TB, w *world) {
			w.now = berlinTime(t, "2026-11-23 11:05")
			w.config.Services[1].ReminderPolicy = "per_segment"
			a := composite(t)
			first := berlinTime(t, "2026-11-23 10:00")
			a.ReminderSentAt = &first
			w.put(a)
		}},
	},
	"sync_failed": {
		{name: "reasons we know", set: func(t testing.TB, w *world) event.Event {
			return review(t, w, "is no longer in the calendar, and nobody said why; stands twice in the calendar")
		}},
		{name: "another reason", set: func(t testing.TB, w *world) event.Event { return review(t, w, "two of them at once") }},
	},
	"callback": {
		{name: "created", set: func(t testing.TB, w *world) event.Event {
			r := ringBack(t)
			r.AssignedTo, r.Status, r.Notes = "", callback.Pending, nil
			w.callbacks[r.ID] = r
			return event.CallbackRequested{Head: head("E1"), CallbackID: r.ID}
		}},
		{name: "assigned", set: func(t testing.TB, w *world) event.Event {
			w.callbacks[ringBack(t).ID] = ringBack(t)
			return event.CallbackAssigned{Head: head("E2"), CallbackID: ringBack(t).ID, StaffID: "jana"}
		}},
		{name: "asked for once more", set: func(t testing.TB, w *world) event.Event {
			r := ringBack(t)
			r.Notes = append(r.Notes, "und noch einmal, davon sagt ein anderer Brief")
			w.callbacks[r.ID] = r
			until := berlinTime(t, "2026-11-23 10:00")
			return event.CallbackRepeated{Head: head("E7"), CallbackID: r.ID, CallID: "call_2", Promise: event.Promise{Until: until, WishedAt: r.WishedAt, StaffID: "jana", Notes: 1}}
		}},
		{name: "an hour without contact", set: func(t testing.TB, w *world) event.Event { return escalated(t, w, "warn", "sla_breach", "jana") }},
		{name: "two hours, handed on", set: func(t testing.TB, w *world) event.Event { return escalated(t, w, "escalated", "sla_breach", "anna") }},
		{name: "three attempts, nobody else is there", set: func(t testing.TB, w *world) event.Event {
			return escalated(t, w, "escalated", "multiple_attempts_failed", "")
		}},
	},
	"call": {
		{name: "a wish that came to nothing", set: func(t testing.TB, w *world) event.Event {
			w.calls["call_1"] = call.Call{BranchID: "mitte", From: "+4915112345678", SpokenName: "Erika Muster", Unfulfilled: &call.Wish{Date: "Dienstag", Time: "halb drei", Service: "Herrenhaarschnitt", Offered: 3}}
			return event.WishUnfulfilled{Head: head("E4"), CallID: "call_1", BranchID: "mitte"}
		}},
		{name: "its summary", set: func(t testing.TB, w *world) event.Event {
			w.config.Company.Notifications = []company.NotificationRule{{Event: "call_summary", Recipient: "branch", Channel: "email"}}
			began := berlinTime(t, "2026-11-20 08:57")
			w.calls["call_1"] = call.Call{BranchID: "mitte", From: "+4915112345678", StartedAt: &began, DurationMS: 92400, Outcome: "appointment_booked", SpokenName: "Erika Muster",
				Summary: "Frau Muster hat für Dienstag um halb drei einen Herrenhaarschnitt bei Anna gebucht."}
			return event.CallAnalyzed{Head: head("E5"), CallID: "call_1", BranchID: "mitte"}
		}},
	},
}

func review(t testing.TB, w *world, reason string) event.Event {
	a := cut(t)
	a.NeedsReview, a.ReviewReason = true, reason
	w.put(a)
	return event.AppointmentNeedsReview{Head: head("E3"), AppointmentID: a.ID, Reason: reason}
}

func escalated(t testing.TB, w *world, level, reason, staff string) event.Event {
	w.callbacks[ringBack(t).ID] = ringBack(t)
	return event.CallbackEscalated{Head: head("E6"), CallbackID: ringBack(t).ID, Level: level, Reason: reason, StaffID: staff}
}

// write tells a sample in a language and returns its letters and text messages as people get them.
func (s sample) write(t testing.TB, sms bool, in Language) (letters []Letter, texts []Text) {
	t.Helper()
	w := newWorld(t)
	var fact event.Event
	if s.remind != nil {
		s.remind(t, w)
	} else {
		fact = s.set(t, w)
	}
	if sms { // everybody gets everything by text message
		w.config.Branches[0].Phone = "+4917012345670"
		w.config.Staff[1].Phone = "+4917012345672"
		for _, e := range Events {
			for _, r := range Recipients {
				w.config.Company.Notifications = append(w.config.Company.Notifications, company.NotificationRule{Event: string(e), Recipient: string(r), Channel: "email", Disabled: true},
					company.NotificationRule{Event: string(e), Recipient: string(r), Channel: "sms"})
			}
		}
	}
	if in != "" && !sms {
		for _, e := range Events {
			for _, r := range Recipients {
				for _, x := range usual(e, r) {
					w.config.Company.Notifications = append(w.config.Company.Notifications,
						company.NotificationRule{Event: string(e), Recipient: string(r), Channel: string(x.channel), Fallback: string(x.fallback)})
				}
			}
		}
	}
	for i := range w.config.Company.Notifications {
		w.config.Company.Notifications[i].Language = string(in)
	}
	if fact == nil {
		for id := range w.appointments {
			if err := w.Remind(t.Context(), us, id); err != nil {
				t.Fatal(err)
			}
		}
	} else {
		w.told(t, fact)
	}
	return w.letters, w.texts
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("../../testdata/texts", name)
	if os.Getenv("ASKPRO_GOLDEN") == "write" {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s is not what is sent now: run make golden and read the diff aloud\n%s", file, got)
	}
}

func TestLettersAreAsTheyWereRead(t *testing.T) {
	t.Parallel()
	for _, l := range []Language{"", English} {
		lettersAreAsTheyWereRead(t, l)
	}
}

func lettersAreAsTheyWereRead(t *testing.T, in Language) {
	for name, list := range samples {
		if in != "" && name == "case" { // a company's rules do not speak of cases: their letters are German
			continue
		}
		t.Run(path.Join(string(in), name), func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			for _, s := range list {
				letters, _ := s.write(t, false, in)
				if len(letters) == 0 {
					t.Errorf("%s: nobody hears of it", s.name)
				}
				for _, l := range sorted(letters) {
					entry := ""
					if i := l.Invite; i != nil {
						entry = fmt.Sprintf("\nCalendar: %s, sequence %d, %q at %q:\n%s", i.Method, i.Sequence, i.Summary, i.Location, i.Description)
					}
					fmt.Fprintf(&b, "══ %s\nTo: %s\nSubject: %s%s\n\n%s\n", s.name, l.To, l.Subject, entry, l.Text)
				}
			}
			golden(t, path.Join(string(in), name+".txt"), b.String())
		})
	}
}

func TestTextMessagesAreAsTheyWereRead(t *testing.T) {
	t.Parallel()
	for _, l := range []Language{"", English} {
		textMessagesAreAsTheyWereRead(t, l)
	}
}

func textMessagesAreAsTheyWereRead(t *testing.T, in Language) {
	var b strings.Builder
	for _, name := range []string{"confirmed", "rescheduled", "cancelled", "reminder", "sync_failed", "callback", "call"} {
		for _, s := range samples[name] {
			_, texts := s.write(t, true, in)
			for _, m := range sortedTexts(texts) {
				n, ok := gsm.Length(m.Body)
				if !ok || n > gsm.Single {
					t.Errorf("%s, %s: %d septets: %s", name, s.name, n, m.Body)
				}
				fmt.Fprintf(&b, "%s, %s\n  to %s, %d of %d\n  %s\n\n", name, s.name, m.To, n, gsm.Single, m.Body)
			}
		}
	}
	golden(t, path.Join(string(in), "sms.txt"), b.String())
}
