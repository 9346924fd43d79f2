package notify

import (
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/german"
)

// confirmation tells the customer of their appointment, with the entry for their calendar; old is the time it had before.
func (x about) confirmation(old *time.Time) note {
	l := sheet{title: "Ihr Termin ist bestätigt", lines: []string{greeting(x.a.AttendeeName), "Ihr Termin steht fest, wir freuen uns auf Sie:"}, facts: x.facts(old)}
	subject := "Terminbestätigung: " + plain(x.service.Name) + ", " + x.short(x.a.StartsAt)
	if old != nil {
		l.title = "Ihr Termin wurde verschoben"
		l.lines[1] = "Ihr Termin hat eine neue Zeit:"
		subject = "Neue Zeit: " + plain(x.service.Name) + ", " + x.short(x.a.StartsAt)
		l.after = x.fee("Verschiebung", false)
	}
	x.mayChange(&l)
	letter := x.letter(subject, l)
	letter.Invite = x.invite("REQUEST")
	return note{letter, x.confirmationText(old != nil)}
}

// mayChange says how the customer gets rid of an appointment: its terms, and the link or the telephone.
func (x about) mayChange(l *sheet) {
	if x.terms != "" {
		l.after = append(l.after, x.terms)
	}
	if x.link != "" {
		l.button = [2]string{"Termin absagen oder verschieben", x.link}
	} else {
		l.after = append(l.after, "Wenn etwas dazwischenkommt, "+x.ring()+".")
	}
}

// fee says what a change that was made costs. free: also say so when it costs nothing.
func (x about) fee(what string, free bool) []string {
	switch {
	case x.change.FeeCents > 0 && x.change.FeeConsent:
		return []string{"Für die " + what + " berechnen wir, wie mit Ihnen vereinbart, " + german.WriteMoney(int(x.change.FeeCents)) + "."}
	case x.change.FeeCents > 0:
		return []string{"Für die " + what + " berechnen wir " + german.WriteMoney(int(x.change.FeeCents)) + "."}
	case free && x.change.WithinPolicy:
		return []string{"Die " + what + " ist für Sie kostenlos."}
	}
	return nil
}

// cancellation tells the customer that an appointment will not take place. by is customer, staff or system.
func (x about) cancellation(by string) note {
	l := sheet{title: "Ihr Termin ist abgesagt", lines: []string{greeting(x.a.AttendeeName), "Ihr Termin findet nicht statt:"}, facts: x.facts(nil)}
	subject := "Termin abgesagt"
	again := "Wenn Sie einen neuen Termin möchten, " + x.ring() + "."
	switch by {
	case "customer":
		l.lines[1] = "wir haben Ihren Termin abgesagt, wie Sie es gewünscht haben:"
		l.after = append(x.fee("Absage", true), again)
	case "system":
		subject, l.title = "Termin nicht möglich", "Ihr Termin kommt nicht zustande"
		l.lines[1] = "leider konnten wir diesen Termin nicht bestätigen:"
		if l.after = []string{"Wir melden uns bei Ihnen, um einen anderen Termin zu finden."}; x.a.AttendeePhone == "" {
			l.after = []string{"Um einen anderen Termin zu finden, " + x.ring() + "."}
		}
	default:
		l.lines[1] = "leider müssen wir diesen Termin absagen:"
		l.after = []string{again}
	}
	if reason := x.reason(by); reason != "" {
		l.facts = append(l.facts, [2]string{"Grund", reason})
	}
	letter := x.letter(subject+": "+plain(x.service.Name)+", "+x.short(x.a.StartsAt), l)
	if x.a.UID != "" || slices.ContainsFunc(x.a.Segments, func(s booking.Segment) bool { return s.UID != "" }) { // only what was once in a calendar is taken out of it
		letter.Invite = x.invite("CANCEL")
	}
	return note{letter, x.cancellationText(by)}
}

// reason of a cancellation in people's words; the system's own are for people who know it.
func (x about) reason(by string) string {
	if by == "system" {
		return ""
	}
	return plain(x.a.CancellationReason)
}

// reminder tells the customer how long it is until their appointment, or until one part of it.
func (x about) reminder(r booking.Reminder) note {
	x.a.StartsAt, x.a.EndsAt = r.Start, r.End
	when := x.daysAhead()
	l := sheet{title: "Erinnerung an Ihren Termin", lines: []string{greeting(x.a.AttendeeName), "wir erinnern Sie an Ihren Termin " + when + " um " + german.WriteTime(minute(r.Start.In(x.zone()))) + " (" + x.hoursLeft() + "):"}}
	if r.Segment != "" {
		x.onlySegment(r.Segment)
	}
	l.facts = x.facts(nil)
	x.mayChange(&l)
	return note{x.letter("Erinnerung: "+plain(x.service.Name)+", "+x.short(r.Start), l), x.reminderText(when)}
}

// onlySegment makes the appointment one of its parts.
func (x *about) onlySegment(key string) {
	for _, s := range x.a.Segments {
		if s.Key != key {
			continue
		}
		x.service.Name = x.service.Name + " – " + s.Name
		if p, ok := x.config.Person(s.StaffID); ok {
			x.staff = append(x.staff[:0:0], p)
		}
	}
	x.a.Segments, x.service.Composite, x.a.PriceCents = nil, false, 0
}

// daysAhead is "heute", "morgen" or "am Dienstag".
func (x about) daysAhead() string {
	today, day := german.DateOf(x.now, x.zone()), german.DateOf(x.a.StartsAt, x.zone())
	switch day {
	case today:
		return "heute"
	case today.AddDays(1):
		return "morgen"
	}
	return "am " + german.WeekdayName(day)
}

// hoursLeft is "in 24 Stunden", rounded.
func (x about) hoursLeft() string {
	h := int(math.Round(x.a.StartsAt.Sub(x.now).Hours()))
	if h == 1 {
		return "in einer Stunde"
	}
	if h < 1 {
		return "in wenigen Minuten"
	}
	if off := x.a.StartsAt.Sub(x.now) - time.Duration(h)*time.Hour; off.Abs() > 5*time.Minute {
		return "in etwa " + strconv.Itoa(h) + " Stunden"
	}
	return "in " + strconv.Itoa(h) + " Stunden"
}
