// Package endpoint is the AWS endpoint of the local stack: it stands before the emulator and does what no emulator does.
// It knows every caller by its keys, judges each call by the policies of template.yaml, counts calls and capacity units,
// injects faults on request, and holds delayed messages on the stack's clock. Its one rule: a function gets from it what
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

// Mailbox takes what SES would send.
type Mailbox interface {
	ReceiveSES(from string, to []string, raw []byte) (messageID string, err error)
}

// Options of an endpoint.
type Options struct {
	System   *template.System
	Emulator string           // base URL
	Now      func() time.Time // the stack's clock
	Mailbox  Mailbox
	Kill     func(process string) // ends a function's process
	Nudge    func()               // something was written that a consumer may wait for
}

// Endpoint serves AWS's HTTP APIs.
type Endpoint struct {
	Options
	callers *callers
	counts  counts
	faults  faults
	shelf   shelf
	http    *http.Client
}

// New makes an endpoint.
func New(o Options) *Endpoint {
	if o.Nudge == nil {
		o.Nudge = func() {}
	}
	e := &Endpoint{Options: o, callers: newCallers(), http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}}}
	e.shelf.now = o.Now
	return e
}

// call is one request on its way through the endpoint.
type call struct {
	caller    caller
	service   string // as in the controls: dynamodb, sqs, events, s3, ses, sts, ssm, secretsmanager
	operation string
	body      []byte
	asked     bool // the caller itself asked for consumed capacity
	r         *http.Request
}

// ServeHTTP judges, counts and forwards one call.
func (e *Endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 32<<20))
	if err != nil {
		return
	}
	who, err := e.callers.identify(r, body)
	if err != nil {
		refuse(w, protocolOf(r), http.StatusForbidden, "InvalidSignatureException", err.Error())
		return
	}
	c := &call{caller: who, body: body, r: r}
	c.service, c.operation = operationOf(r, body)
	if who.admin {
		e.adminCall(w, c)
		return
	}
	requests, err := e.requests(c)
	if err != nil {
		refuse(w, c.service, http.StatusBadRequest, "ValidationException", err.Error())
		return
	}
	for _, q := range requests {
		if d := e.judge(who, q); !d.Allowed {
			e.counts.denied(c)
			refuse(w, c.service, http.StatusForbidden, "AccessDeniedException", d.Reason)
			return
		}
	}
	fault := e.faults.match(c)
	if fault != nil && fault.Mode == "delay" {
		select {
		case <-time.After(time.Duration(fault.MS) * time.Millisecond):
		case <-r.Context().Done():
			return
		}
	}
	if fault != nil && (fault.Mode == "error" || fault.Mode == "throttle") {
		e.counts.add(c, 0, 0)
		injected(w, c, fault)
		return
	}
	answer, err := e.perform(r.Context(), c)
	if err != nil {
		refuse(w, c.service, http.StatusBadGateway, "ServiceUnavailable", "the emulator does not answer: "+err.Error())
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

// judge evaluates one action under the caller's role.
func (e *Endpoint) judge(who caller, q iam.Request) iam.Decision {
	if q.Context == nil {
		q.Context = map[string][]string{}
	}
	for name, value := range who.tags {
		q.Context["aws:principaltag/"+strings.ToLower(name)] = []string{value}
	}
	q.Context["aws:principalarn"] = []string{who.roleARN}
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
	switch {
	case c.service == "sts":
		e.counts.add(c, 0, 0)
		return e.sts(c), nil
	case c.service == "ses":
		e.counts.add(c, 0, 0)
		return e.ses(c), nil
	case c.service == "sqs" && strings.HasPrefix(c.operation, "SendMessage"):
		if a := e.shelf.keep(c); a != nil {
			e.counts.add(c, 0, 0)
			return a, nil
		}
	}
	if c.service == "dynamodb" {
		c.asked = askForCapacity(c)
	}
	// The emulator goes on when the caller gives up: so does AWS.
	a, err := e.forward(context.WithoutCancel(ctx), c)
	if err != nil {
		return nil, err
	}
	read, write := 0.0, 0.0
	if c.service == "dynamodb" {
		read, write = takeCapacity(c, a)
	}
	e.counts.add(c, read, write)
	if write > 0 || c.service == "sqs" || c.service == "events" {
		e.Nudge()
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
		case "Authorization", "X-Amz-Security-Token", "Content-Length", "Accept-Encoding":
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

// adminCall is an operator's or a test's: allowed, not counted, without faults; delays are kept like anybody's.
func (e *Endpoint) adminCall(w http.ResponseWriter, c *call) {
	var a *answer
	var err error
	switch {
	case c.service == "sts":
		a = e.sts(c)
	case c.service == "sqs" && strings.HasPrefix(c.operation, "SendMessage"):
		if a = e.shelf.keep(c); a == nil {
			a, err = e.forward(c.r.Context(), c)
		}
	default:
		a, err = e.forward(c.r.Context(), c)
	}
	if err != nil {
		refuse(w, c.service, http.StatusBadGateway, "ServiceUnavailable", err.Error())
		return
	}
	e.Nudge()
	a.write(w)
}
