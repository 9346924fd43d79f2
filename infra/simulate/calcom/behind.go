package calcom

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Shown is a booking as the controls show it.
type Shown struct {
	UID       string         `json:"uid"`
	ID        int64          `json:"id"`
	Company   string         `json:"company"` // slugs
	Service   string         `json:"service"`
	Staff     string         `json:"staff"`
	Start     time.Time      `json:"start"`
	End       time.Time      `json:"end"`
	Status    string         `json:"status"`
	Metadata  map[string]any `json:"metadata"`
	Attendee  attendee       `json:"attendee"`
	MovedFrom string         `json:"moved_from,omitempty"`
	MovedTo   string         `json:"moved_to,omitempty"`
	History   []History      `json:"history"`
}

func (b *booking) shown() Shown {
	e := b.eventType
	return Shown{
		b.uid, b.id, b.account.slug, e.service.Slug, e.host.Slug, b.start, b.end, b.status, b.metadata, b.attendee, b.move.from, b.to,
		append([]History{}, b.history...),
	}
}

// Bookings of a company (all if empty) in the order they were made.
func (s *Server) Bookings(company string) []Shown {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []Shown{}
	for _, b := range s.bookings {
		if company == "" || b.account.slug == company {
			list = append(list, b.shown())
		}
	}
	return list
}

// Behind is something done in Cal.com without us: in the calendar, by the staff.
type Behind struct {
	Company  string         `json:"company"`
	Service  string         `json:"service"` // slug, name or first name, like staff
	Staff    string         `json:"staff"`
	Start    string         `json:"start"`  // RFC 3339, or local to the company without an offset
	UID      string         `json:"uid"`    // of what is changed; of a new one: instead of a made-up one
	Action   string         `json:"action"` // made, moved, cancelled, doubled, lost, absent, present
	Webhook  bool           `json:"webhook"`
	NewDate  bool           `json:"new_date"` // cancelled: the host asks for another date
	Mute     bool           `json:"mute"`     // cancelled: without saying who and why
	Name     string         `json:"name"`     // of the attendee of a new one, like the next two
	Email    string         `json:"email"`
	Phone    string         `json:"phone"`
	Metadata map[string]any `json:"metadata"` // of a new one
}

// Behind does it; without Webhook nobody is told. The calendar itself forbids only double bookings, no hours.
func (s *Server) Behind(in Behind) (Shown, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.behind(in)
}

func (s *Server) behind(in Behind) (Shown, error) {
	a, err := s.named(in.Company)
	if err != nil {
		return Shown{}, err
	}
	s.hushed = !in.Webhook
	defer func() { s.hushed = false }()
	var start time.Time
	if in.Start != "" || in.Action == "made" || in.Action == "moved" {
		if start, err = a.local(in.Start); err != nil {
			return Shown{}, err
		}
	}
	switch in.Action {
	case "made":
		return s.makeBehind(a, in, start)
	case "moved", "cancelled", "doubled", "lost", "absent", "present":
	default:
		return Shown{}, errors.New("action is made, moved, cancelled, doubled, lost, absent or present")
	}
	b := s.lookUp(a, in, start)
	if b == nil {
		return Shown{}, errors.New("no such live booking: name it by uid, or (cancelled) by staff and start")
	}
	host := b.eventType.host.Email
	switch in.Action {
	case "cancelled":
		x := ending{reason: "Im Kalender abgesagt", by: host, newDate: in.NewDate}
		if in.Mute {
			x.reason, x.by = "", ""
		}
		s.end(b, x)
	case "doubled": // the same attendee, metadata and time once more, as a repeated POST makes it where the calendar allows it
		double := s.add(a, b.eventType, b.start, b.attendee, maps.Clone(b.metadata), b.fields)
		double.status = b.status
		s.tell("BOOKING_CREATED", double, nil)
		return double.shown(), nil
	case "lost": // without a trace
		s.bookings = slices.DeleteFunc(s.bookings, func(x *booking) bool { return x == b })
	case "absent", "present":
		s.markAbsent(b, in.Action == "absent")
	default:
		if !s.free(a, b.eventType, start, b.uid) {
			return Shown{}, errors.New("that time is taken")
		}
		b = s.replace(b, start, change{reason: "Im Kalender verschoben", by: host})
	}
	return b.shown(), nil
}

// BehindAll does many things, quickly; the first that is refused ends it.
func (s *Server) BehindAll(list []Behind) ([]Shown, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	done := []Shown{}
	for i, in := range list {
		x, err := s.behind(in)
		if err != nil {
			return done, fmt.Errorf("number %d: %w", i+1, err)
		}
		done = append(done, x)
	}
	return done, nil
}

func (s *Server) makeBehind(a *account, in Behind, start time.Time) (Shown, error) {
	e, err := a.find(in.Service, in.Staff)
	switch {
	case err != nil:
		return Shown{}, err
	case in.UID != "" && s.byUID(a, in.UID) != nil:
		return Shown{}, errors.New("there is a booking " + in.UID)
	case !s.free(a, e, start, ""):
		return Shown{}, errors.New("that time is taken")
	}
	who := attendee{Name: "Frieda Fremd", Email: "frieda.fremd@example.org", TimeZone: e.branch.Location().String(), Language: "de"}
	if in.Name != "" {
		who.Name, who.Email, who.Phone = in.Name, in.Email, in.Phone
	}
	if in.Metadata == nil {
		in.Metadata = map[string]any{}
	}
	b := s.add(a, e, start, who, in.Metadata, nil)
	b.status = "accepted" // whoever enters it means it
	if in.UID != "" {
		b.uid, b.icsUID = in.UID, in.UID+"@Cal.com"
	}
	s.tell("BOOKING_CREATED", b, nil)
	return b.shown(), nil
}

// lookUp finds what is to be moved (by uid) or cancelled (by uid, or staff and start).
func (s *Server) lookUp(a *account, in Behind, start time.Time) *booking {
	for _, b := range s.bookings {
		e := b.eventType
		named := b.uid == in.UID || (in.UID == "" && b.start.Equal(start) && (in.Staff == "" || called(in.Staff, e.host.Slug, e.host.Name)))
		if b.account == a && b.live() && named {
			return b
		}
	}
	return nil
}

// local reads a start: RFC 3339, or without an offset in the company's zone.
func (a *account) local(text string) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(layout, text, a.zone); err == nil {
			return t, nil
		}
	}
	return time.Time{}, errors.New(`start "` + text + `": write it as 2026-11-25T10:00 (local) or with its offset`)
}
