// Package voice is what the telephone agent may ask: its tools, their answers and the German sentences in them. Its one
// rule: who calls and which company it is come from the signed call alone, and whatever a model wrote as an argument is
// only the caller's words. It knows no wire format and no database.
package voice

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/callback"
	"github.com/askpro/gateway/internal/casework"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/mode"
	"github.com/askpro/gateway/internal/policy"
	"github.com/askpro/gateway/internal/scheduling"
	"github.com/askpro/gateway/internal/tenant"
)

// Store is what the tools ask of the table, beside what scheduling asks of it.
type Store interface {
	Config(ctx context.Context, t tenant.ID) (*company.Config, error)
	Session(ctx context.Context, t tenant.ID, callID string) (call.Session, error)
	Call(ctx context.Context, t tenant.ID, callID string) (call.Call, bool, error)
	ToolCall(ctx context.Context, t tenant.ID, callID string, seq int) (call.ToolCall, bool, error)
	Gather(ctx context.Context, t tenant.ID, ask ledger.Ask) (ledger.Known, error)
	Commit(ctx context.Context, t tenant.ID, step *ledger.Step) error
	Appointment(ctx context.Context, t tenant.ID, id string) (booking.Appointment, bool, error)
	Customer(ctx context.Context, t tenant.ID, id string) (customer.Customer, bool, error)
	Callback(ctx context.Context, t tenant.ID, id string) (callback.Request, bool, error)
	OpenCallbacks(ctx context.Context, t tenant.ID, branchID string) ([]callback.Waiting, error)
	// Desk is the configuration of the company's service desk; Capture writes down what a call says of a case, and returns what
	// it has said so far.
	Desk(ctx context.Context, t tenant.ID) (*desk.Configuration, error)
	Capture(ctx context.Context, t tenant.ID, callID string, said desk.Said, due time.Time) (desk.Capture, error)
	Captured(ctx context.Context, t tenant.ID, callID string) (desk.Capture, bool, error)
}

// Desk answers tool calls.
type Desk struct {
	Store     Store
	Scheduler *scheduling.Scheduler
	Now       func() time.Time
	NewID     func() string
	// Alarm tells people of what needs them; lambdakit lists the names.
	Alarm func(ctx context.Context, name, company string)
	quiet sparing
	// Cases opens cases; Gateway is the platform's switch: off, every call is about appointments (§2.2).
	Cases   *casework.Opener
	Gateway bool
	// Keep takes down what a call said of a case where the table cannot, for work-gateway (casework.KindSaid).
	Keep  func(ctx context.Context, t tenant.ID, callID string, said desk.Said) error
	words detectors
	// MailWorks says whether a confirmation can be promised by e-mail: a channel without provider does not exist (§16).
	MailWorks bool
}

// Request is one tool call as the signed body tells it. Caller is the transmitted number (E.164) or empty, OurNumber the
// company's own.
type Request struct {
	Tool      string // without a version suffix
	Sent      string // as sent
	HasCall   bool
	CallID    string
	Caller    string
	OurNumber string
	AgentID   string
	Direction string
	CallType  string
	// Delivery is the same when the same request arrives again: a hash of its body.
	Delivery string
	// Utterance is the first thing the caller said, as far as the call object tells; empty if it does not.
	Utterance string
	Args      map[string]any
}

// Alarms that the tools raise.
const (
	AlarmNoCallContext       = "no_call_context"
	AlarmNoTenantContext     = "no_tenant_context"
	AlarmUnsupportedFunction = "unsupported_function"
	AlarmGuardFailed         = "guard_failed"
	AlarmOutsideMode         = "function_outside_mode"
)

// tool is one thing the agent can ask. within is the hard limit at which a sentence is said and a job does the rest (§1).
type tool struct {
	run       func(*turn) (Reply, error)
	table     mode.Table // whose function it is: everybody's, appointments', the desk's
	operation policy.Operation
	within    time.Duration
	keepTime  bool // preferred_time is a wish in words
	// informs: the answer needs nothing of the call, so it is given even where limits cannot be looked up (§5.5).
	informs bool
}

const (
	quick   = time.Second
	looking = 3 * time.Second
	booked  = 8 * time.Second
)

// tools by canonical name. A function, not a variable: nothing is built at start-up.
func toolOf(name string) (tool, bool) {
	switch name {
	case "initialize_call":
		return tool{run: (*turn).initialize, within: quick, informs: true}, true
	case "current_time_berlin":
		return tool{run: (*turn).currentTime, within: quick, informs: true}, true
	case "check_customer":
		return tool{run: (*turn).checkCustomer, within: quick}, true
	case "parse_date":
		return tool{run: (*turn).parseDate, within: quick, informs: true}, true
	case "check_availability":
		return tool{table: mode.Bookings, run: (*turn).checkAvailability, operation: policy.Availability, within: looking}, true
	case "get_alternatives":
		return tool{table: mode.Bookings, run: (*turn).getAlternatives, operation: policy.Availability, within: looking}, true
	case "reserve_slot":
		return tool{table: mode.Bookings, run: (*turn).reserve, operation: policy.Booking, within: looking}, true
	case "release_slot_reservation":
		return tool{table: mode.Bookings, run: (*turn).releaseHold, within: quick}, true
	case "book_appointment":
		return tool{table: mode.Bookings, run: (*turn).book, operation: policy.Booking, within: booked}, true
	case "get_customer_appointments":
		return tool{table: mode.Bookings, run: (*turn).appointments, operation: policy.AppointmentInquiry, within: quick}, true
	case "cancel_appointment":
		return tool{table: mode.Bookings, run: (*turn).cancel, operation: policy.Cancellation, within: booked}, true
	case "reschedule_appointment":
		return tool{table: mode.Bookings, run: (*turn).reschedule, operation: policy.Reschedule, within: booked}, true
	case "request_callback":
		return tool{run: (*turn).requestCallback, operation: policy.Callback, within: quick, keepTime: true}, true
	case "list_services":
		return tool{table: mode.Bookings, run: (*turn).listServices, operation: policy.ServiceInformation, within: quick, informs: true}, true
	case "get_service_info":
		return tool{table: mode.Bookings, run: (*turn).serviceInfo, operation: policy.ServiceInformation, within: quick, informs: true}, true
	case "get_opening_hours":
		return tool{run: (*turn).openingHours, operation: policy.OpeningHours, within: quick, informs: true}, true
	case "detect_intent":
		return tool{run: (*turn).detectIntent, within: quick}, true
	case desk.CollectIssue:
		return tool{run: (*turn).collect, table: mode.Desk, within: looking}, true
	case desk.Categorize:
		return tool{run: (*turn).categorize, table: mode.Desk, within: looking}, true
	case desk.RouteTicket:
		return tool{run: (*turn).file, table: mode.Desk, within: looking}, true
	case desk.Finalize:
		return tool{run: (*turn).file, table: mode.Desk, within: looking}, true
	case "transfer_to_human":
		return tool{run: (*turn).transfer, within: quick, informs: true}, true
	}
	return tool{}, false
}

// canonicalTool resolves the names that agents also use (§6).
func canonicalTool(name string) string {
	switch name = strings.ToLower(strings.TrimSpace(name)); name {
	case "get_current_context":
		return "initialize_call"
	case "find_next_available":
		return "get_alternatives"
	case "start_booking":
		return "book_appointment"
	case "query_appointment":
		return "get_customer_appointments"
	case "get_available_services":
		return "list_services"
	case "transfer":
		return "transfer_to_human"
	}
	return name
}

// conflicts is how often a tool starts over because somebody else changed what it had read: with 50 callers for one slot
// all but one have to look again.
const conflicts = 12

// Handle answers one tool call. There is always a sentence.
func (d *Desk) Handle(ctx context.Context, t tenant.ID, r Request) Reply {
	if !r.HasCall || r.CallID == "" {
		d.Alarm(ctx, AlarmNoCallContext, t.String())
		return answer("no_call_context", say.noCall, transferNext, nil)
	}
	name := canonicalTool(r.Tool)
	what, known := toolOf(name)
	if !known {
		what = tool{run: (*turn).unsupported, within: quick}
	}
	ctx, cancel := context.WithTimeout(ctx, what.within)
	defer cancel()
	reply, err := d.safely(ctx, t, r, name, what)
	if err == nil {
		return reply
	}
	var refused *refusal
	if errors.As(err, &refused) {
		return refused.reply
	}
	// The cause goes to the log at the edge; the caller hears what happens next.
	return Reply{Status: "technical_problem", Say: say.fault, Next: offerCallback, raw: nil, Data: fault{err}}
}

// safely answers with a sentence even where our own code breaks: a caller must not hear silence.
func (d *Desk) safely(ctx context.Context, t tenant.ID, r Request, name string, what tool) (reply Reply, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return d.handle(ctx, t, r, name, what)
}

// fault carries the cause of a technical problem to the edge's log; it is never sent.
type fault struct{ err error }

// MarshalJSON keeps the cause out of the answer.
func (fault) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

// Cause of a technical problem, nil for every other reply.
func (r Reply) Cause() error {
	if f, ok := r.Data.(fault); ok {
		return f.err
	}
	return nil
}

// refusal ends a tool call with an answer that needs no record.
type refusal struct{ reply Reply }

func (r *refusal) Error() string { return r.reply.Status }

func (d *Desk) handle(ctx context.Context, t tenant.ID, r Request, name string, what tool) (Reply, error) {
	config, service, err := d.configurations(ctx, t)
	if err != nil {
		return Reply{}, err
	}
	branch, ok := branchOf(config, r)
	if !ok {
		d.Alarm(ctx, AlarmNoTenantContext, t.String())
		return answer("no_tenant_context", say.noTenant, transferNext, nil), nil
	}
	args := clean(r.Args, what.keepTime)
	hasHead := false
	var told *told
	for try := 0; ; try++ {
		turn := &turn{
			Context: ctx, desk: d, t: t, config: config, branch: branch, request: r, tool: name, args: args,
			now: d.Now(), began: time.Now(), hasHead: hasHead, cases: service, told: told,
		}
		reply, err := turn.play(what)
		if err == nil {
			return reply, nil
		}
		told = turn.told
		if !ledger.ConflictOn(err) || try == conflicts {
			return turn.brokenOff(err)
		}
		hasHead = hasHead || ledger.ConflictOn(err, "call")
		if pause(ctx, try) != nil {
			return turn.brokenOff(err)
		}
	}
}

// configurations of a company, side by side: mostly they are remembered.
func (d *Desk) configurations(ctx context.Context, t tenant.ID) (config *company.Config, service *desk.Configuration, err error) {
	var both sync.WaitGroup
	var wrong error
	both.Go(func() { service, wrong = d.Store.Desk(ctx, t) })
	config, err = d.Store.Config(ctx, t)
	both.Wait()
	return config, service, errors.Join(err, wrong)
}

// branchOf finds the branch that was rung, by our number or, on the web, by the agent.
func branchOf(c *company.Config, r Request) (company.Branch, bool) {
	if n, ok := c.NumberOf(r.OurNumber); ok {
		if b, ok := c.Branch(n.BranchID); ok && b.Active {
			return b, true
		}
	}
	if r.OurNumber == "" || r.CallType == "web_call" {
		return c.BranchOfAgent(r.AgentID)
	}
	return company.Branch{}, false
}

// Limits per call (§5.5).
const (
	maxTools     = 50
	maxPerMinute = 20
	maxPerTool   = 10
)

// exceeded counts a tool call and tells whether it is one too many.
func (x *turn) exceeded() bool {
	s := &x.session
	minute := x.now.Unix() / 60
	if s.Minute != minute {
		s.Minute, s.InMinute = minute, 0
	}
	if s.Counts == nil {
		s.Counts = map[string]int{}
	}
	counts := make(map[string]int, len(s.Counts)+1)
	for k, v := range s.Counts {
		counts[k] = v
	}
	counts[x.tool]++
	s.Counts = counts
	s.InMinute++
	return s.Seq >= maxTools || s.InMinute > maxPerMinute || counts[x.tool] > maxPerTool
}

func itoa(n int) string { return strconv.Itoa(n) }
