package lambdakit

import (
	"context"
	"encoding/json"
)

// sqs is called without a client of the SDK by functions that hardly ever send: start-up does not pay for it.
var sqs = Service{Name: "sqs", Host: "sqs", Endpoint: "SQS", Target: "AmazonSQS"}

// Enqueue puts work into one of our queues, with its company as the message's group.
func (e Env) Enqueue(ctx context.Context, queueURL string, w Work) error {
	body, err := json.Marshal(w)
	if err != nil {
		return err
	}
	var answer struct{ MessageID string }
	return e.Call(ctx, sqs, "SendMessage", map[string]string{"QueueUrl": queueURL, "MessageBody": string(body), "MessageGroupId": w.Company}, &answer)
}
