// Package calcom simulates Cal.com: API v2 as we use it, its webhooks, and its known nastiness on request (it books and
// answers 500, books and times out, answers with somebody else's booking, loses and repeats webhooks). Its one rule: it
// answers as the protocol notes say Cal.com does, not as would be handy for us. It knows the files of companies and
// nothing of our product.
package calcom

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/askpro/gateway/infra/companyfile"
)

// Options of a server.
type Options struct {
	Now     func() time.Time      // the stack's clock; nil: the system's
	Deliver string                // base of the webhook URLs: the front door
	Kill    func(function string) // ends the function's busy processes, for faults of mode kill
	Limit   int                   // requests per key and minute; 0: Cal.com's 120
	Take    func(Webhook)         // gets the webhooks at once and in order, instead of Deliver
}

// Server is Cal.com for the companies it was told of. It is safe for concurrent use.
type Server struct {
	Options
	mu       sync.Mutex
	accounts map[string]*account // by key
	bookings []*booking
	numbers  int64
	faults   faults
	requests []Request
	windows  map[string]*window // by key
	webhooks int                // on their way
	hushed   bool               // no webhooks: something is being done behind our back
	http     *http.Client
}

// New makes a server without companies.
func New(o Options) *Server {
	if o.Limit == 0 {
		o.Limit = 120
	}
	if o.Kill == nil {
		o.Kill = func(string) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Server{
		Options: o, accounts: map[string]*account{}, windows: map[string]*window{}, numbers: 48000,
		http: &http.Client{
			Timeout: 20 * time.Second,
			// Cal.com follows no redirect of a webhook: a 3xx is a lost one.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// now is in UTC, as everything that Cal.com writes without being asked for a zone.
func (s *Server) now() time.Time { return s.Now().UTC() }

// AddCompany opens an account; secrets are the values of the file's references. Telling of a company again replaces its
// settings and keeps its bookings. A key that is another company's is an error.
func (s *Server) AddCompany(f companyfile.File, secrets map[string]string) error {
	if f.Company.CalcomAPIKey == "" {
		return nil // a company without calendar has no account
	}
	a, err := newAccount(f, secrets)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if other := s.accounts[a.key]; other != nil && other.slug != a.slug {
		return fmt.Errorf("company %s: its key of Cal.com is that of %s; give each company its own", a.slug, other.slug)
	}
	for key, old := range s.accounts {
		if old.slug == a.slug {
			delete(s.accounts, key)
			for _, b := range s.bookings {
				if b.account == old {
					b.account = a
				}
			}
		}
	}
	s.accounts[a.key] = a
	return nil
}

// Reset forgets bookings, faults, requests and what was changed about event types; the companies stay.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bookings, s.requests, s.windows = nil, nil, map[string]*window{}
	s.faults = faults{}
	for _, a := range s.accounts {
		for _, e := range a.eventTypes {
			e.changed = EventType{}
		}
	}
}

// Left says what is still on its way; empty: nothing.
func (s *Server) Left() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.webhooks == 0 {
		return ""
	}
	return fmt.Sprintf("%d webhooks of Cal.com", s.webhooks)
}

// Handler serves the API below /v2 and the controls below /_sim.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, call := range map[string]http.HandlerFunc{
		"GET /v2/me":                          s.api("me", "", s.me),
		"GET /v2/event-types":                 s.api("event-types", versionEventTypes, s.listEventTypes),
		"GET /v2/event-types/{id}":            s.api("event-types", versionEventTypes, s.getEventType),
		"GET /v2/slots":                       s.api("slots", versionSlots, s.getSlots),
		"POST /v2/bookings":                   s.api("create", versionBookings, s.create),
		"GET /v2/bookings":                    s.api("list", versionBookings, s.list),
		"GET /v2/bookings/{uid}":              s.api("get", versionBookings, s.get),
		"POST /v2/bookings/{uid}/cancel":      s.api("cancel", versionBookings, s.cancel),
		"POST /v2/bookings/{uid}/reschedule":  s.api("reschedule", versionBookings, s.reschedule),
		"POST /v2/bookings/{uid}/confirm":     s.api("confirm", versionBookings, s.confirm),
		"POST /v2/bookings/{uid}/decline":     s.api("decline", versionBookings, s.decline),
		"POST /v2/bookings/{uid}/mark-absent": s.api("mark-absent", versionBookings, s.markAbsentees),
		"/v2/":                                func(w http.ResponseWriter, r *http.Request) { s.answer(w, r, noRoute(r)) },
	} {
		mux.HandleFunc(pattern, call)
	}
	s.controls(mux)
	return mux
}
