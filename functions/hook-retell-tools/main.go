// hook-retell-tools answers the agent's questions during a call; booking is one of them, taking down a fault another.
//
//	Called by:    POST /webhooks/retell/{route}/tools; GET /version   Asks: Cal.com   Tells: through the outbox; where the
//	              table cannot be written, queue gateway, of what a caller reported
//	Twice:        the stored answer of the first time (24 h), or a sentence that it is being done
//	If it fails:  the caller hears a sentence and a callback; a booking of unknown outcome is looked after by work-sync
package main

import (
	"context"
	"encoding/json"
	"net/http"
	_ "time/tzdata"

	"github.com/askpro/gateway/internal/calcom"
	"github.com/askpro/gateway/internal/casework"
	"github.com/askpro/gateway/internal/clock"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/hook"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/lambdakit/queue"
	"github.com/askpro/gateway/internal/retell"
	"github.com/askpro/gateway/internal/scheduling"
	"github.com/askpro/gateway/internal/store"
	"github.com/askpro/gateway/internal/tenant"
	"github.com/askpro/gateway/internal/voice"
)

type config struct {
	Table             string `env:"TABLE_NAME"`
	TenantRole        string `env:"TENANT_ROLE_ARN"`
	Calcom            string `env:"CALCOM_BASE_URL"`
	PlaceholderDomain string `env:"PLACEHOLDER_MAIL_DOMAIN"`
	GatewayQueue      string `env:"GATEWAY_QUEUE_URL"`
	Gateway           string `env:"GATEWAY" default:"on"` // the platform's switch: off, calls are about appointments only
}

func main() {
	cfg := lambdakit.Must(lambdakit.Load[config]())
	env := lambdakit.FromEnvironment()
	secrets := lambdakit.NewSecrets(env)
	table := store.Open(env, lambdakit.NewSessions(env, cfg.TenantRole), cfg.Table, clock.Now)
	newID := ident.Maker(clock.Now)
	calendar := calcom.NewClient(cfg.Calcom, secrets, clock.Now)
	guard := &scheduling.Guard{Calendar: calendar, Keys: table, Now: clock.Now, Alarm: lambdakit.Alarm}
	calendar.Spent = guard.Spent
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
				Store: table, Calendar: guard,
				Now: clock.Now, NewID: newID, PlaceholderDomain: cfg.PlaceholderDomain, Alarm: lambdakit.Alarm,
			},
			Cases: &casework.Opener{Store: table, NewID: newID, Alarm: lambdakit.Alarm}, Gateway: cfg.Gateway != "off", Keep: keep(queue.Open(env, cfg.GatewayQueue)),
			Now: clock.Now, NewID: newID, Alarm: lambdakit.Alarm, MailWorks: true,
		},
		Read: retell.ReadTool,
	})
	mux.HandleFunc("GET /version", lambdakit.ServeVersion)
	lambdakit.ServeHTTP(mux)
}

// keep hands what a call said of a case to work-gateway when the table cannot be written.
func keep(gateway *queue.Queue) func(context.Context, tenant.ID, string, desk.Said) error {
	return func(ctx context.Context, t tenant.ID, callID string, said desk.Said) error {
		body, err := json.Marshal(casework.Overheard{CallID: callID, Said: said})
		if err != nil {
			return err
		}
		w, err := lambdakit.NewWork(casework.KindSaid, t, clock.Now(), body)
		if err != nil {
			return err
		}
		return gateway.Send(ctx, w, 0)
	}
}
