// Package queue puts work into our queues. Its one rule: a message names its company, also as its group, so that no
// company's flood delays the others (SQS fair queues). It knows no work.
package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/askpro/gateway/internal/lambdakit"
)

// Queue is one SQS queue, written with the function's own role. It is called without the SDK's client, whose tables cost
// every start-up more than all else that most functions do with SQS.
type Queue struct {
	env lambdakit.Env
	url string
}

// Open makes the sender of a queue.
func Open(env lambdakit.Env, url string) *Queue { return &Queue{env, url} }

// LongestDelay a message can wait in SQS.
const LongestDelay = 15 * time.Minute

var service = lambdakit.Service{Name: "sqs", Host: "sqs", Endpoint: "SQS", Target: "AmazonSQS"}

// request of SendMessage (docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html).
type request struct {
	QueueURL       string `json:"QueueUrl"`
	MessageBody    string
	MessageGroupID string `json:"MessageGroupId"`
	DelaySeconds   int    `json:",omitempty"`
}

// tries of one message: one that was lost on the way back is there twice, which every consumer allows for.
const tries = 3

// Send puts work into the queue, after a delay of at most LongestDelay. SQS counts in seconds: work comes a little late, never
// early, because what comes early is sent again and would run in circles until its time.
func (q *Queue) Send(ctx context.Context, w lambdakit.Work, delay time.Duration) error {
	body, err := json.Marshal(w)
	if err != nil {
		return fmt.Errorf("send %s: %w", w.Kind, err)
	}
	in := request{QueueURL: q.url, MessageBody: string(body), MessageGroupID: w.Company}
	if delay > 0 {
		in.DelaySeconds = int((min(delay, LongestDelay) + time.Second - 1) / time.Second)
	}
	for try := 1; ; try++ {
		var answer struct{}
		err = q.env.Call(ctx, service, "SendMessage", in, &answer)
		if err == nil {
			return nil
		}
		var refused *lambdakit.Refused
		if try == tries || errors.As(err, &refused) && !refused.Passing() || pause(ctx, try) != nil {
			return fmt.Errorf("send %s: %w", w.Kind, err)
		}
	}
}

// pause before the next try.
func pause(ctx context.Context, try int) error {
	limit := 50 * time.Millisecond << try
	timer := time.NewTimer(limit/2 + rand.N(limit/2))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
