package scheduling

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/german"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// Figures of §9.2.
const (
	slotsWithin = 2 * time.Second
	leaseFor    = 10 * time.Second
	waitFor     = 2 * time.Second
	waitStep    = 100 * time.Millisecond
)

// ErrUnavailable says that the calendar could not be asked; it is not the same as nothing being free.
var ErrUnavailable = errors.New("the calendar cannot be reached")

// Search names the days and doers whose slots are wanted.
type Search struct {
	Config *company.Config
	Branch company.Branch
	Doers  []company.Doer
	Days   []german.Date
	Job    bool // nobody waits for it
}

// Ask lists what a search needs to know from the table.
func (q Search) Ask() ledger.Ask {
	ask := ledger.Ask{Key: q.Config.Company.CalcomAPIKey}
	for _, d := range q.Doers {
		for _, day := range q.Days {
			ask.Days = append(ask.Days, booking.DayKey{Resource: d.Resource, Date: day})
			ask.Slots = append(ask.Slots, booking.SlotKey{EventTypeID: d.EventTypeID, Date: day})
		}
	}
	return ask
}

// Fill completes known with slots from the calendar where the kept ones are no longer fresh. One asker at a time fetches a
// list, the others wait up to two seconds for it, then take a stale one, else ErrUnavailable.
func (s *Scheduler) Fill(ctx context.Context, t tenant.ID, q Search, known *ledger.Known) error {
	now := s.Now()
	type gap struct {
		doer company.Doer
		days []german.Date
	}
	var gaps []gap
	filled := map[string]bool{} // by segment: without slots of one of them nothing is known of the service
	for _, d := range q.Doers {
		var missing []german.Date
		for _, day := range q.Days {
			calendar := known.Days[booking.DayKey{Resource: d.Resource, Date: day}].Calendar
			if !known.Slots[booking.SlotKey{EventTypeID: d.EventTypeID, Date: day}].Fresh(calendar, now) && len(q.Branch.Open(day)) > 0 {
				missing = append(missing, day)
			}
		}
		if len(missing) > 0 {
			gaps = append(gaps, gap{d, missing})
		} else {
			filled[d.Segment] = true
		}
	}
	if len(gaps) == 0 {
		return nil
	}
	var (
		mu     sync.Mutex
		wait   sync.WaitGroup
		failed = map[string]error{}
	)
	for _, g := range gaps {
		wait.Go(func() {
			lists, err := s.fetch(ctx, t, q, g.doer, g.days, known, &mu)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failed[g.doer.Segment] = err
				return
			}
			filled[g.doer.Segment] = true
			for _, l := range lists {
				known.Slots[booking.SlotKey{EventTypeID: l.EventTypeID, Date: l.Date}] = l
			}
		})
	}
	wait.Wait()
	for segment, err := range failed {
		if !filled[segment] {
			return err
		}
	}
	return nil
}

// fetch gets one event type's lists. mu guards known, which others complete at the same time.
func (s *Scheduler) fetch(ctx context.Context, t tenant.ID, q Search, d company.Doer, days []german.Date, known *ledger.Known, mu *sync.Mutex) ([]booking.SlotDay, error) {
	now := s.Now()
	first := booking.SlotKey{EventTypeID: d.EventTypeID, Date: days[0]}
	stale := func() ([]booking.SlotDay, error) {
		mu.Lock()
		defer mu.Unlock()
		var lists []booking.SlotDay
		for _, day := range days {
			if l := known.Slots[booking.SlotKey{EventTypeID: d.EventTypeID, Date: day}]; l.Stale(now) {
				lists = append(lists, l)
			}
		}
		if len(lists) == 0 {
			return nil, ErrUnavailable
		}
		return lists, nil
	}
	if shut(known.Key, ofSlots, now) != nil {
		return stale()
	}
	leased, err := s.Store.LeaseSlots(ctx, t, first, now, now.Add(leaseFor))
	if err != nil {
		return nil, errors.Join(ErrUnavailable, err)
	}
	if !leased {
		lists, err := s.await(ctx, t, d, days)
		if err != nil {
			return stale()
		}
		return lists, nil
	}
	within, cancel := context.WithTimeout(ctx, slotsWithin)
	defer cancel()
	from, to := q.Branch.At(days[0], 0), q.Branch.At(days[len(days)-1].AddDays(1), 0)
	who := Account{Company: t, Key: q.Config.Company.CalcomAPIKey, Job: q.Job, Known: &known.Key}
	starts, err := s.Calendar.Slots(within, who, d.EventTypeID, from.UTC(), to.UTC(), q.Branch.Location().String())
	if err != nil {
		s.noteRefusal(ctx, t, err)
		return stale()
	}
	byDay := map[german.Date][]time.Time{}
	for _, at := range starts {
		day := q.Branch.Day(at)
		byDay[day] = append(byDay[day], at)
	}
	var lists []booking.SlotDay
	for _, day := range days {
		mu.Lock()
		calendar := known.Days[booking.DayKey{Resource: d.Resource, Date: day}].Calendar
		mu.Unlock()
		key := booking.SlotKey{EventTypeID: d.EventTypeID, Date: day}
		lists = append(lists, booking.NewSlotDay(key, q.Branch.At(day, 0), byDay[day], calendar, now))
	}
	if err := s.Store.SaveSlots(ctx, t, lists); err != nil {
		return lists, nil // what was fetched is right, only not kept for the next caller
	}
	return lists, nil
}

// await looks for the list that somebody else is fetching.
func (s *Scheduler) await(ctx context.Context, t tenant.ID, d company.Doer, days []german.Date) ([]booking.SlotDay, error) {
	ask := ledger.Ask{}
	for _, day := range days {
		ask.Slots = append(ask.Slots, booking.SlotKey{EventTypeID: d.EventTypeID, Date: day})
		ask.Days = append(ask.Days, booking.DayKey{Resource: d.Resource, Date: day})
	}
	within, cancel := context.WithTimeout(ctx, waitFor)
	defer cancel()
	tick := time.NewTicker(waitStep)
	defer tick.Stop()
	for {
		select {
		case <-within.Done():
			return nil, within.Err()
		case <-tick.C:
		}
		known, err := s.Store.Gather(within, t, ask)
		if err != nil {
			return nil, err
		}
		var lists []booking.SlotDay
		for i, k := range ask.Slots {
			if l := known.Slots[k]; l.Fresh(known.Days[ask.Days[i]].Calendar, s.Now()) {
				lists = append(lists, l)
			}
		}
		if len(lists) == len(days) {
			return lists, nil
		}
	}
}

// noteRefusal tells people of a wrong configuration.
func (s *Scheduler) noteRefusal(ctx context.Context, t tenant.ID, err error) {
	if err != nil && WhyOf(err) == Misconfigured {
		s.Alarm(ctx, AlarmMisconfigured, t.String())
	}
}

// Prefetch fetches a day's slots of the services most callers ask for, so that the first availability is not the
// slowest (§4.3). It takes part in the single flight and changes nothing else.
func (s *Scheduler) Prefetch(ctx context.Context, t tenant.ID, c *company.Config, b company.Branch, services []company.Service) error {
	open, ok := b.NextOpening(s.Now())
	if !ok {
		return nil
	}
	days := []german.Date{b.Day(open), b.Day(open).AddDays(1)}
	for _, v := range services {
		q := Search{Config: c, Branch: b, Doers: c.Doers(b.ID, v), Days: days, Job: true}
		known, err := s.Store.Gather(ctx, t, q.Ask())
		if err != nil {
			return err
		}
		if err := s.Fill(ctx, t, q, &known); err != nil && !errors.Is(err, ErrUnavailable) {
			return err
		}
	}
	return nil
}
