package voice

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/callback"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/german"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/phone"
	"github.com/askpro/gateway/internal/policy"
	"github.com/askpro/gateway/internal/scheduling"
)

const (
	sameCall = 5 * time.Minute // how long an appointment counts as the one just booked (§11.1)
	askedFor = 5 * time.Minute // how long a question can be said yes to (§11.3)
	// A delivery is repeated within seconds; nobody hears a question and says yes to it that fast.
	redelivered = 10 * time.Second
)

// target finds the appointment that a cancellation or move is about, in the order of §11.1, and only among those that the
// caller may change. The reply is set when there is none, or several; nothing is ever picked by a name.
func (x *turn) target(kind string) (booking.Appointment, *Reply, error) {
	if id := x.chosenID(); id != "" {
		return x.named(kind, id)
	}
	mine, err := x.own()
	if err != nil {
		return booking.Appointment{}, nil, err
	}
	justBooked := slices.DeleteFunc(slices.Clone(mine), func(m owned) bool { return !m.justBooked })
	said := company.Fold(x.args["date"])
	if (said == "" || said == "heute") && len(justBooked) == 1 && x.fits(justBooked[0], false) {
		return x.read(justBooked[0])
	}
	if len(mine) == 0 {
		return booking.Appointment{}, x.nothingToChange(kind), nil
	}
	if len(mine) == 1 {
		return x.read(mine[0])
	}
	list := slices.DeleteFunc(slices.Clone(mine), func(m owned) bool { return !x.fits(m, true) })
	if len(list) == 1 {
		return x.read(list[0])
	}
	if len(list) == 0 { // nothing is as it was said: the caller hears what there is
		list = mine
	}
	reply, err := x.several(list)
	return booking.Appointment{}, reply, err
}

// owned is an active coming appointment of the caller's own.
type owned struct {
	id, serviceID string
	start, end    time.Time
	justBooked    bool
}

// own lists what the caller may change: the coming appointments of the transmitted number, and those made in this call.
func (x *turn) own() ([]owned, error) {
	var list []owned
	for _, id := range x.session.Booked {
		a, ok, err := x.desk.Store.Appointment(x, x.t, id)
		if err != nil {
			return nil, err
		}
		if ok && a.Active() && a.StartsAt.After(x.now) {
			list = append(list, owned{a.ID, a.ServiceID, a.StartsAt, a.EndsAt, x.now.Sub(a.CreatedAt) <= sameCall})
		}
	}
	card, err := x.card()
	if err != nil {
		return nil, err
	}
	for _, u := range card.Upcoming {
		known := slices.ContainsFunc(list, func(m owned) bool { return m.id == u.AppointmentID })
		if start := time.Unix(u.Start, 0).UTC(); !known && start.After(x.now) {
			list = append(list, owned{u.AppointmentID, u.ServiceID, start, time.Unix(u.End, 0).UTC(), false})
		}
	}
	slices.SortFunc(list, func(a, b owned) int { return a.start.Compare(b.start) })
	return list, nil
}

// fits tells whether an appointment is as the caller said: day, if it counts, time and service.
func (x *turn) fits(m owned, day bool) bool {
	loc := x.branch.Location()
	if day && x.args["date"] != "" {
		r := german.ParseIn(x.args["date"], x.now, loc)
		on := x.branch.Day(m.start)
		switch {
		case !r.Date.IsZero() && r.Date != on:
			return false
		case r.HasWindow && !r.Window.From.IsZero() && (on.Before(r.Window.From) || r.Window.To.Before(on)):
			return false
		}
	}
	if said := x.args["time"]; said != "" {
		if r := german.ParseIn(said, x.now, loc); r.Time != german.NoTime && r.Time != x.branch.LocalMinute(m.start) {
			return false
		}
	}
	if said := x.args["service"]; said != "" {
		if f := company.MatchService(x.config.Bookable(x.branch.ID), said); f.OK && f.Found.ID != m.serviceID {
			return false
		}
	}
	return true
}

// chosenID is an appointment's id as it was said, or the place of one in the list read last.
func (x *turn) chosenID() string {
	for _, said := range []string{x.args["appointment_id"], x.args["option"]} {
		if said == "" {
			continue
		}
		if len(said) == idLength && !strings.ContainsAny(said, " -") {
			return strings.ToUpper(said)
		}
		n, ok := german.ParseOrdinal(said)
		if n == -1 {
			n = len(x.session.Shown)
		}
		if ok && n >= 1 && n <= len(x.session.Shown) {
			return x.session.Shown[n-1]
		}
	}
	return ""
}

const idLength = 26 // a ULID

// named is the appointment with an id, if it is the caller's (§11.2). Somebody else's is not described in any way.
func (x *turn) named(kind, id string) (booking.Appointment, *Reply, error) {
	a, ok, err := x.desk.Store.Appointment(x, x.t, id)
	switch {
	case err != nil:
		return a, nil, err
	case !ok:
		return a, x.nothingToChange(kind), nil
	case !x.mayChange(a) && x.request.Caller == "":
		reply, err := x.ringForChange(kind)
		return a, reply, err
	case !x.mayChange(a):
		r := answer("verification_required", say.verification, offerCallback, nil)
		return a, &r, nil
	case !a.Active() || !a.StartsAt.After(x.now):
		r := answer("not_found", say.notFound, offerCallback, nil)
		return a, &r, nil
	}
	return a, nil, nil
}

// mayChange: the transmitted number is the customer's, or the appointment was made in this call.
func (x *turn) mayChange(a booking.Appointment) bool {
	return slices.Contains(x.session.Booked, a.ID) || (x.request.Caller != "" && a.ContactKey == x.request.Caller)
}

func (x *turn) read(m owned) (booking.Appointment, *Reply, error) {
	a, ok, err := x.desk.Store.Appointment(x, x.t, m.id)
	if err != nil {
		return a, nil, err
	}
	if !ok || !a.Active() {
		r := answer("not_found", say.notFound, offerCallback, nil)
		return a, &r, nil
	}
	return a, nil, nil
}

// nothingToChange answers a caller without an appointment: with a suppressed number by a promise to ring, with an unknown
// number by asking for the right one, with a known one by saying that there is none.
func (x *turn) nothingToChange(kind string) *Reply {
	r := answer("not_found", say.notFound, offerCallback, nil)
	if x.request.Caller == "" {
		reply, err := x.ringForChange(kind)
		if err == nil {
			return reply
		}
		r = answer("need_phone_number", say.needNumberForChange, goOn, nil)
		return &r
	}
	if card, err := x.card(); err == nil && card.CustomerID == "" {
		r = answer("verification_required", say.verification, offerCallback, nil)
	}
	return &r
}

// ringForChange promises a call to somebody whose number is not transmitted; without a spoken number nothing is promised.
func (x *turn) ringForChange(kind string) (*Reply, error) {
	number := x.session.Phone
	if n, err := phone.Parse(x.args["phone"]); err == nil {
		number = string(n)
	}
	if number == "" {
		r := answer("need_phone_number", say.needNumberForChange, goOn, nil)
		return &r, nil
	}
	x.session.Phone = number
	words := nonEmpty(x.args["date"], x.args["time"], x.args["new_date"], x.args["new_time"], x.args["service"], x.args["reason"])
	w := wanted{phone: number, action: kind, priority: callback.High, reason: strings.Join(words, " · ")}
	if name, is := readName(x.args["name"], nil, x.now); is == realName {
		w.name = name
	}
	r, err := x.answerCallback(w)
	if err == nil && r.Status == "callback_created" {
		r.Say = say.changeNeedsNumber + " " + r.Say
	}
	return &r, err
}

// several asks which one is meant; at most five are read (§6.3).
func (x *turn) several(list []owned) (*Reply, error) {
	x.session.Shown = nil
	var spoken []string
	shown := []map[string]any{}
	for _, m := range list[:min(len(list), 10)] {
		a, ok, err := x.desk.Store.Appointment(x, x.t, m.id)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		x.session.Shown = append(x.session.Shown, m.id)
		shown = append(shown, x.shown(a))
		spoken = append(spoken, strings.Trim(x.what(a), " ,"))
	}
	r := answer("multiple", "", chooseOption, map[string]any{"appointments": shown, "total": len(list)})
	for n := min(len(spoken), 5); n > 0; n-- { // as many as fit into what is said at once
		r.Say = fill(say.whichAppointment, "list", strings.Join(spoken[:n], "; "))
		if more := len(list) - n; more > 0 {
			r.Say = fill(say.whichOfMore, "list", strings.Join(spoken[:n], "; "), "more", itoa(more))
		}
		if utf8.RuneCountInString(r.Say) <= maxSay {
			break
		}
	}
	return &r, nil
}

// shown is an appointment as data, as far as the company lets it be told.
func (x *turn) shown(a booking.Appointment) map[string]any {
	may := policy.Disclosure(x.config, x.branch)
	s, _ := x.config.Service(a.ServiceID)
	p, _ := x.config.Person(a.StaffID)
	start := a.StartsAt.In(x.branch.Location())
	m := map[string]any{"appointment_id": a.ID, "status": a.Status}
	if may.Date {
		m["date"] = german.WriteDateShort(x.branch.Day(start))
	}
	if may.Time {
		m["time"] = start.Format("15:04")
	}
	if may.Date && may.Time {
		m["starts_at"] = start.Format(time.RFC3339)
	}
	if may.Service {
		m["service"] = s.Name
	}
	if may.Staff {
		m["staff"] = p.Name
	}
	if may.Price {
		m["price_cents"] = a.PriceCents
	}
	return m
}

// when says an appointment's day and time, as far as the company lets them be told: " am Dienstag, den 14. Oktober, um halb
// drei"; empty where neither may.
func (x *turn) when(start time.Time) string {
	may := policy.Disclosure(x.config, x.branch)
	switch {
	case may.Date && may.Time:
		return " " + german.SpeakWhen(start, x.now, x.branch.Location())
	case may.Date:
		return " " + german.SpeakOnDate(x.branch.Day(start), x.branch.Day(x.now))
	case may.Time:
		return " um " + german.SpeakTime(x.branch.LocalMinute(start))
	}
	return ""
}

// what describes an appointment in apposition: " am Dienstag, den 14. Oktober, um halb drei, Herrenhaarschnitt bei Anna,".
func (x *turn) what(a booking.Appointment) string {
	may := policy.Disclosure(x.config, x.branch)
	text := x.when(a.StartsAt)
	var rest string
	if s, ok := x.config.Service(a.ServiceID); ok && may.Service {
		rest = s.Name
	}
	if p, ok := x.config.Person(a.StaffID); ok && may.Staff {
		rest = strings.TrimSpace(rest + " bei " + firstName(p.Name))
	}
	if rest != "" {
		text += ", " + rest + ","
	}
	return text
}

// decide asks the company's policy (§14). The reply is set when it says no.
func (x *turn) decide(a booking.Appointment, op policy.Operation, card customer.Card) (policy.Decision, *Reply) {
	s, _ := x.config.Service(a.ServiceID)
	d := policy.Decide(x.config, policy.Chain{Staff: a.StaffID, Service: a.ServiceID, Branch: a.BranchID}, op, policy.Facts{
		StartsAt: a.StartsAt, Now: x.now, PriceCents: a.PriceCents, AllowCancellation: s.Cancellable(),
		UsedCancellations: policy.Used(card.ChangesOf(booking.ToCancel), x.now), UsedReschedules: policy.Used(card.ChangesOf(booking.ToReschedule), x.now), RescheduleCount: a.RescheduleCount,
	})
	if d.Allowed {
		return d, nil
	}
	x.step.Events = append(x.step.Events, event.PolicyViolated{
		Head: event.Head{ID: x.desk.NewID(), CompanyID: x.t.String(), At: x.now, Sequence: 1}, AppointmentID: a.ID, CallID: x.request.CallID,
		Operation: string(op), Code: string(d.Code),
	})
	if d.Code == policy.Disabled {
		r := x.disabled(policy.Verdict{Message: d.Message})
		return d, &r
	}
	reason, next := x.refusal(op, d), goOn
	if x.may(policy.Callback).Allowed {
		reason, next = reason+" "+say.orCallback, offerCallback
	}
	r := answer("denied", reason, next, map[string]any{
		"code": d.Code, "fee_cents": d.FeeIfForced, "notice_minutes": d.NoticeMinutes, "required_minutes": d.RequiredMinutes, "used": d.Used, "max": d.Max,
	})
	return d, &r
}

// refusal names the rule and what is left of the time (§17.22: rounded).
func (x *turn) refusal(op policy.Operation, d policy.Decision) string {
	move := op == policy.Reschedule
	pick := func(cancel, reschedule string) string {
		if move {
			return reschedule
		}
		return cancel
	}
	switch d.Code {
	case policy.Past:
		return say.deniedPast
	case policy.DeadlineMissed:
		return fill(pick(say.deniedCancelDeadline, say.deniedMoveDeadline), "required", speakNotice(d.RequiredMinutes), "left", german.SpeakDuration(time.Duration(d.NoticeMinutes)*time.Minute))
	case policy.QuotaExceeded:
		return fill(pick(say.deniedCancelQuota, say.deniedMoveQuota), "used", itoa(d.Used))
	case policy.MaxReschedulesReached:
		return say.deniedMaxMoves
	}
	return pick(say.deniedCancel, say.deniedMove)
}

// speakNotice says a rule's hours: "24 Stunden", from two days on "2 Tage".
func speakNotice(minutes int) string {
	if minutes >= 48*60 && minutes%(24*60) == 0 {
		return german.SpeakDuration(time.Duration(minutes) * time.Minute)
	}
	return itoa(minutes/60) + " Stunden"
}

func fee(cents int64, text string) string {
	if cents == 0 {
		return ""
	}
	return " " + fill(text, "fee", german.SpeakMoney(int(cents)))
}

// agreed tells whether this request is the caller's yes to the question about this very change. A request that is the
// asking one delivered again is none.
func (x *turn) agreed(key string, feeCents int64) bool {
	q := x.session.Asked
	if q == nil || q.Key != key || q.FeeCents != feeCents || !x.args.yes("confirm") || x.now.Unix() > q.Until {
		return false
	}
	age := x.now.Sub(time.Unix(q.Until, 0).Add(-askedFor))
	return q.Delivery == "" || q.Delivery != x.request.Delivery || age > redelivered
}

// question keeps what was asked, so that a yes can be one.
func (x *turn) question(key string, feeCents int64) {
	x.session.Asked = &call.Asked{Key: key, FeeCents: feeCents, Until: x.now.Add(askedFor).Unix(), Delivery: x.request.Delivery}
}

// knownFor reads what a change of an appointment has to know: its days, further ones, the customer's card.
func (x *turn) knownFor(a booking.Appointment, more ...booking.DayKey) (ledger.Known, error) {
	ask := ledger.Ask{Card: a.ContactKey, Days: more, Key: x.config.Company.CalcomAPIKey}
	ask.Days = append(ask.Days, booking.DayKeys(x.branch, a.Parts())...)
	ask.Days = append(ask.Days, x.session.Held.Days()...)
	return x.desk.Store.Gather(x, x.t, ask)
}

// carryOutChange runs a change that was agreed. The claim rides with the first transaction, the answer with the second.
func (x *turn) carryOutChange(a booking.Appointment, p booking.PendingChange, d policy.Decision, known ledger.Known, key string, tell func(scheduling.ChangeOutcome) Reply) (Reply, error) {
	p.ActorType, p.Via, p.CallID, p.Reason, p.At = "customer", "phone", x.request.CallID, x.args["reason"], x.now
	p.FeeCents, p.FeeConsent, p.NoticeMinutes, p.RequiredMinutes = d.FeeCents, d.FeeCents > 0, d.NoticeMinutes, d.RequiredMinutes
	var reply Reply
	fresh := true // the session is the one just committed; after a conflict it is read again
	out, err := x.desk.Scheduler.Change(x, x.t, scheduling.ChangePlan{
		Config: x.config, Branch: x.branch, Appointment: a, Pending: p, Known: known, CallID: x.request.CallID,
		Begin: func(step *ledger.Step) error {
			x.session.Asked = nil
			x.session.Claim(call.Once{Key: key, State: call.Running, Args: x.args.fingerprint(), Until: x.now.Add(workerLimit).Unix(), AppointmentID: a.ID, FeeCents: p.FeeCents}, x.now)
			if p.Kind == booking.ToReschedule {
				x.session.Held = nil // the hold on the new time has become the change's claim
			}
			x.keepSession(step)
			if x.session.Version == 0 && !x.hasHead {
				x.head(step)
			}
			return nil
		},
		Finish: func(ctx context.Context, step *ledger.Step, out scheduling.ChangeOutcome) error {
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
			fresh, x.hasHead = false, true
			switch out.Result {
			case scheduling.DidCancel, scheduling.DidMove, scheduling.DidRequest, scheduling.IsUncertain:
				x.session.Wish, x.session.Date = nil, ""
				x.session.Shown = nil
				reply = tell(out)
				state := call.Done
				if out.Result == scheduling.IsUncertain {
					state = call.Uncertain
				}
				x.withAnswer(step, reply)
				x.session.Claim(call.Once{Key: key, State: state, Args: x.args.fingerprint(), Until: x.now.Add(answerFor).Unix(), Seq: x.session.Seq, AppointmentID: a.ID, FeeCents: p.FeeCents}, x.now)
				x.recorded = true
			default: // a refusal leaves the key free
				x.session.Drop(key)
				x.keepSession(step)
			}
			return nil
		},
	})
	if err != nil || x.recorded {
		return reply, err
	}
	x.step = ledger.Step{}
	return x.changeRefused(out, a, p)
}

// changeRefused says what the calendar's no means: nothing was changed.
func (x *turn) changeRefused(out scheduling.ChangeOutcome, a booking.Appointment, p booking.PendingChange) (Reply, error) {
	switch out.Result {
	case scheduling.WasGone:
		return answer("not_found", say.goneInCalendar, offerCallback, nil), nil
	case scheduling.WasTaken, scheduling.WasTooSoon, scheduling.WasPast:
		return x.newTimeTaken(a, p.StartsAt)
	}
	made, _, err := x.promise(wanted{
		phone: a.AttendeePhone, name: a.AttendeeName, action: p.Kind, priority: callback.High, appointmentID: a.ID, wishedAt: wishedAt(p),
		reason: "Der Kalender war nicht erreichbar.",
	})
	r := answer("calendar_unavailable", say.calendarDown, offerCallback, nil)
	if err != nil || made == nil {
		return r, err
	}
	r.Say = fill(say.calendarCallback, "until", speakUntil(made.PromisedUntil, x.now, x.branch.Location()))
	r.Data, r.Next = map[string]any{"callback_id": made.ID}, goOn
	return r, nil
}

func wishedAt(p booking.PendingChange) *time.Time {
	if p.Kind == booking.ToCancel {
		return nil
	}
	return &p.StartsAt
}

// changedBefore answers a change that was asked for before (§5.4): the stored words after its end, a short wait while it
// runs, the resolved state of an uncertain one. The same words are the same change even where the appointment is found no
// more, unless another change was asked about since; other words are, where they name the key and say yes. Nil: nothing was
// done yet.
func (x *turn) changedBefore(kind, key string) (*Reply, error) {
	waited := time.Duration(0)
	for {
		i := slices.IndexFunc(x.session.Once, func(o call.Once) bool {
			named := o.Key == key && x.args.yes("confirm")
			same := strings.HasPrefix(o.Key, kind+"#") && o.Args == x.args.fingerprint() && (x.session.Asked == nil || x.session.Asked.Key == o.Key)
			return o.Until > x.now.Unix() && (named || same)
		})
		switch {
		case i < 0:
			return nil, nil
		case x.session.Once[i].State != call.Running:
			return x.changeAgain(x.session.Once[i])
		case waited >= repeatWait:
			r := answer("change_uncertain", say.changeRunning, goOn, nil)
			return &r, nil
		}
		if err := sleep(x, repeatStep); err != nil {
			return nil, err
		}
		waited += repeatStep
		if err := x.open(); err != nil {
			return nil, err
		}
		x.exceeded()
	}
}

// changeAgain gives the answer that was given, word for word when the words were the same.
func (x *turn) changeAgain(once call.Once) (*Reply, error) {
	if once.State == call.Done && once.Args == x.args.fingerprint() && once.Seq > 0 {
		stored, found, err := x.desk.Store.ToolCall(x, x.t, x.request.CallID, once.Seq)
		if err != nil {
			return nil, err
		}
		if found {
			return &Reply{OK: true, Status: stored.Status, raw: []byte(stored.Response)}, nil
		}
	}
	a, ok, err := x.desk.Store.Appointment(x, x.t, once.AppointmentID)
	if err != nil || !ok {
		return nil, err
	}
	kind, start := changeOf(once.Key)
	out := scheduling.ChangeOutcome{Result: scheduling.IsUncertain, Appointment: a, FeeCents: once.FeeCents}
	if a.Pending == nil {
		switch {
		case kind == booking.ToCancel && a.Status == booking.Cancelled:
			out.Result = scheduling.DidCancel
		case kind == booking.ToReschedule && a.Active() && a.StartsAt.Unix() == start:
			if out.Result = scheduling.DidMove; a.Status == booking.Pending {
				out.Result = scheduling.DidRequest
			}
		default:
			return nil, nil // it came to nothing, or was changed since
		}
	}
	r := x.tellCancel(out)
	if kind == booking.ToReschedule {
		r = x.tellMove(out, a.StartsAt, time.Unix(start, 0))
	}
	return &r, nil
}

// underWay settles a change of the appointment that an earlier call, or this one before it was cut off, left open. The
// reply is set while nobody knows its outcome.
func (x *turn) underWay(a booking.Appointment) (booking.Appointment, *Reply, error) {
	if a.Pending == nil {
		return a, nil, nil
	}
	if err := x.desk.Scheduler.SettleChange(x, x.t, x.config, a); err != nil && !ledger.ConflictOn(err) {
		return a, nil, err
	}
	fresh, ok, err := x.desk.Store.Appointment(x, x.t, a.ID)
	if err != nil {
		return a, nil, err
	}
	if !ok || fresh.Pending != nil {
		r := answer("change_uncertain", say.changeUncertain, goOn, map[string]any{"appointment": x.shown(a)})
		return a, &r, nil
	}
	return fresh, nil, nil
}
