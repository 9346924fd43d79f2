package store

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/tenant"
)

// LeaseSlots lets one asker at a time fetch a list of slots; false when somebody else is at it.
func (s *Table) LeaseSlots(ctx context.Context, t tenant.ID, k booking.SlotKey, now, until time.Time) (bool, error) {
	_, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:           &s.name,
		Key:                 slotKey(t, k).item(),
		UpdateExpression:    aws.String("SET lease_until = :until, expires_at = if_not_exists(expires_at, :expires)"),
		ConditionExpression: aws.String("attribute_not_exists(lease_until) OR lease_until <= :now OR lease_until > :longest"),
		ExpressionAttributeValues: item{
			":until": num(until.Unix()), ":now": num(now.Unix()), ":expires": num(until.Add(slotLife).Unix()),
			// A lease from beyond any lease's length was set under another clock.
			":longest": num(until.Unix()),
		},
	}, s.as(t))
	if failedCondition(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("lease slots: %w", err)
	}
	return true, nil
}

// SaveSlots keeps fetched lists and ends their leases.
func (s *Table) SaveSlots(ctx context.Context, t tenant.ID, lists []booking.SlotDay) error {
	for _, d := range lists {
		it, err := encode(slotKey(t, booking.SlotKey{EventTypeID: d.EventTypeID, Date: d.Date}), d)
		if err != nil {
			return err
		}
		expires(time.Unix(d.FetchedAt, 0).Add(slotLife))(it)
		if err := s.putItem(ctx, t, it); err != nil {
			return fmt.Errorf("save slots: %w", err)
		}
	}
	return nil
}
