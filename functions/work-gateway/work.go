package main

import (
	"context"
	"fmt"

	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/store"
)

type worker struct {
	table *store.Table
}

func (w *worker) work(ctx context.Context, m lambdakit.Incoming) error {
	if m.Kind == store.KindTimer {
		return w.timer(ctx, m)
	}
	return fmt.Errorf("queue gateway knows no %s", m.Kind)
}

// timer does what a due timer is for.
func (w *worker) timer(_ context.Context, m lambdakit.Incoming) error {
	due, ok, err := store.ReadTimer(m.Tenant, m.Body)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("a timer of another company")
	}
	return fmt.Errorf("queue gateway knows no timer %q of a %s", due.Name, due.Kind)
}
