// Package twin keeps the promises of store.Table in memory, for tests that ask more often than a database can answer. Its
// one rule: what the table refuses it refuses, for the same reason and under the same name; the cases of storetest run on
// both. It knows no key of the table and no AWS.
package twin

import (
	"context"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/tenant"
)

// Table is a store.Table in memory, safe for concurrent use.
type Table struct {
	// Fault, unless nil, is asked before every request by the method's name; what it returns goes wrong with it.
	Fault func(method string) *Fault

	now     func() time.Time
	mu      sync.Mutex
	records map[place]*record
	configs map[tenant.ID]entered
	facts   []Fact
}

// Fault fails a request. Done: it was carried out, and only its answer is lost.
type Fault struct {
	Err  error
	Done bool
}

// place of a record: whose, what it is called in a Conflict, its id and, where one id has several, which of them.
type place struct {
	company tenant.ID
	kind    string
	id, sub string
}

// record is what lies at a place. It is never changed: a change puts another one there.
type record struct {
	value   any
	version int
	sum     atomic.Uint64 // see Sum
}

// Fact is an event that was written and not taken yet, as the stream would hand it to stream-outbox.
type Fact struct {
	event.Recorded
	Company tenant.ID
	At      time.Time
}

// New makes an empty table on a clock.
func New(now func() time.Time) *Table {
	return &Table{now: now, records: map[place]*record{}, configs: map[tenant.ID]entered{}}
}

// Fork makes a second table that holds the same and goes its own way from here.
func (s *Table) Fork(now func() time.Time) *Table {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &Table{Fault: s.Fault, now: now, records: maps.Clone(s.records), configs: s.configs, facts: append([]Fact(nil), s.facts...)}
}

// Facts takes the events that were written since the last call, in the order of their transactions.
func (s *Table) Facts() []Fact {
	s.mu.Lock()
	defer s.mu.Unlock()
	facts := s.facts
	s.facts = nil
	return facts
}

// Count tells how many records of a kind a company has; kinds are called as in a ledger.Conflict.
func (s *Table) Count(t tenant.ID, kind string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for at := range s.records {
		if at.company == t && at.kind == kind {
			n++
		}
	}
	return n
}

// do carries a request out, or what a fault makes of it.
func (s *Table) do(ctx context.Context, method string, request func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var fault *Fault
	if s.Fault != nil {
		fault = s.Fault(method)
	}
	if fault == nil {
		return request()
	}
	if fault.Done {
		_ = request() // nobody hears what came of it
	}
	return fault.Err
}

// at is a company's place; like the table, the twin has none for nobody.
func at(t tenant.ID, kind, id, sub string) place {
	if t.IsZero() {
		panic("twin: a record without its company")
	}
	return place{t, kind, id, sub}
}

// read gives a copy of what lies at a place.
func read[T any](s *Table, at place) (value T, version int, ok bool) {
	r, ok := s.records[at]
	if !ok {
		return value, 0, false
	}
	return kept(r.value.(T)), r.version, true
}

// one reads a single record as a request of its own.
func one[T any](ctx context.Context, s *Table, method string, at place) (value T, version int, ok bool, err error) {
	err = s.do(ctx, method, func() error {
		value, version, ok = read[T](s, at)
		return nil
	})
	return value, version, ok, err
}
