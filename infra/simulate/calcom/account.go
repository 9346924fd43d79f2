package calcom

import (
	"fmt"
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
		e := a.eventType(id)
		if e != nil && (user == "" || user == e.username(a)) && (slug == "" || slug == e.service.Slug) {
			list = append(list, e.wire(a))
		}
	}
	return ok(http.StatusOK, list)
}

func (s *Server) getEventType(a *account, r *http.Request) respond {
	id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64)
	e := a.eventType(id)
	if e == nil {
		return no(http.StatusNotFound, "NotFoundException", "Event type with id "+r.PathValue("id")+" not found")
	}
	return ok(http.StatusOK, e.wire(a))
}

// EventType is what somebody changes about one in the calendar, without us.
type EventType struct {
	Company string `json:"company"`
	ID      int64  `json:"id"`
	Title   string `json:"title"`
	Minutes int    `json:"minutes"`
	Gone    bool   `json:"gone"` // what was booked with it stays
}

// Change replaces what was changed about an event type before; without anything it is as in the company's file.
func (s *Server) Change(in EventType) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.named(in.Company)
	if err != nil {
		return err
	}
	e := a.eventTypes[in.ID]
	if e == nil {
		return fmt.Errorf("%s has no event type %d", a.slug, in.ID)
	}
	e.changed = in
	return nil
}
