// Package reconcile finds what nobody told us of: every quarter of an hour what was touched in the calendar, every night all
// that is to come, and what became of the event types. Its one rule: it compares and lets package scheduling bring the two
// into agreement, so a second pass changes nothing; where the calendar's budget or the time ends, it stops, and goes on from
// there. It knows no wire format, no queue and no keys of the table.
package reconcile

import (
	"context"
	"errors"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/scheduling"
	"github.com/askpro/gateway/internal/tenant"
)

// Kinds of work: a round of a company, and the hourly look for reminders that it asks for.
const (
	KindRound = "round"
	KindSweep = "reminder.sweep"
)

// Figures of §13.3 and §18.
const (
	recentEvery  = 10 * time.Minute // a round comes every 15; one that comes twice finds nothing due
	overlap      = 10 * time.Minute
	firstLook    = time.Hour // back, for a company that was never looked at
	sweepEvery   = 55 * time.Minute
	nightAt      = 2 // o'clock, at the company
	backTo       = 24 * time.Hour
	aheadTo      = 60 * 24 * time.Hour
	askWithin    = 30 * time.Second
	busyFor      = 70 * time.Second // longer than the worker may take
	spare        = 12 * time.Second // of the worker's time, for the last page and for saying so
	longestPause = 15 * time.Minute
	leastPause   = 5 * time.Second
)

// Store is what rounds ask of the table. SaveRound is refused with a *ledger.Conflict when somebody else saved one.
type Store interface {
	Round(ctx context.Context, t tenant.ID) (State, error)
	SaveRound(ctx context.Context, t tenant.ID, s *State) error
	SaveReport(ctx context.Context, t tenant.ID, r Report) error
	Claims(ctx context.Context, t tenant.ID, uids []string) (map[string]booking.Claim, error)
	Appointments(ctx context.Context, t tenant.ID, ids []string) ([]booking.Appointment, error)
	AppointmentIDs(ctx context.Context, t tenant.ID, branchID string, from, to time.Time, limit int) ([]string, error)
	Watched(ctx context.Context, t tenant.ID) ([]booking.Watched, error)
	Tallied(ctx context.Context, t tenant.ID, since time.Time) (ok, failed int, err error)
	Vanish(ctx context.Context, t tenant.ID, v company.Vanished, back bool) error
	ClaimOnce(ctx context.Context, t tenant.ID, name string, lease time.Duration) error
}

// State is how far the rounds of a company have come. Whether something is due is decided from it alone: a round may come
// late, twice or not at all.
type State struct {
	ReconciledUntil time.Time `json:"reconciled_until,omitzero"`
	ComparedOn      string    `json:"compared_on,omitempty"` // date at the company
	SweptAt         time.Time `json:"swept_at,omitzero"`
	BusyUntil       time.Time `json:"busy_until,omitzero"` // somebody is at it
	AgainAt         time.Time `json:"again_at,omitzero"`   // a message is on its way that goes on
	Recent          *Recent   `json:"recent,omitempty"`
	Night           *Night    `json:"night,omitempty"`
	Version         int       `json:"-"`
}

// Recent is a look at what was touched since an instant, under way.
type Recent struct {
	Since   time.Time `json:"since"`
	Started time.Time `json:"started"`
	Made    bool      `json:"made,omitempty"` // those that were made since come second
	Skip    int       `json:"skip,omitempty"`
}

// Night is a full comparison, under way: bookings by their start, then event types.
type Night struct {
	On      string    `json:"on"`
	Until   time.Time `json:"until"`
	Cursor  time.Time `json:"cursor"`
	Skip    int       `json:"skip,omitempty"`
	First   bool      `json:"first,omitempty"` // of the company: what is there already is no news
	Listed  bool      `json:"listed,omitempty"`
	Checked int       `json:"checked,omitempty"` // event types
	Gone    []int64   `json:"gone,omitempty"`
	Report  Report    `json:"report"`
}

// Reconciler makes rounds. Sweep hands over the look for reminders.
type Reconciler struct {
	Store     Store
	Scheduler *scheduling.Scheduler
	Calendar  scheduling.Catalogue
	Sweep     func(ctx context.Context, t tenant.ID) error
	Now       func() time.Time
	Alarm     func(ctx context.Context, name, company string)
}

// errLater: the time is over, the state says where to go on.
var errLater = errors.New("to be continued")

// round is one company's.
type round struct {
	*Reconciler
	ctx    context.Context
	t      tenant.ID
	config *company.Config
	who    scheduling.Account
	state  State
	enough context.Context // ends shortly before the worker's time does
	seen   map[string]scheduling.Booked
}

// Round does what is due for a company. It returns when to go on, for what the budget or the time did not suffice for;
// zero: with the next round.
func (r *Reconciler) Round(ctx context.Context, t tenant.ID, c *company.Config) (again time.Duration, err error) {
	state, err := r.Store.Round(ctx, t)
	if err != nil {
		return 0, err
	}
	now := r.Now()
	if ahead(state.BusyUntil, now, busyFor) || ahead(state.AgainAt, now, longestPause) {
		return 0, nil // somebody is at it, or will be
	}
	x := &round{
		Reconciler: r, ctx: ctx, t: t, config: c, state: state, seen: map[string]scheduling.Booked{},
		who: scheduling.Account{Company: t, Key: c.Company.CalcomAPIKey, Job: true},
	}
	x.enough = ctx
	if ends, limited := ctx.Deadline(); limited {
		enough, cancel := context.WithDeadline(ctx, ends.Add(-spare))
		defer cancel()
		x.enough = enough
	}
	x.state.BusyUntil, x.state.AgainAt = now.Add(busyFor), time.Time{}
	if err := x.save(); err != nil {
		if ledger.ConflictOn(err) {
			return 0, nil
		}
		return 0, err
	}
	again, err = x.pause(x.due())
	if ledger.ConflictOn(err) {
		return 0, nil // somebody else took over
	}
	x.state.BusyUntil = time.Time{}
	if again > 0 { // a message may come a second early, never before this
		x.state.AgainAt = r.Now().Add(again - 2*time.Second)
	}
	if saveErr := x.save(); saveErr != nil && !ledger.ConflictOn(saveErr) {
		err = errors.Join(err, saveErr)
	}
	return again, err
}

// ahead tells an instant that is yet to come; one further off than it could be was set under another clock.
func ahead(at, now time.Time, most time.Duration) bool {
	return at.After(now) && !at.After(now.Add(most))
}

// pause is how long to put off what was not done. What the calendar refuses for good waits for the next round, and for
// people.
func (x *round) pause(err error) (again time.Duration, left error) {
	var refused *scheduling.Refused
	switch {
	case errors.Is(err, errLater):
		return leastPause, nil
	case !errors.As(err, &refused):
		return 0, err
	case refused.Why == scheduling.Resting:
		return min(max(refused.Until.Sub(x.Now()), leastPause), longestPause), nil
	case refused.Why == scheduling.Unknown:
		return time.Minute, nil
	}
	x.Alarm(x.ctx, scheduling.AlarmMisconfigured, x.t.String())
	return 0, nil
}

func (x *round) save() error { return x.Store.SaveRound(x.ctx, x.t, &x.state) }

// due does one thing after the other, first what needs no calendar.
func (x *round) due() error {
	now := x.Now()
	if now.Sub(x.state.SweptAt).Abs() >= sweepEvery {
		if err := x.Sweep(x.ctx, x.t); err != nil {
			return err
		}
		x.state.SweptAt = now
	}
	if x.who.Key == "" {
		return nil // a company that takes cases alone has no calendar
	}
	if err := x.watch(); err != nil {
		return err
	}
	if err := x.recent(); err != nil {
		return err
	}
	return x.night()
}

// inTime ends the round when the worker's time does.
func (x *round) inTime() error {
	if x.ctx.Err() == nil && x.enough.Err() != nil {
		return errLater
	}
	return x.ctx.Err()
}

// list reads one page and keeps it at hand.
func (x *round) list(q scheduling.Page) (found []scheduling.Booked, more bool, err error) {
	if err := x.inTime(); err != nil {
		return nil, false, err
	}
	within, cancel := context.WithTimeout(x.ctx, askWithin)
	defer cancel()
	found, more, err = x.Calendar.List(within, x.who, q)
	for _, b := range found {
		x.seen[b.UID] = b
	}
	return found, more, err
}

// recent looks at what was touched or made since shortly before the last look. Both are asked: a booking that was only
// made may never count as touched.
func (x *round) recent() error {
	now := x.Now()
	if x.state.Recent == nil {
		since := x.state.ReconciledUntil
		switch {
		case since.IsZero() || since.After(now):
			since = now.Add(-firstLook)
		case now.Sub(since) < recentEvery:
			return nil
		default:
			since = since.Add(-overlap)
		}
		x.state.Recent = &Recent{Since: since, Started: now}
		if err := x.returned(); err != nil {
			return err
		}
	}
	for p := x.state.Recent; ; {
		q := scheduling.Page{UpdatedSince: p.Since, Skip: p.Skip}
		if p.Made {
			q = scheduling.Page{CreatedSince: p.Since, Skip: p.Skip}
		}
		found, more, err := x.list(q)
		if err != nil {
			return err
		}
		if err := x.put(found, nil, scheduling.Comparison{}); err != nil {
			return err
		}
		switch p.Skip += len(found); {
		case more: // a page is worth keeping; a short list is soon read again
			if err := x.save(); err != nil {
				return err
			}
		case !p.Made:
			p.Made, p.Skip = true, 0
		default:
			x.state.ReconciledUntil, x.state.Recent = p.Started, nil
			return nil
		}
	}
}

// put brings ours into agreement with bookings that were found, each once. Those that agree already cost two reads for a
// hundred of them.
func (x *round) put(found []scheduling.Booked, report *Report, how scheduling.Comparison) error {
	uids := make([]string, 0, len(found))
	for _, b := range found {
		uids = append(uids, b.UID)
	}
	claims, err := x.Store.Claims(x.ctx, x.t, uids)
	if err != nil {
		return err
	}
	var ids []string
	for _, b := range found {
		ids = append(ids, claims[b.UID].AppointmentID, b.Metadata[scheduling.MetaAppointment])
	}
	list, err := x.Store.Appointments(x.ctx, x.t, ids)
	if err != nil {
		return err
	}
	ours := map[string]booking.Appointment{}
	for _, a := range list {
		ours[a.ID] = a
	}
	for _, b := range found {
		a, known := ours[b.Metadata[scheduling.MetaAppointment]]
		if !known {
			a, known = ours[claims[b.UID].AppointmentID]
		}
		_, follows := x.seen[b.RescheduledTo]
		switch {
		case known && scheduling.Settled(x.config, a, b),
			!b.Live() && follows, // the one that replaced it has its turn
			!known && !b.Live() && b.RescheduledTo == "" && claims[b.UID].Foreign == nil:
			continue
		}
		if err := x.inTime(); err != nil {
			return err
		}
		how := how
		how.Quiet = how.Quiet || x.Now().Sub(b.CreatedAt) > backTo
		did, err := x.Scheduler.Put(x.ctx, x.t, x.config, b, x.seen, how)
		if err != nil {
			if scheduling.WhyOf(err) == scheduling.Gone {
				continue // its trace ends in nothing: a later look sees more
			}
			return err
		}
		report.note(b.UID, a.ID, did)
	}
	return nil
}
