package retell

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// filter is one condition of filter_criteria, as the SDK types it.
type filter struct {
	Type  string          `json:"type"` // string, enum, number, range, boolean, present
	Op    string          `json:"op"`
	Key   string          `json:"key"` // within metadata and the like
	Value json.RawMessage `json:"value"`
}

// question is the body of list-calls.
type question struct {
	Criteria     map[string]json.RawMessage `json:"filter_criteria"`
	SortOrder    string                     `json:"sort_order"` // by start_timestamp; the latest first unless told
	Limit        int                        `json:"limit"`
	Skip         int                        `json:"skip"`
	Cursor       string                     `json:"pagination_key"`
	IncludeTotal bool                       `json:"include_total"`
}

const (
	usualLimit = 50
	maxLimit   = 1000
)

// notListed are the members that only get-call tells.
var notListed = []string{"transcript", "transcript_object", "transcript_with_tool_calls", "scrubbed_transcript_with_tool_calls"}

// listCalls answers a page of the calls that meet all conditions.
func (s *Server) listCalls(r *http.Request) (int, any) {
	q := question{Limit: usualLimit}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil && !errors.Is(err, io.EOF) {
		return fail(http.StatusBadRequest, "Invalid JSON body")
	}
	if q.Limit < 1 || q.Limit > maxLimit || q.Skip < 0 || !slices.Contains([]string{"", "ascending", "descending"}, q.SortOrder) {
		return fail(http.StatusUnprocessableEntity, "limit is 1 to 1000, skip not negative, sort_order ascending or descending")
	}
	s.mu.Lock()
	found := slices.Clone(s.calls)
	s.mu.Unlock()
	for name, condition := range q.Criteria {
		meets, err := conditionOf(name, condition)
		if err != nil {
			return fail(http.StatusUnprocessableEntity, "filter_criteria."+name+": "+err.Error())
		}
		found = slices.DeleteFunc(found, func(c call) bool { return !meets(c.object) })
	}
	slices.SortStableFunc(found, func(a, b call) int {
		order := cmp.Compare(a.object.number("start_timestamp"), b.object.number("start_timestamp"))
		if q.SortOrder != "ascending" {
			order = -order
		}
		return order
	})
	from := q.Skip
	if q.Cursor != "" {
		n, err := strconv.Atoi(q.Cursor)
		if err != nil || n < 0 {
			return fail(http.StatusUnprocessableEntity, "pagination_key is not one of ours")
		}
		from = n // skip was counted when the cursor was made
	}
	from = min(from, len(found))
	to := min(from+q.Limit, len(found))
	items := []object{}
	for _, c := range found[from:to] {
		o := maps.Clone(c.object)
		for _, name := range notListed {
			delete(o, name)
		}
		items = append(items, o)
	}
	answer := map[string]any{"items": items, "has_more": to < len(found)}
	if to < len(found) {
		answer["pagination_key"] = strconv.Itoa(to)
	}
	if q.IncludeTotal {
		answer["total"] = len(found)
	}
	return http.StatusOK, answer
}

// conditionOf reads a condition on a call's member. Agents are joined by OR, conditions on metadata by AND.
func conditionOf(name string, text json.RawMessage) (func(object) bool, error) {
	switch name {
	case "agent":
		var list []struct {
			AgentID string    `json:"agent_id"`
			Version []float64 `json:"version"`
		}
		if err := json.Unmarshal(text, &list); err != nil {
			return nil, err
		}
		return func(o object) bool {
			for _, a := range list {
				if o.text("agent_id") == a.AgentID && (len(a.Version) == 0 || slices.Contains(a.Version, o.number("agent_version"))) {
					return true
				}
			}
			return false
		}, nil
	case "metadata", "dynamic_variables":
		member := map[string]string{"metadata": "metadata", "dynamic_variables": "retell_llm_dynamic_variables"}[name]
		var list []filter
		if err := json.Unmarshal(text, &list); err != nil {
			return nil, err
		}
		return func(o object) bool {
			var inner object
			_ = json.Unmarshal(o[member], &inner) // absent, or no object: nothing is in it
			return !slices.ContainsFunc(list, func(f filter) bool { return !f.meets(inner[f.Key]) })
		}, checkAll(list)
	case "call_id", "call_status", "call_type", "direction", "disconnection_reason", "from_number", "to_number", "agent_tag",
		"start_timestamp", "end_timestamp", "duration_ms", "data_storage_setting":
		var f filter
		if err := json.Unmarshal(text, &f); err != nil {
			return nil, err
		}
		return func(o object) bool { return f.meets(o[name]) }, f.check()
	}
	return nil, fmt.Errorf("the simulator has no such condition")
}

func checkAll(list []filter) error {
	for _, f := range list {
		if err := f.check(); err != nil {
			return err
		}
	}
	return nil
}

// ops of each type of filter.
var ops = map[string][]string{
	"string": {"eq", "ne", "sw", "ew", "co"}, "enum": {"in"}, "number": {"eq", "ne", "gt", "ge", "lt", "le"}, "range": {"bt"},
	"boolean": {"eq"}, "present": {"pr", "np"},
}

func (f filter) check() error {
	if !slices.Contains(ops[f.Type], f.Op) {
		return fmt.Errorf("type %q has no op %q", f.Type, f.Op)
	}
	return nil
}

// meets tells whether a value fits. One that is absent or of another type fits nothing but "ne" and "np".
func (f filter) meets(value json.RawMessage) bool {
	switch f.Type {
	case "present":
		return (value != nil && string(value) != "null") == (f.Op == "pr")
	case "number", "range":
		return f.meetsNumber(value)
	case "boolean":
		return value != nil && string(value) == string(f.Value)
	case "enum":
		var got string
		var list []string
		return json.Unmarshal(value, &got) == nil && json.Unmarshal(f.Value, &list) == nil && slices.Contains(list, got)
	}
	var got, want string
	if json.Unmarshal(value, &got) != nil || json.Unmarshal(f.Value, &want) != nil {
		return f.Op == "ne"
	}
	switch f.Op {
	case "eq":
		return got == want
	case "ne":
		return got != want
	case "sw":
		return strings.HasPrefix(got, want)
	case "ew":
		return strings.HasSuffix(got, want)
	}
	return strings.Contains(got, want)
}

func (f filter) meetsNumber(value json.RawMessage) bool {
	var got, want float64
	var bounds [2]float64
	if json.Unmarshal(value, &got) != nil {
		return f.Op == "ne"
	}
	if f.Type == "range" {
		return json.Unmarshal(f.Value, &bounds) == nil && bounds[0] <= got && got <= bounds[1]
	}
	if json.Unmarshal(f.Value, &want) != nil {
		return f.Op == "ne"
	}
	order := cmp.Compare(got, want)
	switch f.Op {
	case "eq":
		return order == 0
	case "ne":
		return order != 0
	case "gt":
		return order > 0
	case "ge":
		return order >= 0
	case "lt":
		return order < 0
	}
	return order <= 0
}
