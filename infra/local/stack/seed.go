package stack

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/askpro/gateway/infra/companyfile"
	"github.com/askpro/gateway/infra/local/emulator"
	"github.com/askpro/gateway/infra/simulate/inbox"
)

const secretsFile = "local-secrets.yaml"

// readSecrets reads the local stack's secret values.
func (s *Stack) readSecrets() (map[string]string, error) {
	raw, err := os.ReadFile(filepath.Join(s.Root, "testdata/companies", secretsFile))
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

// receivers are the secrets of companies' webhooks, as their tools know them: webhook/<company>/… is for what is sent to
// the inbox at /webhooks/<company> and /events/<company>.
func receivers(secrets map[string]string) (known []inbox.Secret) {
	for ref, value := range secrets {
		rest, ours := strings.CutPrefix(ref, "ssm:/askpro/local/webhook/")
		company, _, _ := strings.Cut(rest, "/")
		if !ours || !strings.HasPrefix(value, "whsec_") { // of another kind, or a password
			continue
		}
		for _, at := range []string{"/webhooks/", "/events/"} {
			known = append(known, inbox.Secret{Path: at + company, Secret: value})
		}
	}
	return known
}

// seed loads the demonstration companies into the table, at Cal.com and, what their tools know, into the inbox.
func (s *Stack) seed(ctx context.Context) error {
	if err := s.Inbox.Know(receivers(s.secrets)...); err != nil {
		return fmt.Errorf("%s: %w", secretsFile, err)
	}
	files, err := filepath.Glob(filepath.Join(s.Root, "testdata/companies/*.yaml"))
	if err != nil {
		return err
	}
	for _, name := range files {
		if filepath.Base(name) == secretsFile {
			continue
		}
		f, err := companyfile.Read(name, "local", s.inbox())
		if err == nil {
			err = s.Calcom.AddCompany(f, s.secrets)
		}
		if err == nil {
			_, err = companyfile.Install(ctx, f, s.operator.Directory(), s.operator.Store(), s.operator.By(), s.Clock.Now())
		}
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(name), err)
		}
	}
	return nil
}

// inbox lets company files send to the stack's own receivers.
func (s *Stack) inbox() companyfile.Option {
	return companyfile.Inbox(s.operator.Inbox)
}

// Reset brings the stack back to its seeded state: data, clock, faults, simulators and inbox; warm processes start anew.
// What still runs after a while is ended.
func (s *Stack) Reset(ctx context.Context) error {
	s.data.Lock()
	defer s.data.Unlock()
	if err := s.forgetFaults(ctx); err != nil {
		return err
	}
	s.Calcom.Reset()
	s.Idle(ctx, 5*time.Second)
	defer s.sources.Pause()()
	for _, f := range s.System.Functions {
		s.Host.KillBusy(f.Name)
	}
	s.Host.Restart()
	s.Clock.Reset()
	s.Calcom.Reset() // what was booked meanwhile
	s.Retell.Reset()
	s.Inbox.Clear()
	s.Endpoint.Forget()
	if err := emulator.Reset(ctx, s.emulator.URL, s.System, s.parameters()); err != nil {
		return err
	}
	s.sources.Forget()
	if s.Bare {
		return nil
	}
	return s.seed(ctx)
}

// forgetFaults clears the faults of AWS through their own control.
func (s *Stack) forgetFaults(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodDelete, s.operator.Env.Base+"/_local/faults", nil)
	if err != nil {
		return err
	}
	resp, err := s.operator.Env.HTTP.Do(r)
	if err != nil {
		return err
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		return fmt.Errorf("clear the faults: %s", resp.Status)
	}
	return nil
}
