package stack

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/askpro/gateway/infra/companyfile"
	"github.com/askpro/gateway/infra/local/emulator"
	"github.com/askpro/gateway/infra/local/lambdahost"
	"github.com/askpro/gateway/internal/company"
)

// aws is the AWS endpoint's port: AWS's APIs and the stack's controls.
func (s *Stack) aws() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/_local/calls", s.Endpoint.Controls())
	mux.Handle("/_local/faults", s.Endpoint.Controls())
	mux.HandleFunc("GET /_local/ready", func(w http.ResponseWriter, _ *http.Request) {
		if !s.unready(w) {
			answer(w, http.StatusOK, map[string]any{"ready": true, "smtp": s.SMTP})
		}
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
	mux.HandleFunc("POST /_local/invoke/{function}", s.invoke)
	mux.HandleFunc("GET /_local/logs", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, filepath.Join(s.Logs(), filepath.Base(r.URL.Query().Get("function"))+".log"))
	})
	mux.HandleFunc("POST /_local/session", s.session)
	mux.Handle("/", s.Endpoint)
	return mux
}

// invoke runs a function with a raw event; 502 with the error document when it fails.
func (s *Stack) invoke(w http.ResponseWriter, r *http.Request) {
	payload, err := io.ReadAll(r.Body)
	if err != nil {
		return // the caller has gone
	}
	payload, err = s.Host.Invoke(r.Context(), r.PathValue("function"), payload)
	var failed *lambdahost.FunctionError
	switch {
	case errors.As(err, &failed):
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
		answer(w, http.StatusBadGateway, failed)
	case err != nil:
		http.Error(w, err.Error(), http.StatusNotFound)
	default:
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(payload)
	}
}

// session gives credentials as a function has them, or a tenant role's session of a company.
func (s *Stack) session(w http.ResponseWriter, r *http.Request) {
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
		answer(w, http.StatusOK, s.Endpoint.Issue(f.Role, f.Name, "test"))
		return
	}
	for _, role := range s.System.Roles {
		if role.LogicalID == in.Role {
			answer(w, http.StatusOK, s.Endpoint.Session(role, in.Company))
			return
		}
	}
	http.Error(w, "no such role", http.StatusNotFound)
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a caller that has gone needs no answer
}

func finish(w http.ResponseWriter, err error) {
	if errors.Is(err, company.ErrUnknown) {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
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
	status := http.StatusOK
	if len(left) > 0 {
		status = http.StatusRequestTimeout
	}
	answer(w, status, map[string]any{"left": left})
}

// Idle waits until nothing runs and nothing is due; it returns what was left when the time was over.
func (s *Stack) Idle(ctx context.Context, timeout time.Duration) []string {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		left := s.left(ctx)
		if len(left) == 0 {
			return []string{}
		}
		select {
		case <-ctx.Done():
			return left
		case <-tick.C:
		}
	}
}

// left looks at one source after the other. Only an invocation moves something from one to another, so when none ran before
// and none began meanwhile, nothing slipped past. While something runs, no source is asked: it would cost the emulator the
// time that what runs needs.
func (s *Stack) left(ctx context.Context) (left []string) {
	begun := s.Host.Begun()
	if n := s.Host.Running(); n > 0 {
		left = append(left, fmt.Sprintf("%d invocations", n))
	}
	if text := s.Calcom.Left(); text != "" {
		left = append(left, text)
	}
	if len(left) > 0 {
		return left
	}
	left = s.sources.Left(ctx)
	if len(left) == 0 && s.Host.Begun() != begun {
		left = append(left, "what an invocation just did")
	}
	return left
}

func (s *Stack) tellTime(w http.ResponseWriter) {
	answer(w, http.StatusOK, map[string]any{"now": s.Clock.Now(), "frozen": s.Clock.Frozen()})
}

// setTime moves the clock once what is under way has ended, if it does so soon: an invocation that began before and puts
// something off after would count from two times.
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
	by, err := time.ParseDuration(cmp.Or(in.Advance, "0s"))
	if err != nil || by < 0 {
		http.Error(w, "advance is a duration such as 3m", http.StatusBadRequest)
		return
	}
	s.Idle(r.Context(), 20*time.Second)
	if in.Now != nil || in.Frozen != nil {
		now, frozen := s.Clock.Now(), in.Frozen != nil && *in.Frozen
		if in.Now != nil {
			now = *in.Now
		}
		s.Clock.Set(now, frozen)
	}
	if by > 0 {
		s.Clock.Advance(by)
	}
	s.tellTime(w)
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
	f, err := companyfile.Parse([]byte(in.File), "local", s.inbox())
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
	if err := errors.Join(s.Inbox.Know(receivers(in.Secrets)...), s.Calcom.AddCompany(f, in.Secrets)); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c, err := companyfile.Install(r.Context(), f, s.operator.Directory(), s.operator.Store(), s.operator.By(), s.Clock.Now())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answer(w, http.StatusOK, map[string]string{"company_id": c.Company.ID})
}
