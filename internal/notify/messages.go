// Package notify writes the letters that follow a fact: to the customer, to the branch. Its one rule: nobody gets the
// same message twice, and a failed letter never changes the result it tells of. It knows no mail server.
package notify

import (
	"strconv"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/callback"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/german"
)

// Message is one letter to one address. Key is what makes it one: (about, event, version, channel, recipient).
type Message struct {
	Key      string
	To       string
	FromName string
	ReplyTo  string
	Subject  string
	Text     string
	HTML     string
	Invite   *Invite
}

// Invite is the calendar entry that comes with a letter (RFC 5545): Method REQUEST or CANCEL, one Sequence per change.
type Invite struct {
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

// about is everything a letter about an appointment says.
type about struct {
	config  *company.Config
	branch  company.Branch
	service company.Service
	staff   company.Staff
	a       booking.Appointment
}

func (x about) zone() *time.Location {
	if loc, err := time.LoadLocation(x.a.Timezone); err == nil {
		return loc
	}
	return x.branch.Location()
}

func (x about) facts() [][2]string {
	loc := x.zone()
	start, end := x.a.StartsAt.In(loc), x.a.EndsAt.In(loc)
	facts := [][2]string{
		{"Leistung", x.service.Name},
		{"Tag", german.WriteDate(x.branch.Day(start))},
		{"Uhrzeit", german.WriteRange(minute(start), minute(end))},
	}
	if x.staff.Name != "" {
		facts = append(facts, [2]string{"Bei", x.staff.Name})
	}
	if x.a.PriceCents > 0 {
		facts = append(facts, [2]string{"Preis", german.WriteMoney(int(x.a.PriceCents))})
	}
	return append(facts, [2]string{"Ort", x.place()})
}

func minute(t time.Time) german.TimeOfDay { return german.TimeOfDay(t.Hour()*60 + t.Minute()) }

func (x about) place() string {
	parts := []string{x.config.Company.Name + " " + x.branch.Name}
	if x.branch.Address != "" {
		parts = append(parts, x.branch.Address, strings.TrimSpace(x.branch.PostalCode+" "+x.branch.City))
	}
	return strings.Join(parts, ", ")
}

func (x about) foot() []string {
	foot := []string{x.config.Company.Name + " · " + x.branch.Name}
	if x.branch.Address != "" {
		foot = append(foot, x.branch.Address+", "+strings.TrimSpace(x.branch.PostalCode+" "+x.branch.City))
	}
	if x.branch.Phone != "" {
		foot = append(foot, "Telefon "+x.branch.Phone)
	}
	return foot
}

// title says the appointment's time shortly, for subjects.
func (x about) when() string {
	start := x.a.StartsAt.In(x.zone())
	return german.WeekdayAbbr(x.branch.Day(start)) + ", " + german.WriteDateShort(x.branch.Day(start)) + ", " + german.WriteTime(minute(start))
}

func (x about) invite(method string) *Invite {
	uid := x.a.ICSUID // Cal.com's where given, so the customer has one entry, not two
	if uid == "" {
		uid = x.a.ID + "@askpro"
	}
	return &Invite{
		UID: uid, Sequence: x.a.Sequence, Method: method, Start: x.a.StartsAt, End: x.a.EndsAt, Zone: x.zone().String(),
		Summary: x.service.Name + " bei " + x.config.Company.Name, Location: x.place(), Description: strings.Join(x.foot(), "\n"),
		Organizer: x.branch.Email, OrganizerName: x.config.Company.Name, Attendee: x.a.AttendeeEmail, AttendeeName: x.a.AttendeeName,
	}
}

func (x about) key(what, recipient string) string {
	return strings.Join([]string{"mail", x.a.ID, what, strconv.Itoa(x.a.Sequence), recipient}, "/")
}

func (x about) message(key, to, subject string, l letter) Message {
	l.foot = x.foot()
	return Message{Key: key, To: to, FromName: x.config.Company.Name, ReplyTo: x.branch.Email, Subject: subject, Text: l.text(), HTML: l.page()}
}

// confirmation to the customer, with the entry for their calendar. A later version tells of another time.
func (x about) confirmation() Message {
	l := letter{title: "Ihr Termin ist bestätigt", lines: []string{"Guten Tag " + x.a.AttendeeName + ",", "wir freuen uns auf Sie:"}, facts: x.facts(),
		after: []string{"Wenn etwas dazwischenkommt, rufen Sie uns bitte an" + phoneOf(x.branch) + "."}}
	subject := "Terminbestätigung: " + x.service.Name + ", " + x.when()
	if x.a.PreviousStartsAt != nil && x.a.Sequence > 0 {
		was := x.a.PreviousStartsAt.In(x.zone())
		l.title = "Ihr Termin wurde verschoben"
		l.lines[1] = "Ihr Termin vom " + german.WriteDate(x.branch.Day(was)) + ", " + german.WriteTime(minute(was)) + ", ist jetzt:"
		subject = "Neuer Termin: " + x.service.Name + ", " + x.when()
	}
	m := x.message(x.key("confirmed", "customer"), x.a.AttendeeEmail, subject, l)
	m.Invite = x.invite("REQUEST")
	return m
}

func phoneOf(b company.Branch) string {
	if b.Phone == "" {
		return ""
	}
	return " unter " + b.Phone
}

// toBranch tells the branch of a booking made on the phone.
func (x about) toBranch() Message {
	facts := append([][2]string{{"Kunde", x.a.AttendeeName}}, x.facts()...)
	if x.a.AttendeePhone != "" {
		facts = append(facts, [2]string{"Telefon", x.a.AttendeePhone})
	}
	if x.a.Notes != "" {
		facts = append(facts, [2]string{"Notiz", x.a.Notes})
	}
	lines := []string{"am Telefon wurde ein Termin gebucht:"}
	if x.a.Sequence > 0 {
		lines[0] = "ein Termin hat eine neue Zeit:"
	}
	if x.a.NeedsReview {
		lines = append(lines, "Bitte prüfen: Der Kalender nennt jemanden, den wir nicht zuordnen können.")
	}
	return x.message(x.key("confirmed", "branch"), x.branch.Email, "Neuer Termin: "+x.service.Name+", "+x.when(), letter{title: "Neuer Termin", lines: lines, facts: facts})
}

// cancellation to the customer: not confirmed after all, or cancelled in the calendar.
func (x about) cancellation(by string) Message {
	l := letter{title: "Ihr Termin findet nicht statt", lines: []string{"Guten Tag " + x.a.AttendeeName + ",", "dieser Termin wurde abgesagt:"}, facts: x.facts(),
		after: []string{"Möchten Sie einen neuen Termin, rufen Sie uns bitte an" + phoneOf(x.branch) + "."}}
	if by == "system" {
		l.lines[1] = "leider konnten wir diesen Termin nicht bestätigen:"
		l.after = []string{"Wir melden uns bei Ihnen, um einen anderen Termin zu finden."}
		if x.a.AttendeePhone == "" {
			l.after = []string{"Bitte rufen Sie uns an, um einen anderen Termin zu finden" + phoneOf(x.branch) + "."}
		}
	}
	m := x.message(x.key("cancelled", "customer"), x.a.AttendeeEmail, "Termin abgesagt: "+x.service.Name+", "+x.when(), l)
	if x.a.UID != "" { // only what was once in a calendar is taken out of it
		m.Invite = x.invite("CANCEL")
	}
	return m
}

// ringBack tells the branch whom to call, until when and why.
func ringBack(c *company.Config, b company.Branch, r callback.Request) Message {
	x := about{config: c, branch: b}
	loc := b.Location()
	until := r.PromisedUntil.In(loc)
	facts := [][2]string{{"Telefon", r.Phone}}
	for _, f := range [][2]string{{"Name", r.Name}, {"Anliegen", actionWords(r.Action)}, {"Grund", r.Reason}, {"Erreichbar", r.PreferredTime}} {
		if f[1] != "" {
			facts = append(facts, f)
		}
	}
	if s, ok := c.Service(r.ServiceID); ok {
		facts = append(facts, [2]string{"Leistung", s.Name})
	}
	if p, ok := c.Person(r.StaffID); ok {
		facts = append(facts, [2]string{"Gewünscht bei", p.Name})
	}
	if r.WishedAt != nil {
		w := r.WishedAt.In(loc)
		facts = append(facts, [2]string{"Wunschtermin", german.WriteDate(b.Day(w)) + ", " + german.WriteTime(minute(w))})
	}
	by := german.WriteDate(b.Day(until)) + ", " + german.WriteTime(minute(until))
	facts = append(facts, [2]string{"Zugesagt bis", by})
	m := x.message("mail/"+r.ID+"/requested/branch", b.Email, "Rückruf bis "+by, letter{title: "Bitte zurückrufen", lines: []string{"jemand wartet auf einen Rückruf:"}, facts: facts})
	return m
}

func actionWords(action string) string {
	switch action {
	case "book":
		return "Termin vereinbaren"
	case "cancel":
		return "Termin absagen"
	case "reschedule":
		return "Termin verschieben"
	}
	return ""
}

// inVain tells the branch what a caller wished and did not get.
func inVain(c *company.Config, b company.Branch, x call.Call) Message {
	w := x.Unfulfilled
	facts := [][2]string{{"Leistung", w.Service}, {"Wunschtag", w.Date}, {"Wunschzeit", w.Time}, {"Angebotene Termine", strconv.Itoa(w.Offered)}}
	kept := facts[:0]
	for _, f := range facts {
		if f[1] != "" {
			kept = append(kept, f)
		}
	}
	if x.From != "" {
		kept = append(kept, [2]string{"Telefon", x.From})
	}
	return about{config: c, branch: b}.message("mail/"+x.ID+"/wish/branch", b.Email, "Terminwunsch ohne Buchung",
		letter{title: "Terminwunsch ohne Buchung", lines: []string{"ein Anrufer hat nach einem Termin gefragt und keinen gebucht:"}, facts: kept})
}
