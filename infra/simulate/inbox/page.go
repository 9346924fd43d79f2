package inbox

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"
)

//go:embed page.html
var pageHTML string

var page = template.Must(template.New("page").Funcs(template.FuncMap{"clock": clock, "pretty": pretty, "said": said}).Parse(pageHTML))

// clock shows an instant where people look: in Berlin, or in UTC on a machine without zones.
func clock(t time.Time) string {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		zone = time.UTC
	}
	return t.In(zone).Format("2006-01-02 15:04:05 MST")
}

// shownOf a body is on the page; all of it is in the list of messages.
const shownOf = 64 << 10

// pretty shows JSON over several lines and everything else as it came.
func pretty(body string) string {
	var out bytes.Buffer
	if json.Indent(&out, []byte(body), "", "  ") == nil {
		body = out.String()
	}
	if len(body) > shownOf {
		body = strings.ToValidUTF8(body[:shownOf], "") + "\n…"
	}
	return body
}

// said names a verdict where people look.
func said(v Verdict) string {
	switch v {
	case Valid:
		return "Signatur gültig"
	case Stale:
		return "Signatur veraltet"
	case Unchecked:
		return "Signatur nicht geprüft"
	case Unsigned:
		return "Signatur fehlt"
	}
	return "Signatur ungültig"
}

// Handler serves the page, the receivers and the controls.
func (b *Inbox) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", b.show)
	for _, at := range receivers {
		mux.HandleFunc("POST "+at, b.receive)
	}
	mux.HandleFunc("GET /_sim/messages", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_ = json.NewEncoder(w).Encode(b.Messages(q.Get("to"), q.Get("path")))
	})
	mux.HandleFunc("DELETE /_sim/messages", func(w http.ResponseWriter, _ *http.Request) {
		b.mu.Lock()
		b.got = empty()
		b.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /_sim/faults", control(b.setFault))
	mux.HandleFunc("DELETE /_sim/faults", b.clearFaults)
	mux.HandleFunc("POST /_sim/secrets", control(b.addSecret))
	mux.HandleFunc("POST /_sim/logins", control(b.addLogin))
	return mux
}

// control reads a JSON body and does something. Members it does not know are an error.
func control[T any](do func(T) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in T
		d := json.NewDecoder(r.Body)
		d.DisallowUnknownFields()
		err := d.Decode(&in)
		if err == nil {
			err = do(in)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

// show writes the page, the latest message of each kind first. Letters are somebody else's HTML: they are shown in frames
// that may do nothing, and nothing is loaded from anywhere.
func (b *Inbox) show(w http.ResponseWriter, _ *http.Request) {
	m := b.Messages("", "")
	slices.Reverse(m.Mails)
	slices.Reverse(m.SMS)
	slices.Reverse(m.Webhooks)
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	_ = page.Execute(w, m) // a browser that has gone needs no page
}
