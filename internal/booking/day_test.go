package booking_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/german"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func at(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }

func entry(kind booking.Kind, from, to int, owner string, until int) booking.Entry {
	e := booking.Entry{Start: at(from).Unix(), End: at(to).Unix(), Kind: kind, Owner: owner}
	if kind == booking.Hold {
		e.Until = at(until).Unix()
	}
	return e
}

// §17.16: one question decides, for offering and for booking: per staff, half-open, over the full time.
func TestWhoIsInTheWay(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		there    booking.Entry
		from, to int
		want     bool
	}{
		{"back to back before is no overlap", entry(booking.Ours, 0, 30, "a", 0), 30, 60, false},
		{"back to back after is no overlap", entry(booking.Ours, 60, 90, "a", 0), 30, 60, false},
		{"a minute of overlap is one", entry(booking.Ours, 0, 31, "a", 0), 30, 60, true},
		{"the whole time counts, not the start", entry(booking.Ours, 45, 50, "a", 0), 30, 90, true},
		{"a foreign booking blocks", entry(booking.ForeignKind, 30, 60, "uid", 0), 30, 60, true},
		{"somebody else's hold blocks", entry(booking.Hold, 30, 60, "other call", 100), 30, 60, true},
		{"the call's own hold does not", entry(booking.Hold, 30, 60, "this call", 100), 30, 60, false},
		{"a hold that has ended does not", entry(booking.Hold, 30, 60, "other call", -1), 30, 60, false},
		{"the appointment that is moved does not", entry(booking.Ours, 30, 60, "moved", 0), 45, 75, false},
		{"nor does the time it moves to", entry(booking.Moving, 30, 60, "moved", 0), 30, 60, false},
		{"the time another one moves to does", entry(booking.Moving, 30, 60, "b", 0), 30, 60, true},
	} {
		d := booking.Day{Resource: "anna", Date: german.Date{Year: 2026, Month: 11, Day: 24}}.With(tt.there, at(-10))
		if got := d.Busy(at(tt.from), at(tt.to), noon, "this call", "moved"); got != tt.want {
			t.Errorf("%s: busy %t", tt.name, got)
		}
	}
}

// A day is busy exactly where some living entry of somebody else's has a minute in common with the time asked for.
func TestBusyIsWhereAMinuteIsShared(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		d := booking.Day{}
		taken := map[int]bool{}
		for range rapid.IntRange(0, 8).Draw(r, "entries") {
			from := rapid.IntRange(0, 200).Draw(r, "from")
			to := from + rapid.IntRange(1, 60).Draw(r, "length")
			kind := rapid.SampledFrom([]booking.Kind{booking.Hold, booking.Ours, booking.Moving, booking.ForeignKind}).Draw(r, "kind")
			owner := rapid.SampledFrom([]string{"this call", "moved", "x", "y"}).Draw(r, "owner")
			until := rapid.SampledFrom([]int{-5, 100}).Draw(r, "until")
			d.Entries = append(d.Entries, entry(kind, from, to, owner, until))
			own := (kind == booking.Hold && owner == "this call") || ((kind == booking.Ours || kind == booking.Moving) && owner == "moved")
			if own || (kind == booking.Hold && until < 0) {
				continue
			}
			for m := from; m < to; m++ {
				taken[m] = true
			}
		}
		from := rapid.IntRange(0, 250).Draw(r, "asked from")
		to := from + rapid.IntRange(1, 60).Draw(r, "asked length")
		want := false
		for m := from; m < to; m++ {
			want = want || taken[m]
		}
		if got := d.Busy(at(from), at(to), noon, "this call", "moved"); got != want {
			r.Fatalf("busy %t, wanted %t: %+v", got, want, d.Entries)
		}
	})
}
