package keeper

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

var us = tenant.Proven("01KAQ7T5Z0QW8R4N2M6X3C9V1B")

// shelf holds one appointment and its customer. conflicts are met before a step is written.
type shelf struct {
	Store     // the questions that are not asked here
	a         booking.Appointment
	c         customer.Customer
	timers    map[string]time.Time
	conflicts int
	steps     int
}

func (s *shelf) Config(context.Context, tenant.ID) (*company.Config, error) {
	return &company.Config{Branches: []company.Branch{{ID: "mitte"}}, Services: []company.Service{{ID: "schnitt"}}}, nil
}

func (s *shelf) Appointment(context.Context, tenant.ID, string) (booking.Appointment, bool, error) {
	return s.a, s.a.ID != "", nil
}

func (s *shelf) Customer(context.Context, tenant.ID, string) (customer.Customer, bool, error) {
	return s.c, s.c.ID != "", nil
}

func (s *shelf) Commit(_ context.Context, _ tenant.ID, step *ledger.Step) error {
	if s.conflicts--; s.conflicts >= 0 {
		return &ledger.Conflict{On: []string{"customer"}}
	}
	s.steps++
	for _, a := range step.Appointments {
		s.a = *a
	}
	if step.Customer != nil {
		s.c = *step.Customer
	}
	for _, x := range step.ClearTimers {
		delete(s.timers, x.Queue+"/"+x.Name)
	}
	for _, x := range step.SetTimers {
		s.timers[x.Queue+"/"+x.Name] = x.DueAt
	}
	return nil
}

// waits lists the timers.
func (s *shelf) waits() string {
	var out []string
	for name, at := range s.timers {
		out = append(out, name+" "+at.In(company.Berlin()).Format("02.01. 15:04"))
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

func at(t testing.TB, text string) time.Time {
	t.Helper()
	x, err := time.ParseInLocation("2006-01-02 15:04", text, company.Berlin())
	if err != nil {
		t.Fatal(err)
	}
	return x.UTC()
}

func newShelf(t testing.TB) (*shelf, *Keeper) {
	t.Helper()
	s := &shelf{timers: map[string]time.Time{}, c: customer.Customer{ID: "erika"}, a: booking.Appointment{
		ID: "a1", BranchID: "mitte", ServiceID: "schnitt", CustomerID: "erika", Status: booking.Confirmed, StartsAt: at(t, "2026-11-24 14:30"), EndsAt: at(t, "2026-11-24 15:00"),
		CreatedAt: at(t, "2026-11-20 09:00"), Timezone: "Europe/Berlin", AttendeeEmail: "erika@example.de",
	}}
	return s, &Keeper{Store: s, Now: func() time.Time { return at(t, "2026-11-24 17:00") }}
}

func (s *shelf) confirmed(t testing.TB, k *Keeper, version int) {
	t.Helper()
	detail, _ := json.Marshal(event.AppointmentConfirmed{AppointmentID: s.a.ID, Version: version})
	if err := k.Remember(t.Context(), us, detail); err != nil {
		t.Fatal(err)
	}
}

func (s *shelf) cancelled(t testing.TB, k *Keeper, by string) {
	t.Helper()
	detail, _ := json.Marshal(event.AppointmentCancelled{AppointmentID: s.a.ID, By: by})
	if err := k.Forget(t.Context(), us, detail); err != nil {
		t.Fatal(err)
	}
}

func TestAConfirmedAppointmentWaitsForItsReminderOrItsEnd(t *testing.T) {
	t.Parallel()
	const reminder, complete = "notifications/reminder 23.11. 14:30", "default/complete 24.11. 17:00"
	for _, tt := range []struct {
		name string
		set  func(a *booking.Appointment)
		want string
	}{
		{"days ahead", func(*booking.Appointment) {}, reminder},
		{"less than a day ahead", func(a *booking.Appointment) { a.CreatedAt = at(t, "2026-11-23 15:00") }, complete},
		{"nobody can be reminded", func(a *booking.Appointment) { a.AttendeeEmail = "" }, complete},
		{"reminded already", func(a *booking.Appointment) { sent := at(t, "2026-11-23 14:30"); a.ReminderSentAt = &sent }, complete},
		{"not known whose it is", func(a *booking.Appointment) { a.CustomerID = "" }, reminder},
		{"waits for approval", func(a *booking.Appointment) { a.Status = booking.Pending }, ""},
		{"cancelled since", func(a *booking.Appointment) { a.Status = booking.Cancelled }, ""},
		{"over since", func(a *booking.Appointment) { a.Status = booking.Completed }, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, k := newShelf(t)
			tt.set(&s.a)
			for range 3 {
				s.confirmed(t, k, 0)
			}
			if got := s.waits(); got != tt.want {
				t.Errorf("waits for %q, wanted %q", got, tt.want)
			}
		})
	}
}

func TestAMoveReplacesTheTimer(t *testing.T) {
	t.Parallel()
	s, k := newShelf(t)
	s.confirmed(t, k, 0)
	s.a.Sequence, s.a.ChangedAt = 1, at(t, "2026-11-21 10:00")
	s.a.StartsAt, s.a.EndsAt = at(t, "2026-11-21 18:00"), at(t, "2026-11-21 18:30") // today
	s.confirmed(t, k, 1)
	s.confirmed(t, k, 0) // the first fact comes late
	if got := s.waits(); got != "default/complete 21.11. 20:30" {
		t.Errorf("moved to today it waits for %s", got)
	}
	s.a.Sequence, s.a.StartsAt, s.a.EndsAt = 2, at(t, "2026-12-01 10:00"), at(t, "2026-12-01 10:30")
	s.confirmed(t, k, 2)
	if got := s.waits(); got != "notifications/reminder 30.11. 10:00" {
		t.Errorf("moved to another week it waits for %s", got)
	}
	if s.c.AppointmentCount != 1 || len(s.c.Recent) != 1 || s.c.Recent[0].Start != s.a.StartsAt.Unix() {
		t.Errorf("%+v", s.c)
	}
}

// TestFactsInAnyOrder: whatever comes first, late or twice, the end is the same.
func TestFactsInAnyOrder(t *testing.T) {
	t.Parallel()
	for _, order := range []string{"0c", "c0", "00cc", "cc00", "0c0c0", "c00c"} {
		s, k := newShelf(t)
		if order[0] == 'c' { // both have happened before the first is heard
			s.a.Status = booking.Cancelled
		}
		for _, fact := range order {
			if fact == 'c' {
				s.a.Status = booking.Cancelled
				s.cancelled(t, k, "customer")
				continue
			}
			s.confirmed(t, k, 0)
		}
		want := fmt.Sprint([]customer.Visit{{AppointmentID: "a1", ServiceID: "schnitt", Start: s.a.StartsAt.Unix(), Off: true}})
		if s.c.AppointmentCount != 1 || s.c.CancelledCount != 1 || fmt.Sprint(s.c.Recent) != want || s.c.LastAppointment != nil || s.waits() != "" {
			t.Errorf("%s: %+v, waits for %q", order, s.c, s.waits())
		}
	}
}

func TestWhatWasNeverConfirmedIsNotTheCustomersCancellation(t *testing.T) {
	t.Parallel()
	s, k := newShelf(t)
	s.a.Status = booking.Cancelled
	s.timers["default/complete"] = s.a.CompleteAt()
	s.cancelled(t, k, "system")
	if s.c.CancelledCount != 0 || s.c.AppointmentCount != 0 || s.waits() != "" {
		t.Errorf("%+v, waits for %q", s.c, s.waits())
	}
	s.a.Status = booking.Confirmed // and it lives after all
	s.confirmed(t, k, 0)
	s.cancelled(t, k, "system")
	if s.waits() == "" {
		t.Error("an old cancellation took the timer of one that lives")
	}
}

func TestAnAppointmentIsCompletedTwoHoursAfterItsEnd(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		set  func(a *booking.Appointment)
		want booking.Status
		wait string
	}{
		{"in time", func(*booking.Appointment) {}, booking.Completed, ""},
		{"moved: too early", func(a *booking.Appointment) { a.EndsAt = a.EndsAt.Add(time.Hour) }, booking.Confirmed, "default/complete 24.11. 18:00"},
		{"cancelled", func(a *booking.Appointment) { a.Status = booking.Cancelled }, booking.Cancelled, ""},
		{"did not come", func(a *booking.Appointment) { a.Status = booking.NoShow }, booking.NoShow, ""},
		{"never approved", func(a *booking.Appointment) { a.Status = booking.Pending }, booking.Pending, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, k := newShelf(t)
			tt.set(&s.a)
			s.timers["default/complete"], s.conflicts = s.a.StartsAt, 2
			for range 2 {
				if err := k.Complete(t.Context(), us, s.a.ID); err != nil {
					t.Fatal(err)
				}
			}
			if s.a.Status != tt.want || s.waits() != tt.wait {
				t.Errorf("%s, waits for %q, wanted %s and %q", s.a.Status, s.waits(), tt.want, tt.wait)
			}
		})
	}
}
