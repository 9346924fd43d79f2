package desk

import (
	"errors"
	"strings"
	"time"
	"unicode/utf8"
)

// Deletion says when, by whom and why a case was deleted. That is for spam and tests alone (§4.1): what is done is closed.
type Deletion struct {
	At     time.Time `json:"at"`
	By     Actor     `json:"by"`
	Reason string    `json:"reason"`
}

// RestoreWithin is how long a deleted case can be had back.
const RestoreWithin = 30 * 24 * time.Hour

// purgeLater is how much longer it is kept, so that of two machines whose clocks differ none restores what the other purges.
const purgeLater = time.Hour

// Errors of deletions.
var (
	ErrDeletionReason = errors.New("deleting a case needs a reason of 3 to 1000 characters")
	ErrNotDeleted     = errors.New("the case is not deleted")
	ErrPurged         = errors.New("a deleted case can be restored for 30 days")
)

// Delete takes a case out of everybody's sight. It stays as it is, so that it can be restored.
func (c *Case) Delete(by Actor, reason string, now time.Time) error {
	reason = strings.TrimSpace(reason)
	if n := utf8.RuneCountInString(reason); n < MinNote || n > MaxReason {
		return ErrDeletionReason
	}
	c.Deletion = &Deletion{At: now.UTC(), By: by, Reason: reason}
	return nil
}

// Restore brings a deleted case back as it was.
func (c *Case) Restore(now time.Time) error {
	switch {
	case c.Deletion == nil:
		return ErrNotDeleted
	case now.Sub(c.Deletion.At) > RestoreWithin:
		return ErrPurged
	}
	c.Deletion = nil
	return nil
}

// PurgeAt is when a deleted case and all that lies with it are removed for good; zero for one that is not deleted.
func (c *Case) PurgeAt() time.Time {
	if c.Deletion == nil {
		return time.Time{}
	}
	return c.Deletion.At.Add(RestoreWithin + purgeLater)
}

// Gone tells whether a case is none to its receivers and readers any more: it is deleted, or part of another one.
func (c *Case) Gone() bool { return c.Deletion != nil || c.MergedInto != "" }
