package callback_test

import (
	"testing"
	"time"

	"github.com/askpro/gateway/internal/callback"
	"github.com/askpro/gateway/internal/company"
)

// office is open Monday to Friday, 9 to 18.
func office() company.Branch {
	hours := []string{"09:00-18:00"}
	return company.Branch{
		ID: "mitte", Timezone: "Europe/Berlin", Land: "BE", ClosedOnPublicHolidays: true,
		BusinessHours: map[string][]string{"monday": hours, "tuesday": hours, "wednesday": hours, "thursday": hours, "friday": hours},
	}
}

// at is a time in October 2025 in Berlin; the 10th is a Friday, on the 26th summer time ends.
func at(day, hour, minute int) time.Time {
	return time.Date(2025, 10, day, hour, minute, 0, 0, company.Berlin())
}

// The examples of the specification (§15).
func TestPromise(t *testing.T) {
	t.Parallel()
	b := office()
	for _, tt := range []struct {
		name     string
		priority callback.Priority
		now      time.Time
		want     time.Time
	}{
		{"urgent, Friday 17:00, until Monday 10:00", callback.Urgent, at(10, 17, 0), at(13, 10, 0)},
		{"high, Friday 16:00, until Monday 11:00", callback.High, at(10, 16, 0), at(13, 11, 0)},
		{"normal, Monday 9:00, until Wednesday 15:00", callback.Normal, at(13, 9, 0), at(15, 15, 0)},
		{"urgent in mid-minute, as it is said: up to five minutes are given away", callback.Urgent, at(13, 9, 30).Add(29 * time.Second), at(13, 11, 30)},
		{"urgent, before a weekend in which the clocks change", callback.Urgent, at(24, 17, 0), at(27, 10, 0)},
		{"urgent on Sunday, until Monday 11:00", callback.Urgent, at(12, 12, 0), at(13, 11, 0)},
	} {
		if until, expires := callback.Promise(b, tt.priority, tt.now); !until.Equal(tt.want) || !expires.After(until) {
			t.Errorf("%s: %s", tt.name, until)
		}
	}
}

func TestABranchThatNeverOpensPromisesThePlainTime(t *testing.T) {
	t.Parallel()
	now := time.Date(2025, 10, 10, 12, 0, 0, 0, time.UTC)
	if until, _ := callback.Promise(company.Branch{}, callback.High, now); !until.Equal(now.Add(4 * time.Hour)) {
		t.Errorf("until %s", until)
	}
}

func TestAgain(t *testing.T) {
	t.Parallel()
	b := office()
	first := callback.Request{Status: callback.Pending, Priority: callback.Normal, Notes: []string{"erster"}, CreatedAt: at(13, 9, 0)}
	first.PromisedUntil, first.ExpiresAt = callback.Promise(b, first.Priority, first.CreatedAt) // Wednesday 15:00
	wish := at(20, 10, 0)
	for _, tt := range []struct {
		name     string
		priority callback.Priority
		now      time.Time
		until    time.Time
		want     callback.Priority
	}{
		{"a second wish keeps the earlier promise", callback.Normal, at(13, 11, 0), at(15, 15, 0), callback.Normal},
		{"a more urgent one brings it forward", callback.Urgent, at(13, 11, 0), at(13, 13, 0), callback.Urgent},
		{"a more urgent one never makes it later", callback.High, at(15, 14, 0), at(15, 15, 0), callback.High},
		{"a promise that has passed is given anew", callback.Normal, at(15, 16, 0), at(20, 13, 0), callback.Normal},
	} {
		r := first.Again(b, tt.priority, "zweiter", &wish, tt.now)
		if !r.PromisedUntil.Equal(tt.until) || r.Priority != tt.want || len(r.Notes) != 2 || !r.WishedAt.Equal(wish) || r.ExpiresAt.Before(r.PromisedUntil) {
			t.Errorf("%s: %+v", tt.name, r)
		}
	}
	if len(first.Notes) != 1 {
		t.Error("the first request was changed")
	}
}
