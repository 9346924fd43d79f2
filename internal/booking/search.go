package booking

import (
	"cmp"
	"slices"
	"time"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/german"
)

// Slot is a free time of one member of staff, proven by the calendar and by our own days. Of a service in segments it is
// the whole span, with whoever does the first segment; Segments has them all.
type Slot struct {
	Start, End  time.Time
	StaffID     string
	Resource    string
	EventTypeID int64
	Segments    []Part
}

// View is what is known about some days when times are searched for. Checking and booking both ask it, so they cannot
// disagree (§9.3).
type View struct {
	Now     time.Time
	CallID  string
	Except  string // the appointment being changed
	Branch  company.Branch
	Service company.Service
	Doers   []company.Doer
	Notice  time.Duration
	Slots   map[SlotKey]SlotDay
	Days    map[DayKey]Day
	Card    customer.Card // the caller's own appointments; zero when unknown
}

// Earliest start that may still be booked; equality is allowed.
func (v View) Earliest() time.Time { return v.Now.Add(v.Notice) }

// Free lists the free slots of a day in order, one per start: the least busy of those who can do it (§12.1). What would
// overlap the caller's own appointments is left in: whether that is meant is for the caller to say.
func (v View) Free(day german.Date) []Slot {
	if v.Service.InSegments() {
		return v.freeSegments(day)
	}
	best := map[int64]Slot{}
	load := map[int64]int{}
	for _, d := range v.Doers {
		busy := v.Days[DayKey{d.Resource, day}].Booked()
		if d.Staff.MaxPerDay > 0 && busy >= d.Staff.MaxPerDay {
			continue
		}
		midnight := v.Branch.At(day, 0)
		for _, start := range v.Slots[SlotKey{d.EventTypeID, day}].Starts(midnight) {
			s := Slot{Start: start, End: start.Add(v.Service.Duration()), StaffID: d.Staff.ID, Resource: d.Resource, EventTypeID: d.EventTypeID}
			if !v.Fits(s, d) {
				continue
			}
			at := start.Unix()
			if _, taken := best[at]; !taken || busy < load[at] {
				best[at], load[at] = s, busy
			}
		}
	}
	out := make([]Slot, 0, len(best))
	for _, s := range best {
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b Slot) int { return a.Start.Compare(b.Start) })
	return out
}

// Fits checks one slot of a doer against everything but the calendar: notice, opening hours, own hours, local conflicts.
func (v View) Fits(s Slot, d company.Doer) bool {
	return !s.Start.Before(v.Earliest()) &&
		v.inHours(s) &&
		d.Staff.Works(v.Branch, s.Start, s.End) &&
		!v.Busy(s)
}

// Busy tells whether a hold or appointment stands against the slot, on any local day it touches.
func (v View) Busy(s Slot) bool {
	return Conflict(v.Days, v.Branch, s.Parts(), v.Now, v.CallID, v.Except)
}

func (v View) inHours(s Slot) bool {
	day := v.Branch.Day(s.Start)
	for _, r := range v.Branch.Open(day) {
		if !s.Start.Before(v.Branch.At(day, r.From)) && !s.End.After(v.Branch.At(day, r.To)) {
			return true
		}
	}
	return false
}

// own tells whether the slot would overlap an appointment the caller has.
func (v View) own(s Slot) bool {
	u, ok := v.Card.Overlaps(s.Start, s.End)
	return ok && u.AppointmentID != v.Except
}

// Wish is what alternatives are ranked against: an instant, and optionally the times of day that would do.
type Wish struct {
	At      time.Time
	From    german.TimeOfDay // NoTime: open
	To      german.TimeOfDay
	StaffID string
}

// Option is an alternative with how near it comes to the wish.
type Option struct {
	Slot
	Score int
	Near  bool // within ±30 minutes of the time asked for
}

// Alternatives ranks free slots around a wish (§9.4): the same day within two hours, the next open day at the same time,
// the same weekday next week, then the next free days. At most three; every one proven by a calendar slot.
func (v View) Alternatives(w Wish, days []german.Date) []Option {
	wished := v.Branch.Day(w.At)
	stages := [][]Slot{{}, {}, {}, {}}
	openSeen := false
	for _, day := range days {
		free := v.Free(day)
		next := !openSeen && wished.Before(day) && len(v.Branch.Open(day)) > 0
		openSeen = openSeen || next
		for _, s := range free {
			if s.Start.Equal(w.At) || v.own(s) {
				continue
			}
			apart := s.Start.Sub(w.At)
			sameTime := v.Branch.LocalMinute(s.Start) == v.Branch.LocalMinute(w.At)
			switch {
			case day == wished && apart.Abs() <= sameDayReach:
				stages[0] = append(stages[0], s)
			case next && sameTime:
				stages[1] = append(stages[1], s)
			case day == wished.AddDays(7) && sameTime:
				stages[2] = append(stages[2], s)
			case wished.Before(day) || day == wished:
				stages[3] = append(stages[3], s)
			}
		}
	}
	var out []Option
	for i, list := range stages {
		ranked := make([]Option, len(list))
		for j, s := range list {
			ranked[j] = Option{Slot: s, Score: v.score(s, w, i), Near: near(s.Start, w.At)}
		}
		if i == 3 { // the next free day first, nearest in time of day there
			slices.SortStableFunc(ranked, func(a, b Option) int {
				da, db := v.Branch.Day(a.Start), v.Branch.Day(b.Start)
				return cmp.Or(da.Compare(db), cmp.Compare(v.offClock(a.Start, w.At), v.offClock(b.Start, w.At)))
			})
			ranked = ranked[:min(len(ranked), MaxOptions-min(len(out), MaxOptions))]
		}
		out = append(out, ranked...)
		if len(out) >= MaxOptions {
			break
		}
	}
	slices.SortStableFunc(out, func(a, b Option) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), a.Start.Compare(b.Start))
	})
	// What comes within half an hour of the wish is said first (§6.3).
	if i := slices.IndexFunc(out, func(o Option) bool { return o.Near }); i > 0 {
		o := out[i]
		out = slices.Insert(slices.Delete(out, i, i+1), 0, o)
	}
	return out[:min(len(out), MaxOptions)]
}

func near(start, wish time.Time) bool {
	return start.Sub(wish).Abs() <= nearMinutes*time.Minute
}

// offClock is how far two times of day lie apart, in minutes.
func (v View) offClock(a, b time.Time) int {
	d := int(v.Branch.LocalMinute(a)) - int(v.Branch.LocalMinute(b))
	return max(d, -d)
}

// score of §9.4: 10 000 less the minutes between the instants, and a bonus for what kind of alternative it is.
func (v View) score(s Slot, w Wish, stage int) int {
	score := 10_000 - int(s.Start.Sub(w.At).Abs()/time.Minute)
	later := s.Start.After(w.At)
	switch {
	case v.Branch.Day(s.Start) == v.Branch.Day(w.At):
		if later == (v.Branch.LocalMinute(w.At) >= 12*60) {
			score += 500
		} else {
			score += 300
		}
	case stage == 1:
		score += 250
	case stage == 2:
		score += 150
	default:
		score += 100
	}
	if w.StaffID != "" && s.StaffID == w.StaffID {
		score += 50
	}
	return score
}

// Spread picks up to three slots over a day or window: one of the morning, one around midday, one of the afternoon, then
// whatever keeps them furthest apart (§6.3: a day without a time).
func (v View) Spread(list []Slot) []Slot {
	list = slices.DeleteFunc(slices.Clone(list), v.own)
	if len(list) <= MaxOptions {
		return list
	}
	picked := map[int]bool{}
	for _, part := range [...][2]german.TimeOfDay{{0, 12 * 60}, {12 * 60, 14 * 60}, {14 * 60, 24 * 60}} {
		for i, s := range list {
			if m := v.Branch.LocalMinute(s.Start); part[0] <= m && m < part[1] {
				picked[i] = true
				break
			}
		}
	}
	for i := 0; len(picked) < MaxOptions; i++ { // a half day: first, middle, last of what there is
		picked[[...]int{0, len(list) / 2, len(list) - 1, i}[min(i, 3)]] = true
	}
	var out []Slot
	for i, s := range list {
		if picked[i] {
			out = append(out, s)
		}
	}
	return out
}

// InWindow keeps the slots whose start lies in [from, to) local time of day; NoTime is an open side.
func (v View) InWindow(list []Slot, from, to german.TimeOfDay) []Slot {
	return slices.DeleteFunc(slices.Clone(list), func(s Slot) bool {
		m := v.Branch.LocalMinute(s.Start)
		return (from != german.NoTime && m < from) || (to != german.NoTime && m >= to)
	})
}
