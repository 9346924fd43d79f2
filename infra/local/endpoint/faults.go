package endpoint

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
)

// Fault is something that shall go wrong. Empty fields fit everything.
type Fault struct {
	Function  string `json:"function,omitempty"`
	Company   string `json:"company,omitempty"` // id: calls in another company's session do not count
	Service   string `json:"service,omitempty"`
	Operation string `json:"operation,omitempty"`
	Nth       int    `json:"nth,omitempty"`   // first matching call that it hits, from 1
	Times     int    `json:"times,omitempty"` // how many from there on; -1: all
	Every     int    `json:"every,omitempty"` // of those, every so-many-th
	Mode      string `json:"mode"`            // error, throttle, lost, delay, kill
	Code      string `json:"code,omitempty"`
	MS        int    `json:"ms,omitempty"`
	seen      int
}

// Fired is a fault that hit.
type Fired struct {
	Fault
	Function  string `json:"function"`
	Service   string `json:"service"`
	Operation string `json:"operation"`
	Call      int    `json:"call"` // which matching call it was
}

type faults struct {
	mu    sync.Mutex
	set   []*Fault
	fired []Fired
}

func (f *faults) add(x Fault) error {
	switch x.Mode {
	case "error", "throttle", "lost", "delay", "kill":
	default:
		return fmt.Errorf("mode is error, throttle, lost, delay or kill, not %q", x.Mode)
	}
	if x.Nth < 0 || x.Every < 0 || x.Times < -1 || x.MS < 0 {
		return errors.New("nth, every and ms are not negative, times at least -1 (all)")
	}
	if x.Mode == "delay" && x.MS == 0 {
		return errors.New("a delay needs ms")
	}
	x.Nth, x.Every = max(x.Nth, 1), max(x.Every, 1)
	if x.Times == 0 {
		x.Times = 1
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.set = append(f.set, &x)
	return nil
}

func (f *faults) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.set, f.fired = nil, nil
}

func (f *faults) list() []Fired {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]Fired{}, f.fired...)
}

// elsewhere tells whether a call is another company's than the fault is for. A function's own calls are everybody's.
func (f *Fault) elsewhere(c *call) bool {
	session := c.caller.tags["company"]
	return f.Company != "" && session != "" && session != f.Company
}

// match counts a call against every fault and returns the first that hits it.
func (f *faults) match(c *call) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	var hit *Fault
	for _, x := range f.set {
		fits := (x.Function == "" || x.Function == c.caller.function) && !x.elsewhere(c) && (x.Service == "" || x.Service == c.service) && (x.Operation == "" || x.Operation == c.operation)
		if !fits {
			continue
		}
		x.seen++
		since := x.seen - x.Nth
		if hit == nil && since >= 0 && since%x.Every == 0 && (x.Times < 0 || since/x.Every < x.Times) {
			hit = x
			f.fired = append(f.fired, Fired{*x, c.caller.function, c.service, c.operation, x.seen})
		}
	}
	return hit
}

// throttles are the services' own words for too much.
var throttles = map[string]string{
	"dynamodb": "ProvisionedThroughputExceededException", "sqs": "RequestThrottled", "events": "ThrottlingException", "s3": "SlowDown",
	"ses": "TooManyRequestsException", "sms": "ThrottlingException", "sts": "Throttling", "ssm": "ThrottlingException", "secretsmanager": "ThrottlingException",
}

// injected is the answer to a call that is made to fail without being done.
func injected(c *call, f *Fault) *answer {
	const why = "injected by the local stack"
	code := cmp.Or(f.Code, "InternalServerError")
	if f.Mode == "throttle" {
		code = throttles[c.service]
	}
	switch {
	case code == "ServiceUnavailable" || code == "SlowDown":
		return refusal(c.service, http.StatusServiceUnavailable, code, why)
	case strings.HasPrefix(code, "Internal"):
		return refusal(c.service, http.StatusInternalServerError, code, why)
	case code != "TransactionConflict" && code != "ConditionalCheckFailed":
		return refusal(c.service, http.StatusBadRequest, code, why)
	case c.operation != "TransactWriteItems":
		return refusal(c.service, http.StatusBadRequest, code+"Exception", why)
	}
	// A transaction says it item by item; the first is the one.
	var in struct{ TransactItems []json.RawMessage }
	_ = json.Unmarshal(c.body, &in) // judged before
	type reason struct{ Code, Message string }
	reasons := make([]reason, len(in.TransactItems))
	for i := range reasons {
		reasons[i].Code = "None"
	}
	reasons[0] = reason{code, why} // none would have been denied
	body, _ := json.Marshal(map[string]any{
		"__type":  "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
		"Message": "Transaction cancelled, please refer cancellation reasons for specific reasons", "CancellationReasons": reasons,
	})
	return &answer{http.StatusBadRequest, http.Header{"Content-Type": {"application/x-amz-json-1.0"}}, body}
}
