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
	"github.com/askpro/gateway/internal/german"
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
		n.address(ctx, c, &f, customerOf(a), placeOf(a), x.confirmation(old))
	}
	n.toWorkers(ctx, &f, x, x.booked(old))
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
		n.address(ctx, c, &f, customerOf(a), placeOf(a), x.cancellation(e.By))
	}
	// Who cancelled it in the calendar knows; of a booking that failed, the callback tells, if there is one.
	if e.By == "customer" || e.By == "system" && a.AttendeePhone == "" {
		n.toWorkers(ctx, &f, x, x.calledOff(e.By))
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
	n.toWorkers(ctx, &f, x, x.review(e.Reason))
	return f, nil
}

// toWorkers addresses a note to who does the work and to the branch.
func (n *Notifier) toWorkers(ctx context.Context, f *fact, x about, content note) {
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
	facts := append([][2]string{{"Kunde", plain(x.a.AttendeeName)}, {"Telefon", plain(x.a.AttendeePhone)}}, x.core(old)...)
	return known(append(facts, [2]string{"Notiz", plain(x.a.Notes)}))
}

func (x about) booked(old *time.Time) note {
	what, line := "Neuer Termin", "Am Telefon wurde ein Termin gebucht:"
	switch {
	case old != nil:
		what, line = "Termin verschoben", "Ein Termin hat eine neue Zeit:"
	case x.a.Sequence > 0:
		what, line = "Termin geändert", "Ein Termin wurde geändert:"
	case x.a.Source == "calcom":
		line = "Im Kalender wurde ein Termin gebucht:"
	case x.a.Source != "phone":
		line = "Ein Termin wurde gebucht:"
	}
	l := sheet{title: what, lines: []string{line}, facts: x.workFacts(old)}
	if x.change.FeeCents > 0 {
		l.facts = append(l.facts, [2]string{"Gebühr", german.WriteMoney(int(x.change.FeeCents))})
	}
	if x.a.NeedsReview {
		l.after = []string{"Bitte prüfen: " + reviewWords(x.a.ReviewReason)}
	}
	return x.work(what, l)
}

func (x about) calledOff(by string) note {
	l := sheet{title: "Termin abgesagt", lines: []string{"Ein Kunde hat seinen Termin abgesagt:"}, facts: x.workFacts(nil)}
	if by == "system" {
		l.title, l.lines[0] = "Buchung nicht zustande gekommen", "Eine Buchung konnte nicht bestätigt werden. Der Kunde hat keine Telefonnummer hinterlassen:"
	} else if reason := x.reason(by); reason != "" {
		l.facts = append(l.facts, [2]string{"Grund", reason})
	}
	if c := x.change; c.ID != "" && c.Via != "calcom" && by == "customer" {
		kept := "ja"
		if !c.WithinPolicy {
			kept = "nein"
		}
		if c.RequiredMinutes > 0 {
			kept += " (" + hours(c.NoticeMinutes) + " vorher, gefordert sind " + hours(c.RequiredMinutes) + ")"
		}
		l.facts = append(l.facts, [2]string{"Frist eingehalten", kept}, [2]string{"Gebühr", feeWords(c.FeeCents)})
	}
	return x.work(l.title, l)
}

func feeWords(cents int64) string {
	if cents == 0 {
		return "keine"
	}
	return german.WriteMoney(int(cents))
}

// hours of some minutes, rounded down: a notice is not made longer than it was.
func hours(minutes int) string {
	switch h := minutes / 60; {
	case minutes < 60:
		return strconv.Itoa(max(minutes, 0)) + " Minuten"
	case h == 1:
		return "1 Stunde"
	default:
		return strconv.Itoa(h) + " Stunden"
	}
}

func (x about) review(reason string) note {
	return x.work("Bitte prüfen", sheet{title: "Bitte prüfen: ein Termin und der Kalender", lines: []string{reviewWords(reason)}, facts: x.workFacts(nil)})
}

// work is a note to people at work.
func (x about) work(what string, l sheet) note {
	return note{
		x.letter(what+": "+plain(x.service.Name)+", "+x.short(x.a.StartsAt), l),
		x.brief(what+": "+x.at(x.a.StartsAt), short(x.service.Name), short(x.a.AttendeeName), x.a.AttendeePhone, x.with()),
	}
}

// reviews are scheduling's reasons for a review in people's words; what is not here gets the general sentence.
var reviews = map[string]string{
	"host of the calendar is nobody we know":                 "Der Kalender nennt jemanden, den wir nicht zuordnen können.",
	"stands in the calendar though we took it back":          "Der Termin steht im Kalender, obwohl wir ihn zurückgenommen haben.",
	"ended here, but stands in the calendar":                 "Bei uns ist der Termin abgesagt, im Kalender steht er noch.",
	"stands twice in the calendar":                           "Der Termin steht doppelt im Kalender.",
	"is no longer in the calendar, and nobody said why":      "Der Termin steht nicht mehr im Kalender. Bei uns gilt er weiter, bis Sie entscheiden.",
	"the calendar has an older time than we have":            "Im Kalender steht noch eine ältere Uhrzeit. Bei uns gilt die neue, bis Sie entscheiden.",
	"its booking belongs to another appointment":             "Die Buchung im Kalender gehört schon zu einem anderen Termin.",
	"the same customer has another appointment at that time": "Der Kunde hat zur selben Zeit noch einen anderen Termin.",
	"the calendar could not be asked for a day":              "Der Kalender war einen Tag lang nicht erreichbar. Ob der Termin darin steht, ist offen.",
}

// reviewWords writes reasons, which are parted by semicolons, as sentences.
func reviewWords(reasons string) string {
	var out []string
	for _, r := range strings.Split(reasons, "; ") {
		words, ok := reviews[r]
		if !ok {
			words = "Unser Eintrag und der Kalender stimmen nicht überein. Bitte vergleichen Sie beide."
		}
		if !slices.Contains(out, words) {
			out = append(out, words)
		}
	}
	return strings.Join(out, " ")
}
