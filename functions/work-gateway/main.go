// work-gateway takes cases further once they are written down: it adds what the call adds, and sends them where the
// company wants them.
//
//	Woken by:     queue gateway: call.ended.v1, case.created.v1, case.enriched.v1, case.enrichment_timed_out.v1,
//	              case.audio_ready.v1, case.merged.v1, case.escalated.v1, delivery.dead.v1; timer
//	Asks:         the receivers of a company's webhooks, SES, a company's own mail server
//	Twice:        each attempt is claimed; a receiver sees one message id over all of them
//	If it fails:  cases are kept and delivered late. Messages wait in gateway-dead; `make redrive Q=gateway` puts them back
package main

import (
	_ "time/tzdata"

	"github.com/askpro/gateway/internal/clock"
	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/store"
)

type config struct {
	Table      string `env:"TABLE_NAME"`
	TenantRole string `env:"TENANT_ROLE_ARN"`
	Queue      string `env:"GATEWAY_QUEUE_URL"`
	Bucket     string `env:"BUCKET_NAME"`
	From       string `env:"MAIL_FROM"`
	AdminURL   string `env:"ADMIN_URL" default:""`
	SealKey    string `env:"SEAL_KEY"` // reference of the key that secrets made by us are kept under
	Retell     string `env:"RETELL_BASE_URL"`
	LocalMail  bool   `env:"ASKPRO_LOCAL_MAIL" default:"false"` // mail servers on this machine; set by the local stack alone
}

func main() {
	cfg := lambdakit.Must(lambdakit.Load[config]())
	env := lambdakit.FromEnvironment()
	lambdakit.ServeQueue((&worker{
		table: store.Open(env, lambdakit.NewSessions(env, cfg.TenantRole), cfg.Table, clock.Now),
	}).work)
}
