package voice

import (
	"sync"
	"time"

	"github.com/askpro/gateway/internal/callback"
	"github.com/askpro/gateway/internal/company"
)

// AlarmIncomplete: a service in segments cannot be booked, because one of its segments is mapped to nobody.
const AlarmIncomplete = "incomplete_composite"

// notByPhone refuses a service in segments that nobody is mapped to do wholly: people are alarmed, the caller is rung
// back, and nothing else is booked in its place (§12.2). Nil for any other service.
func (x *turn) notByPhone(w when, s company.Service) *Reply {
	if x.config.Complete(x.branch.ID, s) {
		return nil
	}
	if x.desk.quiet.passed(x.t.String()+s.ID, x.now) {
		x.desk.Alarm(x, AlarmIncomplete, x.t.String())
	}
	var at *time.Time
	if !w.day.IsZero() && w.exact() {
		t := x.instant(w).UTC()
		at = &t
	}
	r := answer("calendar_unavailable", fill(say.notByPhone, "service", s.Name), offerCallback, nil)
	made, _, err := x.promise(wanted{
		phone: x.request.Caller, name: x.session.Name, action: "book", priority: callback.High, service: s, wishedAt: at,
		reason: "Die Leistung ist im Kalender nicht vollständig eingerichtet.",
	})
	if err != nil || made == nil { // nothing is promised: the caller is asked for a number
		return &r
	}
	r.Say = fill(say.notByPhoneRing, "service", s.Name, "until", speakUntil(made.PromisedUntil, x.now, x.branch.Location()))
	r.Data = map[string]any{"callback_id": made.ID}
	r.Next = goOn
	return &r
}

// doneBy narrows who can do a service to one member of staff. Of a service in segments they receive the customer, which is
// the first segment, and do whatever else they can; the rest is done by others. Empty: they do not offer it.
func doneBy(all []company.Doer, s company.Service, staffID string) []company.Doer {
	theirs := map[string]bool{}
	for _, d := range all {
		if d.Staff.ID == staffID {
			theirs[d.Segment] = true
		}
	}
	first := ""
	if s.InSegments() && len(s.Segments) > 0 {
		first = s.Segments[0].Key
	}
	if !theirs[first] {
		return nil
	}
	var out []company.Doer
	for _, d := range all {
		if d.Staff.ID == staffID || !theirs[d.Segment] {
			out = append(out, d)
		}
	}
	return out
}

// sparing lets an alarm through once in a while: a wrong setting shows in every call.
type sparing struct {
	mu   sync.Mutex
	last map[string]time.Time
}

const alarmEvery = 10 * time.Minute

func (s *sparing) passed(what string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if last, is := s.last[what]; is && now.Sub(last) < alarmEvery && !now.Before(last) {
		return false
	}
	if s.last == nil {
		s.last = map[string]time.Time{}
	}
	s.last[what] = now
	return true
}
