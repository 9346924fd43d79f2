package voice

import (
	"unicode/utf8"

	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/mode"
)

// longestUtterance is how much of the first utterance is kept, in letters.
const longestUtterance = 300

// takesCases tells whether the company's calls may report cases, as it is configured now.
func (x *turn) takesCases() bool {
	g := x.cases.Gateway
	return x.desk.Gateway && g.Enabled && (g.Mode == desk.ServiceDesk || g.Mode == desk.Hybrid)
}

// pinMode decides at a call's first function what it is taken for; later ones read it. A call that began before the company
// had a gateway stays what it was.
func (x *turn) pinMode() {
	if x.session.Seq == 0 && x.session.Gateway == nil && x.cases.Gateway.Enabled {
		g := x.cases.Gateway
		p := mode.Resolve(x.desk.Gateway, &mode.Config{Enabled: g.Enabled, Mode: g.Mode, Fallback: g.Fallback, Threshold: g.Confidence, Version: x.cases.Version}, x.now)
		x.session.Gateway = &p
	}
	p := x.session.Gateway
	if p == nil || p.Decided() || p.Utterance != "" || x.request.Utterance == "" {
		return
	}
	next := *p
	next.Utterance = firstLetters(x.request.Utterance, longestUtterance)
	if heard := next.Heard(detection(x.detect(x.request.Utterance)), x.now); heard.Decided() && heard.From == mode.FromIntent {
		next = heard // an unsure one is no question that was answered: it counts for nothing
	}
	x.session.Gateway = &next
}

// mode of the call; without a gateway it is about appointments.
func (x *turn) mode() mode.Pin {
	if p := x.session.Gateway; p != nil {
		return *p
	}
	return mode.Pin{Mode: mode.Appointment, From: mode.FromGlobalDefault}
}

// succeeded are the answers by which a function of one table decides what a call is about.
var succeeded = map[string]bool{
	"available": true, "alternatives": true, "reserved": true, "booked": true, "requested": true, "found": true, "cancelled": true, "rescheduled": true,
	"saved": true, "created": true,
}

// countMode takes an answer into account: the first function of one table that succeeds decides, the third function that
// leaves it open falls back (§2.3).
func (x *turn) countMode(r Reply) {
	p := x.session.Gateway
	if p == nil || p.Decided() || !call.Asks(x.tool) {
		return
	}
	what, _ := toolOf(x.tool)
	next := p.Called(what.table, succeeded[r.Status], x.now)
	x.session.Gateway = &next
}

// outsideMode answers a function that the call's mode does not have.
func (x *turn) outsideMode(of mode.Table) Reply {
	x.desk.Alarm(x, AlarmOutsideMode, x.t.String())
	if of == mode.Bookings {
		return answer("outside_mode", say.outsideBookings, desk.Finalize, nil)
	}
	return answer("outside_mode", say.outsideDesk, "request_callback", nil)
}

// tooMuch answers a function call that is one too many.
func (x *turn) tooMuch(what tool) Reply {
	if what.table == mode.Desk && x.session.Seq < maxTools {
		return answer("rate_limited", say.moment, goOn, map[string]any{"retry_after_s": 60 - x.now.Unix()%60})
	}
	return answer("limit_reached", say.limit, transferNext, nil)
}

func firstLetters(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n])
}
