package frontdoor

import (
	"net/url"
	"strings"

	"github.com/askpro/gateway/infra/local/template"
)

// route is one of the template's, "$default" included.
type route struct {
	function, key, method string
	parts                 []string // of the path: "v1", "{id}", and last perhaps "{rest+}"
}

func newRoute(function string, r template.Route) route {
	if r.Path == "$default" {
		return route{function: function, key: r.Path, method: "ANY", parts: []string{"{+}"}}
	}
	method := strings.ToUpper(r.Method)
	return route{function: function, key: method + " " + r.Path, method: method, parts: split(r.Path)}
}

func split(path string) []string { return strings.Split(strings.TrimPrefix(path, "/"), "/") }

// find gives the most specific route and its parameters: a literal part wins over a parameter, that over a greedy one, the
// method over ANY ("Routing API requests").
func find(routes []route, method, path string) (*route, map[string]string) {
	parts := split(path)
	var best *route
	var rank string
	for i := range routes {
		r := &routes[i]
		if r.method != method && r.method != "ANY" || !r.fits(parts) {
			continue
		}
		if is := r.rank(); best == nil || is < rank {
			best, rank = r, is
		}
	}
	if best == nil {
		return nil, nil
	}
	return best, best.parameters(parts)
}

func parameter(part string) (name string, greedy, is bool) {
	name, is = strings.CutPrefix(part, "{")
	name, greedy = strings.CutSuffix(strings.TrimSuffix(name, "}"), "+")
	return name, is && greedy, is
}

func (r *route) fits(parts []string) bool {
	for i, want := range r.parts {
		_, greedy, is := parameter(want)
		switch {
		case greedy:
			return i < len(parts)
		case i >= len(parts) || is && parts[i] == "" || !is && decoded(parts[i]) != want:
			return false
		}
	}
	return len(parts) == len(r.parts)
}

// rank orders routes that fit the same path: one letter a part, a for literal, b for a parameter, c for a greedy one, then
// the method.
func (r *route) rank() string {
	var b strings.Builder
	for _, part := range r.parts {
		switch _, greedy, is := parameter(part); {
		case greedy:
			b.WriteByte('c')
		case is:
			b.WriteByte('b')
		default:
			b.WriteByte('a')
		}
	}
	if r.method == "ANY" {
		b.WriteByte('z')
	}
	return b.String()
}

// parameters are decoded, in a greedy one too; nil when there are none.
func (r *route) parameters(parts []string) map[string]string {
	var found map[string]string
	for i, part := range r.parts {
		name, greedy, is := parameter(part)
		if !is || name == "" {
			continue
		}
		if found == nil {
			found = map[string]string{}
		}
		if found[name] = decoded(parts[i]); greedy {
			found[name] = decoded(strings.Join(parts[i:], "/"))
		}
	}
	return found
}

func decoded(part string) string {
	if plain, err := url.PathUnescape(part); err == nil {
		return plain
	}
	return part
}
