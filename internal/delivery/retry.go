package delivery

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Profile says how often and when a failed attempt is repeated (§9.5).
type Profile string

// The profiles.
const (
	Never Profile = "none"
	Fast  Profile = "fast" // outputs: ticket systems
	Long  Profile = "long" // webhook endpoints: subscriptions to events
)

// Profiles is the one list of them.
var Profiles = []Profile{Never, Fast, Long}

var waits = map[Profile][]time.Duration{
	Fast: {60 * time.Second, 120 * time.Second, 300 * time.Second},
	Long: {5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 10 * time.Hour},
}

// Waits are the pauses between its attempts, before jitter. An unknown profile has none.
func (p Profile) Waits() []time.Duration { return slices.Clone(waits[p]) }

// Attempts is how many there are at most.
func (p Profile) Attempts() int { return 1 + len(waits[p]) }

const (
	jitterShare   = 0.10
	maxRetryAfter = time.Hour
)

// Next is when the attempt after the made ones is due; false if there is none. jitter in [0, 1) spreads the pause by ±10 %.
// notBefore is what the receiver asked for (RetryAfter): it makes the attempt later, never earlier.
func (p Profile) Next(made int, jitter float64, notBefore, now time.Time) (time.Time, bool) {
	if made < 1 || made > len(waits[p]) {
		return time.Time{}, false
	}
	pause := waits[p][made-1]
	at := now.Add(pause + time.Duration((2*jitter-1)*jitterShare*float64(pause)))
	if notBefore.After(at) {
		at = notBefore
	}
	return at, true
}

// RetryAfter reads the header of that name: seconds or a date (RFC 9110 §10.2.3), at most an hour from now. Zero if it
// says nothing or nothing that can be read.
func RetryAfter(value string, now time.Time) time.Time {
	value = strings.TrimSpace(value)
	if value == "" {
		return time.Time{}
	}
	if strings.Trim(value, "0123456789") == "" {
		n, err := strconv.Atoi(value)
		if err != nil || n > int(maxRetryAfter/time.Second) { // more digits than an int has are also more than an hour
			return now.Add(maxRetryAfter)
		}
		return now.Add(time.Duration(n) * time.Second)
	}
	at, err := http.ParseTime(value)
	switch {
	case err != nil || !at.After(now):
		return time.Time{}
	case at.Sub(now) > maxRetryAfter:
		return now.Add(maxRetryAfter)
	}
	return at.UTC()
}
