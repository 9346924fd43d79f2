package manage

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/tenant"
)

var (
	key   = bytes.Repeat([]byte("k"), 32)
	other = bytes.Repeat([]byte("o"), 40)
	// The same in every process: fuzzing has several.
	link = Link{tenant.Proven(ident.Derive("company", "demo")), ident.Derive("appointment", "one"), ident.Derive("customer", "one")}
)

func token(t *testing.T, k []byte, l Link) string {
	t.Helper()
	s, err := Token(k, l)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestALinkIsReadAsItWasMade(t *testing.T) {
	t.Parallel()
	s := token(t, key, link)
	if got, err := Verify(s, key); err != nil || got != link {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := Verify(s, other, key); err != nil || got != link {
		t.Errorf("while the key is exchanged: %+v, %v", got, err)
	}
	if len(s) != 86 || strings.ContainsAny(s, "+/=. ") {
		t.Errorf("%q does not go into a link as it is", s)
	}
	if again := token(t, key, link); again != s {
		t.Error("made twice, it is another one: a letter that is sent twice would differ")
	}
	for base, want := range map[string]string{"https://portal.example/t": "https://portal.example/t/" + s, "https://portal.example/t/": "https://portal.example/t/" + s} {
		if got := URL(base, s); got != want {
			t.Errorf("%s, wanted %s", got, want)
		}
	}
}

func TestNobodyMakesOneWithoutTheKey(t *testing.T) {
	t.Parallel()
	s := token(t, key, link)
	raw, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw { // somebody else's appointment, company or customer
		raw[i] ^= 1
		if _, err := Verify(base64.RawURLEncoding.EncodeToString(raw), key); !errors.Is(err, ErrForged) {
			t.Errorf("byte %d changed: %v", i, err)
		}
		raw[i] ^= 1
	}
	for name, forged := range map[string]string{
		"another key": token(t, other, link), "nothing": "", "cut": s[:85], "longer": s + "A", "padded": s + "=", "no base64": strings.Repeat("!", 86),
	} {
		if _, err := Verify(forged, key); !errors.Is(err, ErrForged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Verify(s); !errors.Is(err, ErrForged) {
		t.Errorf("no key at all: %v", err)
	}
}

func TestNoLinkIsMadeOfLittle(t *testing.T) {
	t.Parallel()
	if _, err := Token([]byte("secret"), link); !errors.Is(err, ErrNoKey) {
		t.Errorf("a short key: %v", err)
	}
	for name, l := range map[string]Link{
		"no company": {tenant.ID{}, link.Appointment, link.Customer}, "no appointment": {link.Company, "", link.Customer}, "no customer": {link.Company, link.Appointment, ""},
	} {
		if s, err := Token(key, l); err == nil {
			t.Errorf("%s: %s", name, s)
		}
	}
}

func TestWhatIsNotOursIsRefused(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.SliceOfN(rapid.Byte(), 64, 64).Draw(t, "token")
		if l, err := Verify(base64.RawURLEncoding.EncodeToString(raw), key); err == nil {
			t.Fatalf("%x is taken for %+v", raw, l)
		}
	})
}

func FuzzVerify(f *testing.F) {
	s, err := Token(key, link)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(s)
	f.Fuzz(func(t *testing.T, text string) {
		if l, err := Verify(text, key); err == nil && l != link {
			t.Errorf("%q is taken for %+v", text, l)
		}
	})
}
