package delivery_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/askpro/gateway/internal/delivery"
)

func TestProfilesAreThoseOfTheTable(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		profile  delivery.Profile
		attempts int
		total    time.Duration
	}{
		{delivery.Never, 1, 0},
		{delivery.Fast, 4, 8 * time.Minute},
		{delivery.Long, 8, 27*time.Hour + 35*time.Minute + 5*time.Second},
	} {
		var total time.Duration
		for _, w := range tt.profile.Waits() {
			total += w
		}
		if tt.profile.Attempts() != tt.attempts || total != tt.total {
			t.Errorf("%s: %d attempts in %s", tt.profile, tt.profile.Attempts(), total)
		}
	}
}

func TestAPauseIsSpreadByTenPerCentAndOnlyEverMadeLonger(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom([]delivery.Profile{delivery.Fast, delivery.Long}).Draw(t, "profile")
		made := rapid.IntRange(1, p.Attempts()-1).Draw(t, "made")
		jitter := rapid.Float64Range(0, 0.999999).Draw(t, "jitter")
		pause := p.Waits()[made-1]
		at, ok := p.Next(made, jitter, time.Time{}, noon)
		if got := at.Sub(noon); !ok || got < pause*9/10 || got > pause*11/10 {
			t.Fatalf("after %d attempts: %s, want %s ± 10 %%", made, got, pause)
		}
		asked := noon.Add(time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "asked")))
		later, _ := p.Next(made, jitter, asked, noon)
		if later.Before(at) || later.Before(asked) {
			t.Fatalf("asked for %s, due at %s instead of %s", asked, later, at)
		}
	})
	if _, ok := delivery.Fast.Next(4, even, time.Time{}, noon); ok {
		t.Error("there is a fifth attempt")
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		value string
		want  time.Duration // from noon; -1: says nothing
	}{
		{"120", 2 * time.Minute}, {" 120 ", 2 * time.Minute}, {"0", 0}, {"3600", time.Hour}, {"3601", time.Hour}, {"99999999999999999999999", time.Hour},
		{"Tue, 24 Nov 2026 11:05:00 GMT", 5 * time.Minute}, {"Tue, 24 Nov 2026 14:00:00 GMT", time.Hour}, {"Tuesday, 24-Nov-26 11:05:00 GMT", 5 * time.Minute},
		{"Tue, 24 Nov 2026 10:00:00 GMT", -1}, {"-5", -1}, {"1.5", -1}, {"soon", -1}, {"", -1},
	} {
		got := delivery.RetryAfter(tt.value, noon)
		if tt.want == -1 != got.IsZero() || tt.want != -1 && !got.Equal(noon.Add(tt.want)) {
			t.Errorf("%q: %s", tt.value, got)
		}
	}
}
