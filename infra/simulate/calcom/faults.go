package calcom

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Fault is something that shall go wrong at Cal.com. Empty fields fit everything but the operation.
type Fault struct {
	Operation  string `json:"operation"` // slots, create, get, list, cancel, reschedule, webhook
	Company    string `json:"company,omitempty"`
	Nth        int    `json:"nth,omitempty"`
	Times      int    `json:"times,omitempty"` // -1: all
	Mode       string `json:"mode"`            // status, timeout, lost, delay, duplicate, drop, kill, foreign
	Function   string `json:"function,omitempty"`
	Status     int    `json:"status,omitempty"`
	Message    string `json:"message,omitempty"`
	Done       bool   `json:"done,omitempty"` // it is done nevertheless
	MS         int    `json:"ms,omitempty"`
	RetryAfter int    `json:"retry_after,omitempty"`
	seen       int
}

type faults struct {
	set   []*Fault
	fired []Fault
}

func (f *faults) add(x Fault) error {
	if !slices.Contains([]string{"slots", "create", "get", "list", "cancel", "reschedule", "webhook", "event-types", "me"}, x.Operation) {
		return fmt.Errorf("operation %q: slots, create, get, list, cancel, reschedule or webhook", x.Operation)
	}
	if !slices.Contains([]string{"status", "timeout", "lost", "delay", "duplicate", "drop", "kill", "foreign"}, x.Mode) {
		return fmt.Errorf("mode %q: status, timeout, lost, delay, duplicate, drop, kill or foreign", x.Mode)
	}
	x.Nth = max(x.Nth, 1)
	if x.Times == 0 {
		x.Times = 1
	}
	f.set = append(f.set, &x)
	return nil
}

// match counts a call and returns the fault that hits it. Called with the server's mu held.
func (f *faults) match(operation, company string) *Fault {
	var hit *Fault
	for _, x := range f.set {
		if x.Operation != operation || (x.Company != "" && x.Company != company) {
			continue
		}
		x.seen++
		if since := x.seen - x.Nth; hit == nil && since >= 0 && (x.Times < 0 || since < x.Times) {
			hit = x
			f.fired = append(f.fired, *x)
		}
	}
	return hit
}

// spoil answers a call as a fault wants it.
func (s *Server) spoil(w http.ResponseWriter, r *http.Request, f *Fault, perform func() respond) {
	switch f.Mode {
	case "delay":
		var x respond
		if f.Done {
			x = perform()
		}
		select {
		case <-time.After(time.Duration(f.MS) * time.Millisecond):
		case <-r.Context().Done():
			return
		}
		if !f.Done {
			x = perform()
		}
		answer(w, r, x)
	case "foreign":
		answer(w, r, foreign())
	case "status":
		if f.Done {
			perform()
		}
		if f.RetryAfter > 0 {
			w.Header().Set("Retry-After", fmt.Sprint(f.RetryAfter))
		}
		w.Header().Del("X-RateLimit-Reset-Default")
		message := f.Message
		if message == "" {
			message = http.StatusText(f.Status)
		}
		problem(w, r, f.Status, "InjectedException", message, nil)
	case "timeout":
		if f.Done {
			perform()
		}
		select { // until the client gives up
		case <-r.Context().Done():
		case <-time.After(40 * time.Second):
		}
		panic(http.ErrAbortHandler)
	case "kill":
		if f.Done {
			perform()
		}
		s.Kill(f.Function)
		panic(http.ErrAbortHandler)
	default: // lost
		perform()
		panic(http.ErrAbortHandler)
	}
}

// foreign is the answer that once made us say "gebucht" of another caller's booking (§17.1).
func foreign() respond {
	return ok(http.StatusCreated, map[string]any{
		"id": 47000, "uid": "fremdeBuchung000000001", "status": "accepted", "start": "2025-01-07T09:00:00.000Z", "end": "2025-01-07T09:30:00.000Z",
		"hosts": []any{map[string]any{"id": 1, "name": "Jemand", "email": "jemand@example.org"}}, "metadata": map[string]any{"appointment_id": "01H00000000000000000000000"},
		"eventTypeId": 1, "createdAt": "2025-01-01T00:00:00.000Z", "attendees": []any{},
	})
}
