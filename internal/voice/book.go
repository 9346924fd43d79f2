package voice

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/callback"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/german"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/notify"
	"github.com/askpro/gateway/internal/phone"
	"github.com/askpro/gateway/internal/policy"
	"github.com/askpro/gateway/internal/scheduling"
)

// How long claims and answers count (§5.4, §10).
const (
	answerFor   = 24 * time.Hour
	workerLimit = 12 * time.Second // the function's time limit and a little: a claim whose worker died is free again
	repeatWait  = 2 * time.Second
	repeatStep  = 150 * time.Millisecond
)

// pick finds the living offer that the caller chose: by its id, by its place in the list read last, or by clock time.
func (x *turn) pick() (booking.Offer, bool) {
	offers := x.session.Offers
	if id := strings.ToLower(x.args["offer_id"]); id != "" {
		for _, o := range offers {
			if o.ID == id {
				return o, true
			}
		}
	}
	listed := offers[len(offers)-min(x.session.Listed, len(offers)):]
	if said := x.args["option"]; said != "" {
		for _, o := range offers {
			if o.ID == strings.ToLower(said) {
				return o, true
			}
		}
		if n, ok := german.ParseOrdinal(said); ok {
			if n == -1 {
				n = len(listed)
			}
			if n >= 1 && n <= len(listed) {
				return listed[n-1], true
			}
			return booking.Offer{}, false
		}
		if german.IsYes(said) && len(listed) == 1 {
			return listed[0], true
		}
		if o, ok := x.byClock(listed, said); ok {
			return o, true
		}
	}
	if x.args["date"] == "" {
		if o, ok := x.byClock(listed, x.args["time"]); ok {
			return o, true
		}
		return x.byClock(offers, x.args["time"])
	}
	return x.byInstant(offers)
}

// byClock finds the one offer that begins at a clock time, whatever its day: the caller was told both.
func (x *turn) byClock(offers []booking.Offer, said string) (found booking.Offer, ok bool) {
	if said == "" {
		return found, false
	}
	r := german.ParseIn(said, x.now, x.branch.Location())
	if r.Time == german.NoTime {
		return found, false
	}
	for _, o := range offers {
		if x.branch.LocalMinute(o.StartsAt()) == r.Time {
			if ok && found.Start != o.Start {
				return booking.Offer{}, false
			}
			found, ok = o, true
		}
	}
	return found, ok
}

// byInstant finds an offer by day and time, of the service that was named if one was.
func (x *turn) byInstant(offers []booking.Offer) (booking.Offer, bool) {
	r, mismatch := x.parse(x.args["date"], x.args["time"])
	if mismatch != nil || r.Date.IsZero() || r.Time == german.NoTime {
		return booking.Offer{}, false
	}
	at := x.branch.At(r.Date, r.Time).Unix()
	named := company.Match[company.Service]{}
	if s := x.args["service"]; s != "" {
		named = company.MatchService(x.config.Bookable(x.branch.ID), s)
	}
	for _, o := range slices.Backward(offers) {
		if o.Start == at && (!named.OK || named.Found.ID == o.ServiceID) {
			return o, true
		}
	}
	return booking.Offer{}, false
}

// chosen is the offer with what it is made of; false when its service or staff is gone meanwhile.
func (x *turn) chosen(o booking.Offer) (wish, booking.Slot, bool) {
	s, ok := x.config.Service(o.ServiceID)
	if !ok || !s.Active {
		return wish{}, booking.Slot{}, false
	}
	p, _ := x.config.Person(o.StaffID)
	at := o.StartsAt().In(x.branch.Location())
	w := wish{when: when{day: x.branch.Day(at), time: x.branch.LocalMinute(at), wFrom: german.NoTime, wTo: german.NoTime}, service: s, staff: p}
	slot := o.Slot()
	for _, part := range slot.Parts() {
		for _, d := range x.config.Doers(x.branch.ID, s) {
			if d.EventTypeID == part.EventTypeID && d.Segment == part.Segment {
				w.doers = append(w.doers, d)
			}
		}
	}
	return w, slot, len(w.doers) == len(slot.Parts())
}

// reserve holds an option the caller picked.
func (x *turn) reserve() (Reply, error) {
	o, ok := x.pick()
	if !ok {
		return x.checkAvailability()
	}
	w, slot, ok := x.chosen(o)
	if !ok {
		return x.checkAvailability()
	}
	known, err := x.knownOf(o)
	if err != nil {
		return Reply{}, err
	}
	v := x.view(w, known)
	if v.Busy(slot) || slot.Start.Before(x.now) {
		return x.taken(o)
	}
	x.pin(w.service, w.staff)
	x.session.Date = w.day.String()
	until := x.hold(o, &known)
	opt := x.describe(o)
	opt.HeldUntil = until.In(x.branch.Location()).Format(time.RFC3339)
	return answer("reserved", fill(say.reserved, "when", opt.Spoken), confirmNext, opt), nil
}

func (x *turn) knownOf(o booking.Offer) (ledger.Known, error) {
	ask := ledger.Ask{Card: x.request.Caller, Days: append(booking.DayKeys(x.branch, o.Parts()), x.session.Held.Days()...)}
	return x.desk.Store.Gather(x, x.t, ask)
}

// taken says that an option is gone and what is free instead. Whoever else can do it comes first: another chair at the
// same time is as good, unless the caller wished for somebody.
func (x *turn) taken(o booking.Offer) (Reply, error) {
	w, _, ok := x.chosen(o)
	if !ok {
		return answer("slot_taken", say.takenNothing, offerCallback, map[string]any{"options": []option{}}), nil
	}
	if x.session.Pin.StaffID == "" {
		w.doers, w.staff = x.config.Doers(x.branch.ID, w.service), company.Staff{}
	}
	v, known, reply, err := x.look(w, x.daysFor(w))
	if err != nil || reply != nil {
		return deref(reply), err
	}
	at := o.StartsAt()
	var slots []booking.Slot
	for _, s := range v.Free(w.day) {
		if s.Start.Equal(at) && !slices.EqualFunc(s.Parts(), o.Parts(), sameEvent) { // what was refused just now is not offered again
			slots = append(slots, s)
		}
	}
	for _, a := range v.Alternatives(booking.Wish{At: at, StaffID: w.staff.ID}, x.daysFor(w)) {
		if len(slots) < booking.MaxOptions {
			slots = append(slots, a.Slot)
		}
	}
	r := x.offering(w, &known, slots, "taken", say.slotTaken)
	r.Status = "slot_taken"
	if len(slots) == 0 {
		r.Say = say.takenNothing
	}
	return r, nil
}

func sameEvent(a, b booking.Part) bool { return a.EventTypeID == b.EventTypeID }

func (x *turn) releaseHold() (Reply, error) {
	if days := x.session.Held.Days(); len(days) > 0 {
		known, err := x.desk.Store.Gather(x, x.t, ledger.Ask{Days: days})
		if err != nil {
			return Reply{}, err
		}
		x.letGo(&known)
	}
	return answer("released", say.released, goOn, nil), nil
}

// attendee is who the appointment is for.
type attendee struct{ name, email, phone string }

// whoFor asks for the name until it is one (§6.3). A known caller need not repeat theirs.
func (x *turn) whoFor(knownName string) (attendee, *Reply) {
	a := attendee{email: x.args.email()}
	if n, err := phone.Parse(x.args["phone"]); err == nil {
		a.phone = string(n)
		x.session.Phone = a.phone
	} else {
		a.phone = x.session.Phone
	}
	if x.request.Caller != "" {
		a.phone = x.request.Caller
	}
	name, kind := readName(x.args["name"], x.config.Staff, x.now)
	switch kind {
	case realName:
		a.name = name
	case staffWish:
		return a, x.tookStaffWish(name)
	case staffsName:
		if x.args.yes("confirm") && x.session.Name == name {
			a.name = name
			break
		}
		x.session.Name = name
		r := answer("need_name", fill(say.isThatYou, "name", name), askName, nil)
		return a, &r
	default:
		if x.args["name"] == "" && knownName != "" {
			a.name = knownName
			break
		}
		r := answer("need_name", say.needName, askName, nil)
		return a, &r
	}
	x.session.Name = a.name
	return a, nil
}

// tookStaffWish takes "bei Mario" as what it is, and asks for the name.
func (x *turn) tookStaffWish(wished string) *Reply {
	m := company.MatchPerson(x.config.Staff, wished)
	text := say.needName
	if m.OK {
		x.session.Pin.StaffID = m.Found.ID
		x.session.Pin.Until = x.now.Add(booking.PinFor).Unix()
		text = fill(say.needNameFor, "staff", firstName(m.Found.Name))
	}
	r := answer("need_name", text, askName, map[string]any{"staff_id": m.Found.ID})
	return &r
}

// book makes the appointment the caller said yes to.
func (x *turn) book() (Reply, error) {
	o, ok := x.pick()
	if !ok {
		if done := x.bookedBefore(); done != nil {
			return *done, nil
		}
		return x.checkFirst()
	}
	w, slot, ok := x.chosen(o)
	if !ok {
		return x.checkFirst()
	}
	if spoken := x.args["service"]; spoken != "" { // an offer of another service is no offer of this one
		if m := company.MatchService(x.config.Bookable(x.branch.ID), spoken); !m.OK || m.Found.ID != w.service.ID {
			return x.checkFirst()
		}
	}
	if v := x.mayAbout(policy.Booking, w.service.ID, slot.StaffID); !v.Allowed {
		return x.disabled(v), nil
	}
	key := onceKey(o.Start, w.service.ID)
	if reply, err := x.repeated(key); reply != nil || err != nil {
		return deref(reply), err
	}
	known, err := x.knownOf(o)
	if err != nil {
		return Reply{}, err
	}
	who, refused := x.whoFor(known.Card.Name)
	if refused != nil {
		return *refused, nil
	}
	if wished := x.session.Pin.StaffID; wished != "" && wished != o.StaffID && o.StaffID != "" {
		return x.otherStaff(w) // "bei Mario" was said after Anna was offered
	}
	if x.args.no("confirm") {
		opt := x.describe(o)
		return answer("need_confirmation", fill(say.confirm, "when", opt.Spoken, "service", w.service.Name), confirmNext, map[string]any{"option": opt}), nil
	}
	v := x.view(w, known)
	if slot.Start.Before(x.now) {
		return answer("past_time", fill(say.pastTime, "time", german.SpeakTime(w.time)), askTime, nil), nil
	}
	if v.Busy(slot) {
		return x.taken(o)
	}
	return x.carryOut(o, w, slot, known, who, key)
}

func onceKey(start int64, serviceID string) string {
	return "book#" + strconv.FormatInt(start, 36) + "#" + serviceID
}

// checkFirst answers a booking without a living offer: it only looks, and asks for the yes.
func (x *turn) checkFirst() (Reply, error) {
	w, refused := x.wished()
	if refused != nil {
		return *refused, nil
	}
	if !w.exact() {
		r := answer("need_time", fill(say.needTime, "day", german.SpeakOnDate(w.day, x.branch.Day(x.now))), askTime, nil)
		if w.day.IsZero() {
			r = answer("need_date", say.needDate, askDate, nil)
		}
		return r, nil
	}
	if x.args["name"] != "" {
		if _, kind := readName(x.args["name"], x.config.Staff, x.now); kind == noName || kind == staffWish {
			_, refused := x.whoFor("")
			return deref(refused), nil
		}
	}
	x.pin(w.service, w.staff)
	r, err := x.check(w)
	if err == nil && r.Status == "available" {
		opt, _ := r.Data.(option)
		r = answer("need_confirmation", fill(say.confirm, "when", opt.Spoken, "service", w.service.Name), confirmNext, map[string]any{"option": opt})
	}
	return r, err
}

// otherStaff looks again with the wished member of staff.
func (x *turn) otherStaff(w wish) (Reply, error) {
	doers, staff, refused := x.doers(w.service)
	if refused != nil {
		return *refused, nil
	}
	w.doers, w.staff = doers, staff
	r, err := x.check(w)
	if err == nil && r.Status == "available" {
		opt, _ := r.Data.(option)
		r = answer("need_confirmation", fill(say.confirmWith, "when", opt.Spoken, "staff", firstName(staff.Name)), confirmNext, map[string]any{"option": opt})
	}
	return r, err
}

// carryOut runs the booking. The claim rides with the first transaction, the answer with the second.
func (x *turn) carryOut(o booking.Offer, w wish, slot booking.Slot, known ledger.Known, who attendee, key string) (Reply, error) {
	var reply Reply
	fresh := true // the session is the one just committed; after a conflict it is read again
	plan := scheduling.Plan{
		Config: x.config, Branch: x.branch, Service: w.service, Slot: slot, Price: o.PriceCents, Known: known,
		Name: who.name, Email: who.email, Phone: who.phone, Caller: x.request.Caller, Notes: x.args["notes"], CallID: x.request.CallID, Key: key,
	}
	if plan.Email == "" {
		plan.Email = known.Card.Email
	}
	plan.Begin = func(step *ledger.Step, a booking.Appointment) error {
		x.session.Claim(call.Once{Key: key, State: call.Running, Args: x.args.fingerprint(), Until: x.now.Add(workerLimit).Unix(), AppointmentID: a.ID}, x.now)
		for _, k := range x.session.Held.Days() { // the hold becomes the appointment's claim; one elsewhere is let go
			if i := slices.IndexFunc(step.Days, func(d booking.Day) bool { return d.Resource == k.Resource && d.Date == k.Date }); i < 0 {
				if d, ok := known.Days[k]; ok && d.Version > 0 {
					step.Days = append(step.Days, d.WithoutHold(x.request.CallID, x.now))
				}
			}
		}
		x.session.Held = nil
		x.keepSession(step)
		if x.session.Version == 0 && !x.hasHead {
			x.head(step)
		}
		return nil
	}
	plan.Finish = func(ctx context.Context, step *ledger.Step, out scheduling.Outcome) error {
		if !fresh {
			s, err := x.desk.Store.Session(ctx, x.t, x.request.CallID)
			if err != nil {
				return err
			}
			x.adopt(s)
			x.exceeded()
		} else {
			x.pinned = x.session.Gateway
		}
		fresh = false
		a := out.Appointment
		switch out.Result {
		case scheduling.DidBook, scheduling.DidRequest, scheduling.IsUncertain:
			x.session.Booked = appendNew(x.session.Booked, a.ID)
			x.session.Wish = nil
			x.session.Date = w.day.String()
			x.session.Offers = slices.DeleteFunc(slices.Clone(x.session.Offers), func(other booking.Offer) bool { return other.ID == o.ID })
			x.session.Listed = 0
			reply = x.outcome(out, w)
			state := call.Done
			if out.Result == scheduling.IsUncertain {
				state = call.Uncertain
			}
			x.hasHead = true
			x.withAnswer(step, reply)
			x.session.Claim(call.Once{Key: key, State: state, Args: x.args.fingerprint(), Until: x.now.Add(answerFor).Unix(), Seq: x.session.Seq, AppointmentID: a.ID}, x.now)
			x.recorded = true
		default: // a refusal leaves the key free
			x.session.Drop(key)
			x.keepSession(step)
			x.hasHead = true
		}
		return nil
	}
	out, err := x.desk.Scheduler.Book(x, x.t, plan)
	if err != nil {
		return Reply{}, err
	}
	if x.recorded {
		return reply, nil
	}
	return x.refusedBy(out, o, w, who)
}

// refusedBy says what the calendar's no means for the caller, with something else to choose or a promise to ring back.
func (x *turn) refusedBy(out scheduling.Outcome, o booking.Offer, w wish, who attendee) (Reply, error) {
	x.step = ledger.Step{}
	switch out.Result {
	case scheduling.WasTaken:
		r, err := x.taken(o)
		if err == nil && r.Next == offerCallback && r.Status == "slot_taken" {
			return x.instead(r, w, who, say.slotTakenCallback)
		}
		return r, err
	case scheduling.WasTooSoon:
		known, err := x.knownOf(o)
		if err != nil {
			return Reply{}, err
		}
		return x.tooSoon(w, x.view(w, known), known)
	case scheduling.WasPast:
		return answer("past_time", fill(say.pastTime, "time", german.SpeakTime(w.time)), askTime, nil), nil
	case scheduling.HasTooMany:
		return answer("slot_taken", say.tooMany, offerCallback, map[string]any{"options": []option{}}), nil
	}
	return x.instead(answer("calendar_unavailable", say.calendarDown, offerCallback, nil), w, who, say.calendarCallback)
}

// instead promises a call with the wish, where there is a number.
func (x *turn) instead(r Reply, w wish, who attendee, text string) (Reply, error) {
	var at *time.Time
	if !w.day.IsZero() && w.exact() {
		t := x.instant(w.when).UTC()
		at = &t
	}
	made, _, err := x.promise(wanted{
		phone: who.phone, name: who.name, action: "book", priority: callback.High, service: w.service, staff: w.staff, wishedAt: at,
		reason: "Der Kalender war nicht erreichbar.",
	})
	if err != nil || made == nil {
		return r, err
	}
	r.Say = fill(text, "until", speakUntil(made.PromisedUntil, x.now, x.branch.Location()))
	r.Data = map[string]any{"callback_id": made.ID}
	r.Next = goOn
	return r, nil
}

// unreachable answers a search when the calendar cannot be asked: the wish becomes a callback.
func (x *turn) unreachable(w wish, _ ledger.Known) (*Reply, error) {
	r, err := x.instead(answer("calendar_unavailable", say.calendarDown, offerCallback, nil), w, attendee{phone: x.request.Caller, name: x.session.Name}, say.calendarCallback)
	return &r, err
}

// outcome is the sentence about a booking: what, when, with whom and how it is confirmed.
func (x *turn) outcome(out scheduling.Outcome, w wish) Reply {
	a := out.Appointment
	loc := x.branch.Location()
	p, _ := x.config.Person(a.StaffID)
	channels := []string{}
	for _, c := range notify.Promised(x.config, a) {
		if c != notify.Email || x.desk.MailWorks {
			channels = append(channels, string(c))
		}
	}
	spoken := german.SpeakWhen(a.StartsAt, x.now, loc)
	data := map[string]any{
		"appointment_id": a.ID, "starts_at": a.StartsAt.In(loc).Format(time.RFC3339), "ends_at": a.EndsAt.In(loc).Format(time.RFC3339),
		"service_name": w.service.Name, "staff_name": p.Name, "confirmation_channels": channels, "spoken": spoken,
	}
	byMail := ""
	if slices.Contains(channels, "email") {
		byMail = " " + say.byMail
	} else if len(channels) > 0 {
		byMail = " " + say.byText
	}
	with := ""
	if p.Name != "" {
		with = " bei " + firstName(p.Name)
	}
	switch out.Result {
	case scheduling.DidRequest:
		return answer("requested", say.requested, goOn, data)
	case scheduling.IsUncertain:
		text := say.uncertainCall
		if slices.Contains(channels, "email") {
			text = say.uncertain
		} else if len(channels) > 0 {
			text = say.uncertainText
		} else if a.AttendeePhone == "" {
			text = say.uncertainNothing
		}
		return answer("booking_uncertain", text, goOn, data)
	}
	return answer("booked", fill(say.booked, "when", spoken, "service", w.service.Name, "with", with)+byMail, goOn, data)
}

func appendNew(list []string, id string) []string {
	if slices.Contains(list, id) {
		return list
	}
	return append(slices.Clone(list), id)
}
