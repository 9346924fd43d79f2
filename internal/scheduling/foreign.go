package scheduling

import (
	"context"
	"fmt"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// blockHost keeps a booking of an event type that no service has: its time blocks the host's days, as long as it lives.
func (s *Scheduler) blockHost(ctx context.Context, t tenant.ID, c *company.Config, claim booking.Claim, l life, n news) (Did, error) {
	now := s.Now()
	was := map[string]booking.Claim{l.now.UID: claim}
	for _, uid := range l.uidsBefore() {
		older, _, err := s.Store.Claim(ctx, t, uid)
		if err != nil {
			return Nothing, err
		}
		was[uid] = older
	}
	step := &ledger.Step{}
	var old, taken []block
	for _, b := range append(l.before, l.now) {
		claim := was[b.UID]
		f := booking.Foreign{StartsAt: b.Start.UTC(), EndsAt: b.End.UTC(), Status: b.Status, HostID: b.Host.ID, EventTypeID: b.EventTypeID}
		if host, ok := StaffOfHost(c, b.Host); ok {
			f.Resource = host.ID
		} else if claim.Foreign != nil {
			f.Resource = claim.Foreign.Resource
		}
		if b.UID != l.now.UID {
			if claim.Foreign != nil && b.Status == "" { // told, not read: what it was stands here
				f = *claim.Foreign
			}
			f.Status = "cancelled"
		}
		if claim.Foreign != nil && *claim.Foreign == f {
			continue
		}
		if claim.Foreign != nil {
			old = append(old, s.blockOf(c, b.UID, claim.Foreign))
		}
		if b.UID == l.now.UID && b.Live() {
			taken = append(taken, s.blockOf(c, b.UID, &f))
		}
		claim.UID, claim.Foreign, claim.ChangedAt = b.UID, &f, latest(n.at, b.UpdatedAt)
		step.Claims = append(step.Claims, claim)
	}
	if step.Claims == nil {
		return Nothing, nil
	}
	var ask ledger.Ask
	for _, x := range append(old, taken...) {
		ask.Days = append(ask.Days, x.days...)
	}
	known, err := s.Store.Gather(ctx, t, ask)
	if err != nil {
		return Nothing, err
	}
	e := edits{known: known}
	for _, x := range old {
		e.on(x.days, func(d booking.Day) booking.Day { return d.Without(booking.ForeignKind, x.uid, now) })
	}
	for _, x := range taken {
		entry := booking.Entry{Start: l.now.Start.Unix(), End: l.now.End.Unix(), Kind: booking.ForeignKind, Owner: x.uid}
		e.on(x.days, func(d booking.Day) booking.Day { return d.Without(booking.ForeignKind, x.uid, now).With(entry, now) })
	}
	step.Days = e.list()
	if err := s.Store.Commit(ctx, t, step); err != nil {
		return Nothing, err
	}
	s.alarmOnce(ctx, t, AlarmUnknownEventType, fmt.Sprint(l.now.EventTypeID))
	return Blocked, nil
}

// blockOf is the time that a foreign booking takes.
func (s *Scheduler) blockOf(c *company.Config, uid string, f *booking.Foreign) block {
	x := block{uid: uid}
	if f.Resource == "" || !f.EndsAt.After(f.StartsAt) {
		return x
	}
	branch, _ := c.Branch(staffBranch(c, f.Resource)) // its zone says which dates a time touches
	for _, date := range branch.DaysOf(f.StartsAt, f.EndsAt) {
		x.days = append(x.days, booking.DayKey{Resource: f.Resource, Date: date})
	}
	return x
}

// alarmEvery is how often the same thing wakes people.
const alarmEvery = 6 * time.Hour

// alarmOnce raises an alarm unless the same was raised lately. Whether it was is not worth a failure.
func (s *Scheduler) alarmOnce(ctx context.Context, t tenant.ID, name, about string) {
	if s.Store.ClaimOnce(ctx, t, "alarm/"+name+"/"+about, alarmEvery) == nil {
		s.Alarm(ctx, name, t.String())
	}
}
