package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/subscribe"
	"github.com/askpro/gateway/internal/tenant"
)

// CommitEndpoint writes what changes together at an endpoint. A message sets its own timer and its place among the held, or
// clears them.
func (s *Table) CommitEndpoint(ctx context.Context, t tenant.ID, step *subscribe.Step) error {
	var w []write
	remove := func(k key) {
		w = append(w, write{item: types.TransactWriteItem{Delete: &types.Delete{TableName: &s.name, Key: k.item()}}})
	}
	if x := step.State; x != nil {
		w = append(w, s.put("state", endpointStateKey(t, step.EndpointID), endpointState{x, disabledAt(x)}, x.Version))
	}
	if step.OnlyDisabled {
		w = append(w, write{name: "disabled", item: types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
			TableName: &s.name, Key: endpointStateKey(t, step.EndpointID).item(), ConditionExpression: aws.String("attribute_exists(disabled_at)"),
		}}})
	}
	for _, m := range step.Messages {
		ends := expires(m.Ends())
		w = append(w, s.put("message", endpointMessageKey(t, step.EndpointID, m.ID), m, m.Version, ends))
		held := endpointHeldKey(t, step.EndpointID, m.ID)
		switch {
		case m.Held:
			w = append(w, s.add("held", held, map[string]string{}, ends))
		case m.Version > 0:
			remove(held)
		}
		switch x := m.Timer(); {
		case !m.WakeAt.IsZero():
			w = append(w, s.timer(t, x))
		case m.Version > 0:
			remove(timerKey(t, x))
		}
	}
	for _, e := range step.Events {
		told, err := s.event(t, e, s.now())
		if err != nil {
			return err
		}
		w = append(w, told)
	}
	for _, x := range step.SetTimers {
		w = append(w, s.timer(t, x))
	}
	for _, x := range step.ClearTimers {
		remove(timerKey(t, x))
	}
	if len(w) == 0 {
		return nil
	}
	if err := s.transact(ctx, t, w); err != nil {
		return err
	}
	step.Written()
	return nil
}

// endpointState lifts out of an endpoint's health what a condition asks about.
type endpointState struct {
	*subscribe.State
	DisabledAt string `json:"disabled_at,omitempty"`
}

func disabledAt(x *subscribe.State) string {
	if !x.Disabled() {
		return ""
	}
	return instant(x.Health.DisabledAt)
}

func (s *Table) timer(t tenant.ID, x ledger.Timer) write {
	return s.add("timer", timerKey(t, x), x, func(it item) {
		it[attrDuePK], it[attrDueAt] = str(dueShard(shardOf(x.About+x.Name))), str(x.DueAt.UTC().Format(time.RFC3339))
	})
}

// EndpointState is how an endpoint is doing; one that nothing happened to has an empty state of version 0.
func (s *Table) EndpointState(ctx context.Context, t tenant.ID, endpointID string) (subscribe.State, error) {
	x, v, _, err := one[subscribe.State](ctx, s, t, endpointStateKey(t, endpointID), "endpoint")
	x.EndpointID, x.Version = endpointID, v
	return x, err
}

// EndpointMessage is one message to an endpoint.
func (s *Table) EndpointMessage(ctx context.Context, t tenant.ID, endpointID, id string) (subscribe.Message, bool, error) {
	m, v, ok, err := one[subscribe.Message](ctx, s, t, endpointMessageKey(t, endpointID, id), "message of an endpoint")
	m.Version = v
	return m, ok, err
}

// EndpointMessages are the newest messages to an endpoint by occurrence, older than the one with the given id if there is one.
func (s *Table) EndpointMessages(ctx context.Context, t tenant.ID, endpointID, before string, limit int) ([]subscribe.Message, error) {
	from, to := endpointMessageKey(t, endpointID, ""), endpointMessageKey(t, endpointID, "~")
	if before != "" {
		to = endpointMessageKey(t, endpointID, before)
		limit++ // it is in the range itself
	}
	items, err := s.sorted(ctx, t, from, to.sk, false, limit)
	if err != nil {
		return nil, fmt.Errorf("messages of an endpoint: %w", err)
	}
	var out []subscribe.Message
	for _, it := range items {
		m := subscribe.Message{}
		if err := decode(it, &m); err != nil {
			return nil, fmt.Errorf("message of an endpoint: %w", err)
		}
		if m.Version = version(it); m.ID != before {
			out = append(out, m)
		}
	}
	return out[:min(len(out), limit)], nil
}

// HeldMessages are the ids of the first held messages in [from, to], in order.
func (s *Table) HeldMessages(ctx context.Context, t tenant.ID, endpointID, from, to string, limit int) ([]string, error) {
	items, err := s.sorted(ctx, t, endpointHeldKey(t, endpointID, from), heldPrefix+to, true, limit)
	if err != nil {
		return nil, fmt.Errorf("held messages of an endpoint: %w", err)
	}
	ids := make([]string, len(items))
	for i, it := range items {
		ids[i] = strings.TrimPrefix(text(it, attrSK), heldPrefix)
	}
	return ids, nil
}

// sorted reads one page of a partition between two sort keys.
func (s *Table) sorted(ctx context.Context, t tenant.ID, from key, to string, forward bool, limit int) ([]item, error) {
	out, err := s.client.Query(ctx, &dynamodb.QueryInput{
		TableName:                 &s.name,
		KeyConditionExpression:    aws.String("pk = :pk AND sk BETWEEN :from AND :to"),
		ExpressionAttributeValues: item{":pk": str(from.pk), ":from": str(from.sk), ":to": str(to)},
		ConsistentRead:            aws.Bool(true), ScanIndexForward: &forward, Limit: aws.Int32(int32(limit)),
	}, s.as(t))
	if err != nil {
		return nil, err
	}
	return out.Items, nil
}

// EndpointTurn takes an endpoint's next turn: the last one's time and what lies between, or now.
func (s *Table) EndpointTurn(ctx context.Context, t tenant.ID, endpointID string, apart time.Duration, now time.Time) (time.Time, error) {
	for range conflictWait {
		turn, err := s.turn(ctx, t, endpointID, "SET next_turn = next_turn + :apart", "next_turn >= :now",
			item{":apart": num(apart.Milliseconds()), ":now": num(now.UnixMilli())})
		if err == nil {
			return time.UnixMilli(turn - apart.Milliseconds()).UTC(), nil
		}
		if !failedCondition(err) {
			return time.Time{}, fmt.Errorf("take a turn: %w", err)
		}
		_, err = s.turn(ctx, t, endpointID, "SET next_turn = :next", "attribute_not_exists(next_turn) OR next_turn < :now",
			item{":next": num(now.UnixMilli() + apart.Milliseconds()), ":now": num(now.UnixMilli())})
		if err == nil {
			return now, nil
		}
		if !failedCondition(err) {
			return time.Time{}, fmt.Errorf("take a turn: %w", err)
		}
	}
	return time.Time{}, errors.New("take a turn: others were faster again and again")
}

func (s *Table) turn(ctx context.Context, t tenant.ID, endpointID, set, condition string, values item) (next int64, err error) {
	out, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.name, Key: endpointTurnKey(t, endpointID).item(),
		UpdateExpression: &set, ConditionExpression: &condition, ExpressionAttributeValues: values, ReturnValues: types.ReturnValueUpdatedNew,
	}, s.as(t))
	if err != nil {
		return 0, err
	}
	return number(out.Attributes, "next_turn"), nil
}

// EndpointEvents are those of an endpoint, in order.
func (s *Table) EndpointEvents(ctx context.Context, t tenant.ID, endpointID string) ([]event.Recorded, error) {
	return s.events(ctx, t, endpointPartition(t, endpointID))
}
