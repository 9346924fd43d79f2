package lambdahost_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/askpro/gateway/infra/local/lambdahost"
	"github.com/askpro/gateway/infra/local/template"
)

var bootstrap string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	folder, err := os.MkdirTemp("", "lambdahost")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)
	bootstrap = filepath.Join(folder, "bootstrap")
	if out, err := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", bootstrap, "./testdata/function").CombinedOutput(); err != nil {
		panic(fmt.Sprintf("build the function: %v\n%s", err, out))
	}
	return m.Run()
}

var noon = time.Date(2026, 11, 23, 12, 0, 0, 5, time.UTC)

type host struct {
	*lambdahost.Host
	t       *testing.T
	logs    string
	mu      sync.Mutex
	reports []string
	names   []string // of the processes, in the order of their start
}

// start runs a host with the function "fn"; change makes it another.
func start(t *testing.T, change func(*template.Function, *lambdahost.Options)) *host {
	t.Helper()
	h := &host{t: t, logs: t.TempDir()}
	f := template.Function{Name: "fn", Timeout: 20 * time.Second, MemoryMB: 512, Env: map[string]string{"STAGE": "local"}}
	o := lambdahost.Options{
		Bootstraps: map[string]string{"fn": bootstrap}, Logs: h.logs, MostPer: 10,
		Now: func() time.Time { return noon }, Frozen: func() bool { return true },
		Environment: func(_ template.Function, process string) []string {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.names = append(h.names, process)
			return []string{"AWS_ACCESS_KEY_ID=" + process}
		},
		Report: func(format string, a ...any) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.reports = append(h.reports, fmt.Sprintf(format, a...))
		},
	}
	if change != nil {
		change(&f, &o)
	}
	o.Functions = []template.Function{f}
	var err error
	if h.Host, err = lambdahost.New(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	return h
}

type answer struct {
	PID               int
	Custom            map[string]string
	Seconds           float64
	Request, Function string
	Env               []string
}

func (h *host) invoke(event string) (a answer, err error) {
	raw, err := h.Invoke(context.Background(), "fn", []byte(event))
	if err == nil {
		err = json.Unmarshal(raw, &a)
	}
	return a, err
}

func (h *host) must(event string) answer {
	h.t.Helper()
	a, err := h.invoke(event)
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

// fails invokes and returns the function error.
func (h *host) fails(event string) *lambdahost.FunctionError {
	h.t.Helper()
	_, err := h.invoke(event)
	var failed *lambdahost.FunctionError
	if !errors.As(err, &failed) {
		h.t.Fatalf("no function error but %v", err)
	}
	return failed
}

// meeting is where invocations of "meet" announce themselves and wait.
type meeting struct {
	net.Listener
	t *testing.T
}

func meet(t *testing.T) meeting {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return meeting{l, t}
}

// arrival waits until one more invocation runs; a byte lets it end.
func (m meeting) arrival() net.Conn {
	m.t.Helper()
	c, err := m.Accept()
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { c.Close() })
	return c
}

func (m meeting) event() string { return event("meet", m.Addr().String()) }

func event(do, with string) string {
	b, _ := json.Marshal(map[string]string{"Do": do, "With": with})
	return string(b)
}

func TestTheInvocationIsWhatLambdaHandsOver(t *testing.T) {
	t.Parallel()
	h := start(t, nil)
	a := h.must(`{}`)
	if a.Custom["now"] != noon.Format(time.RFC3339Nano) || a.Custom["frozen"] != "true" {
		t.Errorf("the stack's clock did not come along: %v", a.Custom)
	}
	if a.Seconds < 10 || a.Seconds > 20 {
		t.Errorf("the deadline is in %f s, the function has 20", a.Seconds)
	}
	if a.Function != "arn:aws:lambda:eu-central-1:000000000000:function:fn" || a.Request == "" {
		t.Errorf("invoked as %q, request %q", a.Function, a.Request)
	}
	if h.must(`{}`).Request == a.Request {
		t.Error("two invocations have one request id")
	}
}

func TestTheEnvironmentIsLambdasAndTheTemplates(t *testing.T) {
	t.Setenv("SOMETHING_OF_THIS_MACHINE", "1")
	h := start(t, nil)
	got := map[string]string{}
	for _, line := range h.must(event("env", "")).Env {
		name, value, _ := strings.Cut(line, "=")
		got[name] = value
	}
	for name, want := range map[string]string{
		"STAGE": "local", "AWS_ACCESS_KEY_ID": "fn/2", "AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "eu-central-1",
		"AWS_LAMBDA_FUNCTION_NAME": "fn", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
		"AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/fn", "TZ": ":UTC",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	for _, name := range []string{"SOMETHING_OF_THIS_MACHINE", "HOME", "USER"} {
		if value, is := got[name]; is {
			t.Errorf("%s=%s was inherited", name, value)
		}
	}
}

func TestAProcessServesOneAfterTheOther(t *testing.T) {
	t.Parallel()
	h := start(t, nil)
	first := h.must(`{}`)
	if again := h.must(`{}`); again.PID != first.PID {
		t.Error("a warm process was not used again")
	}
	if h.fails(event("error", "")); h.must(`{}`).PID != first.PID {
		t.Error("a function that returned an error lost its process")
	}
}

func TestConcurrentInvocationsHaveAProcessEach(t *testing.T) {
	t.Parallel()
	h := start(t, nil)
	together := meet(t)
	var all sync.WaitGroup
	pids := make([]int, 4)
	for i := range pids {
		all.Go(func() {
			a, err := h.invoke(together.event())
			if err != nil {
				t.Error(err)
			}
			pids[i] = a.PID
		})
	}
	var there []net.Conn
	for range pids {
		there = append(there, together.arrival())
	}
	for _, c := range there {
		c.Write([]byte{1}) //nolint:errcheck // seen by the answer
	}
	all.Wait()
	slices.Sort(pids)
	if len(slices.Compact(pids)) != 4 {
		t.Errorf("the processes were %v", pids)
	}
}

func TestWhoComesTooMuchWaitsInLine(t *testing.T) {
	t.Parallel()
	h := start(t, func(_ *template.Function, o *lambdahost.Options) { o.MostPer = 1 })
	first := meet(t)
	go h.invoke(first.event()) //nolint:errcheck // it is killed
	first.arrival()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := h.Invoke(ctx, "fn", []byte(`{}`)); !errors.Is(err, context.Canceled) {
		t.Errorf("who gives up in line hears %v", err)
	}
	served := make(chan error, 1)
	go func() {
		_, err := h.invoke(`{}`)
		served <- err
	}()
	h.KillBusy("fn")
	if err := <-served; err != nil {
		t.Errorf("the next in line hears %v", err)
	}
}

func TestHowAnInvocationFails(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, event   string
		change        func(*template.Function, *lambdahost.Options)
		kind, message string
	}{
		{"an error", event("error", ""), nil, "errorString", "it went wrong"},
		{"a panic", event("panic", ""), nil, "string", "it went very wrong"},
		{"an exit", event("exit", ""), nil, "Runtime.ExitError", "Runtime exited with error: exit status 3"},
		{"the time is over", "HANG", func(f *template.Function, _ *lambdahost.Options) { f.Timeout = 50 * time.Millisecond },
			"Sandbox.Timedout", "Task timed out after 0.05 seconds"},
		{"an answer above 6 MB", event("large", ""), nil, "Function.ResponseSizeTooLarge", "6291456 bytes"},
		{"an exit in init", `{}`, func(f *template.Function, _ *lambdahost.Options) { f.Env["INIT"] = "exit" }, "Runtime.ExitError", "exit status 1"},
		{"a panic in init", `{}`, func(f *template.Function, _ *lambdahost.Options) { f.Env["INIT"] = "panic" }, "Runtime.ExitError", "exit status 2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := start(t, tt.change)
			failed := h.fails(strings.ReplaceAll(tt.event, "HANG", meet(t).event()))
			if failed.Type != tt.kind || !strings.Contains(failed.Message, tt.message) {
				t.Errorf("failed with %v, want %s: …%s…", failed, tt.kind, tt.message)
			}
			if len(h.reports) != 1 || !strings.HasPrefix(h.reports[0], "fn: "+tt.kind) {
				t.Errorf("a person was told %q", h.reports)
			}
			log, err := os.ReadFile(filepath.Join(h.logs, "fn.log"))
			if err != nil || !strings.Contains(string(log), `"msg":"invocation failed"`) || !strings.Contains(string(log), "a line of the function") {
				t.Errorf("the log says %q, %v", log, err)
			}
		})
	}
}

func TestAfterAFailureAnotherProcessServes(t *testing.T) {
	t.Parallel()
	for _, do := range []string{"panic", "exit"} {
		t.Run(do, func(t *testing.T) {
			t.Parallel()
			h := start(t, nil)
			for range 10 { // a process that panicked answers first and ends a moment later
				h.fails(event(do, ""))
				h.must(`{}`)
			}
		})
	}
}

func TestAKilledProcessFailsItsInvocationOnly(t *testing.T) {
	t.Parallel()
	h := start(t, nil)
	running := meet(t)
	failed := make(chan error, 1)
	go func() {
		_, err := h.invoke(running.event())
		failed <- err
	}()
	running.arrival()
	h.mu.Lock()
	first := h.names[0]
	h.mu.Unlock()
	other := h.must(`{}`)
	h.Kill(first)
	var f *lambdahost.FunctionError
	if err := <-failed; !errors.As(err, &f) || f.Type != "Runtime.ExitError" {
		t.Errorf("the killed invocation failed with %v", err)
	}
	if h.must(`{}`).PID != other.PID {
		t.Error("the other process is gone too")
	}
	if h.Running() != 0 || h.Begun() != 3 {
		t.Errorf("%d run of %d", h.Running(), h.Begun())
	}
}

func TestARestartEndsWarmProcessesAndLetsBusyOnesFinish(t *testing.T) {
	t.Parallel()
	h := start(t, nil)
	running := meet(t)
	busy := make(chan answer, 1)
	go func() {
		a, err := h.invoke(running.event())
		if err != nil {
			t.Error(err)
		}
		busy <- a
	}()
	end := running.arrival()
	warm := h.must(`{}`)
	h.Restart()
	end.Write([]byte{1}) //nolint:errcheck // seen by the answer
	finished := <-busy
	if next := h.must(`{}`); next.PID == warm.PID || next.PID == finished.PID {
		t.Error("a process from before the restart serves")
	}
}

func TestNothingRunsAfterClose(t *testing.T) {
	t.Parallel()
	h := start(t, nil)
	pid := h.must(`{}`).PID
	h.Close()
	if _, err := os.Stat(fmt.Sprintf("/proc/%d", pid)); err == nil {
		t.Error("a process is left")
	}
	if _, err := h.invoke(`{}`); err == nil || !strings.Contains(err.Error(), "the stack stops") {
		t.Errorf("who still calls hears %v", err)
	}
}

func TestWhatIsNotInvoked(t *testing.T) {
	t.Parallel()
	h := start(t, nil)
	if _, err := h.Invoke(context.Background(), "other", nil); err == nil {
		t.Error("an unknown function was invoked")
	}
	if _, err := h.Invoke(context.Background(), "fn", make([]byte, 6<<20+1)); !errors.Is(err, lambdahost.ErrTooLarge) {
		t.Errorf("a payload above 6 MB: %v", err)
	}
	if _, err := lambdahost.New(lambdahost.Options{Functions: []template.Function{{Name: "fn"}}, Logs: t.TempDir()}); err == nil || !strings.Contains(err.Error(), "not built") {
		t.Errorf("a function without binary: %v", err)
	}
}
