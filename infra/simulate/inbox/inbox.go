// Package inbox is where everything ends that the local stack sends to people: letters as SES takes them or by SMTP, text
// messages, webhooks as a company's tool would receive them. Its one rule: what arrives is shown as it came, parsed by a
// library that is not the one that wrote it. It knows no sender.
package inbox

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// SMS is a text message.
type SMS struct {
	ID         string    `json:"id"`
	ReceivedAt time.Time `json:"received_at"`
	From       string    `json:"from"` // number or sender name; empty if the sender gave none
	To         string    `json:"to"`
	Text       string    `json:"text"`
}

// Messages is everything that arrived, in order.
type Messages struct {
	Mails    []Mail    `json:"mails"`
	SMS      []SMS     `json:"sms"`
	Webhooks []Webhook `json:"webhooks"`
}

// Inbox keeps what arrived. It is safe for concurrent use.
type Inbox struct {
	now     func() time.Time
	mu      sync.Mutex
	got     Messages
	faults  []*Fault
	secrets []Secret
	logins  map[string]string // password of a user
	number  int
	tickets int
}

// New makes an empty inbox on the stack's clock.
func New(now func() time.Time) *Inbox {
	return &Inbox{now: now, got: empty(), logins: map[string]string{}}
}

func empty() Messages { return Messages{Mails: []Mail{}, SMS: []SMS{}, Webhooks: []Webhook{}} }

// ReceiveSES takes a letter as SES's SendEmail (raw) hands it over: to are the destinations, whatever its header says.
// It returns the message id that SES would answer with, and what becomes of the letter: "" is delivered, else a fault's mode.
func (b *Inbox) ReceiveSES(from string, to []string, raw []byte) (id, fate string, err error) {
	return b.receiveMail(envelope{via: "ses", from: from, to: to}, raw)
}

// envelope is how a letter came.
type envelope struct {
	via, from string
	to        []string
	encrypted bool
	login     string
}

func (b *Inbox) receiveMail(e envelope, raw []byte) (id, fate string, err error) {
	if f := b.fault("mail", e.to...); f != nil {
		if f.Mode == "refuse" {
			return "", "", errRefused
		}
		fate = f.Mode
	}
	m, err := parse(raw)
	if err != nil {
		return "", "", fmt.Errorf("that is no letter: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	m.ID, m.ReceivedAt, m.Via, m.Sender, m.To = b.nextID(), b.now(), e.via, e.from, slices.Clone(e.to)
	m.Encrypted, m.Login = e.encrypted, e.login
	b.got.Mails = append(b.got.Mails, m)
	return m.ID, fate, nil
}

// ReceiveSMS takes a text message and returns the id that the service would answer with, and what becomes of it.
func (b *Inbox) ReceiveSMS(from, to, text string) (id, fate string, err error) {
	if f := b.fault("sms", to); f != nil {
		if f.Mode == "refuse" {
			return "", "", errRefused
		}
		fate = f.Mode
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	m := SMS{b.nextID(), b.now(), from, to, text}
	b.got.SMS = append(b.got.SMS, m)
	return m.ID, fate, nil
}

// errRefused is a fault's doing.
var errRefused = errors.New("the inbox was told to refuse this")

func (b *Inbox) nextID() string {
	b.number++
	return fmt.Sprintf("local-%06d", b.number)
}

// Messages returns what arrived. to narrows mails and text messages to a recipient, path webhooks to a receiver.
func (b *Inbox) Messages(to, path string) Messages {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := empty()
	is := func(address string) bool { return to == "" || strings.EqualFold(address, to) }
	for _, m := range b.got.Mails {
		if to == "" || slices.ContainsFunc(m.To, is) {
			out.Mails = append(out.Mails, m)
		}
	}
	for _, m := range b.got.SMS {
		if is(m.To) {
			out.SMS = append(out.SMS, m)
		}
	}
	for _, w := range b.got.Webhooks {
		if path == "" || w.Path == path {
			out.Webhooks = append(out.Webhooks, w)
		}
	}
	return out
}

// Clear forgets everything, faults, logins and receivers' secrets too.
func (b *Inbox) Clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.got, b.faults, b.secrets = empty(), nil, nil
	clear(b.logins)
}
