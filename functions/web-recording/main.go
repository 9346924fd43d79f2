// web-recording hands a case's recording to whoever holds its link: mails and webhooks carry them.
//
//	Called by:    GET /recordings/{token}
//	Asks:         the bucket, where the recording is fetched from within a minute
//	Twice:        each hand-out is counted and written down, at its case and in the company's audit trail, ten a minute at most
//	If it fails:  people read that they should try again; nothing was handed out that is not written down
package main

import (
	"context"
	"net/http"
	_ "time/tzdata"

	"github.com/askpro/gateway/internal/blob"
	"github.com/askpro/gateway/internal/clock"
	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/playback"
	"github.com/askpro/gateway/internal/store"
)

type config struct {
	Table      string `env:"TABLE_NAME"`
	TenantRole string `env:"TENANT_ROLE_ARN"`
	Bucket     string `env:"BUCKET_NAME"`
	Key        string `env:"RECORDING_KEY"` // reference of the key that links are proven with
}

func main() {
	cfg := lambdakit.Must(lambdakit.Load[config]())
	env := lambdakit.FromEnvironment()
	sessions, secrets := lambdakit.NewSessions(env, cfg.TenantRole), lambdakit.NewSecrets(env)
	player := &playback.Player{
		Store: store.Open(env, sessions, cfg.Table, clock.Now), Objects: blob.Open(env, cfg.Bucket, sessions), Now: clock.Now,
		Keys: func(ctx context.Context) ([][]byte, error) {
			values, err := secrets.Get(ctx, cfg.Key)
			if err != nil {
				return nil, err
			}
			return [][]byte{[]byte(values[0])}, nil
		},
	}
	mux := http.NewServeMux()
	mux.Handle("GET "+playback.Path+"{token}", page{player.Hand})
	lambdakit.ServeHTTP(mux)
}
