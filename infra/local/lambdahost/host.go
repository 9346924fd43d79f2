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
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/askpro/gateway/infra/local/template"
)

// Options of a host.
type Options struct {
	System      *template.System
	Bootstraps  map[string]string // function → binary
	Logs        string            // folder: one file per function
	Now         func() time.Time
	Frozen      func() bool
	Environment func(f template.Function, process string) []string // credentials and endpoints, per process
	MostPer     int                                                // processes per function
}

// Host keeps the functions' processes.
type Host struct {
	Options
	pools   map[string]*pool
	running atomic.Int64
	number  atomic.Int64
}

// pool is one function's processes: warm ones wait in idle, the rest serve.
type pool struct {
	function template.Function
	log      io.WriteCloser
	slots    chan struct{} // one per process that may exist at once
	mu       sync.Mutex
	idle     []*process
	all      map[string]*process
}

// New makes a host; processes start when they are needed.
func New(o Options) (*Host, error) {
	if err := os.MkdirAll(o.Logs, 0o755); err != nil {
		return nil, err
	}
	h := &Host{Options: o, pools: map[string]*pool{}}
	for _, f := range o.System.Functions {
		if o.Bootstraps[f.Name] == "" {
			return nil, fmt.Errorf("function %s of the template is not built", f.Name)
		}
		log, err := os.OpenFile(filepath.Join(o.Logs, f.Name+".log"), os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o644)
		if err != nil {
			return nil, err
		}
		h.pools[f.Name] = &pool{function: f, log: log, slots: make(chan struct{}, o.MostPer), all: map[string]*process{}}
	}
	return h, nil
}

// FunctionError is what a function itself failed with, or how its process ended.
type FunctionError struct{ Type, Message string }

func (e *FunctionError) Error() string { return e.Type + ": " + e.Message }

// Invoke runs a function once and returns its answer. A *FunctionError means that it ran and failed, or was ended.
func (h *Host) Invoke(ctx context.Context, function string, payload []byte) ([]byte, error) {
	p := h.pools[function]
	if p == nil {
		return nil, fmt.Errorf("there is no function %s", function)
	}
	h.running.Add(1)
	defer h.running.Add(-1)
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	x, err := p.take(h)
	if err != nil {
		return nil, err
	}
	answer, err := x.invoke(ctx, h.invocation(p.function, payload))
	var failed *FunctionError
	if err == nil || (errors.As(err, &failed) && !x.ended()) {
		p.giveBack(x)
	}
	return answer, err
}

func (h *Host) invocation(f template.Function, payload []byte) *invocation {
	custom, _ := json.Marshal(map[string]any{"custom": map[string]string{
		"now": h.Now().Format(time.RFC3339Nano), "frozen": fmt.Sprint(h.Frozen()),
	}})
	return &invocation{
		id: fmt.Sprintf("%08x-0000-4000-8000-%012x", time.Now().Unix(), h.number.Add(1)), payload: payload, context: string(custom),
		arn:      "arn:aws:lambda:" + template.Region + ":" + template.Account + ":function:" + f.Name,
		deadline: time.Now().Add(f.Timeout), done: make(chan result, 1),
	}
}

func (p *pool) take(h *Host) (*process, error) {
	p.mu.Lock()
	for len(p.idle) > 0 {
		x := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		if !x.ended() {
			p.mu.Unlock()
			return x, nil
		}
	}
	p.mu.Unlock()
	name := fmt.Sprintf("%s/%d", p.function.Name, h.number.Add(1))
	x, err := start(name, h.Bootstraps[p.function.Name], h.Environment(p.function, name), p.log)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for old, dead := range p.all {
		if dead.ended() {
			delete(p.all, old)
		}
	}
	p.all[name] = x
	return x, nil
}

func (p *pool) giveBack(x *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all[x.name] == x { // not restarted meanwhile
		p.idle = append(p.idle, x)
		return
	}
	x.kill("restarted")
}

// Kill ends one process at once, whatever it is doing.
func (h *Host) Kill(process string) {
	for _, p := range h.pools {
		p.mu.Lock()
		x := p.all[process]
		p.mu.Unlock()
		if x != nil {
			x.kill("killed")
			return
		}
	}
}

// KillBusy ends the processes of a function that serve an invocation.
func (h *Host) KillBusy(function string) {
	p := h.pools[function]
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, x := range p.all {
		if x.busy() {
			x.kill("killed")
		}
	}
}

// Restart ends all processes that serve nobody; the others end after their invocation.
func (h *Host) Restart() {
	for _, p := range h.pools {
		p.mu.Lock()
		for _, x := range p.idle {
			x.kill("restarted")
		}
		p.idle, p.all = nil, map[string]*process{}
		p.mu.Unlock()
	}
}

// Running counts the invocations that wait or run.
func (h *Host) Running() int { return int(h.running.Load()) }

// Close ends all processes.
func (h *Host) Close() {
	for _, p := range h.pools {
		p.mu.Lock()
		for _, x := range p.all {
			x.kill("the stack stops")
		}
		p.mu.Unlock()
	}
}
