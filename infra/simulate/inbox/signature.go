package inbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Secret is what a receiver was given to check signatures with.
type Secret struct {
	Path   string `json:"path"`   // the receiver's, behind /receive; "" all of them
	Secret string `json:"secret"` // whsec_<base64>
}

// Verdict is what a receiver finds of a webhook's signature by Standard Webhooks 1.0.
type Verdict string

// The verdicts.
const (
	Unsigned  Verdict = "unsigned"  // it has no webhook-signature
	Unchecked Verdict = "unchecked" // it has one, but the receiver has no secret (POST /_sim/secrets)
	Valid     Verdict = "valid"
	Wrong     Verdict = "wrong" // none of its signatures is by one of the secrets
	Stale     Verdict = "stale" // signed rightly, but more than tolerance from the stack's time
)

// tolerance is how old or early a webhook-timestamp may be.
const tolerance = 5 * time.Minute

// verify judges "v1,<base64 HMAC-SHA256 of id.timestamp.body>", of which there may be several while a secret rotates.
func verify(secrets [][]byte, h http.Header, body []byte, now time.Time) Verdict {
	given := strings.Fields(h.Get("Webhook-Signature"))
	if len(given) == 0 {
		return Unsigned
	}
	if len(secrets) == 0 {
		return Unchecked
	}
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(h.Get("Webhook-Id") + "." + h.Get("Webhook-Timestamp") + "."))
		mac.Write(body)
		want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
		for _, signature := range given {
			if !hmac.Equal([]byte(signature), []byte(want)) {
				continue
			}
			at, err := strconv.ParseInt(h.Get("Webhook-Timestamp"), 10, 64)
			if err != nil || now.Sub(time.Unix(at, 0)).Abs() > tolerance {
				return Stale
			}
			return Valid
		}
	}
	return Wrong
}

// secretsOf a receiver, decoded. Called with b.mu held.
func (b *Inbox) secretsOf(path string) (list [][]byte) {
	for _, s := range b.secrets {
		if key, err := s.key(); err == nil && (s.Path == "" || s.Path == path) {
			list = append(list, key)
		}
	}
	return list
}

func (s Secret) key() ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(s.Secret, "whsec_"))
	if err != nil || len(key) == 0 {
		return nil, errors.New("secret: it is whsec_ and base64")
	}
	return key, nil
}

func (b *Inbox) addSecret(s Secret) error {
	if _, err := s.key(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.secrets = append(b.secrets, s)
	return nil
}
