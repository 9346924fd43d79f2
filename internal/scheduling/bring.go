package scheduling

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// news is how we came to know of a state of the calendar.
type news struct {
	via     string    // calcom
	kind    string    // of the history's line for another time: reschedule, or corrected by the comparison
	at      time.Time // when it was so
	newDate bool      // the host asks for another date
	quiet   bool      // it is old: nobody is told
}

// Did is what came of bringing ours into agreement with the calendar's.
type Did string

// What may come of it. Nothing: they agreed.
const (
	Nothing   Did = ""
	Imported  Did = "imported"
	Blocked   Did = "blocked" // an event type that nobody knows: its host is busy
	Repaired  Did = "repaired"
	Corrected Did = "corrected"
	Ended     Did = "cancelled"
	Reviewed  Did = "review"
)

// Why a person has to look at an appointment. The comparison takes back what it set when the calendar agrees again.
const (
	reviewHost    = "host of the calendar is nobody we know"
	reviewOrphan  = "stands in the calendar though we took it back"
	reviewEnded   = "ended here, but stands in the calendar"
	reviewTwice   = "stands twice in the calendar"
	reviewGone    = "is no longer in the calendar, and nobody said why"
	reviewOlder   = "the calendar has an older time than we have"
	reviewClaimed = "its booking belongs to another appointment"
	reviewDouble  = "the same customer has another appointment at that time"
	reviewUnasked = "the calendar could not be asked for a day"
)

// flag says that a person has to look at an appointment; false when that reason was given before.
func flag(a *booking.Appointment, reason string) bool {
	reasons := reasonsOf(*a)
	if slices.Contains(reasons, reason) {
		return false
	}
	a.NeedsReview, a.ReviewReason = true, strings.Join(append(reasons, reason), "; ")
	return true
}

// unflag takes reasons back; without any left nobody has to look. False when none of them was there.
func unflag(a *booking.Appointment, settled ...string) bool {
	reasons := reasonsOf(*a)
	left := slices.DeleteFunc(slices.Clone(reasons), func(r string) bool { return slices.Contains(settled, r) })
	if len(left) == len(reasons) {
		return false
	}
	a.NeedsReview, a.ReviewReason = len(left) > 0, strings.Join(left, "; ")
	return true
}

func reasonsOf(a booking.Appointment) []string {
	if a.ReviewReason == "" {
		return nil
	}
	return strings.Split(a.ReviewReason, "; ")
}

// bring makes an appointment agree with the calendar: uids, time, staff and status in one step, with the history's lines
// and the facts.
func (s *Scheduler) bring(ctx context.Context, t tenant.ID, c *company.Config, a booking.Appointment, l life, n news) (Did, error) {
	branch, ok := c.Branch(a.BranchID)
	if !ok {
		return Nothing, fmt.Errorf("appointment %s: its branch is gone from the configuration", a.ID)
	}
	// A change of ours is under way: what the calendar tells may be its outcome.
	if a.Pending != nil {
		if did, settled, err := s.whileChanging(ctx, t, c, branch, a, l.now); settled || err != nil {
			return did, err
		}
	}
	b := l.now
	switch {
	case slices.Contains(a.PreviousUIDs, b.UID), agrees(c, a, l):
		return Nothing, nil // news of a booking that was replaced since, or none at all
	case l.twin(a) && b.Live():
		return s.review(ctx, t, a, reviewTwice)
	case l.twin(a):
		return Nothing, nil
	case !b.Live() && !a.Active():
		return Nothing, nil
	case a.Status == booking.Cancelled && a.CancelledBy == "system":
		s.Alarm(ctx, AlarmOrphan, t.String())
		return s.review(ctx, t, a, reviewOrphan)
	case a.Status == booking.Cancelled:
		return s.review(ctx, t, a, reviewEnded)
	case n.kind == "corrected" && a.UID == b.UID && !a.StartsAt.Equal(b.Start) && a.ChangedAt.After(b.UpdatedAt):
		return s.review(ctx, t, a, reviewOlder) // the newest change wins, and a time is never moved silently
	case n.kind == "corrected" && b.Status == "cancelled" && b.CancelledBy == "" && b.Reason == "":
		return s.review(ctx, t, a, reviewGone) // without a trace
	}
	next := s.after(c, a, l, n)
	claims, freed, err := s.claimsOf(ctx, t, c, a, &next, l)
	if err != nil {
		return Nothing, err
	}
	keys := booking.DayKeys(branch, append(a.Parts(), next.Parts()...))
	for _, f := range freed {
		keys = append(keys, f.days...)
	}
	known, err := s.Store.Gather(ctx, t, ledger.Ask{Days: keys, Card: a.ContactKey})
	if err != nil {
		return Nothing, err
	}
	step := &ledger.Step{Appointments: []*booking.Appointment{&next}, Claims: claims}
	s.place(step, known, branch, a, next, freed)
	did, err := s.tell(ctx, t, c, step, branch, a, &next, b, n)
	if err != nil {
		return Nothing, err
	}
	if err := s.Store.Commit(ctx, t, step); err != nil {
		return Nothing, err
	}
	if next.NeedsReview && !a.NeedsReview {
		s.Alarm(ctx, AlarmReview, t.String())
	}
	return did, nil
}

// after is the appointment as the calendar has it.
func (s *Scheduler) after(c *company.Config, a booking.Appointment, l life, n news) booking.Appointment {
	b, was, moves := l.now, a, l.moves(a)
	for _, uid := range append([]string{a.UID}, l.uidsBefore()...) {
		if uid != "" && uid != b.UID && !slices.Contains(a.PreviousUIDs, uid) {
			a.PreviousUIDs = append(slices.Clone(a.PreviousUIDs), uid)
		}
	}
	a.UID = b.UID
	if b.ID != 0 {
		a.BookingID = b.ID
	}
	if b.ICSUID != "" {
		a.ICSUID = b.ICSUID
	}
	if !b.Start.IsZero() && !b.Start.Equal(a.StartsAt) {
		end := b.Start.Add(a.EndsAt.Sub(a.StartsAt)) // the length is ours, unless the booking is not
		if a.SyncOrigin == "calcom" && b.End.After(b.Start) {
			end = b.End
		}
		a.StartsAt, a.EndsAt, a.PreviousStartsAt = b.Start.UTC(), end.UTC(), &was.StartsAt
		moves = max(moves, 1)
	}
	a.Sequence += moves
	a.SyncStatus, a.SyncError = booking.Synced, ""
	unflag(&a, reviewGone, reviewOlder, reviewUnasked)
	a.ChangedAt = latest(n.at, a.ChangedAt)
	switch {
	case !b.Live():
		now := s.Now()
		a.Status, a.PendingReason = booking.Cancelled, ""
		a.CancelledAt, a.CancelledBy, a.CancellationSource, a.CancellationReason = &now, whoCancelled(b, a), "calcom_webhook", b.Reason
		a.Sequence++
		return a
	case b.Status == "pending":
		a.Status, a.PendingReason = booking.Pending, "host_approval"
	case moves > 0 || a.Status == booking.Pending:
		a.Status, a.PendingReason = booking.Confirmed, ""
	}
	if m := s.toHost(c, &a, b.Host); m.to != "" {
		a.Resource = m.to
	}
	if b.Host.ID != 0 {
		a.HostID = b.Host.ID
	}
	return a
}

func whoCancelled(b Booked, a booking.Appointment) string {
	if b.CancelledBy != "" && strings.EqualFold(b.CancelledBy, a.AttendeeEmail) {
		return "customer"
	}
	return "staff"
}

// block is time that a foreign booking takes of days.
type block struct {
	uid  string
	days []booking.DayKey
}

// claimsOf claims what uids of a booking are not the appointment's yet. A uid that only blocked time until now blocks it no
// longer; one of another appointment stays there, and a person has to look.
func (s *Scheduler) claimsOf(ctx context.Context, t tenant.ID, c *company.Config, was booking.Appointment, a *booking.Appointment, l life) (claims []booking.Claim, freed []block, err error) {
	for _, uid := range l.uids() {
		if uid == "" || uid == was.UID || slices.Contains(was.PreviousUIDs, uid) {
			continue
		}
		claim, _, err := s.Store.Claim(ctx, t, uid)
		if err != nil {
			return nil, nil, err
		}
		switch {
		case claim.AppointmentID == a.ID:
			continue
		case claim.AppointmentID != "":
			flag(a, reviewClaimed)
			continue
		case claim.Foreign != nil:
			freed = append(freed, s.blockOf(c, uid, claim.Foreign))
		}
		claim.UID, claim.AppointmentID, claim.Foreign, claim.ChangedAt = uid, a.ID, nil, a.ChangedAt
		claims = append(claims, claim)
	}
	return claims, freed, nil
}

// place moves the appointment's time from the days and the card where it stood to where it stands now.
func (s *Scheduler) place(step *ledger.Step, known ledger.Known, branch company.Branch, was, a booking.Appointment, freed []block) {
	now := s.Now()
	e := edits{known: known}
	for _, f := range freed {
		e.on(f.days, func(d booking.Day) booking.Day { return d.Without(booking.ForeignKind, f.uid, now) })
	}
	if was.Active() || a.Active() {
		if was.ID != "" {
			e.on(booking.DayKeys(branch, was.Parts()), func(d booking.Day) booking.Day { return d.Without(booking.Ours, a.ID, now) })
		}
		if a.Active() {
			e.enter(branch, a.Parts(), booking.Ours, a.ID, now)
		}
	}
	step.Days = e.list()
	card := known.Card
	switch {
	case a.Active() && (card.CustomerID != "" || step.Customer != nil):
		card = card.With(customer.Upcoming{AppointmentID: a.ID, ServiceID: a.ServiceID, StaffID: a.StaffID, Start: a.StartsAt.Unix(), End: a.EndsAt.Unix()}, now)
	case card.Version > 0:
		card = card.Without(a.ID, now)
	default:
		return
	}
	step.Card = &card
}

// tell adds the history's lines and the facts of what changed.
func (s *Scheduler) tell(ctx context.Context, t tenant.ID, c *company.Config, step *ledger.Step, branch company.Branch, was booking.Appointment, a *booking.Appointment, b Booked, n news) (did Did, err error) {
	now := s.Now()
	line := func(kind, by string) {
		step.Changes = append(step.Changes, booking.Change{
			ID: s.NewID(), AppointmentID: a.ID, CustomerID: a.CustomerID, Type: kind, ActorType: by, Via: n.via, Reason: b.Reason,
			OldStartsAt: was.StartsAt, NewStartsAt: a.StartsAt, NoticeMinutes: int(was.StartsAt.Sub(now) / time.Minute), CreatedAt: now,
		})
	}
	moved := !was.StartsAt.Equal(a.StartsAt) || was.UID != "" && was.UID != a.UID
	by := "staff"
	if b.MovedBy != "" && strings.EqualFold(b.MovedBy, a.AttendeeEmail) {
		by = "customer"
	}
	first := was.Status == booking.Pending && a.Status == booking.Confirmed
	switch {
	case moved:
		line(n.kind, by)
		did = Corrected
	case first && a.Sequence == 0:
		line("created", "customer")
		step.Changes[0].OldStartsAt, step.Changes[0].Via = time.Time{}, a.Source // where it was made, whoever tells that it stands
		did = Repaired
	case a.Status == booking.Cancelled:
	case was.StaffID != a.StaffID:
		line("corrected", "staff")
		did = Corrected
	default:
		did = Repaired
	}
	switch {
	case a.Status == booking.Cancelled:
		line("cancel", a.CancelledBy)
		last := &step.Changes[len(step.Changes)-1]
		last.OldStartsAt, last.NewStartsAt = a.StartsAt, time.Time{}
		did = Ended
		step.Events = append(step.Events, event.AppointmentCancelled{Head: s.head(t, 10+a.Sequence), AppointmentID: a.ID, CallID: a.CallID, By: a.CancelledBy, Reason: b.Reason, Version: a.Sequence})
		if n.newDate {
			err = s.promiseNewDate(ctx, t, c, step, branch, a)
		}
	case a.Status == booking.Confirmed && (first || moved):
		sequence := 2
		if a.Sequence > 0 {
			sequence = 10 + a.Sequence
		}
		step.Events = append(step.Events, event.AppointmentConfirmed{Head: s.head(t, sequence), AppointmentID: a.ID, CallID: a.CallID, Version: a.Sequence, Quiet: n.quiet})
	}
	if a.NeedsReview && !was.NeedsReview {
		step.Events = append(step.Events, event.AppointmentNeedsReview{Head: s.head(t, 50+a.Sequence), AppointmentID: a.ID, Reason: a.ReviewReason})
	}
	return did, err
}

// review leaves an appointment as it is and asks a person to look at it, once for each reason.
func (s *Scheduler) review(ctx context.Context, t tenant.ID, a booking.Appointment, reason string) (Did, error) {
	if !flag(&a, reason) {
		return Nothing, nil
	}
	err := s.Store.Commit(ctx, t, &ledger.Step{
		Appointments: []*booking.Appointment{&a},
		Events:       []event.Event{event.AppointmentNeedsReview{Head: s.head(t, 50+a.Sequence), AppointmentID: a.ID, Reason: reason}},
	})
	if err == nil {
		s.Alarm(ctx, AlarmReview, t.String())
	}
	return Reviewed, err
}
