package calcom_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"
)

type days map[string][]struct{ Start, End string }

func (s *sim) slots(t *testing.T, eventType int, query string) days {
	t.Helper()
	r := s.ask(t, "GET", fmt.Sprintf("/slots?eventTypeId=%d&%s", eventType, query), "")
	if r.status != http.StatusOK {
		t.Fatalf("%d %s", r.status, r.raw)
	}
	out := days{}
	if err := json.Unmarshal(r.Data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func (d days) starts(day string) (list []string) {
	for _, s := range d[day] {
		list = append(list, s.Start[11:16])
	}
	return list
}

const tuesday = "start=2026-11-23T23:00:00Z&end=2026-11-24T23:00:00Z&timeZone=Europe/Berlin"

func TestSlotsFillTheBranchsHoursEveryQuarterOfAnHour(t *testing.T) {
	t.Parallel()
	s := start(t)
	got := s.slots(t, damenhaarschnittAnna, tuesday).starts("2026-11-24")
	var want []string
	for at := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC); at.Hour() < 17 || at.Minute() == 0 && at.Hour() == 17; at = at.Add(15 * time.Minute) {
		want = append(want, at.Format("15:04"))
	}
	if !slices.Equal(got, want) {
		t.Errorf("an hour fits from 9 to 17 o'clock\n got %v\nwant %v", got, want)
	}
}

func TestSlotsSkipWhatTheHostHasAlready(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.book(t, damenhaarschnittAnna, "2026-11-24T09:00:00Z") // 10 o'clock in Berlin
	got := s.slots(t, herrenhaarschnittAnna, tuesday).starts("2026-11-24")
	if i := slices.Index(got, "09:30"); i < 0 || got[i+1] != "11:00" {
		t.Errorf("after 09:30 Anna is free again at 11:00: %v", got)
	}
	if other := s.slots(t, bartpflegeMario, tuesday).starts("2026-11-24"); !slices.Contains(other, "10:15") {
		t.Errorf("Mario has nothing to do with it: %v", other)
	}
	moving := s.slots(t, herrenhaarschnittAnna, tuesday+"&bookingUidToReschedule="+b.UID).starts("2026-11-24")
	if !slices.Contains(moving, "10:15") {
		t.Errorf("the booking being moved is not in its own way: %v", moving)
	}
}

func TestSlotsAreToldInTheZoneThatIsAsked(t *testing.T) {
	t.Parallel()
	s := start(t)
	utc := s.slots(t, bartpflegeMario, "start=2026-11-24&end=2026-11-24")
	if got := utc["2026-11-24"][0].Start; got != "2026-11-24T08:00:00.000+00:00" || len(utc) != 1 {
		t.Errorf("without a zone UTC: %s", got)
	}
	tokyo := s.slots(t, bartpflegeMario, "start=2026-11-24T00:00:00Z&end=2026-11-24T23:00:00Z&timeZone=Asia/Tokyo&format=range")
	last := tokyo["2026-11-25"]
	if len(last) == 0 || last[len(last)-1].Start != "2026-11-25T01:45:00.000+09:00" || last[len(last)-1].End != "2026-11-25T02:00:00.000+09:00" {
		t.Errorf("the evening in Berlin is the next day in Tokyo: %v", last)
	}
}

func TestSlotsKeepTheWallClockWhenTheClocksChange(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.advance(-300 * 24 * time.Hour)
	for _, tt := range []struct{ query, day, first string }{
		{"start=2026-03-27&end=2026-03-30&timeZone=Europe/Berlin", "2026-03-28", "2026-03-28T10:00:00.000+01:00"},
		{"start=2026-03-27&end=2026-03-30&timeZone=Europe/Berlin", "2026-03-30", "2026-03-30T09:00:00.000+02:00"},
		{"start=2026-10-23&end=2026-10-26&timeZone=Europe/Berlin", "2026-10-26", "2026-10-26T09:00:00.000+01:00"},
	} {
		if got := s.slots(t, bartpflegeMario, tt.query)[tt.day]; len(got) == 0 || got[0].Start != tt.first {
			t.Errorf("%s: %v, want first %s", tt.day, got, tt.first)
		}
	}
}

func TestSlotsOfAClosedDayAreMissing(t *testing.T) {
	t.Parallel()
	s := start(t)
	got := s.slots(t, bartpflegeMario, "start=2026-11-28T23:00:00Z&end=2026-11-29T23:00:00Z&timeZone=Europe/Berlin")
	if len(got) != 0 {
		t.Errorf("closed on Sunday: %v", got)
	}
	if got := s.slots(t, bartpflegeMario, "start=2026-12-25&end=2026-12-25"); len(got) == 0 {
		t.Error("Cal.com knows no public holidays: Christmas is a Friday")
	}
}

func TestSlotsOfThePastAreGone(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.advance(6*time.Hour + 20*time.Minute) // 13:20 in Berlin
	if got := s.slots(t, bartpflegeMario, "start=2026-11-23&end=2026-11-23&timeZone=Europe/Berlin").starts("2026-11-23"); got[0] != "13:30" {
		t.Errorf("first %s, want 13:30", got[0])
	}
}

func TestSlotsRefuse(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, tt := range []struct {
		name, query string
		status      int
		message     string
	}{
		{"an event type of nobody", "eventTypeId=99&" + tuesday, 404, "Event Type not found"},
		{"another company's event type", "eventTypeId=2201&" + tuesday, 404, "Event Type not found"},
		{"no event type", tuesday, 400, "Bad Request Exception"},
		{"a start that is none", "eventTypeId=2101&start=morgen&end=2026-11-24", 400, "start"},
		{"an end before the start", "eventTypeId=2101&start=2026-11-25&end=2026-11-24", 400, "end"},
		{"a zone that is none", "eventTypeId=2101&start=2026-11-24&end=2026-11-24&timeZone=MEZ", 400, "time zone"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			refused(t, s.ask(t, "GET", "/slots?"+tt.query, ""), tt.status, tt.message)
		})
	}
}
