package store

import (
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/tenant"
)

// EventCollection is the partition in which an event lies, beside what it tells of; empty where it names nothing.
func EventCollection(t tenant.ID, e event.Event) string { return aboutPartition(t, e) }

// CallCollection is the partition of a call.
func CallCollection(t tenant.ID, callID string) string { return callPartition(t, callID) }

// CallbackCollection is the partition of a callback.
func CallbackCollection(t tenant.ID, id string) string { return callbackKey(t, id).pk }

// CaseCollection is the partition of a case.
func CaseCollection(t tenant.ID, id string) string { return casePartition(t, id) }

// EndpointCollection is the partition of a webhook endpoint.
func EndpointCollection(t tenant.ID, id string) string { return endpointPartition(t, id) }

// AuditCollection is the partition of a company's trail, beside which it is told what of the configuration changed.
func AuditCollection(t tenant.ID) string { return auditPartition(t) }
