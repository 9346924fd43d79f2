package lambdakit

import (
	"context"
	"encoding/xml"
	"fmt"
	"net/url"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/askpro/gateway/internal/tenant"
)

const (
	sessionFor   = time.Hour        // role chaining allows no more
	renewBefore  = 16 * time.Minute // what a session signs for others ends with it: uploads have a quarter of an hour
	sessionsKept = 500
)

// Sessions turns a company into credentials that can reach that company's items only: the tenant role, assumed with the
// session tag company. They are kept until shortly before they end.
type Sessions struct {
	env  Env
	role string
	mu   sync.Mutex
	by   map[tenant.ID]*session
}

// NewSessions makes sessions of a tenant role.
func NewSessions(env Env, roleARN string) *Sessions {
	return &Sessions{env: env, role: roleARN, by: map[tenant.ID]*session{}}
}

// For gives the session of a company; it is opened when first used.
func (s *Sessions) For(t tenant.ID) aws.CredentialsProvider {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x := s.by[t]; x != nil {
		return x
	}
	if len(s.by) >= sessionsKept {
		clear(s.by) // a process that met so many companies opens them again
	}
	x := &session{of: s, tenant: t}
	s.by[t] = x
	return x
}

// session is one company's; one request at a time renews it.
type session struct {
	of     *Sessions
	tenant tenant.ID
	mu     sync.Mutex
	creds  aws.Credentials
}

// Retrieve gives the credentials, opening or renewing the session when needed. STS lives on real time.
func (x *session) Retrieve(ctx context.Context) (aws.Credentials, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.creds.HasKeys() && time.Until(x.creds.Expires) > renewBefore {
		return x.creds, nil
	}
	creds, err := x.of.assume(ctx, x.tenant)
	if err != nil {
		return aws.Credentials{}, fmt.Errorf("session of a company: %w", err)
	}
	x.creds = creds
	return creds, nil
}

func (s *Sessions) assume(ctx context.Context, t tenant.ID) (aws.Credentials, error) {
	if t.IsZero() {
		return aws.Credentials{}, fmt.Errorf("no company, no session")
	}
	form := url.Values{
		"Action": {"AssumeRole"}, "Version": {"2011-06-15"}, "RoleArn": {s.role}, "RoleSessionName": {"company-" + t.String()},
		"DurationSeconds": {fmt.Sprint(int(sessionFor.Seconds()))}, "Tags.member.1.Key": {"company"}, "Tags.member.1.Value": {t.String()},
	}
	raw, err := s.env.post(ctx, "sts", s.env.url("STS", "sts"), map[string]string{"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}, []byte(form.Encode()))
	if err != nil {
		return aws.Credentials{}, err
	}
	var answer struct {
		Result struct {
			Credentials struct {
				AccessKeyID     string    `xml:"AccessKeyId"`
				SecretAccessKey string    `xml:"SecretAccessKey"`
				SessionToken    string    `xml:"SessionToken"`
				Expiration      time.Time `xml:"Expiration"`
			} `xml:"Credentials"`
		} `xml:"AssumeRoleResult"`
	}
	if err := xml.Unmarshal(raw, &answer); err != nil {
		return aws.Credentials{}, fmt.Errorf("read the answer of sts: %w", err)
	}
	c := answer.Result.Credentials
	return aws.Credentials{
		AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken,
		CanExpire: true, Expires: c.Expiration, Source: "company session",
	}, nil
}
