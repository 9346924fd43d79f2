package endpoint

import (
	"encoding/json"
	"net/http"
)

// Controls serves /_local/calls and /_local/faults.
func (e *Endpoint) Controls() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /_local/calls", func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, e.counts.list()) })
	mux.HandleFunc("DELETE /_local/calls", func(w http.ResponseWriter, _ *http.Request) { e.counts.clear(); w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /_local/faults", func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, e.faults.list()) })
	mux.HandleFunc("DELETE /_local/faults", func(w http.ResponseWriter, _ *http.Request) { e.faults.clear(); w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("POST /_local/faults", func(w http.ResponseWriter, r *http.Request) {
		var f Fault
		d := json.NewDecoder(r.Body)
		d.DisallowUnknownFields()
		if err := d.Decode(&f); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if err := e.faults.add(f); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}

func answerJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // a caller that has gone needs no answer
}
