package keeper

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// WishTimer names the timer of a call whose wish was not fulfilled: the branch is told when stragglers are in.
const WishTimer = "wish"

// wishAfter is how long after the end of a call its wish may still be fulfilled by what is on the way.
const wishAfter = 10 * time.Minute

// Hear concludes a call again because of a fact that names it: an appointment confirmed or cancelled, a callback promised,
// a tool call that came after the end. A call that still goes on is concluded at its end.
func (k *Keeper) Hear(ctx context.Context, t tenant.ID, detail []byte) error {
	var fact struct {
		CallID string `json:"call_id"`
	}
	if err := json.Unmarshal(detail, &fact); err != nil {
		return fmt.Errorf("read the event: %w", err)
	}
	if fact.CallID == "" {
		return nil
	}
	_, err := k.conclusion(ctx, t, fact.CallID)
	return err
}

// Wish decides whether the branch is told of a call's unfulfilled wish. It tells whether the timer that asks for it is
// still wanted.
func (k *Keeper) Wish(ctx context.Context, t tenant.ID, callID string) (wanted bool, err error) {
	c, err := k.conclusion(ctx, t, callID)
	return err == nil && c.Unfulfilled != nil && c.Heard.WishToldAt == nil, err
}

func (k *Keeper) conclusion(ctx context.Context, t tenant.ID, callID string) (c call.Call, err error) {
	config, err := k.Store.Config(ctx, t)
	if err != nil {
		return c, err
	}
	err = again(ctx, func() error {
		known := false
		if c, known, err = k.Store.Call(ctx, t, callID); err != nil || !known || !c.Over() {
			return err
		}
		session, err := k.Store.Session(ctx, t, callID)
		if err != nil {
			return err
		}
		step := &ledger.Step{}
		changed, err := k.conclude(ctx, t, config, &c, session, step)
		if err != nil {
			return err
		}
		if changed {
			step.Call = &c
		}
		return k.Store.Commit(ctx, t, step)
	})
	return c, err
}

// conclude gathers the facts, concludes from them, and sees to it that an unfulfilled wish is told once. It reports whether
// the call changed.
func (k *Keeper) conclude(ctx context.Context, t tenant.ID, config *company.Config, c *call.Call, s call.Session, step *ledger.Step) (bool, error) {
	f, err := k.facts(ctx, t, config, c, s)
	if err != nil {
		return false, err
	}
	now := k.Now()
	changed := c.Conclude(f, now)
	if c.Unfulfilled == nil || c.Heard.WishToldAt != nil {
		return changed, nil
	}
	due := c.UpdatedAt.Add(wishAfter)
	if c.EndedAt != nil && c.EndedAt.Before(now) {
		due = c.EndedAt.Add(wishAfter)
	}
	if now.Before(due) {
		if !changed {
			return false, nil // the timer is set
		}
		step.SetTimers = append(step.SetTimers, ledger.Timer{Kind: ledger.OfCall, About: c.RetellID, Queue: "default", Name: WishTimer, DueAt: due})
		return changed, nil
	}
	c.Heard.WishToldAt = &now
	step.Events = append(step.Events, event.WishUnfulfilled{Head: k.head(t, 2), CallID: c.RetellID, BranchID: c.BranchID})
	step.ClearTimers = append(step.ClearTimers, ledger.Timer{Kind: ledger.OfCall, About: c.RetellID, Queue: "default", Name: WishTimer})
	return true, nil
}

// facts reads everything that a conclusion is drawn from.
func (k *Keeper) facts(ctx context.Context, t tenant.ID, config *company.Config, c *call.Call, s call.Session) (call.Facts, error) {
	f := call.Facts{Session: s}
	var err error
	if f.Tools, err = k.Store.ToolCalls(ctx, t, c.RetellID); err != nil {
		return f, err
	}
	told, err := k.told(ctx, t, c)
	if err != nil {
		return f, err
	}
	f.Callbacks = told.callbacks
	if err := k.made(ctx, t, config, c, s, told.appointments, &f); err != nil {
		return f, err
	}
	if err := k.uncertain(ctx, t, &f); err != nil {
		return f, err
	}
	return f, k.who(ctx, t, c, &f)
}

// told are the ids that the events of a call name. Events end after seven days: what is known stays.
type told struct{ appointments, callbacks []string }

func (k *Keeper) told(ctx context.Context, t tenant.ID, c *call.Call) (told, error) {
	x := told{slices.Clone(c.Appointments), slices.Clone(c.Callbacks)}
	list, err := k.Store.Events(ctx, t, c.RetellID)
	if err != nil {
		return x, err
	}
	for _, e := range list {
		var ids struct {
			Appointment string `json:"appointment_id"`
			Callback    string `json:"callback_id"`
		}
		if err := json.Unmarshal([]byte(e.Detail), &ids); err != nil {
			return x, fmt.Errorf("read event %s of the call: %w", e.Name, err)
		}
		x.appointments, x.callbacks = with(x.appointments, ids.Appointment), with(x.callbacks, ids.Callback)
	}
	slices.Sort(x.callbacks)
	return x, nil
}

func with(list []string, id string) []string {
	if id == "" || slices.Contains(list, id) {
		return list
	}
	return append(list, id)
}

// made reads the appointments made in the call: those the caller was told of, and those that came to be though the answer
// was lost. One that was refused while the caller waited is none.
func (k *Keeper) made(ctx context.Context, t tenant.ID, config *company.Config, c *call.Call, s call.Session, named []string, f *call.Facts) error {
	toldOf := s.Booked
	if s.Version == 0 {
		toldOf = c.Appointments // the session has lapsed
	}
	ids := named
	for _, id := range s.Booked {
		ids = with(ids, id)
	}
	slices.Sort(ids) // in the order of their making
	for _, id := range ids {
		a, ok, err := k.Store.Appointment(ctx, t, id)
		if err != nil {
			return err
		}
		if !ok || a.CallID != c.RetellID {
			continue
		}
		m := call.Made{Appointment: a, Fixed: a.Status == booking.Confirmed || a.Status == booking.Completed || a.Status == booking.NoShow}
		if !m.Fixed && !a.Active() {
			if m.Fixed, err = k.did(ctx, t, a.ID, "created", time.Time{}); err != nil {
				return err
			}
		}
		known := slices.Contains(toldOf, id)
		if known || a.Active() || m.Fixed {
			f.Made = append(f.Made, m)
		}
		if known && !m.Fixed && a.Status == booking.Cancelled {
			f.Lost = lost(config, a)
		}
	}
	return nil
}

// lost is the wish behind a booking that the caller was told of and the calendar never confirmed.
func lost(config *company.Config, a booking.Appointment) *call.Wish {
	b, _ := config.Branch(a.BranchID)
	s, _ := config.Service(a.ServiceID)
	return &call.Wish{Date: b.Day(a.StartsAt).String(), Time: b.LocalMinute(a.StartsAt).String(), Service: s.Name, Reason: "not_confirmed"}
}

// did tells whether an appointment's history has a change of a type since a time.
func (k *Keeper) did(ctx context.Context, t tenant.ID, appointmentID, kind string, since time.Time) (bool, error) {
	changes, err := k.Store.Changes(ctx, t, appointmentID)
	return slices.ContainsFunc(changes, func(x booking.Change) bool {
		return x.Type == kind && !x.CreatedAt.Before(since) && (since.IsZero() || x.Via == "phone")
	}), err
}

// uncertain finds out whether changes of unknown outcome came true: the history of the appointment says so.
func (k *Keeper) uncertain(ctx context.Context, t tenant.ID, f *call.Facts) (err error) {
	for _, x := range f.Tools {
		if x.Status != "change_uncertain" {
			continue
		}
		id := appointmentIn(x.Response)
		if id == "" {
			continue
		}
		is := false
		switch x.Canonical {
		case "cancel_appointment":
			is, err = k.did(ctx, t, id, "cancel", x.At)
			f.Cancelled = f.Cancelled || is
		case "reschedule_appointment":
			is, err = k.did(ctx, t, id, "reschedule", x.At)
			f.Moved = f.Moved || is
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// appointmentIn finds the appointment that an answer speaks of.
func appointmentIn(response string) string {
	var r struct {
		Data struct {
			ID          string `json:"appointment_id"`
			Appointment struct {
				ID string `json:"appointment_id"`
			} `json:"appointment"`
		} `json:"data"`
	}
	if json.Unmarshal([]byte(response), &r) != nil {
		return ""
	}
	if r.Data.ID != "" {
		return r.Data.ID
	}
	return r.Data.Appointment.ID
}

// namesakes is how many customers of one name a person is asked to choose among.
const namesakes = 5

// who finds the customers the caller may have been: by number, else by name. It is read for sorting calls only.
func (k *Keeper) who(ctx context.Context, t tenant.ID, c *call.Call, f *call.Facts) error {
	if number := c.Caller(); number != "" {
		known, err := k.Store.Gather(ctx, t, ledger.Ask{Card: number})
		if err != nil {
			return err
		}
		f.Owner = known.Card.CustomerID
	}
	name := company.Fold(c.SaidName(f.Session))
	if f.Owner != "" || len(f.Made) > 0 || name == "" {
		return nil
	}
	ids, err := k.Store.CustomersNamed(ctx, t, name, namesakes)
	if err != nil {
		return err
	}
	slices.Sort(ids)
	email := c.SaidEmail(f.Tools)
	for _, id := range ids {
		n := call.Namesake{ID: id}
		if email != "" {
			x, _, err := k.Store.Customer(ctx, t, id)
			if err != nil {
				return err
			}
			n.SameEmail = strings.EqualFold(x.Email, email)
		}
		f.Namesakes = append(f.Namesakes, n)
	}
	return nil
}
