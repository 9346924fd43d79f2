package call_test

import (
	"testing"
	"time"

	"github.com/askpro/gateway/internal/call"
)

func TestACallIsAsLongAsItsLastBegunSecond(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	after := func(d time.Duration) *time.Time { at := start.Add(d); return &at }
	for _, tt := range []struct {
		name string
		call call.Call
		want int
	}{
		{"nobody told", call.Call{}, 0},
		{"a full minute", call.Call{DurationMS: 60_000}, 60},
		{"a moment more", call.Call{DurationMS: 60_001}, 61},
		{"hardly anything", call.Call{DurationMS: 1}, 1},
		{"only its times are known", call.Call{StartedAt: &start, EndedAt: after(90*time.Second + time.Millisecond)}, 91},
		{"what Retell counted is better", call.Call{DurationMS: 5_000, StartedAt: &start, EndedAt: after(time.Hour)}, 5},
		{"its times are the wrong way round", call.Call{StartedAt: &start, EndedAt: after(-time.Second)}, 0},
		{"it has not ended", call.Call{StartedAt: &start}, 0},
	} {
		if got := tt.call.Seconds(); got != tt.want {
			t.Errorf("%s: %d, wanted %d", tt.name, got, tt.want)
		}
	}
}
