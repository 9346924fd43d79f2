// Package iam judges AWS calls by policy documents, as far as template.yaml uses them. Its one rule: what it does not know
// denies, with a reason that names it, so that nothing is allowed here that AWS might refuse. It knows no HTTP and no
// service.
package iam

import (
	"fmt"
	"slices"
	"strings"
)

// Request is one action on one resource. Context holds condition keys in lower case with their values; a key that is not
// there is missing from the request, one with an empty list was sent without values.
type Request struct {
	Action   string
	Resource string
	Context  map[string][]string
}

// Decision of an evaluation; Reason says why something was denied.
type Decision struct {
	Allowed bool
	Reason  string
}

// Evaluate judges a request: an explicit deny wins, then any allow, else it is denied.
func Evaluate(documents []map[string]any, r Request) Decision {
	allowed := false
	for _, d := range documents {
		for _, s := range statements(d) {
			fits, err := matches(s, r)
			if err != nil {
				return Decision{Reason: err.Error()}
			}
			if !fits {
				continue
			}
			if s["Effect"] == "Deny" {
				return Decision{Reason: fmt.Sprintf("statement %v denies %s on %s", s["Sid"], r.Action, r.Resource)}
			}
			allowed = true
		}
	}
	if !allowed {
		return Decision{Reason: fmt.Sprintf("no statement allows %s on %s", r.Action, r.Resource)}
	}
	return Decision{Allowed: true}
}

// Trusts judges whether a role's trust document lets a principal of an account in.
func Trusts(document map[string]any, principalAccountRoot string, r Request) Decision {
	trusted := false
	for _, s := range statements(document) {
		fits, err := trustFits(s, principalAccountRoot, r)
		if err != nil {
			return Decision{Reason: err.Error()}
		}
		if fits && s["Effect"] == "Deny" {
			return Decision{Reason: fmt.Sprintf("the role's trust denies %s", r.Action)}
		}
		trusted = trusted || fits
	}
	if !trusted {
		return Decision{Reason: "the role does not trust this principal with these tags"}
	}
	return Decision{Allowed: true}
}

func trustFits(s map[string]any, root string, r Request) (bool, error) {
	if err := known(s); err != nil {
		return false, err
	}
	principals := texts(s["Principal"]) // "*"
	if p, ok := s["Principal"].(map[string]any); ok {
		principals = texts(p["AWS"])
	}
	if !slices.Contains(principals, root) && !slices.Contains(principals, "*") || !anyAction(s, r) {
		return false, nil
	}
	return conditions(s, r)
}

func statements(d map[string]any) []map[string]any {
	var out []map[string]any
	switch s := d["Statement"].(type) {
	case []any:
		for _, x := range s {
			if m, ok := x.(map[string]any); ok {
				out = append(out, m)
			}
		}
	case map[string]any:
		out = append(out, s)
	}
	return out
}

func known(s map[string]any) error {
	for _, unknown := range []string{"NotAction", "NotResource", "NotPrincipal"} {
		if s[unknown] != nil {
			return fmt.Errorf("statement %v: %s is not known here", s["Sid"], unknown)
		}
	}
	if s["Effect"] != "Allow" && s["Effect"] != "Deny" {
		return fmt.Errorf("statement %v: its effect is neither Allow nor Deny", s["Sid"])
	}
	return nil
}

func matches(s map[string]any, r Request) (bool, error) {
	if err := known(s); err != nil {
		return false, err
	}
	if !anyAction(s, r) || !anyARN(texts(s["Resource"]), r.Resource, r.Context) {
		return false, nil
	}
	return conditions(s, r)
}

// anyAction compares actions, which have no case.
func anyAction(s map[string]any, r Request) bool {
	return slices.ContainsFunc(texts(s["Action"]), func(p string) bool { return wild(strings.ToLower(p), strings.ToLower(r.Action)) })
}

// conditions judges all of them: one that is not known is an error even where another does not hold.
func conditions(s map[string]any, r Request) (bool, error) {
	all, _ := s["Condition"].(map[string]any)
	holds := true
	for operator, keys := range all {
		m, ok := keys.(map[string]any)
		if !ok {
			return false, fmt.Errorf("statement %v: condition %s is no map", s["Sid"], operator)
		}
		for key, want := range m {
			fits, err := condition(operator, strings.ToLower(key), texts(want), r.Context)
			if err != nil {
				return false, err
			}
			holds = holds && fits
		}
	}
	return holds, nil
}

type comparison func(want []string, got string, context map[string][]string) bool

var comparisons = map[string]comparison{
	"StringEquals": anyEqual, "StringLike": anyLike, "ArnLike": anyARN, "ArnEquals": anyARN, "Bool": anyEqual,
}

// condition judges one key (IAM user guide, "Policy elements: condition operators" and "Multivalued context keys").
func condition(operator, key string, want []string, context map[string][]string) (bool, error) {
	set, single, isSet := strings.Cut(operator, ":")
	if !isSet {
		set, single = "", operator
	}
	single, ifExists := strings.CutSuffix(single, "IfExists")
	got := context[key]
	if single == "Null" && !isSet && !ifExists {
		return slices.Contains(want, fmt.Sprint(len(got) == 0)), nil
	}
	negated := strings.Contains(single, "Not")
	compare := comparisons[strings.Replace(single, "Not", "", 1)]
	if compare == nil || single == "NotBool" || negated && isSet {
		return false, fmt.Errorf("condition operator %s is not known here", operator)
	}
	if len(got) == 0 && ifExists {
		return true, nil
	}
	fits := func(v string) bool { return compare(want, v, context) }
	switch {
	case set == "ForAllValues": // true of an empty set: that is why Null stands beside it
		return !slices.ContainsFunc(got, func(v string) bool { return !fits(v) }), nil
	case set == "ForAnyValue" || !isSet:
		return slices.ContainsFunc(got, fits) != negated, nil // a negation holds where the key is missing
	}
	return false, fmt.Errorf("condition operator %s is not known here", operator)
}

func anyEqual(patterns []string, got string, context map[string][]string) bool {
	for _, p := range patterns {
		if v, ok := substitute(p, context); ok && strings.ReplaceAll(v, "\x00", "") == got {
			return true
		}
	}
	return false
}

func anyLike(patterns []string, got string, context map[string][]string) bool {
	for _, p := range patterns {
		if v, ok := substitute(p, context); ok && wild(v, got) {
			return true
		}
	}
	return false
}

// anyARN compares the six parts of an ARN each by itself, so that a wildcard reaches no further than its part; missing
// parts of a pattern are wildcards.
func anyARN(patterns []string, got string, context map[string][]string) bool {
	parts := strings.SplitN(got, ":", 6)
	return slices.ContainsFunc(patterns, func(p string) bool {
		v, ok := substitute(p, context)
		for i, part := range strings.SplitN(v, ":", 6) {
			ok = ok && i < len(parts) && wild(part, parts[i])
		}
		return ok
	})
}

// substitute puts policy variables in. A variable without value makes the pattern fit nothing. What comes out of a
// variable is literal: a * in a company's name would be no wildcard (marked by \x00 before it).
func substitute(p string, context map[string][]string) (string, bool) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(p, "${")
		b.WriteString(before)
		if !found {
			return b.String(), true
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return "", false
		}
		values := context[strings.ToLower(name)]
		if len(values) != 1 || values[0] == "" {
			return "", false
		}
		for _, c := range values[0] {
			if c == '*' || c == '?' {
				b.WriteByte(0)
			}
			b.WriteRune(c)
		}
		p = after
	}
}

// wild matches * (any run) and ? (one character).
func wild(p, s string) bool {
	for p != "" {
		switch {
		case p[0] == 0 && len(p) > 1:
			if s == "" || s[0] != p[1] {
				return false
			}
			p, s = p[2:], s[1:]
		case p[0] == '*':
			for p = p[1:]; ; s = s[1:] {
				if wild(p, s) {
					return true
				}
				if s == "" {
					return false
				}
			}
		case s == "" || (p[0] != '?' && p[0] != s[0]):
			return false
		default:
			p, s = p[1:], s[1:]
		}
	}
	return s == ""
}

func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case bool:
		return []string{fmt.Sprint(v)}
	case []any:
		out := make([]string, len(v))
		for i, x := range v {
			out[i] = fmt.Sprint(x)
		}
		return out
	}
	return nil
}
