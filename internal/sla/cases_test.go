package sla_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/german"
	"github.com/askpro/gateway/internal/holiday"
	"github.com/askpro/gateway/internal/sla"
)

// A case file is a JSON array of slaCase; testdata/sla/README.md describes it. What may be written in more than one way:
//
//	calendar    weekdays as monday, mon, montag, mo or 1 (Monday) to 7 or 0; "weekday" and "weekdays" are Monday to Friday.
//	            Ranges as ["09:00","17:00"] or "09:00-17:00". Without a calendar: Monday to Friday, 09:00–17:00.
//	land        a code (NW, DE-NW) or, as nothing, no holidays.
//	half_days   true (24.12. and 31.12.), or a list of "12-24", "24.12.", "2026-12-24" and {"date":…, "from":"14:00"}:
//	            closed from noon, or on a single date from another time on; without a year every year.
//	start, pauses   RFC 3339, or local to the zone without an offset. A pause without an end is still going on.
//	clock       "business" if nothing is said.
//	due         RFC 3339; null where the clock never gets there.
type slaCase struct {
	Note     string                 `json:"note"`
	Zone     string                 `json:"zone"`
	Land     string                 `json:"land"`
	Calendar map[string][]caseRange `json:"calendar"`
	HalfDays halfDays               `json:"half_days"`
	Start    string                 `json:"start"`
	Target   int                    `json:"target_minutes"`
	Pauses   [][]*string            `json:"pauses"`
	Clock    sla.Clock              `json:"clock"`
	Due      *string                `json:"due"`
}

// caseRange is "09:00-17:00", however it was written.
type caseRange string

func (r *caseRange) UnmarshalJSON(b []byte) error {
	var pair []string
	if json.Unmarshal(b, &pair) == nil && len(pair) == 2 {
		*r = caseRange(pair[0] + "-" + pair[1])
		return nil
	}
	return json.Unmarshal(b, (*string)(r))
}

type halfDays []halfDay

type halfDay struct {
	Date string `json:"date"`
	From string `json:"from"`
}

func (h *halfDays) UnmarshalJSON(b []byte) error {
	var on bool
	if json.Unmarshal(b, &on) == nil {
		if on {
			*h = halfDays{{Date: sla.YearEnd[0]}, {Date: sla.YearEnd[1]}}
		}
		return nil
	}
	var list []json.RawMessage
	if err := json.Unmarshal(b, &list); err != nil {
		return fmt.Errorf("half_days: neither true, false nor a list: %w", err)
	}
	for _, raw := range list {
		var d halfDay
		if json.Unmarshal(raw, &d.Date) != nil {
			if err := json.Unmarshal(raw, &d); err != nil {
				return fmt.Errorf("half_days: %w", err)
			}
		}
		*h = append(*h, d)
	}
	return nil
}

var weekdayNames = [...]string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}

// weekdaysOf understands a key of a case's calendar.
func weekdaysOf(key string) []string {
	key = strings.ToLower(key)
	if key == "weekday" || key == "weekdays" {
		return weekdayNames[:5]
	}
	for i, names := range [...]string{"mon montag mo", "tue dienstag di", "wed mittwoch mi", "thu donnerstag do", "fri freitag fr", "sat samstag sa", "sun sonntag so"} {
		if key == weekdayNames[i] || key == strconv.Itoa(i+1) || key == "0" && i == 6 || slices.Contains(strings.Fields(names), key) {
			return weekdayNames[i : i+1]
		}
	}
	return nil
}

// calendar of a case. A half day of one date or with a time of its own becomes a special day.
func (c slaCase) calendar() (sla.Calendar, error) {
	cal := sla.DefaultCalendar(holiday.Land(strings.TrimPrefix(c.Land, "DE-")))
	if c.Zone != "" {
		cal.Timezone = c.Zone
	}
	if c.Calendar != nil {
		cal.BusinessHours = map[string][]string{}
		for key, ranges := range c.Calendar {
			days := weekdaysOf(key)
			if days == nil {
				return cal, fmt.Errorf("calendar: %q is no weekday", key)
			}
			for _, day := range days {
				for _, r := range ranges {
					cal.BusinessHours[day] = append(cal.BusinessHours[day], string(r))
				}
			}
		}
	}
	for _, h := range c.HalfDays {
		yearly, err := time.Parse("2006-01-02", "2024-"+h.Date)
		if err != nil {
			yearly, err = time.Parse("2.1.2006", strings.TrimSuffix(h.Date, ".")+".2024")
		}
		if err == nil && (h.From == "" || h.From == "12:00") {
			cal.HalfDays = append(cal.HalfDays, yearly.Format("01-02"))
			continue
		}
		once, err := time.Parse(time.DateOnly, h.Date)
		if err != nil {
			return cal, fmt.Errorf("half_days: %q with %q", h.Date, h.From)
		}
		closes := german.TimeOfDay(12 * 60)
		if h.From != "" {
			if closes, err = company.ParseTimeOfDay(h.From); err != nil {
				return cal, err
			}
		}
		special := company.SpecialDay{Date: h.Date}
		for _, r := range cal.Hours().Day(german.DateOf(once, time.UTC)).Ranges {
			if r.To = min(r.To, closes); r.From < r.To {
				special.Ranges = append(special.Ranges, r.From.String()+"-"+r.To.String())
			}
		}
		cal.SpecialDays = append(cal.SpecialDays, special)
	}
	for _, f := range cal.Check(time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)) {
		if f.Code != "no-working-time" { // a case may want to be never due
			return cal, fmt.Errorf("calendar: %v", f)
		}
	}
	return cal, nil
}

// instant reads RFC 3339, or a local time of the zone.
func readInstant(s string, loc *time.Location) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", "02.01.2006 15:04"} {
		if t, err := time.ParseInLocation(layout, s, loc); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no instant", s)
}

// run gives what the case comes to, in the zone of the case; "never" where it is never due.
func (c slaCase) run() (got, want string, err error) {
	cal, err := c.calendar()
	if err != nil {
		return "", "", err
	}
	h := cal.Hours()
	start, err := readInstant(c.Start, h.Location())
	if err != nil {
		return "", "", err
	}
	var pauses []sla.Span
	for _, p := range c.Pauses {
		var s sla.Span
		if len(p) == 0 || p[0] == nil {
			return "", "", fmt.Errorf("a pause begins nowhere: %v", p)
		}
		if s.From, err = readInstant(*p[0], h.Location()); err != nil {
			return "", "", err
		}
		if len(p) > 1 && p[1] != nil && *p[1] != "" {
			if s.To, err = readInstant(*p[1], h.Location()); err != nil {
				return "", "", err
			}
		}
		pauses = append(pauses, s)
	}
	clock := c.Clock
	if clock == "" {
		clock = sla.Business
	}
	if !clock.Valid() {
		return "", "", fmt.Errorf("%q is no clock", clock)
	}
	show := func(t time.Time) string { return t.In(h.Location()).Format(time.RFC3339) }
	got, want = "never", "never"
	if due, ok := h.Due(clock, start, time.Duration(c.Target)*time.Minute, pauses...); ok {
		got = show(due)
	}
	if c.Due != nil {
		due, err := time.Parse(time.RFC3339, *c.Due)
		if err != nil {
			return "", "", err
		}
		want = show(due)
	}
	return got, want, nil
}

func readSLACases(tb testing.TB, name string) []slaCase {
	tb.Helper()
	raw, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) { // named from the repository's root
		raw, err = os.ReadFile(filepath.Join("../..", name))
	}
	if err != nil {
		tb.Fatal(err)
	}
	var cases []slaCase
	if err := json.Unmarshal(raw, &cases); err != nil {
		tb.Fatalf("%s: %v", name, err)
	}
	return cases
}

// TestSLACases runs the specification's worked examples as data, our own cases, and those of further files in SLA_CASES
// (paths joined by colons): one subtest a case.
func TestSLACases(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../testdata/sla/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range append(files, filepath.SplitList(os.Getenv("SLA_CASES"))...) {
		for i, c := range readSLACases(t, file) {
			t.Run(fmt.Sprintf("%s/%d %s", filepath.Base(file), i, c.Note), func(t *testing.T) {
				t.Parallel()
				got, want, err := c.run()
				if err != nil {
					t.Fatal(err)
				}
				if got != want {
					t.Errorf("from %s, %d minutes of %s are due %s, wanted %s", c.Start, c.Target, c.Clock, got, want)
				}
			})
		}
	}
}
