package calcom

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Fault is something that shall go wrong at Cal.com. Empty fields fit everything but the operation.
type Fault struct {
	Operation  string `json:"operation"` // one of modes' keys
	Company    string `json:"company,omitempty"`
	Nth        int    `json:"nth,omitempty"`   // the first matching call since the fault was set is 1
	Times      int    `json:"times,omitempty"` // 0: once; -1: all
	Mode       string `json:"mode"`            // one of modes' values
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

// modes is what can go wrong where: of webhooks, of calls, and with creating alone.
func modes(operation string) []string {
	calls := []string{"status", "timeout", "lost", "delay", "kill"}
	switch operation {
	case "webhook":
		return []string{"delay", "duplicate", "drop"}
	case "create":
		return append(calls, "foreign")
	case "slots", "get", "list", "cancel", "reschedule", "confirm", "decline", "mark-absent", "event-types", "me":
		return calls
	}
	return nil
}

func (f *faults) add(x Fault) error {
	may := modes(x.Operation)
	switch {
	case may == nil:
		return fmt.Errorf("operation %q: slots, create, get, list, cancel, reschedule, confirm, decline, mark-absent, event-types, me or webhook", x.Operation)
	case !slices.Contains(may, x.Mode):
		return fmt.Errorf("mode %q of %s: %s", x.Mode, x.Operation, strings.Join(may, ", "))
	case x.Mode == "status" && (x.Status < 400 || x.Status > 599):
		return fmt.Errorf("status %d: mode status answers 400 to 599", x.Status)
	case x.Mode == "kill" && x.Function == "":
		return errors.New("mode kill needs the function whose process is to be killed")
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

// spoil answers a call as a fault wants it. perform does what was asked; it is called once at most.
func (s *Server) spoil(w http.ResponseWriter, r *http.Request, f *Fault, perform func() respond) {
	var x respond
	if f.Done || f.Mode == "lost" {
		x = perform()
	}
	switch f.Mode {
	case "delay":
		select {
		case <-time.After(time.Duration(f.MS) * time.Millisecond):
		case <-r.Context().Done():
			return
		}
		if !f.Done {
			x = perform()
		}
		s.answer(w, r, x)
		return
	case "foreign":
		s.answer(w, r, foreign())
		return
	case "status":
		s.status(w, r, f)
		return
	case "timeout":
		<-r.Context().Done() // the client has given up, or the server is closing
	case "kill":
		s.Kill(f.Function)
	}
	panic(http.ErrAbortHandler) // the connection is dropped
}

// status answers what the fault says. How long to wait is told by Retry-After alone, or by nothing.
func (s *Server) status(w http.ResponseWriter, r *http.Request, f *Fault) {
	w.Header().Del("X-RateLimit-Reset-Default")
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(f.RetryAfter))
	}
	x := no(f.Status, strings.ReplaceAll(http.StatusText(f.Status), " ", "")+"Exception", f.Message)
	switch {
	case f.Message != "":
	case f.Status == http.StatusTooManyRequests:
		x.code, x.message = "ThrottlerException", "Too many requests. Please try again later."
	case f.Status == http.StatusConflict:
		x.code, x.message, x.atRoot = "booking_conflict_error", "booking_conflict_error", true
	case f.Status == http.StatusInternalServerError:
		x.code, x.message = "INTERNAL_SERVER_ERROR", "There was an error, please try again later."
	default:
		x.message = http.StatusText(f.Status)
	}
	s.answer(w, r, x)
}

// foreign is the answer that once made us say "gebucht" of another caller's booking: older, of somebody else, with another's metadata.
func foreign() respond {
	return ok(http.StatusCreated, map[string]any{
		"id": 47000, "uid": "fremdeBuchung000000001", "status": "accepted", "start": "2025-01-07T09:00:00.000Z", "end": "2025-01-07T09:30:00.000Z",
		"hosts": []any{map[string]any{"id": 1, "name": "Jemand", "email": "jemand@example.org"}}, "metadata": map[string]any{"appointment_id": "01H00000000000000000000000"},
		"eventTypeId": 1, "createdAt": "2025-01-01T00:00:00.000Z", "attendees": []any{},
	})
}
