package voice

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/german"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/mode"
	"github.com/askpro/gateway/internal/policy"
	"github.com/askpro/gateway/internal/tenant"
)

// turn is one tool call being answered: what was read, and the step that will be written together with the answer.
type turn struct {
	context.Context
	desk    *Desk
	t       tenant.ID
	config  *company.Config
	branch  company.Branch
	request Request
	tool    string
	args    arguments
	now     time.Time
	began   time.Time // wall clock, for the duration only

	cases *desk.Configuration
	told  *told // of a case: written down before anything else was done

	session  call.Session
	pinned   *mode.Pin // of the session as it stands in the table
	hasHead  bool
	step     ledger.Step
	recorded bool // the answer is in the table already
}

// play opens the session, runs the tool and records its answer in one transaction.
func (x *turn) play(what tool) (Reply, error) {
	if err := x.begin(what); err != nil {
		if what.informs && x.Err() == nil { // a limiter that cannot be asked must not silence the agent
			x.desk.Alarm(x, AlarmGuardFailed, x.t.String())
			return what.run(x)
		}
		return Reply{}, err
	}
	x.pinMode()
	if x.exceeded() {
		return x.record(x.tooMuch(what))
	}
	if !x.mode().Offers(what.table) {
		return x.record(x.outsideMode(what.table))
	}
	if what.table == mode.Desk && x.told == nil { // the company takes no cases any more, but this call began when it did
		if err := x.takeDown(); err != nil {
			return Reply{}, err
		}
	}
	if v := x.may(what.operation); !v.Allowed {
		return x.record(x.disabled(v))
	}
	reply, err := what.run(x)
	if err != nil || x.recorded {
		return reply, err
	}
	return x.record(reply)
}

// may asks the company's policy whether this caller may do something now; mayAbout also that of a service and of whoever
// does it, once they are known.
func (x *turn) may(op policy.Operation) policy.Verdict { return x.mayAbout(op, "", "") }

func (x *turn) mayAbout(op policy.Operation, serviceID, staffID string) policy.Verdict {
	return policy.CheckUnder(x.config, x.branch, op, policy.Circumstances{Now: x.now, Anonymous: x.request.Caller == "", Service: serviceID, Staff: staffID})
}

func (x *turn) disabled(v policy.Verdict) Reply {
	text := plain(v.Message)
	if text == "" {
		text = say.disabled
	}
	next := goOn
	if x.may(policy.Callback).Allowed {
		text, next = text+" "+say.orCallback, offerCallback
	}
	return answer("operation_disabled", text, next, nil)
}

// open reads the session. A call nobody has heard of yet is created with the first answer, whatever message comes first.
func (x *turn) open() error {
	s, err := x.desk.Store.Session(x, x.t, x.request.CallID)
	if err != nil {
		return err
	}
	x.adopt(s)
	return nil
}

func (x *turn) adopt(s call.Session) {
	if s.Version == 0 {
		s.BranchID, s.From = x.branch.ID, x.request.Caller
	}
	kept := make([]booking.Offer, 0, len(s.Offers))
	for _, o := range s.Offers {
		if o.Alive(x.now) {
			kept = append(kept, o)
		}
	}
	s.Offers = kept
	s.Listed = min(s.Listed, len(kept))
	if s.Pin.Until <= x.now.Unix() {
		s.Pin = call.Pin{}
	}
	if s.Held != nil && s.Held.Until <= x.now.Unix() {
		s.Held = nil
	}
	x.session, x.pinned = s, s.Gateway
}

// head puts the call's own record into a step, made once, with the timer that asks how the call stands should nobody tell
// of its end.
func (x *turn) head(step *ledger.Step) {
	c := &call.Call{
		ID: x.desk.NewID(), RetellID: x.request.CallID, BranchID: x.branch.ID, Type: strings.TrimSuffix(x.request.CallType, "_call"),
		From: x.request.Caller, To: x.request.OurNumber,
		Direction: x.request.Direction, AgentID: x.request.AgentID, Status: call.Ongoing, StartedAt: &x.now, CreatedAt: x.now, UpdatedAt: x.now,
	}
	if c.Direction == "outbound" {
		c.From, c.To = c.To, c.From
	}
	step.Call = c
	step.SetTimers = append(step.SetTimers, ledger.Poll(c, x.now))
}

// keepSession puts the session into a step, and the fact that the call's mode is known where this is what writes it.
func (x *turn) keepSession(step *ledger.Step) {
	step.Session = &x.session
	if p := x.session.Gateway; p != nil {
		if nth, news := p.Resolves(x.pinned); news {
			step.Events = append(step.Events, p.Fact(event.Head{ID: x.desk.NewID(), CompanyID: x.t.String(), At: x.now, Sequence: nth}, x.request.CallID))
		}
	}
}

// withAnswer completes a step with the session and the record of this tool call.
func (x *turn) withAnswer(step *ledger.Step, reply Reply) {
	x.countMode(reply)
	x.session.Seq++
	x.keepSession(step)
	step.ToolCall = &call.ToolCall{
		Seq: x.session.Seq, Tool: x.request.Sent, Canonical: x.tool, Args: x.args.json(), Response: string(reply.JSON()),
		Status: reply.Status, DurationMS: time.Since(x.began).Milliseconds(), At: x.now,
	}
	if x.session.Version == 0 && !x.hasHead {
		x.head(step)
	}
	if x.session.Ended { // the call has been concluded without this
		step.Events = append(step.Events, event.CallContinued{
			Head: event.Head{ID: x.desk.NewID(), CompanyID: x.t.String(), At: x.now, Sequence: x.session.Seq}, CallID: x.request.CallID,
		})
	}
}

// record writes the answer and everything the tool decided.
func (x *turn) record(reply Reply) (Reply, error) {
	x.withAnswer(&x.step, reply)
	if err := x.desk.Store.Commit(x, x.t, &x.step); err != nil {
		return Reply{}, err
	}
	x.recorded = true
	return reply, nil
}

// service chooses what the caller talks about (§9.1): named, pinned, default, first. A named service that matches nothing
// never becomes another one.
func (x *turn) service() (company.Service, *Reply) {
	list := x.config.Bookable(x.branch.ID)
	if spoken := x.args["service"]; spoken != "" {
		offered := x.config.Offered(x.branch.ID) // who names what cannot be booked is told so, not asked again
		if m := company.MatchService(offered, spoken); m.OK {
			return m.Found, nil
		} else if len(offered) > 0 {
			r := x.unknownService(offered, m.Candidates)
			return company.Service{}, &r
		}
	}
	if len(list) == 0 {
		r := answer("unknown_service", say.noServices, offerCallback, nil)
		return company.Service{}, &r
	}
	for _, s := range list {
		if s.ID == x.session.Pin.ServiceID {
			return s, nil
		}
	}
	for _, s := range list {
		if s.Default {
			return s, nil
		}
	}
	return list[0], nil
}

type candidate struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (x *turn) unknownService(all, near []company.Service) Reply {
	text := say.whichService
	if len(near) == 0 {
		near = all
		text = say.unknownService
	}
	var names []string
	list := []candidate{}
	for _, s := range near[:min(3, len(near))] {
		names = append(names, s.Name)
		list = append(list, candidate{s.ID, s.Name})
	}
	return answer("unknown_service", fill(text, "services", german.SpeakList(names, "oder")), askService, map[string]any{"candidates": list})
}

// doers are who can do a service, narrowed to the wished member of staff.
func (x *turn) doers(s company.Service) (doers []company.Doer, wish company.Staff, refused *Reply) {
	all := x.config.Doers(x.branch.ID, s)
	spoken := x.args["staff"]
	if spoken == "" {
		if x.session.Pin.ServiceID != s.ID || x.session.Pin.StaffID == "" {
			return all, wish, nil
		}
		spoken = x.session.Pin.StaffID
	}
	switch strings.ToLower(spoken) {
	case "egal", "beliebig", "any", "none", "null", "jeder", "wer frei ist":
		return all, wish, nil
	}
	var here []company.Staff
	for _, p := range x.config.Staff {
		if p.Active && p.BranchID == x.branch.ID {
			here = append(here, p)
		}
	}
	m := company.MatchPerson(here, spoken)
	if !m.OK {
		near := m.Candidates
		if len(near) == 0 {
			near = here
		}
		var names []string
		list := []candidate{}
		for _, p := range near[:min(3, len(near))] {
			names, list = append(names, p.Name), append(list, candidate{p.ID, p.Name})
		}
		r := answer("unknown_staff", fill(say.unknownStaff, "staff", german.SpeakList(names, "oder")), askName, map[string]any{"candidates": list})
		r.Next = goOn
		return nil, wish, &r
	}
	if by := doneBy(all, s, m.Found.ID); len(by) > 0 {
		return by, m.Found, nil
	}
	var names []string
	for _, d := range all {
		if !slices.Contains(names, d.Staff.Name) {
			names = append(names, d.Staff.Name)
		}
	}
	r := answer("staff_cannot_provide_service",
		fill(say.cannotProvide, "wish", firstName(m.Found.Name), "service", s.Name, "staff", german.SpeakList(names, "oder")),
		goOn, map[string]any{"staff_names": names})
	return nil, wish, &r
}

// firstName is how callers speak of people: "Anna", but "Dr. Lena Vogt" stays whole.
func firstName(name string) string {
	if strings.HasPrefix(name, "Dr.") || strings.HasPrefix(name, "Prof.") {
		return name
	}
	first, _, _ := strings.Cut(name, " ")
	return first
}

// pin remembers what the caller talks about for half an hour.
func (x *turn) pin(s company.Service, wish company.Staff) {
	x.session.Pin = call.Pin{ServiceID: s.ID, StaffID: wish.ID, Until: x.now.Add(booking.PinFor).Unix()}
}

// offer makes an option the caller can pick later: everything that booking it needs is fixed now.
func (x *turn) offer(s company.Service, slot booking.Slot) (booking.Offer, option) {
	x.session.NextOpt++
	o := booking.Offer{
		ID: fmt.Sprintf("opt%d", x.session.NextOpt), Start: slot.Start.Unix(), Minutes: int(slot.End.Sub(slot.Start) / time.Minute),
		ServiceID: s.ID, StaffID: slot.StaffID, EventTypeID: slot.EventTypeID, PriceCents: s.PriceCents, Until: x.now.Add(booking.OfferFor).Unix(),
	}
	if slot.Resource != slot.StaffID {
		o.Resource = slot.Resource
	}
	o.Segments = slot.OfferSegments()
	x.session.Offers = append(x.session.Offers, o)
	if n := len(x.session.Offers); n > maxOffers {
		x.session.Offers = x.session.Offers[n-maxOffers:]
	}
	return o, x.describe(o)
}

// maxOffers keeps the session small: the last three lists can still be picked from.
const maxOffers = 9

// offers makes the options of one list; "den zweiten" counts in the last one.
func (x *turn) offers(s company.Service, slots []booking.Slot) []option {
	var out []option
	for _, slot := range slots {
		_, o := x.offer(s, slot)
		out = append(out, o)
	}
	x.session.Listed = len(out)
	return out
}

func (x *turn) describe(o booking.Offer) option {
	loc := x.branch.Location()
	start, end := o.StartsAt().In(loc), o.EndsAt().In(loc)
	day := x.branch.Day(start)
	s, _ := x.config.Service(o.ServiceID)
	p, _ := x.config.Person(o.StaffID)
	return option{
		OfferID: o.ID, StartsAt: start.Format(time.RFC3339), EndsAt: end.Format(time.RFC3339),
		Date: german.WriteDateShort(day), Time: start.Format("15:04"), Weekday: german.WeekdayName(day),
		ServiceID: s.ID, ServiceName: s.Name, StaffID: p.ID, StaffName: p.Name, PriceCents: o.PriceCents, Minutes: o.Minutes,
		Spoken: german.SpeakWhen(start, x.now, loc),
	}
}

// hold claims the time of an offer, of all its segments together, for two or three minutes and lets the call's older hold
// go, in the step of this answer.
func (x *turn) hold(o booking.Offer, known *ledger.Known) time.Time {
	until := x.now.Add(booking.HoldFor)
	if len(o.Segments) > 0 {
		until = x.now.Add(booking.HoldSegments)
	}
	x.letGo(known)
	parts := o.Parts()
	days := booking.DayKeys(x.branch, parts)
	for _, k := range days {
		d, ok := known.Days[k]
		if !ok {
			d = booking.Day{Resource: k.Resource, Date: k.Date}
		}
		d = d.WithoutHold(x.request.CallID, x.now)
		for _, e := range k.Entries(x.branch, parts, booking.Hold, x.request.CallID) {
			e.Until = until.Unix()
			d = d.With(e, x.now)
		}
		known.Days[k] = d
		x.setDay(d)
	}
	x.session.Held = call.Hold(o.ID, days, until)
	return until
}

// letGo releases the call's hold; what is written to one of its days afterwards replaces this.
func (x *turn) letGo(known *ledger.Known) {
	for _, k := range x.session.Held.Days() {
		if d, ok := known.Days[k]; ok && d.Version > 0 {
			x.setDay(d.WithoutHold(x.request.CallID, x.now))
		}
	}
	x.session.Held = nil
}

func (x *turn) setDay(d booking.Day) {
	for i := range x.step.Days {
		if x.step.Days[i].Resource == d.Resource && x.step.Days[i].Date == d.Date {
			x.step.Days[i] = d
			return
		}
	}
	x.step.Days = append(x.step.Days, d)
}

// pause before starting over, longer with every try.
func pause(ctx context.Context, try int) error {
	limit := min(10*time.Millisecond<<min(try, 5), 250*time.Millisecond)
	timer := time.NewTimer(limit/2 + rand.N(limit/2))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
