// hook-retell-tools answers the agent's questions during a call; booking is one of them.
//
//	Called by:    POST /webhooks/retell/{route}/tools; GET /version   Asks: Cal.com   Tells: through the outbox
//	Twice:        the stored answer of the first time (24 h), or a sentence that it is being done
//	If it fails:  the caller hears a sentence and a callback; a booking of unknown outcome is looked after by work-sync
package main

import (
	"net/http"
	_ "time/tzdata"

	"github.com/askpro/gateway/internal/calcom"
	"github.com/askpro/gateway/internal/casework"
	"github.com/askpro/gateway/internal/clock"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/hook"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/retell"
	"github.com/askpro/gateway/internal/scheduling"
	"github.com/askpro/gateway/internal/store"
	"github.com/askpro/gateway/internal/voice"
)

type config struct {
	Table             string `env:"TABLE_NAME"`
	TenantRole        string `env:"TENANT_ROLE_ARN"`
	Calcom            string `env:"CALCOM_BASE_URL"`
	PlaceholderDomain string `env:"PLACEHOLDER_MAIL_DOMAIN"`
	Gateway           string `env:"GATEWAY" default:"on"` // the platform's switch: off, calls are about appointments only
}

func main() {
	cfg := lambdakit.Must(lambdakit.Load[config]())
	env := lambdakit.FromEnvironment()
	secrets := lambdakit.NewSecrets(env)
	table := store.Open(env, lambdakit.NewSessions(env, cfg.TenantRole), cfg.Table, clock.Now)
	newID := ident.Maker(clock.Now)
	mux := http.NewServeMux()
	mux.Handle("POST /webhooks/retell/{route}/tools", &hook.Tools{
		Gate: &hook.Gate{
			Directory: hook.Remember(store.OpenDirectory(env, cfg.Table), clock.Now), Secrets: secrets,
			Refs:   func(r company.Route) []string { return r.RetellKeyRefs },
			Verify: retell.Verify, Now: clock.Now, Alarm: lambdakit.Alarm,
		},
		Desk: &voice.Desk{
			Store: table,
			Scheduler: &scheduling.Scheduler{
				Store: table, Calendar: &scheduling.Guard{
					Calendar: calcom.NewClient(cfg.Calcom, secrets, clock.Now), Keys: table, Now: clock.Now, Alarm: lambdakit.Alarm,
				},
				Now: clock.Now, NewID: newID, PlaceholderDomain: cfg.PlaceholderDomain, Alarm: lambdakit.Alarm,
			},
			Cases: &casework.Opener{Store: table, NewID: newID, Alarm: lambdakit.Alarm}, Gateway: cfg.Gateway != "off",
			Now: clock.Now, NewID: newID, Alarm: lambdakit.Alarm, MailWorks: true,
		},
		Read: retell.ReadTool,
	})
	mux.HandleFunc("GET /version", lambdakit.ServeVersion)
	lambdakit.ServeHTTP(mux)
}
