package scheduling_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	simulated "github.com/askpro/gateway/infra/simulate/calcom"
	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/scheduling"
)

// only is the one appointment of a table.
func (m *memory) only(t *testing.T) (a booking.Appointment) {
	t.Helper()
	n := 0
	for key := range m.records {
		if strings.HasPrefix(key, "appointment/") {
			a.Version, _ = load(m, key, &a)
			n++
		}
	}
	if n != 1 {
		t.Fatalf("%d appointments in\n%s", n, m.state())
	}
	return a
}

func (m *memory) count(kind string) (n int) {
	for key := range m.records {
		if strings.HasPrefix(key, kind+"/") {
			n++
		}
	}
	return n
}

func apply(t *testing.T, s *scheduling.Scheduler, p *partner, list ...scheduling.Notice) {
	t.Helper()
	for _, n := range list {
		if err := s.Apply(t.Context(), salonID, p.config, n); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAnEchoOfOurOwnChangesNothing(t *testing.T) {
	t.Parallel()
	p := begin(t)
	a, b := p.ours(t)
	if err := p.Webhook("salon", "BOOKING_CREATED", b.UID, nil); err != nil {
		t.Fatal(err)
	}
	p.hear(t)
	m, s := p.anew()
	m.with(t, a, p.now)
	before := maps.Clone(m.records)
	apply(t, s, p, p.told...)
	for key, r := range m.records {
		if r.version != before[key].version && !strings.HasPrefix(key, "host/") {
			t.Errorf("%s was written", key)
		}
	}
	if n := len(p.Requests("salon")); n != 0 || len(m.facts) != 0 {
		t.Errorf("%d requests, facts %v", n, m.facts)
	}
}

// broken is a calendar that cannot be asked.
type broken struct {
	scheduling.Calendar
	err error
}

// Booking fails.
func (b broken) Booking(context.Context, scheduling.Account, string) (scheduling.Booked, error) {
	return scheduling.Booked{}, b.err
}

func TestAFreshNoticeIsBelievedWhereTheCalendarCannotBeAsked(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"the budget is spent": &scheduling.Refused{Why: scheduling.Resting, Err: errors.New("x")}, "it does not answer": &scheduling.Refused{Why: scheduling.Unknown, Err: errors.New("x")},
		"it does not show us the booking": &scheduling.Refused{Why: scheduling.Gone, Err: errors.New("x")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := begin(t)
			a, b := p.ours(t)
			p.does(t, simulated.Behind{Action: "cancelled", UID: b.UID})
			p.does(t, simulated.Behind{Action: "made", Service: "schnitt", Staff: "anna", Start: "2026-11-26T15:00"})
			m, s := p.anew()
			m.with(t, a, p.now)
			s.Calendar = broken{p.client, err}
			late := p.told[0]
			late.SentAt = late.SentAt.Add(-time.Hour)
			lateErr := s.Apply(t.Context(), salonID, p.config, late)
			if asked := scheduling.WhyOf(err) != scheduling.Gone; asked != (lateErr != nil) {
				t.Errorf("a late one: %v", lateErr)
			}
			if got, _, _ := m.Appointment(t.Context(), salonID, "A1"); got.Status != booking.Confirmed {
				t.Errorf("a late one was believed: %s", got.Status)
			}
			apply(t, s, p, p.told...)
			if got, _, _ := m.Appointment(t.Context(), salonID, "A1"); got.Status != booking.Cancelled || got.CancelledBy != "staff" || got.CancellationSource != "calcom_webhook" {
				t.Errorf("%s by %s, %s", got.Status, got.CancelledBy, got.CancellationSource)
			}
			if m.count("appointment") != 2 {
				t.Errorf("%d appointments", m.count("appointment"))
			}
		})
	}
}

func TestAForeignBookingFindsItsCustomerOrMakesOne(t *testing.T) {
	t.Parallel()
	known := &customer.Customer{ID: "K9", Name: "Erika Muster", Email: "erika@muster.example", Phone: "+4915112345678"}
	for _, tt := range []struct {
		name, email, phone string
		want               string // id of the customer; empty: a new one
		card               string
	}{
		{"by address, whatever its case", "Erika@Muster.example", "", "K9", "+4915112345678"},
		{"by number", "anders@muster.example", "+49 151 12345678", "K9", "+4915112345678"},
		{"by address before number", "erika@muster.example", "+49 170 9999999", "K9", "+4915112345678"},
		{"nobody known", "neu@muster.example", "+49 170 9999999", "", ""},
		{"nobody known, and no address but one that Cal.com made up", "491709999999@sms.cal.com", "+49 170 9999999", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := begin(t)
			m, s := p.anew()
			card := customer.Card{Key: known.Phone, CustomerID: known.ID, Name: known.Name, Email: known.Email}
			who := *known
			if err := m.Commit(t.Context(), salonID, &ledger.Step{Customer: &who, EmailOf: who.Email, Card: &card}); err != nil {
				t.Fatal(err)
			}
			p.does(t, simulated.Behind{Action: "made", Service: "schnitt", Staff: "anna", Start: "2026-11-26T10:00", Name: "E. Muster", Email: tt.email, Phone: tt.phone})
			apply(t, s, p, p.told...)
			a := m.only(t)
			if tt.want != "" && (a.CustomerID != tt.want || a.ContactKey != tt.card || m.count("customer") != 1) {
				t.Errorf("it is %s's (%s), of %d customers", a.CustomerID, a.ContactKey, m.count("customer"))
			}
			if tt.want == "" {
				made, _, _ := m.Customer(t.Context(), salonID, a.CustomerID)
				if made.Name != "E. Muster" || made.Phone != "" || made.Source != "calcom" || a.ContactKey != made.ID || strings.Contains(made.Email, "sms.cal.com") {
					t.Errorf("made %+v", made)
				}
			}
			around, _ := m.Gather(t.Context(), salonID, ledger.Ask{Card: a.ContactKey})
			if len(around.Card.Upcoming) != 1 || a.BranchID != p.config.Branches[0].ID || a.StaffID != p.config.Staff[0].ID || a.PriceCents != 2800 {
				t.Errorf("card %+v, appointment %+v", around.Card, a)
			}
		})
	}
}

func TestTheSameForeignCustomerIsOne(t *testing.T) {
	t.Parallel()
	p := begin(t)
	m, s := p.anew()
	for _, start := range []string{"2026-11-26T10:00", "2026-11-27T10:00"} {
		p.does(t, simulated.Behind{Action: "made", Service: "schnitt", Staff: "anna", Start: start, Name: "Frieda Fremd", Email: "frieda@fremd.example"})
	}
	apply(t, s, p, p.told...)
	if m.count("appointment") != 2 || m.count("customer") != 1 {
		t.Errorf("%d appointments of %d customers", m.count("appointment"), m.count("customer"))
	}
}

func TestAHostWhomNobodyKnowsIsForAPerson(t *testing.T) {
	t.Parallel()
	p := begin(t)
	m, s := p.anew()
	p.does(t, simulated.Behind{Action: "made", Service: "schnitt", Staff: "anna", Start: "2026-11-26T10:00"})
	config := *p.config
	config.Staff = []company.Staff{config.Staff[1]} // Anna is gone from the file
	var alarms []string
	s.Alarm = func(_ context.Context, name, _ string) { alarms = append(alarms, name) }
	for range 2 {
		if err := s.Apply(t.Context(), salonID, &config, p.told[0]); err != nil {
			t.Fatal(err)
		}
	}
	a := m.only(t)
	if a.StaffID != "" || !a.NeedsReview || a.Status != booking.Confirmed {
		t.Errorf("staff %q, review %t %q, %s", a.StaffID, a.NeedsReview, a.ReviewReason, a.Status)
	}
	if len(alarms) != 1 || !strings.Contains(strings.Join(m.facts, " "), "appointment.needs_review.v1") {
		t.Errorf("alarms %v, facts %v", alarms, m.facts)
	}
}

func TestAHostIsLearnedFromAddressOrNameOnce(t *testing.T) {
	t.Parallel()
	p := begin(t)
	config := *p.config
	mario := config.Staff[1]
	twins := append(config.Staff[:1:1], mario, company.Staff{ID: "other", Name: "Mario Rossi"})
	for _, tt := range []struct {
		name   string
		staff  []company.Staff
		hosts  []company.HostMapping
		host   scheduling.Host
		staffs string
		source string
	}{
		{"by the file", config.Staff, nil, scheduling.Host{ID: 11, Name: "Jemand"}, config.Staff[0].ID, ""},
		{"by address", config.Staff, nil, scheduling.Host{ID: 12, Email: "MARIO@salon.example", Name: "M."}, mario.ID, company.HostByEmail},
		{"by name", config.Staff, nil, scheduling.Host{ID: 12, Email: "x@y.example", Name: "mario  rossi"}, mario.ID, company.HostByName},
		{"by what was learned, though he is called otherwise now", config.Staff, []company.HostMapping{{HostID: 12, StaffID: mario.ID, Source: company.HostByName, Confidence: 75, Active: true}}, scheduling.Host{ID: 12, Name: "Rossi, M."}, mario.ID, ""},
		{"two who fit equally are nobody", twins, nil, scheduling.Host{ID: 12, Name: "Mario Rossi"}, "", ""},
		{"a mapping that was switched off", config.Staff, []company.HostMapping{{HostID: 12, StaffID: mario.ID, Source: company.HostByName, Confidence: 75}}, scheduling.Host{ID: 12, Email: "mario@salon.example"}, "", ""},
		{"a similar name is none", config.Staff, nil, scheduling.Host{ID: 12, Name: "Mario Rosso"}, "", ""},
		{"no host", config.Staff, nil, scheduling.Host{}, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := config
			c.Staff, c.Hosts = tt.staff, tt.hosts
			got, ok := scheduling.StaffOfHost(&c, tt.host)
			if got.ID != tt.staffs || ok != (tt.staffs != "") {
				t.Fatalf("%q, %t", got.ID, ok)
			}
			m, s := p.anew()
			if err := s.Apply(t.Context(), salonID, &c, scheduling.Notice{Booked: scheduling.Booked{UID: "x", Host: tt.host}, SentAt: p.now}); err != nil {
				t.Fatal(err)
			}
			var learned company.HostMapping
			if _, kept := load(m, "host/12", &learned); kept != (tt.source != "") || learned.Source != tt.source {
				t.Errorf("learned %+v", learned)
			}
		})
	}
}

func TestAnEventTypeThatBecomesKnownTurnsABlockIntoAnAppointment(t *testing.T) {
	t.Parallel()
	p := begin(t)
	m, s := p.anew()
	b := p.does(t, simulated.Behind{Action: "made", Service: "alt", Staff: "anna", Start: "2026-11-26T10:00"})
	apply(t, s, p, p.told...)
	if m.count("appointment") != 0 || !strings.Contains(m.state(), `"k":"foreign"`) {
		t.Fatalf("nothing blocks the time:\n%s", m.state())
	}
	c := *p.config
	c.Services = append(c.Services[:1:1], company.Service{ID: "S2", Name: "Altes", DurationMinutes: 30, Active: true, EventTypes: []company.EventType{{StaffID: c.Staff[0].ID, ID: 109}}})
	if did, err := s.Put(t.Context(), salonID, &c, bookedOf(t, p, b.UID), nil, scheduling.Comparison{}); err != nil || did != scheduling.Imported {
		t.Fatalf("%s, %v", did, err)
	}
	if a := m.only(t); a.ServiceID != "S2" || strings.Contains(m.state(), `"k":"foreign"`) || !strings.Contains(m.state(), `"k":"appointment"`) {
		t.Errorf("%s", m.state())
	}
}

func bookedOf(t *testing.T, p *partner, uid string) scheduling.Booked {
	t.Helper()
	b, err := p.client.Booking(t.Context(), scheduling.Account{Company: salonID, Key: "ssm:/key"}, uid)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestABookingThatStandsTwiceIsForAPersonOnce(t *testing.T) {
	t.Parallel()
	p := begin(t)
	a, b := p.ours(t)
	p.does(t, simulated.Behind{Action: "doubled", UID: b.UID})
	m, s := p.anew()
	m.with(t, a, p.now)
	apply(t, s, p, p.told[0], p.told[0])
	got := m.only(t)
	if got.UID != b.UID || got.Status != booking.Confirmed || !got.NeedsReview || got.Sequence != 0 || len(m.facts) != 1 {
		t.Errorf("%+v, facts %v", got, m.facts)
	}
}

func TestTheLengthOfOursIsOurs(t *testing.T) {
	t.Parallel()
	p := begin(t)
	a, b := p.ours(t)
	if err := p.Change(simulated.EventType{Company: "salon", ID: 101, Title: "Anders", Minutes: 50}); err != nil {
		t.Fatal(err)
	}
	p.does(t, simulated.Behind{Action: "moved", UID: b.UID, Start: "2026-11-26T14:00"})
	m, s := p.anew()
	m.with(t, a, p.now)
	apply(t, s, p, p.told...)
	if got := m.only(t); got.EndsAt.Sub(got.StartsAt) != 30*time.Minute || got.PriceCents != a.PriceCents {
		t.Errorf("%s to %s", got.StartsAt, got.EndsAt)
	}
}

func TestWhoCancelled(t *testing.T) {
	t.Parallel()
	for by, want := range map[string]string{"ERIKA@muster.example": "customer", "anna@salon.example": "staff", "": "staff"} {
		p := begin(t)
		a, b := p.ours(t)
		m, s := p.anew()
		m.with(t, a, p.now)
		apply(t, s, p, scheduling.Notice{Booked: scheduling.Booked{UID: b.UID, Status: "cancelled", CancelledBy: by, Reason: "Krank"}, SentAt: p.now.Add(time.Second)})
		if got := m.only(t); got.Status != booking.Cancelled || got.CancelledBy != want || got.CancellationReason != "Krank" {
			t.Errorf("%q: %s by %s", by, got.Status, got.CancelledBy)
		}
	}
}

func TestARequestThatTheHostRefusesIsCancelledWithItsReason(t *testing.T) {
	t.Parallel()
	p := begin(t)
	a, b := p.ours(t)
	a.Status, a.PendingReason = booking.Pending, "host_approval"
	m, s := p.anew()
	m.with(t, a, p.now)
	s.Calendar = broken{p.client, &scheduling.Refused{Why: scheduling.Unknown, Err: errors.New("x")}}
	apply(t, s, p, scheduling.Notice{Booked: scheduling.Booked{UID: b.UID, Status: "rejected", Reason: "Urlaub"}, SentAt: p.now.Add(time.Second)})
	if got := m.only(t); got.Status != booking.Cancelled || got.CancellationReason != "Urlaub" || got.PendingReason != "" || strings.Join(m.facts, " ") != "appointment.cancelled.v1 version 1 by staff" {
		t.Errorf("%s, %q, facts %v", got.Status, got.CancellationReason, m.facts)
	}
}
