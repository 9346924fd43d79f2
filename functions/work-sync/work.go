package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/askpro/gateway/internal/blob"
	"github.com/askpro/gateway/internal/calcom"
	"github.com/askpro/gateway/internal/clock"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/hook"
	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/lambdakit/queue"
	"github.com/askpro/gateway/internal/reconcile"
	"github.com/askpro/gateway/internal/scheduling"
	"github.com/askpro/gateway/internal/store"
)

type worker struct {
	table     *store.Table
	scheduler *scheduling.Scheduler
	rounds    *reconcile.Reconciler
	bucket    *blob.Bucket
	later     *queue.Queue
}

// check is the work of looking a booking up once more.
type check struct {
	AppointmentID string `json:"appointment_id"`
	Number        int    `json:"check"`
}

const (
	kindCheck       = "appointment.check"
	kindChangeCheck = "appointment.change_check"
)

func (w *worker) work(ctx context.Context, m lambdakit.Incoming) error {
	config, err := w.table.Config(ctx, m.Tenant)
	if err != nil {
		return err
	}
	switch m.Kind {
	case event.AppointmentRequested{}.Name(), kindCheck:
		var c check // both name the appointment; a fresh request starts with the first check
		if err := json.Unmarshal(m.Body, &c); err != nil {
			return fmt.Errorf("read %s: %w", m.Kind, err)
		}
		next, err := w.check(ctx, m, config, c)
		if err != nil || !next.Done {
			return err
		}
		return w.tally(ctx, m, c.AppointmentID)
	case event.AppointmentChangeRequested{}.Name(), kindChangeCheck:
		var c check
		if err := json.Unmarshal(m.Body, &c); err != nil {
			return fmt.Errorf("read %s: %w", m.Kind, err)
		}
		_, err := w.checkChange(ctx, m, config, c)
		return err
	case store.KindTimer:
		return w.timer(ctx, m, config)
	case calcom.KindWebhook:
		if err := m.Load(ctx, w.bucket.Get); err != nil {
			return err
		}
		notice, wanted, err := calcom.ReadWebhook(m.Body)
		if err != nil || !wanted {
			return err
		}
		return w.orLater(ctx, m, w.scheduler.Apply(ctx, m.Tenant, config, notice))
	case reconcile.KindRound:
		again, err := w.rounds.Round(ctx, m.Tenant, config)
		if err != nil || again == 0 {
			return err
		}
		return w.later.Send(ctx, m.Work, again)
	case hook.KindPrefetch, event.CallStarted{}.Name():
		var p hook.Prefetch
		if err := json.Unmarshal(m.Body, &p); err != nil {
			return fmt.Errorf("read %s: %w", m.Kind, err)
		}
		branch, ok := config.Branch(p.BranchID)
		if !ok {
			return nil // the branch was closed meanwhile
		}
		usual := config.Bookable(branch.ID)
		return w.scheduler.Prefetch(ctx, m.Tenant, config, branch, usual[:min(len(usual), usualServices)])
	}
	return fmt.Errorf("queue sync knows no %s", m.Kind)
}

// usualServices is for how many services slots are fetched beforehand: each costs one request per event type.
const usualServices = 2

// check looks a booking up and puts itself off until the next time.
func (w *worker) check(ctx context.Context, m lambdakit.Incoming, config *company.Config, c check) (scheduling.Next, error) {
	next, err := w.scheduler.Check(ctx, m.Tenant, config, c.AppointmentID, c.Number)
	if err != nil {
		return next, err
	}
	return next, w.putOff(ctx, m, kindCheck, c.AppointmentID, next)
}

// checkChange looks a cancellation or move up and puts itself off until the next time.
func (w *worker) checkChange(ctx context.Context, m lambdakit.Incoming, config *company.Config, c check) (scheduling.Next, error) {
	next, err := w.scheduler.CheckChange(ctx, m.Tenant, config, c.AppointmentID, c.Number)
	if err != nil {
		return next, err
	}
	return next, w.putOff(ctx, m, kindChangeCheck, c.AppointmentID, next)
}

// putOff sends a look's next one, unless it is done or a timer has been set for it.
func (w *worker) putOff(ctx context.Context, m lambdakit.Incoming, kind, appointmentID string, next scheduling.Next) error {
	if next.Done || next.Timer {
		return nil
	}
	body, err := json.Marshal(check{appointmentID, next.Check})
	if err != nil {
		return err
	}
	return w.later.Send(ctx, lambdakit.Work{Kind: kind, Company: m.Company, At: m.At, Body: body}, next.After)
}

// putOffs is how often a webhook waits for a calendar that cannot be asked; then the rounds find what it told of.
const putOffs = 12

// orLater lets a webhook wait until the calendar can be asked again: in the queue it would come back too early and too often.
func (w *worker) orLater(ctx context.Context, m lambdakit.Incoming, err error) error {
	var refused *scheduling.Refused
	if !errors.As(err, &refused) {
		return err
	}
	if m.Attempt++; m.Attempt > putOffs {
		return nil
	}
	after := time.Minute
	if refused.Why == scheduling.Resting {
		after = min(max(refused.Until.Sub(clock.Now()), time.Second), queue.LongestDelay)
	}
	return w.later.Send(ctx, m.Work, after)
}

// tally counts what became of a booking whose outcome is known.
func (w *worker) tally(ctx context.Context, m lambdakit.Incoming, appointmentID string) error {
	a, ok, err := w.table.Appointment(ctx, m.Tenant, appointmentID)
	if err != nil || !ok {
		return err
	}
	return w.table.Tally(ctx, m.Tenant, a.CreatedAt, scheduling.Took(a))
}

// timer does what a due timer is for, and takes it away unless it was set anew.
func (w *worker) timer(ctx context.Context, m lambdakit.Incoming, config *company.Config) error {
	due, ok, err := store.ReadTimer(m.Tenant, m.Body)
	if err != nil {
		return err
	}
	look := map[string]func(context.Context, lambdakit.Incoming, *company.Config, check) (scheduling.Next, error){
		scheduling.CheckTimer: w.check, scheduling.ChangeTimer: w.checkChange,
	}[due.Name]
	if !ok || look == nil {
		return fmt.Errorf("queue sync knows no timer %q of this company", due.Name)
	}
	next, err := look(ctx, m, config, check{due.About, scheduling.LastCheck})
	if err != nil || next.Timer {
		return err
	}
	if next.Done {
		if err := w.tally(ctx, m, due.About); err != nil {
			return err
		}
	}
	return w.table.Take(ctx, m.Tenant, due)
}
