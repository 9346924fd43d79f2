package endpoint_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/askpro/gateway/infra/local/endpoint"
)

func TestWhoSignsIsKnownOrRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := w.as(t, "hook-retell-inbound")
	get := dynamo("GetItem", `{"TableName":"`+w.system.Table.Name+`","Key":{"pk":{"S":"DIRECTORY#ROUTE#demo"},"sk":{"S":"ROUTE"}}}`)
	with := func(q request, change func(*http.Request)) request { q.change = change; return q }
	put := request{service: "s3", target: "PUT /" + w.system.Bucket.Name + "/incoming/retell/a%20b.json", body: "body"}
	hook := w.as(t, "hook-retell-events")
	other := func(r *http.Request) { r.Body, r.ContentLength = io.NopCloser(strings.NewReader("BODY")), 4 }
	for _, tt := range []struct {
		name   string
		who    endpoint.Credentials
		q      request
		status int
		code   string
	}{
		{"a function's process", good, get, 200, ""},
		{"an operator", admin, get, 200, ""},
		{"an object's path with a space", hook, put, 200, ""},
		{"a wrong secret", endpoint.Credentials{AccessKeyID: good.AccessKeyID, SecretAccessKey: "wrong", SessionToken: good.SessionToken}, get, 403, "InvalidSignatureException"},
		{"a wrong secret at S3", endpoint.Credentials{AccessKeyID: hook.AccessKeyID, SecretAccessKey: "wrong", SessionToken: hook.SessionToken}, put, 403, "SignatureDoesNotMatch"},
		{"an unknown key", endpoint.Credentials{AccessKeyID: "ASIAUNKNOWN", SecretAccessKey: "x", SessionToken: "y"}, get, 403, "UnrecognizedClientException"},
		{"another's token", endpoint.Credentials{AccessKeyID: good.AccessKeyID, SecretAccessKey: good.SecretAccessKey, SessionToken: hook.SessionToken}, get, 403, "UnrecognizedClientException"},
		{"no token", endpoint.Credentials{AccessKeyID: good.AccessKeyID, SecretAccessKey: good.SecretAccessKey}, get, 403, "UnrecognizedClientException"},
		{"no signature", good, with(get, func(r *http.Request) { r.Header.Del("Authorization") }), 403, "MissingAuthenticationTokenException"},
		{"a header changed on the way", good, with(get, func(r *http.Request) { r.Header.Set("X-Amz-Target", "DynamoDB_20120810.Scan") }), 403, "InvalidSignatureException"},
		{"a path changed on the way", hook, with(put, func(r *http.Request) { r.URL.Path += "x" }), 403, "SignatureDoesNotMatch"},
		{"a body changed on the way", good, with(get, func(r *http.Request) {
			body := strings.ReplaceAll(get.body, "demo", "dem0")
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		}), 403, "InvalidSignatureException"},
		{"a body changed beside its signed hash", hook, with(put, other), 403, "SignatureDoesNotMatch"},
	} {
		if got := w.do(t, tt.who, tt.q); got.status != tt.status || got.code != tt.code {
			t.Errorf("%s: %d %s %s %v", tt.name, got.status, got.code, got.body, got.err)
		}
	}
	for _, c := range w.saw().calls {
		if a := c.header.Get("Authorization"); !strings.Contains(a, "Credential=000000000000/") || c.header.Get("X-Amz-Security-Token") != "" {
			t.Errorf("the emulator saw %s", a)
		}
	}
}
