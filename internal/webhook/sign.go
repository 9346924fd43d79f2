package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// Sign makes the value of webhook-signature: one signature per secret, each over id, seconds and the raw body. The HMAC is
// the reference library's; it judges no secret's length and knows no rotation, that is done here.
func Sign(secrets []Secret, id string, at time.Time, body []byte) (string, error) {
	signatures := make([]string, len(secrets))
	for i, s := range secrets {
		w, err := standard.NewWebhook(s.text)
		if err != nil {
			return "", ErrSecret // not the library's words, which may quote it
		}
		if signatures[i], err = w.Sign(id, at, body); err != nil {
			return "", fmt.Errorf("sign: %w", err)
		}
	}
	return strings.Join(signatures, " "), nil
}

// legacySignature is what X-Signature has always been: the HMAC of the body alone, keyed with the secret as it was shown.
func legacySignature(s Secret, body []byte) string {
	h := hmac.New(sha256.New, []byte(s.text))
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}
