package sources_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/askpro/gateway/infra/local/emulator"
	"github.com/askpro/gateway/infra/local/sources"
	"github.com/askpro/gateway/infra/local/stackclock"
	"github.com/askpro/gateway/infra/local/template"
)

const root = "../../.."

// running is the emulator of all tests here; each test has resources of its own by its stack's name.
var running struct {
	once     sync.Once
	folder   string
	emulator *emulator.Emulator
	err      error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if running.emulator != nil {
		running.emulator.Stop()
	}
	os.RemoveAll(running.folder)
	os.Exit(code)
}

func started(t *testing.T) string {
	t.Helper()
	venv := filepath.Join(root, ".venv")
	if _, err := os.Stat(filepath.Join(venv, "installed")); err != nil && os.Getenv("ASKPRO_STACK_TESTS") == "" {
		t.Skip("needs the emulator: run make test")
	}
	running.once.Do(func() {
		if running.folder, running.err = os.MkdirTemp("", "sources"); running.err != nil {
			return
		}
		for range 5 { // another process may be faster to take the port
			var l net.Listener
			if l, running.err = net.Listen("tcp", "127.0.0.1:0"); running.err != nil {
				return
			}
			port := l.Addr().(*net.TCPAddr).Port
			l.Close()
			o := emulator.Options{Venv: venv, Port: port, Log: filepath.Join(running.folder, "emulator.log")}
			if running.emulator, running.err = emulator.Start(context.Background(), o); running.err == nil {
				return
			}
		}
	})
	if running.err != nil {
		t.Fatal(running.err)
	}
	return running.emulator.URL
}

var stacks atomic.Int32

// world is a system with its resources, whose functions are answered by the test.
type world struct {
	t       *testing.T
	url     string
	system  *template.System
	clock   *stackclock.Clock
	sources *sources.Sources
	invoked chan *invocation
	reports chan string
}

// invocation waits for the test's answer.
type invocation struct {
	function string
	payload  []byte
	answer   chan result
}

type result struct {
	answer string
	err    error
}

func (i *invocation) ok()                 { i.answer <- result{"{}", nil} }
func (i *invocation) fail()               { i.answer <- result{"", errors.New("killed")} }
func (i *invocation) reply(answer string) { i.answer <- result{answer, nil} }

// start makes a world with one source or scheduled function, at noon; change makes the source another.
func start(t *testing.T, logicalID string, change func(*template.Source)) *world {
	t.Helper()
	w := &world{t: t, url: started(t), clock: stackclock.New(), invoked: make(chan *invocation, 100), reports: make(chan string, 1000)}
	w.clock.Set(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), true)
	var err error
	w.system, err = template.Read(filepath.Join(root, "template.yaml"), template.Options{Stack: fmt.Sprintf("sources%d", stacks.Add(1)), Endpoint: "http://127.0.0.1:4566", Parameters: map[string]string{"Stage": "local"}})
	if err != nil {
		t.Fatal(err)
	}
	var only []template.Source
	for _, s := range w.system.Sources {
		if s.LogicalID == logicalID {
			if change != nil {
				change(&s)
			}
			only = append(only, s)
		}
	}
	w.system.Sources = only
	for i := range w.system.Functions {
		if w.system.Functions[i].LogicalID != logicalID {
			w.system.Functions[i].Schedules = nil
		}
	}
	if err := emulator.Create(t.Context(), w.url, w.system, nil); err != nil {
		t.Fatal(err)
	}
	w.sources, err = sources.New(sources.Options{
		System: w.system, Emulator: w.url, Now: w.clock.Now, Changed: w.clock.Changed, Release: func(context.Context) error { return nil },
		Report: func(format string, a ...any) { w.reports <- fmt.Sprintf(format, a...) },
		Invoke: func(_ context.Context, function string, payload []byte) ([]byte, error) {
			i := &invocation{function, payload, make(chan result, 1)}
			w.invoked <- i
			r := <-i.answer
			return []byte(r.answer), r.err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { w.sources.Run(ctx); close(ended) }()
	t.Cleanup(func() { stop(); <-ended })
	return w
}

// next is the invocation that the test answers next.
func (w *world) next() *invocation {
	w.t.Helper()
	select {
	case i := <-w.invoked:
		return i
	case <-w.t.Context().Done():
		w.t.Fatal("nothing was invoked")
		return nil
	}
}

// idle waits until no source has anything left; what is invoked meanwhile is the test's mistake.
func (w *world) idle() {
	w.t.Helper()
	for range time.Tick(5 * time.Millisecond) {
		left := w.sources.Left(w.t.Context())
		select {
		case i := <-w.invoked:
			i.ok()
			w.t.Fatalf("%s was invoked with %s", i.function, i.payload)
		default:
		}
		if len(left) == 0 {
			return
		}
	}
}

func (w *world) call(service, target string, in map[string]any, out any) {
	w.t.Helper()
	if err := emulator.Call(context.Background(), w.url, service, target, in, out); err != nil {
		w.t.Fatal(err)
	}
}

// queue is a queue's address at the emulator, by its logical id.
func (w *world) queue(logicalID string) string {
	for _, q := range w.system.Queues {
		if q.LogicalID == logicalID {
			return w.url + "/" + template.Account + "/" + q.Name
		}
	}
	w.t.Fatalf("no queue %s", logicalID)
	return ""
}

func (w *world) send(logicalID string, bodies ...string) {
	w.t.Helper()
	for _, b := range bodies {
		w.call("sqs", "AmazonSQS.SendMessage", map[string]any{"QueueUrl": w.queue(logicalID), "MessageBody": b, "MessageGroupId": "company",
			"MessageAttributes": map[string]any{"kind": map[string]string{"DataType": "String", "StringValue": "timer"}}}, nil)
	}
	w.sources.Nudge("sqs", "")
}

// bodies are what lies visible in a queue.
func (w *world) bodies(logicalID string) (list []string) {
	w.t.Helper()
	var out struct{ Messages []struct{ Body string } }
	w.call("sqs", "AmazonSQS.ReceiveMessage", map[string]any{"QueueUrl": w.queue(logicalID), "MaxNumberOfMessages": 10, "VisibilityTimeout": 0}, &out)
	for _, m := range out.Messages {
		list = append(list, m.Body)
	}
	return list
}

type records struct {
	Records []struct {
		MessageID         string `json:"messageId"`
		Body              string
		EventSource       string
		EventSourceARN    string
		AWSRegion         string
		Attributes        map[string]string
		MessageAttributes map[string]struct{ StringValue, DataType string }
		EventName         string
		DynamoDB          struct {
			SequenceNumber string
			NewImage       map[string]map[string]string
		} `json:"dynamodb"`
	}
}

func (w *world) read(i *invocation) (r records) {
	w.t.Helper()
	if err := json.Unmarshal(i.payload, &r); err != nil {
		w.t.Fatalf("%v in %s", err, i.payload)
	}
	return r
}

func TestWhatIsNotSimulatedIsRefused(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]template.Source{
		"a filter on a queue": {Queue: "q", Filters: []map[string]any{{"body": []any{"x"}}}},
		"an unknown filter":   {Stream: true, Filters: []map[string]any{{"eventName": []any{map[string]any{"exists": true}}}}},
		"a large batch":       {Queue: "q", BatchSize: 100},
		"an unknown queue":    {Queue: "q", BatchSize: 10},
	} {
		if _, err := sources.New(sources.Options{System: &template.System{Sources: []template.Source{source}}}); err == nil || strings.Contains(err.Error(), "%!") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
