package voice

import (
	"slices"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/german"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/policy"
)

func (x *turn) unsupported() (Reply, error) {
	x.desk.Alarm(x, AlarmUnsupportedFunction, x.t.String())
	return answer("unsupported_function", say.unsupported, offerCallback, nil), nil
}

// card of the caller; empty for a suppressed number.
func (x *turn) card() (customer.Card, error) {
	if x.request.Caller == "" {
		return customer.Card{}, nil
	}
	known, err := x.desk.Store.Gather(x, x.t, ledger.Ask{Card: x.request.Caller})
	return known.Card, err
}

// initialize never fails: without a customer the greeting is neutral.
func (x *turn) initialize() (Reply, error) {
	local := x.now.In(x.branch.Location())
	day := x.branch.Day(x.now)
	data := map[string]any{
		"current_time": local.Format(time.RFC3339), "date": german.WriteDateShort(day), "weekday": german.WeekdayName(day), "customer": nil,
	}
	operations := map[string]bool{}
	for _, op := range []policy.Operation{policy.Booking, policy.Availability, policy.AppointmentInquiry, policy.Callback, policy.ServiceInformation, policy.OpeningHours} {
		operations[string(op)] = x.may(op).Allowed
	}
	data["operations"] = operations
	name := ""
	if c, err := x.card(); err == nil && c.CustomerID != "" {
		data["customer"] = map[string]any{"known": true, "name": c.Name, "customer_id": c.CustomerID}
		name = c.Name
	}
	greeting := greet(x.config, name)
	data["greeting"] = greeting
	return answer("ready", greeting, goOn, data), nil
}

func (x *turn) currentTime() (Reply, error) {
	local := x.now.In(x.branch.Location())
	day := x.branch.Day(x.now)
	_, week := local.ISOWeek()
	return answer("ok", fill(say.now, "date", german.SpeakDateIs(day), "time", german.SpeakClock(x.branch.LocalMinute(x.now))), goOn, map[string]any{
		"current_time": local.Format(time.RFC3339), "date": german.WriteDateShort(day), "time": local.Format("15:04"), "weekday": german.WeekdayName(day),
		"iso_date": day.String(), "week_number": week, "timezone": x.branch.Location().String(),
	}), nil
}

func (x *turn) checkCustomer() (Reply, error) {
	if x.request.Caller == "" {
		return answer("anonymous", say.anonymous, askName, nil), nil
	}
	card, err := x.card()
	if err != nil {
		return Reply{}, err
	}
	if card.CustomerID == "" {
		return answer("new_customer", say.newCustomer, askName, nil), nil
	}
	c, _, err := x.desk.Store.Customer(x, x.t, card.CustomerID)
	if err != nil {
		return Reply{}, err
	}
	x.session.Customer = card.CustomerID
	data := map[string]any{"customer_id": card.CustomerID, "name": card.Name, "has_email": card.Email != "", "visit_count": c.AppointmentCount}
	if c.LastAppointment != nil {
		data["last_visit"] = c.LastAppointment.In(x.branch.Location()).Format(time.RFC3339)
	}
	text := fill(say.foundCustomer, "name", card.Name)
	if id, share := c.Favourite(); id != "" {
		if s, ok := x.config.Service(id); ok && s.Active {
			data["last_service"] = map[string]any{"service_id": s.ID, "name": s.Name, "confidence": share}
			switch { // §6.3: how sure we are decides how it is asked
			case share >= 0.8:
				text = fill(say.again, "name", card.Name, "service", s.Name)
			case share >= 0.5:
				text = fill(say.againPerhaps, "name", card.Name, "service", s.Name)
			}
		}
	}
	if id, share := c.FavouriteStaff(); share >= 0.5 {
		if p, ok := x.config.Person(id); ok && p.Active {
			data["preferred_staff"] = map[string]any{"staff_id": p.ID, "name": p.Name}
		}
	}
	return answer("found", text, goOn, data), nil
}

// parseDate is for diagnosis: what the parser made of the words.
func (x *turn) parseDate() (Reply, error) {
	r, mismatch := x.parse(x.args["date"], x.args["time"])
	if mismatch != nil {
		return *mismatch, nil
	}
	if problem := x.dateProblem(r, x.args["date"]+x.args["time"]); problem != nil {
		return *problem, nil
	}
	data := map[string]any{"date": nil, "display": nil, "weekday": nil, "time": nil, "window": nil, "error": nil}
	if !r.Date.IsZero() {
		data["date"], data["display"], data["weekday"] = r.Date.String(), german.WriteDateShort(r.Date), german.WeekdayName(r.Date)
	}
	if r.Time != german.NoTime {
		data["time"] = r.Time.String()
	}
	if r.HasWindow {
		data["window"] = windowJSON(r.Window)
	}
	if r.Date.IsZero() && r.Time == german.NoTime && !r.HasWindow {
		return answer("need_date", say.needDate, askDate, data), nil
	}
	return answer("ok", say.understood, goOn, data), nil
}

func windowJSON(w german.Window) map[string]any {
	out := map[string]any{"date_from": nil, "date_to": nil, "time_from": nil, "time_to": nil}
	for name, d := range map[string]german.Date{"date_from": w.From, "date_to": w.To} {
		if !d.IsZero() {
			out[name] = d.String()
		}
	}
	for name, t := range map[string]german.TimeOfDay{"time_from": w.TimeFrom, "time_to": w.TimeTo} {
		if t != german.NoTime {
			out[name] = t.String()
		}
	}
	return out
}

// appointments lists the caller's own coming ones, by the transmitted number only (§6.3).
func (x *turn) appointments() (Reply, error) {
	if x.request.Caller == "" {
		return answer("requires_phone_number", say.needsNumber, offerCallback, nil), nil
	}
	card, err := x.card()
	if err != nil {
		return Reply{}, err
	}
	var coming []booking.Appointment
	for _, u := range card.Upcoming {
		if u.End <= x.now.Unix() || len(coming) == 10 {
			continue
		}
		a, ok, err := x.desk.Store.Appointment(x, x.t, u.AppointmentID)
		if err != nil {
			return Reply{}, err
		}
		if ok && a.Active() && x.asked(a) {
			coming = append(coming, a)
		}
	}
	list := []map[string]any{}
	x.session.Shown = nil
	for _, a := range coming {
		list = append(list, x.shown(a))
		x.session.Shown = append(x.session.Shown, a.ID)
	}
	data := map[string]any{"appointments": list, "total": len(list)}
	if len(coming) == 0 {
		return answer("none", say.noAppointments, goOn, data), nil
	}
	return answer("found", x.speakAppointments(coming), goOn, data), nil
}

// asked tells whether an appointment is among those the caller meant by day or service.
func (x *turn) asked(a booking.Appointment) bool {
	if said := x.args["date"]; said != "" {
		r := german.ParseIn(said, x.now, x.branch.Location())
		if r.Err == "" && !r.Date.IsZero() && r.Date != x.branch.Day(a.StartsAt) {
			return false
		}
	}
	if x.args["service"] != "" {
		if m := company.MatchService(x.config.Bookable(x.branch.ID), x.args["service"]); m.OK && m.Found.ID != a.ServiceID {
			return false
		}
	}
	return true
}

// speakAppointments reads a caller's appointments, as far as the company lets them be told (§14).
func (x *turn) speakAppointments(list []booking.Appointment) string {
	may := policy.Disclosure(x.config, x.branch)
	name := func(a booking.Appointment) string {
		s, _ := x.config.Service(a.ServiceID)
		return s.Name
	}
	first := list[0]
	day := x.branch.Day(first.StartsAt)
	sameDay := !slices.ContainsFunc(list, func(a booking.Appointment) bool { return x.branch.Day(a.StartsAt) != day })
	switch {
	case len(list) == 1:
		return fill(say.oneAppointment, "what", strings.Trim(x.what(first), " ,"))
	case len(list) <= 3 && sameDay && may.Date && may.Time && may.Service:
		var parts []string
		for _, a := range list {
			parts = append(parts, "um "+german.SpeakTime(x.branch.LocalMinute(a.StartsAt))+" "+name(a))
		}
		return fill(say.dayAppointments, "day", german.SpeakOnDate(day, x.branch.Day(x.now)), "list", german.SpeakList(parts, "und"))
	}
	more := "einen weiteren"
	if len(list) > 2 {
		more = itoa(len(list)-1) + " weitere"
	}
	return fill(say.nextAppointment, "what", strings.Trim(x.what(first), " ,"), "more", more)
}

// listServices names at most five; more of them are grouped first.
func (x *turn) listServices() (Reply, error) {
	list := x.config.Bookable(x.branch.ID)
	if wanted := company.Fold(x.args["category"]); wanted != "" {
		list = slices.DeleteFunc(list, func(s company.Service) bool { return company.Fold(s.Category) != wanted })
	}
	if len(list) == 0 {
		return answer("ok", say.noServices, goOn, map[string]any{"services": []any{}}), nil
	}
	var categories []string
	for _, s := range list {
		if s.Category != "" && !slices.Contains(categories, s.Category) {
			categories = append(categories, s.Category)
		}
	}
	if len(list) > 5 && len(categories) > 1 {
		return answer("ok", fill(say.categories, "list", german.SpeakList(categories, "und")), askService, map[string]any{"categories": categories}), nil
	}
	var names []string
	data := []map[string]any{}
	for i, s := range list {
		if i < 5 {
			names = append(names, s.Name)
		}
		data = append(data, serviceJSON(s))
	}
	return answer("ok", fill(say.services, "list", german.SpeakList(names, "und")), askService, map[string]any{"services": data[:min(len(data), 10)]}), nil
}

func serviceJSON(s company.Service) map[string]any {
	return map[string]any{"service_id": s.ID, "name": s.Name, "duration_minutes": s.DurationMinutes, "price_cents": s.PriceCents, "category": s.Category}
}

func (x *turn) serviceInfo() (Reply, error) {
	s, refused := x.service()
	if refused != nil {
		return *refused, nil
	}
	data := serviceJSON(s)
	data["description"] = s.Description
	text := say.serviceInfo
	if s.PriceCents == 0 {
		text = say.serviceFree
	}
	return answer("ok", fill(text, "service", s.Name, "duration", german.SpeakDuration(s.Duration()), "price", german.SpeakMoney(int(s.PriceCents))), goOn, data), nil
}

func (x *turn) openingHours() (Reply, error) {
	day := x.branch.Day(x.now)
	if said := x.args["date"]; said != "" {
		r := german.ParseIn(said, x.now, x.branch.Location())
		if problem := x.dateProblem(r, said); problem != nil {
			return *problem, nil
		}
		if !r.Date.IsZero() {
			day = r.Date
		}
	}
	loc, today := x.branch.Location(), x.branch.Day(x.now)
	open := x.branch.OpenAt(x.now)
	ranges := []string{}
	var spoken []string
	for _, r := range x.branch.Open(day) {
		ranges = append(ranges, r.From.String()+"-"+r.To.String())
		spoken = append(spoken, german.SpeakRange(r.From, r.To))
	}
	data := map[string]any{"date": day.String(), "ranges": ranges, "open_now": open, "next_opening": nil}
	from := x.now
	if day != today {
		from = x.branch.At(day, 0)
	}
	next, ok := x.branch.NextOpening(from)
	if ok {
		data["next_opening"] = next.In(loc).Format(time.RFC3339)
	}
	onDay := german.SpeakOnDate(day, today)
	var text string
	switch {
	case len(spoken) > 0:
		text = fill(say.opening, "day", upperFirst(onDay), "ranges", german.SpeakList(spoken, "und"))
	default:
		text = fill(say.closed, "day", upperFirst(onDay))
		if name, is := x.branch.Holiday(day); is {
			text = fill(say.closedFor, "day", upperFirst(onDay), "holiday", name)
		}
	}
	switch {
	case day == today && open:
		text += " " + say.openNow
	case (len(spoken) == 0 || day == today) && ok && next.After(x.now):
		text += " " + fill(say.nextOpening, "next", german.SpeakWhen(next, x.now, loc))
	}
	return answer("ok", text, goOn, data), nil
}

// transfer names the number for the caller's wish; the agent then uses Retell's own transfer.
func (x *turn) transfer() (Reply, error) {
	f := x.branch.Forwarding
	number := ""
	reason := company.Fold(x.args["reason"])
	for _, r := range f.Rules {
		switch {
		case r.Trigger == "keyword" && r.Keyword != "" && strings.Contains(reason, company.Fold(r.Keyword)):
			number = r.Number
		case r.Trigger == "after_hours" && number == "" && !x.branch.OpenAt(x.now):
			number = r.Number
		case r.Trigger == "caller_wish" && number == "":
			number = r.Number
		}
	}
	if number == "" {
		number, f.FallbackNumber = f.FallbackNumber, ""
	}
	if number == "" {
		return answer("no_target", say.noTarget, offerCallback, nil), nil
	}
	data := map[string]any{"number": number}
	if f.FallbackNumber != "" {
		data["fallback_number"] = f.FallbackNumber
	}
	return answer("transfer", say.transferring, transferNext, data), nil
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	r := []rune(s)
	return strings.ToUpper(string(r[0])) + string(r[1:])
}
