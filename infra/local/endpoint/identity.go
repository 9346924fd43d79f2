package endpoint

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
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
	roleARN  string
	tags     map[string]string // of the session
	secret   string
	token    string
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
	return e.callers.issue(caller{function: function, process: process, role: role, roleARN: role.ARN})
}

// Session makes credentials of a tenant role with a company's tag, as AssumeRole would: for tests of the policies.
func (e *Endpoint) Session(role template.Role, company string) Credentials {
	return e.callers.issue(caller{function: "test", role: role, roleARN: role.ARN, tags: map[string]string{"company": company}})
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

var errSignature = errors.New("the request signature we calculated does not match the signature you provided")

// identify finds who signed a request, by signing it again.
func (c *callers) identify(r *http.Request, body []byte) (caller, error) {
	given := r.Header.Get("Authorization")
	_, rest, ok := strings.Cut(given, "Credential=")
	scope, rest, ok2 := strings.Cut(rest, ",")
	parts := strings.Split(scope, "/")
	if !ok || !ok2 || len(parts) != 5 {
		return caller{}, errors.New("missing authentication token: the request is not signed (AWS4-HMAC-SHA256)")
	}
	c.mu.RLock()
	who, known := c.by[parts[0]]
	c.mu.RUnlock()
	if !known {
		return caller{}, errors.New("the security token included in the request is invalid")
	}
	if who.token != r.Header.Get("X-Amz-Security-Token") {
		return caller{}, errors.New("the security token does not belong to the key")
	}
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil || time.Since(at).Abs() > 15*time.Minute {
		return caller{}, errors.New("signature expired, or no X-Amz-Date")
	}
	again, err := http.NewRequest(r.Method, "http://"+r.Host+r.URL.RequestURI(), nil)
	if err != nil {
		return caller{}, err
	}
	again.Host, again.ContentLength = r.Host, r.ContentLength
	_, signed, _ := strings.Cut(rest, "SignedHeaders=")
	signed, _, _ = strings.Cut(signed, ",")
	for _, name := range strings.Split(signed, ";") {
		switch name {
		case "host", "content-length", "x-amz-date", "x-amz-security-token":
		default:
			again.Header[http.CanonicalHeaderKey(name)] = r.Header.Values(name)
		}
	}
	hash := r.Header.Get("X-Amz-Content-Sha256")
	if hash == "" {
		sum := sha256.Sum256(body)
		hash = hex.EncodeToString(sum[:])
	}
	creds := aws.Credentials{AccessKeyID: parts[0], SecretAccessKey: who.secret, SessionToken: who.token}
	escape := func(o *v4.SignerOptions) { o.DisableURIPathEscaping = parts[3] == "s3" }
	if err := v4.NewSigner(escape).SignHTTP(r.Context(), creds, again, hash, parts[3], parts[2], at); err != nil {
		return caller{}, err
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

func (c caller) String() string { return fmt.Sprintf("%s (%s)", c.function, c.roleARN) }
