package playback_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/audit"
	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/playback"
	"github.com/askpro/gateway/internal/store/twin"
	"github.com/askpro/gateway/internal/tenant"
)

var (
	us, them = tenant.Proven(ident.Derive("company", "us")), tenant.Proven(ident.Derive("company", "them"))
	caseID   = ident.Derive("case", "1")
	noon     = time.Date(2026, 11, 24, 11, 0, 0, 0, time.UTC)
	key      = []byte(strings.Repeat("k", 32))
	from     = audit.By{IP: "198.51.100.7", RequestID: "r1"}
	link     = playback.Link{Company: us, Case: caseID, Until: noon.Add(24 * time.Hour)}
)

// house is a table with one case and a bucket that links.
type house struct {
	*playback.Player
	table  *twin.Table
	now    time.Time
	linked error
	keys   [][]byte
}

// LinkOf shows what was asked for.
func (h *house) LinkOf(_ context.Context, t tenant.ID, key, file string, ttl time.Duration) (string, error) {
	return "https://bucket.example/" + t.String() + "/" + key + "?as=" + file + "&for=" + ttl.String(), h.linked
}

func open(t *testing.T, change func(*desk.Case, *call.Call)) *house {
	t.Helper()
	h := &house{now: noon, keys: [][]byte{key}}
	h.table = twin.New(func() time.Time { return h.now })
	h.Player = &playback.Player{Store: h.table, Objects: h, Now: func() time.Time { return h.now }, Keys: func(context.Context) ([][]byte, error) { return h.keys, nil }}
	until := noon.Add(48 * time.Hour)
	c := &desk.Case{ID: caseID, CallID: "c1", Number: desk.Number{Prefix: "TKT", Year: 2026, Count: 42}, Recording: desk.Recording{State: desk.RecordingStored, Key: "k.mp3", ExpiresAt: &until}}
	heard := &call.Call{RetellID: "c1", RecordingConsent: "granted"}
	if change != nil {
		change(c, heard)
	}
	if err := h.table.Commit(t.Context(), us, &ledger.Step{Case: c, Call: heard}); err != nil {
		t.Fatal(err)
	}
	return h
}

func token(t *testing.T, l playback.Link) string {
	t.Helper()
	s, err := playback.Token(key, l)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (h *house) played(t *testing.T) (n int) {
	t.Helper()
	lines, err := h.table.Activity(t.Context(), us, caseID)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		if l.Action == desk.PlayedRecording {
			n++
		}
	}
	trail, err := h.table.AuditTrail(t.Context(), us, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range trail {
		if e.Action != audit.PlayedRecording || e.Object != (audit.Object{Kind: "case", ID: caseID, Name: "TKT-2026-00042"}) || e.Actor.Kind != "token" || e.IP != from.IP || e.RequestID != from.RequestID {
			t.Errorf("the trail says %+v", e)
		}
	}
	if len(trail) != n {
		t.Errorf("%d lines at the case, %d in the trail", n, len(trail))
	}
	return n
}

func TestWhoHoldsALinkHearsTheRecordingAndItIsWrittenDown(t *testing.T) {
	t.Parallel()
	h := open(t, nil)
	url, err := h.Hand(t.Context(), token(t, link), from)
	if want := "https://bucket.example/" + us.String() + "/k.mp3?as=TKT-2026-00042.mp3&for=1m0s"; err != nil || url != want {
		t.Errorf("%s, %v", url, err)
	}
	if n := h.played(t); n != 1 {
		t.Errorf("%d lines at the case", n)
	}
}

func TestAnythingElseHearsNothing(t *testing.T) {
	t.Parallel()
	over := func(d time.Duration) playback.Link { l := link; l.Until = noon.Add(d); return l }
	for _, tt := range []struct {
		name   string
		token  string
		change func(*desk.Case, *call.Call)
		want   error
	}{
		{"a forged link", strings.Repeat("A", 75), nil, playback.ErrNone},
		{"no link at all", "", nil, playback.ErrNone},
		{"another company's case", token(t, playback.Link{Company: them, Case: caseID, Until: link.Until}), nil, playback.ErrNone},
		{"a link in its last second", token(t, over(time.Second)), nil, nil},
		{"a link that is over", token(t, over(0)), nil, playback.ErrOver},
		{"a recording that is not there yet", token(t, link), func(c *desk.Case, _ *call.Call) { c.Recording = desk.Recording{State: desk.RecordingPending} }, playback.ErrNone},
		{"a case that was deleted", token(t, link), func(c *desk.Case, _ *call.Call) { c.Deletion = &desk.Deletion{Reason: "Test"} }, playback.ErrNone},
		{"a recording whose time is over", token(t, link), func(c *desk.Case, _ *call.Call) { at := noon; c.Recording.ExpiresAt = &at }, playback.ErrOver},
		{"a caller who refused since", token(t, link), func(_ *desk.Case, c *call.Call) { c.RecordingConsent = "refused" }, playback.ErrNone},
	} {
		h := open(t, tt.change)
		url, err := h.Hand(t.Context(), tt.token, from)
		if !errors.Is(err, tt.want) || (err == nil) != (url != "") {
			t.Errorf("%s: %q, %v", tt.name, url, err)
		}
		if n := h.played(t); (n == 1) != (tt.want == nil) {
			t.Errorf("%s: %d lines at the case", tt.name, n)
		}
	}
}

func TestARecordingIsHandedOutTenTimesAMinute(t *testing.T) {
	t.Parallel()
	h := open(t, nil)
	for i := range 12 {
		_, err := h.Hand(t.Context(), token(t, link), from)
		if want := i >= 10; errors.Is(err, playback.ErrBusy) != want {
			t.Errorf("number %d: %v", i+1, err)
		}
	}
	if n := h.played(t); n != 10 {
		t.Errorf("%d lines at the case", n)
	}
	h.now = noon.Add(time.Minute)
	if _, err := h.Hand(t.Context(), token(t, link), from); err != nil {
		t.Errorf("a minute later: %v", err)
	}
	if n := h.played(t); n != 11 {
		t.Errorf("%d lines at the case", n)
	}
}

func TestNothingIsHandedOutThatIsNotWrittenDown(t *testing.T) {
	t.Parallel()
	down := errors.New("down")
	for _, method := range []string{"Case", "Call", "CountPlay", "Commit"} {
		h := open(t, nil)
		h.table.Fault = func(m string) *twin.Fault {
			if m == method {
				return &twin.Fault{Err: down}
			}
			return nil
		}
		if url, err := h.Hand(t.Context(), token(t, link), from); url != "" && err == nil || !errors.Is(err, down) {
			t.Errorf("%s fails: %q, %v", method, url, err)
		}
	}
	h := open(t, nil)
	h.linked = down
	if _, err := h.Hand(t.Context(), token(t, link), from); !errors.Is(err, down) || h.played(t) != 0 {
		t.Errorf("the bucket fails: %v", err)
	}
}

func TestALinkSaysWhatItWasMadeOf(t *testing.T) {
	t.Parallel()
	got, err := playback.Verify(token(t, link), []byte(strings.Repeat("o", 32)), key)
	if err != nil || got != link {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := playback.Token(key, playback.Link{Case: caseID}); err == nil {
		t.Error("a link of no company")
	}
	for _, base := range []string{"https://api.example", "https://api.example/"} {
		if got := playback.URL(base, "x"); got != "https://api.example/recordings/x" {
			t.Error(got)
		}
	}
}
