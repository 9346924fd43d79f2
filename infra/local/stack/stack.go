// Package stack puts the local stack together: everything of template.yaml on 127.0.0.1, in one process beside the emulator
// and the functions' own. Its one rule: what runs here is what would be deployed, and what is simulated answers over real
// sockets. It knows no dialogue and no test.
package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/askpro/gateway/infra/build"
	"github.com/askpro/gateway/infra/local/emulator"
	"github.com/askpro/gateway/infra/local/endpoint"
	"github.com/askpro/gateway/infra/local/frontdoor"
	"github.com/askpro/gateway/infra/local/lambdahost"
	"github.com/askpro/gateway/infra/local/sources"
	"github.com/askpro/gateway/infra/local/stackclock"
	"github.com/askpro/gateway/infra/local/template"
	"github.com/askpro/gateway/infra/operator"
	"github.com/askpro/gateway/infra/simulate/calcom"
	"github.com/askpro/gateway/infra/simulate/inbox"
	"github.com/askpro/gateway/infra/simulate/retell"
	"github.com/askpro/gateway/internal/target"
)

// mostPer is how many processes of one function run at once; who comes later waits in line.
const mostPer = 60

// Options of a stack.
type Options struct {
	Root  string // of the repository
	Ports operator.Ports
	Log   io.Writer // what a person reads
	Bare  bool      // without the demonstration companies
	// What stacks that follow one another have in common, because it takes longer to begin than they run; without it, a
	// stack builds the functions and starts an emulator of its own.
	Functions map[string]string  // built ones, by name
	Emulator  *emulator.Emulator // is emptied first
}

// Stack is running.
type Stack struct {
	Options
	System   *template.System
	Clock    *stackclock.Clock
	Endpoint *endpoint.Endpoint
	Host     *lambdahost.Host
	Calcom   *calcom.Server
	Inbox    *inbox.Inbox
	Retell   *retell.Server
	SMTP     string // address of the inbox's SMTP server, on any free port
	trust    string // file with its certificate
	operator *operator.Stack
	emulator *emulator.Emulator
	sources  *sources.Sources
	secrets  map[string]string // reference → value
	servers  []*server
	smtp     *smtp.Server
	stop     context.CancelFunc
	running  sync.WaitGroup
	answers  sync.WaitGroup // being given
	missing  atomic.Value   // string: what start-up is doing; "" once everything serves
	log      sync.Mutex
	data     sync.Mutex // held by who empties or sweeps the table
}

// Start builds and starts everything and fills in the demonstration companies, unless they are not wanted.
func Start(ctx context.Context, o Options) (*Stack, error) {
	s := &Stack{Options: o, Clock: stackclock.New(), operator: operator.Local(o.Ports)}
	s.missing.Store("the functions and the emulator")
	listeners, err := listen(o.Ports, o.Emulator == nil)
	if err != nil {
		return nil, err
	}
	for _, l := range listeners {
		s.servers = append(s.servers, s.serve(l))
	}
	background, stop := context.WithCancel(context.Background())
	s.stop = stop
	if err := s.start(ctx, background); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

func (s *Stack) start(ctx, background context.Context) error {
	began := time.Now()
	var err error
	s.System, err = template.Read(filepath.Join(s.Root, "template.yaml"), template.Options{
		Stack: s.operator.Name, Endpoint: s.operator.Env.Base,
		Parameters: map[string]string{"Stage": "local", "Architecture": string(architecture()), "CalcomBaseUrl": s.operator.Calcom, "RetellBaseUrl": s.operator.Retell, "RecordingHosts": partnersHost(s.operator)},
	})
	if err != nil {
		return err
	}
	for _, f := range s.System.Functions { // the HTTP API is the front door here
		if _, links := f.Env["PUBLIC_URL"]; links {
			f.Env["PUBLIC_URL"] = s.operator.API
		}
	}
	if s.secrets, err = s.readSecrets(); err != nil {
		return err
	}
	s.say("Starting the local stack …")
	// The functions are built while the emulator starts.
	built := make(chan error, 1)
	go func() {
		built <- s.step("functions built for "+string(architecture()), func() (err error) {
			if s.Functions == nil {
				s.Functions, err = Build(ctx, s.Root)
			}
			return err
		})
	}()
	err = s.step("emulator, with table, queues, bus, bucket and secrets", func() error { return s.emulate(ctx) })
	if err := errors.Join(err, <-built); err != nil {
		return err
	}
	if err := s.connect(); err != nil {
		return err
	}
	if !s.Bare {
		s.missing.Store("the demonstration companies")
		if err := s.step("demonstration companies", func() error { return s.seed(ctx) }); err != nil {
			return err
		}
	}
	s.running.Go(func() { s.sources.Run(background) })
	s.running.Go(func() { s.sweep(background) })
	s.missing.Store("")
	s.say("Ready after %.1f s.", time.Since(began).Seconds())
	return nil
}

// architecture is this machine's.
func architecture() build.Architecture {
	return map[string]build.Architecture{"amd64": build.X8664, "arm64": build.ARM64}[runtime.GOARCH]
}

// Build builds the functions for stacks on this machine.
func Build(ctx context.Context, root string) (map[string]string, error) {
	return build.Functions(ctx, root, architecture())
}

// emulate has an emulator with the template's resources and nothing else in it.
func (s *Stack) emulate(ctx context.Context) error {
	if s.emulator = s.Options.Emulator; s.emulator != nil {
		return emulator.Reset(ctx, s.emulator.URL, s.System, s.parameters())
	}
	var err error
	s.emulator, err = emulator.Start(ctx, emulator.Options{Venv: filepath.Join(s.Root, ".venv"), Port: s.Ports.Emulator, Log: filepath.Join(s.folder(), "emulator.log")})
	if err != nil {
		return err
	}
	return emulator.Create(ctx, s.emulator.URL, s.System, s.parameters())
}

// connect makes all parts and lets them serve.
func (s *Stack) connect() error {
	s.Inbox = inbox.New(s.Clock.Now)
	s.Retell = retell.New()
	s.Retell.Now = s.Clock.Now
	s.Calcom = calcom.New(calcom.Options{Now: s.Clock.Now, Deliver: s.operator.API, Kill: func(function string) { s.Host.KillBusy(function) }})
	var err error
	if s.Endpoint, err = endpoint.New(endpoint.Options{
		System: s.System, Emulator: s.emulator.URL, Now: s.Clock.Now, Mailbox: s.Inbox,
		Kill: func(process string) { s.Host.Kill(process) }, Nudge: func(service, queue string) { s.sources.Nudge(service, queue) },
	}); err != nil {
		return err
	}
	s.Host, err = lambdahost.New(lambdahost.Options{
		Functions: s.System.Functions, Bootstraps: s.Functions, Logs: s.Logs(), Now: s.Clock.Now, Frozen: s.Clock.Frozen,
		Environment: s.environment, Report: s.report, MostPer: mostPer,
	})
	if err != nil {
		return err
	}
	s.sources, err = sources.New(sources.Options{
		System: s.System, Emulator: s.emulator.URL, Now: s.Clock.Now, Changed: s.Clock.Changed, Invoke: s.Host.Invoke,
		Release: s.Endpoint.Release, Report: s.report,
	})
	if err != nil {
		return err
	}
	if err := s.serveMail(); err != nil {
		return err
	}
	door := frontdoor.New(frontdoor.Options{Functions: s.System.Functions, Invoke: s.Host.Invoke, Now: s.Clock.Now})
	for i, h := range []http.Handler{door, s.partners(), s.Inbox.Handler(), s.aws()} {
		s.servers[i].handler.Store(&h)
	}
	return nil
}

// serveMail lets the inbox speak SMTP with a certificate of its own, which the functions of this stack trust.
func (s *Stack) serveMail() error {
	certificate, trust, err := inbox.Certificate()
	if err != nil {
		return err
	}
	// The functions run in folders of their own.
	if s.trust, err = filepath.Abs(filepath.Join(s.folder(), "trust.pem")); err != nil {
		return err
	}
	if err := os.WriteFile(s.trust, trust, 0o600); err != nil {
		return err
	}
	mail, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.SMTP, s.smtp = mail.Addr().String(), s.Inbox.SMTP(&certificate)
	go s.smtp.Serve(mail) //nolint:errcheck // it ends with Stop
	return nil
}

// Stop ends everything that Start started.
func (s *Stack) Stop() {
	s.stop()
	for _, x := range s.servers {
		x.Close()
	}
	if s.smtp != nil {
		s.smtp.Close()
	}
	if s.Host != nil {
		s.Host.Close() // what the sources wait for ends with it
	}
	s.running.Wait()
	s.answers.Wait() // nothing reaches the emulator any more
	if s.emulator != nil && s.Options.Emulator == nil {
		s.emulator.Stop()
	}
}

// step does one thing of the start and says how long it took.
func (s *Stack) step(what string, do func() error) error {
	began := time.Now()
	if err := do(); err != nil {
		return err
	}
	s.say("%6.1f s  %s", time.Since(began).Seconds(), what)
	return nil
}

func (s *Stack) say(format string, a ...any) {
	s.log.Lock()
	defer s.log.Unlock()
	fmt.Fprintf(s.Log, format+"\n", a...)
}

// report is what went wrong in the background: a person sees it, tests find it in the log.
func (s *Stack) report(format string, a ...any) { s.say("! "+format, a...) }

func (s *Stack) folder() string {
	return filepath.Join(s.Root, ".build", "local", strconv.Itoa(s.Ports.FrontDoor))
}

// Logs is the folder of the functions' logs.
func (s *Stack) Logs() string { return filepath.Join(s.folder(), "logs") }

// environment of a function's process, beside what Lambda and the template set.
func (s *Stack) environment(f template.Function, process string) []string {
	c := s.Endpoint.Issue(f.Role, f.Name, process)
	env := []string{
		"AWS_ACCESS_KEY_ID=" + c.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + c.SecretAccessKey, "AWS_SESSION_TOKEN=" + c.SessionToken,
		"AWS_ENDPOINT_URL=" + s.operator.Env.Base, "ASKPRO_CLOCK=invocation",
		// The inbox is a mail server on this machine, with a certificate nobody else would take.
		"ASKPRO_LOCAL_MAIL=true", "SSL_CERT_FILE=" + s.trust,
		// It is the companies' tools, too. They and the telephone's recordings are the only ones that are reached without TLS.
		target.ReceiversVariable + "=" + strings.TrimPrefix(s.operator.Inbox, "http://") + "," + partnersHost(s.operator),
	}
	if zone := os.Getenv("ASKPRO_FUNCTION_TZ"); zone != "" { // tests run the functions in another zone
		env = append(env, "TZ="+zone)
	}
	return env
}

// partnersHost is where the simulated telephone keeps its recordings.
func partnersHost(s *operator.Stack) string {
	u, err := url.Parse(s.Retell)
	if err != nil {
		return ""
	}
	return u.Host
}

// sweep applies time to live on the stack's clock: now and then, and sooner when the clock is set, as late as DynamoDB does.
// It reads the whole table: however often the clock is set, it takes the emulator a fiftieth of its time at most.
func (s *Stack) sweep(ctx context.Context) {
	for ctx.Err() == nil {
		changed, began := s.Clock.Changed(), time.Now()
		s.data.Lock()
		err := emulator.Sweep(ctx, s.emulator.URL, s.System.Table, s.Clock.Now())
		s.data.Unlock()
		if err != nil && ctx.Err() == nil {
			s.report("time to live: %v", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Since(began)):
		}
		select {
		case <-ctx.Done():
		case <-changed:
		case <-time.After(30 * time.Second):
		}
	}
}
