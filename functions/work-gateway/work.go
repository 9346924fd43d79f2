package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/askpro/gateway/internal/casework"
	"github.com/askpro/gateway/internal/clock"
	"github.com/askpro/gateway/internal/dispatch"
	"github.com/askpro/gateway/internal/guardduty"
	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/lambdakit/queue"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/mail"
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
	hear := func(later []ledger.Later, err error) {
		known = true
		for _, l := range later {
			failed = append(failed, w.put(ctx, m, l))
		}
		failed = append(failed, err)
	}
	if slices.Contains(casework.Handles, m.Kind) {
		hear(w.cases.Handle(ctx, m.Tenant, m.Kind, m.Body))
	}
	if slices.Contains(dispatch.Handles, m.Kind) {
		hear(w.deliveries.Handle(ctx, m.Tenant, m.Kind, m.Body))
	}
	if subscribe.Subscribable(m.Kind) {
		hear(w.endpoints.Plan(ctx, m.Tenant, m.Kind, m.Body))
	}
	if slices.Contains(subscribe.Handles, m.Kind) {
		hear(w.endpoints.Handle(ctx, m.Tenant, m.Kind, m.Body))
	}
	if m.Kind == mail.KindReceipt {
		r, err := mail.ReadReceipt(m.Body)
		if err == nil {
			err = w.deliveries.Hear(ctx, m.Tenant, r)
		}
		hear(nil, err)
	}
	if m.Kind == guardduty.Kind {
		s, err := guardduty.Read(m.Body)
		if err == nil {
			err = w.cases.Scanned(ctx, m.Tenant, s)
		}
		hear(nil, err)
	}
	if !known {
		return fmt.Errorf("queue gateway knows no %s", m.Kind)
	}
	err := errors.Join(failed...)
	if err == nil { // else it comes again, and would count twice
		waited(m.Kind)
	}
	return err
}

// put sends work to our own queue. What lies further ahead than the queue can hold comes back and is put off again.
func (w *worker) put(ctx context.Context, m lambdakit.Incoming, l ledger.Later) error {
	body, err := json.Marshal(l.Body)
	if err != nil {
		return err
	}
	now := clock.Now()
	return w.later.Send(ctx, lambdakit.Work{Kind: l.Kind, Company: m.Company, Body: body, At: now}, max(0, l.At.Sub(now)))
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
	case due.Kind == ledger.OfDigest && due.Name == store.DigestTimer:
		return w.deliveries.TellDigest(ctx, m.Tenant) // it moves its timer, or clears it, in the step that says so
	case due.Kind == ledger.OfRedelivery && due.Name == dispatch.RedeliveryTimer:
		m.Kind = dispatch.RedeliverKind // the work moves its timer, or clears it
		if m.Body, err = json.Marshal(dispatch.Redelivering{RedeliveryID: due.About}); err != nil {
			return err
		}
		return w.work(ctx, m)
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
