package desk

// Labels are what people read instead of an enum's value (§1.3). A value that is on no list has none. Those of priorities
// and of what a case waits for are package sla's.

// Label of a type: Störung.
func (t Type) Label() string {
	return map[Type]string{Incident: "Störung", Request: "Anfrage", Inquiry: "Anliegen"}[t]
}

// Label of a status: Wartend.
func (s Status) Label() string {
	return map[Status]string{New: "Neu", Opened: "Offen", Pending: "Wartend", Resolved: "Gelöst", Closed: "Geschlossen"}[s]
}

// Label of a source: Telefon.
func (s Source) Label() string {
	return map[Source]string{
		Voice: "Telefon", Email: "E-Mail", Web: "Portal", API: "Schnittstelle", Manual: "Manuell", Chat: "Chat", Callback: "Rückruf", WalkIn: "Vor Ort",
	}[s]
}

// Label of how far a case is with what its call adds to it: Angereichert.
func (s EnrichmentState) Label() string {
	return map[EnrichmentState]string{EnrichmentPending: "Ausstehend", Enriched: "Angereichert", TimedOut: "Unvollständig", Skipped: "Nicht nötig"}[s]
}
