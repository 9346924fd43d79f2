package notify

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/callback"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

var (
	us      = tenant.Proven("01KAQ7T5Z0QW8R4N2M6X3C9V1B")
	errDone = errors.New("done before")
	errBusy = errors.New("not now")
)

// world is a company with everything that its messages need, in memory: the store keeps its promises (one claim at a time,
// versions), the mail server and the text provider do what a test tells them.
type world struct {
	mu           sync.Mutex
	now          time.Time
	config       *company.Config
	appointments map[string]booking.Appointment
	changes      map[string][]booking.Change
	callbacks    map[string]callback.Request
	calls        map[string]call.Call
	desk         *desk.Configuration
	cases        map[string]desk.Case
	notes        []desk.Note
	notices      []Notice
	deliveries   map[string]Delivery
	timers       map[string]ledger.Timer
	letters      []Letter
	texts        []Text
	mailFails    func(l Letter) error
	textFails    func(m Text) error
	meanwhile    func(l Letter) // happens while a letter is handed over
	alarms       []string
	skipped      []string
	ops, faultAt int // the operation (its beginning and its end count apart) that goes wrong; 0: none
	*Notifier
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{
		now: berlinTime(t, "2026-11-20 09:00"), config: salon(), appointments: map[string]booking.Appointment{}, changes: map[string][]booking.Change{},
		callbacks: map[string]callback.Request{}, calls: map[string]call.Call{}, desk: desk.NoConfiguration(), cases: map[string]desk.Case{}, deliveries: map[string]Delivery{}, timers: map[string]ledger.Timer{},
	}
	w.Notifier = &Notifier{
		Store: w, Mail: w, Texts: w, Now: w.clock, Done: errDone, Busy: errBusy, Placeholder: IsPlaceholder("no-mail.askpro.example"),
		Alarm: func(_ context.Context, name, _ string) { w.note(&w.alarms, name) },
		Skipped: func(_ context.Context, _ string, e Event, recipient, why string) {
			w.note(&w.skipped, string(e)+" "+recipient+": "+why)
		},
	}
	return w
}

func (w *world) note(list *[]string, s string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	*list = append(*list, s)
}

// trip makes one operation go wrong, before it did anything or after it did everything.
func (w *world) trip(err *error) {
	if w.ops++; w.ops == w.faultAt && *err == nil {
		*err = errDown
	}
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// Config of the one company.
func (w *world) Config(context.Context, tenant.ID) (*company.Config, error) { return w.config, nil }

// Appointment by id.
func (w *world) Appointment(_ context.Context, _ tenant.ID, id string) (a booking.Appointment, ok bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trip(&err)
	a, ok = w.appointments[id]
	return a, ok, err
}

// Changes of an appointment.
func (w *world) Changes(_ context.Context, _ tenant.ID, id string) ([]booking.Change, error) {
	return w.changes[id], nil
}

// AppointmentIDs of a branch by start.
func (w *world) AppointmentIDs(_ context.Context, _ tenant.ID, branch string, from, to time.Time, limit int) ([]string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var ids []string
	for id, a := range w.appointments {
		if a.BranchID == branch && !a.StartsAt.Before(from) && a.StartsAt.Before(to) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids[:min(len(ids), limit)], nil
}

// Callback by id.
func (w *world) Callback(_ context.Context, _ tenant.ID, id string) (callback.Request, bool, error) {
	r, ok := w.callbacks[id]
	return r, ok, nil
}

// Call by id.
func (w *world) Call(_ context.Context, _ tenant.ID, id string) (call.Call, bool, error) {
	c, ok := w.calls[id]
	return c, ok, nil
}

// Case by id.
func (w *world) Case(_ context.Context, _ tenant.ID, id string) (c desk.Case, ok bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trip(&err)
	c, ok = w.cases[id]
	return c, ok, err
}

// Notes of a case.
func (w *world) Notes(_ context.Context, _ tenant.ID, caseID string) (list []desk.Note, err error) {
	for _, n := range w.notes {
		if n.CaseID == caseID {
			list = append(list, n)
		}
	}
	return list, nil
}

// Desk of the one company.
func (w *world) Desk(context.Context, tenant.ID) (*desk.Configuration, error) { return w.desk, nil }

// ClaimDelivery as the table does it.
func (w *world) ClaimDelivery(_ context.Context, _ tenant.ID, d Delivery, lease time.Duration) (_ Delivery, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.trip(&err); err != nil {
		return d, err
	}
	defer w.trip(&err)
	old, known := w.deliveries[d.Key()]
	switch {
	case known && slices.Contains(Ends, old.Status):
		return old, errDone
	case known && old.Until.After(w.now):
		return old, errBusy
	case !known:
		old = d
		old.CreatedAt = w.now
	}
	old.Status, old.Until, old.UpdatedAt = Processing, w.now.Add(lease), w.now
	old.Tries++
	w.deliveries[d.Key()] = old
	return old, nil
}

// SaveDelivery as the table does it.
func (w *world) SaveDelivery(_ context.Context, _ tenant.ID, d Delivery) (err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.trip(&err); err != nil {
		return err
	}
	defer w.trip(&err)
	if old := w.deliveries[d.Key()]; old.Tries == d.Tries && !slices.Contains(Ends, old.Status) {
		d.UpdatedAt = w.now
		w.deliveries[d.Key()] = d
	}
	return nil
}

// AddNotice as the table does it.
func (w *world) AddNotice(_ context.Context, _ tenant.ID, x Notice) (err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.trip(&err); err == nil && !slices.Contains(w.notices, x) {
		w.notices = append(w.notices, x)
	}
	return err
}

// Delivery by its name.
func (w *world) Delivery(_ context.Context, _ tenant.ID, d Delivery) (found Delivery, ok bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trip(&err)
	found, ok = w.deliveries[d.Key()]
	return found, ok, err
}

// SaveReceipt as the table does it.
func (w *world) SaveReceipt(_ context.Context, _ tenant.ID, was, next Delivery) (err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.trip(&err); err != nil {
		return err
	}
	defer w.trip(&err)
	old := w.deliveries[was.Key()]
	if old.Status != was.Status || old.Tries != was.Tries {
		return errBusy
	}
	next.UpdatedAt = w.now
	w.deliveries[was.Key()] = next
	return nil
}

// Deliveries of an aggregate.
func (w *world) Deliveries(_ context.Context, _ tenant.ID, kind ledger.Kind, about string) (list []Delivery, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, d := range w.deliveries {
		if d.Kind == kind && d.About == about {
			list = append(list, d)
		}
	}
	return list, nil
}

// Commit writes appointments over the version they were read with, and timers.
func (w *world) Commit(_ context.Context, _ tenant.ID, step *ledger.Step) (err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.trip(&err); err != nil {
		return err
	}
	defer w.trip(&err)
	for _, a := range step.Appointments {
		if w.appointments[a.ID].Version != a.Version {
			return &ledger.Conflict{On: []string{"appointment"}}
		}
	}
	for _, a := range step.Appointments {
		a.Version++
		w.appointments[a.ID] = *a
	}
	for _, x := range step.ClearTimers {
		delete(w.timers, x.About+"/"+x.Name)
	}
	for _, x := range step.SetTimers {
		w.timers[x.About+"/"+x.Name] = x
	}
	return nil
}

// SendLetter as the test tells it.
func (w *world) SendLetter(_ context.Context, _ tenant.ID, l Letter) (_ string, err error) {
	if w.meanwhile != nil {
		w.meanwhile(l)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.trip(&err); err != nil {
		return "", err
	}
	defer w.trip(&err)
	if w.mailFails != nil {
		if err := w.mailFails(l); err != nil {
			return "", err
		}
	}
	w.letters = append(w.letters, l)
	return "mail-id", nil
}

// SendText as the test tells it.
func (w *world) SendText(_ context.Context, _ tenant.ID, m Text) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.textFails != nil {
		if err := w.textFails(m); err != nil {
			return "", err
		}
	}
	w.texts = append(w.texts, m)
	return "text-id", nil
}

// tell hands a fact in, as the queue does; it returns the pause that is asked for.
func (w *world) tell(t testing.TB, e event.Event, attempt int) (time.Duration, error) {
	t.Helper()
	detail, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	again, err := w.Handle(t.Context(), us, e.Name(), detail, attempt)
	return again.After, err
}

// told hands a fact in and takes what was sent.
func (w *world) told(t testing.TB, e event.Event) {
	t.Helper()
	if again, err := w.tell(t, e, 0); err != nil || again != 0 {
		t.Fatalf("%s: again after %s, %v", e.Name(), again, err)
	}
}

func (w *world) letterTo(t testing.TB, address string) Letter {
	t.Helper()
	for _, l := range w.letters {
		if l.To == address {
			return l
		}
	}
	t.Fatalf("no letter to %s", address)
	return Letter{}
}

func berlinTime(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", text, company.Berlin())
	if err != nil {
		t.Fatal(err)
	}
	return at.UTC()
}

// salon is Salon Mitte with everything a message can show.
func salon() *company.Config {
	return &company.Config{
		Company: company.Company{ID: us.String(), Name: "Salon Mitte", Timezone: "Europe/Berlin", SMSSender: "SalonMitte"},
		Branches: []company.Branch{{
			ID: "mitte", Name: "Berlin-Mitte", Address: "Rosenthaler Straße 40", PostalCode: "10178", City: "Berlin", Phone: "030 12345670",
			Email: "mitte@salon-mitte.example", Active: true, Timezone: "Europe/Berlin",
		}},
		Staff: []company.Staff{
			{ID: "anna", BranchID: "mitte", Name: "Anna Weber", Email: "anna@salon-mitte.example", Phone: "+4917012345671", Active: true},
			{ID: "jana", BranchID: "mitte", Name: "Jana Klein", Email: "jana@salon-mitte.example", Active: true},
		},
		Services: []company.Service{
			{ID: "schnitt", Name: "Herrenhaarschnitt", DurationMinutes: 30, PriceCents: 2800, Active: true},
			{ID: "welle", Name: "Dauerwelle", DurationMinutes: 135, PriceCents: 12000, Active: true, Composite: true, CompositeMode: "block", Segments: []company.Segment{
				{Key: "A", Name: "Wickeln", DurationMin: 50, GapAfterMin: 15}, {Key: "B", Name: "Fixieren", DurationMin: 5, GapAfterMin: 10},
				{Key: "C", Name: "Ausspülen", DurationMin: 15}, {Key: "D", Name: "Schneiden", DurationMin: 40},
			}},
		},
	}
}

// cut is Erika's appointment.
func cut(t testing.TB) booking.Appointment {
	t.Helper()
	start := berlinTime(t, "2026-11-24 14:30")
	return booking.Appointment{
		ID: "01KB0000000000000000000003", BranchID: "mitte", CustomerID: "01KB0000000000000000000009", ServiceID: "schnitt", StaffID: "anna", StartsAt: start,
		EndsAt: start.Add(30 * time.Minute), Timezone: "Europe/Berlin", Status: booking.Confirmed, Source: "phone", PriceCents: 2800, AttendeeName: "Erika Muster",
		AttendeeEmail: "erika.muster@example.de", AttendeePhone: "+4915112345678", UID: "uid-1", CreatedAt: berlinTime(t, "2026-11-20 08:59"),
	}
}

func (w *world) put(a booking.Appointment) { w.appointments[a.ID] = a }

func head(id string) event.Head {
	return event.Head{ID: id, CompanyID: us.String(), Sequence: 1}
}

func confirmedEvent(a booking.Appointment) event.AppointmentConfirmed {
	return event.AppointmentConfirmed{Head: head("01KB0000000000000000000E01"), AppointmentID: a.ID, Version: a.Sequence}
}

func cancelledEvent(a booking.Appointment, by string) event.AppointmentCancelled {
	return event.AppointmentCancelled{Head: head("01KB0000000000000000000E02"), AppointmentID: a.ID, By: by, Version: a.Sequence}
}

// sorted by recipient: messages are sent side by side.
func sorted(list []Letter) []Letter {
	slices.SortFunc(list, func(a, b Letter) int { return strings.Compare(a.Key, b.Key) })
	return list
}

func sortedTexts(list []Text) []Text {
	slices.SortFunc(list, func(a, b Text) int { return strings.Compare(a.Key, b.Key) })
	return list
}

func linkTo(url string) func(context.Context, tenant.ID, booking.Appointment) (string, error) {
	return func(context.Context, tenant.ID, booking.Appointment) (string, error) { return url, nil }
}
