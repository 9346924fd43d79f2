package callback

import (
	"errors"
	"time"
)

// What a transition may be refused for.
var (
	// ErrOver: the request is completed, cancelled or expired; an end is an end.
	ErrOver = errors.New("the callback is over")
	// ErrNobodyHasIt: it has to be given to somebody before it can be made.
	ErrNobodyHasIt = errors.New("the callback has been given to nobody")
	// ErrNotContacted: only somebody who was called can be done with.
	ErrNotContacted = errors.New("nobody has called yet")
	// ErrTooSoon: it was escalated a short while ago.
	ErrTooSoon = errors.New("the callback was escalated less than four hours ago")
)

// Assign gives an open request to a member of staff, also to another one than before; what they have tried counts anew.
func (r Request) Assign(staffID string, now time.Time) (Request, error) {
	switch {
	case !r.Open():
		return r, ErrOver
	case staffID == "":
		return r, ErrNobodyHasIt
	}
	r.Status, r.AssignedTo, r.AssignedAt, r.Tries = Assigned, staffID, &now, 0
	return r, nil
}

// Contact counts a call back, whether somebody answered or not. It may be repeated.
func (r Request) Contact(now time.Time) (Request, error) {
	switch {
	case !r.Open():
		return r, ErrOver
	case r.AssignedTo == "":
		return r, ErrNobodyHasIt
	}
	r.Status, r.ContactedAt = Contacted, &now
	r.Attempts++
	r.Tries++
	return r, nil
}

// Complete ends a request with what it was for.
func (r Request) Complete(now time.Time) (Request, error) {
	switch {
	case !r.Open():
		return r, ErrOver
	case r.Status != Contacted:
		return r, ErrNotContacted
	}
	r.Status, r.CompletedAt = Completed, &now
	return r, nil
}

// Cancel ends a request that is no longer wanted.
func (r Request) Cancel(time.Time) (Request, error) { return r.end(Cancelled) }

// Expire ends a request that nobody has made in its time.
func (r Request) Expire(time.Time) (Request, error) { return r.end(Expired) }

func (r Request) end(s Status) (Request, error) {
	if !r.Open() {
		return r, ErrOver
	}
	r.Status = s
	return r, nil
}
