package notify

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/event"
)

// reached tells a confirmation and lists who got it: "channel recipient address".
func reached(t *testing.T, w *world, e event.Event) string {
	t.Helper()
	w.told(t, e)
	var out []string
	for _, l := range w.letters {
		out = append(out, "email "+l.To)
	}
	for _, m := range w.texts {
		out = append(out, "sms "+m.To)
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

const (
	erika  = "erika.muster@example.de"
	mobile = "+4915112345678"
	mitte  = "mitte@salon-mitte.example"
	anna   = "anna@salon-mitte.example"
)

func TestWhoHearsOfAnAppointment(t *testing.T) {
	t.Parallel()
	rule := func(recipient, channel string) company.NotificationRule {
		return company.NotificationRule{Event: "confirmed", Recipient: recipient, Channel: channel}
	}
	with := func(r company.NotificationRule, change func(*company.NotificationRule)) company.NotificationRule {
		change(&r)
		return r
	}
	off := func(r *company.NotificationRule) { r.Disabled = true }
	for _, tt := range []struct {
		name  string
		rules []company.NotificationRule
		set   func(w *world, a *booking.Appointment)
		want  string
	}{
		{"nothing is configured", nil, nil, "email " + erika + ", email " + mitte},
		{"a customer without address hears by text message", nil, func(_ *world, a *booking.Appointment) { a.AttendeeEmail = "" }, "email " + mitte + ", sms " + mobile},
		{"a placeholder is never mailed", nil, func(_ *world, a *booking.Appointment) { a.AttendeeEmail = "01x@no-mail.askpro.example" }, "email " + mitte + ", sms " + mobile},
		{"nor is what Cal.com makes of a number", nil, func(_ *world, a *booking.Appointment) { a.AttendeeEmail = "4915112345678@SMS.cal.com" }, "email " + mitte + ", sms " + mobile},
		{"a company without sender has no text messages", nil, func(w *world, a *booking.Appointment) { w.config.Company.SMSSender, a.AttendeeEmail = "", "" }, "email " + mitte},
		{"a landline takes none", nil, func(_ *world, a *booking.Appointment) { a.AttendeeEmail, a.AttendeePhone = "", "+493012345678" }, "email " + mitte},
		{"Cal.com confirms", nil, func(w *world, _ *booking.Appointment) { w.config.Company.ConfirmationBy = "calcom" }, "email " + mitte},
		{"by text message instead", []company.NotificationRule{rule("customer", "sms")}, nil, "email " + mitte + ", sms " + mobile},
		{"by both", []company.NotificationRule{rule("customer", "sms"), rule("customer", "email")}, nil, "email " + erika + ", email " + mitte + ", sms " + mobile},
		{"who does the work, too", []company.NotificationRule{rule("staff", "email")}, nil, "email " + anna + ", email " + erika + ", email " + mitte},
		{"nobody at the branch", []company.NotificationRule{with(rule("branch", "email"), off)}, nil, "email " + erika},
		{"not for this service", []company.NotificationRule{rule("branch", "email"), with(rule("branch", "email"), func(r *company.NotificationRule) { r.ServiceID, r.Disabled = "schnitt", true })}, nil, "email " + erika},
		{"not for another service", []company.NotificationRule{with(rule("branch", "email"), func(r *company.NotificationRule) { r.ServiceID, r.Disabled = "welle", true })}, nil, "email " + erika + ", email " + mitte},
		{"staff before service before branch", []company.NotificationRule{
			with(rule("customer", "email"), func(r *company.NotificationRule) { r.StaffID = "anna" }), with(rule("customer", "email"), func(r *company.NotificationRule) { r.BranchID, r.ServiceID, r.Disabled = "mitte", "schnitt", true }),
			with(rule("customer", "email"), off),
		}, nil, "email " + erika + ", email " + mitte},
		{"of two equal rules the last", []company.NotificationRule{with(rule("customer", "email"), off), rule("customer", "email")}, nil, "email " + erika + ", email " + mitte},
		{"one address of branch and staff gets one", []company.NotificationRule{rule("staff", "email")}, func(w *world, _ *booking.Appointment) { w.config.Branches[0].Email = "Anna@salon-mitte.example" }, "email " + anna + ", email " + erika},
		{"who has left gets none", []company.NotificationRule{rule("staff", "email")}, func(w *world, _ *booking.Appointment) { w.config.Staff[0].Active = false }, "email " + erika + ", email " + mitte},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, a := newWorld(t), cut(t)
			w.config.Company.Notifications = tt.rules
			if tt.set != nil {
				tt.set(w, &a)
			}
			w.put(a)
			if got := reached(t, w, confirmedEvent(a)); got != tt.want {
				t.Errorf("%s\nwanted %s", got, tt.want)
			}
		})
	}
}

func TestNoAddressIsNotedAndNoFailure(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), cut(t)
	a.AttendeeEmail, a.AttendeePhone, w.config.Branches[0].Email = "", "", ""
	w.put(a)
	if got := reached(t, w, confirmedEvent(a)); got != "" {
		t.Errorf("reached %s", got)
	}
	slices.Sort(w.skipped)
	if fmt.Sprint(w.skipped) != "[confirmed branch: no address confirmed customer: no address]" || len(w.alarms) > 0 {
		t.Errorf("noted %v, alarms %v", w.skipped, w.alarms)
	}
}

func TestWhatMayBePromised(t *testing.T) {
	t.Parallel()
	none := func(string) bool { return false }
	for _, tt := range []struct {
		name string
		set  func(c *company.Config, a *booking.Appointment)
		want string
	}{
		{"a letter", func(*company.Config, *booking.Appointment) {}, "[email]"},
		{"a text message without address", func(_ *company.Config, a *booking.Appointment) { a.AttendeeEmail = "" }, "[sms]"},
		{"nothing without sender", func(c *company.Config, a *booking.Appointment) { a.AttendeeEmail, c.Company.SMSSender = "", "" }, "[]"},
		{"nothing of ours where Cal.com confirms", func(c *company.Config, _ *booking.Appointment) { c.Company.ConfirmationBy = "calcom" }, "[]"},
		{"nothing that is switched off", func(c *company.Config, _ *booking.Appointment) {
			c.Company.Notifications = []company.NotificationRule{{Event: "confirmed", Recipient: "customer", Channel: "email", Disabled: true}}
		}, "[]"},
	} {
		c, a := salon(), cut(t)
		tt.set(c, &a)
		if got := fmt.Sprint(Reaches(c, Confirmed, a, none)); got != tt.want {
			t.Errorf("%s: %s, wanted %s", tt.name, got, tt.want)
		}
	}
}

func TestACallbackIsToldToWhoHasIt(t *testing.T) {
	t.Parallel()
	jana := "jana@salon-mitte.example"
	for _, tt := range []struct {
		name  string
		event func(t testing.TB, w *world) event.Event
		want  string
	}{
		{"assigned", samples["callback"][1].set, "email " + jana},
		{"assigned to whoever reads the branch's mail", func(t testing.TB, w *world) event.Event {
			w.config.Staff[1].Email = mitte
			return samples["callback"][1].set(t, w)
		}, ""},
		{"assigned to somebody else since", func(t testing.TB, w *world) event.Event {
			e := samples["callback"][1].set(t, w)
			r := ringBack(t)
			r.AssignedTo = "anna"
			w.callbacks[r.ID] = r
			return e
		}, ""},
		{"done since", func(t testing.TB, w *world) event.Event {
			e := samples["callback"][0].set(t, w)
			r := ringBack(t)
			r.Status = "completed"
			w.callbacks[r.ID] = r
			return e
		}, ""},
		{"asked for once more", samples["callback"][2].set, "email " + jana + ", email " + mitte},
		{"asked for once more by whoever reads the branch's mail", func(t testing.TB, w *world) event.Event {
			w.config.Staff[1].Email = mitte
			return samples["callback"][2].set(t, w)
		}, "email " + mitte},
		{"overdue, who has it", func(t testing.TB, w *world) event.Event { return escalated(t, w, "escalated", "sla_breach", "anna") }, "email " + anna},
		{"overdue, nobody has it", func(t testing.TB, w *world) event.Event { return escalated(t, w, "escalated", "sla_breach", "") }, "email " + mitte},
		{"overdue, who has it has no address", func(t testing.TB, w *world) event.Event {
			w.config.Staff[0].Email = ""
			return escalated(t, w, "escalated", "sla_breach", "anna")
		}, "email " + mitte},
		{"overdue, and the branch wants to know of all", func(t testing.TB, w *world) event.Event {
			w.config.Company.Notifications = []company.NotificationRule{{Event: "callback_escalated", Recipient: "branch", Channel: "email"}}
			return escalated(t, w, "warn", "sla_breach", "anna")
		}, "email " + anna + ", email " + mitte},
		{"a summary nobody asked for", func(t testing.TB, w *world) event.Event {
			e := samples["call"][1].set(t, w)
			w.config.Company.Notifications = nil
			return e
		}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			e := tt.event(t, w)
			if got := reached(t, w, e); got != tt.want {
				t.Errorf("%q, wanted %q", got, tt.want)
			}
		})
	}
}
