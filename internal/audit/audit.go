// Package audit is a company's trail: who changed its configuration, heard a recording, sent something again or was
// refused. Its one rule: a line is only ever added, and its hash covers the line before, so that none can be changed, left
// out or put in between without the chain telling. Secrets never stand in a line. It knows no table.
package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/askpro/gateway/internal/event"
)

// Entry is one line of the trail (§14.4). Whoever tells of something leaves Seq, Prev, Content and Hash to the chain.
type Entry struct {
	Seq int64 `json:"seq"` // its place in the company's chain, from 1
	By
	Action  Action    `json:"action"`
	Object  Object    `json:"object"`
	Changes []Change  `json:"changes,omitempty"`
	Rule    string    `json:"rule,omitempty"`   // the rule that did it, by name
	Reason  string    `json:"reason,omitempty"` // why it was refused
	At      time.Time `json:"at"`
	Prev    string    `json:"prev,omitempty"` // hash of the line before; empty in the first
	// Content is the hash of what may be personal: names, values, addresses. It is covered by Hash in their place, so that an
	// archive without them can still be checked.
	Content string `json:"content"`
	Hash    string `json:"hash"`
}

// By is who did something, and from where.
type By struct {
	Actor        event.Actor `json:"actor"`
	Impersonator event.Actor `json:"impersonator,omitzero"` // who acted in the actor's name
	IP           string      `json:"ip,omitempty"`
	RequestID    string      `json:"request_id,omitempty"`
}

// Object is what a line is about.
type Object struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

// Change is one field that is different now, by its path. A text stands as it is, everything else as JSON; what did not
// exist before, or does not any more, is empty.
type Change struct {
	Field  string `json:"field"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// Action names what was done.
type Action string

// The actions.
const (
	Created         Action = "config.created"
	Changed         Action = "config.changed"
	Removed         Action = "config.removed"
	Refused         Action = "config.blocked_address" // a save that names an address that is never called (§10.4)
	DeletedCase     Action = "case.deleted"
	RestoredCase    Action = "case.restored"
	PurgedCase      Action = "case.purged"
	PlayedRecording Action = "recording.played"
	Replayed        Action = "delivery.replayed"
	RotatedSecret   Action = "secret.rotated"
	RevokedSecret   Action = "secret.revoked"
)

// Rotated is the line of a signing secret that was exchanged, or whose predecessor was ended early.
func Rotated(e event.EndpointSecretRotated) Entry {
	line := Entry{By: By{Actor: e.Actor}, Action: RotatedSecret, Object: Object{Kind: "signing_secret", ID: e.EndpointID}, At: e.At}
	if e.Revoked {
		line.Action = RevokedSecret
	}
	return line
}

// Head is where a company's chain ends. Version is that of its record.
type Head struct {
	Seq     int64  `json:"seq"`
	Hash    string `json:"hash"`
	Version int    `json:"-"`
}

// Append makes lines the next ones of a chain and says where it then ends.
func (h Head) Append(lines []Entry) ([]Entry, Head) {
	out := make([]Entry, len(lines))
	for i, e := range lines {
		e.At = e.At.UTC().Truncate(time.Millisecond)
		e.Seq, e.Prev = h.Seq+1, h.Hash
		e.Content = e.content()
		e.Hash = e.hash()
		out[i], h.Seq, h.Hash = e, e.Seq, e.Hash
	}
	return out, h
}

func (e Entry) content() string {
	return sum(struct {
		IP, Object, Reason string
		Changes            []Change
	}{e.IP, e.Object.Name, e.Reason, e.Changes})
}

func (e Entry) hash() string {
	return sum(struct {
		Seq                           int64
		Prev, Content                 string
		Actor, Impersonator           event.Actor
		Action                        Action
		Kind, ID, Rule, RequestID, At string
	}{e.Seq, e.Prev, e.Content, e.Actor, e.Impersonator, e.Action, e.Object.Kind, e.Object.ID, e.Rule, e.RequestID, e.At.UTC().Format(time.RFC3339Nano)})
}

// sum is the hash of a value's JSON: the fields of a struct have one order.
func sum(v any) string {
	b, _ := json.Marshal(v) // strings, numbers and lists of them: it cannot fail
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}
