package delivery

// Label is what people read of a state: Neuer Versuch. A state that is on no list has none.
func (s State) Label() string {
	return map[State]string{
		Scheduled: "Geplant", Waiting: "Wartet auf Anreicherung", Sending: "Wird gesendet", Sent: "Gesendet", Retrying: "Neuer Versuch", Dead: "Gescheitert",
		Cancelled: "Abgebrochen",
	}[s]
}
