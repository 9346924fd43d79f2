package dispatch_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/dispatch"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/notify"
)

var anna = desk.Actor{Kind: "user", ID: "anna"}

// left puts mails that left earlier into the world, made a minute after each other from noon on, each to an address of its
// own: dead0@kunde.example, sent1@kunde.example, ….
func (w *world) left(states ...delivery.State) {
	for n, state := range states {
		id := ident.Derive("left", fmt.Sprint(n))
		w.deliveries[id] = delivery.Delivery{
			ID: id, CaseID: caseID, OutputID: "out", ConfigVersion: 1, Kind: delivery.Created, Channel: delivery.Email, Destination: fmt.Sprintf("%s%d@kunde.example", state, n), Sequence: 1,
			Profile: delivery.Fast, State: state, MessageID: "msg_" + id, CreatedAt: noon.Add(time.Duration(n) * time.Minute), FinishedAt: noon.Add(time.Duration(n) * time.Minute), Version: 1,
		}
	}
}

func day() dispatch.Redelivery {
	return dispatch.Redelivery{ID: "job", OutputID: "out", From: noon, To: noon.Add(24 * time.Hour), By: anna}
}

// redelivers starts one, works it off and says who got a mail, in order.
func (w *world) redelivers(t *testing.T, r dispatch.Redelivery) (to []string) {
	t.Helper()
	if _, err := w.StartRedelivery(t.Context(), us, r); err != nil {
		t.Fatal(err)
	}
	before := len(w.letters)
	w.give(dispatch.RedeliverKind, dispatch.Redelivering{RedeliveryID: r.ID})
	w.run(t, w.clock().Add(time.Hour))
	for _, l := range w.letters[before:] {
		to = append(to, strings.TrimSuffix(l.To, "@kunde.example"))
	}
	return to
}

func TestManyAreSentAgainAsSomebodyChose(t *testing.T) {
	t.Parallel()
	const dead, sent, cancelled, waiting = delivery.Dead, delivery.Sent, delivery.Cancelled, delivery.Waiting
	for _, tt := range []struct {
		name   string
		change func(w *world, r *dispatch.Redelivery)
		want   []string
	}{
		{"the dead ones", nil, []string{"dead0", "dead3", "dead5"}},
		{"all that arrived or died", func(_ *world, r *dispatch.Redelivery) { r.All = true }, []string{"dead0", "sent1", "dead3", "dead5"}},
		{"of a period, its end apart", func(_ *world, r *dispatch.Redelivery) {
			r.From, r.To = noon.Add(time.Minute), noon.Add(5*time.Minute)
		}, []string{"dead3"}},
		{"not those that somebody sent again", func(w *world, _ *dispatch.Redelivery) {
			w.again(w.oldest(), sent)
		}, []string{"dead3", "dead5"}},
		{"but of all, once more", func(w *world, r *dispatch.Redelivery) {
			r.All = true
			w.again(w.oldest(), sent)
		}, []string{"dead0", "sent1", "dead3", "dead5"}},
		{"a replay that died stands for what it replayed", func(w *world, _ *dispatch.Redelivery) {
			w.again(w.oldest(), dead)
		}, []string{"dead3", "dead5", "dead0"}},
		{"not what stood in for a webhook", func(w *world, _ *dispatch.Redelivery) {
			d := w.oldest()
			d.Fallback = true
			w.deliveries[d.ID] = d
		}, []string{"dead3", "dead5"}},
		{"no escalation", func(w *world, _ *dispatch.Redelivery) {
			d := w.oldest()
			d.Kind = delivery.Escalation
			w.deliveries[d.ID] = d
		}, []string{"dead3", "dead5"}},
		{"of another output nothing", func(w *world, r *dispatch.Redelivery) {
			other := mails("it@kunde.example")
			other.ID = "other"
			w.save(other)
			r.OutputID = "other"
		}, nil},
		{"those of a case, whenever they were made", func(_ *world, r *dispatch.Redelivery) {
			r.OutputID, r.From, r.To, r.CaseID = "", time.Time{}, time.Time{}, caseID
		}, []string{"dead0", "dead3", "dead5"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, mails("it@kunde.example"))
			w.now = noon.Add(12 * time.Hour)
			w.left(dead, sent, cancelled, dead, waiting, dead)
			r := day()
			if tt.change != nil {
				tt.change(w, &r)
			}
			unnamed := r
			unnamed.ID = ""
			count, more, err := w.CountRedelivery(t.Context(), us, unnamed)
			if err != nil || count != len(tt.want) || more {
				t.Errorf("%d would set out, and more: %t, %v", count, more, err)
			}
			got := w.redelivers(t, r)
			slices.Sort(got)
			want := slices.Sorted(slices.Values(tt.want))
			if !slices.Equal(got, want) {
				t.Errorf("%v, not %v", got, want)
			}
			if job := w.jobs["job"]; !job.Done() || job.Sent != len(tt.want) || job.Left != 0 {
				t.Errorf("%+v", job)
			}
			told := 0
			for _, e := range w.events {
				if e, ok := e.(event.DeliveryReplayed); ok {
					if told++; e.Actor != anna {
						t.Errorf("replayed by %+v", e.Actor)
					}
				}
			}
			if told != len(tt.want) {
				t.Errorf("told %d times", told)
			}
			if again := w.redelivers(t, r); len(again) > 0 { // asked twice with one id
				t.Errorf("asked once more, it sent %v again", again)
			}
		})
	}
}

func (w *world) oldest() delivery.Delivery { return w.deliveries[ident.Derive("left", "0")] }

// again is a replay that somebody made and that ended.
func (w *world) again(of delivery.Delivery, state delivery.State) {
	of.ReplayOf, of.ID, of.State, of.CreatedAt = of.ID, ident.Derive("again", of.ID), state, noon.Add(6*time.Hour)
	w.deliveries[of.ID] = of
}

func TestWhatIsSentAsNewIsAnotherMessage(t *testing.T) {
	t.Parallel()
	for _, asNew := range []bool{false, true} {
		w := newWorld(t, mails("it@kunde.example"))
		w.now = noon.Add(12 * time.Hour)
		w.left(delivery.Dead)
		r := day()
		r.AsNew = asNew
		w.redelivers(t, r)
		if got := w.letters[0].Key; (got == w.oldest().MessageID) == asNew {
			t.Errorf("as new: %t, the message is %s and was %s", asNew, got, w.oldest().MessageID)
		}
	}
}

func TestARedeliveryThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mails("it@kunde.example"))
	for _, tt := range []struct {
		name   string
		change func(r *dispatch.Redelivery)
		want   error
	}{
		{"of an output that nobody knows", func(r *dispatch.Redelivery) { r.OutputID = "nobody" }, dispatch.ErrNoOutput},
		{"of a time that is to come", func(r *dispatch.Redelivery) { r.From = noon.Add(time.Minute) }, dispatch.ErrPeriod},
		{"of a time that ends before it begins", func(r *dispatch.Redelivery) { r.From, r.To = noon.Add(-time.Hour), noon.Add(-2*time.Hour) }, dispatch.ErrPeriod},
		{"of a case that nobody knows", func(r *dispatch.Redelivery) { r.CaseID = "nobody" }, dispatch.ErrNoCase},
	} {
		r := day()
		r.From = noon.Add(-time.Hour)
		tt.change(&r)
		if _, err := w.StartRedelivery(t.Context(), us, r); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	if len(w.jobs) != 0 {
		t.Errorf("%d were written down", len(w.jobs))
	}
}

func TestWhatItsOutputCannotSendIsCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mails("it@kunde.example"))
	w.now = noon.Add(time.Hour)
	w.left(delivery.Dead, delivery.Dead)
	if _, err := w.StartRedelivery(t.Context(), us, day()); err != nil {
		t.Fatal(err)
	}
	o, _ := w.conf.Output("out")
	o.Active = false // since it was started
	w.save(o)
	w.give(dispatch.RedeliverKind, dispatch.Redelivering{RedeliveryID: "job"})
	w.run(t, noon.Add(2*time.Hour))
	if job := w.jobs["job"]; !job.Done() || job.Sent != 0 || job.Left != 2 || len(w.letters) > 0 {
		t.Errorf("%+v, %d letters", job, len(w.letters))
	}
}

func TestMoreThanAPageSetOutAPageAtATime(t *testing.T) {
	t.Parallel()
	const many = 60
	w := newWorld(t, mails("it@kunde.example"))
	w.now = noon.Add(12 * time.Hour)
	w.left(slices.Repeat([]delivery.State{delivery.Dead}, many)...)
	if count, more, err := w.CountRedelivery(t.Context(), us, day()); err != nil || count != many || more {
		t.Errorf("%d, more: %t, %v", count, more, err)
	}
	if _, err := w.StartRedelivery(t.Context(), us, day()); err != nil {
		t.Fatal(err)
	}
	began := w.clock()
	for range 2 { // two workers at the same work
		w.give(dispatch.RedeliverKind, dispatch.Redelivering{RedeliveryID: "job"})
	}
	for page, want := range []int{25, 50, 60} {
		w.run(t, began.Add(time.Duration(page)*5*time.Second))
		if len(w.letters) < want {
			t.Errorf("after page %d %d have left", page+1, len(w.letters))
		}
	}
	w.run(t, began.Add(time.Hour))
	to := map[string]int{}
	for _, l := range w.letters {
		to[l.To]++
	}
	if job := w.jobs["job"]; len(to) != many || len(w.letters) != many || !job.Done() || job.Sent != many {
		t.Errorf("%d letters to %d, %+v", len(w.letters), len(to), job)
	}
}

func TestACountHasAnEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mails("it@kunde.example"))
	w.left(slices.Repeat([]delivery.State{delivery.Dead, delivery.Sent}, 600)...)
	if count, more, err := w.CountRedelivery(t.Context(), us, day()); err != nil || count != 500 || !more {
		t.Errorf("%d, more: %t, %v", count, more, err)
	}
}

// A replay that dies is not sent again by the redelivery that made it, though its worker's clock be behind.
func TestARedeliveryDoesNotFeedOnItself(t *testing.T) {
	t.Parallel()
	for _, r := range []dispatch.Redelivery{day(), {ID: "job", CaseID: caseID, By: anna}} {
		w := newWorld(t, mails("it@kunde.example"))
		w.left(slices.Repeat([]delivery.State{delivery.Dead}, 30)...)
		w.now = noon.Add(time.Hour)
		if _, err := w.StartRedelivery(t.Context(), us, r); err != nil {
			t.Fatal(err)
		}
		w.mailFails = func(notify.Letter) error { return notify.ErrAddress }
		w.now = noon.Add(30 * time.Minute)
		w.give(dispatch.RedeliverKind, dispatch.Redelivering{RedeliveryID: r.ID})
		w.run(t, w.clock().Add(10*time.Minute))
		if all := w.of(delivery.Email); len(all) != 60 || w.jobs[r.ID].Sent != 30 || !w.jobs[r.ID].Done() {
			t.Errorf("%d deliveries, %+v", len(all), w.jobs[r.ID])
		}
	}
}

// TestKilledAnywhereARedeliverySendsEachOnce lets each operation of two pages go wrong, before it and after it.
func TestKilledAnywhereARedeliverySendsEachOnce(t *testing.T) {
	t.Parallel()
	// Two pages, of which most has arrived.
	states := slices.Repeat([]delivery.State{delivery.Sent}, 27)
	dead := []int{0, 10, 24, 26}
	for _, n := range dead {
		states[n] = delivery.Dead
	}
	many, ops := len(dead), 0
	for fault := 0; fault <= ops; fault++ {
		w := newWorld(t, mails("it@kunde.example"))
		w.now = noon.Add(12 * time.Hour)
		w.left(states...)
		r := day()
		r.AsNew = true // a second one would be noticed
		if _, err := w.StartRedelivery(t.Context(), us, r); err != nil {
			t.Fatal(err)
		}
		w.ops, w.faultAt = 0, fault
		w.give(dispatch.RedeliverKind, dispatch.Redelivering{RedeliveryID: r.ID})
		w.run(t, noon.Add(24*time.Hour))
		if fault == 0 {
			ops = w.ops
		}
		keys := map[string]bool{}
		for _, l := range w.letters { // one whose answer was lost goes out again under its Message-ID
			keys[l.Key] = true
		}
		replays := 0
		for _, d := range w.deliveries {
			if d.Redelivery == r.ID {
				if replays++; d.State != delivery.Sent {
					t.Errorf("fault at %d of %d: %s is %s", fault, ops, d.Destination, d.State)
				}
			}
		}
		if job := w.jobs[r.ID]; replays != many || len(keys) != many || !job.Done() || job.Sent != many {
			t.Errorf("fault at %d of %d: %d replays, %d messages, %+v", fault, ops, replays, len(keys), job)
		}
		if t.Failed() {
			return
		}
	}
	if ops < 80 {
		t.Errorf("only %d operations: the walk has seen too little", ops)
	}
}

// TestATimerStartsARedeliveryAndTakesItUpAgain: it is due at once, and after each page a while later.
func TestATimerStartsARedeliveryAndTakesItUpAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mails("it@kunde.example"))
	w.now = noon.Add(12 * time.Hour)
	w.left(slices.Repeat([]delivery.State{delivery.Dead}, 30)...)
	r, err := w.StartRedelivery(t.Context(), us, day())
	if x := r.Timer(); err != nil || !x.DueAt.Equal(w.now) || x.About != "job" || x.Queue != "gateway" {
		t.Errorf("%+v, %v", x, err)
	}
	w.give(dispatch.RedeliverKind, dispatch.Redelivering{RedeliveryID: "job"})
	w.run(t, w.clock().Add(2*time.Second))
	w.queue = nil // the next page's message is lost
	if job := w.jobs["job"]; job.Done() || !job.Timer().DueAt.Equal(r.WakeAt) {
		t.Errorf("%+v", job)
	}
	w.give(dispatch.RedeliverKind, dispatch.Redelivering{RedeliveryID: "job"}) // as the timer does
	w.run(t, w.clock().Add(time.Hour))
	if job := w.jobs["job"]; !job.Done() || job.Sent != 30 || len(w.letters) != 30 || !job.WakeAt.After(r.WakeAt) {
		t.Errorf("%+v, %d letters", job, len(w.letters))
	}
}
