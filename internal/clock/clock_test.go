package clock_test

import (
	"testing"
	"time"

	"github.com/askpro/gateway/internal/clock"
)

// One test, because the clock is the process's.
func TestTheClockObeysUntilItIsToldToFollow(t *testing.T) {
	then := time.Date(2025, 12, 14, 11, 30, 0, 0, time.UTC)
	clock.Obey(then, true)
	if got := clock.Now(); !got.Equal(then) {
		t.Errorf("frozen at %s, tells %s", then, got)
	}
	clock.Obey(then, false)
	if got := clock.Now(); got.Before(then) || got.Sub(then) > time.Minute {
		t.Errorf("set to %s, tells %s", then, got)
	}
	clock.Follow()
	if got := clock.Now(); time.Since(got).Abs() > time.Minute {
		t.Errorf("follows the system and tells %s", got)
	}
}
