// Package policy decides what a company allows: which operations, when and to whom, and whether a customer may still
// cancel or move an appointment and for what fee. Its one rule: a decision names its code and the key and entity it came
// from, and where nothing was configured everything that we know is allowed and free. It counts notice, quotas and fees
// from what it is given; it knows no storage, no clock, and not whose appointment it is.
package policy

import (
	"slices"
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

// The types of policy that are about no operation of their own.
const (
	AnonymousCallerRestrictions = "anonymous_caller_restrictions"
	AppointmentInfoDisclosure   = "appointment_info_disclosure"
)

// AllOperations lists what policies can govern.
func AllOperations() []Operation {
	return []Operation{Booking, AppointmentInquiry, Availability, Callback, ServiceInformation, OpeningHours, Cancellation, Reschedule}
}

func (op Operation) known() bool {
	switch op {
	case Booking, AppointmentInquiry, Availability, Callback, ServiceInformation, OpeningHours, Cancellation, Reschedule:
		return true
	}
	return false
}

// Verdict of an operational check: ok, disabled (switched off, or outside its hours: Rule tells which) or not_allowed
// (to callers without a number, or nothing we know). Message is the company's own words for a refusal, empty where it
// has none.
type Verdict struct {
	Allowed bool
	Code    Code
	Rule    Origin
	Message string
}

// Circumstances of a check. Service and Staff are the ids of what it is about, once they are known.
type Circumstances struct {
	Now            time.Time
	Anonymous      bool // the caller's number is suppressed (§5.6)
	Service, Staff string
}

// Check decides whether an operation may be done now by a caller with a number, as far as branch and company say.
func Check(c *company.Config, b company.Branch, op Operation, now time.Time) Verdict {
	return CheckUnder(c, b, op, Circumstances{Now: now})
}

// CheckUnder decides whether an operation may be done: not closed to callers without a number, enabled, and inside its
// allowed hours today. An unknown operation is refused.
//
// What such callers can never do, hear of or change appointments made outside this call (§5.6), is not decided here: the
// appointment has to be found first, and no configuration lifts it.
func CheckUnder(c *company.Config, b company.Branch, op Operation, u Circumstances) Verdict {
	if op == Always {
		return Verdict{Allowed: true, Code: OK}
	}
	if !op.known() {
		return Verdict{Code: NotAllowed}
	}
	chain := Chain{Staff: u.Staff, Service: u.Service, Branch: b.ID}
	if u.Anonymous {
		r := resolve(c, chain, AnonymousCallerRestrictions)
		if closed := r.operations.value; closed != nil && !r.switchedOff() && slices.Contains(*closed, string(op)) {
			return Verdict{Code: NotAllowed, Rule: r.operations.from, Message: r.message()}
		}
	}
	r := resolve(c, chain, string(op))
	if r.switchedOff() {
		return Verdict{Code: Disabled, Rule: r.enabled.from, Message: r.message()}
	}
	if r.allowedHours.value != nil && !within(*r.allowedHours.value, b, u.Now) {
		return Verdict{Code: Disabled, Rule: r.allowedHours.from, Message: r.message()}
	}
	return Verdict{Allowed: true, Code: OK}
}

// within tells whether it is one of the hours at the branch; start and end both count (§14).
func within(hours map[string][]string, b company.Branch, now time.Time) bool {
	minute := b.LocalMinute(now)
	for _, r := range b.Week(hours, b.Day(now)) {
		if r.From <= minute && minute <= r.To {
			return true
		}
	}
	return false
}
