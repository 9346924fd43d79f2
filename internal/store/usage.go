package store

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/askpro/gateway/internal/tenant"
	"github.com/askpro/gateway/internal/usage"
)

// Meter puts a reading over an older one of the same call or delivery; an older one it leaves out. Each is an item of its
// own in the index list, by its time: nothing is counted up that two could count at once.
func (s *Table) Meter(ctx context.Context, t tenant.ID, r usage.Reading) error {
	it, err := encode(usageKey(t, r.Key()), r)
	if err != nil {
		return err
	}
	it[attrVersion] = num(int64(r.Version))
	it[attrListPK], it[attrListSK] = str(usageList(t)), str(listSort(r.At, r.Reference))
	_, err = s.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &s.name, Item: it, ConditionExpression: aws.String("attribute_not_exists(pk) OR v <= :v"), ExpressionAttributeValues: item{":v": num(int64(r.Version))},
	}, s.as(t))
	if err != nil && !failedCondition(err) {
		return fmt.Errorf("meter %s: %w", r.Meter, err)
	}
	return nil
}

// Metered lists the company's readings in [from, to), at most limit of them, in no order.
func (s *Table) Metered(ctx context.Context, t tenant.ID, from, to time.Time, limit int) (list []usage.Reading, err error) {
	keys, err := s.between(ctx, t, usageList(t), listSort(from, ""), listSort(to, ""), limit)
	if err != nil {
		return nil, err
	}
	err = s.many(ctx, t, keys, func(k string) key { return usageKey(t, k) }, func(it item) error {
		r := usage.Reading{Version: version(it)}
		if err := decode(it, &r); err != nil {
			return err
		}
		if !r.At.Before(from) && r.At.Before(to) { // moved since the index was asked
			list = append(list, r)
		}
		return nil
	})
	return list, err
}

// CallsBetween lists the ids of the company's calls that began in [from, to), earliest first, at most limit of them.
func (s *Table) CallsBetween(ctx context.Context, t tenant.ID, from, to time.Time, limit int) ([]string, error) {
	return s.between(ctx, t, callsList(t), listSort(from, ""), listSort(to, ""), limit)
}

// CasesBetween lists the ids of the company's cases that were made in [from, to), earliest first, at most limit of them.
func (s *Table) CasesBetween(ctx context.Context, t tenant.ID, from, to time.Time, limit int) ([]string, error) {
	return s.between(ctx, t, casesList(t), listSort(from, ""), listSort(to, ""), limit)
}
