package callback_test

import (
	"testing"
	"time"

	"github.com/askpro/gateway/internal/callback"
	"github.com/askpro/gateway/internal/company"
)

// The examples of the specification (§15): a branch that is open Monday to Friday, 9 to 18.
func TestPromise(t *testing.T) {
	t.Parallel()
	loc := company.Berlin()
	hours := []string{"09:00-18:00"}
	b := company.Branch{Timezone: "Europe/Berlin", BusinessHours: map[string][]string{"monday": hours, "tuesday": hours, "wednesday": hours, "thursday": hours, "friday": hours}}
	at := func(day, hour int) time.Time { return time.Date(2025, 10, day, hour, 0, 0, 0, loc) } // the 10th is a Friday
	for _, tt := range []struct {
		name     string
		priority callback.Priority
		now      time.Time
		want     time.Time
	}{
		{"urgent, Friday 17:00, until Monday 10:00", callback.Urgent, at(10, 17), at(13, 10)},
		{"high, Friday 16:00, until Monday 11:00", callback.High, at(10, 16), at(13, 11)},
		{"normal, Monday 9:00, until Wednesday 15:00", callback.Normal, at(13, 9), at(15, 15)},
		{"urgent on Sunday, until Monday 11:00", callback.Urgent, at(12, 12), at(13, 11)},
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
