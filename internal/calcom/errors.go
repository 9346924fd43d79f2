package calcom

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/scheduling"
)

// reason is a refusal recognised by status and a piece of its text, because texts change (calcom.md §5).
type reason struct {
	status int // 0: 400 and 409
	text   string
	why    scheduling.Why
}

var reasons = []reason{
	{0, "in the past", scheduling.Past},
	{0, "maximum number of active bookings", scheduling.TooMany},
	{0, "can't be booked at the", scheduling.TooSoon},
	{0, "has been cancelled", scheduling.Over},
	{0, "already has booking", scheduling.Taken},
	{0, "not available", scheduling.Taken},
	{0, "no_available_users", scheduling.Taken},
	{0, "no available users", scheduling.Taken},
	{0, "record that already exists", scheduling.Taken},
	{0, "hosts unavailable", scheduling.Taken},
	{0, "hosts_unavailable", scheduling.Taken},
	{0, "seats", scheduling.Taken},
	{http.StatusConflict, "", scheduling.Taken},
	{http.StatusNotFound, "", scheduling.Gone},
	{http.StatusBadRequest, "", scheduling.Misconfigured},
	{http.StatusUnauthorized, "", scheduling.Misconfigured},
	{http.StatusForbidden, "", scheduling.Misconfigured},
	{http.StatusUnprocessableEntity, "", scheduling.Misconfigured},
}

// restFor is how long a key rests when a 429 does not say.
const restFor = 60 * time.Second

// refused turns an answer other than success into our words. details.errors hold personal data and are left out.
func refused(resp *http.Response, body []byte, now time.Time) error {
	text := message(body)
	r := &scheduling.Refused{Why: scheduling.Unknown, Err: fmt.Errorf("the calendar answered %d: %s", resp.StatusCode, text)}
	if resp.StatusCode == http.StatusTooManyRequests {
		r.Why, r.Until = scheduling.Resting, now.Add(rest(resp.Header, now))
		return r
	}
	lower := strings.ToLower(text)
	for _, x := range reasons {
		fits := resp.StatusCode == x.status || (x.status == 0 && (resp.StatusCode == http.StatusBadRequest || resp.StatusCode == http.StatusConflict))
		if fits && strings.Contains(lower, x.text) {
			r.Why = x.why
			break
		}
	}
	return r
}

// message is the error's text and code; of anything that is not Cal.com's JSON (a proxy's page) nothing.
func message(body []byte) string {
	var e struct {
		Message string `json:"message"`
		Error   struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &e) != nil {
		return "no JSON"
	}
	text := e.Error.Code + " " + e.Error.Message
	if e.Error.Message == "" {
		text += e.Message
	}
	return strings.TrimSpace(text[:min(len(text), 300)])
}

// rest is how long a key has to rest: Retry-After in seconds, else the limit's Reset (seconds to go; beyond 10⁹ it is an
// instant), else a minute.
func rest(h http.Header, now time.Time) time.Duration {
	if s, err := strconv.Atoi(h.Get("Retry-After")); err == nil && s >= 0 {
		return time.Duration(s) * time.Second
	}
	for name := range h {
		if !strings.HasPrefix(strings.ToLower(name), "x-ratelimit-reset") {
			continue
		}
		s, err := strconv.ParseInt(h.Get(name), 10, 64)
		switch {
		case err != nil || s < 0:
		case s > 1e9:
			return max(0, time.Unix(s, 0).Sub(now))
		default:
			return time.Duration(s) * time.Second
		}
	}
	return restFor
}

// spent tells whether one of a key's limits has nothing left (X-RateLimit-Remaining-<its name>: 0).
func spent(h http.Header) bool {
	for name := range h {
		if strings.HasPrefix(strings.ToLower(name), "x-ratelimit-remaining") && strings.TrimSpace(h.Get(name)) == "0" {
			return true
		}
	}
	return false
}
