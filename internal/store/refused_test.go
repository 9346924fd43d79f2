package store

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"
)

func TestWhatTheDatabaseRefusesRaisesAnAlarmOnceAndNothingElseDoes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, class string
		want        []string
	}{
		{"another company's item", "AccessDeniedException", []string{AlarmDenied}},
		{"a condition that does not hold", "ConditionalCheckFailedException", nil},
		{"an item that is too long", "ValidationException", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			database := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/x-amz-json-1.0")
				w.WriteHeader(http.StatusBadRequest)
				w.Write([]byte(`{"__type":"com.amazonaws.dynamodb.v20120810#` + tt.class + `","message":"no"}`))
			}))
			t.Cleanup(database.Close)
			var raised []string
			client := dynamodb.New(dynamodb.Options{
				Region: "eu-central-1", BaseEndpoint: aws.String(database.URL), Credentials: anybody{}.For(us),
				APIOptions: []func(*middleware.Stack) error{refused(func(_ context.Context, name, _ string) { raised = append(raised, name) })},
			})
			_, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("t"), Key: key{"COMPANY#b", "HEAD"}.item()})
			if err == nil || !slices.Equal(raised, tt.want) {
				t.Errorf("%v raised %v, wanted %v", err, raised, tt.want)
			}
		})
	}
}
