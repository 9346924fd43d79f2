package twin

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/callback"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/store"
	"github.com/askpro/gateway/internal/tenant"
)

func address(email string) string { return strings.ToLower(email) }

// Session of a call; a call nobody has asked anything in yet has an empty one of version 0.
func (s *Table) Session(ctx context.Context, t tenant.ID, callID string) (call.Session, error) {
	x, v, _, err := one[call.Session](ctx, s, "Session", at(t, ofSession, callID, ""))
	x.CallID, x.Version = callID, v
	return x, err
}

// Call by Retell's id.
func (s *Table) Call(ctx context.Context, t tenant.ID, callID string) (call.Call, bool, error) {
	c, v, ok, err := one[call.Call](ctx, s, "Call", at(t, ofCall, callID, ""))
	c.Version = v
	return c, ok, err
}

// ToolCall by its number in the call.
func (s *Table) ToolCall(ctx context.Context, t tenant.ID, callID string, seq int) (call.ToolCall, bool, error) {
	c, _, ok, err := one[call.ToolCall](ctx, s, "ToolCall", at(t, ofToolCall, callID, number(seq)))
	return c, ok, err
}

// ToolCalls of a call in order.
func (s *Table) ToolCalls(ctx context.Context, t tenant.ID, callID string) (list []call.ToolCall, err error) {
	err = s.do(ctx, "ToolCalls", func() error {
		list = all[call.ToolCall](s, at(t, ofToolCall, callID, ""))
		return nil
	})
	return list, err
}

// Transcript of a call; ObjectKey is set where the text lies in the bucket.
func (s *Table) Transcript(ctx context.Context, t tenant.ID, callID string) (ledger.Transcript, bool, error) {
	var x ledger.Transcript
	var ok bool
	err := s.do(ctx, "Transcript", func() error {
		var r *record
		if r, ok = s.records[at(t, ofTranscript, callID, "")]; ok {
			x = r.value.(ledger.Transcript) // a text: nothing in it is shared
		}
		return nil
	})
	return x, ok, err
}

// Appointment by id.
func (s *Table) Appointment(ctx context.Context, t tenant.ID, id string) (booking.Appointment, bool, error) {
	a, v, ok, err := one[booking.Appointment](ctx, s, "Appointment", at(t, ofAppointment, id, ""))
	a.Version = v
	return a, ok, err
}

// Changes of an appointment, oldest first.
func (s *Table) Changes(ctx context.Context, t tenant.ID, id string) (list []booking.Change, err error) {
	err = s.do(ctx, "Changes", func() error {
		list = all[booking.Change](s, at(t, ofChange, id, ""))
		return nil
	})
	return list, err
}

// Claim by Cal.com uid.
func (s *Table) Claim(ctx context.Context, t tenant.ID, uid string) (booking.Claim, bool, error) {
	c, v, ok, err := one[booking.Claim](ctx, s, "Claim", at(t, ofClaim, uid, ""))
	c.UID, c.Version = uid, v
	return c, ok, err
}

// Customer by id.
func (s *Table) Customer(ctx context.Context, t tenant.ID, id string) (customer.Customer, bool, error) {
	c, v, ok, err := one[customer.Customer](ctx, s, "Customer", at(t, ofCustomer, id, ""))
	c.Version = v
	return c, ok, err
}

// CustomerOfEmail finds whose address something is; false when nobody's.
func (s *Table) CustomerOfEmail(ctx context.Context, t tenant.ID, email string) (id string, ok bool, err error) {
	id, _, ok, err = one[string](ctx, s, "CustomerOfEmail", at(t, ofEmail, address(email), ""))
	return id, ok, err
}

// Callback by id.
func (s *Table) Callback(ctx context.Context, t tenant.ID, id string) (callback.Request, bool, error) {
	c, v, ok, err := one[callback.Request](ctx, s, "Callback", at(t, ofCallback, id, ""))
	c.Version = v
	return c, ok, err
}

// OpenCallbacks of a branch, the earliest promise first.
func (s *Table) OpenCallbacks(ctx context.Context, t tenant.ID, branchID string) (list []callback.Waiting, err error) {
	err = s.do(ctx, "OpenCallbacks", func() error {
		list = all[callback.Waiting](s, at(t, ofOpenCallback, branchID, ""))
		return nil
	})
	slices.SortStableFunc(list, func(a, b callback.Waiting) int { return a.PromisedUntil.Compare(b.PromisedUntil) })
	return list, err
}

// Events of a call in order.
func (s *Table) Events(ctx context.Context, t tenant.ID, callID string) ([]event.Recorded, error) {
	return s.events(ctx, "Events", at(t, ofEvent, store.CallCollection(t, callID), ""))
}

// CallbackEvents are those of a callback since it was promised, in order.
func (s *Table) CallbackEvents(ctx context.Context, t tenant.ID, id string) ([]event.Recorded, error) {
	return s.events(ctx, "CallbackEvents", at(t, ofEvent, store.CallbackCollection(t, id), ""))
}

func (s *Table) events(ctx context.Context, method string, of place) (list []event.Recorded, err error) {
	err = s.do(ctx, method, func() error {
		list = all[event.Recorded](s, of)
		return nil
	})
	return list, err
}

// all reads the records of one kind and id in the order of what parts them.
func all[T any](s *Table, of place) []T {
	list := []T{}
	for _, at := range s.places(func(at place) bool { return at.company == of.company && at.kind == of.kind && at.id == of.id }) {
		value, _, _ := read[T](s, at)
		list = append(list, value)
	}
	return list
}

// places of the records that are wanted, in order.
func (s *Table) places(want func(place) bool) (list []place) {
	for at := range s.records {
		if want(at) {
			list = append(list, at)
		}
	}
	slices.SortFunc(list, func(a, b place) int { return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.sub, b.sub)) })
	return list
}

// listed gives the ids of a company's records of a kind by a text they are listed under; "" is on no list.
func listed[T any](s *Table, t tenant.ID, kind string, under func(T) string) (ids, keys []string) {
	type entry struct{ key, id string }
	var list []entry
	for at, r := range s.records {
		if at.company != t || at.kind != kind {
			continue
		}
		if key := under(r.value.(T)); key != "" {
			list = append(list, entry{key, at.id})
		}
	}
	slices.SortFunc(list, func(a, b entry) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.id, b.id)) })
	for _, e := range list {
		ids, keys = append(ids, e.id), append(keys, e.key)
	}
	return ids, keys
}

// AppointmentIDs lists a branch's appointments that start in [from, to), earliest first, at most limit of them.
func (s *Table) AppointmentIDs(ctx context.Context, t tenant.ID, branchID string, from, to time.Time, limit int) (found []string, err error) {
	err = s.do(ctx, "AppointmentIDs", func() error {
		ids, starts := listed(s, t, ofAppointment, func(a booking.Appointment) string {
			if a.BranchID != branchID {
				return ""
			}
			return second(a.StartsAt)
		})
		for i, start := range starts {
			if start >= second(from) && start < second(to) && len(found) < limit {
				found = append(found, ids[i])
			}
		}
		return nil
	})
	return found, err
}

// CustomersNamed lists the ids of customers whose name is the same when folded.
func (s *Table) CustomersNamed(ctx context.Context, t tenant.ID, folded string, limit int) (found []string, err error) {
	err = s.do(ctx, "CustomersNamed", func() error {
		ids, names := listed(s, t, ofCustomer, func(c customer.Customer) string { return company.Fold(c.Name) })
		found = []string{}
		for i, name := range slices.Backward(names) {
			if name == folded && len(found) < limit {
				found = append(found, ids[i])
			}
		}
		return nil
	})
	return found, err
}

// CallPage is a page of the company's calls that began in [from, to), newest first.
func (s *Table) CallPage(ctx context.Context, t tenant.ID, from, to time.Time, after string, limit int) (page []call.Call, next string, err error) {
	err = s.do(ctx, "CallPage", func() error {
		ids, starts := listed(s, t, ofCall, func(c call.Call) string { return second(c.Began()) })
		for i := len(ids) - 1; i >= 0; i-- {
			place := starts[i] + "#" + ids[i]
			if starts[i] < second(from) || starts[i] >= second(to) || after != "" && place >= after {
				continue
			}
			if len(page) == limit {
				return nil
			}
			c, version, _ := read[call.Call](s, at(t, ofCall, ids[i], ""))
			c.Version = version
			page, next = append(page, c), place
		}
		next = ""
		return nil
	})
	return page, next, err
}

// CallIDs lists the company's calls, newest first.
func (s *Table) CallIDs(ctx context.Context, t tenant.ID, limit int) (found []string, err error) {
	err = s.do(ctx, "CallIDs", func() error {
		ids, _ := listed(s, t, ofCall, func(c call.Call) string {
			if c.StartedAt != nil {
				return second(*c.StartedAt)
			}
			return second(c.CreatedAt)
		})
		slices.Reverse(ids)
		found = append([]string{}, ids[:min(len(ids), limit)]...)
		return nil
	})
	return found, err
}

// Gather reads what a decision needs in one strong request. What does not exist comes back empty with version 0.
func (s *Table) Gather(ctx context.Context, t tenant.ID, ask ledger.Ask) (ledger.Known, error) {
	known := ledger.Known{
		Days:  make(map[booking.DayKey]booking.Day, len(ask.Days)),
		Slots: make(map[booking.SlotKey]booking.SlotDay, len(ask.Slots)),
	}
	err := s.do(ctx, "Gather", func() error {
		for _, k := range ask.Days {
			d, v, _ := read[booking.Day](s, at(t, ofDay, k.Resource, k.Date.String()))
			d.Resource, d.Date, d.Version = k.Resource, k.Date, v
			known.Days[k] = d
		}
		for _, k := range ask.Slots {
			d, _, _ := read[booking.SlotDay](s, slotsAt(t, k))
			d.EventTypeID, d.Date = k.EventTypeID, k.Date
			known.Slots[k] = d
		}
		if ask.Card != "" {
			c, v, _ := read[customer.Card](s, at(t, ofCard, ask.Card, ""))
			c.Key, c.Version = ask.Card, v
			known.Card = c
		}
		if ask.Key != "" {
			known.Key, _, _ = read[ledger.KeyState](s, at(t, ofKey, ask.Key, ""))
		}
		return nil
	})
	return known, err
}

// Due lists timers due at now, of all companies, earliest first: what store.Timers does.
func (s *Table) Due(ctx context.Context, now time.Time, limit int) (due []store.Timer, err error) {
	err = s.do(ctx, "Due", func() error {
		for _, x := range s.timers() {
			if second(x.DueAt) <= second(now) && len(due) < limit {
				due = append(due, store.TimerOf(x.company, x.Timer))
			}
		}
		return nil
	})
	return due, err
}

// NextDue is when the next timer is due; zero when none is set.
func (s *Table) NextDue() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if list := s.timers(); len(list) > 0 {
		return list[0].DueAt
	}
	return time.Time{}
}

type setTimer struct {
	company tenant.ID
	ledger.Timer
}

// timers that are set, earliest first.
func (s *Table) timers() (list []setTimer) {
	for at, r := range s.records {
		if at.kind == ofTimer {
			list = append(list, setTimer{at.company, r.value.(ledger.Timer)})
		}
	}
	slices.SortFunc(list, func(a, b setTimer) int {
		return cmp.Or(a.DueAt.Compare(b.DueAt), cmp.Compare(a.About, b.About), cmp.Compare(a.Name, b.Name))
	})
	return list
}
