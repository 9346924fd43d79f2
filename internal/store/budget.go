package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// One item per Cal.com key holds what all functions must know of it. Its attributes change apart from each other: a lease
// meets leases only, a breaker its own group.
const (
	attrUntil    = "until" // rests
	attrTick     = "tick"
	attrUsed     = "used"
	attrJobs     = "jobs"
	attrPast     = "past"
	attrBreaker  = "breaker_" // and the group
	keyStateLife = 24 * time.Hour
)

func keyState(it item) ledger.KeyState {
	k := ledger.KeyState{Tick: number(it, attrTick), Spent: ledger.Spent{Used: int(number(it, attrUsed)), Jobs: int(number(it, attrJobs))}}
	if until := number(it, attrUntil); until > 0 {
		k.RestUntil = time.Unix(until, 0).UTC()
	}
	asJSON := func(o *attributevalue.DecoderOptions) { o.TagKey = "json" }
	_ = attributevalue.UnmarshalWithOptions(it[attrPast], &k.Past, asJSON) // what cannot be read counts as nothing
	for name, v := range it {
		if group, is := strings.CutPrefix(name, attrBreaker); is {
			var b ledger.Breaker
			if attributevalue.UnmarshalWithOptions(v, &b, asJSON) == nil {
				if k.Breakers == nil {
					k.Breakers = map[string]ledger.Breaker{}
				}
				k.Breakers[group] = b
			}
		}
	}
	return k
}

// Lease takes requests out of a key's budget. Not granted: others have leased meanwhile, so that the state is another one.
func (s *Table) Lease(ctx context.Context, t tenant.ID, key string, l ledger.Lease) (granted bool, now ledger.KeyState, err error) {
	values := item{":tick": num(l.Tick), ":n": num(int64(l.Take.Used)), ":j": num(int64(l.Take.Jobs))}
	in := &dynamodb.UpdateItemInput{}
	if l.Turn == nil {
		in.UpdateExpression = aws.String("SET expires_at = :expires ADD used :n, jobs :j")
		in.ConditionExpression = aws.String("tick = :tick AND used <= :most")
		values[":most"] = num(int64(l.Most.Used))
		if l.Take.Jobs > 0 {
			in.ConditionExpression = aws.String("tick = :tick AND used <= :most AND jobs <= :mostjobs")
			values[":mostjobs"] = num(int64(l.Most.Jobs))
		}
	} else {
		past, err := attributevalue.MarshalWithOptions(l.Past, func(o *attributevalue.EncoderOptions) { o.TagKey = "json" })
		if err != nil {
			return false, ledger.KeyState{}, err
		}
		values[":past"] = past
		in.UpdateExpression = aws.String("SET expires_at = :expires, tick = :tick, used = :n, jobs = :j, past = :past")
		in.ConditionExpression = aws.String("attribute_not_exists(tick)")
		if l.Turn.Tick != 0 {
			in.ConditionExpression = aws.String("tick = :old AND used = :oldused AND jobs = :oldjobs")
			values[":old"], values[":oldused"], values[":oldjobs"] = num(l.Turn.Tick), num(int64(l.Turn.Used)), num(int64(l.Turn.Jobs))
		}
	}
	in.ExpressionAttributeValues = values
	granted, now, err = s.updateKey(ctx, t, key, in)
	if err != nil {
		return false, now, fmt.Errorf("lease requests of the calendar's key: %w", err)
	}
	return granted, now, nil
}

// Trip changes the breaker of one group. Not done: somebody else was faster.
func (s *Table) Trip(ctx context.Context, t tenant.ID, key, group string, from, to ledger.Breaker) (done bool, now ledger.KeyState, err error) {
	as := func(b ledger.Breaker) (types.AttributeValue, error) {
		return attributevalue.MarshalWithOptions(b, func(o *attributevalue.EncoderOptions) { o.TagKey = "json" })
	}
	in := &dynamodb.UpdateItemInput{
		UpdateExpression: aws.String("SET expires_at = :expires, #b = :to"), ConditionExpression: aws.String("attribute_not_exists(#b)"),
		ExpressionAttributeNames: map[string]string{"#b": attrBreaker + group}, ExpressionAttributeValues: item{},
	}
	if from != (ledger.Breaker{}) {
		v, err := as(from)
		if err != nil {
			return false, now, err
		}
		in.ConditionExpression, in.ExpressionAttributeValues[":from"] = aws.String("#b = :from"), v
	}
	if to == (ledger.Breaker{}) {
		in.UpdateExpression = aws.String("SET expires_at = :expires REMOVE #b")
	} else {
		v, err := as(to)
		if err != nil {
			return false, now, err
		}
		in.ExpressionAttributeValues[":to"] = v
	}
	done, now, err = s.updateKey(ctx, t, key, in)
	if err != nil {
		return false, now, fmt.Errorf("note the calendar's failures: %w", err)
	}
	return done, now, nil
}

// Rest keeps a Cal.com key quiet until a time (it answered 429).
func (s *Table) Rest(ctx context.Context, t tenant.ID, key string, until time.Time) error {
	_, _, err := s.updateKey(ctx, t, key, &dynamodb.UpdateItemInput{
		UpdateExpression: aws.String("SET expires_at = :expires, #until = :until"), ExpressionAttributeNames: map[string]string{"#until": attrUntil},
		ExpressionAttributeValues: item{":until": num(until.Unix())},
	})
	if err != nil {
		return fmt.Errorf("note the calendar's rest: %w", err)
	}
	return nil
}

// updateKey changes a key's item and reads it in the same request; done is false when the condition was not met.
func (s *Table) updateKey(ctx context.Context, t tenant.ID, key string, in *dynamodb.UpdateItemInput) (done bool, now ledger.KeyState, err error) {
	in.TableName, in.Key = &s.name, restKey(t, key).item()
	in.ReturnValues, in.ReturnValuesOnConditionCheckFailure = types.ReturnValueAllNew, types.ReturnValuesOnConditionCheckFailureAllOld
	in.ExpressionAttributeValues[":expires"] = num(s.now().Add(keyStateLife).Unix())
	out, err := s.client.UpdateItem(ctx, in, s.as(t))
	var refused *types.ConditionalCheckFailedException
	switch {
	case err == nil:
		return true, keyState(out.Attributes), nil
	case errors.As(err, &refused):
		return false, keyState(refused.Item), nil
	}
	return false, now, err
}
