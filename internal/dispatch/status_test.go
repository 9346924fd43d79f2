package dispatch_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/output"
)

// moves changes the case's status, and gives the fact that tells of it.
func (w *world) moves(to desk.Status, note string) event.CaseStatusChanged {
	w.mu.Lock()
	c := w.cases[caseID]
	e := event.CaseStatusChanged{Head: event.Head{ID: fmt.Sprintf("E%d", c.Version), Sequence: c.Version << 4}, CaseID: caseID, From: string(c.Status), To: string(to)}
	c.Status, c.Resolution, c.Version = to, note, c.Version+1
	w.cases[caseID] = c
	w.mu.Unlock()
	w.give(e.Name(), e)
	return e
}

// statuses are what a receiver was told of the case, one word a message: created, or from>to.
func statuses(t *testing.T, all []got) (out []string) {
	t.Helper()
	for _, g := range all {
		var p struct {
			Status *struct{ From, To string }
			Meta   struct {
				Event    string
				Sequence int
			}
		}
		if err := json.Unmarshal([]byte(g.body), &p); err != nil {
			t.Fatal(err)
		}
		word := strings.TrimPrefix(p.Meta.Event, "service_case.")
		if p.Status != nil {
			word = p.Status.From + ">" + p.Status.To
		}
		if (p.Status != nil) != (p.Meta.Event == "service_case.status_changed") || g.header.Get("X-Event") != p.Meta.Event {
			t.Errorf("%s", g.body)
		}
		out = append(out, fmt.Sprintf("%d %s", p.Meta.Sequence, word))
	}
	return out
}

func TestAChangeOfStatusIsToldWhereItWasChosen(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		before func(w *world, o *output.Output)
		then   func(w *world, r *receiver)
		hooked []string
		mailed int // of the status
	}{
		{"not unless it is chosen", func(_ *world, o *output.Output) { o.SendStatus = false }, nil, []string{"1 created"}, 0},
		{"however often it is heard", nil, func(w *world, _ *receiver) {
			e := w.moves(desk.Resolved, "gereinigt")
			for range 3 {
				w.give(e.Name(), e)
			}
		}, []string{"1 created", "2 new>resolved"}, 1},
		{"each change, in order", nil, func(w *world, _ *receiver) {
			w.moves(desk.Opened, "")
			w.run(t, noon.Add(2*time.Second))
			w.moves(desk.Resolved, "gereinigt")
		}, []string{"1 created", "2 new>open", "3 open>resolved"}, 2},
		{"heard late it tells what is now, and never turns it back", nil, func(w *world, _ *receiver) {
			late := w.moves(desk.Opened, "")
			w.queue = nil
			w.moves(desk.Resolved, "gereinigt")
			w.run(t, noon.Add(2*time.Second))
			w.give(late.Name(), late)
		}, []string{"1 created", "2 open>resolved", "3 new>resolved"}, 2},
		{"not of a case that was merged", nil, func(w *world, _ *receiver) {
			c := w.cases[caseID]
			c.MergedInto, c.Version = "other", c.Version+1
			w.cases[caseID] = c
			w.moves(desk.Closed, "")
		}, []string{"1 created"}, 0},
		{"not of a case that was deleted", nil, func(w *world, _ *receiver) {
			c := w.cases[caseID]
			c.Deletion, c.Version = &desk.Deletion{At: noon, Reason: "Test"}, c.Version+1
			w.cases[caseID] = c
			w.moves(desk.Closed, "")
		}, []string{"1 created"}, 0},
		{"not by an output that was switched off", nil, func(w *world, _ *receiver) {
			o, _ := w.conf.Output("out")
			o.Active = false
			w.save(o)
			w.moves(desk.Resolved, "gereinigt")
		}, []string{"1 created"}, 0},
		{"by one that chose it since, in its new words", func(_ *world, o *output.Output) { o.SendStatus = false }, func(w *world, _ *receiver) {
			o, _ := w.conf.Output("out")
			o.SendStatus = true
			w.save(o)
			w.moves(desk.Resolved, "gereinigt")
		}, []string{"1 created", "2 new>resolved"}, 1},
		{"not to an address that gave a mail back", nil, func(w *world, _ *receiver) {
			o, _ := w.conf.Output("out")
			o.Mail.Returned = []output.Returned{returned("it@kunde.example")}
			w.save(o)
			w.moves(desk.Resolved, "gereinigt")
		}, []string{"1 created", "2 new>resolved"}, 0},
		{"not to where the output no longer leads", nil, func(w *world, r *receiver) {
			o, _ := w.conf.Output("out")
			o.Hook.URL, o.Mail.Muted = r.URL+"/neu", []string{"it@kunde.example"}
			w.save(o)
			w.moves(desk.Resolved, "gereinigt")
		}, []string{"1 created"}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, r := receives(t, status(200, `{"id":"IT-7"}`))
			o := both("it@kunde.example", r.URL)
			o.SendStatus = true
			if tt.before != nil {
				tt.before(w, &o)
			}
			w.save(o)
			w.created()
			w.run(t, noon.Add(time.Second))
			if tt.then == nil {
				w.moves(desk.Resolved, "gereinigt")
			} else {
				tt.then(w, r)
			}
			w.run(t, noon.Add(time.Hour))
			all := r.all()
			if got := statuses(t, all); !slices.Equal(got, tt.hooked) {
				t.Errorf("the webhook heard %q, not %q", got, tt.hooked)
			}
			for _, g := range all[1:] {
				if !strings.Contains(g.body, `"external_reference":"IT-7"`) || g.id() == all[0].id() {
					t.Errorf("it does not belong to the first answer: %s", g.body)
				}
			}
			mailed := 0
			for _, l := range w.letters {
				if strings.Contains(l.Text, "Der Status dieses Vorgangs ist jetzt") {
					mailed++
				}
			}
			if mailed != tt.mailed || len(w.letters) != 1+tt.mailed {
				t.Errorf("%d of %d mails tell the status, not %d", mailed, len(w.letters), tt.mailed)
			}
		})
	}
}

func TestAStatusIsNotToldBeforeItsCaseNorWithoutIt(t *testing.T) {
	t.Parallel()
	start := func(t *testing.T, answer int) (*world, *receiver) {
		w, r := receives(t, status(answer, ""))
		o := hooks(r.URL)
		o.SendStatus = true
		w.save(o)
		return w, r
	}
	t.Run("heard before the case was", func(t *testing.T) {
		t.Parallel()
		w, r := start(t, 200)
		w.moves(desk.Resolved, "gereinigt")
		w.created()
		w.run(t, noon.Add(time.Hour))
		if got := statuses(t, r.all()); !slices.Equal(got, []string{"1 created", "2 new>resolved"}) {
			t.Errorf("%q", got)
		}
	})
	t.Run("it waits as long as the case does", func(t *testing.T) {
		t.Parallel()
		w, r := start(t, 200)
		w.callable()
		w.created()
		w.run(t, noon.Add(time.Second))
		w.moves(desk.Opened, "")
		w.run(t, noon.Add(50*time.Second))
		w.enrich()
		w.run(t, noon.Add(time.Hour))
		if got := statuses(t, r.all()); !slices.Equal(got, []string{"1 created", "2 new>open"}) {
			t.Errorf("%q", got)
		}
		for _, g := range r.all() {
			if !strings.Contains(g.body, "segments") {
				t.Errorf("it left without the transcript that was there: %s", g.body)
			}
		}
	})
	t.Run("whoever never got the case hears nothing", func(t *testing.T) {
		t.Parallel()
		w, r := start(t, 404)
		w.created()
		w.run(t, noon.Add(time.Second))
		w.moves(desk.Resolved, "gereinigt")
		w.run(t, noon.Add(time.Hour))
		if got := statuses(t, r.all()); !slices.Equal(got, []string{"1 created"}) {
			t.Errorf("%q", got)
		}
		r.become(status(200, ""))
		if _, _, err := w.ReplayCase(t.Context(), us, caseID, false, desk.Actor{}); err != nil {
			t.Fatal(err)
		}
		w.created()
		w.run(t, noon.Add(2*time.Hour))
		w.moves(desk.Closed, "")
		w.run(t, noon.Add(3*time.Hour))
		if got := statuses(t, r.all()); !slices.Equal(got, []string{"1 created", "1 created", "2 resolved>closed"}) {
			t.Errorf("after it was sent again: %q", got)
		}
	})
	t.Run("one that died keeps back neither the next nor the transcript", func(t *testing.T) {
		t.Parallel()
		w, r := start(t, 200)
		w.callable()
		w.created()
		w.run(t, noon.Add(200*time.Second))
		r.become(status(404, ""))
		w.moves(desk.Opened, "")
		w.run(t, noon.Add(210*time.Second))
		r.become(status(200, ""))
		w.enrich()
		w.run(t, noon.Add(220*time.Second))
		w.moves(desk.Resolved, "gereinigt")
		w.run(t, noon.Add(time.Hour))
		if got := statuses(t, r.all()); !slices.Equal(got, []string{"1 created", "2 new>open", "3 updated", "4 open>resolved"}) {
			t.Errorf("%q", got)
		}
	})
}

// Two workers that plan at the same moment give their messages different numbers.
func TestNumbersRiseAlsoWhereTwoPlanAtOnce(t *testing.T) {
	t.Parallel()
	w, r := receives(t, status(200, ""))
	o := hooks(r.URL)
	o.SendStatus = true
	w.save(o)
	w.created()
	w.run(t, noon.Add(time.Second))
	first := w.moves(desk.Opened, "")
	second := w.moves(desk.Resolved, "gereinigt")
	w.queue = nil
	w.beforeIt = func() {
		if _, err := w.StatusChanged(t.Context(), us, second); err != nil {
			t.Error(err)
		}
	}
	if _, err := w.StatusChanged(t.Context(), us, first); err != nil {
		t.Fatal(err)
	}
	var numbers []int
	for _, d := range w.of(delivery.Webhook) {
		numbers = append(numbers, d.Sequence)
	}
	if !slices.Equal(numbers, []int{1, 2, 3}) {
		t.Errorf("%v", numbers)
	}
}

func TestKilledAnywhereAStatusIsToldOnce(t *testing.T) {
	t.Parallel()
	ops := 0
	for fault := 0; fault <= ops; fault++ {
		w, r := receives(t, status(200, `{"id":"IT-7"}`))
		o := both("it@kunde.example", r.URL)
		o.SendStatus = true
		w.save(o)
		w.created()
		w.run(t, noon.Add(time.Minute))
		w.ops, w.faultAt = 0, fault
		w.moves(desk.Resolved, "gereinigt")
		w.run(t, noon.Add(2*time.Hour))
		if fault == 0 {
			ops = w.ops
		}
		told := map[string]int{}
		for _, g := range r.all() {
			told[g.id()]++
		}
		if all := append(w.of(delivery.Webhook), w.of(delivery.Email)...); len(all) != 4 || len(told) != 2 || slices.ContainsFunc(all, func(d delivery.Delivery) bool { return d.State != delivery.Sent }) {
			t.Errorf("fault at %d of %d: %d messages, %+v", fault, ops, len(told), all)
		}
		r.Close()
	}
	if ops < 20 {
		t.Errorf("only %d operations: the walk has seen too little", ops)
	}
}

// TestTheStatusPayloadIsAsItWasRead keeps the payload: `make golden` rewrites it.
func TestTheStatusPayloadIsAsItWasRead(t *testing.T) {
	t.Parallel()
	w, r := receives(t, status(200, `{"id":"IT-7"}`))
	o := hooks(r.URL)
	o.SendStatus = true
	w.save(o)
	w.created()
	w.run(t, noon.Add(time.Second))
	c := w.cases[caseID]
	c.PendingReason = desk.WaitingCustomer
	w.cases[caseID] = c
	w.moves(desk.Pending, "")
	w.run(t, noon.Add(time.Minute))
	var is bytes.Buffer
	if err := json.Indent(&is, []byte(r.all()[1].body), "", "  "); err != nil {
		t.Fatal(err)
	}
	is.WriteByte('\n')
	file := filepath.Join("testdata", "status_changed.json")
	if os.Getenv("ASKPRO_GOLDEN") == "write" {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, is.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != is.String() {
		t.Errorf("%s is not what is sent now: run make golden and read the diff\n%s", file, &is)
	}
}
