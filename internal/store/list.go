package store

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/askpro/gateway/internal/tenant"
)

// list reads the newest partition keys of a list: the index holds keys only, records are read by them.
func (s *Table) list(ctx context.Context, t tenant.ID, list string, limit int) ([]string, error) {
	out, err := s.client.Query(ctx, &dynamodb.QueryInput{
		TableName:                 &s.name,
		IndexName:                 aws.String("list"),
		KeyConditionExpression:    aws.String("list_pk = :pk"),
		ExpressionAttributeValues: item{":pk": str(list)},
		ScanIndexForward:          aws.Bool(false),
		Limit:                     aws.Int32(int32(limit)),
	}, s.as(t))
	if err != nil {
		return nil, fmt.Errorf("list: %w", err)
	}
	keys := make([]string, len(out.Items))
	for i, it := range out.Items {
		keys[i] = text(it, attrPK)
	}
	return keys, nil
}

// between reads the ids of a list's records whose sort key lies in [from, to), in order, all pages up to limit.
func (s *Table) between(ctx context.Context, t tenant.ID, list, from, to string, limit int) ([]string, error) {
	in := &dynamodb.QueryInput{
		TableName:                 &s.name,
		IndexName:                 aws.String("list"),
		KeyConditionExpression:    aws.String("list_pk = :pk AND list_sk BETWEEN :from AND :to"),
		ExpressionAttributeValues: item{":pk": str(list), ":from": str(from), ":to": str(to)},
	}
	var ids []string
	for len(ids) < limit {
		in.Limit = aws.Int32(int32(limit - len(ids)))
		out, err := s.client.Query(ctx, in, s.as(t))
		if err != nil {
			return nil, fmt.Errorf("list: %w", err)
		}
		for _, it := range out.Items {
			ids = append(ids, lastPart(text(it, attrPK)))
		}
		if len(out.LastEvaluatedKey) == 0 {
			break
		}
		in.ExclusiveStartKey = out.LastEvaluatedKey
	}
	return ids, nil
}
