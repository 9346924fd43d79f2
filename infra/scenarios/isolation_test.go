package scenarios_test

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"github.com/askpro/gateway/infra/local/stacktest"
)

type issued struct{ AccessKeyID, SecretAccessKey, SessionToken string }

func clientOf(s *stacktest.Stack, c issued) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region: s.Env.Region, BaseEndpoint: s.Env.Endpoint("DYNAMODB"), HTTPClient: s.Env.HTTP, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken}, nil
		}),
	})
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func denied(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && api.ErrorCode() == "AccessDeniedException"
}

// every kind of request that touches a partition of the table.
func everyKind(table, pk string) map[string]func(context.Context, *dynamodb.Client) error {
	key := map[string]types.AttributeValue{"pk": text(pk), "sk": text("COMPANY")}
	item := map[string]types.AttributeValue{"pk": text(pk), "sk": text("PROBE")}
	set, one := aws.String("SET a = :a"), map[string]types.AttributeValue{":a": text("x")}
	transact := func(w types.TransactWriteItem) func(context.Context, *dynamodb.Client) error {
		return func(ctx context.Context, c *dynamodb.Client) error {
			_, err := c.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{w}})
			return err
		}
	}
	return map[string]func(context.Context, *dynamodb.Client) error{
		"get": func(ctx context.Context, c *dynamodb.Client) error {
			_, err := c.GetItem(ctx, &dynamodb.GetItemInput{TableName: &table, Key: key})
			return err
		},
		"query": func(ctx context.Context, c *dynamodb.Client) error {
			_, err := c.Query(ctx, &dynamodb.QueryInput{TableName: &table, KeyConditionExpression: aws.String("pk = :pk"), ExpressionAttributeValues: map[string]types.AttributeValue{":pk": text(pk)}})
			return err
		},
		"query of the index list": func(ctx context.Context, c *dynamodb.Client) error {
			_, err := c.Query(ctx, &dynamodb.QueryInput{TableName: &table, IndexName: aws.String("list"), KeyConditionExpression: aws.String("list_pk = :pk"), ExpressionAttributeValues: map[string]types.AttributeValue{":pk": text(pk + "#CALLS")}})
			return err
		},
		"batch get": func(ctx context.Context, c *dynamodb.Client) error {
			_, err := c.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{table: {Keys: []map[string]types.AttributeValue{key}}}})
			return err
		},
		"batch write": func(ctx context.Context, c *dynamodb.Client) error {
			_, err := c.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{table: {{PutRequest: &types.PutRequest{Item: item}}}}})
			return err
		},
		"put": func(ctx context.Context, c *dynamodb.Client) error {
			_, err := c.PutItem(ctx, &dynamodb.PutItemInput{TableName: &table, Item: item})
			return err
		},
		"update": func(ctx context.Context, c *dynamodb.Client) error {
			_, err := c.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &table, Key: key, UpdateExpression: set, ExpressionAttributeValues: one})
			return err
		},
		"delete": func(ctx context.Context, c *dynamodb.Client) error {
			_, err := c.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &table, Key: key})
			return err
		},
		"transaction, put":       transact(types.TransactWriteItem{Put: &types.Put{TableName: &table, Item: item}}),
		"transaction, update":    transact(types.TransactWriteItem{Update: &types.Update{TableName: &table, Key: key, UpdateExpression: set, ExpressionAttributeValues: one}}),
		"transaction, delete":    transact(types.TransactWriteItem{Delete: &types.Delete{TableName: &table, Key: key}}),
		"transaction, condition": transact(types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{TableName: &table, Key: key, ConditionExpression: aws.String("attribute_exists(pk)")}}),
		"transaction, get": func(ctx context.Context, c *dynamodb.Client) error {
			_, err := c.TransactGetItems(ctx, &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{{Get: &types.Get{TableName: &table, Key: key}}}})
			return err
		},
		"scan": func(ctx context.Context, c *dynamodb.Client) error {
			_, err := c.Scan(ctx, &dynamodb.ScanInput{TableName: &table})
			return err
		},
		"PartiQL": func(ctx context.Context, c *dynamodb.Client) error {
			_, err := c.ExecuteStatement(ctx, &dynamodb.ExecuteStatementInput{Statement: aws.String(`SELECT * FROM "` + table + `" WHERE pk = '` + pk + `'`)})
			return err
		},
	}
}

// §17.19: the company is part of every key and look-up, enforced by the database.
func TestTheDatabaseEnforcesTheCompany(t *testing.T) {
	t.Parallel()
	s := stacktest.Shared(t)
	a, b := s.NewCompany(t), s.NewCompany(t)
	for _, role := range []string{"TenantReadRole", "TenantWriteRole"} {
		var c issued
		s.Do(t, "POST", s.Local("session"), nil, map[string]string{"role": role, "company": a.ID.String()}, &c)
		client := clientOf(s, c)
		for _, pk := range []string{"COMPANY#" + b.ID.String(), "COMPANY#" + a.ID.String() + "X", "DIRECTORY#ROUTE#" + a.Slug, "DUE#0"} {
			for kind, do := range everyKind(s.Table, pk) {
				if err := do(t.Context(), client); !denied(err) {
					t.Errorf("%s, %s of %s: %v", role, kind, pk, err)
				}
			}
		}
		if err := everyKind(s.Table, "COMPANY#"+a.ID.String())["get"](t.Context(), client); err != nil {
			t.Errorf("%s, its own configuration: %v", role, err)
		}
	}
	// A transaction is judged item by item: one foreign key spoils it.
	var c issued
	s.Do(t, "POST", s.Local("session"), nil, map[string]string{"role": "TenantWriteRole", "company": a.ID.String()}, &c)
	_, err := clientOf(s, c).TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Put: &types.Put{TableName: &s.Table, Item: map[string]types.AttributeValue{"pk": text("COMPANY#" + a.ID.String() + "#ONCE#probe"), "sk": text("LEASE")}}},
		{Put: &types.Put{TableName: &s.Table, Item: map[string]types.AttributeValue{"pk": text("COMPANY#" + b.ID.String() + "#ONCE#probe"), "sk": text("LEASE")}}},
	}})
	if !denied(err) {
		t.Errorf("a transaction with one foreign item: %v", err)
	}
}

func TestAFunctionsOwnRoleReadsNoCompany(t *testing.T) {
	t.Parallel()
	s := stacktest.Shared(t)
	a := s.NewCompany(t)
	for _, function := range []string{"hook-retell-inbound", "hook-retell-events", "hook-retell-tools", "hook-calcom", "work-default", "work-notifications", "work-sync", "work-gateway", "stream-outbox", "cron-timers", "cron-rounds"} {
		var c issued
		s.Do(t, "POST", s.Local("session"), nil, map[string]string{"function": function}, &c)
		client := clientOf(s, c)
		for kind, do := range everyKind(s.Table, "COMPANY#"+a.ID.String()) {
			if err := do(t.Context(), client); !denied(err) {
				t.Errorf("%s, %s: %v", function, kind, err)
			}
		}
		// The first exception of design §3: cron-timers alone queries the index due, which holds keys only. The second, the
		// stream that stream-outbox reads, is no request of the function at all: the source mapping polls for it.
		_, err := client.Query(t.Context(), &dynamodb.QueryInput{TableName: &s.Table, IndexName: aws.String("due"), KeyConditionExpression: aws.String("due_pk = :pk"), ExpressionAttributeValues: map[string]types.AttributeValue{":pk": text("DUE#0")}})
		if (function == "cron-timers") != (err == nil) {
			t.Errorf("%s, the index due: %v", function, err)
		}
	}
}
