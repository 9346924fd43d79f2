package audit_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/audit"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/tenant"
)

var (
	us   = tenant.Proven("01H00000000000000000000000")
	noon = time.Date(2026, 11, 24, 11, 0, 0, 123456789, time.UTC)
	anna = audit.By{Actor: event.Actor{Kind: "operator", ID: "anna"}, IP: "198.51.100.7", RequestID: "r1"}
)

// trail is what a table would hold.
type trail struct {
	lines []audit.Entry
	head  audit.Head
	err   error
}

func (s *trail) AuditHead(context.Context, tenant.ID) (audit.Head, error) { return s.head, s.err }

func (s *trail) AuditTrail(_ context.Context, _ tenant.ID, upTo int64, limit int) (page []audit.Entry, err error) {
	for _, e := range slices.Backward(s.lines) {
		if (upTo == 0 || e.Seq <= upTo) && len(page) < limit {
			page = append(page, e)
		}
	}
	return page, s.err
}

// written is a trail of some hundred lines, written in two goes.
func written() *trail {
	s := &trail{}
	for range 2 {
		var lines []audit.Entry
		for i := range 150 {
			lines = append(lines, audit.Entry{
				By: anna, Action: audit.Changed, Object: audit.Object{Kind: "output", ID: "o1", Name: "tickets"}, At: noon.Add(time.Duration(i) * time.Second),
				Changes: []audit.Change{{Field: "name", Before: "alt", After: "neu"}},
			})
		}
		chain, head := s.head.Append(lines)
		s.lines, s.head = append(s.lines, chain...), head
	}
	return s
}

func TestAChainTellsWhatWasDoneToIt(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*trail)
		want   error
	}{
		"nothing":                      {func(*trail) {}, nil},
		"nobody wrote anything":        {func(s *trail) { *s = trail{} }, nil},
		"a value is another":           {func(s *trail) { s.lines[7].Changes = []audit.Change{{Field: "name", Before: "alt", After: "anders"}} }, audit.ErrBroken},
		"a name is another":            {func(s *trail) { s.lines[7].Object.Name = "mail" }, audit.ErrBroken},
		"an address is another":        {func(s *trail) { s.lines[7].IP = "198.51.100.8" }, audit.ErrBroken},
		"somebody else did it":         {func(s *trail) { s.lines[250].Actor.ID = "berta" }, audit.ErrBroken},
		"somebody acted in their name": {func(s *trail) { s.lines[250].Impersonator.ID = "berta" }, audit.ErrBroken},
		"it was about something else":  {func(s *trail) { s.lines[250].Object.ID = "o2" }, audit.ErrBroken},
		"it was later":                 {func(s *trail) { s.lines[250].At = s.lines[250].At.Add(time.Second) }, audit.ErrBroken},
		"it was in another request":    {func(s *trail) { s.lines[0].RequestID = "r2" }, audit.ErrBroken},
		"a line is left out":           {func(s *trail) { s.lines = slices.Delete(s.lines, 120, 121) }, audit.ErrBroken},
		"the first is left out":        {func(s *trail) { s.lines = s.lines[1:] }, audit.ErrBroken},
		"the last is left out":         {func(s *trail) { s.lines = s.lines[:299] }, audit.ErrBroken},
		"two have changed places":      {func(s *trail) { a, b := &s.lines[5], &s.lines[6]; a.Action, b.Action = audit.Removed, audit.Created }, audit.ErrBroken},
		"the end is cut off":           {func(s *trail) { s.head = audit.Head{Seq: 100, Hash: s.lines[99].Hash} }, audit.ErrBroken},
		"a line is changed with its hash": {func(s *trail) {
			again, _ := (audit.Head{Seq: 7, Hash: s.lines[6].Hash}).Append([]audit.Entry{{By: anna, Action: audit.Removed, Object: s.lines[7].Object, At: noon}})
			s.lines[7] = again[0]
		}, audit.ErrBroken},
	} {
		s := written()
		tt.change(s)
		head, err := audit.Verify(t.Context(), s, us)
		if !errors.Is(err, tt.want) || tt.want == nil && head != s.head {
			t.Errorf("%s: %+v, %v", name, head, err)
		}
	}
	down := errors.New("down")
	if _, err := audit.Verify(t.Context(), &trail{err: down}, us); !errors.Is(err, down) || errors.Is(err, audit.ErrBroken) {
		t.Errorf("a table that is down is no broken trail: %v", err)
	}
}

func TestAnArchiveWithoutPersonsCanStillBeChecked(t *testing.T) {
	t.Parallel()
	s := written()
	e := s.lines[3]
	e.IP, e.Object.Name, e.Changes = "", "", nil
	rest, _ := (audit.Head{Seq: 3, Hash: s.lines[2].Hash}).Append([]audit.Entry{s.lines[3]})
	if rest[0].Hash != e.Hash || e.Content == "" {
		t.Error("the hash of a line is not made of its content's hash alone")
	}
}

func TestALineSaysWhatIsDifferent(t *testing.T) {
	t.Parallel()
	type m = map[string]any
	list := func(x ...any) []any { return x }
	for _, tt := range []struct {
		name          string
		before, after m
		action        audit.Action
		want          []audit.Change
	}{
		{"the same", m{"a": 1.0, "b": m{"c": list("x")}}, m{"a": 1.0, "b": m{"c": list("x")}}, "", nil},
		{"new", nil, m{"name": "IT", "is_active": true, "hook": m{"url": "https://a.example/x"}}, audit.Created,
			[]audit.Change{{Field: "hook.url", After: "https://a.example/x"}, {Field: "is_active", After: "true"}, {Field: "name", After: "IT"}}},
		{"gone", m{"name": "IT", "minutes": 30.0}, nil, audit.Removed, []audit.Change{{Field: "minutes", Before: "30"}, {Field: "name", Before: "IT"}}},
		{"a field within", m{"mail": m{"to": list("a@x.example"), "subject": "s"}}, m{"mail": m{"to": list("b@x.example"), "subject": "s"}}, audit.Changed,
			[]audit.Change{{Field: "mail.to", Before: `["a@x.example"]`, After: `["b@x.example"]`}}},
		{"a number and a telephone", m{"e164": "+4930123456", "n": 1.5}, m{"e164": "+4930123457", "n": 2.0}, audit.Changed,
			[]audit.Change{{Field: "e164", Before: "+4930123456", After: "+4930123457"}, {Field: "n", Before: "1.5", After: "2"}}},
		{"an id is no secret", m{"group_id": "01KB0000000000000000000051"}, m{}, audit.Changed, []audit.Change{{Field: "group_id", Before: "01KB0000000000000000000051"}}},
		{"secrets", m{"hook": m{"auth": m{"type": "none"}, "headers": nil}},
			m{"hook": m{"auth": m{"type": "basic", "user": "bot", "password_ref": "ssm:/p"}, "headers": list(m{"name": "X-Key", "value": "hunter2"}), "legacy_signature": true}}, audit.Changed,
			[]audit.Change{{Field: "hook.auth.password_ref", After: audit.Hidden}, {Field: "hook.auth.type", Before: "none", After: "basic"}, {Field: "hook.auth.user", After: audit.Hidden},
				{Field: "hook.headers", After: audit.Hidden}, {Field: "hook.legacy_signature", After: "true"}}},
		{"references wherever they stand", m{"calcom_api_key": "ssm:/old", "smtp": m{"user": "ssm:/u"}}, m{"calcom_api_key": "ssm:/new", "smtp": m{"user": "secretsmanager:u"}, "retell_api_keys": list("ssm:/r")},
			audit.Changed, []audit.Change{{Field: "calcom_api_key", Before: audit.Hidden, After: audit.Hidden}, {Field: "retell_api_keys", After: audit.Hidden},
				{Field: "smtp.user", Before: audit.Hidden, After: audit.Hidden}}},
		{"an address that is a permission", m{}, m{"url": "https://hooks.slack.com/services/T1/B2/geheim", "other": "https://a.example/x?token=1"}, audit.Changed,
			[]audit.Change{{Field: "other", After: "https://a.example/x?…"}, {Field: "url", After: "https://hooks.slack.com/services/…/…/…"}}},
		{"what looks like a secret", m{}, m{"text": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw gilt", "list": list(m{"url": "https://a.example/?k=1", "token": "hunter2"})}, audit.Changed,
			[]audit.Change{{Field: "list", After: `[{"token":"(hidden)","url":"https://a.example/?…"}]`}, {Field: "text", After: audit.Hidden + " gilt"}}},
		{"a payload", m{}, m{"payload_template": `{"token": "hunter2", "title": "{{case.subject}}"}`}, audit.Changed,
			[]audit.Change{{Field: "payload_template", After: `{"title":"{{case.subject}}","token":"(hidden)"}`}}},
	} {
		e, different := audit.Saved(anna, audit.Object{Kind: "output", ID: "o1"}, tt.before, tt.after)
		if different != (tt.want != nil) || different && e.Action != tt.action || !reflect.DeepEqual(e.Changes, tt.want) {
			t.Errorf("%s: %t, %s, %+v", tt.name, different, e.Action, e.Changes)
		}
	}
	e, _ := audit.Saved(anna, audit.Object{Kind: "output", ID: "o1"}, nil, map[string]any{"name": "Tickets", "slug": "tickets", "text": strings.Repeat("ä", 3000)})
	if e.Object.Name != "tickets" || e.By != anna || !slices.Equal(e.Fields(), []string{"name", "slug", "text"}) || len([]rune(e.Changes[2].After)) != 2001 {
		t.Errorf("%+v", e.Object)
	}
}

func TestTheChainsAreCheckedOnceANight(t *testing.T) {
	t.Parallel()
	for _, day := range []string{"2026-03-29", "2026-06-01", "2026-10-25", "2026-11-24"} { // two of them have 23 and 25 hours
		start, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		checked := 0
		for at := start.Add(-2 * time.Hour); at.Before(start.Add(22 * time.Hour)); at = at.Add(15 * time.Minute) {
			if audit.CheckDue(at.Add(7 * time.Second)) {
				checked++
			}
		}
		if checked != 1 {
			t.Errorf("%s: %d times", day, checked)
		}
	}
}
