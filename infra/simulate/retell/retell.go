// Package retell simulates Retell's REST API as far as our side asks it: calls can be looked up that the call player has
// played, agents and their LLMs can be made and read. Its one rule: paths, bodies and errors are the real SDK's (a test
// lets it speak for itself). It knows no product and no company: any key of Retell's form sees everything.
package retell

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Server keeps the calls that were played and the agents that were made. It is safe for concurrent use.
type Server struct {
	Now   func() time.Time // when agents are changed; nil: the system's clock
	mu    sync.Mutex
	calls []call // as they were told of first
	made  map[string]object
}

// object is a JSON document. Its members stay as they came, so that no number loses digits.
type object map[string]json.RawMessage

type call struct {
	id     string
	object object
}

// New makes a server without calls and agents.
func New() *Server { return &Server{made: map[string]object{}} }

// Reset forgets all calls and agents.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls, s.made = nil, map[string]object{}
}

// Handler serves the API and the recordings below /retell and the control POST /_sim/calls, which takes a call object and replaces what it
// was told of that call before.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, do := range map[string]func(*http.Request) (int, any){
		"GET /retell/v2/get-call/{id}":         s.getCall,
		"POST /retell/v3/list-calls":           s.listCalls,
		"POST /retell/create-agent":            s.create(agents),
		"GET /retell/get-agent/{id}":           s.get(agents),
		"PATCH /retell/update-agent/{id}":      s.update(agents),
		"POST /retell/create-retell-llm":       s.create(llms),
		"GET /retell/get-retell-llm/{id}":      s.get(llms),
		"PATCH /retell/update-retell-llm/{id}": s.update(llms),
		"/retell/": func(r *http.Request) (int, any) {
			return fail(http.StatusNotFound, "Cannot "+r.Method+" "+strings.TrimPrefix(r.URL.Path, "/retell"))
		},
	} {
		mux.HandleFunc(pattern, authorized(do))
	}
	mux.HandleFunc("GET /retell/recordings/{file}", s.recording)
	mux.HandleFunc("POST /_sim/calls", func(w http.ResponseWriter, r *http.Request) {
		if err := s.tell(r.Body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}

// tell takes a call object.
func (s *Server) tell(body io.Reader) error {
	var c call
	if err := json.NewDecoder(body).Decode(&c.object); err != nil {
		return fmt.Errorf("a call object is wanted: %w", err)
	}
	if c.id = c.object.text("call_id"); c.id == "" {
		return fmt.Errorf("a call object with its call_id is wanted")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.calls {
		if s.calls[i].id == c.id {
			s.calls[i] = c
			return nil
		}
	}
	s.calls = append(s.calls, c)
	return nil
}

func (s *Server) getCall(r *http.Request) (int, any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.calls {
		if c.id == r.PathValue("id") {
			return http.StatusOK, c.object
		}
	}
	return fail(http.StatusNotFound, "Call not found")
}

// text is a member that is a string; empty if it is anything else.
func (o object) text(name string) (s string) {
	_ = json.Unmarshal(o[name], &s)
	return s
}

// number is a member that is a number; 0 if it is anything else.
func (o object) number(name string) (n float64) {
	_ = json.Unmarshal(o[name], &n)
	return n
}

// authorized wants a bearer key of Retell's form and writes the answer.
func authorized(do func(*http.Request) (int, any)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		status, body := fail(http.StatusUnauthorized, "Invalid API key")
		if strings.HasPrefix(r.Header.Get("Authorization"), "Bearer key_") {
			status, body = do(r)
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(body) // a client that has gone needs no answer
	}
}

func fail(status int, message string) (int, any) {
	return status, map[string]string{"status": "error", "message": message}
}

func newID(prefix string) string {
	b := make([]byte, 13)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return prefix + hex.EncodeToString(b)
}
