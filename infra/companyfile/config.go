package companyfile

import (
	"errors"
	"fmt"
	"net/mail"
	"regexp"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/holiday"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/notify"
	"github.com/askpro/gateway/internal/phone"
	"github.com/askpro/gateway/internal/tenant"
)

// wrong collects what is wrong with a file.
type wrong struct{ all []error }

func (w *wrong) say(format string, a ...any) { w.all = append(w.all, fmt.Errorf(format, a...)) }

var (
	slug   = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,40}$`)
	secret = regexp.MustCompile(`^(ssm:/|secretsmanager:)[A-Za-z0-9/_.:\-]+$`)
)

// Tenant is whose file it is.
func (f File) Tenant() tenant.ID { return tenant.Proven(ident.Derive("company", f.Company.Slug)) }

// Config makes the configuration of a file. Ids belong to the slugs, so that the same file gives the same ids everywhere.
// Everything that is wrong is reported at once.
func (f File) Config() (*company.Config, error) {
	w := &wrong{}
	c := &company.Config{Company: f.company(w)}
	id := func(kind, slug string) string { return ident.Derive(kind, f.Company.Slug, slug) }
	branches := map[string]bool{}
	for _, b := range f.Branches {
		w.slug("branch", b.Slug, branches)
		c.Branches = append(c.Branches, b.branch(w, id("branch", b.Slug), f.Company.Timezone))
	}
	branchID := func(what, slug string, needed bool) string {
		if slug == "" && !needed {
			return ""
		}
		if !branches[slug] {
			w.say("%s: there is no branch %q", what, slug)
		}
		return id("branch", slug)
	}
	for _, n := range f.PhoneNumbers {
		e164, err := phone.Parse(n.Number)
		if err != nil {
			w.say("phone number %q: %w", n.Number, err)
		}
		c.Numbers = append(c.Numbers, company.PhoneNumber{
			ID: id("number", string(e164)), BranchID: branchID("phone number "+n.Number, n.Branch, true), Number: n.Number, E164: string(e164),
			Type: n.Type, RetellAgentID: n.RetellAgentID, Active: !n.Inactive, Primary: n.Primary, SMS: n.SMS,
		})
	}
	staff, hosts := map[string]bool{}, map[int64]string{}
	for _, p := range f.Staff {
		w.slug("staff", p.Slug, staff)
		if other := hosts[p.CalcomUserID]; other != "" && p.CalcomUserID != 0 {
			w.say("staff %s: calcom_user_id %d is that of %s", p.Slug, p.CalcomUserID, other)
		}
		hosts[p.CalcomUserID] = p.Slug
		c.Staff = append(c.Staff, p.staff(w, id("staff", p.Slug), branchID("staff "+p.Slug, p.Branch, true)))
	}
	services := map[string]bool{}
	for _, s := range f.Services {
		w.slug("service", s.Slug, services)
		c.Services = append(c.Services, s.service(w, id("service", s.Slug), branchID("service "+s.Slug, s.Branch, false), func(who string) string {
			if who != "" && !staff[who] {
				w.say("service %s: there is no staff %q", s.Slug, who)
			}
			if who == "" {
				return ""
			}
			return id("staff", who)
		}))
	}
	c.Policies = f.policies(w, id, map[string]map[string]bool{"branch": branches, "service": services, "staff": staff})
	for _, n := range f.Notify {
		n.check(w)
		rule := company.NotificationRule{
			Event: n.Event, Recipient: n.Recipient, Channel: n.Channel, Fallback: n.Fallback, Disabled: n.Disabled, Retries: n.Retries, Template: n.Template, Language: n.Language,
			BranchID: branchID("notification "+n.Event, n.Branch, false),
		}
		if n.Service != "" {
			if !services[n.Service] {
				w.say("notification %s: there is no service %q", n.Event, n.Service)
			}
			rule.ServiceID = id("service", n.Service)
		}
		if n.Staff != "" {
			if !staff[n.Staff] {
				w.say("notification %s: there is no staff %q", n.Event, n.Staff)
			}
			rule.StaffID = id("staff", n.Staff)
		}
		c.Company.Notifications = append(c.Company.Notifications, rule)
	}
	twice(w, f.Notify)
	for _, t := range f.Templates {
		if !slug.MatchString(t.Slug) {
			w.say("notification template: the slug %q is not lower-case letters, digits and dashes", t.Slug)
		}
		c.Company.Templates = append(c.Company.Templates, company.NotificationTemplate{Slug: t.Slug, Subject: t.Subject, Text: t.Text, SMS: t.SMS})
	}
	w.all = append(w.all, notify.CheckRules(c)...)
	return c, errors.Join(w.all...)
}

func (w *wrong) slug(kind, s string, seen map[string]bool) {
	if !slug.MatchString(s) {
		w.say("%s: the slug %q is not lower-case letters, digits and dashes", kind, s)
	}
	if seen[s] {
		w.say("%s: the slug %q stands there twice", kind, s)
	}
	seen[s] = true
}

func (w *wrong) email(what, address string) {
	if address == "" {
		return
	}
	if a, err := mail.ParseAddress(address); err != nil || a.Address != address {
		w.say("%s: %q is no e-mail address", what, address)
	}
}

func (w *wrong) zone(what, name string) string {
	if name == "" {
		name = "Europe/Berlin"
	}
	if _, err := time.LoadLocation(name); err != nil {
		w.say("%s: the time zone %q is unknown", what, name)
	}
	return name
}

func (w *wrong) hours(what string, week map[string][]string) {
	for day, ranges := range week {
		if !strings.Contains(" monday tuesday wednesday thursday friday saturday sunday ", " "+day+" ") {
			w.say("%s: %q is no weekday; write monday to sunday", what, day)
		}
		for _, r := range ranges {
			if _, err := company.ParseRange(r); err != nil {
				w.say("%s, %s: %w", what, day, err)
			}
		}
	}
}

func (f File) company(w *wrong) company.Company {
	c := f.Company
	if !slug.MatchString(c.Slug) {
		w.say("company: the slug %q is not lower-case letters, digits and dashes", c.Slug)
	}
	if c.Name == "" {
		w.say("company: the name is missing")
	}
	if c.WebhookRouteID == "" {
		w.say("company: webhook_route_id is missing; take a long random text")
	}
	for _, ref := range append(append([]string{c.CalcomAPIKey}, c.RetellAPIKeys...), c.CalcomWebhookSecrets...) {
		if ref == "" && f.withoutCalendar() {
			continue
		}
		if !secret.MatchString(ref) {
			w.say("company: %q is no reference to a secret; write ssm:/path or secretsmanager:name", ref)
		}
	}
	if len(c.RetellAPIKeys) == 0 {
		w.say("company: retell_api_keys is empty: nobody could be heard")
	}
	if by := c.ConfirmationBy; by != "" && by != "askpro" && by != "calcom" {
		w.say("company: confirmation_by is askpro or calcom, not %q", by)
	}
	return company.Company{
		ID: ident.Derive("company", c.Slug), Name: c.Name, Slug: c.Slug, Active: !c.Inactive, Locale: c.Locale, Timezone: w.zone("company", c.Timezone),
		WebhookRouteID: c.WebhookRouteID, RetellAPIKeys: c.RetellAPIKeys, CalcomAPIKey: c.CalcomAPIKey, CalcomWebhookSecrets: c.CalcomWebhookSecrets,
		CalcomTeamID: c.CalcomTeamID, BookingNoticeMinutes: c.BookingNoticeMinutes, ConfirmationBy: c.ConfirmationBy, Recording: c.Recording,
		SMTP: c.smtp(w), SMSSender: c.sender(w),
	}
}

// smtp is the company's own mail server.
func (c Company) smtp(w *wrong) *company.SMTPServer {
	s := c.SMTP
	if s == nil {
		return nil
	}
	if s.Host == "" || s.From == "" || s.Port < 1 || s.Port > 65535 {
		w.say("company: smtp needs host, port and from")
	}
	w.email("company, smtp", s.From)
	if s.Port == 465 {
		w.say("company: smtp: port 465 speaks TLS from the first byte; we begin with STARTTLS, which servers speak on 587")
	}
	if (s.User == "") != (s.Password == "") {
		w.say("company: smtp has a user without password, or the other way round")
	}
	for _, ref := range []string{s.User, s.Password} {
		if ref != "" && !secret.MatchString(ref) {
			w.say("company: smtp: %q is no reference to a secret; write ssm:/path or secretsmanager:name", ref)
		}
	}
	return &company.SMTPServer{Host: s.Host, Port: s.Port, User: s.User, Password: s.Password, From: s.From}
}

// senderID is what a text message may show as its sender: a number, or up to eleven letters, digits and dashes (3GPP TS 23.040
// §9.1.2.5; End User Messaging takes no blanks), of which one is a letter.
var senderID = regexp.MustCompile(`^(\+[0-9]{7,15}|[A-Za-z0-9-]{1,11})$`)

func (c Company) sender(w *wrong) string {
	s := c.SMSSender
	if s != "" && (!senderID.MatchString(s) || s[0] != '+' && strings.Trim(s, "0123456789-") == "") {
		w.say("company: sms_sender %q is neither a number (+49…) nor up to eleven letters, digits and dashes", s)
	}
	return c.SMSSender
}

func (b Branch) branch(w *wrong, id, zone string) company.Branch {
	what := "branch " + b.Slug
	if b.Timezone == "" {
		b.Timezone = zone
	}
	w.email(what, b.Email)
	w.hours(what, b.BusinessHours)
	if b.Land != "" && !holiday.Land(b.Land).Valid() {
		w.say("%s: bundesland %q is none of BW, BY, BE, …", what, b.Land)
	}
	out := company.Branch{
		ID: id, Name: b.Name, Slug: b.Slug, Address: b.Address, PostalCode: b.PostalCode, City: b.City, Country: b.Country, Land: b.Land,
		Phone: b.Phone, Email: b.Email, Active: !b.Inactive, Timezone: w.zone(what, b.Timezone), RetellAgentID: b.RetellAgentID,
		BusinessHours: b.BusinessHours, ClosedOnPublicHolidays: b.ClosedOnPublicHolidays == nil || *b.ClosedOnPublicHolidays,
		Forwarding: company.Forwarding{FallbackNumber: b.Forwarding.FallbackNumber}, AssignCallbacks: b.AssignCallbacks,
	}
	for _, d := range b.SpecialDays {
		if _, err := time.Parse(time.DateOnly, d.Date); err != nil {
			w.say("%s: special day %q is no date; write 2026-12-24", what, d.Date)
		}
		w.hours(what, map[string][]string{"monday": d.Ranges})
		out.SpecialDays = append(out.SpecialDays, company.SpecialDay{Date: d.Date, Ranges: d.Ranges})
	}
	for _, r := range b.Forwarding.Rules {
		out.Forwarding.Rules = append(out.Forwarding.Rules, company.ForwardingRule{Trigger: r.Trigger, Keyword: r.Keyword, Number: r.Number})
	}
	return out
}

func (p Staff) staff(w *wrong, id, branchID string) company.Staff {
	w.email("staff "+p.Slug, p.Email)
	out := company.Staff{
		ID: id, BranchID: branchID, Name: p.Name, Slug: p.Slug, Email: p.Email, Phone: p.phone(w), Active: !p.Inactive, Bookable: !p.NotBookable,
		CalcomUserID: p.CalcomUserID, MaxPerDay: p.MaxPerDay,
	}
	for _, h := range p.WorkingHours {
		if h.Weekday < 1 || h.Weekday > 7 {
			w.say("staff %s: weekday %d is not 1 (Monday) to 7", p.Slug, h.Weekday)
		}
		out.WorkingHours = append(out.WorkingHours, company.WorkingHours(h))
	}
	for _, v := range p.Vacation {
		out.Vacation = append(out.Vacation, company.Vacation{From: v.From, To: v.To})
	}
	return out
}

// phone of a member of staff, for text messages.
func (p Staff) phone(w *wrong) string {
	if p.Phone == "" {
		return ""
	}
	n, err := phone.Parse(p.Phone)
	if err != nil {
		w.say("staff %s: %w", p.Slug, err)
	}
	return string(n)
}

func (s Service) service(w *wrong, id, branchID string, staffID func(slug string) string) company.Service {
	if s.DurationMinutes <= 0 {
		w.say("service %s: duration_minutes must be above 0", s.Slug)
	}
	out := company.Service{
		ID: id, BranchID: branchID, Name: s.Name, Slug: s.Slug, Category: s.Category, Description: s.Description, Active: !s.Inactive,
		Default: s.Default, Priority: s.Priority, DurationMinutes: s.DurationMinutes, NoticeMinutes: s.NoticeMinutes, PriceCents: s.PriceCents,
		RequiresConfirmation: s.RequiresConfirmation, Composite: s.Composite, CompositeMode: s.CompositeMode, AllowCancellation: s.AllowCancellation,
		ReminderPolicy: s.ReminderPolicy,
	}
	for _, x := range s.Synonyms {
		out.Synonyms = append(out.Synonyms, company.Synonym{Text: x.Text, Confidence: x.Confidence})
	}
	total, segments := 0, map[string]bool{}
	for _, x := range s.Segments {
		if x.Key == "" || len(x.Key) > 40 || segments[x.Key] {
			w.say("service %s: the segment key %q is missing, too long or stands there twice", s.Slug, x.Key)
		}
		if x.DurationMin <= 0 || x.GapAfterMin < 0 {
			w.say("service %s: segment %s takes %d minutes, with %d after it", s.Slug, x.Key, x.DurationMin, x.GapAfterMin)
		}
		total += x.DurationMin + x.GapAfterMin
		out.Segments = append(out.Segments, company.Segment{Key: x.Key, Name: x.Name, DurationMin: x.DurationMin, GapAfterMin: x.GapAfterMin, PreferSameStaff: x.SameStaff})
		segments[x.Key] = true
	}
	if s.Composite && total != s.DurationMinutes {
		w.say("service %s: its segments and gaps take %d minutes, its duration is %d", s.Slug, total, s.DurationMinutes)
	}
	seen := map[int64]bool{}
	for _, e := range s.EventTypes {
		if e.ID <= 0 || seen[e.ID] {
			w.say("service %s: event type %d is missing or stands there twice", s.Slug, e.ID)
		}
		seen[e.ID] = true
		if e.Segment != "" && !segments[e.Segment] {
			w.say("service %s: event type %d is for the segment %q, which there is not", s.Slug, e.ID, e.Segment)
		}
		out.EventTypes = append(out.EventTypes, company.EventType{StaffID: staffID(e.Staff), Segment: e.Segment, ID: e.ID})
	}
	switch s.CompositeMode {
	case "", "block":
	case "segments":
		if !s.Composite || len(s.Segments) == 0 {
			w.say("service %s: composite_mode segments needs composite and segments", s.Slug)
		}
	default:
		w.say("service %s: composite_mode is block or segments, not %q", s.Slug, s.CompositeMode)
	}
	switch s.ReminderPolicy {
	case "", "single", "per_segment", "none":
	default:
		w.say("service %s: reminder_policy is single, per_segment or none, not %q", s.Slug, s.ReminderPolicy)
	}
	return out
}

// People are the customers of a file.
func (f File) People(now time.Time) ([]customer.Customer, error) {
	w := &wrong{}
	var list []customer.Customer
	for _, p := range f.Customers {
		w.email("customer "+p.Name, p.Email)
		number, err := phone.Parse(p.Phone)
		if err != nil {
			w.say("customer %s: %w", p.Name, err)
		}
		list = append(list, customer.Customer{
			ID: ident.Derive("customer", f.Company.Slug, string(number)), Name: p.Name, NameSource: "manual", Phone: string(number), Email: p.Email,
			Identity: "known", Source: "manual", CreatedAt: now,
		})
	}
	return list, errors.Join(w.all...)
}
