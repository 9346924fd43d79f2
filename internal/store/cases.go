package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// CaptureTimer names the timer that a capture is: it is due when a case should have been made of it, and where there will be
// none, when its words are to be forgotten.
const CaptureTimer = "capture"

// filedLife is how long a capture says which case its call became; its words are gone before.
const filedLife = 7 * 24 * time.Hour

// deskWrites are the parts of a step that belong to the service desk.
func (s *Table) deskWrites(t tenant.ID, step *ledger.Step) []write {
	var w []write
	for _, c := range []*desk.Case{step.Case, step.OtherCase} {
		if c == nil {
			continue
		}
		w = append(w, s.listed(t, c)...)
		w = append(w, s.put("case", caseKey(t, c.ID), c, c.Version, func(it item) {
			it[attrListPK], it[attrListSK] = str(casesList(t)), str(listSort(c.CreatedAt, c.ID))
			if c.Deletion != nil {
				it[attrListPK], it[attrListSK] = str(deletedCasesList(t)), str(listSort(c.Deletion.At, c.ID))
			}
		}))
		if c.Version == 0 {
			w = append(w, s.put("case number", caseNumberKey(t, c.Number.Year, c.Number.Count), map[string]string{"case_id": c.ID}, 0))
		}
	}
	if c := step.Purged; c != nil {
		w = append(w,
			write{name: "case", item: types.TransactWriteItem{Delete: &types.Delete{
				TableName: &s.name, Key: caseKey(t, c.ID).item(), ConditionExpression: aws.String("v = :v"), ExpressionAttributeValues: item{":v": num(int64(c.Version))},
			}}},
			write{name: "case number", item: types.TransactWriteItem{Delete: &types.Delete{TableName: &s.name, Key: caseNumberKey(t, c.Number.Year, c.Number.Count).item()}}},
		)
	}
	if c := step.Filed; c != nil {
		number, err := encodeValue(c.Number)
		w = append(w, write{name: "capture", err: err, item: types.TransactWriteItem{Update: &types.Update{
			TableName: &s.name, Key: captureKey(t, c.CallID).item(),
			UpdateExpression:         aws.String("SET case_id = :case, #number = :number, filed_at = :at, confirms = :confirms, words_until = :words, expires_at = :until REMOVE due_pk, due_at"),
			ConditionExpression:      aws.String("attribute_exists(pk) AND attribute_not_exists(case_id)"),
			ExpressionAttributeNames: map[string]string{"#number": "number"},
			ExpressionAttributeValues: item{
				":case": str(c.CaseID), ":number": number, ":at": str(instant(s.now())), ":confirms": &types.AttributeValueMemberBOOL{Value: c.Confirms},
				":words": str(instant(s.now().Add(desk.KeepCapture))), ":until": num(s.now().Add(filedLife).Unix()),
			},
		}}})
	}
	for _, n := range step.Notes {
		w = append(w, s.put("note", noteKey(t, n.CaseID, n.ID), n, n.Version))
	}
	for _, a := range step.Activities {
		w = append(w, s.add("activity", activityKey(t, a.CaseID, a.ID), a))
	}
	for _, d := range step.Deliveries {
		w = append(w, s.put("delivery", outgoingKey(t, d.CaseID, d.ID), d, d.Version, func(it item) {
			if d.OutputID != "" { // of no output: of a case whose category names none
				it[attrListPK], it[attrListSK] = str(outputList(t, d.OutputID)), str(listSort(d.CreatedAt, d.ID))
			}
		}))
	}
	return w
}

// listed keeps a group's open cases: a case enters the list with its group and leaves it when it ends or goes elsewhere.
func (s *Table) listed(t tenant.ID, c *desk.Case) (w []write) {
	entry, open := c.Listed()
	if was := c.ListedIn; was != "" && (!open || was != c.GroupID) {
		w = append(w, write{name: "open case", item: types.TransactWriteItem{Delete: &types.Delete{TableName: &s.name, Key: openCaseKey(t, was, c.ID).item()}}})
		c.ListedIn = ""
	}
	if open {
		c.ListedIn = c.GroupID
		w = append(w, s.add("open case", openCaseKey(t, c.GroupID, c.ID), entry))
	}
	return w
}

// OpenCases of a group, by case.
func (s *Table) OpenCases(ctx context.Context, t tenant.ID, groupID string) ([]desk.OpenCase, error) {
	items, err := s.query(ctx, t, openCasesPartition(t, groupID), openPrefix)
	if err != nil {
		return nil, err
	}
	out := make([]desk.OpenCase, len(items))
	for i, it := range items {
		if err := decode(it, &out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Capture writes down what a tool call said, before anything judges it, and returns all that the call has said so far.
// Once a case was made of it nothing is added any more: the capture comes back with its CaseID. Due is when a case is owed
// at the latest; until that is settled the capture has no end. ErrFull when the call has said too much.
func (s *Table) Capture(ctx context.Context, t tenant.ID, callID string, said desk.Said, due time.Time) (desk.Capture, error) {
	now := s.now()
	k := captureKey(t, callID)
	one, err := encodeValue([]desk.Said{said})
	if err != nil {
		return desk.Capture{}, err
	}
	out, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.name, Key: k.item(),
		UpdateExpression: aws.String("SET said = list_append(if_not_exists(said, :none), :one), first_at = if_not_exists(first_at, :now), due_pk = :shard, due_at = :due, " +
			"#schema = :schema REMOVE words_until, expires_at"),
		ConditionExpression: aws.String("attribute_not_exists(case_id) AND (attribute_not_exists(said) OR size(said) < :most) AND " +
			"(attribute_not_exists(words_until) OR attribute_not_exists(said) OR words_until > :now)"), // what is gone does not come back with what is new
		ExpressionAttributeNames: map[string]string{"#schema": attrSchema},
		ExpressionAttributeValues: item{
			":none": &types.AttributeValueMemberL{}, ":one": one, ":now": str(instant(now)), ":shard": str(dueShard(shardOf(callID))), ":due": str(due.UTC().Format(time.RFC3339)),
			":schema": num(schema), ":most": num(desk.MostSaid),
		},
		ReturnValues:                        types.ReturnValueAllNew,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}, s.as(t))
	var refused *types.ConditionalCheckFailedException
	switch {
	case err == nil:
		return captureOf(callID, out.Attributes, now)
	case !errors.As(err, &refused):
		return desk.Capture{}, fmt.Errorf("write down what was said: %w", err)
	}
	c, err := captureOf(callID, refused.Item, now)
	switch {
	case err != nil || c.CaseID != "":
		return c, err
	case c.Settled() && c.Said == nil:
		if err := s.CaptureForget(ctx, t, c); err != nil {
			return c, err
		}
		return s.Capture(ctx, t, callID, said, due)
	}
	return c, ErrFull
}

// ErrFull: a call has said so much already that nothing more is taken down.
var ErrFull = errors.New("enough was said")

func captureOf(callID string, it item, now time.Time) (desk.Capture, error) {
	c := desk.Capture{}
	if err := decode(it, &c); err != nil {
		return c, fmt.Errorf("capture: %w", err)
	}
	c.CallID = callID
	return c.At(now), nil
}

// Captured is what a call said, as far as that may still be read; false when it said nothing.
func (s *Table) Captured(ctx context.Context, t tenant.ID, callID string) (desk.Capture, bool, error) {
	it, err := s.get(ctx, t, captureKey(t, callID))
	if err != nil || it == nil {
		return desk.Capture{}, false, err
	}
	c, err := captureOf(callID, it, s.now())
	return c, err == nil, err
}

// CaptureLater moves the time at which a case is owed, unless there is one. tried counts a try that failed.
func (s *Table) CaptureLater(ctx context.Context, t tenant.ID, callID string, due time.Time, tried bool) error {
	values := item{":shard": str(dueShard(shardOf(callID))), ":due": str(due.UTC().Format(time.RFC3339)), ":tries": num(0)}
	if tried {
		values[":tries"] = num(1)
	}
	_, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.name, Key: captureKey(t, callID).item(),
		UpdateExpression:          aws.String("SET due_pk = :shard, due_at = :due ADD tries :tries"),
		ConditionExpression:       aws.String("attribute_exists(pk) AND attribute_not_exists(case_id) AND attribute_not_exists(words_until)"),
		ExpressionAttributeValues: values,
	}, s.as(t))
	if err != nil && !failedCondition(err) {
		return fmt.Errorf("put off a capture: %w", err)
	}
	return nil
}

// CaptureOver says that nothing is owed for what a call has said, as it was read: its words stay until then, and the capture
// is due again to forget them. Something said meanwhile, or a case, makes it nothing.
func (s *Table) CaptureOver(ctx context.Context, t tenant.ID, c desk.Capture, until time.Time) error {
	_, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.name, Key: captureKey(t, c.CallID).item(),
		UpdateExpression:    aws.String("SET words_until = :until, due_pk = :shard, due_at = :due"),
		ConditionExpression: aws.String("size(said) = :n AND attribute_not_exists(case_id) AND attribute_not_exists(words_until)"),
		ExpressionAttributeValues: item{
			":until": str(instant(until)), ":shard": str(dueShard(shardOf(c.CallID))), ":due": str(until.UTC().Format(time.RFC3339)), ":n": num(int64(len(c.Said))),
		},
	}, s.as(t))
	if err != nil && !failedCondition(err) {
		return fmt.Errorf("end a capture: %w", err)
	}
	return nil
}

// CaptureForget removes the words of a capture whose time is over and leaves the counts of c, which was read since.
func (s *Table) CaptureForget(ctx context.Context, t tenant.ID, c desk.Capture) error {
	counts, err := encodeValue(c.Counts)
	if err != nil {
		return err
	}
	_, err = s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.name, Key: captureKey(t, c.CallID).item(),
		UpdateExpression:          aws.String("SET counts = :counts REMOVE said, due_pk, due_at"),
		ConditionExpression:       aws.String("attribute_exists(said) AND words_until <= :now AND attribute_not_exists(case_id)"),
		ExpressionAttributeValues: item{":counts": counts, ":now": str(instant(s.now()))},
	}, s.as(t))
	if err != nil && !failedCondition(err) {
		return fmt.Errorf("forget a capture: %w", err)
	}
	return nil
}

// LeaseNumbers takes n case numbers of a year out of the company's counter and returns the first. A lease that is not used
// up leaves a gap, never a number twice.
func (s *Table) LeaseNumbers(ctx context.Context, t tenant.ID, year, n int) (first int64, err error) {
	out, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.name, Key: caseCounterKey(t, year).item(),
		UpdateExpression: aws.String("ADD leased :n"), ExpressionAttributeValues: item{":n": num(int64(n))},
		ReturnValues: types.ReturnValueUpdatedNew,
	}, s.as(t))
	if err != nil {
		return 0, fmt.Errorf("lease case numbers: %w", err)
	}
	return number(out.Attributes, "leased") - int64(n) + 1, nil
}

// Case by id.
func (s *Table) Case(ctx context.Context, t tenant.ID, id string) (desk.Case, bool, error) {
	c, v, ok, err := one[desk.Case](ctx, s, t, caseKey(t, id), "case")
	c.Version = v
	return c, ok, err
}

// CaseNumbered finds the id of a case by its number; false when there is none.
func (s *Table) CaseNumbered(ctx context.Context, t tenant.ID, year int, count int64) (id string, ok bool, err error) {
	it, err := s.get(ctx, t, caseNumberKey(t, year, count))
	if err != nil {
		return "", false, fmt.Errorf("case by number: %w", err)
	}
	return text(it, "case_id"), it != nil, nil
}

// CaseIDs lists the company's cases, newest first.
func (s *Table) CaseIDs(ctx context.Context, t tenant.ID, limit int) ([]string, error) {
	ids, err := s.list(ctx, t, casesList(t), limit)
	for i, pk := range ids {
		ids[i] = lastPart(pk)
	}
	return ids, err
}

// DeletedCaseIDs lists the company's deleted cases, the last deleted first.
func (s *Table) DeletedCaseIDs(ctx context.Context, t tenant.ID, limit int) ([]string, error) {
	ids, err := s.list(ctx, t, deletedCasesList(t), limit)
	for i, pk := range ids {
		ids[i] = lastPart(pk)
	}
	return ids, err
}

// strippedAtOnce is how many items one transaction takes away.
const strippedAtOnce = 100

// Strip removes all that lies with a case but the case itself and its timers: notes, activity, deliveries, messages, events.
func (s *Table) Strip(ctx context.Context, t tenant.ID, caseID string) error {
	items, err := s.query(ctx, t, casePartition(t, caseID), "")
	if err != nil {
		return err
	}
	items = slices.DeleteFunc(items, func(it item) bool {
		sk := text(it, "sk")
		return sk == caseKey(t, caseID).sk || strings.HasPrefix(sk, timerPrefix)
	})
	for some := range slices.Chunk(items, strippedAtOnce) {
		var w []write
		for _, it := range some {
			w = append(w, write{name: "part of a case", item: types.TransactWriteItem{Delete: &types.Delete{TableName: &s.name, Key: item{"pk": it["pk"], "sk": it["sk"]}}}})
		}
		if err := s.transact(ctx, t, w); err != nil {
			return fmt.Errorf("strip a case: %w", err)
		}
	}
	return nil
}

// Notes of a case, oldest first.
func (s *Table) Notes(ctx context.Context, t tenant.ID, caseID string) ([]desk.Note, error) {
	items, err := s.query(ctx, t, casePartition(t, caseID), notePrefix)
	if err != nil {
		return nil, err
	}
	out := make([]desk.Note, len(items))
	for i, it := range items {
		if err := decode(it, &out[i]); err != nil {
			return nil, err
		}
		out[i].Version = version(it)
	}
	return out, nil
}

// Activity of a case, oldest first.
func (s *Table) Activity(ctx context.Context, t tenant.ID, caseID string) ([]desk.Activity, error) {
	items, err := s.query(ctx, t, casePartition(t, caseID), activityPrefix)
	if err != nil {
		return nil, err
	}
	out := make([]desk.Activity, len(items))
	for i, it := range items {
		if err := decode(it, &out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// CaseDeliveries are how a case left the house, oldest first.
func (s *Table) CaseDeliveries(ctx context.Context, t tenant.ID, caseID string) ([]delivery.Delivery, error) {
	items, err := s.query(ctx, t, casePartition(t, caseID), outgoingPrefix)
	if err != nil {
		return nil, err
	}
	out := make([]delivery.Delivery, len(items))
	for i, it := range items {
		if err := decode(it, &out[i]); err != nil {
			return nil, err
		}
		out[i].Version = version(it)
	}
	return out, nil
}

// CaseDelivery is one of them.
func (s *Table) CaseDelivery(ctx context.Context, t tenant.ID, caseID, id string) (delivery.Delivery, bool, error) {
	d, v, ok, err := one[delivery.Delivery](ctx, s, t, outgoingKey(t, caseID, id), "delivery")
	d.Version = v
	return d, ok, err
}

// CaseEvents are those of a case and its deliveries since it was made, in order.
func (s *Table) CaseEvents(ctx context.Context, t tenant.ID, caseID string) ([]event.Recorded, error) {
	return s.events(ctx, t, casePartition(t, caseID))
}
