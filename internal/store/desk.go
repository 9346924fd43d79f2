package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/askpro/gateway/internal/audit"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/tenant"
)

// Desk is the configuration of a company's service desk, as old as a minute; one without anything where there is none.
func (s *Table) Desk(ctx context.Context, t tenant.ID) (*desk.Configuration, error) {
	return s.desks.get(ctx, s, t, deskKey(t, "VERSION"), func() (*desk.Configuration, int, error) {
		c, err := s.readDesk(ctx, t)
		if err != nil {
			return nil, 0, err
		}
		return c, int(c.Version), nil
	})
}

func (s *Table) readDesk(ctx context.Context, t tenant.ID) (*desk.Configuration, error) {
	items, err := s.query(ctx, t, deskPartition(t), "")
	if err != nil {
		return nil, fmt.Errorf("service desk: %w", err)
	}
	c := desk.NoConfiguration()
	for _, it := range items {
		kind, _, _ := strings.Cut(text(it, attrSK), "#")
		switch kind {
		case "GATEWAY":
			err = decode(it, &c.Gateway)
		case "MATRIX":
			var m struct{ Matrix desk.Matrix }
			if err = decode(it, &m); err == nil {
				c.Matrix = m.Matrix
			}
		case "FIELDS":
			var x struct{ Fields desk.Schema }
			if err = decode(it, &x); err == nil {
				c.Fields = x.Fields
			}
		case "CATEGORY":
			err = appendDecoded((*[]desk.Category)(&c.Categories), it)
		case "GROUP":
			err = appendDecoded(&c.Groups, it)
		case "POLICY":
			err = appendDecoded(&c.Policies, it)
		case "SLA":
			err = decode(it, &c.SLA)
		case "RULE":
			err = appendDecoded(&c.Rules, it)
		case "PRESET":
			err = appendDecoded(&c.Presets, it)
		case "OUTPUT":
			err = appendDecoded(&c.Outputs, it)
		case "ENDPOINT":
			err = appendDecoded(&c.Endpoints, it)
		case "VERSION":
			c.Version = number(it, attrVersion)
		}
		if err != nil {
			return nil, fmt.Errorf("service desk %s: %w", text(it, attrSK), err)
		}
	}
	return c, nil
}

// OutputVersion is an output as it was when a delivery was planned; false when there never was such a version.
func (s *Table) OutputVersion(ctx context.Context, t tenant.ID, id string, v int) (output.Output, bool, error) {
	o, _, ok, err := one[output.Output](ctx, s, t, outputKey(t, id, v), "output")
	return o, ok, err
}

// SaveDesk writes a service desk's whole configuration, as far as it is different from what is there; an output that is
// different is saved as a new version beside its old ones. The outputs' versions are set in c.
func (s *Table) SaveDesk(ctx context.Context, t tenant.ID, c *desk.Configuration, by audit.By) error {
	v, err := s.save(ctx, t, deskPartition(t), by, func(items []item) (map[string]any, func(item) bool, error) {
		old, err := outputsOf(items)
		if err != nil {
			return nil, nil, err
		}
		records := map[string]any{"GATEWAY": c.Gateway, "MATRIX": struct{ Matrix desk.Matrix }{c.Matrix}, "SLA": c.SLA}
		if len(c.Fields) > 0 {
			records["FIELDS"] = struct{ Fields desk.Schema }{c.Fields}
		}
		for _, x := range c.Categories {
			records["CATEGORY#"+x.ID] = x
		}
		for _, x := range c.Groups {
			records["GROUP#"+x.ID] = x
		}
		for _, x := range c.Policies {
			records["POLICY#"+x.ID] = x
		}
		for _, x := range c.Rules {
			records["RULE#"+x.ID] = x
		}
		for _, x := range c.Presets {
			records["PRESET#"+x.Slug] = x
		}
		for _, x := range c.Endpoints {
			records["ENDPOINT#"+x.ID] = x
		}
		for i := range c.Outputs {
			x := &c.Outputs[i]
			if err := s.saveOutput(ctx, t, old, x); err != nil {
				return nil, nil, err
			}
			records["OUTPUT#"+x.ID] = *x
		}
		return records, func(item) bool { return false }, nil
	})
	c.Version = int64(v)
	return err
}

// saveOutput keeps a new version of an output that differs from the saved one, before anything names it. Versions are never written over: one that
// exists already is from a save that was killed, or from before the output was taken out for a while. It is taken where it
// says the same, else the next number is tried.
func (s *Table) saveOutput(ctx context.Context, t tenant.ID, old *desk.Configuration, o *output.Output) error {
	was, known := old.Output(o.ID)
	if o.Version, o.SavedAt = was.Version, was.SavedAt; known && o.Equal(was) {
		return nil
	}
	for o.SavedAt = s.now().UTC(); ; {
		o.Version++
		it, err := encode(outputKey(t, o.ID, o.Version), *o)
		if err != nil {
			return err
		}
		_, err = s.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &s.name, Item: it, ConditionExpression: aws.String("attribute_not_exists(pk)")}, s.as(t))
		if err == nil {
			return nil
		}
		if !failedCondition(err) {
			return fmt.Errorf("save version %d of output %s: %w", o.Version, o.ID, err)
		}
		there, _, err := s.OutputVersion(ctx, t, o.ID, o.Version)
		if err != nil {
			return err
		}
		if o.Equal(there) {
			o.SavedAt = there.SavedAt
			return nil
		}
	}
}

// ReviseOutput saves what we ourselves changed of an output (its webhook is switched off, an address gets nothing more), as a
// new version, unless somebody saved another one since o was read.
func (s *Table) ReviseOutput(ctx context.Context, t tenant.ID, o output.Output) error {
	_, err := s.save(ctx, t, deskPartition(t), audit.By{Actor: event.Actor{Kind: "system"}}, func(items []item) (map[string]any, func(item) bool, error) {
		all := func(item) bool { return true }
		old, err := outputsOf(items)
		if err != nil {
			return nil, nil, err
		}
		if was, ok := old.Output(o.ID); !ok || was.Version != o.Version {
			return nil, all, nil
		}
		next := o
		if err := s.saveOutput(ctx, t, old, &next); err != nil {
			return nil, nil, err
		}
		return map[string]any{"OUTPUT#" + next.ID: next}, all, nil
	})
	if err != nil {
		return fmt.Errorf("revise output %s: %w", o.ID, err)
	}
	return nil
}

// outputsOf a service desk's records.
func outputsOf(items []item) (*desk.Configuration, error) {
	c := &desk.Configuration{}
	for _, it := range items {
		if kind, _, _ := strings.Cut(text(it, attrSK), "#"); kind == "OUTPUT" {
			if err := appendDecoded(&c.Outputs, it); err != nil {
				return nil, err
			}
		}
	}
	return c, nil
}
