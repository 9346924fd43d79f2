package outside_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/outside"
	"github.com/askpro/gateway/internal/target"
)

var noon = time.Date(2026, 11, 24, 11, 0, 0, 0, time.UTC)

// local lets exactly these receivers be called, as the local stack does.
func local(receivers ...string) target.Rules {
	for i, r := range receivers {
		receivers[i] = strings.TrimPrefix(strings.TrimPrefix(r, "http://"), "https://")
	}
	return target.Rules{}.Locally(func(name string) string {
		return map[string]string{"AWS_ENDPOINT_URL": "http://127.0.0.1:4566", target.ReceiversVariable: strings.Join(receivers, ",")}[name]
	})
}

// badReceiver answers by its path, and counts what was asked where.
type badReceiver struct {
	*httptest.Server
	elsewhere atomic.Int64 // requests that only a followed redirect brings
	ids       chan string
}

const gigabyte = 1 << 30

func newBadReceiver(t testing.TB) *badReceiver {
	b := &badReceiver{ids: make(chan string, 100)}
	zeros := make([]byte, 64<<10)
	more := "X-More: " + strings.Repeat("x", 1000) + "\r\n"
	var hollow bytes.Buffer
	_ = gzip.NewWriter(&hollow).Close()
	mux := http.NewServeMux()
	answer := func(path string, f http.HandlerFunc) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			b.ids <- r.Header.Get("webhook-id")
			f(w, r)
		})
	}
	status := func(code int, header, value, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			if header != "" {
				w.Header().Set(header, value)
			}
			w.WriteHeader(code)
			_, _ = io.WriteString(w, body)
		}
	}
	answer("/200", status(200, "", "", `{"id":"IT-7"}`))
	answer("/204", status(204, "", "", ""))
	answer("/301", status(301, "Location", "/elsewhere", ""))
	answer("/307", status(307, "Location", "/elsewhere", ""))
	answer("/410", status(410, "", "", "gone"))
	answer("/429", status(429, "Retry-After", "120", ""))
	answer("/500", status(500, "", "", "oops"))
	answer("/no", status(200, "", "", `{"success":false}`))
	mux.HandleFunc("/elsewhere", func(http.ResponseWriter, *http.Request) { b.elsewhere.Add(1) })
	answer("/silent", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	answer("/drips", func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			_, _ = io.WriteString(w, "{")
			w.(http.Flusher).Flush()
			select {
			case <-r.Context().Done():
			case <-time.After(5 * time.Millisecond):
			}
		}
	})
	answer("/stops", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"succ`)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	raw := func(f func(net.Conn, *bufio.ReadWriter)) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			conn, rw, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			f(conn, rw)
		}
	}
	answer("/resets", raw(func(c net.Conn, _ *bufio.ReadWriter) { _ = c.(*net.TCPConn).SetLinger(0) }))
	answer("/closes", raw(func(net.Conn, *bufio.ReadWriter) {}))
	answer("/headers", raw(func(_ net.Conn, rw *bufio.ReadWriter) {
		_, err := rw.WriteString("HTTP/1.1 200 OK\r\n")
		for err == nil {
			_, err = rw.WriteString(more)
		}
	}))
	answer("/early", raw(func(_ net.Conn, rw *bufio.ReadWriter) {
		var err error
		for err == nil {
			_, err = rw.WriteString("HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n")
		}
	}))
	answer("/switches", raw(func(c net.Conn, rw *bufio.ReadWriter) {
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")
		_ = rw.Flush()
		_, _ = c.Read(make([]byte, 1))
	}))
	answer("/gigabyte", func(w http.ResponseWriter, _ *http.Request) {
		var err error
		for n := 0; n < gigabyte && err == nil; n += len(zeros) {
			_, err = w.Write(zeros)
		}
	})
	bomb := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		var err error
		for n := 0; n < gigabyte && err == nil; n += len(zeros) {
			_, err = z.Write(zeros)
		}
	}
	answer("/bomb", bomb)
	answer("/hollow", func(w http.ResponseWriter, _ *http.Request) { // members of gzip that unpack to nothing, for ever
		w.Header().Set("Content-Encoding", "gzip")
		var err error
		for err == nil {
			_, err = w.Write(hollow.Bytes())
		}
	})
	answer("/corrupt", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = io.WriteString(w, "this is no gzip at all")
	})
	answer("/packed", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "gzip" {
			t.Errorf("accepts %q", r.Header.Get("Accept-Encoding"))
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = io.WriteString(z, `{"error":"packed"}`)
		_ = z.Close()
	})
	b.Server = httptest.NewServer(mux)
	t.Cleanup(b.Close)
	return b
}

func newLocal(receiver string) *outside.Sender { return outside.New(local(receiver), nil) }

func (b *badReceiver) sender() *outside.Sender { return newLocal(b.URL) }

func (b *badReceiver) request(path string) delivery.Request {
	r := delivery.Request{URL: b.URL + path, Header: http.Header{"Webhook-Id": {"msg_1"}}, Body: []byte(`{"ticket":{}}`)}
	switch path {
	case "/silent", "/drips", "/stops":
		r.Within = 300 * time.Millisecond // nobody waits for 30 s to see that nothing comes
	}
	return r
}

// behaviours are what the receiver does, and what has to come of it: after one attempt, and after all of them.
var behaviours = []struct {
	path   string
	class  delivery.Class // of the last attempt; empty: sent
	reason delivery.Reason
	at     []time.Duration // of the attempts
}{
	{"/200", "", "", []time.Duration{0}},
	{"/204", "", "", []time.Duration{0}},
	{"/301", delivery.RedirectRefused, delivery.Permanent, []time.Duration{0}},
	{"/307", delivery.RedirectRefused, delivery.Permanent, []time.Duration{0}},
	{"/410", delivery.Gone, delivery.Permanent, []time.Duration{0}},
	{"/429", "http_429", delivery.Exhausted, []time.Duration{0, 120 * time.Second, 240 * time.Second, 540 * time.Second}},
	{"/500", "http_500", delivery.Exhausted, fast},
	{"/no", "SemanticError:success", delivery.Permanent, []time.Duration{0}},
	{"/packed", "SemanticError:error", delivery.Permanent, []time.Duration{0}},
	{"/silent", delivery.Timeout, delivery.Exhausted, fast},
	{"/drips", delivery.Timeout, delivery.Exhausted, fast},
	{"/stops", delivery.Timeout, delivery.Exhausted, fast},
	{"/resets", delivery.NetworkError, delivery.Exhausted, fast},
	{"/closes", delivery.NetworkError, delivery.Exhausted, fast},
	{"/headers", delivery.NetworkError, delivery.Exhausted, fast},
	{"/early", delivery.NetworkError, delivery.Exhausted, fast},
	{"/switches", "http_101", delivery.Permanent, []time.Duration{0}},
	{"/gigabyte", "", "", []time.Duration{0}},
	{"/bomb", "", "", []time.Duration{0}},
	{"/hollow", "", "", []time.Duration{0}},
	{"/corrupt", "", "", []time.Duration{0}},
}

var fast = []time.Duration{0, 60 * time.Second, 180 * time.Second, 480 * time.Second}

// On the virtual clock every attempt is made at the instant that the machine names; only the sockets are real.
func TestDeliveriesToABadReceiverEndAsSpecified(t *testing.T) {
	t.Parallel()
	for _, tt := range behaviours {
		t.Run(tt.path[1:], func(t *testing.T) {
			t.Parallel()
			b := newBadReceiver(t)
			s := b.sender()
			d := delivery.Plan(delivery.Order{ID: "d1", CaseID: "c1", Kind: delivery.Created, Channel: delivery.Webhook, Profile: delivery.Fast, MessageID: "msg_1"}, noon)
			var at []time.Duration
			var last delivery.Answer
			for !d.Final() {
				now := d.NextAt
				at = append(at, now.Sub(noon))
				var err error
				if d, err = d.Take("w", time.Minute, now); err != nil {
					t.Fatal(err)
				}
				last = s.Send(context.Background(), b.request(tt.path))
				if d, err = d.Settle("w", delivery.Judge(last, delivery.Judging{Semantic: true}, now), 0.5, now); err != nil {
					t.Fatal(err)
				}
				if id := <-b.ids; id != d.MessageID {
					t.Errorf("attempt %d had id %s", d.Attempts, id)
				}
			}
			if fmt.Sprint(at) != fmt.Sprint(tt.at) {
				t.Errorf("attempts at %v, want %v", at, tt.at)
			}
			if sent := tt.class == ""; sent != (d.State == delivery.Sent) || d.LastErrorClass != tt.class || d.Reason != tt.reason {
				t.Errorf("%s, %s, %s (%s): want %s, %s", d.State, d.LastErrorClass, d.Reason, last.Detail, tt.class, tt.reason)
			}
			if n := b.elsewhere.Load(); n > 0 {
				t.Errorf("%d redirects were followed", n)
			}
			if len(last.Body) > delivery.MaxAnswer || len(last.Kept()) > delivery.KeptOfAnswer {
				t.Errorf("%d bytes read, %d kept", len(last.Body), len(last.Kept()))
			}
			if strings.Contains(last.Detail, "127.0.0.1") {
				t.Errorf("tells an address: %s", last.Detail)
			}
		})
	}
}

// Not parallel: it counts the process's allocations, the receiver's included.
func TestNoAnswerCostsMoreThanAMegabyte(t *testing.T) {
	for _, path := range []string{"/gigabyte", "/bomb", "/hollow", "/headers", "/early", "/drips"} {
		b := newBadReceiver(t)
		s := b.sender()
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		a := s.Send(context.Background(), b.request(path))
		runtime.ReadMemStats(&after)
		used := after.TotalAlloc - before.TotalAlloc
		t.Logf("%s: %d KiB allocated, %d bytes read, cut %v, status %d, %s %s", path, used>>10, len(a.Body), a.Cut, a.Status, a.Failed, a.Detail)
		limit := uint64(1 << 20)
		if path == "/bomb" {
			limit = 2 << 20 // the receiver's own compressor
		}
		if used > limit {
			t.Errorf("%s: %d KiB were allocated", path, used>>10)
		}
		b.Close()
	}
}

func TestAnAnswerAtTheLimitIsReadAndSaidToBeCut(t *testing.T) {
	t.Parallel()
	b := newBadReceiver(t)
	for path, want := range map[string]int{"/gigabyte": delivery.MaxAnswer, "/bomb": delivery.MaxAnswer, "/hollow": 0, "/corrupt": 0} {
		a := b.sender().Send(context.Background(), delivery.Request{URL: b.URL + path})
		if a.Status != 200 || !a.Cut || len(a.Body) != want || a.Failed != "" {
			t.Errorf("%s: status %d, %d bytes, cut %v, %s", path, a.Status, len(a.Body), a.Cut, a.Failed)
		}
	}
}

func TestTLSIsRequiredToBeRight(t *testing.T) {
	t.Parallel()
	tls := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(tls.Close)
	plain := newBadReceiver(t)
	host := func(url string) string { return url[strings.Index(url, "//")+2:] }
	for _, tt := range []struct{ name, host, detail string }{
		{"an unknown authority", host(tls.URL), "the certificate is from an unknown authority"},
		{"no TLS at all", host(plain.URL), "the receiver does not speak TLS"},
	} {
		a := outside.New(local(tt.host), nil).Send(context.Background(), delivery.Request{URL: "https://" + tt.host + "/200"})
		if a.Failed != delivery.TLSError || a.Detail != tt.detail {
			t.Errorf("%s: %s, %s", tt.name, a.Failed, a.Detail)
		}
	}
}

func TestSomethingLargeIsFetchedUpToItsLimit(t *testing.T) {
	t.Parallel()
	b := newBadReceiver(t)
	s := b.sender()
	read := func(limit int64, path string) (int64, error) {
		response, err := s.Get(context.Background(), b.URL+path, nil, limit)
		if err != nil {
			return 0, err
		}
		defer response.Body.Close()
		return io.Copy(io.Discard, response.Body)
	}
	if n, err := read(10<<20, "/gigabyte"); !errors.Is(err, outside.ErrTooLarge) || n != 10<<20 {
		t.Errorf("a gigabyte: %d bytes, %v", n, err)
	}
	if n, err := read(13, "/200"); err != nil || n != 13 {
		t.Errorf("exactly as much as allowed: %d bytes, %v", n, err)
	}
	if _, err := read(12, "/200"); !errors.Is(err, outside.ErrTooLarge) {
		t.Errorf("one byte more: %v", err)
	}
	var f *outside.Failure
	if _, err := read(1, "/resets"); !errors.As(err, &f) || f.Class != delivery.NetworkError {
		t.Errorf("reset: %v", err)
	}
	if response, err := s.Get(context.Background(), b.URL+"/301", nil, 1000); err != nil || response.StatusCode != 301 || b.elsewhere.Load() > 0 {
		t.Errorf("a redirect: %v", err)
	}
}
