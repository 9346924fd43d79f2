// Package proof makes texts that prove themselves, with nothing stored: some bytes and their HMAC-SHA256, in base64url. Its
// one rule: nobody without our key can make one, and one kind of text is never taken for another (its label is signed, too).
// It knows nothing of what the bytes say.
package proof

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
)

// ErrForged says that a text was not made with any of the keys.
var ErrForged = errors.New("that is no link of ours")

// ErrNoKey refuses keys that could be guessed.
var ErrNoKey = errors.New("the key has less than 32 bytes: store a long random text")

const (
	minKey  = 32
	macSize = 16 // bytes of the HMAC: 128 bits cannot be guessed (RFC 2104 §5)
)

// Seal writes bytes and their proof. label parts these signatures from whatever else a key might sign.
func Seal(key []byte, label string, b []byte) (string, error) {
	if len(key) < minKey {
		return "", ErrNoKey
	}
	return base64.RawURLEncoding.EncodeToString(append(b[:len(b):len(b)], mac(key, label, b)...)), nil
}

// Open gives the bytes, size of them; keys are all that are valid while one is exchanged for another.
func Open(text, label string, size int, keys ...[]byte) ([]byte, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != size+macSize || strings.ContainsAny(text, "\r\n") { // base64 skips line ends: one proof would have many texts
		return nil, ErrForged
	}
	said, given := b[:size], b[size:]
	for _, key := range keys {
		if len(key) >= minKey && hmac.Equal(given, mac(key, label, said)) {
			return said, nil
		}
	}
	return nil, ErrForged
}

func mac(key []byte, label string, b []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(label))
	h.Write(b)
	return h.Sum(nil)[:macSize]
}
