// work-gateway takes cases further once they are written down: it adds what the call adds, watches their clocks, sends them
// where the company wants them, tells subscribed endpoints, and makes the cases that are owed.
//
//	Woken by:     queue gateway: case.*, delivery.*, webhook_endpoint.*, call.started.v1, call.ended.v1, call.analyzed.v1;
//	              its own case.enrich, case.deadline, case.record, delivery.attempt, delivery.alerts, delivery.redeliver, endpoint.…;
//	              mail.receipt: what SES says became of a mail; attachment.scanned: what GuardDuty found in one;
//	              timers: capture (a case is owed), tend (a case's clocks, its purge), digest (what failed in an hour),
//	              redeliver (many are sent again), endpoints'
//	Asks:         the receivers of a company's webhooks, the telephone for recordings, SES, a company's own mail server
//	Twice:        each attempt is claimed; a receiver sees one message id over all of them; a case is one of its call
//	If it fails:  cases are kept and delivered late. Messages wait in gateway-dead; `make redrive Q=gateway` puts them back
package main

import (
	"crypto/rand"
	mathrand "math/rand/v2"
	"os"
	"strings"
	_ "time/tzdata"

	"github.com/askpro/gateway/internal/blob"
	"github.com/askpro/gateway/internal/casework"
	"github.com/askpro/gateway/internal/clock"
	"github.com/askpro/gateway/internal/dispatch"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/lambdakit/queue"
	"github.com/askpro/gateway/internal/mail"
	"github.com/askpro/gateway/internal/outside"
	"github.com/askpro/gateway/internal/signing"
	"github.com/askpro/gateway/internal/store"
	"github.com/askpro/gateway/internal/subscribe"
	"github.com/askpro/gateway/internal/target"
)

type config struct {
	Table        string `env:"TABLE_NAME"`
	TenantRole   string `env:"TENANT_ROLE_ARN"`
	Queue        string `env:"GATEWAY_QUEUE_URL"`
	Bucket       string `env:"BUCKET_NAME"`
	From         string `env:"MAIL_FROM"`
	MailSet      string `env:"MAIL_SET"` // SES's configuration set: it tells what becomes of a letter
	AdminURL     string `env:"ADMIN_URL" default:""`
	SealKey      string `env:"SEAL_KEY"`                          // reference of the key that secrets made by us are kept under
	Recordings   string `env:"RECORDING_HOSTS" default:""`        // of the telephone's recordings, with commas
	PublicURL    string `env:"PUBLIC_URL" default:""`             // of the HTTP API: links to recordings lead there
	RecordingKey string `env:"RECORDING_KEY"`                     // reference of the key that they are proven with
	LocalMail    bool   `env:"ASKPRO_LOCAL_MAIL" default:"false"` // mail servers on this machine; set by the local stack alone
}

func main() {
	cfg := lambdakit.Must(lambdakit.Load[config]())
	env := lambdakit.FromEnvironment()
	sessions := lambdakit.NewSessions(env, cfg.TenantRole)
	table := store.Open(env, sessions, cfg.Table, clock.Now)
	bucket := blob.Open(env, cfg.Bucket, sessions)
	secrets := lambdakit.NewSecrets(env)
	letters := mail.Letters{Ours: mail.Open(env, cfg.From, mail.Receipts{Set: cfg.MailSet, Queue: "gateway"}, clock.Now), Own: mail.NewSMTP(secrets, cfg.LocalMail, clock.Now)}
	sender := outside.New(target.Rules{}.Locally(os.Getenv), nil)
	rings := &signing.Rings{Store: table, Secrets: secrets, Keys: []string{cfg.SealKey}, Random: rand.Reader, Now: clock.Now}
	newID := ident.Maker(clock.Now)
	post := post{letters, cfg.From}
	lambdakit.ServeQueue((&worker{
		table: table, later: queue.Open(env, cfg.Queue),
		cases: &casework.Keeper{
			Store: table, Opener: &casework.Opener{Store: table, NewID: newID, Alarm: lambdakit.Alarm}, Backup: post.backup,
			Recordings: recordings{sender, bucket, strings.Split(cfg.Recordings, ",")}, Objects: bucket,
			Now: clock.Now, NewID: newID, Alarm: lambdakit.Alarm,
		},
		deliveries: &dispatch.Dispatcher{
			Store: table, Mail: letters, Sender: sender, Rings: rings, Secrets: secrets, Transcripts: transcripts{table, bucket}, Objects: objects{bucket, cfg.PublicURL, cfg.RecordingKey, secrets},
			Now: clock.Now, NewID: newID, Jitter: mathrand.Float64, NoSecret: lambdakit.ErrNoSecret, Alarm: lambdakit.Alarm, Tried: tried, Failed: failed, AdminURL: cfg.AdminURL,
		},
		endpoints: &subscribe.Webhooks{
			Store: table, Configured: table, Cases: table, Rings: rings, Sender: sender, Mailer: post, Log: table,
			Jitter: mathrand.Float64, Now: clock.Now, Unlogged: unlogged,
		},
	}).work)
}
