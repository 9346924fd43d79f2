// Package retell simulates Retell's REST API as far as our side asks it: calls can be looked up that the call player has
// played. Its one rule: paths, bodies and errors are the real SDK's. It knows no product.
package retell

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
)

// Server keeps the calls that were played.
type Server struct {
	mu    sync.Mutex
	calls map[string]json.RawMessage
	order []string
}

// New makes a server without calls.
func New() *Server { return &Server{calls: map[string]json.RawMessage{}} }

// Reset forgets all calls.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls, s.order = map[string]json.RawMessage{}, nil
}

// Handler serves the API below /retell and the control /_sim/calls, which takes call objects.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /retell/v2/get-call/{id}", s.authorized(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		c, ok := s.calls[r.PathValue("id")]
		s.mu.Unlock()
		if !ok {
			fail(w, http.StatusNotFound, "Cannot find requested asset under given api key.")
			return
		}
		answer(w, http.StatusOK, c)
	}))
	mux.HandleFunc("POST /retell/v3/list-calls", s.authorized(func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		items := []json.RawMessage{}
		for _, id := range s.order {
			items = append(items, s.calls[id])
		}
		s.mu.Unlock()
		answer(w, http.StatusOK, map[string]any{"items": items, "has_more": false})
	}))
	mux.HandleFunc("POST /_sim/calls", func(w http.ResponseWriter, r *http.Request) {
		var c json.RawMessage
		var id struct {
			CallID string `json:"call_id"`
		}
		if json.NewDecoder(r.Body).Decode(&c) != nil || json.Unmarshal(c, &id) != nil || id.CallID == "" {
			http.Error(w, "a call object with call_id is wanted", http.StatusBadRequest)
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if _, known := s.calls[id.CallID]; !known {
			s.order = append(s.order, id.CallID)
		}
		s.calls[id.CallID] = c
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}

func (s *Server) authorized(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer key_") {
			fail(w, http.StatusUnauthorized, "Invalid API key.")
			return
		}
		h(w, r)
	}
}

func fail(w http.ResponseWriter, status int, message string) {
	answer(w, status, map[string]string{"status": "error", "message": message})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a client that has gone needs no answer
}
