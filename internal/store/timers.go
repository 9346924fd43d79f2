package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// Timers reads what is due in all companies: keys only, with the one role that may query the index due.
type Timers struct {
	client *dynamodb.Client
	name   string
}

// OpenTimers makes the reader of a table's timers.
func OpenTimers(env lambdakit.Env, table string) *Timers {
	return &Timers{client: client(env), name: table}
}

// Timer is the key of a due timer and the queue it names. It says nothing of what is due: whoever gets it reads the
// aggregate under the company's session.
type Timer struct {
	CompanyID, PK, SK, Queue, Name string
	Kind                           ledger.Kind
	About                          string // the aggregate's id
}

// Due lists timers due at now, earliest first in each shard, at most limit.
func (s *Timers) Due(ctx context.Context, now time.Time, limit int) ([]Timer, error) {
	var due []Timer
	for shard := range dueShards {
		in := &dynamodb.QueryInput{
			TableName:                 &s.name,
			IndexName:                 aws.String("due"),
			KeyConditionExpression:    aws.String("due_pk = :shard AND due_at <= :now"),
			ExpressionAttributeValues: item{":shard": str(dueShard(shard)), ":now": str(now.UTC().Format(time.RFC3339))},
		}
		for len(due) < limit {
			out, err := s.client.Query(ctx, in)
			if err != nil {
				return nil, fmt.Errorf("read due timers: %w", err)
			}
			for _, it := range out.Items {
				if t, ok := timerOf(text(it, attrPK), text(it, attrSK)); ok && len(due) < limit {
					due = append(due, t)
				}
			}
			if len(out.LastEvaluatedKey) == 0 {
				break
			}
			in.ExclusiveStartKey = out.LastEvaluatedKey
		}
	}
	return due, nil
}

// timerOf reads COMPANY#<id>#<kind>#<about> and TIMER#<queue>#<name>.
func timerOf(pk, sk string) (Timer, bool) {
	owner := strings.Split(pk, "#")
	what := strings.SplitN(sk, "#", 3)
	if len(owner) < 4 || len(what) != 3 || what[0]+"#" != timerPrefix {
		return Timer{}, false
	}
	return Timer{CompanyID: owner[1], PK: pk, SK: sk, Queue: what[1], Name: what[2], Kind: ledger.Kind(owner[2]), About: lastPart(pk)}, true
}

// TimerOf is a timer that is set as Due will list it.
func TimerOf(t tenant.ID, x ledger.Timer) Timer {
	k := timerKey(t, x)
	due, _ := timerOf(k.pk, k.sk)
	return due
}

// KindTimer is the work that a due timer makes.
const KindTimer = "timer"

// Handed is how a due timer travels: its key.
type Handed struct {
	PK string `json:"pk"`
	SK string `json:"sk"`
}

// Handed gives the timer's key.
func (t Timer) Handed() Handed { return Handed{t.PK, t.SK} }

// ReadTimer reads a key that cron-timers handed out; false when it is not one of the company's timers.
func ReadTimer(t tenant.ID, body []byte) (Timer, bool, error) {
	var h Handed
	if err := json.Unmarshal(body, &h); err != nil {
		return Timer{}, false, fmt.Errorf("read a timer: %w", err)
	}
	timer, ok := timerOf(h.PK, h.SK)
	return timer, ok && timer.CompanyID == t.String(), nil
}

// Take removes a timer that has been seen to. Removing twice is harmless.
func (s *Table) Take(ctx context.Context, t tenant.ID, timer Timer) error {
	_, err := s.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &s.name, Key: key{timer.PK, timer.SK}.item()}, s.as(t))
	if err != nil {
		return fmt.Errorf("take the timer: %w", err)
	}
	return nil
}
