// hook-retell-events accepts what Retell tells of calls.
//
//	Called by:    POST /webhooks/retell/{route}/events   Tells: work-default (queue default)
//	Twice:        accepted twice; work-default makes the same call of it
//	If it fails:  Retell sends again three times within half a minute; after that a call_ended is lost
package main

import (
	"net/http"

	"github.com/askpro/gateway/internal/blob"
	"github.com/askpro/gateway/internal/clock"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/hook"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/lambdakit/queue"
	"github.com/askpro/gateway/internal/retell"
	"github.com/askpro/gateway/internal/store"
)

type config struct {
	Table        string `env:"TABLE_NAME"`
	DefaultQueue string `env:"DEFAULT_QUEUE_URL"`
	Bucket       string `env:"BUCKET_NAME"`
}

func main() {
	cfg := lambdakit.Must(lambdakit.Load[config]())
	env := lambdakit.FromEnvironment()
	mux := http.NewServeMux()
	mux.Handle("POST /webhooks/retell/{route}/events", &hook.Accept{
		Gate: &hook.Gate{
			Directory: hook.Remember(store.OpenDirectory(env, cfg.Table), clock.Now), Secrets: lambdakit.NewSecrets(env),
			Refs:   func(r company.Route) []string { return r.RetellKeyRefs },
			Verify: retell.Verify, Now: clock.Now, Alarm: lambdakit.Alarm,
		},
		Kind: retell.KindEvent, Prefix: "incoming/retell/",
		Read: func(body []byte) (hook.Summary, error) {
			_, wanted, ours, err := retell.Peek(body)
			return hook.Summary{Wanted: wanted, Ours: ours}, err
		},
		Queue: queue.Open(env, cfg.DefaultQueue), Objects: blob.Open(env, cfg.Bucket, nil), NewID: ident.Maker(clock.Now),
	})
	lambdakit.ServeHTTP(mux)
}
