package delivery_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/delivery"
)

const day = 24 * time.Hour

func TestTheFailureClock(t *testing.T) {
	t.Parallel()
	type step struct {
		at      time.Duration
		message string
		o       delivery.Outcome
		want    string
	}
	gone := delivery.Outcome{Class: delivery.Gone, Reason: delivery.Permanent, Disable: delivery.DisabledGone}
	for _, tt := range []struct {
		name  string
		steps []step
		off   delivery.Disabling
	}{
		{"three messages in a row start it, five days end it", []step{
			{0, "a", broken, ""}, {time.Hour, "b", broken, ""}, {2 * time.Hour, "c", broken, "failing"}, {2 * day, "d", broken, ""},
			{2*time.Hour + 3*day, "e", broken, "still_failing"}, {4 * day, "f", broken, ""}, {2*time.Hour + 5*day, "g", broken, "disabled"}, {6 * day, "h", broken, ""},
		}, delivery.DisabledFailing},
		{"one message with three failures does not", []step{{0, "a", broken, ""}, {1, "a", broken, ""}, {2, "a", broken, ""}, {3, "a", broken, ""}}, ""},
		{"three within more than a day do not", []step{{0, "a", broken, ""}, {20 * time.Hour, "b", broken, ""}, {25 * time.Hour, "c", broken, ""}}, ""},
		{"a success in between resets", []step{{0, "a", broken, ""}, {1, "b", broken, ""}, {2, "x", ok, ""}, {3, "c", broken, ""}}, ""},
		{"a success after the start resets", []step{
			{0, "a", no, ""}, {1, "b", no, ""}, {2, "c", no, "failing"}, {4 * day, "x", ok, ""}, {6 * day, "d", no, ""}, {6*day + 1, "e", no, ""}, {6*day + 2, "f", no, "failing"},
		}, ""},
		{"410 disables at once", []step{{0, "a", gone, "disabled"}}, delivery.DisabledGone},
		{"a late success after disabling does not enable", []step{{0, "a", gone, "disabled"}, {1, "b", ok, ""}}, delivery.DisabledGone},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var h delivery.Health
			for i, s := range tt.steps {
				var notices []delivery.Notice
				h, notices = h.Observe(s.message, s.o, noon.Add(s.at))
				got := ""
				if len(notices) > 0 {
					got = string(notices[0])
				}
				if len(notices) > 1 || got != s.want {
					t.Errorf("step %d: %v, want %q", i, notices, s.want)
				}
			}
			if h.Disabled != tt.off {
				t.Errorf("disabled for %q, want %q", h.Disabled, tt.off)
			}
		})
	}
}

// The acceptance scenario: failing for five days of the virtual clock, warned, disabled, 1 000 events kept, enabled, replayed.
func TestNothingIsLostOverADisabledEndpoint(t *testing.T) {
	t.Parallel()
	var h delivery.Health
	var told []delivery.Notice
	now := noon
	for i := 0; h.DisabledAt.IsZero(); i++ {
		var n []delivery.Notice
		h, n = h.Observe(fmt.Sprint(i), broken, now)
		told = append(told, n...)
		now = now.Add(6 * time.Hour)
	}
	if !slices.Equal(told, []delivery.Notice{delivery.StartsFailing, delivery.StillFailing, delivery.IsDisabled}) {
		t.Errorf("told %v", told)
	}
	if d := h.DisabledAt.Sub(h.FailingSince); d != 5*day {
		t.Errorf("disabled %s after the clock's start", d)
	}
	var kept []delivery.Kept
	for i := range 1000 {
		k := delivery.Kept{MessageID: fmt.Sprintf("msg_%d", i*7919%1000), OccurredAt: h.DisabledAt.Add(time.Duration(i*7919%1000) * time.Minute), Sequence: 1}
		kept = append(kept, k, k) // stored twice: it arrived twice
	}
	h = h.Enable()
	if !h.DisabledAt.IsZero() || !h.FailingSince.IsZero() {
		t.Errorf("enabled: %+v", h)
	}
	from := kept[0].OccurredAt
	replayed := delivery.ReplayPeriod(kept, from, from.Add(20*day), from.Add(2*day))
	seen := map[string]int{}
	for i, k := range replayed {
		seen[k.MessageID]++
		if i > 0 && k.OccurredAt.Before(replayed[i-1].OccurredAt) {
			t.Fatalf("%s is replayed after something later", k.MessageID)
		}
	}
	if len(seen) != 1000 || len(replayed) != 1000 {
		t.Errorf("%d replayed, %d different ones", len(replayed), len(seen))
	}
	if n := len(delivery.ReplayPeriod(kept, from, from.Add(20*day), from.Add(14*day+500*time.Minute))); n != 500 {
		t.Errorf("%d replayed of which 500 were kept longer than 14 days", n)
	}
	if n := len(delivery.ReplayPeriod(kept, from.Add(10*time.Minute), from.Add(20*time.Minute), from.Add(day))); n != 10 {
		t.Errorf("%d replayed of a period of ten", n)
	}
}
