package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/reconcile"
	"github.com/askpro/gateway/internal/scheduling"
	"github.com/askpro/gateway/internal/tenant"
)

// shelf keeps a company's rounds as the table does.
type shelf struct {
	state    reconcile.State
	reports  []reconcile.Report
	watched  []booking.Watched
	troubled []booking.Appointment
	took     [2]int
	config   *company.Config
}

// Round reads.
func (s *shelf) Round(context.Context, tenant.ID) (reconcile.State, error) { return s.state, nil }

// SaveRound writes over what was read.
func (s *shelf) SaveRound(_ context.Context, _ tenant.ID, x *reconcile.State) error {
	if x.Version != s.state.Version {
		return &ledger.Conflict{On: []string{"round"}}
	}
	x.Version++
	s.state = *x
	if x.Recent != nil {
		p := *x.Recent
		s.state.Recent = &p
	}
	if x.Night != nil {
		n := *x.Night
		s.state.Night = &n
	}
	return nil
}

// SaveReport keeps all.
func (s *shelf) SaveReport(_ context.Context, _ tenant.ID, r reconcile.Report) error {
	s.reports = append(s.reports, r)
	return nil
}

// Claims of nobody.
func (s *shelf) Claims(context.Context, tenant.ID, []string) (map[string]booking.Claim, error) {
	return nil, nil
}

// Appointments in trouble.
func (s *shelf) Appointments(_ context.Context, _ tenant.ID, ids []string) (list []booking.Appointment, err error) {
	for _, a := range s.troubled {
		if slices.Contains(ids, a.ID) {
			list = append(list, a)
		}
	}
	return list, nil
}

// AppointmentIDs of nobody.
func (s *shelf) AppointmentIDs(context.Context, tenant.ID, string, time.Time, time.Time, int) ([]string, error) {
	return nil, nil
}

// Watched lists.
func (s *shelf) Watched(context.Context, tenant.ID) ([]booking.Watched, error) { return s.watched, nil }

// Tallied counts.
func (s *shelf) Tallied(context.Context, tenant.ID, time.Time) (int, int, error) {
	return s.took[0], s.took[1], nil
}

// Vanish changes the configuration as reading it again would.
func (s *shelf) Vanish(_ context.Context, _ tenant.ID, v company.Vanished, back bool) error {
	var all []company.Vanished
	for _, other := range s.config.Vanished {
		if other.EventType != v.EventType {
			all = append(all, other)
		}
	}
	if !back {
		all = append(all, v)
	}
	fresh := salon()
	fresh.Without(all)
	*s.config = *fresh
	return nil
}

// ClaimOnce lets everybody in.
func (s *shelf) ClaimOnce(context.Context, tenant.ID, string, time.Duration) error { return nil }

// calendar has bookings and event types, and refuses when told to.
type calendar struct {
	bookings []scheduling.Booked
	types    map[int64]scheduling.EventType
	refuse   map[int]error // by the number of the request, from 1
	asked    []string
}

func (c *calendar) next(what string) error {
	c.asked = append(c.asked, what)
	return c.refuse[len(c.asked)]
}

// List pages through all.
func (c *calendar) List(_ context.Context, _ scheduling.Account, q scheduling.Page) ([]scheduling.Booked, bool, error) {
	what := "touched"
	switch {
	case !q.From.IsZero():
		what = "all"
	case !q.CreatedSince.IsZero():
		what = "made"
	}
	if err := c.next(fmt.Sprint(what, " from ", q.Skip)); err != nil || what != "touched" {
		return nil, false, err
	}
	upTo := min(q.Skip+250, len(c.bookings))
	return c.bookings[min(q.Skip, upTo):upTo], upTo-q.Skip == 250, nil
}

// EventType by id.
func (c *calendar) EventType(_ context.Context, _ scheduling.Account, id int64) (scheduling.EventType, error) {
	if err := c.next(fmt.Sprint("event type ", id)); err != nil {
		return scheduling.EventType{}, err
	}
	e, ok := c.types[id]
	if !ok {
		return e, &scheduling.Refused{Why: scheduling.Gone, Err: errors.New("404")}
	}
	return e, nil
}

func salon() *company.Config {
	return &company.Config{
		Company: company.Company{ID: "C", Timezone: "Europe/Berlin", CalcomAPIKey: "ssm:/c"},
		Services: []company.Service{
			{ID: "S1", Slug: "schnitt", Name: "Schnitt", Active: true, DurationMinutes: 30, PriceCents: 2800, EventTypes: []company.EventType{{StaffID: "anna", ID: 1}, {StaffID: "mario", ID: 2}}},
			{ID: "S2", Slug: "welle", Name: "Dauerwelle", Active: true, DurationMinutes: 135, EventTypes: []company.EventType{{StaffID: "anna", Segment: "A", ID: 3}}, Segments: []company.Segment{{Key: "A", DurationMin: 50}}},
		},
	}
}

// world is a company, a calendar and a clock.
type world struct {
	shelf
	calendar
	now    time.Time
	alarms []string
	sweeps int
}

func newWorld(now string) *world {
	at, err := time.Parse(time.RFC3339, now)
	if err != nil {
		panic(err)
	}
	w := &world{now: at}
	w.shelf.config = salon()
	w.types = map[int64]scheduling.EventType{1: {ID: 1, Title: "Schnitt", Minutes: 30}, 2: {ID: 2, Title: "Schnitt", Minutes: 30}, 3: {ID: 3, Title: "Wickeln", Minutes: 50}}
	w.refuse = map[int]error{}
	return w
}

func (w *world) round(t *testing.T) time.Duration {
	t.Helper()
	r := &reconcile.Reconciler{
		Store: &w.shelf, Calendar: &w.calendar, Now: func() time.Time { return w.now }, Alarm: func(_ context.Context, name, _ string) { w.alarms = append(w.alarms, name) },
		Sweep: func(context.Context, tenant.ID) error { w.sweeps++; return nil },
	}
	again, err := r.Round(t.Context(), tenant.Proven("C"), w.config)
	if err != nil {
		t.Fatal(err)
	}
	return again
}

// ended are bookings that were cancelled before we heard of them: nothing is to be done about any.
func ended(n int, at time.Time) (list []scheduling.Booked) {
	for i := range n {
		list = append(list, scheduling.Booked{UID: fmt.Sprint("u", i), Status: "cancelled", Start: at, CreatedAt: at, UpdatedAt: at})
	}
	return list
}

func TestARoundThatMeetsTheBudgetGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	w := newWorld("2026-11-24T12:00:00Z")
	w.bookings = ended(600, w.now)
	w.refuse[2] = &scheduling.Refused{Why: scheduling.Resting, Until: w.now.Add(40 * time.Second), Err: errors.New("spent")}
	if again := w.round(t); again != 40*time.Second {
		t.Fatalf("it goes on in %s", again)
	}
	w.now = w.now.Add(20 * time.Second)
	if again := w.round(t); again != 0 || len(w.asked) != 2 {
		t.Errorf("a tick meanwhile asks %v, and again in %s", w.asked, again)
	}
	w.now = w.now.Add(20 * time.Second)
	w.refuse[5] = &scheduling.Refused{Why: scheduling.Unknown, Err: errors.New("502")}
	if again := w.round(t); again != time.Minute {
		t.Fatalf("after a failure it goes on in %s", again)
	}
	w.now = w.now.Add(time.Minute)
	if again := w.round(t); again != 0 {
		t.Fatalf("and again in %s", again)
	}
	want := []string{
		"touched from 0", "touched from 250", // refused
		"touched from 250", "touched from 500", "made from 0", // failed
		"made from 0", "all from 0", "event type 1", "event type 2", "event type 3",
	}
	if !slices.Equal(w.asked, want) {
		t.Errorf("asked\n%s\nwanted\n%s", strings.Join(w.asked, "\n"), strings.Join(want, "\n"))
	}
	if w.state.Recent != nil || w.state.Night != nil || w.state.ComparedOn != "2026-11-24" || !w.state.BusyUntil.IsZero() {
		t.Errorf("in the end: %+v", w.state)
	}
}

func TestTicks(t *testing.T) {
	t.Parallel()
	w := newWorld("2026-11-24T22:00:00Z")
	counts := func(advance time.Duration) (touched, nights, sweeps int) {
		t.Helper()
		w.now, w.asked, w.sweeps = w.now.Add(advance), nil, 0
		w.round(t)
		for _, a := range w.asked {
			switch {
			case strings.HasPrefix(a, "touched"):
				touched++
			case strings.HasPrefix(a, "all"):
				nights++
			}
		}
		return touched, nights, w.sweeps
	}
	for _, tt := range []struct {
		name                    string
		advance                 time.Duration
		touched, nights, sweeps int
	}{
		{"the first does everything, whatever time it is", 0, 1, 1, 1},
		{"a doubled one nothing", time.Second, 0, 0, 0},
		{"a quarter of an hour later what was touched", 15 * time.Minute, 1, 0, 0},
		{"an hour later the reminders, too", 45 * time.Minute, 1, 0, 1},
		{"midnight is not the night's time yet", time.Hour, 1, 0, 1},
		{"one that comes late does what is due once, and the night begins at two o'clock of the company", time.Hour, 1, 1, 1},
		{"all ticks of a day were lost", 26 * time.Hour, 1, 1, 1},
	} {
		if touched, nights, sweeps := counts(tt.advance); touched != tt.touched || nights != tt.nights || sweeps != tt.sweeps {
			t.Errorf("%s: %d, %d, %d", tt.name, touched, nights, sweeps)
		}
	}
	// A clock that was set back makes everything due, and blocks nothing.
	if touched, nights, sweeps := counts(-72 * time.Hour); touched != 1 || nights != 1 || sweeps != 1 {
		t.Errorf("after the clock was set back: %d, %d, %d", touched, nights, sweeps)
	}
}

func TestACompanyWithoutCalendarIsOnlySweptForReminders(t *testing.T) {
	t.Parallel()
	w := newWorld("2026-11-24T22:00:00Z")
	w.config.Company.CalcomAPIKey = ""
	if again := w.round(t); again != 0 || len(w.asked) > 0 || len(w.alarms) > 0 || w.sweeps != 1 {
		t.Errorf("again after %s, asked %v, alarms %v, %d sweeps", again, w.asked, w.alarms, w.sweeps)
	}
}

func TestARoundThatWasKilledIsTakenOver(t *testing.T) {
	t.Parallel()
	w := newWorld("2026-11-24T12:00:00Z")
	w.state.BusyUntil = w.now.Add(time.Minute)
	if w.round(t); len(w.asked) != 0 {
		t.Errorf("two are at it: %v", w.asked)
	}
	w.now = w.now.Add(2 * time.Minute)
	if w.round(t); len(w.asked) == 0 {
		t.Error("nobody takes over")
	}
}

// §17.28: what the calendar says of an event type is reported, and never overwrites the company's prices and lengths.
func TestWhatEventTypesDriftTo(t *testing.T) {
	t.Parallel()
	price := func(n int64) *int64 { return &n }
	for _, tt := range []struct {
		name   string
		change func(w *world)
		want   []reconcile.Drift
	}{
		{"nothing", func(*world) {}, nil},
		{"a name", func(w *world) { w.types[1] = scheduling.EventType{ID: 1, Title: "Haircut", Minutes: 30} }, []reconcile.Drift{{1, "schnitt", "name", "Schnitt", "Haircut"}}},
		{"a length", func(w *world) { w.types[2] = scheduling.EventType{ID: 2, Title: "schnitt", Minutes: 45} }, []reconcile.Drift{{2, "schnitt", "minutes", "30", "45"}}},
		{"a price", func(w *world) {
			w.types[2] = scheduling.EventType{ID: 2, Title: "Schnitt", Minutes: 30, PriceCents: price(3000)}
		}, []reconcile.Drift{{2, "schnitt", "price", "2800", "3000"}}},
		{"no price is none", func(w *world) {
			w.types[2] = scheduling.EventType{ID: 2, Title: "Schnitt", Minutes: 30, PriceCents: price(0)}
		}, nil},
		{"a segment's length, whatever it is called", func(w *world) { w.types[3] = scheduling.EventType{ID: 3, Title: "x", Minutes: 40} }, []reconcile.Drift{{3, "welle", "minutes", "50", "40"}}},
		{"another team's", func(w *world) {
			w.config.Company.CalcomTeamID = 7
			w.types = map[int64]scheduling.EventType{1: {ID: 1, Title: "Schnitt", Minutes: 30, TeamID: 7}, 2: {ID: 2, Title: "Schnitt", Minutes: 30, TeamID: 8}, 3: {ID: 3, Minutes: 50, TeamID: 7}}
		}, []reconcile.Drift{{2, "schnitt", "team", "7", "8"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld("2026-11-24T12:00:00Z")
			tt.change(w)
			before := fmt.Sprint(w.config.Services)
			w.round(t)
			if len(w.reports) != 1 || !slices.Equal(w.reports[0].Drift, tt.want) {
				t.Errorf("reports %+v", w.reports)
			}
			if fmt.Sprint(w.config.Services) != before {
				t.Error("a service was changed")
			}
		})
	}
}

func TestAVanishedEventTypeIsNotBookedUntilItIsBack(t *testing.T) {
	t.Parallel()
	w := newWorld("2026-11-24T12:00:00Z")
	was := w.types[3]
	delete(w.types, 3)
	delete(w.types, 1)
	w.round(t)
	if s, _ := w.config.Service("S2"); s.Active || len(s.EventTypes) != 0 {
		t.Errorf("the service without event types: %+v", s)
	}
	if s, _ := w.config.Service("S1"); !s.Active || len(s.EventTypes) != 1 || s.EventTypes[0].ID != 2 {
		t.Errorf("the service with another one: %+v", s)
	}
	if _, _, known := w.config.ServiceOfEventType(3); !known {
		t.Error("what was booked with it is foreign now")
	}
	if !slices.Equal(w.alarms, []string{reconcile.AlarmVanished, reconcile.AlarmVanished}) {
		t.Errorf("alarms %v", w.alarms)
	}
	w.types[3] = was
	w.now = w.now.Add(15 * time.Minute)
	w.round(t)
	if s, _ := w.config.Service("S2"); !s.Active || len(s.EventTypes) != 1 {
		t.Errorf("it is back: %+v", s)
	}
	w.now = w.now.Add(24 * time.Hour)
	w.round(t)
	if len(w.alarms) != 2 {
		t.Errorf("alarms %v for what was known", w.alarms)
	}
}

func TestThatAllEventTypesVanishedAtOnceIsNotBelieved(t *testing.T) {
	t.Parallel()
	w := newWorld("2026-11-24T12:00:00Z")
	w.types = nil
	w.round(t)
	if s, _ := w.config.Service("S1"); !s.Active || len(s.EventTypes) != 2 {
		t.Errorf("%+v", s)
	}
	if !slices.Equal(w.alarms, []string{scheduling.AlarmMisconfigured}) {
		t.Errorf("alarms %v", w.alarms)
	}
}

func TestAlarmsOfTheSync(t *testing.T) {
	t.Parallel()
	start := "2026-11-24T12:00:00Z"
	w := newWorld(start)
	in := func(d time.Duration) time.Time { return w.now.Add(d) }
	active := func(sync booking.SyncStatus, review bool, ends time.Duration) booking.Appointment {
		return booking.Appointment{ID: "A", Status: booking.Confirmed, SyncStatus: sync, NeedsReview: review, EndsAt: in(ends)}
	}
	for _, tt := range []struct {
		name  string
		a     booking.Appointment
		since time.Duration
		took  [2]int
		want  []string
	}{
		{"nothing", booking.Appointment{}, 0, [2]int{100, 0}, nil},
		{"unknown for an hour and a minute", active(booking.SyncUnknown, false, time.Hour), 61 * time.Minute, [2]int{}, []string{reconcile.AlarmPending}},
		{"unknown for less", active(booking.SyncUnknown, false, time.Hour), 59 * time.Minute, [2]int{}, nil},
		{"failed for more than a day", active(booking.SyncFailed, false, time.Hour), 25 * time.Hour, [2]int{}, []string{reconcile.AlarmFailed}},
		{"failed for less", active(booking.SyncFailed, false, time.Hour), 23 * time.Hour, [2]int{}, nil},
		{"a review item, at once", active(booking.Synced, true, time.Hour), 0, [2]int{}, []string{reconcile.AlarmReview}},
		{"one that is long over", active(booking.Synced, true, -25*time.Hour), 0, [2]int{}, nil},
		{"95 of 100 were taken", booking.Appointment{}, 0, [2]int{95, 5}, nil},
		{"94 of 100 were taken", booking.Appointment{}, 0, [2]int{94, 6}, []string{reconcile.AlarmRate}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(start)
			w.troubled, w.took = []booking.Appointment{tt.a}, tt.took
			if tt.a.ID != "" {
				w.watched = []booking.Watched{{AppointmentID: "A", Since: in(-tt.since)}}
			}
			w.round(t)
			if !slices.Equal(w.alarms, tt.want) {
				t.Errorf("alarms %v", w.alarms)
			}
		})
	}
}
