package proof

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
)

var (
	key   = []byte(strings.Repeat("k", 32))
	other = []byte(strings.Repeat("o", 32))
)

func TestOnlyWhatWasSealedIsOpened(t *testing.T) {
	t.Parallel()
	text, err := Seal(key, "a\x00", []byte("sixteen bytes ab"))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	raw[3] ^= 1
	for _, tt := range []struct {
		name, text, label string
		size              int
		keys              [][]byte
		want              string
	}{
		{"as it was made", text, "a\x00", 16, [][]byte{key}, "sixteen bytes ab"},
		{"with the key before last", text, "a\x00", 16, [][]byte{other, key}, "sixteen bytes ab"},
		{"with another key", text, "a\x00", 16, [][]byte{other}, ""},
		{"without a key", text, "a\x00", 16, nil, ""},
		{"as another kind of text", text, "b\x00", 16, [][]byte{key}, ""},
		{"as one of another length", text, "a\x00", 15, [][]byte{key}, ""},
		{"with a byte changed", base64.RawURLEncoding.EncodeToString(raw), "a\x00", 16, [][]byte{key}, ""},
		{"with a line end in it", text[:9] + "\r\n" + text[9:], "a\x00", 16, [][]byte{key}, ""},
		{"nothing", "", "a\x00", 16, [][]byte{key}, ""},
	} {
		got, err := Open(tt.text, tt.label, tt.size, tt.keys...)
		if string(got) != tt.want || (tt.want == "") != errors.Is(err, ErrForged) {
			t.Errorf("%s: %q, %v", tt.name, got, err)
		}
	}
	short := []byte("secret")
	if _, err := Open(base64.RawURLEncoding.EncodeToString(append(make([]byte, 16), mac(short, "a\x00", make([]byte, 16))...)), "a\x00", 16, short); !errors.Is(err, ErrForged) {
		t.Errorf("a short key, read: %v", err)
	}
	if _, err := Seal(key[:31], "a\x00", nil); !errors.Is(err, ErrNoKey) {
		t.Errorf("a short key: %v", err)
	}
}
