package stackclock_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/askpro/gateway/infra/local/stackclock"
)

var monday = time.Date(2026, 11, 23, 10, 0, 0, 0, time.FixedZone("Berlin", 3600))

func TestClock(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		do   func(c *stackclock.Clock)
		// After do, an hour of the machine's time passes.
		want   func(machine time.Time) time.Time
		frozen bool
	}{
		{"follows the machine until it is set", func(*stackclock.Clock) {},
			func(machine time.Time) time.Time { return machine }, false},
		{"runs on from where it was set", func(c *stackclock.Clock) { c.Set(monday, false) },
			func(time.Time) time.Time { return monday.Add(time.Hour) }, false},
		{"stands still when it is frozen", func(c *stackclock.Clock) { c.Set(monday, true) },
			func(time.Time) time.Time { return monday }, true},
		{"moves on and runs", func(c *stackclock.Clock) { c.Advance(3 * time.Minute) },
			func(machine time.Time) time.Time { return machine.Add(3 * time.Minute) }, false},
		{"moves on and stays frozen", func(c *stackclock.Clock) { c.Set(monday, true); c.Advance(3 * time.Minute) },
			func(time.Time) time.Time { return monday.Add(3 * time.Minute) }, true},
		{"thaws where it stood", func(c *stackclock.Clock) { c.Set(monday, true); c.Set(c.Now(), false) },
			func(time.Time) time.Time { return monday.Add(time.Hour) }, false},
		{"returns to the machine's time", func(c *stackclock.Clock) { c.Set(monday, true); c.Advance(time.Hour); c.Reset() },
			func(machine time.Time) time.Time { return machine }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := stackclock.New()
				tt.do(c)
				time.Sleep(time.Hour) // of the bubble's clock: nobody waits
				if got, want := c.Now(), tt.want(time.Now()); !got.Equal(want) || got.Location() != time.UTC {
					t.Errorf("the clock shows %s, want %s in UTC", got, want)
				}
				if c.Frozen() != tt.frozen {
					t.Errorf("frozen is %t", c.Frozen())
				}
			})
		})
	}
}

func TestWhoWaitsHearsOfEveryChange(t *testing.T) {
	t.Parallel()
	c := stackclock.New()
	for name, change := range map[string]func(){
		"set": func() { c.Set(monday, true) }, "moved": func() { c.Advance(time.Second) }, "reset": c.Reset,
	} {
		changed := c.Changed()
		change()
		select {
		case <-changed:
		default:
			t.Errorf("nobody heard that the clock was %s", name)
		}
		select {
		case <-c.Changed():
			t.Errorf("after it was %s, the next change seems to have happened already", name)
		default:
		}
	}
}
