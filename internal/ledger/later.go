package ledger

import "time"

// Later is a message to the queue that the work came from, not before At. Body is told as JSON. It is part of no step: what
// must not be lost with it has a timer too.
type Later struct {
	Kind string
	Body any
	At   time.Time
}
