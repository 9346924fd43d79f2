// hook-calcom accepts what Cal.com tells of bookings.
//
//	Called by:    POST /webhooks/calcom/{route}; GET answers its ping   Tells: work-sync (queue sync)
//	Twice:        accepted twice; work-sync compares states
//	If it fails:  Cal.com does not send again; the reconciliation finds what was lost
package main

import (
	"net/http"

	"github.com/askpro/gateway/internal/blob"
	"github.com/askpro/gateway/internal/calcom"
	"github.com/askpro/gateway/internal/clock"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/hook"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/lambdakit/queue"
	"github.com/askpro/gateway/internal/store"
)

type config struct {
	Table     string `env:"TABLE_NAME"`
	SyncQueue string `env:"SYNC_QUEUE_URL"`
	Bucket    string `env:"BUCKET_NAME"`
}

func main() {
	cfg := lambdakit.Must(lambdakit.Load[config]())
	env := lambdakit.FromEnvironment()
	mux := http.NewServeMux()
	mux.Handle("POST /webhooks/calcom/{route}", &hook.Accept{
		Gate: &hook.Gate{
			Directory: hook.Remember(store.OpenDirectory(env, cfg.Table), clock.Now), Secrets: lambdakit.NewSecrets(env),
			Refs:   func(r company.Route) []string { return r.CalcomSecretRefs },
			Verify: calcom.Verify, Now: clock.Now, Alarm: lambdakit.Alarm,
		},
		Kind: calcom.KindWebhook, Prefix: "incoming/calcom/",
		Read: func(body []byte) (hook.Summary, error) {
			trigger, kept, err := calcom.Condense(body)
			if err == nil && kept == nil {
				lambdakit.Count("calcom_ignored_"+calcom.KnownTrigger(trigger), "")
			}
			return hook.Summary{Wanted: kept != nil, Kept: kept}, err
		},
		Queue: queue.Open(env, cfg.SyncQueue), Objects: blob.Open(env, cfg.Bucket, nil), NewID: ident.Maker(clock.Now),
	})
	mux.HandleFunc("GET /webhooks/calcom/{route}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	lambdakit.ServeHTTP(mux)
}
