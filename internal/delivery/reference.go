package delivery

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// usual are the members that name a ticket, in the order in which they are asked.
var usual = []string{"id", "key", "ticket_id", "number", "issue_id", "case_id", "sys_id"}

const maxReference = 100

// referenceIn finds the receiver's ticket: at the path, else in the usual members at the top.
func referenceIn(body any, path string) string {
	if steps, err := parsePath(path); err == nil && len(steps) > 0 {
		if s := scalar(follow(body, steps)); s != "" {
			return s
		}
	}
	if o, ok := body.(object); ok {
		for _, name := range usual {
			if v, ok := o.get(name); ok {
				if s := scalar(v); s != "" {
					return s
				}
			}
		}
	}
	return ""
}

// scalar is a reference's text; empty if it is none: a list, a yes, more than 100 characters.
func scalar(v any) string {
	var s string
	switch v := v.(type) {
	case string:
		s = v
	case json.Number:
		s = v.String()
	default:
		return ""
	}
	s = strings.TrimSpace(strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || unicode.Is(unicode.Cf, c) || c == utf8.RuneError {
			return -1
		}
		return c
	}, s))
	if utf8.RuneCountInString(s) > maxReference {
		return ""
	}
	return s
}

// ErrPath says that a reference path cannot be read.
var ErrPath = errors.New("a path names members with dots and places with brackets: result.number, issues[0].key")

// CheckPath judges a reference path on save; the empty one means the usual members.
func CheckPath(path string) error {
	_, err := parsePath(path)
	return err
}

// step into a member, or into a list's place if member is empty.
type step struct {
	member string
	place  int
}

const (
	maxPath  = 200
	maxSteps = 16
)

// parsePath reads the small part of JSON path that names one value: $.result.issues[0].key
func parsePath(path string) ([]step, error) {
	if len(path) > maxPath {
		return nil, ErrPath
	}
	rest := strings.TrimPrefix(strings.TrimPrefix(path, "$"), ".")
	var steps []step
	for rest != "" {
		if len(steps) == maxSteps {
			return nil, ErrPath
		}
		if inside, ok := strings.CutPrefix(rest, "["); ok {
			digits, after, closed := strings.Cut(inside, "]")
			n, err := strconv.ParseUint(digits, 10, 16)
			if err != nil || !closed {
				return nil, ErrPath
			}
			steps, rest = append(steps, step{place: int(n)}), after
		} else {
			end := strings.IndexAny(rest, ".[")
			if end < 0 {
				end = len(rest)
			}
			name := rest[:end]
			if name == "" || strings.ContainsAny(name, "]*?@'\" ") || strings.ContainsFunc(name, unicode.IsControl) {
				return nil, ErrPath
			}
			steps, rest = append(steps, step{member: name}), rest[end:]
		}
		if after, ok := strings.CutPrefix(rest, "."); ok {
			if after == "" || after[0] == '[' || after[0] == '.' {
				return nil, ErrPath
			}
			rest = after
		} else if rest != "" && rest[0] != '[' {
			return nil, ErrPath
		}
	}
	return steps, nil
}

func follow(v any, steps []step) any {
	for _, s := range steps {
		switch at := v.(type) {
		case object:
			if s.member == "" {
				return nil
			}
			v, _ = at.get(s.member)
		case []any:
			if s.member != "" || s.place >= len(at) {
				return nil
			}
			v = at[s.place]
		default:
			return nil
		}
	}
	return v
}
