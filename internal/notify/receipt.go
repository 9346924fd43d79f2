package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// Fate is what a provider says became of a message that it had taken.
type Fate string

// The fates.
const (
	Reached  Fate = "reached"  // the reader's mailbox or telephone has it
	Returned Fate = "returned" // it came back for good: the address takes nothing
	Unwanted Fate = "unwanted" // it was there, and its reader complained
)

// Receipt is a provider's word on a message. It may come late, twice, before we have written down that the message was
// handed over, or never.
type Receipt struct {
	Ref        string // as it went with the letter or the text: for the messages of this package, Delivery.Key
	Channel    Channel
	Fate       Fate
	ForGood    bool // returned, because the address is none: it is the address and not this message
	ProviderID string
	Cost       int64 // of a text message, in millionths of a US dollar; 0: the provider said nothing of it
}

// stillNews is how long after its first attempt a message that came back is sent by another way.
const stillNews = 24 * time.Hour

// busyPause before a receipt is looked at again that came while its message was being handed over.
const busyPause = time.Second

// delivered parses Delivery.Key.
func delivered(ref string) (Delivery, bool) {
	owner := strings.SplitN(ref, "/", 3)
	if len(owner) != 3 {
		return Delivery{}, false
	}
	name := strings.SplitN(owner[2], "#", 4)
	if len(name) != 4 {
		return Delivery{}, false
	}
	return Delivery{Kind: ledger.Kind(owner[0]), About: owner[1], Event: Event(name[0]), Version: name[1], Channel: Channel(name[2]), Recipient: name[3]}, true
}

// heard is what a receipt makes of a delivery. busy: a worker is at it, the receipt shall come again.
func (d Delivery) heard(r Receipt, now time.Time) (next Delivery, busy bool) {
	if slices.Contains(d.Returned, r.Channel) || d.Status == Overtaken || d.Status == Bounced {
		return d, false // known, or over
	}
	if r.Fate != Returned {
		d.Status, d.Via, d.Until = Delivered, r.Channel, time.Time{}
		d.ProviderID, d.CostMicroUSD = r.ProviderID, max(d.CostMicroUSD, r.Cost)
		return d, false
	}
	switch {
	case d.Status == Processing && d.Failures > 0: // which way it is going now, nobody knows
		return d, true
	case d.Status == Processing: // the attempt is over, whatever its worker says
		d.Tries++
	case d.Via != "" && d.Via != r.Channel: // it has gone by another way since
		return d, false
	}
	d.Returned, d.CostMicroUSD = append(slices.Clone(d.Returned), r.Channel), max(d.CostMicroUSD, r.Cost)
	d.Status, d.Until = Bounced, time.Time{}
	if d.Told != nil && now.Before(d.CreatedAt.Add(stillNews)) {
		d.Status, d.Until = Waiting, now
	}
	return d, false
}

// Hear notes what a provider says became of a message. One that reached its reader is not repeated, even if its handing over
// had seemed to fail; one that came back goes by its other way, if it has one and is still news.
func (n *Notifier) Hear(ctx context.Context, t tenant.ID, r Receipt) (Again, error) {
	d, ok := delivered(r.Ref)
	if !ok {
		return Again{}, fmt.Errorf("a receipt of %q: that is no message of ours", r.Ref)
	}
	was, ok, err := n.Store.Delivery(ctx, t, d)
	if err != nil || !ok {
		return Again{}, err
	}
	next, busy := was.heard(r, n.Now())
	if !busy && (next.Status != was.Status || len(next.Returned) > len(was.Returned)) {
		err = n.Store.SaveReceipt(ctx, t, was, next)
		busy = errors.Is(err, n.Busy)
	}
	switch {
	case busy:
		return Again{After: busyPause}, nil
	case err != nil:
		return Again{}, err
	case next.Status == Bounced && was.Status != Bounced:
		n.Skipped(ctx, t.String(), next.Event, next.Recipient, "it came back from its address")
	case slices.Contains(next.Returned, r.Channel) && (next.Status == Waiting || next.Status == Processing): // whoever is at it may die of it
		return n.retell(ctx, t, next)
	}
	return Again{}, nil
}

// retell tells one reader once more of what a message that came back had told. What has been overtaken meanwhile stays as
// it is: it came back.
func (n *Notifier) retell(ctx context.Context, t tenant.ID, d Delivery) (Again, error) {
	f, err := n.read(ctx, t, d.Told.Name, []byte(d.Told.Detail))
	if err != nil {
		return Again{}, err
	}
	i := slices.IndexFunc(f.messages, func(m message) bool { return m.Name() == d.Name() })
	if i < 0 {
		d.Status, d.Until = Bounced, time.Time{}
		return Again{}, n.Store.SaveDelivery(ctx, t, d)
	}
	o, err := n.attempt(ctx, t, f.messages[i])
	return Again{After: o.again}, err
}

// Told is the fact that a message tells, as it came: with it a message that came back is written anew.
type Told struct {
	Name   string `json:"name"`
	Detail string `json:"detail"` // JSON
}

// remember notes the fact with its messages that have more than one way to their reader.
func (f *fact) remember(name string, detail []byte) {
	for i := range f.messages {
		if m := &f.messages[i]; len(m.ways) > 1 {
			m.Told = &Told{name, string(detail)}
		}
	}
}

// reminded is the fact that a reminder tells.
type reminded struct {
	AppointmentID string `json:"appointment_id"`
	Sequence      int    `json:"sequence"`
	Segment       string `json:"segment,omitempty"`
}

// remindAgain writes a reminder anew, as long as it is true and helps.
func (n *Notifier) remindAgain(ctx context.Context, t tenant.ID, c *company.Config, detail []byte) (fact, error) {
	var e reminded
	if err := json.Unmarshal(detail, &e); err != nil {
		return fact{}, fmt.Errorf("read what a reminder told: %w", err)
	}
	a, ok, err := n.Store.Appointment(ctx, t, e.AppointmentID)
	if err != nil || !ok || a.Status != booking.Confirmed || a.Sequence != e.Sequence {
		return fact{}, err
	}
	s, _ := c.Service(a.ServiceID)
	for _, r := range a.Reminders(s.ReminderPolicy, n.about(c, a).zone()) {
		if r.Segment == e.Segment && n.Now().Before(r.Start) {
			return n.reminding(ctx, t, c, a, r)
		}
	}
	return fact{}, nil
}

// reminding writes a reminder.
func (n *Notifier) reminding(ctx context.Context, t tenant.ID, c *company.Config, a booking.Appointment, r booking.Reminder) (fact, error) {
	f, x := aboutAppointment(a.ID, Reminder, a.Sequence), n.about(c, a)
	if r.Segment != "" {
		f.version += "." + r.Segment
	}
	if err := n.offer(ctx, t, &x); err != nil {
		return f, err
	}
	n.address(ctx, c, &f, customerOf(a), placeOf(a), func(l Language) note { return x.written(l).reminder(r) })
	detail, err := json.Marshal(reminded{a.ID, a.Sequence, r.Segment})
	f.remember(ReminderTimer, detail)
	return f, err
}
