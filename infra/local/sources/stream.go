package sources

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/askpro/gateway/infra/local/emulator"
	"github.com/askpro/gateway/infra/local/template"
)

// stream reads the table's stream from its beginning, one batch after the other, in order.
type stream struct {
	of     *Sources
	source template.Source
	nudge  nudge
	mu     sync.Mutex
	arn    string
	shards []*shard // nil until it was opened
}

type shard struct{ id, iterator string }

func (x *stream) call(ctx context.Context, operation string, in, out any) error {
	return emulator.Call(ctx, x.of.Emulator, "dynamodb", "DynamoDBStreams_20120810."+operation, in, out)
}

type page struct {
	Records           []json.RawMessage
	NextShardIterator string
}

// poll reads what is new and hands it over; more says that there was something.
func (x *stream) poll(ctx context.Context) (more bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	err := x.open(ctx)
	for _, s := range x.shards {
		var p page
		if err = x.call(ctx, "GetRecords", map[string]any{"ShardIterator": s.iterator, "Limit": 1000}, &p); err != nil {
			x.shards = nil // from the beginning: consumers know the second delivery
			break
		}
		var wanted []json.RawMessage
		for _, r := range p.Records {
			if pass(x.source.Filters, r) {
				wanted = append(wanted, x.origin(r))
			}
		}
		for len(wanted) > 0 {
			n := min(len(wanted), x.source.BatchSize)
			if !x.deliver(ctx, wanted[:n]) {
				return false // the stack stops; what was not handed over is not passed by
			}
			wanted = wanted[n:]
		}
		s.iterator = p.NextShardIterator // a table's stream on one machine has one shard, which never ends
		more = more || len(p.Records) > 0
	}
	if err != nil && ctx.Err() == nil {
		x.of.Report("the table's stream: %v", err)
	}
	return more && err == nil
}

func (x *stream) open(ctx context.Context) error {
	if x.shards != nil {
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
	shards := []*shard{}
	for _, s := range described.StreamDescription.Shards {
		var out struct{ ShardIterator string }
		in := map[string]string{"StreamArn": x.arn, "ShardId": s.ShardID, "ShardIteratorType": "TRIM_HORIZON"}
		if err := x.call(ctx, "GetShardIterator", in, &out); err != nil {
			return err
		}
		shards = append(shards, &shard{s.ShardID, out.ShardIterator})
	}
	x.shards = shards
	return nil
}

// left says whether there is something to read, without reading it: handing over is the loop's.
func (x *stream) left(ctx context.Context) []string {
	if !x.mu.TryLock() {
		return []string{"the table's stream is being read"}
	}
	defer x.mu.Unlock()
	if err := x.open(ctx); err != nil {
		return []string{fmt.Sprintf("the table's stream does not answer: %v", err)}
	}
	for _, s := range x.shards {
		var p page
		if err := x.call(ctx, "GetRecords", map[string]any{"ShardIterator": s.iterator, "Limit": 1}, &p); err != nil || len(p.Records) > 0 {
			x.nudge.give()
			return []string{"records of the table's stream"}
		}
	}
	return nil
}

func (x *stream) forget() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.shards = nil
}

// deliver hands a batch over. What fails is tried again from the first record that failed, first in halves if the mapping
// bisects, which costs no try; what failed too often goes aside. It is incomplete only when ctx ends.
func (x *stream) deliver(ctx context.Context, batch []json.RawMessage) (complete bool) {
	size, tries := len(batch), 0
	for len(batch) > 0 {
		if ctx.Err() != nil {
			return false
		}
		n := min(size, len(batch))
		done, err := x.invoke(ctx, batch[:n])
		if batch = batch[done:]; err == nil {
			size, tries = len(batch), 0
			continue
		}
		if done > 0 {
			tries = 0 // another record is the first now
		}
		if n -= done; x.source.Bisect && n > 1 {
			size = (n + 1) / 2
			continue
		}
		size = n
		if tries++; x.source.Retries >= 0 && tries > x.source.Retries {
			x.aside(ctx, batch[:n], err)
			batch = batch[n:]
			size, tries = len(batch), 0
			continue
		}
		pause(ctx, time.Duration(min(tries, 20))*50*time.Millisecond) // of the machine's time, as between the tries of Lambda's poller
	}
	return true
}

// invoke runs the function on records; done is how many of them are handled.
func (x *stream) invoke(ctx context.Context, records []json.RawMessage) (done int, err error) {
	payload, err := json.Marshal(map[string]any{"Records": records})
	if err != nil {
		return 0, err
	}
	answer, err := x.of.Invoke(context.WithoutCancel(ctx), x.source.Function, payload)
	if err != nil {
		return 0, err
	}
	if !x.source.ReportFailures {
		return len(records), nil
	}
	var batch []string
	for _, r := range records {
		batch = append(batch, sequence(r))
	}
	failed := failures(answer, batch)
	if len(failed) == 0 {
		return len(records), nil
	}
	first := slices.IndexFunc(batch, func(number string) bool { return slices.Contains(failed, number) })
	return first, fmt.Errorf("the function reported record %s", batch[first]) // all after it come again as well
}

// aside tells the on-failure queue which records could not be handled; without one they are dropped, as in Lambda.
func (x *stream) aside(ctx context.Context, records []json.RawMessage, cause error) {
	x.of.Report("%s: %d records of the stream are given up: %v", x.source.Function, len(records), cause)
	if x.source.OnFailure == "" {
		return
	}
	body, err := json.Marshal(map[string]any{
		"requestContext":  map[string]any{"functionArn": "arn:aws:lambda:" + template.Region + ":" + template.Account + ":function:" + x.source.Function, "condition": "RetryAttemptsExhausted", "approximateInvokeCount": x.source.Retries + 1},
		"responseContext": map[string]any{"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
		"version":         "1.0",
		"timestamp":       x.of.Now(),
		"DDBStreamBatchInfo": map[string]any{"shardId": x.shards[0].id, "streamArn": x.arn, "batchSize": len(records),
			"startSequenceNumber": sequence(records[0]), "endSequenceNumber": sequence(records[len(records)-1])},
	})
	if err == nil {
		in := map[string]string{"QueueUrl": x.of.Emulator + "/" + template.Account + "/" + x.source.OnFailure, "MessageBody": string(body)}
		err = emulator.Call(ctx, x.of.Emulator, "sqs", "AmazonSQS.SendMessage", in, nil)
	}
	if err != nil {
		x.of.Report("queue %s: %v", x.source.OnFailure, err)
	}
}

func sequence(record json.RawMessage) string {
	var r struct {
		DynamoDB struct{ SequenceNumber string } `json:"dynamodb"`
	}
	_ = json.Unmarshal(record, &r) // what has none is reported as a whole batch
	return r.DynamoDB.SequenceNumber
}

// origin adds what Lambda adds to a stream's record.
func (x *stream) origin(record json.RawMessage) json.RawMessage {
	var r map[string]json.RawMessage
	if json.Unmarshal(record, &r) != nil {
		return record
	}
	r["eventSourceARN"], _ = json.Marshal(x.arn) // a string always marshals
	whole, err := json.Marshal(r)
	if err != nil {
		return record
	}
	return whole
}
