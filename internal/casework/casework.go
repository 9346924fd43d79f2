// Package casework is the life of service cases: they are opened from what a call said, enriched after it, changed by
// people, watched by their clocks, and found again when something broke off half-way. Its one rule: a case, its clocks and
// the facts that tell of it are one step, and what a caller said is a case in the end whatever fails. It knows no
// telephone, no queue and no receiver of cases.
package casework

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// Store is what the life of cases asks of the table.
type Store interface {
	Config(ctx context.Context, t tenant.ID) (*company.Config, error)
	Desk(ctx context.Context, t tenant.ID) (*desk.Configuration, error)
	Case(ctx context.Context, t tenant.ID, id string) (desk.Case, bool, error)
	Notes(ctx context.Context, t tenant.ID, caseID string) ([]desk.Note, error)
	OpenCases(ctx context.Context, t tenant.ID, groupID string) ([]desk.OpenCase, error)
	Capture(ctx context.Context, t tenant.ID, callID string, said desk.Said, due time.Time) (desk.Capture, error)
	Captured(ctx context.Context, t tenant.ID, callID string) (desk.Capture, bool, error)
	CaptureLater(ctx context.Context, t tenant.ID, callID string, due time.Time, tried bool) error
	CaptureOver(ctx context.Context, t tenant.ID, c desk.Capture, until time.Time) error
	CaptureForget(ctx context.Context, t tenant.ID, c desk.Capture) error
	LeaseNumbers(ctx context.Context, t tenant.ID, year, n int) (first int64, err error)
	Call(ctx context.Context, t tenant.ID, callID string) (call.Call, bool, error)
	Transcript(ctx context.Context, t tenant.ID, callID string) (ledger.Transcript, bool, error)
	Gather(ctx context.Context, t tenant.ID, ask ledger.Ask) (ledger.Known, error)
	Customer(ctx context.Context, t tenant.ID, id string) (customer.Customer, bool, error)
	CustomerOfEmail(ctx context.Context, t tenant.ID, email string) (id string, ok bool, err error)
	CustomersNamed(ctx context.Context, t tenant.ID, folded string, limit int) ([]string, error)
	Commit(ctx context.Context, t tenant.ID, step *ledger.Step) error
	// Strip removes all that lies with a case but the case itself and its timers.
	Strip(ctx context.Context, t tenant.ID, caseID string) error
}

// Keeper keeps cases.
type Keeper struct {
	Store  Store
	Opener *Opener
	// Backup sends all that a caller said in plain text when no case could be made of it, to the company's alert addresses, else
	// to the platform's.
	Backup func(ctx context.Context, t tenant.ID, to []string, subject, text string) error
	// Recordings fetches and keeps a call's recording; nil: none are kept.
	Recordings Recordings
	// Objects keeps what people attach to notes, and removes what was stored for a case.
	Objects Objects
	Now     func() time.Time
	NewID   func() string
	Alarm   func(ctx context.Context, name, company string)
}

// Later is work for the same queue.
type Later = ledger.Later

// Alarms that cases raise.
const (
	AlarmCaseFailed  = "case_creation_failed"
	AlarmClockFailed = "sla_failed"
)

// ErrUnknown: the company has no such case. ErrDeleted is one, too: it had, and nobody sees it any more.
var (
	ErrUnknown = errors.New("no such case")
	ErrDeleted = fmt.Errorf("%w: it was deleted", ErrUnknown)
)

// Stale says that a case is not the version that somebody read. Current is as it stands.
type Stale struct{ Current desk.Case }

func (e *Stale) Error() string { return "the case was changed meanwhile; look at it and decide again" }

// tries of one change that met others.
const tries = 8

// change is a case about to be changed, and the step that will hold it.
type change struct {
	config *company.Config
	desk   *desk.Configuration
	now    time.Time
	actor  event.Actor
	reason string
	was, c desk.Case
	told   int
	step   ledger.Step
}

// change reads a case, lets do change it and writes it with what it tells; over what somebody else changed meanwhile it
// starts again, unless the version was asked for. A deleted case is not changed (ErrDeleted).
func (k *Keeper) change(ctx context.Context, t tenant.ID, id string, asked int, actor event.Actor, reason string, do func(*change) error) (desk.Case, error) {
	return k.alter(ctx, t, id, asked, actor, reason, alive, do)
}

// alive refuses a case that was deleted.
func alive(c *desk.Case) error {
	if c.Deletion != nil {
		return ErrDeleted
	}
	return nil
}

// deletedOrNot takes every case.
func deletedOrNot(*desk.Case) error { return nil }

// alter is change for cases that may be looks at first.
func (k *Keeper) alter(ctx context.Context, t tenant.ID, id string, asked int, actor event.Actor, reason string, may func(*desk.Case) error, do func(*change) error) (desk.Case, error) {
	config, err := k.Store.Config(ctx, t)
	if err != nil {
		return desk.Case{}, err
	}
	d, err := k.Store.Desk(ctx, t)
	if err != nil {
		return desk.Case{}, err
	}
	for try := 0; ; try++ {
		c, ok, err := k.Store.Case(ctx, t, id)
		if err != nil {
			return c, err
		}
		if !ok {
			return c, ErrUnknown
		}
		if err := may(&c); err != nil {
			return c, err
		}
		if asked != 0 && c.Version != asked {
			return c, &Stale{c}
		}
		x := &change{config: config, desk: d, now: k.Now(), actor: actor, reason: reason, was: c, c: c}
		if err := do(x); err != nil {
			return c, err
		}
		k.settle(t, x)
		if err = k.Store.Commit(ctx, t, &x.step); !ledger.ConflictOn(err) || try == tries {
			return x.c, err
		}
	}
}

// head of an event about the case; a step tells a few, in order.
func (k *Keeper) head(t tenant.ID, x *change) event.Head {
	x.told++
	return event.Head{ID: k.NewID(), CompanyID: t.String(), At: x.now, Sequence: sequence(x.c.Version) + x.told}
}

// sequence of a case's first event after a version: up to sixteen belong to one step.
func sequence(version int) int { return version << 4 }

func (x *change) tell(e event.Event) { x.step.Events = append(x.step.Events, e) }

// User is an actor of the company's staff, whose answers count for the response clock.
const User = "user"
