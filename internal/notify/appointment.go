package notify

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/german"
	"github.com/askpro/gateway/internal/tenant"
)

// Invite is the calendar entry that comes with a letter (RFC 5545): Method REQUEST or CANCEL, one Sequence per change.
type Invite struct {
	File          string // its name in the letter
	UID           string
	Sequence      int
	Method        string
	Start, End    time.Time
	Zone          string
	Summary       string
	Location      string
	Description   string
	Organizer     string
	OrganizerName string
	Attendee      string
	AttendeeName  string
}

// about is everything a message about an appointment says, and the language it says it in.
type about struct {
	in      Language
	config  *company.Config
	branch  company.Branch
	service company.Service
	staff   []company.Staff // who does the work, in order; empty: not known
	a       booking.Appointment
	now     time.Time
	change  booking.Change // the last one of its kind, where one is told
	terms   terms          // what a change costs
	link    string         // where the customer looks after it
}

// about gathers what is known of an appointment.
func (n *Notifier) about(config *company.Config, a booking.Appointment) about {
	x := about{config: config, a: a, now: n.Now()}
	x.branch, _ = config.Branch(a.BranchID)
	x.service, _ = config.Service(a.ServiceID)
	ids := []string{a.StaffID}
	for _, s := range a.Segments {
		ids = append(ids, s.StaffID)
	}
	for _, id := range ids {
		if p, ok := config.Person(id); ok && !slices.ContainsFunc(x.staff, func(q company.Staff) bool { return q.ID == p.ID }) {
			x.staff = append(x.staff, p)
		}
	}
	return x
}

// offer adds what only a customer is told of an appointment that still takes place: its terms and its link.
func (n *Notifier) offer(ctx context.Context, t tenant.ID, x *about) error {
	x.terms = n.termsOf(*x)
	if n.Link == nil {
		return nil
	}
	var err error
	x.link, err = n.Link(ctx, t, x.a)
	return err
}

// lastChange is the newest line of an appointment's history that fits.
func (n *Notifier) lastChange(ctx context.Context, t tenant.ID, id string, fits func(booking.Change) bool) (booking.Change, error) {
	list, err := n.Store.Changes(ctx, t, id)
	if err != nil {
		return booking.Change{}, err
	}
	for _, c := range slices.Backward(list) {
		if fits(c) {
			return c, nil
		}
	}
	return booking.Change{}, nil
}

func (x about) zone() *time.Location { return company.Zone(x.a.Timezone, x.branch.Timezone) }

func minute(t time.Time) german.TimeOfDay { return german.TimeOfDay(t.Hour()*60 + t.Minute()) }

// written is the same in a language.
func (x about) written(l Language) about {
	x.in = l
	return x
}

func (x about) day(t time.Time) string { return x.in.day(t.In(x.zone())) }

// moment is "Dienstag, 24.11.2026, 10:00 Uhr".
func (x about) moment(t time.Time) string { return x.day(t) + ", " + x.in.clock(t.In(x.zone())) }

// short is "Di, 24.11.2026, 10:00 Uhr", for subjects.
func (x about) short(t time.Time) string { return x.in.shortly(t.In(x.zone())) }

func (x about) span(start, end time.Time) string {
	return x.in.span(start.In(x.zone()), end.In(x.zone()))
}

// with is who does the work, as "Anna Weber und Jana Klein".
func (x about) with() string {
	var names []string
	for _, p := range x.staff {
		names = append(names, plain(p.Name))
	}
	return x.in.list(names)
}

// parts are the segments of a composite service with their times: as booked, or as the service has them when it is booked
// in one block.
func (x about) parts() []booking.Segment {
	if len(x.a.Segments) > 0 {
		return x.a.Segments
	}
	if !x.service.Composite {
		return nil
	}
	var list []booking.Segment
	at := x.a.StartsAt
	for _, s := range x.service.Segments {
		end := at.Add(time.Duration(s.DurationMin) * time.Minute)
		list = append(list, booking.Segment{Key: s.Key, Name: s.Name, StartsAt: at, EndsAt: end})
		at = end.Add(time.Duration(s.GapAfterMin) * time.Minute)
	}
	return list
}

// course is the segments, one a line; who does one is named where several people work.
func (x about) course() string {
	var lines []string
	for _, s := range x.parts() {
		line := x.span(s.StartsAt, s.EndsAt) + " " + plain(s.Name)
		if p, ok := x.config.Person(s.StaffID); ok && len(x.staff) > 1 {
			line = x.in.words("course.with", "part", line, "staff", plain(p.Name))
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// facts of the appointment for a customer; old is the time it had before, if that is told.
func (x about) facts(old *time.Time) [][2]string {
	return append(x.core(old), x.fact("fact.place", x.place()))
}

// core is what everybody needs to know.
func (x about) core(old *time.Time) [][2]string {
	day, hours := x.day(x.a.StartsAt), x.span(x.a.StartsAt, x.a.EndsAt)
	facts := [][2]string{x.fact("fact.service", plain(x.service.Name))}
	if old != nil {
		facts = append(facts, x.fact("fact.before", x.moment(*old)), x.fact("fact.new", day+", "+hours))
	} else {
		facts = append(facts, x.fact("fact.day", day), x.fact("fact.time", hours))
	}
	return known(append(facts, x.fact("fact.course", x.course()), x.fact("fact.with", x.with()), x.fact("fact.price", x.price())))
}

// fact is a line of a letter: its label, by the catalogue, and its value.
func (x about) fact(key, value string) [2]string { return [2]string{x.in.words(key), value} }

// known drops facts without a value.
func known(facts [][2]string) [][2]string {
	return slices.DeleteFunc(facts, func(f [2]string) bool { return f[1] == "" })
}

func (x about) price() string {
	if x.a.PriceCents <= 0 {
		return ""
	}
	return x.in.money(x.a.PriceCents)
}

func (x about) place() string {
	return strings.Join(append([]string{plain(x.config.Company.Name) + ", " + plain(x.branch.Name)}, x.street()...), "\n")
}

// street is the branch's address in lines.
func (x about) street() []string {
	var lines []string
	for _, s := range []string{x.branch.Address, x.branch.PostalCode + " " + x.branch.City} {
		if s = plain(s); s != "" {
			lines = append(lines, s)
		}
	}
	return lines
}

func (x about) foot() []string {
	foot := append([]string{plain(x.config.Company.Name) + " · " + plain(x.branch.Name)}, strings.Join(x.street(), ", "))
	if x.branch.Phone != "" {
		foot = append(foot, x.in.words("foot.phone", "phone", plain(x.branch.Phone)))
	}
	return slices.DeleteFunc(foot, func(s string) bool { return s == "" })
}

func (x about) invite(method string) *Invite {
	uid := x.a.ICSUID // Cal.com's where given, so the customer has one entry, not two
	if uid == "" {
		uid = x.a.ID + "@askpro"
	}
	lines := x.foot()
	if course := x.course(); course != "" {
		lines = append([]string{course, ""}, lines...)
	}
	return &Invite{
		File: x.in.words("invite.file"), UID: uid, Sequence: x.a.Sequence, Method: method, Start: x.a.StartsAt, End: x.a.EndsAt, Zone: x.zone().String(),
		Summary: x.in.words("invite.summary", "service", plain(x.service.Name), "company", plain(x.config.Company.Name)), Location: strings.ReplaceAll(x.place(), "\n", ", "), Description: strings.Join(lines, "\n"),
		Organizer: x.branch.Email, OrganizerName: x.config.Company.Name, AttendeeName: plain(x.a.AttendeeName),
	}
}

// letter is a sheet with the company's head and foot.
func (x about) letter(subject string, l sheet) Letter {
	l.in, l.foot = x.in, x.foot()
	return Letter{Server: x.config.Company.SMTP, FromName: plain(x.config.Company.Name), ReplyTo: x.branch.Email, Subject: subject, Text: l.text(), HTML: l.page()}
}

// ring asks to be called: "rufen Sie uns bitte unter 030 123456 an".
func (x about) ring() string {
	if x.branch.Phone == "" {
		return x.in.words("ring.somehow")
	}
	return x.in.words("ring", "phone", plain(x.branch.Phone))
}
