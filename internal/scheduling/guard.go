package scheduling

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// Guard stands before the calendar. It keeps a company's key within its budget, lets it rest after a 429 and stops asking
// what keeps failing, for all our processes at once: what one learns stands in the table. Callers come before jobs, nobody
// is made to wait: what may not be asked is refused as Resting at once. One company's trouble is no other's.
type Guard struct {
	Calendar interface {
		Calendar
		Catalogue
	}
	Keys  Keys
	Now   func() time.Time
	Alarm func(ctx context.Context, name, company string)

	mu     sync.Mutex
	purses map[purseName]*purse
}

// Keys is what the guard asks of the table. Lease and Trip are granted only over the state they were made from; both return
// the key's state as it now is.
type Keys interface {
	Lease(ctx context.Context, t tenant.ID, key string, l ledger.Lease) (granted bool, now ledger.KeyState, err error)
	Trip(ctx context.Context, t tenant.ID, key, group string, from, to ledger.Breaker) (done bool, now ledger.KeyState, err error)
	Rest(ctx context.Context, t tenant.ID, key string, until time.Time) error
}

// Alarms that the guard raises.
const (
	AlarmDown  = "calcom_down"
	AlarmGuard = "guard_failed"
)

// Groups of operations, each with a breaker of its own: slots may be down while bookings are not.
const (
	ofSlots   = "slots"
	ofReading = "read"
	ofWriting = "write"
)

// purse is what this process knows of a key and has leased of it.
type purse struct {
	mu    sync.Mutex
	state ledger.KeyState
	given *ledger.KeyState // by whoever asks: the last one that was looked at
	tick  int64            // of the lease
	left  int
	next  int // how much to lease next: who asks much leases much
}

type purseName struct {
	company tenant.ID
	key     string
	job     bool
}

// pursesKept bounds what a process remembers.
const pursesKept = 500

func (g *Guard) purse(who Account) *purse {
	g.mu.Lock()
	defer g.mu.Unlock()
	name := purseName{who.Company, who.Key, who.Job}
	p := g.purses[name]
	if p == nil {
		if g.purses == nil || len(g.purses) >= pursesKept {
			g.purses = map[purseName]*purse{}
		}
		p = &purse{}
		g.purses[name] = p
	}
	return p
}

// firstLease is how much a process takes that has not asked in this tick: the live check and the booking.
const firstLease = 2

// recordWithin bounds what is written down after an answer; the answer's own time may be over.
const recordWithin = time.Second

// ask lets a request through and learns from its answer.
func ask[T any](ctx context.Context, g *Guard, who Account, group string, request func() (T, error)) (T, error) {
	p := g.purse(who)
	if err := g.enter(ctx, p, who, group); err != nil {
		var none T
		return none, err
	}
	answer, err := request()
	if errors.Is(err, context.Canceled) {
		return answer, err // we went away, it did not fail
	}
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordWithin)
	defer cancel()
	g.learn(within, p, who, group, err)
	return answer, err
}

// enter takes one request of the budget, or says why not.
func (g *Guard) enter(ctx context.Context, p *purse, who Account, group string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if who.Known != nil && who.Known != p.given {
		p.given, p.state = who.Known, *who.Known
	}
	err := g.admit(ctx, p, who, group)
	var refused *Refused
	switch {
	case err == nil, errors.As(err, &refused):
		return err
	case who.Job:
		return &Refused{Why: Resting, Until: g.Now().Add(tick), Err: fmt.Errorf("the budget cannot be looked at: %w", err)}
	}
	g.Alarm(ctx, AlarmGuard, who.Company.String()) // open rather than silent (§17.30)
	return nil
}

// admit looks whether the key rests, whether the group works, and whether there is budget. Who has a lease decides by what
// the table said when it was taken, at most a tick ago.
func (g *Guard) admit(ctx context.Context, p *purse, who Account, group string) error {
	now := g.Now()
	if current := tickOf(now); p.tick != current {
		p.tick, p.left, p.next = current, 0, firstLease
	}
	if p.left == 0 {
		// What is known may be old: it refuses only what it is sure of, and the lease brings the news.
		if err := shut(p.state, group, now); err != nil && who.Known != nil {
			return err
		}
		if err := g.lease(ctx, p, who); err != nil {
			return err
		}
	}
	if err := shut(p.state, group, now); err != nil {
		return err
	}
	if err := g.probe(ctx, p, who, group); err != nil {
		return err
	}
	p.left--
	return nil
}

// shut says why a key may not be used at all just now, or not for one group.
func shut(k ledger.KeyState, group string, now time.Time) error {
	if k.RestUntil.After(now) {
		return &Refused{Why: Resting, Until: k.RestUntil, Err: errors.New("the key rests")}
	}
	return open(k.Breakers[group], now)
}

// tries of a lease or a breaker that others change at the same time.
const tries = 8

func (g *Guard) lease(ctx context.Context, p *purse, who Account) error {
	for try := 0; ; try++ {
		now := g.Now()
		l, until, ok := leaseOf(p.state, now, who.Job, p.next)
		if !ok { // even if others have leased meanwhile: there is never less leased than we know of
			return &Refused{Why: Resting, Until: until, Err: errors.New("our own budget for this key is spent")}
		}
		granted, state, err := g.Keys.Lease(ctx, who.Company, who.Key, l)
		if err != nil {
			return err
		}
		p.state = state
		if granted {
			p.left, p.next = l.Take.Used, min(2*p.next, mostLease)
			return nil
		}
		if try == tries {
			return &Refused{Why: Resting, Until: now.Add(time.Second), Err: errors.New("too many ask at once")}
		}
	}
}

// learn draws the consequences of an answer: a 429 lets the key rest, failures in a row trip the group's breaker, an answer
// of any other kind ends the row. Should writing that down fail, the next one learns it again.
func (g *Guard) learn(ctx context.Context, p *purse, who Account, group string, err error) {
	why := Why("")
	var refused *Refused
	if err != nil {
		why = WhyOf(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if errors.As(err, &refused) && why == Resting {
		p.state.RestUntil = refused.Until
		_ = g.Keys.Rest(ctx, who.Company, who.Key, refused.Until)
	}
	for range tries {
		from := p.state.Breakers[group]
		to := answered(from, g.Now())
		if why == Unknown || why == Resting {
			to = failed(from, g.Now())
		}
		if to == from {
			return
		}
		done, state, err := g.Keys.Trip(ctx, who.Company, who.Key, group, from, to)
		if err != nil {
			return
		}
		p.state = state
		if done {
			if to.Failures == mostFailures && from.Failures < mostFailures {
				g.Alarm(ctx, AlarmDown, who.Company.String())
			}
			return
		}
	}
}

// Spent lets a key rest that has no request left with the calendar: somebody else uses it, too, or its limit is lower than
// ours. The one that was answered last got through. Should writing that down fail, the next answer says it again.
func (g *Guard) Spent(ctx context.Context, who Account, until time.Time) {
	p := g.purse(who)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state.RestUntil.Before(until) {
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordWithin)
		defer cancel()
		p.state.RestUntil = until
		_ = g.Keys.Rest(within, who.Company, who.Key, until)
	}
}

// Slots lists the bookable starts, if the key may be used.
func (g *Guard) Slots(ctx context.Context, who Account, eventTypeID int64, from, to time.Time, zone string) ([]time.Time, error) {
	return ask(ctx, g, who, ofSlots, func() ([]time.Time, error) { return g.Calendar.Slots(ctx, who, eventTypeID, from, to, zone) })
}

// SlotsToMove lists the starts that a booking can be moved to, if the key may be used.
func (g *Guard) SlotsToMove(ctx context.Context, who Account, eventTypeID int64, from, to time.Time, zone, uid string) ([]time.Time, error) {
	return ask(ctx, g, who, ofSlots, func() ([]time.Time, error) { return g.Calendar.SlotsToMove(ctx, who, eventTypeID, from, to, zone, uid) })
}

// Create books, if the key may be used; Resting: it surely did not.
func (g *Guard) Create(ctx context.Context, who Account, o Order) (Booked, error) {
	return ask(ctx, g, who, ofWriting, func() (Booked, error) { return g.Calendar.Create(ctx, who, o) })
}

// Booking reads one, if the key may be used.
func (g *Guard) Booking(ctx context.Context, who Account, uid string) (Booked, error) {
	return ask(ctx, g, who, ofReading, func() (Booked, error) { return g.Calendar.Booking(ctx, who, uid) })
}

// Search looks for an attendee's bookings, if the key may be used.
func (g *Guard) Search(ctx context.Context, who Account, email string, start time.Time) ([]Booked, error) {
	return ask(ctx, g, who, ofReading, func() ([]Booked, error) { return g.Calendar.Search(ctx, who, email, start) })
}

// Cancel frees a booking, if the key may be used.
func (g *Guard) Cancel(ctx context.Context, who Account, uid, reason string) error {
	_, err := ask(ctx, g, who, ofWriting, func() (struct{}, error) { return struct{}{}, g.Calendar.Cancel(ctx, who, uid, reason) })
	return err
}

// Reschedule moves a booking, if the key may be used.
func (g *Guard) Reschedule(ctx context.Context, who Account, uid string, start time.Time, reason string) (Booked, error) {
	return ask(ctx, g, who, ofWriting, func() (Booked, error) { return g.Calendar.Reschedule(ctx, who, uid, start, reason) })
}

// List reads a page of bookings, if the key may be used.
func (g *Guard) List(ctx context.Context, who Account, q Page) (found []Booked, more bool, err error) {
	found, err = ask(ctx, g, who, ofReading, func() (list []Booked, err error) {
		list, more, err = g.Calendar.List(ctx, who, q)
		return list, err
	})
	return found, more, err
}

// EventType reads one, if the key may be used.
func (g *Guard) EventType(ctx context.Context, who Account, id int64) (EventType, error) {
	return ask(ctx, g, who, ofReading, func() (EventType, error) { return g.Calendar.EventType(ctx, who, id) })
}
