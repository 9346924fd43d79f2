package main

import (
	"testing"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/company"
)

func TestLettersKnowThePoliciesOfTheTelephone(t *testing.T) {
	t.Parallel()
	day, one, no := 24, 1, false
	c := &company.Config{
		Services: []company.Service{{ID: "cut"}, {ID: "fixed", AllowCancellation: &no}},
		Policies: []company.Policy{
			{Entity: "company", Type: "cancellation", PolicyKeys: company.PolicyKeys{FeeTiers: []company.FeeTier{{MinHours: 48}, {MinHours: 0, Fee: 5000}}}},
			{Entity: "company", Type: "reschedule", PolicyKeys: company.PolicyKeys{HoursBefore: &day, MaxReschedulesPerAppointment: &one}},
		},
	}
	start := time.Date(2026, 11, 24, 13, 30, 0, 0, time.UTC)
	for _, tt := range []struct {
		name, service, change string
		moves                 int
		notice                time.Duration
		allowed               bool
		fee                   int64
	}{
		{"cancelled in time", "cut", booking.ToCancel, 0, 48 * time.Hour, true, 0},
		{"cancelled late", "cut", booking.ToCancel, 0, 47 * time.Hour, true, 5000},
		{"moved in time", "cut", booking.ToReschedule, 0, 24 * time.Hour, true, 0},
		{"moved late", "cut", booking.ToReschedule, 0, 23 * time.Hour, false, 0},
		{"moved once too often", "cut", booking.ToReschedule, 1, 100 * time.Hour, false, 0},
		{"never", "fixed", booking.ToCancel, 0, 100 * time.Hour, false, 0},
	} {
		a := booking.Appointment{ServiceID: tt.service, StartsAt: start, PriceCents: 2800, RescheduleCount: tt.moves}
		if allowed, fee := terms(c, a, tt.change, start.Add(-tt.notice)); allowed != tt.allowed || fee != tt.fee {
			t.Errorf("%s: %t, %d", tt.name, allowed, fee)
		}
	}
}
