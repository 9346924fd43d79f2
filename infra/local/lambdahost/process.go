package lambdahost

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// invocation is one event on its way through a process.
type invocation struct {
	id, arn, context string
	payload          []byte
	timeout          time.Duration
	done             chan result
}

type result struct {
	answer []byte
	err    *FunctionError
}

// process is one execution environment: a bootstrap and the Runtime API that it asks for work.
type process struct {
	name string
	age  int
	warm bool // it has answered before; of the one who took it
	cmd  *exec.Cmd
	next chan *invocation
	gone chan struct{} // closed when the process has ended

	mu      sync.Mutex
	current *invocation
	ending  *FunctionError // how it ended
}

const initWithin = 10 * time.Second // Lambda's limit for init

// errNotTaken: the process ended or hung before it took the event.
var errNotTaken = errors.New("the process took no event")

// start runs a bootstrap with its own Runtime API: the variable that names it takes a host and a port, no path.
func start(name, binary string, env []string, log *os.File) (*process, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &process{name: name, next: make(chan *invocation), gone: make(chan struct{})}
	server := &http.Server{Handler: p.api()}
	go server.Serve(listener) //nolint:errcheck // it ends when the process does
	p.cmd = exec.Command(binary)
	p.cmd.Dir = filepath.Dir(binary)
	p.cmd.Env = append(env, "AWS_LAMBDA_RUNTIME_API="+listener.Addr().String())
	p.cmd.Stdout, p.cmd.Stderr = log, log
	// Ctrl-C on the terminal is ours to hear; and it ends with us, however we end.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		server.Close()
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		err := p.cmd.Wait()
		server.Close()
		p.mu.Lock()
		if p.current = nil; p.ending == nil {
			p.ending = exit(err)
		}
		p.mu.Unlock()
		close(p.gone)
	}()
	return p, nil
}

func exit(err error) *FunctionError {
	if err == nil {
		return &FunctionError{"Runtime.ExitError", "Runtime exited without providing a reason"}
	}
	return &FunctionError{"Runtime.ExitError", "Runtime exited with error: " + err.Error()}
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

func (p *process) kill(kind, why string) {
	p.mu.Lock()
	if p.ending == nil {
		p.ending = &FunctionError{kind, why}
	}
	p.mu.Unlock()
	_ = p.cmd.Process.Kill() // it may have ended by itself
}

// end waits for the end of the process and says how it came.
func (p *process) end() *FunctionError {
	<-p.gone
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ending
}

// invoke hands over one event and waits for the answer, the end of the process or of its time. Time counts from the
// hand-over: init has its own.
func (p *process) invoke(in *invocation) ([]byte, error) {
	limit := time.NewTimer(initWithin)
	defer limit.Stop()
	select {
	case p.next <- in:
	case <-p.gone:
		return nil, errNotTaken
	case <-limit.C:
		p.kill("Sandbox.Timedout", "Init timed out after 10.00 seconds")
		<-p.gone
		return nil, errNotTaken
	}
	limit.Reset(in.timeout)
	select {
	case r := <-in.done:
		return r.unpack()
	case <-limit.C:
		p.kill("Sandbox.Timedout", fmt.Sprintf("Task timed out after %.2f seconds", in.timeout.Seconds()))
	case <-p.gone:
	}
	ending := p.end()
	select {
	case r := <-in.done: // it answered with its last breath
		return r.unpack()
	default:
		return nil, ending
	}
}

func (r result) unpack() ([]byte, error) {
	if r.err != nil {
		return nil, r.err
	}
	return r.answer, nil
}
