// hook-retell-inbound answers Retell while the telephone rings: which agent speaks, and the words of its prompt.
//
//	Called by:    POST /webhooks/retell/{route}/inbound   Tells: work-sync, to fetch the slots that are usually asked for
//	Twice:        answers the same; nothing is created
//	If it fails:  Retell asks again three times, then lets the agent speak that is bound to the number
package main

import (
	"net/http"
	_ "time/tzdata"

	"github.com/askpro/gateway/internal/clock"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/hook"
	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/lambdakit/queue"
	"github.com/askpro/gateway/internal/retell"
	"github.com/askpro/gateway/internal/store"
)

type config struct {
	Table      string `env:"TABLE_NAME"`
	TenantRole string `env:"TENANT_ROLE_ARN"`
	SyncQueue  string `env:"SYNC_QUEUE_URL"`
}

func main() {
	cfg := lambdakit.Must(lambdakit.Load[config]())
	env := lambdakit.FromEnvironment()
	mux := http.NewServeMux()
	mux.Handle("POST /webhooks/retell/{route}/inbound", &hook.Inbound{
		Gate: &hook.Gate{
			Directory: hook.Remember(store.OpenDirectory(env, cfg.Table), clock.Now), Secrets: lambdakit.NewSecrets(env),
			Refs:   func(r company.Route) []string { return r.RetellKeyRefs },
			Verify: retell.Verify, Now: clock.Now, Alarm: lambdakit.Alarm,
		},
		Cards: store.Open(env, lambdakit.NewSessions(env, cfg.TenantRole), cfg.Table, clock.Now),
		Queue: queue.Open(env, cfg.SyncQueue),
		Read:  retell.ReadInbound,
	})
	lambdakit.ServeHTTP(mux)
}
