package desk

import (
	"errors"
	"slices"
	"time"
)

// LinkType says how two cases belong together; both sides show it.
type LinkType string

// The links of §4.7. Reverse gives the other side's.
const (
	Related     LinkType = "related"
	DuplicateOf LinkType = "duplicate_of"
	CausedBy    LinkType = "caused_by"
	Blocks      LinkType = "blocks"
	FollowUp    LinkType = "follow_up"
)

// Link to another case of the same company. Reverse is set on the side that did not make it.
type Link struct {
	Type    LinkType `json:"type"`
	CaseID  string   `json:"case_id"`
	Reverse bool     `json:"reverse,omitempty"`
}

// Errors of links and merges.
var (
	ErrSelf     = errors.New("a case cannot be linked to or merged into itself")
	ErrMerged   = errors.New("the case has been merged already")
	ErrCycle    = errors.New("that would merge in a circle")
	ErrTooLate  = errors.New("a merge can be undone for 24 hours")
	ErrUnmerged = errors.New("the case is not merged")
)

// undoWithin is how long a merge can be taken back.
const undoWithin = 24 * time.Hour

// LinkTo adds a link on both sides; adding it again changes nothing.
func (c *Case) LinkTo(other *Case, kind LinkType) error {
	if c.ID == other.ID {
		return ErrSelf
	}
	c.addLink(Link{Type: kind, CaseID: other.ID})
	other.addLink(Link{Type: kind, CaseID: c.ID, Reverse: true})
	return nil
}

func (c *Case) addLink(l Link) {
	if !slices.Contains(c.Links, l) {
		c.Links = append(c.Links, l)
	}
}

// MergeInto closes a case into another one. root is where the other one stands in the end: a case that was merged itself
// passes on. Its SLA ends without counting, which is the caller's to see to.
func (c *Case) MergeInto(root *Case, now time.Time) error {
	switch {
	case c.ID == root.ID:
		return ErrCycle
	case c.MergedInto != "":
		return ErrMerged
	case root.MergedInto != "":
		return ErrMerged
	}
	c.MergedFrom, c.MergedInto, c.MergedAt = c.Status, root.ID, &now
	c.Status, c.ClosedAt, c.UpdatedAt = Closed, &now, now
	c.PendingReason, c.PendingUntil = "", nil
	return nil
}

// Unmerge takes a merge back within 24 hours and restores the status before it.
func (c *Case) Unmerge(now time.Time) error {
	switch {
	case c.MergedInto == "":
		return ErrUnmerged
	case now.Sub(*c.MergedAt) > undoWithin:
		return ErrTooLate
	}
	c.Status, c.MergedInto, c.MergedFrom, c.MergedAt, c.UpdatedAt = c.MergedFrom, "", "", nil, now
	if c.Status.Open() || c.Status == Resolved {
		c.ClosedAt = nil
	}
	return nil
}
