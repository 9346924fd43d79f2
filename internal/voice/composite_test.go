package voice

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/company"
)

func TestWhoIsWishedForReceivesTheCustomerAndDoesWhatTheyCan(t *testing.T) {
	t.Parallel()
	perm := company.Service{Composite: true, CompositeMode: "segments", Segments: []company.Segment{{Key: "A"}, {Key: "B"}, {Key: "D"}}}
	cut := company.Service{}
	for _, tt := range []struct {
		service      company.Service
		doers, wish  string
		want, reason string
	}{
		{cut, " anna,  mario", "mario", " mario", "a single service is done by one"},
		{cut, " anna", "mario", "", "who does not offer it"},
		{perm, "A anna, B anna, D anna, D mario", "anna", "A anna, B anna, D anna", "Anna does all she can"},
		{perm, "A anna, A mario, B anna, D anna", "mario", "A mario, B anna, D anna", "others do what Mario cannot"},
		{perm, "A anna, B anna, D anna, D mario", "mario", "", "who cannot begin does not offer it"},
	} {
		var all []company.Doer
		for _, d := range strings.Split(tt.doers, ",") {
			key, who, _ := strings.Cut(strings.TrimPrefix(d, " "), " ")
			if who == "" {
				key, who = "", key
			}
			all = append(all, company.Doer{Segment: key, Staff: company.Staff{ID: who}})
		}
		var got []string
		for _, d := range doneBy(all, tt.service, tt.wish) {
			got = append(got, d.Segment+" "+d.Staff.ID)
		}
		if fmt.Sprint(strings.Join(got, ", ")) != tt.want {
			t.Errorf("%s: %q, wanted %q", tt.reason, got, tt.want)
		}
	}
}

func TestAnAlarmOfAWrongSettingIsRaisedOnceInAWhile(t *testing.T) {
	t.Parallel()
	var s sparing
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		what  string
		after time.Duration
		want  bool
	}{{"a", 0, true}, {"a", time.Minute, false}, {"b", time.Minute, true}, {"a", 10 * time.Minute, true}, {"a", 11 * time.Minute, false}, {"a", -time.Hour, true}} {
		if got := s.passed(tt.what, now.Add(tt.after)); got != tt.want {
			t.Errorf("%s after %s: %t", tt.what, tt.after, got)
		}
	}
}
