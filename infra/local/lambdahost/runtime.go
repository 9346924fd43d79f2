package lambdahost

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

const largest = 6 << 20 // payload and answer of a synchronous invocation

// api is the Lambda Runtime API for this process (developer guide, "Using the Lambda runtime API").
func (p *process) api() http.Handler {
	mux := http.NewServeMux()
	const base = "/2018-06-01/runtime"
	mux.HandleFunc("GET "+base+"/invocation/next", p.hand)
	mux.HandleFunc("POST "+base+"/invocation/{id}/response", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, largest+1))
		if err != nil {
			return // the process died while answering
		}
		if len(body) > largest {
			p.finish(w, r, http.StatusRequestEntityTooLarge, result{err: &FunctionError{"Function.ResponseSizeTooLarge", fmt.Sprintf("Response payload size exceeded maximum allowed payload size (%d bytes).", largest)}})
			return
		}
		p.finish(w, r, http.StatusAccepted, result{answer: body})
	})
	mux.HandleFunc("POST "+base+"/invocation/{id}/error", func(w http.ResponseWriter, r *http.Request) {
		p.finish(w, r, http.StatusAccepted, result{err: functionError(r.Body)})
	})
	mux.HandleFunc("POST "+base+"/init/error", func(w http.ResponseWriter, r *http.Request) {
		e := functionError(r.Body)
		p.kill(e.Type, e.Message)
		w.WriteHeader(http.StatusAccepted)
	})
	return mux
}

// hand gives the process its next event, as soon as there is one.
func (p *process) hand(w http.ResponseWriter, r *http.Request) {
	select {
	case in := <-p.next:
		p.mu.Lock()
		p.current = in
		p.mu.Unlock()
		h := w.Header()
		h.Set("Lambda-Runtime-Aws-Request-Id", in.id)
		h.Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(in.timeout).UnixMilli()))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", in.arn)
		h.Set("Lambda-Runtime-Client-Context", in.context)
		h.Set("Lambda-Runtime-Trace-Id", "Root=1-00000000-"+strings.ReplaceAll(in.id, "-", "")[:24])
		h.Set("Content-Type", "application/json")
		_, _ = w.Write(in.payload) // a process that has gone is noticed by its end
	case <-r.Context().Done():
	}
}

// finish ends the current invocation, once.
func (p *process) finish(w http.ResponseWriter, r *http.Request, status int, with result) {
	p.mu.Lock()
	in := p.current
	if in == nil || in.id != r.PathValue("id") {
		p.mu.Unlock()
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(FunctionError{"InvalidRequestID", "no such invocation is running"})
		return
	}
	p.current = nil
	p.mu.Unlock()
	w.WriteHeader(status)
	in.done <- with
}

func functionError(body io.Reader) *FunctionError {
	raw, _ := io.ReadAll(io.LimitReader(body, 1<<20)) // what came of it is the best there is
	e := &FunctionError{}
	if json.Unmarshal(raw, e) != nil {
		e.Message = string(raw)
	}
	if e.Type == "" {
		e.Type = "Runtime.Unknown"
	}
	return e
}
