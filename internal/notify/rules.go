package notify

import (
	"slices"
	"strings"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/phone"
)

// Event is what a message tells of, as a company's notifications name it.
type Event string

// The events of §16.
const (
	Confirmed         Event = "confirmed"
	Rescheduled       Event = "rescheduled"
	Cancelled         Event = "cancelled"
	Reminder          Event = "reminder"
	SyncFailed        Event = "sync_failed" // we and the calendar disagree
	CallbackCreated   Event = "callback_created"
	CallbackAssigned  Event = "callback_assigned"
	CallbackEscalated Event = "callback_escalated"
	WishUnfulfilled   Event = "wish_unfulfilled"
	CallSummary       Event = "call_summary"
)

// Recipient is a kind of reader.
type Recipient string

// The recipients of §16: who booked, who does the work, the branch's own address.
const (
	Customer Recipient = "customer"
	Staff    Recipient = "staff"
	Branch   Recipient = "branch"
)

// Channel is how a message travels.
type Channel string

// The channels. A company without a sender of text messages has no SMS.
const (
	Email Channel = "email"
	SMS   Channel = "sms"
)

// Events, Recipients and Channels are all that a company can configure.
var (
	Events     = []Event{Confirmed, Rescheduled, Cancelled, Reminder, SyncFailed, CallbackCreated, CallbackAssigned, CallbackEscalated, WishUnfulfilled, CallSummary}
	Recipients = []Recipient{Customer, Staff, Branch}
	Channels   = []Channel{Email, SMS}
)

// choice is one channel that an event goes to a kind of recipient by, and the one it falls back to.
type choice struct {
	channel, fallback Channel
	retries           int // after the first attempt
	in                Language
	template          string // of the company; empty: our words
}

// usual is what counts where a company has configured nothing for an event and a kind of recipient: customers hear by
// mail, or by SMS where that cannot be; people at work by mail alone, and only of what they did not do themselves.
func usual(e Event, r Recipient) []choice {
	switch r {
	case Customer:
		if slices.Contains([]Event{Confirmed, Rescheduled, Cancelled, Reminder}, e) {
			return []choice{{channel: Email, fallback: SMS, retries: len(pauses)}}
		}
	case Staff:
		if e == CallbackAssigned || e == CallbackEscalated {
			return []choice{{channel: Email, retries: len(pauses)}}
		}
	case Branch:
		if slices.Contains([]Event{Confirmed, Rescheduled, Cancelled, SyncFailed, CallbackCreated, CallbackEscalated, WishUnfulfilled}, e) {
			return []choice{{channel: Email, retries: len(pauses)}}
		}
	}
	return nil
}

// place is whose rules count for a message.
type place struct{ branch, service, staff string }

// fits tells whether a rule speaks of the place, and how closely: staff before service before branch before company.
func (p place) fits(r company.NotificationRule) (closeness int, ok bool) {
	for i, x := range [][2]string{{r.BranchID, p.branch}, {r.ServiceID, p.service}, {r.StaffID, p.staff}} {
		if x[0] == "" {
			continue
		}
		if x[0] != x[1] {
			return 0, false
		}
		closeness += 1 << i
	}
	return closeness, true
}

// choices are the channels of an event for a kind of recipient: per channel the most specific rule decides (of equals the
// last), and where no rule speaks of the two, what is usual. A channel that is used anyway is no fallback.
func choices(c *company.Config, e Event, r Recipient, p place) (list []choice, configured bool) {
	best, closest := map[Channel]company.NotificationRule{}, map[Channel]int{}
	for _, rule := range c.Company.Notifications {
		if rule.Event != string(e) || rule.Recipient != string(r) {
			continue
		}
		channel := Channel(rule.Channel)
		if n, ok := p.fits(rule); ok && n >= closest[channel] {
			best[channel], closest[channel] = rule, n
		}
	}
	if len(best) == 0 {
		return usual(e, r), false
	}
	for _, channel := range Channels {
		rule, ok := best[channel]
		if !ok || rule.Disabled {
			continue
		}
		x := choice{channel, Channel(rule.Fallback), len(pauses), Language(rule.Language), rule.Template}
		if rule.Retries != nil {
			x.retries = min(max(*rule.Retries, 0), len(pauses))
		}
		if other, used := best[x.fallback]; used && !other.Disabled || x.fallback == channel {
			x.fallback = ""
		}
		list = append(list, x)
	}
	return list, true
}

// Wanted tells whether an event shall reach a branch at all: what nobody reads need not be told.
func Wanted(c *company.Config, e Event, branchID string) bool {
	list, _ := choices(c, e, Branch, place{branch: branchID})
	return len(list) > 0
}

// target is one reader with the ways to them, in the order in which they are tried.
type target struct {
	recipient string // customer, branch, staff/<id>
	channel   Channel
	ways      []way
	retries   int
	in        Language
	template  string
}

type way struct {
	channel Channel
	address string
}

// reader is somebody with addresses.
type reader struct {
	recipient   Recipient
	id          string
	email, text string
}

func (r reader) name() string {
	if r.id == "" {
		return string(r.recipient)
	}
	return string(r.recipient) + "/" + r.id
}

// targets are the ways to a reader. unreached says that a message was wanted and there is no address for it.
func targets(c *company.Config, e Event, r reader, p place, placeholder func(string) bool) (list []target, unreached bool) {
	chosen, _ := choices(c, e, r.recipient, p)
	for _, x := range chosen {
		t := target{recipient: r.name(), channel: x.channel, retries: x.retries, in: x.in, template: x.template}
		for _, channel := range []Channel{x.channel, x.fallback} {
			if address := reach(c, channel, r, placeholder); address != "" {
				t.ways = append(t.ways, way{channel, address})
			}
		}
		if len(t.ways) == 0 {
			unreached = true
			continue
		}
		list = append(list, t)
	}
	return list, unreached
}

// reach is the reader's address in a channel; empty where there is none, or none that may be used.
func reach(c *company.Config, channel Channel, r reader, placeholder func(string) bool) string {
	switch channel {
	case Email:
		if r.email != "" && !placeholder(r.email) {
			return r.email
		}
	case SMS:
		if n, err := phone.Parse(r.text); err == nil && c.Company.SMSSender != "" && n.TakesText() {
			return string(n)
		}
	}
	return ""
}

// Promised lists the channels by which the customer of a new appointment will hear that it is confirmed: only these may be
// named to a caller (§16). Where Cal.com confirms, it does so by mail.
func Promised(c *company.Config, a booking.Appointment) []Channel {
	if byCalendar(c, Confirmed) && a.AttendeeEmail != "" {
		return []Channel{Email}
	}
	return Reaches(c, Confirmed, a, func(string) bool { return false })
}

// Reaches lists the channels by which we tell a customer of an event. Nothing where the calendar itself writes to them.
func Reaches(c *company.Config, e Event, a booking.Appointment, placeholder func(string) bool) []Channel {
	if byCalendar(c, e) {
		return nil
	}
	list, _ := targets(c, e, customerOf(a), placeOf(a), placeholder)
	var out []Channel
	for _, t := range list {
		if !slices.Contains(out, t.ways[0].channel) {
			out = append(out, t.ways[0].channel)
		}
	}
	return out
}

// byCalendar tells whether Cal.com tells the attendee: one of us does, never both.
func byCalendar(c *company.Config, e Event) bool {
	return c.Company.ConfirmationBy == "calcom" && (e == Confirmed || e == Rescheduled || e == Cancelled)
}

func customerOf(a booking.Appointment) reader {
	return reader{recipient: Customer, email: a.AttendeeEmail, text: a.AttendeePhone}
}

func placeOf(a booking.Appointment) place { return place{a.BranchID, a.ServiceID, a.StaffID} }

func branchReader(b company.Branch) reader {
	return reader{recipient: Branch, email: b.Email, text: b.Phone}
}

func staffReader(p company.Staff) reader {
	return reader{recipient: Staff, id: p.ID, email: p.Email, text: p.Phone}
}

// IsPlaceholder tells addresses that are never mailed: ours for Cal.com, and those Cal.com makes up from numbers.
func IsPlaceholder(domain string) func(string) bool {
	return func(address string) bool {
		address = strings.ToLower(address)
		return strings.HasSuffix(address, "@"+strings.ToLower(domain)) || strings.HasSuffix(address, "@sms.cal.com")
	}
}
