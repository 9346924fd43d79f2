package lambdakit_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/tenant"
)

// A link ends with the session that signed it: one to an upload is promised for a quarter of an hour.
func TestASessionOutlivesTheLinksThatItSigns(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		left   time.Duration
		opened int // by two that ask
	}{{time.Hour, 1}, {17 * time.Minute, 1}, {15*time.Minute + 30*time.Second, 2}, {5 * time.Minute, 2}} {
		opened := 0
		sts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			opened++
			fmt.Fprintf(w, `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA%d</AccessKeyId><SecretAccessKey>s</SecretAccessKey>
				<SessionToken>t</SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`, opened, time.Now().Add(tt.left).UTC().Format(time.RFC3339))
		}))
		env := lambdakit.Env{Region: "eu-central-1", HTTP: sts.Client(), Base: sts.URL, Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "s"}, nil
		})}
		session := lambdakit.NewSessions(env, "arn:aws:iam::000000000000:role/x").For(tenant.Proven("01KB0000000000000000000002"))
		for range 2 {
			if _, err := session.Retrieve(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		sts.Close()
		if opened != tt.opened {
			t.Errorf("with %s left it was opened %d times", tt.left, opened)
		}
	}
}
