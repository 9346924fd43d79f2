package subscribe_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/exchange"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/outside"
	"github.com/askpro/gateway/internal/signing"
	"github.com/askpro/gateway/internal/store/twin"
	"github.com/askpro/gateway/internal/subscribe"
	"github.com/askpro/gateway/internal/target"
	"github.com/askpro/gateway/internal/tenant"
)

var (
	us     = tenant.Proven("01H00000000000000000000000")
	monday = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
)

const (
	first  = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	secret = "ssm:/hooks/secret"
	key    = "ssm:/askpro/test/seal/key"
)

// world is a company with endpoints: queue, timers and bus run on a clock of its own, the receiver is a real server.
type world struct {
	*testing.T
	hooks  *subscribe.Webhooks
	rings  *signing.Rings
	table  *twin.Table
	conf   *desk.Configuration
	cases  map[string]desk.Case
	mails  []subscribe.Mail
	lines  []exchange.Line
	server *receiver

	mu      sync.Mutex
	now     time.Time
	queue   []subscribe.Later
	failing int

	lose  bool                               // the queue loses what is put off: only timers are left
	twice bool                               // the queue delivers everything twice
	mail  func(subscribe.Mail) error         // what the mail service says
	reply func(w http.ResponseWriter, n int) // the receiver's answer to its n-th request
}

// got is a message that the receiver was sent.
type got struct {
	header http.Header
	body   []byte
	at     time.Time
}

func (g got) id() string { return g.header.Get("Webhook-Id") }

type receiver struct {
	mu  sync.Mutex
	all []got
}

func (r *receiver) got() []got {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.all)
}

func newWorld(t *testing.T, endpoints ...output.Endpoint) *world {
	t.Helper()
	w := &world{T: t, now: monday, conf: desk.NoConfiguration(), cases: map[string]desk.Case{}, server: &receiver{}}
	w.table = twin.New(w.clock)
	var addresses []string
	for _, e := range endpoints {
		server := httptest.NewServer(http.HandlerFunc(w.receive)) // a destination each
		t.Cleanup(server.Close)
		addresses = append(addresses, strings.TrimPrefix(server.URL, "http://"))
		e.URL, e.Active, e.SigningRef = server.URL+"/"+e.ID, true, secret
		w.conf.Endpoints = append(w.conf.Endpoints, e)
	}
	rules := target.Rules{}.Locally(func(name string) string {
		return map[string]string{target.ReceiversVariable: strings.Join(addresses, ","), "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}[name]
	})
	w.conf.Gateway.Alerts, w.conf.Gateway.AlertEmails = true, []string{"technik@example.de"}
	w.rings = &signing.Rings{Store: w.table, Secrets: w, Keys: []string{key}, Random: rand.Reader, Now: w.clock}
	w.hooks = &subscribe.Webhooks{
		Store: w.table, Configured: w, Cases: w, Rings: w.rings, Sender: outside.New(rules, nil), Mailer: w, Log: w, Now: w.clock,
		Jitter: func() float64 { return 0.5 },
	}
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) receive(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.Error(err)
	}
	w.server.mu.Lock()
	w.server.all = append(w.server.all, got{r.Header.Clone(), body, w.clock()})
	n := len(w.server.all)
	w.server.mu.Unlock()
	if w.reply != nil {
		w.reply(rw, n)
	}
}

func answers(status int) func(http.ResponseWriter, int) {
	return func(rw http.ResponseWriter, _ int) { rw.WriteHeader(status) }
}

// What the product asks for.
func (w *world) Desk(context.Context, tenant.ID) (*desk.Configuration, error) { return w.conf, nil }

func (w *world) Case(_ context.Context, _ tenant.ID, id string) (desk.Case, bool, error) {
	c, ok := w.cases[id]
	return c, ok, nil
}

func (w *world) Get(_ context.Context, refs ...string) (values []string, err error) {
	for _, ref := range refs {
		values = append(values, map[string]string{secret: first, key: base64.StdEncoding.EncodeToString(make([]byte, 32))}[ref])
	}
	return values, nil
}

func (w *world) Alert(_ context.Context, _ tenant.ID, m subscribe.Mail) error {
	if w.mail != nil {
		if err := w.mail(m); err != nil {
			return err
		}
	}
	w.mails = append(w.mails, m)
	return nil
}

func (w *world) AddExchange(_ context.Context, _ tenant.ID, l exchange.Line) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lines = append(w.lines, l)
	return nil
}

// happens puts an event on the bus.
func (w *world) happens(e event.Event) {
	w.Helper()
	detail, err := json.Marshal(e)
	if err != nil {
		w.Fatal(err)
	}
	w.put(subscribe.Later{Kind: subscribe.KindEvent, Body: subscribe.Happened{Name: e.Name(), Detail: detail}, At: w.clock()})
}

func (w *world) put(later ...subscribe.Later) {
	for _, l := range later {
		if w.lose && l.Kind != subscribe.KindEvent {
			continue
		}
		if w.queue = append(w.queue, l); w.twice {
			w.queue = append(w.queue, l)
		}
	}
	slices.SortStableFunc(w.queue, func(a, b subscribe.Later) int { return a.At.Compare(b.At) })
}

// created is a new case's event.
func created(id string, at time.Time) event.CaseCreated {
	return event.CaseCreated{
		Head: event.Head{ID: id, CompanyID: us.String(), At: at, Sequence: 1}, CaseID: "case-" + id, Number: "TKT-2026-00001",
		CategoryID: "netz", Type: "incident", Priority: "high", Source: "voice",
	}
}

// until runs queue, timers and bus until a time.
func (w *world) until(end time.Time) {
	w.Helper()
	for step := 0; ; step++ {
		if step > 200_000 {
			w.Fatal("it never comes to rest")
		}
		now := w.clock()
		next := end
		if len(w.queue) > 0 && w.queue[0].At.Before(next) {
			next = w.queue[0].At
		}
		if due := w.nextDue(next, now); !due.IsZero() {
			// Timers are looked at once a minute.
			minute := due.Add(time.Minute - 1).Truncate(time.Minute)
			if !minute.After(now) {
				minute = now.Truncate(time.Minute).Add(time.Minute)
			}
			if minute.Before(next) {
				next = minute
			}
		}
		if next.After(now) {
			w.mu.Lock()
			w.now = next
			w.mu.Unlock()
		}
		if len(w.queue) > 0 && !w.queue[0].At.After(w.clock()) {
			l := w.queue[0]
			w.queue = w.queue[1:]
			w.work(l)
			continue
		}
		if !w.clock().Before(end) {
			return
		}
		due, err := w.table.Due(w.Context(), w.clock(), 1000)
		if err != nil { // the next minute asks again
			continue
		}
		for _, x := range due {
			l, ok := subscribe.Woken(x.Kind, x.About, x.Name)
			if !ok || x.Queue != "gateway" {
				w.Fatalf("nobody wakes for %+v", x)
			}
			w.work(l)
		}
	}
}

// nextDue is the next timer's time; it is not asked for while the queue has something at once.
func (w *world) nextDue(next, now time.Time) time.Time {
	if !next.After(now) {
		return time.Time{}
	}
	return w.table.NextDue()
}

// work is one message of the queue. One that fails comes again.
func (w *world) work(l subscribe.Later) {
	w.Helper()
	body, err := json.Marshal(l.Body)
	if err != nil {
		w.Fatal(err)
	}
	later, err := w.hooks.Handle(w.Context(), us, l.Kind, body)
	if err != nil {
		w.failing++
		l.At = w.clock().Add(30 * time.Second)
		w.queue = append(w.queue, l)
	}
	w.put(later...)
	for _, f := range w.table.Facts() {
		w.put(subscribe.Later{Kind: subscribe.KindEvent, Body: subscribe.Happened{Name: f.Name, Detail: json.RawMessage(f.Detail)}, At: w.clock()})
	}
}

// verifies tells with which of some secrets a message verifies, by the reference library.
func verifies(t testing.TB, g got, secrets ...string) (with []int) {
	t.Helper()
	for i, s := range secrets {
		hook, err := standard.NewWebhook(s)
		if err != nil {
			t.Fatal(err)
		}
		if hook.VerifyIgnoringTimestamp(g.body, g.header) == nil {
			with = append(with, i)
		}
	}
	return with
}

func (w *world) message(id string) subscribe.Message {
	w.Helper()
	m, ok, err := w.table.EndpointMessage(w.Context(), us, "e1", id)
	if err != nil || !ok {
		w.Fatalf("message %s: %t, %v", id, ok, err)
	}
	return m
}

// messages to the endpoint e1, the oldest first.
func (w *world) messages() []subscribe.Message {
	w.Helper()
	all, err := w.table.EndpointMessages(w.Context(), us, "e1", "", 10_000)
	if err != nil {
		w.Fatal(err)
	}
	slices.Reverse(all)
	return all
}

var errDown = errors.New("down")
