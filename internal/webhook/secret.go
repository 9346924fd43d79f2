// Package webhook makes the envelope of an outgoing message: headers, credentials and a signature after Standard Webhooks
// 1.0 (https://www.standardwebhooks.com). Its one rule: during a rotation every message verifies with the old secret and
// with the new one. It sends nothing and stores nothing; who keeps a Ring encrypts it.
package webhook

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Secret of an endpoint or output. Printing it shows only its last characters.
type Secret struct{ text string }

const (
	prefix    = "whsec_"
	newLength = 32
	minLength = 24 // the standard asks for 24 to 64 bytes
	maxLength = 64
)

// ErrSecret says that a text is no secret of the standard.
var ErrSecret = errors.New("a secret is whsec_ and 24 to 64 bytes in base64")

// NewSecret makes one of 32 random bytes.
func NewSecret(random io.Reader) (Secret, error) {
	b := make([]byte, newLength)
	if _, err := io.ReadFull(random, b); err != nil {
		return Secret{}, fmt.Errorf("make a secret: %w", err)
	}
	return Secret{prefix + base64.StdEncoding.EncodeToString(b)}, nil
}

// ParseSecret reads one that was shown once.
func ParseSecret(text string) (Secret, error) {
	encoded, ok := strings.CutPrefix(text, prefix)
	key, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if !ok || err != nil || len(key) < minLength || len(key) > maxLength || strings.ContainsAny(encoded, "\r\n") {
		return Secret{}, ErrSecret
	}
	return Secret{text}, nil
}

// Reveal is the secret itself: for storing it encrypted and for showing it once.
func (s Secret) Reveal() string { return s.text }

// IsZero tells that there is none.
func (s Secret) IsZero() bool { return s.text == "" }

// Last4 is what may be shown later.
func (s Secret) Last4() string {
	bare := strings.TrimRight(s.text, "=")
	return bare[max(0, len(bare)-4):]
}

// String hides it, also in logs that print a whole struct.
func (s Secret) String() string {
	if s.IsZero() {
		return "no secret"
	}
	return prefix + "…" + s.Last4()
}

// GoString hides it from %#v.
func (s Secret) GoString() string { return s.String() }

// The window of a rotation.
const (
	DefaultWindow = 24 * time.Hour
	minWindow     = time.Hour
	maxWindow     = 72 * time.Hour
)

// What a rotation refuses.
var (
	ErrRotating = errors.New("a rotation is under way: both secrets are valid until it ends or the old one is revoked")
	ErrWindow   = errors.New("old and new secret are valid together for 1 to 72 hours")
)

// Ring is what signs: one secret, or two while a rotation is under way. The zero value signs nothing.
type Ring struct {
	Current  Secret
	Previous Secret
	Until    time.Time // when Previous ends
	// When each was last used, for people who wait for the old one to fall silent.
	CurrentUsed, PreviousUsed time.Time
}

// Rotate puts a new secret beside the old one for the window (zero: 24 h). ErrRotating while another rotation is under way.
func (r Ring) Rotate(next Secret, window time.Duration, now time.Time) (Ring, error) {
	if window == 0 {
		window = DefaultWindow
	}
	switch {
	case window < minWindow || window > maxWindow:
		return r, ErrWindow
	case r.Rotating(now):
		return r, ErrRotating
	case r.Current.IsZero():
		return Ring{Current: next}, nil
	}
	return Ring{Current: next, Previous: r.Current, Until: now.Add(window), PreviousUsed: r.CurrentUsed}, nil
}

// Rotating tells whether two secrets sign.
func (r Ring) Rotating(now time.Time) bool { return !r.Previous.IsZero() && now.Before(r.Until) }

// Revoke ends the old secret before its time.
func (r Ring) Revoke() Ring {
	return Ring{Current: r.Current, CurrentUsed: r.CurrentUsed}
}

// Signing lists the secrets that sign now, the new one first.
func (r Ring) Signing(now time.Time) []Secret {
	switch {
	case r.Current.IsZero():
		return nil
	case r.Rotating(now):
		return []Secret{r.Current, r.Previous}
	}
	return []Secret{r.Current}
}

// Used notes that a message went out now.
func (r Ring) Used(now time.Time) Ring {
	if !r.Current.IsZero() {
		r.CurrentUsed = now
	}
	if r.Rotating(now) {
		r.PreviousUsed = now
	}
	return r
}

// legacy is the secret of the one-signature header: the old one until its end, because a receiver that knows only that
// header cannot verify two. Who changed over ends it early with Revoke.
func (r Ring) legacy(now time.Time) Secret {
	if r.Rotating(now) {
		return r.Previous
	}
	return r.Current
}
