package booking

import (
	"cmp"
	"slices"
	"time"
)

// Figures of the specification (§16, §2).
const (
	RemindBefore = 24 * time.Hour
	quietFrom    = 20 // o'clock at the branch, until quietTill
	quietTill    = 8
	// CompleteAfter its end a confirmed appointment counts as completed; staff may still say otherwise.
	CompleteAfter = 2 * time.Hour
)

// Reminder is when a customer is to be reminded, and of what: the whole appointment, or one Segment of it.
type Reminder struct {
	At      time.Time
	Segment string // its key; empty: the appointment
	Start   time.Time
	End     time.Time
}

// Reminders lists an appointment's reminders, the earliest first: 24 hours (elapsed, §8.3) before the start, in quiet hours
// at the next time that is not quiet. policy is the service's: single (or empty), per_segment, none. Who was told of the
// time less than 24 hours ahead gets none. Of parts that would be reminded of at the same instant, the first counts.
func (a Appointment) Reminders(policy string, zone *time.Location) []Reminder {
	var list []Reminder
	add := func(segment string, start, end time.Time) {
		at := start.Add(-RemindBefore)
		if at.Before(a.toldAt()) {
			return
		}
		list = append(list, Reminder{At: Awake(at, zone), Segment: segment, Start: start, End: end})
	}
	switch {
	case policy == "none":
	case policy == "per_segment" && len(a.Segments) > 0:
		for _, s := range a.Segments {
			add(s.Key, s.StartsAt, s.EndsAt)
		}
	default:
		add("", a.StartsAt, a.EndsAt)
	}
	slices.SortStableFunc(list, func(x, y Reminder) int { return cmp.Or(x.At.Compare(y.At), x.Start.Compare(y.Start)) })
	return slices.CompactFunc(list, func(x, y Reminder) bool { return x.At.Equal(y.At) })
}

// NextReminder is the first one that was not sent yet, due or not; false when there is none (left).
func (a Appointment) NextReminder(policy string, zone *time.Location) (Reminder, bool) {
	for _, r := range a.Reminders(policy, zone) {
		if !a.reminded(r) {
			return r, true
		}
	}
	return Reminder{}, false
}

// reminded tells whether a reminder of the present time was sent: one sent before a move was of another.
func (a Appointment) reminded(r Reminder) bool {
	return a.ReminderSentAt != nil && !a.ReminderSentAt.Before(a.toldAt()) && !a.ReminderSentAt.Before(r.At)
}

// toldAt is when the appointment got the time that it has, as far as is known.
func (a Appointment) toldAt() time.Time {
	if a.ChangedAt.After(a.CreatedAt) {
		return a.ChangedAt
	}
	return a.CreatedAt
}

// CompleteAt is when a confirmed appointment counts as completed.
func (a Appointment) CompleteAt() time.Time { return a.EndsAt.Add(CompleteAfter) }

// Awake is the first instant at or after t at which people may be written to: from 8 to 20 o'clock where they live.
func Awake(t time.Time, zone *time.Location) time.Time {
	local := t.In(zone)
	switch hour := local.Hour(); {
	case hour < quietTill:
		return time.Date(local.Year(), local.Month(), local.Day(), quietTill, 0, 0, 0, zone).UTC()
	case hour >= quietFrom:
		return time.Date(local.Year(), local.Month(), local.Day()+1, quietTill, 0, 0, 0, zone).UTC()
	}
	return t.UTC()
}
