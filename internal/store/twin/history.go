package twin

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/store"
	"github.com/askpro/gateway/internal/tenant"
)

func numberAt(t tenant.ID, year int, count int64) place {
	return at(t, ofCaseNumber, fmt.Sprint(year, "-", count), "")
}

// CaseNumbered finds the id of a case by its number.
func (s *Table) CaseNumbered(ctx context.Context, t tenant.ID, year int, count int64) (id string, ok bool, err error) {
	id, _, ok, err = one[string](ctx, s, "CaseNumbered", numberAt(t, year, count))
	return id, ok, err
}

// CaseIDs lists the company's cases, newest first.
func (s *Table) CaseIDs(ctx context.Context, t tenant.ID, limit int) (found []string, err error) {
	err = s.do(ctx, "CaseIDs", func() error {
		ids, _ := listed(s, t, ofCase, madeAt)
		slices.Reverse(ids)
		found = append([]string{}, ids[:min(len(ids), limit)]...)
		return nil
	})
	return found, err
}

// DeletedCaseIDs lists the company's deleted cases, the last deleted first.
func (s *Table) DeletedCaseIDs(ctx context.Context, t tenant.ID, limit int) (found []string, err error) {
	err = s.do(ctx, "DeletedCaseIDs", func() error {
		ids, _ := listed(s, t, ofCase, func(c desk.Case) string {
			if c.Deletion == nil {
				return ""
			}
			return second(c.Deletion.At)
		})
		slices.Reverse(ids)
		found = append([]string{}, ids[:min(len(ids), limit)]...)
		return nil
	})
	return found, err
}

// Strip removes all that lies with a case but the case itself and its timers.
func (s *Table) Strip(ctx context.Context, t tenant.ID, caseID string) error {
	return s.do(ctx, "Strip", func() error {
		for _, at := range s.places(func(at place) bool {
			switch at.kind {
			case ofNote, ofActivity, ofOutgoing:
				return at.company == t && at.id == caseID
			case ofEvent:
				return at.company == t && at.id == store.CaseCollection(t, caseID)
			case ofDelivery:
				return at.company == t && at.id == aggregate(ledger.OfCase, caseID)
			}
			return false
		}) {
			delete(s.records, at)
		}
		return nil
	})
}

// madeAt is empty for a deleted case, which stands in no list of cases.
func madeAt(c desk.Case) string {
	if c.Deletion != nil {
		return ""
	}
	return second(c.CreatedAt)
}

// CasesBetween lists the ids of the company's cases that were made in [from, to), earliest first.
func (s *Table) CasesBetween(ctx context.Context, t tenant.ID, from, to time.Time, limit int) ([]string, error) {
	return between(ctx, s, "CasesBetween", t, ofCase, madeAt, from, to, limit)
}

// CallsBetween lists the ids of the company's calls that began in [from, to), earliest first.
func (s *Table) CallsBetween(ctx context.Context, t tenant.ID, from, to time.Time, limit int) ([]string, error) {
	return between(ctx, s, "CallsBetween", t, ofCall, func(c call.Call) string { return second(c.Began()) }, from, to, limit)
}

func between[T any](ctx context.Context, s *Table, method string, t tenant.ID, kind string, when func(T) string, from, to time.Time, limit int) (found []string, err error) {
	err = s.do(ctx, method, func() error {
		ids, times := listed(s, t, kind, when)
		for i, at := range times {
			if at >= second(from) && at < second(to) && len(found) < limit {
				found = append(found, ids[i])
			}
		}
		return nil
	})
	return found, err
}

// Notes of a case, oldest first.
func (s *Table) Notes(ctx context.Context, t tenant.ID, caseID string) ([]desk.Note, error) {
	return part(ctx, s, "Notes", at(t, ofNote, caseID, ""), func(n *desk.Note, v int) { n.Version = v })
}

// Activity of a case, oldest first.
func (s *Table) Activity(ctx context.Context, t tenant.ID, caseID string) ([]desk.Activity, error) {
	return part(ctx, s, "Activity", at(t, ofActivity, caseID, ""), func(*desk.Activity, int) {})
}

// CaseDeliveries are how a case left the house, oldest first.
func (s *Table) CaseDeliveries(ctx context.Context, t tenant.ID, caseID string) ([]delivery.Delivery, error) {
	return part(ctx, s, "CaseDeliveries", at(t, ofOutgoing, caseID, ""), func(d *delivery.Delivery, v int) { d.Version = v })
}

// part reads all records of a kind beside a case, each with its version.
func part[T any](ctx context.Context, s *Table, method string, of place, set func(*T, int)) (list []T, err error) {
	err = s.do(ctx, method, func() error {
		list = []T{}
		for _, at := range s.places(func(at place) bool { return at.company == of.company && at.kind == of.kind && at.id == of.id }) {
			value, version, _ := read[T](s, at)
			set(&value, version)
			list = append(list, value)
		}
		return nil
	})
	return list, err
}

// CaseDelivery is one of a case's deliveries.
func (s *Table) CaseDelivery(ctx context.Context, t tenant.ID, caseID, id string) (delivery.Delivery, bool, error) {
	d, v, ok, err := one[delivery.Delivery](ctx, s, "CaseDelivery", at(t, ofOutgoing, caseID, id))
	d.Version = v
	return d, ok, err
}

// CaseEvents are those of a case and its deliveries, in order.
func (s *Table) CaseEvents(ctx context.Context, t tenant.ID, caseID string) ([]event.Recorded, error) {
	return s.events(ctx, "CaseEvents", at(t, ofEvent, store.CaseCollection(t, caseID), ""))
}
