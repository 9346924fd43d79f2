package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/callback"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// How long records outlive their use. TTL only cleans up, days late: whoever reads compares times itself.
const (
	sessionLife  = 48 * time.Hour
	eventLife    = 7 * 24 * time.Hour
	pastDayLife  = 31 * 24 * time.Hour
	slotLife     = time.Hour
	watchLife    = 31 * 24 * time.Hour // after the appointment's end
	conflictWait = 12                  // tries of one transaction that met others, not a condition
)

// write is one item of a transaction and what a Conflict calls it.
type write struct {
	name string
	item types.TransactWriteItem
	err  error
}

// put writes a record over version v (0: it must not exist yet).
func (s *Table) put(name string, k key, record any, v int, more ...func(item)) write {
	it, err := encode(k, record)
	if err != nil {
		return write{err: err}
	}
	it[attrVersion] = num(int64(v) + 1)
	for _, m := range more {
		m(it)
	}
	p := &types.Put{TableName: &s.name, Item: it}
	if v == 0 {
		p.ConditionExpression = aws.String("attribute_not_exists(pk)")
	} else {
		p.ConditionExpression = aws.String("v = :v")
		p.ExpressionAttributeValues = item{":v": num(int64(v))}
	}
	return write{name: name, item: types.TransactWriteItem{Put: p}}
}

// add writes a record that is only ever added: there is nothing to overwrite.
func (s *Table) add(name string, k key, record any, more ...func(item)) write {
	it, err := encode(k, record)
	if err != nil {
		return write{err: err}
	}
	for _, m := range more {
		m(it)
	}
	return write{name: name, item: types.TransactWriteItem{Put: &types.Put{TableName: &s.name, Item: it}}}
}

func expires(at time.Time) func(item) {
	return func(it item) { it[attrExpires] = num(at.Unix()) }
}

// Commit writes a step in one transaction. A record somebody else changed gives a *ledger.Conflict and nothing is
// written; a transaction that merely met another one is tried again. On success the records' versions move on.
func (s *Table) Commit(ctx context.Context, t tenant.ID, step *ledger.Step) error {
	writes, err := s.writes(t, step)
	if err != nil || len(writes)+len(step.Audit) == 0 {
		return err
	}
	if err := s.chained(ctx, t, writes, step.Audit); err != nil {
		return err
	}
	step.Written()
	return nil
}

// transact writes all of it or nothing. A condition that fails gives a *ledger.Conflict.
func (s *Table) transact(ctx context.Context, t tenant.ID, writes []write) error {
	in := &dynamodb.TransactWriteItemsInput{}
	for _, w := range writes {
		if w.err != nil {
			return w.err
		}
		in.TransactItems = append(in.TransactItems, w.item)
	}
	for try := 1; ; try++ {
		_, err := s.client.TransactWriteItems(ctx, in, s.as(t))
		if err == nil {
			return nil
		}
		var cancelled *types.TransactionCanceledException
		if !errors.As(err, &cancelled) {
			return fmt.Errorf("commit %d items: %w", len(writes), err)
		}
		var conflict ledger.Conflict
		for i, reason := range cancelled.CancellationReasons {
			if aws.ToString(reason.Code) == "ConditionalCheckFailed" && i < len(writes) {
				conflict.On = append(conflict.On, writes[i].name)
			}
		}
		if len(conflict.On) > 0 {
			return &conflict
		}
		if try == conflictWait || pause(ctx, try) != nil {
			return fmt.Errorf("commit %d items after %d tries: %w", len(writes), try, err)
		}
		in.ClientRequestToken = nil // the refused token would repeat the refusal
	}
}

func (s *Table) writes(t tenant.ID, step *ledger.Step) ([]write, error) {
	now := s.now()
	var w []write
	if c := step.Call; c != nil {
		started := c.CreatedAt
		if c.StartedAt != nil {
			started = *c.StartedAt
		}
		w = append(w, s.put("call", callKey(t, c.RetellID), c, c.Version, func(it item) {
			it[attrListPK], it[attrListSK] = str(callsList(t)), str(listSort(started, c.RetellID))
		}))
	}
	if x := step.Session; x != nil {
		w = append(w, s.put("session", sessionKey(t, x.CallID), x, x.Version, expires(now.Add(sessionLife))))
	}
	if c := step.ToolCall; c != nil {
		w = append(w, s.add("tool call", toolKey(t, step.Session.CallID, c.Seq), c))
	}
	if x := step.Transcript; x != nil {
		packed, err := pack(x)
		if err != nil {
			return nil, err
		}
		w = append(w, s.add("transcript", transcriptKey(t, x.CallID), packed))
	}
	for _, d := range step.Days {
		k := dayKey(t, bookingDayKey(d))
		w = append(w, s.put("day", k, d, d.Version, expires(dateTime(d.Date).Add(pastDayLife))))
	}
	for _, a := range step.Appointments {
		w = append(w, s.watch(t, a, now)...)
		w = append(w, s.put("appointment", appointmentKey(t, a.ID), a, a.Version, func(it item) {
			it[attrListPK], it[attrListSK] = str(appointmentsList(t, a.BranchID)), str(listSort(a.StartsAt, a.ID))
		}))
	}
	for _, c := range step.Changes {
		w = append(w, s.add("change", changeKey(t, c.AppointmentID, c.ID), c))
	}
	for _, c := range step.Claims {
		w = append(w, s.put("claim", claimKey(t, c.UID), c, c.Version))
	}
	if c := step.Card; c != nil {
		w = append(w, s.put("card", cardKey(t, c.Key), c, c.Version))
	}
	if c := step.OtherCard; c != nil {
		w = append(w, s.put("card", cardKey(t, c.Key), c, c.Version))
	}
	if c := step.Customer; c != nil {
		w = append(w, s.put("customer", customerKey(t, c.ID), c, c.Version, func(it item) {
			if name := company.Fold(c.Name); name != "" {
				it[attrListPK], it[attrListSK] = str(namesList(t, name)), str(c.ID)
			}
		}))
		if step.EmailOf != "" {
			w = append(w, s.put("email", emailKey(t, step.EmailOf), map[string]string{"customer_id": c.ID}, 0))
		}
	}
	if c := step.Callback; c != nil {
		w = append(w, s.put("callback", callbackKey(t, c.ID), c, c.Version))
		if k := openCallbackKey(t, c); c.Open() {
			w = append(w, s.add("open callback", k, callback.Waiting{ID: c.ID, AssignedTo: c.AssignedTo, Priority: c.Priority, PromisedUntil: c.PromisedUntil}))
		} else if c.Version > 0 {
			w = append(w, write{name: "open callback", item: types.TransactWriteItem{Delete: &types.Delete{TableName: &s.name, Key: k.item()}}})
		}
	}
	w = append(w, s.deskWrites(t, step)...)
	for _, e := range step.Events {
		ev, err := s.event(t, e, now)
		if err != nil {
			return nil, err
		}
		w = append(w, ev)
	}
	for _, x := range step.SetTimers {
		w = append(w, s.add("timer", timerKey(t, x), x, func(it item) {
			it[attrDuePK], it[attrDueAt] = str(dueShard(shardOf(x.About))), str(x.DueAt.UTC().Format(time.RFC3339))
		}))
	}
	for _, x := range step.ClearTimers {
		w = append(w, write{name: "timer", item: types.TransactWriteItem{Delete: &types.Delete{TableName: &s.name, Key: timerKey(t, x).item()}}})
	}
	return w, nil
}

// watch keeps the list of troubled appointments: one enters it when its trouble begins and leaves it when that ends. The
// others cost nothing.
func (s *Table) watch(t tenant.ID, a *booking.Appointment, now time.Time) []write {
	k := watchKey(t, a.ID)
	switch troubled := a.Troubled(); {
	case troubled && a.TroubledSince == nil:
		a.TroubledSince = &now
		return []write{s.add("watch", k, booking.Watched{AppointmentID: a.ID, Since: now}, expires(a.EndsAt.Add(watchLife)))}
	case !troubled && a.TroubledSince != nil:
		a.TroubledSince = nil
		return []write{{name: "watch", item: types.TransactWriteItem{Delete: &types.Delete{TableName: &s.name, Key: k.item()}}}}
	}
	return nil
}

// event puts a fact beside what it tells of. stream-outbox reads name, event_id, company_id, at, sequence and detail.
func (s *Table) event(t tenant.ID, e event.Event, now time.Time) (write, error) {
	detail, err := json.Marshal(e)
	if err != nil {
		return write{}, fmt.Errorf("encode event %s: %w", e.Name(), err)
	}
	var head event.Head
	if err := json.Unmarshal(detail, &head); err != nil {
		return write{}, err
	}
	if head.ID == "" || head.CompanyID != t.String() {
		return write{}, fmt.Errorf("event %s carries no id or another company", e.Name())
	}
	about := aboutPartition(t, e)
	if about == "" {
		return write{}, fmt.Errorf("event %s tells of nothing that it could lie beside", e.Name())
	}
	record := struct {
		Name     string    `json:"name"`
		ID       string    `json:"event_id"`
		Company  string    `json:"company_id"`
		At       time.Time `json:"at"`
		Sequence int       `json:"sequence"`
		Detail   string    `json:"detail"`
	}{e.Name(), head.ID, head.CompanyID, head.At, head.Sequence, string(detail)}
	return s.add("event", eventKey(about, head.ID), record, expires(now.Add(eventLife))), nil
}

// aboutPartition is the collection of what an event tells of: the call where there is one, so that a call's page shows
// everything that came of it. Empty where it names nothing.
func aboutPartition(t tenant.ID, e event.Event) string {
	call, other := "", ""
	switch e := e.(type) {
	case event.AppointmentRequested:
		call, other = e.CallID, appointmentPartition(t, e.AppointmentID)
	case event.AppointmentConfirmed:
		call, other = e.CallID, appointmentPartition(t, e.AppointmentID)
	case event.AppointmentCancelled:
		call, other = e.CallID, appointmentPartition(t, e.AppointmentID)
	case event.AppointmentChangeRequested:
		call, other = e.CallID, appointmentPartition(t, e.AppointmentID)
	case event.AppointmentNeedsReview:
		other = appointmentPartition(t, e.AppointmentID)
	case event.PolicyViolated:
		call, other = e.CallID, appointmentPartition(t, e.AppointmentID)
	case event.CallbackRequested:
		call, other = e.CallID, callbackKey(t, e.CallbackID).pk
	case event.CallbackRepeated:
		call, other = e.CallID, callbackKey(t, e.CallbackID).pk
	case event.CallbackAssigned:
		other = callbackKey(t, e.CallbackID).pk
	case event.CallbackEscalated:
		other = callbackKey(t, e.CallbackID).pk
	case event.CallStarted:
		call = e.CallID
	case event.CallContinued:
		call = e.CallID
	case event.GatewayModeResolved:
		call = e.CallID
	case event.CallEnded:
		call = e.CallID
	case event.WishUnfulfilled:
		call = e.CallID
	case event.CallAnalyzed:
		call = e.CallID
	case event.ConfigChanged:
		other = auditPartition(t)
	}
	beside := func(partition func(tenant.ID, string) string, id string) string {
		if id == "" {
			return ""
		}
		return partition(t, id)
	}
	if about, ok := e.(interface{ Endpoint() string }); ok { // of a webhook endpoint, or of an output's secret
		return beside(endpointPartition, about.Endpoint())
	}
	if about, ok := e.(interface{ About() string }); ok { // of a case
		return beside(casePartition, about.About())
	}
	if call != "" {
		return callPartition(t, call)
	}
	return other
}
