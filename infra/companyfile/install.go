package companyfile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/askpro/gateway/internal/audit"
	"github.com/askpro/gateway/internal/calcom"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/scheduling"
	"github.com/askpro/gateway/internal/store"
	"github.com/askpro/gateway/internal/tenant"
)

// Check asks Cal.com whether the company's key works and every event type is there, of the length of our service or of its
// segment. Differences are told, not put right: whose number counts is for people to decide. A service in segments is told
// too when nobody can be booked for one of them: callers could not book it.
func Check(ctx context.Context, c *company.Config, client *calcom.Client) error {
	if c.Company.CalcomAPIKey == "" {
		return nil // its telephone only takes cases
	}
	key := scheduling.Account{Company: tenant.Proven(c.Company.ID), Key: c.Company.CalcomAPIKey, Job: true}
	if _, err := client.Me(ctx, key); err != nil {
		return fmt.Errorf("the calendar Cal.com does not take the key %s: %w", key.Key, err)
	}
	var wrong []error
	for _, s := range c.Services {
		for _, b := range c.Branches {
			if s.Active && b.Active && (s.BranchID == "" || s.BranchID == b.ID) {
				for _, x := range c.Undone(b.ID, s) {
					wrong = append(wrong, fmt.Errorf("service %s: nobody at %s has an event type for the segment %s", s.Slug, b.Slug, x.Key))
				}
			}
		}
		for _, e := range s.EventTypes {
			what, minutes := "service "+s.Slug, s.DurationMinutes
			for _, x := range s.Segments {
				if x.Key == e.Segment {
					what, minutes = what+", segment "+x.Key, x.DurationMin
				}
			}
			there, err := client.EventType(ctx, key, e.ID)
			switch {
			case err != nil:
				wrong = append(wrong, fmt.Errorf("service %s: event type %d: %w", s.Slug, e.ID, err))
			case there.Minutes != minutes:
				wrong = append(wrong, fmt.Errorf("%s takes %d minutes, its event type %d in Cal.com %d", what, minutes, e.ID, there.Minutes))
			}
		}
	}
	return errors.Join(wrong...)
}

// Refused writes into the trail of a company that is loaded already which addresses a file names that are never called
// (§10.4): somebody may have wanted to reach our inside. It returns the refusal.
func Refused(ctx context.Context, t tenant.ID, s *store.Table, by audit.By, now time.Time, refusal error) error {
	step := &ledger.Step{}
	for _, p := range problems(refusal) {
		if p.Blocked() {
			step.Audit = append(step.Audit, audit.Entry{By: by, Action: audit.Refused, Object: audit.Object{Kind: "company", ID: t.String()}, Reason: p.Error(), At: now})
		}
	}
	if len(step.Audit) == 0 {
		return refusal
	}
	if _, err := s.Config(ctx, t); err != nil {
		return refusal // a company that is not there yet has no trail
	}
	return errors.Join(refusal, s.Commit(ctx, t, step))
}

// problems are those of a configuration, in an error of ServiceDesk.
func problems(err error) (list []desk.Problem) {
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		for _, x := range several.Unwrap() {
			list = append(list, problems(x)...)
		}
		return list
	}
	var p desk.Problem
	if errors.As(err, &p) {
		list = append(list, p)
	}
	return list
}

// Install writes a company, its service desk and its customers into the table, in the name of whoever loads it.
func Install(ctx context.Context, f File, d *store.Directory, s *store.Table, by audit.By, now time.Time) (*company.Config, error) {
	c, err := f.Config()
	if err != nil {
		return nil, err
	}
	people, err := f.People(now)
	if err != nil {
		return nil, err
	}
	t := tenant.Proven(c.Company.ID)
	office, err := f.ServiceDesk(now)
	if err != nil {
		return nil, Refused(ctx, t, s, by, now, err)
	}
	if err := store.Install(ctx, d, s, c, by, now); err != nil {
		return nil, err
	}
	before, err := s.Desk(ctx, t)
	if err != nil {
		return nil, err
	}
	office.Follow(before, now)
	if err := s.SaveDesk(ctx, t, office, by); err != nil {
		return nil, err
	}
	for _, p := range people {
		if err := s.AddCustomer(ctx, t, p); err != nil {
			return nil, fmt.Errorf("customer: %w", err)
		}
	}
	return c, nil
}
