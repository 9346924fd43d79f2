package store

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/askpro/gateway/internal/tenant"
)

// ClaimOnce lets one in per lease, so that what many come upon is said once; all others get ErrLeased.
func (s *Table) ClaimOnce(ctx context.Context, t tenant.ID, name string, lease time.Duration) error {
	now := s.now()
	_, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 &s.name,
		Key:                       onceKey(t, name).item(),
		UpdateExpression:          aws.String("SET lease_until = :until, expires_at = :until"),
		ConditionExpression:       aws.String("attribute_not_exists(lease_until) OR lease_until <= :now"),
		ExpressionAttributeValues: item{":until": num(now.Add(lease).Unix()), ":now": num(now.Unix())},
	}, s.as(t))
	if failedCondition(err) {
		return ErrLeased
	}
	if err != nil {
		return fmt.Errorf("claim %s: %w", name, err)
	}
	return nil
}
