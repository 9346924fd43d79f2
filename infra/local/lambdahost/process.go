package lambdahost

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// invocation is one event on its way through a process.
type invocation struct {
	id, arn, context string
	payload          []byte
	deadline         time.Time
	done             chan result
}

type result struct {
	answer []byte
	err    error
}

// process is one execution environment: a bootstrap and the Runtime API it asks for work (AWS Lambda developer guide,
// "Using the Lambda runtime API").
type process struct {
	name   string
	cmd    *exec.Cmd
	server *http.Server
	next   chan *invocation
	gone   chan struct{} // closed when the process has ended

	mu      sync.Mutex
	current *invocation
	why     string // it ended, if we ended it
}

const initWithin = 10 * time.Second // Lambda's limit for init

func start(name, binary string, env []string, log io.Writer) (*process, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &process{name: name, next: make(chan *invocation), gone: make(chan struct{})}
	p.server = &http.Server{Handler: p.api()}
	go p.server.Serve(listener) //nolint:errcheck // it ends when the process does
	p.cmd = exec.Command(binary)
	p.cmd.Env = append(env, "AWS_LAMBDA_RUNTIME_API="+listener.Addr().String())
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		p.server.Close()
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		err := p.cmd.Wait()
		p.server.Close()
		p.mu.Lock()
		why := p.why
		if why == "" {
			why = fmt.Sprintf("the process ended: %v", err)
		}
		p.current, p.why = nil, why
		p.mu.Unlock()
		close(p.gone)
	}()
	return p, nil
}

func (p *process) ended() bool {
	select {
	case <-p.gone:
		return true
	default:
		return false
	}
}

func (p *process) busy() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.current != nil
}

func (p *process) kill(why string) {
	p.mu.Lock()
	if p.why == "" {
		p.why = why
	}
	p.mu.Unlock()
	_ = p.cmd.Process.Kill() // it may have ended by itself
}

// invoke hands over one event and waits for the answer, the end of the process or of the time.
func (p *process) invoke(ctx context.Context, in *invocation) ([]byte, error) {
	timeout := time.Until(in.deadline)
	select {
	case p.next <- in:
	case <-p.gone:
		return nil, &FunctionError{"Runtime.ExitError", p.reason()}
	case <-time.After(initWithin):
		p.kill("init took longer than 10 s")
		<-p.gone
		return nil, &FunctionError{"Runtime.InitTimeout", "init took longer than 10 s"}
	case <-ctx.Done():
		p.kill("nobody waits any more")
		return nil, ctx.Err()
	}
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case r := <-in.done:
		return r.answer, r.err
	case <-timer.C:
		p.kill(fmt.Sprintf("task timed out after %.2f seconds", timeout.Seconds()))
		<-p.gone
	case <-p.gone:
	}
	select {
	case r := <-in.done: // it answered with its last breath
		return r.answer, r.err
	default:
		return nil, &FunctionError{"Runtime.ExitError", p.reason()}
	}
}

func (p *process) reason() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.why
}

// api is the Lambda Runtime API for this process.
func (p *process) api() http.Handler {
	mux := http.NewServeMux()
	const base = "/2018-06-01/runtime"
	mux.HandleFunc("GET "+base+"/invocation/next", func(w http.ResponseWriter, r *http.Request) {
		select {
		case in := <-p.next:
			p.mu.Lock()
			p.current = in
			p.mu.Unlock()
			h := w.Header()
			h.Set("Lambda-Runtime-Aws-Request-Id", in.id)
			h.Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(in.deadline.UnixMilli()))
			h.Set("Lambda-Runtime-Invoked-Function-Arn", in.arn)
			h.Set("Lambda-Runtime-Client-Context", in.context)
			h.Set("Lambda-Runtime-Trace-Id", "Root=1-00000000-"+strings.ReplaceAll(in.id, "-", "")[:24])
			h.Set("Content-Type", "application/json")
			_, _ = w.Write(in.payload) // a process that has gone is noticed by its end
		case <-r.Context().Done():
		}
	})
	finish := func(w http.ResponseWriter, id string, r result) {
		p.mu.Lock()
		in := p.current
		if in == nil || in.id != id {
			p.mu.Unlock()
			http.Error(w, `{"errorType":"InvalidRequestID"}`, http.StatusBadRequest)
			return
		}
		p.current = nil
		p.mu.Unlock()
		w.WriteHeader(http.StatusAccepted)
		in.done <- r
	}
	mux.HandleFunc("POST "+base+"/invocation/{id}/response", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 6<<20+1))
		if err != nil {
			return // the process died while answering
		}
		if len(body) > 6<<20 {
			finish(w, r.PathValue("id"), result{err: &FunctionError{"Function.ResponseSizeTooLarge", "the answer is larger than 6 MB"}})
			return
		}
		finish(w, r.PathValue("id"), result{answer: body})
	})
	mux.HandleFunc("POST "+base+"/invocation/{id}/error", func(w http.ResponseWriter, r *http.Request) {
		finish(w, r.PathValue("id"), result{err: functionError(r.Body)})
	})
	mux.HandleFunc("POST "+base+"/init/error", func(w http.ResponseWriter, r *http.Request) {
		p.kill(functionError(r.Body).Error())
		w.WriteHeader(http.StatusAccepted)
	})
	return mux
}

func functionError(body io.Reader) *FunctionError {
	var e struct{ ErrorType, ErrorMessage string }
	raw, _ := io.ReadAll(io.LimitReader(body, 1<<20))
	if json.Unmarshal(raw, &e) != nil {
		e.ErrorMessage = string(raw)
	}
	return &FunctionError{e.ErrorType, e.ErrorMessage}
}
