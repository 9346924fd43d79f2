package store

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/callback"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/german"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

func bookingDayKey(d booking.Day) booking.DayKey {
	return booking.DayKey{Resource: d.Resource, Date: d.Date}
}

func dateTime(d german.Date) time.Time {
	return d.At(0, time.UTC)
}

func shardOf(id string) int {
	h := fnv.New32a()
	h.Write([]byte(id))
	return int(h.Sum32() % dueShards)
}

// one reads a record; false when there is none.
func one[T any](ctx context.Context, s *Table, t tenant.ID, k key, what string) (record T, v int, ok bool, err error) {
	it, err := s.get(ctx, t, k)
	if err != nil {
		return record, 0, false, fmt.Errorf("%s: %w", what, err)
	}
	if it == nil {
		return record, 0, false, nil
	}
	if err := decode(it, &record); err != nil {
		return record, 0, false, fmt.Errorf("%s: %w", what, err)
	}
	return record, version(it), true, nil
}

// Session of a call; a call nobody has asked anything in yet has an empty one of version 0.
func (s *Table) Session(ctx context.Context, t tenant.ID, callID string) (call.Session, error) {
	x, v, _, err := one[call.Session](ctx, s, t, sessionKey(t, callID), "session")
	x.CallID, x.Version = callID, v
	return x, err
}

// Call by Retell's id.
func (s *Table) Call(ctx context.Context, t tenant.ID, callID string) (call.Call, bool, error) {
	c, v, ok, err := one[call.Call](ctx, s, t, callKey(t, callID), "call")
	c.Version = v
	return c, ok, err
}

// ToolCall by its number in the call.
func (s *Table) ToolCall(ctx context.Context, t tenant.ID, callID string, seq int) (call.ToolCall, bool, error) {
	c, _, ok, err := one[call.ToolCall](ctx, s, t, toolKey(t, callID, seq), "tool call")
	return c, ok, err
}

// ToolCalls of a call in order.
func (s *Table) ToolCalls(ctx context.Context, t tenant.ID, callID string) ([]call.ToolCall, error) {
	items, err := s.query(ctx, t, callPartition(t, callID), toolPrefix)
	if err != nil {
		return nil, err
	}
	out := make([]call.ToolCall, len(items))
	for i, it := range items {
		if err := decode(it, &out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Appointment by id.
func (s *Table) Appointment(ctx context.Context, t tenant.ID, id string) (booking.Appointment, bool, error) {
	a, v, ok, err := one[booking.Appointment](ctx, s, t, appointmentKey(t, id), "appointment")
	a.Version = v
	return a, ok, err
}

// Changes of an appointment, oldest first.
func (s *Table) Changes(ctx context.Context, t tenant.ID, id string) ([]booking.Change, error) {
	items, err := s.query(ctx, t, appointmentPartition(t, id), changePrefix)
	if err != nil {
		return nil, err
	}
	out := make([]booking.Change, len(items))
	for i, it := range items {
		if err := decode(it, &out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Claim by Cal.com uid.
func (s *Table) Claim(ctx context.Context, t tenant.ID, uid string) (booking.Claim, bool, error) {
	c, v, ok, err := one[booking.Claim](ctx, s, t, claimKey(t, uid), "claim")
	c.UID, c.Version = uid, v
	return c, ok, err
}

// Customer by id.
func (s *Table) Customer(ctx context.Context, t tenant.ID, id string) (customer.Customer, bool, error) {
	c, v, ok, err := one[customer.Customer](ctx, s, t, customerKey(t, id), "customer")
	c.Version = v
	return c, ok, err
}

// CustomerOfEmail finds whose address something is; false when nobody's.
func (s *Table) CustomerOfEmail(ctx context.Context, t tenant.ID, email string) (id string, ok bool, err error) {
	it, err := s.get(ctx, t, emailKey(t, email))
	if err != nil {
		return "", false, fmt.Errorf("customer by address: %w", err)
	}
	return text(it, "customer_id"), it != nil, nil
}

// Callback by id.
func (s *Table) Callback(ctx context.Context, t tenant.ID, id string) (callback.Request, bool, error) {
	c, v, ok, err := one[callback.Request](ctx, s, t, callbackKey(t, id), "callback")
	c.Version = v
	return c, ok, err
}

// OpenCallbacks of a branch, the earliest promise first: read before one more is given to somebody.
func (s *Table) OpenCallbacks(ctx context.Context, t tenant.ID, branchID string) ([]callback.Waiting, error) {
	items, err := s.query(ctx, t, openCallbacksPartition(t, branchID), openPrefix)
	if err != nil {
		return nil, err
	}
	out := make([]callback.Waiting, len(items))
	for i, it := range items {
		if err := decode(it, &out[i]); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(out, func(a, b callback.Waiting) int {
		return cmp.Or(a.PromisedUntil.Compare(b.PromisedUntil), cmp.Compare(a.ID, b.ID))
	})
	return out, nil
}

// AppointmentIDs lists a branch's appointments that start in [from, to), earliest first, at most limit of them; the
// records are read one by one under their ids.
func (s *Table) AppointmentIDs(ctx context.Context, t tenant.ID, branchID string, from, to time.Time, limit int) ([]string, error) {
	return s.between(ctx, t, appointmentsList(t, branchID), listSort(from, ""), listSort(to, ""), limit)
}

// CustomersNamed lists the ids of customers whose name is the same when folded: for people who sort calls, never for
// callers.
func (s *Table) CustomersNamed(ctx context.Context, t tenant.ID, folded string, limit int) ([]string, error) {
	pks, err := s.list(ctx, t, namesList(t, folded), limit)
	for i, pk := range pks {
		pks[i] = lastPart(pk)
	}
	return pks, err
}

// Gather reads what a decision needs in one strong request: days, cached slots, a caller's card, the calendar's rest.
// What does not exist comes back empty with version 0.
func (s *Table) Gather(ctx context.Context, t tenant.ID, ask ledger.Ask) (ledger.Known, error) {
	known := ledger.Known{
		Days:  make(map[booking.DayKey]booking.Day, len(ask.Days)),
		Slots: make(map[booking.SlotKey]booking.SlotDay, len(ask.Slots)),
	}
	var keys []key
	for _, d := range ask.Days {
		if _, twice := known.Days[d]; !twice {
			known.Days[d] = booking.Day{Resource: d.Resource, Date: d.Date}
			keys = append(keys, dayKey(t, d))
		}
	}
	for _, k := range ask.Slots {
		if _, twice := known.Slots[k]; !twice {
			known.Slots[k] = booking.SlotDay{EventTypeID: k.EventTypeID, Date: k.Date}
			keys = append(keys, slotKey(t, k))
		}
	}
	if ask.Card != "" {
		known.Card.Key = ask.Card
		keys = append(keys, cardKey(t, ask.Card))
	}
	if ask.Key != "" {
		keys = append(keys, restKey(t, ask.Key))
	}
	for len(keys) > 0 {
		n := min(len(keys), 100) // BatchGetItem's limit
		items, err := s.batch(ctx, t, keys[:n])
		if err != nil {
			return known, err
		}
		for _, it := range items {
			if err := place(&known, it); err != nil {
				return known, err
			}
		}
		keys = keys[n:]
	}
	return known, nil
}

// place puts a read item where it was asked for.
func place(known *ledger.Known, it item) error {
	pk, sk := text(it, attrPK), text(it, attrSK)
	switch id := lastPart(pk); {
	case sk == "CARD":
		known.Card.Version = version(it)
		return decode(it, &known.Card)
	case sk == "REST":
		known.Key = keyState(it)
	case strings.Contains(pk, "#BUSY#"):
		d := booking.Day{Resource: id, Date: dateOf(sk), Version: version(it)}
		if err := decode(it, &d); err != nil {
			return fmt.Errorf("day: %w", err)
		}
		known.Days[bookingDayKey(d)] = d
	case strings.Contains(pk, "#SLOTS#"):
		event, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			return fmt.Errorf("slots: %w", err)
		}
		d := booking.SlotDay{EventTypeID: event, Date: dateOf(sk)}
		if err := decode(it, &d); err != nil {
			return fmt.Errorf("slots: %w", err)
		}
		known.Slots[booking.SlotKey{EventTypeID: event, Date: d.Date}] = d
	}
	return nil
}

// CallIDs lists the company's calls, newest first.
func (s *Table) CallIDs(ctx context.Context, t tenant.ID, limit int) ([]string, error) {
	ids, err := s.list(ctx, t, callsList(t), limit)
	if err != nil {
		return nil, err
	}
	for i, pk := range ids {
		ids[i] = lastPart(pk)
	}
	return ids, nil
}

// CallPage is a page of the company's calls that began in [from, to), newest first, at most limit of them, and where the next
// page begins: next is empty after the last one. What the index lists and is gone is left out.
func (s *Table) CallPage(ctx context.Context, t tenant.ID, from, to time.Time, after string, limit int) (page []call.Call, next string, err error) {
	in := &dynamodb.QueryInput{
		TableName: &s.name, IndexName: aws.String("list"), KeyConditionExpression: aws.String("list_pk = :pk AND list_sk BETWEEN :from AND :to"),
		ExpressionAttributeValues: item{":pk": str(callsList(t)), ":from": str(listSort(from, "")), ":to": str(listSort(to, ""))},
		ScanIndexForward:          aws.Bool(false), Limit: aws.Int32(int32(limit)),
	}
	if after != "" {
		_, id, _ := strings.Cut(after, "#")
		in.ExclusiveStartKey = callKey(t, id).item()
		in.ExclusiveStartKey[attrListPK], in.ExclusiveStartKey[attrListSK] = str(callsList(t)), str(after)
	}
	out, err := s.client.Query(ctx, in, s.as(t))
	if err != nil {
		return nil, "", fmt.Errorf("list calls: %w", err)
	}
	var ids []string
	for _, it := range out.Items {
		ids = append(ids, lastPart(text(it, attrPK)))
	}
	if len(out.LastEvaluatedKey) > 0 {
		next = text(out.LastEvaluatedKey, attrListSK)
	}
	known := map[string]call.Call{}
	err = s.many(ctx, t, ids, func(id string) key { return callKey(t, id) }, func(it item) error {
		c := call.Call{Version: version(it)}
		if err := decode(it, &c); err != nil {
			return err
		}
		known[c.RetellID] = c
		return nil
	})
	for _, id := range ids {
		if c, ok := known[id]; ok {
			page = append(page, c)
		}
	}
	return page, next, err
}

// Events of a call in order.
func (s *Table) Events(ctx context.Context, t tenant.ID, callID string) ([]event.Recorded, error) {
	return s.events(ctx, t, callPartition(t, callID))
}

// CallbackEvents are those of a callback since it was promised, in order.
func (s *Table) CallbackEvents(ctx context.Context, t tenant.ID, id string) ([]event.Recorded, error) {
	return s.events(ctx, t, callbackKey(t, id).pk)
}

func (s *Table) events(ctx context.Context, t tenant.ID, partition string) ([]event.Recorded, error) {
	items, err := s.query(ctx, t, partition, eventPrefix)
	if err != nil {
		return nil, err
	}
	out := make([]event.Recorded, len(items))
	for i, it := range items {
		out[i] = event.Recorded{Name: text(it, "name"), ID: strings.TrimPrefix(text(it, attrSK), eventPrefix), At: text(it, "at"), Detail: text(it, "detail")}
	}
	return out, nil
}
