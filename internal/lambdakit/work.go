package lambdakit

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/askpro/gateway/internal/tenant"
)

// Work is a message of our own queues: something to do for a company. Its company was proven by whoever sent it; the
// queues take messages from our functions and our bus alone.
type Work struct {
	Kind    string          `json:"kind"`
	Company string          `json:"company_id"`
	At      time.Time       `json:"at"` // when it was accepted
	Attempt int             `json:"attempt,omitempty"`
	Body    json.RawMessage `json:"body,omitempty"`
	Gzip    []byte          `json:"gzip,omitempty"`   // Body, compressed
	Object  string          `json:"object,omitempty"` // where Body, compressed, lies in the bucket
}

// NewWork packs a body: as it is when short, compressed when long. JSON only.
func NewWork(kind string, t tenant.ID, at time.Time, body []byte) (Work, error) {
	w := Work{Kind: kind, Company: t.String(), At: at}
	if len(body) <= plainUpTo {
		w.Body = body
		return w, nil
	}
	var err error
	w.Gzip, err = Compress(body)
	return w, err
}

const (
	plainUpTo = 128 << 10
	// MaxMessage is SQS's limit for a message (1 MiB), less room for the envelope.
	MaxMessage = 1<<20 - 4096
)

// Compress a body with gzip.
func Compress(body []byte) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(body); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Decompress a body, at most twice MaxBody.
func Decompress(packed []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(z, 2*MaxBody))
}

// Incoming is one message being worked on. For a domain event Kind is its name and Body its detail.
type Incoming struct {
	Work
	ID       string
	Tenant   tenant.ID
	Receives int // how often the queue has handed it out, this time included
}

// ServeQueue works on a queue's messages, those of a batch side by side. A message that fails goes back to the queue, or
// in the end to its dead-letter queue; it never sinks its neighbours.
func ServeQueue(work func(ctx context.Context, m Incoming) error) {
	start(func(ctx context.Context, payload []byte) ([]byte, error) { return QueueEvent(ctx, work, payload) })
}

// QueueEvent works on one batch and reports the messages that failed.
func QueueEvent(ctx context.Context, work func(context.Context, Incoming) error, payload []byte) ([]byte, error) {
	var batch events.SQSEvent
	if err := decode(payload, &batch); err != nil {
		return nil, fmt.Errorf("read the batch: %w", err)
	}
	failed := make([]bool, len(batch.Records))
	var wait sync.WaitGroup
	for i, record := range batch.Records {
		wait.Go(func() { failed[i] = !one(ctx, work, record) })
	}
	wait.Wait()
	answer := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
	for i, bad := range failed {
		if bad {
			answer.BatchItemFailures = append(answer.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: batch.Records[i].MessageId})
		}
	}
	return json.Marshal(answer)
}

func one(ctx context.Context, work func(context.Context, Incoming) error, record events.SQSMessage) (ok bool) {
	began := time.Now()
	m, err := open(record)
	l := Log(ctx).With("message_id", record.MessageId, "kind", m.Kind, "company", m.Company, "receives", m.Receives)
	ctx = withLog(ctx, l)
	defer func() {
		if p := recover(); p != nil {
			err, ok = fmt.Errorf("panic: %v", p), false
		}
		logOutcome(ctx, "message", err, began)
	}()
	if err == nil {
		err = work(ctx, m)
	}
	return err == nil
}

// open reads a message: our own envelope, or an event as the bus delivers it.
func open(record events.SQSMessage) (Incoming, error) {
	m := Incoming{ID: record.MessageId}
	m.Receives, _ = strconv.Atoi(record.Attributes["ApproximateReceiveCount"])
	var both struct {
		Work
		DetailType string          `json:"detail-type"`
		Detail     json.RawMessage `json:"detail"`
		ObjectKey  string          `json:"object_key"` // AWS tells of an object, and cannot say whose it is
	}
	if err := json.Unmarshal([]byte(record.Body), &both); err != nil {
		return m, fmt.Errorf("the message is no JSON: %w", err)
	}
	m.Work = both.Work
	if both.DetailType != "" {
		var head struct {
			Company string    `json:"company_id"`
			At      time.Time `json:"at"`
		}
		if err := json.Unmarshal(both.Detail, &head); err != nil {
			return m, fmt.Errorf("the event's detail is no JSON object: %w", err)
		}
		m.Work = Work{Kind: both.DetailType, Company: head.Company, At: head.At, Body: both.Detail}
	}
	if whose, ok := tenant.OfObject(both.ObjectKey); ok && m.Company == "" {
		m.Company = whose.String()
	}
	if m.Kind == "" || m.Company == "" {
		return m, errors.New("the message says neither what to do nor for whom")
	}
	if m.Gzip != nil {
		body, err := Decompress(m.Gzip)
		if err != nil {
			return m, fmt.Errorf("unpack the message: %w", err)
		}
		m.Body, m.Gzip = body, nil
	}
	m.Tenant = tenant.Proven(m.Company)
	return m, nil
}

// Load gets a body that was too large for the message; get reads an object.
func (m *Incoming) Load(ctx context.Context, get func(ctx context.Context, key string) ([]byte, error)) error {
	if m.Object == "" {
		return nil
	}
	packed, err := get(ctx, m.Object)
	if err != nil {
		return err
	}
	if m.Body, err = Decompress(packed); err != nil {
		return fmt.Errorf("unpack a large body: %w", err)
	}
	m.Object = ""
	return nil
}
