// Package manage makes and reads the link by which a customer looks after one appointment. Its one rule: a link proves
// itself, with nothing stored: it names company, appointment and customer, and nobody without our key can make one. It
// knows no page and no table; whoever reads a link still asks whether the appointment is that customer's.
package manage

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"

	"github.com/oklog/ulid/v2"

	"github.com/askpro/gateway/internal/tenant"
)

// Link is what a customer holds.
type Link struct {
	Company     tenant.ID
	Appointment string
	Customer    string
}

// ErrForged says that a token was not made with any of the keys.
var ErrForged = errors.New("that is no link of ours")

// ErrNoKey refuses keys that could be guessed.
var ErrNoKey = errors.New("the key of manage links has less than 32 bytes: store a long random text")

const (
	minKey  = 32
	macSize = 16 // bytes of the HMAC: 128 bits cannot be guessed (RFC 2104 §5)
	parts   = 3
)

// label parts these signatures from whatever else a key might sign.
const label = "askpro manage link v1\x00"

// Token writes a link: the three ids and their HMAC-SHA256, in 86 letters of base64url.
func Token(key []byte, l Link) (string, error) {
	if len(key) < minKey {
		return "", ErrNoKey
	}
	var b []byte
	for _, id := range []string{l.Company.String(), l.Appointment, l.Customer} {
		u, err := ulid.ParseStrict(id)
		if err != nil {
			return "", errors.New("a manage link needs the ids of company, appointment and customer")
		}
		b = append(b, u[:]...)
	}
	return base64.RawURLEncoding.EncodeToString(append(b, mac(key, b)...)), nil
}

// Verify reads a token; keys are all that are valid while one is exchanged for another.
func Verify(token string, keys ...[]byte) (Link, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) != parts*len(ulid.ULID{})+macSize {
		return Link{}, ErrForged
	}
	ids, given := b[:len(b)-macSize], b[len(b)-macSize:]
	for _, key := range keys {
		if len(key) < minKey || !hmac.Equal(given, mac(key, ids)) {
			continue
		}
		id := func(i int) string { return ulid.ULID(ids[i*16 : (i+1)*16]).String() }
		return Link{Company: tenant.Proven(id(0)), Appointment: id(1), Customer: id(2)}, nil
	}
	return Link{}, ErrForged
}

func mac(key, ids []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(label))
	h.Write(ids)
	return h.Sum(nil)[:macSize]
}

// URL of a link's page; base is the portal's address, with or without a slash at its end.
func URL(base, token string) string { return strings.TrimRight(base, "/") + "/" + token }
