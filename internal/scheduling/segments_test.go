package scheduling

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	_ "time/tzdata"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/callback"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/german"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// The tests of this file let one thing go wrong at every single question to the calendar and every single write, and ask
// for the same end each time: an appointment is whole, in the calendar and with us, or it is nowhere.

func TestMain(m *testing.M) {
	confirmAgain = []time.Duration{0, 0, 0} // the pauses are not what is tested
	m.Run()
}

// world is a table and a calendar in memory, with one clock, and with one fault.
type world struct {
	now          time.Time
	appointments map[string]booking.Appointment
	days         map[booking.DayKey]booking.Day
	cards        map[string]customer.Card
	claims       map[string]booking.Claim
	events       []string
	promises     int
	bookings     []*Booked
	posts        map[string][]time.Time // per segment
	wrong        []string               // what must never be asked of a calendar
	approves     bool                   // the hosts want to say yes first
	deaf         map[int64]bool         // event types without slots to be had
	instead      map[int64]Host         // who gets an event type's bookings, if not its own host
	ids          int

	calls  int            // to the table's Commit and to the calendar, counted
	faults map[int]string // by call: refused, refused though done, unknown (not done), lost (done, and the answer lost), kill (done), killed (not done), double
	double func()         // what another worker does at a double, before this one goes on
	dead   bool           // the process was killed: nothing it asks for happens any more
	hit    []string
}

var errDead = errors.New("the process is dead")

// goes counts a call and tells whether it happens, and what its caller sees.
func (w *world) goes(what string, refusal error) (does bool, sees error) {
	if w.dead {
		return false, errDead
	}
	w.calls++
	fault, goesWrong := w.faults[w.calls]
	if !goesWrong {
		return true, nil
	}
	w.hit = append(w.hit, what)
	lost := errors.New("the answer was lost")
	switch fault {
	case "double":
		if other := w.double; other != nil {
			w.double = nil
			other()
		}
		return true, nil
	case "refused":
		return false, refusal
	case "refused though done":
		return true, refusal
	case "unknown":
		return false, lost
	case "lost":
		return true, lost
	case "kill":
		w.dead = true
		return true, errDead
	}
	w.dead = true
	return false, errDead
}

// clock goes on with every look at it: two who look never see the same time.
func (w *world) clock() time.Time {
	w.now = w.now.Add(time.Microsecond)
	return w.now
}

func (w *world) Gather(_ context.Context, _ tenant.ID, ask ledger.Ask) (ledger.Known, error) {
	if w.dead {
		return ledger.Known{}, errDead
	}
	known := ledger.Known{Days: map[booking.DayKey]booking.Day{}, Slots: map[booking.SlotKey]booking.SlotDay{}}
	for _, k := range ask.Days {
		d := w.days[k]
		d.Resource, d.Date = k.Resource, k.Date
		known.Days[k] = d
	}
	known.Card = w.cards[ask.Card]
	known.Card.Key = ask.Card
	return known, nil
}

func (w *world) Commit(_ context.Context, _ tenant.ID, step *ledger.Step) error {
	does, sees := w.goes("write", &ledger.Conflict{On: []string{"appointment"}})
	if !does {
		return sees
	}
	var conflict ledger.Conflict
	for _, a := range step.Appointments {
		if w.appointments[a.ID].Version != a.Version {
			conflict.On = append(conflict.On, "appointment")
		}
	}
	for _, d := range step.Days {
		if w.days[booking.DayKey{Resource: d.Resource, Date: d.Date}].Version != d.Version {
			conflict.On = append(conflict.On, "day")
		}
	}
	for _, c := range step.Claims {
		if w.claims[c.UID].Version != c.Version {
			conflict.On = append(conflict.On, "claim")
		}
	}
	if step.Card != nil && w.cards[step.Card.Key].Version != step.Card.Version {
		conflict.On = append(conflict.On, "card")
	}
	if len(conflict.On) > 0 {
		return &conflict
	}
	for _, a := range step.Appointments {
		kept := *a
		kept.Segments, kept.Version = slices.Clone(a.Segments), a.Version+1
		w.appointments[a.ID] = kept
	}
	for _, d := range step.Days {
		d.Version++
		d.Entries = slices.Clone(d.Entries)
		w.days[booking.DayKey{Resource: d.Resource, Date: d.Date}] = d
	}
	for _, c := range step.Claims {
		c.Version++
		w.claims[c.UID] = c
	}
	if step.Card != nil {
		c := *step.Card
		c.Version++
		w.cards[c.Key] = c
	}
	for _, e := range step.Events {
		w.events = append(w.events, e.Name())
	}
	if step.Callback != nil {
		w.promises++
	}
	if sees != nil {
		return sees
	}
	for _, a := range step.Appointments {
		a.Version++
	}
	for i := range step.Days {
		step.Days[i].Version++
	}
	if step.Card != nil {
		step.Card.Version++
	}
	return nil
}

func (w *world) Appointment(_ context.Context, _ tenant.ID, id string) (booking.Appointment, bool, error) {
	if w.dead {
		return booking.Appointment{}, false, errDead
	}
	a, ok := w.appointments[id]
	a.Segments = slices.Clone(a.Segments)
	return a, ok, nil
}

func (w *world) Claim(_ context.Context, _ tenant.ID, uid string) (booking.Claim, bool, error) {
	c, ok := w.claims[uid]
	c.UID = uid
	return c, ok, nil
}

func (w *world) Callback(context.Context, tenant.ID, string) (callback.Request, bool, error) {
	return callback.Request{}, false, nil
}

func (w *world) OpenCallbacks(context.Context, tenant.ID, string) ([]callback.Waiting, error) {
	return nil, nil
}

func (w *world) LeaseSlots(context.Context, tenant.ID, booking.SlotKey, time.Time, time.Time) (bool, error) {
	return true, nil
}
func (w *world) SaveSlots(context.Context, tenant.ID, []booking.SlotDay) error { return nil }

func (w *world) Customer(context.Context, tenant.ID, string) (customer.Customer, bool, error) {
	return customer.Customer{}, false, nil
}

func (w *world) CustomerOfEmail(context.Context, tenant.ID, string) (string, bool, error) {
	return "", false, nil
}
func (w *world) LearnHost(context.Context, tenant.ID, company.HostMapping) error   { return nil }
func (w *world) ClaimOnce(context.Context, tenant.ID, string, time.Duration) error { return nil }

// free tells whether a host has nothing live at that time, but for one booking.
func (w *world) free(event int64, start, end time.Time, except string) bool {
	return !slices.ContainsFunc(w.bookings, func(b *Booked) bool {
		return b.Live() && b.UID != except && hostOf(b.EventTypeID).ID == hostOf(event).ID && b.Start.Before(end) && start.Before(b.End)
	})
}

// minutes of the event types: A 50, B 5, C 15, D 40; those above ten are Mario's.
func minutes(event int64) time.Duration {
	return time.Duration([]int{0, 50, 5, 15, 40}[event%10]) * time.Minute
}

func hostOf(event int64) Host {
	if event > 10 {
		return Host{ID: 2, Name: "Mario Rossi"}
	}
	return Host{ID: 1, Name: "Anna Weber"}
}

func (w *world) Slots(ctx context.Context, who Account, event int64, from, to time.Time, zone string) ([]time.Time, error) {
	return w.SlotsToMove(ctx, who, event, from, to, zone, "")
}

func (w *world) SlotsToMove(_ context.Context, _ Account, event int64, from, to time.Time, _, uid string) (starts []time.Time, err error) {
	if w.dead || w.deaf[event] {
		return nil, errDead
	}
	for at := from; at.Before(to); at = at.Add(5 * time.Minute) {
		if w.free(event, at, at.Add(minutes(event)), uid) {
			starts = append(starts, at)
		}
	}
	return starts, nil
}

func (w *world) made(event int64, start time.Time, metadata map[string]string) *Booked {
	w.ids++
	b := &Booked{
		UID: fmt.Sprint("uid", w.ids), ID: int64(w.ids), Status: "accepted", Start: start, End: start.Add(minutes(event)), EventTypeID: event, Host: hostOf(event),
		Metadata: maps.Clone(metadata), UpdatedAt: w.now,
	}
	if w.approves {
		b.Status = "pending"
	}
	if h, other := w.instead[event]; other {
		b.Host = h
	}
	w.bookings = append(w.bookings, b)
	return b
}

func (w *world) Create(_ context.Context, _ Account, o Order) (Booked, error) {
	key := o.Metadata[MetaSegment]
	before := w.posts[key]
	w.posts[key] = append(before, w.now)
	switch {
	case slices.ContainsFunc(w.bookings, func(b *Booked) bool { return b.Live() && b.Metadata[MetaSegment] == key }):
		w.wrong = append(w.wrong, "a POST of "+key+", which is booked")
	case len(before) == 1 && w.now.Sub(before[0]) < time.Minute, len(before) > 1:
		w.wrong = append(w.wrong, fmt.Sprint("a POST of ", key, " again, before at ", before))
	}
	does, sees := w.goes("create "+key, &Refused{Why: Taken, Err: errors.New("taken")})
	if !does {
		return Booked{}, sees
	}
	if !w.free(o.EventTypeID, o.Start, o.Start.Add(minutes(o.EventTypeID)), "") {
		return Booked{}, &Refused{Why: Taken, Err: errors.New("taken")}
	}
	return *w.made(o.EventTypeID, o.Start, o.Metadata), sees
}

func (w *world) byUID(uid string) *Booked {
	for _, b := range w.bookings {
		if b.UID == uid {
			return b
		}
	}
	return nil
}

func (w *world) Booking(_ context.Context, _ Account, uid string) (Booked, error) {
	does, sees := w.goes("get", errors.New("500"))
	if !does || sees != nil {
		return Booked{}, sees
	}
	if b := w.byUID(uid); b != nil {
		return *b, nil
	}
	return Booked{}, &Refused{Why: Gone, Err: errors.New("404")}
}

func (w *world) Search(_ context.Context, _ Account, _ string, start time.Time) (list []Booked, err error) {
	does, sees := w.goes("search", errors.New("500"))
	if !does || sees != nil {
		return nil, sees
	}
	for _, b := range w.bookings {
		if b.Start.Equal(start) {
			list = append(list, *b)
		}
	}
	return list, nil
}

func (w *world) Cancel(_ context.Context, _ Account, uid, _ string) error {
	does, sees := w.goes("cancel", &Refused{Why: Misconfigured, Err: errors.New("403")})
	if does {
		if b := w.byUID(uid); b != nil && b.Live() {
			b.Status = "cancelled"
		}
	}
	return sees
}

func (w *world) Reschedule(_ context.Context, _ Account, uid string, start time.Time, _ string) (Booked, error) {
	does, sees := w.goes("reschedule", &Refused{Why: Taken, Err: errors.New("taken")})
	if !does {
		return Booked{}, sees
	}
	old := w.byUID(uid)
	if old == nil || !old.Live() {
		return Booked{}, &Refused{Why: Misconfigured, Err: errors.New("has been cancelled")}
	}
	if !w.free(old.EventTypeID, start, start.Add(minutes(old.EventTypeID)), uid) {
		return Booked{}, &Refused{Why: Taken, Err: errors.New("taken")}
	}
	b := w.made(old.EventTypeID, start, old.Metadata)
	b.RescheduledFrom = uid
	old.Status, old.RescheduledTo = "cancelled", b.UID
	return *b, sees
}

var (
	shop = tenant.Proven("01KB0000000000000000000002")
	day  = german.Date{Year: 2026, Month: 11, Day: 24}
	here = company.Branch{ID: "mitte", Timezone: "Europe/Berlin", Active: true, BusinessHours: map[string][]string{"tuesday": {"08:00-20:00"}}}
)

func config() *company.Config {
	perm := company.Service{ID: "perm", Name: "Dauerwelle", Active: true, DurationMinutes: 135, Composite: true, CompositeMode: "segments", Segments: []company.Segment{
		{Key: "A", Name: "Wickeln", DurationMin: 50, GapAfterMin: 15}, {Key: "B", Name: "Fixieren", DurationMin: 5, GapAfterMin: 10}, {Key: "C", Name: "Ausspülen", DurationMin: 15}, {Key: "D", Name: "Schneiden", DurationMin: 40},
	}, EventTypes: []company.EventType{{StaffID: "anna", Segment: "A", ID: 1}, {StaffID: "anna", Segment: "B", ID: 2}, {StaffID: "anna", Segment: "C", ID: 3}, {StaffID: "mario", Segment: "D", ID: 14}}}
	return &company.Config{
		Company: company.Company{ID: shop.String(), CalcomAPIKey: "ssm:/key"}, Branches: []company.Branch{here}, Services: []company.Service{perm},
		Staff: []company.Staff{{ID: "anna", Name: "Anna Weber", BranchID: "mitte", Active: true, Bookable: true, CalcomUserID: 1}, {ID: "mario", Name: "Mario Rossi", BranchID: "mitte", Active: true, Bookable: true, CalcomUserID: 2}},
	}
}

func opened(faults map[int]string) (*world, *Scheduler) {
	w := &world{
		now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), appointments: map[string]booking.Appointment{}, days: map[booking.DayKey]booking.Day{},
		cards: map[string]customer.Card{}, claims: map[string]booking.Claim{}, posts: map[string][]time.Time{}, faults: faults,
	}
	ids := 0
	return w, &Scheduler{
		Store: w, Calendar: w, Now: w.clock, PlaceholderDomain: "invalid.example", Alarm: func(context.Context, string, string) {},
		NewID: func() string { ids++; return fmt.Sprint("id", ids) },
	}
}

// plan is the perm at ten.
func plan(t *testing.T, w *world, told *[]Result) Plan {
	t.Helper()
	c := config()
	start := here.At(day, 10*60)
	slot := booking.Slot{Start: start, End: start.Add(135 * time.Minute), StaffID: "anna", Resource: "anna", EventTypeID: 1}
	at := start
	for i, x := range c.Services[0].Segments {
		e := c.Services[0].EventTypes[i]
		slot.Segments = append(slot.Segments, booking.Part{Segment: x.Key, Start: at, End: at.Add(time.Duration(x.DurationMin) * time.Minute), StaffID: e.StaffID, Resource: e.StaffID, EventTypeID: e.ID})
		at = at.Add(time.Duration(x.DurationMin+x.GapAfterMin) * time.Minute)
	}
	known, err := w.Gather(t.Context(), shop, ledger.Ask{Card: "+49151", Days: booking.DayKeys(here, slot.Parts())})
	if err != nil {
		t.Fatal(err)
	}
	return Plan{
		Config: c, Branch: here, Service: c.Services[0], Slot: slot, Price: 12000, Known: known, Name: "Erika Test", Phone: "+49151", Caller: "+49151", CallID: "call", Key: "key",
		Begin:  func(*ledger.Step, booking.Appointment) error { return nil },
		Finish: func(_ context.Context, _ *ledger.Step, o Outcome) error { *told = append(*told, o.Result); return nil },
	}
}

// settle lets the job look after an appointment until nothing is left to do.
func (w *world) settle(t *testing.T, s *Scheduler, id string) {
	t.Helper()
	check, later := 0, 2*time.Second
	for range 60 {
		w.now = w.now.Add(later)
		w.dead = false
		w.double = func() {
			for range 3 { // and it does not mind being called again
				_, _ = s.Check(t.Context(), shop, config(), id, check)
			}
		}
		next, err := s.Check(t.Context(), shop, config(), id, check)
		switch {
		case err != nil: // the message comes again
			later = time.Minute
		case next.Done:
			return
		case next.Timer:
			check, later = next.Check, 31*time.Minute
		default:
			check, later = next.Check, next.After
		}
	}
	t.Fatalf("the job never ends: %+v", w.appointments[id])
}

// whole asserts that the appointment is confirmed with all of its segments at start.
func (w *world) whole(t *testing.T, a booking.Appointment, start time.Time) {
	t.Helper()
	if a.Status != booking.Confirmed || a.SyncStatus != booking.Synced || !a.StartsAt.Equal(start) || a.Pending != nil {
		t.Errorf("it is %s, %s, at %s", a.Status, a.SyncStatus, a.StartsAt)
	}
	live := map[string]*Booked{}
	for _, b := range w.bookings {
		if key := b.Metadata[MetaSegment]; key != "" && b.Live() {
			if live[key] != nil {
				t.Errorf("segment %s is in the calendar twice", key)
			}
			live[key] = b
		}
	}
	entries := map[string][]booking.Entry{}
	for k, d := range w.days {
		entries[k.Resource] = append(entries[k.Resource], d.Entries...)
	}
	for _, x := range a.Segments {
		b := live[x.Key]
		if b == nil || b.UID != x.UID || !b.Start.Equal(x.StartsAt) || !x.Begins().Equal(start) || w.claims[x.UID].AppointmentID != a.ID {
			t.Errorf("segment %+v is %+v in the calendar, claimed by %q", x, b, w.claims[x.UID].AppointmentID)
		}
		if !slices.Contains(entries[x.Resource], booking.Entry{Start: x.StartsAt.Unix(), End: x.EndsAt.Unix(), Kind: booking.Ours, Owner: a.ID}) {
			t.Errorf("segment %s is not among %s's entries %v", x.Key, x.Resource, entries[x.Resource])
		}
	}
	if len(live) != 4 || len(entries["anna"]) != 3 || len(entries["mario"]) != 1 {
		t.Errorf("%d bookings live, entries %v", len(live), entries)
	}
	if u := w.cards["+49151"].Upcoming; len(u) != 1 || u[0].Start != start.Unix() {
		t.Errorf("the customer's list is %+v", u)
	}
}

// nowhere asserts that nothing is left of an appointment.
func (w *world) nowhere(t *testing.T, a booking.Appointment) {
	t.Helper()
	if a.Status != booking.Cancelled {
		t.Errorf("it is %s (%s)", a.Status, a.PendingReason)
	}
	for _, b := range w.bookings {
		if b.Live() {
			t.Errorf("segment %s is live in the calendar", b.Metadata[MetaSegment])
		}
	}
	for k, d := range w.days {
		if len(d.Entries) > 0 {
			t.Errorf("%s still has %v", k.Resource, d.Entries)
		}
	}
	if u := w.cards["+49151"].Upcoming; len(u) > 0 {
		t.Errorf("the customer's list is %+v", u)
	}
}

var modes = []string{"refused", "unknown", "lost", "kill", "killed"}

func TestWhateverGoesWrongABookingIsWholeOrNowhere(t *testing.T) {
	t.Parallel()
	for _, fault := range append(slices.Clone(modes), "refused though done") {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			runs := 0
			for n := 1; bookedThrough(t, map[int]string{n: fault}) > 0; n++ { // and once more while it is put right
				runs++
				for m := n + 1; bookedThrough(t, map[int]string{n: fault, m: fault}) > 1; m++ {
					runs++
				}
			}
			if runs < 40 {
				t.Errorf("only %d faults and pairs of them hit", runs)
			}
			t.Logf("%d faults and pairs of them", runs)
		})
	}
}

// A queue may hand the same message to two workers, and to the job while the call is still at it.
func TestTwoAtTheSameBookingDoNotDouble(t *testing.T) {
	t.Parallel()
	runs := 0
	for _, fault := range []string{"refused", "unknown", "lost", "kill", "killed", "double"} {
		for n := 1; n < 10; n++ {
			for m := n + 1; bookedThrough(t, map[int]string{n: fault, m: "double"}) > 1; m++ {
				runs++
			}
		}
	}
	if runs < 200 {
		t.Errorf("only %d pairs hit", runs)
	}
}

// bookedThrough books a perm while the given calls go wrong, lets the job put it right and looks at the end of it. It
// returns how many of the faults hit.
func bookedThrough(t *testing.T, faults map[int]string) int {
	t.Helper()
	w, s := opened(faults)
	var told []Result
	w.double = func() { // the job, while the call is slow
		w.now = w.now.Add(3 * time.Second)
		for id := range w.appointments {
			_, _ = s.Check(t.Context(), shop, config(), id, 0)
		}
	}
	out, err := s.Book(t.Context(), shop, plan(t, w, &told))
	failed := t.Failed()
	defer func() {
		if t.Failed() && !failed {
			t.Logf("%v, which were %v; told %v, then %v", faults, w.hit, told, w.events)
		}
	}()
	var id string
	for id = range w.appointments {
	}
	if id == "" {
		if err == nil {
			t.Errorf("%s without an appointment", out.Result)
		}
		return len(w.hit)
	}
	w.settle(t, s, id)
	a := w.appointments[id]
	confirmed, cancelled := w.count("appointment.confirmed.v1"), w.count("appointment.cancelled.v1")
	taken := slices.Contains(told, WasTaken)
	kinds := slices.Sorted(maps.Values(faults)) // one lost answer costs nobody their appointment; two may
	mayFail := slices.Contains(kinds, "refused") || (len(w.hit) > 1 && kinds[0] != "double")
	switch {
	case a.Status == booking.Confirmed:
		w.whole(t, a, here.At(day, 10*60))
		if confirmed != 1 || cancelled != 0 || taken {
			t.Error("it is there, and the customer heard otherwise or twice")
		}
	default:
		w.nowhere(t, a)
		if taken == (cancelled == 1) || confirmed != 0 || w.promises != cancelled || !mayFail {
			t.Error("it is not there, and the customer heard otherwise, not at all or twice")
		}
	}
	if len(w.wrong) > 0 {
		t.Error(w.wrong)
	}
	if kinds[0] == "double" && kinds[len(kinds)-1] == "double" && out.Result != DidBook {
		t.Errorf("nothing went wrong, and the caller hears %s", out.Result)
	}
	return len(w.hit)
}

func (w *world) count(event string) (n int) {
	for _, e := range w.events {
		if e == event {
			n++
		}
	}
	return n
}

// change carries a change of a perm through as a call does, and lets its job look after it until nothing is left to do.
func (w *world) change(t *testing.T, s *Scheduler, id string, pending booking.PendingChange) (told []Result) {
	t.Helper()
	a, _, err := w.Appointment(t.Context(), shop, id)
	if err != nil {
		t.Fatal(err)
	}
	pending.ActorType, pending.Via, pending.At = "customer", "phone", w.clock()
	ask := askOfChange(here, booking.Appointment{StartsAt: a.StartsAt, EndsAt: a.EndsAt, Segments: a.Segments, ContactKey: a.ContactKey, Pending: &pending})
	known, err := w.Gather(t.Context(), shop, ask)
	if err != nil {
		t.Fatal(err)
	}
	w.double = func() { // the job, while the call is slow
		w.now = w.now.Add(3 * time.Second)
		_, _ = s.CheckChange(t.Context(), shop, config(), id, 0)
	}
	_, _ = s.Change(t.Context(), shop, ChangePlan{
		Config: config(), Branch: here, Appointment: a, Pending: pending, Known: known, CallID: "call", Begin: func(*ledger.Step) error { return nil },
		Finish: func(_ context.Context, _ *ledger.Step, o ChangeOutcome) error {
			told = append(told, o.Result)
			return nil
		},
	})
	check, later := 0, 2*time.Second
	for range 60 {
		w.now = w.now.Add(later)
		w.dead = false
		w.double = func() {
			for range 3 {
				_, _ = s.CheckChange(t.Context(), shop, config(), id, check)
			}
		}
		next, err := s.CheckChange(t.Context(), shop, config(), id, check)
		switch {
		case err != nil: // the message comes again
			later = time.Minute
		case next.Done:
			return told
		case next.Timer:
			check, later = next.Check, 31*time.Minute
		default:
			check, later = next.Check, next.After
		}
	}
	t.Fatalf("the change never ends: %+v", w.appointments[id])
	return nil
}

func TestWhateverGoesWrongAMoveIsOfAllSegmentsOrOfNone(t *testing.T) {
	t.Parallel()
	for _, fault := range append(slices.Clone(modes), "double") {
		for _, by := range []time.Duration{30 * time.Minute, -30 * time.Minute, 24 * time.Hour} {
			t.Run(fmt.Sprint(fault, " ", by), func(t *testing.T) {
				t.Parallel()
				runs := 0
				for n := 1; movedThrough(t, by, map[int]string{n: fault}) > 0; n++ {
					runs++
					for m := n + 1; movedThrough(t, by, map[int]string{n: fault, m: fault}) > 1; m++ {
						runs++
					}
					for m := n + 1; movedThrough(t, by, map[int]string{n: fault, m: "double"}) > 1; m++ {
						runs++
					}
				}
				if runs < 50 {
					t.Errorf("only %d faults and pairs of them hit", runs)
				}
			})
		}
	}
}

// movedThrough moves a perm while the given calls go wrong and looks at the end of it.
func movedThrough(t *testing.T, by time.Duration, faults map[int]string) int {
	t.Helper()
	w, s, id := permed(t)
	w.calls, w.faults, w.events = 0, faults, nil
	home := w.appointments[id].StartsAt
	failed := t.Failed()
	told := w.change(t, s, id, booking.PendingChange{Kind: booking.ToReschedule, StartsAt: home.Add(by), EndsAt: home.Add(by + 135*time.Minute)})
	defer func() {
		if t.Failed() && !failed {
			t.Logf("%v, which were %v; told %v, then %v", faults, w.hit, told, w.events)
		}
	}()
	if len(told) == 0 && w.count("appointment.change_requested.v1") == 0 { // it was not even written down
		w.whole(t, w.appointments[id], home)
		return len(w.hit)
	}
	a := w.appointments[id]
	if len(w.wrong) > 0 {
		t.Error(w.wrong)
	}
	kinds := slices.Sorted(maps.Values(faults)) // one lost answer keeps nobody from moving; two may
	mayFail := slices.Contains(kinds, "refused") || (len(w.hit) > 1 && kinds[0] != "double")
	if a.NeedsReview { // what cannot be moved on nor back is for people; only where the calendar refused that twice
		if !mayFail || len(w.hit) < 2 || !a.Torn() || w.promises == 0 || w.count("appointment.needs_review.v1") != 1 {
			t.Error("it needs a review")
		}
		return len(w.hit)
	}
	start, last := home, Result("")
	if !a.StartsAt.Equal(home) {
		start = home.Add(by)
	}
	if len(told) > 0 {
		last = told[len(told)-1]
	}
	w.whole(t, a, start)
	switch moved := start != home; {
	case last == DidMove && !moved, moved && last != DidMove && last != IsUncertain && last != "":
		t.Errorf("moved %t", moved)
	case !moved && !mayFail:
		t.Error("it was not moved")
	case !moved && (last == IsUncertain || last == "") != (w.promises == 1):
		t.Errorf("%d promises", w.promises)
	case moved != (w.count("appointment.confirmed.v1") == 1):
		t.Error("the customer heard otherwise, not at all or twice")
	}
	return len(w.hit)
}

func TestWhateverGoesWrongACancellationIsOfAllSegments(t *testing.T) {
	t.Parallel()
	for _, fault := range append(slices.Clone(modes), "double") {
		runs := 0
		for n := 1; cancelledThrough(t, map[int]string{n: fault}) > 0; n++ {
			runs++
			for m := n + 1; cancelledThrough(t, map[int]string{n: fault, m: fault}) > 1; m++ {
				runs++
			}
			for m := n + 1; cancelledThrough(t, map[int]string{n: fault, m: "double"}) > 1; m++ {
				runs++
			}
		}
		if runs < 15 {
			t.Errorf("%s: only %d faults and pairs of them hit", fault, runs)
		}
	}
}

// cancelledThrough cancels a perm while the given calls go wrong and looks at the end of it.
func cancelledThrough(t *testing.T, faults map[int]string) int {
	t.Helper()
	w, s, id := permed(t)
	w.calls, w.faults, w.events = 0, faults, nil
	failed := t.Failed()
	told := w.change(t, s, id, booking.PendingChange{Kind: booking.ToCancel})
	switch a := w.appointments[id]; {
	case a.NeedsReview: // some are cancelled, and the calendar refuses the others for good
		if !a.Torn() || w.promises != 1 || len(w.hit) < 2 || w.count("appointment.needs_review.v1") != 1 {
			t.Error("it needs a review")
		}
	case a.Status == booking.Confirmed:
		w.whole(t, a, here.At(day, 10*60))
		// The first was refused, so none was cancelled; or it was never written down.
		if !slices.Contains(slices.Collect(maps.Values(faults)), "refused") && w.count("appointment.change_requested.v1") > 0 || slices.Contains(told, DidCancel) {
			t.Error("it was not cancelled")
		}
	default:
		w.nowhere(t, a)
		if w.count("appointment.cancelled.v1") != 1 || a.CancelledBy != "customer" {
			t.Error("the customer heard otherwise, not at all or twice")
		}
	}
	if t.Failed() && !failed {
		t.Logf("%v, which were %v; told %v, then %v", faults, w.hit, told, w.events)
	}
	return len(w.hit)
}

func TestAMoveThatIsRefusedHalfWayGoesBack(t *testing.T) {
	t.Parallel()
	w, s := opened(nil)
	var told []Result
	out, err := s.Book(t.Context(), shop, plan(t, w, &told))
	if err != nil {
		t.Fatal(err)
	}
	a := w.appointments[out.Appointment.ID]
	home := a.StartsAt
	w.made(2, home.Add(24*time.Hour), nil) // where A would be, Anna has somebody else
	err = s.moveSegments(t.Context(), forCaller(shop, config()), &a, home.Add(24*time.Hour), "Kunde", Afresh)
	if WhyOf(err) != Taken || len(w.appointments[a.ID].PreviousUIDs) != 6 {
		t.Errorf("%v, and the uids that D, C and B had there and back: %v", err, w.appointments[a.ID].PreviousUIDs)
	}
	w.whole(t, w.appointments[a.ID], home)
}

func TestWithoutSlotsOfOneSegmentNothingIsKnown(t *testing.T) {
	t.Parallel()
	c := config()
	c.Services[0].EventTypes = append(c.Services[0].EventTypes, company.EventType{StaffID: "anna", Segment: "D", ID: 4})
	for _, tt := range []struct {
		name  string
		deaf  map[int64]bool
		known bool
	}{
		{"all are told", nil, true},
		{"one of two who can do D", map[int64]bool{4: true}, true},
		{"both of them", map[int64]bool{4: true, 14: true}, false},
		{"the only one who can do B", map[int64]bool{2: true}, false},
	} {
		w, s := opened(nil)
		w.deaf = tt.deaf
		q := Search{Config: c, Branch: here, Doers: c.Doers("mitte", c.Services[0]), Days: []german.Date{day}}
		known, err := w.Gather(t.Context(), shop, q.Ask())
		if err != nil {
			t.Fatal(err)
		}
		err = s.Fill(t.Context(), shop, q, &known)
		view := booking.View{Now: w.now, Branch: here, Service: c.Services[0], Doers: q.Doers, Slots: known.Slots, Days: known.Days}
		if free := len(view.Free(day)) > 0; (err == nil) != tt.known || free != tt.known {
			t.Errorf("%s: %v, and free times: %t", tt.name, err, free)
		}
		if !tt.known && !errors.Is(err, ErrUnavailable) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
