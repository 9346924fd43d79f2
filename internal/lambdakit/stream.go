package lambdakit

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// Record is a written item of the table's stream: its text attributes and its place in the stream.
type Record struct {
	Sequence string
	Text     map[string]string
}

// ServeStream handles batches of the table's stream in order. handle returns how many records it is done with; the
// stream goes on from the first that it is not.
func ServeStream(handle func(ctx context.Context, records []Record) (done int, err error)) {
	start(func(ctx context.Context, payload []byte) ([]byte, error) { return StreamEvent(ctx, handle, payload) })
}

// StreamEvent handles one batch.
func StreamEvent(ctx context.Context, handle func(context.Context, []Record) (int, error), payload []byte) ([]byte, error) {
	began := time.Now()
	var batch events.DynamoDBEvent
	if err := decode(payload, &batch); err != nil {
		return nil, fmt.Errorf("read the stream's batch: %w", err)
	}
	records := make([]Record, len(batch.Records))
	for i, r := range batch.Records {
		text := map[string]string{}
		for name, v := range r.Change.NewImage {
			if v.DataType() == events.DataTypeString {
				text[name] = v.String()
			}
		}
		records[i] = Record{r.Change.SequenceNumber, text}
	}
	done, err := handle(ctx, records)
	logOutcome(ctx, "stream", err, began, "records", len(records), "handled", done)
	answer := events.DynamoDBEventResponse{BatchItemFailures: []events.DynamoDBBatchItemFailure{}}
	if done < len(records) {
		answer.BatchItemFailures = append(answer.BatchItemFailures, events.DynamoDBBatchItemFailure{ItemIdentifier: records[done].Sequence})
	}
	return json.Marshal(answer)
}
