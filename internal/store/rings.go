package store

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/askpro/gateway/internal/audit"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/signing"
	"github.com/askpro/gateway/internal/tenant"
)

// Ring is the sealed ring of an output or endpoint; false until somebody rotates its secret.
func (s *Table) Ring(ctx context.Context, t tenant.ID, id string) (signing.Record, bool, error) {
	r, v, ok, err := one[signing.Record](ctx, s, t, ringKey(t, id), "ring")
	r.Version = v
	return r, ok, err
}

// SaveRing writes a ring over what was read, with the event that tells of it and its line in the trail.
func (s *Table) SaveRing(ctx context.Context, t tenant.ID, r *signing.Record, e event.EndpointSecretRotated) error {
	told, err := s.event(t, e, s.now())
	if err != nil {
		return err
	}
	if err := s.chained(ctx, t, []write{s.put("ring", ringKey(t, r.ID), r, r.Version), told}, []audit.Entry{audit.Rotated(e)}); err != nil {
		return err
	}
	r.Version++
	return nil
}

// UseRing notes that a ring signed, both that its secrets did, unless a use was noted since before. The ring stays the
// version that it is.
func (s *Table) UseRing(ctx context.Context, t tenant.ID, id string, both bool, when, before time.Time) error {
	set := "SET current_used = :at"
	if both {
		set += ", previous_used = :at"
	}
	_, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.name, Key: ringKey(t, id).item(),
		UpdateExpression:          aws.String(set),
		ConditionExpression:       aws.String("attribute_exists(pk) AND (attribute_not_exists(current_used) OR current_used <= :before)"),
		ExpressionAttributeValues: item{":at": str(instant(when)), ":before": str(instant(before))},
	}, s.as(t))
	if err != nil && !failedCondition(err) {
		return fmt.Errorf("note the use of a ring: %w", err)
	}
	return nil
}
