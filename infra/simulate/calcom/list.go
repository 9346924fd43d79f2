package calcom

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (s *Server) get(a *account, r *http.Request) respond {
	b := s.byUID(a, r.PathValue("uid"))
	if b == nil {
		return notFound(r)
	}
	return ok(http.StatusOK, b.wire())
}

// notFound is also the answer to somebody else's booking.
func notFound(r *http.Request) respond {
	return no(http.StatusNotFound, "NotFoundException", "Booking with uid="+r.PathValue("uid")+" was not found in the database")
}

// bounds are the filters by time: each keeps a booking whose time is not on the wrong side.
var bounds = map[string]func(b *booking, t time.Time) bool{
	"afterStart":      func(b *booking, t time.Time) bool { return !b.start.Before(t) },
	"beforeEnd":       func(b *booking, t time.Time) bool { return !b.end.After(t) },
	"afterCreatedAt":  func(b *booking, t time.Time) bool { return !b.created.Before(t) },
	"beforeCreatedAt": func(b *booking, t time.Time) bool { return !b.created.After(t) },
	"afterUpdatedAt":  func(b *booking, t time.Time) bool { return !b.touched().Before(t) },
	"beforeUpdatedAt": func(b *booking, t time.Time) bool { return !b.touched().After(t) },
}

// sorts are tried in this order; the id decides at last, so that pages are stable.
var sorts = []struct {
	name string
	of   func(*booking) time.Time
}{
	{"sortStart", func(b *booking) time.Time { return b.start }},
	{"sortEnd", func(b *booking) time.Time { return b.end }},
	{"sortCreated", func(b *booking) time.Time { return b.created }},
	{"sortUpdatedAt", (*booking).touched},
}

var phases = []string{"upcoming", "recurring", "past", "cancelled", "unconfirmed"}

// list answers a key's bookings, filtered, sorted and paged.
func (s *Server) list(a *account, r *http.Request) respond {
	q := r.URL.Query()
	var flaws []map[string]any
	refuse := func(name, message string) {
		flaws = append(flaws, flaw(nil, name, q.Get(name), "isValid", name+" "+message))
	}
	limits := map[string]time.Time{}
	for name := range bounds {
		if !q.Has(name) {
			continue
		}
		t, err := instant(q.Get(name))
		if err != nil {
			refuse(name, "must be a valid ISO 8601 date string")
		}
		limits[name] = t
	}
	for _, x := range sorts {
		if !slices.Contains([]string{"", "asc", "desc"}, q.Get(x.name)) {
			refuse(x.name, `must be either "asc" or "desc"`)
		}
	}
	for _, x := range words(q, "status") {
		if !slices.Contains(phases, x) {
			refuse("status", "must be one of "+strings.Join(phases, ", "))
		}
	}
	take, okTake := number(q, "take", 100)
	if !okTake || take < 1 || take > 250 {
		refuse("take", "must be between 1 and 250")
	}
	skip, okSkip := number(q, "skip", 0)
	if !okSkip || skip < 0 {
		refuse("skip", "must not be less than 0")
	}
	if flaws != nil {
		return invalid(flaws...)
	}
	found := slices.DeleteFunc(slices.Clone(s.bookings), func(b *booking) bool {
		for name, limit := range limits {
			if !bounds[name](b, limit) {
				return true
			}
		}
		return b.account != a || !s.wanted(b, q)
	})
	slices.SortFunc(found, func(x, y *booking) int {
		for _, by := range sorts {
			if order := by.of(x).Compare(by.of(y)); order != 0 && q.Get(by.name) == "asc" {
				return order
			} else if order != 0 && q.Get(by.name) == "desc" {
				return -order
			}
		}
		return cmp.Compare(x.id, y.id)
	})
	data := []any{}
	for _, b := range found[min(skip, len(found)):min(skip+take, len(found))] {
		data = append(data, b.wire())
	}
	x := ok(http.StatusOK, data)
	x.page = pagination(len(data), len(found), skip, take)
	return x
}

// wanted tells whether a booking passes the filters by attendee, uid, event type and status.
func (s *Server) wanted(b *booking, q url.Values) bool {
	fits := func(name, value string) bool {
		list := words(q, name)
		return len(list) == 0 || slices.ContainsFunc(list, func(x string) bool { return strings.EqualFold(x, value) })
	}
	eventType := strconv.FormatInt(b.eventType.id, 10)
	return fits("attendeeEmail", b.attendee.Email) && fits("attendeeName", b.attendee.Name) && fits("bookingUid", b.uid) &&
		fits("eventTypeId", eventType) && fits("eventTypeIds", eventType) && fits("status", s.phase(b))
}

// words of a filter, given as a,b or several times.
func words(q url.Values, name string) []string {
	return strings.FieldsFunc(strings.Join(q[name], ","), func(r rune) bool { return r == ',' })
}

func number(q url.Values, name string, otherwise int) (int, bool) {
	if !q.Has(name) {
		return otherwise, true
	}
	n, err := strconv.Atoi(q.Get(name))
	return n, err == nil
}

// phase is the list filter's word for a booking.
func (s *Server) phase(b *booking) string {
	switch {
	case !b.live():
		return "cancelled"
	case b.status == "pending":
		return "unconfirmed"
	case b.end.Before(s.now()):
		return "past"
	}
	return "upcoming"
}

func pagination(returned, total, skip, take int) map[string]any {
	return map[string]any{
		"itemsReturned": returned, "totalItems": total, "itemsPerPage": take, "remainingItems": max(0, total-skip-returned),
		"currentPage": skip/take + 1, "totalPages": (total + take - 1) / take, "hasNextPage": skip+take < total, "hasPreviousPage": skip > 0,
	}
}
