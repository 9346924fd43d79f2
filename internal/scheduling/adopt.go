package scheduling

import (
	"context"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// completedAfter is how long after its end an appointment counts as done (§2).
const completedAfter = 2 * time.Hour

// adopt makes an appointment of a booking that was made in the calendar without us. Where nobody knows its event type it
// blocks its host's time, and no more.
func (s *Scheduler) adopt(ctx context.Context, t tenant.ID, c *company.Config, claim booking.Claim, l life, n news) (Did, error) {
	if l.now.Start.IsZero() {
		return Nothing, nil // nobody knows when: not even a time to block
	}
	service, mapped, known := c.ServiceOfEventType(l.now.EventTypeID)
	if !known {
		return s.blockHost(ctx, t, c, claim, l, n)
	}
	b, now := l.now, s.Now()
	a := booking.Appointment{
		ID: s.NewID(), ServiceID: service.ID, StaffID: mapped.StaffID, Resource: mapped.StaffID, StartsAt: b.Start.UTC(), EndsAt: b.End.UTC(),
		Source: "calcom", SyncOrigin: "calcom", SyncStatus: booking.Synced, PriceCents: service.PriceCents, EventTypeID: b.EventTypeID,
		AttendeeName: b.Attendee.Name, AttendeeEmail: s.realAddress(b.Attendee.Email), AttendeePhone: b.Attendee.Phone,
		UID: b.UID, BookingID: b.ID, ICSUID: b.ICSUID, PreviousUIDs: l.uidsBefore(), HostID: b.Host.ID, Sequence: len(l.before),
		ChangedAt: latest(n.at, b.UpdatedAt), CreatedAt: now,
	}
	if !a.EndsAt.After(a.StartsAt) {
		a.EndsAt = a.StartsAt.Add(service.Duration())
	}
	if a.Resource == "" {
		a.Resource = service.ID
	}
	if len(l.before) > 0 && !l.before[len(l.before)-1].Start.IsZero() {
		was := l.before[len(l.before)-1].Start.UTC()
		a.PreviousStartsAt = &was
	}
	s.adoptHost(c, &a, b.Host)
	branch := branchFor(c, service, a, mapped)
	a.BranchID, a.Timezone = branch.ID, branch.Timezone
	s.adoptStatus(&a, b)

	step := &ledger.Step{Appointments: []*booking.Appointment{&a}}
	card, err := s.customerOf(ctx, t, &a, step)
	if err != nil {
		return Nothing, err
	}
	var freed []block
	if step.Claims, freed, err = s.claimsOf(ctx, t, c, booking.Appointment{}, &a, l); err != nil {
		return Nothing, err
	}
	keys := booking.DayKeys(branch, a.Parts())
	for _, f := range freed {
		keys = append(keys, f.days...)
	}
	around, err := s.Store.Gather(ctx, t, ledger.Ask{Days: keys})
	if err != nil {
		return Nothing, err
	}
	around.Card = card
	s.place(step, around, branch, booking.Appointment{}, a, freed)
	if step.Card == nil && step.Customer != nil {
		step.Card = &card
	}
	step.Changes = []booking.Change{{
		ID: s.NewID(), AppointmentID: a.ID, CustomerID: a.CustomerID, Type: "imported", ActorType: "system", Via: n.via,
		NewStartsAt: a.StartsAt, NoticeMinutes: int(a.StartsAt.Sub(now) / time.Minute), CreatedAt: now,
	}}
	if a.Status == booking.Confirmed {
		step.Events = append(step.Events, event.AppointmentConfirmed{Head: s.head(t, 10+a.Sequence), AppointmentID: a.ID, Version: a.Sequence, Quiet: n.quiet})
	}
	if a.NeedsReview {
		step.Events = append(step.Events, event.AppointmentNeedsReview{Head: s.head(t, 50+a.Sequence), AppointmentID: a.ID, Reason: a.ReviewReason})
	}
	if n.newDate && a.Status == booking.Cancelled {
		if err := s.promiseNewDate(ctx, t, c, step, branch, &a); err != nil {
			return Nothing, err
		}
	}
	if err := s.Store.Commit(ctx, t, step); err != nil {
		return Nothing, err
	}
	if a.NeedsReview {
		s.Alarm(ctx, AlarmReview, t.String())
	}
	return Imported, nil
}

// adoptHost sets the staff of a new booking from its host. Nobody known: no staff and a review item; its time stays with
// whom the event type is of.
func (s *Scheduler) adoptHost(c *company.Config, a *booking.Appointment, h Host) {
	p, ok := StaffOfHost(c, h)
	if !ok {
		a.StaffID = ""
		flag(a, reviewHost)
		return
	}
	a.StaffID, a.Resource = p.ID, p.ID
}

// branchFor is where a booking takes place: the service's branch, else the staff's, else the first that is open for business.
func branchFor(c *company.Config, v company.Service, a booking.Appointment, mapped company.EventType) company.Branch {
	for _, id := range []string{v.BranchID, staffBranch(c, a.StaffID), staffBranch(c, mapped.StaffID)} {
		if b, ok := c.Branch(id); ok {
			return b
		}
	}
	for _, b := range c.Branches {
		if b.Active {
			return b
		}
	}
	return company.Branch{}
}

func staffBranch(c *company.Config, id string) string {
	p, _ := c.Person(id)
	return p.BranchID
}

// adoptStatus is how the appointment stands that a booking makes.
func (s *Scheduler) adoptStatus(a *booking.Appointment, b Booked) {
	now := s.Now()
	switch {
	case !b.Live():
		a.Status, a.CancelledAt, a.CancelledBy = booking.Cancelled, &now, whoCancelled(b, *a)
		a.CancellationSource, a.CancellationReason = "calcom_webhook", b.Reason
		a.Sequence++
	case b.Status == "pending":
		a.Status, a.PendingReason = booking.Pending, "host_approval"
	case b.Absent:
		a.Status = booking.NoShow
	case now.After(a.EndsAt.Add(completedAfter)):
		a.Status = booking.Completed
	default:
		a.Status = booking.Confirmed
	}
}

// realAddress leaves out what was only made up for the calendar.
func (s *Scheduler) realAddress(email string) string {
	if s.isPlaceholder(email) {
		return ""
	}
	return email
}

// customerOf finds whose booking it is: by address, then by number, within the company; never by name. Nobody known makes
// a new customer, whom the next booking with the same address finds. A number that was typed into a form proves nothing:
// who calls from it is not taken for them.
func (s *Scheduler) customerOf(ctx context.Context, t tenant.ID, a *booking.Appointment, step *ledger.Step) (customer.Card, error) {
	key, claims := a.AttendeePhone, a.AttendeeEmail
	if a.AttendeeEmail != "" {
		id, ok, err := s.Store.CustomerOfEmail(ctx, t, a.AttendeeEmail)
		if err != nil {
			return customer.Card{}, err
		}
		if ok {
			who, known, err := s.Store.Customer(ctx, t, id)
			if err != nil {
				return customer.Card{}, err
			}
			if claims = ""; known { // else somebody who was forgotten, but for the address
				if key = who.Phone; key == "" {
					key = id
				}
			}
		}
	}
	var card customer.Card
	if key != "" {
		known, err := s.Store.Gather(ctx, t, ledger.Ask{Card: key})
		if err != nil {
			return card, err
		}
		card = known.Card
	}
	if card.CustomerID == "" {
		who := &customer.Customer{
			ID: s.NewID(), Name: a.AttendeeName, NameSource: "calcom", Email: claims, Identity: "known", Source: "calcom", CreatedAt: s.Now(),
		}
		card = customer.Card{Key: who.ID, CustomerID: who.ID, Name: who.Name, Email: who.Email}
		step.Customer, step.EmailOf = who, claims
	}
	a.CustomerID, a.ContactKey = card.CustomerID, card.Key
	return card, nil
}
