package store

// pattern is one question that is asked of the table. The list is complete: its test makes every method ask and compares
// the real requests with it, and renders PATTERNS.md from it.
type pattern struct {
	ID, Question      string
	Operation         string // as in the API; a write is named by what it does to the item
	Index, PK, SK     string
	Fresh             string // strong, or how old an answer may be
	Method, AskedBy   string
	Remembered, Grows string // served from memory; how large the answer becomes
}

var patterns = []pattern{
	{ID: "D1", Question: "Whose is this webhook route, and what are its secrets called", Operation: "GetItem", PK: "DIRECTORY#ROUTE#<route>", SK: "ENTRY", Fresh: "60 s", Remembered: "60 s, unknown ones too", Method: "Directory.Route", AskedBy: "every hook"},
	{ID: "D2", Question: "Whose is this telephone number", Operation: "GetItem", PK: "DIRECTORY#NUMBER#<number>", SK: "ENTRY", Fresh: "60 s", Remembered: "60 s, unknown ones too", Method: "Directory.Number", AskedBy: "hook-retell-*"},
	{ID: "D3", Question: "Which companies are there", Operation: "Query", PK: "DIRECTORY#COMPANIES", Fresh: "seconds", Grows: "one small item a company", Method: "Directory.Companies", AskedBy: "cron-rounds"},
	{ID: "F1", Question: "A company's whole configuration: branches, staff, services, numbers, policies", Operation: "Query", PK: "COMPANY#<company>", Fresh: "60 s", Remembered: "1 h, version looked at every 60 s", Grows: "a few hundred items", Method: "Config", AskedBy: "all but hook-retell-events, hook-calcom, stream-outbox, cron-timers"},
	{ID: "C1", Question: "What a call needs from one tool call to the next", Operation: "GetItem", PK: "COMPANY#<company>#CALL#<call>", SK: "SESSION", Fresh: "strong", Method: "Session", AskedBy: "hook-retell-tools, work-default"},
	{ID: "C2", Question: "The record of a call", Operation: "GetItem", PK: "COMPANY#<company>#CALL#<call>", SK: "HEAD", Fresh: "strong", Method: "Call", AskedBy: "work-default, work-notifications, show"},
	{ID: "C3", Question: "One stored answer of a call, for a repeated tool call", Operation: "GetItem", PK: "COMPANY#<company>#CALL#<call>", SK: "TOOL#<seq>", Fresh: "strong", Method: "ToolCall", AskedBy: "hook-retell-tools"},
	{ID: "C4", Question: "All tool calls of a call in order", Operation: "Query", PK: "COMPANY#<company>#CALL#<call>", SK: "TOOL#…", Fresh: "strong", Grows: "at most 50", Method: "ToolCalls", AskedBy: "work-default, show"},
	{ID: "C5", Question: "The events of a call in order", Operation: "Query", PK: "COMPANY#<company>#CALL#<call>", SK: "EVENT#…", Fresh: "strong", Grows: "a few; they end after seven days", Method: "Events", AskedBy: "work-default, show"},
	{ID: "C6", Question: "The transcript of a call", Operation: "GetItem", PK: "COMPANY#<company>#CALL#<call>", SK: "TRANSCRIPT", Fresh: "strong", Method: "Transcript", AskedBy: "show"},
	{ID: "C7", Question: "A company's newest calls", Operation: "Query", Index: "list", PK: "COMPANY#<company>#CALLS", Fresh: "seconds", Grows: "as many as were asked for", Method: "CallIDs", AskedBy: "show"},
	{ID: "A1", Question: "An appointment", Operation: "GetItem", PK: "COMPANY#<company>#APPOINTMENT#<appointment>", SK: "HEAD", Fresh: "strong", Method: "Appointment", AskedBy: "hook-retell-tools, work-*"},
	{ID: "A2", Question: "The history of an appointment", Operation: "Query", PK: "COMPANY#<company>#APPOINTMENT#<appointment>", SK: "CHANGE#…", Fresh: "strong", Grows: "a few", Method: "Changes", AskedBy: "work-default, work-notifications"},
	{ID: "A3", Question: "Whose is a Cal.com uid, also a former one", Operation: "GetItem", PK: "COMPANY#<company>#BOOKING#<uid>", SK: "CLAIM", Fresh: "strong", Method: "Claim", AskedBy: "hook-retell-tools, work-sync"},
	{ID: "A4", Question: "A branch's appointments that start in a time, earliest first", Operation: "Query", Index: "list", PK: "COMPANY#<company>#BRANCH#<branch>#APPOINTMENTS", SK: "<from> … <to>", Fresh: "seconds", Grows: "as many as were asked for", Method: "AppointmentIDs", AskedBy: "work-sync: comparison; work-notifications: sweep"},
	{ID: "A5", Question: "Whose are many Cal.com uids", Operation: "BatchGetItem", PK: "COMPANY#<company>#BOOKING#<uid>", SK: "CLAIM", Fresh: "strong", Grows: "a page of 250, in batches of 100", Method: "Claims", AskedBy: "work-sync: rounds"},
	{ID: "A6", Question: "Many appointments", Operation: "BatchGetItem", PK: "COMPANY#<company>#APPOINTMENT#<appointment>", SK: "HEAD", Fresh: "strong", Grows: "those of a page's time, in batches of 100", Method: "Appointments", AskedBy: "work-sync: rounds"},
	{ID: "A7", Question: "Which appointments are in trouble", Operation: "Query", PK: "COMPANY#<company>#WATCH", SK: "APPOINTMENT#…", Fresh: "strong", Grows: "what is in trouble: each leaves when it is settled", Method: "Watched", AskedBy: "work-sync: rounds"},
	{ID: "B1", Question: "Who is busy when on some days, what slots are cached, whose card a number has, how it stands with the key: one batch", Operation: "BatchGetItem", PK: "COMPANY#<company>#BUSY#<resource> | COMPANY#<company>#SLOTS#<event type> | COMPANY#<company>#CONTACT#<contact> | COMPANY#<company>#CALCOM#<key>", SK: "DAY#<date> | DAY#<date> | CARD | REST", Fresh: "strong; slots 5 min", Grows: "staff × days + 2, in batches of 100", Method: "Gather", AskedBy: "hook-retell-inbound, hook-retell-tools, work-default, work-sync"},
	{ID: "B2", Question: "May I fetch these slots", Operation: "UpdateItem", PK: "COMPANY#<company>#SLOTS#<event type>", SK: "DAY#<date>", Fresh: "conditional", Method: "LeaseSlots", AskedBy: "hook-retell-tools, work-sync"},
	{ID: "B3", Question: "May I ask Cal.com so often with this key", Operation: "UpdateItem", PK: "COMPANY#<company>#CALCOM#<key>", SK: "REST", Fresh: "conditional", Method: "Lease", AskedBy: "hook-retell-tools, work-sync"},
	{ID: "B4", Question: "Does this group of Cal.com's operations still work, and is it my turn to try", Operation: "UpdateItem", PK: "COMPANY#<company>#CALCOM#<key>", SK: "REST", Fresh: "conditional", Method: "Trip", AskedBy: "hook-retell-tools, work-sync"},
	{ID: "P1", Question: "A customer", Operation: "GetItem", PK: "COMPANY#<company>#CUSTOMER#<customer>", SK: "HEAD", Fresh: "strong", Method: "Customer", AskedBy: "hook-retell-tools, work-default"},
	{ID: "P2", Question: "Whose is an e-mail address", Operation: "GetItem", PK: "COMPANY#<company>#EMAIL#<email>", SK: "CUSTOMER", Fresh: "strong", Method: "CustomerOfEmail", AskedBy: "work-sync"},
	{ID: "P3", Question: "Which customers have this name; for sorting calls, never for callers", Operation: "Query", Index: "list", PK: "COMPANY#<company>#NAME#<folded name>", Fresh: "seconds", Grows: "as many as were asked for", Method: "CustomersNamed", AskedBy: "work-default"},
	{ID: "M1", Question: "May I make the next attempt at this message", Operation: "UpdateItem", PK: "COMPANY#<company>#APPOINTMENT#<appointment> (or #CALLBACK#<callback>, #CALL#<call>)", SK: "MESSAGE#<event>#<version>#<channel>#<recipient>", Fresh: "conditional", Method: "ClaimDelivery", AskedBy: "work-notifications"},
	{ID: "M2", Question: "Which messages were sent about an appointment, a callback or a call, and what became of them", Operation: "Query", PK: "COMPANY#<company>#APPOINTMENT#<appointment> (or #CALLBACK#<callback>, #CALL#<call>)", SK: "MESSAGE#…", Fresh: "strong", Grows: "a few per change", Method: "Deliveries", AskedBy: "work-notifications, show"},
	{ID: "O1", Question: "May I say this once", Operation: "UpdateItem", PK: "COMPANY#<company>#ONCE#<name>", SK: "LEASE", Fresh: "conditional", Method: "ClaimOnce", AskedBy: "work-sync: alarms"},
	{ID: "R1", Question: "A callback", Operation: "GetItem", PK: "COMPANY#<company>#CALLBACK#<callback>", SK: "HEAD", Fresh: "strong", Method: "Callback", AskedBy: "hook-retell-tools, work-*"},
	{ID: "R2", Question: "Which callbacks of a branch are open, and whose are they; sorted by promise when they are read", Operation: "Query", PK: "COMPANY#<company>#CALLBACKS#<branch>", SK: "OPEN#…", Fresh: "strong", Grows: "what is open: each leaves after 14 days at the latest", Method: "OpenCallbacks", AskedBy: "hook-retell-tools, work-default, work-sync"},
	{ID: "R3", Question: "The events of a callback in order", Operation: "Query", PK: "COMPANY#<company>#CALLBACK#<callback>", SK: "EVENT#…", Fresh: "strong", Grows: "a few; they end after seven days", Method: "CallbackEvents", AskedBy: "show"},
	{ID: "K1", Question: "A service desk's whole configuration: gateway, categories, groups, clocks, rules, outputs, endpoints", Operation: "Query", PK: "COMPANY#<company>#DESK", Fresh: "60 s", Remembered: "1 h, version looked at every 60 s", Grows: "a few hundred items", Method: "Desk", AskedBy: "hook-retell-tools, work-*"},
	{ID: "K2", Question: "An output as it was when a delivery was planned", Operation: "GetItem", PK: "COMPANY#<company>#OUTPUT#<output>", SK: "VERSION#000007", Fresh: "strong", Method: "OutputVersion", AskedBy: "work-gateway"},
	{ID: "K3", Question: "What has this call said of a case, with what it says now; is there a case already", Operation: "UpdateItem", PK: "COMPANY#<company>#CALL#<call>", SK: "TIMER#gateway#capture", Fresh: "conditional", Method: "Capture", AskedBy: "hook-retell-tools"},
	{ID: "K4", Question: "What did a call say of a case", Operation: "GetItem", PK: "COMPANY#<company>#CALL#<call>", SK: "TIMER#gateway#capture", Fresh: "strong", Method: "Captured", AskedBy: "hook-retell-tools, work-gateway"},
	{ID: "K5", Question: "When is a case owed for what was said", Operation: "UpdateItem", PK: "COMPANY#<company>#CALL#<call>", SK: "TIMER#gateway#capture", Fresh: "conditional", Method: "CaptureLater", AskedBy: "work-gateway"},
	{ID: "K6", Question: "Is nothing owed any more for what was said", Operation: "UpdateItem", PK: "COMPANY#<company>#CALL#<call>", SK: "TIMER#gateway#capture", Fresh: "conditional", Method: "CaptureOver", AskedBy: "work-gateway"},
	{ID: "K7", Question: "Which case numbers may I give away", Operation: "UpdateItem", PK: "COMPANY#<company>#CASENUMBERS", SK: "YEAR#2026", Fresh: "conditional", Method: "LeaseNumbers", AskedBy: "hook-retell-tools, work-gateway"},
	{ID: "K8", Question: "A case", Operation: "GetItem", PK: "COMPANY#<company>#CASE#<case>", SK: "HEAD", Fresh: "strong", Method: "Case", AskedBy: "work-*"},
	{ID: "K9", Question: "Which case has a number", Operation: "GetItem", PK: "COMPANY#<company>#CASENUMBER#2026-42", SK: "CASE", Fresh: "strong", Method: "CaseNumbered", AskedBy: "show"},
	{ID: "K10", Question: "A company's newest cases", Operation: "Query", Index: "list", PK: "COMPANY#<company>#CASES", Fresh: "seconds", Grows: "as many as were asked for", Method: "CaseIDs", AskedBy: "show"},
	{ID: "K11", Question: "The notes of a case, oldest first", Operation: "Query", PK: "COMPANY#<company>#CASE#<case>", SK: "NOTE#…", Fresh: "strong", Grows: "what people write", Method: "Notes", AskedBy: "show"},
	{ID: "K12", Question: "The activity of a case, oldest first", Operation: "Query", PK: "COMPANY#<company>#CASE#<case>", SK: "ACTIVITY#…", Fresh: "strong", Grows: "one line a fact", Method: "Activity", AskedBy: "show"},
	{ID: "K13", Question: "How a case left the house", Operation: "Query", PK: "COMPANY#<company>#CASE#<case>", SK: "DELIVERY#…", Fresh: "strong", Grows: "one a recipient and webhook, updates and replays", Method: "CaseDeliveries", AskedBy: "work-gateway, show"},
	{ID: "K14", Question: "One delivery of a case", Operation: "GetItem", PK: "COMPANY#<company>#CASE#<case>", SK: "DELIVERY#<delivery>", Fresh: "strong", Method: "CaseDelivery", AskedBy: "work-gateway"},
	{ID: "K15", Question: "The events of a case and its deliveries in order", Operation: "Query", PK: "COMPANY#<company>#CASE#<case>", SK: "EVENT#…", Fresh: "strong", Grows: "some; they end after seven days", Method: "CaseEvents", AskedBy: "show"},
	{ID: "X1", Question: "May I call this destination now", Operation: "GetItem", PK: "COMPANY#<company>#GATE#<host>", SK: "STATE", Fresh: "strong", Method: "Gate", AskedBy: "work-gateway"},
	{ID: "X2", Question: "What died lately of an output, and what is told together", Operation: "GetItem", PK: "COMPANY#<company>#OUTPUT#<output>", SK: "ALERTS", Fresh: "strong", Method: "Alerts", AskedBy: "work-gateway"},
	{ID: "X3", Question: "What went out and came in on a day, newest first", Operation: "Query", PK: "COMPANY#<company>#EXCHANGE#<date>", Fresh: "strong", Grows: "as many as were asked for", Method: "Exchanges", AskedBy: "show"},
	{ID: "X4", Question: "A message in full, as it was sent", Operation: "GetItem", PK: "COMPANY#<company>#MESSAGE#<message>", SK: "ORIGINAL", Fresh: "strong", Method: "Original", AskedBy: "show"},
	{ID: "S1", Question: "How far have the rounds of a company come", Operation: "GetItem", PK: "COMPANY#<company>#ROUND", SK: "STATE", Fresh: "strong", Method: "Round", AskedBy: "work-sync"},
	{ID: "S2", Question: "What did the last comparison with the calendar find", Operation: "GetItem", PK: "COMPANY#<company>#ROUND", SK: "REPORT#<kind>", Fresh: "strong", Method: "Report", AskedBy: "report"},
	{ID: "S3", Question: "How many bookings did the calendar take, and not take", Operation: "Query", PK: "COMPANY#<company>#TALLY", SK: "<hour> … <hour>", Fresh: "seconds", Grows: "one small item an hour, for three days", Method: "Tallied", AskedBy: "work-sync: rounds"},
	{ID: "T1", Question: "Which timers are due, in all companies", Operation: "Query", Index: "due", PK: "DUE#<shard>", SK: "≤ now", Fresh: "seconds", Grows: "at most 1000 a minute, eight shards", Method: "Timers.Due", AskedBy: "cron-timers"},
}
