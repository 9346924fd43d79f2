package player

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// check compares an answer with what was expected.
func (x *playing) check(turn int, want Expect, got reply) {
	wrong := func(format string, a ...any) {
		x.problems = append(x.problems, fmt.Sprintf("turn %d (%s): ", turn, x.Turns[turn].Tool)+fmt.Sprintf(format, a...))
	}
	if len(want.Status) > 0 && !slices.Contains(want.Status, got.Status) {
		wrong("status %s, wanted %s", got.Status, strings.Join(want.Status, " or "))
	}
	say := strings.ToLower(got.Say)
	for _, s := range want.SayContains {
		if !strings.Contains(say, strings.ToLower(s)) {
			wrong("the sentence lacks %q: %s", s, got.Say)
		}
	}
	for _, s := range want.SayNotContains {
		if strings.Contains(say, strings.ToLower(s)) {
			wrong("the sentence says %q: %s", s, got.Say)
		}
	}
	if want.StartsAt != "" && !sameInstant(want.StartsAt, startOf(got.Data)) {
		wrong("it starts at %q, wanted %s", startOf(got.Data), want.StartsAt)
	}
	if o := want.StartsAtOption; o != nil {
		option := optionOf(x.answers[o.Turn].Data, o.Index)
		if option == "" || !sameInstant(option, startOf(got.Data)) {
			wrong("it starts at %q, option %d of turn %d is %q", startOf(got.Data), o.Index, o.Turn, option)
		}
	}
}

func sameInstant(a, b string) bool {
	x, errX := time.Parse(time.RFC3339, a)
	y, errY := time.Parse(time.RFC3339, b)
	return a == b || (errX == nil && errY == nil && x.Equal(y))
}

func startOf(data json.RawMessage) string {
	var d struct {
		StartsAt string `json:"starts_at"`
	}
	_ = json.Unmarshal(data, &d) // data of another form has no start
	return d.StartsAt
}

func optionOf(data json.RawMessage, index int) string {
	var d struct {
		Options []struct {
			StartsAt string `json:"starts_at"`
		} `json:"options"`
	}
	if json.Unmarshal(data, &d) != nil {
		return ""
	}
	if len(d.Options) == 0 && index == 0 {
		return startOf(data)
	}
	if index < 0 || index >= len(d.Options) {
		return ""
	}
	return d.Options[index].StartsAt
}
