package german

import "time"

// Parse understands a phrase in Europe/Berlin.
func Parse(text string, now time.Time) Result { return Result{Time: NoTime, Err: ErrUnparseable} }

// ParseIn understands a phrase in a zone.
func ParseIn(text string, now time.Time, loc *time.Location) Result { return Parse(text, now) }

// ParseOrdinal x
func ParseOrdinal(text string) (int, bool) { return 0, false }

// IsYes x
func IsYes(text string) bool { return false }
