// Package policy decides what a company allows. Its one rule: a decision names the code and the policy it came from, and
// where nothing was configured everything that we know is allowed. So far it knows the operational check; fees, notice
// and quotas come with the life of an appointment.
package policy

import (
	"time"

	"github.com/askpro/gateway/internal/company"
)

// Operation is what a tool does, as policies name it (§14).
type Operation string

// The operations a company can switch off or limit to hours.
const (
	Booking            Operation = "booking"
	AppointmentInquiry Operation = "appointment_inquiry"
	Availability       Operation = "availability_inquiry"
	Callback           Operation = "callback_service"
	ServiceInformation Operation = "service_information"
	OpeningHours       Operation = "opening_hours"
	Cancellation       Operation = "cancellation"
	Reschedule         Operation = "reschedule"
	// Always is what no policy governs: who is calling, what time it is, a transfer.
	Always Operation = ""
)

// Verdict of an operational check. Message is the company's own words for a refusal, empty where it has none.
type Verdict struct {
	Allowed bool
	Message string
}

// Check decides whether an operation may be done now: enabled, and inside its allowed hours today. The nearest policy
// decides, branch before company. An unknown operation is refused.
func Check(c *company.Config, b company.Branch, op Operation, now time.Time) Verdict {
	switch op {
	case Always:
		return Verdict{Allowed: true}
	case Booking, AppointmentInquiry, Availability, Callback, ServiceInformation, OpeningHours, Cancellation, Reschedule:
	default:
		return Verdict{}
	}
	p, ok := nearest(c, b, op)
	if !ok {
		return Verdict{Allowed: true}
	}
	if p.Enabled != nil && !*p.Enabled {
		return Verdict{Message: p.DisabledMessage}
	}
	if len(p.AllowedHours) == 0 {
		return Verdict{Allowed: true}
	}
	// Start and end both count (§14).
	for _, r := range b.Week(p.AllowedHours, b.Day(now)) {
		if m := b.LocalMinute(now); r.From <= m && m <= r.To {
			return Verdict{Allowed: true}
		}
	}
	return Verdict{Message: p.DisabledMessage}
}

func nearest(c *company.Config, b company.Branch, op Operation) (company.Policy, bool) {
	var found company.Policy
	ok := false
	for _, p := range c.Policies {
		if p.Type != string(op) {
			continue
		}
		switch {
		case p.Entity == "branch" && p.EntityID == b.ID:
			return p, true
		case p.Entity == "company":
			found, ok = p, true
		}
	}
	return found, ok
}
