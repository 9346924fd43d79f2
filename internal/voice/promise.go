package voice

import (
	"strings"
	"time"

	"github.com/askpro/gateway/internal/callback"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/phone"
	"github.com/askpro/gateway/internal/policy"
)

// wanted is a call somebody is promised.
type wanted struct {
	phone, name   string
	action        string
	priority      callback.Priority
	service       company.Service
	staff         company.Staff
	wishedAt      *time.Time
	preferred     string
	reason        string
	appointmentID string
}

// promise puts a callback into the step of this answer: a new one, or the wish added to one that is still open for the
// same number, branch and action (§15). Nil without a number: nothing is promised then.
func (x *turn) promise(w wanted) (r *callback.Request, merged bool, err error) {
	if w.phone == "" || !x.may(policy.Callback).Allowed {
		return nil, false, nil
	}
	known, err := x.desk.Store.Gather(x, x.t, ledger.Ask{Card: w.phone})
	if err != nil {
		return nil, false, err
	}
	card := known.Card
	note := strings.TrimSpace(strings.Join(nonEmpty(w.reason, w.preferred), " · "))
	if id, open := card.OpenCallback(x.branch.ID, w.action, x.now); open {
		r, ok, err := x.desk.Store.Callback(x, x.t, id)
		if err != nil {
			return nil, false, err
		}
		if ok && r.Status != callback.Completed && r.Status != callback.Cancelled && r.Status != callback.Expired {
			if note != "" && len(r.Notes) < 20 {
				r.Notes = append(r.Notes, note)
			}
			if w.wishedAt != nil {
				r.WishedAt = w.wishedAt
			}
			x.step.Callback = &r
			return &r, true, nil
		}
	}
	r = &callback.Request{
		ID: x.desk.NewID(), BranchID: x.branch.ID, CallID: x.request.CallID, ServiceID: w.service.ID, StaffID: w.staff.ID,
		Phone: w.phone, Name: w.name, PreferredTime: w.preferred, Priority: w.priority, Status: callback.Pending, Action: w.action,
		Reason: w.reason, AppointmentID: w.appointmentID, WishedAt: w.wishedAt, CreatedAt: x.now,
	}
	if w.phone == x.request.Caller { // a spoken number identifies nobody
		r.CustomerID = card.CustomerID
		if r.Name == "" {
			r.Name = card.Name
		}
	}
	r.PromisedUntil, r.ExpiresAt = callback.Promise(x.branch, r.Priority, x.now)
	card = card.WithCallback(customer.Open{CallbackID: r.ID, BranchID: x.branch.ID, Action: r.Action, At: x.now.Unix()}, x.now)
	x.step.Card, x.step.Callback = &card, r
	x.step.Events = append(x.step.Events, event.CallbackRequested{
		Head: event.Head{ID: x.desk.NewID(), CompanyID: x.t.String(), At: x.now, Sequence: 1}, CallbackID: r.ID, CallID: x.request.CallID,
	})
	x.session.Called = true
	return r, false, nil
}

func nonEmpty(list ...string) []string {
	var out []string
	for _, s := range list {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

// number to ring back: one that is spoken now, the transmitted one, or one that was spoken before in this call.
func (x *turn) number() string {
	if n, err := phone.Parse(x.args["phone"]); err == nil {
		x.session.Phone = string(n)
		return string(n)
	}
	if x.request.Caller == "" {
		return x.session.Phone
	}
	return x.request.Caller
}

func (x *turn) requestCallback() (Reply, error) {
	number := x.number()
	if number == "" {
		return answer("need_phone_number", say.needNumber, goOn, nil), nil
	}
	priority := callback.Normal
	switch strings.ToLower(x.args["priority"]) {
	case "high", "hoch":
		priority = callback.High
	case "urgent", "dringend":
		priority = callback.Urgent
	}
	action := strings.ToLower(x.args["action"])
	switch action {
	case "book", "cancel", "reschedule":
	default:
		action = "other"
	}
	w := wanted{phone: number, action: action, priority: priority, preferred: x.args["preferred_time"], reason: x.args["reason"]}
	if name, kind := readName(x.args["name"], nil, x.now); kind == realName {
		w.name = name
	}
	if x.args["service"] != "" {
		if m := company.MatchService(x.config.Bookable(x.branch.ID), x.args["service"]); m.OK {
			w.service = m.Found
		}
	}
	if x.args["staff"] != "" {
		if m := company.MatchPerson(x.config.Staff, x.args["staff"]); m.OK {
			w.staff = m.Found
		}
	}
	return x.answerCallback(w)
}

func (x *turn) answerCallback(w wanted) (Reply, error) {
	r, merged, err := x.promise(w)
	if err != nil {
		return Reply{}, err
	}
	if r == nil {
		return answer("need_phone_number", say.needNumber, goOn, nil), nil
	}
	loc := x.branch.Location()
	data := map[string]any{"callback_id": r.ID, "priority": r.Priority, "promised_until": r.PromisedUntil.In(loc).Format(time.RFC3339)}
	status, text := "callback_created", say.callback
	if merged {
		status, text = "callback_updated", say.callbackUpdated
	}
	return answer(status, fill(text, "until", speakUntil(r.PromisedUntil, x.now, loc)), goOn, data), nil
}
