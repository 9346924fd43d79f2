package sla_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/german"
	"github.com/askpro/gateway/internal/holiday"
	"github.com/askpro/gateway/internal/sla"
)

func TestCheckOfACalendar(t *testing.T) {
	t.Parallel()
	now := at(t, "24.11.2026 10:00")
	if faults := sla.DefaultCalendar("NW").Check(now); len(faults) > 0 {
		t.Fatalf("the default: %v", faults)
	}
	for _, tt := range []struct {
		name  string
		spoil func(*sla.Calendar)
		want  string // nothing: it is fine
	}{
		{"no zone is Berlin's", func(c *sla.Calendar) { c.Timezone = "" }, ""},
		{"a zone on the moon", func(c *sla.Calendar) { c.Timezone = "Moon/Tycho" }, "timezone unknown-zone"},
		{"the zone of the machine", func(c *sla.Calendar) { c.Timezone = "Local" }, "timezone unknown-zone"},
		{"a zone that is a path", func(c *sla.Calendar) { c.Timezone = "../../etc/passwd" }, "timezone unknown-zone"},
		{"no Land", func(c *sla.Calendar) { c.Land = "" }, ""},
		{"a Land of another country", func(c *sla.Calendar) { c.Land = "ZH" }, "bundesland unknown-land"},
		{"Augsburg", func(c *sla.Calendar) { c.Land, c.LocalHolidays = "BY", []holiday.Local{holiday.PeaceFestival} }, ""},
		{"Augsburg in North Rhine", func(c *sla.Calendar) { c.LocalHolidays = []holiday.Local{holiday.PeaceFestival} }, "local_holidays not-in-this-land"},
		{"four ranges and a night", func(c *sla.Calendar) {
			c.BusinessHours["monday"] = []string{"00:00-06:00", "08:00-12:00", "13:00-17:00", "22:00-24:00"}
		}, ""},
		{"five ranges", func(c *sla.Calendar) {
			c.BusinessHours["monday"] = strings.Fields("01:00-02:00 03:00-04:00 05:00-06:00 07:00-08:00 09:00-10:00")
		}, "business_hours.monday too-many-ranges"},
		{"ranges that touch", func(c *sla.Calendar) { c.BusinessHours["monday"] = []string{"12:00-17:00", "09:00-12:00"} }, ""},
		{"ranges that overlap", func(c *sla.Calendar) { c.BusinessHours["monday"] = []string{"12:00-17:00", "09:00-12:01"} }, "business_hours.monday overlap"},
		{"a range that runs backwards", func(c *sla.Calendar) { c.BusinessHours["friday"] = []string{"17:00-09:00"} }, "business_hours.friday no-range"},
		{"a day that is none", func(c *sla.Calendar) { c.BusinessHours["Montag"] = nil }, "business_hours unknown-weekday"},
		{"29 February is a half day", func(c *sla.Calendar) { c.HalfDays = []string{"02-29"} }, ""},
		{"30 February is not", func(c *sla.Calendar) { c.HalfDays = []string{"02-30"} }, "half_days no-date"},
		{"a special day twice", func(c *sla.Calendar) {
			c.SpecialDays = []company.SpecialDay{{Date: "2026-12-01"}, {Date: "2026-12-01"}}
		}, "special_days.1 twice"},
		{"a special day that is none", func(c *sla.Calendar) { c.SpecialDays = []company.SpecialDay{{Date: "1.12.2026"}} }, "special_days.0 no-date"},
		{"special hours that are none", func(c *sla.Calendar) {
			c.SpecialDays = []company.SpecialDay{{Date: "2026-12-01", Ranges: []string{"9-5"}}}
		}, "special_days.0 no-range"},
		{"too many special days", func(c *sla.Calendar) {
			for d := (german.Date{Year: 2026, Month: 1, Day: 1}); len(c.SpecialDays) <= 500; d = d.AddDays(1) {
				c.SpecialDays = append(c.SpecialDays, company.SpecialDay{Date: d.String(), Ranges: []string{"09:00-17:00"}})
			}
		}, "special_days too-many"},
		{"never open", func(c *sla.Calendar) { c.BusinessHours = nil }, "business_hours no-working-time"},
		{"closed for the next 30 days", func(c *sla.Calendar) {
			for d := (german.Date{Year: 2026, Month: 11, Day: 24}); d.Before(german.Date{Year: 2026, Month: 12, Day: 25}); d = d.AddDays(1) {
				c.SpecialDays = append(c.SpecialDays, company.SpecialDay{Date: d.String()})
			}
		}, "business_hours no-working-time"},
		{"open on the thirtieth", func(c *sla.Calendar) {
			for d := (german.Date{Year: 2026, Month: 11, Day: 24}); d.Before(german.Date{Year: 2026, Month: 12, Day: 24}); d = d.AddDays(1) {
				c.SpecialDays = append(c.SpecialDays, company.SpecialDay{Date: d.String()})
			}
		}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := sla.DefaultCalendar("NW")
			tt.spoil(&c)
			got := ""
			for _, f := range c.Check(now) {
				got += f.Field + " " + f.Code
			}
			if got != tt.want {
				t.Errorf("%q, wanted %q", got, tt.want)
			}
		})
	}
}

func TestWhatDecidesAboutADay(t *testing.T) {
	t.Parallel()
	c := sla.DefaultCalendar("BY")
	c.LocalHolidays = []holiday.Local{holiday.Assumption}
	c.HalfDays = sla.YearEnd[:]
	c.SpecialDays = []company.SpecialDay{{Date: "2026-12-31", Ranges: []string{"10:00-15:00"}}, {Date: "2026-12-25", Ranges: []string{"10:00-11:00"}}, {Date: "2026-12-23"}}
	h := c.Hours()
	for date, want := range map[german.Date]string{
		{Year: 2026, Month: 11, Day: 24}: "regular  [09:00-17:00]",
		{Year: 2026, Month: 11, Day: 28}: "regular  []",
		{Year: 2026, Month: 12, Day: 23}: "special  []",
		{Year: 2026, Month: 12, Day: 24}: "half_day  [09:00-12:00]",
		{Year: 2026, Month: 12, Day: 25}: "special Erster Weihnachtstag [10:00-11:00]",
		{Year: 2026, Month: 12, Day: 26}: "holiday Zweiter Weihnachtstag []",
		{Year: 2026, Month: 12, Day: 31}: "special  [10:00-15:00]",
		{Year: 2025, Month: 8, Day: 15}:  "holiday Mariä Himmelfahrt []",
		{Year: 2028, Month: 12, Day: 24}: "half_day  []", // a Sunday
	} {
		d := h.Day(date)
		ranges := []string{}
		for _, r := range d.Ranges {
			ranges = append(ranges, r.From.String()+"-"+r.To.String())
		}
		if got := fmt.Sprintf("%s %s %v", d.Kind, d.Name, ranges); got != want {
			t.Errorf("%s: %q, wanted %q", date, got, want)
		}
	}
}

func TestPreviewShowsAllDaysAndAtMostTwoYears(t *testing.T) {
	t.Parallel()
	h := sla.DefaultCalendar("BY").Hours()
	from := german.Date{Year: 2026, Month: 12, Day: 24}
	days := h.Preview(from, from.AddDays(3))
	if len(days) != 4 || days[1].Name != "Erster Weihnachtstag" || days[3].Date != from.AddDays(3) {
		t.Errorf("%+v", days)
	}
	if days := h.Preview(from, from.AddDays(-1)); len(days) != 0 {
		t.Errorf("backwards: %v", days)
	}
	if days := h.Preview(from, german.Date{Year: 9999, Month: 1, Day: 1}); len(days) != 732 {
		t.Errorf("for ever: %d days", len(days))
	}
}

func TestAnOldMistakeInACalendarHurtsNoCase(t *testing.T) {
	t.Parallel()
	c := sla.Calendar{
		Timezone:      "Moon/Tycho",
		BusinessHours: map[string][]string{"tuesday": {"nine to five", "09:00-12:00", "11:00-17:00"}, "someday": {"09:00-17:00"}},
		HalfDays:      []string{"soon"}, SpecialDays: []company.SpecialDay{{Date: "tomorrow"}},
	}
	due, ok := c.Hours().Due(sla.Business, at(t, "24.11.2026 09:00"), 8*time.Hour)
	if !ok {
		t.Fatal("never due")
	}
	wantInstant(t, "ranges that overlap count once, in Berlin", due, "24.11.2026 17:00")
	if _, ok := (sla.Calendar{}).Hours().Due(sla.Business, at(t, "24.11.2026 09:00"), time.Minute); ok {
		t.Error("a calendar that never opens has a due date")
	}
}

func TestTheCalendarOfABranchIsItsOpeningHours(t *testing.T) {
	t.Parallel()
	b := company.Branch{
		ID: "b1", Name: "Ulm", Timezone: "Europe/Berlin", Land: "BW", ClosedOnPublicHolidays: true, BusinessHours: map[string][]string{"saturday": {"10:00-14:00"}},
		SpecialDays: []company.SpecialDay{{Date: "2026-11-28"}},
	}
	got := sla.OfBranch(b)
	want := sla.Calendar{ID: "b1", Name: "Ulm", Timezone: "Europe/Berlin", Land: "BW", BusinessHours: b.BusinessHours, SpecialDays: b.SpecialDays}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	b.ClosedOnPublicHolidays = false
	if got := sla.OfBranch(b); got.Land != "" {
		t.Errorf("open on holidays, and yet closed on those of %s", got.Land)
	}
	own := sla.DefaultCalendar("NW")
	own.Name, own.HalfDays = "Zentrale", sla.YearEnd[:]
	s := sla.Settings{Calendar: own}
	for name, tt := range map[string]struct {
		settings sla.Settings
		branch   *company.Branch
		want     string
	}{
		"the branch's, with the company's half days": {s, &b, "Ulm 2"},
		"a branch without hours has the company's":   {s, &company.Branch{Name: "leer"}, "Zentrale 2"},
		"no branch":      {s, nil, "Zentrale 2"},
		"nothing at all": {sla.Settings{}, nil, " 0"},
	} {
		c := tt.settings.CalendarFor(tt.branch)
		if got := fmt.Sprintf("%s %d", c.Name, len(c.HalfDays)); got != tt.want || len(c.Check(at(t, "24.11.2026 09:00"))) > 0 {
			t.Errorf("%s: %q, wanted %q", name, got, tt.want)
		}
	}
	off := false
	if !(sla.Settings{}).Tracks() || (sla.Settings{Tracking: &off}).Tracks() {
		t.Error("tracking is on unless somebody says no")
	}
}

func TestThePolicyOfACompanyThatSaysNothing(t *testing.T) {
	t.Parallel()
	p := sla.DefaultPolicy()
	if faults := p.Check(); len(faults) > 0 {
		t.Errorf("%v", faults)
	}
	for priority, want := range map[sla.Priority][2]time.Duration{
		sla.Critical: {time.Hour, 4 * time.Hour}, sla.High: {2 * time.Hour, 8 * time.Hour}, sla.Normal: {4 * time.Hour, 24 * time.Hour}, sla.Low: {8 * time.Hour, 48 * time.Hour},
	} {
		target := p.Targets[priority]
		if target.Of(sla.Response) != want[0] || target.Of(sla.Resolution) != want[1] || target.Clock != sla.Business {
			t.Errorf("%s: %+v", priority, target)
		}
	}
}

func TestCheckOfAPolicy(t *testing.T) {
	t.Parallel()
	for want, spoil := range map[string]func(*sla.Policy){
		"name missing":                                func(p *sla.Policy) { p.Name = "" },
		"name too-long":                               func(p *sla.Policy) { p.Name = strings.Repeat("ä", 151) },
		"targets unknown-priority":                    func(p *sla.Policy) { p.Targets["urgent"] = sla.Target{} },
		"targets.low.response_minutes out-of-range":   func(p *sla.Policy) { p.Targets[sla.Low] = sla.Target{Response: -1} },
		"targets.low.resolution_minutes out-of-range": func(p *sla.Policy) { p.Targets[sla.Low] = sla.Target{Resolution: 527_041} },
		"targets.low.clock unknown-clock":             func(p *sla.Policy) { p.Targets[sla.Low] = sla.Target{Clock: "lunar"} },
		"response_warning.minutes out-of-range":       func(p *sla.Policy) { p.ResponseWarning.Minutes = -1 },
		"resolution_warning.percents not-allowed":     func(p *sla.Policy) { p.ResolutionWarning.Percents = []int{50, 60} },
		"response_warning.percents not-allowed":       func(p *sla.Policy) { p.ResponseWarning.Percents = []int{50, 50} },
		"keeps_running unknown-reason":                func(p *sla.Policy) { p.KeepsRunning = []sla.Reason{sla.Resolved} },
	} {
		p := sla.DefaultPolicy()
		spoil(&p)
		if faults := p.Check(); len(faults) != 1 || faults[0].Field+" "+faults[0].Code != want {
			t.Errorf("%s: %v", want, faults)
		}
	}
}

func TestATargetInWorkingDays(t *testing.T) {
	t.Parallel()
	friday := sla.DefaultCalendar("")
	friday.BusinessHours["friday"] = []string{"09:00-13:00"}
	for _, tt := range []struct {
		calendar sla.Calendar
		clock    sla.Clock
		minutes  int
		want     string
	}{
		{sla.DefaultCalendar(""), sla.Business, 24 * 60, "24 h = 3 Arbeitstage"},
		{sla.DefaultCalendar(""), sla.Business, 8 * 60, "8 h = 1 Arbeitstag"},
		{sla.DefaultCalendar(""), sla.Business, 4 * 60, "4 h = ein halber Arbeitstag"},
		{sla.DefaultCalendar(""), sla.Business, 12 * 60, "12 h = 1,5 Arbeitstage"},
		{sla.DefaultCalendar(""), sla.Business, 2 * 60, "2 h"},
		{sla.DefaultCalendar(""), sla.Business, 45, "45 min"},
		{sla.DefaultCalendar(""), sla.Business, 90, "1:30 h"},
		{sla.DefaultCalendar(""), sla.Business, 500, "8:20 h = etwa 1 Arbeitstag"},
		{friday, sla.Business, 24 * 60, "24 h = etwa 3,3 Arbeitstage"},
		{friday, sla.Business, 36 * 60, "36 h = etwa 5 Arbeitstage"},
		{friday, sla.AroundTheClock, 24 * 60, "24 h = 1 Tag"},
		{friday, sla.AroundTheClock, 48 * 60, "48 h = 2 Tage"},
		{sla.Calendar{}, sla.Business, 24 * 60, "24 h"},
	} {
		if got := tt.calendar.Hours().InWorkingDays(tt.clock, time.Duration(tt.minutes)*time.Minute); got != tt.want {
			t.Errorf("%d minutes: %q, wanted %q", tt.minutes, got, tt.want)
		}
	}
}

func TestTheWeekInWords(t *testing.T) {
	t.Parallel()
	always := map[string][]string{}
	for _, day := range weekdayNames {
		always[day] = []string{"00:00-24:00"}
	}
	for want, hours := range map[string]map[string][]string{
		"Mo–Fr 09:00–17:00": sla.DefaultCalendar("").BusinessHours,
		"Mo–So 00:00–24:00": always,
		"keine":             nil,
		"Mo 08:00–12:00 und 13:00–17:00, Mi–Do 08:00–12:00, Sa 10:00–14:00": {
			"monday": {"13:00-17:00", "08:00-12:00"}, "wednesday": {"08:00-12:00"}, "thursday": {"08:00-12:00"}, "saturday": {"10:00-14:00"},
		},
	} {
		if got := (sla.Calendar{BusinessHours: hours}).Hours().WeekInWords(); got != want {
			t.Errorf("%q, wanted %q", got, want)
		}
	}
}

func TestEveryWordHasItsLabel(t *testing.T) {
	t.Parallel()
	for p, want := range map[sla.Priority]string{sla.Critical: "Kritisch", sla.High: "Hoch", sla.Normal: "Normal", sla.Low: "Niedrig", "urgent": ""} {
		if p.Label() != want || p.Valid() != (want != "") {
			t.Errorf("%s: %q", p, p.Label())
		}
	}
	for r, want := range map[sla.Reason]string{sla.WaitingCustomer: "Wartet auf Kunde", sla.WaitingThirdParty: "Wartet auf Dritte", sla.Scheduled: "Terminiert", sla.Resolved: "Gelöst", sla.Merged: "Zusammengeführt", sla.Deleted: "Gelöscht", "lunch": ""} {
		if r.Label() != want || r.Valid() != (want != "") {
			t.Errorf("%s: %q", r, r.Label())
		}
	}
	if !sla.Critical.Above(sla.High) || sla.High.Above(sla.High) || sla.Low.Above(sla.Normal) || sla.Priority("urgent").Above(sla.Low) {
		t.Error("critical, high, normal, low is the order")
	}
}
