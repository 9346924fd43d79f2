package calcom

import (
	"strings"
	"time"
)

// How webhooks write instants: cancellations have been seen with an offset, rejections with milliseconds.
const (
	webhookStamp   = "2006-01-02T15:04:05Z"
	cancelledStamp = "2006-01-02T15:04:05+00:00"
)

// noShow is the payload of BOOKING_NO_SHOW_UPDATED: it names the booking in its own way.
func noShow(b *booking) map[string]any {
	message := b.attendee.Email + " marked as no-show"
	if !b.absent {
		message = b.attendee.Email + " unmarked as no-show"
	}
	return map[string]any{
		"message": message, "attendees": []any{map[string]any{"email": b.attendee.Email, "noShow": b.absent}}, "bookingUid": b.uid, "bookingId": b.id,
	}
}

// payload of the BOOKING_* triggers, each with its holes: CANCELLED and REJECTED carry no metadata and other labels. old
// is the booking that was moved, or nil.
func payload(trigger string, b, old *booking) map[string]any {
	if trigger == "BOOKING_NO_SHOW_UPDATED" {
		return noShow(b)
	}
	e := b.eventType
	over := trigger == "BOOKING_CANCELLED" || trigger == "BOOKING_REJECTED"
	p := map[string]any{
		"bookerUrl": "https://cal.example", "type": e.service.Slug, "title": b.title(), "description": "", "additionalNotes": "",
		"startTime": b.start.Format(webhookStamp), "endTime": b.end.Format(webhookStamp), "length": e.service.DurationMinutes,
		"eventTypeId": e.id, "eventTitle": e.service.Name, "eventDescription": e.service.Description, "price": 0, "currency": "eur",
		"requiresConfirmation": e.confirms, "schedulingType": nil, "seatsPerTimeSlot": nil, "seatsShowAttendees": true,
		"seatsShowAvailabilityCount": true, "hideCalendarNotes": false, "hideCalendarEventDetails": false, "hideOrganizerEmail": false,
		"customReplyToEmail": nil, "disableRescheduling": false, "disableCancelling": false, "oneTimePassword": nil,
		"organizationId": nil, "hashedLink": nil, "assignmentReason": nil, "organizer": b.organizer(), "attendees": []any{b.booker()},
		"customInputs": map[string]any{}, "responses": b.responses(over), "userFieldsResponses": b.ownFields(), "location": e.location(),
		"destinationCalendar": nil, "iCalUID": b.icsUID, "iCalSequence": b.sequence, "uid": b.uid, "bookingId": b.id,
		"status": strings.ToUpper(b.status), "metadata": b.metadata,
	}
	if over {
		delete(p, "metadata")
		p["eventDescription"], p["price"], p["destinationCalendar"] = nil, nil, []any{}
	}
	switch trigger {
	case "BOOKING_CANCELLED":
		p["startTime"], p["endTime"] = b.start.Format(cancelledStamp), b.end.Format(cancelledStamp)
		p["cancellationReason"], p["cancelledBy"], p["requestReschedule"] = b.ended.reason, b.ended.by, b.ended.newDate
	case "BOOKING_REJECTED":
		p["startTime"], p["endTime"], p["rejectionReason"] = b.start.Format(stamp), b.end.Format(stamp), b.ended.reason
	case "BOOKING_REQUESTED":
		p["oneTimePassword"] = "00000000-0000-4000-8000-000000000000"
	}
	if trigger != "BOOKING_REQUESTED" {
		p["appsStatus"] = []any{map[string]any{"appName": "google-calendar", "type": "google_calendar", "success": 1, "failures": 0, "errors": []any{}}}
	}
	if old != nil {
		p["rescheduleId"], p["rescheduleUid"] = old.id, old.uid
		p["rescheduleStartTime"], p["rescheduleEndTime"] = old.start.Format(webhookStamp), old.end.Format(webhookStamp)
		p["rescheduledBy"] = b.move.by
		if b.move.by == "" {
			p["rescheduledBy"] = b.attendee.Email
		}
	}
	return p
}

func (b *booking) organizer() map[string]any {
	h, zone := b.eventType.host, b.eventType.branch.Location()
	return map[string]any{
		"id": h.CalcomUserID, "name": h.Name, "email": h.Email, "username": b.eventType.username(b.account), "usernameInOrg": nil,
		"timeZone": zone.String(), "language": map[string]string{"locale": "de"}, "timeFormat": "HH:mm", "utcOffset": offset(b.start, zone),
	}
}

// booker is the first attendee; there are no guests here.
func (b *booking) booker() map[string]any {
	first, last, _ := strings.Cut(b.attendee.Name, " ")
	zone, err := time.LoadLocation(b.attendee.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	return map[string]any{
		"email": b.attendee.Email, "name": b.attendee.Name, "firstName": first, "lastName": last, "timeZone": b.attendee.TimeZone,
		"language": map[string]string{"locale": b.attendee.Language}, "phoneNumber": nullable(b.attendee.Phone), "utcOffset": offset(b.start, zone),
	}
}

// offset of a zone in minutes.
func offset(at time.Time, zone *time.Location) int {
	_, seconds := at.In(zone).Zone()
	return seconds / 60
}

// responses are the booking form's answers. Cancelled and rejected ones keep what was answered, with the slug as label.
func (b *booking) responses(over bool) map[string]any {
	answers := map[string]any{"name": b.attendee.Name, "email": b.attendee.Email}
	if b.attendee.Phone != "" {
		answers["attendeePhoneNumber"] = b.attendee.Phone
	}
	for slug, value := range b.fields {
		answers[slug] = value
	}
	list := map[string]any{}
	if over {
		for slug, value := range answers {
			list[slug] = map[string]any{"label": slug, "value": value}
		}
		return list
	}
	answers["location"] = map[string]any{"value": "inPerson", "optionValue": ""}
	labels := map[string]string{
		"name": "your_name", "email": "email_address", "attendeePhoneNumber": "phone_number", "location": "location",
		"notes": "additional_notes", "guests": "additional_guests", "rescheduleReason": "reason_for_reschedule",
	}
	for slug := range b.fields {
		if labels[slug] == "" {
			labels[slug] = slug
		}
	}
	for slug, label := range labels {
		field := map[string]any{"label": label, "isHidden": false}
		if value, given := answers[slug]; given {
			field["value"] = value
		}
		list[slug] = field
	}
	return list
}

// ownFields are the answers to the event type's own questions.
func (b *booking) ownFields() map[string]any {
	list := map[string]any{}
	for slug, value := range b.fields {
		list[slug] = map[string]any{"label": slug, "value": value, "isHidden": false}
	}
	return list
}

// ping is the payload of the "Ping test" button: no uid, nobody of ours.
func (s *Server) ping() map[string]any {
	now := s.now().Format(stamp)
	en := map[string]string{"locale": "en"}
	return map[string]any{
		"type": "Test", "title": "Test trigger event", "description": "", "startTime": now, "endTime": now,
		"attendees": []any{map[string]any{"email": "jdoe@example.com", "name": "John Doe", "timeZone": "Europe/London", "language": en, "utcOffset": 60}},
		"organizer": map[string]any{"name": "Cal", "email": "no-reply@cal.com", "timeZone": "Europe/London", "language": en, "utcOffset": 60},
	}
}

func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}
