// work-default keeps the record of calls, the customers' history, the later life of appointments, the promises to ring
// back, the history of cases and the meters, and follows audit trails at night.
//
//	Woken by:     queue default: retell.event, appointment.confirmed.v1, appointment.cancelled.v1, callback.requested.v1,
//	              call.continued.v1, call.ended.v1, gateway.mode_resolved.v1, case.*, delivery.*, timer, audit.check
//	Asks:         Retell, for calls nobody told the end of
//	Tells:        call.started.v1, call.ended.v1, call.analyzed.v1, gateway.mode_resolved.v1, wish.unfulfilled.v1,
//	              callback.assigned.v1, callback.escalated.v1
//	Twice:        the same call, history, callback, reading and count as once
//	If it fails:  calls look unfinished, callbacks wait, reminders are not set, histories of cases have gaps. Messages wait in
//	              default-dead; `make redrive Q=default` puts them back, and `make usage RECOUNT=1` counts a month again
package main

import (
	_ "time/tzdata"

	"github.com/askpro/gateway/internal/blob"
	"github.com/askpro/gateway/internal/clock"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/journal"
	"github.com/askpro/gateway/internal/keeper"
	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/promise"
	"github.com/askpro/gateway/internal/retell"
	"github.com/askpro/gateway/internal/store"
	"github.com/askpro/gateway/internal/usage"
)

type config struct {
	Table      string `env:"TABLE_NAME"`
	TenantRole string `env:"TENANT_ROLE_ARN"`
	Bucket     string `env:"BUCKET_NAME"`
	Retell     string `env:"RETELL_BASE_URL"`
}

func main() {
	cfg := lambdakit.Must(lambdakit.Load[config]())
	env := lambdakit.FromEnvironment()
	sessions := lambdakit.NewSessions(env, cfg.TenantRole)
	table := store.Open(env, sessions, cfg.Table, clock.Now)
	bucket := blob.Open(env, cfg.Bucket, sessions)
	newID := ident.Maker(clock.Now)
	lambdakit.ServeQueue((&worker{
		table:  table,
		bucket: bucket,
		calls: &keeper.Keeper{
			Store: table, Archive: archive{bucket}, Telephone: retell.NewClient(cfg.Retell, lambdakit.NewSecrets(env), clock.Now),
			Now: clock.Now, NewID: newID, Alarm: lambdakit.Alarm,
		},
		promises: &promise.Keeper{Store: table, Now: clock.Now, NewID: newID},
		journal:  journal.Journal{Store: table},
		meters:   usage.Metering{Store: table},
	}).work)
}
