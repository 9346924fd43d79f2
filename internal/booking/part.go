package booking

import (
	"slices"
	"time"

	"github.com/askpro/gateway/internal/company"
)

// Part is time of one resource that is taken at a stretch: a whole appointment, or one segment of a composite one. What
// lies between two segments is nobody's (§12.2).
type Part struct {
	Segment     string // its key; empty: the whole appointment
	Start, End  time.Time
	StaffID     string
	Resource    string
	EventTypeID int64
}

// Parts that the slot takes.
func (s Slot) Parts() []Part {
	if len(s.Segments) > 0 {
		return s.Segments
	}
	return []Part{{Start: s.Start, End: s.End, StaffID: s.StaffID, Resource: s.Resource, EventTypeID: s.EventTypeID}}
}

// Parts that the appointment takes now, segments that are gone from the calendar left out.
func (a Appointment) Parts() []Part {
	if len(a.Segments) == 0 {
		return []Part{{Start: a.StartsAt, End: a.EndsAt, StaffID: a.StaffID, Resource: a.Resource, EventTypeID: a.EventTypeID}}
	}
	var list []Part
	for _, x := range a.Segments {
		if x.SyncStatus != SyncGone {
			list = append(list, Part{x.Key, x.StartsAt, x.EndsAt, x.StaffID, x.Resource, x.EventTypeID})
		}
	}
	return list
}

// PartsAt are the parts that the appointment would take if it began at start: all segments move by the same offset.
func (a Appointment) PartsAt(start time.Time) []Part {
	if len(a.Segments) == 0 {
		p := a.Parts()[0]
		p.Start, p.End = start, start.Add(a.EndsAt.Sub(a.StartsAt))
		return []Part{p}
	}
	list := make([]Part, len(a.Segments))
	for i, x := range a.Segments {
		from := x.StartFor(start)
		list[i] = Part{x.Key, from, from.Add(x.EndsAt.Sub(x.StartsAt)), x.StaffID, x.Resource, x.EventTypeID}
	}
	return list
}

// SlotAt is the slot that the appointment would take if it began at start.
func (a Appointment) SlotAt(start time.Time) Slot {
	s := Slot{Start: start, End: start.Add(a.EndsAt.Sub(a.StartsAt)), StaffID: a.StaffID, Resource: a.Resource, EventTypeID: a.EventTypeID}
	if len(a.Segments) > 0 {
		s.Segments = a.PartsAt(start)
	}
	return s
}

// InCalendar tells whether the appointment stands in the calendar whole, so that it can be changed there.
func (a Appointment) InCalendar() bool {
	return a.UID != "" && !slices.ContainsFunc(a.Segments, func(x Segment) bool { return x.UID == "" || x.SyncStatus == SyncFailed })
}

// UIDs are the calendar's uids of the appointment's parts; those of segments that are gone are left out.
func (a Appointment) UIDs() (uids []string) {
	if len(a.Segments) == 0 {
		return []string{a.UID}
	}
	for _, x := range a.Segments {
		if x.SyncStatus != SyncGone {
			uids = append(uids, x.UID)
		}
	}
	return uids
}

// Torn tells whether a segment is gone or does not stand where the appointment is: somebody changed it alone.
func (a Appointment) Torn() bool {
	return slices.ContainsFunc(a.Segments, func(x Segment) bool { return x.SyncStatus == SyncGone || !x.Begins().Equal(a.StartsAt) })
}

// Service is the appointment's service as it was booked: of that length, in those segments, or as one block.
func (a Appointment) Service(s company.Service) company.Service {
	s.DurationMinutes = int(a.EndsAt.Sub(a.StartsAt) / time.Minute)
	if len(a.Segments) == 0 {
		s.CompositeMode = "block"
		return s
	}
	s.Composite, s.CompositeMode = true, "segments"
	s.Segments = make([]company.Segment, len(a.Segments))
	for i, x := range a.Segments {
		minutes := int(x.EndsAt.Sub(x.StartsAt) / time.Minute)
		s.Segments[i] = company.Segment{Key: x.Key, Name: x.Name, DurationMin: minutes}
		if i+1 < len(a.Segments) {
			s.Segments[i].GapAfterMin = a.Segments[i+1].OffsetMin - x.OffsetMin - minutes
		}
	}
	return s
}

// StartFor is when the segment begins if its appointment begins at start.
func (x Segment) StartFor(start time.Time) time.Time {
	return start.Add(time.Duration(x.OffsetMin) * time.Minute)
}

// Begins is when the appointment begins by what this segment says.
func (x Segment) Begins() time.Time {
	return x.StartsAt.Add(-time.Duration(x.OffsetMin) * time.Minute)
}

// Uses tells whether an event type is the appointment's, or one of its segments': a move keeps service, length and staff.
func (a Appointment) Uses(eventTypeID int64) bool {
	return slices.ContainsFunc(a.PartsAt(a.StartsAt), func(p Part) bool { return p.EventTypeID == eventTypeID })
}

// OfferSegment is one segment of an offer. Staff is empty where the offer's staff does it.
type OfferSegment struct {
	Key         string `json:"k"`
	Offset      int    `json:"o"` // minutes from the start
	Minutes     int    `json:"m"`
	StaffID     string `json:"p,omitempty"`
	Resource    string `json:"r,omitempty"` // only where it is not the staff
	EventTypeID int64  `json:"e"`
}

// Parts that booking the offer would take.
func (o Offer) Parts() []Part {
	if len(o.Segments) == 0 {
		return []Part{{Start: o.StartsAt(), End: o.EndsAt(), StaffID: o.StaffID, Resource: o.Takes(), EventTypeID: o.EventTypeID}}
	}
	list := make([]Part, len(o.Segments))
	for i, x := range o.Segments {
		p := Part{Segment: x.Key, Start: o.StartsAt().Add(time.Duration(x.Offset) * time.Minute), StaffID: x.StaffID, Resource: x.Resource, EventTypeID: x.EventTypeID}
		p.End = p.Start.Add(time.Duration(x.Minutes) * time.Minute)
		if p.StaffID == "" && p.Resource == "" {
			p.StaffID, p.Resource = o.StaffID, o.Takes()
		}
		if p.Resource == "" {
			p.Resource = p.StaffID
		}
		list[i] = p
	}
	return list
}

// Slot that the offer was made from.
func (o Offer) Slot() Slot {
	s := Slot{Start: o.StartsAt(), End: o.EndsAt(), StaffID: o.StaffID, Resource: o.Takes(), EventTypeID: o.EventTypeID}
	if len(o.Segments) > 0 {
		s.Segments = o.Parts()
	}
	return s
}

// OfferSegments are the slot's segments as an offer keeps them.
func (s Slot) OfferSegments() []OfferSegment {
	var list []OfferSegment
	for _, p := range s.Segments {
		x := OfferSegment{Key: p.Segment, Offset: int(p.Start.Sub(s.Start) / time.Minute), Minutes: int(p.End.Sub(p.Start) / time.Minute), EventTypeID: p.EventTypeID}
		if p.StaffID != s.StaffID || p.Resource != s.Resource {
			x.StaffID = p.StaffID
			if p.Resource != p.StaffID {
				x.Resource = p.Resource
			}
		}
		list = append(list, x)
	}
	return list
}

// DayKeys are the days that parts touch, each once.
func DayKeys(b company.Branch, parts []Part) []DayKey {
	var keys []DayKey
	for _, p := range parts {
		for _, date := range b.DaysOf(p.Start, p.End) {
			if k := (DayKey{p.Resource, date}); !slices.Contains(keys, k) {
				keys = append(keys, k)
			}
		}
	}
	return keys
}

// Conflict tells whether a hold or appointment stands against one of the parts, on any local day it touches. Checking and
// booking both ask it (§9.3); the caller's own holds and the appointment being changed never count.
func Conflict(days map[DayKey]Day, b company.Branch, parts []Part, now time.Time, callID, exceptAppointment string) bool {
	for _, p := range parts {
		for _, date := range b.DaysOf(p.Start, p.End) {
			if days[DayKey{p.Resource, date}].Busy(p.Start, p.End, now, callID, exceptAppointment) {
				return true
			}
		}
	}
	return false
}

// Entries of the parts that lie on a day, as kind of an owner.
func (k DayKey) Entries(b company.Branch, parts []Part, kind Kind, owner string) []Entry {
	var list []Entry
	for _, p := range parts {
		if p.Resource == k.Resource && slices.Contains(b.DaysOf(p.Start, p.End), k.Date) {
			list = append(list, Entry{Start: p.Start.Unix(), End: p.End.Unix(), Kind: kind, Owner: owner})
		}
	}
	return list
}
