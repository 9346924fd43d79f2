package scheduling

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// Time limits of §10.
const (
	checkWithin  = 2 * time.Second
	createWithin = 5 * time.Second
)

// confirmAgain are the pauses between the tries to write a confirmation down (§10.9).
var confirmAgain = []time.Duration{50 * time.Millisecond, 200 * time.Millisecond, 800 * time.Millisecond}

// Plan is a booking the caller said yes to. Begin and Finish add what the caller's side keeps with the same two
// transactions: the claim before the calendar is asked, the answer after it has answered. They may be called again with a
// fresh step when a record was changed meanwhile.
type Plan struct {
	Config  *company.Config
	Branch  company.Branch
	Service company.Service
	Slot    booking.Slot
	Price   int64
	Known   ledger.Known // the slot's days and the caller's card
	Name    string
	Email   string
	Phone   string // of the attendee
	Caller  string // the transmitted number; empty when suppressed
	Notes   string
	CallID  string
	Key     string
	Begin   func(*ledger.Step, booking.Appointment) error
	Finish  func(context.Context, *ledger.Step, Outcome) error
}

// Result of a booking.
type Result string

// What became of a plan. Uncertain: the calendar may have booked, a job finds out.
const (
	DidBook        Result = "booked"
	DidRequest     Result = "requested"
	WasTaken       Result = "taken"
	WasTooSoon     Result = "too_soon"
	WasPast        Result = "past"
	HasTooMany     Result = "too_many"
	NotReachable   Result = "not_reachable"
	IsUncertain    Result = "uncertain"
	WasMisconfured Result = "misconfigured"
)

// Outcome is the result with the appointment as it now stands.
type Outcome struct {
	Result      Result
	Appointment booking.Appointment
}

// Book carries a plan through. A *ledger.Conflict before the calendar was asked comes back as an error: read again and
// decide again. After that there is always an Outcome.
func (s *Scheduler) Book(ctx context.Context, t tenant.ID, p Plan) (Outcome, error) {
	a, step, err := s.begin(ctx, t, p)
	if err != nil {
		return Outcome{}, err
	}
	known := p.Known
	for _, d := range step.Days {
		known.Days[booking.DayKey{Resource: d.Resource, Date: d.Date}] = d
	}
	known.Card = *step.Card

	within, cancel := context.WithTimeout(ctx, checkWithin)
	free, err := s.stillFree(within, t, p)
	cancel()
	switch {
	case err != nil:
		s.noteRefusal(ctx, t, err)
		return s.release(ctx, t, p, a, known, resultOf(WhyOf(err)))
	case !free:
		return s.release(ctx, t, p, a, known, WasTaken)
	}

	if len(a.Segments) > 0 {
		return s.bookSegments(ctx, t, p, a, known)
	}
	within, cancel = context.WithTimeout(ctx, createWithin)
	booked, err := s.Calendar.Create(within, forCaller(t, p.Config), s.order(t, *a, p.Key))
	cancel()
	if err != nil && WhyOf(err) == Taken {
		// The answer to an attempt of ours may have been lost: what carries our id is ours (§10.7).
		if ours, found, lookErr := s.find(ctx, forCaller(t, p.Config), *a); lookErr == nil && found && ours.Live() {
			booked, err = ours, nil
		}
	}
	if err != nil {
		why := WhyOf(err)
		s.noteRefusal(ctx, t, err)
		if why == Unknown {
			return s.uncertain(ctx, t, p, a)
		}
		return s.release(ctx, t, p, a, known, resultOf(why))
	}
	if !isOurs(booked, *a) {
		return s.release(ctx, t, p, a, known, WasTaken) // somebody's older booking (§17.1)
	}
	return s.confirm(ctx, t, p, a, booked, known)
}

func resultOf(why Why) Result {
	switch why {
	case Taken:
		return WasTaken
	case TooSoon:
		return WasTooSoon
	case Past:
		return WasPast
	case TooMany:
		return HasTooMany
	case Misconfigured, Gone:
		return WasMisconfured
	}
	return NotReachable
}

// isOurs accepts a booking only with our appointment's id and its start (§10.5).
func isOurs(b Booked, a booking.Appointment) bool {
	return b.Metadata[MetaAppointment] == a.ID && b.Start.Equal(a.StartsAt) && b.UID != ""
}

// begin writes the pending appointment, the claim on the staff's time, the customer and the event that makes sure
// somebody looks after it, all or nothing.
func (s *Scheduler) begin(ctx context.Context, t tenant.ID, p Plan) (*booking.Appointment, *ledger.Step, error) {
	now := s.Now()
	a := &booking.Appointment{
		ID: s.NewID(), BranchID: p.Branch.ID, ServiceID: p.Service.ID, StaffID: p.Slot.StaffID, Resource: p.Slot.Resource,
		CallID: p.CallID, StartsAt: p.Slot.Start.UTC(), EndsAt: p.Slot.End.UTC(), Timezone: p.Branch.Timezone,
		Status: booking.Pending, PendingReason: "calendar", Source: "phone", SyncOrigin: "system", SyncStatus: booking.SyncPending,
		PriceCents: p.Price, Notes: p.Notes, AttendeeName: p.Name, AttendeeEmail: p.Email, AttendeePhone: p.Phone,
		EventTypeID: p.Slot.EventTypeID, Segments: segmentsOf(p.Service, p.Slot), ChangedAt: now, CreatedAt: now,
	}
	step := &ledger.Step{Appointments: []*booking.Appointment{a}}

	card := p.Known.Card
	if card.CustomerID == "" {
		c := &customer.Customer{ID: s.NewID(), Name: p.Name, NameSource: "tool", Email: p.Email, Phone: p.Caller, Identity: "known", Source: "phone", CreatedAt: now}
		if p.Caller == "" {
			c.Identity = "anonymous"
			card = customer.Card{Key: c.ID}
		}
		card.CustomerID, card.Name, card.Email = c.ID, c.Name, c.Email
		step.Customer, step.EmailOf = c, p.Email
	} else if card.Email == "" {
		card.Email = p.Email
	}
	a.CustomerID, a.ContactKey = card.CustomerID, card.Key
	card = card.With(customer.Upcoming{AppointmentID: a.ID, ServiceID: a.ServiceID, StaffID: a.StaffID, Start: a.StartsAt.Unix(), End: a.EndsAt.Unix()}, now)
	step.Card = &card

	if booking.Conflict(p.Known.Days, p.Branch, p.Slot.Parts(), now, p.CallID, "") {
		return nil, nil, &ledger.Conflict{On: []string{"day"}}
	}
	for _, d := range placed(p.Known, p.Branch, a.ID, nil, p.Slot.Parts(), now) {
		step.Days = append(step.Days, d.WithoutHold(p.CallID, now))
	}
	step.Events = []event.Event{event.AppointmentRequested{Head: s.head(t, 1), AppointmentID: a.ID, CallID: a.CallID}}
	if err := p.Begin(step, *a); err != nil {
		return nil, nil, err
	}
	err := s.Store.Commit(ctx, t, step)
	if ledger.ConflictOn(err, "email") { // the address is another customer's: it stays the appointment's alone
		step.EmailOf, step.Customer.Email = "", ""
		err = s.Store.Commit(ctx, t, step)
	}
	if err != nil {
		return nil, nil, err
	}
	return a, step, nil
}

// placed are the days of an appointment after what it takes has changed: rid of it where it was, with it where it is now,
// and no longer what cached slots were asked under.
func placed(known ledger.Known, b company.Branch, id string, was, is []booking.Part, now time.Time) []booking.Day {
	var list []booking.Day
	for _, k := range booking.DayKeys(b, append(slices.Clone(was), is...)) {
		d := known.Days[k]
		d.Resource, d.Date = k.Resource, k.Date
		d = d.Without(booking.Ours, id, now).Without(booking.Moving, id, now)
		for _, e := range k.Entries(b, is, booking.Ours, id) {
			d = d.With(e, now)
		}
		list = append(list, d.Changed())
	}
	return list
}

func entryOf(a booking.Appointment) booking.Entry {
	return booking.Entry{Start: a.StartsAt.Unix(), End: a.EndsAt.Unix(), Kind: booking.Ours, Owner: a.ID}
}

func (s *Scheduler) head(t tenant.ID, sequence int) event.Head {
	return event.Head{ID: s.NewID(), CompanyID: t.String(), At: s.Now(), Sequence: sequence}
}

// stillFree asks the calendar itself, not the cache, for the one start, or for that of each segment at the same time.
func (s *Scheduler) stillFree(ctx context.Context, t tenant.ID, p Plan) (bool, error) {
	parts := p.Slot.Parts()
	free, errs := make([]bool, len(parts)), make([]error, len(parts))
	var wait sync.WaitGroup
	for i, part := range parts {
		wait.Go(func() {
			day := p.Branch.Day(part.Start)
			from, to := p.Branch.At(day, 0), p.Branch.At(day.AddDays(1), 0)
			var starts []time.Time
			starts, errs[i] = s.Calendar.Slots(ctx, forCaller(t, p.Config), part.EventTypeID, from.UTC(), to.UTC(), p.Branch.Location().String())
			free[i] = slices.ContainsFunc(starts, part.Start.Equal)
		})
	}
	wait.Wait()
	return !slices.Contains(free, false), errors.Join(errs...)
}

func (s *Scheduler) order(t tenant.ID, a booking.Appointment, key string) Order {
	return Order{
		EventTypeID: a.EventTypeID, Start: a.StartsAt, Name: a.AttendeeName, Email: s.attendeeEmail(a), Phone: a.AttendeePhone, Zone: a.Timezone,
		Metadata: map[string]string{MetaAppointment: a.ID, MetaCall: a.CallID, MetaKey: key, MetaCompany: t.String()},
	}
}

// find looks for the booking of an appointment at the calendar by attendee and start, and knows it by our id.
func (s *Scheduler) find(ctx context.Context, who Account, a booking.Appointment) (Booked, bool, error) {
	list, err := s.Calendar.Search(ctx, who, s.attendeeEmail(a), a.StartsAt)
	if err != nil {
		return Booked{}, false, err
	}
	var found Booked
	ok := false
	for _, b := range list {
		if isOurs(b, a) && (!ok || b.Live()) {
			found, ok = b, true
		}
	}
	return found, ok, nil
}

// confirm writes down what the calendar confirmed. The record must be there before anybody hears of it: three tries,
// then the job of the requested event repairs it and the caller hears that we will confirm.
func (s *Scheduler) confirm(ctx context.Context, t tenant.ID, p Plan, a *booking.Appointment, b Booked, known ledger.Known) (Outcome, error) {
	for try := 0; ; try++ {
		o := Outcome{Result: DidBook}
		if b.Status == "pending" {
			o.Result = DidRequest
		}
		step, now := s.confirmation(t, p.Config, p.Branch, *a, b, known)
		o.Appointment = now
		if err := p.Finish(ctx, step, o); err != nil {
			return Outcome{}, err
		}
		err := s.Store.Commit(ctx, t, step)
		if err == nil {
			return o, nil
		}
		if ledger.ConflictOn(err, "appointment", "claim", "day") {
			// A webhook or job of the same booking may have been quicker.
			fresh, _, readErr := s.Store.Appointment(ctx, t, a.ID)
			if readErr == nil && fresh.UID == b.UID && fresh.Status != booking.Pending {
				return s.finishOnly(ctx, t, p, fresh)
			}
			if readErr == nil {
				*a = fresh
			}
			if claim, taken, claimErr := s.Store.Claim(ctx, t, b.UID); claimErr == nil && taken && claim.AppointmentID != a.ID && claim.Foreign == nil {
				return s.release(ctx, t, p, a, known, WasTaken)
			}
			if again, readErr := s.Store.Gather(ctx, t, askOf(p, *a)); readErr == nil {
				known = again
			}
		}
		if try == len(confirmAgain) || wait(ctx, confirmAgain[try]) != nil {
			return s.uncertain(ctx, t, p, a)
		}
	}
}

func askOf(p Plan, a booking.Appointment) ledger.Ask {
	return ledger.Ask{Card: a.ContactKey, Days: booking.DayKeys(p.Branch, a.Parts())}
}

// finishOnly keeps the answer when the appointment is settled already.
func (s *Scheduler) finishOnly(ctx context.Context, t tenant.ID, p Plan, a booking.Appointment) (Outcome, error) {
	o := Outcome{Result: DidBook, Appointment: a}
	if a.Status == booking.Pending {
		o.Result = DidRequest
	}
	step := &ledger.Step{}
	if err := p.Finish(ctx, step, o); err != nil {
		return Outcome{}, err
	}
	return o, s.Store.Commit(ctx, t, step)
}

// confirmation is the step that makes an appointment agree with the calendar's booking: status and ids, the uid claimed,
// the day marked as changed, the history line and the fact.
func (s *Scheduler) confirmation(t tenant.ID, c *company.Config, branch company.Branch, a booking.Appointment, b Booked, known ledger.Known) (*ledger.Step, booking.Appointment) {
	now := s.Now()
	was := a.Status
	a.BookingID, a.UID, a.ICSUID, a.HostID = b.ID, b.UID, b.ICSUID, b.Host.ID
	a.SyncStatus, a.SyncError = booking.Synced, ""
	a.ChangedAt = latest(now, b.UpdatedAt)
	if b.Status == "pending" {
		a.Status, a.PendingReason = booking.Pending, "host_approval"
	} else {
		a.Status, a.PendingReason = booking.Confirmed, ""
	}
	step := &ledger.Step{
		Appointments: []*booking.Appointment{&a},
		Claims:       []booking.Claim{{UID: b.UID, AppointmentID: a.ID, ChangedAt: a.ChangedAt}},
	}
	moved := s.toHost(c, &a, b.Host)
	for _, date := range branch.DaysOf(a.StartsAt, a.EndsAt) {
		d := known.Days[booking.DayKey{Resource: moved.from, Date: date}]
		d.Resource, d.Date = moved.from, date
		if moved.to != "" {
			step.Days = append(step.Days, d.Without(booking.Ours, a.ID, now).Changed())
			n := known.Days[booking.DayKey{Resource: moved.to, Date: date}]
			n.Resource, n.Date = moved.to, date
			d = n
		}
		if !d.Has(booking.Ours, a.ID) {
			d = d.With(entryOf(a), now)
		}
		step.Days = append(step.Days, d.Changed())
	}
	if a.Status == booking.Confirmed && was != booking.Confirmed {
		step.Changes = []booking.Change{{
			ID: s.NewID(), AppointmentID: a.ID, CustomerID: a.CustomerID, Type: "created", ActorType: "customer", Via: "phone",
			NewStartsAt: a.StartsAt, NoticeMinutes: int(a.StartsAt.Sub(now) / time.Minute), CreatedAt: now,
		}}
		step.Events = []event.Event{event.AppointmentConfirmed{Head: s.head(t, 2), AppointmentID: a.ID, CallID: a.CallID, Version: a.Sequence}}
	}
	return step, a
}

type hostMove struct{ from, to string }

// toHost sets the staff from the calendar's host, which is the truth. Nobody known: no staff and a review item, never
// silently the first one; the time stays claimed where it was.
func (s *Scheduler) toHost(c *company.Config, a *booking.Appointment, h Host) hostMove {
	move := hostMove{from: a.Resource}
	if h == (Host{}) {
		return move
	}
	p, ok := StaffOfHost(c, h)
	if ok {
		unflag(a, reviewHost)
	}
	switch {
	case !ok:
		a.StaffID = ""
		flag(a, reviewHost)
	case p.ID != a.StaffID:
		if a.Resource == a.StaffID {
			move.to = p.ID
			a.Resource = p.ID
		}
		a.StaffID = p.ID
	}
	return move
}

// release takes everything back: the calendar surely did not book.
func (s *Scheduler) release(ctx context.Context, t tenant.ID, p Plan, a *booking.Appointment, known ledger.Known, why Result) (Outcome, error) {
	for try := 0; ; try++ {
		step := s.releasing(*a, p.Branch, known, string(why))
		o := Outcome{Result: why, Appointment: *step.Appointments[0]}
		if err := p.Finish(ctx, step, o); err != nil {
			return Outcome{}, err
		}
		err := s.Store.Commit(ctx, t, step)
		if err == nil {
			return o, nil
		}
		if try == len(confirmAgain) || wait(ctx, confirmAgain[try]) != nil {
			return Outcome{}, fmt.Errorf("take the booking back: %w", err)
		}
		if ledger.ConflictOn(err) {
			if again, readErr := s.Store.Gather(ctx, t, askOf(p, *a)); readErr == nil {
				known = again
			}
			if fresh, _, readErr := s.Store.Appointment(ctx, t, a.ID); readErr == nil {
				*a = fresh
			}
		}
	}
}

// releasing is the step that cancels an appointment of ours and frees its time.
func (s *Scheduler) releasing(a booking.Appointment, branch company.Branch, known ledger.Known, reason string) *ledger.Step {
	now := s.Now()
	a.Status, a.PendingReason = booking.Cancelled, ""
	a.SyncStatus = booking.SyncFailed
	a.CancelledAt, a.CancelledBy, a.CancellationReason = &now, "system", reason
	a.ChangedAt = now
	step := &ledger.Step{Appointments: []*booking.Appointment{&a}}
	s.free(step, a, branch, known)
	return step
}

// free removes an appointment from its days and its customer's card.
func (s *Scheduler) free(step *ledger.Step, a booking.Appointment, branch company.Branch, known ledger.Known) {
	now := s.Now()
	for _, k := range booking.DayKeys(branch, a.Parts()) {
		if d, ok := known.Days[k]; ok && d.Version > 0 {
			step.Days = append(step.Days, d.Without(booking.Ours, a.ID, now).Changed())
		}
	}
	if known.Card.Version > 0 {
		card := known.Card.Without(a.ID, now)
		step.Card = &card
	}
}

// uncertain leaves everything claimed: the job of the requested event finds out what the calendar did.
func (s *Scheduler) uncertain(ctx context.Context, t tenant.ID, p Plan, a *booking.Appointment) (Outcome, error) {
	a.SyncStatus = booking.SyncUnknown
	o := Outcome{Result: IsUncertain, Appointment: *a}
	step := &ledger.Step{Appointments: []*booking.Appointment{a}}
	if err := p.Finish(ctx, step, o); err != nil {
		return Outcome{}, err
	}
	err := s.Store.Commit(ctx, t, step)
	if ledger.ConflictOn(err, "appointment") {
		// The job was quicker. What it found out reaches the customer as the confirmation that is promised now; a
		// repeated tool call hears it too.
		step := &ledger.Step{}
		if err := p.Finish(ctx, step, o); err != nil {
			return Outcome{}, err
		}
		_ = s.Store.Commit(ctx, t, step) // without it only the tool call is missing from the record
	}
	// Whatever failed here: the appointment is pending and its event is on the way, so this much is true.
	return o, nil
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
