package histories

import (
	"context"
	"fmt"
	"hash/maphash"
	"iter"
	"slices"
	"strings"
	"time"
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
// their beginning: it is played once and forked. Where the product waits or sets itself a deadline it does so on the
// machine's time: run it in a bubble of testing/synctest, so that no load of the machine counts.
func Run(h *History, w *World, every int) (Outcome, error) {
	want, _, err := w.InOrder(h)
	r := &run{Outcome: Outcome{History: h, Want: want}, every: every, ends: map[string]*Other{}, known: map[standing]string{}}
	if err == nil {
		err = r.from(w, nil, 0)
	}
	for _, other := range r.ends {
		r.Others = append(r.Others, *other)
	}
	slices.SortFunc(r.Others, func(a, b Other) int { return shorter(a.Order, b.Order) })
	return r.Outcome, err
}

type run struct {
	Outcome
	every int
	ends  map[string]*Other
	known map[standing]string // ends of worlds that were let go on
}

// from plays everything that can follow an order's beginning. number is the number of its first order.
func (r *run) from(w *World, arrived []int, number int) error {
	n := len(r.History.Messages)
	if complete(n, arrived) {
		if number%r.every == 0 {
			if err := r.finish(w.Fork(), arrived); err != nil {
				return fmt.Errorf("%s: %w", r.History.Arrival(arrived), err)
			}
		}
		number++
	}
	for i, orders := range followers(n, arrived) {
		if chosen := (number + r.every - 1) / r.every * r.every; chosen < number+orders {
			next, f := append(slices.Clip(arrived), i), w.Fork()
			if err := f.deliver(i); err != nil {
				return fmt.Errorf("%s: %w", r.History.Arrival(next), err)
			}
			if err := r.from(f, next, number); err != nil {
				return err
			}
		}
		number += orders
	}
	return nil
}

// finish lets time pass and compares the end. A world that stands as another one stood, to the last record, letter and
// message, goes on as that one did.
func (r *run) finish(w *World, order []int) error {
	w.countFrom(0, 1)
	at, plain := w.standing()
	end, known := r.known[at]
	if !known || !plain {
		var err error
		if end, err = w.end(r.History); err != nil {
			return err
		}
	}
	if plain {
		r.known[at] = end
	}
	r.Ran++
	if end == r.Want {
		return nil
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
	return nil
}

// standing is how a world stands: what its table holds, what waits in its queues and what letters were sent.
type standing struct{ table, waiting, letters uint64 }

// standing of a world that has nothing wrong and whose calendar was only read; false for any other.
func (w *World) standing() (standing, bool) {
	s := standing{table: w.table.Sum()}
	for _, m := range w.waiting { // in the order of their coming
		s.waiting = s.waiting*31 + sum(m.queue, m.due.String(), m.work.Kind, string(m.work.Body), m.work.At.String(), fmt.Sprint(m.receives, m.work.Attempt))
	}
	for _, l := range w.letters {
		s.letters += sum(l.To, l.Subject, l.Text, l.Invite.String())
	}
	return s, !w.calendar.changed && len(w.dead)+len(w.trouble) == 0
}

var seed = maphash.MakeSeed()

func sum(texts ...string) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	for _, text := range texts {
		h.WriteString(text)
		h.WriteByte(0)
	}
	return h.Sum64()
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

// after the messages so much time passes: enough for reminders and what follows the appointments, while a callback that
// nobody makes would be reminded of for two weeks.
const after = 51*time.Hour + 5*time.Minute

// end lets time pass and writes down how it ended.
func (w *World) end(h *History) (string, error) {
	if err := w.until(h.At.Add(after)); err != nil {
		return "", err
	}
	x := w.Scene(h)
	x.Bookings, x.Letters = w.Bookings(), w.letters
	e, err := read(context.Background(), w.table, x)
	if err != nil {
		return "", err
	}
	return e.write(x, slices.Concat(w.strays(e), w.table.Unfinished(w.t), w.dead, w.trouble)...), nil
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
