package event

// DeliveryFact is what the facts about a Delivery say. Destinations and bodies are not in it.
type DeliveryFact struct {
	Head
	DeliveryID string `json:"delivery_id"`
	CaseID     string `json:"case_id,omitempty"`
	OutputID   string `json:"output_id,omitempty"`
	Channel    string `json:"channel"`
	Kind       string `json:"kind"`
	Attempt    int    `json:"attempt,omitempty"`
	Class      string `json:"error_class,omitempty"`
	Reason     string `json:"reason,omitempty"`
	Actor      Actor  `json:"actor,omitzero"`
}

// The life of a Delivery. DeliveryScheduled: it was planned. DeliverySent: its destination took it. DeliveryFailed: an
// attempt failed and another one is due. DeliveryDead: it is given up. DeliveryReplayed: a person sends it again. Heard by
// work-default (LogActivity, the meter of sent ones) and, the dead ones, by work-gateway, which tells the company.
type (
	DeliveryScheduled struct{ DeliveryFact }
	DeliverySent      struct{ DeliveryFact }
	DeliveryFailed    struct{ DeliveryFact }
	DeliveryDead      struct{ DeliveryFact }
	DeliveryReplayed  struct{ DeliveryFact }
)

// Name of the event on the bus.
func (DeliveryScheduled) Name() string { return "delivery.scheduled.v1" }

// Name of the event on the bus.
func (DeliverySent) Name() string { return "delivery.sent.v1" }

// Name of the event on the bus.
func (DeliveryFailed) Name() string { return "delivery.failed.v1" }

// Name of the event on the bus.
func (DeliveryDead) Name() string { return "delivery.dead.v1" }

// Name of the event on the bus.
func (DeliveryReplayed) Name() string { return "delivery.replayed.v1" }

// About is the case that a fact belongs to; empty where there is none.
func (e DeliveryFact) About() string { return e.CaseID }
