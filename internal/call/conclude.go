package call

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/booking"
)

// Facts are what a call is concluded from, beside what it holds itself: what was asked of us in it, what stands in the
// table because of it, and who it may have been.
type Facts struct {
	Session   Session // version 0: it has lapsed, or nothing was asked
	Tools     []ToolCall
	Made      []Made
	Callbacks []string // promised because of the call, also by jobs
	// Cancelled and Moved: a change whose outcome was unknown when the call ended came true.
	Cancelled, Moved bool
	// Owner is the customer whose number it was; Namesakes have the name that the caller said.
	Owner     string
	Namesakes []Namesake
	// Lost describes a booking of this call that the calendar never confirmed.
	Lost *Wish
}

// Made is an appointment made in the call. Fixed: the customer had it, whatever became of it since.
type Made struct {
	booking.Appointment
	Fixed bool
}

// Namesake is a customer with the caller's name, and with their e-mail address too if the caller said one.
type Namesake struct {
	ID        string
	SameEmail bool
}

// SaidName is what the session and the telephone have of the caller's name; it is chosen before namesakes are looked for.
func (c *Call) SaidName(s Session) string {
	c.name(s.Name)
	return c.SpokenName
}

// SaidEmail is an e-mail address that the caller said, to a tool or as the telephone understood it.
func (c *Call) SaidEmail(tools []ToolCall) string {
	for _, t := range slices.Backward(tools) {
		var args struct{ Email string }
		if json.Unmarshal([]byte(t.Args), &args) == nil && args.Email != "" {
			return args.Email
		}
	}
	return c.Heard.Email
}

// Conclude says what came of a call that is over: who called, what was done, what was wished in vain. It is a function of
// the call and the facts alone, so that it may be asked again whenever one of them changes; it reports whether the answer
// is another one.
func (c *Call) Conclude(f Facts, now time.Time) bool {
	before := *c
	c.SaidName(f.Session)
	if f.Session.Version > 0 {
		c.Heard.Wish = f.Session.Wish
	}
	if pin := f.Session.Gateway; pin != nil {
		taken := pin.Ended(now)
		if c.Gateway != nil && !pin.Decided() {
			taken.At = c.Gateway.At // it ended undecided, once
		}
		c.Gateway = &taken
	}
	if f.Session.Case != "" {
		c.CaseID = f.Session.Case
	}
	c.Appointments, c.Callbacks = nil, f.Callbacks
	for _, m := range f.Made {
		c.Appointments = append(c.Appointments, m.ID)
	}
	c.link(f)
	c.Outcome = c.outcome(f)
	c.Successful = c.succeeded(f)
	c.Unfulfilled = c.unfulfilled(f)
	return c.changed(before, now)
}

// link finds whose call it was (§4.3): 70 and more is linked, 40 to 69 waits for a person, whose word stands. It
// discloses nothing: it only sorts the list of calls.
func (c *Call) link(f Facts) {
	if c.LinkMethod == "manual" {
		return
	}
	set := func(status, method string, confidence int, customer string, candidates ...string) {
		c.LinkStatus, c.LinkMethod, c.LinkConfident, c.CustomerID, c.Candidates = status, method, confidence, customer, candidates
	}
	var same, named []string
	for _, n := range f.Namesakes {
		if n.SameEmail {
			same = append(same, n.ID)
		}
		named = append(named, n.ID)
	}
	switch {
	case f.Owner != "":
		set("linked", "phone", 100, f.Owner)
	case len(f.Made) > 0:
		set("linked", "appointment", 100, f.Made[0].CustomerID)
	case len(same) > 0:
		set("pending_review", "email_and_name", 60, "", same...)
	case len(named) > 0:
		set("pending_review", "name", 40, "", named...)
	case c.SpokenName != "":
		set("name_only", "", 0, "")
	case c.Caller() == "":
		set("anonymous", "", 0, "")
	default:
		set("unlinked", "", 0, "")
	}
}

// Caller is the other side's number, empty when it was suppressed.
func (c *Call) Caller() string {
	if c.Direction == "outbound" {
		return c.To
	}
	return c.From
}

// outcome decides what came of a call, first that applies (§4.3). Tool results and appointments decide, not keywords or
// duration.
func (c *Call) outcome(f Facts) string {
	h := c.Heard
	switch {
	case slices.ContainsFunc(f.Made, func(m Made) bool { return (m.Active() || m.Fixed) && !f.cancelledHere(m) }):
		return "appointment_booked"
	case f.Moved || f.answered("rescheduled") || f.of("reschedule_appointment", "requested"):
		return "appointment_rescheduled"
	case f.Cancelled || f.answered("cancelled"):
		return "appointment_cancelled"
	case f.answered("created"), f.answered("noted"):
		return "case_created"
	case f.calledBack():
		return "callback_requested"
	case h.TransferBridged, slices.Contains([]string{"call_transfer", "transfer_bridged"}, c.Disconnection),
		(h.TransferBegun || f.answered("transfer")) && !h.TransferCancelled && c.Disconnection != "transfer_cancelled":
		return "transferred"
	case slices.ContainsFunc(f.Tools, informs):
		return "information_only"
	case h.InVoicemail || c.Disconnection == "voicemail_reached":
		return "voicemail"
	case c.Disconnection == "marked_as_spam" || c.Disconnection == "scam_detected":
		return "spam"
	case !h.CallerSpoke && !slices.ContainsFunc(f.Tools, func(t ToolCall) bool { return Asks(t.Canonical) }):
		return "no_customer_interaction"
	}
	return "abandoned"
}

func (f Facts) answered(status string) bool {
	return slices.ContainsFunc(f.Tools, func(t ToolCall) bool { return t.Status == status })
}

func (f Facts) of(tool, status string) bool {
	return slices.ContainsFunc(f.Tools, func(t ToolCall) bool { return t.Canonical == tool && t.Status == status })
}

// calledBack: promised by a tool, whatever its status, or by a job afterwards.
func (f Facts) calledBack() bool {
	return len(f.Callbacks) > 0 || slices.ContainsFunc(f.Tools, func(t ToolCall) bool {
		return t.Status == "callback_created" || t.Status == "callback_updated" || strings.Contains(t.Response, `"callback_id"`)
	})
}

// cancelledHere: booked and cancelled again before the caller hung up.
func (f Facts) cancelledHere(m Made) bool {
	return m.Status == booking.Cancelled && slices.ContainsFunc(f.Tools, func(t ToolCall) bool {
		return t.Canonical == "cancel_appointment" && (t.Status == "cancelled" || t.Status == "change_uncertain") && strings.Contains(t.Response, m.ID)
	})
}

// informs tells whether a tool call gave the caller an answer, rather than only greeting them or asking back.
func informs(t ToolCall) bool {
	switch t.Canonical {
	case "list_services", "get_service_info", "get_opening_hours":
		return t.Status == "ok"
	case "get_customer_appointments":
		return t.Status == "found" || t.Status == "none"
	}
	return false
}

// Asks tells whether a call of a tool, by its canonical name, follows from something the caller said: agents call the others
// at the beginning of every call.
func Asks(canonical string) bool {
	switch canonical {
	case "initialize_call", "check_customer", "current_time_berlin":
		return false
	}
	return true
}

// succeeded is true for the first seven outcomes, false when a booking tool was used and nothing came of it, else what
// Retell thinks, else unknown.
func (c *Call) succeeded(f Facts) *bool {
	yes, no := true, false
	switch c.Outcome {
	case "appointment_booked", "appointment_rescheduled", "appointment_cancelled", "case_created", "callback_requested", "transferred", "information_only":
		return &yes
	}
	if slices.ContainsFunc(f.Tools, func(t ToolCall) bool {
		return t.Canonical == "book_appointment" || t.Canonical == "check_availability" || t.Canonical == "reserve_slot"
	}) {
		return &no
	}
	return c.Heard.Successful
}

// unfulfilled is what was asked for when nothing was booked, changed or called back: also a booking that was lost.
func (c *Call) unfulfilled(f Facts) *Wish {
	switch c.Outcome {
	case "appointment_booked", "appointment_rescheduled", "appointment_cancelled", "callback_requested":
		return nil
	}
	if c.Heard.Wish != nil {
		return c.Heard.Wish
	}
	return f.Lost
}
