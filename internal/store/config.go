package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/askpro/gateway/internal/audit"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/tenant"
)

// A configuration is kept for an hour and its version looked at every minute (design §3).
const (
	configLife  = time.Hour
	configCheck = 60 * time.Second
	configKept  = 200 // companies in one process
)

// remembered keeps the newest read of something for each company.
type remembered[T any] struct {
	mu sync.Mutex
	by map[tenant.ID]*copyOf[T]
}

type copyOf[T any] struct {
	mu            sync.Mutex // one loader per company
	value         *T
	version       int
	read, checked time.Time
}

// get gives a copy that is as old as a minute at most: the item with the version says whether it still holds.
func (r *remembered[T]) get(ctx context.Context, s *Table, t tenant.ID, versionAt key, read func() (*T, int, error)) (*T, error) {
	c := r.entry(t)
	c.mu.Lock()
	defer c.mu.Unlock()
	now := s.now()
	if c.value != nil && age(c.checked, now) < configCheck {
		return c.value, nil
	}
	if c.value != nil && age(c.read, now) < configLife {
		it, err := s.get(ctx, t, versionAt)
		if err != nil {
			return c.value, nil // an old configuration answers better than none; the next request asks again
		}
		if version(it) == c.version {
			c.checked = now
			return c.value, nil
		}
	}
	value, v, err := read()
	if err != nil {
		return nil, err
	}
	c.value, c.version, c.read, c.checked = value, v, now, now
	return value, nil
}

// age is the time since t; a clock that was set back makes everything old.
func age(t, now time.Time) time.Duration {
	if d := now.Sub(t); d >= 0 {
		return d
	}
	return time.Duration(1<<63 - 1)
}

func (r *remembered[T]) entry(t tenant.ID) *copyOf[T] {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.by == nil || len(r.by) >= configKept {
		r.by = map[tenant.ID]*copyOf[T]{}
	}
	e := r.by[t]
	if e == nil {
		e = &copyOf[T]{}
		r.by[t] = e
	}
	return e
}

// Config of a company, as old as a minute.
func (s *Table) Config(ctx context.Context, t tenant.ID) (*company.Config, error) {
	return s.configs.get(ctx, s, t, versionKey(t), func() (*company.Config, int, error) {
		c, err := s.readConfig(ctx, t)
		if err != nil {
			return nil, 0, err
		}
		return c, c.Version, nil
	})
}

func (s *Table) readConfig(ctx context.Context, t tenant.ID) (*company.Config, error) {
	items, err := s.query(ctx, t, configPartition(t), "")
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	config := &company.Config{}
	var vanished []company.Vanished
	for _, it := range items {
		kind, _, _ := strings.Cut(text(it, attrSK), "#")
		switch kind {
		case "COMPANY":
			err = decode(it, &config.Company)
		case "VERSION":
			config.Version = version(it)
		case "BRANCH":
			err = appendDecoded(&config.Branches, it)
		case "STAFF":
			err = appendDecoded(&config.Staff, it)
		case "SERVICE":
			err = appendDecoded(&config.Services, it)
		case "NUMBER":
			err = appendDecoded(&config.Numbers, it)
		case "POLICY":
			err = appendDecoded(&config.Policies, it)
		case "HOST":
			err = appendDecoded(&config.Hosts, it)
		case "VANISHED":
			err = appendDecoded(&vanished, it)
		}
		if err != nil {
			return nil, fmt.Errorf("configuration %s: %w", text(it, attrSK), err)
		}
	}
	config.Without(vanished)
	if config.Company.ID == "" {
		return nil, fmt.Errorf("company %s has no configuration: load it with make company", t)
	}
	return config, nil
}

func appendDecoded[T any](list *[]T, it item) error {
	var one T
	if err := decode(it, &one); err != nil {
		return err
	}
	*list = append(*list, one)
	return nil
}

// SaveConfig writes a company's whole configuration, as far as it is different from what is there. What was found out about a
// host or an event type stays as long as the file knows whom or what it is about.
func (s *Table) SaveConfig(ctx context.Context, t tenant.ID, c *company.Config, by audit.By) (err error) {
	records := map[string]any{"COMPANY": c.Company}
	for _, b := range c.Branches {
		records["BRANCH#"+b.ID] = b
	}
	for _, p := range c.Staff {
		records["STAFF#"+p.ID] = p
	}
	for _, v := range c.Services {
		records["SERVICE#"+v.ID] = v
	}
	for _, n := range c.Numbers {
		records["NUMBER#"+n.E164] = n
	}
	for _, p := range c.Policies {
		records["POLICY#"+p.Entity+"#"+p.EntityID+"#"+p.Type] = p
	}
	for _, p := range c.Staff {
		if p.CalcomUserID != 0 {
			records[hostSK(p.CalcomUserID)] = company.HostMapping{HostID: p.CalcomUserID, StaffID: p.ID, Source: company.HostManual, Confidence: 100, Active: true}
		}
	}
	c.Version, err = s.save(ctx, t, configPartition(t), by, func([]item) (map[string]any, func(item) bool, error) {
		return records, func(it item) bool { return foundOut(c, it) }, nil
	})
	return err
}

// foundOut tells whether a record is not the file's, and is about somebody or something that the file has.
func foundOut(c *company.Config, it item) bool {
	switch sk := text(it, attrSK); {
	case strings.HasPrefix(sk, hostPrefix):
		_, known := c.Person(text(it, "staff_id"))
		return known && text(it, "source") != company.HostManual
	case strings.HasPrefix(sk, vanishedPrefix):
		var v company.Vanished
		if decode(it, &v) != nil {
			return false
		}
		service, _ := c.Service(v.ServiceID)
		return slices.Contains(service.EventTypes, v.EventType)
	}
	return false
}

// LearnHost keeps whose calendar a host is, unless there is a record of the host already.
func (s *Table) LearnHost(ctx context.Context, t tenant.ID, m company.HostMapping) error {
	it, err := encode(configKey(t, hostSK(m.HostID)), m)
	if err != nil {
		return err
	}
	_, err = s.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &s.name, Item: it, ConditionExpression: aws.String("attribute_not_exists(pk)")}, s.as(t))
	if failedCondition(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("keep whose calendar a host is: %w", err)
	}
	return s.nextVersion(ctx, t)
}

// Vanish notes that the calendar lost an event type, or that it is back.
func (s *Table) Vanish(ctx context.Context, t tenant.ID, v company.Vanished, back bool) error {
	k := configKey(t, vanishedSK(v.EventType.ID))
	it, err := encode(k, v)
	if err != nil {
		return err
	}
	if back {
		_, err = s.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &s.name, Key: k.item()}, s.as(t))
	} else {
		err = s.putItem(ctx, t, it)
	}
	if err != nil {
		return fmt.Errorf("note a vanished event type: %w", err)
	}
	return s.nextVersion(ctx, t)
}

// nextVersion tells everybody who remembers the configuration to read it again.
func (s *Table) nextVersion(ctx context.Context, t tenant.ID) error {
	_, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.name, Key: versionKey(t).item(), UpdateExpression: aws.String("ADD v :one"), ExpressionAttributeValues: item{":one": num(1)},
	}, s.as(t))
	if err != nil {
		return fmt.Errorf("move the configuration's version on: %w", err)
	}
	return nil
}

func (s *Table) putItem(ctx context.Context, t tenant.ID, it map[string]types.AttributeValue) error {
	_, err := s.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &s.name, Item: it}, s.as(t))
	return err
}
