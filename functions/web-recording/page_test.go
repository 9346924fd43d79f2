package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/askpro/gateway/internal/audit"
	"github.com/askpro/gateway/internal/playback"
)

func TestWhatPeopleGet(t *testing.T) {
	t.Parallel()
	const to = "https://bucket.example/k?a=1&b=2"
	for _, tt := range []struct {
		name   string
		err    error
		status int
		says   string
	}{
		{"the recording", nil, http.StatusFound, ""},
		{"none", playback.ErrNone, http.StatusNotFound, "Unter diesem Link gibt es keine Aufnahme."},
		{"a link that is over", playback.ErrOver, http.StatusNotFound, "Dieser Link ist abgelaufen"},
		{"too often", playback.ErrBusy, http.StatusTooManyRequests, "in einer Minute noch einmal"},
		{"what is inside stays inside", errors.New("dynamodb: down"), http.StatusServiceUnavailable, "gerade nicht abrufen"},
	} {
		w := httptest.NewRecorder()
		page{func(context.Context, string, audit.By) (string, error) { return to, tt.err }}.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/recordings/x", nil))
		h := w.Header()
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.says) || strings.Contains(w.Body.String(), "dynamodb") || (h.Get("Location") == to) != (tt.err == nil) {
			t.Errorf("%s: %d %v %s", tt.name, w.Code, h, w.Body)
		}
		if h.Get("Cache-Control") != "no-store" || h.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: %v", tt.name, h)
		}
	}
}
