package signing_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/seal"
	"github.com/askpro/gateway/internal/signing"
	"github.com/askpro/gateway/internal/store/twin"
	"github.com/askpro/gateway/internal/tenant"
	"github.com/askpro/gateway/internal/webhook"
)

var (
	us   = tenant.Proven("01H00000000000000000000000")
	them = tenant.Proven("01H00000000000000000000001")
	noon = time.Date(2026, 11, 24, 11, 0, 0, 0, time.UTC)
	anna = event.Actor{Kind: "user", ID: "u1"}
)

const (
	ref   = "ssm:/hooks/secret"
	first = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
)

// vault has secrets by reference; those without a value are left out, and none at all is an error.
type vault map[string]string

var errNone = errors.New("none of the secrets has a value")

func (v vault) Get(_ context.Context, refs ...string) (values []string, err error) {
	for _, r := range refs {
		if x := v[r]; x != "" {
			values = append(values, x)
		}
	}
	if len(values) == 0 {
		return nil, errNone
	}
	return values, nil
}

func sealingKey(b byte) string { return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{b}, 32)) }

type test struct {
	*testing.T
	*signing.Rings
	table *twin.Table
	vault vault
	now   time.Time
}

func start(t *testing.T) *test {
	x := &test{T: t, now: noon, vault: vault{ref: first, "key-1": sealingKey(1), "key-2": ""}}
	x.table = twin.New(func() time.Time { return x.now })
	x.Rings = x.process()
	return x
}

// process is another one on the same table: it remembers nothing yet.
func (x *test) process() *signing.Rings {
	return &signing.Rings{Store: x.table, Secrets: x.vault, Keys: []string{"key-2", "key-1"}, Random: rand.Reader, Now: func() time.Time { return x.now }}
}

// signs insists on the secrets that sign.
func (x *test) signs(r *signing.Rings, id string, want ...string) {
	x.Helper()
	ring, err := r.Ring(x.Context(), us, id, ref)
	if err != nil {
		x.Fatal(err)
	}
	got := []string{}
	for _, s := range ring.Signing(x.now) {
		got = append(got, s.Reveal())
	}
	if !slices.Equal(got, want) {
		x.Errorf("signs with %d secrets, wanted %d, or others", len(got), len(want))
	}
}

func (x *test) rotate(id string) string {
	x.Helper()
	s, err := x.Rotate(x.Context(), us, id, ref, 0, anna)
	if err != nil {
		x.Fatal(err)
	}
	return s.Reveal()
}

func TestASecretIsThatOfTheConfigurationUntilItIsRotated(t *testing.T) {
	t.Parallel()
	x := start(t)
	x.signs(x.Rings, "e1", first)
	if x.table.Count(us, "ring") != 0 {
		t.Error("a ring was stored although nobody rotated")
	}
	next := x.rotate("e1")
	x.signs(x.Rings, "e1", next, first)
	x.signs(x.process(), "e1", next, first)
	x.signs(x.Rings, "e2", first) // of another endpoint
	x.now = noon.Add(24*time.Hour - time.Second)
	x.signs(x.Rings, "e1", next, first)
	x.now = noon.Add(24 * time.Hour)
	x.signs(x.Rings, "e1", next)
	x.signs(x.process(), "e1", next)
}

func TestAnotherProcessSeesARotationWithinAMinute(t *testing.T) {
	t.Parallel()
	x := start(t)
	other := x.process()
	x.signs(other, "e1", first)
	next := x.rotate("e1")
	x.now = noon.Add(time.Minute - time.Second)
	x.signs(other, "e1", first)
	x.now = noon.Add(time.Minute)
	x.signs(other, "e1", next, first)
}

func TestOfTwoRotationsOneWins(t *testing.T) {
	t.Parallel()
	x := start(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var won, refused int
	for range 5 {
		p := x.process()
		wg.Go(func() {
			_, err := p.Rotate(t.Context(), us, "e1", ref, 0, anna)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				won++
			case errors.Is(err, webhook.ErrRotating):
				refused++
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won != 1 || refused != 4 {
		t.Errorf("%d rotated, %d were refused", won, refused)
	}
	x.now = noon.Add(24*time.Hour - time.Second)
	if _, err := x.Rotate(t.Context(), us, "e1", ref, 0, anna); !errors.Is(err, webhook.ErrRotating) {
		t.Errorf("a rotation inside of the window: %v", err)
	}
	x.now = noon.Add(24 * time.Hour)
	x.rotate("e1")
	for _, window := range []time.Duration{time.Minute, 73 * time.Hour} {
		if _, err := x.Rotate(t.Context(), us, "e2", ref, window, anna); !errors.Is(err, webhook.ErrWindow) {
			t.Errorf("a window of %s: %v", window, err)
		}
	}
}

func TestTheOldSecretIsRevokedEarly(t *testing.T) {
	t.Parallel()
	x := start(t)
	if err := x.Revoke(t.Context(), us, "e1", anna); err != nil {
		t.Errorf("nothing to revoke: %v", err)
	}
	next := x.rotate("e1")
	if err := x.Revoke(t.Context(), us, "e1", anna); err != nil {
		t.Fatal(err)
	}
	x.signs(x.Rings, "e1", next)
	if err := x.Revoke(t.Context(), us, "e1", anna); err != nil {
		t.Fatal(err)
	}
	third := x.rotate("e1")
	x.signs(x.Rings, "e1", third, next)
	var told []event.EndpointSecretRotated
	for _, f := range x.table.Facts() {
		var e event.EndpointSecretRotated
		if err := json.Unmarshal([]byte(f.Detail), &e); err != nil || f.Name != e.Name() {
			t.Fatal(f, err)
		}
		if strings.Contains(f.Detail, next[6:]) || strings.Contains(f.Detail, first[6:]) {
			t.Error("an event tells a secret")
		}
		told = append(told, e)
	}
	if len(told) != 3 || told[0].Revoked || !told[1].Revoked || told[2].Revoked || told[2].Sequence != 3 || told[0].Actor != anna || !told[0].Until.Equal(noon.Add(24*time.Hour)) {
		t.Errorf("%+v", told)
	}
}

func TestTheFirstSecretOfSomethingThatHadNone(t *testing.T) {
	t.Parallel()
	x := start(t)
	ring, err := x.Ring(t.Context(), us, "e1", "")
	if err != nil || len(ring.Signing(noon)) != 0 {
		t.Fatalf("%v, %v", ring, err)
	}
	made, err := x.Rotate(t.Context(), us, "e1", "", 0, anna)
	if err != nil {
		t.Fatal(err)
	}
	x.signs(x.Rings, "e1", made.Reveal())
}

func TestSecretsLieSealedForTheirCompany(t *testing.T) {
	t.Parallel()
	x := start(t)
	next := x.rotate("e1")
	r, _, err := x.table.Ring(t.Context(), us, "e1")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{first, next} {
		if strings.Contains(fmt.Sprintf("%+v", r), s[6:]) {
			t.Error("a secret can be read in the table")
		}
	}
	fact := event.EndpointSecretRotated{Head: event.Head{ID: "ev", CompanyID: them.String(), At: noon}, EndpointID: "e1"}
	r.Version = 0
	if err := x.table.SaveRing(t.Context(), them, &r, fact); err != nil {
		t.Fatal(err)
	}
	if _, err := x.Ring(t.Context(), them, "e1", ref); !errors.Is(err, seal.ErrOpened) {
		t.Errorf("moved to another company it opens: %v", err)
	}
}

func TestSealingKeysAreExchanged(t *testing.T) {
	t.Parallel()
	x := start(t)
	next := x.rotate("e1")
	x.vault["key-2"] = sealingKey(2)
	x.signs(x.process(), "e1", next, first)
	x.now = noon.Add(25 * time.Hour)
	third := x.rotate("e1")
	x.vault["key-1"] = "" // nothing is sealed with it any more
	x.signs(x.process(), "e1", third, next)
	x.vault["key-2"] = ""
	if _, err := x.process().Ring(t.Context(), us, "e1", ref); !errors.Is(err, errNone) {
		t.Errorf("without a key: %v", err)
	}
}

func TestTheUseOfASecretIsNotedOnceAnHour(t *testing.T) {
	t.Parallel()
	x := start(t)
	use := func() {
		t.Helper()
		if _, err := x.Ring(t.Context(), us, "e1", ref); err != nil {
			t.Fatal(err)
		}
		if err := x.Used(t.Context(), us, "e1", ref); err != nil {
			t.Fatal(err)
		}
	}
	notes := 0
	x.table.Fault = func(method string) *twin.Fault {
		if method == "UseRing" {
			notes++
		}
		return nil
	}
	use()
	if notes != 0 {
		t.Error("noted although nothing is stored")
	}
	x.rotate("e1")
	for range 120 {
		x.now = x.now.Add(time.Minute)
		use()
	}
	look, err := x.Look(t.Context(), us, "e1", ref)
	if err != nil {
		t.Fatal(err)
	}
	if notes != 2 || !look.CurrentUsed.Equal(noon.Add(61*time.Minute)) || !look.PreviousUsed.Equal(look.CurrentUsed) || look.PreviousLast4 != "AAAA" {
		t.Errorf("noted %d times: %+v", notes, look)
	}
	x.table.Fault = func(string) *twin.Fault { return &twin.Fault{Err: errNone} }
	x.now = x.now.Add(30 * time.Second)
	if _, err := x.Ring(t.Context(), us, "e1", ref); err != nil {
		t.Errorf("what is remembered needs no table: %v", err)
	}
}
