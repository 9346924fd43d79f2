// Package company describes a customer of ours as its staff configured it: branches, people, services, numbers, policies.
// Its one rule: a Config is read whole and never changed in place, so a call sees one configuration from its first ring
// to its last word. It knows no storage, no phone and no calendar.
package company

import (
	"slices"
	"sync"
	"time"

	"github.com/askpro/gateway/internal/german"
)

// Company is the tenant. Secrets are references ("ssm:/…"), resolved where they are used.
type Company struct {
	ID                   string   `json:"id"`
	Name                 string   `json:"name"`
	Slug                 string   `json:"slug"`
	Active               bool     `json:"is_active"`
	Locale               string   `json:"locale"`
	Timezone             string   `json:"timezone"`
	WebhookRouteID       string   `json:"webhook_route_id"`
	RetellAPIKeys        []string `json:"retell_api_keys"`
	CalcomAPIKey         string   `json:"calcom_api_key"`
	CalcomWebhookSecrets []string `json:"calcom_webhook_secrets"`
	CalcomTeamID         int64    `json:"calcom_team_id,omitempty"`
	BookingNoticeMinutes int      `json:"booking_notice_minutes,omitempty"` // 0: DefaultNotice
	// ConfirmationBy says who writes to the attendee, "askpro" or "calcom": never both.
	ConfirmationBy string `json:"confirmation_by,omitempty"`
	// Recording is on where Retell keeps audio; the agent then asks for consent.
	Recording bool `json:"recording,omitempty"`
	// SMTP is the company's own mail server; nil: ours.
	SMTP *SMTPServer `json:"smtp,omitempty"`
	// SMSSender is whose name a text message shows; empty: the company sends none.
	SMSSender string `json:"sms_sender,omitempty"`
	// Notifications say who is told of what, and how; the most specific one wins (§16).
	Notifications []NotificationRule `json:"notifications,omitempty"`
	// Templates are what its rules may name.
	Templates []NotificationTemplate `json:"notification_templates,omitempty"`
}

// SMTPServer is a mail server that is spoken to with STARTTLS. User and Password are references to secrets.
type SMTPServer struct {
	Host     string `json:"host"`
	Port     int    `json:"port"`
	User     string `json:"user,omitempty"`
	Password string `json:"password,omitempty"`
	From     string `json:"from"` // an address
}

// NotificationRule configures one event for one kind of recipient. The entity is the company where Branch, Service and
// Staff are empty.
type NotificationRule struct {
	BranchID  string `json:"branch_id,omitempty"`
	ServiceID string `json:"service_id,omitempty"`
	StaffID   string `json:"staff_id,omitempty"`
	Event     string `json:"event"`     // confirmed, rescheduled, cancelled, reminder, sync_failed, callback_created, …
	Recipient string `json:"recipient"` // customer, staff, branch
	Channel   string `json:"channel"`   // email, sms
	Fallback  string `json:"fallback_channel,omitempty"`
	Disabled  bool   `json:"disabled,omitempty"`
	Retries   *int   `json:"retry_count,omitempty"` // after the first attempt, at most 3; nil: 3
	Template  string `json:"template,omitempty"`    // the slug of one of the company's Templates; empty: our words
	Language  string `json:"language,omitempty"`    // de, en; empty: de
}

// NotificationTemplate is what a company says in its own words, in the syntax of package template. Of a letter it takes the
// place of the subject, the heading and the paragraphs above the facts: greeting and introduction. An empty line parts two
// paragraphs, and it is text: the page is made from it and shows a tag as it was written. Facts, terms and fee, the link to
// the customer's own page or the number to call, the foot and the calendar entry stay: a customer needs them whatever the
// company wants to say. A text message is the template's as a whole, so there the time of the appointment, or the number to
// call back, must be in it. What is wrong is refused when the configuration is saved, with line and column; what cannot be
// filled when it is sent is an alarm, and nothing is sent in its place.
type NotificationTemplate struct {
	Slug    string `json:"slug"`
	Subject string `json:"subject,omitempty"` // of letters
	Text    string `json:"text,omitempty"`    // of letters
	SMS     string `json:"sms,omitempty"`     // the whole text message
}

// Template by its slug.
func (c Company) Template(slug string) (NotificationTemplate, bool) {
	for _, t := range c.Templates {
		if t.Slug == slug {
			return t, true
		}
	}
	return NotificationTemplate{}, false
}

// DefaultNotice is how long before its start an appointment may be booked when nobody said otherwise.
const DefaultNotice = 15 * time.Minute

// Branch is one place with its own hours. Times of day are local to Timezone.
type Branch struct {
	ID                     string              `json:"id"`
	Name                   string              `json:"name"`
	Slug                   string              `json:"slug"`
	Address                string              `json:"address,omitempty"`
	PostalCode             string              `json:"postal_code,omitempty"`
	City                   string              `json:"city,omitempty"`
	Country                string              `json:"country,omitempty"`
	Land                   string              `json:"bundesland,omitempty"`
	Phone                  string              `json:"phone,omitempty"`
	Email                  string              `json:"notification_email,omitempty"`
	Active                 bool                `json:"is_active"`
	Timezone               string              `json:"timezone"`
	RetellAgentID          string              `json:"retell_agent_id,omitempty"`
	BusinessHours          map[string][]string `json:"business_hours"` // monday … sunday → "09:00-13:00"
	ClosedOnPublicHolidays bool                `json:"closed_on_public_holidays"`
	SpecialDays            []SpecialDay        `json:"special_days,omitempty"`
	Forwarding             Forwarding          `json:"forwarding"`
	// AssignCallbacks says whether callbacks of normal priority are given to somebody by themselves; nil: yes (§15).
	AssignCallbacks *bool `json:"assign_callbacks,omitempty"`
}

// SpecialDay overrides the week on one date; no ranges means closed.
type SpecialDay struct {
	Date   string   `json:"date"` // 2006-01-02
	Ranges []string `json:"ranges"`
}

// Forwarding says whom to transfer a caller to.
type Forwarding struct {
	Rules          []ForwardingRule `json:"rules,omitempty"`
	FallbackNumber string           `json:"fallback_number,omitempty"`
}

// ForwardingRule: Trigger is one of booking_failed, no_availability, after_hours, keyword, caller_wish.
type ForwardingRule struct {
	Trigger string `json:"trigger"`
	Keyword string `json:"keyword,omitempty"`
	Number  string `json:"number"`
}

// PhoneNumber is one of our numbers; E164 is unique over all companies.
type PhoneNumber struct {
	ID            string `json:"id"`
	BranchID      string `json:"branch_id"`
	Number        string `json:"number"`
	E164          string `json:"number_e164"`
	Type          string `json:"type,omitempty"`
	RetellAgentID string `json:"retell_agent_id,omitempty"`
	Active        bool   `json:"is_active"`
	Primary       bool   `json:"is_primary,omitempty"`
	SMS           bool   `json:"sms_enabled,omitempty"`
}

// Service is what callers book. Duration and price are ours: no calendar data ever overwrites them.
type Service struct {
	ID                   string      `json:"id"`
	BranchID             string      `json:"branch_id,omitempty"` // empty: every branch
	Name                 string      `json:"name"`
	Slug                 string      `json:"slug"`
	Category             string      `json:"category,omitempty"`
	Description          string      `json:"description,omitempty"`
	Synonyms             []Synonym   `json:"synonyms,omitempty"`
	Active               bool        `json:"is_active"`
	Default              bool        `json:"is_default,omitempty"`
	Priority             int         `json:"priority"` // lower first
	DurationMinutes      int         `json:"duration_minutes"`
	NoticeMinutes        *int        `json:"minimum_booking_notice_minutes,omitempty"`
	PriceCents           int64       `json:"price_cents"`
	RequiresConfirmation bool        `json:"requires_confirmation,omitempty"`
	Composite            bool        `json:"composite,omitempty"`
	CompositeMode        string      `json:"composite_mode,omitempty"`
	Segments             []Segment   `json:"segments,omitempty"`
	EventTypes           []EventType `json:"event_types"`
	// ReminderPolicy is single, per_segment or none; empty: single (§16).
	ReminderPolicy string `json:"reminder_policy,omitempty"`
	// AllowCancellation is true unless it says false.
	AllowCancellation *bool `json:"allow_cancellation,omitempty"`
}

// Duration of the whole service.
func (s Service) Duration() time.Duration { return time.Duration(s.DurationMinutes) * time.Minute }

// Cancellable tells whether customers may give up an appointment of this service at all; how late, policies say.
func (s Service) Cancellable() bool { return s.AllowCancellation == nil || *s.AllowCancellation }

// Synonym is another word callers use; Confidence 0–100.
type Synonym struct {
	Text       string `json:"text"`
	Confidence int    `json:"confidence"`
}

// Segment is a part of a composite service.
type Segment struct {
	Key         string `json:"key"`
	Name        string `json:"name"`
	DurationMin int    `json:"duration_min"`
	GapAfterMin int    `json:"gap_after_min"`
	// PreferSameStaff asks for whoever does the segment before.
	PreferSameStaff bool `json:"prefer_same_staff,omitempty"`
}

// EventType maps a service, or a Segment of it, to a bookable Cal.com event type, of one member of staff or (StaffID empty)
// of nobody in particular.
type EventType struct {
	StaffID string `json:"staff_id,omitempty"`
	Segment string `json:"segment,omitempty"` // its key; empty: the whole service
	ID      int64  `json:"id"`
}

// Staff is a person who does the work.
type Staff struct {
	ID           string         `json:"id"`
	BranchID     string         `json:"branch_id"`
	Name         string         `json:"name"`
	Slug         string         `json:"slug"`
	Email        string         `json:"email,omitempty"`
	Phone        string         `json:"phone,omitempty"`
	Active       bool           `json:"is_active"`
	Bookable     bool           `json:"is_bookable"`
	CalcomUserID int64          `json:"calcom_user_id,omitempty"`
	MaxPerDay    int            `json:"max_appointments_per_day,omitempty"`
	WorkingHours []WorkingHours `json:"working_hours,omitempty"` // empty: the branch's hours
	Vacation     []Vacation     `json:"vacation,omitempty"`
}

// WorkingHours of one ISO weekday (1 = Monday), "HH:MM".
type WorkingHours struct {
	Weekday    int    `json:"weekday"`
	Start      string `json:"start"`
	End        string `json:"end"`
	BreakStart string `json:"break_start,omitempty"`
	BreakEnd   string `json:"break_end,omitempty"`
}

// Vacation from and to are inclusive dates, 2006-01-02.
type Vacation struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Policy of one entity and type; there is one at most. Package policy decides by them.
type Policy struct {
	Entity     string `json:"entity"` // company, branch, service, staff
	EntityID   string `json:"entity_id,omitempty"`
	Type       string `json:"type"`
	PolicyKeys `yaml:",inline"`
}

// PolicyKeys are the settings of a policy; a nil pointer is a key that was not set.
type PolicyKeys struct {
	HoursBefore                  *int                `json:"hours_before,omitempty"`
	MaxCancellationsPerMonth     *int                `json:"max_cancellations_per_month,omitempty"`
	MaxReschedulesPerMonth       *int                `json:"max_reschedules_per_month,omitempty"`
	MaxReschedulesPerAppointment *int                `json:"max_reschedules_per_appointment,omitempty"`
	Fee                          *int64              `json:"fee,omitempty"`
	FeeTiers                     []FeeTier           `json:"fee_tiers,omitempty"`
	FeePercentage                *int                `json:"fee_percentage,omitempty"`
	Override                     bool                `json:"override,omitempty"`
	Enabled                      *bool               `json:"enabled,omitempty"`
	DisabledMessage              string              `json:"disabled_message,omitempty"`
	AllowedHours                 map[string][]string `json:"allowed_hours,omitempty"`
	Operations                   []string            `json:"operations,omitempty"` // closed to callers without a number
	Fields                       []string            `json:"fields,omitempty"`     // of an appointment that may be spoken
}

// FeeTier charges Fee cents when at least MinHours notice is left. The lowest tier also counts below its own hours.
type FeeTier struct {
	MinHours int   `json:"min_hours"`
	Fee      int64 `json:"fee"`
}

// HostMapping says whose calendar a Cal.com host is. One per host; entered by hand (a staff's calcom_user_id) or found by
// exact e-mail or name. One that is not Active says that the host is nobody's.
type HostMapping struct {
	HostID     int64  `json:"calcom_host_id"`
	StaffID    string `json:"staff_id"`
	Source     string `json:"source"`
	Confidence int    `json:"confidence"`
	Active     bool   `json:"is_active"`
}

// Sources of a HostMapping.
const (
	HostManual  = "manual"
	HostByEmail = "auto_email"
	HostByName  = "auto_name"
)

// Vanished is an event type that the calendar no longer has: nothing can be booked with it until it is back.
type Vanished struct {
	ServiceID string    `json:"service_id"`
	EventType EventType `json:"event_type"`
	Since     time.Time `json:"since"`
}

// Config is one company's whole configuration at one version: what its file says, and what was found out since (Hosts,
// Vanished). A vanished event type is no longer among its service's, and a service without any is not active.
type Config struct {
	Version  int
	Company  Company
	Branches []Branch
	Staff    []Staff
	Services []Service
	Numbers  []PhoneNumber
	Policies []Policy
	Hosts    []HostMapping
	Vanished []Vanished
}

// Without applies what vanished: services lose those event types.
func (c *Config) Without(vanished []Vanished) {
	c.Vanished = vanished
	for i, s := range c.Services {
		left := slices.DeleteFunc(slices.Clone(s.EventTypes), func(e EventType) bool {
			return slices.ContainsFunc(vanished, func(v Vanished) bool { return v.ServiceID == s.ID && v.EventType == e })
		})
		if len(left) < len(s.EventTypes) {
			c.Services[i].EventTypes = left
			c.Services[i].Active = s.Active && len(left) > 0
		}
	}
}

// Branch by id; the zero Branch and false when there is none.
func (c *Config) Branch(id string) (Branch, bool) {
	for _, b := range c.Branches {
		if b.ID == id {
			return b, true
		}
	}
	return Branch{}, false
}

// BranchOfAgent finds the branch a Retell agent speaks for (web and test calls carry no number).
func (c *Config) BranchOfAgent(agentID string) (Branch, bool) {
	if agentID == "" {
		return Branch{}, false
	}
	for _, b := range c.Branches {
		if b.Active && b.RetellAgentID == agentID {
			return b, true
		}
	}
	for _, n := range c.Numbers {
		if n.Active && n.RetellAgentID == agentID {
			return c.Branch(n.BranchID)
		}
	}
	return Branch{}, false
}

// NumberOf finds our own active phone number.
func (c *Config) NumberOf(e164 string) (PhoneNumber, bool) {
	for _, n := range c.Numbers {
		if n.Active && n.E164 == e164 {
			return n, true
		}
	}
	return PhoneNumber{}, false
}

// Service by id among all of the company.
func (c *Config) Service(id string) (Service, bool) {
	for _, s := range c.Services {
		if s.ID == id {
			return s, true
		}
	}
	return Service{}, false
}

// ServiceOfEventType proves that a Cal.com event type belongs to the company.
func (c *Config) ServiceOfEventType(id int64) (Service, EventType, bool) {
	for _, s := range c.Services {
		for _, e := range s.EventTypes {
			if e.ID == id {
				return s, e, true
			}
		}
	}
	for _, v := range c.Vanished { // what was booked with it still stands
		if v.EventType.ID == id {
			s, ok := c.Service(v.ServiceID)
			return s, v.EventType, ok
		}
	}
	return Service{}, EventType{}, false
}

// Person by id.
func (c *Config) Person(id string) (Staff, bool) {
	for _, s := range c.Staff {
		if s.ID == id {
			return s, true
		}
	}
	return Staff{}, false
}

// Bookable lists the services of a branch that callers can book, by priority.
func (c *Config) Bookable(branchID string) []Service {
	return slices.DeleteFunc(c.Offered(branchID), func(s Service) bool {
		return !c.Complete(branchID, s)
	})
}

// Doers lists the active, bookable staff of a branch who offer a service, with their event type; of a service in segments
// everybody who can do one of them. The event type of a segment never stands for the whole service.
func (c *Config) Doers(branchID string, s Service) []Doer {
	var out []Doer
	for _, e := range s.EventTypes {
		if (e.Segment != "") != s.InSegments() {
			continue
		}
		if e.StaffID == "" {
			out = append(out, Doer{Segment: e.Segment, EventTypeID: e.ID, Resource: s.ID})
			continue
		}
		if p, ok := c.Person(e.StaffID); ok && p.Active && p.Bookable && p.BranchID == branchID {
			out = append(out, Doer{Staff: p, Segment: e.Segment, EventTypeID: e.ID, Resource: p.ID})
		}
	}
	return out
}

// Doer is a member of staff with the event type that books a service, or one Segment of it, with them. Resource is whose
// time is taken: the person, or the service itself where nobody is mapped.
type Doer struct {
	Staff       Staff
	Segment     string // its key; empty: the whole service
	EventTypeID int64
	Resource    string
}

// Location of the branch; Europe/Berlin when its name is unknown to the zone database.
func (b Branch) Location() *time.Location { return Zone(b.Timezone) }

// Zone is the first of some IANA names that the zone database knows; Europe/Berlin when it knows none.
func Zone(names ...string) *time.Location {
	for _, name := range names {
		if loc, err := zone(name); err == nil && name != "" {
			return loc
		}
	}
	return Berlin()
}

// zones that were read, by name: a search asks for one some thousand times, and reading it takes longer than the rest.
var zones sync.Map

func zone(name string) (*time.Location, error) {
	if loc, ok := zones.Load(name); ok {
		return loc.(*time.Location), nil
	}
	loc, err := time.LoadLocation(name)
	if err == nil {
		zones.Store(name, loc)
	}
	return loc, err
}

// Berlin is where people look and listen when nobody says otherwise.
func Berlin() *time.Location {
	loc, err := zone("Europe/Berlin")
	if err != nil {
		panic("the binary carries no time zones: import time/tzdata in its main.go")
	}
	return loc
}

// Notice before which a service can no longer be booked (§9.5).
func (c *Config) Notice(s Service) time.Duration {
	switch {
	case s.NoticeMinutes != nil:
		return time.Duration(*s.NoticeMinutes) * time.Minute
	case c.Company.BookingNoticeMinutes > 0:
		return time.Duration(c.Company.BookingNoticeMinutes) * time.Minute
	}
	return DefaultNotice
}

// Day is the local date of an instant at the branch.
func (b Branch) Day(t time.Time) german.Date {
	return german.DateOf(t, b.Location())
}
