package calcom

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/askpro/gateway/infra/companyfile"
	"github.com/askpro/gateway/internal/company"
)

// account is one company as Cal.com knows it: its key, its people, its event types.
type account struct {
	slug       string
	route      string // of the webhook URL
	key        string
	secret     string // signs the webhooks
	zone       *time.Location
	eventTypes map[int64]*eventType
}

type eventType struct {
	id       int64
	service  companyfile.Service // of the event type of a segment: its name, slug and length
	every    time.Duration       // the distance of the starts that are offered
	host     companyfile.Staff   // without slug: the account itself, nobody in particular
	branch   company.Branch
	confirms bool // the host has to say yes
	changed  EventType
}

func (e *eventType) minutes() time.Duration {
	if e.changed.Minutes != 0 {
		return time.Duration(e.changed.Minutes) * time.Minute
	}
	return time.Duration(e.service.DurationMinutes) * time.Minute
}

// title is the service's name, until somebody changes it in the calendar.
func (e *eventType) title() string { return cmp.Or(e.changed.Title, e.service.Name) }

// eventType by id; nil when there is none any more.
func (a *account) eventType(id int64) *eventType {
	if e := a.eventTypes[id]; e != nil && !e.changed.Gone {
		return e
	}
	return nil
}

// resource is whose calendar a booking fills.
func (e *eventType) resource() string {
	if e.host.Slug == "" {
		return "event-type/" + fmt.Sprint(e.id)
	}
	return e.host.Slug
}

// newAccount reads a company's file as its Cal.com account: event types of its services, open in the branch's hours.
// Public holidays are unknown to Cal.com.
func newAccount(f companyfile.File, secrets map[string]string) (*account, error) {
	a := &account{slug: f.Company.Slug, route: f.Company.WebhookRouteID, key: secrets[f.Company.CalcomAPIKey], eventTypes: map[int64]*eventType{}}
	if len(f.Company.CalcomWebhookSecrets) > 0 {
		a.secret = secrets[f.Company.CalcomWebhookSecrets[0]]
	}
	if a.key == "" {
		return nil, fmt.Errorf("company %s: %s has no value", a.slug, f.Company.CalcomAPIKey)
	}
	a.zone = company.Branch{Timezone: f.Company.Timezone}.Location()
	branches := map[string]company.Branch{}
	for _, b := range f.Branches {
		branches[b.Slug] = company.Branch{
			Name: b.Name, Timezone: b.Timezone, BusinessHours: b.BusinessHours, Address: b.Address, PostalCode: b.PostalCode, City: b.City,
		}
	}
	staff := map[string]companyfile.Staff{"": {Name: f.Company.Name, Email: a.email(), CalcomUserID: ownerID}}
	for _, p := range f.Staff {
		staff[p.Slug] = p
	}
	for _, s := range f.Services {
		for _, e := range s.EventTypes {
			where := s.Branch
			if p := staff[e.Staff]; p.Branch != "" {
				where = p.Branch
			}
			if where == "" && len(f.Branches) > 0 {
				where = f.Branches[0].Slug
			}
			what, every := part(s, e.Segment)
			a.eventTypes[e.ID] = &eventType{
				id: e.ID, service: what, every: every, host: staff[e.Staff], branch: branches[where], confirms: s.RequiresConfirmation,
			}
		}
	}
	return a, nil
}

// part is what an event type is for: the service, or one of its segments, which is an event type of its own at Cal.com. A
// company sets the starts of later segments close together, or they could not follow the first one.
func part(s companyfile.Service, segment string) (companyfile.Service, time.Duration) {
	for i, x := range s.Segments {
		if x.Key != segment || segment == "" {
			continue
		}
		s.Name, s.Slug, s.DurationMinutes = s.Name+": "+x.Name, s.Slug+"-"+strings.ToLower(x.Key), x.DurationMin
		if i > 0 {
			return s, 5 * time.Minute
		}
	}
	return s, step
}

// ownerID is the user of an account that is none of the staff.
const ownerID = 1

func (a *account) email() string { return a.slug + "@cal.example" }

// username of the host at Cal.com.
func (e *eventType) username(a *account) string {
	if e.host.Slug == "" {
		return a.slug
	}
	return e.host.Slug
}

// location is where the appointment takes place: "Straße 1, 10115 Berlin".
func (e *eventType) location() string {
	return e.branch.Address + ", " + strings.TrimSpace(e.branch.PostalCode+" "+e.branch.City)
}

// find names an event type by a service and a member of staff, each by slug, name or first name.
func (a *account) find(service, staff string) (*eventType, error) {
	var best *eventType
	for _, e := range a.eventTypes {
		if !called(service, e.service.Slug, e.service.Name) || (staff != "" && !called(staff, e.host.Slug, e.host.Name)) {
			continue
		}
		if best == nil || e.id < best.id {
			best = e
		}
	}
	if best == nil {
		return nil, fmt.Errorf("%s has no event type for service %q and staff %q", a.slug, service, staff)
	}
	return best, nil
}

// called: a slug, the whole name, or a first or last name ("Lena" of Dr. Lena Vogt).
func called(word, slug, name string) bool {
	fits := func(x string) bool { return strings.EqualFold(word, x) && !strings.HasSuffix(x, ".") }
	return fits(slug) || strings.EqualFold(word, name) || slices.ContainsFunc(strings.Fields(name), fits)
}

// step is how far apart starts are, where nothing else is set.
const step = 15 * time.Minute

// slots are the bookable starts in [from, to); the time of a booking that is to be moved counts as free.
func (s *Server) slots(a *account, e *eventType, from, to time.Time, moving string) []time.Time {
	var out []time.Time
	for day := e.branch.Day(from); !e.branch.At(day, 0).After(to); day = day.AddDays(1) {
		for _, r := range e.branch.Open(day) {
			last := e.branch.At(day, r.To).Add(-e.minutes())
			for at := e.branch.At(day, r.From); !at.After(last); at = at.Add(e.every) {
				if !at.Before(from) && at.Before(to) && at.After(s.now()) && s.free(a, e, at, moving) {
					out = append(out, at)
				}
			}
		}
	}
	return out
}

// opens tells whether a start lies in the branch's hours.
func (e *eventType) opens(at time.Time) bool {
	day := e.branch.Day(at)
	for _, r := range e.branch.Open(day) {
		if !at.Before(e.branch.At(day, r.From)) && !at.Add(e.minutes()).After(e.branch.At(day, r.To)) {
			return true
		}
	}
	return false
}

// free tells whether the host has nothing live at that time, but for a booking being moved.
func (s *Server) free(a *account, e *eventType, at time.Time, except string) bool {
	end := at.Add(e.minutes())
	for _, b := range s.bookings {
		if b.account == a && b.live() && b.uid != except && b.eventType.resource() == e.resource() && b.start.Before(end) && at.Before(b.end) {
			return false
		}
	}
	return true
}
