package company_test

import (
	"fmt"
	"testing"

	"github.com/askpro/gateway/internal/company"
)

func salon(mode string, events ...company.EventType) *company.Config {
	person := func(id string) company.Staff {
		return company.Staff{ID: id, Name: id, BranchID: "mitte", Active: true, Bookable: true}
	}
	ill := person("jana")
	ill.Bookable = false
	return &company.Config{
		Branches: []company.Branch{{ID: "mitte", Active: true}},
		Staff:    []company.Staff{person("anna"), person("mario"), ill},
		Services: []company.Service{
			{ID: "cut", Active: true, Priority: 1, EventTypes: []company.EventType{{StaffID: "anna", ID: 1}}},
			{ID: "perm", Active: true, Priority: 2, Composite: mode != "", CompositeMode: mode, Segments: []company.Segment{{Key: "A"}, {Key: "B"}}, EventTypes: events},
		},
	}
}

func TestWhatAnEventTypeIsFor(t *testing.T) {
	t.Parallel()
	whole := company.EventType{StaffID: "anna", ID: 10}
	a, b := company.EventType{StaffID: "anna", Segment: "A", ID: 11}, company.EventType{StaffID: "mario", Segment: "B", ID: 12}
	ill, nobody := company.EventType{StaffID: "jana", Segment: "B", ID: 13}, company.EventType{Segment: "B", ID: 14}
	for _, tt := range []struct {
		name     string
		mode     string
		events   []company.EventType
		doers    string // segment, staff, event type
		bookable bool
	}{
		{"a single service is done by whoever has its event type", "", []company.EventType{whole}, "[ anna 10]", true},
		{"the event type of a segment is none of a single service", "", []company.EventType{whole, a}, "[ anna 10]", true},
		{"nor of a block, which is one booking", "block", []company.EventType{whole, a, b}, "[ anna 10]", true},
		{"a block with segments alone is mapped to nobody", "block", []company.EventType{a, b}, "[]", false},
		{"in segments each has its own", "segments", []company.EventType{a, b}, "[A anna 11 B mario 12]", true},
		{"where the event type of the whole counts for nothing", "segments", []company.EventType{whole, a, b}, "[A anna 11 B mario 12]", true},
		{"a segment of nobody in particular", "segments", []company.EventType{a, nobody}, "[A anna 11 B  14]", true},
		{"one segment is mapped to nobody", "segments", []company.EventType{whole, a}, "[A anna 11]", false},
		{"or to somebody who is not bookable", "segments", []company.EventType{a, ill}, "[A anna 11]", false},
		{"nothing is mapped", "segments", nil, "[]", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := salon(tt.mode, tt.events...)
			perm, _ := c.Service("perm")
			var doers []string
			for _, d := range c.Doers("mitte", perm) {
				doers = append(doers, fmt.Sprint(d.Segment, " ", d.Staff.ID, " ", d.EventTypeID))
			}
			if got := fmt.Sprint(doers); got != tt.doers {
				t.Errorf("doers %s, wanted %s", got, tt.doers)
			}
			if got := len(c.Bookable("mitte")) == 2; got != tt.bookable {
				t.Errorf("bookable %t", got)
			}
			for _, e := range tt.events {
				if s, found, ok := c.ServiceOfEventType(e.ID); !ok || s.ID != "perm" || found.Segment != e.Segment {
					t.Errorf("event type %d is %s, %+v, %t", e.ID, s.ID, found, ok)
				}
			}
		})
	}
}

func TestAnIncompleteServiceIsStillKnownByName(t *testing.T) {
	t.Parallel()
	c := salon("segments", company.EventType{StaffID: "anna", Segment: "A", ID: 11})
	if list := c.Offered("mitte"); len(list) != 2 || list[1].ID != "perm" {
		t.Errorf("offered %+v", list)
	}
	perm, _ := c.Service("perm")
	if undone := c.Undone("mitte", perm); len(undone) != 1 || undone[0].Key != "B" || c.Complete("mitte", perm) {
		t.Errorf("undone %+v", undone)
	}
	cut, _ := c.Service("cut")
	if !c.Complete("mitte", cut) {
		t.Error("a single service has no segments to be incomplete in")
	}
}
