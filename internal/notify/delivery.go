package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// Status of a delivery (§16). Sent, Delivered, Cancelled and Bounced are ends; Failed is one until somebody asks again.
type Status string

// The states a delivery has.
const (
	Waiting    Status = "pending" // for its next attempt
	Processing Status = "processing"
	Sent       Status = "sent"      // the provider has it
	Delivered  Status = "delivered" // the reader's mailbox has it, as far as the provider tells
	Failed     Status = "failed"    // in all attempts
	Overtaken  Status = "cancelled" // what it would have told is no longer true
	Bounced    Status = "bounced"   // the address takes nothing
)

// Ends are the states after which nothing is sent any more.
var Ends = []Status{Sent, Delivered, Overtaken, Bounced}

// Delivery is what becomes of one message: one record beside what it is about, once per event, version, channel and
// recipient. It holds no address and no text.
type Delivery struct {
	Kind       ledger.Kind `json:"-"`
	About      string      `json:"-"` // the aggregate's id
	Event      Event       `json:"event"`
	Version    string      `json:"version"` // of what is told
	Channel    Channel     `json:"channel"` // as it was chosen
	Recipient  string      `json:"recipient"`
	Status     Status      `json:"status"`
	Via        Channel     `json:"via,omitempty"` // as it went at last: the channel or its fallback
	ProviderID string      `json:"provider_id,omitempty"`
	// CostMicroUSD is what a text message cost, in millionths of a US dollar, as its provider says afterwards.
	CostMicroUSD int64     `json:"cost_micro_usd,omitempty"`
	Returned     []Channel `json:"returned,omitempty"` // the ways by which it came back
	Told         *Told     `json:"told,omitempty"`     // while it may come back and has another way
	Tries        int       `json:"tries"`
	Failures     int       `json:"failures"`
	CreatedAt    time.Time `json:"created_at"`
	UpdatedAt    time.Time `json:"updated_at"`
	// Until is when the next attempt may begin: the end of a running one's lease, or of the pause after a failed one.
	Until time.Time `json:"until,omitzero"`
}

// Name of the delivery within what it is about.
func (d Delivery) Name() string {
	return strings.Join([]string{string(d.Event), d.Version, string(d.Channel), d.Recipient}, "#")
}

// Key is what makes the message one, for providers: a second sending carries the same.
func (d Delivery) Key() string { return string(d.Kind) + "/" + d.About + "/" + d.Name() }

// Letter is a mail, complete. Ref is what a receipt of it shall name; empty: nobody waits for one. Server is the company's
// own mail server, which gives none; nil: ours.
type Letter struct {
	Key      string
	Ref      string
	Server   *company.SMTPServer
	To       string
	FromName string
	ReplyTo  string
	Subject  string
	Text     string
	HTML     string
	Invite   *Invite
	Files    []File
}

// File goes with a letter.
type File struct {
	Name string
	Type string // application/json
	Body []byte
}

// Text is a text message, in the alphabet of package gsm and short enough for one. From is what it shows as its sender, Ref
// what a receipt of it names.
type Text struct {
	Key  string
	Ref  string
	From string
	To   string
	Body string
}

// Mailer hands a letter to a mail server. Its Message-ID is made of Key: a second sending carries the same.
type Mailer interface {
	SendLetter(ctx context.Context, t tenant.ID, l Letter) (providerID string, err error)
}

// Texter hands a text message to a provider.
type Texter interface {
	SendText(ctx context.Context, t tenant.ID, m Text) (providerID string, err error)
}

// ErrAddress says that an address takes nothing and never will: there is no such mailbox, or its owner wants no messages.
var ErrAddress = errors.New("the address takes no messages")

const (
	lease      = 60 * time.Second // of one attempt
	sendWithin = 25 * time.Second // by one channel; two fit into an attempt
	// fallsBackAfter so many failures of a channel the message goes by the other.
	fallsBackAfter = 2
)

// pauses before another attempt (§16).
var pauses = []time.Duration{60 * time.Second, 300 * time.Second, 900 * time.Second}

// message is one message to one reader, written for every way to them.
type message struct {
	Delivery
	ways    []way
	retries int    // after the first attempt
	letter  Letter // without address and key
	body    string // of a text message
	sender  string // of a text message
	// A channel whose message a template of the company was to make, and could not, has its reason here.
	unwritten map[Channel]error
}

// way of the next sending: the first two go by the channel that was chosen, the next two by its fallback, and so on.
func (m message) way(failures int) way {
	return m.ways[failures/fallsBackAfter%len(m.ways)]
}

// outcome of an attempt: the pause until it should be asked for again; zero: it is done. busy: it was not ours to make.
type outcome struct {
	again time.Duration
	busy  bool
}

// attempt sends a message unless that was done.
func (n *Notifier) attempt(ctx context.Context, t tenant.ID, m message) (outcome, error) {
	d, err := n.Store.ClaimDelivery(ctx, t, m.Delivery, lease)
	switch {
	case errors.Is(err, n.Done):
		return outcome{}, nil
	case errors.Is(err, n.Busy): // somebody is at it, or its pause is not over
		return outcome{max(d.Until.Sub(n.Now()), time.Second), true}, nil
	case err != nil:
		return outcome{}, err
	}
	m.ways = slices.DeleteFunc(slices.Clone(m.ways), func(w way) bool { return slices.Contains(d.Returned, w.channel) })
	if len(m.ways) == 0 {
		return outcome{}, n.bounced(ctx, t, d, "it came back from each address")
	}
	for {
		w := m.way(d.Failures)
		d.Via = w.channel
		d.ProviderID, err = n.hand(ctx, t, m, w)
		if err == nil {
			d.Status, d.Until = Sent, time.Time{}
			return outcome{}, n.Store.SaveDelivery(ctx, t, d)
		}
		if errors.Is(err, errTemplate) { // no pause makes it better, no other channel has failed, and no other text takes its place
			return outcome{}, n.giveUp(ctx, t, d, err, AlarmTemplate, d.Tries == 1)
		}
		d.Failures++
		if errors.Is(err, ErrAddress) {
			if len(m.ways) == 1 {
				return outcome{}, n.bounced(ctx, t, d, "its address takes no messages")
			}
			d.Failures = (d.Failures/fallsBackAfter + 1) * fallsBackAfter // asking the same address again is of no use
		}
		if d.Failures != fallsBackAfter || len(m.ways) == 1 {
			break
		}
	}
	if d.Tries > m.retries {
		return outcome{}, n.giveUp(ctx, t, d, err, AlarmMailFailed, d.Tries == m.retries+1)
	}
	pause := pauses[max(d.Tries, 1)-1]
	d.Status, d.Until = Waiting, n.Now().Add(pause)
	return outcome{again: pause}, n.Store.SaveDelivery(ctx, t, d)
}

// bounced ends a delivery whose reader cannot be reached.
func (n *Notifier) bounced(ctx context.Context, t tenant.ID, d Delivery, why string) error {
	n.Skipped(ctx, t.String(), d.Event, d.Recipient, why)
	d.Status, d.Until = Bounced, time.Time{}
	return n.Store.SaveDelivery(ctx, t, d)
}

// giveUp ends a delivery that failed; first: nobody was told of it yet.
func (n *Notifier) giveUp(ctx context.Context, t tenant.ID, d Delivery, why error, alarm string, first bool) error {
	if first {
		n.Alarm(ctx, alarm, t.String())
	}
	d.Status, d.Until = Failed, n.Now()
	return errors.Join(fmt.Errorf("%s: %w after %d attempts: %w", d.Event, errGivenUp, d.Tries, why), n.Store.SaveDelivery(ctx, t, d))
}

var (
	errGivenUp  = errors.New("given up")
	errTemplate = errors.New("the company's template cannot be filled")
)

// hand gives a message to its provider.
func (n *Notifier) hand(ctx context.Context, t tenant.ID, m message, w way) (string, error) {
	within, cancel := context.WithTimeout(ctx, sendWithin)
	defer cancel()
	if err := m.unwritten[w.channel]; err != nil {
		return "", err
	}
	if w.channel == SMS {
		return n.Texts.SendText(within, t, Text{Key: m.Key(), Ref: m.Key(), From: m.sender, To: w.address, Body: m.body})
	}
	l := m.letter
	l.Key, l.Ref, l.To = m.Key(), m.Key(), w.address
	if l.Invite != nil {
		invite := *l.Invite
		invite.Attendee, l.Invite = w.address, &invite
	}
	return n.Mail.SendLetter(within, t, l)
}
