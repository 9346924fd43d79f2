package notify

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/company"
)

// tierTerms allow a change until hoursBefore, for the fee of the first tier that the notice reaches.
func tierTerms(hoursBefore int, fees map[int]int64) func(notice time.Duration) (bool, int64) {
	return func(notice time.Duration) (bool, int64) {
		if notice < time.Duration(hoursBefore)*time.Hour {
			return false, 0
		}
		best, fee := -1, int64(0)
		for h, f := range fees {
			if notice >= time.Duration(h)*time.Hour && h > best {
				best, fee = h, f
			}
		}
		return true, fee
	}
}

func TestTermsInASentence(t *testing.T) {
	t.Parallel()
	type terms = func(time.Duration) (bool, int64)
	free := tierTerms(0, nil)
	for _, tt := range []struct {
		name         string
		cancel, move terms
		policies     []int
		ahead        time.Duration
		want         string
	}{
		{"everything is free", free, free, nil, 100 * time.Hour, ""},
		{"until a day before", tierTerms(24, nil), tierTerms(24, nil), []int{24}, 100 * time.Hour,
			"Bis Montag, 23.11.2026, 14:30 Uhr können Sie den Termin kostenlos absagen oder verschieben. Danach ist das nicht mehr möglich."},
		{"until a day before, which is over", tierTerms(24, nil), tierTerms(24, nil), []int{24}, 10 * time.Hour,
			"Diesen Termin können Sie leider nicht mehr absagen oder verschieben."},
		{"a fee in any case", tierTerms(0, map[int]int64{0: 2550}), tierTerms(0, map[int]int64{0: 2550}), nil, 100 * time.Hour,
			"Wenn Sie den Termin absagen oder verschieben, berechnen wir 25,50\u00a0€."},
		{"a small fee, then a large one", tierTerms(0, map[int]int64{48: 500, 0: 5000}), tierTerms(0, map[int]int64{48: 500, 0: 5000}), []int{48, 0}, 100 * time.Hour,
			"Bis Sonntag, 22.11.2026, 14:30 Uhr können Sie den Termin für 5,00\u00a0€ absagen oder verschieben. Danach berechnen wir 50,00\u00a0€."},
		{"cancelling costs, moving does not", tierTerms(0, map[int]int64{48: 0, 0: 5000}), free, []int{48, 0}, 100 * time.Hour,
			"Bis Sonntag, 22.11.2026, 14:30 Uhr können Sie den Termin kostenlos absagen. Danach berechnen wir 50,00\u00a0€."},
		{"only moving is allowed", tierTerms(1000, nil), tierTerms(24, nil), []int{1000, 24}, 100 * time.Hour,
			"Diesen Termin können Sie leider nicht mehr absagen. Bis Montag, 23.11.2026, 14:30 Uhr können Sie den Termin kostenlos verschieben. Danach ist das nicht mehr möglich."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, a := newWorld(t), cut(t)
			w.now, w.config.Policies = a.StartsAt.Add(-tt.ahead), hoursOf(tt.policies...)
			w.Terms = func(_ *company.Config, a booking.Appointment, change string, at time.Time) (bool, int64) {
				if change == booking.ToCancel {
					return tt.cancel(a.StartsAt.Sub(at))
				}
				return tt.move(a.StartsAt.Sub(at))
			}
			x := w.about(w.config, a)
			x.terms = w.termsOf(x)
			if got := x.termWords(); got != tt.want {
				t.Errorf("%s\nwanted %s", got, tt.want)
			}
		})
	}
}

// TestTheLetterSaysWhatTheTelephoneSays compares the steps of a letter with the terms at every minute.
func TestTheLetterSaysWhatTheTelephoneSays(t *testing.T) {
	t.Parallel()
	start := berlinTime(t, "2026-11-24 14:30")
	rapid.Check(t, func(t *rapid.T) {
		hoursBefore := rapid.IntRange(0, 72).Draw(t, "hours before")
		fees := rapid.MapOfN(rapid.IntRange(0, 96), rapid.Int64Range(0, 3), 0, 4).Draw(t, "fees")
		ask := tierTerms(hoursBefore, fees)
		list := []int{hoursBefore}
		for h := range fees {
			list = append(list, h)
		}
		slices.Sort(list)
		n := &Notifier{Terms: func(_ *company.Config, a booking.Appointment, _ string, at time.Time) (bool, int64) {
			return ask(a.StartsAt.Sub(at))
		}}
		ahead := time.Duration(rapid.IntRange(1, 120*60).Draw(t, "minutes ahead")) * time.Minute
		x := about{config: &company.Config{Policies: hoursOf(list...)}, a: booking.Appointment{StartsAt: start, Timezone: "Europe/Berlin"}, now: start.Add(-ahead)}
		steps := n.steps(x, booking.ToCancel)
		for at := x.now.Add(time.Minute); at.Before(start.Add(-time.Minute)); at = at.Add(time.Minute) { // who reads it, reads it later
			i := slices.IndexFunc(steps, func(s step) bool { return !at.After(s.until) })
			if i < 0 {
				t.Fatalf("nothing is said of %s", at)
			}
			if allowed, fee := ask(start.Sub(at)); allowed != steps[i].allowed || allowed && fee != steps[i].fee {
				t.Fatalf("%s before, the letter says %t, %d; the telephone %t, %d", start.Sub(at), steps[i].allowed, steps[i].fee, allowed, fee)
			}
		}
		if text := x.rule(steps, "absagen"); strings.Contains(text, "  ") || strings.Contains(text, "..") {
			t.Fatalf("badly put: %s", text)
		}
	})
}
