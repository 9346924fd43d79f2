// cron-rounds asks for each company that the calendar be looked at without being told.
//
//	Woken by:     every 15 minutes   Tells: work-sync (queue sync)
//	Twice:        asked for twice; work-sync sees that nothing is due
//	If it fails:  the next round makes up for it; lost webhooks are found that much later
package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/askpro/gateway/internal/clock"
	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/lambdakit/queue"
	"github.com/askpro/gateway/internal/reconcile"
	"github.com/askpro/gateway/internal/store"
)

type config struct {
	Table     string `env:"TABLE_NAME"`
	SyncQueue string `env:"SYNC_QUEUE_URL"`
}

func main() {
	cfg := lambdakit.Must(lambdakit.Load[config]())
	env := lambdakit.FromEnvironment()
	directory, sync := store.OpenDirectory(env, cfg.Table), queue.Open(env, cfg.SyncQueue)
	lambdakit.ServeSchedule(func(ctx context.Context) error {
		companies, err := directory.Companies(ctx)
		if err != nil {
			return err
		}
		var failed []error
		for _, t := range companies { // one company's failure is no other's
			if err := sync.Send(ctx, lambdakit.Work{Kind: reconcile.KindRound, Company: t.String(), At: clock.Now()}, 0); err != nil {
				failed = append(failed, fmt.Errorf("company %s: %w", t, err))
			}
		}
		return errors.Join(failed...)
	})
}
