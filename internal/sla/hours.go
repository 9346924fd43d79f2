package sla

import (
	"cmp"
	"iter"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/german"
	"github.com/askpro/gateway/internal/holiday"
)

// Hours is a Calendar made ready for counting; it never changes and many may count on it at once. An instant is working
// time when a clock on the wall shows a time within the day's ranges: an hour that is skipped in spring is none, one that
// comes twice in autumn counts twice.
type Hours struct {
	loc     *time.Location
	land    holiday.Land
	local   []holiday.Local
	week    [7][]company.Range // from Monday
	half    [7][]company.Range // the same until noon
	halves  []german.Date      // without year
	special map[german.Date][]company.Range
}

// Hours makes a calendar ready. What does not parse is left out and an unknown zone is Berlin's: a calendar is checked when
// it is saved, and a case must not suffer from an old mistake.
func (c Calendar) Hours() *Hours {
	h := &Hours{loc: zone(c.Timezone), land: c.Land, local: c.LocalHolidays}
	if h.loc == nil {
		h.loc = company.Berlin()
	}
	for i, day := range weekdays {
		h.week[i] = parseRanges(c.BusinessHours[day])
		for _, r := range h.week[i] {
			if r.To = min(r.To, halfDayEnds); r.From < r.To {
				h.half[i] = append(h.half[i], r)
			}
		}
	}
	for _, s := range c.HalfDays {
		if t, err := time.Parse(time.DateOnly, "2024-"+s); err == nil {
			h.halves = append(h.halves, german.Date{Month: int(t.Month()), Day: t.Day()})
		}
	}
	for _, s := range c.SpecialDays {
		t, err := time.Parse(time.DateOnly, s.Date)
		if err != nil {
			continue
		}
		if h.special == nil {
			h.special = make(map[german.Date][]company.Range, len(c.SpecialDays))
		}
		h.special[german.DateOf(t, time.UTC)] = parseRanges(s.Ranges)
	}
	return h
}

// parseRanges sorts, and joins what overlaps: no minute counts twice.
func parseRanges(list []string) []company.Range {
	var out []company.Range
	for _, s := range list {
		if r, err := company.ParseRange(s); err == nil {
			out = append(out, r)
		}
	}
	sortRanges(out)
	joined := out[:0]
	for _, r := range out {
		if n := len(joined); n > 0 && r.From <= joined[n-1].To {
			joined[n-1].To = max(joined[n-1].To, r.To)
			continue
		}
		joined = append(joined, r)
	}
	return joined
}

// zones keeps what package time would read and parse again for every case. Only names that exist are kept.
var zones sync.Map

// zone by its name; nil when there is none.
func zone(name string) *time.Location {
	if name == "" {
		name = "Europe/Berlin"
	}
	if loc, ok := zones.Load(name); ok {
		return loc.(*time.Location)
	}
	loc, err := time.LoadLocation(name)
	if err != nil || name == "Local" { // the machine's own is nobody's
		return nil
	}
	zones.Store(name, loc)
	return loc
}

// Location of the calendar.
func (h *Hours) Location() *time.Location { return h.loc }

// Day is a date as the calendar sees it.
func (h *Hours) Day(d german.Date) Day {
	weekday := d.Weekday() - 1
	if ranges, ok := h.special[d]; ok {
		return Day{d, Special, h.holiday(d), ranges}
	}
	if name := h.holiday(d); name != "" {
		return Day{d, Holiday, name, nil}
	}
	if h.isHalf(d) {
		return Day{d, HalfDay, "", h.half[weekday]}
	}
	return Day{d, Regular, "", h.week[weekday]}
}

// open is Day for counting: a day that is closed anyway is not looked up among the holidays.
func (h *Hours) open(d german.Date, weekday int) []company.Range {
	if len(h.special) > 0 {
		if ranges, ok := h.special[d]; ok {
			return ranges
		}
	}
	switch {
	case len(h.week[weekday]) == 0:
		return nil
	case h.holiday(d) != "":
		return nil
	case h.isHalf(d):
		return h.half[weekday]
	}
	return h.week[weekday]
}

func (h *Hours) holiday(d german.Date) string {
	if h.land == "" {
		return ""
	}
	name, _ := holiday.On(holiday.Date(d), h.land, h.local...)
	return name
}

func (h *Hours) isHalf(d german.Date) bool {
	return len(h.halves) > 0 && slices.Contains(h.halves, german.Date{Month: d.Month, Day: d.Day})
}

// Span is a time in which a clock stands still; without To it still does.
type Span struct {
	From, To time.Time
}

// Due is the first instant at which the clock has run for a target since start, outside of the pauses: a target that ends
// with a day's last range is due then and not in the next morning. False when it never does: the calendar does not open for
// it within twenty years, or a pause has no end.
func (h *Hours) Due(c Clock, start time.Time, target time.Duration, pauses ...Span) (time.Time, bool) {
	from := micros(start)
	left := int64(target / time.Microsecond)
	if left <= 0 {
		return instant(from), true
	}
	for a, b := range without(h.running(c, from, from+horizon), spans(pauses)) {
		if b-a >= left {
			return instant(a + left), true
		}
		left -= b - a
	}
	return time.Time{}, false
}

// Elapsed is how long the clock runs between two instants, outside of the pauses.
func (h *Hours) Elapsed(c Clock, from, to time.Time, pauses ...Span) time.Duration {
	total := int64(0)
	for a, b := range without(h.running(c, micros(from), micros(to)), spans(pauses)) {
		total += b - a
	}
	return time.Duration(total) * time.Microsecond
}

// horizon bounds every count: no target is worth twenty years.
const horizon = 20 * 366 * day

// Instants are counted in microseconds since 1970: exact, and cheap to add.
const (
	minute  = int64(time.Minute / time.Microsecond)
	day     = 24 * 60 * minute
	forever = int64(math.MaxInt64)
)

func micros(t time.Time) int64 { return t.UnixMicro() }

func instant(m int64) time.Time { return time.UnixMicro(m).UTC() }

// running yields the stretches of [from, to) in which a clock runs, in order. It goes from one offset of the zone to the
// next and day by day within, because inside of one offset local time is as even as UTC.
func (h *Hours) running(c Clock, from, to int64) iter.Seq2[int64, int64] {
	return func(yield func(a, b int64) bool) {
		if c == AroundTheClock {
			if from < to {
				yield(from, to)
			}
			return
		}
		for at := from; at < to; {
			local := time.UnixMicro(at).In(h.loc)
			_, seconds := local.Zone()
			offset := int64(seconds) * 1e6
			end := to
			if _, change := local.ZoneBounds(); !change.IsZero() {
				if end = micros(change); end <= at { // package time's years have 365 days where the zone's table has ended
					end = (floorDiv(at, day) + 1) * day
				}
				end = min(end, to)
			}
			number := floorDiv(at+offset, day)
			date := german.Date{Year: 1970, Month: 1, Day: 1}.AddDays(int(number))
			weekday := int(floorMod(number+3, 7))
			for midnight := number*day - offset; midnight < end; midnight += day {
				for _, r := range h.open(date, weekday) {
					a, b := max(at, midnight+int64(r.From)*minute), min(end, midnight+int64(r.To)*minute)
					if a < b && !yield(a, b) {
						return
					}
				}
				date, weekday = date.AddDays(1), (weekday+1)%7
			}
			at = end
		}
	}
}

// span is a Span in microseconds, its end open as forever.
type span struct{ from, to int64 }

// spans sorts pauses and joins those that touch.
func spans(list []Span) []span {
	out := make([]span, 0, len(list))
	for _, s := range list {
		x := span{micros(s.From), forever}
		if !s.To.IsZero() {
			x.to = micros(s.To)
		}
		if x.from < x.to {
			out = append(out, x)
		}
	}
	return join(out)
}

func join(list []span) []span {
	slices.SortFunc(list, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	joined := list[:0]
	for _, s := range list {
		if n := len(joined); n > 0 && s.from <= joined[n-1].to {
			joined[n-1].to = max(joined[n-1].to, s.to)
			continue
		}
		joined = append(joined, s)
	}
	return joined
}

// without leaves pauses, sorted and apart from each other, out of stretches.
func without(stretches iter.Seq2[int64, int64], pauses []span) iter.Seq2[int64, int64] {
	if len(pauses) == 0 {
		return stretches
	}
	return func(yield func(a, b int64) bool) {
		rest := pauses
		for a, b := range stretches {
			for len(rest) > 0 && rest[0].from < b {
				if rest[0].to > a {
					if a < rest[0].from && !yield(a, rest[0].from) {
						return
					}
					a = min(b, rest[0].to)
				}
				if rest[0].to > b {
					break // it goes on behind this stretch
				}
				rest = rest[1:]
			}
			if len(rest) > 0 && rest[0].to == forever && rest[0].from <= a {
				return
			}
			if a < b && !yield(a, b) {
				return
			}
		}
	}
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func floorMod(a, b int64) int64 { return a - floorDiv(a, b)*b }
