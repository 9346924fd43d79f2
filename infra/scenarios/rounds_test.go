package scenarios_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/askpro/gateway/infra/local/stacktest"
	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/reconcile"
	"github.com/askpro/gateway/internal/scheduling"
)

func TestScenario16ALostWebhookIsMadeUpForWithinAQuarterOfAnHour(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	c := s.NewCompany(t)
	day := c.Day(t, 2)
	moved := c.Appointment(t, booked(t, c.Ring(c.Erika), "Langhaarschnitt", day, "10 Uhr", "Erika Test").Text("appointment_id"))
	cancelled := c.Appointment(t, booked(t, c.Ring(c.Max), "Bartpflege", day, "10 Uhr", "Max Test").Text("appointment_id"))
	c.Idle(t)
	s.Advance(t, "15m") // the company's first round
	c.Idle(t)
	letters := len(c.Mails(t, c.ErikaMail))

	c.Behind(t, map[string]any{"uid": moved.UID, "start": day + "T15:00", "action": "moved"})
	c.Behind(t, map[string]any{"uid": cancelled.UID, "action": "cancelled"})
	foreign := c.Behind(t, map[string]any{"service": "schnitt", "staff": "mario", "start": day + "T12:00", "action": "made", "name": "Frieda Fremd", "email": "frieda@fremd.example"})
	c.Idle(t)
	if a := c.Appointment(t, moved.ID); !a.StartsAt.Equal(moved.StartsAt) {
		t.Fatal("the webhook was not lost")
	}
	s.Advance(t, "15m")
	c.Idle(t)
	a := c.Appointment(t, moved.ID)
	if !a.StartsAt.Equal(moved.StartsAt.Add(5*time.Hour)) || a.Status != booking.Confirmed || a.Sequence != 1 || len(a.PreviousUIDs) != 1 {
		t.Errorf("moved: %+v", a)
	}
	changes, err := c.Store().Changes(t.Context(), c.ID, a.ID)
	if err != nil || len(changes) != 2 || changes[1].Type != "corrected" {
		t.Errorf("its history: %+v, %v", changes, err)
	}
	if n := len(c.Mails(t, c.ErikaMail)); n != letters+1 {
		t.Errorf("%d letters, wanted one more than %d", n, letters)
	}
	if a := c.Appointment(t, cancelled.ID); a.Status != booking.Cancelled || a.CancelledBy != "staff" {
		t.Errorf("cancelled: %s by %q", a.Status, a.CancelledBy)
	}
	if a := imported(t, c, foreign.UID); a.Status != booking.Confirmed || a.AttendeeName != "Frieda Fremd" {
		t.Errorf("foreign: %+v", a)
	}
	if n := len(c.Mails(t, "frieda@fremd.example")); n != 1 {
		t.Errorf("%d letters to the foreign customer", n)
	}
	asked := len(c.Requests(t))
	s.Advance(t, "15m")
	c.Idle(t)
	if n := len(c.Requests(t)) - asked; n > 2 {
		t.Errorf("a round without news asks the calendar %d times", n)
	}
}

// TestALateALostAndADoubledTickAreHarmless: what is due is decided from what stands in the table.
func TestALateALostAndADoubledTickAreHarmless(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t)
	c.Round(t)
	c.Idle(t)
	first := len(c.Requests(t))
	if first == 0 {
		t.Fatal("the first round asks nothing")
	}
	c.Round(t)
	c.Idle(t)
	if n := len(c.Requests(t)); n != first {
		t.Errorf("a doubled tick asks %d times more", n-first)
	}
}

// nightly lets the stack's clock pass the next night, and the comparison come to its end; it gives the report.
func nightly(t *testing.T, c *stacktest.Company) reconcile.Report {
	t.Helper()
	c.Advance(t, "24h")
	for range 12 {
		c.Idle(t)
		if state, err := c.Store().Round(t.Context(), c.ID); err != nil {
			t.Fatal(err)
		} else if state.Night == nil && state.ComparedOn == c.Day(t, 0) {
			break
		}
		c.Advance(t, "20s") // what met the budget or the time goes on by itself
	}
	c.Idle(t)
	r, ok, err := c.Store().Report(t.Context(), c.ID, reconcile.KindComparison)
	if err != nil || !ok || r.On != c.Day(t, 0) {
		t.Fatalf("the report is of %s, %t, %v", r.On, ok, err)
	}
	return r
}

// inBudget looks that jobs asked at most sixty times in any minute.
func inBudget(t *testing.T, c *stacktest.Company) {
	t.Helper()
	list := c.Requests(t)
	for i, from := range list {
		n := 0
		for _, x := range list[i:] {
			if x.At.Sub(from.At) < time.Minute {
				n++
			}
		}
		if n > 60 {
			t.Fatalf("%d requests within a minute", n)
		}
	}
}

// bookedBefore is an appointment as a booking by phone leaves it, with its claim, day and customer.
func bookedBefore(t *testing.T, c *stacktest.Company, config *company.Config, id string, b stacktest.Booking, confirmed bool) {
	t.Helper()
	branch := config.Branches[0]
	anna := config.Staff[slices.IndexFunc(config.Staff, func(p company.Staff) bool { return p.Slug == "anna" })]
	service, _, _ := config.ServiceOfEventType(c.Events*100 + 1)
	a := &booking.Appointment{
		ID: id, BranchID: branch.ID, ServiceID: service.ID, StaffID: anna.ID, Resource: anna.ID, StartsAt: b.Start.UTC(), EndsAt: b.Start.Add(30 * time.Minute).UTC(),
		Timezone: branch.Timezone, Status: booking.Confirmed, Source: "phone", SyncOrigin: "system", SyncStatus: booking.Synced, CreatedAt: c.Clock(t), ChangedAt: c.Clock(t),
		AttendeeName: "Kunde", AttendeeEmail: b.Attendee.Email, EventTypeID: c.Events*100 + 1, UID: b.UID, CustomerID: id, ContactKey: id,
	}
	day := booking.DayKey{Resource: anna.ID, Date: branch.Day(a.StartsAt)}
	known, err := c.Store().Gather(t.Context(), c.ID, ledger.Ask{Days: []booking.DayKey{day}})
	if err != nil {
		t.Fatal(err)
	}
	card := customer.Card{Key: id, CustomerID: id, Name: "Kunde"}.With(customer.Upcoming{AppointmentID: id, ServiceID: service.ID, StaffID: anna.ID, Start: a.StartsAt.Unix(), End: a.EndsAt.Unix()}, a.CreatedAt)
	step := &ledger.Step{
		Appointments: []*booking.Appointment{a}, Card: &card, Customer: &customer.Customer{ID: id, Name: "Kunde", Identity: "known", Source: "phone"},
		Days: []booking.Day{known.Days[day].With(booking.Entry{Start: a.StartsAt.Unix(), End: a.EndsAt.Unix(), Kind: booking.Ours, Owner: id}, a.CreatedAt).Changed()},
	}
	if confirmed {
		step.Claims = []booking.Claim{{UID: b.UID, AppointmentID: id}}
	} else {
		a.UID, a.Status, a.PendingReason, a.SyncStatus = "", booking.Pending, "calendar", booking.SyncUnknown
	}
	if err := c.Store().Commit(t.Context(), c.ID, step); err != nil {
		t.Fatal(err)
	}
}

// TestReconciliation changes, loses, doubles and adds a tenth of five hundred bookings behind our back: one comparison puts
// all of it right within the budget, a second one changes nothing.
func TestReconciliation(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	s.SetClock(t, "2026-11-23T12:00:00+01:00", false)
	c := s.NewCompany(t)
	config, err := c.Store().Config(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}

	// A hundred are ours, booked by phone; four hundred were made in the calendar: the first comparison imports them, and
	// tells nobody.
	const ours, all = 100, 500
	at := func(i int) string { return fmt.Sprintf("%sT%02d:00", c.Day(t, 4+i/10), 9+i%10) }
	var list []map[string]any
	for i := range all {
		staff, n := "anna", i
		if i >= all/2 {
			staff, n = "mario", i-all/2
		}
		f := map[string]any{"action": "made", "service": "schnitt", "staff": staff, "start": at(n), "name": "Kunde", "email": fmt.Sprintf("kunde%d@fremd.example", i)}
		if i < ours {
			f["metadata"] = map[string]any{"appointment_id": ident.New(c.Clock(t))}
		}
		list = append(list, f)
	}
	seeded := c.BehindAll(t, list)
	for i, b := range seeded[:ours] {
		bookedBefore(t, c, config, b.Metadata["appointment_id"], b, i >= 5) // of five nobody knows whether they were booked
	}
	r := nightly(t, c)
	t.Logf("compared %d bookings with %d requests: %v", r.Compared, r.Requests, r.Counts)
	if r.Counts[scheduling.Imported] != all-ours || r.Counts[scheduling.Repaired] != 5 || len(r.Counts) != 2 {
		t.Fatalf("the first comparison: %v", r.Counts)
	}
	inBudget(t, c)
	if n := len(c.Mails(t, "kunde400@fremd.example")); n != 0 {
		t.Errorf("%d letters of an old booking", n)
	}

	// Each tenth changes, of ours and of the others: moved, cancelled, lost without a trace, doubled; others are made.
	list = nil
	for i := 10; i < all; i += 10 {
		f := map[string]any{"uid": seeded[i].UID, "action": []string{"moved", "cancelled", "lost", "doubled"}[i/10%4]}
		if f["action"] == "moved" {
			f["start"] = c.Day(t, 30+i/40) + "T19:00"
		}
		list = append(list, f)
	}
	for i := range 10 {
		list = append(list, map[string]any{"action": "made", "service": "bart", "staff": "mario", "start": c.Day(t, 45+i) + "T19:30", "email": fmt.Sprintf("neu%d@fremd.example", i), "name": "Neu"})
	}
	c.BehindAll(t, list)
	c.Do(t, "DELETE", c.Sim("requests"), nil, nil, nil)
	r = nightly(t, c)
	t.Logf("compared %d bookings with %d requests: %v", r.Compared, r.Requests, r.Counts)
	inBudget(t, c)

	live := map[string]stacktest.Booking{}
	for _, b := range c.Live(t) {
		live[b.UID] = b
	}
	made := map[string]bool{}
	for uid, b := range live {
		claim, ok, err := c.Store().Claim(t.Context(), c.ID, uid)
		if err != nil {
			t.Fatal(err)
		}
		if !ok && b.Metadata["appointment_id"] != "" { // stands twice: the other one is kept, and a person looks
			if a := c.Appointment(t, b.Metadata["appointment_id"]); !a.NeedsReview || !live[a.UID].Start.Equal(b.Start) {
				t.Errorf("a doubled one of ours: %+v", a)
			}
			continue
		}
		a := c.Appointment(t, claim.AppointmentID)
		if a.Status != booking.Confirmed || a.UID != uid || !a.StartsAt.Equal(b.Start) || made[a.ID] {
			t.Errorf("the booking %s at %s is %s, %s at %s", uid, b.Start, a.Status, a.UID, a.StartsAt)
		}
		made[a.ID] = true
	}
	for i := 10; i < all; i += 10 {
		a := imported(t, c, seeded[i].UID)
		switch what := list[i/10-1]["action"]; what {
		case "moved":
			if a.Sequence != 1 || len(a.PreviousUIDs) != 1 || a.PreviousUIDs[0] != seeded[i].UID {
				t.Errorf("number %d was moved: %+v", i, a)
			}
		case "cancelled":
			if a.Status != booking.Cancelled || a.CancelledBy != "staff" {
				t.Errorf("number %d was cancelled and is %s", i, a.Status)
			}
		case "lost":
			if a.Status != booking.Confirmed || !a.NeedsReview || live[a.UID].UID != "" {
				t.Errorf("number %d was lost and is %s, for review %t", i, a.Status, a.NeedsReview)
			}
		}
	}
	if watched, err := c.Store().Watched(t.Context(), c.ID); err != nil || len(watched) != 12+12 { // lost, and doubled
		t.Errorf("%d are for a person, %v", len(watched), err)
	}

	// A day goes by, so reminders are sent and appointments end: that is no second thought of the comparison's.
	bare := func(id string) string {
		a := c.Appointment(t, id)
		a.ReminderSentAt = nil
		if a.Status == booking.Completed {
			a.Status = booking.Confirmed
		}
		raw, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	written := map[string]string{}
	for id := range made {
		written[id] = bare(id)
	}
	r = nightly(t, c)
	t.Logf("compared %d bookings with %d requests: %v", r.Compared, r.Requests, r.Counts)
	inBudget(t, c)
	for id, before := range written {
		if after := bare(id); after != before {
			t.Errorf("was  %s\nnow  %s", before, after)
		}
	}
	for did, n := range r.Counts {
		if did != "overlaps" { // that nobody puts right but a person
			t.Errorf("a second pass: %d %s", n, did)
		}
	}
}
