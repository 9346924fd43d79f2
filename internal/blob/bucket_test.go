package blob

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/tenant"
)

var us = tenant.Proven("01H00000000000000000000000")

// session of any company.
type session struct{}

func (session) For(tenant.ID) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "ASIA", SecretAccessKey: "secret", SessionToken: "token"}, nil
	})
}

// holding is a bucket whose every object has so many bytes.
func holding(t *testing.T, size int) *Bucket {
	t.Helper()
	body := bytes.Repeat([]byte{'a'}, size)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) }))
	t.Cleanup(s.Close)
	own, _ := session{}.For(us).Retrieve(t.Context())
	return Open(lambdakit.Env{
		Region: "eu-central-1", HTTP: s.Client(), Base: s.URL,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return own, nil }),
	}, "bucket", session{})
}

func TestAnObjectIsReadWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	const mb = 1 << 20
	own := func(b *Bucket) ([]byte, error) { return b.Get(t.Context(), "incoming/a") }
	of := func(b *Bucket) ([]byte, error) { return b.GetOf(t.Context(), us, "companies/a") }
	upTo10 := func(b *Bucket) ([]byte, error) { return b.GetUpTo(t.Context(), us, "companies/a", 10*mb) }
	for _, tt := range []struct {
		name  string
		read  func(*Bucket) ([]byte, error)
		size  int
		whole bool
	}{
		{"a webhook's body", own, 8 * mb, true},
		{"one that is too large", own, 8*mb + 1, false},
		{"a transcript", of, 8 * mb, true},
		{"one that is too long", of, 8*mb + 1, false},
		{"a recording for a letter", upTo10, 10 * mb, true},
		{"one that is too long for it", upTo10, 10*mb + 1, false},
	} {
		got, err := tt.read(holding(t, tt.size))
		if (err == nil) != tt.whole || tt.whole && len(got) != tt.size {
			t.Errorf("%s: %d of %d bytes, %v", tt.name, len(got), tt.size, err)
		}
	}
}
