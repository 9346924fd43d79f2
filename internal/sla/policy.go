package sla

import (
	"slices"
	"time"

	"github.com/askpro/gateway/internal/company"
)

// Settings are a company's switches for all of this and its own calendar.
type Settings struct {
	Tracking    *bool    `json:"sla_tracking_enabled,omitempty"` // nothing said: on
	Escalations bool     `json:"escalations_enabled,omitempty"`
	Calendar    Calendar `json:"calendar"`
}

// Tracks tells whether cases get a ledger.
func (s Settings) Tracks() bool { return s.Tracking == nil || *s.Tracking }

// CalendarFor a case: its branch's if that has hours, with the company's half days; else the company's, else the default.
func (s Settings) CalendarFor(b *company.Branch) Calendar {
	if b != nil {
		for _, ranges := range b.BusinessHours {
			if len(ranges) > 0 {
				c := OfBranch(*b)
				c.HalfDays = s.Calendar.HalfDays
				return c
			}
		}
	}
	if len(s.Calendar.BusinessHours) > 0 {
		return s.Calendar
	}
	c := DefaultCalendar(s.Calendar.Land)
	c.HalfDays = s.Calendar.HalfDays
	return c
}

// Policy says how fast cases are answered and solved. The zero values are the usual: warnings half an hour and an hour
// before, every pending reason stops the clock.
type Policy struct {
	ID                string              `json:"id,omitempty"`
	Name              string              `json:"name"`
	Default           bool                `json:"is_default,omitempty"` // of the company: for categories that name none
	Targets           map[Priority]Target `json:"targets"`
	ResponseWarning   Lead                `json:"response_warning,omitzero"`
	ResolutionWarning Lead                `json:"resolution_warning,omitzero"`
	KeepsRunning      []Reason            `json:"keeps_running,omitempty"` // pending reasons that do not stop the resolution clock
}

// Target is in minutes on the clock; 0 is none.
type Target struct {
	Response   int   `json:"response_minutes,omitempty"`
	Resolution int   `json:"resolution_minutes,omitempty"`
	Clock      Clock `json:"clock,omitempty"` // empty: business
}

// Of a goal.
func (t Target) Of(g Goal) time.Duration {
	if g == Response {
		return time.Duration(t.Response) * time.Minute
	}
	return time.Duration(t.Resolution) * time.Minute
}

func (t Target) clock() Clock {
	if t.Clock == AroundTheClock {
		return AroundTheClock
	}
	return Business
}

// Lead says when to warn: so many minutes of clock time before the target, or when shares of it are used, or both.
type Lead struct {
	Minutes  int   `json:"minutes,omitempty"`
	Percents []int `json:"percents,omitempty"` // of 50, 75, 90
}

// The leads of a policy that says nothing.
const (
	defaultResponseLead   = 30
	defaultResolutionLead = 60
)

var allowedPercents = [...]int{50, 75, 90}

// point is a warning at an amount of used time; percent is 0 for one by minutes.
type point struct {
	percent int
	at      time.Duration
}

// points of a target in ascending order.
func (l Lead) points(g Goal, target time.Duration) []point {
	if l.Minutes == 0 && len(l.Percents) == 0 {
		if l.Minutes = defaultResolutionLead; g == Response {
			l.Minutes = defaultResponseLead
		}
	}
	var out []point
	for _, p := range l.Percents {
		out = append(out, point{p, target * time.Duration(p) / 100})
	}
	if l.Minutes > 0 {
		out = append(out, point{0, before(target, time.Duration(l.Minutes)*time.Minute)})
	}
	slices.SortStableFunc(out, func(a, b point) int { return int((a.at - b.at) / time.Second) })
	return out
}

// before is a lead ahead of a target. One that is as long as the target would warn of every case at its very start: then it
// is half of the target.
func before(target, lead time.Duration) time.Duration {
	if lead >= target {
		return target / 2
	}
	return target - lead
}

// DefaultPolicy is what a company has before it says otherwise.
func DefaultPolicy() Policy {
	return Policy{Name: "Standard", Targets: map[Priority]Target{
		Critical: {Response: 60, Resolution: 4 * 60, Clock: Business},
		High:     {Response: 2 * 60, Resolution: 8 * 60, Clock: Business},
		Normal:   {Response: 4 * 60, Resolution: 24 * 60, Clock: Business},
		Low:      {Response: 8 * 60, Resolution: 48 * 60, Clock: Business},
	}}
}

// Limits of a policy.
const (
	maxName   = 150
	maxTarget = 366 * 24 * 60 // minutes
)

// Check tells what is wrong with a policy that is about to be saved.
func (p Policy) Check() []Fault {
	var faults []Fault
	say := func(field, code string) { faults = append(faults, Fault{field, code}) }
	if code := checkName(p.Name); code != "" {
		say("name", code)
	}
	for priority := range p.Targets {
		if !priority.Valid() {
			say("targets", "unknown-priority")
		}
	}
	for _, priority := range Priorities {
		t, field := p.Targets[priority], "targets."+string(priority)
		if t.Response < 0 || t.Response > maxTarget {
			say(field+".response_minutes", "out-of-range")
		}
		if t.Resolution < 0 || t.Resolution > maxTarget {
			say(field+".resolution_minutes", "out-of-range")
		}
		if t.Clock != "" && !t.Clock.Valid() {
			say(field+".clock", "unknown-clock")
		}
	}
	for field, lead := range map[string]Lead{"response_warning": p.ResponseWarning, "resolution_warning": p.ResolutionWarning} {
		if lead.Minutes < 0 || lead.Minutes > maxTarget {
			say(field+".minutes", "out-of-range")
		}
		for i, percent := range lead.Percents {
			if !slices.Contains(allowedPercents[:], percent) || slices.Contains(lead.Percents[:i], percent) {
				say(field+".percents", "not-allowed")
			}
		}
	}
	for i, r := range p.KeepsRunning {
		if !r.pending() || slices.Contains(p.KeepsRunning[:i], r) {
			say("keeps_running", "unknown-reason")
		}
	}
	sortFaults(faults)
	return faults
}
