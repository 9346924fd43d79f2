package sources

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/askpro/gateway/infra/local/emulator"
	"github.com/askpro/gateway/infra/local/template"
)

// out of the emulator's reach: only the stack's clock makes a message visible again.
const hidden = 12 * time.Hour

type queue struct {
	of      *Sources
	source  template.Source
	queue   template.Queue
	slots   chan struct{}
	mu      sync.Mutex
	serving int       // messages being worked on
	waiting []waiting // messages that failed
}

type waiting struct {
	receipt string
	due     time.Time
}

func newQueue(of *Sources, source template.Source, q template.Queue) *queue {
	most := source.Concurrency
	if most == 0 {
		most = 50
	}
	return &queue{of: of, source: source, queue: q, slots: make(chan struct{}, most)}
}

type message struct {
	MessageID     string            `json:"MessageId"`
	ReceiptHandle string            `json:"ReceiptHandle"`
	Body          string            `json:"Body"`
	MD5OfBody     string            `json:"MD5OfBody"`
	Attributes    map[string]string `json:"Attributes"`
}

func (q *queue) call(ctx context.Context, operation string, in map[string]any, out any) error {
	in["QueueUrl"] = q.of.Emulator + "/" + template.Account + "/" + q.queue.Name
	return emulator.Call(ctx, q.of.Emulator, "sqs", "AmazonSQS."+operation, in, out)
}

// poll takes one batch and works on it in the background; more says that there may be another.
func (q *queue) poll(ctx context.Context) (more bool) {
	select {
	case q.slots <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	free := func() { <-q.slots }
	var got struct{ Messages []message }
	q.mu.Lock() // a message is either visible or counted as being served
	err := q.call(ctx, "ReceiveMessage", map[string]any{
		"MaxNumberOfMessages": min(q.source.BatchSize, 10), "VisibilityTimeout": int(hidden / time.Second), "AttributeNames": []string{"All"},
	}, &got)
	q.serving += len(got.Messages)
	q.mu.Unlock()
	if err != nil || len(got.Messages) == 0 {
		if err != nil && ctx.Err() == nil {
			q.of.Report("queue %s: %v", q.queue.Short(), err)
		}
		free()
		return false
	}
	go func() {
		defer free()
		q.serve(context.WithoutCancel(ctx), got.Messages)
		q.of.Nudge()
	}()
	return true
}

func (q *queue) serve(ctx context.Context, batch []message) {
	received := q.of.Now()
	event := events.SQSEvent{}
	for _, m := range batch {
		event.Records = append(event.Records, events.SQSMessage{
			MessageId: m.MessageID, ReceiptHandle: m.ReceiptHandle, Body: m.Body, Md5OfBody: m.MD5OfBody, Attributes: m.Attributes,
			EventSource: "aws:sqs", EventSourceARN: q.queue.ARN, AWSRegion: template.Region,
		})
	}
	failed := map[string]bool{}
	payload, err := json.Marshal(event)
	var raw []byte
	if err == nil {
		raw, err = q.of.Invoke(ctx, q.source.Function, payload)
	}
	if err != nil {
		q.of.Report("%s: %v", q.source.Function, err)
		for _, m := range batch {
			failed[m.MessageID] = true
		}
	} else if q.source.ReportFailures {
		var answer events.SQSEventResponse
		_ = json.Unmarshal(raw, &answer) // an answer of nothing means that nothing failed
		for _, f := range answer.BatchItemFailures {
			failed[f.ItemIdentifier] = true
		}
	}
	for _, m := range batch {
		if !failed[m.MessageID] {
			if err := q.call(ctx, "DeleteMessage", map[string]any{"ReceiptHandle": m.ReceiptHandle}, nil); err != nil {
				q.of.Report("queue %s: %v", q.queue.Short(), err)
			}
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.serving -= len(batch)
	for _, m := range batch {
		if failed[m.MessageID] {
			q.waiting = append(q.waiting, waiting{m.ReceiptHandle, received.Add(q.queue.Visibility)})
		}
	}
}

// release makes failed messages visible again whose time has come.
func (q *queue) release(ctx context.Context) {
	now := q.of.Now()
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = slices.DeleteFunc(q.waiting, func(w waiting) bool {
		if w.due.After(now) {
			return false
		}
		if err := q.call(ctx, "ChangeMessageVisibility", map[string]any{"ReceiptHandle": w.receipt, "VisibilityTimeout": 0}, nil); err != nil {
			q.of.Report("queue %s: %v", q.queue.Short(), err)
		}
		return true
	})
}

func (q *queue) left(ctx context.Context) []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	var out struct{ Attributes map[string]string }
	if err := q.call(ctx, "GetQueueAttributes", map[string]any{"AttributeNames": []string{"All"}}, &out); err != nil {
		return []string{fmt.Sprintf("queue %s does not answer: %v", q.queue.Short(), err)}
	}
	visible, _ := strconv.Atoi(out.Attributes["ApproximateNumberOfMessages"])
	if visible+q.serving == 0 {
		return nil
	}
	return []string{fmt.Sprintf("queue %s: %d visible, %d in flight", q.queue.Short(), visible, q.serving)}
}

func (q *queue) forget() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = nil
}
