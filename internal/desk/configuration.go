package desk

import (
	"slices"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/sla"
)

// Configuration is everything a company decided about its service desk, read whole.
type Configuration struct {
	Gateway    Gateway
	Matrix     Matrix
	Categories Categories
	Groups     []Group
	Policies   []sla.Policy
	SLA        sla.Settings
	Rules      []sla.Rule
	Outputs    []output.Output // the newest version of each
	Endpoints  []output.Endpoint
	Version    int64
}

// NoConfiguration is that of a company which has no service desk.
func NoConfiguration() *Configuration {
	return &Configuration{Gateway: DefaultGateway(), Matrix: DefaultMatrix()}
}

// Settings are what building a case asks of the configuration.
func (c *Configuration) Settings() Settings {
	return Settings{Matrix: c.Matrix, Categories: c.Categories, Type: c.Gateway.Type, Priority: c.Gateway.Priority}
}

// Group by id.
func (c *Configuration) Group(id string) (Group, bool) {
	if i := slices.IndexFunc(c.Groups, func(g Group) bool { return g.ID == id && id != "" }); i >= 0 {
		return c.Groups[i], true
	}
	return Group{}, false
}

// Output by id.
func (c *Configuration) Output(id string) (output.Output, bool) {
	if i := slices.IndexFunc(c.Outputs, func(o output.Output) bool { return o.ID == id && id != "" }); i >= 0 {
		return c.Outputs[i], true
	}
	return output.Output{}, false
}

// OutputOf a category: its own, else its parents', else the company's default (§5.2). False when there is none.
func (c *Configuration) OutputOf(categoryID string) (output.Output, bool) {
	if id, _ := c.Categories.Inherited(categoryID, func(k Category) string { return k.OutputID }); id != "" {
		return c.Output(id)
	}
	if i := slices.IndexFunc(c.Outputs, func(o output.Output) bool { return o.Default }); i >= 0 {
		return c.Outputs[i], true
	}
	return output.Output{}, false
}

// PolicyOf a category: its own, else its parents', else the company's first, else the usual one (§5.2).
func (c *Configuration) PolicyOf(categoryID string) sla.Policy {
	id, _ := c.Categories.Inherited(categoryID, func(k Category) string { return k.PolicyID })
	if i := slices.IndexFunc(c.Policies, func(p sla.Policy) bool { return p.ID == id }); i >= 0 {
		return c.Policies[i]
	}
	if len(c.Policies) > 0 {
		return c.Policies[0]
	}
	return sla.DefaultPolicy()
}

// Confirms tells whether a contact is told by mail that their case was taken down (§8).
func (c *Configuration) Confirms(contact Contact) bool {
	return (c.Gateway.ConfirmToCustomer == nil || *c.Gateway.ConfirmToCustomer) && delivery.Address(contact.Email)
}
