package frontdoor

import (
	"encoding/base64"
	"net"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"

	"github.com/askpro/gateway/infra/local/template"
)

// event is a request in payload format 2.0, but for what its route adds. HTTP APIs hand the path over decoded.
func event(r *http.Request, body []byte) events.APIGatewayV2HTTPRequest {
	source, _, _ := net.SplitHostPort(r.RemoteAddr) // always both, on a real connection
	e := events.APIGatewayV2HTTPRequest{
		Version: "2.0", RawPath: r.URL.Path, RawQueryString: r.URL.RawQuery, Headers: headers(r, source),
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			AccountID: template.Account, APIID: "local", DomainName: r.Host, DomainPrefix: "local", Stage: "$default",
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: r.Method, Path: r.URL.Path, Protocol: r.Proto, SourceIP: source, UserAgent: r.UserAgent()},
		},
	}
	for _, line := range r.Header["Cookie"] {
		e.Cookies = append(e.Cookies, strings.Split(line, "; ")...)
	}
	for name, values := range r.URL.Query() {
		if e.QueryStringParameters == nil {
			e.QueryStringParameters = map[string]string{}
		}
		e.QueryStringParameters[name] = strings.Join(values, ",")
	}
	switch {
	case len(body) == 0:
	case utf8.Valid(body) && textual(r.Header.Get("Content-Type")):
		e.Body = string(body)
	default:
		e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	}
	if len(body) > 0 {
		e.Headers["content-length"] = strconv.Itoa(len(body)) // of a chunked body too
	}
	return e
}

// headers are in lower case, several values joined by comma; cookies have their own field.
func headers(r *http.Request, source string) map[string]string {
	out := map[string]string{}
	for name, values := range r.Header {
		if name != "Cookie" {
			out[strings.ToLower(name)] = strings.Join(values, ",")
		}
	}
	_, port, _ := net.SplitHostPort(r.Host) // none is the scheme's
	out["host"], out["x-forwarded-proto"], out["x-forwarded-port"] = r.Host, "http", port
	if before := out["x-forwarded-for"]; before != "" {
		source = before + ", " + source
	}
	out["x-forwarded-for"] = source
	return out
}

// textual tells what API Gateway hands over as text: text/*, JSON, JavaScript and XML types.
func textual(contentType string) bool {
	kind, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	kind = strings.TrimSpace(kind)
	return strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "json") || strings.HasSuffix(kind, "xml") || kind == "application/javascript"
}
