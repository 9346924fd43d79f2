package voice

import (
	"slices"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/german"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/scheduling"
)

// wish is what availability is asked for.
type wish struct {
	when
	service company.Service
	doers   []company.Doer
	staff   company.Staff
}

// wished reads the arguments in the order of §6.3: date, service, staff, and whether that staff can do it.
func (x *turn) wished() (wish, *Reply) {
	w, refused := x.understand(x.args["date"], x.args["time"], true)
	if refused != nil {
		return wish{}, refused
	}
	s, refused := x.service()
	if refused != nil {
		return wish{}, refused
	}
	if refused := x.notByPhone(w, s); refused != nil {
		return wish{}, refused
	}
	doers, staff, refused := x.doers(s)
	if refused != nil {
		return wish{}, refused
	}
	return wish{when: w, service: s, doers: doers, staff: staff}, nil
}

// checkAvailability looks for the wished time; what was not asked for is never called available.
func (x *turn) checkAvailability() (Reply, error) {
	w, refused := x.wished()
	if refused != nil {
		return *refused, nil
	}
	x.pin(w.service, w.staff)
	return x.check(w)
}

// check answers a wish and holds the exact match.
func (x *turn) check(w wish) (Reply, error) {
	if !w.day.IsZero() {
		x.session.Date = w.day.String()
	}
	x.session.Wish = x.noted(w)
	v, known, reply, err := x.look(w, x.daysFor(w))
	if err != nil || reply != nil {
		return deref(reply), err
	}
	if w.day.IsZero() {
		return x.spread(w, v, known, x.daysBetween(w.from, w.to))
	}
	if len(x.branch.Open(w.day)) == 0 {
		return x.closedDay(w, v, known)
	}
	if !w.exact() {
		return x.spread(w, v, known, []german.Date{w.day})
	}
	at := x.instant(w.when)
	if at.Before(v.Earliest()) {
		return x.tooSoon(w, v, known)
	}
	free := v.Free(w.day)
	i := slices.IndexFunc(free, func(s booking.Slot) bool { return s.Start.Equal(at) })
	if i < 0 {
		return x.alternatives(w, v, known, at)
	}
	slot := free[i]
	if own, overlaps := v.Card.Overlaps(slot.Start, slot.End); overlaps && x.session.OwnAsked != own.AppointmentID {
		x.session.OwnAsked = own.AppointmentID
		start := time.Unix(own.Start, 0).In(x.branch.Location())
		return answer("has_own_appointment", fill(say.ownAppointment, "time", german.SpeakTime(x.branch.LocalMinute(start))), chooseOption,
			map[string]any{"appointment_id": own.AppointmentID, "starts_at": start.Format(time.RFC3339)}), nil
	}
	return x.available(w, slot, &known), nil
}

// available holds the slot and says so.
func (x *turn) available(w wish, slot booking.Slot, known *ledger.Known) Reply {
	o, opt := x.offer(w.service, slot)
	x.session.Listed = 1
	opt.HeldUntil = x.hold(o, known).In(x.branch.Location()).Format(time.RFC3339)
	x.session.Wish.Offered++
	text := say.available
	if opt.StaffName == "" {
		text = say.availableNobody
	}
	if x.far(slot.Start) {
		text = say.availableFar
		if opt.StaffName == "" {
			text = say.availableFarNobody
		}
	}
	return answer("available", fill(text, "when", opt.Spoken, "staff", firstName(opt.StaffName),
		"date", german.SpeakDate(x.branch.Day(slot.Start), x.branch.Day(x.now))), confirmNext, opt)
}

// far dates are read back with weekday and year before they are booked (§7).
func (x *turn) far(start time.Time) bool {
	return start.Sub(x.now) > 60*24*time.Hour || start.In(x.branch.Location()).Year() != x.now.In(x.branch.Location()).Year()
}

// daysFor are the local dates one look should know: what was asked, the next open day and the same weekday next week.
func (x *turn) daysFor(w wish) []german.Date {
	if w.day.IsZero() {
		return x.daysBetween(w.from, w.to)
	}
	days := []german.Date{w.day}
	if next, ok := x.nextOpenDay(w.day); ok {
		days = append(days, next)
	}
	if week := w.day.AddDays(7); !slices.Contains(days, week) && w.exact() {
		days = append(days, week)
	}
	return days
}

func (x *turn) nextOpenDay(after german.Date) (german.Date, bool) {
	for i := range 30 {
		if d := after.AddDays(i + 1); len(x.branch.Open(d)) > 0 {
			return d, true
		}
	}
	return german.Date{}, false
}

// daysBetween lists the open days of a range, at most fourteen, none before today.
func (x *turn) daysBetween(from, to german.Date) []german.Date {
	if today := x.branch.Day(x.now); from.Before(today) {
		from = today
	}
	var days []german.Date
	for d := from; !to.Before(d) && len(days) < searchDays; d = d.AddDays(1) {
		if len(x.branch.Open(d)) > 0 {
			days = append(days, d)
		}
	}
	return days
}

// look reads what is known of the days and completes it from the calendar. The reply is set when that cannot be asked.
func (x *turn) look(w wish, days []german.Date) (booking.View, ledger.Known, *Reply, error) {
	q := scheduling.Search{Config: x.config, Branch: x.branch, Doers: w.doers, Days: days}
	ask := q.Ask()
	ask.Card = x.request.Caller
	ask.Days = append(ask.Days, x.session.Held.Days()...)
	known, err := x.desk.Store.Gather(x, x.t, ask)
	if err != nil {
		return booking.View{}, known, nil, err
	}
	if err := x.desk.Scheduler.Fill(x, x.t, q, &known); err != nil {
		if x.Err() != nil && known.Days == nil {
			return booking.View{}, known, nil, err
		}
		reply, err := x.unreachable(w, known)
		return booking.View{}, known, reply, err
	}
	return x.view(w, known), known, nil, nil
}

func (x *turn) view(w wish, known ledger.Known) booking.View {
	return booking.View{
		Now: x.now, CallID: x.request.CallID, Branch: x.branch, Service: w.service, Doers: w.doers, Notice: x.config.Notice(w.service),
		Slots: known.Slots, Days: known.Days, Card: known.Card,
	}
}

// alternatives offers what comes nearest; nothing is held until one is picked.
func (x *turn) alternatives(w wish, v booking.View, known ledger.Known, at time.Time) (Reply, error) {
	days := x.daysFor(w)
	list := v.Alternatives(booking.Wish{At: at, StaffID: w.staff.ID}, days)
	if len(list) == 0 {
		more, moreKnown, reply, err := x.look(w, x.daysBetween(w.day, w.day.AddDays(searchDays)))
		if err != nil || reply != nil {
			return deref(reply), err
		}
		v, known = more, moreKnown
		list = v.Alternatives(booking.Wish{At: at, StaffID: w.staff.ID}, x.daysBetween(w.day, w.day.AddDays(searchDays)))
	}
	reason, text := "taken", say.takenOffer
	if outside := x.outsideHours(w, at); outside != "" {
		reason, text = "outside_hours", outside
	}
	slots := make([]booking.Slot, len(list))
	for i, o := range list {
		slots[i] = o.Slot
	}
	return x.offering(w, &known, slots, reason, fill(text, "time", german.SpeakTime(w.time))), nil
}

// outsideHours says that a time is outside the opening hours, or too near to their end; empty where it is neither.
func (x *turn) outsideHours(w wish, at time.Time) string {
	end := at.Add(w.service.Duration())
	text := say.outsideHours
	for _, r := range x.branch.Open(w.day) {
		from, to := x.branch.At(w.day, r.From), x.branch.At(w.day, r.To)
		switch {
		case !at.Before(from) && !end.After(to):
			return ""
		case !at.Before(from) && at.Before(to):
			text = say.tooLateInHours
		}
	}
	return text
}

// offering tells two or three options, or that there is nothing.
func (x *turn) offering(w wish, known *ledger.Known, slots []booking.Slot, reason, lead string) Reply {
	x.letGo(known)
	data := map[string]any{"reason": reason}
	requested := map[string]string{}
	if !w.day.IsZero() {
		requested["date"] = w.day.String()
	}
	if w.exact() {
		requested["time"] = w.time.String()
	}
	data["requested"] = requested
	if len(slots) == 0 {
		data["options"] = []option{}
		return answer("no_slots", say.noSlots, offerCallback, data)
	}
	x.session.Shown = nil // „den zweiten“ means an option now
	options := x.offers(w.service, slots)
	if x.session.Wish != nil { // a move wishes for nothing new
		x.session.Wish.Offered += len(options)
	}
	for i := range options {
		options[i].Description = x.description(w, slots[i].Start)
	}
	data["options"] = options
	return answer("alternatives", fill(lead, "options", x.speakOptions(w, slots)), chooseOption, data)
}

// speakOptions reads options as a German would: the day once, where all are on one day.
func (x *turn) speakOptions(w wish, slots []booking.Slot) string {
	today := x.branch.Day(x.now)
	first := x.branch.Day(slots[0].Start)
	sameDay := !slices.ContainsFunc(slots, func(s booking.Slot) bool { return x.branch.Day(s.Start) != first })
	var parts []string
	for _, s := range slots {
		clock := "um " + german.SpeakTime(x.branch.LocalMinute(s.Start))
		day := x.branch.Day(s.Start)
		switch {
		case sameDay:
			parts = append(parts, clock)
		case day == w.day:
			parts = append(parts, "am gleichen Tag "+clock)
		default:
			parts = append(parts, german.SpeakOnDate(day, today)+" "+clock)
		}
	}
	list := german.SpeakList(parts, "oder")
	switch {
	case !sameDay:
		return list
	case first == w.day && w.exact():
		return "am gleichen Tag " + list
	}
	return german.SpeakOnDate(first, today) + " " + list
}

// description is the short written form of an option (§9.4).
func (x *turn) description(w wish, start time.Time) string {
	day, clock := x.branch.Day(start), "um "+german.SpeakTime(x.branch.LocalMinute(start))
	switch {
	case day == w.day:
		return "am gleichen Tag " + clock
	case day == x.branch.Day(x.now).AddDays(1):
		return "morgen " + clock
	}
	return german.WeekdayName(day) + ", " + german.WriteDateShort(day)[:6] + ", " + clock
}

// spread answers a day or a range without an exact time: a few times spread over it, or over the window that was wished.
func (x *turn) spread(w wish, v booking.View, known ledger.Known, days []german.Date) (Reply, error) {
	var found []booking.Slot
	for _, d := range days {
		list := v.Free(d)
		if w.window {
			list = v.InWindow(list, w.wFrom, w.wTo)
		}
		if len(days) == 1 {
			found = v.Spread(list)
		} else if picked := v.Spread(list); len(picked) > 0 {
			found = append(found, picked[0])
		}
		if len(found) >= booking.MaxOptions {
			break
		}
	}
	if len(found) > 0 {
		reason, lead := "day_only", say.dayOptions
		if w.window {
			reason = "window"
		}
		if len(days) > 1 {
			reason = "range"
		}
		return x.offering(w, &known, found[:min(len(found), booking.MaxOptions)], reason, lead), nil
	}
	// Nothing in the window: other days in the window, then the nearest outside it (§9.4).
	from := x.branch.Day(x.now)
	if len(days) > 0 {
		from = days[0]
	}
	wider := x.daysBetween(from, from.AddDays(searchDays))
	more, moreKnown, reply, err := x.look(w, wider)
	if err != nil || reply != nil {
		return deref(reply), err
	}
	for _, d := range wider {
		list := more.Free(d)
		if w.window {
			list = more.InWindow(list, w.wFrom, w.wTo)
		}
		if picked := more.Spread(list); len(picked) > 0 {
			found = append(found, picked[0])
		}
		if len(found) == booking.MaxOptions {
			break
		}
	}
	if len(found) == 0 && w.window {
		for _, d := range wider {
			if found = more.Spread(more.Free(d)); len(found) > 0 {
				return x.offering(w, &moreKnown, found, "outside_window", say.outsideWindow), nil
			}
		}
	}
	return x.offering(w, &moreKnown, found, "other_days", say.otherDays), nil
}

func (x *turn) closedDay(w wish, v booking.View, known ledger.Known) (Reply, error) {
	next, ok := x.nextOpenDay(w.day)
	if !ok {
		x.letGo(&known)
		return answer("no_slots", say.noSlots, offerCallback, map[string]any{"options": []option{}}), nil
	}
	list := v.Free(next)
	if w.exact() {
		at := x.branch.At(next, w.time)
		slices.SortStableFunc(list, func(a, b booking.Slot) int {
			return int(a.Start.Sub(at).Abs() - b.Start.Sub(at).Abs())
		})
		list = list[:min(len(list), booking.MaxOptions)]
		slices.SortFunc(list, func(a, b booking.Slot) int { return a.Start.Compare(b.Start) })
	} else {
		if w.window {
			list = v.InWindow(list, w.wFrom, w.wTo)
		}
		list = v.Spread(list)
	}
	today := x.branch.Day(x.now)
	text := fill(say.closedDay, "day", german.SpeakOnDate(w.day, today))
	if name, is := x.branch.Holiday(w.day); is {
		text = fill(say.closedHoliday, "day", german.SpeakOnDate(w.day, today), "holiday", name)
	}
	reply := x.offering(wish{when: when{time: german.NoTime}, service: w.service}, &known, list, "closed", text)
	opening := x.branch.At(next, x.branch.Open(next)[0].From)
	reply.Status, reply.Data.(map[string]any)["next_opening"] = "closed_day", opening.Format(time.RFC3339)
	if len(list) == 0 {
		reply.Say = fill(say.closedNothing, "day", german.SpeakOnDate(w.day, today), "next", german.SpeakWhen(opening, x.now, x.branch.Location()))
	}
	return reply, nil
}

// tooSoon names the earliest time and up to two real ones.
func (x *turn) tooSoon(w wish, v booking.View, known ledger.Known) (Reply, error) {
	list := v.Free(w.day)
	list = list[:min(2, len(list))]
	earliest := v.Earliest().Truncate(time.Minute)
	text := say.tooSoonNothing
	if len(list) > 0 {
		text = say.tooSoon
	}
	reply := x.offering(w, &known, list, "too_soon", fill(text, "earliest", german.SpeakWhen(roundUp(earliest), x.now, x.branch.Location())))
	if len(list) == 0 {
		reply.Say = fill(text, "earliest", german.SpeakWhen(roundUp(earliest), x.now, x.branch.Location()))
		reply.Next = askTime
	}
	reply.Status, reply.Data.(map[string]any)["earliest"] = "too_soon", earliest.In(x.branch.Location()).Format(time.RFC3339)
	return reply, nil
}

// roundUp to five minutes: nobody says "14 Uhr 37".
func roundUp(t time.Time) time.Time {
	if r := t.Truncate(5 * time.Minute); !r.Equal(t) {
		return r.Add(5 * time.Minute)
	}
	return t
}

// getAlternatives lists options around a wish without asking for an exact one.
func (x *turn) getAlternatives() (Reply, error) {
	w := when{time: german.NoTime, wFrom: german.NoTime, wTo: german.NoTime}
	if x.args["date"]+x.args["time"] != "" || x.session.Date != "" {
		said, refused := x.understand(x.args["date"], x.args["time"], false)
		if refused != nil {
			return *refused, nil
		}
		w = said
	}
	if w.day.IsZero() && w.from.IsZero() {
		w.from = x.branch.Day(x.now)
		w.to = w.from.AddDays(searchDays)
	}
	s, refused := x.service()
	if refused != nil {
		return *refused, nil
	}
	if refused := x.notByPhone(w, s); refused != nil {
		return *refused, nil
	}
	doers, staff, refused := x.doers(s)
	if refused != nil {
		return *refused, nil
	}
	x.pin(s, staff)
	asked := wish{when: w, service: s, doers: doers, staff: staff}
	x.session.Wish = x.noted(asked)
	if !w.exact() || w.day.IsZero() {
		days := x.daysBetween(w.from, w.to)
		if !w.day.IsZero() {
			days = x.daysBetween(w.day, w.day)
		}
		v, known, reply, err := x.look(asked, days)
		if err != nil || reply != nil {
			return deref(reply), err
		}
		return x.spread(asked, v, known, days)
	}
	v, known, reply, err := x.look(asked, x.daysFor(asked))
	if err != nil || reply != nil {
		return deref(reply), err
	}
	return x.alternatives(asked, v, known, x.instant(w))
}

// noted keeps the wish for the branch, should nothing come of it.
func (x *turn) noted(w wish) *call.Wish {
	n := &call.Wish{Service: w.service.Name}
	if old := x.session.Wish; old != nil {
		n.Offered = old.Offered
	}
	if !w.day.IsZero() {
		n.Date = w.day.String()
	} else if !w.from.IsZero() {
		n.Date = w.from.String()
	}
	if w.exact() {
		n.Time = w.time.String()
	}
	return n
}

func deref(r *Reply) Reply {
	if r == nil {
		return Reply{}
	}
	return *r
}
