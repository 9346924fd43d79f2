package scheduling

import (
	"time"

	"github.com/askpro/gateway/internal/ledger"
)

// The budget of a key (§13.1): a hundred requests in any sixty seconds, sixty of them for jobs. It is counted in ticks of ten
// seconds; the one that runs and the six before it cover any minute, whenever Cal.com began to count.
const (
	tick      = 10 * time.Second
	ticksKept = 6
	forAll    = 100
	forJobs   = 60
	mostLease = 10
)

func tickOf(t time.Time) int64 { return t.Unix() / int64(tick/time.Second) }

// leaseOf makes the lease of some requests out of what is known of a key. False: the budget is spent until then.
func leaseOf(k ledger.KeyState, now time.Time, job bool, wished int) (l ledger.Lease, until time.Time, ok bool) {
	l = ledger.Lease{Tick: tickOf(now), Past: k.Past}
	before := k.Spent
	switch gap := l.Tick - k.Tick; {
	case gap == -1: // somebody's clock is a little ahead: theirs counts
		l.Tick = k.Tick
	case gap != 0:
		l.Turn, l.Past, before = &k, turned(k, gap), ledger.Spent{}
	}
	all, jobs := before.Used, before.Jobs
	for _, p := range l.Past {
		all, jobs = all+p.Used, jobs+p.Jobs
	}
	room := forAll - all
	if job {
		room = min(room, forJobs-jobs)
	}
	if room < 1 {
		return l, roomAt(l, before), false
	}
	// The fuller the minute, the smaller the lease: what one process does not use is lost for the others.
	n := min(wished, room, max(1, (forAll-all)/10), mostLease)
	l.Take = ledger.Spent{Used: n}
	l.Most = ledger.Spent{Used: forAll - (all - before.Used) - n, Jobs: forJobs - (jobs - before.Jobs) - n}
	if job {
		l.Take.Jobs = n
	}
	return l, time.Time{}, true
}

// turned are the ticks before a new one, gap ticks after the last known. A tick from the future was counted under another
// clock.
func turned(k ledger.KeyState, gap int64) []ledger.Spent {
	if gap < 0 || gap > ticksKept || k.Tick == 0 {
		return nil
	}
	past := make([]ledger.Spent, gap-1, gap+ticksKept)
	past = append(append(past, k.Spent), k.Past...)
	return past[:min(len(past), ticksKept)]
}

// roomAt is when the first requests leave the minute.
func roomAt(l ledger.Lease, running ledger.Spent) time.Time {
	oldest := int64(0)
	if running.Used > 0 {
		oldest = l.Tick
	}
	for i, s := range l.Past {
		if s.Used > 0 {
			oldest = l.Tick - int64(i) - 1
		}
	}
	return time.Unix((oldest+ticksKept+1)*int64(tick/time.Second), 0).UTC()
}
