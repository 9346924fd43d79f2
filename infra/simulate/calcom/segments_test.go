package calcom_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/askpro/gateway/infra/companyfile"
)

// The parts of the salon's perm, as event types of their own.
const (
	wickelnJana   = 2151
	fixierenJana  = 2152
	schneidenJana = 2154
)

func segmented(t *testing.T) *sim {
	t.Helper()
	s := start(t)
	f := company(t, "demo")
	i := slices.IndexFunc(f.Services, func(s companyfile.Service) bool { return s.Slug == "dauerwelle" })
	f.Services[i].CompositeMode = "segments"
	whole := f.Services[i].EventTypes[0]
	f.Services[i].EventTypes = nil
	for n, key := range []string{"A", "B", "C", "D"} {
		part := whole
		part.Segment, part.ID = key, int64(wickelnJana+n)
		f.Services[i].EventTypes = append(f.Services[i].EventTypes, part)
	}
	if err := s.AddCompany(f, secrets(t)); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestASegmentIsAnEventTypeOfItsOwnLength(t *testing.T) {
	t.Parallel()
	s := segmented(t)
	for id, want := range map[int]struct {
		minutes     int
		title, slug string
	}{wickelnJana: {50, "Dauerwelle: Wickeln", "dauerwelle-a"}, fixierenJana: {5, "Dauerwelle: Fixieren", "dauerwelle-b"}, schneidenJana: {40, "Dauerwelle: Schneiden", "dauerwelle-d"}} {
		var e struct {
			Title, Slug     string
			LengthInMinutes int
		}
		s.ask(t, "GET", fmt.Sprint("/event-types/", id), "").read(t, &e)
		if e.LengthInMinutes != want.minutes || e.Title != want.title || e.Slug != want.slug {
			t.Errorf("%d: %+v", id, e)
		}
	}
	b := s.book(t, fixierenJana, "2026-11-24T10:05:00Z")
	if b.End != "2026-11-24T10:10:00.000Z" || s.hook(t).Payload["length"] != 5.0 {
		t.Errorf("booked until %s", b.End)
	}
}

func TestLaterSegmentsBeginWhereTheFirstOnesEnd(t *testing.T) {
	t.Parallel()
	s := segmented(t)
	first, later := s.slots(t, wickelnJana, tuesday).starts("2026-11-24"), s.slots(t, fixierenJana, tuesday).starts("2026-11-24")
	if !slices.Contains(first, "10:15") || slices.Contains(first, "10:05") || !slices.Contains(later, "11:05") {
		t.Errorf("A begins on the quarter of an hour, B whenever A has ended: %v, %v", first, later)
	}
	// One host has all of them: what one takes is no slot of another.
	s.book(t, wickelnJana, "2026-11-24T09:00:00Z")
	if later = s.slots(t, fixierenJana, tuesday).starts("2026-11-24"); slices.Contains(later, "10:45") || !slices.Contains(later, "10:50") {
		t.Errorf("B beside A from 10 to 10:50: %v", later)
	}
}
