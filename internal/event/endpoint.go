package event

import "time"

// EndpointFailing: an endpoint's clock started, or has run for three days. From work-gateway. Heard by work-gateway
// (ClientWebhooks: the company's other endpoints are told).
type EndpointFailing struct {
	Head
	EndpointID string    `json:"endpoint_id"`
	Since      time.Time `json:"since"`
	Still      bool      `json:"still,omitempty"` // it was told before
}

// Name of the event on the bus.
func (EndpointFailing) Name() string { return "webhook_endpoint.failing.v1" }

// EndpointDisabled: AskPro sends an endpoint nothing any more and keeps what it subscribed to. Reason is failing, gone or
// blocked_address. From and heard by work-gateway, as EndpointFailing.
type EndpointDisabled struct {
	Head
	EndpointID string    `json:"endpoint_id"`
	Since      time.Time `json:"since"`
	Reason     string    `json:"reason"`
}

// Name of the event on the bus.
func (EndpointDisabled) Name() string { return "webhook_endpoint.disabled.v1" }

// EndpointSecretRotated: an endpoint or an output signs with a new secret, until the given time also with the old one. A
// Revoked one ended before its time. From the pages of the company and heard by work-gateway.
type EndpointSecretRotated struct {
	Head
	EndpointID string    `json:"endpoint_id"` // or the output's
	Until      time.Time `json:"previous_until,omitzero"`
	Revoked    bool      `json:"revoked,omitempty"`
	Actor      Actor     `json:"actor"`
}

// Name of the event on the bus.
func (EndpointSecretRotated) Name() string { return "webhook_endpoint.secret_rotated.v1" }

// Endpoint is whose event it is.
func (e EndpointFailing) Endpoint() string { return e.EndpointID }

// Endpoint is whose event it is.
func (e EndpointDisabled) Endpoint() string { return e.EndpointID }

// Endpoint is whose event it is.
func (e EndpointSecretRotated) Endpoint() string { return e.EndpointID }
