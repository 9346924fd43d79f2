package seal_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/askpro/gateway/internal/seal"
	"github.com/askpro/gateway/internal/tenant"
)

var (
	us    = tenant.Proven("01H00000000000000000000000")
	them  = tenant.Proven("01H00000000000000000000001")
	about = seal.About{Company: us, Purpose: "signing secret", ID: "e1"}
)

func key(t testing.TB, b byte) seal.Key {
	t.Helper()
	k, err := seal.ParseKey(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{b}, 32)) + "\n")
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func box(t testing.TB, keys ...seal.Key) *seal.Box {
	t.Helper()
	b, err := seal.NewBox(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func sealed(t testing.TB, b *seal.Box, value string) string {
	t.Helper()
	s, err := b.Seal(rand.Reader, []byte(value), about)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestASealedValueOpensOnlyForWhatItWasSealedFor(t *testing.T) {
	t.Parallel()
	b := box(t, key(t, 1))
	closed := sealed(t, b, "geheim")
	if strings.Contains(closed, "geheim") || closed == sealed(t, b, "geheim") {
		t.Errorf("sealed as %q, twice the same or readable", closed)
	}
	for _, tt := range []struct {
		name  string
		about seal.About
		want  error
	}{
		{"the same", about, nil},
		{"another company", seal.About{Company: them, Purpose: about.Purpose, ID: about.ID}, seal.ErrOpened},
		{"another purpose", seal.About{Company: us, Purpose: "password", ID: about.ID}, seal.ErrOpened},
		{"another record", seal.About{Company: us, Purpose: about.Purpose, ID: "e2"}, seal.ErrOpened},
		{"the same letters, parted elsewhere", seal.About{Company: us, Purpose: about.Purpose + "e", ID: "1"}, seal.ErrOpened},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := b.Open(closed, tt.about)
			if !errors.Is(err, tt.want) || tt.want == nil && string(got) != "geheim" {
				t.Errorf("opened %q, %v; wanted %v", got, err, tt.want)
			}
		})
	}
}

func TestEveryChangedLetterIsNoticed(t *testing.T) {
	t.Parallel()
	b := box(t, key(t, 1))
	closed := sealed(t, b, "geheim")
	for i := range closed {
		changed := []byte(closed)
		if changed[i] ^= 1; changed[i] == closed[i] {
			t.Fatal("nothing was changed")
		}
		if got, err := b.Open(string(changed), about); err == nil {
			t.Errorf("letter %d was changed and it opened as %q", i, got)
		}
	}
}

func TestKeysAreExchangedWithoutLosingWhatWasSealed(t *testing.T) {
	t.Parallel()
	old, next := key(t, 1), key(t, 2)
	before := sealed(t, box(t, old), "geheim")
	both := box(t, next, old)
	if got, err := both.Open(before, about); err != nil || string(got) != "geheim" {
		t.Errorf("of before: %q, %v", got, err)
	}
	after := sealed(t, both, "neu")
	if !strings.Contains(after, next.ID()) {
		t.Errorf("%s is not sealed with the first key", after)
	}
	if _, err := box(t, old).Open(after, about); !errors.Is(err, seal.ErrNoKey) {
		t.Errorf("without its key: %v", err)
	}
}

func TestWhatIsNoKeyIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "kurz", base64.StdEncoding.EncodeToString(make([]byte, 16)), base64.StdEncoding.EncodeToString(make([]byte, 33))} {
		if _, err := seal.ParseKey(text); !errors.Is(err, seal.ErrKey) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := seal.NewBox(); !errors.Is(err, seal.ErrNoKey) {
		t.Error(err)
	}
	if _, err := seal.NewBox(seal.Key{}); !errors.Is(err, seal.ErrKey) {
		t.Error(err)
	}
}

func TestAKeyIsNotPrinted(t *testing.T) {
	t.Parallel()
	k := key(t, 7)
	for _, form := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(form, k); got != "sealing key "+k.ID() {
			t.Errorf("%s prints %q", form, got)
		}
	}
}

func FuzzOpen(f *testing.F) {
	b := box(f, key(f, 1))
	closed, err := b.Seal(bytes.NewReader(make([]byte, 64)), []byte("geheim"), about) // the same in every process that looks for inputs
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{"", "..", "s1." + key(f, 1).ID() + ".", "s1." + key(f, 1).ID() + ".AAAA", closed, closed + ".", closed[:20] + "\r\n" + closed[20:], "s2" + closed[2:]} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got, err := b.Open(s, about); err == nil && (s != closed || string(got) != "geheim") {
			t.Errorf("%q opened as %q", s, got)
		}
	})
}
