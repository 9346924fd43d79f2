// Package delivery decides how a case leaves the house: one Delivery per channel, from planned to sent or dead. Its one
// rule: queued is not delivered; only an answer that says so makes a Delivery sent, and a lost answer is repeated under the
// same message id. It is values in, values out with the time handed in: it knows no table, no queue and no network.
package delivery

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Kind is why something is sent.
type Kind string

// The kinds.
const (
	Created    Kind = "created"
	Updated    Kind = "updated"
	Escalation Kind = "escalation"
	Test       Kind = "test"
	Event      Kind = "event"
)

// Kinds is the one list of them.
var Kinds = []Kind{Created, Updated, Escalation, Test, Event}

// Channel is the way it goes.
type Channel string

// The channels: mail to one recipient, or a webhook. An output with both makes several Deliveries.
const (
	Email   Channel = "email"
	Webhook Channel = "webhook"
)

// Channels is the one list of them.
var Channels = []Channel{Email, Webhook}

// State of a Delivery.
type State string

// The states.
const (
	Scheduled State = "scheduled" // due at a time
	Waiting   State = "waiting"   // transcript or recording outstanding; uses no attempt
	Sending   State = "sending"   // claimed by one worker
	Retrying  State = "retrying"  // failed, another attempt is due at a time
	Sent      State = "sent"      // accepted by the destination
	Dead      State = "dead"      // final
	Cancelled State = "cancelled" // final
)

// States is the one list of them, and Next says which may follow which.
var States = []State{Scheduled, Waiting, Sending, Retrying, Sent, Dead, Cancelled}

// Next lists the states that may follow. A late success of an attempt that was given up for lost is the one arrow that
// §7.5's table does not have: the receiver has the message, so saying anything else would be wrong.
var Next = map[State][]State{
	Scheduled: {Sending, Cancelled, Dead}, // dead: a configuration that cannot be sent fails before the first attempt
	Waiting:   {Scheduled, Cancelled},
	Sending:   {Sent, Retrying, Dead},
	Retrying:  {Sending, Cancelled, Sent, Dead},
	Sent:      {Dead},
	Dead:      {},
	Cancelled: {},
}

// Reason is why a Delivery is dead.
type Reason string

// The reasons.
const (
	Exhausted   Reason = "exhausted"
	Permanent   Reason = "permanent"
	ConfigError Reason = "config_error"
	BlockedByUs Reason = "blocked_address"
	Bounced     Reason = "bounced"
	Complained  Reason = "complained"
)

// maxClaimTime is how long a worker may be at one attempt.
const maxClaimTime = 60 * time.Second

// Reasons is the one list of them.
var Reasons = []Reason{Exhausted, Permanent, ConfigError, BlockedByUs, Bounced, Complained}

// Part of a case that comes later than the case.
type Part string

// The parts that may be waited for.
const (
	Transcript Part = "transcript"
	Recording  Part = "recording"
)

// Parts is the one list of them.
var Parts = []Part{Transcript, Recording}

// Delivery is one message to one channel of one destination.
type Delivery struct {
	ID            string  `json:"id"`
	CaseID        string  `json:"case_id,omitempty"`
	OutputID      string  `json:"output_id"`
	ConfigVersion int     `json:"config_version"` // of the output: a running Delivery ends with the version it began with
	Kind          Kind    `json:"kind"`
	Channel       Channel `json:"channel"`
	Destination   string  `json:"destination"` // address or URL; masked in lists
	Sequence      int     `json:"sequence"`    // per case and output, rising
	Profile       Profile `json:"retry_profile"`
	Fallback      bool    `json:"is_fallback,omitempty"` // the mail that goes out because a webhook is dead; not part of the case's summary
	Cause         string  `json:"cause,omitempty"`       // of an update: what it follows, once on each way
	StatusFrom    string  `json:"status_from,omitempty"` // of an update that tells a change of status: what it was; the case says what it is

	State    State     `json:"state"`
	Awaits   []Part    `json:"awaits,omitempty"`  // outstanding; while waiting
	Deadline time.Time `json:"deadline,omitzero"` // when waiting ends
	Partial  []Part    `json:"partial,omitempty"` // what was missing when it left
	Attempts int       `json:"attempts"`          // made, the running one included
	NextAt   time.Time `json:"next_at,omitzero"`  // when it is due: scheduled, retrying; while waiting, the deadline
	Claim    string    `json:"claim,omitempty"`   // of the running attempt
	ClaimEnd time.Time `json:"claim_end,omitzero"`

	MessageID         string `json:"message_id"` // the same over all attempts
	PayloadHash       string `json:"payload_hash,omitempty"`
	ProviderMessageID string `json:"provider_message_id,omitempty"`
	ExternalReference string `json:"external_reference,omitempty"`
	LastErrorClass    Class  `json:"last_error_class,omitempty"`
	Reason            Reason `json:"reason,omitempty"` // of a dead one; a cancelled one says why in Why
	Why               string `json:"why,omitempty"`
	ReplayOf          string `json:"replay_of,omitempty"`
	Redelivery        string `json:"redelivery,omitempty"` // the work over many that made this replay

	CreatedAt   time.Time `json:"created_at"`
	SentAt      time.Time `json:"sent_at,omitzero"`
	DeliveredAt time.Time `json:"delivered_at,omitzero"`
	FinishedAt  time.Time `json:"finished_at,omitzero"`
	Version     int       `json:"-"`
}

// What the machine refuses.
var (
	ErrNotAllowed = errors.New("this state does not allow it")
	ErrNotDue     = errors.New("not due yet")
	ErrClaimed    = errors.New("another worker is at it")
	ErrOutdated   = errors.New("this attempt was given up; another one counts")
)

// Order is what a Delivery is made from. Gate lists what is waited for until Deadline.
type Order struct {
	ID, CaseID, OutputID string
	ConfigVersion        int
	Kind                 Kind
	Channel              Channel
	Destination          string
	Sequence             int
	Profile              Profile
	MessageID            string
	Fallback             bool
	Cause, StatusFrom    string
	Gate                 []Part
	Deadline             time.Time
	MinDelay             time.Duration
}

// Plan makes a Delivery: waiting while something is outstanding, else scheduled.
func Plan(o Order, now time.Time) Delivery {
	d := Delivery{
		ID: o.ID, CaseID: o.CaseID, OutputID: o.OutputID, ConfigVersion: o.ConfigVersion, Kind: o.Kind, Channel: o.Channel, Destination: o.Destination,
		Sequence: o.Sequence, Profile: o.Profile, MessageID: o.MessageID, Fallback: o.Fallback, Cause: o.Cause, StatusFrom: o.StatusFrom,
		State: Scheduled, NextAt: now.Add(o.MinDelay), CreatedAt: now,
	}
	if len(o.Gate) > 0 {
		d.State, d.Awaits, d.Deadline, d.NextAt = Waiting, slices.Clone(o.Gate), o.Deadline, o.Deadline
	}
	return d
}

// Ref is a line of an output's list of Deliveries. Mark is its place: the list goes on after it.
type Ref struct{ CaseID, DeliveryID, Mark string }

// Final tells that nothing more will be sent of it. A sent mail may still bounce.
func (d Delivery) Final() bool { return d.State == Sent || d.State == Dead || d.State == Cancelled }

func (d Delivery) move(to State) (Delivery, error) {
	if !slices.Contains(Next[d.State], to) {
		return d, fmt.Errorf("%s to %s: %w", d.State, to, ErrNotAllowed)
	}
	d.State = to
	return d, nil
}

// Arrived tells a waiting Delivery that a part is there; with the last one it is due at once. Others stay as they are:
// whether they need an update is NeedsUpdate's question.
func (d Delivery) Arrived(p Part, now time.Time) Delivery {
	if d.State != Waiting || !slices.Contains(d.Awaits, p) {
		return d
	}
	d.Awaits = without(d.Awaits, p)
	if len(d.Awaits) == 0 {
		d.State, d.NextAt = Scheduled, now
	}
	return d
}

// TimeUp ends the waiting at the deadline: what is outstanding is partial. No attempt was used.
func (d Delivery) TimeUp(now time.Time) (Delivery, error) {
	if d.State != Waiting {
		return d, fmt.Errorf("end the waiting of a %s one: %w", d.State, ErrNotAllowed)
	}
	if now.Before(d.Deadline) {
		return d, ErrNotDue
	}
	d.State, d.Partial, d.Awaits, d.NextAt = Scheduled, d.Awaits, nil, now
	return d, nil
}

func without(parts []Part, p Part) []Part {
	return slices.DeleteFunc(slices.Clone(parts), func(x Part) bool { return x == p })
}

// NeedsUpdate tells that a Delivery left without the part that now arrived, so that an update is owed (once per Delivery
// and part: UpdateKey). A message that never got through owes none: its replay is rendered anew.
func (d Delivery) NeedsUpdate(p Part, sendUpdates bool) bool {
	return sendUpdates && slices.Contains(d.Partial, p) && (d.Kind == Created || d.Kind == Updated) && d.State != Dead && d.State != Cancelled
}

// UpdateKey is the cause of the update that a late part asks for.
func (d Delivery) UpdateKey(p Part) string { return "delivery-update/" + d.ID + "/" + string(p) }

// Take claims the next attempt for one worker, for at most 60 s. It counts the attempt: whoever dies with it may have sent.
func (d Delivery) Take(claim string, lease time.Duration, now time.Time) (Delivery, error) {
	if d.State == Sending {
		return d, ErrClaimed
	}
	due := d.NextAt
	d, err := d.move(Sending)
	if err != nil {
		return d, err
	}
	if now.Before(due) {
		return d, ErrNotDue
	}
	d.Attempts++
	d.Claim, d.ClaimEnd, d.NextAt = claim, now.Add(min(lease, maxClaimTime)), time.Time{}
	return d, nil
}

// PutOff moves the next attempt behind a breaker or a busy destination. It uses no attempt.
func (d Delivery) PutOff(until time.Time) (Delivery, error) {
	if d.State != Scheduled && d.State != Retrying {
		return d, fmt.Errorf("put off a %s one: %w", d.State, ErrNotAllowed)
	}
	if until.After(d.NextAt) {
		d.NextAt = until
	}
	return d, nil
}

// Lost gives up an attempt whose worker's claim ended without a word.
func (d Delivery) Lost(jitter float64, now time.Time) (Delivery, error) {
	if d.State != Sending {
		return d, fmt.Errorf("give up a %s one: %w", d.State, ErrNotAllowed)
	}
	if now.Before(d.ClaimEnd) {
		return d, ErrClaimed
	}
	if !d.DeliveredAt.IsZero() {
		return d.accepted(Outcome{}, now)
	}
	return d.failed(Outcome{Class: ClaimLost, Retry: true}, jitter, now)
}

// Settle ends an attempt with what came of it. jitter is a random number in [0, 1). The worker of an attempt that was given
// up may still report its success; its failure is outdated.
func (d Delivery) Settle(claim string, o Outcome, jitter float64, now time.Time) (Delivery, error) {
	if d.Claim != claim || d.State != Sending && d.State != Retrying {
		return d, ErrOutdated
	}
	if o.OK || !d.DeliveredAt.IsZero() { // a failure after the letter was there is none
		return d.accepted(o, now)
	}
	if d.State != Sending {
		return d, ErrOutdated
	}
	return d.failed(o, jitter, now)
}

func (d Delivery) accepted(o Outcome, now time.Time) (Delivery, error) {
	d, err := d.move(Sent)
	if err != nil {
		return d, err
	}
	d.SentAt, d.FinishedAt, d.NextAt, d.ClaimEnd = now, now, time.Time{}, time.Time{}
	d.LastErrorClass = ""
	if o.ProviderMessageID != "" {
		d.ProviderMessageID = o.ProviderMessageID
	}
	if o.Reference != "" {
		d.ExternalReference = o.Reference
	}
	return d, nil
}

func (d Delivery) failed(o Outcome, jitter float64, now time.Time) (Delivery, error) {
	d.LastErrorClass = o.Class
	if !o.Retry {
		reason := o.Reason
		if reason == "" {
			reason = Permanent
		}
		return d.die(reason, now)
	}
	next, ok := d.Profile.Next(d.Attempts, jitter, o.RetryAfter, now)
	if !ok {
		return d.die(Exhausted, now)
	}
	d, err := d.move(Retrying)
	d.NextAt, d.ClaimEnd = next, time.Time{}
	return d, err
}

func (d Delivery) die(reason Reason, now time.Time) (Delivery, error) {
	d, err := d.move(Dead)
	if err != nil {
		return d, err
	}
	d.Reason, d.FinishedAt, d.NextAt, d.ClaimEnd = reason, now, time.Time{}, time.Time{}
	return d, nil
}

// Misconfigured ends a Delivery that cannot be rendered or whose output is missing, inactive or invalid: it is not
// retried, and nothing was sent.
func (d Delivery) Misconfigured(class Class, now time.Time) (Delivery, error) {
	if d.State == Waiting { // what cannot be sent need not be waited for
		d.State, d.Awaits = Scheduled, nil
	}
	if d.State == Sent {
		return d, fmt.Errorf("%s to %s: %w", d.State, Dead, ErrNotAllowed)
	}
	d.LastErrorClass = class
	return d.die(ConfigError, now)
}

// Returned tells of a mail that its recipient never got (bounced) or did not want (complained). It may be told of before
// the attempt's worker has written down that the mail service took it.
func (d Delivery) Returned(reason Reason, now time.Time) (Delivery, error) {
	if d.State != Sent && d.State != Sending || d.Channel != Email || reason != Bounced && reason != Complained {
		return d, fmt.Errorf("%s of a %s %s: %w", reason, d.State, d.Channel, ErrNotAllowed)
	}
	d.LastErrorClass = Class(reason)
	return d.die(reason, now)
}

// Reached notes that a mail is in its recipient's mailbox. Said of an attempt whose outcome is not known (yet), it is the
// outcome: the mail is not sent again.
func (d Delivery) Reached(providerID string, now time.Time) (Delivery, error) {
	if d.Channel != Email || d.State != Sent && d.State != Sending && d.State != Retrying {
		return d, fmt.Errorf("a %s %s was reached: %w", d.State, d.Channel, ErrNotAllowed)
	}
	d.DeliveredAt = now
	if d.State == Retrying {
		return d.accepted(Outcome{ProviderMessageID: providerID}, now)
	}
	return d, nil
}

// Cancel ends what has not begun. An attempt that is running cannot be called back: ErrClaimed, try after it.
func (d Delivery) Cancel(why string, now time.Time) (Delivery, error) {
	if d.State == Sending {
		return d, ErrClaimed
	}
	d, err := d.move(Cancelled)
	if err != nil {
		return d, err
	}
	d.Why, d.FinishedAt, d.NextAt = why, now, time.Time{}
	return d, nil
}

// Replay makes a new Delivery of a dead, sent or cancelled one. It keeps the message id, so that a receiver that has the
// message drops it, unless it is to be sent as new. It is due at once, whatever was waited for before.
func (d Delivery) Replay(o Order, asNew bool, now time.Time) (Delivery, error) {
	if !d.Final() {
		return Delivery{}, fmt.Errorf("replay a %s one: %w", d.State, ErrNotAllowed)
	}
	r := d
	r.ID, r.ConfigVersion, r.Destination, r.Profile, r.ReplayOf = o.ID, o.ConfigVersion, o.Destination, o.Profile, d.ID
	if asNew {
		r.MessageID, r.Sequence = o.MessageID, o.Sequence
	}
	r.State, r.Awaits, r.Partial, r.Deadline, r.Attempts, r.NextAt, r.Claim, r.ClaimEnd = Scheduled, nil, nil, time.Time{}, 0, now, "", time.Time{}
	r.PayloadHash, r.ProviderMessageID, r.LastErrorClass, r.Reason, r.Why = "", "", "", "", ""
	r.CreatedAt, r.SentAt, r.DeliveredAt, r.FinishedAt = now, time.Time{}, time.Time{}, time.Time{}
	return r, nil
}
