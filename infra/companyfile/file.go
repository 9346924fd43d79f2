// Package companyfile reads a company's file: what its staff would configure, in one YAML document. Its one rule: a file is
// taken whole or refused with everything that is wrong with it, and secrets in it are references, never values. The
// format is described in testdata/companies/README.md. It knows no table and no calendar.
package companyfile

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/target"
)

// File is the document. Branches, staff and services are named by slugs within it.
type File struct {
	Company      Company       `yaml:"company"`
	Branches     []Branch      `yaml:"branches"`
	PhoneNumbers []PhoneNumber `yaml:"phone_numbers"`
	Staff        []Staff       `yaml:"staff"`
	Services     []Service     `yaml:"services"`
	Policies     []Policy      `yaml:"policies"`
	Notify       []Notify      `yaml:"notifications"`
	Templates    []Template    `yaml:"notification_templates"`
	Customers    []Customer    `yaml:"customers"`
	Desk         *Desk         `yaml:"desk"`

	targets target.Rules // where the service desk may send something
}

// Company is the tenant.
type Company struct {
	Slug                 string   `yaml:"slug"`
	Name                 string   `yaml:"name"`
	Locale               string   `yaml:"locale"`
	Timezone             string   `yaml:"timezone"`
	Inactive             bool     `yaml:"inactive"`
	WebhookRouteID       string   `yaml:"webhook_route_id"`
	RetellAPIKeys        []string `yaml:"retell_api_keys"`
	CalcomAPIKey         string   `yaml:"calcom_api_key"`
	CalcomWebhookSecrets []string `yaml:"calcom_webhook_secrets"`
	CalcomTeamID         int64    `yaml:"calcom_team_id"`
	BookingNoticeMinutes int      `yaml:"booking_notice_minutes"`
	ConfirmationBy       string   `yaml:"confirmation_by"`
	Recording            bool     `yaml:"recording"`
	SMSSender            string   `yaml:"sms_sender"`
	SMTP                 *struct {
		Host     string `yaml:"host"`
		Port     int    `yaml:"port"`
		User     string `yaml:"user"`
		Password string `yaml:"password"`
		From     string `yaml:"from"`
	} `yaml:"smtp"`
}

// Branch is one place with its own hours.
type Branch struct {
	Slug                   string              `yaml:"slug"`
	Name                   string              `yaml:"name"`
	Address                string              `yaml:"address"`
	PostalCode             string              `yaml:"postal_code"`
	City                   string              `yaml:"city"`
	Country                string              `yaml:"country"`
	Land                   string              `yaml:"bundesland"`
	Timezone               string              `yaml:"timezone"`
	Phone                  string              `yaml:"phone"`
	Email                  string              `yaml:"notification_email"`
	Inactive               bool                `yaml:"inactive"`
	RetellAgentID          string              `yaml:"retell_agent_id"`
	ClosedOnPublicHolidays *bool               `yaml:"closed_on_public_holidays"`
	BusinessHours          map[string][]string `yaml:"business_hours"`
	SpecialDays            []SpecialDay        `yaml:"special_days"`
	Forwarding             Forwarding          `yaml:"forwarding"`
	AssignCallbacks        *bool               `yaml:"assign_callbacks"`
}

// SpecialDay overrides the week; no ranges: closed.
type SpecialDay struct {
	Date   string   `yaml:"date"`
	Ranges []string `yaml:"ranges"`
}

// Forwarding says whom to transfer to.
type Forwarding struct {
	Rules []struct {
		Trigger string `yaml:"trigger"`
		Keyword string `yaml:"keyword"`
		Number  string `yaml:"number"`
	} `yaml:"rules"`
	FallbackNumber string `yaml:"fallback_number"`
}

// PhoneNumber is one of the company's numbers.
type PhoneNumber struct {
	Number        string `yaml:"number"`
	Branch        string `yaml:"branch"`
	Type          string `yaml:"type"`
	RetellAgentID string `yaml:"retell_agent_id"`
	Primary       bool   `yaml:"is_primary"`
	SMS           bool   `yaml:"sms_enabled"`
	Inactive      bool   `yaml:"inactive"`
}

// Staff is a person.
type Staff struct {
	Slug         string         `yaml:"slug"`
	Name         string         `yaml:"name"`
	Branch       string         `yaml:"branch"`
	Email        string         `yaml:"email"`
	Phone        string         `yaml:"phone"`
	CalcomUserID int64          `yaml:"calcom_user_id"`
	MaxPerDay    int            `yaml:"max_appointments_per_day"`
	NotBookable  bool           `yaml:"not_bookable"`
	Inactive     bool           `yaml:"inactive"`
	WorkingHours []WorkingHours `yaml:"working_hours"`
	Vacation     []struct {
		From string `yaml:"from"`
		To   string `yaml:"to"`
	} `yaml:"vacation"`
}

// WorkingHours of one ISO weekday.
type WorkingHours struct {
	Weekday    int    `yaml:"weekday"`
	Start      string `yaml:"start"`
	End        string `yaml:"end"`
	BreakStart string `yaml:"break_start"`
	BreakEnd   string `yaml:"break_end"`
}

// Service is what callers book.
type Service struct {
	Slug                 string `yaml:"slug"`
	Name                 string `yaml:"name"`
	Branch               string `yaml:"branch"`
	Category             string `yaml:"category"`
	Description          string `yaml:"description"`
	Priority             int    `yaml:"priority"`
	DurationMinutes      int    `yaml:"duration_minutes"`
	NoticeMinutes        *int   `yaml:"minimum_booking_notice_minutes"`
	PriceCents           int64  `yaml:"price_cents"`
	RequiresConfirmation bool   `yaml:"requires_confirmation"`
	AllowCancellation    *bool  `yaml:"allow_cancellation"`
	Default              bool   `yaml:"is_default"`
	Inactive             bool   `yaml:"inactive"`
	Composite            bool   `yaml:"composite"`
	CompositeMode        string `yaml:"composite_mode"`
	ReminderPolicy       string `yaml:"reminder_policy"`
	Synonyms             []struct {
		Text       string `yaml:"text"`
		Confidence int    `yaml:"confidence"`
	} `yaml:"synonyms"`
	Segments []struct {
		Key         string `yaml:"key"`
		Name        string `yaml:"name"`
		DurationMin int    `yaml:"duration_min"`
		GapAfterMin int    `yaml:"gap_after_min"`
		SameStaff   bool   `yaml:"prefer_same_staff"`
	} `yaml:"segments"`
	EventTypes []struct {
		Staff   string `yaml:"staff"`
		Segment string `yaml:"segment"`
		ID      int64  `yaml:"id"`
	} `yaml:"event_types"`
}

// Policy of one entity (company if none is named) and type.
type Policy struct {
	Type                         string              `yaml:"type"`
	Branch                       string              `yaml:"branch"`
	Service                      string              `yaml:"service"`
	Staff                        string              `yaml:"staff"`
	HoursBefore                  *int                `yaml:"hours_before"`
	MaxCancellationsPerMonth     *int                `yaml:"max_cancellations_per_month"`
	MaxReschedulesPerMonth       *int                `yaml:"max_reschedules_per_month"`
	MaxReschedulesPerAppointment *int                `yaml:"max_reschedules_per_appointment"`
	Fee                          *int64              `yaml:"fee"`
	FeePercentage                *int                `yaml:"fee_percentage"`
	Override                     bool                `yaml:"override"`
	Enabled                      *bool               `yaml:"enabled"`
	DisabledMessage              string              `yaml:"disabled_message"`
	AllowedHours                 map[string][]string `yaml:"allowed_hours"`
	Operations                   []string            `yaml:"operations"`
	Fields                       []string            `yaml:"fields"`
	FeeTiers                     []struct {
		MinHours int   `yaml:"min_hours"`
		Fee      int64 `yaml:"fee"`
	} `yaml:"fee_tiers"`
}

// Notify says who is told of an event and how; the entity is the company if none is named.
type Notify struct {
	Branch    string `yaml:"branch"`
	Service   string `yaml:"service"`
	Staff     string `yaml:"staff"`
	Event     string `yaml:"event"`
	Recipient string `yaml:"recipient"`
	Channel   string `yaml:"channel"`
	Fallback  string `yaml:"fallback_channel"`
	Disabled  bool   `yaml:"disabled"`
	Retries   *int   `yaml:"retry_count"`
	Template  string `yaml:"template"`
	Language  string `yaml:"language"`
}

// Template is what the company says in its own words where a notification names it.
type Template struct {
	Slug    string `yaml:"slug"`
	Subject string `yaml:"subject"`
	Text    string `yaml:"text"`
	SMS     string `yaml:"sms"`
}

// Customer is somebody known before the first call.
type Customer struct {
	Name  string `yaml:"name"`
	Phone string `yaml:"phone"`
	Email string `yaml:"email"`
}

// Option says how a file is read.
type Option func(*reading)

type reading struct {
	inbox   string
	targets target.Rules
}

// Inbox is what "{inbox}" stands for: the address of a receiver for trying things out. That of the local stack may be called
// although it is none of the public ones.
func Inbox(base string) Option {
	return func(r *reading) {
		r.inbox = strings.TrimSuffix(base, "/")
		if u, err := url.Parse(base); err == nil {
			here := map[string]string{"AWS_ENDPOINT_URL": base, target.ReceiversVariable: u.Host}
			r.targets = r.targets.Locally(func(name string) string { return here[name] })
		}
	}
}

// Read reads a file for a stage ("{stage}" in references becomes its name).
func Read(name, stage string, options ...Option) (File, error) {
	raw, err := os.ReadFile(name)
	if err != nil {
		return File{}, err
	}
	f, err := Parse(raw, stage, options...)
	if err != nil {
		return f, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

// Parse reads a document; names it does not know are an error.
func Parse(raw []byte, stage string, options ...Option) (File, error) {
	var r reading
	for _, o := range options {
		o(&r)
	}
	raw = bytes.ReplaceAll(raw, []byte("{stage}"), []byte(stage))
	if r.inbox != "" {
		raw = bytes.ReplaceAll(raw, []byte("{inbox}"), []byte(r.inbox))
	}
	f := File{targets: r.targets}
	d := yaml.NewDecoder(bytes.NewReader(raw))
	d.KnownFields(true)
	if err := d.Decode(&f); err != nil {
		return f, fmt.Errorf("the file is no company: %w", err)
	}
	return f, nil
}

// withoutCalendar tells whether a company needs no account at Cal.com: its telephone only takes cases.
func (f File) withoutCalendar() bool {
	return f.Desk != nil && f.Desk.Gateway.Enabled && f.Desk.Gateway.Mode == string(desk.ServiceDesk) && f.Company.CalcomAPIKey == "" && len(f.Services) == 0
}
