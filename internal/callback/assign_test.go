package callback_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/askpro/gateway/internal/callback"
	"github.com/askpro/gateway/internal/company"
)

// salon has Anna and Mario, who cut, and Jana, who does not; Otto works elsewhere, Ines has left, Vera is on vacation.
func salon() *company.Config {
	return &company.Config{
		Branches: []company.Branch{office()},
		Staff: []company.Staff{
			{ID: "4", BranchID: "west", Name: "Otto", Active: true},
			{ID: "5", BranchID: "mitte", Name: "Ines"},
			{ID: "6", BranchID: "mitte", Name: "Vera", Active: true, Vacation: []company.Vacation{{From: "2025-10-06", To: "2025-10-15"}}},
			{ID: "3", BranchID: "mitte", Name: "Jana", Active: true},
			{ID: "2", BranchID: "mitte", Name: "Mario", Active: true},
			{ID: "1", BranchID: "mitte", Name: "Anna", Active: true},
		},
		Services: []company.Service{{ID: "cut", EventTypes: []company.EventType{{StaffID: "1"}, {StaffID: "2"}, {StaffID: "4"}, {StaffID: "5"}, {StaffID: "6"}}}},
	}
}

func TestWhoIsGivenACallback(t *testing.T) {
	t.Parallel()
	waiting := func(ids ...string) (list []callback.Waiting) {
		for _, id := range ids {
			list = append(list, callback.Waiting{AssignedTo: id})
		}
		return list
	}
	for _, tt := range []struct {
		name string
		r    callback.Request
		open []callback.Waiting
		now  time.Time
		want string
	}{
		{"whoever was wished for", callback.Request{StaffID: "2", ServiceID: "cut"}, waiting("2", "2", "2"), at(13, 9, 0), "2"},
		{"also of another branch", callback.Request{StaffID: "4"}, nil, at(13, 9, 0), "4"},
		{"not somebody who has left", callback.Request{StaffID: "5"}, waiting("1"), at(13, 9, 0), "3"},
		{"not somebody on vacation", callback.Request{StaffID: "6", ServiceID: "cut"}, nil, at(13, 9, 0), "1"},
		{"somebody on vacation who is back when the branch opens", callback.Request{StaffID: "6"}, nil, at(15, 18, 30), "6"},
		{"of those who do the service the one with the fewest", callback.Request{ServiceID: "cut"}, waiting("1", "1", "2", ""), at(13, 9, 0), "2"},
		{"the first by name where they have as many", callback.Request{ServiceID: "cut"}, waiting("1", "2"), at(13, 9, 0), "1"},
		{"without a service anybody of the branch", callback.Request{}, waiting("1", "2"), at(13, 9, 0), "3"},
		{"for a service that nobody there does, anybody", callback.Request{ServiceID: "colour"}, waiting("1", "2"), at(13, 9, 0), "3"},
		{"somebody else than who has it", callback.Request{ServiceID: "cut", StaffID: "1", AssignedTo: "1"}, nil, at(13, 9, 0), "2"},
	} {
		c := salon()
		if got := callback.Fewest(callback.Candidates(c, c.Branches[0], tt.r, tt.now), tt.open); got != tt.want {
			t.Errorf("%s: %q, wanted %q", tt.name, got, tt.want)
		}
	}
	c := salon()
	c.Staff = c.Staff[:3]
	if got := callback.Fewest(callback.Candidates(c, c.Branches[0], callback.Request{}, at(13, 9, 0)), nil); got != "" {
		t.Errorf("nobody is there, and yet %q", got)
	}
}

func TestWhatIsGivenByItself(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	for _, tt := range []struct {
		setting  *bool
		priority callback.Priority
		want     bool
	}{{nil, callback.Normal, true}, {&yes, callback.Normal, true}, {&no, callback.Normal, false}, {&no, callback.High, true}, {&no, callback.Urgent, true}} {
		if got := callback.ByItself(company.Branch{AssignCallbacks: tt.setting}, tt.priority); got != tt.want {
			t.Errorf("%v, %s: %t", tt.setting, tt.priority, got)
		}
	}
}

// Given out one by one, requests are spread so that nobody has two more than another.
func TestRequestsAreSpread(t *testing.T) {
	t.Parallel()
	c := salon()
	rapid.Check(t, func(t *rapid.T) {
		var open []callback.Waiting
		for range rapid.IntRange(1, 40).Draw(t, "requests") {
			id := callback.Fewest(callback.Candidates(c, c.Branches[0], callback.Request{}, at(13, 9, 0)), open)
			open = append(open, callback.Waiting{AssignedTo: id})
		}
		has := map[string]int{"1": 0, "2": 0, "3": 0}
		for _, w := range open {
			has[w.AssignedTo]++
		}
		if len(has) != 3 || max(has["1"], has["2"], has["3"])-min(has["1"], has["2"], has["3"]) > 1 {
			t.Fatalf("%v", has)
		}
	})
}
