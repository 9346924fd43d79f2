package queue_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/lambdakit/queue"
)

func TestWorkNeverComesBeforeItsTime(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		delay time.Duration
		want  int // seconds, as SQS counts
	}{
		{0, 0}, {-time.Minute, 0}, {time.Millisecond, 1}, {400 * time.Millisecond, 1}, {time.Second, 1}, {5300 * time.Millisecond, 6}, {time.Hour, 900},
	} {
		var sent struct {
			DelaySeconds   int
			MessageGroupID string `json:"MessageGroupId"`
		}
		sqs := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
				t.Error(err)
			}
			_, _ = w.Write([]byte(`{"MessageId":"1"}`))
		}))
		env := lambdakit.Env{Region: "eu-central-1", HTTP: sqs.Client(), Base: sqs.URL, Credentials: aws.CredentialsProviderFunc(
			func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: "key", SecretAccessKey: "key"}, nil
			})}
		err := queue.Open(env, sqs.URL+"/1/gateway").Send(t.Context(), lambdakit.Work{Kind: "x", Company: "c"}, tt.delay)
		sqs.Close()
		if err != nil || sent.DelaySeconds != tt.want || sent.MessageGroupID != "c" {
			t.Errorf("in %v: %+v, %v", tt.delay, sent, err)
		}
	}
}
