package endpoint

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/askpro/gateway/infra/local/template"
)

// The operators' and tests' own key: everything is allowed, nothing counted.
const (
	AdminKey    = "local-admin"
	AdminSecret = "local-admin"
)

// Credentials of one process or session.
type Credentials struct{ AccessKeyID, SecretAccessKey, SessionToken string }

// caller is who signs with an access key.
type caller struct {
	admin    bool
	function string // name of the function whose process, or whose session, it is
	process  string
	role     template.Role
	session  string            // its name
	tags     map[string]string // of the session
	secret   string
	token    string
	until    time.Time // real time; zero: as long as the process
}

func (c caller) arn() string {
	if c.admin {
		return accountRoot
	}
	return sessionARN(c.role, c.session)
}

type callers struct {
	mu sync.RWMutex
	by map[string]caller
}

func newCallers() *callers {
	return &callers{by: map[string]caller{AdminKey: {admin: true, secret: AdminSecret, function: "operator"}}}
}

// Issue makes the credentials of a function's process.
func (e *Endpoint) Issue(role template.Role, function, process string) Credentials {
	return e.callers.issue(caller{function: function, process: process, role: role, session: function})
}

// Session makes credentials of a tenant role with a company's tag, as AssumeRole would: for tests of the policies.
func (e *Endpoint) Session(role template.Role, company string) Credentials {
	return e.callers.issue(caller{function: "test", role: role, session: "test", tags: map[string]string{"company": company}})
}

func (c *callers) issue(who caller) Credentials {
	x := Credentials{"ASIA" + strings.ToUpper(random(8)), random(20), random(24)}
	who.secret, who.token = x.SecretAccessKey, x.SessionToken
	c.mu.Lock()
	defer c.mu.Unlock()
	c.by[x.AccessKeyID] = who
	return x
}

func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return hex.EncodeToString(b)
}

// stranger is why a caller is not known, by AWS's common error codes.
type stranger struct{ code, message string }

func (s *stranger) Error() string { return s.code + ": " + s.message }

var errSignature = &stranger{"InvalidSignatureException", "the request signature we calculated does not match the signature you provided"}

// identify finds who signed a request, by signing it again.
func (c *callers) identify(r *http.Request, body []byte) (caller, *stranger) {
	if presigned(r) {
		return c.identifyLink(r)
	}
	given := r.Header.Get("Authorization")
	_, rest, ok := strings.Cut(given, "Credential=")
	scope, rest, ok2 := strings.Cut(rest, ",")
	parts := strings.Split(scope, "/")
	if !ok || !ok2 || len(parts) != 5 {
		return caller{}, &stranger{"MissingAuthenticationTokenException", "the request is not signed (AWS4-HMAC-SHA256)"}
	}
	c.mu.RLock()
	who, known := c.by[parts[0]]
	c.mu.RUnlock()
	if !known || who.token != r.Header.Get("X-Amz-Security-Token") {
		return caller{}, &stranger{"UnrecognizedClientException", "the security token included in the request is invalid"}
	}
	if !who.until.IsZero() && time.Now().After(who.until) {
		return caller{}, &stranger{"ExpiredTokenException", "the security token included in the request is expired"}
	}
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil || time.Since(at).Abs() > 15*time.Minute {
		return caller{}, &stranger{"InvalidSignatureException", "signature expired, or no X-Amz-Date"}
	}
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	if says := r.Header.Get("X-Amz-Content-Sha256"); says != "" && says != hash {
		if parts[3] != "s3" || !strings.HasPrefix(says, "UNSIGNED-PAYLOAD") && !strings.HasPrefix(says, "STREAMING-") {
			return caller{}, errSignature
		}
		hash = says // S3 alone takes bodies that are not part of the signature
	}
	again := &http.Request{Method: r.Method, URL: &url.URL{Scheme: "http", Host: r.Host, Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}, Host: r.Host, Header: http.Header{}, ContentLength: r.ContentLength}
	_, signed, _ := strings.Cut(rest, "SignedHeaders=")
	signed, _, _ = strings.Cut(signed, ",")
	for _, name := range strings.Split(signed, ";") {
		switch name {
		case "host", "content-length", "x-amz-date", "x-amz-security-token":
		default:
			again.Header[http.CanonicalHeaderKey(name)] = r.Header.Values(name)
		}
	}
	creds := aws.Credentials{AccessKeyID: parts[0], SecretAccessKey: who.secret, SessionToken: who.token}
	escape := func(o *v4.SignerOptions) { o.DisableURIPathEscaping = parts[3] == "s3" }
	if err := v4.NewSigner(escape).SignHTTP(r.Context(), creds, again, hash, parts[3], parts[2], at); err != nil {
		return caller{}, &stranger{"IncompleteSignatureException", err.Error()}
	}
	if signatureOf(again.Header.Get("Authorization")) != signatureOf(given) {
		return caller{}, errSignature
	}
	return who, nil
}

func signatureOf(authorization string) string {
	_, s, _ := strings.Cut(authorization, "Signature=")
	return s
}
