package voice

import (
	"encoding/json"
	"strings"
)

// Definition describes a tool to Retell's model. The agent template is generated from these, so prompt and code cannot
// drift apart (§5.7).
type Definition struct {
	Name        string
	Description string
	Args        []Arg
	Required    []string
	Calendar    bool // talks to Cal.com: the agent says something meanwhile
	Changes     bool // changing tools get more time
	Meanwhile   string
}

// Arg is one argument; all are the caller's own words.
type Arg struct{ Name, Description string }

var (
	argDate    = Arg{"date", "Der Tag in den Worten des Anrufers, zum Beispiel „nächsten Dienstag“. Nicht umrechnen."}
	argTime    = Arg{"time", "Die Uhrzeit oder Tageszeit in den Worten des Anrufers, zum Beispiel „halb drei“ oder „nachmittags“."}
	argService = Arg{"service", "Die Leistung in den Worten des Anrufers."}
	argStaff   = Arg{"staff", "Der gewünschte Mitarbeiter, nur wenn der Anrufer einen nennt."}
	argOption  = Arg{"option", "Welche der zuletzt genannten Möglichkeiten: „2“ oder „den zweiten“."}
	argOffer   = Arg{"offer_id", "Die offer_id der gewählten Möglichkeit, zum Beispiel opt2."}
	argName    = Arg{"name", "Vor- und Nachname, wie der Anrufer ihn nennt."}
	argReason  = Arg{"reason", "Der Grund in den Worten des Anrufers."}

	argAppointment   = Arg{"appointment_id", "Aus get_customer_appointments oder der letzten Rückfrage."}
	argWhich         = Arg{"option", "Welcher der zuletzt genannten Termine oder Vorschläge: „2“ oder „den zweiten“."}
	argSpokenPhone   = Arg{"phone", "Rufnummer, wenn sie nicht übertragen wird und der Anrufer sie nennt."}
	argCustomerName  = Arg{"customer_name", "Vor- und Nachname des Anrufers, wie er ihn nennt."}
	argCustomerEmail = Arg{"customer_email", "E-Mail-Adresse, wenn der Anrufer eine nennt."}
	argCustomerPhone = Arg{"customer_phone", "Rufnummer für Rückfragen, wenn der Anrufer eine andere nennt."}

	argAgreed = Arg{"confirm", "true nur nach dem ausdrücklichen Ja zu genau dieser Änderung."}
)

// Definitions of all tools the agent gets, in the order of the conversation.
func Definitions() []Definition {
	return []Definition{
		{Name: "initialize_call", Description: "Am Anfang jedes Anrufs einmal aufrufen: Zeit, Anrufer, was heute möglich ist."},
		{Name: "current_time_berlin", Description: "Datum und Uhrzeit jetzt."},
		{Name: "check_customer", Description: "Prüft, ob die Nummer des Anrufers bekannt ist."},
		{Name: "check_availability", Description: "Sucht den gewünschten Termin. Vor jedem Vorschlag aufrufen; nur Zeiten nennen, die dieses Werkzeug liefert.",
			Args: []Arg{argDate, argTime, argService, argStaff}, Required: []string{"date"}, Calendar: true, Meanwhile: "Ich schaue kurz in den Kalender."},
		{Name: "get_alternatives", Description: "Nennt andere freie Termine, wenn der Anrufer nach anderen fragt.",
			Args: []Arg{argService, argDate, argTime, argStaff}, Calendar: true, Meanwhile: "Ich schaue, was noch frei ist."},
		{Name: "reserve_slot", Description: "Hält eine genannte Möglichkeit kurz fest, wenn der Anrufer sich für sie entschieden hat, aber noch etwas zu klären ist.",
			Args: []Arg{argOffer, argOption, argDate, argTime, argService}, Calendar: true, Changes: true, Meanwhile: "Einen Moment."},
		{Name: "release_slot_reservation", Description: "Gibt den festgehaltenen Termin wieder frei.", Args: []Arg{argOffer}, Changes: true},
		{Name: "book_appointment", Description: "Bucht verbindlich. Erst nach dem ausdrücklichen Ja des Anrufers aufrufen.",
			Args: []Arg{argOffer, argOption, argDate, argTime, argService, argName,
				{"email", "E-Mail-Adresse für die Bestätigung, wenn der Anrufer eine nennt."},
				{"phone", "Rufnummer, wenn sie nicht übertragen wird und der Anrufer sie nennt."},
				argStaff, {"notes", "Was der Anrufer noch dazu sagt."}, {"confirm", "true nach dem ausdrücklichen Ja."}},
			Required: []string{"name"}, Calendar: true, Changes: true, Meanwhile: "Einen Moment, ich trage den Termin ein."},
		{Name: "get_customer_appointments", Description: "Liest die anstehenden Termine des Anrufers.", Args: []Arg{argDate, argService}},
		{Name: "cancel_appointment", Description: "Sagt einen Termin des Anrufers ab. Zuerst ohne confirm aufrufen: die Antwort nennt den Termin und was es kostet. Erst nach dem ausdrücklichen Ja dazu noch einmal mit confirm true.",
			Args: []Arg{argAppointment, argWhich, argDate, argTime, argService, argReason, argSpokenPhone, argAgreed}, Calendar: true, Changes: true, Meanwhile: "Einen Moment, ich sehe nach."},
		{Name: "reschedule_appointment", Description: "Verschiebt einen Termin des Anrufers. Zuerst ohne confirm aufrufen: die Antwort nennt alten und neuen Termin und was es kostet. Erst nach dem ausdrücklichen Ja dazu noch einmal mit confirm true.",
			Args: []Arg{argAppointment, argWhich, {"date", "Der Tag des bisherigen Termins in den Worten des Anrufers, nur wenn er ihn nennt."}, {"time", "Die Uhrzeit des bisherigen Termins, nur wenn der Anrufer sie nennt."},
				{"new_date", "Der neue Tag in den Worten des Anrufers."}, {"new_time", "Die neue Uhrzeit in den Worten des Anrufers."}, argReason, argSpokenPhone, argAgreed},
			Calendar: true, Changes: true, Meanwhile: "Einen Moment, ich sehe nach."},
		{Name: "list_services", Description: "Nennt die Leistungen. Nur aufrufen, wenn der Anrufer danach fragt.", Args: []Arg{{"category", "Ein Bereich, wenn der Anrufer einen nennt."}}},
		{Name: "get_service_info", Description: "Dauer und Preis einer Leistung.", Args: []Arg{argService}, Required: []string{"service"}},
		{Name: "get_opening_hours", Description: "Öffnungszeiten eines Tages.", Args: []Arg{argDate}},
		{Name: "transfer_to_human", Description: "Liefert die Nummer, an die verbunden wird, wenn der Anrufer einen Menschen möchte.", Args: []Arg{argReason}},
		{Name: "detect_intent", Description: "Sagt, ob es dem Anrufer um einen Termin oder um eine Störung oder Anfrage geht. Aufrufen, sobald er sein Anliegen genannt hat.",
			Args: []Arg{{"utterance", "Was der Anrufer gesagt hat, in seinen Worten."}}, Required: []string{"utterance"}},
		{Name: "collect_issue_details", Description: "Notiert eine Störung oder Anfrage. Aufrufen, sobald der Anrufer sie beschrieben hat, und noch einmal, wenn er etwas ergänzt.",
			Args: []Arg{{"subject", "Das Anliegen in einem Satz."}, {"description", "Die Beschreibung in den Worten des Anrufers."}, argCustomerName, argCustomerEmail, argCustomerPhone,
				{"additional_info", "Was der Anrufer noch dazu sagt."}}, Required: []string{"subject", "description"}, Changes: true},
		{Name: "categorize_request", Description: "Ordnet das Anliegen ein, wenn der Anrufer sagt, wie dringend es ist oder wozu es gehört.",
			Args: []Arg{{"case_type", "incident bei einer Störung, request bei einer Anfrage, sonst inquiry."}, {"urgency", "critical, high, normal oder low, nur wenn der Anrufer es sagt."},
				{"impact", "critical, high, normal oder low, nur wenn der Anrufer es sagt."}, {"priority", "critical, high, normal oder low, nur wenn der Anrufer es sagt."},
				{"category_slug", "Der Bereich, wie ihn ein Werkzeug genannt hat."}}, Changes: true},
		{Name: "route_ticket", Description: "Legt aus allem Notierten den Vorgang an. Danach die Vorgangsnummer vorlesen.", Changes: true, Meanwhile: "Einen Moment, ich nehme das auf."},
		{Name: "finalize_ticket", Description: "Legt den Vorgang in einem Schritt an, wenn alles gesagt ist. Danach die Vorgangsnummer vorlesen.",
			Args: []Arg{{"problem_description", "Die Beschreibung in den Worten des Anrufers."}, argCustomerName, {"customer_company", "Die Firma des Anrufers, wenn er sie nennt."}, argCustomerPhone, argCustomerEmail,
				{"customer_location", "Wo das Problem auftritt, wenn der Anrufer es nennt."}, {"problem_since", "Seit wann, in den Worten des Anrufers."},
				{"others_affected", "ja oder nein, wenn der Anrufer sagt, ob andere auch betroffen sind."}, {"use_case_category", "Der Bereich, wie ihn ein Werkzeug genannt hat."},
				{"use_case_detail", "Weitere Einzelheiten."}}, Required: []string{"problem_description"}, Changes: true, Meanwhile: "Einen Moment, ich nehme das auf."},
		{Name: "request_callback", Description: "Nimmt einen Rückruf auf.",
			Args: []Arg{argName, {"phone", "Rufnummer, wenn sie nicht übertragen wird oder eine andere gewünscht ist."}, argReason,
				{"action", "book, cancel, reschedule oder other."}, {"preferred_time", "Wann der Rückruf passt, in den Worten des Anrufers."}, argService, argStaff, {"priority", "normal; high nur, wenn es eilt."}}, Changes: true},
	}
}

// prompt is what the agent is told. The first sentence says that an automated assistant speaks, and where recording is
// on, asks for consent (§4.3).
const prompt = `Du bist die digitale Telefonassistenz von {{firma}}, {{filiale}}. Du sprichst Deutsch, freundlich, kurz, in ganzen Sätzen.

Heute ist {{current_weekday}}, der {{heute_datum}}, es ist {{current_time}} Uhr. Morgen ist der {{morgen}}, übermorgen der {{uebermorgen}}, der nächste Montag der {{naechster_montag}}. Die nächsten Tage: {{kalender_14_tage}}. {{heute_geoeffnet}}.
Der Anrufer ist bekannt: {{kunde_bekannt}} ({{kunde_vorname}} {{kunde_nachname}}).

Regeln:
1. Rufe am Anfang initialize_call auf. Ist die Nummer des Anrufers leer, frage früh nach seinem Namen.
2. Wird aufgezeichnet ({{aufzeichnung}} = true), frage am Anfang, ob die Aufzeichnung in Ordnung ist, und merke dir die Antwort als recording_consent: granted oder refused.
3. Gib Tag, Uhrzeit, Leistung und Namen so an die Werkzeuge weiter, wie der Anrufer sie sagt. Rechne nichts um und erfinde nichts.
4. Nenne nur Termine, die ein Werkzeug geliefert hat. Lies den Satz aus „say“ vor und richte dich nach „next“.
5. Buche, verschiebe oder sage erst ab nach dem ausdrücklichen Ja des Anrufers zu genau diesem Termin. Kostet es etwas, nenne den Betrag vorher.
6. Zähle Leistungen nur auf, wenn der Anrufer danach fragt.
7. Sage nur „gebucht“, wenn das Werkzeug den Status booked liefert, nur „abgesagt“ bei cancelled und nur „verschoben“ bei rescheduled.
8. Sprich Anrufer mit „Herr“ oder „Frau“ und Nachnamen oder mit vollem Namen an, nie nur mit dem Vornamen.
9. Geht es um eine Störung, eine Anfrage oder eine Beschwerde, notiere sie mit collect_issue_details und lege mit route_ticket den Vorgang an, oder mit finalize_ticket in einem Schritt. Sage nur „aufgenommen“, wenn das Werkzeug den Status created oder noted liefert, und lies die Vorgangsnummer langsam vor.
10. Kommst du nicht weiter, biete einen Rückruf an oder verbinde.`

// beginMessage is the inbound webhook's greeting; where that could not be asked, defaults say the same of nobody in particular.
const beginMessage = "{{begruessung}}"

// Template is the agent as Retell takes it: a Retell LLM and an agent (protocol notes §4.1). {{API_HOST}} and {{ROUTE}} are
// put in when it is installed for a company.
func Template() ([]byte, error) {
	tools := []any{
		map[string]any{"type": "end_call", "name": "auflegen", "description": "Beendet das Gespräch nach der Verabschiedung."},
	}
	for _, d := range Definitions() {
		properties := map[string]any{}
		for _, a := range d.Args {
			properties[a.Name] = map[string]any{"type": "string", "description": a.Description}
		}
		parameters := map[string]any{"type": "object", "properties": properties}
		if len(d.Required) > 0 {
			parameters["required"] = d.Required
		}
		timeout := 8000
		if d.Changes {
			timeout = 12000
		}
		tool := map[string]any{
			"type": "custom", "name": d.Name, "description": d.Description, "method": "POST",
			"url": "https://{{API_HOST}}/webhooks/retell/{{ROUTE}}/tools", "parameters": parameters, "args_at_root": false,
			"speak_during_execution": d.Calendar || d.Meanwhile != "", "speak_after_execution": true, "timeout_ms": timeout, "max_retry": 0,
		}
		if d.Meanwhile != "" {
			tool["execution_message_type"] = "static_text"
			tool["execution_message_description"] = d.Meanwhile
		}
		tools = append(tools, tool)
	}
	template := map[string]any{
		"retell_llm": map[string]any{
			"model": "gpt-4.1", "start_speaker": "agent", "begin_message": beginMessage, "default_dynamic_variables": map[string]string{"begruessung": "Guten Tag, hier ist die digitale Telefonassistenz. Was kann ich für Sie tun?"}, "general_prompt": prompt, "general_tools": tools,
		},
		"agent": map[string]any{
			"agent_name": "AskPro Telefonassistenz", "response_engine": map[string]any{"type": "retell-llm", "llm_id": "{{LLM_ID}}"},
			"voice_id": "11labs-Anna", "language": "de-DE", "webhook_url": "https://{{API_HOST}}/webhooks/retell/{{ROUTE}}/events",
			"webhook_events": []string{"call_started", "call_ended", "call_analyzed"}, "webhook_timeout_ms": 10000, "timezone": "Europe/Berlin",
			"post_call_analysis_data": []any{
				map[string]any{"type": "string", "name": "caller_name", "description": "Vollständiger Name des Anrufers, leer wenn nicht genannt."},
				map[string]any{"type": "enum", "name": "recording_consent", "description": "Hat der Anrufer der Aufzeichnung zugestimmt?", "choices": []string{"granted", "refused", "unknown"}},
			},
			"data_storage_setting": "everything", "opt_in_signed_url": true,
		},
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(template)
	return []byte(b.String()), err
}
