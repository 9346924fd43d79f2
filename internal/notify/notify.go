package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/callback"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/tenant"
)

// Store is what notify asks of the table. ClaimOnce gives ErrDone when the letter was sent before, and ErrBusy while
// somebody else is sending it.
type Store interface {
	Config(ctx context.Context, t tenant.ID) (*company.Config, error)
	Appointment(ctx context.Context, t tenant.ID, id string) (booking.Appointment, bool, error)
	Callback(ctx context.Context, t tenant.ID, id string) (callback.Request, bool, error)
	Call(ctx context.Context, t tenant.ID, callID string) (call.Call, bool, error)
	ClaimOnce(ctx context.Context, t tenant.ID, name string, lease time.Duration) error
	SealOnce(ctx context.Context, t tenant.ID, name, result string) error
	FreeOnce(ctx context.Context, t tenant.ID, name string) error
}

// Mailer hands a letter to a mail service. ID makes its Message-ID: a second sending carries the same.
type Mailer interface {
	Send(ctx context.Context, t tenant.ID, m Message) (providerID string, err error)
}

// Notifier sends the letters that a fact asks for.
type Notifier struct {
	Store Store
	Mail  Mailer
	// Done and Busy are the store's words for "sent before" and "somebody is at it".
	Done, Busy error
	// Placeholder tells addresses that only exist in requests to Cal.com: never mailed.
	Placeholder func(address string) bool
	Alarm       func(ctx context.Context, name, company string)
}

// AlarmMailFailed: a letter could not be sent in all its tries.
const AlarmMailFailed = "mail_failed"

const (
	lease      = 60 * time.Second // of one sending
	sendWithin = 20 * time.Second
)

// tries are the pauses before another try (§16).
var tries = []time.Duration{60 * time.Second, 300 * time.Second, 900 * time.Second}

// Again says when the same fact should be handed in once more; zero: never.
type Again struct{ After time.Duration }

// Handle sends what an event asks for. attempt counts from 0; a letter that fails is tried again later, the ones that
// went out are not repeated.
func (n *Notifier) Handle(ctx context.Context, t tenant.ID, name string, detail []byte, attempt int) (Again, error) {
	messages, err := n.messages(ctx, t, name, detail)
	if err != nil {
		return Again{}, err
	}
	var failed error
	for _, m := range messages {
		if m.To == "" || n.Placeholder(m.To) {
			continue // no address, no letter, and no failure
		}
		if err := n.send(ctx, t, m); err != nil {
			failed = errors.Join(failed, err)
		}
	}
	if failed == nil {
		return Again{}, nil
	}
	if attempt >= len(tries) {
		n.Alarm(ctx, AlarmMailFailed, t.String())
		return Again{}, fmt.Errorf("%s: given up after %d tries: %w", name, attempt+1, failed)
	}
	return Again{After: tries[attempt]}, nil
}

func (n *Notifier) send(ctx context.Context, t tenant.ID, m Message) error {
	err := n.Store.ClaimOnce(ctx, t, m.Key, lease)
	if errors.Is(err, n.Done) {
		return nil
	}
	if err != nil {
		return err // somebody is at it, or the table is down: later
	}
	within, cancel := context.WithTimeout(ctx, sendWithin)
	defer cancel()
	id, err := n.Mail.Send(within, t, m)
	if err != nil {
		if freeErr := n.Store.FreeOnce(ctx, t, m.Key); freeErr != nil {
			return errors.Join(err, freeErr)
		}
		return err
	}
	return n.Store.SealOnce(ctx, t, m.Key, id)
}

// messages are the letters of an event, written from what stands in the table now: a fact that was overtaken is not told.
func (n *Notifier) messages(ctx context.Context, t tenant.ID, name string, detail []byte) ([]Message, error) {
	config, err := n.Store.Config(ctx, t)
	if err != nil {
		return nil, err
	}
	switch name {
	case event.AppointmentConfirmed{}.Name():
		var e event.AppointmentConfirmed
		x, ok, err := n.about(ctx, t, config, detail, &e, func() string { return e.AppointmentID })
		if err != nil || !ok || x.a.Status != booking.Confirmed || x.a.Sequence != e.Version || e.Quiet {
			return nil, err
		}
		list := []Message{x.toBranch()}
		if config.Company.ConfirmationBy != "calcom" { // never both
			list = append(list, x.confirmation())
		}
		return list, nil
	case event.AppointmentCancelled{}.Name():
		var e event.AppointmentCancelled
		x, ok, err := n.about(ctx, t, config, detail, &e, func() string { return e.AppointmentID })
		if err != nil || !ok || x.a.Status != booking.Cancelled {
			return nil, err
		}
		if config.Company.ConfirmationBy == "calcom" && e.By != "system" {
			return nil, nil
		}
		return []Message{x.cancellation(e.By)}, nil
	case event.CallbackRequested{}.Name():
		var e event.CallbackRequested
		if err := json.Unmarshal(detail, &e); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		r, ok, err := n.Store.Callback(ctx, t, e.CallbackID)
		if err != nil || !ok {
			return nil, err
		}
		b, ok := config.Branch(r.BranchID)
		if !ok {
			return nil, nil
		}
		return []Message{ringBack(config, b, r)}, nil
	case event.WishUnfulfilled{}.Name():
		var e event.WishUnfulfilled
		if err := json.Unmarshal(detail, &e); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		c, ok, err := n.Store.Call(ctx, t, e.CallID)
		b, found := config.Branch(c.BranchID)
		if err != nil || !ok || !found || c.Unfulfilled == nil {
			return nil, err
		}
		return []Message{inVain(config, b, c)}, nil
	}
	return nil, fmt.Errorf("no letter is known for %s: take the rule away or write one", name)
}

func (n *Notifier) about(ctx context.Context, t tenant.ID, config *company.Config, detail []byte, e any, id func() string) (about, bool, error) {
	if err := json.Unmarshal(detail, e); err != nil {
		return about{}, false, fmt.Errorf("read the event: %w", err)
	}
	a, ok, err := n.Store.Appointment(ctx, t, id())
	if err != nil || !ok {
		return about{}, false, err
	}
	x := about{config: config, a: a}
	x.branch, _ = config.Branch(a.BranchID)
	x.service, _ = config.Service(a.ServiceID)
	x.staff, _ = config.Person(a.StaffID)
	return x, true, nil
}

// IsPlaceholder tells addresses that are never mailed: ours for Cal.com, and those Cal.com makes up from numbers.
func IsPlaceholder(domain string) func(string) bool {
	return func(address string) bool {
		address = strings.ToLower(address)
		return strings.HasSuffix(address, "@"+strings.ToLower(domain)) || strings.HasSuffix(address, "@sms.cal.com")
	}
}
