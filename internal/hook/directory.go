package hook

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/askpro/gateway/internal/company"
)

// Directory is what the hooks ask of the table; company.ErrUnknown for what leads to nobody.
type Directory interface {
	Route(ctx context.Context, routeID string) (company.Route, error)
	Number(ctx context.Context, e164 string) (company.NumberEntry, error)
}

// How long an answer is served from memory, and how many: unknown ones too, so that a stranger's flood of routes costs
// neither look-ups nor memory.
const (
	keepFor  = 60 * time.Second
	keepMost = 5000
)

// Remember serves a directory from memory. A clock that was set back makes everything old.
func Remember(d Directory, now func() time.Time) Directory {
	return &remembered{of: d, now: now, routes: memory[company.Route]{now: now}, numbers: memory[company.NumberEntry]{now: now}}
}

type remembered struct {
	of      Directory
	now     func() time.Time
	routes  memory[company.Route]
	numbers memory[company.NumberEntry]
}

// Route by its id.
func (r *remembered) Route(ctx context.Context, id string) (company.Route, error) {
	return r.routes.get(id, func() (company.Route, error) { return r.of.Route(ctx, id) })
}

// Number by its E.164 form.
func (r *remembered) Number(ctx context.Context, e164 string) (company.NumberEntry, error) {
	return r.numbers.get(e164, func() (company.NumberEntry, error) { return r.of.Number(ctx, e164) })
}

type memory[T any] struct {
	now func() time.Time
	mu  sync.Mutex
	by  map[string]kept[T]
}

type kept[T any] struct {
	value T
	err   error // nil or company.ErrUnknown
	at    time.Time
}

func (m *memory[T]) get(key string, ask func() (T, error)) (T, error) {
	now := m.now()
	m.mu.Lock()
	k, ok := m.by[key]
	m.mu.Unlock()
	if age := now.Sub(k.at); ok && age >= 0 && age < keepFor {
		return k.value, k.err
	}
	value, err := ask()
	if err != nil && !errors.Is(err, company.ErrUnknown) {
		return value, err // the directory itself failed: nothing is known
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.by == nil || len(m.by) >= keepMost {
		m.by = map[string]kept[T]{}
	}
	m.by[key] = kept[T]{value, err, now}
	return value, err
}
