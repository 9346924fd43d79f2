package lambdakit

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
)

// MaxBody is the longest request body (§4.1): Lambda's 6 MB count the escaped or base64 form.
const MaxBody = 4 << 20

// ServeHTTP serves the HTTP API's routes with a handler of net/http.
func ServeHTTP(h http.Handler) {
	start(func(ctx context.Context, payload []byte) ([]byte, error) { return HTTPEvent(ctx, h, payload) })
}

// HTTPEvent answers one event of payload format 2.0.
func HTTPEvent(ctx context.Context, h http.Handler, payload []byte) ([]byte, error) {
	began := time.Now()
	var e events.APIGatewayV2HTTPRequest
	if err := decode(payload, &e); err != nil {
		return nil, fmt.Errorf("read the HTTP API's event: %w", err)
	}
	w := &response{header: http.Header{}}
	r, err := request(ctx, e)
	switch {
	case err != nil:
		http.Error(w, "The body is no valid base64.", http.StatusBadRequest)
	case r.ContentLength > MaxBody:
		http.Error(w, "The body is larger than 4 MB.", http.StatusRequestEntityTooLarge)
	default:
		h.ServeHTTP(w, r)
	}
	answer := w.event()
	l := Log(ctx)
	l.Info("http", "route", e.RouteKey, "status", answer.StatusCode, "ms", time.Since(began).Milliseconds())
	return json.Marshal(answer)
}

func request(ctx context.Context, e events.APIGatewayV2HTTPRequest) (*http.Request, error) {
	body := []byte(e.Body)
	if e.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(e.Body); err != nil {
			return nil, err
		}
	}
	u := &url.URL{Path: e.RawPath, RawQuery: e.RawQueryString}
	if p, err := url.PathUnescape(e.RawPath); err == nil {
		u = &url.URL{Path: p, RawPath: e.RawPath, RawQuery: e.RawQueryString}
	}
	r := (&http.Request{
		Method: e.RequestContext.HTTP.Method, URL: u, RequestURI: u.RequestURI(), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
		Host: e.RequestContext.DomainName, RemoteAddr: e.RequestContext.HTTP.SourceIP,
	}).WithContext(ctx)
	for name, value := range e.Headers { // HTTP API joins several values by comma
		r.Header.Set(name, value)
	}
	if len(e.Cookies) > 0 {
		r.Header.Set("Cookie", strings.Join(e.Cookies, "; "))
	}
	return r, nil
}

// response collects what a handler writes.
type response struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header of the answer.
func (w *response) Header() http.Header { return w.header }

// WriteHeader sets the status once.
func (w *response) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

// Write adds to the body.
func (w *response) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

func (w *response) event() events.APIGatewayV2HTTPResponse {
	out := events.APIGatewayV2HTTPResponse{StatusCode: w.status, Headers: map[string]string{}, Body: w.body.String()}
	if out.StatusCode == 0 {
		out.StatusCode = http.StatusOK
	}
	for name, values := range w.header {
		if name == "Set-Cookie" {
			out.Cookies = values
			continue
		}
		out.Headers[name] = strings.Join(values, ", ")
	}
	if !utf8.Valid(w.body.Bytes()) {
		out.Body, out.IsBase64Encoded = base64.StdEncoding.EncodeToString(w.body.Bytes()), true
	}
	return out
}

// AnswerJSON writes an answer; v is marshalled unless it is bytes already.
func AnswerJSON(w http.ResponseWriter, status int, v any) {
	b, ok := v.([]byte)
	if !ok {
		var err error
		if b, err = json.Marshal(v); err != nil {
			http.Error(w, "The answer could not be written.", http.StatusInternalServerError)
			return
		}
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b) // into memory: it cannot fail
}

// ServeVersion tells which build this is.
func ServeVersion(w http.ResponseWriter, _ *http.Request) {
	AnswerJSON(w, http.StatusOK, map[string]string{"version": Version})
}
