// Package tenant names the company that something belongs to. Its one rule: an ID is made from proven facts only (a
// verified signature, a directory entry, a message of our own queues), never from what a caller, a model or a partner
// says. It knows nothing of the company itself.
package tenant

// ID of a company. The zero ID belongs to nobody; no key can be made of it.
type ID struct{ id string }

// Proven makes an ID of a company id whose proof the caller holds. The few places that call it are the ones to review.
func Proven(companyID string) ID { return ID{companyID} }

// String is the company's ULID.
func (t ID) String() string { return t.id }

// IsZero tells the ID of nobody.
func (t ID) IsZero() bool { return t.id == "" }
