package calcom

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/askpro/gateway/infra/companyfile"
)

// Shown is a booking as the controls show it.
type Shown struct {
	UID      string         `json:"uid"`
	ID       int64          `json:"id"`
	Company  string         `json:"company"`
	Service  string         `json:"service"`
	Staff    string         `json:"staff"`
	Start    time.Time      `json:"start"`
	End      time.Time      `json:"end"`
	Status   string         `json:"status"`
	Metadata map[string]any `json:"metadata"`
	Attendee attendee       `json:"attendee"`
	MovedTo  string         `json:"moved_to,omitempty"`
	History  []History      `json:"history"`
}

// Behind is something done in Cal.com without us.
type Behind struct {
	Company string `json:"company"`
	Service string `json:"service"`
	Staff   string `json:"staff"`
	Start   string `json:"start"` // RFC 3339, or local to the branch without an offset
	UID     string `json:"uid"`
	Action  string `json:"action"` // made, moved, cancelled
	Webhook bool   `json:"webhook"`
}

func (s *Server) controls(mux *http.ServeMux) {
	mux.HandleFunc("GET /_sim/bookings", func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, http.StatusOK, s.Bookings(r.URL.Query().Get("company")))
	})
	mux.HandleFunc("DELETE /_sim/bookings", func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		s.bookings = nil
		s.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /_sim/bookings", control(func(in Behind) (any, error) { return s.Behind(in) }))
	mux.HandleFunc("GET /_sim/faults", func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		writeJSON(w, http.StatusOK, append([]Fault{}, s.faults.fired...))
	})
	mux.HandleFunc("DELETE /_sim/faults", func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		s.faults = faults{}
		s.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /_sim/faults", control(func(f Fault) (any, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		return f, s.faults.add(f)
	}))
	mux.HandleFunc("GET /_sim/requests", func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, http.StatusOK, s.Requests(r.URL.Query().Get("company")))
	})
	mux.HandleFunc("DELETE /_sim/requests", func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		s.requests, s.windows = nil, map[string][]time.Time{}
		s.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /_sim/companies", control(func(in struct {
		File    string            `json:"file"`
		Secrets map[string]string `json:"secrets"`
	}) (any, error) {
		f, err := companyfile.Parse([]byte(in.File), "local")
		if err != nil {
			return nil, err
		}
		return nil, s.AddCompany(f, in.Secrets)
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

// control reads a JSON body, does something and answers.
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

// Bookings of a company (all if empty) in the order they were made.
func (s *Server) Bookings(company string) []Shown {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []Shown{}
	for _, b := range s.bookings {
		if company == "" || b.account.slug == company {
			list = append(list, b.shown())
		}
	}
	return list
}

func (b *booking) shown() Shown {
	e := b.eventType
	return Shown{b.uid, b.id, b.account.slug, e.service.Slug, e.host.Slug, b.start, b.end, b.status, b.metadata, b.attendee, b.to, b.history}
}

// Requests of a company's key (all if empty).
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

func (s *Server) named(slug string) (*account, error) {
	for _, a := range s.accounts {
		if a.slug == slug {
			return a, nil
		}
	}
	return nil, errors.New("no company " + slug + " at Cal.com")
}

// Behind does something in the calendar behind our back; without Webhook nobody is told.
func (s *Server) Behind(in Behind) (Shown, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.named(in.Company)
	if err != nil {
		return Shown{}, err
	}
	if !in.Webhook {
		quiet := s.faults
		s.faults = faults{set: []*Fault{{Operation: "webhook", Mode: "drop", Nth: 1, Times: -1}}}
		defer func() { s.faults = quiet }()
	}
	var start time.Time
	if in.Start != "" {
		if start, err = s.instant(a, in.Start); err != nil {
			return Shown{}, err
		}
	}
	var b *booking
	if in.Action != "made" {
		if b = s.lookUp(a, in, start); b == nil {
			return Shown{}, errors.New("no such live booking")
		}
	}
	switch in.Action {
	case "made":
		e, err := a.find(in.Service, in.Staff)
		if err != nil {
			return Shown{}, err
		}
		if !s.free(a, e, start, "") {
			return Shown{}, errors.New("that time is taken")
		}
		b = s.add(a, e, start, attendee{Name: "Frieda Fremd", Email: "frieda.fremd@example.org", TimeZone: "Europe/Berlin", Language: "de"}, map[string]any{}, "accepted")
		if in.UID != "" {
			b.uid = in.UID
		}
		s.tell("BOOKING_CREATED", b, nil)
	case "moved":
		b = s.move(b, start)
	case "cancelled":
		s.end(b, "Im Kalender abgesagt", b.eventType.host.Email)
	default:
		return Shown{}, errors.New("action is made, moved or cancelled")
	}
	return b.shown(), nil
}

// lookUp finds what is to be moved (by uid) or cancelled (by uid, or staff and start).
func (s *Server) lookUp(a *account, in Behind, start time.Time) *booking {
	for _, b := range s.bookings {
		e := b.eventType
		named := b.uid == in.UID || (in.UID == "" && b.start.Equal(start) && (in.Staff == "" || called(in.Staff, e.host.Slug, e.host.Name)))
		if b.account == a && b.live() && named {
			return b
		}
	}
	return nil
}

func (s *Server) instant(a *account, text string) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	for _, e := range a.eventTypes {
		return time.ParseInLocation("2006-01-02T15:04", text[:min(len(text), 16)], e.branch.Location())
	}
	return time.Time{}, errors.New("the company has no event types")
}

// Webhook sends one now: of a booking, or a hand-made body.
func (s *Server) Webhook(company, trigger, uid string, body json.RawMessage) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.named(company)
	if err != nil {
		return err
	}
	if len(body) == 0 {
		b := s.byUID(a, uid)
		if b == nil {
			return errors.New("no booking " + uid)
		}
		if body, err = json.Marshal(map[string]any{"triggerEvent": trigger, "createdAt": s.now().Format(stamp), "payload": payload(trigger, b, nil)}); err != nil {
			return err
		}
	}
	s.send(a, body, 0)
	return nil
}
