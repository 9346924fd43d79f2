// Package stacktest gives tests a running local stack and speaks to it as the world does: over its ports. Its one rule: a
// test that sets the clock or AWS faults has a stack of its own (Own, Demo), all others share one (Shared) and make their own
// company. Without ASKPRO_STACK_TESTS=1 these tests skip; `make test` sets it and lets no skip pass.
package stacktest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/askpro/gateway/infra/local/emulator"
	"github.com/askpro/gateway/infra/local/stack"
	"github.com/askpro/gateway/infra/operator"
)

// Stack is a running stack as a test sees it.
type Stack struct {
	operator.Ports
	*operator.Stack
	Root    string
	Logs    string // folder of the functions' logs, "" for a stack that was not started here
	http    http.Client
	stopped func()
}

var shared struct {
	once  sync.Once
	stack *Stack
	err   error
}

// Main runs a package's tests, ends the shared stack and looks through the logs of all: call it in TestMain.
func Main(m *testing.M) {
	debug.SetGCPercent(400) // memory is there, and the functions and the emulator need the time
	code := m.Run()
	if shared.stack != nil {
		shared.stack.stopped()
	}
	stopEmulators()
	// The whole run is looked through: personal data, secrets and signatures must not reach any log.
	for _, line := range leaks() {
		fmt.Fprintln(os.Stderr, "a log line shows what it must not:", line)
		code = 1
	}
	os.Exit(code)
}

func skip(t testing.TB) {
	t.Helper()
	if os.Getenv("ASKPRO_STACK_TESTS") == "" && os.Getenv("ASKPRO_STACK") == "" {
		t.Skip("needs the local stack: run make test")
	}
}

// Shared is the stack of all tests of a package; with ASKPRO_STACK (a PORT_BASE, or "default") one that runs already.
func Shared(t testing.TB) *Stack {
	t.Helper()
	skip(t)
	shared.once.Do(func() {
		if base := os.Getenv("ASKPRO_STACK"); base != "" {
			if base == "default" {
				base = ""
			}
			ports, err := operator.PortsFrom(base)
			shared.stack, shared.err = connect(ports), err
			return
		}
		shared.stack, shared.err = start(true)
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.stack
}

// Own is a stack that ends with the test. It has no company but those that the test enters: each has a round with its
// calendar whenever the clock passes a quarter of an hour.
func Own(t testing.TB) *Stack {
	t.Helper()
	return own(t, true)
}

// Demo is a stack of the test's own with the demonstration companies.
func Demo(t testing.TB) *Stack {
	t.Helper()
	return own(t, false)
}

func own(t testing.TB, bare bool) *Stack {
	t.Helper()
	skip(t)
	s, err := start(bare)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.stopped)
	return s
}

// root is the repository's top: tests run in the folder of their package, below it.
var root = sync.OnceValue(func() string {
	folder, err := filepath.Abs(".")
	for err == nil && folder != filepath.Dir(folder) {
		if _, err := os.Stat(filepath.Join(folder, "template.yaml")); err == nil {
			return folder
		}
		folder = filepath.Dir(folder)
	}
	return "."
})

func connect(p operator.Ports) *Stack {
	return &Stack{Ports: p, Stack: operator.Local(p), Root: root(), stopped: func() {}, http: http.Client{Timeout: 100 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 100}}}
}

// start runs a stack on ports that are free now; another process may be faster, so it is tried again.
func start(bare bool) (*Stack, error) {
	var failure error
	for range 5 {
		base, err := freeBase()
		if err != nil {
			return nil, err
		}
		ports, err := operator.PortsFrom(fmt.Sprint(base))
		if err != nil {
			return nil, err
		}
		functions, err := built()
		if err != nil {
			return nil, err
		}
		e, err := emulatorFor(ports.Emulator)
		if err != nil {
			failure = err
			if errors.Is(err, emulator.ErrPortTaken) {
				continue
			}
			return nil, failure
		}
		var log bytes.Buffer
		running, err := stack.Start(context.Background(), stack.Options{Root: root(), Ports: ports, Log: &locked{w: &log}, Bare: bare, Functions: functions, Emulator: e})
		if err != nil {
			e.Stop()
			failure = fmt.Errorf("start a stack: %w\n%s", err, log.String())
			if errors.Is(err, stack.ErrPortTaken) {
				continue
			}
			return nil, failure
		}
		s := connect(ports)
		s.Logs, s.stopped = running.Logs(), func() {
			running.Stop()
			giveBack(e)
		}
		remember(s.Logs)
		return s, nil
	}
	return nil, failure
}

type locked struct {
	mu sync.Mutex
	w  io.Writer
}

// Write is called by many goroutines.
func (l *locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

// The bases of tests' stacks. They lie below the ports that the machine gives to connections that go out (on Linux from
// 32768 on): one of these might have one of ours just then.
const (
	lowestBase  = 15000
	highestBase = 32000
)

// freeBase finds five free ports in a row.
func freeBase() (int, error) {
	for range 200 {
		base := lowestBase + rand.N(highestBase-lowestBase)
		free := true
		for i := range 5 {
			x, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", base+i))
			if err != nil {
				free = false
				break
			}
			x.Close()
		}
		if free {
			return base, nil
		}
	}
	return 0, fmt.Errorf("no five free ports in a row between %d and %d", lowestBase, highestBase)
}

// Do sends JSON (raw bytes as they are) and reads the answer into out, unless it is nil: into a *[]byte as it is, else as JSON. It
// returns the status.
func (s *Stack) Do(t testing.TB, method, url string, header map[string]string, body, out any) int {
	t.Helper()
	raw, ok := body.([]byte)
	if !ok && body != nil {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			t.Fatal(err)
		}
	}
	req, err := http.NewRequest(method, url, bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := s.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	switch out := out.(type) {
	case nil:
	case *[]byte:
		*out = answer
	default:
		if err := json.Unmarshal(answer, out); err != nil {
			t.Fatalf("%s %s answered %s: %s", method, url, resp.Status, answer)
		}
	}
	return resp.StatusCode
}

func (s *Stack) must(t testing.TB, method, url string, body, out any) {
	t.Helper()
	if status := s.Do(t, method, url, nil, body, out); status/100 != 2 {
		t.Fatalf("%s %s answered %d", method, url, status)
	}
}

// Local is a control's address at the AWS port; Sim one at the partners'.
func (s *Stack) Local(path string) string {
	return fmt.Sprintf("http://127.0.0.1:%d/_local/%s", s.Ports.AWS, path)
}

// Sim is a control's address at the partners' port.
func (s *Stack) Sim(path string) string {
	return fmt.Sprintf("http://127.0.0.1:%d/_sim/%s", s.Ports.Partners, path)
}

// Inbox is a control's address at the inbox's port.
func (s *Stack) Inbox(path string) string {
	return fmt.Sprintf("http://127.0.0.1:%d/_sim/%s", s.Ports.Inbox, path)
}

// Idle waits until nothing is left to do.
func (s *Stack) Idle(t testing.TB) {
	t.Helper()
	var out struct{ Left []string }
	if status := s.Do(t, http.MethodGet, s.Local("idle?timeout=90s"), nil, nil, &out); status != http.StatusOK {
		t.Fatalf("the stack does not come to rest: %v", out.Left)
	}
}

// Clock is the stack's time.
func (s *Stack) Clock(t testing.TB) time.Time {
	t.Helper()
	var out struct{ Now time.Time }
	s.must(t, http.MethodGet, s.Local("clock"), nil, &out)
	return out.Now
}

// SetClock puts the clock to an instant; Advance moves it on. Own stacks only.
func (s *Stack) SetClock(t testing.TB, now string, frozen bool) {
	t.Helper()
	s.must(t, http.MethodPost, s.Local("clock"), map[string]any{"now": now, "frozen": frozen}, nil)
}

// Advance moves the clock on.
func (s *Stack) Advance(t testing.TB, by string) {
	t.Helper()
	s.must(t, http.MethodPost, s.Local("clock"), map[string]any{"advance": by}, nil)
}

// Fault makes AWS calls go wrong (see endpoint.Fault). Own stacks only. NoFaults clears all.
func (s *Stack) Fault(t testing.TB, f map[string]any) {
	t.Helper()
	s.must(t, http.MethodPost, s.Local("faults"), f, nil)
}

// NoFaults clears the faults of AWS and of Cal.com.
func (s *Stack) NoFaults(t testing.TB) {
	t.Helper()
	s.must(t, http.MethodDelete, s.Local("faults"), nil, nil)
	s.must(t, http.MethodDelete, s.Sim("faults"), nil, nil)
}

// Fired counts the AWS faults that hit.
func (s *Stack) Fired(t testing.TB) int {
	t.Helper()
	var out []json.RawMessage
	s.must(t, http.MethodGet, s.Local("faults"), nil, &out)
	return len(out)
}

// Row is a line of the AWS endpoint's count.
type Row struct {
	Function, Company, Service, Operation string
	Calls                                 int
	ReadUnits                             float64 `json:"read_units"`
	WriteUnits                            float64 `json:"write_units"`
	Denied                                int
}

// Calls are the AWS calls since ForgetCalls.
func (s *Stack) Calls(t testing.TB) []Row {
	t.Helper()
	var out []Row
	s.must(t, http.MethodGet, s.Local("calls"), nil, &out)
	return out
}

// ForgetCalls starts counting anew.
func (s *Stack) ForgetCalls(t testing.TB) {
	t.Helper()
	s.must(t, http.MethodDelete, s.Local("calls"), nil, nil)
}

// Depth is how many messages a queue holds, visible or not.
func (s *Stack) Depth(t testing.TB, logicalID string) int {
	t.Helper()
	client := sqs.New(sqs.Options{Region: s.Env.Region, Credentials: s.Env.Credentials, HTTPClient: s.Env.HTTP, BaseEndpoint: s.Env.Endpoint("SQS")})
	url := s.Queue(logicalID)
	out, err := client.GetQueueAttributes(context.Background(), &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll}})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, name := range []string{"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"} {
		some, _ := strconv.Atoi(out.Attributes[name])
		n += some
	}
	return n
}
