package store

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/askpro/gateway/internal/notify"
	"github.com/askpro/gateway/internal/tenant"
)

// AddNotice keeps a notice for as long as it lives; one that is there stays as it is, read or not.
func (s *Table) AddNotice(ctx context.Context, t tenant.ID, x notify.Notice) error {
	it, err := encode(noticeKey(t, x), x)
	if err != nil {
		return err
	}
	expires(x.At.Add(notify.NoticeLife))(it)
	_, err = s.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &s.name, Item: it, ConditionExpression: aws.String("attribute_not_exists(pk)")}, s.as(t))
	if err != nil && !failedCondition(err) {
		return fmt.Errorf("keep a notice: %w", err)
	}
	return nil
}

// Notices of a member of staff before an instant, newest first, at most limit.
func (s *Table) Notices(ctx context.Context, t tenant.ID, userID string, before time.Time, limit int) ([]notify.Notice, error) {
	out, err := s.client.Query(ctx, &dynamodb.QueryInput{
		TableName: &s.name, KeyConditionExpression: aws.String("pk = :pk AND sk BETWEEN :from AND :to"),
		ExpressionAttributeValues: item{
			":pk": str(noticesPartition(t, userID)), ":from": str(noticePrefix + listSort(s.now().Add(-notify.NoticeLife), "")), ":to": str(noticePrefix + listSort(before, "")),
		},
		ScanIndexForward: aws.Bool(false), Limit: aws.Int32(int32(limit)), ConsistentRead: aws.Bool(true),
	}, s.as(t))
	if err != nil {
		return nil, fmt.Errorf("read notices: %w", err)
	}
	list := make([]notify.Notice, len(out.Items))
	for i, it := range out.Items {
		if err := decode(it, &list[i]); err != nil {
			return nil, fmt.Errorf("notice: %w", err)
		}
	}
	return list, nil
}

// ReadNotice notes that a notice was read; the first time counts.
func (s *Table) ReadNotice(ctx context.Context, t tenant.ID, x notify.Notice) error {
	_, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.name, Key: noticeKey(t, x).item(), UpdateExpression: aws.String("SET read_at = if_not_exists(read_at, :now)"),
		ConditionExpression: aws.String("attribute_exists(pk)"), ExpressionAttributeValues: item{":now": str(s.now().UTC().Format(time.RFC3339Nano))},
	}, s.as(t))
	if err != nil && !failedCondition(err) {
		return fmt.Errorf("note that a notice was read: %w", err)
	}
	return nil
}
