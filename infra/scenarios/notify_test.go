package scenarios_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/infra/local/stacktest"
	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/notify"
)

// at sets the clock to a local time of Berlin and lets what is due happen: the schedule looks at whole minutes.
func at(t *testing.T, s *stacktest.Stack, text string) {
	t.Helper()
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	when, err := time.ParseInLocation("2006-01-02 15:04", text, loc)
	if err != nil {
		t.Fatal(err)
	}
	s.SetClock(t, when.Format(time.RFC3339), false)
	s.Idle(t)
}

// reminders are the letters to the customer that remind.
func reminders(t *testing.T, c *stacktest.Company) (list []stacktest.Mail) {
	t.Helper()
	for _, m := range c.Mails(t, c.ErikaMail) {
		if strings.HasPrefix(m.Subject, "Erinnerung") {
			list = append(list, m)
		}
	}
	return list
}

func TestScenario29RemindersComeOnceAtTheRightLocalTime(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	for _, tt := range []struct {
		name, booked, day, time string
		change                  func(t *testing.T, c *stacktest.Company, a booking.Appointment) // right after the booking
		before, due             string                                                          // nothing has come yet; it has come
		text                    string
	}{
		{"the clock goes back in the night before", "2026-10-20 09:00", "2026-10-25", "14 Uhr", nil, "2026-10-24 14:58", "2026-10-24 15:01", "morgen um 14:00 Uhr (in 24 Stunden)"},
		{"the hour before is quiet", "2026-10-20 09:00", "2026-10-25", "19 Uhr", nil, "2026-10-25 07:58", "2026-10-25 08:01", "heute um 19:00 Uhr (in 11 Stunden)"},
		{"the clock goes forward in the night before", "2027-03-22 09:00", "2027-03-28", "10 Uhr", nil, "2027-03-27 08:58", "2027-03-27 09:01", "morgen um 10:00 Uhr (in 24 Stunden)"},
		{"moved in the calendar", "2026-11-16 09:00", "2026-11-24", "10 Uhr", func(t *testing.T, c *stacktest.Company, a booking.Appointment) {
			c.Behind(t, map[string]any{"uid": a.UID, "start": "2026-11-26T12:00", "action": "moved", "webhook": true})
		}, "2026-11-25 11:58", "2026-11-25 12:01", "morgen um 12:00 Uhr (in 24 Stunden)"},
		{"cancelled in the calendar", "2026-11-16 09:00", "2026-11-24", "10 Uhr", func(t *testing.T, c *stacktest.Company, a booking.Appointment) {
			c.Behind(t, map[string]any{"uid": a.UID, "action": "cancelled", "webhook": true})
		}, "2026-11-23 10:01", "2026-11-24 09:00", ""},
		{"booked less than a day ahead", "2026-11-16 09:00", "2026-11-17", "8 Uhr", nil, "2026-11-16 09:05", "2026-11-17 07:59", ""},
	} {
		at(t, s, tt.booked)
		c := s.NewCompany(t)
		a := c.Appointment(t, booked(t, c.Ring(c.Erika), "Langhaarschnitt", tt.day, tt.time, "Erika Test").Text("appointment_id"))
		c.Idle(t)
		if tt.change != nil {
			tt.change(t, c, a)
			c.Idle(t)
		}
		at(t, s, tt.before)
		c.Idle(t)
		if n := len(reminders(t, c)); n != 0 {
			t.Errorf("%s: %d reminders too early", tt.name, n)
		}
		at(t, s, tt.due)
		s.Advance(t, "2m")
		c.Idle(t)
		got := reminders(t, c)
		if tt.text == "" {
			if len(got) != 0 {
				t.Errorf("%s: %d reminders", tt.name, len(got))
			}
			continue
		}
		if len(got) != 1 || !strings.Contains(got[0].Text, tt.text) {
			t.Fatalf("%s: %d reminders: %+v", tt.name, len(got), got)
		}
		a = c.Appointment(t, a.ID)
		if a.ReminderSentAt == nil || a.ReminderSentAt.Sub(s.Clock(t)).Abs() > 5*time.Minute {
			t.Errorf("%s: written down as sent at %v", tt.name, a.ReminderSentAt)
		}
		s.SetClock(t, a.EndsAt.Add(2*time.Hour).Format(time.RFC3339), false)
		s.Advance(t, "1m")
		c.Idle(t)
		if a = c.Appointment(t, a.ID); a.Status != booking.Completed || len(reminders(t, c)) != 1 {
			t.Errorf("%s: two hours after its end it is %s, %d reminders", tt.name, a.Status, len(reminders(t, c)))
		}
	}
}

func TestScenario29ASweepFindsALostReminder(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	at(t, s, "2026-11-16 09:00")
	c := s.NewCompany(t)
	a := c.Appointment(t, booked(t, c.Ring(c.Erika), "Langhaarschnitt", "2026-11-20", "10 Uhr", "Erika Test").Text("appointment_id"))
	c.Idle(t)
	lost := ledger.Timer{Kind: ledger.OfAppointment, About: a.ID, Queue: "notifications", Name: notify.ReminderTimer}
	if err := c.Store().Commit(t.Context(), c.ID, &ledger.Step{ClearTimers: []ledger.Timer{lost}}); err != nil {
		t.Fatal(err)
	}
	// The round that the clock brings sends a sweep as well: it may not yet.
	s.Fault(t, map[string]any{"function": "work-sync", "service": "sqs", "operation": "SendMessage", "mode": "error", "code": "AccessDeniedException", "times": -1})
	at(t, s, "2026-11-19 10:30")
	c.Idle(t)
	if n := len(reminders(t, c)); n != 0 {
		t.Fatalf("%d reminders without a timer", n)
	}
	s.NoFaults(t)
	work := fmt.Sprintf(`{"Records":[{"messageId":"1","body":%q,"attributes":{"ApproximateReceiveCount":"1"}}]}`,
		fmt.Sprintf(`{"kind":%q,"company_id":%q,"at":%q}`, notify.KindSweep, c.ID, s.Clock(t).Format(time.RFC3339)))
	for range 2 {
		if status := c.Do(t, http.MethodPost, c.Local("invoke/work-notifications"), nil, []byte(work), nil); status != http.StatusOK {
			t.Fatal(status)
		}
		s.Advance(t, "1m")
		c.Idle(t)
	}
	if n := len(reminders(t, c)); n != 1 {
		t.Errorf("%d reminders after two sweeps", n)
	}
}

func TestScenario30TheCallerHearsBookedAndTheMailFollowsLater(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	c := s.NewCompany(t)
	s.Fault(t, map[string]any{"service": "ses", "mode": "error", "times": 4}) // both letters, twice
	r := booked(t, c.Ring(c.Erika), "Langhaarschnitt", c.Day(t, 3), "10 Uhr", "Erika Test")
	if !strings.Contains(r.Say, "per E-Mail") {
		t.Errorf("the caller hears %s", r.Say)
	}
	for _, by := range []string{"61s", "301s"} {
		c.Idle(t)
		if n := len(c.Mails(t, c.ErikaMail)); n != 0 {
			t.Fatalf("%d letters while the provider is down", n)
		}
		s.Advance(t, by)
	}
	c.Idle(t)
	if n := len(c.Mails(t, c.ErikaMail)); n != 1 || len(c.Mails(t, c.BranchTo)) != 1 {
		t.Errorf("%d letters to the customer, %d to the branch", n, len(c.Mails(t, c.BranchTo)))
	}
	list, err := c.Store().Deliveries(t.Context(), c.ID, ledger.OfAppointment, r.Text("appointment_id"))
	if err != nil || len(list) != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	for _, d := range list {
		if d.Status != notify.Delivered || d.Tries != 3 || d.ProviderID == "" {
			t.Errorf("%+v", d)
		}
	}
	if n := s.Depth(t, "NotificationsDeadQueue"); n != 0 {
		t.Errorf("%d messages were put aside", n)
	}
}

func TestScenario30FromTheSecondFailureATextMessageGoes(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	c := s.NewCompanyWith(t, []string{"sms_sender: Testsalon"})
	s.Fault(t, map[string]any{"service": "ses", "mode": "error", "times": -1})
	booked(t, c.Ring(c.Erika), "Langhaarschnitt", c.Day(t, 3), "10 Uhr", "Erika Test")
	c.Idle(t)
	if n := len(c.Texts(t, c.Erika)); n != 0 {
		t.Fatalf("%d text messages after the first failure", n)
	}
	s.Advance(t, "61s")
	c.Idle(t)
	s.NoFaults(t)
	for range 3 { // the letter is not sent as well when the provider is back
		s.Advance(t, "16m")
		c.Idle(t)
	}
	texts := c.Texts(t, c.Erika)
	if len(texts) != 1 || texts[0].From != "Testsalon" || !strings.Contains(texts[0].Text, "Ihr Termin ist bestätigt: ") || len(c.Mails(t, c.ErikaMail)) != 0 {
		t.Errorf("text messages %+v, %d letters", texts, len(c.Mails(t, c.ErikaMail)))
	}
}

func TestACallerWithoutAddressIsToldByTextMessage(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompanyWith(t, []string{"sms_sender: Testsalon"})
	r := booked(t, c.Ring(c.Max), "Schnitt", c.Day(t, 2), "11 Uhr", "Max Test")
	if channels := fmt.Sprint(r.Data["confirmation_channels"]); channels != "[sms]" || !strings.Contains(r.Say, "per SMS") {
		t.Errorf("promised %s: %s", channels, r.Say)
	}
	c.Idle(t)
	if texts := c.Texts(t, c.Max); len(texts) != 1 || !strings.Contains(texts[0].Text, "um 11:00 Uhr, Schnitt bei ") {
		t.Errorf("%+v", texts)
	}
}

func TestACompanySaysItInItsOwnWordsAndInEnglish(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompanyWith(t, []string{"sms_sender: Testsalon"}, `notifications:
  - {event: confirmed, recipient: customer, channel: email, language: en, template: soon}
  - {event: confirmed, recipient: customer, channel: sms, language: en, template: soon}
notification_templates:
  - slug: soon
    subject: See you {{appointment.date}}!
    text: |
      Dear {{customer.name}},

      we are looking forward to {{appointment.when}}.
    sms: "See you {{appointment.when}}. {{company.name}}"`)
	booked(t, c.Ring(c.Erika), "Schnitt", c.Day(t, 2), "11 Uhr", "Erika Test")
	c.Idle(t)
	mails, texts := c.Mails(t, c.ErikaMail), c.Texts(t, c.Erika)
	if len(mails) != 1 || len(texts) != 1 {
		t.Fatalf("%d letters, %d text messages", len(mails), len(texts))
	}
	if m := mails[0]; !strings.HasPrefix(m.Subject, "See you ") || !strings.HasPrefix(m.Text, "Dear Erika Test,") || !strings.Contains(m.Text, ", 11:00.") || !strings.Contains(m.Text, "Service: Schnitt") {
		t.Errorf("%s\n%s", m.Subject, m.Text)
	}
	if !strings.HasPrefix(texts[0].Text, "See you ") || !strings.Contains(texts[0].Text, " at 11:00. Testsalon") {
		t.Error(texts[0].Text)
	}
	c.Edit = func(file string) string { return strings.Replace(file, "{{customer.name}}", "{{kunde}}", 1) }
	if why := c.Refused(t); !strings.Contains(why, `text: line 1, column 8: unknown_variable`) {
		t.Error(why)
	}
}

func TestNothingIsPromisedThatDoesNotExist(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t, `notifications: [{event: confirmed, recipient: customer, channel: email, disabled: true}]`)
	r := booked(t, c.Ring(c.Erika), "Schnitt", c.Day(t, 2), "11 Uhr", "Erika Test")
	if channels := fmt.Sprint(r.Data["confirmation_channels"]); channels != "[]" || strings.Contains(r.Say, "Bestätigung") {
		t.Errorf("promised %s: %s", channels, r.Say)
	}
	c.Idle(t)
	if n := len(c.Mails(t, c.ErikaMail)); n != 0 {
		t.Errorf("%d letters", n)
	}
}

func TestLettersGoByTheCompanysOwnServer(t *testing.T) {
	t.Parallel()
	s := stacktest.Shared(t)
	var ready struct{ SMTP string }
	s.Do(t, http.MethodGet, s.Local("ready"), nil, nil, &ready)
	host, port, _ := strings.Cut(ready.SMTP, ":")
	user, password := "ssm:/askpro/local/smtp/"+t.Name()+"/user", "ssm:/askpro/local/smtp/"+t.Name()+"/password"
	member := fmt.Sprintf(`smtp: {host: %s, port: %s, user: %q, password: %q, from: salon@eigene-domain.example}`, host, port, user, password)
	c := s.NewCompanyWith(t, []string{member})
	login := c.Slug
	if status := s.Do(t, http.MethodPost, s.Mailbox("logins"), nil, map[string]string{"user": login, "password": "geheim"}, nil); status != http.StatusNoContent {
		t.Fatal(status)
	}
	c.Load(t, c.Ref("webhook"), map[string]string{user: login, password: "geheim"})
	booked(t, c.Ring(c.Erika), "Schnitt", c.Day(t, 2), "11 Uhr", "Erika Test")
	c.Idle(t)
	var got struct {
		Mails []struct {
			Via, Sender, Login, From string
			Encrypted                bool
		}
	}
	s.Do(t, http.MethodGet, s.Mailbox("messages?to="+c.ErikaMail), nil, nil, &got)
	if len(got.Mails) != 1 {
		t.Fatalf("%d letters", len(got.Mails))
	}
	if m := got.Mails[0]; m.Via != "smtp" || !m.Encrypted || m.Login != login || m.Sender != "salon@eigene-domain.example" || !strings.Contains(m.From, "Testsalon") {
		t.Errorf("%+v", m)
	}
}

func TestACallsSummaryReachesABranchThatAskedForIt(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t, `notifications: [{event: call_summary, recipient: branch, channel: email}]`)
	x := c.Ring(c.Erika)
	body := map[string]any{"transcript": "Agent: Guten Tag\nUser: Falsch verbunden\n", "call_analysis": map[string]any{"call_summary": "Falsch verbunden."}, "start_timestamp": c.Clock(t).UnixMilli() - 61000, "duration_ms": 61000}
	for range 3 {
		x.Event(t, "call_analyzed", body)
		c.Idle(t)
	}
	letters := c.Mails(t, c.BranchTo)
	if len(letters) != 1 || !strings.HasPrefix(letters[0].Text, "Falsch verbunden.") || !strings.Contains(letters[0].Text, "1 Minute 1 Sekunde") {
		t.Errorf("%+v", letters)
	}
}

// TestManyRemindersOfOneHourGoOutOnceEach across a clock change, and says what one costs.
func TestManyRemindersOfOneHourGoOutOnceEach(t *testing.T) {
	t.Parallel()
	const many = 1000
	s := stacktest.Own(t)
	at(t, s, "2026-10-20 09:00")
	c := s.NewCompany(t)
	config, err := c.Store().Config(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	first := time.Date(2026, 10, 25, 13, 0, 0, 0, time.UTC) // Sunday 14:00, the day of 25 hours: due on Saturday from 15:00 on
	now := s.Clock(t)                                       // it stands still
	for i := range many {
		start := first.Add(time.Duration(i*60/many) * time.Minute)
		a := booking.Appointment{
			ID: ident.New(now), BranchID: config.Branches[0].ID, ServiceID: config.Services[0].ID, StaffID: config.Staff[0].ID, StartsAt: start, EndsAt: start.Add(30 * time.Minute),
			Timezone: "Europe/Berlin", Status: booking.Confirmed, Source: "phone", SyncStatus: booking.Synced, AttendeeName: "Erika Test",
			AttendeeEmail: fmt.Sprintf("kunde-%d@%s.example", i, c.Slug), CreatedAt: now, ChangedAt: now,
		}
		told := event.AppointmentConfirmed{Head: event.Head{ID: ident.New(now), CompanyID: c.ID.String(), At: now, Sequence: 2}, AppointmentID: a.ID}
		if err := c.Store().Commit(t.Context(), c.ID, &ledger.Step{Appointments: []*booking.Appointment{&a}, Events: []event.Event{told}}); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	s.Idle(t)
	t.Logf("%d confirmations in %s", many, time.Since(began))
	set := units(t, s, "work-default")
	s.Do(t, http.MethodDelete, s.Mailbox("messages"), nil, nil, nil)
	s.ForgetCalls(t)
	began = time.Now()
	at(t, s, "2026-10-24 14:58")
	for range 13 { // the schedule fires once however far the clock is moved
		s.Advance(t, "5m")
		c.Idle(t)
	}
	t.Logf("%d reminders in %s", many, time.Since(began))
	var got struct{ Mails []stacktest.Mail }
	s.Do(t, http.MethodGet, s.Mailbox("messages"), nil, nil, &got)
	seen := map[string]int{}
	for _, m := range got.Mails {
		seen[m.To[0]]++
		var i int
		if _, err := fmt.Sscanf(m.To[0], "kunde-%d@", &i); err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("morgen um %s Uhr (in ", first.Add(time.Duration(i*60/many)*time.Minute+time.Hour).Format("15:04")); !strings.Contains(m.Text, want) {
			t.Errorf("%s reads %q, wanted %s", m.To[0], m.Text, want)
		}
	}
	if len(seen) != many || len(got.Mails) != many {
		t.Errorf("%d letters to %d people, wanted %d", len(got.Mails), len(seen), many)
	}
	sent, handed := units(t, s, "work-notifications"), units(t, s, "cron-timers")
	t.Logf("a reminder costs %.1f write and %.1f read units: %.1f and %.1f to set its timer, %.1f and %.1f to send it, %.2f read units to find it",
		(set.WriteUnits+sent.WriteUnits)/many, (set.ReadUnits+sent.ReadUnits+handed.ReadUnits)/many, set.WriteUnits/many, set.ReadUnits/many,
		sent.WriteUnits/many, sent.ReadUnits/many, handed.ReadUnits/many)
	if per := (set.WriteUnits + sent.WriteUnits) / many; per > 15 { // its receipt is in it
		t.Errorf("a reminder costs %.1f write units", per)
	}
}

// units are what a function used of the table.
func units(t *testing.T, s *stacktest.Stack, function string) (sum stacktest.Row) {
	t.Helper()
	for _, r := range s.Calls(t) {
		if r.Function == function && r.Service == "dynamodb" {
			sum.ReadUnits += r.ReadUnits
			sum.WriteUnits += r.WriteUnits
		}
	}
	return sum
}
