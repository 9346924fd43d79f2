// Package pattern judges events by event patterns, as EventBridge's rules and Lambda's filters do. Its one rule: a pattern
// that it would judge otherwise than AWS is refused when it is read. It knows no rule and no source.
package pattern

import (
	"fmt"
	"slices"
	"strings"
)

// Known refuses a pattern that Match would not judge as AWS does: it may hold maps, and lists of values or {"prefix": …}.
func Known(pattern map[string]any) error {
	for key, want := range pattern {
		switch want := want.(type) {
		case map[string]any:
			if err := Known(want); err != nil {
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
	return nil
}

// Match tells whether an event, as encoding/json decodes it, fits a known pattern: maps go down, lists name values. Of a list
// in the event one value has to fit.
func Match(pattern, event map[string]any) bool {
	for key, want := range pattern {
		fits := false
		switch want := want.(type) {
		case map[string]any:
			inner, _ := event[key].(map[string]any) // something else fits no part of it
			fits = Match(want, inner)
		case []any:
			fits = oneOf(want, event[key])
		}
		if !fits {
			return false
		}
	}
	return true
}

func oneOf(want []any, got any) bool {
	if list, is := got.([]any); is {
		return slices.ContainsFunc(list, func(x any) bool { return oneOf(want, x) })
	}
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
