package delivery

import (
	"slices"
	"time"
)

// Alerts of dead deliveries, per output (§7.5): one mail each, from the fifth within ten minutes on one mail for all.
const (
	combineFrom   = 5
	combineWithin = 10 * time.Minute
	maxCollected  = 100 // ids that are kept; the count goes on
)

// Alerts are an output's: what died lately and what is collected. The zero value has told nothing.
type Alerts struct {
	Lately    []Death // within the last ten minutes, the newest five
	Collected []string
	Count     int       // of what is collected, also beyond the kept ids
	FlushAt   time.Time // when they are told together
}

// Death is a Delivery that died.
type Death struct {
	DeliveryID string
	At         time.Time
}

// Add takes a dead Delivery in: true means tell it alone, now; false that it is told together with others at FlushAt, or
// was told already.
func (a Alerts) Add(deliveryID string, now time.Time) (Alerts, bool) {
	a.Lately = slices.DeleteFunc(slices.Clone(a.Lately), func(d Death) bool { return now.Sub(d.At) >= combineWithin })
	if slices.Contains(a.Collected, deliveryID) || slices.ContainsFunc(a.Lately, func(d Death) bool { return d.DeliveryID == deliveryID }) {
		return a, false
	}
	a.Lately = append(a.Lately, Death{deliveryID, now})
	a.Lately = a.Lately[max(0, len(a.Lately)-combineFrom):]
	if a.Count == 0 && len(a.Lately) < combineFrom {
		return a, true
	}
	if a.Count == 0 {
		a.FlushAt = now.Add(combineWithin)
	}
	if a.Count++; len(a.Collected) < maxCollected {
		a.Collected = append(slices.Clone(a.Collected), deliveryID)
	}
	return a, false
}

// Flush gives what is to be told together, once its time has come: the first ids and how many there are.
func (a Alerts) Flush(now time.Time) (next Alerts, ids []string, count int) {
	if a.Count == 0 || now.Before(a.FlushAt) {
		return a, nil, 0
	}
	return Alerts{Lately: a.Lately}, a.Collected, a.Count
}
