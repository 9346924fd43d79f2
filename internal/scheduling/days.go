package scheduling

import (
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/ledger"
)

// edits collects what changes on days: each is written once, and the slots cached of it no longer count.
type edits struct {
	known ledger.Known
	order []booking.DayKey
	days  map[booking.DayKey]booking.Day
}

// on edits each of the days.
func (e *edits) on(keys []booking.DayKey, edit func(booking.Day) booking.Day) {
	if e.days == nil {
		e.days = map[booking.DayKey]booking.Day{}
	}
	for _, k := range keys {
		d, touched := e.days[k]
		if !touched {
			e.order = append(e.order, k)
			d = e.known.Days[k]
			d.Resource, d.Date = k.Resource, k.Date
			d = d.Changed()
		}
		e.days[k] = edit(d)
	}
}

// enter adds what parts take.
func (e *edits) enter(branch company.Branch, parts []booking.Part, kind booking.Kind, owner string, now time.Time) {
	for _, k := range booking.DayKeys(branch, parts) {
		for _, entry := range k.Entries(branch, parts, kind, owner) {
			e.on([]booking.DayKey{k}, func(d booking.Day) booking.Day { return d.With(entry, now) })
		}
	}
}

// list is the days that changed, as they were first touched.
func (e *edits) list() []booking.Day {
	list := make([]booking.Day, len(e.order))
	for i, k := range e.order {
		list[i] = e.days[k]
	}
	return list
}
