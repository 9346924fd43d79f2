package delivery

import "time"

const (
	digestEvery = time.Hour
	// digestLease is how long one worker has for telling a digest before another may try.
	digestLease = 2 * time.Minute
)

// Digest is how a company's hourly summaries of dead Deliveries stand (§18). Failures are collected in the open one until
// its hour is over; then it is closed, the next one opens, and what was closed is told as it is, however often that takes.
// So each failure is in one of them, and none is told in other words a second time. The zero value has collected nothing.
type Digest struct {
	Open    int       `json:"open,omitempty"`    // number of the one that collects
	DueAt   time.Time `json:"due_at,omitzero"`   // when it is told; zero: there is nothing in it
	Telling int       `json:"telling,omitempty"` // number of the one that is being told; 0: none
	AgainAt time.Time `json:"again_at,omitzero"` // when another worker may tell it
}

// Failure is a dead Delivery as a digest shows it. It names no person: the destination is masked.
type Failure struct {
	CaseID      string    `json:"case_id"`
	DeliveryID  string    `json:"delivery_id"`
	Number      string    `json:"number"` // of the case
	Category    string    `json:"category,omitempty"`
	Output      string    `json:"output,omitempty"`
	Channel     Channel   `json:"channel"`
	Destination string    `json:"destination,omitempty"`
	Class       Class     `json:"class,omitempty"`
	Reason      Reason    `json:"reason"`
	At          time.Time `json:"at"`
}

// Collect takes a failure in: the first one of a digest sets the end of its hour.
func (d Digest) Collect(now time.Time) Digest {
	d.Open = max(d.Open, 1)
	if d.DueAt.IsZero() {
		d.DueAt = now.Truncate(digestEvery).Add(digestEvery)
	}
	return d
}

// Begin gives the number of the digest that is to be told now, to one worker at a time; 0: there is none, or somebody is at
// it. One that was not told comes before the next one is closed.
func (d Digest) Begin(now time.Time) (next Digest, number int) {
	switch {
	case d.Telling > 0 && now.Before(d.AgainAt):
		return d, 0
	case d.Telling > 0:
	case d.DueAt.IsZero() || now.Before(d.DueAt):
		return d, 0
	default:
		d.Telling, d.Open, d.DueAt = d.Open, d.Open+1, time.Time{}
	}
	d.AgainAt = now.Add(digestLease)
	return d, d.Telling
}

// End notes that a digest was told.
func (d Digest) End(number int) Digest {
	if d.Telling == number {
		d.Telling, d.AgainAt = 0, time.Time{}
	}
	return d
}

// WakeAt is when somebody has to look again; zero: never, unless something dies.
func (d Digest) WakeAt() time.Time {
	if d.Telling > 0 && (d.DueAt.IsZero() || d.AgainAt.Before(d.DueAt)) {
		return d.AgainAt
	}
	return d.DueAt
}
