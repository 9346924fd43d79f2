package webhook

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"golang.org/x/net/http/httpguts"
)

// UserAgent of every outgoing message.
const UserAgent = "AskPro-Webhooks/1.0"

// AuthType is how a receiver wants to be shown credentials.
type AuthType string

// The types. HMAC means the signature is the credential.
const (
	AuthNone   AuthType = "none"
	AuthHMAC   AuthType = "hmac"
	AuthBearer AuthType = "bearer"
	AuthBasic  AuthType = "basic"
	AuthAPIKey AuthType = "api_key"
)

// AuthTypes is the one list of them.
var AuthTypes = []AuthType{AuthNone, AuthHMAC, AuthBearer, AuthBasic, AuthAPIKey}

// Auth are a receiver's credentials.
type Auth struct {
	Type     AuthType
	User     string // basic
	Password string // basic
	Token    string // bearer, api_key
	Header   string // api_key; empty: X-Api-Key
}

// String hides the credentials.
func (a Auth) String() string { return "auth " + string(a.Type) }

// GoString hides them from %#v.
func (a Auth) GoString() string { return a.String() }

const defaultKeyHeader = "X-Api-Key"

// Header is one extra header of an output.
type Header struct{ Name, Value string }

// HeaderProblem says why an extra header is refused.
type HeaderProblem struct {
	Index int    // in the list; -1: the credentials
	Code  string // reserved, name, value, twice, too_many
	Name  string
}

func (p *HeaderProblem) Error() string {
	return fmt.Sprintf("header %d %q: %s", p.Index+1, p.Name, p.Code)
}

const (
	maxHeaders     = 20
	maxHeaderValue = 1024
)

// reserved headers are ours, the connection's, or would change how the body is read on the way.
var reserved = map[string]bool{
	"Content-Type": true, "User-Agent": true, "Webhook-Id": true, "Webhook-Timestamp": true, "Webhook-Signature": true,
	"X-Ticket-Reference": true, "X-Event": true, "X-Delivery-Id": true, "X-Attempt": true, "X-Signature": true,
	"Host": true, "Content-Length": true, "Transfer-Encoding": true, "Connection": true, "Keep-Alive": true, "Upgrade": true,
	"Te": true, "Trailer": true, "Proxy-Connection": true, "Proxy-Authenticate": true, "Proxy-Authorization": true,
	"Expect": true, "Accept-Encoding": true, "Content-Encoding": true,
}

// CheckHeaders judges extra headers and credentials on save. The error joins a *HeaderProblem per mistake.
func CheckHeaders(a Auth, extra []Header) error {
	var problems []error
	refuse := func(i int, name, code string) { problems = append(problems, &HeaderProblem{i, code, name}) }
	taken := map[string]bool{}
	switch a.Type {
	case AuthBearer:
		taken["Authorization"] = true
		if a.Token == "" || !plainValue("Bearer "+a.Token) {
			refuse(-1, "Authorization", "value")
		}
	case AuthBasic:
		taken["Authorization"] = true
		if a.User == "" || strings.ContainsAny(a.User, ":\r\n\x00") || strings.ContainsAny(a.Password, "\r\n\x00") {
			refuse(-1, "Authorization", "value")
		}
	case AuthAPIKey:
		name := textproto.CanonicalMIMEHeaderKey(a.keyHeader())
		taken["Authorization"], taken[name] = true, true
		switch {
		case !httpguts.ValidHeaderFieldName(name):
			refuse(-1, name, "name")
		case reserved[name]:
			refuse(-1, name, "reserved")
		case a.Token == "" || !plainValue(a.Token):
			refuse(-1, name, "value")
		}
	case AuthHMAC: // the signature is in headers of its own
		taken["Authorization"] = true
	}
	for i, h := range extra {
		name := textproto.CanonicalMIMEHeaderKey(h.Name)
		switch {
		case i >= maxHeaders:
			refuse(i, h.Name, "too_many")
		case !httpguts.ValidHeaderFieldName(h.Name):
			refuse(i, h.Name, "name")
		case reserved[name] || name == "Authorization" && taken[name]:
			refuse(i, h.Name, "reserved")
		case taken[name]:
			refuse(i, h.Name, "twice")
		case !plainValue(h.Value):
			refuse(i, h.Name, "value")
		}
		taken[name] = true
	}
	return errors.Join(problems...)
}

func plainValue(v string) bool {
	return len(v) <= maxHeaderValue && httpguts.ValidHeaderFieldValue(v) && v == strings.TrimSpace(v)
}

func (a Auth) keyHeader() string {
	if a.Header == "" {
		return defaultKeyHeader
	}
	return a.Header
}

// Message is what a receiver is told around the body.
type Message struct {
	ID         string // the same over all attempts
	DeliveryID string
	Event      string // service_case.created
	Reference  string // TKT-2026-00042; empty for messages without a case
	Attempt    int
	Body       []byte
}

// Signing says how.
type Signing struct {
	Ring   Ring
	Legacy bool // X-Signature as well
}

// Headers makes all headers of one attempt: ours, then the credentials, then the extra ones. What CheckHeaders refuses is
// refused here too, because a header may also come from a template.
func Headers(m Message, s Signing, a Auth, extra []Header, now time.Time) (http.Header, error) {
	if err := CheckHeaders(a, extra); err != nil {
		return nil, err
	}
	h := http.Header{}
	set := func(name, value string) {
		if value != "" {
			h.Set(name, value)
		}
	}
	set("Content-Type", "application/json")
	set("User-Agent", UserAgent)
	set("X-Ticket-Reference", m.Reference)
	set("X-Event", m.Event)
	set("X-Delivery-Id", m.DeliveryID)
	set("X-Attempt", strconv.Itoa(m.Attempt))
	set(standard.HeaderWebhookID, m.ID)
	set(standard.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	if secrets := s.Ring.Signing(now); len(secrets) > 0 {
		signature, err := Sign(secrets, m.ID, now, m.Body)
		if err != nil {
			return nil, err
		}
		set(standard.HeaderWebhookSignature, signature)
		if s.Legacy {
			set("X-Signature", legacySignature(s.Ring.legacy(now), m.Body))
		}
	}
	for name, values := range h {
		if !httpguts.ValidHeaderFieldValue(values[0]) {
			return nil, &HeaderProblem{-1, "value", name}
		}
	}
	switch a.Type {
	case AuthBearer:
		set("Authorization", "Bearer "+a.Token)
	case AuthBasic:
		set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(a.User+":"+a.Password)))
	case AuthAPIKey:
		set(a.keyHeader(), a.Token)
	}
	for _, e := range extra {
		set(e.Name, e.Value)
	}
	return h, nil
}

// Reserved lists the names that no extra header may have, for forms and documentation.
func Reserved() []string {
	names := make([]string, 0, len(reserved))
	for name := range reserved {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
