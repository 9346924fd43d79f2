package policy

import "time"

// QuotaWindow is how far back changes count against a quota: thirty times 24 hours, whatever month it is.
const QuotaWindow = 30 * 24 * time.Hour

// QuotaSince is the first instant whose changes still count now.
func QuotaSince(now time.Time) time.Time { return now.Add(-QuotaWindow) }

// Counts tells whether a change uses up a quota: those that customers make themselves do, by phone or in the portal;
// what staff, the calendar or a job changed does not.
func Counts(actorType, via string) bool {
	return actorType == "customer" && (via == "phone" || via == "portal")
}

// Used counts the changes that fall into the rolling window, one made exactly thirty days ago included. A change that
// another clock dates a moment ahead of ours has happened all the same.
func Used(changes []time.Time, now time.Time) int {
	since, n := QuotaSince(now), 0
	for _, at := range changes {
		if !at.Before(since) {
			n++
		}
	}
	return n
}

// quota is how much of an allowance is gone.
type quota struct {
	used, max int
	from      Origin
	code      Code
}

func (q quota) exceeded() bool { return q.code != "" && q.used >= q.max }

// quota finds the allowance that matters: the first that is used up, the month's before the appointment's, else the one
// with the least left. The zero quota is none.
func (r *rules) quota(kind Operation, f Facts) quota {
	if kind == Cancellation {
		return limit(r.maxCancellationsPerMonth, f.UsedCancellations, QuotaExceeded)
	}
	month := limit(r.maxReschedulesPerMonth, f.UsedReschedules, QuotaExceeded)
	ever := limit(r.maxReschedulesPerAppointment, f.RescheduleCount, MaxReschedulesReached)
	switch {
	case ever.code == "" || month.exceeded():
		return month
	case month.code == "" || ever.max-ever.used < month.max-month.used:
		return ever
	}
	return month
}

func limit(most setting[int], used int, code Code) quota {
	if most.value == nil {
		return quota{}
	}
	return quota{used: used, max: max(0, *most.value), from: most.from, code: code}
}
