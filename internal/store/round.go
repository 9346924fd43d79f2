package store

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/reconcile"
	"github.com/askpro/gateway/internal/tenant"
)

// tallyLife is how long the counts of an hour are kept.
const tallyLife = 72 * time.Hour

// Round is how far the rounds of a company have come; one that had none has an empty state of version 0.
func (s *Table) Round(ctx context.Context, t tenant.ID) (reconcile.State, error) {
	x, v, _, err := one[reconcile.State](ctx, s, t, roundKey(t), "round")
	x.Version = v
	return x, err
}

// SaveRound keeps it, over what was read; a *ledger.Conflict when somebody else was faster.
func (s *Table) SaveRound(ctx context.Context, t tenant.ID, x *reconcile.State) error {
	w := s.put("round", roundKey(t), x, x.Version)
	if w.err != nil {
		return w.err
	}
	p := w.item.Put
	_, err := s.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: p.TableName, Item: p.Item, ConditionExpression: p.ConditionExpression, ExpressionAttributeValues: p.ExpressionAttributeValues,
	}, s.as(t))
	if failedCondition(err) {
		return &ledger.Conflict{On: []string{"round"}}
	}
	if err != nil {
		return fmt.Errorf("save the round: %w", err)
	}
	x.Version++
	return nil
}

// SaveReport keeps the report of the last comparison.
func (s *Table) SaveReport(ctx context.Context, t tenant.ID, r reconcile.Report) error {
	it, err := encode(reportKey(t, r.Kind), r)
	if err != nil {
		return err
	}
	if err := s.putItem(ctx, t, it); err != nil {
		return fmt.Errorf("save the report: %w", err)
	}
	return nil
}

// Report of the last comparison; false when there was none yet.
func (s *Table) Report(ctx context.Context, t tenant.ID, kind string) (reconcile.Report, bool, error) {
	r, _, ok, err := one[reconcile.Report](ctx, s, t, reportKey(t, kind), "report")
	return r, ok, err
}

// Claims of many uids, a hundred in one request. What is not claimed is missing.
func (s *Table) Claims(ctx context.Context, t tenant.ID, uids []string) (map[string]booking.Claim, error) {
	claims := map[string]booking.Claim{}
	err := s.many(ctx, t, uids, func(uid string) key { return claimKey(t, uid) }, func(it item) error {
		c := booking.Claim{Version: version(it)}
		if err := decode(it, &c); err != nil {
			return err
		}
		claims[c.UID] = c
		return nil
	})
	return claims, err
}

// Appointments by their ids, a hundred in one request, in no order. One that does not exist is missing.
func (s *Table) Appointments(ctx context.Context, t tenant.ID, ids []string) (list []booking.Appointment, err error) {
	err = s.many(ctx, t, ids, func(id string) key { return appointmentKey(t, id) }, func(it item) error {
		a := booking.Appointment{Version: version(it)}
		if err := decode(it, &a); err != nil {
			return err
		}
		list = append(list, a)
		return nil
	})
	return list, err
}

// many reads records by ids in batches; empty and repeated ids are left out.
func (s *Table) many(ctx context.Context, t tenant.ID, ids []string, of func(string) key, take func(item) error) error {
	asked := map[string]bool{"": true}
	var keys []key
	for _, id := range ids {
		if !asked[id] {
			asked[id] = true
			keys = append(keys, of(id))
		}
	}
	for len(keys) > 0 {
		n := min(len(keys), 100) // BatchGetItem's limit
		items, err := s.batch(ctx, t, keys[:n])
		if err != nil {
			return err
		}
		for _, it := range items {
			if err := take(it); err != nil {
				return err
			}
		}
		keys = keys[n:]
	}
	return nil
}

// Watched lists the company's troubled appointments.
func (s *Table) Watched(ctx context.Context, t tenant.ID) ([]booking.Watched, error) {
	items, err := s.query(ctx, t, watchPartition(t), watchPrefix)
	if err != nil {
		return nil, err
	}
	out := make([]booking.Watched, len(items))
	for i, it := range items {
		if err := decode(it, &out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Tally counts a booking that the calendar took, or did not, in its hour. A repeated message may count twice: it is a rate.
func (s *Table) Tally(ctx context.Context, t tenant.ID, at time.Time, took bool) error {
	name := "failed"
	if took {
		name = "took"
	}
	_, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.name, Key: tallyKey(t, at).item(), UpdateExpression: aws.String("SET expires_at = :expires ADD #n :one"),
		ExpressionAttributeNames: map[string]string{"#n": name}, ExpressionAttributeValues: item{":one": num(1), ":expires": num(at.Add(tallyLife).Unix())},
	}, s.as(t))
	if err != nil {
		return fmt.Errorf("count a booking: %w", err)
	}
	return nil
}

// Tallied counts the bookings since an instant, by the hour.
func (s *Table) Tallied(ctx context.Context, t tenant.ID, since time.Time) (took, failed int, err error) {
	out, err := s.client.Query(ctx, &dynamodb.QueryInput{
		TableName: &s.name, KeyConditionExpression: aws.String("pk = :pk AND sk BETWEEN :from AND :to"),
		ExpressionAttributeValues: item{":pk": str(tallyPartition(t)), ":from": str(tallyHour(since)), ":to": str(tallyHour(s.now()))},
	}, s.as(t))
	if err != nil {
		return 0, 0, fmt.Errorf("count the bookings: %w", err)
	}
	for _, it := range out.Items {
		took, failed = took+int(number(it, "took")), failed+int(number(it, "failed"))
	}
	return took, failed, nil
}
