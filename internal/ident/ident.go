// Package ident makes ids. Its one rule: an id says nothing about what it names; it is a ULID (26 letters of Crockford's
// base 32, github.com/ulid/spec), foreign ids stand beside it, never instead of it.
package ident

import (
	"crypto/rand"
	"crypto/sha256"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
)

// New makes an id for something that happens at an instant; ids made later sort later.
func New(at time.Time) string {
	return ulid.MustNew(ulid.Timestamp(at), rand.Reader).String()
}

// Maker makes ids on a clock.
func Maker(now func() time.Time) func() string { return func() string { return New(now()) } }

// Derive makes the one id that belongs to some words, the same on every machine: what is configured in a file keeps its
// id when the file is loaded again.
func Derive(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	var id ulid.ULID
	copy(id[:], sum[:])
	return id.String()
}

// DeriveAt is Derive for something that happens at an instant: ids of later things sort later, as those of New do.
func DeriveAt(at time.Time, parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	var id ulid.ULID
	copy(id[6:], sum[:])
	_ = id.SetTime(ulid.Timestamp(at)) // refused only after the year 10889
	return id.String()
}

// Before is the lowest id of an instant: whatever happened earlier sorts before it.
func Before(at time.Time) string {
	var id ulid.ULID
	_ = id.SetTime(ulid.Timestamp(at))
	return id.String()
}

// Valid tells whether a text has the form of an id.
func Valid(s string) bool {
	_, err := ulid.ParseStrict(s)
	return err == nil
}
