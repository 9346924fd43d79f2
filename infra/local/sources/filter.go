package sources

import (
	"encoding/json"
	"fmt"
	"strings"
)

// knownFilters refuses patterns that matches would not judge as Lambda does.
func knownFilters(patterns []map[string]any) error {
	for _, p := range patterns {
		for key, want := range p {
			switch want := want.(type) {
			case map[string]any:
				if err := knownFilters([]map[string]any{want}); err != nil {
					return err
				}
			case []any:
				for _, w := range want {
					if rule, is := w.(map[string]any); is && (len(rule) != 1 || rule["prefix"] == nil) {
						return fmt.Errorf("the filter %s: %v is not known to the local stack", key, w)
					}
				}
			default:
				return fmt.Errorf("the filter's %s is neither a map nor a list", key)
			}
		}
	}
	return nil
}

// pass tells whether any of the patterns fits a record; without patterns, all pass.
func pass(patterns []map[string]any, record json.RawMessage) bool {
	var r map[string]any
	if len(patterns) == 0 || json.Unmarshal(record, &r) != nil {
		return true // what is no record, the function shall see
	}
	for _, p := range patterns {
		if matches(p, r) {
			return true
		}
	}
	return false
}

// matches judges a known pattern as Lambda does: maps go down, lists name values or {"prefix": …}.
func matches(pattern, value map[string]any) bool {
	for key, want := range pattern {
		fits := false
		switch want := want.(type) {
		case map[string]any:
			inner, _ := value[key].(map[string]any) // something else fits no part of it
			fits = matches(want, inner)
		case []any:
			fits = oneOf(want, value[key])
		}
		if !fits {
			return false
		}
	}
	return true
}

func oneOf(want []any, got any) bool {
	text, isText := got.(string)
	for _, w := range want {
		if rule, is := w.(map[string]any); is {
			prefix, _ := rule["prefix"].(string)
			if isText && strings.HasPrefix(text, prefix) {
				return true
			}
		} else if w == got {
			return true
		}
	}
	return false
}
