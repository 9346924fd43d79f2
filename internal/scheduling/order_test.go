package scheduling_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/askpro/gateway/infra/companyfile"
	simulated "github.com/askpro/gateway/infra/simulate/calcom"
	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/calcom"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/scheduling"
	"github.com/askpro/gateway/internal/tenant"
)

const salon = `
company: {slug: salon, name: Salon, webhook_route_id: salon, retell_api_keys: ["ssm:/r"], calcom_api_key: "ssm:/key", calcom_webhook_secrets: ["ssm:/secret"]}
branches: [{slug: mitte, name: Mitte, phone: "+493012345670", business_hours: {monday: ["08:00-20:00"], tuesday: ["08:00-20:00"], wednesday: ["08:00-20:00"], thursday: ["08:00-20:00"], friday: ["08:00-20:00"]}}]
staff: [{slug: anna, name: Anna Weber, branch: mitte, email: anna@salon.example, calcom_user_id: 11}, {slug: mario, name: Mario Rossi, branch: mitte, email: mario@salon.example}]
services:
  - {slug: schnitt, name: Schnitt, duration_minutes: 30, price_cents: 2800, event_types: [{staff: anna, id: 101}, {staff: mario, id: 102}]}
  - {slug: alt, name: Altes, duration_minutes: 30, price_cents: 2800, event_types: [{staff: anna, id: 109}]}
`

// partner is Cal.com, simulated in this process, with what it told us.
type partner struct {
	*simulated.Server
	now    time.Time
	config *company.Config
	client *calcom.Client
	mu     sync.Mutex
	told   []scheduling.Notice
}

type noSecrets struct{}

// Get gives the one key.
func (noSecrets) Get(context.Context, ...string) ([]string, error) { return []string{"cal_salon"}, nil }

// begin opens the calendar on a Tuesday morning; of the service "Altes" only the calendar knows.
func begin(t testing.TB) *partner {
	t.Helper()
	p := &partner{now: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)}
	hears := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		_, kept, _ := calcom.Condense(body)
		if n, ok, err := calcom.ReadWebhook(kept); ok && err == nil {
			p.mu.Lock()
			p.told = append(p.told, n)
			p.mu.Unlock()
		}
	}))
	t.Cleanup(hears.Close)
	p.Server = simulated.New(simulated.Options{Now: func() time.Time { return p.now }, Deliver: hears.URL, Limit: 1_000_000})
	f, err := companyfile.Parse([]byte(salon), "test")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.AddCompany(f, map[string]string{"ssm:/key": "cal_salon", "ssm:/secret": "whsec"}); err != nil {
		t.Fatal(err)
	}
	if p.config, err = f.Config(); err != nil {
		t.Fatal(err)
	}
	p.config.Services = p.config.Services[:1]
	serves := httptest.NewServer(p.Handler())
	t.Cleanup(serves.Close)
	p.client = &calcom.Client{Base: serves.URL + "/v2", HTTP: serves.Client(), Secrets: noSecrets{}, Now: func() time.Time { return p.now }}
	return p
}

// does something in the calendar, half a minute after the last thing, and waits until it is told.
func (p *partner) does(t testing.TB, in simulated.Behind) simulated.Shown {
	t.Helper()
	p.now = p.now.Add(30 * time.Second)
	in.Company, in.Webhook = "salon", true
	shown, err := p.Behind(in)
	if err != nil {
		t.Fatal(err)
	}
	p.hear(t)
	return shown
}

func (p *partner) hear(t testing.TB) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); p.Left() != ""; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("webhooks do not arrive")
		}
	}
}

var salonID = tenant.Proven(ident.Derive("company", "salon"))

// anew is an empty table with a scheduler over it; ids count up.
func (p *partner) anew() (*memory, *scheduling.Scheduler) {
	m, n := newMemory(), 0
	return m, &scheduling.Scheduler{
		Store: m, Calendar: p.client, Now: func() time.Time { return p.now }, PlaceholderDomain: "nobody.example",
		NewID: func() string { n++; return fmt.Sprintf("ID%04d", n) }, Alarm: func(context.Context, string, string) {},
	}
}

var ids = regexp.MustCompile(`ID\d{4}`)

// state is everything that stands in the table, but for the numbers of versions and the names of ids.
func (m *memory) state() string {
	var lines []string
	for key, r := range m.records {
		text := string(r.raw)
		if strings.HasPrefix(key, "day/") { // counts how often the calendar changed
			text = regexp.MustCompile(`"calendar":\d+`).ReplaceAllString(text, "")
		}
		if strings.HasPrefix(key, "once/") || strings.HasPrefix(key, "host/") {
			continue
		}
		lines = append(lines, ids.ReplaceAllString(key+" "+text, "ID"))
	}
	slices.Sort(lines)
	facts := slices.Clone(m.facts)
	slices.Sort(facts)
	return strings.Join(append(lines, facts...), "\n")
}

// orders lists every order of n things, each of them also with one thing twice.
func orders(n int) (list [][]int) {
	var grow func(done []int, left []int)
	grow = func(done, left []int) {
		if len(left) == 0 {
			list = append(list, slices.Clone(done))
			return
		}
		for i, x := range left {
			grow(append(slices.Clone(done), x), slices.Delete(slices.Clone(left), i, i+1))
		}
	}
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	grow(nil, all)
	for twice := range n {
		grow(nil, append(slices.Clone(all), twice))
	}
	return list
}

// ours is an appointment that was booked by phone, and its booking at Cal.com.
func (p *partner) ours(t testing.TB) (booking.Appointment, simulated.Shown) {
	t.Helper()
	b := p.does(t, simulated.Behind{
		Action: "made", Service: "schnitt", Staff: "anna", Start: "2026-11-26T10:00", UID: "unser", Name: "Erika Muster", Email: "erika@muster.example",
		Metadata: map[string]any{scheduling.MetaAppointment: "A1"},
	})
	p.told = nil
	return booking.Appointment{
		ID: "A1", BranchID: p.config.Branches[0].ID, CustomerID: "K1", ContactKey: "+4915112345678", ServiceID: p.config.Services[0].ID, StaffID: p.config.Staff[0].ID,
		Resource: p.config.Staff[0].ID, StartsAt: b.Start.UTC(), EndsAt: b.End.UTC(), Timezone: "Europe/Berlin", Status: booking.Confirmed, Source: "phone", SyncOrigin: "system",
		AttendeeName: "Erika Muster", AttendeeEmail: "erika@muster.example", AttendeePhone: "+4915112345678", EventTypeID: 101, BookingID: b.ID, UID: b.UID, HostID: 11,
		SyncStatus: booking.Synced, ChangedAt: p.now, CreatedAt: p.now,
	}, b
}

// with puts an appointment into a table as a booking by phone leaves it there.
func (m *memory) with(t testing.TB, a booking.Appointment, now time.Time) {
	t.Helper()
	date := company.Branch{Timezone: "Europe/Berlin"}.Day(a.StartsAt)
	card := customer.Card{Key: a.ContactKey, CustomerID: a.CustomerID, Name: a.AttendeeName}.With(customer.Upcoming{AppointmentID: a.ID, ServiceID: a.ServiceID, StaffID: a.StaffID, Start: a.StartsAt.Unix(), End: a.EndsAt.Unix()}, now)
	err := m.Commit(t.Context(), salonID, &ledger.Step{
		Appointments: []*booking.Appointment{&a}, Claims: []booking.Claim{{UID: a.UID, AppointmentID: a.ID, ChangedAt: a.ChangedAt}}, Card: &card,
		Customer: &customer.Customer{ID: a.CustomerID, Name: a.AttendeeName, Phone: a.ContactKey},
		Days:     []booking.Day{booking.Day{Resource: a.Resource, Date: date}.With(booking.Entry{Start: a.StartsAt.Unix(), End: a.EndsAt.Unix(), Kind: booking.Ours, Owner: a.ID}, now)},
	})
	if err != nil {
		t.Fatal(err)
	}
	m.facts = nil
}

// TestTheOrderOfWebhooksDoesNotMatter lets the webhooks of a booking's life arrive in every order, and in every order with
// each of them twice: what stands in the table in the end, and who was told of what, is the same.
func TestTheOrderOfWebhooksDoesNotMatter(t *testing.T) {
	t.Parallel()
	move := func(p *partner, t *testing.T, uid, to string) string {
		return p.does(t, simulated.Behind{Action: "moved", UID: uid, Start: to}).UID
	}
	for _, tt := range []struct {
		name    string
		service string // of a foreign booking; empty: ours
		lives   func(p *partner, t *testing.T, uid string)
		wants   []string
	}{
		{"ours is moved twice", "", func(p *partner, t *testing.T, uid string) {
			move(p, t, move(p, t, uid, "2026-11-26T12:00"), "2026-11-27T09:00")
		}, []string{`"status":"confirmed"`, `"starts_at":"2026-11-27T08:00:00Z"`, `"sequence":2`, "appointment.confirmed.v1 version 2"}},
		{"ours is moved and cancelled", "", func(p *partner, t *testing.T, uid string) {
			p.does(t, simulated.Behind{Action: "cancelled", UID: move(p, t, uid, "2026-11-26T12:00")})
		}, []string{`"status":"cancelled"`, `"sequence":2`, "appointment.cancelled.v1 version 2 by staff"}},
		{"ours is cancelled and another date asked for", "", func(p *partner, t *testing.T, uid string) {
			p.does(t, simulated.Behind{Action: "cancelled", UID: uid, NewDate: true})
		}, []string{`"status":"cancelled"`, `"new_date_wished":true`, `"priority":"normal"`, "callback.requested.v1"}},
		{"ours is moved and not attended, which is taken back", "", func(p *partner, t *testing.T, uid string) {
			uid = move(p, t, uid, "2026-11-26T12:00")
			p.does(t, simulated.Behind{Action: "absent", UID: uid})
			p.does(t, simulated.Behind{Action: "present", UID: uid})
		}, []string{`"starts_at":"2026-11-26T11:00:00Z"`, `"status":"completed"`, `"no_show_count":0`}},
		{"ours is not attended", "", func(p *partner, t *testing.T, uid string) {
			p.does(t, simulated.Behind{Action: "absent", UID: move(p, t, uid, "2026-11-26T12:00")})
		}, []string{`"status":"no_show"`, `"no_show_count":1`}},
		{"a foreign one is made and moved three times", "schnitt", func(p *partner, t *testing.T, uid string) {
			move(p, t, move(p, t, move(p, t, uid, "2026-11-26T12:00"), "2026-11-27T09:00"), "2026-11-27T11:00")
		}, []string{`"source":"calcom"`, `"sync_origin":"calcom"`, `"status":"confirmed"`, `"sequence":3`, `"type":"imported"`, "appointment.confirmed.v1 version 3"}},
		{"a foreign one is made, moved and cancelled", "schnitt", func(p *partner, t *testing.T, uid string) {
			p.does(t, simulated.Behind{Action: "cancelled", UID: move(p, t, uid, "2026-11-26T12:00"), NewDate: true})
		}, []string{`"status":"cancelled"`, `"sequence":2`, `"new_date_wished":true`}},
		{"a foreign one of an event type nobody knows is made, moved and cancelled", "alt", func(p *partner, t *testing.T, uid string) {
			p.does(t, simulated.Behind{Action: "cancelled", UID: move(p, t, uid, "2026-11-26T12:00")})
		}, []string{`"foreign"`, `"status":"cancelled"`}},
		{"a foreign one of an event type nobody knows is made and moved", "alt", func(p *partner, t *testing.T, uid string) {
			move(p, t, move(p, t, uid, "2026-11-26T12:00"), "2026-11-27T09:00")
		}, []string{`"foreign"`, `"k":"foreign"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := begin(t)
			var a booking.Appointment
			if tt.service == "" {
				var b simulated.Shown
				a, b = p.ours(t)
				tt.lives(p, t, b.UID)
			} else {
				b := p.does(t, simulated.Behind{Action: "made", Service: tt.service, Staff: "anna", Start: "2026-11-26T10:00", Name: "Frieda Fremd", Email: "frieda@fremd.example", Phone: "+4917012345678"})
				tt.lives(p, t, b.UID)
			}
			p.now = p.now.Add(time.Minute)
			var first string
			for _, order := range orders(len(p.told)) {
				m, s := p.anew()
				if tt.service == "" {
					m.with(t, a, p.now)
				}
				for _, i := range order {
					if err := s.Apply(t.Context(), salonID, p.config, p.told[i]); err != nil {
						t.Fatalf("%v: %v", order, err)
					}
				}
				got := m.state()
				if first == "" {
					first = got
					for _, w := range tt.wants {
						if !strings.Contains(got, w) {
							t.Errorf("no %s in\n%s", w, got)
						}
					}
				}
				if got != first {
					t.Fatalf("the order %v ends in\n%s\n\nanother one in\n%s", order, got, first)
				}
			}
		})
	}
}

// TestWebhooksWhileThingsHappen lets a booking live, and applies what was told so far at any time, late, twice or not at
// all; when everything has arrived, the same stands in the table as if nobody had looked before the end.
func TestWebhooksWhileThingsHappen(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		p := begin(t)
		m, s := p.anew()
		foreign := rapid.Bool().Draw(r, "foreign")
		apply := func(s *scheduling.Scheduler, i int) {
			if err := s.Apply(t.Context(), salonID, p.config, p.told[i]); err != nil {
				r.Fatal(err)
			}
		}
		var a booking.Appointment
		var uid string
		if foreign {
			service := rapid.SampledFrom([]string{"schnitt", "alt"}).Draw(r, "service")
			uid = p.does(t, simulated.Behind{Action: "made", Service: service, Staff: "anna", Start: "2026-11-26T10:00", Name: "Frieda Fremd", Email: "frieda@fremd.example"}).UID
		} else {
			var b simulated.Shown
			a, b = p.ours(t)
			m.with(t, a, p.now)
			uid = b.UID
		}
		for step := range rapid.IntRange(0, 5).Draw(r, "steps") {
			switch rapid.IntRange(0, 5).Draw(r, "what") {
			case 0:
				if len(p.told) > 0 && step > 0 {
					p.does(t, simulated.Behind{Action: "cancelled", UID: uid})
					uid = ""
				}
			default:
				uid = p.does(t, simulated.Behind{Action: "moved", UID: uid, Start: fmt.Sprintf("2026-11-%dT%02d:00", 26+step%2, 9+step)}).UID
			}
			for range rapid.IntRange(0, 2).Draw(r, "arrivals") {
				if len(p.told) > 0 {
					apply(s, rapid.IntRange(0, len(p.told)-1).Draw(r, "which"))
				}
			}
			if uid == "" {
				break
			}
		}
		p.now = p.now.Add(time.Duration(rapid.IntRange(1, 20).Draw(r, "minutes later")) * time.Minute)
		for _, i := range rapid.Permutation(indices(len(p.told))).Draw(r, "order") {
			apply(s, i)
		}
		afterwards, s2 := p.anew()
		if !foreign {
			afterwards.with(t, a, p.now)
		}
		for i := range p.told {
			apply(s2, i)
		}
		if got, want := m.gist(), afterwards.gist(); got != want {
			r.Fatalf("in the end\n%s\n\nat once\n%s", got, want)
		}
	})
}

func indices(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// gist is what a booking came to, without how: whose uids, what time of whose days, which status.
func (m *memory) gist() string {
	var lines []string
	for key, r := range m.records {
		switch kind, _, _ := strings.Cut(key, "/"); kind {
		case "appointment":
			var a booking.Appointment
			load(m, key, &a)
			lines = append(lines, fmt.Sprintln(a.Status, a.UID, a.PreviousUIDs, a.StartsAt, a.EndsAt, a.Sequence, a.StaffID, a.Resource, a.SyncStatus, a.NeedsReview, a.CustomerID != ""))
		case "claim":
			var c booking.Claim
			load(m, key, &c)
			lines = append(lines, fmt.Sprintln(c.UID, c.AppointmentID != "", c.Foreign != nil && c.Foreign.Status != "cancelled"))
		case "day":
			var d booking.Day
			load(m, key, &d)
			for _, e := range d.Entries {
				lines = append(lines, fmt.Sprintln(key, e.Kind, e.Start, e.End))
			}
		case "card":
			lines = append(lines, ids.ReplaceAllString(key+string(r.raw)+"\n", "ID"))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}
