// Package playback gives a case's stored recording to whoever holds its link. Its one rule: a link proves itself and ends
// by itself, and every recording that is handed out is first written down, at its case and in the company's trail. It knows no
// page and no bucket.
package playback

import (
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/askpro/gateway/internal/proof"
	"github.com/askpro/gateway/internal/tenant"
)

// Link is what its holder may hear, and until when.
type Link struct {
	Company tenant.ID
	Case    string
	Until   time.Time
}

// label parts these signatures from whatever else a key might sign.
const label = "askpro recording link v1\x00"

const idSize = len(ulid.ULID{})

// Token writes a link: company, case, its last second, and the proof.
func Token(key []byte, l Link) (string, error) {
	var b []byte
	for _, id := range []string{l.Company.String(), l.Case} {
		u, err := ulid.ParseStrict(id)
		if err != nil {
			return "", errors.New("a recording's link needs the ids of company and case")
		}
		b = append(b, u[:]...)
	}
	return proof.Seal(key, label, binary.BigEndian.AppendUint64(b, uint64(l.Until.Unix())))
}

// Verify reads a token; keys are all that are valid while one is exchanged for another. Whether it is over is not asked.
func Verify(token string, keys ...[]byte) (Link, error) {
	b, err := proof.Open(token, label, 2*idSize+8, keys...)
	if err != nil {
		return Link{}, err
	}
	return Link{
		Company: tenant.Proven(ulid.ULID(b[:idSize]).String()), Case: ulid.ULID(b[idSize : 2*idSize]).String(),
		Until: time.Unix(int64(binary.BigEndian.Uint64(b[2*idSize:])), 0).UTC(),
	}, nil
}

// Path is where links lead, below the public address of the HTTP API.
const Path = "/recordings/"

// URL of a link; base is the public address, with or without a slash at its end.
func URL(base, token string) string { return strings.TrimRight(base, "/") + Path + token }
