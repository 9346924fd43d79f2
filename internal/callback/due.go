package callback

import (
	"time"

	"github.com/askpro/gateway/internal/company"
)

// Level of what is done when nobody calls.
type Level string

// The steps of §15, and what is none of them.
const (
	Nothing  Level = ""
	Warn     Level = "warn"
	Critical Level = "critical"
	Escalate Level = "escalated"
	// Lapse: the time in which it could be made is over.
	Lapse Level = "expired"
)

// Reason of an escalation.
type Reason string

// The reasons of §15.
const (
	Breach Reason = "sla_breach"
	Manual Reason = "manual_escalation"
	Failed Reason = "multiple_attempts_failed"
)

// How long a branch may be open without contact until each step, how often a step is taken, and how long an escalation is
// given to take effect.
const (
	warnAfter     = 60 * time.Minute
	criticalAfter = 90 * time.Minute
	breachAfter   = 120 * time.Minute
	stepAgain     = 24 * time.Hour
	cooldown      = 4 * time.Hour
	enoughTries   = 3
)

// times are when each step about an open request is due; zero: never as it stands.
type times struct{ warn, critical, breach, failed, lapse time.Time }

// timesOf counts from the last contact, or from the beginning. Steps are taken while somebody is there to see them: one
// that is due again when the branch is closed waits until it opens.
func timesOf(b company.Branch, r Request) times {
	since := r.CreatedAt
	if r.ContactedAt != nil {
		since = *r.ContactedAt
	}
	notBefore := func(at time.Time, last *time.Time, pause time.Duration) time.Time {
		if last == nil || !last.Add(pause).After(at) {
			return at
		}
		return whenOpen(b, last.Add(pause))
	}
	t := times{
		warn:     notBefore(afterOpen(b, since, warnAfter), r.WarnedAt, stepAgain),
		critical: notBefore(afterOpen(b, since, criticalAfter), r.CriticalAt, stepAgain),
		breach:   notBefore(notBefore(afterOpen(b, since, breachAfter), r.BreachedAt, stepAgain), r.EscalatedAt, cooldown),
		lapse:    r.ExpiresAt,
	}
	if r.Tries >= enoughTries {
		t.failed = notBefore(whenOpen(b, since), r.EscalatedAt, cooldown)
	}
	return t
}

// inOrder leaves out steps that would come again while the escalation after them is still to come.
func (t times) inOrder(r Request) times {
	ahead := func(last *time.Time) bool {
		return last != nil && (r.ContactedAt == nil || !last.Before(*r.ContactedAt)) && (r.BreachedAt == nil || r.BreachedAt.Before(*last))
	}
	if ahead(r.WarnedAt) {
		t.warn = time.Time{}
	}
	if ahead(r.CriticalAt) {
		t.critical = time.Time{}
	}
	return t
}

// Due says what has to be done about a request at now, and for which reason if it is an escalation. However late it is
// asked, it is one step, the highest: those below it were missed and are not made up for.
func Due(b company.Branch, r Request, now time.Time) (Level, Reason) {
	if !r.Open() {
		return Nothing, ""
	}
	t := timesOf(b, r).inOrder(r)
	came := func(at time.Time) bool { return came(at, now) }
	switch {
	case came(t.lapse):
		return Lapse, ""
	case came(t.failed):
		return Escalate, Failed
	case came(t.breach):
		return Escalate, Breach
	case came(t.critical):
		return Critical, ""
	case came(t.warn):
		return Warn, ""
	}
	return Nothing, ""
}

func came(at, now time.Time) bool { return !at.IsZero() && !at.After(now) }

// Next is when something about a request is due, as it stands now; false when it is over. It may have passed.
func Next(b company.Branch, r Request) (time.Time, bool) {
	if !r.Open() {
		return time.Time{}, false
	}
	t := timesOf(b, r).inOrder(r)
	next := t.lapse
	for _, at := range []time.Time{t.warn, t.critical, t.breach, t.failed} {
		if !at.IsZero() && at.Before(next) {
			next = at
		}
	}
	return next, true
}

// Took marks a step as taken at now, and the lower ones that were due by then as missed.
func (r Request) Took(b company.Branch, l Level, why Reason, now time.Time) Request {
	t := timesOf(b, r)
	mark := func(last **time.Time, at time.Time, taken bool) {
		if taken || came(at, now) {
			*last = &now
		}
	}
	mark(&r.WarnedAt, t.warn, l == Warn)
	if l == Critical || l == Escalate {
		mark(&r.CriticalAt, t.critical, l == Critical)
	}
	if l == Escalate {
		mark(&r.BreachedAt, t.breach, why == Breach)
		r.EscalatedAt, r.EscalatedFor, r.Tries = &now, string(why), 0
	}
	return r
}

// MayEscalate refuses an escalation by hand that follows another one too closely.
func (r Request) MayEscalate(now time.Time) error {
	switch {
	case !r.Open():
		return ErrOver
	case r.EscalatedAt != nil && now.Before(r.EscalatedAt.Add(cooldown)):
		return ErrTooSoon
	}
	return nil
}
