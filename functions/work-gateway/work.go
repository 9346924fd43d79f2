package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/askpro/gateway/internal/casework"
	"github.com/askpro/gateway/internal/clock"
	"github.com/askpro/gateway/internal/dispatch"
	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/lambdakit/queue"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/store"
	"github.com/askpro/gateway/internal/subscribe"
)

type worker struct {
	table      *store.Table
	later      *queue.Queue
	cases      *casework.Keeper
	deliveries *dispatch.Dispatcher
	endpoints  *subscribe.Webhooks
}

// work gives a message to all whom it concerns. One that fails does not keep the others from it: the message comes again,
// and what was done is not done twice.
func (w *worker) work(ctx context.Context, m lambdakit.Incoming) error {
	if m.Kind == store.KindTimer {
		return w.timer(ctx, m)
	}
	var failed []error
	known := false
	hear := func(later []lambdakit.Work, at []time.Time, err error) {
		known = true
		for i, x := range later {
			if err := w.put(ctx, m, x, at[i]); err != nil {
				failed = append(failed, err)
			}
		}
		failed = append(failed, err)
	}
	if slices.Contains(casework.Handles, m.Kind) {
		list, err := w.cases.Handle(ctx, m.Tenant, m.Kind, m.Body)
		hear(works(list, func(l casework.Later) (string, any, time.Time) { return l.Kind, l.Body, l.At }, err))
	}
	if slices.Contains(dispatch.Handles, m.Kind) {
		list, err := w.deliveries.Handle(ctx, m.Tenant, m.Kind, m.Body)
		hear(works(list, func(l dispatch.Later) (string, any, time.Time) { return l.Kind, l.Body, l.At }, err))
	}
	if subscribe.Subscribable(m.Kind) {
		list, err := w.endpoints.Plan(ctx, m.Tenant, m.Kind, m.Body)
		hear(works(list, func(l subscribe.Later) (string, any, time.Time) { return l.Kind, l.Body, l.At }, err))
	}
	if slices.Contains(subscribe.Handles, m.Kind) {
		list, err := w.endpoints.Handle(ctx, m.Tenant, m.Kind, m.Body)
		hear(works(list, func(l subscribe.Later) (string, any, time.Time) { return l.Kind, l.Body, l.At }, err))
	}
	if !known {
		return fmt.Errorf("queue gateway knows no %s", m.Kind)
	}
	return errors.Join(failed...)
}

// works are messages for this queue. What cannot be packed is a fault of ours, told beside what can.
func works[T any](list []T, parts func(T) (kind string, body any, at time.Time), err error) ([]lambdakit.Work, []time.Time, error) {
	var out []lambdakit.Work
	var times []time.Time
	for _, x := range list {
		kind, body, at := parts(x)
		raw, bad := json.Marshal(body)
		if bad != nil {
			err = errors.Join(err, bad)
			continue
		}
		out, times = append(out, lambdakit.Work{Kind: kind, Body: raw}), append(times, at)
	}
	return out, times, err
}

// put sends work to our own queue, to be done at a time. What lies further ahead than the queue can hold comes back and is
// put off again.
func (w *worker) put(ctx context.Context, m lambdakit.Incoming, x lambdakit.Work, at time.Time) error {
	now := clock.Now()
	x.Company, x.At = m.Company, now
	return w.later.Send(ctx, x, max(0, at.Sub(now)))
}

// timer does what a due timer is for. One that is no longer wanted is taken away; the others have been moved.
func (w *worker) timer(ctx context.Context, m lambdakit.Incoming) error {
	due, ok, err := store.ReadTimer(m.Tenant, m.Body)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("a timer of another company")
	}
	wanted := false
	switch {
	case due.Kind == ledger.OfCall && due.Name == store.CaptureTimer:
		return w.cases.Recover(ctx, m.Tenant, due.About, false) // the capture is its own timer: it is moved or ended there
	case due.Kind == ledger.OfCase && due.Name == casework.Timer:
		wanted, err = w.cases.Tend(ctx, m.Tenant, due.About)
	default:
		woken, ok := subscribe.Woken(due.Kind, due.About, due.Name)
		if !ok {
			return fmt.Errorf("queue gateway knows no timer %q of a %s", due.Name, due.Kind)
		}
		m.Kind = woken.Kind // the work moves its timer, or clears it
		if m.Body, err = json.Marshal(woken.Body); err != nil {
			return err
		}
		return w.work(ctx, m)
	}
	if err != nil || wanted {
		return err
	}
	return w.table.Take(ctx, m.Tenant, due)
}
