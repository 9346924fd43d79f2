package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/askpro/gateway/internal/audit"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// Install enters a company: its route and numbers are reserved, its configuration is saved under its own session, then
// the entries become valid. Killed in between, it is simply run again; a route or number of another company stops it
// before anything is saved.
func Install(ctx context.Context, d *Directory, s *Table, c *company.Config, by audit.By, now time.Time) error {
	t := tenant.Proven(c.Company.ID)
	entries := entriesOf(c)
	for _, e := range entries {
		if err := d.reserve(ctx, e.key, e.entry, now); err != nil {
			return fmt.Errorf("%s: %w", e.what, err)
		}
	}
	if err := s.SaveConfig(ctx, t, c, by); err != nil {
		return err
	}
	for _, e := range entries {
		if err := d.enter(ctx, e.key, e.entry); err != nil {
			return fmt.Errorf("%s: %w", e.what, err)
		}
	}
	return nil
}

type named struct {
	what string
	key  key
	entry
}

func entriesOf(c *company.Config) []named {
	list := []named{{"webhook route " + c.Company.WebhookRouteID, routeKey(c.Company.WebhookRouteID), entry{
		Company: c.Company.ID, Slug: c.Company.Slug, Active: c.Company.Active,
		RetellKeys: c.Company.RetellAPIKeys, CalcomSecrets: c.Company.CalcomWebhookSecrets,
	}}, {"company " + c.Company.ID, companiesKey(c.Company.ID), entry{Company: c.Company.ID, Slug: c.Company.Slug, Active: c.Company.Active}}}
	for _, n := range c.Numbers {
		b, _ := c.Branch(n.BranchID)
		list = append(list, named{"number " + n.E164, numberKey(n.E164), entry{
			Company: c.Company.ID, Branch: n.BranchID, Active: n.Active && b.Active && c.Company.Active,
		}})
	}
	return list
}

// AddCustomer enters a customer who is not known yet; one who is stays as they are.
func (s *Table) AddCustomer(ctx context.Context, t tenant.ID, c customer.Customer) error {
	contact := c.Phone
	if contact == "" {
		contact = c.ID
	}
	known, err := s.Gather(ctx, t, ledger.Ask{Card: contact})
	if err != nil {
		return err
	}
	if known.Card.CustomerID != "" {
		return nil
	}
	card := known.Card
	card.CustomerID, card.Name, card.Email = c.ID, c.Name, c.Email
	step := &ledger.Step{Card: &card, Customer: &c, EmailOf: c.Email}
	err = s.Commit(ctx, t, step)
	var conflict *ledger.Conflict
	if errors.As(err, &conflict) && ledger.ConflictOn(err, "customer") {
		return nil
	}
	return err
}
