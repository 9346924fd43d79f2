package promise

import (
	"context"
	"errors"
	"time"

	"github.com/askpro/gateway/internal/callback"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// Store is what keeping promises asks of the table.
type Store interface {
	Reader
	Config(ctx context.Context, t tenant.ID) (*company.Config, error)
	Commit(ctx context.Context, t tenant.ID, step *ledger.Step) error
}

// Keeper sees to it that promises are kept.
type Keeper struct {
	Store Store
	Now   func() time.Time
	NewID func() string
}

// ErrUnknown: the company has no such callback.
var ErrUnknown = errors.New("no such callback")

// tries of one change that met others.
const tries = 8

// change is a request about to be changed, and the step that will hold it.
type change struct {
	config *company.Config
	branch company.Branch
	now    time.Time
	was, r callback.Request
	step   ledger.Step
}

// change reads a request, lets do change it and writes it with its timer and what it tells; over what somebody else
// changed meanwhile it starts again.
func (k *Keeper) change(ctx context.Context, t tenant.ID, id string, do func(*change) error) (callback.Request, error) {
	config, err := k.Store.Config(ctx, t)
	if err != nil {
		return callback.Request{}, err
	}
	for try := 0; ; try++ {
		r, ok, err := k.Store.Callback(ctx, t, id)
		if err != nil {
			return r, err
		}
		if !ok {
			return r, ErrUnknown
		}
		branch, _ := config.Branch(r.BranchID) // one that is gone has no hours: plain time counts
		x := &change{config: config, branch: branch, now: k.Now(), was: r, r: r}
		if err := do(x); err != nil {
			return r, err
		}
		if x.r.AssignedTo != "" && x.r.AssignedTo != x.was.AssignedTo && len(x.step.Events) == 0 {
			x.tell(event.CallbackAssigned{Head: k.head(t, x), CallbackID: id, StaffID: x.r.AssignedTo})
		}
		x.step.Callback = &x.r
		setTimer(&x.step, branch, x.r)
		err = k.Store.Commit(ctx, t, &x.step)
		if !ledger.ConflictOn(err) || try == tries {
			return x.r, err
		}
	}
}

func (x *change) tell(e event.Event) { x.step.Events = append(x.step.Events, e) }

func (k *Keeper) head(t tenant.ID, x *change) event.Head {
	return event.Head{ID: k.NewID(), CompanyID: t.String(), At: x.now, Sequence: 2*x.r.Version + 1 + len(x.step.Events)}
}

// Change carries out a transition of a request: what somebody did about it. Its timer moves with it, and ends with it.
func (k *Keeper) Change(ctx context.Context, t tenant.ID, id string, do func(r callback.Request, now time.Time) (callback.Request, error)) (callback.Request, error) {
	return k.change(ctx, t, id, func(x *change) (err error) {
		x.r, err = do(x.r, x.now)
		return err
	})
}

// Escalate gives a request to somebody else because a person wants it so.
func (k *Keeper) Escalate(ctx context.Context, t tenant.ID, id string) (callback.Request, error) {
	return k.change(ctx, t, id, func(x *change) error {
		if err := x.r.MayEscalate(x.now); err != nil {
			return err
		}
		return k.escalate(ctx, t, x, callback.Manual)
	})
}

// errNothing ends a change in which there was nothing to do.
var errNothing = errors.New("nothing is due")

// Tend does what is due about a request when its timer wakes it, and sets the timer to the next time: a warning, an
// escalation, its end. Called late or twice it does no more than one step. It tells whether the timer is still wanted.
func (k *Keeper) Tend(ctx context.Context, t tenant.ID, id string) (wanted bool, err error) {
	r, err := k.change(ctx, t, id, func(x *change) error {
		switch level, why := callback.Due(x.branch, x.r, x.now); level {
		case callback.Lapse:
			x.r, err = x.r.Expire(x.now)
			return err
		case callback.Escalate:
			return k.escalate(ctx, t, x, why)
		case callback.Warn, callback.Critical:
			x.r = x.r.Took(x.branch, level, why, x.now)
			x.tell(event.CallbackEscalated{Head: k.head(t, x), CallbackID: id, Level: string(level), Reason: string(callback.Breach), StaffID: x.r.AssignedTo})
			return nil
		}
		return errNothing
	})
	switch {
	case errors.Is(err, ErrUnknown):
		return false, nil
	case errors.Is(err, errNothing):
		return r.Open(), k.reset(ctx, t, r)
	}
	return r.Open(), err
}

// escalate hands a request to another member of staff of the branch; where there is none, the branch itself is told and
// whoever has it keeps it.
func (k *Keeper) escalate(ctx context.Context, t tenant.ID, x *change, why callback.Reason) error {
	other, err := choose(ctx, k.Store, t, x.config, x.branch, x.r, x.now)
	if err != nil {
		return err
	}
	x.r = x.r.Took(x.branch, callback.Escalate, why, x.now)
	if other != "" {
		if x.r, err = x.r.Assign(other, x.now); err != nil {
			return err
		}
	}
	x.tell(event.CallbackEscalated{Head: k.head(t, x), CallbackID: x.r.ID, Level: string(callback.Escalate), Reason: string(why), StaffID: other})
	return nil
}

// reset puts the timer of a request where it belongs: it was handed out before its time, or twice.
func (k *Keeper) reset(ctx context.Context, t tenant.ID, r callback.Request) error {
	config, err := k.Store.Config(ctx, t)
	if err != nil || !r.Open() {
		return err
	}
	branch, _ := config.Branch(r.BranchID)
	step := &ledger.Step{}
	setTimer(step, branch, r)
	return k.Store.Commit(ctx, t, step)
}
