package calcom

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/askpro/gateway/infra/companyfile"
)

// stage is whose references' values the local stack knows.
const stage = "local"

// Request is one API call that had a valid key, refused ones too, for tests that count them.
type Request struct {
	Operation string    `json:"operation"`
	Company   string    `json:"company"`
	At        time.Time `json:"at"`
}

// controls are described in infra/local/README.md.
func (s *Server) controls(mux *http.ServeMux) {
	mux.HandleFunc("GET /_sim/bookings", func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, http.StatusOK, s.Bookings(r.URL.Query().Get("company")))
	})
	mux.HandleFunc("DELETE /_sim/bookings", s.clear(func() { s.bookings = nil }))
	mux.HandleFunc("POST /_sim/bookings", control(func(in Behind) (any, error) { return s.Behind(in) }))
	mux.HandleFunc("POST /_sim/bookings/all", control(func(in []Behind) (any, error) { return s.BehindAll(in) }))
	mux.HandleFunc("POST /_sim/event-types", control(func(in EventType) (any, error) { return nil, s.Change(in) }))
	mux.HandleFunc("GET /_sim/faults", func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		fired := append([]Fault{}, s.faults.fired...)
		s.mu.Unlock()
		writeJSON(w, http.StatusOK, fired)
	})
	mux.HandleFunc("DELETE /_sim/faults", s.clear(func() { s.faults = faults{} }))
	mux.HandleFunc("POST /_sim/faults", control(func(f Fault) (any, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		return f, s.faults.add(f)
	}))
	mux.HandleFunc("GET /_sim/requests", func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, http.StatusOK, s.Requests(r.URL.Query().Get("company")))
	})
	mux.HandleFunc("DELETE /_sim/requests", s.clear(func() { s.requests, s.windows = nil, map[string]*window{} }))
	mux.HandleFunc("POST /_sim/companies", control(func(in struct {
		File    string            `json:"file"`    // the YAML document
		Secrets map[string]string `json:"secrets"` // its references' values
	}) (any, error) {
		f, err := companyfile.Parse([]byte(in.File), stage)
		if err != nil {
			return nil, err
		}
		values := map[string]string{}
		for reference, value := range in.Secrets {
			values[strings.ReplaceAll(reference, "{stage}", stage)] = value
		}
		return nil, s.AddCompany(f, values)
	}))
	mux.HandleFunc("POST /_sim/webhook", control(func(in struct {
		Company string          `json:"company"`
		Trigger string          `json:"trigger"`
		UID     string          `json:"uid"`
		Body    json.RawMessage `json:"body"` // instead of trigger and uid: sent as it is
	}) (any, error) {
		return nil, s.Webhook(in.Company, in.Trigger, in.UID, in.Body)
	}))
}

// clear makes a control that forgets something.
func (s *Server) clear(forget func()) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		forget()
		s.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	}
}

// control reads a JSON body, does something and answers. Members it does not know are an error.
func control[T any](do func(T) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in T
		d := json.NewDecoder(r.Body)
		d.DisallowUnknownFields()
		err := d.Decode(&in)
		var out any
		if err == nil {
			out, err = do(in)
		}
		if err != nil {
			writeJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
			return
		}
		writeJSON(w, http.StatusOK, out)
	}
}

// Requests of a company's key (all if empty), oldest first.
func (s *Server) Requests(company string) []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []Request{}
	for _, r := range s.requests {
		if company == "" || r.Company == company {
			list = append(list, r)
		}
	}
	return list
}

// Webhook sends one now: of a booking, a PING, or a hand-made body. Faults do not touch it.
func (s *Server) Webhook(company, trigger, uid string, body []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.named(company)
	switch {
	case err != nil:
		return err
	case len(body) > 0:
	case trigger == "PING":
		body = s.envelope(trigger, s.ping())
	case !strings.HasPrefix(trigger, "BOOKING_"):
		return errors.New("trigger is PING or BOOKING_…; send any other one as a body")
	default:
		b := s.byUID(a, uid)
		if b == nil {
			return errors.New("no booking " + uid)
		}
		body = s.envelope(trigger, payload(trigger, b, s.byUID(a, b.move.from)))
	}
	s.send(a, body, 0)
	return nil
}

func (s *Server) named(slug string) (*account, error) {
	for _, a := range s.accounts {
		if a.slug == slug {
			return a, nil
		}
	}
	return nil, errors.New("no company " + slug + " at Cal.com")
}
