package notify

import (
	"slices"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/company"
)

// Terms says whether the customer may cancel (booking.ToCancel) or move (booking.ToReschedule) an appointment at an
// instant, and for what fee. The letters ask it at every instant at which the answer may change, so that they never say
// anything else than the telephone does.
type Terms func(c *company.Config, a booking.Appointment, change string, at time.Time) (allowed bool, feeCents int64)

// step is what counts until an instant, that one included.
type step struct {
	until   time.Time
	allowed bool
	fee     int64
}

// terms of the changes of an appointment from now to its start; none where nobody says.
type terms struct{ cancel, move []step }

func (n *Notifier) termsOf(x about) terms {
	if n.Terms == nil || !x.a.StartsAt.After(x.now) {
		return terms{}
	}
	return terms{n.steps(x, booking.ToCancel), n.steps(x, booking.ToReschedule)}
}

// termWords writes the terms as sentences; empty where everything is free all along.
func (x about) termWords() string {
	if len(x.terms.cancel) == 0 {
		return ""
	}
	if slices.Equal(x.terms.cancel, x.terms.move) {
		return x.rule(x.terms.cancel, x.in.words("terms.both"))
	}
	return strings.TrimSpace(x.rule(x.terms.cancel, x.in.words("terms.cancel")) + " " + x.rule(x.terms.move, x.in.words("terms.move")))
}

// steps asks the terms of a change at the ends of all times in which they are the same.
func (n *Notifier) steps(x about, change string) []step {
	start := x.a.StartsAt
	ends := []time.Time{start.Add(-time.Minute)}
	for _, h := range noticesOf(x.config) {
		if at := start.Add(-time.Duration(h) * time.Hour); at.Before(ends[0]) && at.After(x.now) {
			ends = append(ends, at)
		}
	}
	slices.SortFunc(ends, time.Time.Compare)
	var list []step
	for _, at := range ends {
		s := step{until: at}
		s.allowed, s.fee = n.Terms(x.config, x.a, change, at)
		if last := len(list) - 1; last >= 0 && list[last].allowed == s.allowed && (!s.allowed || list[last].fee == s.fee) {
			list[last].until = at
			continue
		}
		list = append(list, s)
	}
	return list
}

// noticesOf lists the hours before a start at which any policy of the company changes its answer; what is further away than
// an appointment can be (§9.2: 365 days) never does.
func noticesOf(c *company.Config) []int {
	var list []int
	add := func(hours int) {
		if hours > 0 && hours <= 366*24 {
			list = append(list, hours)
		}
	}
	for _, p := range c.Policies {
		if p.HoursBefore != nil {
			add(*p.HoursBefore)
		}
		for _, t := range p.FeeTiers {
			add(t.MinHours)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// rule writes steps as one or two sentences; do is what one may do ("absagen").
func (x about) rule(steps []step, do string) string {
	first := steps[0]
	until, fee := x.moment(first.until), x.in.money(first.fee)
	switch {
	case len(steps) == 1 && !first.allowed:
		return x.in.words("terms.over", "do", do)
	case len(steps) == 1 && first.fee > 0:
		return x.in.words("terms.fee", "do", do, "fee", fee)
	case len(steps) == 1:
		return ""
	}
	sentences := []string{x.in.words("terms.free_until", "until", until, "do", do)}
	switch {
	case !first.allowed:
		sentences[0] = x.in.words("terms.not_until", "until", until, "do", do)
	case first.fee > 0:
		sentences[0] = x.in.words("terms.fee_until", "until", until, "do", do, "fee", fee)
	}
	for i, s := range steps[1:] {
		then := x.in.words("terms.then")
		if i > 0 {
			then = x.in.words("terms.from", "from", x.moment(steps[i].until))
		}
		switch {
		case !s.allowed:
			sentences = append(sentences, x.in.words("terms.then_not", "then", then))
		case s.fee == 0:
			sentences = append(sentences, x.in.words("terms.then_free", "then", then))
		default:
			sentences = append(sentences, x.in.words("terms.then_fee", "then", then, "fee", x.in.money(s.fee)))
		}
	}
	return strings.Join(sentences, " ")
}
