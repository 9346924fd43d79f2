// Package keeper keeps the record of calls from what the telephone tells us, in whatever order and however often it tells
// it. Its one rule: the same messages make the same call, whichever comes first. It knows no wire format.
package keeper

import (
	"context"
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
	Events(ctx context.Context, t tenant.ID, callID string) ([]event.Recorded, error)
	Appointment(ctx context.Context, t tenant.ID, id string) (booking.Appointment, bool, error)
	Changes(ctx context.Context, t tenant.ID, id string) ([]booking.Change, error)
	Customer(ctx context.Context, t tenant.ID, id string) (customer.Customer, bool, error)
	CustomersNamed(ctx context.Context, t tenant.ID, folded string, limit int) ([]string, error)
	Gather(ctx context.Context, t tenant.ID, ask ledger.Ask) (ledger.Known, error)
	Commit(ctx context.Context, t tenant.ID, step *ledger.Step) error
}

// Archive keeps transcripts that are too long for the table; it returns the key. Drop empties what was kept.
type Archive interface {
	Keep(ctx context.Context, t tenant.ID, callID string, x ledger.Transcript) (key string, kept bool, err error)
	Drop(ctx context.Context, t tenant.ID, callID string) error
}

// Telephone is asked how a call stands when nobody told us of its end.
type Telephone interface {
	// Ask uses the first of the keys that works; ErrNoKey when none does.
	Ask(ctx context.Context, keyRefs []string, callID string) (Standing, error)
}

// Keeper applies news to calls.
type Keeper struct {
	Store     Store
	Archive   Archive
	Telephone Telephone
	Now       func() time.Time
	NewID     func() string
	Alarm     func(ctx context.Context, name, company string)
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
	}
	n.SpokenName = call.RealName(n.SpokenName, config.Staff, n.ReceivedAt)
	n.VariableName = call.RealName(n.VariableName, config.Staff, n.ReceivedAt)
	wasOver, before, length, begun := c.Over(), c.Status, c.Seconds(), c.Heard.Begun
	changed := c.Merge(n) || !known
	if c.BranchID == "" && branch.ID != "" { // the first message did not name our number
		c.BranchID, changed = branch.ID, true
	}
	if c.Status == call.Analyzed && before != call.Analyzed && (session.Case != "" || notify.Wanted(config, notify.CallSummary, branch.ID)) {
		step.Events = append(step.Events, event.CallAnalyzed{Head: k.head(t, 3), CallID: n.RetellID, BranchID: branch.ID})
	}
	if c.Over() && (!wasOver || c.Seconds() != length) {
		step.Events = append(step.Events, event.CallEnded{Head: k.head(t, 2), CallID: n.RetellID, BranchID: c.BranchID, Seconds: c.Seconds(), Reason: c.Disconnection})
	}
	if c.Over() {
		did, err := k.over(ctx, t, config, &c, session, n, wasOver, step)
		if err != nil {
			return err
		}
		changed = changed || did
	} else {
		if !known {
			step.SetTimers = append(step.SetTimers, ledger.Poll(&c, n.ReceivedAt))
		}
		if c.Heard.Begun && !begun {
			k.begin(t, &c, session, step)
		}
	}
	if changed {
		step.Call = &c
	}
	return k.Store.Commit(ctx, t, step)
}

// begin tells that a caller is on the line. The first tool may have been faster than the word of it: the session and the call
// are there then, and nobody has told yet.
func (k *Keeper) begin(t tenant.ID, c *call.Call, s call.Session, step *ledger.Step) {
	if s.Version == 0 {
		s.BranchID, s.From = c.BranchID, c.Caller()
		step.Session = &s
	}
	if c.BranchID != "" {
		step.Events = append(step.Events, event.CallStarted{Head: k.head(t, 1), CallID: c.RetellID, BranchID: c.BranchID})
	}
}

// over does what is due at the end of a call, and again whenever something comes later: its hold and timer end, its text is
// kept, and it is concluded. It reports whether the call changed.
func (k *Keeper) over(ctx context.Context, t tenant.ID, config *company.Config, c *call.Call, s call.Session, n call.News, before bool, step *ledger.Step) (bool, error) {
	if !before {
		if err := k.release(ctx, t, &s, c, step); err != nil {
			return false, err
		}
		step.ClearTimers = append(step.ClearTimers, ledger.Poll(c, n.ReceivedAt))
	}
	kept, err := k.transcript(ctx, t, config, c, n, step)
	if err != nil {
		return false, err
	}
	concluded, err := k.conclude(ctx, t, config, c, s, step)
	return kept || concluded, err
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

// release marks the session of a call that has ended, so that whatever is still asked in it is known to be late, and lets
// its hold go: the time is free for others at once.
func (k *Keeper) release(ctx context.Context, t tenant.ID, s *call.Session, c *call.Call, step *ledger.Step) error {
	if s.Version == 0 {
		s.BranchID, s.From = c.BranchID, c.Caller()
	}
	if days := s.Held.Days(); len(days) > 0 {
		known, err := k.Store.Gather(ctx, t, ledger.Ask{Days: days})
		if err != nil {
			return err
		}
		for _, day := range days {
			if d := known.Days[day]; d.Version > 0 {
				step.Days = append(step.Days, d.WithoutHold(s.CallID, k.Now()))
			}
		}
	}
	s.Held = nil
	s.Ended = true
	step.Session = s
	if p := s.Gateway; p != nil && !p.Decided() { // nothing stays undecided, whatever is still asked
		taken := p.Ended(k.Now())
		s.Gateway = &taken
		step.Events = append(step.Events, taken.Fact(k.head(t, 2), c.RetellID))
	}
	return nil
}

// transcript keeps the text once. Where recording is on it needs the caller's consent, and without it neither audio nor
// text is kept (§4.3): what was kept before a refusal became known is emptied. It reports whether the call changed.
func (k *Keeper) transcript(ctx context.Context, t tenant.ID, config *company.Config, c *call.Call, n call.News, step *ledger.Step) (bool, error) {
	url, key, consent := c.RecordingURL, c.TranscriptKey, c.RecordingConsent
	if c.RecordingConsent == "" {
		c.RecordingConsent = "unknown"
	}
	refused := c.RecordingConsent == "refused" || config.Company.Recording && c.RecordingConsent != "granted"
	switch {
	case refused:
		c.RecordingURL, c.TranscriptKey = "", ""
		if key == "" {
			break
		}
		step.Transcript = &ledger.Transcript{CallID: c.RetellID}
		if key != inTable {
			if err := k.Archive.Drop(ctx, t, c.RetellID); err != nil {
				return false, err
			}
		}
	case n.Transcript != "" && key == "":
		x := ledger.Transcript{CallID: c.RetellID, Text: n.Transcript}
		where, kept, err := k.Archive.Keep(ctx, t, c.RetellID, x)
		if err != nil {
			return false, err
		}
		c.TranscriptKey = inTable
		if kept {
			x.ObjectKey, c.TranscriptKey = where, where
		}
		step.Transcript = &x
	}
	return url != c.RecordingURL || key != c.TranscriptKey || consent != c.RecordingConsent, nil
}

// inTable says that a transcript is an item of the call's collection.
const inTable = "table"
