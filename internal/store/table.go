// Package store keeps AskPro's records in one DynamoDB table, partitioned by company. Its one rule: a company's items are
// touched only with that company's own session, so the database refuses what the code gets wrong. Keys have one home
// (keys.go), questions one list (patterns.go). It knows no business rule: what belongs together is a ledger.Step.
package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/tenant"
)

// schema is the version of the items written now; a reader upgrades what it reads.
const schema = 1

// Item attributes that are not the record's own.
const (
	attrPK, attrSK       = "pk", "sk"
	attrVersion          = "v"
	attrSchema           = "schema"
	attrExpires          = "expires_at"
	attrListPK           = "list_pk"
	attrListSK           = "list_sk"
	attrDuePK, attrDueAt = "due_pk", "due_at"
)

// Credentials gives the session of a company; *lambdakit.Sessions does.
type Credentials interface {
	For(t tenant.ID) aws.CredentialsProvider
}

// Table is one company's data at a time: every method says whose.
type Table struct {
	client   *dynamodb.Client
	sessions Credentials
	name     string
	now      func() time.Time
	configs  remembered[company.Config]
	desks    remembered[desk.Configuration]
}

// Open makes the table. Nothing is asked of AWS yet; the first request of a company gets its session.
func Open(env lambdakit.Env, sessions Credentials, name string, now func() time.Time) *Table {
	return &Table{client: client(env), sessions: sessions, name: name, now: now}
}

func client(env lambdakit.Env) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region:       env.Region,
		Credentials:  env.Credentials,
		HTTPClient:   env.HTTP,
		BaseEndpoint: env.Endpoint("DYNAMODB"),
		// A caller hears every retry as silence: three quick tries, then the tool's own sentence.
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts = 3
			o.MaxBackoff = 250 * time.Millisecond
		}),
		APIOptions: []func(*middleware.Stack) error{refused(lambdakit.Alarm)},
	})
}

// as makes one request in the company's session.
func (s *Table) as(t tenant.ID) func(*dynamodb.Options) {
	return func(o *dynamodb.Options) { o.Credentials = s.sessions.For(t) }
}

type item = map[string]types.AttributeValue

func str(v string) types.AttributeValue { return &types.AttributeValueMemberS{Value: v} }
func num(v int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(v, 10)}
}

func (k key) item() item { return item{attrPK: str(k.pk), attrSK: str(k.sk)} }

// The records carry json tags; the table stores them as native attributes under the same names.
func encode(k key, record any) (item, error) {
	it, err := attributevalue.MarshalMapWithOptions(record, func(o *attributevalue.EncoderOptions) {
		o.TagKey = "json"
		o.OmitEmptyTime = true
		o.NullEmptySets = true
	})
	if err != nil {
		return nil, fmt.Errorf("encode %s %s: %w", k.pk, k.sk, err)
	}
	for name, v := range it {
		if _, null := v.(*types.AttributeValueMemberNULL); null {
			delete(it, name)
		}
	}
	it[attrPK], it[attrSK], it[attrSchema] = str(k.pk), str(k.sk), num(schema)
	return it, nil
}

// encodeValue writes one attribute as records are written.
func encodeValue(v any) (types.AttributeValue, error) {
	out, err := attributevalue.MarshalWithOptions(v, func(o *attributevalue.EncoderOptions) {
		o.TagKey = "json"
		o.OmitEmptyTime = true
	})
	if err != nil {
		return nil, fmt.Errorf("encode a value: %w", err)
	}
	return out, nil
}

func decode(it item, record any) error {
	return attributevalue.UnmarshalMapWithOptions(it, record, func(o *attributevalue.DecoderOptions) { o.TagKey = "json" })
}

func text(it item, name string) string {
	if v, ok := it[name].(*types.AttributeValueMemberS); ok {
		return v.Value
	}
	return ""
}

func number(it item, name string) int64 {
	if v, ok := it[name].(*types.AttributeValueMemberN); ok {
		n, _ := strconv.ParseInt(v.Value, 10, 64)
		return n
	}
	return 0
}

func version(it item) int { return int(number(it, attrVersion)) }

// get reads one item strongly; nil when there is none.
func (s *Table) get(ctx context.Context, t tenant.ID, k key) (item, error) {
	out, err := s.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &s.name, Key: k.item(), ConsistentRead: aws.Bool(true),
	}, s.as(t))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", k.sk, err)
	}
	return out.Item, nil
}

// batch reads up to 100 items strongly, in no order. Keys the database leaves unprocessed are asked for again.
func (s *Table) batch(ctx context.Context, t tenant.ID, keys []key) ([]item, error) {
	asked := make([]item, len(keys))
	for i, k := range keys {
		asked[i] = k.item()
	}
	var found []item
	for try := 0; len(asked) > 0; try++ {
		if try > 0 {
			if err := pause(ctx, try); err != nil {
				return nil, err
			}
		}
		out, err := s.client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{
			RequestItems: map[string]types.KeysAndAttributes{s.name: {Keys: asked, ConsistentRead: aws.Bool(true)}},
		}, s.as(t))
		if err != nil {
			return nil, fmt.Errorf("read %d items: %w", len(asked), err)
		}
		found = append(found, out.Responses[s.name]...)
		asked = out.UnprocessedKeys[s.name].Keys
	}
	return found, nil
}

// query reads a partition from a sort-key prefix on, all pages: only for partitions that are small by nature.
func (s *Table) query(ctx context.Context, t tenant.ID, pk, prefix string) ([]item, error) {
	in := &dynamodb.QueryInput{
		TableName:                 &s.name,
		KeyConditionExpression:    aws.String("pk = :pk"),
		ExpressionAttributeValues: item{":pk": str(pk)},
		ConsistentRead:            aws.Bool(true),
	}
	if prefix != "" {
		in.KeyConditionExpression = aws.String("pk = :pk AND begins_with(sk, :sk)")
		in.ExpressionAttributeValues[":sk"] = str(prefix)
	}
	var found []item
	for {
		out, err := s.client.Query(ctx, in, s.as(t))
		if err != nil {
			return nil, fmt.Errorf("read the collection: %w", err)
		}
		found = append(found, out.Items...)
		if len(out.LastEvaluatedKey) == 0 {
			return found, nil
		}
		in.ExclusiveStartKey = out.LastEvaluatedKey
	}
}

// pause waits a little before try number try, within the request's time.
func pause(ctx context.Context, try int) error {
	limit := min(15*time.Millisecond<<min(try, 4), 200*time.Millisecond)
	timer := time.NewTimer(limit/2 + rand.N(limit/2))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// failedCondition tells whether a single write was refused by its condition.
func failedCondition(err error) bool {
	var refused *types.ConditionalCheckFailedException
	return errors.As(err, &refused)
}
