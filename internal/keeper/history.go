package keeper

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// Remember enters a confirmed appointment into its customer's history, once: "Möchten Sie wieder …?" is asked from it.
func (k *Keeper) Remember(ctx context.Context, t tenant.ID, detail []byte) error {
	var e event.AppointmentConfirmed
	if err := json.Unmarshal(detail, &e); err != nil {
		return fmt.Errorf("read the event: %w", err)
	}
	a, ok, err := k.Store.Appointment(ctx, t, e.AppointmentID)
	if err != nil || !ok || !a.Active() || a.CustomerID == "" {
		return err
	}
	c, ok, err := k.Store.Customer(ctx, t, a.CustomerID)
	if err != nil || !ok {
		return err
	}
	next, changed := c.WithVisit(customer.Visit{AppointmentID: a.ID, ServiceID: a.ServiceID, StaffID: a.StaffID, Start: a.StartsAt.Unix()})
	if !changed {
		return nil
	}
	return k.Store.Commit(ctx, t, &ledger.Step{Customer: &next})
}
