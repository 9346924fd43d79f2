package scheduling

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// staleAfter is the age from which a webhook is no longer believed: its signature carries no time (§13.2).
const staleAfter = 10 * time.Minute

// Notice is what the calendar told us without being asked. SentAt is when it says it did.
type Notice struct {
	Booked
	SentAt        time.Time
	RescheduleUID string // of the booking this one replaces
	CancelledBy   string // an e-mail address
	Reason        string
}

// AlarmUnknownEventType: a booking came in for an event type that no service has.
const AlarmUnknownEventType = "unknown_event_type"

// Apply brings our record into agreement with a notice. It compares states, so a second delivery changes nothing; what is
// old or out of order is not believed but looked up. Bookings that are not ours are kept as foreign and block their host.
func (s *Scheduler) Apply(ctx context.Context, t tenant.ID, c *company.Config, n Notice) error {
	if n.UID == "" {
		return nil
	}
	old := s.Now().Sub(n.SentAt) > staleAfter
	for try := 0; ; try++ {
		err := s.apply(ctx, t, c, n, old)
		if !ledger.ConflictOn(err) || try == 6 {
			return err
		}
		if err := wait(ctx, time.Duration(try+1)*20*time.Millisecond); err != nil {
			return err
		}
	}
}

func (s *Scheduler) apply(ctx context.Context, t tenant.ID, c *company.Config, n Notice, lookUp bool) error {
	a, claim, err := s.match(ctx, t, n)
	if err != nil {
		return err
	}
	if a != nil && len(a.Segments) > 0 {
		return s.applySegment(ctx, t, c, *a, n)
	}
	outOfOrder := (a != nil && n.SentAt.Before(a.ChangedAt.Add(-time.Second))) || (a == nil && claim.Foreign != nil && n.SentAt.Before(claim.ChangedAt))
	// A cancellation carries no metadata (calcom.md §3.2): whose an unknown uid is, only the booking itself tells.
	unknown := a == nil && claim.Version == 0 && !n.Live()
	if lookUp || outOfOrder || unknown {
		if a != nil && sameState(*a, n.Booked) {
			return nil
		}
		state, err := s.follow(ctx, forJob(t, c), n.UID)
		if err != nil {
			if WhyOf(err) == Gone {
				return nil
			}
			s.noteRefusal(ctx, t, c, err)
			return fmt.Errorf("look up booking %s: %w", n.UID, err)
		}
		n.Booked = state
		n.SentAt = latest(n.SentAt, state.UpdatedAt)
		if a == nil {
			if a, claim, err = s.match(ctx, t, n); err != nil {
				return err
			}
		}
	}
	if a != nil && len(a.Segments) > 0 {
		return s.applySegment(ctx, t, c, *a, n)
	}
	if a != nil {
		return s.applyOurs(ctx, t, c, *a, n)
	}
	return s.applyForeign(ctx, t, c, claim, n)
}

// match finds whose a booking is: by our id in its metadata, by its uid, by the uid it replaces.
func (s *Scheduler) match(ctx context.Context, t tenant.ID, n Notice) (*booking.Appointment, booking.Claim, error) {
	if id := n.Metadata[MetaAppointment]; id != "" {
		a, ok, err := s.Store.Appointment(ctx, t, id)
		if err != nil {
			return nil, booking.Claim{}, err
		}
		if ok {
			return &a, booking.Claim{UID: n.UID}, nil
		}
	}
	claim, ok, err := s.Store.Claim(ctx, t, n.UID)
	if err != nil {
		return nil, claim, err
	}
	if !ok && n.RescheduleUID != "" {
		before, found, err := s.Store.Claim(ctx, t, n.RescheduleUID)
		if err != nil {
			return nil, claim, err
		}
		if found && before.AppointmentID != "" {
			a, ok, err := s.Store.Appointment(ctx, t, before.AppointmentID)
			if err != nil || ok {
				return &a, claim, err
			}
		}
	}
	if claim.AppointmentID == "" {
		return nil, claim, nil
	}
	a, ok, err := s.Store.Appointment(ctx, t, claim.AppointmentID)
	if err != nil || !ok {
		return nil, claim, err
	}
	return &a, claim, nil
}

// follow reads a booking and, where it was moved, the one that replaced it (≤ 10 steps).
func (s *Scheduler) follow(ctx context.Context, who Account, uid string) (Booked, error) {
	for range 10 {
		b, err := s.Calendar.Booking(ctx, who, uid)
		if err != nil || b.RescheduledTo == "" {
			return b, err
		}
		uid = b.RescheduledTo
	}
	return Booked{}, &Refused{Why: Gone, Err: fmt.Errorf("booking %s was moved in a circle", uid)}
}

func sameState(a booking.Appointment, b Booked) bool {
	if !b.Live() {
		return a.Status == booking.Cancelled || a.UID != b.UID
	}
	status := booking.Confirmed
	if b.Status == "pending" {
		status = booking.Pending
	}
	return a.UID == b.UID && a.StartsAt.Equal(b.Start) && a.Status == status && a.SyncStatus == booking.Synced
}

func (s *Scheduler) applyOurs(ctx context.Context, t tenant.ID, c *company.Config, a booking.Appointment, n Notice) error {
	branch, ok := c.Branch(a.BranchID)
	if !ok {
		return fmt.Errorf("appointment %s: its branch is gone from the configuration", a.ID)
	}
	moved := n.Live() && (a.UID != "" && a.UID != n.UID || !a.StartsAt.Equal(n.Start))
	switch {
	case sameState(a, n.Booked),
		slices.Contains(a.PreviousUIDs, n.UID),                  // news of a booking that was replaced since
		!n.Live() && n.RescheduledTo != "",                      // cancelled because it was moved
		!a.Active() && (!n.Live() || a.CancelledBy != "system"): // an end is an end
		return nil
	}
	end := n.End
	if end.IsZero() {
		end = n.Start.Add(a.EndsAt.Sub(a.StartsAt))
	}
	ask := askOf(Plan{Branch: branch}, a)
	if moved {
		for _, date := range branch.DaysOf(n.Start, end) {
			ask.Days = append(ask.Days, booking.DayKey{Resource: a.Resource, Date: date})
		}
	}
	if p, ok := StaffOfHost(c, n.Host); ok && p.ID != a.Resource {
		for _, date := range branch.DaysOf(n.Start, end) {
			ask.Days = append(ask.Days, booking.DayKey{Resource: p.ID, Date: date})
		}
	}
	known, err := s.Store.Gather(ctx, t, ask)
	if err != nil {
		return err
	}
	switch {
	case !n.Live():
		return s.Store.Commit(ctx, t, s.cancelling(t, branch, a, n, known))
	case a.Status == booking.Cancelled: // released by us, and booked there after all
		a.NeedsReview, a.ReviewReason = true, "stands in the calendar though we took it back"
		a.UID = n.UID
		s.Alarm(ctx, AlarmOrphan, t.String())
		return s.Store.Commit(ctx, t, &ledger.Step{Appointments: []*booking.Appointment{&a}})
	case moved:
		return s.Store.Commit(ctx, t, s.moving(t, c, branch, a, n, end, known))
	}
	step, _ := s.confirmation(t, c, branch, a, n.Booked, known)
	if a.UID == n.UID {
		step.Claims = nil // claimed when it was requested
	}
	return s.Store.Commit(ctx, t, step)
}

// cancelling is the step for a booking that was cancelled in the calendar.
func (s *Scheduler) cancelling(t tenant.ID, branch company.Branch, a booking.Appointment, n Notice, known ledger.Known) *ledger.Step {
	now := s.Now()
	by := "staff"
	if n.CancelledBy != "" && n.CancelledBy == a.AttendeeEmail {
		by = "customer"
	}
	a.Status, a.PendingReason = booking.Cancelled, ""
	a.SyncStatus = booking.Synced
	a.CancelledAt, a.CancelledBy, a.CancellationSource, a.CancellationReason = &now, by, "calcom_webhook", n.Reason
	a.ChangedAt = latest(n.SentAt, a.ChangedAt)
	a.Sequence++
	step := &ledger.Step{Appointments: []*booking.Appointment{&a}}
	s.free(step, a, branch, known)
	step.Changes = []booking.Change{{
		ID: s.NewID(), AppointmentID: a.ID, CustomerID: a.CustomerID, Type: "cancel", ActorType: by, Via: "calcom", Reason: n.Reason,
		OldStartsAt: a.StartsAt, NoticeMinutes: int(a.StartsAt.Sub(now) / time.Minute), CreatedAt: now,
	}}
	step.Events = []event.Event{event.AppointmentCancelled{Head: s.head(t, 10+a.Sequence), AppointmentID: a.ID, CallID: a.CallID, By: by, Reason: n.Reason, Version: a.Sequence}}
	return step
}

// moving is the step for a booking that has another time or another uid.
func (s *Scheduler) moving(t tenant.ID, c *company.Config, branch company.Branch, a booking.Appointment, n Notice, end time.Time, known ledger.Known) *ledger.Step {
	now := s.Now()
	was := a.StartsAt
	days := map[booking.DayKey]booking.Day{}
	day := func(resource string, start, end time.Time, edit func(booking.Day) booking.Day) {
		for _, date := range branch.DaysOf(start, end) {
			k := booking.DayKey{Resource: resource, Date: date}
			d, ok := days[k]
			if !ok {
				if d, ok = known.Days[k]; !ok {
					d = booking.Day{Resource: resource, Date: date}
				}
				d = d.Changed()
			}
			days[k] = edit(d)
		}
	}
	day(a.Resource, a.StartsAt, a.EndsAt, func(d booking.Day) booking.Day { return d.Without(booking.Ours, a.ID, now) })
	for _, uid := range []string{a.UID, n.RescheduleUID} {
		if uid != "" && uid != n.UID && !slices.Contains(a.PreviousUIDs, uid) {
			a.PreviousUIDs = append(a.PreviousUIDs, uid)
		}
	}
	newUID := a.UID != n.UID
	a.UID, a.BookingID, a.StartsAt, a.EndsAt = n.UID, n.ID, n.Start.UTC(), end.UTC()
	if !was.Equal(a.StartsAt) {
		a.PreviousStartsAt = &was
	}
	if n.ICSUID != "" {
		a.ICSUID = n.ICSUID
	}
	a.Status, a.PendingReason = booking.Confirmed, ""
	if n.Status == "pending" {
		a.Status, a.PendingReason = booking.Pending, "host_approval"
	}
	a.SyncStatus = booking.Synced
	a.ChangedAt = latest(n.SentAt, a.ChangedAt)
	a.Sequence++
	a.HostID = n.Host.ID
	if m := s.toHost(c, &a, n.Host); m.to != "" {
		a.Resource = m.to
	}
	day(a.Resource, a.StartsAt, a.EndsAt, func(d booking.Day) booking.Day { return d.With(entryOf(a), now) })

	step := &ledger.Step{Appointments: []*booking.Appointment{&a}}
	for _, d := range days {
		step.Days = append(step.Days, d)
	}
	if newUID {
		step.Claims = []booking.Claim{{UID: a.UID, AppointmentID: a.ID, ChangedAt: a.ChangedAt}}
	}
	if known.Card.CustomerID != "" {
		card := known.Card.With(customer.Upcoming{AppointmentID: a.ID, ServiceID: a.ServiceID, StaffID: a.StaffID, Start: a.StartsAt.Unix(), End: a.EndsAt.Unix()}, now)
		step.Card = &card
	}
	step.Changes = []booking.Change{{
		ID: s.NewID(), AppointmentID: a.ID, CustomerID: a.CustomerID, Type: "reschedule", ActorType: "staff", Via: "calcom", Reason: n.Reason,
		OldStartsAt: was, NewStartsAt: a.StartsAt, NoticeMinutes: int(was.Sub(now) / time.Minute), CreatedAt: now,
	}}
	if a.Status == booking.Confirmed {
		step.Events = []event.Event{event.AppointmentConfirmed{Head: s.head(t, 10+a.Sequence), AppointmentID: a.ID, CallID: a.CallID, Version: a.Sequence}}
	}
	return step
}

// applyForeign keeps a booking that is not ours: its times block the host's days.
func (s *Scheduler) applyForeign(ctx context.Context, t tenant.ID, c *company.Config, claim booking.Claim, n Notice) error {
	if _, _, known := c.ServiceOfEventType(n.EventTypeID); !known && n.EventTypeID != 0 {
		s.Alarm(ctx, AlarmUnknownEventType, t.String())
	}
	f := booking.Foreign{StartsAt: n.Start.UTC(), EndsAt: n.End.UTC(), Status: n.Status, HostID: n.Host.ID, EventTypeID: n.EventTypeID}
	host, _ := StaffOfHost(c, n.Host)
	f.Resource = host.ID
	if f.Resource == "" && claim.Foreign != nil {
		f.Resource = claim.Foreign.Resource
	}
	if claim.Foreign != nil && *claim.Foreign == f {
		return nil
	}
	claim.UID = n.UID
	before := []booking.Claim{claim}
	if n.RescheduleUID != "" && n.RescheduleUID != n.UID {
		replaced, ok, err := s.Store.Claim(ctx, t, n.RescheduleUID)
		if err != nil {
			return err
		}
		if ok && replaced.Foreign != nil && replaced.Foreign.Status != "cancelled" {
			before = append(before, replaced)
		}
	}
	step, err := s.foreignStep(ctx, t, c, before, f, n)
	if err != nil {
		return err
	}
	return s.Store.Commit(ctx, t, step)
}

func (s *Scheduler) foreignStep(ctx context.Context, t tenant.ID, c *company.Config, before []booking.Claim, f booking.Foreign, n Notice) (*ledger.Step, error) {
	now := s.Now()
	type edit struct {
		key booking.DayKey
		do  func(booking.Day) booking.Day
	}
	var edits []edit
	for _, claim := range before {
		if o := claim.Foreign; o != nil && o.Resource != "" {
			for _, date := range s.branchOf(c, o.Resource).DaysOf(o.StartsAt, o.EndsAt) {
				edits = append(edits, edit{booking.DayKey{Resource: o.Resource, Date: date}, func(d booking.Day) booking.Day { return d.Without(booking.ForeignKind, claim.UID, now) }})
			}
		}
	}
	if f.Resource != "" && n.Live() && f.EndsAt.After(f.StartsAt) {
		entry := booking.Entry{Start: f.StartsAt.Unix(), End: f.EndsAt.Unix(), Kind: booking.ForeignKind, Owner: n.UID}
		for _, date := range s.branchOf(c, f.Resource).DaysOf(f.StartsAt, f.EndsAt) {
			edits = append(edits, edit{booking.DayKey{Resource: f.Resource, Date: date}, func(d booking.Day) booking.Day {
				return d.Without(booking.ForeignKind, n.UID, now).With(entry, now)
			}})
		}
	}
	var ask ledger.Ask
	for _, e := range edits {
		ask.Days = append(ask.Days, e.key)
	}
	known, err := s.Store.Gather(ctx, t, ask)
	if err != nil {
		return nil, err
	}
	changed := map[booking.DayKey]bool{}
	for _, e := range edits {
		d := known.Days[e.key]
		if !changed[e.key] {
			d, changed[e.key] = d.Changed(), true
		}
		known.Days[e.key] = e.do(d)
	}
	step := &ledger.Step{}
	for k := range changed {
		step.Days = append(step.Days, known.Days[k])
	}
	first := before[0]
	first.Foreign, first.ChangedAt = &f, n.SentAt
	step.Claims = []booking.Claim{first}
	for _, replaced := range before[1:] {
		gone := *replaced.Foreign
		gone.Status = "cancelled"
		replaced.Foreign, replaced.ChangedAt = &gone, n.SentAt
		step.Claims = append(step.Claims, replaced)
	}
	return step, nil
}

// branchOf is where a member of staff works: its zone says which dates a time touches.
func (s *Scheduler) branchOf(c *company.Config, staffID string) company.Branch {
	p, _ := c.Person(staffID)
	b, _ := c.Branch(p.BranchID)
	return b
}
