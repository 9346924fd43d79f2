package calcom

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// The refusals of a time. Outside the hours and double booked are the same text at Cal.com.
const (
	textTaken  = "User either already has booking at this time or is not available"
	textPast   = "Attempting to book a meeting in the past."
	textWindow = `The event type can't be booked at the "start" time provided. This could be because it's too soon (violating the minimum booking notice) or too far in the future.`
)

// create books: 201 with the booking, pending where the host has to confirm.
func (s *Server) create(a *account, r *http.Request) respond {
	var in struct {
		Start       string         `json:"start"`
		EventTypeID int64          `json:"eventTypeId"`
		Attendee    attendee       `json:"attendee"`
		Metadata    map[string]any `json:"metadata"`
		Fields      map[string]any `json:"bookingFieldsResponses"`
	}
	if x, bad := read(r, &in); bad {
		return x
	}
	start, err := instant(in.Start)
	flaws := append(in.Attendee.flaws(), metadataFlaws(in.Metadata)...)
	if err != nil {
		flaws = append(flaws, flaw(in, "start", in.Start, "isDateString", "start must be a valid ISO 8601 date string"))
	}
	if in.EventTypeID == 0 {
		flaws = append(flaws, flaw(in, "eventTypeId", nil, "isNumber", "eventTypeId must be a number conforming to the specified constraints"))
	}
	if len(flaws) > 0 {
		return invalid(flaws...)
	}
	e := a.eventType(in.EventTypeID)
	if e == nil {
		return no(http.StatusNotFound, "NotFoundException", fmt.Sprintf("Event type with id %d not found", in.EventTypeID))
	}
	if text := s.refuses(a, e, start, ""); text != "" {
		return badRequest(text)
	}
	if in.Attendee.Email == "" { // trap 10: a made-up address
		in.Attendee.Email = strings.TrimPrefix(in.Attendee.Phone, "+") + "@sms.cal.com"
	}
	if in.Attendee.Language == "" {
		in.Attendee.Language = "en"
	}
	if in.Metadata == nil {
		in.Metadata = map[string]any{}
	}
	b := s.add(a, e, start, in.Attendee, in.Metadata, in.Fields)
	trigger := "BOOKING_CREATED"
	if b.status == "pending" {
		trigger = "BOOKING_REQUESTED"
	}
	s.tell(trigger, b, nil)
	return ok(http.StatusCreated, b.wire())
}

// refuses says why a start cannot be booked; empty: it can. The time of a booking being moved counts as free.
func (s *Server) refuses(a *account, e *eventType, start time.Time, moving string) string {
	switch now := s.now(); {
	case start.Before(now):
		return textPast
	case start.After(now.Add(horizon)):
		return textWindow
	case !e.opens(start), !s.free(a, e, start, moving):
		return textTaken
	}
	return ""
}

// read decodes a body; a member of the wrong type is a flaw like any other. An empty body is an empty object.
func read(r *http.Request, in any) (respond, bool) {
	var wrong *json.UnmarshalTypeError
	err := json.NewDecoder(r.Body).Decode(in)
	switch {
	case err == nil, errors.Is(err, io.EOF):
		return respond{}, false
	case errors.As(err, &wrong):
		return invalid(flaw(nil, wrong.Field, nil, "is"+wrong.Type.String(), wrong.Field+" must be a "+wrong.Type.String())), true
	}
	return badRequest("Unexpected token in JSON"), true
}
