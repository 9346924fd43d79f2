package lambdakit

import "context"

// Alarms are all the names that wake a person, with what to do. A name that is not here is a bug: Alarm says so loudly.
var Alarms = map[string]string{
	"access_denied":         "The database refused one of our own requests: a function asked for what is not its company's, or lacks a right. See the error in its log, compare it with its role.",
	"audit_chain_broken":    "A company's audit trail is not what was written: see the log of work-default for the line, compare the trail with a backup of the table.",
	"calcom_down":           "Cal.com failed five times in a row for a company and is left alone for a minute at a time: see its status page; callers are called back.",
	"calcom_configuration":  "Cal.com refuses the company's key or an event type: check both in Cal.com, then load the company's file again.",
	"case_creation_failed":  "A case could not be written at once, or not even later: the capture is kept and tried again; look at the errors of hook-retell-tools and work-gateway.",
	"delivery_rate":         "Of a company's attempts to deliver in a quarter of an hour more than one in twenty failed: see its exchange log and its receivers, then make redeliver.",
	"delivery_unheard":      "A case could not be delivered and its company has nobody to be told: call the company, enter alert addresses at its service desk, send the case again.",
	"double_booked":         "Two appointments take the same member of staff's time: make report names them; move one in the calendar and call its customer.",
	"event_type_gone":       "An event type vanished from Cal.com, so nothing is booked with it any more: bring it back, or take it out of the company's file.",
	"function_outside_mode": "The agent called a tool that the call's mode does not have: compare its tools and prompt with the company's gateway mode (make agent).",
	"guard_failed":          "A limit of the voice path could not be checked and was left open: look at the errors of hook-retell-tools.",
	"incomplete_composite":  "A service in segments cannot be booked by phone: give each of its segments an event type of somebody and load the file again.",
	"mail_failed":           "A letter or text message could not be sent in all its tries: see work-notifications' log and the provider; redrive notifications.",
	"needs_review":          "An appointment needs a person: compare it with the calendar and put one of them right.",
	"no_call_context":       "A tool call came without its call: the tool must not be configured as args only.",
	"no_company_key":        "A company has no usable Retell key or Cal.com secret: nobody can be heard until one is stored under its name.",
	"no_tenant_context":     "A tool call's number is none of the company's: enter the number or the agent at the company.",
	"notification_template": "A company's own notification template cannot be filled, so its message was not sent: see work-notifications' log, correct the company's file, redrive notifications.",
	"orphan_booking":        "A booking stands in the calendar only and could not be cancelled: cancel it by hand, call the customer.",
	"partly_booked":         "A composite appointment is booked in part for more than five minutes: look at work-sync and at the bookings in Cal.com.",
	"sla_failed":            "A case was opened without its clocks: check the policies, matrix and business hours of the company's service desk.",
	"sync_failed":           "An appointment's booking at Cal.com has failed for a day: compare it with the calendar, call the customer.",
	"sync_pending":          "Nobody has known for an hour whether Cal.com took a booking: look at the errors of work-sync and at the calendar.",
	"sync_rate":             "Of a day's bookings more than one in twenty failed at Cal.com: look at the errors of hook-retell-tools and work-sync.",
	"unknown_event_type":    "Cal.com tells of an event type the company does not have: add it to a service or drop the webhook.",
	"unknown_number":        "A call came for a number that is nobody's: enter the number or point it elsewhere.",
	"unsupported_function":  "The agent called a tool that does not exist: its configuration is not the one of this build (make agent).",
}

// Alarm raises one of Alarms for a company: one metric to alarm on and one log line to read.
func Alarm(ctx context.Context, name, company string) {
	todo, known := Alarms[name]
	if !known {
		todo = "This alarm is not listed in lambdakit.Alarms."
	}
	Count(name, company)
	Log(ctx).Error("alarm", "alarm", name, "company", company, "todo", todo)
}
