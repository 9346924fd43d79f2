package desk

import (
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/askpro/gateway/internal/sla"
)

// Status of a case. Open means New, Open or Pending; finished Resolved or Closed.
type Status string

// The states of §4.3.
const (
	New      Status = "new"
	Opened   Status = "open"
	Pending  Status = "pending"
	Resolved Status = "resolved"
	Closed   Status = "closed"
)

// PendingReason says whom a case waits for.
type PendingReason = sla.Reason

// The reasons of §1.3.
const (
	WaitingCustomer   = sla.WaitingCustomer
	WaitingThirdParty = sla.WaitingThirdParty
	Scheduled         = sla.Scheduled
)

// Open tells whether somebody still has to do something.
func (s Status) Open() bool { return s == New || s == Opened || s == Pending }

// targets are the moves that §4.3 allows, in the order in which they are told.
func (s Status) targets() []Status {
	switch s {
	case New:
		return []Status{Opened, Pending, Resolved, Closed}
	case Opened:
		return []Status{Pending, Resolved, Closed}
	case Pending:
		return []Status{Opened, Pending, Resolved, Closed}
	case Resolved:
		return []Status{Opened, Closed}
	case Closed:
		return []Status{Opened}
	}
	return nil
}

// Times of §4.3.
const (
	longestPending = 180 * 24 * time.Hour
	// ReopenWithin is how long a customer's reply opens a closed case again; later it becomes a new one.
	ReopenWithin = 14 * 24 * time.Hour
	// CloseAfter is when a resolved case closes by itself unless the company says otherwise.
	CloseAfter = 7 * 24 * time.Hour
)

// Move is a wish to change a case's status. Reason explains a reopening; Note is the resolution.
type Move struct {
	To            Status
	PendingReason PendingReason
	PendingUntil  *time.Time
	Note          string
	Reason        string
	MayReopen     bool // permission cases.reopen_closed, or the customer's reply in time
}

// InvalidMove says that a case cannot go from one status to another, and where it can go.
type InvalidMove struct {
	From, To Status
	Allowed  []Status
}

func (e *InvalidMove) Error() string {
	return fmt.Sprintf("a case that is %s cannot become %s, only %v", e.From, e.To, e.Allowed)
}

// Errors of a move whose fields are wrong.
var (
	ErrNeedsNote   = errors.New("a resolution note of 3 to 1000 characters is needed")
	ErrNeedsReason = errors.New("a reason is needed")
	ErrNeedsUntil  = errors.New("a time in the next 180 days is needed")
	ErrMayNot      = errors.New("reopening a closed case needs the permission")
)

// Apply carries a move out on a case; on an error nothing is changed.
func (c *Case) Apply(m Move, now time.Time) error {
	allowed := c.Status.targets()
	if !slices.Contains(allowed, m.To) || c.MergedInto != "" {
		return &InvalidMove{c.Status, m.To, allowed}
	}
	next := *c
	next.PendingReason, next.PendingUntil = "", nil
	switch {
	case m.To == Opened && !c.Status.Open(): // reopened
		if c.Status == Closed && !m.MayReopen {
			return ErrMayNot
		}
		if utf8.RuneCountInString(m.Reason) < 1 {
			return ErrNeedsReason
		}
		next.ResolvedAt, next.ClosedAt, next.Resolution = nil, nil, ""
		next.ReopenCount++
	case m.To == Pending:
		if err := next.pend(m, now); err != nil {
			return err
		}
		if c.Status == Pending && c.PendingReason == next.PendingReason && sameTime(c.PendingUntil, next.PendingUntil) {
			return &InvalidMove{c.Status, m.To, allowed}
		}
	case (m.To == Resolved || m.To == Closed) && c.Status.Open():
		if n := utf8.RuneCountInString(m.Note); n < MinNote || n > MaxReason {
			return ErrNeedsNote
		}
		next.Resolution, next.ResolvedAt = m.Note, &now
		if m.To == Closed {
			next.ClosedAt = &now
		}
	case m.To == Closed:
		next.ClosedAt = &now
	}
	next.Status, next.UpdatedAt = m.To, now
	*c = next
	return nil
}

func (c *Case) pend(m Move, now time.Time) error {
	switch m.PendingReason {
	case WaitingCustomer, WaitingThirdParty:
	case Scheduled:
		if m.PendingUntil == nil || !m.PendingUntil.After(now) || m.PendingUntil.Sub(now) > longestPending {
			return ErrNeedsUntil
		}
	default:
		return ErrNeedsReason
	}
	if m.PendingUntil != nil && !m.PendingUntil.After(now) {
		return ErrNeedsUntil
	}
	c.PendingReason, c.PendingUntil = m.PendingReason, m.PendingUntil
	return nil
}

func sameTime(a, b *time.Time) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Equal(*b)
}

// Reply says what a customer's public reply does to a case: it reopens what was resolved, or closed within 14 days, takes
// it out of waiting for them, or (follow) becomes a new case linked to this one.
func (c *Case) Reply(now time.Time) (move *Move, follow bool) {
	switch {
	case c.Status == Pending && c.PendingReason == WaitingCustomer:
		return &Move{To: Opened}, false
	case c.Status == Resolved, c.Status == Closed && c.ClosedAt != nil && now.Sub(*c.ClosedAt) <= ReopenWithin:
		return &Move{To: Opened, Reason: "Antwort des Kunden", MayReopen: true}, false
	case c.Status == Closed:
		return nil, true
	}
	return nil, false
}
