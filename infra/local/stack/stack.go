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
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/askpro/gateway/infra/build"
	"github.com/askpro/gateway/infra/companyfile"
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
	"github.com/askpro/gateway/internal/company"
)

// Options of a stack.
type Options struct {
	Root  string // of the repository
	Ports operator.Ports
	Log   io.Writer // what a person reads
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
	operator *operator.Stack
	emulator *emulator.Emulator
	sources  *sources.Sources
	secrets  map[string]string // reference → value
	servers  []*http.Server
	stop     context.CancelFunc
	running  sync.WaitGroup
	ready    bool
	began    time.Time
}

// Start builds and starts everything and fills in the demonstration companies.
func Start(ctx context.Context, o Options) (*Stack, error) {
	s := &Stack{Options: o, Clock: stackclock.New(), operator: operator.Local(o.Ports), began: time.Now()}
	listeners, err := s.listen()
	if err != nil {
		return nil, err
	}
	background, stop := context.WithCancel(context.Background())
	s.stop = stop
	if err := s.start(ctx, background, listeners); err != nil {
		for _, l := range listeners {
			l.Close()
		}
		s.Stop()
		return nil, err
	}
	return s, nil
}

func (s *Stack) start(ctx, background context.Context, listeners []net.Listener) error {
	architecture := map[string]build.Architecture{"amd64": build.X8664, "arm64": build.ARM64}[runtime.GOARCH]
	var err error
	s.System, err = template.Read(filepath.Join(s.Root, "template.yaml"), template.Options{
		Stack: s.operator.Name, Endpoint: s.operator.Env.Base,
		Parameters: map[string]string{"Stage": "local", "Architecture": string(architecture), "CalcomBaseUrl": s.operator.Calcom},
	})
	if err != nil {
		return err
	}
	if s.secrets, err = s.readSecrets(); err != nil {
		return err
	}
	// The functions are built while the emulator starts.
	built := make(chan error, 1)
	var bootstraps map[string]string
	s.say("Building the functions and starting the emulator …")
	go func() {
		var err error
		bootstraps, err = build.Functions(ctx, s.Root, architecture)
		built <- err
	}()
	s.emulator, err = emulator.Start(ctx, emulator.Options{Venv: filepath.Join(s.Root, ".venv"), Port: s.Ports.Emulator, Log: filepath.Join(s.folder(), "emulator.log")})
	if err == nil {
		err = emulator.Create(ctx, s.emulator.URL, s.System, s.parameters())
	}
	if err := errors.Join(err, <-built); err != nil {
		return err
	}
	s.Inbox = inbox.New(s.Clock.Now)
	s.Retell = retell.New()
	s.Calcom = calcom.New(calcom.Options{Now: s.Clock.Now, Deliver: s.operator.API, Kill: func(function string) { s.Host.KillBusy(function) }})
	s.Endpoint = endpoint.New(endpoint.Options{
		System: s.System, Emulator: s.emulator.URL, Now: s.Clock.Now, Mailbox: s.Inbox,
		Kill: func(process string) { s.Host.Kill(process) }, Nudge: func() { s.sources.Nudge() },
	})
	s.Host, err = lambdahost.New(lambdahost.Options{
		Functions: s.System.Functions, Bootstraps: bootstraps, Logs: s.Logs(), Now: s.Clock.Now, Frozen: s.Clock.Frozen,
		Environment: s.environment, Report: s.report, MostPer: 60,
	})
	if err != nil {
		return err
	}
	s.sources = sources.New(sources.Options{
		System: s.System, Emulator: s.emulator.URL, Now: s.Clock.Now, Changed: s.Clock.Changed, Invoke: s.Host.Invoke,
		Release: s.Endpoint.Release, Report: s.report,
	})
	for i, h := range []http.Handler{frontdoor.New(frontdoor.Options{Functions: s.System.Functions, Invoke: s.Host.Invoke, Now: s.Clock.Now}), s.partners(), s.Inbox.Handler(), s.aws()} {
		server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
		s.servers = append(s.servers, server)
		go server.Serve(listeners[i]) //nolint:errcheck // it ends with Stop
	}
	s.say("Filling in the demonstration companies …")
	if err := s.seed(ctx); err != nil {
		return err
	}
	s.running.Go(func() { s.sources.Run(background) })
	s.running.Go(func() { s.sweep(background) })
	s.ready = true
	s.say("Ready after %.1f s.", time.Since(s.began).Seconds())
	return nil
}

// Stop ends everything that Start started.
func (s *Stack) Stop() {
	s.stop()
	for _, x := range s.servers {
		x.Close()
	}
	if s.Host != nil {
		s.Host.Close()
	}
	s.running.Wait()
	if s.emulator != nil {
		s.emulator.Stop()
	}
}

func (s *Stack) say(format string, a ...any) { fmt.Fprintf(s.Log, format+"\n", a...) }

// report is what went wrong in the background: a person sees it, tests find it in the log.
func (s *Stack) report(format string, a ...any) { s.say("! "+format, a...) }

func (s *Stack) folder() string {
	return filepath.Join(s.Root, ".build", "local", strconv.Itoa(s.Ports.FrontDoor))
}

// Logs is the folder of the functions' logs.
func (s *Stack) Logs() string { return filepath.Join(s.folder(), "logs") }

func (s *Stack) listen() ([]net.Listener, error) {
	var list []net.Listener
	for _, port := range []int{s.Ports.FrontDoor, s.Ports.Partners, s.Ports.Inbox, s.Ports.AWS, s.Ports.Emulator} {
		l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err != nil {
			for _, open := range list {
				open.Close()
			}
			return nil, fmt.Errorf("port %d is taken: stop what uses it, or move all ports together with PORT_BASE=13000 make run", port)
		}
		list = append(list, l)
	}
	list[4].Close() // the emulator's: only looked at
	return list[:4], nil
}

// environment of a function's process, beside what Lambda and the template set.
func (s *Stack) environment(f template.Function, process string) []string {
	c := s.Endpoint.Issue(f.Role, f.Name, process)
	env := []string{
		"AWS_ACCESS_KEY_ID=" + c.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + c.SecretAccessKey, "AWS_SESSION_TOKEN=" + c.SessionToken,
		"AWS_ENDPOINT_URL=" + s.operator.Env.Base, "ASKPRO_CLOCK=invocation",
	}
	if zone := os.Getenv("ASKPRO_FUNCTION_TZ"); zone != "" { // tests run the functions in another zone
		env = append(env, "TZ="+zone)
	}
	return env
}

func (s *Stack) partners() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/retell/", s.Retell.Handler())
	mux.Handle("/_sim/calls", s.Retell.Handler())
	mux.Handle("/", s.Calcom.Handler())
	return mux
}

// readSecrets reads the local stack's secret values.
func (s *Stack) readSecrets() (map[string]string, error) {
	raw, err := os.ReadFile(filepath.Join(s.Root, "testdata/companies/local-secrets.yaml"))
	if err != nil {
		return nil, err
	}
	var values map[string]string
	err = yaml.Unmarshal([]byte(strings.ReplaceAll(string(raw), "{stage}", "local")), &values)
	return values, err
}

// parameters are the secrets as names in SSM.
func (s *Stack) parameters() map[string]string {
	out := map[string]string{}
	for ref, value := range s.secrets {
		if name, ok := strings.CutPrefix(ref, "ssm:"); ok {
			out[name] = value
		}
	}
	return out
}

// seed loads the demonstration companies.
func (s *Stack) seed(ctx context.Context) error {
	files, err := filepath.Glob(filepath.Join(s.Root, "testdata/companies/*.yaml"))
	if err != nil {
		return err
	}
	for _, name := range files {
		if filepath.Base(name) == "local-secrets.yaml" {
			continue
		}
		f, err := companyfile.Read(name, "local")
		if err != nil {
			return err
		}
		if _, err := s.load(ctx, f); err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(name), err)
		}
	}
	return nil
}

// load enters a company into the table and at Cal.com.
func (s *Stack) load(ctx context.Context, f companyfile.File) (*company.Config, error) {
	if err := s.Calcom.AddCompany(f, s.secrets); err != nil {
		return nil, err
	}
	return companyfile.Install(ctx, f, s.operator.Directory(), s.operator.Store(), s.Clock.Now())
}

// sweep applies time to live on the stack's clock.
func (s *Stack) sweep(ctx context.Context) {
	tick := time.NewTicker(30 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := emulator.Sweep(ctx, s.emulator.URL, s.System.Table, s.Clock.Now()); err != nil && ctx.Err() == nil {
			s.report("time to live: %v", err)
		}
	}
}
