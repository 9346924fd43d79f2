package endpoint_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"

	"github.com/askpro/gateway/infra/local/emulator"
	"github.com/askpro/gateway/infra/local/endpoint"
)

// withEmulator is a world before a real emulator of its own, spoken to by AWS's SDK.
func withEmulator(t *testing.T) *world {
	t.Helper()
	venv := filepath.Join("../../..", ".venv")
	if _, err := os.Stat(filepath.Join(venv, "installed")); err != nil && os.Getenv("ASKPRO_STACK_TESTS") == "" {
		t.Skip("needs the emulator: run make test")
	}
	w := newWorld(t)
	var e *emulator.Emulator
	var err error
	for range 5 { // another process may be faster to take the port
		var l net.Listener
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		l.Close()
		if e, err = emulator.Start(t.Context(), emulator.Options{Venv: venv, Port: port, Log: filepath.Join(t.TempDir(), "log")}); err == nil {
			break
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Stop)
	if err := emulator.Create(t.Context(), e.URL, w.system, nil); err != nil {
		t.Fatal(err)
	}
	if w.Endpoint, err = endpoint.New(endpoint.Options{System: w.system, Emulator: e.URL, Now: w.Now, Mailbox: w, Kill: func(string) {}}); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/_local/", w.Controls())
	mux.Handle("/", w.Endpoint)
	front := httptest.NewServer(mux)
	t.Cleanup(front.Close)
	w.url = front.URL
	return w
}

func signedBy(c endpoint.Credentials) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken}, nil
	})
}

func codeOfSDK(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

func TestTheSDKFindsWhatItExpects(t *testing.T) {
	t.Parallel()
	w := withEmulator(t)
	ctx := t.Context()
	region, table := "eu-central-1", &w.system.Table.Name
	c := signedBy(w.tenant(t, "TenantWriteRole", "A"))
	db := dynamodb.New(dynamodb.Options{Region: region, BaseEndpoint: &w.url, Credentials: c, RetryMaxAttempts: 1})
	item := func(pk string) map[string]types.AttributeValue {
		return map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: pk}, "sk": &types.AttributeValueMemberS{Value: "x"}}
	}
	put := func(pk string, condition *string) types.TransactWriteItem {
		return types.TransactWriteItem{Put: &types.Put{TableName: table, Item: item(pk), ConditionExpression: condition}}
	}

	if _, err := db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{put("COMPANY#A", nil), put("COMPANY#A#y", nil)}}); err != nil {
		t.Fatal(err)
	}
	got, err := db.GetItem(ctx, &dynamodb.GetItemInput{TableName: table, Key: item("COMPANY#A")})
	if err != nil || len(got.Item) != 2 || got.ConsumedCapacity != nil {
		t.Errorf("got %+v, %v", got, err)
	}
	_, err = db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{put("COMPANY#A#z", nil), put("COMPANY#A", aws.String("attribute_not_exists(pk)"))}})
	var cancelled *types.TransactionCanceledException
	if !errors.As(err, &cancelled) || len(cancelled.CancellationReasons) != 2 || *cancelled.CancellationReasons[1].Code != "ConditionalCheckFailed" {
		t.Errorf("the emulator's refusal: %v", err)
	}
	w.control(t, http.MethodPost, "faults", `{"operation":"TransactWriteItems","mode":"error","code":"TransactionConflict"}`, nil)
	_, err = db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{put("COMPANY#A", nil), put("COMPANY#A#z", nil)}})
	if !errors.As(err, &cancelled) || len(cancelled.CancellationReasons) != 2 || *cancelled.CancellationReasons[0].Code != "TransactionConflict" {
		t.Errorf("our refusal: %v", err)
	}
	if _, err = db.GetItem(ctx, &dynamodb.GetItemInput{TableName: table, Key: item("COMPANY#B")}); codeOfSDK(err) != "AccessDeniedException" {
		t.Errorf("another company's item: %v", err)
	}
	// Two small items: a transaction counts double, a read of either kind one half or one.
	var rows []endpoint.Row
	w.control(t, http.MethodGet, "calls", "", &rows)
	for _, r := range rows {
		if r.Operation == "TransactWriteItems" && r.WriteUnits != 4 || r.Operation == "GetItem" && (r.ReadUnits != 0.5 || r.Denied != 1) {
			t.Errorf("counted %+v", r)
		}
	}

	files := s3.New(s3.Options{Region: region, BaseEndpoint: &w.url, Credentials: c, UsePathStyle: true, RetryMaxAttempts: 1})
	key, body := aws.String("companies/A/2026/gespräch +1.gz"), bytes.Repeat([]byte("x"), 100_000)
	if _, err := files.PutObject(ctx, &s3.PutObjectInput{Bucket: &w.system.Bucket.Name, Key: key, Body: bytes.NewReader(body)}); err != nil {
		t.Fatal(err)
	}
	object, err := files.GetObject(ctx, &s3.GetObjectInput{Bucket: &w.system.Bucket.Name, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	if raw, err := io.ReadAll(object.Body); err != nil || !bytes.Equal(raw, body) {
		t.Errorf("%d bytes came back, %v", len(raw), err)
	}
	if _, err := files.GetObject(ctx, &s3.GetObjectInput{Bucket: &w.system.Bucket.Name, Key: aws.String("companies/B/1")}); codeOfSDK(err) != "AccessDenied" {
		t.Errorf("another company's transcript: %v", err)
	}
}

func TestMessagesAndEventsArriveThroughTheSDK(t *testing.T) {
	t.Parallel()
	w := withEmulator(t)
	ctx := t.Context()
	region := "eu-central-1"
	queue, _ := w.system.QueueNamed("notifications")
	messages := sqs.New(sqs.Options{Region: region, BaseEndpoint: &w.url, Credentials: signedBy(w.as(t, "work-notifications")), RetryMaxAttempts: 1})
	receive := func(wait int32) int {
		t.Helper()
		out, err := messages.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &queue.URL, MaxNumberOfMessages: 10, WaitTimeSeconds: wait})
		if err != nil {
			t.Fatal(err)
		}
		return len(out.Messages)
	}
	// The SDK itself checks the body's MD5 in the answer.
	if _, err := messages.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &queue.URL, MessageBody: aws.String("später"), DelaySeconds: 60, MessageGroupId: aws.String("A")}); err != nil {
		t.Fatal(err)
	}
	if n := receive(0); n != 0 {
		t.Errorf("%d messages before their time", n)
	}
	w.advance(time.Minute)
	if err := w.Release(ctx); err != nil {
		t.Fatal(err)
	}
	if n := receive(5); n != 1 {
		t.Errorf("%d messages at their time", n)
	}

	bus := eventbridge.New(eventbridge.Options{Region: region, BaseEndpoint: &w.url, Credentials: signedBy(w.as(t, "stream-outbox")), RetryMaxAttempts: 1})
	event := eventtypes.PutEventsRequestEntry{EventBusName: &w.system.Bus.Name, Source: aws.String("askpro"), DetailType: aws.String("appointment.confirmed.v1"), Detail: aws.String(`{"company_id":"A"}`)}
	if out, err := bus.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []eventtypes.PutEventsRequestEntry{event}}); err != nil || out.FailedEntryCount != 0 {
		t.Fatalf("%+v, %v", out, err)
	}
	if n := receive(5); n != 1 {
		t.Errorf("%d events in the queue of their rule", n)
	}
	event.EventBusName = aws.String("other")
	if _, err := bus.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []eventtypes.PutEventsRequestEntry{event}}); codeOfSDK(err) != "AccessDeniedException" {
		t.Errorf("another bus: %v", err)
	}
}
