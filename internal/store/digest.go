package store

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// DigestTimer names the timer of a company's digests. One of them stands while something is to be told.
const DigestTimer = "digest"

// failureLife is how long it is known that a failure was told. Its fact is not told again after so long.
const failureLife = 30 * 24 * time.Hour

// Digest is how the company's digests stand, with the version; empty, version 0, before anything failed.
func (s *Table) Digest(ctx context.Context, t tenant.ID) (delivery.Digest, int, error) {
	d, v, _, err := one[delivery.Digest](ctx, s, t, digestKey(t), "digest")
	return d, v, err
}

// SaveDigest keeps that over the version that was read, and sets the timer or clears it; false when somebody else was
// faster. It costs four write units, and one or two for the timer in the index due.
func (s *Table) SaveDigest(ctx context.Context, t tenant.ID, d delivery.Digest, version int) (bool, error) {
	return s.faster(s.transact(ctx, t, s.digest(t, d, version)))
}

// AddFailure puts a failure into the open digest of d, where it is in none yet, as long as version is still the one; false
// when somebody else was faster. moved says that d is not as it was read. It costs six write units, the first failure of an
// hour nine.
func (s *Table) AddFailure(ctx context.Context, t tenant.ID, f delivery.Failure, d delivery.Digest, version int, moved bool) (bool, error) {
	until := expires(s.now().Add(failureLife))
	w := []write{
		s.put("failure", failedKey(t, f.DeliveryID), map[string]int{"digest": d.Open}, 0, until),
		s.add("entry", failureKey(t, d.Open, f), f, until),
	}
	if moved {
		w = append(w, s.digest(t, d, version)...)
	} else {
		w = append(w, write{name: "digest", item: types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
			TableName: &s.name, Key: digestKey(t).item(), ConditionExpression: aws.String("v = :v"), ExpressionAttributeValues: item{":v": num(int64(version))},
		}}})
	}
	err := s.transact(ctx, t, w)
	if ledger.ConflictOn(err, "failure") { // told before
		return true, nil
	}
	return s.faster(err)
}

func (s *Table) digest(t tenant.ID, d delivery.Digest, version int) []write {
	timer := ledger.Timer{Kind: ledger.OfDigest, About: digestState, Queue: "gateway", Name: DigestTimer, DueAt: d.WakeAt()}
	w := []write{s.put("digest", digestKey(t), d, version)}
	if timer.DueAt.IsZero() {
		return append(w, write{name: "timer", item: types.TransactWriteItem{Delete: &types.Delete{TableName: &s.name, Key: timerKey(t, timer).item()}}})
	}
	return append(w, s.timer(t, timer))
}

// faster makes of a conflict that somebody else was faster.
func (s *Table) faster(err error) (bool, error) {
	if ledger.ConflictOn(err) {
		return false, nil
	}
	return err == nil, err
}

// Failures of a digest, earliest first, at most limit.
func (s *Table) Failures(ctx context.Context, t tenant.ID, digest, limit int) ([]delivery.Failure, error) {
	items, err := s.sorted(ctx, t, key{failuresPartition(t, digest), failedPrefix}, failedPrefix+"~", true, limit)
	if err != nil {
		return nil, fmt.Errorf("failures of a digest: %w", err)
	}
	out := make([]delivery.Failure, len(items))
	for i, it := range items {
		if err := decode(it, &out[i]); err != nil {
			return nil, fmt.Errorf("failure of a digest: %w", err)
		}
	}
	return out, nil
}
