package calcom

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
)

// me checks a key.
func (s *Server) me(a *account, _ *http.Request) respond {
	return ok(http.StatusOK, map[string]any{"id": ownerID, "username": a.slug, "email": a.email(), "timeZone": "Europe/Berlin", "locale": "de"})
}

// listEventTypes of a key, narrowed by username and eventSlug.
func (s *Server) listEventTypes(a *account, r *http.Request) respond {
	user, slug := r.URL.Query().Get("username"), r.URL.Query().Get("eventSlug")
	list := []any{}
	for _, id := range slices.Sorted(maps.Keys(a.eventTypes)) {
		e := a.eventTypes[id]
		if (user == "" || user == e.username(a)) && (slug == "" || slug == e.service.Slug) {
			list = append(list, e.wire(a))
		}
	}
	return ok(http.StatusOK, list)
}

func (s *Server) getEventType(a *account, r *http.Request) respond {
	id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64)
	e := a.eventTypes[id]
	if e == nil {
		return no(http.StatusNotFound, "NotFoundException", "Event type with id "+r.PathValue("id")+" not found")
	}
	return ok(http.StatusOK, e.wire(a))
}
