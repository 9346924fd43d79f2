// work-notifications sends letters and text messages.
//
//	Woken by:     queue notifications: appointment.confirmed.v1, appointment.cancelled.v1, appointment.needs_review.v1,
//	              callback.requested.v1, callback.repeated.v1, callback.assigned.v1, callback.escalated.v1, wish.unfulfilled.v1,
//	              call.analyzed.v1; case.created.v1, case.status_changed.v1, case.assigned.v1, case.note_added.v1,
//	              case.mentioned.v1, case.sla_warning.v1, case.sla_breached.v1, case.escalated.v1; timer (an appointment's reminder);
//	              reminder.sweep, once an hour and company; mail.receipt, sms.receipt: what SES and the text provider say
//	              became of a message
//	Asks:         SES, a company's own mail server, End User Messaging (SMS)
//	Twice:        each message is claimed once per appointment, callback, call or case, event, version, channel and recipient
//	If it fails:  tried again after 60, 300 and 900 s, from the second failure by the fallback channel, then in
//	              notifications-dead; `make redrive Q=notifications`. A reminder that fails is not told of again. What comes
//	              back from its address goes by the fallback channel at once, as long as it is news. A company's own template
//	              that cannot be filled is not tried again and says nothing else: alarm notification_template
package main

import (
	"context"
	"fmt"
	_ "time/tzdata"

	"github.com/askpro/gateway/internal/clock"
	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/lambdakit/queue"
	"github.com/askpro/gateway/internal/mail"
	"github.com/askpro/gateway/internal/notify"
	"github.com/askpro/gateway/internal/sms"
	"github.com/askpro/gateway/internal/store"
)

type config struct {
	Table             string `env:"TABLE_NAME"`
	TenantRole        string `env:"TENANT_ROLE_ARN"`
	Queue             string `env:"NOTIFICATIONS_QUEUE_URL"`
	Stage             string `env:"STAGE"`
	From              string `env:"MAIL_FROM"`
	MailSet           string `env:"MAIL_SET"` // SES's configuration set: it tells what becomes of a letter
	PlaceholderDomain string `env:"PLACEHOLDER_MAIL_DOMAIN"`
	ManageURL         string `env:"MANAGE_URL" default:""`
	ManageKey         string `env:"MANAGE_KEY"`
	LocalMail         bool   `env:"ASKPRO_LOCAL_MAIL" default:"false"` // mail servers on this machine; set by the local stack alone
}

func main() {
	cfg := lambdakit.Must(lambdakit.Load[config]())
	env := lambdakit.FromEnvironment()
	later := queue.Open(env, cfg.Queue)
	secrets := lambdakit.NewSecrets(env)
	messages := &notify.Notifier{
		Store: store.Open(env, lambdakit.NewSessions(env, cfg.TenantRole), cfg.Table, clock.Now),
		Mail:  mail.Letters{Ours: mail.Open(env, cfg.From, mail.Receipts{Set: cfg.MailSet, Queue: "notifications"}, clock.Now), Own: mail.NewSMTP(secrets, cfg.LocalMail, clock.Now)},
		Texts: sms.Open(env, cfg.Stage),
		Now:   clock.Now, Done: store.ErrSealed, Busy: store.ErrLeased,
		Placeholder: notify.IsPlaceholder(cfg.PlaceholderDomain), Link: links{cfg.ManageURL, cfg.ManageKey, secrets}.link,
		Terms: terms, Alarm: lambdakit.Alarm, Skipped: skipped,
	}
	lambdakit.ServeQueue(func(ctx context.Context, m lambdakit.Incoming) error {
		switch m.Kind {
		case store.KindTimer:
			due, ok, err := store.ReadTimer(m.Tenant, m.Body)
			if err != nil {
				return err
			}
			if !ok || due.Name != notify.ReminderTimer {
				return fmt.Errorf("queue notifications knows no timer %q of this company", due.Name)
			}
			return messages.Remind(ctx, m.Tenant, due.About)
		case notify.KindSweep:
			return messages.Sweep(ctx, m.Tenant)
		}
		again, err := hear(ctx, messages, m)
		if err != nil || again.After == 0 {
			return err
		}
		m.Attempt++
		return later.Send(ctx, m.Work, again.After)
	})
}

// hear takes a fact that is to be told, or a provider's word on what was.
func hear(ctx context.Context, messages *notify.Notifier, m lambdakit.Incoming) (notify.Again, error) {
	switch m.Kind {
	case mail.KindReceipt:
		r, err := mail.ReadReceipt(m.Body)
		if err != nil {
			return notify.Again{}, err
		}
		return messages.Hear(ctx, m.Tenant, r)
	case sms.KindReceipt:
		r, ok, err := sms.ReadReceipt(m.Body)
		if err != nil || !ok {
			return notify.Again{}, err
		}
		return messages.Hear(ctx, m.Tenant, r)
	}
	return messages.Handle(ctx, m.Tenant, m.Kind, m.Body, m.Attempt)
}

// skipped notes that a message had nowhere to go: no failure, but somebody may ask.
func skipped(ctx context.Context, company string, e notify.Event, recipient, why string) {
	lambdakit.Log(ctx).Info("skipped", "company", company, "event", string(e), "recipient", recipient, "why", why)
}
