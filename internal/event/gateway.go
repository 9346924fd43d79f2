package event

// GatewayModeResolved: what a call is taken for is known, or known for now: a hybrid company's call may be undecided, and is
// told once more when it is decided. Sequence is 1 of the first and 2 of the second. Intent and confidence are of what was
// heard by then. From the phone and the end of calls. Heard by work-default, which counts it.
type GatewayModeResolved struct {
	Head
	CallID     string  `json:"call_id"`
	Mode       string  `json:"mode"`   // appointment, service_desk, undecided
	Intent     string  `json:"intent"` // appointment, service_desk, unknown; empty: nothing was heard
	Confidence float64 `json:"confidence"`
	From       string  `json:"resolved_from"`
}

// Name of the event on the bus.
func (GatewayModeResolved) Name() string { return "gateway.mode_resolved.v1" }
