// cron-rounds asks for each company that the calendar be looked at without being told, and at 03:00 in Berlin that its audit
// trail be followed.
//
//	Woken by:     every 15 minutes   Tells: work-sync (queue sync), work-default (queue default)
//	Twice:        asked for twice; work-sync sees that nothing is due, a trail is only read
//	If it fails:  the next round makes up for it; lost webhooks are found that much later, a trail is followed the next night
package main

import (
	"context"
	"errors"
	"fmt"
	_ "time/tzdata"

	"github.com/askpro/gateway/internal/audit"
	"github.com/askpro/gateway/internal/clock"
	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/lambdakit/queue"
	"github.com/askpro/gateway/internal/reconcile"
	"github.com/askpro/gateway/internal/store"
)

type config struct {
	Table     string `env:"TABLE_NAME"`
	SyncQueue string `env:"SYNC_QUEUE_URL"`
	Default   string `env:"DEFAULT_QUEUE_URL"`
}

func main() {
	cfg := lambdakit.Must(lambdakit.Load[config]())
	env := lambdakit.FromEnvironment()
	directory, sync, others := store.OpenDirectory(env, cfg.Table), queue.Open(env, cfg.SyncQueue), queue.Open(env, cfg.Default)
	lambdakit.ServeSchedule(func(ctx context.Context) error {
		companies, err := directory.Companies(ctx)
		if err != nil {
			return err
		}
		now := clock.Now()
		var failed []error
		for _, t := range companies { // one company's failure is no other's
			err := sync.Send(ctx, lambdakit.Work{Kind: reconcile.KindRound, Company: t.String(), At: now}, 0)
			if audit.CheckDue(now) {
				err = errors.Join(err, others.Send(ctx, lambdakit.Work{Kind: audit.KindCheck, Company: t.String(), At: now}, 0))
			}
			if err != nil {
				failed = append(failed, fmt.Errorf("company %s: %w", t, err))
			}
		}
		return errors.Join(failed...)
	})
}
