package sources

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/askpro/gateway/infra/local/emulator"
	"github.com/askpro/gateway/infra/local/template"
)

// hidden is out of the emulator's reach: only the stack's clock makes a message visible again. It is SQS's longest.
const hidden = 12 * time.Hour

// unlimited is how many batches of a queue run at once when the template sets no limit.
const unlimited = 50

type queue struct {
	of      *Sources
	source  template.Source
	queue   template.Queue
	nudge   nudge
	slots   chan struct{}
	full    atomic.Bool // nobody polls before a slot is free
	mu      sync.Mutex
	serving int // messages being worked on
	waiting []waiting
}

// waiting is a message whose invocation failed, until its time comes.
type waiting struct {
	receipt string
	due     time.Time
}

func newQueue(of *Sources, source template.Source, q template.Queue) *queue {
	most := source.Concurrency
	if most == 0 {
		most = unlimited
	}
	return &queue{of: of, source: source, queue: q, nudge: newNudge(), slots: make(chan struct{}, most)}
}

type message struct {
	MessageID         string `json:"MessageId"`
	ReceiptHandle     string
	Body              string
	MD5OfBody         string
	Attributes        map[string]string
	MessageAttributes map[string]struct {
		StringValue *string
		BinaryValue []byte
		DataType    string
	}
}

func (q *queue) call(ctx context.Context, operation string, in map[string]any, out any) error {
	in["QueueUrl"] = q.of.Emulator + "/" + template.Account + "/" + q.queue.Name
	return emulator.Call(ctx, q.of.Emulator, "sqs", "AmazonSQS."+operation, in, out)
}

// poll takes one batch and works on it in the background; more says that there may be another.
func (q *queue) poll(ctx context.Context) (more bool) {
	q.full.Store(true) // before the look: whoever frees a slot from now on nudges
	select {
	case q.slots <- struct{}{}:
		q.full.Store(false)
	default:
		return false
	}
	q.mu.Lock() // a message is either visible or counted as being served
	received := q.of.Now()
	var got struct{ Messages []message }
	err := q.call(ctx, "ReceiveMessage", map[string]any{
		"MaxNumberOfMessages": q.source.BatchSize, "VisibilityTimeout": int(hidden / time.Second),
		"AttributeNames": []string{"All"}, "MessageAttributeNames": []string{"All"},
	}, &got)
	q.serving += len(got.Messages)
	q.mu.Unlock()
	if err != nil && ctx.Err() == nil {
		q.of.Report("queue %s: %v", q.queue.Short(), err)
	}
	if len(got.Messages) == 0 {
		<-q.slots
		return false
	}
	q.of.serving.Go(func() {
		q.serve(context.WithoutCancel(ctx), got.Messages, received)
		<-q.slots
		if q.full.Swap(false) {
			q.nudge.give()
		}
	})
	return len(got.Messages) == q.source.BatchSize // else it was empty then
}

// serve runs the function on a batch, deletes what it is done with and puts the rest by until its visibility timeout is
// over on the stack's clock.
func (q *queue) serve(ctx context.Context, batch []message, received time.Time) {
	var event events.SQSEvent
	var ids []string
	for _, m := range batch {
		event.Records = append(event.Records, q.record(m))
		ids = append(ids, m.MessageID)
	}
	failed := ids
	if payload, err := json.Marshal(event); err != nil {
		q.of.Report("queue %s: %v", q.queue.Short(), err)
	} else if answer, err := q.of.Invoke(ctx, q.source.Function, payload); err == nil {
		failed = nil
		if q.source.ReportFailures {
			failed = failures(answer, ids)
		}
	}
	q.remove(ctx, slices.DeleteFunc(slices.Clone(batch), func(m message) bool { return slices.Contains(failed, m.MessageID) }))
	q.mu.Lock()
	defer q.mu.Unlock()
	q.serving -= len(batch)
	for _, m := range batch {
		if slices.Contains(failed, m.MessageID) {
			q.waiting = append(q.waiting, waiting{m.ReceiptHandle, received.Add(q.queue.Visibility)})
		}
	}
}

// remove deletes messages that were handled.
func (q *queue) remove(ctx context.Context, done []message) {
	if len(done) == 0 {
		return
	}
	var entries []map[string]string
	for i, m := range done {
		entries = append(entries, map[string]string{"Id": strconv.Itoa(i), "ReceiptHandle": m.ReceiptHandle})
	}
	var out struct{ Failed []json.RawMessage }
	if err := q.call(ctx, "DeleteMessageBatch", map[string]any{"Entries": entries}, &out); err != nil || len(out.Failed) > 0 {
		q.of.Report("queue %s: handled messages stay: %v %s", q.queue.Short(), err, out.Failed)
	}
}

func (q *queue) record(m message) events.SQSMessage {
	attributes := map[string]events.SQSMessageAttribute{}
	for name, a := range m.MessageAttributes {
		attributes[name] = events.SQSMessageAttribute{StringValue: a.StringValue, BinaryValue: a.BinaryValue, DataType: a.DataType, StringListValues: []string{}, BinaryListValues: [][]byte{}}
	}
	return events.SQSMessage{
		MessageId: m.MessageID, ReceiptHandle: m.ReceiptHandle, Body: m.Body, Md5OfBody: m.MD5OfBody, Attributes: m.Attributes,
		MessageAttributes: attributes, EventSource: "aws:sqs", EventSourceARN: q.queue.ARN, AWSRegion: template.Region,
	}
}

// release makes failed messages visible again whose time has come.
func (q *queue) release(ctx context.Context) {
	now := q.of.Now()
	q.mu.Lock()
	defer q.mu.Unlock()
	before := len(q.waiting)
	q.waiting = slices.DeleteFunc(q.waiting, func(w waiting) bool {
		if w.due.After(now) {
			return false
		}
		// An error means that the message is no longer there: the emulator was emptied, or somebody deleted it.
		if err := q.call(ctx, "ChangeMessageVisibility", map[string]any{"ReceiptHandle": w.receipt, "VisibilityTimeout": 0}, nil); err != nil && ctx.Err() == nil {
			q.of.Report("queue %s: %v", q.queue.Short(), err)
		}
		return true
	})
	if len(q.waiting) < before {
		q.nudge.give()
	}
}

func (q *queue) left(ctx context.Context) []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	var out struct{ Attributes map[string]string }
	if err := q.call(ctx, "GetQueueAttributes", map[string]any{"AttributeNames": []string{"ApproximateNumberOfMessages"}}, &out); err != nil {
		return []string{fmt.Sprintf("queue %s does not answer: %v", q.queue.Short(), err)}
	}
	visible, _ := strconv.Atoi(out.Attributes["ApproximateNumberOfMessages"])
	if visible+q.serving == 0 {
		return nil
	}
	if visible > 0 {
		q.nudge.give()
	}
	return []string{fmt.Sprintf("queue %s: %d visible, %d in flight", q.queue.Short(), visible, q.serving)}
}

func (q *queue) forget() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = nil
}
