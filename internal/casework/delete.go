package casework

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/askpro/gateway/internal/audit"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// Delete takes a case out of everybody's sight, with a reason; what waits to leave the house is cancelled, its clocks stand
// still. That is for spam and tests, and who may is the caller's to know: the owner or an admin (§4.1).
func (k *Keeper) Delete(ctx context.Context, t tenant.ID, id string, version int, by audit.By, reason string) (desk.Case, error) {
	return k.change(ctx, t, id, version, by.Actor, reason, func(x *change) error {
		if err := x.c.Delete(by.Actor, reason, x.now); err != nil {
			return err
		}
		x.reason = x.c.Deletion.Reason
		x.tell(event.CaseDeleted{Head: k.head(t, x), CaseID: id, Reason: x.reason, Actor: by.Actor})
		x.trail(by, audit.DeletedCase)
		return nil
	})
}

// Restore brings a deleted case back as it was, within 30 days. What was cancelled with it sets out again, and what its call
// brought meanwhile is looked for.
func (k *Keeper) Restore(ctx context.Context, t tenant.ID, id string, by audit.By) (desk.Case, error) {
	return k.alter(ctx, t, id, 0, by.Actor, "", deletedOrNot, func(x *change) error {
		if err := x.c.Restore(x.now); err != nil {
			return err
		}
		x.tell(event.CaseRestored{Head: k.head(t, x), CaseID: id, Actor: by.Actor})
		x.trail(by, audit.RestoredCase)
		return nil
	})
}

// trail writes what is done to the case into the company's trail.
func (x *change) trail(by audit.By, action audit.Action) {
	x.step.Audit = append(x.step.Audit, trailLine(&x.c, by, action, x.reason, x.now))
}

func trailLine(c *desk.Case, by audit.By, action audit.Action, reason string, now time.Time) audit.Entry {
	return audit.Entry{By: by, Action: action, Object: audit.Object{Kind: "case", ID: c.ID, Name: c.Number.String()}, Reason: reason, At: now.UTC()}
}

// purge removes a deleted case for good once it cannot be restored any more: first what lies outside of the table, then what
// lies with it, at last the case, its number and its timer, with the line that says so. Broken off anywhere it goes on where
// it stopped. What others keep of it has its own time: call and transcript, the log of exchanges, the trail.
func (k *Keeper) purge(ctx context.Context, t tenant.ID, c desk.Case) error {
	if err := k.removeObjects(ctx, t, c); err != nil {
		return err
	}
	if err := k.unlink(ctx, t, c); err != nil {
		return err
	}
	if err := k.Store.Strip(ctx, t, c.ID); err != nil {
		return err
	}
	return k.Store.Commit(ctx, t, &ledger.Step{
		Purged: &c, ClearTimers: []ledger.Timer{timerOf(c.ID)},
		Audit: []audit.Entry{trailLine(&c, audit.By{Actor: system}, audit.PurgedCase, c.Deletion.Reason, k.Now())},
	})
}

// removeObjects removes what was stored for a case: its recording, and what is attached to its notes. What is uploaded with a
// link that still works goes when it was scanned.
func (k *Keeper) removeObjects(ctx context.Context, t tenant.ID, c desk.Case) error {
	notes, err := k.Store.Notes(ctx, t, c.ID)
	if err != nil {
		return err
	}
	var keys []string
	if c.Recording.Key != "" {
		keys = append(keys, c.Recording.Key)
	}
	for _, n := range notes {
		for _, a := range n.Attachments {
			keys = append(keys, spot{c.ID, n.ID, a.ID}.key(t))
		}
	}
	for _, key := range keys {
		if err := k.Objects.RemoveOf(ctx, t, key); err != nil {
			return err
		}
	}
	return nil
}

// unlink takes a case out of the links of others.
func (k *Keeper) unlink(ctx context.Context, t tenant.ID, c desk.Case) error {
	for _, l := range c.Links {
		_, err := k.alter(ctx, t, l.CaseID, 0, system, "", deletedOrNot, func(x *change) error {
			left := slices.DeleteFunc(slices.Clone(x.c.Links), func(y desk.Link) bool { return y.CaseID == c.ID })
			if len(left) == len(x.c.Links) {
				return errNothing
			}
			x.c.Links = left
			return nil
		})
		if err != nil && !errors.Is(err, errNothing) && !errors.Is(err, ErrUnknown) {
			return err
		}
	}
	return nil
}
