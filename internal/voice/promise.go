package voice

import (
	"strings"
	"time"

	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/callback"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/phone"
	"github.com/askpro/gateway/internal/policy"
	"github.com/askpro/gateway/internal/promise"
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
	r, merged, err = promise.Maker{Store: x.desk.Store, NewID: x.desk.NewID}.Make(x, x.t, x.config, x.branch, promise.Wish{
		Phone: w.phone, Transmitted: w.phone == x.request.Caller, Name: w.name, Action: w.action, Priority: w.priority,
		ServiceID: w.service.ID, StaffID: w.staff.ID, WishedAt: w.wishedAt, Preferred: w.preferred, Reason: w.reason,
		AppointmentID: w.appointmentID, CallID: x.request.CallID, Now: x.now,
	}, &x.step)
	x.session.Called = x.session.Called || r != nil
	return r, merged, err
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

// requestCallback promises a call. The same words once more in the same call get the same answer, and no second note (§5.4).
func (x *turn) requestCallback() (Reply, error) {
	number := x.number()
	if number == "" {
		return answer("need_phone_number", say.needNumber, goOn, nil), nil
	}
	key := "callback#" + x.args.fingerprint()
	if once := x.session.Find(key, x.now); once != nil {
		stored, ok, err := x.desk.Store.ToolCall(x, x.t, x.request.CallID, once.Seq)
		if err != nil || ok {
			return Reply{OK: true, Status: stored.Status, raw: []byte(stored.Response)}, err
		}
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
	case callback.ToBook, callback.ToCancel, callback.ToReschedule:
	default:
		action = callback.Other
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
	r, err := x.answerCallback(w)
	if err == nil && r.Status != "need_phone_number" {
		x.session.Claim(call.Once{Key: key, State: call.Done, Until: x.now.Add(answerFor).Unix(), Seq: x.session.Seq + 1}, x.now)
	}
	return r, err
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
