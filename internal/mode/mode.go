// Package mode decides what a call is taken for: appointments, the service desk, or not decided yet. Its one rule: what is decided
// stays, and a call keeps the configuration that it began with. It knows no store and no functions; whoever keeps the Pin lets
// the first writer win. A call whose company is not known has no mode and is never asked for one here.
package mode

import (
	"time"

	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
)

// Mode of a company's gateway or of a call.
type Mode = desk.Mode

// A company may be Hybrid, a call Undecided; the others are both's.
const (
	Appointment = desk.Appointments
	ServiceDesk = desk.ServiceDesk
	Hybrid      = desk.Hybrid
	Undecided   = desk.Undecided
)

// Table is the part of the function table that a function belongs to (§2.4).
type Table uint8

// Functions are for everybody, for appointments, or for the desk.
const (
	Common Table = iota
	Bookings
	Desk
)

// Offers tells whether a call in this mode does what functions of a table ask for. Otherwise it answers usably and offers another
// way. A hybrid company's calls do everything, decided or not: who reports a fault may want an appointment as well.
func (p Pin) Offers(t Table) bool {
	return t == Common || p.Hybrid || t == tableOf(p.Mode)
}

func tableOf(m Mode) Table {
	if m == ServiceDesk {
		return Desk
	}
	return Bookings
}

// Config is what a company decided about its gateway. Zero values are the defaults.
type Config struct {
	Enabled   bool
	Mode      Mode    // Appointment if empty
	Fallback  Mode    // of Hybrid: Appointment if empty
	Threshold float64 // DefaultThreshold if 0
	Version   int64
}

// Source tells how a mode came about.
type Source string

// Sources, those of a call's beginning first.
const (
	FromKillSwitch    Source = "kill_switch"
	FromGlobalDefault Source = "global_default"
	FromCompany       Source = "company"
	FromIntent        Source = "intent"
	FromFunction      Source = "function" // the first that succeeded
	FromFallback      Source = "fallback"
)

// Detection is what was made of an utterance. Intent is appointment, service_desk or unknown.
type Detection struct {
	Intent     string   `json:"i,omitempty"`
	Confidence float64  `json:"c,omitempty"` // a margin from 0 to 1
	Keywords   []string `json:"k,omitempty"`
}

// decided tells whether a detection stands at a threshold.
func (d Detection) decided(threshold float64) bool {
	return (d.Intent == string(Appointment) || d.Intent == string(ServiceDesk)) && d.Confidence >= threshold
}

// DefaultThreshold is the confidence from which a detection decides, unless the company chose another (§2.1).
const DefaultThreshold = 0.75

// Pin is what a call keeps of its mode.
type Pin struct {
	Mode          Mode      `json:"m"`
	Hybrid        bool      `json:"h,omitempty"` // the company is
	From          Source    `json:"f"`
	At            time.Time `json:"t"`
	ConfigVersion int64     `json:"v,omitempty"`

	// What was heard last; it is evidence whether it decided or not.
	Detection
	Utterance string `json:"u,omitempty"` // the first one, for trying out other word lists

	// While undecided: what will decide, and how often it has not.
	Threshold float64 `json:"th,omitempty"`
	Fallback  Mode    `json:"fb,omitempty"`
	Unsure    int     `json:"us,omitempty"`
	Functions int     `json:"fn,omitempty"`
}

// A hybrid call falls back at its second unsure detection or third undecided function call.
const (
	mostUnsure    = 2
	mostFunctions = 3
)

// Resolve begins a call. On is the platform's switch; c is nil where a company has no configuration.
func Resolve(on bool, c *Config, now time.Time) Pin {
	p := Pin{Mode: Appointment, At: now}
	switch {
	case !on:
		p.From = FromKillSwitch
	case c == nil || !c.Enabled:
		p.From = FromGlobalDefault
	case c.Mode == Hybrid:
		p.Mode, p.Hybrid, p.From, p.ConfigVersion = Undecided, true, FromCompany, c.Version
		p.Threshold, p.Fallback = c.Threshold, Appointment
		if c.Threshold == 0 {
			p.Threshold = DefaultThreshold
		}
		if c.Fallback == ServiceDesk {
			p.Fallback = ServiceDesk
		}
	default:
		p.From, p.ConfigVersion = FromCompany, c.Version
		if c.Mode == ServiceDesk {
			p.Mode = ServiceDesk
		}
	}
	return p
}

// Decided tells whether the mode will stay.
func (p Pin) Decided() bool { return p.Mode != Undecided }

// Resolves tells whether a pin is news over the one that was kept before it (nil: none was): the call's first, or the one
// that decides it. Of the first, nth is 1, of the other 2.
func (p Pin) Resolves(before *Pin) (nth int, news bool) {
	switch {
	case before == nil:
		return 1, true
	case !before.Decided() && p.Decided():
		return 2, true
	}
	return 0, false
}

// Fact that tells of a pin's mode; head's Sequence is what Resolves says.
func (p Pin) Fact(head event.Head, callID string) event.GatewayModeResolved {
	return event.GatewayModeResolved{Head: head, CallID: callID, Mode: string(p.Mode), Intent: p.Intent, Confidence: p.Confidence, From: string(p.From)}
}

// Heard takes in a detection. One at the threshold decides, the second below it falls back.
func (p Pin) Heard(d Detection, now time.Time) Pin {
	if p.Decided() {
		return p
	}
	p.Detection = d
	if d.decided(p.Threshold) {
		return p.decide(Mode(d.Intent), FromIntent, now)
	}
	if p.Unsure++; p.Unsure >= mostUnsure {
		return p.decide(p.Fallback, FromFallback, now)
	}
	return p
}

// Called takes in a function call that was answered. The first that succeeds and is of one table only decides, the third that does not
// decide falls back.
func (p Pin) Called(t Table, succeeded bool, now time.Time) Pin {
	if p.Decided() {
		return p
	}
	p.Functions++
	switch {
	case succeeded && t == Desk:
		return p.decide(ServiceDesk, FromFunction, now)
	case succeeded && t == Bookings:
		return p.decide(Appointment, FromFunction, now)
	case p.Functions >= mostFunctions:
		return p.decide(p.Fallback, FromFallback, now)
	}
	return p
}

// Ended closes a call: nothing stays undecided.
func (p Pin) Ended(now time.Time) Pin {
	if p.Decided() {
		return p
	}
	return p.decide(p.Fallback, FromFallback, now)
}

func (p Pin) decide(m Mode, from Source, now time.Time) Pin {
	p.Mode, p.From, p.At = m, from, now
	return p
}
