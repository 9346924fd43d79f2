// Package manage makes and reads the link by which a customer looks after one appointment. Its one rule: a link proves
// itself, with nothing stored: it names company, appointment and customer, and nobody without our key can make one. It
// knows no page and no table; whoever reads a link still asks whether the appointment is that customer's.
package manage

import (
	"errors"
	"strings"

	"github.com/oklog/ulid/v2"

	"github.com/askpro/gateway/internal/proof"
	"github.com/askpro/gateway/internal/tenant"
)

// Link is what a customer holds.
type Link struct {
	Company     tenant.ID
	Appointment string
	Customer    string
}

// What is refused: a token that was not made with any of the keys, and keys that could be guessed.
var (
	ErrForged = proof.ErrForged
	ErrNoKey  = proof.ErrNoKey
)

const parts = 3

// label parts these signatures from whatever else a key might sign.
const label = "askpro manage link v1\x00"

// Token writes a link: the three ids and their HMAC-SHA256, in 86 letters of base64url.
func Token(key []byte, l Link) (string, error) {
	var b []byte
	for _, id := range []string{l.Company.String(), l.Appointment, l.Customer} {
		u, err := ulid.ParseStrict(id)
		if err != nil {
			return "", errors.New("a manage link needs the ids of company, appointment and customer")
		}
		b = append(b, u[:]...)
	}
	return proof.Seal(key, label, b)
}

// Verify reads a token; keys are all that are valid while one is exchanged for another.
func Verify(token string, keys ...[]byte) (Link, error) {
	ids, err := proof.Open(token, label, parts*len(ulid.ULID{}), keys...)
	if err != nil {
		return Link{}, err
	}
	id := func(i int) string { return ulid.ULID(ids[i*16 : (i+1)*16]).String() }
	return Link{Company: tenant.Proven(id(0)), Appointment: id(1), Customer: id(2)}, nil
}

// URL of a link's page; base is the portal's address, with or without a slash at its end.
func URL(base, token string) string { return strings.TrimRight(base, "/") + "/" + token }
