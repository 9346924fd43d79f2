package sources

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/askpro/gateway/infra/local/emulator"
	"github.com/askpro/gateway/infra/local/template"
)

// stream reads the table's stream, one shard after the other, from its beginning.
type stream struct {
	of       *Sources
	source   template.Source
	mu       sync.Mutex
	arn      string
	iterator map[string]string // shard → where to read on
}

func (x *stream) call(ctx context.Context, operation string, in, out any) error {
	return emulator.Call(ctx, x.of.Emulator, "dynamodb", "DynamoDBStreams_20120810."+operation, in, out)
}

// poll reads everything that is new and hands it over; more says that there was something.
func (x *stream) poll(ctx context.Context) (more bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	more, err := x.read(ctx)
	if err != nil && ctx.Err() == nil {
		x.of.Report("the table's stream: %v", err)
	}
	return more && err == nil
}

func (x *stream) read(ctx context.Context) (more bool, err error) {
	if err := x.open(ctx); err != nil {
		return false, err
	}
	for shard, iterator := range x.iterator {
		var out struct {
			Records           []json.RawMessage
			NextShardIterator string
		}
		if err := x.call(ctx, "GetRecords", map[string]any{"ShardIterator": iterator, "Limit": 1000}, &out); err != nil {
			x.iterator = nil // an iterator that is too old: from the beginning, consumers know the second delivery
			return false, err
		}
		if len(out.Records) > 0 {
			more = true
			wanted, err := x.filter(out.Records)
			if err != nil {
				return false, err
			}
			for len(wanted) > 0 {
				n := min(len(wanted), x.source.BatchSize)
				x.deliver(ctx, wanted[:n])
				wanted = wanted[n:]
			}
		}
		if out.NextShardIterator != "" {
			x.iterator[shard] = out.NextShardIterator
		}
	}
	return more, nil
}

func (x *stream) open(ctx context.Context) error {
	if x.iterator != nil {
		return nil
	}
	var table struct {
		Table struct{ LatestStreamArn string }
	}
	if err := emulator.Call(ctx, x.of.Emulator, "dynamodb", "DynamoDB_20120810.DescribeTable", map[string]string{"TableName": x.of.System.Table.Name}, &table); err != nil {
		return err
	}
	x.arn = table.Table.LatestStreamArn
	var described struct {
		StreamDescription struct {
			Shards []struct {
				ShardID string `json:"ShardId"`
			}
		}
	}
	if err := x.call(ctx, "DescribeStream", map[string]string{"StreamArn": x.arn}, &described); err != nil {
		return err
	}
	iterators := map[string]string{}
	for _, shard := range described.StreamDescription.Shards {
		var out struct{ ShardIterator string }
		in := map[string]string{"StreamArn": x.arn, "ShardId": shard.ShardID, "ShardIteratorType": "TRIM_HORIZON"}
		if err := x.call(ctx, "GetShardIterator", in, &out); err != nil {
			return err
		}
		iterators[shard.ShardID] = out.ShardIterator
	}
	x.iterator = iterators
	return nil
}

func (x *stream) forget() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.iterator = nil
}

// deliver hands records over in order. What fails is tried again from the first record that failed, in halves if the
// mapping bisects; what fails too often goes aside.
func (x *stream) deliver(ctx context.Context, records []json.RawMessage) {
	size, tries := len(records), 0
	for len(records) > 0 && ctx.Err() == nil {
		n := min(size, len(records))
		done, err := x.invoke(ctx, records[:n])
		if done > 0 {
			records, tries = records[done:], 0
			if err == nil {
				continue
			}
		}
		if err == nil && done == n {
			continue
		}
		tries++
		if x.source.Bisect && n > 1 {
			size = max(n/2, 1)
		}
		if x.source.Retries >= 0 && tries > x.source.Retries {
			x.aside(ctx, records[:n], err)
			records, tries = records[n:], 0
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(tries) * 50 * time.Millisecond): // between tries of the machine, not of the product
		}
	}
}

func (x *stream) invoke(ctx context.Context, records []json.RawMessage) (done int, err error) {
	payload, err := json.Marshal(map[string]any{"Records": records})
	if err != nil {
		return 0, err
	}
	raw, err := x.of.Invoke(ctx, x.source.Function, payload)
	if err != nil {
		x.of.Report("%s: %v", x.source.Function, err)
		return 0, err
	}
	var answer events.DynamoDBEventResponse
	_ = json.Unmarshal(raw, &answer) // an answer of nothing means that nothing failed
	if len(answer.BatchItemFailures) == 0 || !x.source.ReportFailures {
		return len(records), nil
	}
	for i, r := range records {
		if sequence(r) == answer.BatchItemFailures[0].ItemIdentifier {
			return i, fmt.Errorf("record %d was not handled", i)
		}
	}
	return 0, fmt.Errorf("a record that was not sent was not handled")
}

// aside tells the on-failure queue where the records are that could not be handled.
func (x *stream) aside(ctx context.Context, records []json.RawMessage, cause error) {
	body, _ := json.Marshal(map[string]any{
		"requestContext":     map[string]string{"functionArn": x.source.Function, "condition": "RetryAttemptsExhausted"},
		"responseContext":    map[string]string{"functionError": fmt.Sprint(cause)},
		"DDBStreamBatchInfo": map[string]any{"streamArn": x.arn, "startSequenceNumber": sequence(records[0]), "endSequenceNumber": sequence(records[len(records)-1]), "batchSize": len(records)},
		"timestamp":          x.of.Now(),
	})
	in := map[string]string{"QueueUrl": x.of.Emulator + "/" + template.Account + "/" + x.source.OnFailure, "MessageBody": string(body)}
	if err := emulator.Call(ctx, x.of.Emulator, "sqs", "AmazonSQS.SendMessage", in, nil); err != nil {
		x.of.Report("queue %s: %v", x.source.OnFailure, err)
	}
}

func sequence(record json.RawMessage) string {
	var r struct {
		DynamoDB struct{ SequenceNumber string } `json:"dynamodb"`
	}
	_ = json.Unmarshal(record, &r) // it was read once already
	return r.DynamoDB.SequenceNumber
}

// filter keeps the records that any of the mapping's patterns fits.
func (x *stream) filter(records []json.RawMessage) ([]json.RawMessage, error) {
	var wanted []json.RawMessage
	for _, raw := range records {
		var r map[string]any
		if err := json.Unmarshal(raw, &r); err != nil {
			return nil, err
		}
		fits := len(x.source.Filters) == 0
		for _, p := range x.source.Filters {
			ok, err := matches(p, r)
			if err != nil {
				return nil, err
			}
			fits = fits || ok
		}
		if fits {
			r["eventSourceARN"] = x.arn
			b, err := json.Marshal(r)
			if err != nil {
				return nil, err
			}
			wanted = append(wanted, b)
		}
	}
	return wanted, nil
}

// matches judges a filter pattern as Lambda does: maps go down, lists name values or {"prefix": …}.
func matches(pattern map[string]any, value map[string]any) (bool, error) {
	for key, want := range pattern {
		got := value[key]
		switch want := want.(type) {
		case map[string]any:
			inner, _ := got.(map[string]any)
			if ok, err := matches(want, inner); err != nil || !ok {
				return false, err
			}
		case []any:
			ok, err := oneOf(want, got)
			if err != nil || !ok {
				return false, err
			}
		default:
			return false, fmt.Errorf("the filter's %s is neither a map nor a list", key)
		}
	}
	return true, nil
}

func oneOf(want []any, got any) (bool, error) {
	for _, w := range want {
		switch w := w.(type) {
		case map[string]any:
			prefix, ok := w["prefix"].(string)
			if !ok || len(w) != 1 {
				return false, fmt.Errorf("the filter %v is not known to the local stack", w)
			}
			if s, is := got.(string); is && strings.HasPrefix(s, prefix) {
				return true, nil
			}
		default:
			if w == got {
				return true, nil
			}
		}
	}
	return false, nil
}
