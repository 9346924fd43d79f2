package notify

import (
	"slices"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/german"
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

// termsOf writes the terms of an appointment from now to its start as sentences; empty where everything is free all along.
func (n *Notifier) termsOf(x about) string {
	if n.Terms == nil || !x.a.StartsAt.After(x.now) {
		return ""
	}
	cancel, move := n.steps(x, booking.ToCancel), n.steps(x, booking.ToReschedule)
	if slices.Equal(cancel, move) {
		return x.rule(cancel, "absagen oder verschieben")
	}
	return strings.TrimSpace(x.rule(cancel, "absagen") + " " + x.rule(move, "verschieben"))
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
	money := func(s step) string { return german.WriteMoney(int(s.fee)) }
	var b strings.Builder
	switch {
	case len(steps) == 1 && !first.allowed:
		return "Diesen Termin können Sie leider nicht mehr " + do + "."
	case len(steps) == 1 && first.fee > 0:
		return "Wenn Sie den Termin " + do + ", berechnen wir " + money(first) + "."
	case len(steps) == 1:
		return ""
	case !first.allowed:
		b.WriteString("Bis " + x.moment(first.until) + " können Sie den Termin nicht " + do + ".")
	case first.fee > 0:
		b.WriteString("Bis " + x.moment(first.until) + " können Sie den Termin für " + money(first) + " " + do + ".")
	default:
		b.WriteString("Bis " + x.moment(first.until) + " können Sie den Termin kostenlos " + do + ".")
	}
	for i, s := range steps[1:] {
		before, from := steps[i], " Danach"
		if i > 0 {
			from = " Ab " + x.moment(before.until)
		}
		switch {
		case !s.allowed:
			b.WriteString(from + " ist das nicht mehr möglich.")
		case s.fee == 0:
			b.WriteString(from + " ist das kostenlos.")
		default:
			b.WriteString(from + " berechnen wir " + money(s) + ".")
		}
	}
	return b.String()
}
