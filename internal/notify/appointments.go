package notify

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

func aboutAppointment(id string, e Event, version int) fact {
	return fact{kind: ledger.OfAppointment, about: id, event: e, version: strconv.Itoa(version)}
}

// confirmed tells of a fixed time: a first one, or a new one.
func (n *Notifier) confirmed(ctx context.Context, t tenant.ID, c *company.Config, e event.AppointmentConfirmed) (fact, error) {
	f := aboutAppointment(e.AppointmentID, Confirmed, e.Version)
	a, ok, err := n.Store.Appointment(ctx, t, e.AppointmentID)
	if err != nil || !ok {
		return f, err
	}
	x := n.about(c, a)
	old, err := n.movedFrom(ctx, t, &x)
	if err != nil {
		return f, err
	}
	if old != nil {
		f.event = Rescheduled
	}
	if a.Status != booking.Confirmed || a.Sequence != e.Version || e.Quiet {
		return f, nil // told by what came after it, or too old to be news
	}
	if err := n.offer(ctx, t, &x); err != nil {
		return f, err
	}
	if !byCalendar(c, f.event) {
		n.address(ctx, c, &f, customerOf(a), placeOf(a), func(l Language) note { return x.written(l).confirmation(old) })
	}
	n.toWorkers(ctx, &f, x, func(l Language) note { return x.written(l).booked(old) })
	return f, nil
}

// movedFrom is the time an appointment had before its last change, if that moved it.
func (n *Notifier) movedFrom(ctx context.Context, t tenant.ID, x *about) (*time.Time, error) {
	if x.a.Sequence == 0 || x.a.PreviousStartsAt == nil {
		return nil, nil
	}
	var err error
	x.change, err = n.lastChange(ctx, t, x.a.ID, func(c booking.Change) bool { return !c.NewStartsAt.IsZero() })
	if err != nil || !x.change.NewStartsAt.Equal(x.a.StartsAt) || x.change.OldStartsAt.IsZero() || x.change.OldStartsAt.Equal(x.change.NewStartsAt) {
		return nil, err
	}
	return &x.change.OldStartsAt, nil
}

// cancelled tells of an appointment that will not take place.
func (n *Notifier) cancelled(ctx context.Context, t tenant.ID, c *company.Config, e event.AppointmentCancelled) (fact, error) {
	f := aboutAppointment(e.AppointmentID, Cancelled, e.Version)
	a, ok, err := n.Store.Appointment(ctx, t, e.AppointmentID)
	if err != nil || !ok || a.Status != booking.Cancelled {
		return f, err
	}
	x := n.about(c, a)
	if x.change, err = n.lastChange(ctx, t, a.ID, func(c booking.Change) bool { return c.Type == "cancel" }); err != nil {
		return f, err
	}
	if !byCalendar(c, Cancelled) || e.By == "system" { // what the calendar never had, it cannot tell of
		n.address(ctx, c, &f, customerOf(a), placeOf(a), func(l Language) note { return x.written(l).cancellation(e.By) })
	}
	// Who cancelled it in the calendar knows; of a booking that failed, the callback tells, if there is one.
	if e.By == "customer" || e.By == "system" && a.AttendeePhone == "" {
		n.toWorkers(ctx, &f, x, func(l Language) note { return x.written(l).calledOff(e.By) })
	}
	return f, nil
}

// needsReview tells people at work that we and the calendar disagree.
func (n *Notifier) needsReview(ctx context.Context, t tenant.ID, c *company.Config, e event.AppointmentNeedsReview) (fact, error) {
	f := fact{kind: ledger.OfAppointment, about: e.AppointmentID, event: SyncFailed, version: e.ID}
	a, ok, err := n.Store.Appointment(ctx, t, e.AppointmentID)
	if err != nil || !ok || !a.NeedsReview {
		return f, err
	}
	x := n.about(c, a)
	n.toWorkers(ctx, &f, x, func(l Language) note { return x.written(l).review(e.Reason) })
	return f, nil
}

// toWorkers addresses a note to who does the work and to the branch.
func (n *Notifier) toWorkers(ctx context.Context, f *fact, x about, content content) {
	for _, p := range x.staff {
		if p.Active {
			n.address(ctx, x.config, f, staffReader(p), place{x.a.BranchID, x.a.ServiceID, p.ID}, content)
		}
	}
	n.address(ctx, x.config, f, branchReader(x.branch), placeOf(x.a), content)
	f.workers()
}

// workFacts are what people at work need besides: who comes, and how to reach them.
func (x about) workFacts(old *time.Time) [][2]string {
	facts := append([][2]string{x.fact("fact.customer", plain(x.a.AttendeeName)), x.fact("fact.phone", plain(x.a.AttendeePhone))}, x.core(old)...)
	return known(append(facts, x.fact("fact.note", plain(x.a.Notes))))
}

func (x about) booked(old *time.Time) note {
	what, line := "work.booked", "work.booked_by_phone"
	switch {
	case old != nil:
		what, line = "work.moved", "work.moved_line"
	case x.a.Sequence > 0:
		what, line = "work.changed", "work.changed_line"
	case x.a.Source == "calcom":
		line = "work.booked_in_calendar"
	case x.a.Source != "phone":
		line = "work.booked_somehow"
	}
	l := sheet{title: x.in.words(what), lines: []string{x.in.words(line)}, facts: x.workFacts(old)}
	if x.change.FeeCents > 0 {
		l.facts = append(l.facts, x.fact("fact.fee", x.in.money(x.change.FeeCents)))
	}
	if x.a.NeedsReview {
		l.after = []string{x.in.words("work.review") + ": " + x.reviewWords(x.a.ReviewReason)}
	}
	return x.work(l.title, l, x.filling(old))
}

func (x about) calledOff(by string) note {
	l, f := sheet{title: x.in.words("work.cancelled"), lines: []string{x.in.words("work.cancelled_line")}, facts: x.workFacts(nil)}, x.filling(nil).cancelledBy(by)
	if by == "system" {
		l.title, l.lines[0] = x.in.words("work.failed"), x.in.words("work.failed_line")
	} else if reason := x.reason(by); reason != "" {
		l.facts = append(l.facts, x.fact("fact.reason", reason))
		f.set("appointment.reason", reason, reason)
	}
	if c := x.change; c.ID != "" && c.Via != "calcom" && by == "customer" {
		kept := x.in.words("work.kept")
		if !c.WithinPolicy {
			kept = x.in.words("work.not_kept")
		}
		if c.RequiredMinutes > 0 {
			kept = x.in.words("work.notice", "kept", kept, "notice", x.in.hours(c.NoticeMinutes), "required", x.in.hours(c.RequiredMinutes))
		}
		fee := x.in.words("work.no_fee")
		if c.FeeCents != 0 {
			fee = x.in.money(c.FeeCents)
		}
		l.facts = append(l.facts, x.fact("fact.kept", kept), x.fact("fact.fee", fee))
	}
	return x.work(l.title, l, f)
}

func (x about) review(reason string) note {
	words, f := x.reviewWords(reason), x.filling(nil)
	f.set("appointment.review", words, words)
	return x.work(x.in.words("work.review"), sheet{title: x.in.words("work.review_title"), lines: []string{words}, facts: x.workFacts(nil)}, f)
}

// work is a note to people at work.
func (x about) work(what string, l sheet, f filling) note {
	return note{
		about: x, subject: what + ": " + plain(x.service.Name) + ", " + x.short(x.a.StartsAt), sheet: l, filling: f,
		body: x.brief(what+": "+x.at(x.a.StartsAt), short(x.service.Name), short(x.a.AttendeeName), x.a.AttendeePhone, x.with()),
	}
}

// reviews are the words for scheduling's reasons for a review; what is not here gets the general sentence.
var reviews = map[string]string{
	"host of the calendar is nobody we know":                 "review.host",
	"stands in the calendar though we took it back":          "review.taken_back",
	"ended here, but stands in the calendar":                 "review.ended",
	"stands twice in the calendar":                           "review.twice",
	"is no longer in the calendar, and nobody said why":      "review.gone",
	"the calendar has an older time than we have":            "review.older",
	"its booking belongs to another appointment":             "review.foreign",
	"the same customer has another appointment at that time": "review.overlap",
	"the calendar could not be asked for a day":              "review.unreachable",
}

// reviewWords writes reasons, which are parted by semicolons, as sentences.
func (x about) reviewWords(reasons string) string {
	var out []string
	for _, r := range strings.Split(reasons, "; ") {
		key, ok := reviews[r]
		if !ok {
			key = "review.other"
		}
		if words := x.in.words(key); !slices.Contains(out, words) {
			out = append(out, words)
		}
	}
	return strings.Join(out, " ")
}
