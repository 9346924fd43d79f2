// Package signing keeps the rings that sign outgoing messages. Its one rule: a secret lies sealed, is shown once, and a
// ring with two secrets signs with both until its time is over. Until somebody rotates, the secret is the one that the
// configuration refers to. It knows no message and no table.
package signing

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/seal"
	"github.com/askpro/gateway/internal/tenant"
	"github.com/askpro/gateway/internal/webhook"
)

// Record is a ring as it lies in the table: its secrets are sealed.
type Record struct {
	ID           string    `json:"id"` // the output's or endpoint's
	Current      string    `json:"current"`
	Previous     string    `json:"previous,omitempty"`
	Until        time.Time `json:"until,omitzero"`
	CurrentUsed  time.Time `json:"current_used,omitzero"`
	PreviousUsed time.Time `json:"previous_used,omitzero"`
	Rotations    int       `json:"rotations"` // and revocations: the sequence of their events
	Version      int       `json:"-"`
}

// Store keeps rings. SaveRing writes over the version that was read, with the event in the same step; a *ledger.Conflict on
// "ring" when somebody was faster. UseRing notes a use unless one was noted since before.
type Store interface {
	Ring(ctx context.Context, t tenant.ID, id string) (Record, bool, error)
	SaveRing(ctx context.Context, t tenant.ID, r *Record, e event.EndpointSecretRotated) error
	UseRing(ctx context.Context, t tenant.ID, id string, both bool, at, before time.Time) error
}

// Secrets resolves references to secrets; those without a value are left out.
type Secrets interface {
	Get(ctx context.Context, refs ...string) ([]string, error)
}

// How long a ring is remembered, and how exactly it is known when a secret was last used. A ring that another process
// rotated is seen after rememberFor: until then messages verify with the old secret alone, which is still valid.
const (
	rememberFor = time.Minute
	noteEvery   = time.Hour
	mostRings   = 1000
	purpose     = "signing secret"
)

// Rings of all companies.
type Rings struct {
	Store   Store
	Secrets Secrets
	Keys    []string  // references of sealing keys: the first one seals, all of them open
	Random  io.Reader // crypto/rand's
	Now     func() time.Time

	mu    sync.Mutex
	known map[whose]remembered
}

type whose struct {
	company tenant.ID
	id, ref string
}

type remembered struct {
	ring   webhook.Ring
	stored bool
	till   time.Time
	noted  time.Time
}

// Ring of an output or endpoint, as old as a minute. ref is what the configuration refers to; the zero Ring signs nothing.
func (r *Rings) Ring(ctx context.Context, t tenant.ID, id, ref string) (webhook.Ring, error) {
	now := r.Now()
	at := whose{t, id, ref}
	r.mu.Lock()
	x, ok := r.known[at]
	r.mu.Unlock()
	if ok && now.Before(x.till) {
		return x.ring, nil
	}
	ring, record, err := r.read(ctx, t, id, ref)
	if err != nil {
		return webhook.Ring{}, err
	}
	r.remember(at, remembered{ring: ring, stored: record.Version > 0, till: now.Add(rememberFor), noted: ring.CurrentUsed})
	return ring, nil
}

func (r *Rings) remember(at whose, x remembered) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil || len(r.known) >= mostRings {
		r.known = map[whose]remembered{}
	}
	r.known[at] = x
}

// read opens a ring as it is now.
func (r *Rings) read(ctx context.Context, t tenant.ID, id, ref string) (ring webhook.Ring, record Record, err error) {
	record, ok, err := r.Store.Ring(ctx, t, id)
	if err != nil {
		return ring, record, fmt.Errorf("ring of %s: %w", id, err)
	}
	if !ok {
		record = Record{ID: id}
		ring.Current, err = r.referred(ctx, ref)
		return ring, record, err
	}
	box, err := r.box(ctx)
	if err != nil {
		return ring, record, err
	}
	ring = webhook.Ring{Until: record.Until, CurrentUsed: record.CurrentUsed, PreviousUsed: record.PreviousUsed}
	for _, x := range []struct {
		sealed string
		to     *webhook.Secret
	}{{record.Current, &ring.Current}, {record.Previous, &ring.Previous}} {
		if x.sealed == "" {
			continue
		}
		plain, err := box.Open(x.sealed, about(t, id))
		if err != nil {
			return webhook.Ring{}, record, fmt.Errorf("ring of %s: %w", id, err)
		}
		if *x.to, err = webhook.ParseSecret(string(plain)); err != nil {
			return webhook.Ring{}, record, fmt.Errorf("ring of %s: %w", id, err)
		}
	}
	return ring, record, nil
}

func (r *Rings) referred(ctx context.Context, ref string) (webhook.Secret, error) {
	if ref == "" {
		return webhook.Secret{}, nil
	}
	values, err := r.Secrets.Get(ctx, ref)
	if err != nil {
		return webhook.Secret{}, fmt.Errorf("signing secret: %w", err)
	}
	return webhook.ParseSecret(values[0])
}

func (r *Rings) box(ctx context.Context) (*seal.Box, error) {
	values, err := r.Secrets.Get(ctx, r.Keys...)
	if err != nil {
		return nil, fmt.Errorf("sealing key: %w", err)
	}
	keys := make([]seal.Key, len(values))
	for i, v := range values {
		if keys[i], err = seal.ParseKey(v); err != nil {
			return nil, err
		}
	}
	return seal.NewBox(keys...)
}

func about(t tenant.ID, id string) seal.About {
	return seal.About{Company: t, Purpose: purpose, ID: id}
}

// Rotate puts a new secret beside the old one for a window (zero: 24 h) and returns the new one, to be shown once. The first
// secret of something that had none is made in the same way. webhook.ErrRotating while another rotation is under way, also
// one that somebody began at the same moment.
func (r *Rings) Rotate(ctx context.Context, t tenant.ID, id, ref string, window time.Duration, by event.Actor) (webhook.Secret, error) {
	now := r.Now()
	ring, record, err := r.read(ctx, t, id, ref)
	if err != nil {
		return webhook.Secret{}, err
	}
	next, err := webhook.NewSecret(r.Random)
	if err != nil {
		return webhook.Secret{}, err
	}
	if ring, err = ring.Rotate(next, window, now); err != nil {
		return webhook.Secret{}, err
	}
	if err = r.save(ctx, t, ring, &record, by); err != nil {
		if ledger.ConflictOn(err, "ring") {
			return webhook.Secret{}, webhook.ErrRotating
		}
		return webhook.Secret{}, fmt.Errorf("rotate the secret of %s: %w", id, err)
	}
	r.forget(t, id)
	return next, nil
}

// Revoke ends the old secret before its time; nothing happens where there is none.
func (r *Rings) Revoke(ctx context.Context, t tenant.ID, id string, by event.Actor) error {
	ring, record, err := r.read(ctx, t, id, "")
	if err != nil || !ring.Rotating(r.Now()) {
		return err
	}
	if err := r.save(ctx, t, ring.Revoke(), &record, by); err != nil {
		return fmt.Errorf("revoke the old secret of %s: %w", id, err)
	}
	r.forget(t, id)
	return nil
}

func (r *Rings) save(ctx context.Context, t tenant.ID, ring webhook.Ring, record *Record, by event.Actor) error {
	box, err := r.box(ctx)
	if err != nil {
		return err
	}
	now := r.Now()
	next := Record{
		ID: record.ID, Until: ring.Until, CurrentUsed: ring.CurrentUsed, PreviousUsed: ring.PreviousUsed,
		Rotations: record.Rotations + 1, Version: record.Version,
	}
	for _, x := range []struct {
		secret webhook.Secret
		to     *string
	}{{ring.Current, &next.Current}, {ring.Previous, &next.Previous}} {
		if x.secret.IsZero() {
			continue
		}
		if *x.to, err = box.Seal(r.Random, []byte(x.secret.Reveal()), about(t, record.ID)); err != nil {
			return err
		}
	}
	head := event.Head{ID: ident.New(now), CompanyID: t.String(), At: now, Sequence: next.Rotations}
	told := event.EndpointSecretRotated{Head: head, EndpointID: record.ID, Until: ring.Until, Revoked: ring.Previous.IsZero() && record.Previous != "", Actor: by}
	return r.Store.SaveRing(ctx, t, &next, told)
}

func (r *Rings) forget(t tenant.ID, id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for at := range r.known {
		if at.company == t && at.id == id {
			delete(r.known, at)
		}
	}
}

// Look is what people may see of a ring.
type Look struct {
	CurrentLast4, PreviousLast4 string // empty: there is none
	Until                       time.Time
	CurrentUsed, PreviousUsed   time.Time // to the hour; zero: not since the rotation, or never rotated
}

// Look shows a ring as it is now.
func (r *Rings) Look(ctx context.Context, t tenant.ID, id, ref string) (Look, error) {
	ring, _, err := r.read(ctx, t, id, ref)
	if err != nil {
		return Look{}, err
	}
	look := Look{CurrentUsed: ring.CurrentUsed}
	if !ring.Current.IsZero() {
		look.CurrentLast4 = ring.Current.Last4()
	}
	if ring.Rotating(r.Now()) {
		look.PreviousLast4, look.Until, look.PreviousUsed = ring.Previous.Last4(), ring.Until, ring.PreviousUsed
	}
	return look, nil
}

// Used notes that a message went out, at most once an hour for a ring. It is never in the way: whoever calls it has sent
// already, so that an error is only worth a line in the log.
func (r *Rings) Used(ctx context.Context, t tenant.ID, id, ref string) error {
	now := r.Now()
	at := whose{t, id, ref}
	r.mu.Lock()
	x, ok := r.known[at]
	due := ok && x.stored && now.Sub(x.noted) >= noteEvery
	if due {
		x.noted = now
		r.known[at] = x
	}
	r.mu.Unlock()
	if !due {
		return nil
	}
	err := r.Store.UseRing(ctx, t, id, x.ring.Rotating(now), now, now.Add(-noteEvery))
	if err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("note the use of a secret: %w", err)
	}
	return nil
}
