package calcom

import "time"

// stamp is how API v2 writes instants, always in UTC.
const stamp = "2006-01-02T15:04:05.000Z07:00"

// title is rendered from names, as Cal.com's default is.
func (b *booking) title() string {
	return b.eventType.service.Name + " zwischen " + b.eventType.host.Name + " und " + b.attendee.Name
}

// wire is API v2's booking (2024-08-13). Optional members are missing, not empty.
func (b *booking) wire() map[string]any {
	e := b.eventType
	who := map[string]any{
		"name": b.attendee.Name, "email": b.attendee.Email, "displayEmail": b.attendee.Email, "timeZone": b.attendee.TimeZone,
		"language": b.attendee.Language, "absent": b.absent,
	}
	if b.attendee.Phone != "" {
		who["phoneNumber"] = b.attendee.Phone
	}
	host := map[string]any{
		"id": e.host.CalcomUserID, "name": e.host.Name, "email": e.host.Email, "displayEmail": e.host.Email,
		"username": e.username(b.account), "timeZone": e.branch.Timezone,
	}
	answers := map[string]any{"name": b.attendee.Name, "email": b.attendee.Email}
	for slug, value := range b.fields {
		answers[slug] = value
	}
	m := map[string]any{
		"id": b.id, "uid": b.uid, "title": b.title(), "description": "", "hosts": []any{host}, "status": b.status,
		"start": b.start.Format(stamp), "end": b.end.Format(stamp), "duration": int(e.minutes() / time.Minute),
		"eventTypeId": e.id, "eventType": map[string]any{"id": e.id, "slug": e.service.Slug}, "location": e.location(),
		"absentHost": false, "createdAt": b.created.Format(stamp), "updatedAt": nil, "metadata": b.metadata, "icsUid": b.icsUID,
		"attendees": []any{who}, "bookingFieldsResponses": answers,
	}
	if !b.updated.IsZero() {
		m["updatedAt"] = b.updated.Format(stamp)
	}
	for name, v := range map[string]string{
		"cancellationReason": b.ended.reason, "cancelledByEmail": b.ended.by, "rescheduledToUid": b.to,
		"rescheduledFromUid": b.move.from, "reschedulingReason": b.move.reason, "rescheduledByEmail": b.move.by,
	} {
		if v != "" {
			m[name] = v
		}
	}
	return m
}

// wire is API v2's event type (2024-06-14), as far as a set-up check may look.
func (e *eventType) wire(a *account) map[string]any {
	return map[string]any{
		"id": e.id, "title": e.title(), "slug": e.service.Slug, "description": e.service.Description,
		"lengthInMinutes": int(e.minutes() / time.Minute), "minimumBookingNotice": 0, "beforeEventBuffer": 0, "afterEventBuffer": 0,
		"locations":     []any{map[string]any{"type": "address", "address": e.location(), "public": true}},
		"bookingFields": []any{}, "metadata": map[string]any{}, "ownerId": e.host.CalcomUserID,
		"confirmationPolicy": map[string]any{"type": map[bool]string{true: "always", false: "never"}[e.confirms]},
		"users":              []any{map[string]any{"id": e.host.CalcomUserID, "name": e.host.Name, "username": e.username(a), "timeZone": e.branch.Timezone}},
	}
}
