package ledger

import (
	"time"

	"github.com/askpro/gateway/internal/call"
)

// PollTimer names the timer of a call that asks how it stands, should nobody tell of its end. Whichever message creates
// the call sets it; the end clears it.
const PollTimer = "poll"

// When a call is asked for: half an hour after it began, then every quarter of an hour (§4.3).
const (
	pollAfter = 30 * time.Minute
	pollAgain = 15 * time.Minute
)

// Poll is a call's timer at its next time after now.
func Poll(c *call.Call, now time.Time) Timer {
	due := c.Began().Add(pollAfter)
	for !due.After(now) {
		due = due.Add(pollAgain)
	}
	return Timer{Kind: OfCall, About: c.RetellID, Queue: "default", Name: PollTimer, DueAt: due}
}
