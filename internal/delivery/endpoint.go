package delivery

import (
	"cmp"
	"slices"
	"time"
)

// Disabling is why an endpoint or an output's webhook is switched off.
type Disabling string

// The reasons that the machine has; people have their own.
const (
	DisabledFailing Disabling = "failing"
	DisabledGone    Disabling = "gone"
	DisabledBlocked Disabling = "blocked_address"
)

// The failure clock of an endpoint (§10.3).
const (
	clockAfter   = 3 // messages in a row
	clockWithin  = 24 * time.Hour
	warnAgain    = 3 * 24 * time.Hour
	disableAfter = 5 * 24 * time.Hour
	// KeptFor is how long events are kept for a disabled endpoint.
	KeptFor = 14 * 24 * time.Hour
)

// Notice is what an endpoint's owner has to hear, once each.
type Notice string

// The notices.
const (
	StartsFailing Notice = "failing"       // the clock started
	StillFailing  Notice = "still_failing" // three days later
	IsDisabled    Notice = "disabled"
)

// Health of an endpoint. The zero value is a healthy one.
type Health struct {
	Failed       []FailedMessage // in a row without a success, of the last 24 h, at most three
	FailingSince time.Time       // when the clock started; zero: it does not run
	WarnedAgain  bool
	DisabledAt   time.Time
	Disabled     Disabling
}

// FailedMessage is a message with at least one failed attempt.
type FailedMessage struct {
	MessageID string
	At        time.Time // of its first failure
}

// Observe takes an attempt's outcome into account and says what the owner has to hear. Attempts of one message count as
// one; a success resets everything; a refusal by a disabled endpoint's last attempts changes nothing.
func (h Health) Observe(messageID string, o Outcome, now time.Time) (Health, []Notice) {
	switch {
	case !h.DisabledAt.IsZero():
		return h, nil
	case o.OK:
		return Health{}, nil
	case o.Disable != "":
		return h.disable(o.Disable, now)
	}
	var notices []Notice
	if h.FailingSince.IsZero() {
		h.Failed = slices.DeleteFunc(slices.Clone(h.Failed), func(f FailedMessage) bool { return now.Sub(f.At) > clockWithin })
		if !slices.ContainsFunc(h.Failed, func(f FailedMessage) bool { return f.MessageID == messageID }) {
			h.Failed = append(h.Failed, FailedMessage{messageID, now})
		}
		if len(h.Failed) < clockAfter {
			return h, nil
		}
		h.FailingSince, h.Failed = now, nil
		return h, []Notice{StartsFailing}
	}
	failing := now.Sub(h.FailingSince)
	if failing >= disableAfter {
		return h.disable(DisabledFailing, now)
	}
	if failing >= warnAgain && !h.WarnedAgain {
		h.WarnedAgain = true
		notices = append(notices, StillFailing)
	}
	return h, notices
}

func (h Health) disable(why Disabling, now time.Time) (Health, []Notice) {
	h.Disabled, h.DisabledAt = why, now
	return h, []Notice{IsDisabled}
}

// Enable is a person's: the clock is back at zero.
func (h Health) Enable() Health { return Health{} }

// Kept is an event that waits for a disabled endpoint.
type Kept struct {
	MessageID  string
	OccurredAt time.Time
	Sequence   int
}

// ReplayPeriod picks what is sent after re-enabling: the events of [from, to) in order of occurrence, each message once,
// without those that were kept long enough.
func ReplayPeriod(kept []Kept, from, to, now time.Time) []Kept {
	seen := map[string]bool{}
	var out []Kept
	for _, k := range kept {
		if seen[k.MessageID] || k.OccurredAt.Before(from) || !k.OccurredAt.Before(to) || now.Sub(k.OccurredAt) > KeptFor {
			continue
		}
		seen[k.MessageID] = true
		out = append(out, k)
	}
	slices.SortStableFunc(out, func(a, b Kept) int {
		return cmp.Or(a.OccurredAt.Compare(b.OccurredAt), cmp.Compare(a.Sequence, b.Sequence), cmp.Compare(a.MessageID, b.MessageID))
	})
	return out
}
