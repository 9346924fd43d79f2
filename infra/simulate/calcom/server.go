// Package calcom simulates Cal.com: API v2 as we use it, its webhooks, and its known nastiness on request (it books and
// answers 500, books and times out, answers with somebody else's booking, loses and repeats webhooks). Its one rule: it
// answers as the protocol notes say Cal.com does, not as would be handy for us. It knows the files of companies and
// nothing of our product.
package calcom

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/askpro/gateway/infra/companyfile"
)

// Options of a server.
type Options struct {
	Now     func() time.Time
	Deliver string                // base of the webhook URLs: the front door
	Kill    func(function string) // ends the function's busy processes, for faults of mode kill
	Limit   int                   // requests per key and minute; 0: Cal.com's 120
}

// Server is Cal.com for the companies it was told of.
type Server struct {
	Options
	mu       sync.Mutex
	accounts map[string]*account // by key
	bookings []*booking
	numbers  int64
	faults   faults
	requests []Request
	windows  map[string][]time.Time // requests of a key in the last minute
	webhooks int                    // on their way
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
	return &Server{Options: o, accounts: map[string]*account{}, windows: map[string][]time.Time{}, numbers: 48000, http: &http.Client{Timeout: 20 * time.Second}}
}

func (s *Server) now() time.Time { return s.Options.Now() }

// AddCompany opens an account; secrets are the values of the file's references. Telling of a company again replaces it.
func (s *Server) AddCompany(f companyfile.File, secrets map[string]string) error {
	a, err := newAccount(f, secrets)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
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

// Reset forgets bookings, faults and requests; the companies stay.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bookings, s.requests, s.windows = nil, nil, map[string][]time.Time{}
	s.faults = faults{}
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

// Request is one API call, for tests that count them.
type Request struct {
	Operation string    `json:"operation"`
	Company   string    `json:"company"`
	At        time.Time `json:"at"`
}

// Handler serves the API below /v2 and the controls below /_sim.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v2/me", s.api("me", "", s.me))
	mux.HandleFunc("GET /v2/event-types", s.api("event-types", "2024-06-14", s.listEventTypes))
	mux.HandleFunc("GET /v2/event-types/{id}", s.api("event-types", "2024-06-14", s.getEventType))
	mux.HandleFunc("GET /v2/slots", s.api("slots", "2024-09-04", s.getSlots))
	mux.HandleFunc("POST /v2/bookings", s.api("create", versionBookings, s.create))
	mux.HandleFunc("GET /v2/bookings", s.api("list", versionBookings, s.list))
	mux.HandleFunc("GET /v2/bookings/{uid}", s.api("get", versionBookings, s.get))
	mux.HandleFunc("POST /v2/bookings/{uid}/cancel", s.api("cancel", versionBookings, s.cancel))
	mux.HandleFunc("POST /v2/bookings/{uid}/reschedule", s.api("reschedule", versionBookings, s.reschedule))
	mux.HandleFunc("POST /v2/bookings/{uid}/confirm", s.api("confirm", versionBookings, s.decide("accepted")))
	mux.HandleFunc("POST /v2/bookings/{uid}/decline", s.api("decline", versionBookings, s.decide("rejected")))
	mux.HandleFunc("/v2/", func(w http.ResponseWriter, r *http.Request) {
		problem(w, r, http.StatusNotFound, "NotFoundException", "Cannot "+r.Method+" "+r.URL.Path, nil)
	})
	s.controls(mux)
	return mux
}

const versionBookings = "2024-08-13"

// respond is what a handler wants to answer; nil header fields are fine.
type respond struct {
	status  int
	data    any // of success
	code    string
	message string
	details any
}

func ok(status int, data any) respond { return respond{status: status, data: data} }
func no(status int, code, message string) respond {
	return respond{status: status, code: code, message: message}
}

// api wraps a call: version, key, limit, faults.
func (s *Server) api(operation, version string, do func(a *account, r *http.Request) respond) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if version != "" && r.Header.Get("cal-api-version") != version {
			problem(w, r, http.StatusNotFound, "NotFoundException", "Cannot "+r.Method+" "+r.URL.Path, nil)
			return
		}
		s.mu.Lock()
		a := s.accounts[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
		if a == nil {
			s.mu.Unlock()
			problem(w, r, http.StatusUnauthorized, "UnauthorizedException", "Invalid API Key", nil)
			return
		}
		s.requests = append(s.requests, Request{operation, a.slug, s.now()})
		left := s.spend(a)
		fault := s.faults.match(operation, a.slug)
		s.mu.Unlock()
		w.Header().Set("X-RateLimit-Limit-Default", fmt.Sprint(s.Limit))
		w.Header().Set("X-RateLimit-Remaining-Default", fmt.Sprint(max(left, 0)))
		w.Header().Set("X-RateLimit-Reset-Default", "60")
		if left < 0 {
			problem(w, r, http.StatusTooManyRequests, "ThrottlerException", "Too many requests. Please try again later.", nil)
			return
		}
		perform := func() respond {
			s.mu.Lock()
			defer s.mu.Unlock()
			return do(a, r)
		}
		if fault != nil {
			s.spoil(w, r, fault, perform)
			return
		}
		answer(w, r, perform())
	}
}

// spend counts a request of a key and says how many are left in this minute.
func (s *Server) spend(a *account) int {
	now := s.now()
	kept := s.windows[a.key][:0]
	for _, at := range s.windows[a.key] {
		if age := now.Sub(at); age >= 0 && age < time.Minute {
			kept = append(kept, at)
		}
	}
	s.windows[a.key] = append(kept, now)
	return s.Limit - len(s.windows[a.key])
}

func answer(w http.ResponseWriter, r *http.Request, x respond) {
	if x.code != "" {
		problem(w, r, x.status, x.code, x.message, x.details)
		return
	}
	writeJSON(w, x.status, map[string]any{"status": "success", "data": x.data})
}

// problem is Cal.com's error document.
func problem(w http.ResponseWriter, r *http.Request, status int, code, message string, details any) {
	e := map[string]any{"code": code, "message": message}
	if details != nil {
		e["details"] = details
	}
	writeJSON(w, status, map[string]any{"status": "error", "timestamp": time.Now().UTC().Format(time.RFC3339Nano), "path": r.URL.Path, "error": e})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a client that has gone needs no answer
}
