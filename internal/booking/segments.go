package booking

import (
	"slices"
	"time"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/german"
)

// What a change of hands between two segments weighs against the day's work of those who could do them (§12.1, §12.2): one
// member of staff for all of them is better than any other choice, most of all where the segment says so.
const (
	otherHands    = 1_000
	unwantedHands = 1_000_000
)

// freeSegments lists the starts of a day at which every segment has somebody: its start is a slot of that person's event
// type for it, and nothing of ours stands against the time they are busy. What lies between the segments does not matter.
func (v View) freeSegments(day german.Date) []Slot {
	if len(v.Service.Segments) == 0 {
		return nil
	}
	midnight := v.Branch.At(day, 0)
	var starts []int64
	for _, d := range v.Doers {
		if d.Segment == v.Service.Segments[0].Key {
			for _, at := range v.Slots[SlotKey{d.EventTypeID, day}].Starts(midnight) {
				starts = append(starts, at.Unix())
			}
		}
	}
	slices.Sort(starts)
	var out []Slot
	for _, at := range slices.Compact(starts) {
		if s, ok := v.manned(time.Unix(at, 0).UTC()); ok {
			out = append(out, s)
		}
	}
	return out
}

// manned gives every segment of an appointment that begins at start to somebody; false when one of them finds nobody.
func (v View) manned(start time.Time) (Slot, bool) {
	s := Slot{Start: start, End: start.Add(v.Service.Duration())}
	if start.Before(v.Earliest()) || !v.inHours(s) {
		return s, false
	}
	type choice struct {
		part   Part
		weight int
		before int // the choice for the segment before
	}
	rows := make([][]choice, 0, len(v.Service.Segments))
	at := start
	for i, x := range v.Service.Segments {
		end := at.Add(time.Duration(x.DurationMin) * time.Minute)
		var row []choice
		for _, d := range v.Doers {
			p := Part{Segment: x.Key, Start: at, End: end, StaffID: d.Staff.ID, Resource: d.Resource, EventTypeID: d.EventTypeID}
			load, can := v.can(d, p)
			if d.Segment != x.Key || !can {
				continue
			}
			c := choice{part: p, weight: load}
			if i > 0 {
				hands := otherHands
				if x.PreferSameStaff {
					hands = unwantedHands
				}
				least := -1
				for j, b := range rows[i-1] {
					w := b.weight
					if b.part.Resource != p.Resource {
						w += hands
					}
					if least < 0 || w < least {
						least, c.before = w, j
					}
				}
				c.weight += least
			}
			row = append(row, c)
		}
		if len(row) == 0 {
			return s, false
		}
		rows = append(rows, row)
		at = end.Add(time.Duration(x.GapAfterMin) * time.Minute)
	}
	last := rows[len(rows)-1]
	best := 0
	for j, c := range last {
		if c.weight < last[best].weight {
			best = j
		}
	}
	s.Segments = make([]Part, len(rows))
	for i := len(rows) - 1; i >= 0; i-- {
		s.Segments[i] = rows[i][best].part
		best = rows[i][best].before
	}
	first := s.Segments[0]
	s.StaffID, s.Resource, s.EventTypeID = first.StaffID, first.Resource, first.EventTypeID
	return s, true
}

// can tells whether somebody can do a part, as far as the calendar, their own hours and our days know, and how much they
// have to do that day.
func (v View) can(d company.Doer, p Part) (load int, can bool) {
	day := v.Branch.Day(p.Start)
	load = v.Days[DayKey{d.Resource, day}].Booked()
	proven := v.Slots[SlotKey{d.EventTypeID, day}].has(v.Branch.At(day, 0), p.Start)
	can = proven && (d.Staff.MaxPerDay == 0 || load < d.Staff.MaxPerDay) && d.Staff.Works(v.Branch, p.Start, p.End) &&
		!Conflict(v.Days, v.Branch, []Part{p}, v.Now, v.CallID, v.Except)
	return load, can
}

func (s SlotDay) has(midnight, start time.Time) bool {
	since := start.Sub(midnight)
	return since%time.Minute == 0 && slices.Contains(s.Minutes, int(since/time.Minute))
}
