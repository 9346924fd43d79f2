package calcom

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// booking is one event in a calendar.
type booking struct {
	account     *account
	eventType   *eventType
	id          int64
	uid         string
	status      string // accepted, pending, cancelled, rejected
	start, end  time.Time
	attendee    attendee
	metadata    map[string]any
	reason      string
	cancelledBy string
	from, to    string // uids of a move
	created     time.Time
	updated     time.Time
	history     []History
}

type attendee struct {
	Name     string `json:"name"`
	Email    string `json:"email"`
	TimeZone string `json:"timeZone"`
	Phone    string `json:"phoneNumber,omitempty"`
	Language string `json:"language,omitempty"`
}

// History is one thing that happened to a booking.
type History struct {
	At   time.Time `json:"at"`
	What string    `json:"what"`
}

func (b *booking) live() bool { return b.status == "accepted" || b.status == "pending" }

func (s *Server) note(b *booking, what string) {
	b.updated = s.now()
	b.history = append(b.history, History{b.updated, what})
}

// letters of Cal.com's uids (short-uuid).
const letters = "123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"

func newUID() string {
	b := make([]byte, 22)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	for i := range b {
		b[i] = letters[int(b[i])%len(letters)]
	}
	return string(b)
}

func (s *Server) add(a *account, e *eventType, start time.Time, who attendee, metadata map[string]any, status string) *booking {
	s.numbers++
	b := &booking{
		account: a, eventType: e, id: s.numbers, uid: newUID(), status: status, start: start.UTC(), end: start.Add(e.minutes()).UTC(),
		attendee: who, metadata: metadata, created: s.now(),
	}
	s.note(b, "made")
	s.bookings = append(s.bookings, b)
	return b
}

// wire is API v2's booking (2024-08-13).
func (b *booking) wire() map[string]any {
	e := b.eventType
	who := map[string]any{"name": b.attendee.Name, "email": b.attendee.Email, "displayEmail": b.attendee.Email, "timeZone": b.attendee.TimeZone, "language": b.attendee.Language, "absent": false}
	if b.attendee.Phone != "" {
		who["phoneNumber"] = b.attendee.Phone
	}
	m := map[string]any{
		"id": b.id, "uid": b.uid, "title": e.service.Name + " zwischen " + e.host.Name + " und " + b.attendee.Name, "description": "",
		"hosts":  []any{map[string]any{"id": e.host.CalcomUserID, "name": e.host.Name, "email": e.host.Email, "displayEmail": e.host.Email, "username": e.host.Slug, "timeZone": e.branch.Timezone}},
		"status": b.status, "start": b.start.Format(stamp), "end": b.end.Format(stamp), "duration": int(e.minutes() / time.Minute), "eventTypeId": e.id,
		"eventType": map[string]any{"id": e.id, "slug": e.service.Slug}, "absentHost": false, "createdAt": b.created.Format(stamp), "updatedAt": b.updated.Format(stamp),
		"metadata": b.metadata, "icsUid": b.uid + "@Cal.com", "attendees": []any{who}, "bookingFieldsResponses": map[string]any{"name": b.attendee.Name, "email": b.attendee.Email},
	}
	for name, v := range map[string]string{"cancellationReason": b.reason, "cancelledByEmail": b.cancelledBy, "rescheduledFromUid": b.from, "rescheduledToUid": b.to} {
		if v != "" {
			m[name] = v
		}
	}
	return m
}

const stamp = "2006-01-02T15:04:05.000Z07:00"

func (s *Server) me(a *account, _ *http.Request) respond {
	return ok(http.StatusOK, map[string]any{"id": 1, "username": a.slug, "email": a.slug + "@cal.example"})
}

func (e *eventType) wire() map[string]any {
	return map[string]any{"id": e.id, "title": e.service.Name, "slug": e.service.Slug, "lengthInMinutes": e.service.DurationMinutes}
}

func (s *Server) listEventTypes(a *account, _ *http.Request) respond {
	list := []any{}
	for _, id := range slices.Sorted(maps.Keys(a.eventTypes)) {
		list = append(list, a.eventTypes[id].wire())
	}
	return ok(http.StatusOK, list)
}

func (s *Server) getEventType(a *account, r *http.Request) respond {
	id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64)
	e := a.eventTypes[id]
	if e == nil {
		return no(http.StatusNotFound, "NotFoundException", "Event type with id "+r.PathValue("id")+" not found")
	}
	return ok(http.StatusOK, e.wire())
}

func (s *Server) getSlots(a *account, r *http.Request) respond {
	q := r.URL.Query()
	id, _ := strconv.ParseInt(q.Get("eventTypeId"), 10, 64)
	e := a.eventTypes[id]
	if e == nil {
		return no(http.StatusNotFound, "NotFoundException", "Event Type not found")
	}
	from, err1 := time.Parse(time.RFC3339, q.Get("start"))
	to, err2 := time.Parse(time.RFC3339, q.Get("end"))
	zone, err3 := time.LoadLocation(q.Get("timeZone"))
	if err1 != nil || err2 != nil || err3 != nil {
		return no(http.StatusBadRequest, "BadRequestException", "start, end or timeZone is invalid")
	}
	days := map[string][]any{}
	for _, at := range s.slots(a, e, from, to) {
		local := at.In(zone)
		day := local.Format(time.DateOnly)
		days[day] = append(days[day], map[string]string{"start": local.Format("2006-01-02T15:04:05.000Z07:00")})
	}
	return ok(http.StatusOK, days)
}

func (s *Server) create(a *account, r *http.Request) respond {
	var in struct {
		Start       string         `json:"start"`
		EventTypeID int64          `json:"eventTypeId"`
		Attendee    attendee       `json:"attendee"`
		Metadata    map[string]any `json:"metadata"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return no(http.StatusBadRequest, "BadRequestException", "Unexpected token in JSON")
	}
	start, err := time.Parse(time.RFC3339, in.Start)
	if bad := invalid(in.Attendee, in.Metadata, err); bad != nil {
		return respond{status: http.StatusBadRequest, code: "BadRequestException", message: "Bad Request Exception", details: map[string]any{"message": "Bad Request Exception", "errors": bad, "error": "Bad Request", "statusCode": 400}}
	}
	e := a.eventTypes[in.EventTypeID]
	switch {
	case e == nil:
		return no(http.StatusNotFound, "NotFoundException", fmt.Sprintf("Event type with id %d not found", in.EventTypeID))
	case start.Before(s.now()):
		return no(http.StatusBadRequest, "BadRequestException", "Attempting to book a meeting in the past.")
	case !e.opens(start):
		return no(http.StatusBadRequest, "BadRequestException", `The event type can't be booked at the "start" time provided. This could be because it's too soon (violating the minimum booking notice) or too far in the future.`)
	case !s.free(a, e, start, ""):
		return no(http.StatusBadRequest, "BadRequestException", "User either already has booking at this time or is not available")
	}
	status, trigger := "accepted", "BOOKING_CREATED"
	if e.confirms {
		status, trigger = "pending", "BOOKING_REQUESTED"
	}
	b := s.add(a, e, start, in.Attendee, in.Metadata, status)
	s.tell(trigger, b, nil)
	return ok(http.StatusCreated, b.wire())
}

// invalid lists what validation refuses, as class-validator words it.
func invalid(who attendee, metadata map[string]any, start error) []any {
	var bad []any
	say := func(property, constraint string) {
		bad = append(bad, map[string]any{"property": property, "constraints": map[string]string{"invalid": constraint}, "children": []any{}})
	}
	if start != nil {
		say("start", "start must be a valid ISO 8601 date string")
	}
	if who.Name == "" || who.TimeZone == "" {
		say("attendee", "name and timeZone are needed")
	}
	if who.Email == "" && who.Phone == "" {
		say("attendee", "email or phoneNumber is needed")
	}
	if _, err := time.LoadLocation(who.TimeZone); err != nil {
		say("attendee", "timeZone must be an IANA zone")
	}
	if len(metadata) > 50 {
		say("metadata", "at most 50 keys")
	}
	for k, v := range metadata {
		text, is := v.(string)
		if len(k) > 40 || !is || len(text) > 500 {
			say("metadata", "keys of at most 40, strings of at most 500 characters")
		}
	}
	return bad
}

func (s *Server) byUID(a *account, uid string) *booking {
	for _, b := range s.bookings {
		if b.uid == uid && (a == nil || b.account == a) {
			return b
		}
	}
	return nil
}

func notFound(uid string) respond {
	return no(http.StatusNotFound, "NotFoundException", "Booking with uid="+uid+" was not found in the database")
}

func (s *Server) get(a *account, r *http.Request) respond {
	b := s.byUID(a, r.PathValue("uid"))
	if b == nil {
		return notFound(r.PathValue("uid"))
	}
	return ok(http.StatusOK, b.wire())
}

func (s *Server) list(a *account, r *http.Request) respond {
	q := r.URL.Query()
	instant := func(name string) (time.Time, bool) {
		t, err := time.Parse(time.RFC3339, q.Get(name))
		return t, err == nil
	}
	statuses := map[string]bool{}
	for _, x := range strings.Split(q.Get("status"), ",") {
		statuses[x] = x != ""
	}
	var found []*booking
	for _, b := range s.bookings {
		afterStart, has1 := instant("afterStart")
		beforeEnd, has2 := instant("beforeEnd")
		afterUpdated, has3 := instant("afterUpdatedAt")
		email := q.Get("attendeeEmail")
		switch {
		case b.account != a,
			email != "" && !strings.EqualFold(email, b.attendee.Email),
			has1 && b.start.Before(afterStart),
			has2 && b.end.After(beforeEnd),
			has3 && !b.updated.After(afterUpdated),
			q.Get("status") != "" && !statuses[s.phase(b)]:
			continue
		}
		found = append(found, b)
	}
	slices.SortFunc(found, func(x, y *booking) int {
		switch {
		case q.Get("sortUpdatedAt") == "asc":
			return x.updated.Compare(y.updated)
		case q.Get("sortStart") == "asc":
			return x.start.Compare(y.start)
		}
		return int(x.id - y.id)
	})
	take, err := strconv.Atoi(q.Get("take"))
	if err != nil || take < 1 || take > 250 {
		take = 100
	}
	skip, _ := strconv.Atoi(q.Get("skip"))
	page := found[min(skip, len(found)):min(skip+take, len(found))]
	data := []any{}
	for _, b := range page {
		data = append(data, b.wire())
	}
	return ok(http.StatusOK, data)
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

func (s *Server) cancel(a *account, r *http.Request) respond {
	b := s.byUID(a, r.PathValue("uid"))
	if b == nil {
		return notFound(r.PathValue("uid"))
	}
	if !b.live() {
		return no(http.StatusBadRequest, "BadRequestException", "Can't cancel booking with uid="+b.uid+" because it has been cancelled already.")
	}
	var in struct {
		Reason string `json:"cancellationReason"`
	}
	_ = json.NewDecoder(r.Body).Decode(&in) // all of the body is optional
	s.end(b, in.Reason, b.attendee.Email)
	return ok(http.StatusOK, b.wire())
}

func (s *Server) end(b *booking, reason, by string) {
	b.status, b.reason, b.cancelledBy = "cancelled", reason, by
	s.note(b, "cancelled")
	s.tell("BOOKING_CANCELLED", b, nil)
}

func (s *Server) reschedule(a *account, r *http.Request) respond {
	old := s.byUID(a, r.PathValue("uid"))
	if old == nil {
		return notFound(r.PathValue("uid"))
	}
	var in struct{ Start, ReschedulingReason string }
	err := json.NewDecoder(r.Body).Decode(&in)
	start, errStart := time.Parse(time.RFC3339, in.Start)
	switch {
	case err != nil || errStart != nil:
		return no(http.StatusBadRequest, "BadRequestException", "Bad Request Exception")
	case !old.live():
		return no(http.StatusBadRequest, "BadRequestException", "Can't reschedule booking with uid="+old.uid+" because it has been cancelled. Please provide uid of a booking that is not cancelled.")
	case start.Before(s.now()):
		return no(http.StatusBadRequest, "BadRequestException", "Attempting to book a meeting in the past.")
	case !old.eventType.opens(start) || !s.free(a, old.eventType, start, old.uid):
		return no(http.StatusBadRequest, "BadRequestException", "User either already has booking at this time or is not available")
	}
	return ok(http.StatusCreated, s.move(old, start).wire())
}

// move makes the new booking of a move: new id, new uid; the old one is cancelled and points to it.
func (s *Server) move(old *booking, start time.Time) *booking {
	status, trigger := "accepted", "BOOKING_RESCHEDULED"
	if old.eventType.confirms {
		status, trigger = "pending", "BOOKING_REQUESTED"
	}
	b := s.add(old.account, old.eventType, start, old.attendee, old.metadata, status)
	b.from, old.to, old.status = old.uid, b.uid, "cancelled"
	s.note(old, "moved to "+b.uid)
	s.tell(trigger, b, old)
	return b
}

func (s *Server) decide(status string) func(*account, *http.Request) respond {
	return func(a *account, r *http.Request) respond {
		b := s.byUID(a, r.PathValue("uid"))
		if b == nil || b.status != "pending" {
			return notFound(r.PathValue("uid"))
		}
		b.status = status
		s.note(b, status)
		trigger := "BOOKING_CREATED"
		if status == "rejected" {
			trigger = "BOOKING_REJECTED"
		}
		s.tell(trigger, b, nil)
		return ok(http.StatusOK, b.wire())
	}
}
