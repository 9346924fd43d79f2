package histories

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// Orders of a history with n messages: every order of them, and every order in which one of them arrives twice.
func Orders(n int) int { return count(n, 0, false) }

// count is how many orders begin with what has arrived: sent of n messages, with or without one that came twice.
func count(n, sent int, twice bool) int {
	left := n - sent
	if twice {
		return factorial(left)
	}
	if left == 0 {
		return 1 + n // as it is, or with one more
	}
	return left*count(n, sent+1, false) + sent*factorial(left)
}

// seen counts which messages have arrived, and tells whether one of them has twice.
func seen(arrived []int) (sent int, twice bool) {
	for k, i := range arrived {
		if slices.Contains(arrived[:k], i) {
			twice = true
		} else {
			sent++
		}
	}
	return sent, twice
}

func complete(n int, arrived []int) bool {
	sent, _ := seen(arrived)
	return sent == n
}

// followers are the messages that can arrive next, and how many orders begin so.
func followers(n int, arrived []int) iter.Seq2[int, int] {
	sent, twice := seen(arrived)
	return func(yield func(int, int) bool) {
		for i := range n {
			orders := 0
			switch again := slices.Contains(arrived, i); {
			case !again:
				orders = count(n, sent+1, twice)
			case !twice:
				orders = count(n, sent, true)
			}
			if orders > 0 && !yield(i, orders) {
				return
			}
		}
	}
}

// Nth is the order with a number, 0 to Orders(n)-1, as Run numbers them.
func Nth(n, number int) (order []int) {
	for !complete(n, order) || number > 0 {
		if complete(n, order) {
			number-- // the order that ends here
		}
		for i, orders := range followers(n, order) {
			if number < orders {
				order = append(order, i)
				break
			}
			number -= orders
		}
	}
	return order
}

func factorial(n int) int {
	if n < 2 {
		return 1
	}
	return n * factorial(n-1)
}

// Outcome is what playing a history in its orders showed.
type Outcome struct {
	History *History
	Ran     int
	Want    string // the end when everything arrives in order, once
	Others  []Other
}

// Other is an end that is not the wanted one.
type Other struct {
	End   string
	Ran   int
	Order []int // the shortest that leads to it
}

// Run plays a history in its orders, each every-th one (1: all), from one prepared world. Orders that begin alike share
// their beginning: it is played once and forked.
func Run(h *History, w *World, every int) (Outcome, error) {
	o := Outcome{History: h}
	want, _, err := w.InOrder(h)
	if err != nil {
		return o, err
	}
	o.Want = want
	run := &run{h: h, every: every, want: want, ends: map[string]*Other{}, room: make(chan struct{}, runtime.GOMAXPROCS(0))}
	run.from(w, nil, 0)
	run.wait.Wait()
	o.Ran = run.ran
	for _, other := range run.ends {
		o.Others = append(o.Others, *other)
	}
	slices.SortFunc(o.Others, func(a, b Other) int { return shorter(a.Order, b.Order) })
	return o, run.failed
}

type run struct {
	h     *History
	every int
	want  string
	room  chan struct{} // one place per processor
	wait  sync.WaitGroup

	mu     sync.Mutex
	ran    int
	ends   map[string]*Other
	failed error
}

// parallel is how many arrivals begin a part of the work that is done side by side with the others.
const parallel = 2

// from plays everything that can follow an order's beginning. number is the number of its first order.
func (r *run) from(w *World, arrived []int, number int) {
	n := len(r.h.Messages)
	if complete(n, arrived) {
		if number%r.every == 0 {
			r.finish(w.Fork(), arrived)
		}
		number++
	}
	for i, orders := range followers(n, arrived) {
		if chosen := (number + r.every - 1) / r.every * r.every; chosen < number+orders {
			r.next(w, append(slices.Clip(arrived), i), number)
		}
		number += orders
	}
}

// next lets one more message arrive and goes on from there.
func (r *run) next(w *World, arrived []int, number int) {
	play := func() {
		f := w.Fork()
		if err := f.deliver(arrived[len(arrived)-1]); err != nil {
			r.fail(arrived, err)
			return
		}
		r.from(f, arrived, number)
	}
	if len(arrived) != parallel {
		play()
		return
	}
	r.wait.Go(func() {
		r.room <- struct{}{}
		defer func() { <-r.room }()
		play()
	})
}

// finish lets time pass until nothing is left to do, and compares the end.
func (r *run) finish(w *World, order []int) {
	end, err := w.end(r.h)
	if err != nil {
		r.fail(order, err)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ran++
	if end == r.want {
		return
	}
	other := r.ends[end]
	if other == nil {
		other = &Other{End: end, Order: slices.Clone(order)}
		r.ends[end] = other
	}
	other.Ran++
	if shorter(order, other.Order) < 0 {
		other.Order = slices.Clone(order)
	}
}

func (r *run) fail(order []int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed == nil {
		r.failed = fmt.Errorf("%s, %s: %w", r.h.Name, r.h.Arrival(order), err)
	}
}

// shorter orders orders: fewer messages first, then fewer that overtook others.
func shorter(a, b []int) int {
	if d := len(a) - len(b); d != 0 {
		return d
	}
	if d := overtaken(a) - overtaken(b); d != 0 {
		return d
	}
	return slices.Compare(a, b)
}

func overtaken(order []int) (n int) {
	for i, a := range order {
		for _, b := range order[i+1:] {
			if a > b {
				n++
			}
		}
	}
	return n
}

// Arrival says an order in the messages' names.
func (h *History) Arrival(order []int) string {
	var names []string
	for i, m := range order {
		name := h.Messages[m].Name
		if slices.Contains(order[:i], m) {
			name += " (again)"
		}
		names = append(names, name)
	}
	return strings.Join(names, " → ")
}

// end lets time pass until nothing is left to do and writes down how it ended.
func (w *World) end(h *History) (string, error) {
	if err := w.settle(); err != nil {
		return "", err
	}
	x := w.Scene(h)
	x.Bookings, x.Letters = w.Bookings(), w.letters
	e, err := read(context.Background(), w.table, x)
	if err != nil {
		return "", err
	}
	return e.write(x, slices.Concat(w.strays(e), w.table.OpenClaims(w.t), w.dead, w.trouble)...), nil
}

// strays counts records that the table holds and the end does not name.
func (w *World) strays(e ending) (list []string) {
	for _, k := range []struct {
		kind  string
		found int
	}{
		{"appointment", len(e.appointments)}, {"claim", len(e.claims)}, {"card", len(e.cards)}, {"customer", len(e.customers)},
		{"callback", len(e.callbacks)}, {"call", len(e.calls)},
	} {
		if held := w.table.Count(w.t, k.kind); held != k.found {
			list = append(list, fmt.Sprintf("%d records of kind %s, %d of them found", held, k.kind, k.found))
		}
	}
	return list
}
