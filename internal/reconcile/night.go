package reconcile

import (
	"slices"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/scheduling"
)

// night compares all bookings from yesterday to sixty days ahead, once per night of the company; a company that was never
// compared need not wait for it. What is there then is no news: nobody gets a letter.
func (x *round) night() error {
	now := x.Now()
	local := now.In(company.Branch{Timezone: x.config.Company.Timezone}.Location())
	today := local.Format(time.DateOnly)
	// One that is under way is ended first, unless it was begun under another clock.
	if n := x.state.Night; n == nil || n.Until.Sub(now) > aheadTo+time.Minute {
		first := x.state.ComparedOn == ""
		if x.state.ComparedOn == today || local.Hour() < nightAt && !first {
			return nil
		}
		x.state.Night = &Night{
			On: today, First: first, Cursor: now.Add(-backTo).Truncate(time.Minute), Until: now.Add(aheadTo),
			Report: Report{Kind: KindComparison, On: today, StartedAt: now},
		}
	}
	n := x.state.Night
	for !n.Listed {
		if err := x.page(n); err != nil {
			return err
		}
		if !n.Listed {
			if err := x.save(); err != nil {
				return err
			}
		}
	}
	if err := x.eventTypes(n); err != nil {
		return err
	}
	n.Report.EndedAt = x.Now()
	if err := x.Store.SaveReport(x.ctx, x.t, n.Report); err != nil {
		return err
	}
	x.state.ComparedOn, x.state.Night = n.On, nil
	return nil
}

// page compares one page of the calendar's bookings with what we have in the same time. A booking never changes its start
// (one that is moved is another one), so the next page begins where this one ends.
func (x *round) page(n *Night) error {
	// One that ends after the window may begin in it.
	found, more, err := x.list(scheduling.Page{From: n.Cursor, Until: n.Until.Add(24 * time.Hour), Skip: n.Skip})
	if err != nil {
		return err
	}
	upTo := n.Until
	if more && found[len(found)-1].Start.Before(n.Until) {
		upTo = found[len(found)-1].Start
	} else {
		more = false
	}
	found = slices.DeleteFunc(found, func(b scheduling.Booked) bool { return b.Start.After(n.Until) })
	n.Report.Requests++
	n.Report.Compared += len(found)
	if err := x.put(found, &n.Report, scheduling.Comparison{Quiet: n.First}); err != nil {
		return err
	}
	if err := x.ours(n, upTo); err != nil {
		return err
	}
	switch {
	case !more:
		n.Listed = true
	case upTo.Equal(n.Cursor): // more bookings at one instant than a page holds
		n.Skip += len(found)
	default:
		n.Cursor, n.Skip = upTo, 0
	}
	return nil
}

// most is how many appointments of a branch one page's time may hold.
const most = 5000

// ours looks for appointments in a page's time that the calendar did not list, and for customers and staff who are to be at
// two at once.
func (x *round) ours(n *Night, upTo time.Time) error {
	for _, branch := range x.config.Branches {
		ids, err := x.Store.AppointmentIDs(x.ctx, x.t, branch.ID, n.Cursor, upTo, most)
		if err != nil {
			return err
		}
		list, err := x.Store.Appointments(x.ctx, x.t, ids)
		if err != nil {
			return err
		}
		list = slices.DeleteFunc(list, func(a booking.Appointment) bool {
			return !a.Active() || a.StartsAt.Before(n.Cursor) || !a.StartsAt.Before(upTo)
		})
		slices.SortFunc(list, func(a, b booking.Appointment) int {
			if order := a.StartsAt.Compare(b.StartsAt); order != 0 {
				return order
			}
			return a.CreatedAt.Compare(b.CreatedAt)
		})
		if err := x.missing(n, list); err != nil {
			return err
		}
		if err := x.double(n, list); err != nil {
			return err
		}
	}
	return nil
}

// missing has those looked for that were not on the page.
func (x *round) missing(n *Night, list []booking.Appointment) error {
	for _, a := range list {
		if a.Pending != nil || a.SyncStatus != booking.Synced {
			continue
		}
		for _, uid := range a.UIDs() {
			if _, listed := x.seen[uid]; listed || uid == "" {
				continue
			}
			if err := x.inTime(); err != nil {
				return err
			}
			n.Report.Requests++
			did, err := x.Scheduler.Missing(x.ctx, x.t, x.config, a, uid)
			if err != nil {
				return err
			}
			n.Report.note(uid, a.ID, did)
		}
	}
	return nil
}

// double finds a customer who is to be at two appointments at once, for a person to decide, and a member of staff who is,
// for an alarm: nobody did that on purpose.
func (x *round) double(n *Night, list []booking.Appointment) error {
	type who struct {
		customer string
		start    int64
	}
	first := map[who]bool{}
	busy := map[string]time.Time{}
	for _, a := range list {
		if until := busy[a.Resource]; len(a.Segments) == 0 {
			if a.StartsAt.Before(until) {
				n.Report.note(a.UID, a.ID, overlaps)
				if x.Store.ClaimOnce(x.ctx, x.t, "alarm/"+AlarmDouble+"/"+a.ID, 20*time.Hour) == nil {
					x.Alarm(x.ctx, AlarmDouble, x.t.String())
				}
			}
			busy[a.Resource] = later(until, a.EndsAt)
		}
		k := who{a.CustomerID, a.StartsAt.Unix()}
		if a.CustomerID == "" || !first[k] {
			first[k] = true
			continue
		}
		did, err := x.Scheduler.Double(x.ctx, x.t, a.ID)
		if err != nil {
			return err
		}
		n.Report.note(a.UID, a.ID, did)
	}
	return nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
