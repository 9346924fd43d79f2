package subscribe_test

import (
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/delivery"
)

// plan makes n messages that are due and have not been tried.
func (w *world) plan(n int) {
	w.Helper()
	w.lose = true
	for i := range n {
		w.happens(created(strconv.Itoa(i), w.clock()))
	}
	for _, l := range w.queue {
		w.work(l)
	}
	w.queue = nil
}

func TestOfManyWorkersOneSendsAMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, crm)
	w.plan(1)
	id := w.messages()[0].ID
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := w.hooks.Attempt(t.Context(), us, "e1", id); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	w.until(monday.Add(time.Hour))
	if n := len(w.server.got()); n != 1 {
		t.Errorf("%d requests", n)
	}
	if m := w.message(id); m.State != delivery.Sent || m.Attempts != 1 {
		t.Errorf("%s after %d attempts", m.State, m.Attempts)
	}
}

func TestADestinationIsAskedByTwoAtATime(t *testing.T) {
	t.Parallel()
	e := crm
	e.PerSecond = 1000
	w := newWorld(t, e)
	var inside, most, back atomic.Int32
	released := make(chan struct{})
	release := sync.OnceFunc(func() { close(released) })
	w.reply = func(http.ResponseWriter, int) {
		n := inside.Add(1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		if n > 2 {
			release()
		}
		<-released // whoever is let in stays until all others were turned away
		inside.Add(-1)
	}
	w.plan(12)
	w.mu.Lock()
	w.now = monday.Add(time.Second)
	w.mu.Unlock()
	var wg sync.WaitGroup
	for _, m := range w.messages() {
		wg.Go(func() {
			if _, err := w.hooks.Attempt(t.Context(), us, "e1", m.ID); err != nil {
				t.Error(err)
			}
			if back.Add(1) == 10 {
				release()
			}
		})
	}
	wg.Wait()
	w.until(monday.Add(time.Hour))
	if n := most.Load(); n > 2 || n == 0 {
		t.Errorf("%d at a time", n)
	}
	for _, m := range w.messages() {
		if m.State != delivery.Sent || m.Attempts != 1 {
			t.Errorf("%s after %d attempts", m.State, m.Attempts)
		}
	}
}

func TestWhatComesAfterItsTimeIsNotSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, crm)
	w.happens(created("a", monday.Add(-15*24*time.Hour)))
	w.until(monday.Add(time.Hour))
	if m := w.messages()[0]; m.State != delivery.Cancelled || m.Why == "" || len(w.server.got()) != 0 {
		t.Errorf("%+v", m.Delivery)
	}
}
