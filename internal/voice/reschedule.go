package voice

import (
	"errors"
	"slices"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/german"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/policy"
	"github.com/askpro/gateway/internal/scheduling"
)

// reschedule moves an appointment: found, the caller's own, allowed, the new time free, agreed, then the calendar first
// (§11.3). Service, duration and staff stay.
func (x *turn) reschedule() (Reply, error) {
	if reply, err := x.changedBefore(booking.ToReschedule, ""); reply != nil || err != nil {
		return deref(reply), err
	}
	a, refused, err := x.target(booking.ToReschedule)
	if err != nil || refused != nil {
		return deref(refused), err
	}
	at, w, said, refused := x.newTime(a)
	if refused == nil && said {
		if reply, err := x.changedBefore(booking.ToReschedule, moveKey(a.ID, at)); reply != nil || err != nil {
			return deref(reply), err
		}
	}
	a, unsettled, err := x.underWay(a)
	if err != nil || unsettled != nil {
		return deref(unsettled), err
	}
	known, err := x.knownFor(a, x.daysAround(a, at, said)...)
	if err != nil {
		return Reply{}, err
	}
	d, denied := x.decide(a, policy.Reschedule, known.Card)
	switch {
	case denied != nil:
		return *denied, nil
	case refused != nil:
		return *refused, nil
	case !said:
		return answer("need_new_time", fill(say.needNewTime, "when", x.when(a.StartsAt)), askTime, map[string]any{"current": x.shown(a)}), nil
	case at.Equal(a.StartsAt):
		return answer("no_change", fill(say.noChange, "when", x.when(a.StartsAt)), askTime, map[string]any{"current": x.shown(a)}), nil
	case !a.InCalendar(), a.Torn(), len(w.doers) == 0:
		return x.changeRefused(scheduling.ChangeOutcome{Result: scheduling.NotReachable}, a, booking.PendingChange{Kind: booking.ToReschedule, StartsAt: at.UTC()})
	}
	key := moveKey(a.ID, at)
	if !x.agreed(key, d.FeeCents) {
		return x.offerMove(a, w, at, d, key)
	}
	if x.movesInto(w, known, a, at) {
		return x.newTimeTaken(a, at)
	}
	was := a.StartsAt
	return x.carryOutChange(a, booking.PendingChange{Kind: booking.ToReschedule, StartsAt: at.UTC(), EndsAt: at.Add(a.EndsAt.Sub(a.StartsAt)).UTC()}, d, known, key,
		func(out scheduling.ChangeOutcome) Reply { return x.tellMove(out, was, at) })
}

// newTime is when the appointment shall be: one of the options told before, or what the caller says. A time without a day
// is one among those options, else on the appointment's own day. said is false when nothing was said.
func (x *turn) newTime(a booking.Appointment) (at time.Time, w wish, said bool, refused *Reply) {
	s, doers := x.doersOf(a)
	w = wish{service: s, doers: doers}
	w.staff, _ = x.config.Person(a.StaffID)
	day, clock := x.args["new_date"], x.args["new_time"]
	if asked, ok := x.askedMove(a); ok && day == "" && clock == "" && x.args.yes("confirm") {
		w.when = x.at(asked)
		return asked, w, true, nil
	}
	if o, ok := x.optionToMoveTo(day, clock); ok {
		w.when = x.at(o.StartsAt())
		return o.StartsAt(), w, true, nil
	}
	if day == "" && clock == "" {
		return at, w, false, nil
	}
	if day == "" {
		day = x.branch.Day(a.StartsAt).String()
	}
	w.when, refused = x.understand(day, clock, true)
	if refused != nil {
		return at, w, true, refused
	}
	if w.day.IsZero() || !w.exact() {
		text := fill(say.needNewTime, "when", x.when(a.StartsAt))
		if !w.day.IsZero() {
			text = fill(say.needTime, "day", german.SpeakOnDate(w.day, x.branch.Day(x.now)))
		}
		r := answer("need_new_time", text, askTime, map[string]any{"current": x.shown(a)})
		return at, w, true, &r
	}
	return x.instant(w.when), w, true, nil
}

// at is an instant as somebody would have said it.
func (x *turn) at(t time.Time) when {
	return when{day: x.branch.Day(t), time: x.branch.LocalMinute(t), wFrom: german.NoTime, wTo: german.NoTime}
}

// askedMove is the new time that a yes is awaited for.
func (x *turn) askedMove(a booking.Appointment) (time.Time, bool) {
	if x.session.Asked == nil {
		return time.Time{}, false
	}
	kind, start := changeOf(x.session.Asked.Key)
	at := time.Unix(start, 0).UTC()
	return at, kind == booking.ToReschedule && x.session.Asked.Key == moveKey(a.ID, at)
}

// optionToMoveTo finds the option that was picked as the new time: by its id or place, or by a clock time alone.
func (x *turn) optionToMoveTo(day, clock string) (booking.Offer, bool) {
	if day == "" && clock == "" && (x.args["offer_id"] != "" || x.args["option"] != "") && len(x.session.Shown) == 0 {
		picked := *x
		picked.args = arguments{"offer_id": x.args["offer_id"], "option": x.args["option"]}
		return picked.pick()
	}
	if day == "" && clock != "" {
		offers := x.session.Offers
		return x.byClock(offers[len(offers)-min(x.session.Listed, len(offers)):], clock)
	}
	return booking.Offer{}, false
}

// doersOf is who does an appointment's service for it: those who have it now. Its length and segments stay what they are.
func (x *turn) doersOf(a booking.Appointment) (company.Service, []company.Doer) {
	s, _ := x.config.Service(a.ServiceID)
	s = a.Service(s)
	return s, slices.DeleteFunc(x.config.Doers(a.BranchID, s), func(d company.Doer) bool { return !a.Uses(d.EventTypeID) })
}

func (x *turn) daysAround(a booking.Appointment, at time.Time, said bool) []booking.DayKey {
	if !said || at.IsZero() {
		return nil
	}
	return booking.DayKeys(x.branch, a.PartsAt(at))
}

func (x *turn) viewToMove(w wish, known ledger.Known, a booking.Appointment) booking.View {
	v := x.view(w, known)
	v.Except = a.ID
	return v
}

// movesInto tells whether somebody else has the new time by our own days.
func (x *turn) movesInto(w wish, known ledger.Known, a booking.Appointment, at time.Time) bool {
	return x.viewToMove(w, known, a).Busy(a.SlotAt(at))
}

// offerMove asks for the yes to a new time that is free, and holds it meanwhile; else it tells what is.
func (x *turn) offerMove(a booking.Appointment, w wish, at time.Time, d policy.Decision, key string) (Reply, error) {
	v, known, err := x.lookToMove(w, a, x.daysFor(w))
	if errors.Is(err, scheduling.ErrUnavailable) {
		return x.changeRefused(scheduling.ChangeOutcome{Result: scheduling.NotReachable}, a, booking.PendingChange{Kind: booking.ToReschedule, StartsAt: at.UTC()})
	}
	if err != nil {
		return Reply{}, err
	}
	i := slices.IndexFunc(v.Free(w.day), func(s booking.Slot) bool { return s.Start.Equal(at) })
	if i < 0 {
		return x.otherTimes(a, w, v, known, at)
	}
	o, opt := x.offer(w.service, v.Free(w.day)[i])
	opt.HeldUntil = x.hold(o, &known).In(x.branch.Location()).Format(time.RFC3339)
	x.session.Listed = 1
	x.question(key, d.FeeCents)
	text := fill(say.askMove, "new", german.SpeakWhen(at, x.now, x.branch.Location()), "old", x.insteadOf(a.StartsAt), "fee", fee(d.FeeCents, say.feeMove))
	if x.far(at) {
		text = fill(say.readBack, "date", german.SpeakDate(x.branch.Day(at), x.branch.Day(x.now))) + " " + text
	}
	return answer("need_confirmation", text, confirmNext, map[string]any{
		"option": opt, "fee_cents": d.FeeCents, "notice_minutes": d.NoticeMinutes, "appointment": x.shown(a),
		"old_starts_at": a.StartsAt.In(x.branch.Location()).Format(time.RFC3339), "new_starts_at": at.In(x.branch.Location()).Format(time.RFC3339),
	}), nil
}

func (x *turn) insteadOf(start time.Time) string {
	if when := x.when(start); when != "" {
		return " statt" + when
	}
	return ""
}

// lookToMove reads the days and what the calendar has free on them. On the wished day it is asked as for a move, because
// the appointment's own time counts as free then.
func (x *turn) lookToMove(w wish, a booking.Appointment, days []german.Date) (booking.View, ledger.Known, error) {
	q := scheduling.Search{Config: x.config, Branch: x.branch, Doers: w.doers, Days: days}
	ask := q.Ask()
	ask.Card = a.ContactKey
	ask.Days = append(ask.Days, x.session.Held.Days()...)
	known, err := x.desk.Store.Gather(x, x.t, ask)
	if err != nil {
		return booking.View{}, known, err
	}
	if len(x.branch.Open(w.day)) > 0 {
		lists, err := x.desk.Scheduler.SlotsToMove(x, x.t, q, a, w.day, x.instant(w.when))
		if err != nil {
			return booking.View{}, known, err
		}
		for i, p := range a.Parts() {
			lists[i].Calendar = known.Days[booking.DayKey{Resource: p.Resource, Date: w.day}].Calendar // fresh under the day's counter
			known.Slots[booking.SlotKey{EventTypeID: p.EventTypeID, Date: w.day}] = lists[i]
		}
	}
	if err := x.desk.Scheduler.Fill(x, x.t, q, &known); err != nil && !errors.Is(err, scheduling.ErrUnavailable) {
		return booking.View{}, known, err // without the other days there are fewer options, no fault
	}
	return x.viewToMove(w, known, a), known, nil
}

// otherTimes refuses a new time and tells what is free instead.
func (x *turn) otherTimes(a booking.Appointment, w wish, v booking.View, known ledger.Known, at time.Time) (Reply, error) {
	var slots []booking.Slot
	reason, lead := "taken", fill(say.takenOffer, "time", german.SpeakTime(w.time))
	switch {
	case len(x.branch.Open(w.day)) == 0:
		reason, lead = "closed", fill(say.closedDay, "day", german.SpeakOnDate(w.day, x.branch.Day(x.now)))
	case at.Before(v.Earliest()):
		reason, lead = "too_soon", fill(say.tooSoon, "earliest", german.SpeakWhen(roundUp(v.Earliest().Truncate(time.Minute)), x.now, x.branch.Location()))
	case x.outsideHours(w, at) != "":
		reason, lead = "outside_hours", fill(x.outsideHours(w, at), "time", german.SpeakTime(w.time))
	}
	for _, o := range v.Alternatives(booking.Wish{At: at, StaffID: a.StaffID}, x.daysFor(w)) {
		if !o.Start.Equal(a.StartsAt) {
			slots = append(slots, o.Slot)
		}
	}
	r := x.offering(w, &known, slots, reason, lead)
	if len(slots) == 0 {
		r.Say = fill(say.moveNothing, "when", x.when(a.StartsAt))
	}
	r.Data.(map[string]any)["appointment"] = x.shown(a)
	return r, nil
}

// newTimeTaken says that the new time has just gone, and what is free instead.
func (x *turn) newTimeTaken(a booking.Appointment, at time.Time) (Reply, error) {
	s, doers := x.doersOf(a)
	w := wish{when: x.at(at), service: s, doers: doers}
	v, known, err := x.lookToMove(w, a, x.daysFor(w))
	if err != nil && !errors.Is(err, scheduling.ErrUnavailable) {
		return Reply{}, err
	}
	r, err := x.otherTimes(a, w, v, known, at)
	if err == nil && r.Status == "alternatives" {
		r.Status = "slot_taken"
	}
	return r, err
}

// tellMove is the sentence about a move: from when to when and what it costs.
func (x *turn) tellMove(out scheduling.ChangeOutcome, was, at time.Time) Reply {
	a, loc := out.Appointment, x.branch.Location()
	data := map[string]any{
		"appointment": x.shown(a), "old_starts_at": was.In(loc).Format(time.RFC3339), "new_starts_at": at.In(loc).Format(time.RFC3339), "fee_cents": out.FeeCents,
	}
	if a.PreviousStartsAt != nil && a.StartsAt.Equal(at) {
		was = *a.PreviousStartsAt
		data["old_starts_at"] = was.In(loc).Format(time.RFC3339)
	}
	spoken := german.SpeakWhen(at, x.now, loc)
	switch out.Result {
	case scheduling.IsUncertain:
		return answer("change_uncertain", say.changeUncertain, goOn, data)
	case scheduling.DidRequest:
		return answer("requested", fill(say.moveRequested, "new", spoken), goOn, data)
	}
	return answer("rescheduled", fill(say.rescheduled, "new", spoken, "old", x.insteadOf(was), "fee", fee(out.FeeCents, say.feeIs)), goOn, data)
}
