// Package frontdoor is the HTTP API of the local stack: the routes of template.yaml, payload format 2.0 in, format 2.0 out
// (API Gateway developer guide, "Working with AWS Lambda proxy integrations for HTTP APIs"). Its one rule: a function sees
// the event that API Gateway would send, and a caller the answer. It knows no function's work. CORS is not set up in the
// template: a preflight finds no route, as in AWS.
package frontdoor

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/askpro/gateway/infra/local/lambdahost"
	"github.com/askpro/gateway/infra/local/template"
)

// Limits of HTTP APIs.
const (
	maxBody = 10 << 20
	within  = 30 * time.Second
)

// Options of a front door.
type Options struct {
	Functions []template.Function
	Invoke    func(ctx context.Context, function string, payload []byte) ([]byte, error)
	Now       func() time.Time // the stack's clock
	Within    time.Duration    // how long a caller waits; 0 is API Gateway's 30 s
}

type door struct {
	Options
	routes []route
	number atomic.Int64
}

// New makes the front door of a system.
func New(o Options) http.Handler {
	if o.Within == 0 {
		o.Within = within
	}
	d := &door{Options: o}
	for _, f := range o.Functions {
		for _, r := range f.Routes {
			d.routes = append(d.routes, newRoute(f.Name, r))
		}
	}
	return d
}

// ServeHTTP runs the function of a route. HTTP APIs know no 405: a path without the method is not found.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := fmt.Sprintf("local-%d", d.number.Add(1))
	w.Header().Set("Apigw-Requestid", id)
	route, parameters := find(d.routes, r.Method, r.URL.EscapedPath())
	if route == nil {
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		refuse(w, http.StatusRequestEntityTooLarge, "Request Entity Too Large")
		return
	}
	if err != nil {
		return // the caller has gone
	}
	e := event(r, body)
	e.RouteKey, e.PathParameters = route.key, parameters
	e.RequestContext.RouteKey, e.RequestContext.RequestID = route.key, id
	now := d.Now()
	e.RequestContext.Time, e.RequestContext.TimeEpoch = now.Format("02/Jan/2006:15:04:05 -0700"), now.UnixMilli()
	d.invoke(w, r, route.function, e)
}

// invoke answers with what the function answers. When the caller hangs up or the time is over, the function runs on.
func (d *door) invoke(w http.ResponseWriter, r *http.Request, function string, e events.APIGatewayV2HTTPRequest) {
	payload, err := json.Marshal(e)
	if err != nil {
		refuse(w, http.StatusInternalServerError, "Internal Server Error")
		return
	}
	type result struct {
		answer []byte
		err    error
	}
	done := make(chan result, 1)
	go func() {
		answer, err := d.Invoke(context.WithoutCancel(r.Context()), function, payload)
		done <- result{answer, err}
	}()
	timer := time.NewTimer(d.Within)
	defer timer.Stop()
	select {
	case <-timer.C:
		refuse(w, http.StatusServiceUnavailable, "Service Unavailable")
	case <-r.Context().Done():
	case got := <-done:
		switch {
		case errors.Is(got.err, lambdahost.ErrTooLarge):
			refuse(w, http.StatusRequestEntityTooLarge, "Request Entity Too Large")
		case got.err != nil:
			refuse(w, http.StatusInternalServerError, "Internal Server Error")
		default:
			write(w, got.answer)
		}
	}
}

// write answers with format 2.0; an answer without statusCode is a body with 200.
func write(w http.ResponseWriter, raw []byte) {
	var a struct {
		events.APIGatewayV2HTTPResponse
		StatusCode *int `json:"statusCode"`
	}
	if json.Unmarshal(raw, &a) != nil || a.StatusCode == nil {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(raw) // a caller that has gone needs no answer
		return
	}
	body := []byte(a.Body)
	var err error
	if a.IsBase64Encoded {
		body, err = base64.StdEncoding.DecodeString(a.Body)
	}
	if err != nil || *a.StatusCode < 200 || *a.StatusCode > 599 {
		refuse(w, http.StatusInternalServerError, "Internal Server Error")
		return
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
	w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	w.WriteHeader(*a.StatusCode)
	_, _ = w.Write(body)
}

func refuse(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": text})
}
