package stack

import (
	"context"
	"fmt"
	"strings"

	"github.com/askpro/gateway/infra/local/emulator"
)

// forgetCalls drops a company's calls, holds, offers and cached slots, as before a dialogue whose time lies before the
// clock's; appointments and customers stay.
func (s *Stack) forgetCalls(ctx context.Context, slug string) error {
	route, err := s.operator.Directory().Route(ctx, slug)
	if err != nil {
		return fmt.Errorf("the company %q: %w", slug, err)
	}
	prefix := "COMPANY#" + route.Company.String() + "#"
	var start any
	for {
		in := map[string]any{"TableName": s.System.Table.Name, "FilterExpression": "begins_with(pk, :p)", "ExpressionAttributeValues": map[string]any{":p": map[string]string{"S": prefix}}}
		if start != nil {
			in["ExclusiveStartKey"] = start
		}
		var out struct {
			Items            []map[string]any
			LastEvaluatedKey any
		}
		if err := emulator.Call(ctx, s.emulator.URL, "dynamodb", "DynamoDB_20120810.Scan", in, &out); err != nil {
			return err
		}
		for _, item := range out.Items {
			if err := s.forgetItem(ctx, item, prefix); err != nil {
				return err
			}
		}
		if out.LastEvaluatedKey == nil {
			return nil
		}
		start = out.LastEvaluatedKey
	}
}

func (s *Stack) forgetItem(ctx context.Context, item map[string]any, prefix string) error {
	collection, _, _ := strings.Cut(strings.TrimPrefix(textOf(item["pk"]), prefix), "#")
	switch collection {
	case "CALL", "SLOTS", "CALCOM":
		key := map[string]any{"pk": item["pk"], "sk": item["sk"]}
		return emulator.Call(ctx, s.emulator.URL, "dynamodb", "DynamoDB_20120810.DeleteItem", map[string]any{"TableName": s.System.Table.Name, "Key": key}, nil)
	case "BUSY":
		entries, _ := item["entries"].(map[string]any)
		list, _ := entries["L"].([]any)
		var kept []any
		for _, e := range list {
			m, _ := e.(map[string]any)
			fields, _ := m["M"].(map[string]any)
			if textOf(fields["k"]) != "hold" {
				kept = append(kept, e)
			}
		}
		if len(kept) == len(list) {
			return nil
		}
		if item["entries"] = map[string]any{"L": kept}; kept == nil {
			delete(item, "entries")
		}
		return emulator.Call(ctx, s.emulator.URL, "dynamodb", "DynamoDB_20120810.PutItem", map[string]any{"TableName": s.System.Table.Name, "Item": item}, nil)
	}
	return nil
}

func textOf(attribute any) string {
	m, _ := attribute.(map[string]any)
	s, _ := m["S"].(string)
	return s
}
