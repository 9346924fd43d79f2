package main

import (
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/policy"
)

// terms are what the company's policies say of a change at an instant: the same decision as on the telephone, but for the
// customer's other changes, which a letter does not count.
func terms(c *company.Config, a booking.Appointment, change string, at time.Time) (allowed bool, feeCents int64) {
	operation := policy.Cancellation
	if change == booking.ToReschedule {
		operation = policy.Reschedule
	}
	service, ok := c.Service(a.ServiceID)
	d := policy.Decide(c, policy.Chain{Staff: a.StaffID, Service: a.ServiceID, Branch: a.BranchID}, operation, policy.Facts{
		StartsAt: a.StartsAt, Now: at, PriceCents: a.PriceCents, AllowCancellation: !ok || service.Cancellable(), RescheduleCount: a.RescheduleCount,
	})
	return d.Allowed, d.FeeCents
}
