package notify

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/gsm"
	"github.com/askpro/gateway/internal/template"
)

// variable is one thing that a company's template may speak of.
type variable struct {
	path string
	// room is how many septets of a text message its value takes at most: more is cut, so that the check of a template can say
	// that its messages will always go in.
	room int
	// sample is a value as long as they come, where it always has one.
	sample map[Language]string
	// yes: it is yes or nothing, for {{#if}}; of an event's one is yes at a time.
	yes bool
}

func (v variable) kind() template.Kind {
	if v.yes {
		return template.Bool
	}
	return template.Line
}

func always(german, english string) map[Language]string {
	return map[Language]string{German: german, English: english}
}

// What templates may speak of: everywhere, and by what a message is about.
var (
	ofPlace = []variable{
		{path: "company.name", room: longestName}, {path: "branch.name", room: longestName}, {path: "branch.address", room: 80}, {path: "branch.phone", room: 20},
	}
	ofAppointment = []variable{
		{path: "customer.name", room: longestName}, {path: "customer.phone", room: 20}, {path: "appointment.service", room: longestName},
		{path: "appointment.staff", room: longestName}, {path: "appointment.price", room: 14},
		{path: "appointment.when", room: 26, sample: always("Mo 24.11.2026 um 14:30 Uhr", "Mon 24 Nov 2026 at 14:30")},
		{path: "appointment.date", room: 28, sample: always("Donnerstag, 24.09.2026", "Wednesday, 30 September 2026")},
		{path: "appointment.time", room: 15, sample: always("14:30-15:00 Uhr", "14:30-15:00")},
	}
	ofCallback = []variable{
		{path: "callback.phone", room: 16, sample: always("+491511234567890", "+491511234567890")}, {path: "callback.name", room: longestName},
		{path: "callback.promised", room: 26, sample: always("Mo 24.11.2026 um 14:30 Uhr", "Mon 24 Nov 2026 at 14:30")},
		{path: "callback.action", room: 20}, {path: "callback.reason", room: 60}, {path: "callback.reachable", room: 30}, {path: "callback.service", room: longestName},
		{path: "callback.assigned", room: longestName},
	}
	ofCaller = []variable{{path: "call.phone", room: 16}, {path: "call.name", room: longestName}}
	besides  = map[Event][]variable{
		Rescheduled: {{path: "appointment.before", room: 26}, {path: "appointment.fee", room: 14}},
		Cancelled: {
			{path: "appointment.reason", room: 60}, {path: "appointment.fee", room: 14},
			{path: "appointment.cancelled_by_customer", yes: true}, {path: "appointment.cancelled_by_us", yes: true}, {path: "appointment.not_possible", yes: true},
		},
		Reminder:   {{path: "reminder.day", room: 13, sample: always("am Donnerstag", "on Wednesday")}, {path: "reminder.left", room: 18, sample: always("in wenigen Minuten", "in about 24 hours")}},
		SyncFailed: {{path: "appointment.review", room: 80}},
		CallSummary: {
			{path: "call.when", room: 26, sample: always("Mo 24.11.2026 um 14:30 Uhr", "Mon 24 Nov 2026 at 14:30")}, {path: "call.duration", room: 24},
			{path: "call.outcome", room: 22}, {path: "call.summary", room: 100},
		},
		WishUnfulfilled: {{path: "wish.service", room: longestName}, {path: "wish.date", room: 30}, {path: "wish.time", room: 30}},
	}
)

// variables are all that a template of an event may speak of.
func variables(e Event) []variable {
	var of []variable
	switch e {
	case Confirmed, Rescheduled, Cancelled, Reminder, SyncFailed:
		of = ofAppointment
	case CallbackCreated, CallbackAssigned, CallbackEscalated:
		of = ofCallback
	default:
		of = ofCaller
	}
	return slices.Concat(ofPlace, of, besides[e])
}

// needed are the things a text message about an event must tell: all of one of the lists.
func needed(e Event) [][]string {
	switch e {
	case Confirmed, Rescheduled, Cancelled, Reminder, SyncFailed:
		return [][]string{{"appointment.when"}, {"appointment.date", "appointment.time"}}
	case CallbackCreated, CallbackAssigned, CallbackEscalated:
		return [][]string{{"callback.phone"}}
	}
	return nil
}

func schema(e Event) template.Schema {
	s := template.Schema{}
	for _, v := range variables(e) {
		s.Paths = append(s.Paths, template.Path{Name: v.path, Kind: v.kind()})
	}
	return s
}

// filling is what a template is filled with: in a letter, and in a text message, which writes some of it shorter.
type filling struct{ letter, text template.Values }

func (f filling) set(path, long, brief string) {
	f.letter[path], f.text[path] = long, brief
}

func placeFilling(c *company.Config, b company.Branch) filling {
	f := filling{template.Values{}, template.Values{}}
	for path, s := range map[string]string{
		"company.name": c.Company.Name, "branch.name": b.Name, "branch.address": strings.Join(about{branch: b}.street(), ", "), "branch.phone": b.Phone,
	} {
		f.set(path, plain(s), plain(s))
	}
	return f
}

// filling is an appointment for a template; old is the time it had before.
func (x about) filling(old *time.Time) filling {
	f := placeFilling(x.config, x.branch)
	for path, s := range map[string]string{
		"customer.name": plain(x.a.AttendeeName), "customer.phone": plain(x.a.AttendeePhone), "appointment.service": plain(x.service.Name), "appointment.staff": x.with(),
		"appointment.price": x.price(), "appointment.date": x.day(x.a.StartsAt), "appointment.time": x.span(x.a.StartsAt, x.a.EndsAt),
	} {
		f.set(path, s, s)
	}
	f.set("appointment.when", x.moment(x.a.StartsAt), x.at(x.a.StartsAt))
	if old != nil {
		f.set("appointment.before", x.moment(*old), x.at(*old))
	}
	if x.change.FeeCents > 0 {
		fee := x.in.money(x.change.FeeCents)
		f.set("appointment.fee", fee, fee)
	}
	if len(x.staff) > 1 { // half of the people would be the wrong ones
		f.text["appointment.staff"] = ""
	}
	return f
}

// cancelledBy says who called an appointment off: one template speaks of all of them.
func (f filling) cancelledBy(by string) filling {
	path := "appointment.cancelled_by_us"
	switch by {
	case "customer":
		path = "appointment.cancelled_by_customer"
	case "system":
		path = "appointment.not_possible"
	}
	f.letter[path], f.text[path] = true, true
	return f
}

// filling is a callback for a template.
func (x ring) filling() filling {
	f := placeFilling(x.config, x.branch)
	service, _ := x.config.Service(x.r.ServiceID)
	assigned, _ := x.config.Person(x.r.AssignedTo)
	for path, s := range map[string]string{
		"callback.phone": x.r.Phone, "callback.name": x.r.Name, "callback.action": x.in.words("action." + x.r.Action), "callback.reason": x.in.reason(x.r.Reason),
		"callback.reachable": x.r.PreferredTime, "callback.service": service.Name, "callback.assigned": assigned.Name,
	} {
		f.set(path, plain(s), plain(s))
	}
	f.set("callback.promised", x.moment(x.r.PromisedUntil), x.at(x.r.PromisedUntil))
	return f
}

// write makes a message of a note: in our words, or where a rule names a template, in the company's.
func (m *message) write(c *company.Config, n note, slug string) {
	if slug == "" {
		m.letter, m.body = n.letter(), n.body
		return
	}
	t, ok := c.Company.Template(slug)
	for _, w := range m.ways {
		err := fmt.Errorf("there is no template %q", slug)
		switch {
		case ok && w.channel == SMS:
			m.body, err = ownText(m.Event, t, n.filling.text)
		case ok:
			m.letter, err = n.ownLetter(m.Event, t)
		}
		if err != nil {
			if m.unwritten == nil {
				m.unwritten = map[Channel]error{}
			}
			m.unwritten[w.channel] = fmt.Errorf("%w: %q by %s: %w", errTemplate, slug, w.channel, err)
		}
	}
}

func (n note) letter() Letter {
	l := n.about.letter(n.subject, n.sheet)
	l.Invite = n.invite
	return l
}

// ownLetter is the letter with the company's subject, heading and opening.
func (n note) ownLetter(e Event, t company.NotificationTemplate) (Letter, error) {
	subject, paragraphs, err := opening(e, t, n.filling.letter)
	if err != nil {
		return Letter{}, err
	}
	n.subject, n.sheet.title, n.sheet.lines = subject, subject, paragraphs
	return n.letter(), nil
}

var errNothing = errors.New("nothing is left to be said")

// opening fills the part of a letter that is the company's.
func opening(e Event, t company.NotificationTemplate, v template.Values) (subject string, paragraphs []string, err error) {
	if subject, err = fill(template.Header, e, t.Subject, v); err != nil {
		return "", nil, fmt.Errorf("subject: %w", err)
	}
	text, err := fill(template.Plain, e, t.Text, v)
	if err != nil {
		return "", nil, fmt.Errorf("text: %w", err)
	}
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	for _, p := range strings.Split(strings.Join(lines, "\n"), "\n\n") {
		if p = strings.Trim(p, "\n"); p != "" {
			paragraphs = append(paragraphs, p)
		}
	}
	if subject == "" || len(paragraphs) == 0 {
		return "", nil, errNothing
	}
	return subject, paragraphs, nil
}

// ownText is the text message that the company's template makes. It is never cut: half a sentence is another one.
func ownText(e Event, t company.NotificationTemplate, v template.Values) (string, error) {
	short := template.Values{}
	for _, x := range variables(e) {
		switch s := v[x.path].(type) {
		case string:
			short[x.path] = gsm.Cut(gsm.Text(s), x.room)
		case bool:
			short[x.path] = s
		}
	}
	text, err := fill(template.Plain, e, t.SMS, short)
	if err != nil {
		return "", fmt.Errorf("sms: %w", err)
	}
	text = gsm.Text(text)
	n, _ := gsm.Length(text)
	switch {
	case n > gsm.Single:
		return "", fmt.Errorf("sms: %d characters, one message has %d", n, gsm.Single)
	case n == 0:
		return "", errNothing
	}
	return text, nil
}

func fill(mode template.Mode, e Event, source string, v template.Values) (string, error) {
	t, err := template.Parse(mode, source, schema(e))
	if err != nil {
		return "", err
	}
	return t.Render(v, nil)
}
