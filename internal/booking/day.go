package booking

import (
	"slices"
	"time"

	"github.com/askpro/gateway/internal/german"
)

// Day is everything that takes the time of one resource (a member of staff, or a service nobody is mapped to) on one
// local date. It is one small record, so that a conflict is seen by one strong read and settled by one conditional write.
type Day struct {
	Resource string      `json:"-"`
	Date     german.Date `json:"-"`
	// Calendar counts what changed the calendar on that day; a cached list of slots counts only under the same number.
	Calendar int     `json:"calendar,omitempty"`
	Entries  []Entry `json:"entries,omitempty"`
	Version  int     `json:"-"`
}

// Kind of an Entry.
type Kind string

// A Hold ends by itself; an Appointment is ours; Moving is the new time of an appointment of ours while the calendar is
// asked; a Foreign one was made in the calendar by somebody else.
const (
	Hold        Kind = "hold"
	Ours        Kind = "appointment"
	Moving      Kind = "moving"
	ForeignKind Kind = "foreign"
)

// Entry takes [Start, End) in unix seconds. Owner is the call of a hold, the id of an appointment, the uid of a foreign
// booking. Until ends a hold.
type Entry struct {
	Start int64  `json:"s"`
	End   int64  `json:"e"`
	Kind  Kind   `json:"k"`
	Owner string `json:"o"`
	Until int64  `json:"u,omitempty"`
}

func (e Entry) alive(now time.Time) bool { return e.Kind != Hold || e.Until > now.Unix() }

// Busy tells whether something other than the caller's own hold, and other than the appointment being changed, overlaps
// [start, end). Intervals are half-open: back to back is no overlap.
func (d Day) Busy(start, end, now time.Time, callID, exceptAppointment string) bool {
	for _, e := range d.Entries {
		own := (e.Kind == Hold && e.Owner == callID) || ((e.Kind == Ours || e.Kind == Moving) && e.Owner == exceptAppointment)
		if !own && e.alive(now) && e.Start < end.Unix() && start.Unix() < e.End {
			return true
		}
	}
	return false
}

// Booked counts the day's appointments, foreign ones too: the least busy member of staff gets the next one. The segments of
// one appointment count once.
func (d Day) Booked() (n int) {
	for i, e := range d.Entries {
		same := func(other Entry) bool { return other.Kind == e.Kind && other.Owner == e.Owner }
		if e.Kind != Hold && e.Kind != Moving && !slices.ContainsFunc(d.Entries[:i], same) {
			n++
		}
	}
	return n
}

// With returns the day with an entry added and expired holds swept.
func (d Day) With(e Entry, now time.Time) Day {
	return d.edited(now, func(old Entry) bool { return true }, e)
}

// WithoutHold returns the day without a call's holds.
func (d Day) WithoutHold(callID string, now time.Time) Day {
	return d.edited(now, func(e Entry) bool { return e.Kind != Hold || e.Owner != callID })
}

// Without returns the day without an appointment or foreign booking.
func (d Day) Without(kind Kind, owner string, now time.Time) Day {
	return d.edited(now, func(e Entry) bool { return e.Kind != kind || e.Owner != owner })
}

// Changed returns the day with its calendar counter moved on, so that cached slots of that day no longer count.
func (d Day) Changed() Day {
	d.Calendar++
	return d
}

// Has tells whether the entry of an owner is there.
func (d Day) Has(kind Kind, owner string) bool {
	return slices.ContainsFunc(d.Entries, func(e Entry) bool { return e.Kind == kind && e.Owner == owner })
}

func (d Day) edited(now time.Time, keep func(Entry) bool, add ...Entry) Day {
	entries := make([]Entry, 0, len(d.Entries)+len(add))
	for _, e := range d.Entries {
		if e.alive(now) && keep(e) {
			entries = append(entries, e)
		}
	}
	d.Entries = append(entries, add...)
	return d
}
