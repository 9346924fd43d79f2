package voice

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/askpro/gateway/internal/callback"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/german"
)

// What is promised in words is the deadline in the data: read back as a caller would say it, it is the same minute, for
// every branch, priority and time of asking.
func TestThePromiseInWordsIsTheOneInTheData(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := company.Branch{Timezone: "Europe/Berlin", Land: "BE", ClosedOnPublicHolidays: true, BusinessHours: map[string][]string{}}
		tables := [][]string{nil, {"09:00-18:00"}, {"07:30-12:15", "13:00-19:45"}, {"10:00-14:00"}, {"16:00-23:59"}}
		for _, day := range []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"} {
			b.BusinessHours[day] = rapid.SampledFrom(tables).Draw(t, day)
		}
		now := time.Date(2025, 9, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 600*24*60*60).Draw(t, "second")) * time.Second)
		until, _ := callback.Promise(b, rapid.SampledFrom([]callback.Priority{callback.Normal, callback.High, callback.Urgent}).Draw(t, "priority"), now)
		local := until.In(b.Location())
		if h := local.Hour(); h >= 2 && h < 3 && local.Month() == time.October {
			return // the doubled hour has one name for two times
		}
		said := speakUntil(until, now, b.Location())
		r := german.ParseIn(strings.TrimPrefix(said, "bis "), now, b.Location())
		if r.Err != "" || !r.Date.At(r.Time, b.Location()).Equal(until) {
			t.Fatalf("asked at %s: %q is read back as %s %s %s, promised is %s", now.In(b.Location()), said, r.Date, r.Time, r.Err, local)
		}
	})
}
