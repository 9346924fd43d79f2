package delivery

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Class says in one word what went wrong; it stands in the exchange log and in the metrics.
type Class string

// The classes. Beside them there are http_<status> for refusals by status, and SemanticError:<member>.
const (
	NetworkError    Class = "network_error"
	TLSError        Class = "tls_error"
	Timeout         Class = "timeout"
	BlockedAddress  Class = "blocked_address"
	RedirectRefused Class = "redirect_refused"
	Gone            Class = "gone"
	ClaimLost       Class = "claim_lost"
	semantic              = "SemanticError:"
)

// Semantic tells refusals that came with a 2xx.
func (c Class) Semantic() bool { return strings.HasPrefix(string(c), semantic) }

// The limits of an exchange (§9.4).
const (
	ConnectWithin = 5 * time.Second
	TotalWithin   = 30 * time.Second
	MaxAnswer     = 64 << 10 // bytes that are read, after unpacking
	KeptOfAnswer  = 4 << 10  // bytes that the exchange log keeps
)

// Request is one attempt on the wire, signed and complete.
type Request struct {
	URL    string
	Header http.Header
	Body   []byte
	Within time.Duration // all of it; zero: TotalWithin
}

// Answer is what came back, as far as it came.
type Answer struct {
	Status int // 0: none came
	Header http.Header
	Body   []byte // at most MaxAnswer
	Cut    bool   // there was more
	Failed Class  // why the answer is not whole; empty if it is
	Detail string // in words, without addresses
	Took   time.Duration
}

// Kept is the part of the body that the exchange log may keep.
func (a Answer) Kept() []byte { return a.Body[:min(len(a.Body), KeptOfAnswer)] }

// Sender is the one way out: it dials no private address, follows no redirect and reads no more than MaxAnswer.
type Sender interface {
	Send(ctx context.Context, r Request) Answer
}

// Outcome is what an attempt comes to.
type Outcome struct {
	OK                bool
	Class             Class // of a failure
	Retry             bool
	RetryAfter        time.Time // not before
	Reason            Reason    // if it is not retried
	Disable           Disabling // if the output's webhook or the endpoint ends with it
	Reference         string    // the receiver's ticket
	ProviderMessageID string
}

// Judging is what an output says about answers.
type Judging struct {
	Semantic      bool   // a 2xx whose body tells of an error is a failure
	ReferencePath string // JSON path to the receiver's ticket; empty: the usual members
}

// Judge says what an answer means (§9.4, §9.5).
func Judge(a Answer, j Judging, now time.Time) Outcome {
	switch {
	case a.Failed == BlockedAddress:
		return Outcome{Class: BlockedAddress, Reason: BlockedByUs, Disable: DisabledBlocked}
	case a.Status == 0:
		class := a.Failed
		if class == "" {
			class = NetworkError
		}
		return Outcome{Class: class, Retry: true}
	case a.Status >= 200 && a.Status < 300:
		return j.accepted(a)
	case a.Status >= 300 && a.Status < 400:
		return Outcome{Class: RedirectRefused, Reason: Permanent}
	case a.Status == http.StatusGone:
		return Outcome{Class: Gone, Reason: Permanent, Disable: DisabledGone}
	case a.Status == http.StatusRequestTimeout, a.Status == http.StatusTooManyRequests, a.Status >= 500 && a.Status < 600:
		return Outcome{Class: httpClass(a.Status), Retry: true, RetryAfter: RetryAfter(a.Header.Get("Retry-After"), now)}
	}
	return Outcome{Class: httpClass(a.Status), Reason: Permanent}
}

func httpClass(status int) Class { return Class("http_" + strconv.Itoa(status)) }

// accepted judges a 2xx. Its body matters only for what it says: a body that broke off may have been going to say no, so
// with the check it counts as unanswered, and the repeat has the same id.
func (j Judging) accepted(a Answer) Outcome {
	body := read(a.Body)
	if j.Semantic {
		if member := errorIn(body); member != "" {
			return Outcome{Class: Class(semantic + member), Reason: Permanent}
		}
		if a.Failed != "" {
			return Outcome{Class: a.Failed, Retry: true}
		}
	}
	return Outcome{OK: true, Reference: referenceIn(body, j.ReferencePath)}
}

// MailAccepted is the outcome of a mail that the service took.
func MailAccepted(providerID string) Outcome { return Outcome{OK: true, ProviderMessageID: providerID} }

// MailFailed is the outcome of a mail that the service did not take, now or for ever.
func MailFailed(class Class, forEver bool) Outcome {
	if forEver {
		return Outcome{Class: class, Reason: Permanent}
	}
	return Outcome{Class: class, Retry: true}
}

// member of a JSON object, in the order of the wire: a hostile answer may name one twice, and both count.
type member struct {
	name  string
	value any
}

type object []member

// get finds the first member of that name, exactly.
func (o object) get(name string) (any, bool) {
	for _, m := range o {
		if m.name == name {
			return m.value, true
		}
	}
	return nil, false
}

const maxDepth = 32

// read makes what it can of a JSON text that may be cut off: everything until the first mistake. Nil if it is none.
func read(body []byte) any {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	v, _ := value(d, 0)
	return v
}

// value reads one value; false when the text ended or went wrong inside it.
func value(d *json.Decoder, depth int) (any, bool) {
	t, err := d.Token()
	if err != nil {
		return nil, false
	}
	delim, ok := t.(json.Delim)
	if !ok {
		return t, true
	}
	if depth == maxDepth {
		return nil, false
	}
	if delim == '[' {
		list := []any{}
		for d.More() {
			v, whole := value(d, depth+1)
			list = append(list, v)
			if !whole {
				return list, false
			}
		}
		_, err = d.Token()
		return list, err == nil
	}
	o := object{}
	for d.More() {
		name, err := d.Token()
		key, ok := name.(string)
		if err != nil || !ok {
			return o, false
		}
		v, whole := value(d, depth+1)
		o = append(o, member{key, v})
		if !whole {
			return o, false
		}
	}
	_, err = d.Token()
	return o, err == nil
}

// errorIn names the member that tells of an error; empty if none does. Names count in any case: OTRS writes "Error".
func errorIn(body any) string {
	o, ok := body.(object)
	if !ok {
		return ""
	}
	for _, m := range o {
		switch name := strings.ToLower(m.name); name {
		case "error", "errors", "error_message", "exception", "fault":
			if !empty(m.value) {
				return name
			}
		case "success":
			if s, isText := m.value.(string); m.value == false || isText && strings.EqualFold(strings.TrimSpace(s), "false") {
				return name
			}
		case "status":
			if failedStatus(m.value) {
				return name
			}
		}
	}
	return ""
}

func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case bool:
		return !v
	case string:
		return strings.TrimSpace(v) == ""
	case json.Number:
		f, err := v.Float64()
		return err == nil && f == 0
	case []any:
		return len(v) == 0
	case object:
		return len(v) == 0
	}
	return false
}

func failedStatus(v any) bool {
	switch v := v.(type) {
	case json.Number:
		f, err := v.Float64()
		return err == nil && f >= 400
	case string:
		switch strings.ToLower(strings.TrimSpace(v)) {
		case "failed", "failure", "error", "rejected", "denied", "invalid":
			return true
		}
	}
	return false
}
