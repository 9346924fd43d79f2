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
	if err := s.newest(ctx, t, usageKey(t, r.Key()), r, r.Version, usageList(t), listSort(r.At, r.Reference)); err != nil {
		return fmt.Errorf("meter %s: %w", r.Meter, err)
	}
	return nil
}

// newest puts a record into a list, over an older one of the same key; an older one it leaves out.
func (s *Table) newest(ctx context.Context, t tenant.ID, k key, record any, v int, list, sort string) error {
	it, err := encode(k, record)
	if err != nil {
		return err
	}
	it[attrVersion] = num(int64(v))
	it[attrListPK], it[attrListSK] = str(list), str(sort)
	_, err = s.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &s.name, Item: it, ConditionExpression: aws.String("attribute_not_exists(pk) OR v <= :v"), ExpressionAttributeValues: item{":v": num(int64(v))},
	}, s.as(t))
	if err != nil && !failedCondition(err) {
		return err
	}
	return nil
}

// Resolve puts what a call was taken for over what was put of it before; of an older fact it leaves out.
func (s *Table) Resolve(ctx context.Context, t tenant.ID, r usage.Resolution) error {
	if err := s.newest(ctx, t, modeKey(t, r.CallID), r, r.Version, modesList(t), listSort(r.At, r.CallID)); err != nil {
		return fmt.Errorf("count a call's mode: %w", err)
	}
	return nil
}

// Resolved lists what the company's calls were taken for in [from, to), at most limit of them, in no order.
func (s *Table) Resolved(ctx context.Context, t tenant.ID, from, to time.Time, limit int) ([]usage.Resolution, error) {
	return within(ctx, s, t, modesList(t), func(id string) key { return modeKey(t, id) }, from, to, limit, func(r *usage.Resolution, v int) time.Time {
		r.Version = v
		return r.At
	})
}

// Metered lists the company's readings in [from, to), at most limit of them, in no order.
func (s *Table) Metered(ctx context.Context, t tenant.ID, from, to time.Time, limit int) ([]usage.Reading, error) {
	return within(ctx, s, t, usageList(t), func(id string) key { return usageKey(t, id) }, from, to, limit, func(r *usage.Reading, v int) time.Time {
		r.Version = v
		return r.At
	})
}

// within reads the records that newest put into a list, in [from, to). of gives a record its version and says its time.
func within[T any](ctx context.Context, s *Table, t tenant.ID, list string, at func(id string) key, from, to time.Time, limit int, of func(r *T, v int) time.Time) (found []T, err error) {
	ids, err := s.between(ctx, t, list, listSort(from, ""), listSort(to, ""), limit)
	if err != nil {
		return nil, err
	}
	err = s.many(ctx, t, ids, at, func(it item) error {
		var r T
		if err := decode(it, &r); err != nil {
			return err
		}
		if when := of(&r, version(it)); !when.Before(from) && when.Before(to) { // moved since the index was asked
			found = append(found, r)
		}
		return nil
	})
	return found, err
}

// CallsBetween lists the ids of the company's calls that began in [from, to), earliest first, at most limit of them.
func (s *Table) CallsBetween(ctx context.Context, t tenant.ID, from, to time.Time, limit int) ([]string, error) {
	return s.between(ctx, t, callsList(t), listSort(from, ""), listSort(to, ""), limit)
}

// CasesBetween lists the ids of the company's cases that were made in [from, to), earliest first, at most limit of them.
func (s *Table) CasesBetween(ctx context.Context, t tenant.ID, from, to time.Time, limit int) ([]string, error) {
	return s.between(ctx, t, casesList(t), listSort(from, ""), listSort(to, ""), limit)
}
