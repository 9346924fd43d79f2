package companyfile

import (
	"regexp"
	"slices"
	"strings"

	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/voice"
)

// The function table of §2.4: what an agent has to publish in each mode. "transfer" is what the table calls
// transfer_to_human.
var (
	everywhere = []string{"detect_intent", "request_callback", "get_opening_hours", "transfer_to_human", "current_time_berlin", "check_customer", "initialize_call"}
	ofDesk     = []string{desk.CollectIssue, desk.Categorize, desk.RouteTicket, desk.Finalize}
	ofBookings = []string{
		"check_availability", "get_alternatives", "reserve_slot", "release_slot_reservation", "book_appointment", "get_customer_appointments", "cancel_appointment",
		"reschedule_appointment", "list_services", "get_service_info",
	}
)

// versioned functions are looked up without their suffix.
var versioned = regexp.MustCompile(`_v\d+$`)

// functions tells which functions of the chosen mode the agent does not publish. An agent that nothing is said of publishes
// what `make agent` writes.
func (r *deskReader) functions(g desk.Gateway) {
	need := slices.Clone(everywhere)
	if g.Mode != desk.Appointments {
		need = append(need, ofDesk...)
	}
	if g.Mode != desk.ServiceDesk {
		need = append(need, ofBookings...)
	}
	published := map[string]bool{}
	for _, d := range voice.Definitions() {
		published[d.Name] = r.AgentFunctions == nil
	}
	for _, name := range r.AgentFunctions {
		published[versioned.ReplaceAllString(name, "")] = true
	}
	published["transfer_to_human"] = published["transfer_to_human"] || published["transfer"]
	if missing := slices.DeleteFunc(need, func(name string) bool { return published[name] }); g.Enabled && len(missing) > 0 {
		r.w.say("desk, agent_functions: in mode %s callers would miss %s: publish them with the agent (make agent)", g.Mode, strings.Join(missing, ", "))
	}
}
