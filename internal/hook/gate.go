// Package hook is where partners call us: it proves which company a request is meant for, accepts it durably or answers
// it, and tells a stranger nothing. Its one rule: the company comes from the route and is proved by that company's own
// secrets over the raw bytes, before anything is parsed. It knows no partner's format: what reads it is handed in.
package hook

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/lambdakit"
)

// Gate lets in who proves to be a company's partner.
type Gate struct {
	Directory Directory
	Secrets   interface {
		Get(ctx context.Context, refs ...string) ([]string, error)
	}
	// Refs names the secrets that prove a request; Verify checks one with their values.
	Refs   func(company.Route) []string
	Verify func(secrets []string, body []byte, h http.Header, now time.Time) bool
	Now    func() time.Time
	Alarm  func(ctx context.Context, name, company string)
}

// AlarmNoKey: a company has no usable key, so nobody can be heard for it.
const AlarmNoKey = "no_company_key"

// let reads and proves a request. It has answered already when ok is false, always in the same words.
func (g *Gate) let(w http.ResponseWriter, r *http.Request) (route company.Route, body []byte, ok bool) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "The body could not be read.", http.StatusBadRequest)
		return route, nil, false
	}
	route, err = g.Directory.Route(r.Context(), r.PathValue("route"))
	switch {
	case errors.Is(err, company.ErrUnknown), err == nil && !route.Active:
		refuse(w)
		return route, nil, false
	case err != nil:
		unavailable(w, r, err)
		return route, nil, false
	}
	secrets, err := g.Secrets.Get(r.Context(), g.Refs(route)...)
	switch {
	case errors.Is(err, lambdakit.ErrNoSecret): // fails closed, and somebody has to know
		g.Alarm(r.Context(), AlarmNoKey, route.Company.String())
		refuse(w)
		return route, nil, false
	case err != nil:
		unavailable(w, r, err)
		return route, nil, false
	}
	if !g.Verify(secrets, body, r.Header, g.Now()) {
		refuse(w)
		return route, nil, false
	}
	return route, body, true
}

// owns proves that our number in a request is the company's. A number of nobody, or an inactive one, is let in as
// unknown: the call is real, only its branch is not known.
func (g *Gate) owns(ctx context.Context, route company.Route, number string) (known, foreign bool, err error) {
	if number == "" {
		return false, false, nil
	}
	n, err := g.Directory.Number(ctx, number)
	switch {
	case errors.Is(err, company.ErrUnknown), err == nil && !n.Active:
		return false, false, nil
	case err != nil:
		return false, false, err
	}
	return true, n.Company != route.Company, nil
}

func refuse(w http.ResponseWriter) { http.Error(w, "Unauthorized", http.StatusUnauthorized) }

func unavailable(w http.ResponseWriter, r *http.Request, err error) {
	lambdakit.Log(r.Context()).Error("hook", "outcome", "unavailable", "error", err)
	w.Header().Set("Retry-After", "5")
	http.Error(w, "Please try again.", http.StatusServiceUnavailable)
}
