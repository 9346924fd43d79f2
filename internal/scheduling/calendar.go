// Package scheduling carries a booking through: our record, the calendar, our record again. Its one rule: an appointment
// stands in our table before the calendar is asked, and whatever the calendar did can be found again by the
// appointment's id. It knows no wire format, no phone and no keys of the table.
package scheduling

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/callback"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// Account is in whose name the calendar is asked: Key is the reference of the company's API key. Jobs wait for calls: of the
// key's budget they may take a part only (§13.1). Known is what was read of the key just now, if anything.
type Account struct {
	Company tenant.ID
	Key     string
	Job     bool
	Known   *ledger.KeyState
}

// Calendar is what scheduling asks of Cal.com. Errors are *Refused.
type Calendar interface {
	// Slots lists the bookable starts of an event type in [from, to).
	Slots(ctx context.Context, who Account, eventTypeID int64, from, to time.Time, zone string) ([]time.Time, error)
	// SlotsToMove lists the starts that a booking can be moved to: its own time counts as free.
	SlotsToMove(ctx context.Context, who Account, eventTypeID int64, from, to time.Time, zone, uid string) ([]time.Time, error)
	// Create books. It is never repeated by the calendar's client.
	Create(ctx context.Context, who Account, o Order) (Booked, error)
	// Booking reads one booking; Gone when there is none.
	Booking(ctx context.Context, who Account, uid string) (Booked, error)
	// Search lists live and cancelled bookings of an attendee that start at an instant.
	Search(ctx context.Context, who Account, email string, start time.Time) ([]Booked, error)
	// Cancel frees a booking; cancelling a cancelled one succeeds, one that was replaced is Over.
	Cancel(ctx context.Context, who Account, uid, reason string) error
	// Reschedule moves a booking: the answer is a new one with another uid. It is never repeated by the client.
	Reschedule(ctx context.Context, who Account, uid string, start time.Time, reason string) (Booked, error)
}

// Catalogue is what the comparison with Cal.com asks besides: whole pages of bookings, and event types.
type Catalogue interface {
	// List reads one page, ended bookings too; more says that another one may follow.
	List(ctx context.Context, who Account, q Page) (found []Booked, more bool, err error)
	// EventType reads one; Gone when there is none.
	EventType(ctx context.Context, who Account, id int64) (EventType, error)
}

// Page names bookings: those touched or made since an instant, or those that start in [From, Until) in order of their
// start. Skip leaves out so many.
type Page struct {
	UpdatedSince, CreatedSince time.Time
	From, Until                time.Time
	Skip                       int
}

// EventType is a bookable kind of event as the calendar has it. PriceCents is nil where nobody pays through it.
type EventType struct {
	ID         int64
	Title      string
	Minutes    int
	PriceCents *int64
	TeamID     int64
}

// Order is a booking to be made. Metadata carries our ids, so that we know our own booking again.
type Order struct {
	EventTypeID int64
	Start       time.Time
	Name        string
	Email       string
	Phone       string
	Zone        string
	Metadata    map[string]string
}

// Booked is a booking as the calendar tells it. Status is accepted, pending, cancelled or rejected.
type Booked struct {
	UID             string
	ID              int64
	ICSUID          string
	Status          string
	Start, End      time.Time
	EventTypeID     int64
	Host            Host
	Attendee        Attendee
	Metadata        map[string]string
	RescheduledTo   string // the uid of the booking that replaced this one
	RescheduledFrom string // the uid of the one it replaced
	MovedBy         string // an e-mail address
	CancelledBy     string // an e-mail address
	Reason          string // of the cancellation or refusal
	Absent          bool   // the attendee did not come
	CreatedAt       time.Time
	UpdatedAt       time.Time
}

// Attendee is who booked. What is no address or number, or was only made up by the calendar, is empty.
type Attendee struct{ Name, Email, Phone string }

// Host is whose calendar it is in.
type Host struct {
	ID    int64
	Name  string
	Email string
}

// Live tells whether the booking takes time.
func (b Booked) Live() bool { return b.Status == "accepted" || b.Status == "pending" }

// Metadata keys of our bookings.
const (
	MetaAppointment = "appointment_id"
	MetaCall        = "call_id"
	MetaKey         = "idempotency_key"
	MetaCompany     = "company_id"
	MetaSegment     = "segment" // its key; absent in a booking of the whole time
)

// Why the calendar refused.
type Why string

// The reasons of §10.7. Unknown is the outcome nobody knows: it may have booked. Over is a booking that lives no more:
// cancelled, or replaced by another one.
const (
	Taken         Why = "taken"
	TooSoon       Why = "too_soon"
	Past          Why = "past"
	TooMany       Why = "too_many"
	Misconfigured Why = "misconfigured"
	Resting       Why = "resting"
	Gone          Why = "gone"
	Over          Why = "over"
	Unknown       Why = "unknown"
)

// Refused is the calendar's answer other than yes.
type Refused struct {
	Why   Why
	Until time.Time // Resting: when it may be asked again
	Err   error
}

func (r *Refused) Error() string { return fmt.Sprintf("calendar: %s: %v", r.Why, r.Err) }
func (r *Refused) Unwrap() error { return r.Err }

// WhyOf an error of the calendar; Unknown for anything else, because a lost answer must never look like a no.
func WhyOf(err error) Why {
	var r *Refused
	if errors.As(err, &r) {
		return r.Why
	}
	return Unknown
}

// Store is what scheduling asks of the table.
type Store interface {
	Gather(ctx context.Context, t tenant.ID, ask ledger.Ask) (ledger.Known, error)
	Commit(ctx context.Context, t tenant.ID, step *ledger.Step) error
	Appointment(ctx context.Context, t tenant.ID, id string) (booking.Appointment, bool, error)
	Claim(ctx context.Context, t tenant.ID, uid string) (booking.Claim, bool, error)
	Callback(ctx context.Context, t tenant.ID, id string) (callback.Request, bool, error)
	OpenCallbacks(ctx context.Context, t tenant.ID, branchID string) ([]callback.Waiting, error)
	LeaseSlots(ctx context.Context, t tenant.ID, k booking.SlotKey, now, until time.Time) (bool, error)
	SaveSlots(ctx context.Context, t tenant.ID, lists []booking.SlotDay) error
	Customer(ctx context.Context, t tenant.ID, id string) (customer.Customer, bool, error)
	CustomerOfEmail(ctx context.Context, t tenant.ID, email string) (id string, ok bool, err error)
	// LearnHost keeps a mapping, unless there is one of the host already.
	LearnHost(ctx context.Context, t tenant.ID, m company.HostMapping) error
	// ClaimOnce lets one in per lease; an error to all others.
	ClaimOnce(ctx context.Context, t tenant.ID, name string, lease time.Duration) error
}

// Scheduler books. Alarm tells people of what needs them; it must not block.
type Scheduler struct {
	Store    Store
	Calendar Calendar
	Now      func() time.Time
	NewID    func() string
	// PlaceholderDomain is a domain of ours without mailboxes: Cal.com insists on an attendee address (§10.4).
	PlaceholderDomain string
	Alarm             func(ctx context.Context, name, company string)
}

// Alarms that scheduling raises; lambdakit lists all alarms with what to do.
const (
	AlarmMisconfigured = "calcom_configuration"
	AlarmOrphan        = "orphan_booking"
	AlarmReview        = "needs_review"
)

// forCaller asks in the name of a company while somebody waits on the phone, forJob when nobody does.
func forCaller(t tenant.ID, c *company.Config) Account {
	return Account{Company: t, Key: c.Company.CalcomAPIKey}
}

func forJob(t tenant.ID, c *company.Config) Account {
	return Account{Company: t, Key: c.Company.CalcomAPIKey, Job: true}
}

// placeholder is the attendee address of an appointment without one.
func (s *Scheduler) placeholder(appointmentID string) string {
	return "termin-" + strings.ToLower(appointmentID) + "@" + s.PlaceholderDomain
}

// attendeeEmail is under which address the calendar knows the attendee.
func (s *Scheduler) attendeeEmail(a booking.Appointment) string {
	if a.AttendeeEmail != "" {
		return a.AttendeeEmail
	}
	return s.placeholder(a.ID)
}

// isPlaceholder tells an address of placeholder's.
func (s *Scheduler) isPlaceholder(email string) bool {
	return strings.HasSuffix(strings.ToLower(email), "@"+strings.ToLower(s.PlaceholderDomain))
}
