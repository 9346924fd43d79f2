package stack

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/askpro/gateway/infra/companyfile"
	"github.com/askpro/gateway/infra/local/emulator"
)

// aws is the AWS endpoint's port: AWS's APIs and the stack's controls.
func (s *Stack) aws() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/_local/calls", s.Endpoint.Controls())
	mux.Handle("/_local/faults", s.Endpoint.Controls())
	mux.HandleFunc("GET /_local/ready", func(w http.ResponseWriter, _ *http.Request) {
		if !s.ready {
			http.Error(w, "the demonstration companies are being filled in", http.StatusServiceUnavailable)
			return
		}
		answer(w, map[string]any{"ready": true})
	})
	mux.HandleFunc("GET /_local/idle", s.idle)
	mux.HandleFunc("DELETE /_local/data", func(w http.ResponseWriter, r *http.Request) { finish(w, s.Reset(r.Context())) })
	mux.HandleFunc("GET /_local/clock", func(w http.ResponseWriter, _ *http.Request) { s.tellTime(w) })
	mux.HandleFunc("POST /_local/clock", s.setTime)
	mux.HandleFunc("DELETE /_local/clock", func(w http.ResponseWriter, _ *http.Request) { s.Clock.Reset(); s.tellTime(w) })
	mux.HandleFunc("DELETE /_local/sessions", func(w http.ResponseWriter, r *http.Request) {
		finish(w, s.forgetCalls(r.Context(), r.URL.Query().Get("company")))
	})
	mux.HandleFunc("POST /_local/company", s.addCompany)
	mux.HandleFunc("POST /_local/invoke/{function}", func(w http.ResponseWriter, r *http.Request) {
		payload, err := io.ReadAll(r.Body)
		if err == nil {
			payload, err = s.Host.Invoke(r.Context(), r.PathValue("function"), payload)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		_, _ = w.Write(payload)
	})
	mux.HandleFunc("GET /_local/logs", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, filepath.Join(s.Logs(), filepath.Base(r.URL.Query().Get("function"))+".log"))
	})
	mux.HandleFunc("POST /_local/session", func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Role, Company, Function string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if in.Function != "" {
			f, ok := s.System.FunctionNamed(in.Function)
			if !ok {
				http.Error(w, "no such function", http.StatusNotFound)
				return
			}
			answer(w, s.Endpoint.Issue(f.Role, f.Name, "test"))
			return
		}
		for _, role := range s.System.Roles {
			if role.LogicalID == in.Role {
				answer(w, s.Endpoint.Session(role, in.Company))
				return
			}
		}
		http.Error(w, "no such role", http.StatusNotFound)
	})
	mux.Handle("/", s.Endpoint)
	return mux
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // a caller that has gone needs no answer
}

func finish(w http.ResponseWriter, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// idle waits until nothing is left to do, as far as the stack's clock goes.
func (s *Stack) idle(w http.ResponseWriter, r *http.Request) {
	timeout, err := time.ParseDuration(r.URL.Query().Get("timeout"))
	if err != nil {
		timeout = 10 * time.Second
	}
	left := s.Idle(r.Context(), timeout)
	if len(left) > 0 {
		w.WriteHeader(http.StatusRequestTimeout)
	}
	answer(w, map[string]any{"left": left})
}

// Idle waits until nothing runs and nothing is due, twice in a row; it returns what was left when the time was over.
func (s *Stack) Idle(ctx context.Context, timeout time.Duration) []string {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	tick := time.NewTicker(15 * time.Millisecond)
	defer tick.Stop()
	quiet := 0
	for {
		left := s.left(ctx)
		if quiet++; len(left) > 0 {
			quiet = 0
		}
		if quiet == 2 {
			return []string{}
		}
		select {
		case <-ctx.Done():
			if len(left) == 0 {
				left = []string{"nothing any more, but only just"}
			}
			return left
		case <-tick.C:
		}
	}
}

func (s *Stack) left(ctx context.Context) []string {
	var left []string
	if n := s.Host.Running(); n > 0 {
		left = append(left, fmt.Sprintf("%d invocations", n))
	}
	if text := s.Calcom.Left(); text != "" {
		left = append(left, text)
	}
	return append(left, s.sources.Left(ctx)...)
}

func (s *Stack) tellTime(w http.ResponseWriter) {
	answer(w, map[string]any{"now": s.Clock.Now(), "frozen": s.Clock.Frozen()})
}

func (s *Stack) setTime(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Now     *time.Time `json:"now"`
		Frozen  *bool      `json:"frozen"`
		Advance string     `json:"advance"`
	}
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		http.Error(w, "the clock takes now, frozen and advance: "+err.Error(), http.StatusBadRequest)
		return
	}
	if in.Now != nil || in.Frozen != nil {
		now, frozen := s.Clock.Now(), in.Frozen != nil && *in.Frozen
		if in.Now != nil {
			now = *in.Now
		}
		s.Clock.Set(now, frozen)
	}
	if in.Advance != "" {
		by, err := time.ParseDuration(in.Advance)
		if err != nil || by < 0 {
			http.Error(w, "advance is a duration such as 3m", http.StatusBadRequest)
			return
		}
		s.Clock.Advance(by)
	}
	s.tellTime(w)
}

// Reset brings the stack back to its seeded state; warm processes are started anew.
func (s *Stack) Reset(ctx context.Context) error {
	s.Idle(ctx, 5*time.Second)
	defer s.sources.Pause()()
	s.Clock.Reset()
	s.Calcom.Reset()
	s.Retell.Reset()
	s.Inbox.Clear()
	s.Endpoint.Forget()
	s.sources.Forget()
	if err := emulator.Reset(ctx, s.emulator.URL, s.System, s.parameters()); err != nil {
		return err
	}
	s.sources.Forget()
	s.Host.Restart()
	return s.seed(ctx)
}

// addCompany enters a company of a test's own: its file and the values of its secrets.
func (s *Stack) addCompany(w http.ResponseWriter, r *http.Request) {
	var in struct {
		File    string            `json:"file"`
		Secrets map[string]string `json:"secrets"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	f, err := companyfile.Parse([]byte(in.File), "local")
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for ref, value := range in.Secrets {
		name, _ := strings.CutPrefix(ref, "ssm:")
		if err := emulator.Call(r.Context(), s.emulator.URL, "ssm", "AmazonSSM.PutParameter", map[string]any{"Name": name, "Value": value, "Type": "SecureString", "Overwrite": true}, nil); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	if err := s.Calcom.AddCompany(f, in.Secrets); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c, err := companyfile.Install(r.Context(), f, s.operator.Directory(), s.operator.Store(), s.Clock.Now())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answer(w, map[string]string{"company_id": c.Company.ID})
}
