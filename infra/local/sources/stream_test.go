package sources_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/infra/local/template"
)

// put writes items into the table; only those with an sk of EVENT# pass the template's filter.
func (w *world) put(sks ...string) {
	w.t.Helper()
	for _, sk := range sks {
		w.call("dynamodb", "DynamoDB_20120810.PutItem", map[string]any{"TableName": w.system.Table.Name,
			"Item": map[string]any{"pk": map[string]string{"S": "COMPANY#1"}, "sk": map[string]string{"S": sk}}}, nil)
	}
	w.sources.Nudge("dynamodb", "")
}

// sks are the items of an invocation.
func (w *world) sks(i *invocation) (list []string) {
	w.t.Helper()
	for _, r := range w.read(i).Records {
		list = append(list, r.DynamoDB.NewImage["sk"]["S"])
	}
	return list
}

func TestRecordsComeInOrderFilteredAndInBatches(t *testing.T) {
	t.Parallel()
	w := start(t, "StreamOutboxSource", func(s *template.Source) { s.BatchSize = 2 })
	resume := w.sources.Pause()
	w.put("EVENT#1", "HEAD", "EVENT#2", "EVENT#3")
	resume()
	i := w.next()
	if got := w.sks(i); i.function != "stream-outbox" || !slices.Equal(got, []string{"EVENT#1", "EVENT#2"}) {
		t.Errorf("%s got %v", i.function, got)
	}
	r := w.read(i).Records[0]
	if r.EventName != "INSERT" || r.EventSource != "aws:dynamodb" || !strings.Contains(r.EventSourceARN, ":table/"+w.system.Table.Name+"/stream/") || r.DynamoDB.SequenceNumber == "" {
		t.Errorf("the record is %+v", r)
	}
	if left := w.sources.Left(t.Context()); !slices.Equal(left, []string{"the table's stream is being read"}) {
		t.Errorf("left is %q", left)
	}
	i.ok()
	i = w.next()
	if got := w.sks(i); !slices.Equal(got, []string{"EVENT#3"}) {
		t.Errorf("then came %v", got)
	}
	i.ok()
	w.idle()
}

func TestWhatFailsComesAgainFromTheFirstThatFailed(t *testing.T) {
	t.Parallel()
	w := start(t, "StreamOutboxSource", func(s *template.Source) { s.Bisect = false })
	resume := w.sources.Pause()
	w.put("EVENT#1", "EVENT#2", "EVENT#3")
	resume()
	i := w.next()
	i.reply(fmt.Sprintf(`{"batchItemFailures":[{"itemIdentifier":%q}]}`, w.read(i).Records[1].DynamoDB.SequenceNumber))
	i = w.next()
	if got := w.sks(i); !slices.Equal(got, []string{"EVENT#2", "EVENT#3"}) {
		t.Errorf("again came %v", got)
	}
	i.ok()
	w.idle()
}

func TestAPoisonousRecordGoesAsideAloneAndTheOthersPass(t *testing.T) {
	t.Parallel()
	w := start(t, "StreamOutboxSource", func(s *template.Source) { s.Retries = 1 })
	resume := w.sources.Pause()
	w.put("EVENT#1", "EVENT#2", "EVENT#poison", "EVENT#4")
	resume()
	passed, tries, number := map[string]bool{}, 0, ""
	for len(passed) < 3 || number == "" || tries < 2 {
		i := w.next()
		sks := w.sks(i)
		if !slices.Contains(sks, "EVENT#poison") {
			for _, sk := range sks {
				passed[sk] = true
			}
			i.ok()
			continue
		}
		if len(sks) == 1 {
			tries, number = tries+1, w.read(i).Records[0].DynamoDB.SequenceNumber
		}
		i.fail()
	}
	w.idle()
	if tries != 2 || len(passed) != 3 {
		t.Errorf("tried alone %d times, passed %v", tries, passed)
	}
	aside := w.bodies("EventsDeadQueue")
	if len(aside) != 1 {
		t.Fatalf("aside are %v", aside)
	}
	var told struct {
		DDBStreamBatchInfo struct {
			BatchSize                              int
			StartSequenceNumber, EndSequenceNumber string
		}
	}
	if err := json.Unmarshal([]byte(aside[0]), &told); err != nil {
		t.Fatal(err)
	}
	if in := told.DDBStreamBatchInfo; in.BatchSize != 1 || in.StartSequenceNumber != number || in.EndSequenceNumber != number {
		t.Errorf("aside is %s", aside[0])
	}
	if report := <-w.reports; !strings.Contains(report, "given up") {
		t.Errorf("a person was told %q", report)
	}
}

func TestASchedule(t *testing.T) {
	t.Parallel()
	w := start(t, "CronTimers", nil)
	w.idle() // it has seen noon
	w.clock.Advance(59 * time.Second)
	w.idle()
	w.clock.Advance(time.Second)
	i := w.next()
	if i.function != "cron-timers" || !strings.Contains(string(i.payload), `"time":"2026-11-23T12:01:00Z"`) {
		t.Errorf("%s got %s", i.function, i.payload)
	}
	if left := w.sources.Left(t.Context()); !slices.Equal(left, []string{"the schedule of cron-timers"}) {
		t.Errorf("left is %q", left)
	}
	i.ok()
	w.idle()
	w.clock.Advance(3 * time.Hour) // over many: once
	w.next().fail()                // nobody hears it
	w.idle()
	w.clock.Set(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), true) // back: not at once
	w.idle()
	w.clock.Advance(time.Minute)
	w.next().ok()
	w.idle()
}
