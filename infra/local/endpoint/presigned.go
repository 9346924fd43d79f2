package endpoint

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// presigned tells whether a request is signed in its address: a link that whoever has it may follow for a while.
func presigned(r *http.Request) bool {
	return r.Header.Get("Authorization") == "" && r.URL.Query().Has("X-Amz-Signature")
}

// plainly is a request without the signature in its address.
func plainly(r *http.Request) *http.Request {
	if !presigned(r) {
		return r
	}
	query := r.URL.Query()
	for name := range query {
		if strings.HasPrefix(name, "X-Amz-") {
			query.Del(name)
		}
	}
	plain := r.Clone(r.Context())
	plain.URL.RawQuery = query.Encode()
	return plain
}

// identifyLink finds who made a link, by making it again; it ends by itself.
func (c *callers) identifyLink(r *http.Request) (caller, *stranger) {
	query := r.URL.Query()
	parts := strings.Split(query.Get("X-Amz-Credential"), "/")
	at, err := time.Parse("20060102T150405Z", query.Get("X-Amz-Date"))
	seconds, bad := strconv.Atoi(query.Get("X-Amz-Expires"))
	signed := strings.Split(query.Get("X-Amz-SignedHeaders"), ";")
	if err != nil || bad != nil || len(parts) != 5 || !slices.Contains(signed, "host") {
		return caller{}, &stranger{"AuthorizationQueryParametersError", "the link is not signed as links are"}
	}
	for name := range r.Header { // or whoever follows it would have a say in what is written
		if name = strings.ToLower(name); strings.HasPrefix(name, "x-amz-") && !slices.Contains(signed, name) {
			return caller{}, &stranger{"AccessDenied", "There were headers present in the request which were not signed: " + name}
		}
	}
	c.mu.RLock()
	who, known := c.by[parts[0]]
	c.mu.RUnlock()
	if !known || who.token != query.Get("X-Amz-Security-Token") {
		return caller{}, &stranger{"InvalidToken", "the provided token is malformed or otherwise invalid"}
	}
	if now := time.Now(); now.After(at.Add(time.Duration(seconds)*time.Second)) || !who.until.IsZero() && now.After(who.until) {
		return caller{}, &stranger{"AccessDenied", "Request has expired"}
	}
	given := query.Get("X-Amz-Signature")
	again := &http.Request{Method: r.Method, Host: r.Host, Header: http.Header{}, URL: &url.URL{Scheme: "http", Host: r.Host, Path: r.URL.Path, RawPath: r.URL.RawPath}}
	for _, name := range signed { // with the values that came: others make another signature
		switch name {
		case "host":
		case "content-length":
			again.ContentLength = r.ContentLength
		default:
			again.Header[http.CanonicalHeaderKey(name)] = r.Header.Values(name)
		}
	}
	for _, name := range []string{"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Security-Token", "X-Amz-Signature"} {
		query.Del(name) // the signer sets them
	}
	again.URL.RawQuery = query.Encode()
	creds := aws.Credentials{AccessKeyID: parts[0], SecretAccessKey: who.secret, SessionToken: who.token}
	link, _, err := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }).
		PresignHTTP(r.Context(), creds, again, "UNSIGNED-PAYLOAD", parts[3], parts[2], at)
	if err != nil {
		return caller{}, errSignature
	}
	if u, err := url.Parse(link); err != nil || u.Query().Get("X-Amz-Signature") != given {
		return caller{}, errSignature
	}
	return who, nil
}
