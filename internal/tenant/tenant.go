// Package tenant names the company that something belongs to. Its one rule: an ID is made from proven facts only (a
// verified signature, a directory entry, a message of our own queues), never from what a caller, a model or a partner
// says. It knows nothing of the company itself.
package tenant

import "strings"

// ID of a company. The zero ID belongs to nobody; no key can be made of it.
type ID struct{ id string }

// Proven makes an ID of a company id whose proof the caller holds. The few places that call it are the ones to review.
func Proven(companyID string) ID { return ID{companyID} }

// String is the company's ULID.
func (t ID) String() string { return t.id }

// IsZero tells the ID of nobody.
func (t ID) IsZero() bool { return t.id == "" }

// OfObject finds whose an object is that AWS tells of: under companies/ and attachments/ the company is the next part of its key.
// The proof is that template.yaml lets a session of that company alone write there; nothing else that stands in a key is proven.
func OfObject(key string) (ID, bool) {
	parts := strings.SplitN(key, "/", 3)
	if len(parts) < 3 || parts[0] != "companies" && parts[0] != "attachments" || parts[1] == "" {
		return ID{}, false
	}
	return Proven(parts[1]), true
}
