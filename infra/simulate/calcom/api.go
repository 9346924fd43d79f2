package calcom

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// The versions that each group of calls wants in cal-api-version.
const (
	versionBookings   = "2024-08-13"
	versionSlots      = "2024-09-04"
	versionEventTypes = "2024-06-14"
	versionOldest     = "2024-04-15" // what a request without the header is taken for
)

// maxBody is what a request may weigh: no booking comes near it.
const maxBody = 1 << 20

// respond is what a call wants to answer: data, or a code with its message.
type respond struct {
	status  int
	data    any
	page    any // a list's pagination
	code    string
	message string
	details any
	atRoot  bool // domain errors repeat their message at the root
}

func ok(status int, data any) respond { return respond{status: status, data: data} }

func no(status int, code, message string) respond {
	return respond{status: status, code: code, message: message}
}

func badRequest(message string) respond {
	return no(http.StatusBadRequest, "BadRequestException", message)
}

func noRoute(r *http.Request) respond {
	return no(http.StatusNotFound, "NotFoundException", "Cannot "+r.Method+" "+r.URL.Path)
}

// api wraps a call: version, key, limit, faults. The body is read whole before anything else, because only then does
// net/http notice a client that gives up.
func (s *Server) api(operation, version string, do func(*account, *http.Request) respond) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			s.answer(w, r, no(http.StatusRequestEntityTooLarge, "PayloadTooLargeException", "request entity too large"))
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if given := r.Header.Get("cal-api-version"); version != "" && given != version {
			s.answer(w, r, wrongVersion(r, version, given))
			return
		}
		s.mu.Lock()
		a := s.accounts[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
		if a == nil {
			s.mu.Unlock()
			s.answer(w, r, no(http.StatusUnauthorized, "UnauthorizedException", "Invalid API Key"))
			return
		}
		s.requests = append(s.requests, Request{operation, a.slug, s.now()})
		left, reset := s.spend(a)
		var fault *Fault
		if left >= 0 {
			fault = s.faults.match(operation, a.slug)
		}
		s.mu.Unlock()
		w.Header().Set("X-RateLimit-Limit-Default", fmt.Sprint(s.Limit))
		w.Header().Set("X-RateLimit-Remaining-Default", fmt.Sprint(max(left, 0)))
		w.Header().Set("X-RateLimit-Reset-Default", fmt.Sprint(reset))
		if left < 0 {
			s.answer(w, r, no(http.StatusTooManyRequests, "ThrottlerException", "Too many requests. Please try again later."))
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
		s.answer(w, r, perform())
	}
}

// wrongVersion: slots and event types are not found. Bookings fall to the oldest shape, whose validation knows other
// fields; we say so instead of playing it, because whoever sees this has forgotten the header.
func wrongVersion(r *http.Request, wanted, given string) respond {
	if wanted != versionBookings || (given != "" && given != versionOldest) {
		return noRoute(r)
	}
	x := badRequest("Bad Request Exception")
	x.details = map[string]any{"message": "read as cal-api-version " + versionOldest + "; this shape needs cal-api-version: " + wanted, "errors": []any{}}
	return x
}

// window is how often a key has asked lately. Once it asked too often it is blocked for a whole minute.
type window struct {
	since   time.Time
	count   int
	blocked bool // since when: since
}

// spend counts a request of a key: how many are left (negative: refused), and the seconds to go until that changes.
func (s *Server) spend(a *account) (left, reset int) {
	now := s.now()
	x := s.windows[a.key]
	// The stack's clock may also have been set back.
	if x == nil || now.Before(x.since) || now.Sub(x.since) >= time.Minute {
		x = &window{since: now}
		s.windows[a.key] = x
	}
	x.count++
	if x.count > s.Limit && !x.blocked {
		x.blocked, x.since = true, now
	}
	left = s.Limit - x.count
	if x.blocked {
		left = -1
	}
	return left, int((time.Minute - now.Sub(x.since) + time.Second - 1) / time.Second)
}

// answer writes success with data, or Cal.com's error document.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, x respond) {
	if x.code == "" {
		body := map[string]any{"status": "success", "data": x.data}
		if x.page != nil {
			body["pagination"] = x.page
		}
		writeJSON(w, x.status, body)
		return
	}
	e := map[string]any{"code": x.code, "message": x.message}
	if x.details != nil {
		e["details"] = x.details
	}
	body := map[string]any{"status": "error", "timestamp": s.now().Format(stamp), "path": r.URL.Path, "error": e}
	if x.atRoot {
		body["message"] = x.message
	}
	writeJSON(w, x.status, body)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a client that has gone needs no answer
}
