package delivery

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

// The breaker and the narrow door before a destination (§9.5).
const (
	breakWindow  = 60 * time.Second
	breakBucket  = 5 * time.Second
	breakAtLeast = 10
	breakShare   = 70 // per cent of failures
	breakFor     = 60 * time.Second
	atATime      = 2
	askAgain     = 2 * time.Second // behind a busy door
)

// Gate stands before one destination host of one company: at most two requests at a time, and none while the breaker is
// open, except one probe after it. The zero value is open to all. It is a value: Enter and Leave give the next one, and
// whoever keeps it does so conditionally on the one that was read.
type Gate struct {
	Tries     []Tries   // of the last minute, oldest first
	OpenUntil time.Time // the breaker; zero: closed
	Probe     string    // who tries after it
	Inside    []Visit   // who is at the destination now
}

// HostOf is the destination that a URL's Gate stands before, however its host is written; empty if it is no URL.
func HostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}

// Tries are the requests of a few seconds.
type Tries struct {
	From          time.Time
	Total, Failed int
}

// Visit is a request under way; one whose worker died ends by the clock.
type Visit struct {
	ID    string
	Until time.Time
}

// Enter asks to send now; id is the attempt's, lease its longest time. If it may not, ask again at the time given: this
// uses no attempt.
func (g Gate) Enter(id string, lease time.Duration, now time.Time) (next Gate, again time.Time, ok bool) {
	g = g.at(now)
	switch {
	case now.Before(g.OpenUntil):
		return g, g.OpenUntil, false
	case !g.OpenUntil.IsZero() && g.Probe != "" && g.Probe != id:
		return g, now.Add(askAgain), false
	case len(g.Inside) >= atATime && !g.inside(id):
		return g, now.Add(askAgain), false
	}
	if !g.OpenUntil.IsZero() {
		g.Probe = id
	}
	if !g.inside(id) {
		g.Inside = append(g.Inside, Visit{id, now.Add(min(lease, maxClaimTime))})
	}
	return g, time.Time{}, true
}

// Leave tells how it went. Failed means the destination is in trouble (what is worth a retry), not that it said no.
func (g Gate) Leave(id string, failed bool, now time.Time) Gate {
	g = g.at(now)
	g.Inside = slices.DeleteFunc(g.Inside, func(v Visit) bool { return v.ID == id })
	if g.Probe == id {
		g.Probe, g.OpenUntil, g.Tries = "", time.Time{}, nil
		if failed {
			g.OpenUntil = now.Add(breakFor)
		}
		return g
	}
	if !g.OpenUntil.IsZero() { // it set out before the breaker opened
		return g
	}
	g.count(failed, now)
	total, bad := 0, 0
	for _, t := range g.Tries {
		total, bad = total+t.Total, bad+t.Failed
	}
	if total >= breakAtLeast && bad*100 >= total*breakShare {
		g.OpenUntil, g.Tries = now.Add(breakFor), nil
	}
	return g
}

// at is the gate without what is over: old tries, dead visitors, a probe that never came back.
func (g Gate) at(now time.Time) Gate {
	g.Tries = slices.DeleteFunc(slices.Clone(g.Tries), func(t Tries) bool { return now.Sub(t.From) >= breakWindow })
	g.Inside = slices.DeleteFunc(slices.Clone(g.Inside), func(v Visit) bool { return !now.Before(v.Until) })
	if g.Probe != "" && !g.inside(g.Probe) {
		g.Probe = ""
	}
	return g
}

func (g Gate) inside(id string) bool {
	return slices.ContainsFunc(g.Inside, func(v Visit) bool { return v.ID == id })
}

func (g *Gate) count(failed bool, now time.Time) {
	if n := len(g.Tries); n == 0 || now.Sub(g.Tries[n-1].From) >= breakBucket {
		g.Tries = append(g.Tries, Tries{From: now})
	}
	t := &g.Tries[len(g.Tries)-1]
	t.Total++
	if failed {
		t.Failed++
	}
}
