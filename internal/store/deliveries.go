package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/notify"
	"github.com/askpro/gateway/internal/tenant"
)

// Errors of ClaimDelivery.
var (
	// ErrSealed: the message has reached its end; a second delivery of the fact has nothing left to do.
	ErrSealed = errors.New("done before")
	// ErrLeased: somebody is at it, or its pause is not over.
	ErrLeased = errors.New("not now")
)

// ClaimDelivery takes a message for one attempt and returns it as it then stands; with ErrLeased as it stands meanwhile.
// A lapsed lease lets the next attempt in.
func (s *Table) ClaimDelivery(ctx context.Context, t tenant.ID, d notify.Delivery, lease time.Duration) (notify.Delivery, error) {
	now := s.now().UTC()
	values := item{
		":one": num(1), ":now": str(instant(now)), ":until": str(instant(now.Add(lease))), ":processing": str(string(notify.Processing)), ":schema": num(schema),
		":event": str(string(d.Event)), ":version": str(d.Version), ":channel": str(string(d.Channel)), ":recipient": str(d.Recipient),
	}
	told := ""
	if d.Told != nil {
		told = ", told = if_not_exists(told, :told)"
		values[":told"] = &types.AttributeValueMemberM{Value: item{"name": str(d.Told.Name), "detail": str(d.Told.Detail)}}
	}
	ends := endsIn(values)
	out, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.name,
		Key:       deliveryKey(t, d).item(),
		UpdateExpression: aws.String("SET #status = :processing, #until = :until, updated_at = :now, created_at = if_not_exists(created_at, :now), #schema = :schema, " +
			"#event = :event, version = :version, channel = :channel, recipient = :recipient" + told + " ADD tries :one"),
		ConditionExpression:                 aws.String("attribute_not_exists(#status) OR (NOT #status IN (" + ends + ") AND (attribute_not_exists(#until) OR #until <= :now))"),
		ExpressionAttributeNames:            map[string]string{"#status": "status", "#until": "until", "#schema": attrSchema, "#event": "event"},
		ExpressionAttributeValues:           values,
		ReturnValues:                        types.ReturnValueAllNew,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}, s.as(t))
	var refused *types.ConditionalCheckFailedException
	switch {
	case err == nil:
		return deliveryOf(out.Attributes, d.Kind, d.About)
	case !errors.As(err, &refused):
		return d, fmt.Errorf("claim a message: %w", err)
	}
	old, err := deliveryOf(refused.Item, d.Kind, d.About)
	if err != nil {
		return d, err
	}
	for _, end := range notify.Ends {
		if old.Status == end {
			return old, ErrSealed
		}
	}
	return old, ErrLeased
}

// endsIn gives the ends' names in an expression, and their values.
func endsIn(values item) string {
	names := make([]string, len(notify.Ends))
	for i, end := range notify.Ends {
		names[i] = fmt.Sprintf(":end%d", i)
		values[names[i]] = str(string(end))
	}
	return strings.Join(names, ", ")
}

// instant writes times so that they compare as texts.
func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func deliveryOf(it item, kind ledger.Kind, about string) (notify.Delivery, error) {
	d := notify.Delivery{}
	if err := decode(it, &d); err != nil {
		return d, fmt.Errorf("message: %w", err)
	}
	d.Kind, d.About = kind, about
	return d, nil
}

// SaveDelivery writes down what came of an attempt, unless a later one has begun since, or the provider has told more than
// the attempt knows: then that counts.
func (s *Table) SaveDelivery(ctx context.Context, t tenant.ID, d notify.Delivery) error {
	until, remove := "", " REMOVE #until"
	values := item{":status": str(string(d.Status)), ":now": str(instant(s.now())), ":failures": num(int64(d.Failures)), ":via": str(string(d.Via)), ":id": str(d.ProviderID), ":tries": num(int64(d.Tries))}
	if !d.Until.IsZero() {
		until, remove = ", #until = :until", ""
		values[":until"] = str(instant(d.Until))
	}
	_, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 &s.name,
		Key:                       deliveryKey(t, d).item(),
		UpdateExpression:          aws.String("SET #status = :status, updated_at = :now, failures = :failures, via = :via, provider_id = :id" + until + remove),
		ConditionExpression:       aws.String("tries = :tries AND NOT #status IN (" + endsIn(values) + ")"),
		ExpressionAttributeNames:  map[string]string{"#status": "status", "#until": "until"},
		ExpressionAttributeValues: values,
	}, s.as(t))
	if err != nil && !failedCondition(err) {
		return fmt.Errorf("write down a message: %w", err)
	}
	return nil
}

// Delivery is a message by what names it.
func (s *Table) Delivery(ctx context.Context, t tenant.ID, d notify.Delivery) (notify.Delivery, bool, error) {
	it, err := s.get(ctx, t, deliveryKey(t, d))
	if err != nil || it == nil {
		return d, false, err
	}
	found, err := deliveryOf(it, d.Kind, d.About)
	return found, err == nil, err
}

// SaveReceipt writes down what a provider said of a message that stands as it was; ErrLeased where it does not any more.
func (s *Table) SaveReceipt(ctx context.Context, t tenant.ID, was, next notify.Delivery) error {
	set, remove := "", " REMOVE #until"
	values := item{
		":was": str(string(was.Status)), ":tries": num(int64(was.Tries)), ":status": str(string(next.Status)), ":now": str(instant(s.now())), ":via": str(string(next.Via)), ":id": str(next.ProviderID),
		":cost": num(next.CostMicroUSD), ":next": num(int64(next.Tries)),
	}
	if len(next.Returned) > 0 {
		set += ", returned = :returned"
		values[":returned"] = texts(next.Returned)
	}
	if !next.Until.IsZero() {
		set, remove = set+", #until = :until", ""
		values[":until"] = str(instant(next.Until))
	}
	_, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 &s.name,
		Key:                       deliveryKey(t, was).item(),
		UpdateExpression:          aws.String("SET #status = :status, updated_at = :now, via = :via, provider_id = :id, cost_micro_usd = :cost, tries = :next" + set + remove),
		ConditionExpression:       aws.String("#status = :was AND tries = :tries"),
		ExpressionAttributeNames:  map[string]string{"#status": "status", "#until": "until"},
		ExpressionAttributeValues: values,
	}, s.as(t))
	if failedCondition(err) {
		return ErrLeased
	}
	if err != nil {
		return fmt.Errorf("write down a receipt: %w", err)
	}
	return nil
}

// texts is a list of them.
func texts[S ~string](list []S) *types.AttributeValueMemberL {
	out := &types.AttributeValueMemberL{Value: make([]types.AttributeValue, len(list))}
	for i, x := range list {
		out.Value[i] = str(string(x))
	}
	return out
}

// Deliveries are the messages about an aggregate, by event and version.
func (s *Table) Deliveries(ctx context.Context, t tenant.ID, kind ledger.Kind, about string) ([]notify.Delivery, error) {
	items, err := s.query(ctx, t, deliveriesPartition(t, kind, about), messagePrefix)
	if err != nil {
		return nil, err
	}
	out := make([]notify.Delivery, len(items))
	for i, it := range items {
		if out[i], err = deliveryOf(it, kind, about); err != nil {
			return nil, err
		}
	}
	return out, nil
}
