// work-sync keeps us and Cal.com of one mind: it looks after bookings of unknown outcome, applies what Cal.com tells, finds
// what it did not tell, and fetches slots before they are asked for.
//
//	Woken by:     queue sync: appointment.requested.v1, appointment.change_requested.v1, call.started.v1, calcom.webhook,
//	              prefetch, timer, round   Asks: Cal.com, within the budget of its key
//	Tells:        work-notifications (queue notifications) to look for reminders
//	Twice:        compares states; a second time changes nothing
//	If it fails:  bookings stay unconfirmed. Messages wait in sync-dead; `make redrive Q=sync` puts them back
package main

import (
	"context"
	_ "time/tzdata"

	"github.com/askpro/gateway/internal/blob"
	"github.com/askpro/gateway/internal/calcom"
	"github.com/askpro/gateway/internal/clock"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/lambdakit/queue"
	"github.com/askpro/gateway/internal/reconcile"
	"github.com/askpro/gateway/internal/scheduling"
	"github.com/askpro/gateway/internal/store"
	"github.com/askpro/gateway/internal/tenant"
)

type config struct {
	Table             string `env:"TABLE_NAME"`
	TenantRole        string `env:"TENANT_ROLE_ARN"`
	Queue             string `env:"SYNC_QUEUE_URL"`
	Notifications     string `env:"NOTIFICATIONS_QUEUE_URL"`
	Bucket            string `env:"BUCKET_NAME"`
	Calcom            string `env:"CALCOM_BASE_URL"`
	PlaceholderDomain string `env:"PLACEHOLDER_MAIL_DOMAIN"`
}

func main() {
	cfg := lambdakit.Must(lambdakit.Load[config]())
	env := lambdakit.FromEnvironment()
	table := store.Open(env, lambdakit.NewSessions(env, cfg.TenantRole), cfg.Table, clock.Now)
	calendar := calcom.NewClient(cfg.Calcom, lambdakit.NewSecrets(env), clock.Now)
	guard := &scheduling.Guard{Calendar: calendar, Keys: table, Now: clock.Now, Alarm: lambdakit.Alarm}
	calendar.Spent = guard.Spent
	scheduler := &scheduling.Scheduler{
		Store: table, Calendar: guard, Now: clock.Now, NewID: ident.Maker(clock.Now), PlaceholderDomain: cfg.PlaceholderDomain,
		Alarm: lambdakit.Alarm,
	}
	notifications := queue.Open(env, cfg.Notifications)
	lambdakit.ServeQueue((&worker{
		table: table, scheduler: scheduler,
		rounds: &reconcile.Reconciler{
			Store: table, Scheduler: scheduler, Calendar: guard, Now: clock.Now, Alarm: lambdakit.Alarm,
			Sweep: func(ctx context.Context, t tenant.ID) error {
				return notifications.Send(ctx, lambdakit.Work{Kind: reconcile.KindSweep, Company: t.String(), At: clock.Now()}, 0)
			},
		},
		bucket: blob.Open(env, cfg.Bucket, nil),
		later:  queue.Open(env, cfg.Queue),
	}).work)
}
