package sources_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/askpro/gateway/infra/local/template"
)

func one(s *template.Source) { s.BatchSize = 1 }

func TestAMessageIsHandedOverAsLambdaDoesAndDeleted(t *testing.T) {
	t.Parallel()
	w := start(t, "WorkSyncSource", nil)
	w.send("SyncQueue", "hallo")
	i := w.next()
	r := w.read(i)
	if i.function != "work-sync" || len(r.Records) != 1 {
		t.Fatalf("%s got %s", i.function, i.payload)
	}
	m := r.Records[0]
	if m.Body != "hallo" || m.MessageID == "" || m.EventSource != "aws:sqs" || m.AWSRegion != "eu-central-1" || m.EventSourceARN != "arn:aws:sqs:eu-central-1:000000000000:"+w.system.Stack+"-SyncQueue" {
		t.Errorf("the record is %+v", m)
	}
	if m.Attributes["ApproximateReceiveCount"] != "1" || m.Attributes["SentTimestamp"] == "" || m.Attributes["MessageGroupId"] != "company" {
		t.Errorf("its attributes are %v", m.Attributes)
	}
	if a := m.MessageAttributes["kind"]; a.StringValue != "timer" || a.DataType != "String" {
		t.Errorf("its own attributes are %v", m.MessageAttributes)
	}
	i.ok()
	w.idle()
	w.clock.Advance(24 * time.Hour)
	w.idle()
}

func TestAFailedMessageComesAgainWhenTheStacksClockReachesItsTime(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(*invocation){
		"the invocation failed": (*invocation).fail,
		"the answer is no JSON": func(i *invocation) { i.reply("{") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, "WorkSyncSource", nil) // visibility 360 s
			w.send("SyncQueue", "hallo")
			fail(w.next())
			w.idle()
			w.clock.Advance(359 * time.Second)
			w.idle()
			w.clock.Advance(time.Second)
			again := w.next()
			if r := w.read(again); r.Records[0].Body != "hallo" || r.Records[0].Attributes["ApproximateReceiveCount"] != "2" {
				t.Errorf("again: %s", again.payload)
			}
			again.ok()
			w.idle()
		})
	}
}

func TestAMessageThatAlwaysFailsEndsInTheDeadLetterQueue(t *testing.T) {
	t.Parallel()
	w := start(t, "WorkSyncSource", nil)
	w.send("SyncQueue", "hopeless")
	for range 5 { // maxReceiveCount
		w.next().fail()
		w.idle()
		w.clock.Advance(6 * time.Minute)
	}
	w.idle()
	if got := w.bodies("SyncDeadQueue"); !slices.Equal(got, []string{"hopeless"}) {
		t.Errorf("the dead-letter queue holds %v", got)
	}
}

func TestOnlyTheFailedMessagesOfABatchComeAgain(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		reports bool
		again   int
	}{
		{"where the source reports failures", true, 1},
		{"else the answer says nothing, and none does", false, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := start(t, "WorkSyncSource", func(s *template.Source) { s.Concurrency, s.ReportFailures = 1, tt.reports })
			resume := w.sources.Pause() // both in one batch
			w.send("SyncQueue", "a", "b")
			resume()
			i := w.next()
			r := w.read(i)
			if len(r.Records) != 2 {
				t.Fatalf("a batch of %d", len(r.Records))
			}
			i.reply(fmt.Sprintf(`{"batchItemFailures":[{"itemIdentifier":%q}]}`, r.Records[1].MessageID))
			w.idle()
			w.clock.Advance(6 * time.Minute)
			if tt.again == 1 {
				again := w.next()
				if got := w.read(again); len(got.Records) != 1 || got.Records[0].MessageID != r.Records[1].MessageID {
					t.Errorf("again: %s", again.payload)
				}
				again.ok()
			}
			w.idle()
		})
	}
}

func TestNoMoreBatchesRunAtOnceThanTheTemplateAllows(t *testing.T) {
	t.Parallel()
	w := start(t, "WorkSyncSource", func(s *template.Source) { s.BatchSize, s.Concurrency = 1, 2 })
	w.send("SyncQueue", "a", "b", "c")
	first, second := w.next(), w.next()
	if left := w.sources.Left(t.Context()); !slices.Equal(left, []string{"queue sync: 1 visible, 2 in flight"}) {
		t.Errorf("left is %q", left)
	}
	first.ok()
	w.next().ok()
	second.ok()
	w.idle()
}

func TestWhatWaitsForItsTimeIsNotLeft(t *testing.T) {
	t.Parallel()
	w := start(t, "WorkSyncSource", one)
	w.send("SyncQueue", "a")
	w.next().fail()
	w.idle()
	w.sources.Forget() // and what is forgotten never comes
	w.clock.Advance(time.Hour)
	w.idle()
}
