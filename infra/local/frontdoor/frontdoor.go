// Package frontdoor is the HTTP API of the local stack: the routes of template.yaml, payload format 2.0 in, format 2.0 out
// (API Gateway developer guide, "Working with AWS Lambda proxy integrations for HTTP APIs"). Its one rule: a function sees
// the event that API Gateway would send. It knows no function's work.
package frontdoor

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"

	"github.com/askpro/gateway/infra/local/template"
)

// Limits of HTTP APIs.
const (
	maxBody = 10 << 20
	within  = 30 * time.Second
)

// Invoke runs a function.
type Invoke func(ctx context.Context, function string, payload []byte) ([]byte, error)

// New makes the front door of a system.
func New(s *template.System, invoke Invoke, now func() time.Time) http.Handler {
	mux := http.NewServeMux()
	var number atomic.Int64
	for _, f := range s.Functions {
		for _, route := range f.Routes {
			mux.HandleFunc(route.Method+" "+route.Path, func(w http.ResponseWriter, r *http.Request) {
				serve(w, r, f.Name, route, invoke, now(), number.Add(1))
			})
		}
	}
	// Also for methods that a path does not have: HTTP APIs know no 405.
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { message(w, http.StatusNotFound, "Not Found") })
	return mux
}

func serve(w http.ResponseWriter, r *http.Request, function string, route template.Route, invoke Invoke, now time.Time, number int64) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		message(w, http.StatusRequestEntityTooLarge, "Request Entity Too Large")
		return
	}
	if err != nil {
		return
	}
	payload, err := json.Marshal(event(r, body, route, now, number))
	if err != nil {
		message(w, http.StatusInternalServerError, "Internal Server Error")
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), within) // a client that hangs up stops nothing
	defer cancel()
	answer, err := invoke(ctx, function, payload)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		message(w, http.StatusServiceUnavailable, "Service Unavailable")
	case err != nil:
		message(w, http.StatusInternalServerError, "Internal Server Error")
	default:
		write(w, answer)
	}
}

func event(r *http.Request, body []byte, route template.Route, now time.Time, number int64) events.APIGatewayV2HTTPRequest {
	e := events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: route.Method + " " + route.Path, RawPath: r.URL.EscapedPath(), RawQueryString: r.URL.RawQuery,
		Headers: map[string]string{}, PathParameters: map[string]string{},
	}
	for name, values := range r.Header {
		if name == "Cookie" {
			for _, v := range values {
				e.Cookies = append(e.Cookies, strings.Split(v, "; ")...)
			}
			continue
		}
		e.Headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	e.Headers["host"] = r.Host
	if len(r.URL.Query()) > 0 {
		e.QueryStringParameters = map[string]string{}
		for name, values := range r.URL.Query() {
			e.QueryStringParameters[name] = strings.Join(values, ",")
		}
	}
	for _, part := range strings.Split(route.Path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			name = strings.TrimSuffix(name, "}")
			e.PathParameters[name] = r.PathValue(name)
		}
	}
	if len(body) > 0 {
		e.Body = string(body)
		if !utf8.Valid(body) || !textual(r.Header.Get("Content-Type")) {
			e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
		}
	}
	source, _, _ := net.SplitHostPort(r.RemoteAddr)
	c := &e.RequestContext
	c.AccountID, c.APIID, c.DomainName, c.DomainPrefix, c.Stage = template.Account, "local", r.Host, "local", "$default"
	c.RouteKey, c.RequestID = e.RouteKey, fmt.Sprintf("local-%d", number)
	c.Time, c.TimeEpoch = now.Format("02/Jan/2006:15:04:05 -0700"), now.UnixMilli()
	c.HTTP = events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: r.Method, Path: r.URL.Path, Protocol: r.Proto, SourceIP: source, UserAgent: r.UserAgent()}
	return e
}

// textual tells what API Gateway hands over as text: text/*, JSON, JavaScript and XML types.
func textual(contentType string) bool {
	kind, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	kind = strings.TrimSpace(kind)
	return strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "json") || strings.HasSuffix(kind, "xml") || kind == "application/javascript"
}

// write answers with format 2.0; an answer without statusCode is a body with 200.
func write(w http.ResponseWriter, raw []byte) {
	var a struct {
		events.APIGatewayV2HTTPResponse
		StatusCode *int `json:"statusCode"`
	}
	if json.Unmarshal(raw, &a) != nil || a.StatusCode == nil {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(raw)
		return
	}
	body := []byte(a.Body)
	if a.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(a.Body); err != nil {
			message(w, http.StatusInternalServerError, "Internal Server Error")
			return
		}
	}
	for name, value := range a.Headers {
		w.Header().Set(name, value)
	}
	for _, cookie := range a.Cookies {
		w.Header().Add("Set-Cookie", cookie)
	}
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	}
	w.WriteHeader(*a.StatusCode)
	_, _ = w.Write(body)
}

func message(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": text})
}
