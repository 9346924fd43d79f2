package mode_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/askpro/gateway/internal/intent"
	"github.com/askpro/gateway/internal/mode"
)

var noon = time.Date(2026, 11, 24, 11, 0, 0, 0, time.UTC)

func TestResolve(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		on     bool
		config *mode.Config
		want   mode.Mode
		from   mode.Source
	}{
		{"the kill switch makes everything appointments", false, &mode.Config{Enabled: true, Mode: mode.ServiceDesk}, mode.Appointment, mode.FromKillSwitch},
		{"no configuration is the platform's default", true, nil, mode.Appointment, mode.FromGlobalDefault},
		{"so is a gateway that is not enabled", true, &mode.Config{Mode: mode.ServiceDesk}, mode.Appointment, mode.FromGlobalDefault},
		{"a company for appointments", true, &mode.Config{Enabled: true}, mode.Appointment, mode.FromCompany},
		{"a company's desk", true, &mode.Config{Enabled: true, Mode: mode.ServiceDesk}, mode.ServiceDesk, mode.FromCompany},
		{"a hybrid one has not heard anything yet", true, &mode.Config{Enabled: true, Mode: mode.Hybrid}, mode.Undecided, mode.FromCompany},
		{"what no release knows is the default", true, &mode.Config{Enabled: true, Mode: "both"}, mode.Appointment, mode.FromCompany},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if p := mode.Resolve(tt.on, tt.config, noon); p.Mode != tt.want || p.From != tt.from || p.At != noon {
				t.Errorf("%+v, wanted %s from %s", p, tt.want, tt.from)
			}
		})
	}
}

// step of a call, a second after the one before.
type step func(mode.Pin, time.Time) mode.Pin

func heard(text string) step {
	return func(p mode.Pin, now time.Time) mode.Pin {
		r := intent.New(nil).Detect(text)
		return p.Heard(mode.Detection{Intent: string(r.Intent), Confidence: r.Confidence, Keywords: r.Keywords}, now)
	}
}

func called(t mode.Table, succeeded bool) step {
	return func(p mode.Pin, now time.Time) mode.Pin { return p.Called(t, succeeded, now) }
}

func ended(p mode.Pin, now time.Time) mode.Pin { return p.Ended(now) }

func TestAHybridCall(t *testing.T) {
	t.Parallel()
	hybrid := mode.Config{Enabled: true, Mode: mode.Hybrid, Fallback: mode.ServiceDesk, Version: 7}
	strict, lax := hybrid, hybrid
	strict.Threshold, lax.Threshold = 1, 0.1
	for _, tt := range []struct {
		name   string
		config mode.Config
		steps  []step
		want   mode.Mode
		from   mode.Source
		at     int // seconds after noon
	}{
		{"is decided by what is said", hybrid, []step{heard("Ich möchte einen Termin vereinbaren")}, mode.Appointment, mode.FromIntent, 1},
		{"asks once, then knows", hybrid, []step{heard("Termin … Problem"), heard("Störung")}, mode.ServiceDesk, mode.FromIntent, 2},
		{"asks once, then falls back", hybrid, []step{heard("Hallo"), heard("Termin … Problem")}, mode.ServiceDesk, mode.FromFallback, 2},
		{"waits after one unsure word", hybrid, []step{heard("Hallo")}, mode.Undecided, mode.FromCompany, 0},
		{"is decided by the first function that succeeds", hybrid, []step{called(mode.Bookings, true), heard("Störung")}, mode.Appointment, mode.FromFunction, 1},
		{"not by one that fails", hybrid, []step{called(mode.Bookings, false)}, mode.Undecided, mode.FromCompany, 0},
		{"nor by one of both tables", hybrid, []step{called(mode.Common, true)}, mode.Undecided, mode.FromCompany, 0},
		{"falls back at the third of these", hybrid, []step{called(mode.Common, true), called(mode.Common, true), called(mode.Bookings, false)}, mode.ServiceDesk, mode.FromFallback, 3},
		{"is decided by the third if that decides", hybrid, []step{called(mode.Common, true), called(mode.Common, true), called(mode.Bookings, true)}, mode.Appointment, mode.FromFunction, 3},
		{"falls back at its end", hybrid, []step{heard("Hallo"), ended}, mode.ServiceDesk, mode.FromFallback, 2},
		{"keeps its own threshold, high", strict, []step{heard("Mein Drucker ist kaputt, wann hätten Sie einen Termin frei?")}, mode.Undecided, mode.FromCompany, 0},
		{"or low", lax, []step{heard("Mein Drucker ist kaputt, wann hätten Sie einen Termin frei?")}, mode.ServiceDesk, mode.FromIntent, 1},
		{"stays what it is", hybrid, []step{heard("Störung"), heard("Ich möchte einen Termin vereinbaren"), called(mode.Bookings, true), ended}, mode.ServiceDesk, mode.FromIntent, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := mode.Resolve(true, &tt.config, noon)
			for i, s := range tt.steps {
				p = s(p, noon.Add(time.Duration(i+1)*time.Second))
			}
			if at := noon.Add(time.Duration(tt.at) * time.Second); p.Mode != tt.want || p.From != tt.from || !p.At.Equal(at) || p.ConfigVersion != 7 {
				t.Errorf("%+v, wanted %s from %s at %s", p, tt.want, tt.from, at)
			}
			for _, table := range []mode.Table{mode.Common, mode.Bookings, mode.Desk} {
				if !p.Offers(table) {
					t.Errorf("does not offer table %d", table)
				}
			}
		})
	}
}

func TestAPureModeOffersItsTable(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		mode                   mode.Mode
		common, bookings, desk bool
	}{
		{mode.Appointment, true, true, false},
		{mode.ServiceDesk, true, false, true},
	} {
		t.Run(string(tt.mode), func(t *testing.T) {
			t.Parallel()
			p := mode.Resolve(true, &mode.Config{Enabled: true, Mode: tt.mode}, noon)
			if p.Offers(mode.Common) != tt.common || p.Offers(mode.Bookings) != tt.bookings || p.Offers(mode.Desk) != tt.desk {
				t.Errorf("offers %t %t %t", p.Offers(mode.Common), p.Offers(mode.Bookings), p.Offers(mode.Desk))
			}
		})
	}
}

// Whatever happens in a call, in any order and however often: it is decided once, at the latest at its end, and stays.
func TestWhatIsDecidedStays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		config := mode.Config{
			Enabled: rapid.Bool().Draw(t, "enabled"),
			Mode:    rapid.SampledFrom([]mode.Mode{"", mode.Appointment, mode.ServiceDesk, mode.Hybrid}).Draw(t, "mode"),
		}
		p := mode.Resolve(true, &config, noon)
		steps := rapid.SliceOf(rapid.IntRange(0, 6)).Draw(t, "steps")
		for i, n := range steps {
			before := p
			p = []step{
				heard("Hallo"), heard("Störung"), heard("Ich möchte buchen"), called(mode.Common, true),
				called(mode.Bookings, true), called(mode.Desk, true), called(mode.Desk, false),
			}[n](p, noon.Add(time.Duration(i+1)*time.Second))
			if before.Decided() && !cmp.Equal(p, before) {
				t.Fatalf("%+v became %+v", before, p)
			}
		}
		if p = p.Ended(noon.Add(time.Hour)); !p.Decided() || p.Mode == mode.Hybrid {
			t.Fatalf("ended as %+v", p)
		}
	})
}

func TestAModeIsNewsWhenItIsPinnedAndWhenItIsDecided(t *testing.T) {
	t.Parallel()
	open, decided := mode.Pin{Mode: mode.Undecided, Hybrid: true, From: mode.FromCompany}, mode.Pin{Mode: mode.ServiceDesk, From: mode.FromIntent}
	for _, tt := range []struct {
		name   string
		before *mode.Pin
		now    mode.Pin
		nth    int
		news   bool
	}{
		{"pinned undecided", nil, open, 1, true},
		{"pinned decided", nil, decided, 1, true},
		{"still undecided", &open, open, 0, false},
		{"decided", &open, decided, 2, true},
		{"decided already", &decided, decided, 0, false},
	} {
		if nth, news := tt.now.Resolves(tt.before); nth != tt.nth || news != tt.news {
			t.Errorf("%s: %d, %t", tt.name, nth, news)
		}
	}
}
