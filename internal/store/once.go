package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/askpro/gateway/internal/tenant"
)

// Errors of Once.
var (
	// ErrSealed: it was done before; a second delivery has nothing left to do.
	ErrSealed = errors.New("done before")
	// ErrLeased: somebody is at it; try again when their lease has lapsed.
	ErrLeased = errors.New("somebody is at it")
)

const onceLife = 14 * 24 * time.Hour

// ClaimOnce leases a once-key to the caller. A lapsed lease lets the next try in; SealOnce ends it.
func (s *Table) ClaimOnce(ctx context.Context, t tenant.ID, name string, lease time.Duration) error {
	now := s.now()
	_, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:           &s.name,
		Key:                 onceKey(t, name).item(),
		UpdateExpression:    aws.String("SET lease_until = :until, expires_at = :expires ADD tries :one"),
		ConditionExpression: aws.String("attribute_not_exists(sealed_at) AND (attribute_not_exists(lease_until) OR lease_until <= :now)"),
		ExpressionAttributeValues: item{
			":until": num(now.Add(lease).Unix()), ":now": num(now.Unix()), ":expires": num(now.Add(onceLife).Unix()), ":one": num(1),
		},
	}, s.as(t))
	if !failedCondition(err) {
		if err != nil {
			return fmt.Errorf("claim %s: %w", name, err)
		}
		return nil
	}
	it, err := s.get(ctx, t, onceKey(t, name))
	if err != nil {
		return err
	}
	if number(it, "sealed_at") > 0 {
		return ErrSealed
	}
	return ErrLeased
}

// SealOnce says that it was done, with what came of it (a provider's id).
func (s *Table) SealOnce(ctx context.Context, t tenant.ID, name, result string) error {
	_, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:        &s.name,
		Key:              onceKey(t, name).item(),
		UpdateExpression: aws.String("SET sealed_at = :now, outcome = :result REMOVE lease_until"),
		ExpressionAttributeValues: item{
			":now": num(s.now().Unix()), ":result": str(result),
		},
	}, s.as(t))
	if err != nil {
		return fmt.Errorf("seal %s: %w", name, err)
	}
	return nil
}

// FreeOnce gives a claim back after a failure that surely did nothing, so that the next try need not wait.
func (s *Table) FreeOnce(ctx context.Context, t tenant.ID, name string) error {
	_, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 &s.name,
		Key:                       onceKey(t, name).item(),
		UpdateExpression:          aws.String("REMOVE lease_until"),
		ConditionExpression:       aws.String("attribute_exists(pk)"),
		ExpressionAttributeValues: nil,
	}, s.as(t))
	if err != nil && !failedCondition(err) {
		return fmt.Errorf("free %s: %w", name, err)
	}
	return nil
}
