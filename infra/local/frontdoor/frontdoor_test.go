package frontdoor_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"github.com/askpro/gateway/infra/local/frontdoor"
	"github.com/askpro/gateway/infra/local/lambdahost"
	"github.com/askpro/gateway/infra/local/template"
)

// functions are as of a template that uses all that HTTP APIs know.
var functions = []template.Function{
	{Name: "list", Routes: []template.Route{{Method: "GET", Path: "/v1/calls"}}},
	{Name: "show", Routes: []template.Route{{Method: "get", Path: "/v1/calls/{id}"}}},
	{Name: "today", Routes: []template.Route{{Method: "GET", Path: "/v1/calls/today"}}},
	{Name: "change", Routes: []template.Route{{Method: "ANY", Path: "/v1/calls/{id}"}}},
	{Name: "files", Routes: []template.Route{{Method: "GET", Path: "/files/{path+}"}}},
	{Name: "hook", Routes: []template.Route{{Method: "POST", Path: "/webhooks/{route}/events"}}},
}

type invocation struct {
	function string
	event    events.APIGatewayV2HTTPRequest
}

// door serves functions that answer all the same.
func door(t *testing.T, answer string, err error) (*httptest.Server, *[]invocation) {
	t.Helper()
	seen := &[]invocation{}
	s := httptest.NewServer(frontdoor.New(frontdoor.Options{
		Functions: functions,
		Now:       func() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 7e6, time.UTC) },
		Invoke: func(_ context.Context, function string, payload []byte) ([]byte, error) {
			i := invocation{function: function}
			if err := json.Unmarshal(payload, &i.event); err != nil {
				t.Error(err)
			}
			*seen = append(*seen, i)
			return []byte(answer), err
		},
	}))
	t.Cleanup(s.Close)
	return s, seen
}

// send writes a request as it stands and reads the answer: no client of ours tidies it up.
func send(t *testing.T, s *httptest.Server, request string) (*http.Response, string) {
	t.Helper()
	c, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if _, err := io.WriteString(c, strings.ReplaceAll(request, "\n", "\r\n")); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(request, " ")
	resp, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, request, function, key, parameter string }{
		{"a literal path", "GET /v1/calls", "list", "GET /v1/calls", ""},
		{"a parameter", "GET /v1/calls/7", "show", "GET /v1/calls/{id}", "7"},
		{"a literal part wins over a parameter", "GET /v1/calls/today", "today", "GET /v1/calls/today", ""},
		{"the method wins over any, any takes the others", "DELETE /v1/calls/7", "change", "ANY /v1/calls/{id}", "7"},
		{"HEAD is not GET", "HEAD /v1/calls", "", "", ""},
		{"a greedy parameter takes the rest", "GET /files/a/b.txt", "files", "GET /files/{path+}", "a/b.txt"},
		{"a parameter is decoded and may hold a slash", "GET /v1/calls/a%2Fb%20c", "show", "GET /v1/calls/{id}", "a/b c"},
		{"in the middle", "POST /webhooks/demo/events", "hook", "POST /webhooks/{route}/events", "demo"},
		{"an unknown path", "GET /v2/calls", "", "", ""},
		{"a known path with another method is unknown, not 405", "PUT /v1/calls", "", "", ""},
		{"a preflight where CORS is not set up", "OPTIONS /v1/calls", "", "", ""},
		{"a slash at the end is another path", "GET /v1/calls/", "", "", ""},
		{"a path is not cleaned", "GET //v1/calls", "", "", ""},
		{"an empty parameter", "POST /webhooks//events", "", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, seen := door(t, `{"statusCode":200}`, nil)
			resp, body := send(t, s, tt.request+" HTTP/1.1\nHost: x\nConnection: close\n\n")
			if tt.function == "" {
				if want := `{"message":"Not Found"}` + "\n"; resp.StatusCode != 404 || len(*seen) != 0 || (body != want && resp.Request.Method != http.MethodHead) {
					t.Errorf("answered %d %s", resp.StatusCode, body)
				}
				return
			}
			if len(*seen) != 1 || (*seen)[0].function != tt.function {
				t.Fatalf("invoked %v, want %s", *seen, tt.function)
			}
			got := (*seen)[0].event
			parameter := ""
			for _, v := range got.PathParameters {
				parameter = v
			}
			if got.RouteKey != tt.key || got.RequestContext.RouteKey != tt.key || parameter != tt.parameter {
				t.Errorf("route %q, parameters %v", got.RouteKey, got.PathParameters)
			}
		})
	}
}

func TestDefaultTakesWhatHasNoRoute(t *testing.T) {
	t.Parallel()
	var key string
	s := httptest.NewServer(frontdoor.New(frontdoor.Options{
		Functions: append([]template.Function{{Name: "rest", Routes: []template.Route{{Path: "$default"}}}}, functions...), Now: time.Now,
		Invoke: func(_ context.Context, function string, payload []byte) ([]byte, error) {
			var e events.APIGatewayV2HTTPRequest
			err := json.Unmarshal(payload, &e)
			key = function + " " + e.RouteKey
			return []byte(`{"statusCode":200}`), err
		},
	}))
	t.Cleanup(s.Close)
	for request, want := range map[string]string{"PUT /": "rest $default", "GET /x/y": "rest $default", "GET /v1/calls": "list GET /v1/calls"} {
		if send(t, s, request+" HTTP/1.1\nHost: x\n\n"); key != want {
			t.Errorf("%s goes to %s", request, key)
		}
	}
}

func TestTheEventIsPayloadFormat2(t *testing.T) {
	t.Parallel()
	s, seen := door(t, `{"statusCode":200}`, nil)
	send(t, s, `POST /webhooks/caf%C3%A9/events?a=1&a=2&b=x%20y HTTP/1.1
Host: api.example:3000
User-Agent: Retell
X-Retell-Signature: v=1,d=2
X-Many: 1
X-Many: 2
Cookie: a=1; b=2
X-Forwarded-For: 203.0.113.7
Content-Type: application/json; charset=utf-8
Content-Length: 13

{"who":"Jö"}`)
	got := (*seen)[0].event
	source := got.RequestContext.HTTP.SourceIP
	if source != "127.0.0.1" {
		t.Errorf("the caller's address is %q", source)
	}
	want := events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: "POST /webhooks/{route}/events", RawPath: "/webhooks/café/events", RawQueryString: "a=1&a=2&b=x%20y",
		Cookies: []string{"a=1", "b=2"},
		Headers: map[string]string{
			"host": "api.example:3000", "user-agent": "Retell", "x-retell-signature": "v=1,d=2", "x-many": "1,2", "content-type": "application/json; charset=utf-8",
			"content-length": "13", "x-forwarded-for": "203.0.113.7, 127.0.0.1", "x-forwarded-port": "3000", "x-forwarded-proto": "http",
		},
		QueryStringParameters: map[string]string{"a": "1,2", "b": "x y"}, PathParameters: map[string]string{"route": "café"}, Body: `{"who":"Jö"}`,
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			RouteKey: "POST /webhooks/{route}/events", AccountID: "000000000000", Stage: "$default", RequestID: "local-1", APIID: "local",
			DomainName: "api.example:3000", DomainPrefix: "local", Time: "23/Nov/2026:09:00:00 +0000", TimeEpoch: 1795424400007,
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: "POST", Path: "/webhooks/café/events", Protocol: "HTTP/1.1", SourceIP: "127.0.0.1", UserAgent: "Retell"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the event differs (- wanted, + got):\n%s", diff)
	}
}

func TestWhichBodiesAreBase64(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		kind, body string
		encoded    bool
	}{
		{"application/json", `{}`, false},
		{"application/problem+json", `{}`, false},
		{"text/calendar; charset=utf-8", "BEGIN", false},
		{"application/xml", "<a/>", false},
		{"application/json", "\xff\xfe", true},
		{"application/x-www-form-urlencoded", "a=1", true},
		{"application/octet-stream", "text", true},
		{"", "text", true},
		{"application/json", "", false},
	} {
		t.Run(fmt.Sprintf("%s %q", tt.kind, tt.body), func(t *testing.T) {
			t.Parallel()
			s, seen := door(t, `{"statusCode":200}`, nil)
			send(t, s, fmt.Sprintf("POST /webhooks/x/events HTTP/1.1\nHost: x\nContent-Type: %s\nContent-Length: %d\n\n%s", tt.kind, len(tt.body), tt.body))
			want := tt.body
			if tt.encoded {
				want = base64.StdEncoding.EncodeToString([]byte(tt.body))
			}
			if e := (*seen)[0].event; e.Body != want || e.IsBase64Encoded != tt.encoded {
				t.Errorf("the body is %q, base64 %t", e.Body, e.IsBase64Encoded)
			}
		})
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, answer string
		err          error
		status       int
		kind, body   string
	}{
		{"format 2.0", `{"statusCode":201,"headers":{"content-type":"text/html"},"body":"<p>"}`, nil, 201, "text/html", "<p>"},
		{"no content type is plain text", `{"statusCode":200,"body":"hallo"}`, nil, 200, "text/plain; charset=utf-8", "hallo"},
		{"base64", `{"statusCode":200,"body":"/w==","isBase64Encoded":true}`, nil, 200, "text/plain; charset=utf-8", "\xff"},
		{"no statusCode is a body", `{"a":1}`, nil, 200, "application/json", `{"a":1}`},
		{"base64 that is none", `{"statusCode":200,"body":"!","isBase64Encoded":true}`, nil, 500, "application/json", `{"message":"Internal Server Error"}` + "\n"},
		{"a status that is none", `{"statusCode":7}`, nil, 500, "application/json", `{"message":"Internal Server Error"}` + "\n"},
		{"the function failed", "", &lambdahost.FunctionError{Type: "x"}, 500, "application/json", `{"message":"Internal Server Error"}` + "\n"},
		{"more than Lambda takes", "", lambdahost.ErrTooLarge, 413, "application/json", `{"message":"Request Entity Too Large"}` + "\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, _ := door(t, tt.answer, tt.err)
			resp, body := send(t, s, "GET /v1/calls HTTP/1.1\nHost: x\n\n")
			if resp.StatusCode != tt.status || resp.Header.Get("Content-Type") != tt.kind || body != tt.body {
				t.Errorf("answered %d %s %q", resp.StatusCode, resp.Header.Get("Content-Type"), body)
			}
			if resp.Header.Get("Apigw-Requestid") == "" {
				t.Error("the answer names no request")
			}
		})
	}
}

func TestCookiesAreSetOneByOne(t *testing.T) {
	t.Parallel()
	s, _ := door(t, `{"statusCode":204,"cookies":["a=1; Secure","b=2"]}`, nil)
	resp, _ := send(t, s, "GET /v1/calls HTTP/1.1\nHost: x\n\n")
	if diff := cmp.Diff([]string{"a=1; Secure", "b=2"}, resp.Header["Set-Cookie"]); diff != "" {
		t.Error(diff)
	}
}

func TestABodyAbove10MBIsRefused(t *testing.T) {
	t.Parallel()
	s, seen := door(t, `{"statusCode":200}`, nil)
	resp, err := http.Post(s.URL+"/webhooks/x/events", "application/json", bytes.NewReader(make([]byte, 10<<20+1)))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 413 || len(*seen) != 0 {
		t.Errorf("answered %d", resp.StatusCode)
	}
}

func TestTheFunctionRunsOnWhenNobodyWaits(t *testing.T) {
	t.Parallel()
	ended := make(chan error, 1)
	release := make(chan struct{})
	s := httptest.NewServer(frontdoor.New(frontdoor.Options{
		Functions: functions, Now: time.Now, Within: time.Millisecond,
		Invoke: func(ctx context.Context, _ string, _ []byte) ([]byte, error) {
			<-release
			ended <- ctx.Err()
			return nil, errors.New("nobody hears it")
		},
	}))
	t.Cleanup(s.Close)
	resp, body := send(t, s, "GET /v1/calls HTTP/1.1\nHost: x\n\n")
	if resp.StatusCode != 503 || body != `{"message":"Service Unavailable"}`+"\n" {
		t.Errorf("after the time is over: %d %s", resp.StatusCode, body)
	}
	close(release)
	if err := <-ended; err != nil {
		t.Errorf("the function was cancelled: %v", err)
	}
}
