package voice

import (
	"strconv"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/policy"
	"github.com/askpro/gateway/internal/scheduling"
)

// cancel calls an appointment off: found, the caller's own, allowed, agreed, then the calendar first (§11.3).
func (x *turn) cancel() (Reply, error) {
	if reply, err := x.changedBefore(booking.ToCancel, ""); reply != nil || err != nil {
		return deref(reply), err
	}
	a, refused, err := x.target(booking.ToCancel)
	if err != nil || refused != nil {
		return deref(refused), err
	}
	key := cancelKey(a.ID)
	if reply, err := x.changedBefore(booking.ToCancel, key); reply != nil || err != nil {
		return deref(reply), err
	}
	a, refused, err = x.underWay(a)
	if err != nil || refused != nil {
		return deref(refused), err
	}
	if a.Status == booking.Cancelled { // what was under way has just ended
		return x.tellCancel(scheduling.ChangeOutcome{Result: scheduling.DidCancel, Appointment: a}), nil
	}
	known, err := x.knownFor(a)
	if err != nil {
		return Reply{}, err
	}
	d, refused := x.decide(a, policy.Cancellation, known.Card)
	if refused != nil {
		return *refused, nil
	}
	if !a.InCalendar() {
		return x.changeRefused(scheduling.ChangeOutcome{Result: scheduling.NotReachable}, a, booking.PendingChange{Kind: booking.ToCancel})
	}
	if !x.agreed(key, d.FeeCents) {
		x.question(key, d.FeeCents)
		return answer("need_confirmation", fill(say.askCancel, "what", x.what(a), "fee", strings.TrimLeft(fee(d.FeeCents, say.feeCancel)+" ", " ")), confirmNext, map[string]any{
			"appointment": x.shown(a), "fee_cents": d.FeeCents, "notice_minutes": d.NoticeMinutes,
		}), nil
	}
	return x.carryOutChange(a, booking.PendingChange{Kind: booking.ToCancel}, d, known, key, x.tellCancel)
}

// tellCancel is the sentence about a cancellation: what was called off and what it costs.
func (x *turn) tellCancel(out scheduling.ChangeOutcome) Reply {
	a := out.Appointment
	data := map[string]any{"appointment": x.shown(a)}
	if out.Result == scheduling.IsUncertain {
		return answer("change_uncertain", say.changeUncertain, goOn, data)
	}
	data["fee_cents"] = out.FeeCents
	return answer("cancelled", fill(say.cancelled, "what", x.what(a), "fee", fee(out.FeeCents, say.feeIs)), goOn, data)
}

// Keys under which changes are claimed, so that a repeated delivery changes nothing twice.
func cancelKey(id string) string { return "cancel#" + id }

func moveKey(id string, start time.Time) string {
	return "reschedule#" + id + "#" + strconv.FormatInt(start.Unix(), 36)
}

// changeOf reads a key: what was to be done and, of a move, the new start in unix seconds.
func changeOf(key string) (kind string, start int64) {
	parts := strings.Split(key, "#")
	if len(parts) == 3 {
		start, _ = strconv.ParseInt(parts[2], 36, 64)
	}
	return parts[0], start
}
