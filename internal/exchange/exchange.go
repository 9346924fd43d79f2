// Package exchange writes down what went between AskPro and others: one Line per attempt of a Delivery and per webhook that
// came in. Its one rule: a Line is a redacted copy that ends by itself; the message in full is kept apart, for a short time
// and for few (Original). It knows no table, and that it could not write never stops a Delivery.
package exchange

import (
	"net/http"
	"time"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/redact"
)

// Direction of an exchange.
type Direction string

// The directions.
const (
	Outbound Direction = "outbound"
	Inbound  Direction = "inbound"
)

// Directions is the one list of them.
var Directions = []Direction{Outbound, Inbound}

// Result of an exchange.
type Result string

// The results.
const (
	Success       Result = "success"
	HTTPError     Result = "http_error"
	SemanticError Result = "semantic_error"
	Exception     Result = "exception" // no answer, or none that says something
)

// Results is the one list of them.
var Results = []Result{Success, HTTPError, SemanticError, Exception}

// The times for which things are kept (§11).
const (
	DefaultDays = 90
	minDays     = 7
	maxDays     = 365
	BodiesFor   = 14 * 24 * time.Hour
)

// KeepUntil is when a Line ends. days are the company's, 0 the default; they are kept within 7 to 365.
func KeepUntil(at time.Time, days int) time.Time {
	if days == 0 {
		days = DefaultDays
	}
	return at.Add(time.Duration(min(max(days, minDays), maxDays)) * 24 * time.Hour)
}

// About says what a Line belongs to. ID is the Line's, the same when it is written twice.
type About struct {
	ID, CaseID, CallID, DeliveryID string
	OutputID                       string // or the endpoint's
	CorrelationID                  string
	Attempt, Of                    int
	Test                           bool
	Persons                        []string // what is known of the people in it: masked wherever it stands
	KeepDays                       int
}

// Line of the exchange log.
type Line struct {
	ID, CaseID, CallID, DeliveryID, OutputID, CorrelationID string
	Direction                                               Direction
	Result                                                  Result
	Method, Place                                           string // POST or MAIL; host and path
	Status                                                  int
	Took                                                    time.Duration
	Attempt, Of                                             int
	Class                                                   delivery.Class
	Message                                                 string
	Test                                                    bool
	RequestHeader, AnswerHeader                             map[string]string
	RequestBody, AnswerBody                                 string
	CreatedAt, CompletedAt, ExpiresAt                       time.Time
}

// HasErrors is what the log's filter asks.
func (l Line) HasErrors() bool { return l.Result != Success }

// keptOfRequest bounds the log copy of what was sent; the original is kept apart.
const keptOfRequest = 16 << 10

// Sent is the Line of an attempt over HTTP.
func Sent(about About, r delivery.Request, a delivery.Answer, o delivery.Outcome, now time.Time) Line {
	l := about.line(Outbound, now)
	l.Method, l.Place = http.MethodPost, redact.Place(r.URL)
	l.Status, l.Took, l.Class, l.Message = a.Status, a.Took, o.Class, redact.Message(a.Detail)
	l.RequestHeader, l.AnswerHeader = redact.Header(r.Header), redact.Header(a.Header)
	l.RequestBody = redact.Body(r.Body[:min(len(r.Body), keptOfRequest)], about.Persons...)
	l.AnswerBody = redact.Body(a.Kept(), about.Persons...)
	l.CreatedAt = now.Add(-a.Took)
	switch {
	case o.OK:
		l.Result = Success
	case o.Class.Semantic():
		l.Result = SemanticError
	case a.Status == 0 || a.Failed != "":
		l.Result = Exception
	default:
		l.Result = HTTPError
	}
	return l
}

// Mailed is the Line of an attempt by mail. What was written stays with the mail service's own copy and the original.
func Mailed(about About, to string, took time.Duration, o delivery.Outcome, message string, now time.Time) Line {
	l := about.line(Outbound, now)
	l.Method, l.Place, l.Took, l.Class, l.Message = "MAIL", redact.Recipient(to), took, o.Class, redact.Message(message)
	l.CreatedAt = now.Add(-took)
	if l.Result = Success; !o.OK {
		l.Result = Exception
	}
	return l
}

// Received is the Line of a webhook that came in; status is our answer.
func Received(about About, method, url string, h http.Header, body []byte, status int, took time.Duration, message string, now time.Time) Line {
	l := about.line(Inbound, now)
	l.Method, l.Place, l.Status, l.Took, l.Message = method, redact.Place(url), status, took, redact.Message(message)
	l.RequestHeader, l.RequestBody = redact.Header(h), redact.Body(body[:min(len(body), keptOfRequest)], about.Persons...)
	l.CreatedAt = now.Add(-took)
	if l.Result = Success; status >= 400 {
		l.Result = HTTPError
	}
	return l
}

func (a About) line(d Direction, now time.Time) Line {
	return Line{
		ID: a.ID, CaseID: a.CaseID, CallID: a.CallID, DeliveryID: a.DeliveryID, OutputID: a.OutputID, CorrelationID: a.CorrelationID,
		Direction: d, Attempt: a.Attempt, Of: a.Of, Test: a.Test, CompletedAt: now, ExpiresAt: KeepUntil(now, a.KeepDays),
	}
}

// Original is an outgoing message in full: for its replay, and for who may read bodies.
type Original struct {
	MessageID string
	Body      []byte
	ExpiresAt time.Time
}

// Keep makes the original of a message.
func Keep(messageID string, body []byte, now time.Time) Original {
	return Original{messageID, body, now.Add(BodiesFor)}
}

// Gone tells whether something has reached its end: stores clean up days late, readers may not.
func Gone(expiresAt, now time.Time) bool { return !now.Before(expiresAt) }
