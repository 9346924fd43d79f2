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

// Rest keeps a Cal.com key quiet until a time (it answered 429). All functions of the company see it.
func (s *Table) Rest(ctx context.Context, t tenant.ID, ref string, until time.Time) error {
	it := restKey(t, ref).item()
	it["until"] = num(until.Unix())
	expires(until.Add(time.Hour))(it)
	if err := s.putItem(ctx, t, it); err != nil {
		return fmt.Errorf("note the calendar's rest: %w", err)
	}
	return nil
}

// RestUntil is when a Cal.com key may be used again; zero: at once.
func (s *Table) RestUntil(ctx context.Context, t tenant.ID, ref string) (time.Time, error) {
	it, err := s.get(ctx, t, restKey(t, ref))
	if err != nil || it == nil {
		return time.Time{}, err
	}
	return time.Unix(number(it, "until"), 0).UTC(), nil
}
