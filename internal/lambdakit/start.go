package lambdakit

import (
	"context"
	"encoding/json"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/askpro/gateway/internal/clock"
)

// handler is Lambda's, with bytes in and out.
type handler func(ctx context.Context, payload []byte) ([]byte, error)

// Invoke is called by the runtime for each invocation.
func (h handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	id := ""
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		id = lc.AwsRequestID
		if obeys {
			obey(lc.ClientContext.Custom)
		}
	}
	ctx = withLog(ctx, logger().With("request_id", id))
	// What we do ends before Lambda ends us, so that there is still time to say so.
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-margin))
		defer cancel()
	}
	return h(ctx, payload)
}

const margin = 300 * time.Millisecond

// obeys is true on the local stack only: there the time comes with each invocation (see clock).
var obeys = os.Getenv("ASKPRO_CLOCK") == "invocation"

func obey(custom map[string]string) {
	now, err := time.Parse(time.RFC3339Nano, custom["now"])
	if err != nil {
		clock.Follow()
		return
	}
	clock.Obey(now, custom["frozen"] == "true")
}

func start(h handler) { lambda.Start(lambda.Handler(h)) }

// ServeSchedule runs something each time the schedule fires.
func ServeSchedule(run func(ctx context.Context) error) {
	start(func(ctx context.Context, _ []byte) ([]byte, error) {
		began := time.Now()
		err := run(ctx)
		logOutcome(ctx, "schedule", err, began)
		return []byte("null"), err
	})
}

func logOutcome(ctx context.Context, what string, err error, began time.Time, more ...any) {
	l := Log(ctx).With(more...)
	if err != nil {
		l.Error(what, "outcome", "failed", "error", err, "ms", time.Since(began).Milliseconds())
		return
	}
	l.Info(what, "outcome", "done", "ms", time.Since(began).Milliseconds())
}

func decode(payload []byte, into any) error { return json.Unmarshal(payload, into) }
