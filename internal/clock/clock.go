// Package clock tells the time to product code, which never asks the machine. Its one rule: in AWS it is the system's
// clock and nothing can change that; only where the local stack's environment says so (ASKPRO_CLOCK=invocation, read by
// lambdakit) does it follow the time that comes with each invocation. Deadlines and timeouts stay on real time.
package clock

import (
	"sync/atomic"
	"time"
)

// told is the time that came with the current invocation and the real instant it came at.
type told struct {
	now    time.Time
	at     time.Time // with monotonic reading
	frozen bool
}

var current atomic.Pointer[told]

// Now is the time for everything that the product decides or records, in UTC.
func Now() time.Time {
	c := current.Load()
	switch {
	case c == nil:
		return time.Now().UTC()
	case c.frozen:
		return c.now
	}
	return c.now.Add(time.Since(c.at))
}

// Obey sets the time from now on; a frozen clock stands still.
func Obey(now time.Time, frozen bool) {
	current.Store(&told{now: now.UTC(), at: time.Now(), frozen: frozen})
}

// Follow returns to the system's clock.
func Follow() { current.Store(nil) }
