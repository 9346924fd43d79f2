package calcom_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"
)

// names lists the start times (UTC) of what a list answers.
func (s *sim) names(t *testing.T, query string) (list []string) {
	t.Helper()
	r := s.ask(t, "GET", "/bookings?"+query, "")
	var found []booking
	if err := json.Unmarshal(r.Data, &found); err != nil {
		t.Fatalf("%v in %s", err, r.raw)
	}
	for _, b := range found {
		list = append(list, b.Start[5:16])
	}
	return list
}

func TestTheListIsFilteredAndSorted(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.book(t, bartpflegeMario, "2026-11-23T09:00:00Z")
	s.advance(time.Minute)
	s.book(t, damenhaarschnittAnna, "2026-11-25T09:00:00Z")
	s.advance(time.Minute)
	cancelled := s.book(t, damenhaarschnittAnna, "2026-11-24T09:00:00Z")
	s.advance(4 * time.Hour) // it is 10:02 UTC: the first one is over
	s.ask(t, "POST", "/bookings/"+cancelled.UID+"/cancel", "")
	a, b, c := "11-23T09:00", "11-25T09:00", "11-24T09:00"
	for _, tt := range []struct {
		query string
		want  []string
	}{
		{"", []string{a, b, c}},
		{"sortStart=asc", []string{a, c, b}},
		{"sortStart=desc", []string{b, c, a}},
		{"sortCreated=desc", []string{c, b, a}},
		{"sortUpdatedAt=desc", []string{c, b, a}},
		{"status=upcoming", []string{b}},
		{"status=past,cancelled", []string{a, c}},
		{"status=unconfirmed", nil},
		{"attendeeEmail=Erika.Muster@example.de&afterStart=2026-11-24T09:00:00Z", []string{b, c}},
		{"attendeeEmail=niemand@example.de", nil},
		{"afterStart=2026-11-23T10:00:00%2B01:00&beforeEnd=2026-11-24T10:00:00Z", []string{a, c}},
		{"afterUpdatedAt=2026-11-23T06:01:00Z", []string{b, c}},
		{"afterUpdatedAt=2026-11-23T07:00:00Z", []string{c}},
		{"eventTypeId=2132", []string{a}},
		{"eventTypeIds=2132,2111&status=upcoming", []string{b}},
	} {
		t.Run(tt.query, func(t *testing.T) {
			t.Parallel()
			if got := s.names(t, tt.query); !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestTheListIsPaged(t *testing.T) {
	t.Parallel()
	s := start(t)
	for i := range 5 {
		s.book(t, bartpflegeMario, fmt.Sprintf("2026-11-24T%02d:00:00Z", 9+i))
	}
	if got := s.names(t, "take=2&skip=2"); !slices.Equal(got, []string{"11-24T11:00", "11-24T12:00"}) {
		t.Errorf("the second page: %v", got)
	}
	page := s.ask(t, "GET", "/bookings?take=2&skip=2", "").Pagination
	for name, want := range map[string]any{
		"itemsReturned": 2.0, "totalItems": 5.0, "itemsPerPage": 2.0, "remainingItems": 1.0, "currentPage": 2.0, "totalPages": 3.0,
		"hasNextPage": true, "hasPreviousPage": true,
	} {
		if page[name] != want {
			t.Errorf("%s is %v, want %v", name, page[name], want)
		}
	}
	if got := s.names(t, "skip=9"); got != nil {
		t.Errorf("beyond the end: %v", got)
	}
	for _, query := range []string{"take=0", "take=251", "take=alle", "skip=-1", "sortStart=up", "status=booked", "afterStart=morgen"} {
		refused(t, s.ask(t, "GET", "/bookings?"+query, ""), 400, "Bad Request Exception")
	}
}
