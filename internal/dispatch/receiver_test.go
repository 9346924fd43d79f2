package dispatch_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/dispatch"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/outside"
	"github.com/askpro/gateway/internal/target"
)

// got is a request as a receiver saw it, at the world's time.
type got struct {
	at     time.Time
	header http.Header
	body   string
}

func (g got) id() string { return g.header.Get("webhook-id") }

// meta is what the standard payload says of itself.
func (g got) meta(t *testing.T) (event string, sequence int, partial []string) {
	t.Helper()
	var p struct {
		Meta struct {
			Event    string
			Sequence int
			Partial  []string
		}
	}
	if err := json.Unmarshal([]byte(g.body), &p); err != nil {
		t.Fatalf("%s: %v", g.body, err)
	}
	return p.Meta.Event, p.Meta.Sequence, p.Meta.Partial
}

// receiver is a real HTTP server that answers as a test wants; it remembers what it was asked.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	seen   []got
	answer http.HandlerFunc
}

func (r *receiver) all() []got {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.seen)
}

// become makes it answer otherwise.
func (r *receiver) become(answer http.HandlerFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
}

func status(code int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

// reset hangs up in the middle of the answer.
func reset(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		conn.Close()
	}
}

// gigabyte never ends well: a body of zeros without end.
func gigabyte(w http.ResponseWriter, _ *http.Request) {
	zeros := make([]byte, 64<<10)
	for range 1 << 14 {
		if _, err := w.Write(zeros); err != nil {
			return
		}
	}
}

// bomb is 64 MB of zeros in a few bytes.
var bomb = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	for range 1 << 10 {
		_, _ = z.Write(make([]byte, 64<<10))
	}
	_ = z.Close()
	return b.Bytes()
})

// receives is a world with a receiver on this machine; its output is still to be saved.
func receives(t *testing.T, answer http.HandlerFunc) (w *world, r *receiver) {
	t.Helper()
	w = newWorld(t, output.Output{})
	r = &receiver{answer: answer}
	r.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		at := w.clock()
		r.mu.Lock()
		r.seen = append(r.seen, got{at, req.Header.Clone(), string(body)})
		answer := r.answer
		r.mu.Unlock()
		answer(rw, req)
	}))
	t.Cleanup(r.Close)
	w.sender = outside.New(target.Rules{}.Locally(func(name string) string {
		return map[string]string{"AWS_ENDPOINT_URL": "http://127.0.0.1:4566", target.ReceiversVariable: strings.TrimPrefix(r.URL, "http://")}[name]
	}), nil)
	return w, r
}

// give puts a message into the queue, due now.
func (w *world) give(kind string, body any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.queue = append(w.queue, dispatch.Later{Kind: kind, Body: body, At: w.now})
}

func (w *world) created() { w.give("case.created.v1", event.CaseCreated{CaseID: caseID}) }

// redelivery is how long a queue keeps a message to itself after somebody failed with it.
const redelivery = 60 * time.Second

// run works the queue off as the function does, until a time: due messages in order, failed ones again, dead Deliveries heard.
func (w *world) run(t *testing.T, until time.Time) {
	t.Helper()
	heard := 0
	for n := 0; ; n++ {
		if n > 2000 {
			t.Fatal("the queue never comes to rest")
		}
		w.mu.Lock()
		for ; heard < len(w.events); heard++ {
			if dead, ok := w.events[heard].(event.DeliveryDead); ok && !w.relayed[dead.ID] {
				w.relayed[dead.ID] = true
				w.queue = append(w.queue, dispatch.Later{Kind: dead.Name(), Body: dead, At: w.now})
			}
		}
		slices.SortStableFunc(w.queue, func(a, b dispatch.Later) int { return a.At.Compare(b.At) })
		if len(w.queue) == 0 || w.queue[0].At.After(until) {
			w.now = until
			w.mu.Unlock()
			return
		}
		m := w.queue[0]
		w.queue = slices.Clone(w.queue[1:])
		if m.At.After(w.now) {
			w.now = m.At
		}
		w.mu.Unlock()
		body, err := json.Marshal(m.Body)
		if err != nil {
			t.Fatal(err)
		}
		later, err := w.Handle(context.Background(), us, m.Kind, body)
		w.mu.Lock()
		if err != nil {
			m.At = w.now.Add(redelivery)
			later = []dispatch.Later{m}
		}
		w.queue = append(w.queue, later...)
		w.mu.Unlock()
	}
}

func one(t *testing.T, all []delivery.Delivery) delivery.Delivery {
	t.Helper()
	if len(all) != 1 {
		t.Fatalf("%d deliveries: %+v", len(all), all)
	}
	return all[0]
}
