// Package keeper keeps the record of calls from what the telephone tells us, in whatever order and however often it tells
// it. Its one rule: the same messages make the same call, whichever comes first. It knows no wire format.
package keeper

import (
	"context"
	"fmt"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/notify"
	"github.com/askpro/gateway/internal/tenant"
)

// Store is what the keeper asks of the table.
type Store interface {
	Config(ctx context.Context, t tenant.ID) (*company.Config, error)
	Call(ctx context.Context, t tenant.ID, callID string) (call.Call, bool, error)
	Session(ctx context.Context, t tenant.ID, callID string) (call.Session, error)
	ToolCalls(ctx context.Context, t tenant.ID, callID string) ([]call.ToolCall, error)
	Appointment(ctx context.Context, t tenant.ID, id string) (booking.Appointment, bool, error)
	Customer(ctx context.Context, t tenant.ID, id string) (customer.Customer, bool, error)
	Gather(ctx context.Context, t tenant.ID, ask ledger.Ask) (ledger.Known, error)
	Commit(ctx context.Context, t tenant.ID, step *ledger.Step) error
}

// Archive keeps transcripts that are too long for the table; it returns the key.
type Archive interface {
	Keep(ctx context.Context, t tenant.ID, callID string, x ledger.Transcript) (key string, kept bool, err error)
}

// Keeper applies news to calls.
type Keeper struct {
	Store   Store
	Archive Archive
	Now     func() time.Time
	NewID   func() string
	Alarm   func(ctx context.Context, name, company string)
}

// AlarmUnknownNumber: a call for a number that is nobody's was accepted without a branch.
const AlarmUnknownNumber = "unknown_number"

// Apply brings one piece of news into its call, creating it when it is the first (§4.3).
func (k *Keeper) Apply(ctx context.Context, t tenant.ID, n call.News) error {
	return again(ctx, func() error { return k.apply(ctx, t, n) })
}

func (k *Keeper) apply(ctx context.Context, t tenant.ID, n call.News) error {
	config, err := k.Store.Config(ctx, t)
	if err != nil {
		return err
	}
	c, known, err := k.Store.Call(ctx, t, n.RetellID)
	if err != nil {
		return err
	}
	session, err := k.Store.Session(ctx, t, n.RetellID)
	if err != nil {
		return err
	}
	branch, ours := branchOf(config, n)
	step := &ledger.Step{}
	if !known {
		c = call.Call{ID: k.NewID(), RetellID: n.RetellID, BranchID: branch.ID, CreatedAt: n.ReceivedAt, UpdatedAt: n.ReceivedAt}
		if !ours {
			k.Alarm(ctx, AlarmUnknownNumber, t.String())
		}
	} else if b, ok := config.Branch(c.BranchID); ok {
		branch = b
	}
	before := c.Status
	changed := c.Merge(n) || !known
	switch {
	case n.Event == "call_started" && session.Version == 0:
		session.BranchID, session.From = branch.ID, n.From
		step.Session = &session
		if branch.ID != "" {
			step.Events = append(step.Events, event.CallStarted{Head: k.head(t, 1), CallID: n.RetellID, BranchID: branch.ID})
		}
	case n.Event == "call_ended" || n.Event == "call_analyzed":
		if err := k.release(ctx, t, &session, step); err != nil {
			return err
		}
	}
	if n.Event == "call_analyzed" {
		if c.Status == call.Analyzed && before != call.Analyzed && notify.Wanted(config, notify.CallSummary, branch.ID) {
			step.Events = append(step.Events, event.CallAnalyzed{Head: k.head(t, 3), CallID: n.RetellID, BranchID: branch.ID})
		}
		did, err := k.conclude(ctx, t, config, &c, session, n, step)
		if err != nil {
			return err
		}
		changed = changed || did
	}
	if changed {
		step.Call = &c
	}
	return k.Store.Commit(ctx, t, step)
}

func (k *Keeper) head(t tenant.ID, sequence int) event.Head {
	return event.Head{ID: k.NewID(), CompanyID: t.String(), At: k.Now(), Sequence: sequence}
}

func branchOf(c *company.Config, n call.News) (company.Branch, bool) {
	if number, ok := c.NumberOf(n.Ours); ok {
		return c.Branch(number.BranchID)
	}
	return c.BranchOfAgent(n.AgentID)
}

// release lets the hold of a call go that has ended, so that the time is free for others at once.
func (k *Keeper) release(ctx context.Context, t tenant.ID, s *call.Session, step *ledger.Step) error {
	if s.Version == 0 || s.Ended {
		return nil
	}
	if h := s.Held; h != nil {
		day := booking.DayKey{Resource: h.Resource}
		if _, err := fmt.Sscanf(h.Date, "%d-%d-%d", &day.Date.Year, &day.Date.Month, &day.Date.Day); err != nil {
			return fmt.Errorf("hold of call: %w", err)
		}
		known, err := k.Store.Gather(ctx, t, ledger.Ask{Days: []booking.DayKey{day}})
		if err != nil {
			return err
		}
		if d := known.Days[day]; d.Version > 0 {
			step.Days = append(step.Days, d.WithoutHold(s.CallID, k.Now()))
		}
		s.Held = nil
	}
	s.Ended = true
	step.Session = s
	return nil
}

// conclude says what came of an analysed call: who called, what was done, what was wished in vain; and keeps the
// transcript, if it may be kept.
func (k *Keeper) conclude(ctx context.Context, t tenant.ID, config *company.Config, c *call.Call, s call.Session, n call.News, step *ledger.Step) (bool, error) {
	before := *c
	tools, err := k.Store.ToolCalls(ctx, t, n.RetellID)
	if err != nil {
		return false, err
	}
	var made []booking.Appointment
	for _, id := range s.Booked {
		a, ok, err := k.Store.Appointment(ctx, t, id)
		if err != nil {
			return false, err
		}
		if ok && (a.Active() || a.Status == booking.Completed) {
			made = append(made, a)
		}
	}
	c.Appointments = s.Booked
	if s.Name != "" {
		c.TakeToolName(s.Name)
	}
	if err := k.link(ctx, t, c, made); err != nil {
		return false, err
	}
	c.Outcome = call.Outcome(n, tools, len(made))
	c.Successful = call.Succeeded(c.Outcome, tools, n.Successful)
	if s.Wish != nil && len(made) == 0 && !s.Called && c.Unfulfilled == nil {
		wish := *s.Wish
		c.Unfulfilled = &wish
		step.Events = append(step.Events, event.WishUnfulfilled{Head: k.head(t, 2), CallID: c.RetellID, BranchID: c.BranchID})
	}
	if err := k.transcript(ctx, t, config, c, n, step); err != nil {
		return false, err
	}
	return before.Outcome != c.Outcome || before.CustomerID != c.CustomerID || before.TranscriptKey != c.TranscriptKey || step.Events != nil, nil
}

// link finds whose call it was. It discloses nothing: it only sorts the list of calls.
func (k *Keeper) link(ctx context.Context, t tenant.ID, c *call.Call, made []booking.Appointment) error {
	if c.LinkStatus == "linked" {
		return nil
	}
	if c.From != "" && c.Direction != "outbound" {
		known, err := k.Store.Gather(ctx, t, ledger.Ask{Card: c.From})
		if err != nil {
			return err
		}
		if known.Card.CustomerID != "" {
			c.CustomerID, c.LinkStatus, c.LinkMethod, c.LinkConfident = known.Card.CustomerID, "linked", "phone", 100
			return nil
		}
	}
	if len(made) > 0 {
		c.CustomerID, c.LinkStatus, c.LinkMethod, c.LinkConfident = made[0].CustomerID, "linked", "appointment", 100
		return nil
	}
	switch {
	case c.SpokenName != "":
		c.LinkStatus = "name_only"
	case c.From == "":
		c.LinkStatus = "anonymous"
	default:
		c.LinkStatus = "unlinked"
	}
	return nil
}

// transcript keeps the text once. Where recording is on it needs the caller's consent, and without it neither audio nor
// text is kept (§4.3).
func (k *Keeper) transcript(ctx context.Context, t tenant.ID, config *company.Config, c *call.Call, n call.News, step *ledger.Step) error {
	if c.RecordingConsent == "" {
		c.RecordingConsent = "unknown"
	}
	if c.RecordingConsent == "refused" || (config.Company.Recording && c.RecordingConsent != "granted") {
		c.RecordingURL = ""
		return nil
	}
	if n.Transcript == "" || c.TranscriptKey != "" {
		return nil
	}
	x := ledger.Transcript{CallID: c.RetellID, Text: n.Transcript}
	key, kept, err := k.Archive.Keep(ctx, t, c.RetellID, x)
	if err != nil {
		return err
	}
	if kept {
		x.ObjectKey = key
	}
	c.TranscriptKey = "table"
	if kept {
		c.TranscriptKey = key
	}
	step.Transcript = &x
	return nil
}
