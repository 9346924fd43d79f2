// work-notifications sends letters.
//
//	Woken by:     queue notifications: appointment.confirmed.v1, appointment.cancelled.v1, callback.requested.v1,
//	              wish.unfulfilled.v1   Asks: SES
//	Twice:        each letter is claimed once per appointment, event, version and recipient
//	If it fails:  tried again after 60, 300 and 900 s, then in notifications-dead; `make redrive Q=notifications`
package main

import (
	"context"
	_ "time/tzdata"

	"github.com/askpro/gateway/internal/clock"
	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/lambdakit/queue"
	"github.com/askpro/gateway/internal/mail"
	"github.com/askpro/gateway/internal/notify"
	"github.com/askpro/gateway/internal/store"
)

type config struct {
	Table             string `env:"TABLE_NAME"`
	TenantRole        string `env:"TENANT_ROLE_ARN"`
	Queue             string `env:"NOTIFICATIONS_QUEUE_URL"`
	From              string `env:"MAIL_FROM"`
	PlaceholderDomain string `env:"PLACEHOLDER_MAIL_DOMAIN"`
}

func main() {
	cfg := lambdakit.Must(lambdakit.Load[config]())
	env := lambdakit.FromEnvironment()
	later := queue.Open(env, cfg.Queue)
	letters := &notify.Notifier{
		Store: store.Open(env, lambdakit.NewSessions(env, cfg.TenantRole), cfg.Table, clock.Now),
		Mail:  mail.Open(env, cfg.From, clock.Now),
		Done:  store.ErrSealed, Busy: store.ErrLeased,
		Placeholder: notify.IsPlaceholder(cfg.PlaceholderDomain), Alarm: lambdakit.Alarm,
	}
	lambdakit.ServeQueue(func(ctx context.Context, m lambdakit.Incoming) error {
		again, err := letters.Handle(ctx, m.Tenant, m.Kind, m.Body, m.Attempt)
		if err != nil || again.After == 0 {
			return err
		}
		m.Attempt++
		return later.Send(ctx, m.Work, again.After)
	})
}
