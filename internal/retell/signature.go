// Package retell speaks Retell's wire format: signatures, events, tool calls, the inbound webhook. Its one rule: bodies
// are read tolerantly, because fields are missing, null or of unknown values every day, but never believed beyond their
// signature. It knows no HTTP server and no table.
package retell

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Header carries the signature.
const Header = "X-Retell-Signature"

// fresh is how far a signature's time may be from ours, both ways, inclusive.
const fresh = 300_000 // ms

// Verify tells whether one of the keys signed the body: hex(HMAC-SHA256(key, body ++ decimal unix ms)), in the form
// "v=<ms>,d=<64 lower-case hex>". No other format is accepted; an empty key never signs.
func Verify(keys []string, body []byte, h http.Header, now time.Time) bool {
	if len(h.Values(Header)) != 1 {
		return false
	}
	stamp, digest, ok := split(h.Get(Header))
	if !ok {
		return false
	}
	at, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return false
	}
	if d := now.UnixMilli() - at; d > fresh || d < -fresh {
		return false
	}
	valid := false
	for _, key := range keys {
		if key != "" && hmac.Equal(sum(key, body, stamp), digest) {
			valid = true // all keys are tried, so that the time tells nothing
		}
	}
	return valid
}

// Sign makes the header's value, as Retell would.
func Sign(key string, body []byte, now time.Time) string {
	stamp := strconv.FormatInt(now.UnixMilli(), 10)
	return "v=" + stamp + ",d=" + hex.EncodeToString(sum(key, body, stamp))
}

func sum(key string, body []byte, stamp string) []byte {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write(body)
	mac.Write([]byte(stamp))
	return mac.Sum(nil)
}

// split reads the header anchored: 10 to 16 digits without a leading zero, 64 lower-case hex digits, nothing else.
func split(header string) (stamp string, digest []byte, ok bool) {
	rest, ok := strings.CutPrefix(header, "v=")
	if !ok {
		return "", nil, false
	}
	stamp, rest, ok = strings.Cut(rest, ",d=")
	if !ok || len(stamp) < 10 || len(stamp) > 16 || stamp[0] == '0' || strings.Trim(stamp, "0123456789") != "" {
		return "", nil, false
	}
	if len(rest) != 64 || strings.Trim(rest, "0123456789abcdef") != "" {
		return "", nil, false
	}
	digest, err := hex.DecodeString(rest)
	return stamp, digest, err == nil
}
