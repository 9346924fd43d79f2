package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/askpro/gateway/internal/audit"
	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/dispatch"
	"github.com/askpro/gateway/internal/tenant"
)

// redeliveryLife is how long it is known what a redelivery did.
const redeliveryLife = 90 * 24 * time.Hour

// OutputDeliveries lists an output's Deliveries that were made in [from, to), earliest first, at most limit of them; after
// the one with the mark, if there is one. The list holds keys alone: being on it costs a Delivery one write unit when it is
// made, and none when it changes.
func (s *Table) OutputDeliveries(ctx context.Context, t tenant.ID, outputID string, from, to time.Time, after string, limit int) ([]delivery.Ref, error) {
	start, most := listSort(from, ""), limit
	if after != "" {
		start = after
		most++ // it is in the range itself
	}
	out, err := s.client.Query(ctx, &dynamodb.QueryInput{
		TableName:                 &s.name,
		IndexName:                 aws.String("list"),
		KeyConditionExpression:    aws.String("list_pk = :pk AND list_sk BETWEEN :from AND :to"),
		ExpressionAttributeValues: item{":pk": str(outputList(t, outputID)), ":from": str(start), ":to": str(listSort(to, ""))},
		Limit:                     aws.Int32(int32(most)),
	}, s.as(t))
	if err != nil {
		return nil, fmt.Errorf("list an output's deliveries: %w", err)
	}
	var refs []delivery.Ref
	for _, it := range out.Items {
		if mark := text(it, attrListSK); mark != after {
			refs = append(refs, delivery.Ref{CaseID: lastPart(text(it, attrPK)), DeliveryID: strings.TrimPrefix(text(it, attrSK), outgoingPrefix), Mark: mark})
		}
	}
	return refs[:min(len(refs), limit)], nil
}

// Redelivery by id.
func (s *Table) Redelivery(ctx context.Context, t tenant.ID, id string) (dispatch.Redelivery, bool, error) {
	r, v, ok, err := one[dispatch.Redelivery](ctx, s, t, redeliveryKey(t, id), "redelivery")
	r.Version = v
	return r, ok, err
}

// SaveRedelivery keeps one over what was read, with its timer as long as there is something to do, and a new one with its
// line of the audit trail; a *ledger.Conflict on "redelivery" when somebody else was faster. It costs six write units a page.
func (s *Table) SaveRedelivery(ctx context.Context, t tenant.ID, r *dispatch.Redelivery) error {
	timer := r.Timer()
	w := []write{s.put("redelivery", redeliveryKey(t, r.ID), r, r.Version, expires(s.now().Add(redeliveryLife)))}
	if r.Done() {
		w = append(w, write{name: "timer", item: types.TransactWriteItem{Delete: &types.Delete{TableName: &s.name, Key: timerKey(t, timer).item()}}})
	} else {
		w = append(w, s.timer(t, timer))
	}
	var lines []audit.Entry
	if r.Version == 0 {
		lines = append(lines, r.Line())
	}
	if err := s.chained(ctx, t, w, lines); err != nil {
		return err
	}
	r.Version++
	return nil
}
