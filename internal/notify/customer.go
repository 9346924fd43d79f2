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
	l := sheet{title: x.in.words("confirmed.title"), lines: []string{x.greeting(), x.in.words("confirmed.line")}, facts: x.facts(old)}
	subject := x.subject("confirmed.subject", x.a.StartsAt)
	if old != nil {
		l.title, l.lines[1] = x.in.words("rescheduled.title"), x.in.words("rescheduled.line")
		subject = x.subject("rescheduled.subject", x.a.StartsAt)
		l.after = x.fee("rescheduled.fee_agreed", "rescheduled.fee", "")
	}
	x.mayChange(&l)
	return note{about: x, subject: subject, sheet: l, invite: x.invite("REQUEST"), body: x.confirmationText(old != nil), filling: x.filling(old)}
}

// mayChange says how the customer gets rid of an appointment: its terms, and the link or the telephone.
func (x about) mayChange(l *sheet) {
	if terms := x.termWords(); terms != "" {
		l.after = append(l.after, terms)
	}
	if x.link != "" {
		l.button = [2]string{x.in.words("change.button"), x.link}
	} else {
		l.after = append(l.after, x.in.words("change.ring", "ring", x.ring()))
	}
}

// fee says what a change that was made costs; free is what to say where it costs nothing, or nothing.
func (x about) fee(agreed, told, free string) []string {
	switch {
	case x.change.FeeCents > 0 && x.change.FeeConsent:
		return []string{x.in.words(agreed, "fee", x.in.money(x.change.FeeCents))}
	case x.change.FeeCents > 0:
		return []string{x.in.words(told, "fee", x.in.money(x.change.FeeCents))}
	case free != "" && x.change.WithinPolicy:
		return []string{x.in.words(free)}
	}
	return nil
}

func (x about) greeting() string { return x.in.greeting(x.a.AttendeeName) }

// subject of a letter about an appointment.
func (x about) subject(key string, start time.Time) string {
	return x.in.words(key, "service", plain(x.service.Name), "when", x.short(start))
}

// cancellation tells the customer that an appointment will not take place. by is customer, staff or system.
func (x about) cancellation(by string) note {
	l := sheet{title: x.in.words("cancelled.title"), facts: x.facts(nil)}
	c := note{about: x, subject: x.subject("cancelled.subject", x.a.StartsAt), body: x.cancellationText(by), filling: x.filling(nil).cancelledBy(by)}
	line, again := "cancelled.by_us", x.in.words("cancelled.again", "ring", x.ring())
	switch by {
	case "customer":
		line, l.after = "cancelled.as_asked", append(x.fee("cancelled.fee_agreed", "cancelled.fee", "cancelled.free"), again)
	case "system":
		line, l.title, c.subject = "failed.line", x.in.words("failed.title"), x.subject("failed.subject", x.a.StartsAt)
		if l.after = []string{x.in.words("failed.we_call")}; x.a.AttendeePhone == "" {
			l.after = []string{x.in.words("failed.you_call", "ring", x.ring())}
		}
	default:
		l.after = []string{again}
	}
	l.lines = []string{x.greeting(), x.in.words(line)}
	if reason := x.reason(by); reason != "" {
		l.facts = append(l.facts, x.fact("fact.reason", reason))
		c.filling.set("appointment.reason", reason, reason)
	}
	if x.a.UID != "" || slices.ContainsFunc(x.a.Segments, func(s booking.Segment) bool { return s.UID != "" }) { // only what was once in a calendar is taken out of it
		c.invite = x.invite("CANCEL")
	}
	c.sheet = l
	return c
}

// reason of a cancellation in people's words; the system's own are for people who know it.
func (x about) reason(by string) string {
	if by == "system" {
		return ""
	}
	return x.in.reason(x.a.CancellationReason)
}

// reminder tells the customer how long it is until their appointment, or until one part of it.
func (x about) reminder(r booking.Reminder) note {
	x.a.StartsAt, x.a.EndsAt = r.Start, r.End
	when := x.daysAhead()
	l := sheet{title: x.in.words("reminder.title"), lines: []string{
		x.greeting(), x.in.words("reminder.line", "day", when, "time", x.in.clock(r.Start.In(x.zone())), "left", x.hoursLeft()),
	}}
	if r.Segment != "" {
		x.onlySegment(r.Segment)
	}
	l.facts = x.facts(nil)
	x.mayChange(&l)
	f := x.filling(nil)
	f.set("reminder.day", when, when)
	f.set("reminder.left", x.hoursLeft(), x.hoursLeft())
	return note{about: x, subject: x.subject("reminder.subject", r.Start), sheet: l, body: x.reminderText(when), filling: f}
}

// onlySegment makes the appointment one of its parts.
func (x *about) onlySegment(key string) {
	for _, s := range x.a.Segments {
		if s.Key != key {
			continue
		}
		x.service.Name = partName(x.service.Name, s.Name)
		if p, ok := x.config.Person(s.StaffID); ok {
			x.staff = append(x.staff[:0:0], p)
		}
	}
	x.a.Segments, x.service.Composite, x.a.PriceCents = nil, false, 0
}

// partName is a part of a service, of which alone a message speaks.
func partName(service, part string) string { return service + " – " + part }

// daysAhead is "heute", "morgen" or "am Dienstag".
func (x about) daysAhead() string {
	today, day := german.DateOf(x.now, x.zone()), german.DateOf(x.a.StartsAt, x.zone())
	switch day {
	case today:
		return x.in.words("day.today")
	case today.AddDays(1):
		return x.in.words("day.tomorrow")
	}
	return x.in.words("day.on", "weekday", x.in.weekday(x.a.StartsAt.In(x.zone())))
}

// hoursLeft is "in 24 Stunden", rounded.
func (x about) hoursLeft() string {
	h := int(math.Round(x.a.StartsAt.Sub(x.now).Hours()))
	if h == 1 {
		return x.in.words("left.hour")
	}
	if h < 1 {
		return x.in.words("left.soon")
	}
	if off := x.a.StartsAt.Sub(x.now) - time.Duration(h)*time.Hour; off.Abs() > 5*time.Minute {
		return x.in.words("left.about", "n", strconv.Itoa(h))
	}
	return x.in.words("left.hours", "n", strconv.Itoa(h))
}
