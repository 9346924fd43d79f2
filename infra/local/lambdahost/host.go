// Package lambdahost runs the functions of the local stack as Lambda does: the compiled bootstraps that would be deployed,
// each process serving one invocation at a time through the Lambda Runtime API, kept warm, killed when its time is over.
// Its one rule: a function cannot tell it from Lambda, except by the clock that comes with each invocation. It knows no
// event source.
package lambdahost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/askpro/gateway/infra/local/template"
)

// Options of a host.
type Options struct {
	Functions   []template.Function
	Bootstraps  map[string]string // function → absolute path of its binary
	Logs        string            // folder: <function>.log each, begun anew
	Now         func() time.Time  // the stack's clock
	Frozen      func() bool
	Environment func(f template.Function, process string) []string // beside Lambda's own and the template's: credentials, endpoints
	Report      func(format string, a ...any)                      // tells a person of failed invocations
	MostPer     int                                                // processes of one function; who comes later waits in line
}

// Host keeps the functions' processes.
type Host struct {
	Options
	pools   map[string]*pool
	closed  chan struct{}
	once    sync.Once
	running atomic.Int64
	begun   atomic.Int64
	number  atomic.Int64 // of requests and processes
}

// New makes a host; processes start when they are needed.
func New(o Options) (*Host, error) {
	if err := os.MkdirAll(o.Logs, 0o755); err != nil {
		return nil, err
	}
	h := &Host{Options: o, pools: map[string]*pool{}, closed: make(chan struct{})}
	for _, f := range o.Functions {
		if o.Bootstraps[f.Name] == "" {
			return nil, fmt.Errorf("function %s of the template is not built: is its folder in functions/ named so?", f.Name)
		}
		log, err := os.OpenFile(filepath.Join(o.Logs, f.Name+".log"), os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o644)
		if err != nil {
			return nil, err
		}
		h.pools[f.Name] = &pool{function: f, log: log, slots: make(chan struct{}, o.MostPer), all: map[string]*process{}}
	}
	return h, nil
}

// FunctionError is what a function itself failed with, or how its process ended: the error document of the Invoke API.
type FunctionError struct {
	Type    string `json:"errorType"`
	Message string `json:"errorMessage"`
}

func (e *FunctionError) Error() string { return e.Type + ": " + e.Message }

// ErrTooLarge refuses a payload above 6 MB.
var ErrTooLarge = errors.New("the payload is larger than 6 MB")

// errClosed is the answer to who still calls when the stack stops.
var errClosed = errors.New("the stack stops")

// Invoke runs a function once and returns its answer. A *FunctionError means that it ran and failed, or was ended; any
// other error that it did not run. ctx ends the wait in line only: what runs, runs to its end, as in Lambda.
func (h *Host) Invoke(ctx context.Context, function string, payload []byte) ([]byte, error) {
	p := h.pools[function]
	if p == nil {
		return nil, fmt.Errorf("there is no function %s", function)
	}
	if len(payload) > largest {
		return nil, ErrTooLarge
	}
	h.running.Add(1)
	defer h.running.Add(-1)
	h.begun.Add(1)
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-h.closed:
		return nil, errClosed
	}
	in := h.invocation(p.function, payload)
	answer, err := h.run(p, in)
	var failed *FunctionError
	if errors.As(err, &failed) && !h.stopped() {
		p.note(in, failed)
		h.Report("%s: %v", function, failed)
	}
	return answer, err
}

// run finds a process for an invocation. A warm one may have ended since it answered last (after a panic it does): then
// nothing has happened yet, and another takes over.
func (h *Host) run(p *pool, in *invocation) ([]byte, error) {
	for {
		x, err := p.take(h)
		if err != nil {
			return nil, err
		}
		warm := x.warm
		answer, err := x.invoke(in)
		var failed *FunctionError
		switch {
		case errors.Is(err, errNotTaken) && warm:
			continue
		case errors.Is(err, errNotTaken):
			return nil, x.end()
		case err == nil || (errors.As(err, &failed) && !x.ended()):
			p.giveBack(x)
		}
		return answer, err
	}
}

func (h *Host) invocation(f template.Function, payload []byte) *invocation {
	custom, _ := json.Marshal(map[string]any{"custom": map[string]string{ // strings always marshal
		"now": h.Now().Format(time.RFC3339Nano), "frozen": fmt.Sprint(h.Frozen()),
	}})
	return &invocation{
		id: fmt.Sprintf("%08x-0000-4000-8000-%012x", time.Now().Unix(), h.number.Add(1)), payload: payload, context: string(custom),
		arn:     "arn:aws:lambda:" + template.Region + ":" + template.Account + ":function:" + f.Name,
		timeout: f.Timeout, done: make(chan result, 1),
	}
}

// Kill ends one process (by the name that Environment was given) at once, whatever it is doing.
func (h *Host) Kill(name string) {
	function, _, _ := strings.Cut(name, "/")
	if p := h.pools[function]; p != nil {
		p.kill(func(x *process) bool { return x.name == name })
	}
}

// KillBusy ends the processes of a function that serve an invocation.
func (h *Host) KillBusy(function string) {
	if p := h.pools[function]; p != nil {
		p.kill((*process).busy)
	}
}

// Restart ends the processes of all functions that serve nobody; the others end after their invocation.
func (h *Host) Restart() {
	for _, p := range h.pools {
		p.restart()
	}
}

// Running counts the invocations that wait or run; Begun those that ever began.
func (h *Host) Running() int { return int(h.running.Load()) }

// Begun counts all invocations since the start: equal before and after a look at the queues, nothing moved meanwhile.
func (h *Host) Begun() int { return int(h.begun.Load()) }

func (h *Host) stopped() bool {
	select {
	case <-h.closed:
		return true
	default:
		return false
	}
}

// Close ends all processes and waits until they are gone. Nothing is invoked afterwards.
func (h *Host) Close() {
	h.once.Do(func() { close(h.closed) })
	for _, p := range h.pools {
		p.close()
	}
}
