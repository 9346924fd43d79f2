// Package seal keeps small secrets unreadable where they lie: AES-256-GCM under a key of the platform. Its one rule: a
// sealed value opens only for what it was sealed for, so that copying it to another company or record makes it worthless.
// It knows no table and no place where keys are kept.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/askpro/gateway/internal/tenant"
)

// What is refused. The errors tell nothing of keys and values.
var (
	ErrKey    = errors.New("a sealing key is 32 bytes in base64")
	ErrNoKey  = errors.New("the key that this value was sealed with is not here")
	ErrOpened = errors.New("this is not what was sealed, or it was sealed for something else")
)

// About is what a value is sealed for.
type About struct {
	Company tenant.ID
	Purpose string // signing secret
	ID      string // of the record
}

// Key seals and opens. Printing it shows only its id.
type Key struct {
	id   string
	aead cipher.AEAD
}

const (
	form      = "s1"
	keyLength = 32
)

// ParseKey reads one as it is kept.
func ParseKey(text string) (Key, error) {
	raw, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSpace(text))
	if err != nil || len(raw) != keyLength {
		return Key{}, ErrKey
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return Key{}, ErrKey
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return Key{}, ErrKey
	}
	id := hmac.New(sha256.New, raw)
	id.Write([]byte("id of a sealing key"))
	return Key{hex.EncodeToString(id.Sum(nil)[:6]), aead}, nil
}

// ID tells keys apart. It is made of the key and does not give it away.
func (k Key) ID() string { return k.id }

// String hides the key.
func (k Key) String() string { return "sealing key " + k.id }

// GoString hides it from %#v.
func (k Key) GoString() string { return k.String() }

// Box holds the keys of now and of before.
type Box struct{ keys []Key }

// NewBox seals with the first key and opens with any of them: a new key is put in front, and the old one stays until
// nothing is sealed with it any more.
func NewBox(keys ...Key) (*Box, error) {
	if len(keys) == 0 {
		return nil, ErrNoKey
	}
	for _, k := range keys {
		if k.aead == nil {
			return nil, ErrKey
		}
	}
	return &Box{keys}, nil
}

// Seal closes a value for what it is about. random is crypto/rand's reader: a nonce used twice would give both away.
func (b *Box) Seal(random io.Reader, value []byte, about About) (string, error) {
	k := b.keys[0]
	nonce := make([]byte, k.aead.NonceSize(), k.aead.NonceSize()+len(value)+k.aead.Overhead())
	if _, err := io.ReadFull(random, nonce); err != nil {
		return "", fmt.Errorf("seal a value: %w", err)
	}
	closed := k.aead.Seal(nonce, nonce, value, about.bytes())
	return strings.Join([]string{form, k.id, base64.RawURLEncoding.EncodeToString(closed)}, "."), nil
}

// Open gives back what was sealed for the same.
func (b *Box) Open(sealed string, about About) ([]byte, error) {
	parts := strings.Split(sealed, ".")
	if len(parts) != 3 || parts[0] != form {
		return nil, ErrOpened
	}
	closed, err := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	if err != nil || strings.ContainsAny(parts[2], "\r\n") { // base64 skips line ends: one value would have many texts
		return nil, ErrOpened
	}
	for _, k := range b.keys {
		if k.id != parts[1] {
			continue
		}
		n := k.aead.NonceSize()
		if len(closed) < n {
			return nil, ErrOpened
		}
		value, err := k.aead.Open(nil, closed[:n], closed[n:], about.bytes())
		if err != nil {
			return nil, ErrOpened
		}
		return value, nil
	}
	return nil, ErrNoKey
}

// bytes writes what a value is about so that no two of them look the same.
func (a About) bytes() []byte {
	var out []byte
	for _, part := range []string{form, a.Company.String(), a.Purpose, a.ID} {
		out = binary.BigEndian.AppendUint32(out, uint32(len(part)))
		out = append(out, part...)
	}
	return out
}
