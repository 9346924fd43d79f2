package company

import (
	"errors"

	"github.com/askpro/gateway/internal/tenant"
)

// Route is what a webhook's address leads to: a company, and the names of the secrets that prove a request is meant for
// it. It is all that is known before the company is.
type Route struct {
	Company          tenant.ID
	Slug             string
	RetellKeyRefs    []string
	CalcomSecretRefs []string
	Active           bool
}

// NumberEntry is whose telephone number something is.
type NumberEntry struct {
	Company  tenant.ID
	BranchID string
	Active   bool
}

// ErrUnknown says that an address or number leads to nobody.
var ErrUnknown = errors.New("leads to nobody")
