package casework

import (
	"context"
	"errors"

	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/tenant"
)

// leastLoaded is who assigns a case that nobody has taken, where its category wants it so.
var leastLoaded = event.Actor{Kind: "rule", ID: "Geringste Auslastung"}

// assignBySelf gives a new case to the member of its group who has the fewest open ones (§4.5), if its category says so and
// nobody has it. Two cases at once may go to the same person: what counts is the list as it was read.
func (k *Keeper) assignBySelf(ctx context.Context, t tenant.ID, d *desk.Configuration, c desk.Case) error {
	how, _ := d.Categories.Inherited(c.CategoryID, func(x desk.Category) string { return x.AutoAssign })
	g, ok := d.Group(c.GroupID)
	if how != desk.AssignLeastLoaded || !ok || !g.Active || c.AssigneeID != "" || !c.Status.Open() {
		return nil
	}
	open, err := k.Store.OpenCases(ctx, t, g.ID)
	if err != nil {
		return err
	}
	userID, ok := g.LeastLoaded(desk.Loads(open))
	if !ok {
		return nil
	}
	_, err = k.change(ctx, t, c.ID, 0, leastLoaded, "", func(x *change) error {
		if x.c.AssigneeID != "" || x.c.GroupID != g.ID || !x.c.Status.Open() {
			return errNothing
		}
		x.c.AssigneeID = userID
		return nil
	})
	if errors.Is(err, errNothing) {
		err = nil
	}
	return err
}
