// work-default keeps the record of calls and the customers' history, and the later life of appointments.
//
//	Woken by:     queue default: retell.event, appointment.confirmed.v1, appointment.cancelled.v1, timer (an appointment's
//	              completion)   Tells: call.started.v1, call.analyzed.v1, wish.unfulfilled.v1
//	Twice:        the same call and history as once
//	If it fails:  calls look unfinished, reminders are not set. Messages wait in default-dead; `make redrive Q=default` puts them back
package main

import (
	"context"
	"fmt"
	_ "time/tzdata"

	"github.com/askpro/gateway/internal/blob"
	"github.com/askpro/gateway/internal/clock"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/keeper"
	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/notify"
	"github.com/askpro/gateway/internal/retell"
	"github.com/askpro/gateway/internal/store"
)

type config struct {
	Table      string `env:"TABLE_NAME"`
	TenantRole string `env:"TENANT_ROLE_ARN"`
	Bucket     string `env:"BUCKET_NAME"`
}

func main() {
	cfg := lambdakit.Must(lambdakit.Load[config]())
	env := lambdakit.FromEnvironment()
	sessions := lambdakit.NewSessions(env, cfg.TenantRole)
	table := store.Open(env, sessions, cfg.Table, clock.Now)
	bucket := blob.Open(env, cfg.Bucket, sessions)
	calls := &keeper.Keeper{Store: table, Archive: archive{bucket}, Now: clock.Now, NewID: ident.Maker(clock.Now), Alarm: lambdakit.Alarm}
	lambdakit.ServeQueue(func(ctx context.Context, m lambdakit.Incoming) error {
		switch m.Kind {
		case retell.KindEvent:
			if err := m.Load(ctx, bucket.Get); err != nil {
				return err
			}
			news, err := retell.ReadEvent(m.Body, m.At)
			if err != nil {
				return err
			}
			return calls.Apply(ctx, m.Tenant, news)
		case event.AppointmentConfirmed{}.Name():
			return calls.Remember(ctx, m.Tenant, m.Body)
		case event.AppointmentCancelled{}.Name():
			return calls.Forget(ctx, m.Tenant, m.Body)
		case store.KindTimer:
			return timer(ctx, calls, m)
		}
		return fmt.Errorf("queue default knows no %s", m.Kind)
	})
}

// timer does what a due timer is for.
func timer(ctx context.Context, k *keeper.Keeper, m lambdakit.Incoming) error {
	due, ok, err := store.ReadTimer(m.Tenant, m.Body)
	if err != nil {
		return err
	}
	if ok && due.Kind == ledger.OfAppointment && due.Name == notify.CompleteTimer {
		return k.Complete(ctx, m.Tenant, due.About)
	}
	return fmt.Errorf("queue default knows no timer %q of this company", due.Name)
}
