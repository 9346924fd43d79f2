package scenarios_test

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/askpro/gateway/infra/local/stacktest"
	"github.com/askpro/gateway/internal/callback"
)

// office makes the company open Monday to Friday from 9 to 18, as in the specification's examples (§15). Nothing has read
// its configuration yet.
func office(t *testing.T, c *stacktest.Company) {
	t.Helper()
	c.Edit = strings.NewReplacer(`, saturday: ["08:00-20:00"], sunday: ["08:00-20:00"]`, "", "08:00-20:00", "09:00-18:00").Replace
	c.Load(t, c.Ref("webhook"), nil)
}

func request(t *testing.T, c *stacktest.Company, id string) callback.Request {
	t.Helper()
	r, ok, err := c.Store().Callback(t.Context(), c.ID, id)
	if err != nil || !ok {
		t.Fatalf("callback %s: %t, %v", id, ok, err)
	}
	return r
}

// steps are what was told of a callback since it was promised, in words.
func steps(t *testing.T, c *stacktest.Company, id string) (list []string) {
	t.Helper()
	events, err := c.Store().CallbackEvents(t.Context(), c.ID, id)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		var x struct{ Level, Reason string }
		if err := json.Unmarshal([]byte(e.Detail), &x); err != nil {
			t.Fatal(err)
		}
		list = append(list, strings.TrimSpace(strings.TrimSuffix(e.Name, ".v1")+" "+x.Level+" "+x.Reason))
	}
	return list
}

// moveTo puts the frozen clock to a time in Berlin and waits for what is due then.
func moveTo(t *testing.T, s *stacktest.Stack, at string) {
	t.Helper()
	local, err := time.ParseInLocation("2006-01-02 15:04", at, loadBerlin(t))
	if err != nil {
		t.Fatal(err)
	}
	s.SetClock(t, local.Format(time.RFC3339), true)
	s.Idle(t)
}

func loadBerlin(t *testing.T) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func TestScenario28AnUrgentCallbackOnFridayEvening(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	moveTo(t, s, "2026-11-27 17:00") // a Friday
	c := s.NewCompany(t)
	office(t, c)
	r := c.Ring(c.Erika).Tool(t, "request_callback", map[string]any{"priority": "urgent", "action": "book", "reason": "Ein Notfall vor der Hochzeit."})
	want(t, r, "callback_created")
	id := r.Text("callback_id")
	s.Idle(t)
	const until = "2026-11-30T10:00:00+01:00"
	words := "Wir rufen Sie bis Montag, den 30. November, um 10 Uhr zurück."
	if r.Text("promised_until") != until || r.Say != words || r.Text("priority") != "urgent" {
		t.Errorf("%s", r.Raw)
	}
	if x := request(t, c, id); x.PromisedUntil.In(loadBerlin(t)).Format(time.RFC3339) != until || x.Status != callback.Assigned || x.AssignedTo == "" {
		t.Errorf("%+v", x)
	}
	first := request(t, c, id).AssignedTo

	// A second wish within 24 hours is appended and keeps the promise, in words and data.
	moveTo(t, s, "2026-11-27 17:30")
	r = c.Ring(c.Erika).Tool(t, "request_callback", map[string]any{"action": "book", "reason": "Es eilt wirklich.", "preferred_time": "gern vormittags"})
	want(t, r, "callback_updated")
	if r.Text("callback_id") != id || r.Text("promised_until") != until || !strings.HasSuffix(r.Say, words) {
		t.Errorf("%s", r.Raw)
	}
	if x := request(t, c, id); !slices.Equal(x.Notes, []string{"Es eilt wirklich. · gern vormittags"}) || x.Priority != callback.Urgent {
		t.Errorf("%+v", x)
	}

	// 60, 90 and 120 business minutes without contact: Friday 18:00, Monday 9:30 and 10:00, once each.
	for _, tt := range []struct {
		at   string
		want []string
	}{
		{"2026-11-27 17:59", nil},
		{"2026-11-27 18:00", []string{"callback.escalated warn sla_breach"}},
		{"2026-11-27 18:10", nil},
		{"2026-11-29 12:00", nil},
		{"2026-11-30 09:29", nil},
		{"2026-11-30 09:30", []string{"callback.escalated critical sla_breach"}},
		{"2026-11-30 09:59", nil},
		{"2026-11-30 10:00", []string{"callback.escalated escalated sla_breach"}},
		{"2026-11-30 10:01", nil},
		{"2026-12-01 08:59", nil},
	} {
		before := steps(t, c, id)
		moveTo(t, s, tt.at)
		if got := steps(t, c, id)[len(before):]; !slices.Equal(got, tt.want) {
			t.Errorf("at %s: %q, wanted %q", tt.at, got, tt.want)
		}
	}
	if x := request(t, c, id); x.AssignedTo == first || x.AssignedTo == "" {
		t.Errorf("it is still %q's", x.AssignedTo)
	}
	if letters := c.Mails(t, c.BranchTo); len(letters) == 0 || !strings.Contains(letters[0].Text, "Montag, 30.11.2026, 10:00 Uhr") {
		t.Errorf("the branch got %d letters, the first %+v", len(letters), letters)
	}
}

func TestScenario28AnotherDayIsAnotherCallback(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	moveTo(t, s, "2026-11-24 10:00")
	c := s.NewCompany(t)
	wish := func() stacktest.Reply {
		return c.Ring("").Tool(t, "request_callback", map[string]any{"phone": "0151 2345678", "action": "cancel"})
	}
	a := wish()
	want(t, a, "callback_created")
	moveTo(t, s, "2026-11-25 09:59")
	b := wish()
	want(t, b, "callback_updated")
	moveTo(t, s, "2026-11-25 10:00")
	d := wish()
	want(t, d, "callback_created")
	if a.Text("callback_id") != b.Text("callback_id") || a.Text("callback_id") == d.Text("callback_id") {
		t.Errorf("%s, %s, %s", a.Raw, b.Raw, d.Raw)
	}
	if x, y := request(t, c, a.Text("callback_id")), request(t, c, d.Text("callback_id")); x.AssignedTo == "" || x.AssignedTo == y.AssignedTo {
		t.Errorf("both are %q's, the other has nothing to do", x.AssignedTo)
	}
}

func TestTheSameCallbackThreeTimesIsOne(t *testing.T) {
	t.Parallel()
	c := stacktest.Shared(t).NewCompany(t)
	x := c.Ring(c.Erika)
	args := map[string]any{"action": "book", "reason": "Ein Termin für zwei."}
	answers := make([]stacktest.Reply, 3)
	var wait sync.WaitGroup
	for i := range answers {
		wait.Go(func() { answers[i] = x.Tool(t, "request_callback", args) })
	}
	wait.Wait()
	first := answers[0]
	for _, r := range append(answers, x.Tool(t, "request_callback", args)) {
		if r.Raw != first.Raw || r.Status != "callback_created" {
			t.Errorf("%s\n%s", r.Raw, first.Raw)
		}
	}
	if r := request(t, c, first.Text("callback_id")); len(r.Notes) != 0 {
		t.Errorf("notes %q", r.Notes)
	}
	c.Idle(t)
	if letters := c.Mails(t, c.BranchTo); len(letters) != 1 {
		t.Errorf("%d letters", len(letters))
	}
}

func TestACallbackThatNobodyMakesExpires(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	moveTo(t, s, "2026-11-24 10:00")
	c := s.NewCompany(t)
	r := c.Ring(c.Max).Tool(t, "request_callback", nil)
	want(t, r, "callback_created")
	moveTo(t, s, "2026-12-20 10:00")
	if x := request(t, c, r.Text("callback_id")); x.Status != callback.Expired {
		t.Errorf("%+v", x)
	}
	open, err := c.Store().OpenCallbacks(t.Context(), c.ID, request(t, c, r.Text("callback_id")).BranchID)
	if err != nil || len(open) != 0 {
		t.Errorf("still open: %v, %v", open, err)
	}
	moveTo(t, s, "2026-12-20 10:02") // its timer is gone: nothing wakes any more
	s.ForgetCalls(t)
	moveTo(t, s, "2026-12-20 10:05")
	if n, _, _ := of(s.Calls(t), "work-default"); n != 0 {
		t.Errorf("work-default still asks AWS %d times", n)
	}
}
