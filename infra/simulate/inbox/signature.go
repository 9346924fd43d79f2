package inbox

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// Secret is what a receiver was given to check signatures with.
type Secret struct {
	Path   string `json:"path"`   // the receiver's and all below it; "" all of them
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

// verify judges by the reference library, which is not what signed. There may be several signatures and several secrets
// while one rotates.
func verify(secrets []*standardwebhooks.Webhook, h http.Header, body []byte, now time.Time) Verdict {
	if h.Get(standardwebhooks.HeaderWebhookSignature) == "" {
		return Unsigned
	}
	if len(secrets) == 0 {
		return Unchecked
	}
	for _, secret := range secrets {
		if secret.VerifyIgnoringTimestamp(body, h) != nil {
			continue
		}
		// The library would look at this machine's clock; the stack has its own.
		at, err := strconv.ParseInt(h.Get(standardwebhooks.HeaderWebhookTimestamp), 10, 64)
		if err != nil || now.Sub(time.Unix(at, 0)).Abs() > tolerance {
			return Stale
		}
		return Valid
	}
	return Wrong
}

// secretsOf a receiver: those of its path and of a path above it. Called with b.mu held.
func (b *Inbox) secretsOf(path string) (list []*standardwebhooks.Webhook) {
	for _, s := range b.secrets {
		if s.Path != "" && path != s.Path && !strings.HasPrefix(path, s.Path+"/") {
			continue
		}
		if key, err := s.key(); err == nil {
			list = append(list, key)
		}
	}
	return list
}

func (s Secret) key() (*standardwebhooks.Webhook, error) {
	if s.Secret == "" || s.Secret == "whsec_" {
		return nil, errNoSecret
	}
	key, err := standardwebhooks.NewWebhook(s.Secret)
	if err != nil {
		return nil, errNoSecret
	}
	return key, nil
}

var errNoSecret = errors.New("secret: it is whsec_ and base64")

// Know gives receivers what they check signatures with, as a company's tool is given it when it is set up. Clear forgets it.
func (b *Inbox) Know(secrets ...Secret) error {
	for _, s := range secrets {
		if err := b.addSecret(s); err != nil {
			return err
		}
	}
	return nil
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
