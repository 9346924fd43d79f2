package lambdahost

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/askpro/gateway/infra/local/template"
)

// pool is one function's processes: warm ones wait in idle, the rest serve.
type pool struct {
	function template.Function
	log      *os.File
	slots    chan struct{} // one per process that may serve at once
	mu       sync.Mutex
	idle     []*process
	all      map[string]*process // by name
	age      int                 // of the processes that may stay: a restart raises it
	closed   bool
}

// take gives the process that served last, so that a quiet function keeps few of them, or starts one.
func (p *pool) take(h *Host) (*process, error) {
	x, age, err := p.warm()
	if x != nil || err != nil {
		return x, err
	}
	name := fmt.Sprintf("%s/%d", p.function.Name, h.number.Add(1))
	env := append(p.environment(h.Bootstraps[p.function.Name]), h.Environment(p.function, name)...)
	if x, err = start(name, h.Bootstraps[p.function.Name], env, p.log); err != nil {
		return nil, err
	}
	x.age = age
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		x.kill("Runtime.Stopped", errClosed.Error())
		return nil, errClosed
	}
	p.all[name] = x
	return x, nil
}

// warm gives a process that waits, and the age of those that may stay.
func (p *pool) warm() (*process, int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, 0, errClosed
	}
	for len(p.idle) > 0 {
		x := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		if !x.ended() {
			return x, p.age, nil
		}
	}
	for name, x := range p.all {
		if x.ended() {
			delete(p.all, name)
		}
	}
	return nil, p.age, nil
}

func (p *pool) giveBack(x *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	x.warm = true
	if x.age != p.age || p.closed {
		x.kill("Runtime.Restarted", "the stack restarted it")
		return
	}
	p.idle = append(p.idle, x)
}

func (p *pool) kill(which func(*process) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, x := range p.all {
		if which(x) {
			x.kill("Runtime.ExitError", "Runtime exited with error: signal: killed")
		}
	}
}

func (p *pool) restart() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, x := range p.idle {
		x.kill("Runtime.Restarted", "the stack restarted it")
	}
	p.idle, p.age = nil, p.age+1
}

func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, x := range p.all {
		x.kill("Runtime.Stopped", errClosed.Error())
	}
	for _, x := range p.all {
		<-x.gone
	}
	p.log.Close()
}

// environment is what Lambda itself sets for an OS-only runtime, and what the template says (developer guide, "Working
// with Lambda environment variables"). Nothing else of this machine reaches a function.
func (p *pool) environment(bootstrap string) []string {
	f := p.function
	env := []string{
		"PATH=/usr/local/bin:/usr/bin/:/bin:/opt/bin", "LANG=en_US.UTF-8", "TZ=:UTC", "_HANDLER=bootstrap", "LAMBDA_TASK_ROOT=" + filepath.Dir(bootstrap),
		"AWS_REGION=" + template.Region, "AWS_DEFAULT_REGION=" + template.Region, "AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
		"AWS_LAMBDA_FUNCTION_NAME=" + f.Name, "AWS_LAMBDA_FUNCTION_VERSION=$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=" + strconv.Itoa(f.MemoryMB),
		"AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/" + f.Name, "AWS_LAMBDA_LOG_STREAM_NAME=local",
	}
	for name, value := range f.Env {
		env = append(env, name+"="+value)
	}
	return env
}

// note writes to the function's log how an invocation failed, as Lambda's platform lines do.
func (p *pool) note(in *invocation, e *FunctionError) {
	line, _ := json.Marshal(struct { // strings always marshal
		Time      time.Time `json:"time"`
		Level     string    `json:"level"`
		Message   string    `json:"msg"`
		RequestID string    `json:"request_id"`
		*FunctionError
	}{time.Now(), "ERROR", "invocation failed", in.id, e})
	_, _ = p.log.Write(append(line, '\n')) // a log that cannot be written stops nothing
}
