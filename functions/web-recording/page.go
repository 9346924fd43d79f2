package main

import (
	"context"
	_ "embed"
	"errors"
	"html/template"
	"net/http"

	"github.com/askpro/gateway/internal/audit"
	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/playback"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// notice is what a person reads instead of hearing the recording.
type notice struct{ Title, Text string }

var (
	none = notice{"Aufnahme nicht gefunden", "Unter diesem Link gibt es keine Aufnahme. Bitte prüfen Sie, ob er vollständig ist."}
	over = notice{"Link abgelaufen", "Dieser Link ist abgelaufen, oder die Aufnahme wurde nach Ablauf ihrer Frist gelöscht."}
	busy = notice{"Bitte warten Sie einen Moment", "Diese Aufnahme wurde eben sehr oft abgerufen. Bitte versuchen Sie es in einer Minute noch einmal."}
	down = notice{"Gerade nicht möglich", "Die Aufnahme lässt sich gerade nicht abrufen. Bitte versuchen Sie es in einigen Minuten noch einmal."}
)

// page sends whoever holds a link to the recording, or says why not.
type page struct {
	hand func(ctx context.Context, token string, from audit.By) (url string, err error)
}

// ServeHTTP answers GET /recordings/{token}. The address is a secret: nobody keeps it, nobody passes it on.
func (p page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Robots-Tag", "noindex")
	url, err := p.hand(r.Context(), r.PathValue("token"), audit.By{IP: r.RemoteAddr, RequestID: lambdakit.RequestID(r.Context())})
	switch {
	case err == nil:
		h.Set("Location", url)
		w.WriteHeader(http.StatusFound)
	case errors.Is(err, playback.ErrNone):
		say(w, http.StatusNotFound, none)
	case errors.Is(err, playback.ErrOver):
		say(w, http.StatusNotFound, over)
	case errors.Is(err, playback.ErrBusy):
		h.Set("Retry-After", "60")
		say(w, http.StatusTooManyRequests, busy)
	default:
		lambdakit.Log(r.Context()).Error("recording", "error", err)
		h.Set("Retry-After", "60")
		say(w, http.StatusServiceUnavailable, down)
	}
}

func say(w http.ResponseWriter, status int, n notice) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	w.WriteHeader(status)
	_ = pageTemplate.Execute(w, n) // into memory: it cannot fail
}
