package company

import (
	"sync"
	"time"
)

// zones that were asked for, by name. Reading one from the zone database takes longer than everything else that is done
// with a time, and a call asks for its branch's again and again.
var zones sync.Map // string → *time.Location

// zone by its name in the zone database.
func zone(name string) (*time.Location, error) {
	if loc, ok := zones.Load(name); ok {
		return loc.(*time.Location), nil
	}
	loc, err := time.LoadLocation(name)
	if err == nil {
		zones.Store(name, loc)
	}
	return loc, err
}
