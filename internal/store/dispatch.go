package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/exchange"
	"github.com/askpro/gateway/internal/tenant"
)

// What stands before a destination and what is told of an output matters for minutes; it is kept a little longer.
const (
	gateLife   = 24 * time.Hour
	alertsLife = 7 * 24 * time.Hour
	// mostOfOriginal bounds what is unpacked of one: no message of ours is larger.
	mostOfOriginal = 8 << 20
)

// Gate before a destination of the company, with its version; open to all, version 0, where nobody went lately.
func (s *Table) Gate(ctx context.Context, t tenant.ID, host string) (delivery.Gate, int, error) {
	g, v, _, err := one[delivery.Gate](ctx, s, t, gateKey(t, host), "gate")
	return g, v, err
}

// SaveGate keeps a gate over the version that was read; false when somebody else was faster.
func (s *Table) SaveGate(ctx context.Context, t tenant.ID, host string, g delivery.Gate, version int) (bool, error) {
	return s.over(ctx, t, s.put("gate", gateKey(t, host), g, version, expires(s.now().Add(gateLife))))
}

// Alerts of an output, with their version.
func (s *Table) Alerts(ctx context.Context, t tenant.ID, outputID string) (delivery.Alerts, int, error) {
	a, v, _, err := one[delivery.Alerts](ctx, s, t, alertsKey(t, outputID), "alerts")
	return a, v, err
}

// SaveAlerts keeps them over the version that was read; false when somebody else was faster.
func (s *Table) SaveAlerts(ctx context.Context, t tenant.ID, outputID string, a delivery.Alerts, version int) (bool, error) {
	return s.over(ctx, t, s.put("alerts", alertsKey(t, outputID), a, version, expires(s.now().Add(alertsLife))))
}

// over makes one conditional write by itself.
func (s *Table) over(ctx context.Context, t tenant.ID, w write) (bool, error) {
	if w.err != nil {
		return false, w.err
	}
	p := w.item.Put
	_, err := s.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: p.TableName, Item: p.Item, ConditionExpression: p.ConditionExpression, ExpressionAttributeValues: p.ExpressionAttributeValues,
	}, s.as(t))
	if failedCondition(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("save the %s: %w", w.name, err)
	}
	return true, nil
}

// AddExchange writes a line of the exchange log down; written again it stays one.
func (s *Table) AddExchange(ctx context.Context, t tenant.ID, l exchange.Line) error {
	it, err := encode(exchangeKey(t, l), l)
	if err != nil {
		return err
	}
	expires(l.ExpiresAt)(it)
	if err := s.putItem(ctx, t, it); err != nil {
		return fmt.Errorf("write the exchange log: %w", err)
	}
	return nil
}

// Exchanges of a day (UTC), newest first: those that have not ended.
func (s *Table) Exchanges(ctx context.Context, t tenant.ID, day time.Time, limit int) ([]exchange.Line, error) {
	out, err := s.client.Query(ctx, &dynamodb.QueryInput{
		TableName: &s.name, KeyConditionExpression: aws.String("pk = :pk"), ExpressionAttributeValues: item{":pk": str(exchangePartition(t, day))},
		ScanIndexForward: aws.Bool(false), Limit: aws.Int32(int32(limit)), ConsistentRead: aws.Bool(true),
	}, s.as(t))
	if err != nil {
		return nil, fmt.Errorf("read the exchange log: %w", err)
	}
	var lines []exchange.Line
	for _, it := range out.Items {
		var l exchange.Line
		if err := decode(it, &l); err != nil {
			return nil, fmt.Errorf("exchange log: %w", err)
		}
		if !exchange.Gone(l.ExpiresAt, s.now()) {
			lines = append(lines, l)
		}
	}
	return lines, nil
}

// original is an outgoing message as the table keeps it.
type original struct {
	MessageID string    `json:"message_id"`
	Gzip      []byte    `json:"gzip"`
	EndsAt    time.Time `json:"ends_at"`
}

// KeepOriginal keeps an outgoing message in full, as it was sent last.
func (s *Table) KeepOriginal(ctx context.Context, t tenant.ID, o exchange.Original) error {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(o.Body); err != nil {
		return fmt.Errorf("pack an original: %w", err)
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("pack an original: %w", err)
	}
	it, err := encode(originalKey(t, o.MessageID), original{o.MessageID, b.Bytes(), o.ExpiresAt})
	if err != nil {
		return err
	}
	expires(o.ExpiresAt)(it)
	if err := s.putItem(ctx, t, it); err != nil {
		return fmt.Errorf("keep an original: %w", err)
	}
	return nil
}

// Original of a message; false when there is none any more.
func (s *Table) Original(ctx context.Context, t tenant.ID, messageID string) (exchange.Original, bool, error) {
	o, _, ok, err := one[original](ctx, s, t, originalKey(t, messageID), "original")
	if err != nil || !ok || exchange.Gone(o.EndsAt, s.now()) {
		return exchange.Original{}, false, err
	}
	z, err := gzip.NewReader(bytes.NewReader(o.Gzip))
	if err != nil {
		return exchange.Original{}, false, fmt.Errorf("unpack an original: %w", err)
	}
	body, err := io.ReadAll(io.LimitReader(z, mostOfOriginal))
	if err != nil {
		return exchange.Original{}, false, fmt.Errorf("unpack an original: %w", err)
	}
	return exchange.Original{MessageID: o.MessageID, Body: body, ExpiresAt: o.EndsAt}, true, nil
}
