package retell

import (
	"encoding/json"
	"maps"
	"net/http"
	"time"
)

// kind of thing that is made by API: both work alike.
type kind struct {
	prefix, id string   // of its ids, and the member that holds them
	needs      []string // members that making one needs
	missing    string   // what a look-up in vain is told
}

var (
	agents = kind{"agent_", "agent_id", []string{"response_engine", "voice_id"}, "Agent not found"}
	llms   = kind{"llm_", "llm_id", nil, "Retell LLM not found"}
)

// create answers 201 with what was sent and what Retell adds.
func (s *Server) create(k kind) func(*http.Request) (int, any) {
	return func(r *http.Request) (int, any) {
		var o object
		if json.NewDecoder(r.Body).Decode(&o) != nil || o == nil {
			return fail(http.StatusBadRequest, "Invalid JSON body")
		}
		for _, name := range k.needs {
			if o[name] == nil {
				return fail(http.StatusUnprocessableEntity, "body must have required property '"+name+"'")
			}
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if status, problem := s.checkEngine(o); problem != nil {
			return status, problem
		}
		id := newID(k.prefix)
		o[k.id], o["version"], o["is_published"] = raw(id), raw(0), raw(false)
		s.touch(o)
		s.made[id] = o
		return http.StatusCreated, o
	}
}

func (s *Server) get(k kind) func(*http.Request) (int, any) {
	return func(r *http.Request) (int, any) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if o := s.find(k, r); o != nil {
			return http.StatusOK, o
		}
		return fail(http.StatusNotFound, k.missing)
	}
}

// update merges the body's members into the thing. Nothing is ever published here, so the version stays.
func (s *Server) update(k kind) func(*http.Request) (int, any) {
	return func(r *http.Request) (int, any) {
		var change object
		if json.NewDecoder(r.Body).Decode(&change) != nil {
			return fail(http.StatusBadRequest, "Invalid JSON body")
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		o := s.find(k, r)
		if o == nil {
			return fail(http.StatusNotFound, k.missing)
		}
		if status, problem := s.checkEngine(change); problem != nil {
			return status, problem
		}
		for _, name := range []string{k.id, "version", "is_published", "last_modification_timestamp"} {
			delete(change, name)
		}
		o = maps.Clone(o) // the old one may be on its way to somebody
		maps.Copy(o, change)
		s.touch(o)
		s.made[r.PathValue("id")] = o
		return http.StatusOK, o
	}
}

// find looks a thing up by the path's id and the query's version; nil: there is none.
func (s *Server) find(k kind, r *http.Request) object {
	o := s.made[r.PathValue("id")]
	if o == nil || o[k.id] == nil {
		return nil
	}
	if v := r.URL.Query().Get("version"); v != "" && v != string(o["version"]) {
		return nil
	}
	return o
}

// checkEngine refuses an agent whose LLM does not exist: the mistake that one makes when writing a template.
func (s *Server) checkEngine(o object) (int, any) {
	var engine object
	if o["response_engine"] == nil {
		return 0, nil
	}
	if json.Unmarshal(o["response_engine"], &engine) != nil || engine.text("type") == "" {
		return fail(http.StatusUnprocessableEntity, "response_engine must have a type")
	}
	if engine.text("type") == "retell-llm" && s.made[engine.text("llm_id")][llms.id] == nil {
		return fail(http.StatusUnprocessableEntity, "response_engine.llm_id: Retell LLM not found")
	}
	return 0, nil
}

func (s *Server) touch(o object) {
	now := time.Now
	if s.Now != nil {
		now = s.Now
	}
	o["last_modification_timestamp"] = raw(now().UnixMilli())
}

// raw of a value that always encodes.
func raw(v any) json.RawMessage {
	b, _ := json.Marshal(v)
	return b
}
