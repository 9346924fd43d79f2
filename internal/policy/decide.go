package policy

import (
	"math"
	"time"

	"github.com/askpro/gateway/internal/company"
)

// Code says how a decision came out; nobody decides by a text.
type Code string

// The codes of §14.
const (
	OK                    Code = "ok"
	Past                  Code = "past"
	NotAllowed            Code = "not_allowed"
	Disabled              Code = "disabled"
	DeadlineMissed        Code = "deadline_missed"
	QuotaExceeded         Code = "quota_exceeded"
	MaxReschedulesReached Code = "max_reschedules_reached"
)

// Facts are what a decision about one appointment rests on besides the policies.
type Facts struct {
	StartsAt          time.Time
	Now               time.Time
	PriceCents        int64
	AllowCancellation bool // the appointment's service (company.Service.Cancellable)
	// Changes of the customer that count (Counts) since QuotaSince(Now).
	UsedCancellations int
	UsedReschedules   int
	// Moves of this appointment that count, ever.
	RescheduleCount int
}

// Decision about cancelling or moving an appointment. Rule is the key that decided: what refused or, allowed, what set
// the fee. Everything else is filled in whether allowed or not, so that a refusal can be explained and a colleague can
// do it all the same.
type Decision struct {
	Allowed         bool  `json:"allowed"`
	Code            Code  `json:"code"`
	FeeCents        int64 `json:"fee_cents"` // 0 when refused
	FeeIfForced     int64 `json:"fee_if_forced"`
	NoticeMinutes   int   `json:"notice_minutes"` // negative once it has begun
	RequiredMinutes int   `json:"required_minutes"`
	// Used of Max: of the quota that refuses, else of the one with the least left. Both 0 and no QuotaFrom: no quota.
	Used         int    `json:"used"`
	Max          int    `json:"max"`
	Rule         Origin `json:"rule,omitzero"`
	DeadlineFrom Origin `json:"deadline_from,omitzero"`
	QuotaFrom    Origin `json:"quota_from,omitzero"`
	FeeFrom      Origin `json:"fee_from,omitzero"`
	Message      string `json:"message,omitempty"` // the company's own words when it is disabled
}

// Decide decides whether a customer may cancel or move an appointment, and for what fee: past, then deadline, then quota,
// then fee (§14). What no notice would mend comes before the deadline: a service that forbids cancelling, which forbids
// moving too, and a policy that is switched off. An operation other than these two is refused.
func Decide(c *company.Config, chain Chain, kind Operation, f Facts) Decision {
	if kind != Cancellation && kind != Reschedule {
		return Decision{Code: NotAllowed}
	}
	r := resolve(c, chain, string(kind))
	d := Decision{Code: OK, NoticeMinutes: minutes(f.StartsAt.Sub(f.Now))}
	d.RequiredMinutes, d.DeadlineFrom = r.required()
	d.FeeIfForced, d.FeeFrom = r.feeFor(d.NoticeMinutes, f.PriceCents)
	q := r.quota(kind, f)
	d.Used, d.Max, d.QuotaFrom = q.used, q.max, q.from

	switch {
	case f.StartsAt.Before(f.Now):
		d.Code, d.Rule = Past, Origin{Key: StartsAt}
	case !f.AllowCancellation:
		d.Code, d.Rule = NotAllowed, Origin{Key: AllowCancellation, Entity: "service", EntityID: chain.Service}
	case r.switchedOff():
		d.Code, d.Rule, d.Message = Disabled, r.enabled.from, r.message()
	case d.NoticeMinutes < d.RequiredMinutes:
		d.Code, d.Rule = DeadlineMissed, d.DeadlineFrom
	case q.exceeded():
		d.Code, d.Rule = q.code, q.from
	default:
		d.Allowed, d.FeeCents, d.Rule = true, d.FeeIfForced, d.FeeFrom
	}
	return d
}

// minutes that have fully elapsed, so that comparing them with whole minutes is exact. The clock changes do not matter:
// between two instants lies what lies between them.
func minutes(d time.Duration) int {
	m := d / time.Minute
	if d%time.Minute < 0 {
		m--
	}
	return int(m)
}

// required is the notice a change needs.
func (r *rules) required() (int, Origin) {
	if r.hoursBefore.value == nil {
		return 0, Origin{}
	}
	// No appointment is further away than 32 bits of hours.
	return 60 * min(max(0, *r.hoursBefore.value), math.MaxInt32), r.hoursBefore.from
}
