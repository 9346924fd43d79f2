// Package stackclock is the clock of one local stack. Its one rule: everything that is of the product's time follows it
// (invocations, schedules, delays, redelivery, simulators, signatures); deadlines and timeouts never do. It knows nobody
// who reads it.
package stackclock

import (
	"sync"
	"time"
)

// Clock runs, on the machine's time until it is set.
type Clock struct {
	mu      sync.Mutex
	offset  time.Duration
	stopped time.Time     // where it stands; zero while it runs
	changed chan struct{} // closed and replaced at every change
}

// New makes a clock that follows the machine's.
func New() *Clock { return &Clock{changed: make(chan struct{})} }

// Now is the stack's time, in UTC and without a monotonic reading: the clock may be set back.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *Clock) now() time.Time {
	if !c.stopped.IsZero() {
		return c.stopped
	}
	return time.Now().Add(c.offset).UTC().Round(0)
}

// Frozen tells whether the clock stands still.
func (c *Clock) Frozen() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.stopped.IsZero()
}

// Set puts the clock to an instant, from which it runs on or, frozen, does not.
func (c *Clock) Set(now time.Time, frozen bool) {
	c.change(func() {
		c.offset, c.stopped = time.Until(now.Round(0)), time.Time{}
		if frozen {
			c.stopped = now.UTC().Round(0)
		}
	})
}

// Advance moves the clock on; frozen, it stands still at the later instant.
func (c *Clock) Advance(d time.Duration) {
	c.change(func() {
		c.offset += d
		if !c.stopped.IsZero() {
			c.stopped = c.stopped.Add(d)
		}
	})
}

// Reset returns to the machine's time.
func (c *Clock) Reset() {
	c.change(func() { c.offset, c.stopped = 0, time.Time{} })
}

func (c *Clock) change(how func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	how()
	close(c.changed)
	c.changed = make(chan struct{})
}

// Changed is closed when the clock is next set, moved or reset. Who waits asks for it before it looks at Now, so that no
// change falls between.
func (c *Clock) Changed() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed
}
