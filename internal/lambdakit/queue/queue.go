// Package queue puts work into our queues. Its one rule: a message names its company, also as its group, so that no
// company's flood delays the others (SQS fair queues). It knows no work.
package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/askpro/gateway/internal/lambdakit"
)

// Queue is one SQS queue, written with the function's own role.
type Queue struct {
	client *sqs.Client
	url    string
}

// Open makes the sender of a queue.
func Open(env lambdakit.Env, url string) *Queue {
	return &Queue{url: url, client: sqs.New(sqs.Options{
		Region: env.Region, Credentials: env.Credentials, HTTPClient: env.HTTP, BaseEndpoint: env.Endpoint("SQS"),
		DisableMessageChecksumValidation: true, // TLS guards the bytes
	})}
}

// LongestDelay a message can wait in SQS.
const LongestDelay = 15 * time.Minute

// Send puts work into the queue, after a delay of at most LongestDelay. SQS counts in seconds: work comes a little late, never
// early, because what comes early is sent again and would run in circles until its time.
func (q *Queue) Send(ctx context.Context, w lambdakit.Work, delay time.Duration) error {
	body, err := json.Marshal(w)
	if err != nil {
		return fmt.Errorf("send %s: %w", w.Kind, err)
	}
	text := string(body)
	in := &sqs.SendMessageInput{QueueUrl: &q.url, MessageBody: &text, MessageGroupId: &w.Company}
	if delay > 0 {
		in.DelaySeconds = int32((min(delay, LongestDelay) + time.Second - 1) / time.Second)
	}
	if _, err := q.client.SendMessage(ctx, in); err != nil {
		return fmt.Errorf("send %s: %w", w.Kind, err)
	}
	return nil
}
