package calcom

import (
	"net/http"
	"net/mail"
	"strings"
)

// cancel answers 200 with the cancelled booking; a second time it is refused.
func (s *Server) cancel(a *account, r *http.Request) respond {
	b := s.byUID(a, r.PathValue("uid"))
	if b == nil {
		return notFound(r)
	}
	var in struct {
		Reason string `json:"cancellationReason"`
	}
	if x, bad := read(r, &in); bad {
		return x
	}
	if !b.live() {
		return badRequest("Can't cancel booking with uid=" + b.uid + " because it has been cancelled already.")
	}
	s.end(b, ending{reason: in.Reason, by: b.attendee.Email})
	return ok(http.StatusOK, b.wire())
}

// reschedule answers 201 with a new booking under a new uid.
func (s *Server) reschedule(a *account, r *http.Request) respond {
	old := s.byUID(a, r.PathValue("uid"))
	if old == nil {
		return notFound(r)
	}
	var in struct {
		Start  string `json:"start"`
		By     string `json:"rescheduledBy"`
		Reason string `json:"reschedulingReason"`
	}
	if x, bad := read(r, &in); bad {
		return x
	}
	start, err := instant(in.Start)
	if err != nil {
		return invalid(flaw(in, "start", in.Start, "isDateString", "start must be a valid ISO 8601 date string"))
	}
	if _, err := mail.ParseAddress(in.By); in.By != "" && err != nil {
		return invalid(flaw(in, "rescheduledBy", in.By, "isEmail", "rescheduledBy must be an email"))
	}
	if !old.live() {
		return badRequest("Can't reschedule booking with uid=" + old.uid + " because it has been cancelled. Please provide uid of a booking that is not cancelled.")
	}
	if text := s.refuses(a, old.eventType, start, old.uid); text != "" {
		return badRequest(text)
	}
	return ok(http.StatusCreated, s.replace(old, start, change{reason: in.Reason, by: in.By}).wire())
}

// markAbsentees says who came. An address that is not the booker's changes nothing here: there are no guests.
func (s *Server) markAbsentees(a *account, r *http.Request) respond {
	b := s.byUID(a, r.PathValue("uid"))
	if b == nil {
		return notFound(r)
	}
	var in struct {
		Host      *bool `json:"host"`
		Attendees []struct {
			Email  string `json:"email"`
			Absent bool   `json:"absent"`
		} `json:"attendees"`
	}
	if x, bad := read(r, &in); bad {
		return x
	}
	for _, x := range in.Attendees {
		if strings.EqualFold(x.Email, b.attendee.Email) {
			s.markAbsent(b, x.Absent)
		}
	}
	return ok(http.StatusOK, b.wire())
}

// confirm is the host's yes. There is no trigger of its own for it: it arrives as BOOKING_CREATED.
func (s *Server) confirm(a *account, r *http.Request) respond {
	return s.decide(a, r, "accepted", "BOOKING_CREATED")
}

func (s *Server) decline(a *account, r *http.Request) respond {
	return s.decide(a, r, "rejected", "BOOKING_REJECTED")
}

func (s *Server) decide(a *account, r *http.Request, status, trigger string) respond {
	b := s.byUID(a, r.PathValue("uid"))
	if b == nil {
		return notFound(r)
	}
	var in struct {
		Reason string `json:"reason"`
	}
	if x, bad := read(r, &in); bad {
		return x
	}
	if b.status != "pending" {
		return badRequest("Booking with uid=" + b.uid + " does not wait for confirmation, it is " + b.status + ".")
	}
	b.status = status
	if status == "rejected" {
		b.ended.reason = in.Reason
	}
	s.note(b, status)
	s.tell(trigger, b, nil)
	return ok(http.StatusOK, b.wire())
}
