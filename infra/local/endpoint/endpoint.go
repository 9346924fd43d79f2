// Package endpoint is the AWS endpoint of the local stack: it stands before the emulator and does what no emulator does.
// It knows every caller by its keys, judges each call by the policies of template.yaml, counts calls and capacity units,
// injects faults on request, scans uploads, and holds delayed messages on the stack's clock. Its one rule: a function gets from it what
// AWS would give it, refusals included. It knows nothing of what the calls are for.
package endpoint

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/askpro/gateway/infra/local/emulator"
	"github.com/askpro/gateway/infra/local/iam"
	"github.com/askpro/gateway/infra/local/template"
)

// Mailbox takes what SES and End User Messaging would send. fate is what becomes of it: empty, Bounce or Complaint.
type Mailbox interface {
	ReceiveSES(from string, to []string, raw []byte) (messageID, fate string, err error)
	ReceiveSMS(from, to, text string) (messageID, fate string, err error)
}

// Options of an endpoint.
type Options struct {
	System   *template.System
	Emulator string           // base URL
	Now      func() time.Time // the stack's clock
	Mailbox  Mailbox
	Kill     func(process string)        // ends a function's process
	Nudge    func(service, queue string) // something was written there that a consumer may wait for; with sqs and a name, to that queue alone
}

// Endpoint serves AWS's HTTP APIs.
type Endpoint struct {
	Options
	callers *callers
	keys    keys
	counts  counts
	faults  faults
	shelf   shelf
	rules   []template.Rule // of the default bus
	http    *http.Client
}

// New makes an endpoint.
func New(o Options) (*Endpoint, error) {
	if o.Nudge == nil {
		o.Nudge = func(string, string) {}
	}
	rules, err := defaultRules(o.System)
	if err != nil {
		return nil, err
	}
	e := &Endpoint{Options: o, rules: rules, callers: newCallers(), keys: keysOf(o.System.Table), http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}}}
	return e, nil
}

// call is one request on its way through the endpoint.
type call struct {
	caller    caller
	service   string // as in the controls: dynamodb, sqs, events, s3, ses, sms, sts, ssm, secretsmanager
	operation string
	body      []byte
	asked     bool // the caller itself asked for consumed capacity
	r         *http.Request
}

// ServeHTTP judges, counts and forwards one call. An operator's is neither judged nor counted, and meets no faults.
func (e *Endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 32<<20))
	if err != nil {
		service, _ := operationOf(r, nil)
		refusal(service, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", err.Error()).write(w)
		return
	}
	c := &call{body: body, r: plainly(r)}
	c.service, c.operation = operationOf(c.r, body)
	who, unknown := e.callers.identify(r, body)
	if unknown != nil {
		refusal(c.service, http.StatusForbidden, unknown.code, unknown.message).write(w)
		return
	}
	c.caller = who
	var fault *Fault
	if !who.admin {
		if a := e.denied(c); a != nil {
			a.write(w)
			return
		}
		fault = e.faults.match(c)
	}
	if fault != nil {
		switch fault.Mode {
		case "delay":
			select {
			case <-time.After(time.Duration(fault.MS) * time.Millisecond):
			case <-r.Context().Done():
				return
			}
		case "error", "throttle":
			e.counts.add(c, 0, 0)
			injected(c, fault).write(w)
			return
		}
	}
	answer, err := e.perform(r.Context(), c)
	if err != nil {
		refusal(c.service, http.StatusBadGateway, "ServiceUnavailable", "the emulator does not answer: "+err.Error()).write(w)
		return
	}
	if fault != nil && (fault.Mode == "lost" || fault.Mode == "kill") {
		if fault.Mode == "kill" {
			e.Kill(who.process)
		}
		panic(http.ErrAbortHandler) // done, and nobody will hear of it
	}
	answer.write(w)
}

// denied judges a call; nil lets it through.
func (e *Endpoint) denied(c *call) *answer {
	requests, err := e.requests(c)
	if err != nil {
		return refusal(c.service, http.StatusBadRequest, "ValidationException", err.Error())
	}
	d := iam.Decision{Allowed: true}
	for _, q := range requests {
		if d = e.judge(c.caller, q); !d.Allowed {
			break
		}
	}
	if d.Allowed && c.operation == "AssumeRole" && c.service == "sts" {
		d = e.trusted(c)
	}
	if d.Allowed {
		return nil
	}
	e.counts.denied(c)
	return denial(c.service, d.Reason)
}

// judge evaluates one action under the caller's role.
func (e *Endpoint) judge(who caller, q iam.Request) iam.Decision {
	if q.Context == nil {
		q.Context = map[string][]string{}
	}
	for name, value := range who.tags {
		q.Context["aws:principaltag/"+strings.ToLower(name)] = []string{value}
	}
	q.Context["aws:principalarn"] = []string{who.role.ARN}
	q.Context["aws:securetransport"] = []string{"true"}
	return iam.Evaluate(who.role.Documents, q)
}

// answer of a call.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a *answer) write(w http.ResponseWriter) {
	for name, values := range a.header {
		if name == "Content-Length" || name == "X-Amz-Crc32" || name == "Date" || name == "Server" || name == "Transfer-Encoding" {
			continue // of the body before it was changed
		}
		w.Header()[name] = values
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(a.body)))
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // a caller that has gone needs no answer
}

// perform does what was allowed, and counts it.
func (e *Endpoint) perform(ctx context.Context, c *call) (*answer, error) {
	var kept *answer
	switch {
	case c.service == "sts":
		kept = e.sts(c)
	case c.service == "ses":
		kept = e.ses(context.WithoutCancel(ctx), c)
	case c.service == "sms":
		kept = e.sms(context.WithoutCancel(ctx), c)
	case c.service == "sqs" && strings.HasPrefix(c.operation, "SendMessage"):
		var err error
		if kept, err = e.keep(ctx, c); err != nil {
			return nil, err
		}
	}
	if kept != nil {
		e.counts.add(c, 0, 0)
		return kept, nil
	}
	if c.service == "dynamodb" && !c.caller.admin {
		c.asked = askForCapacity(c)
	}
	// The emulator goes on when the caller gives up: so does AWS.
	a, err := e.forward(context.WithoutCancel(ctx), c)
	if err != nil {
		return nil, err
	}
	read, write := 0.0, 0.0
	if c.service == "dynamodb" && !c.caller.admin {
		read, write = takeCapacity(c, a)
	}
	e.counts.add(c, read, write)
	if c.service == "s3" && c.operation == "PutObject" && a.status == http.StatusOK {
		if err := e.scan(context.WithoutCancel(ctx), c, a); err != nil {
			return nil, err
		}
	}
	if write > 0 || c.caller.admin && c.service == "dynamodb" || c.service == "sqs" || c.service == "events" {
		e.Nudge(c.service, sentTo(c))
	}
	return a, nil
}

// forward sends the call on with the emulator's own credentials.
func (e *Endpoint) forward(ctx context.Context, c *call) (*answer, error) {
	req, err := http.NewRequestWithContext(ctx, c.r.Method, e.Emulator+c.r.URL.RequestURI(), bytes.NewReader(c.body))
	if err != nil {
		return nil, err
	}
	for name, values := range c.r.Header {
		switch name {
		case "Authorization", "X-Amz-Security-Token", "Content-Length", "Accept-Encoding", "Connection":
		default:
			req.Header[name] = values
		}
	}
	req.Header.Set("Authorization", emulator.Authorization(c.service))
	resp, err := e.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	return &answer{resp.StatusCode, resp.Header, raw}, nil
}
