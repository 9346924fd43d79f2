package call_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/german"
)

func TestAHoldKnowsAllOfItsDays(t *testing.T) {
	t.Parallel()
	tuesday := german.Date{Year: 2026, Month: 11, Day: 24}
	anna, mario := booking.DayKey{Resource: "anna", Date: tuesday}, booking.DayKey{Resource: "mario", Date: tuesday}
	for name, days := range map[string][]booking.DayKey{"one": {anna}, "two people": {anna, mario}, "over midnight": {anna, {Resource: "anna", Date: tuesday.AddDays(1)}}} {
		raw, err := json.Marshal(call.Hold("opt1", days, time.Unix(1_800_000_000, 0)))
		if err != nil {
			t.Fatal(err)
		}
		var h *call.Held
		if err := json.Unmarshal(raw, &h); err != nil || !slices.Equal(h.Days(), days) || h.Until != 1_800_000_000 {
			t.Errorf("%s: %s is %v, %v", name, raw, h.Days(), err)
		}
	}
	// Sessions of yesterday have one day.
	var old *call.Held
	if err := json.Unmarshal([]byte(`{"r":"anna","d":"2026-11-24","i":"opt1","u":1}`), &old); err != nil || !slices.Equal(old.Days(), []booking.DayKey{anna}) {
		t.Errorf("%v, %v", old.Days(), err)
	}
	var none *call.Held
	if len(none.Days()) != 0 {
		t.Error("no hold has days")
	}
}
