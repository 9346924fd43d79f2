// cron-timers hands due timers to the queue they name.
//
//	Woken by:     every minute   Tells: the queue that each timer names
//	Twice:        handed out twice; the receiver looks whether there is still something to do
//	If it fails:  timers are late by as many minutes
package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/askpro/gateway/internal/clock"
	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/lambdakit/queue"
	"github.com/askpro/gateway/internal/store"
)

type config struct {
	Table              string `env:"TABLE_NAME"`
	SyncQueue          string `env:"SYNC_QUEUE_URL"`
	NotificationsQueue string `env:"NOTIFICATIONS_QUEUE_URL"`
	DefaultQueue       string `env:"DEFAULT_QUEUE_URL"`
	GatewayQueue       string `env:"GATEWAY_QUEUE_URL"`
}

// atOnce is how many timers one minute hands out; the next minute goes on.
const atOnce = 1000

func main() {
	cfg := lambdakit.Must(lambdakit.Load[config]())
	env := lambdakit.FromEnvironment()
	timers := store.OpenTimers(env, cfg.Table)
	queues := map[string]*queue.Queue{
		"sync": queue.Open(env, cfg.SyncQueue), "notifications": queue.Open(env, cfg.NotificationsQueue),
		"default": queue.Open(env, cfg.DefaultQueue), "gateway": queue.Open(env, cfg.GatewayQueue),
	}
	lambdakit.ServeSchedule(func(ctx context.Context) error {
		due, err := timers.Due(ctx, clock.Now(), atOnce)
		if err != nil {
			return err
		}
		for _, t := range due {
			to := queues[t.Queue]
			if to == nil {
				return fmt.Errorf("a timer names the queue %q, which nobody reads", t.Queue)
			}
			body, err := json.Marshal(t.Handed())
			if err != nil {
				return err
			}
			if err := to.Send(ctx, lambdakit.Work{Kind: store.KindTimer, Company: t.CompanyID, At: clock.Now(), Body: body}, 0); err != nil {
				return err
			}
		}
		return nil
	})
}
