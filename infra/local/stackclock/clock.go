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
	frozen  *time.Time
	changed chan struct{} // closed and replaced at every change
}

// New makes a clock that follows the machine's.
func New() *Clock { return &Clock{changed: make(chan struct{})} }

// Now is the stack's time, in UTC.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *Clock) now() time.Time {
	if c.frozen != nil {
		return *c.frozen
	}
	return time.Now().Add(c.offset).UTC()
}

// Frozen tells whether the clock stands still.
func (c *Clock) Frozen() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.frozen != nil
}

// Set puts the clock to an instant, from which it runs on or, frozen, does not.
func (c *Clock) Set(now time.Time, frozen bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.set(now.UTC(), frozen)
}

// Advance moves the clock on.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.set(c.now().Add(d), c.frozen != nil)
}

// Reset returns to the machine's time.
func (c *Clock) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset, c.frozen = 0, nil
	c.tell()
}

func (c *Clock) set(now time.Time, frozen bool) {
	c.offset, c.frozen = time.Until(now), nil
	if frozen {
		c.frozen = &now
	}
	c.tell()
}

func (c *Clock) tell() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// Changed is closed when the clock is next set, moved or reset.
func (c *Clock) Changed() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed
}
