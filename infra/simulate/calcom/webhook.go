package calcom

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// tell sends a webhook of a change, as Cal.com does: at once, without waiting, never again. Called with s.mu held.
func (s *Server) tell(trigger string, b, old *booking) {
	body, err := json.Marshal(map[string]any{"triggerEvent": trigger, "createdAt": s.now().Format(stamp), "payload": payload(trigger, b, old)})
	if err != nil {
		return
	}
	times, wait := 1, time.Duration(0)
	if f := s.faults.match("webhook", b.account.slug); f != nil {
		switch f.Mode {
		case "drop", "lost":
			return
		case "duplicate":
			times = 3
		case "delay":
			wait = time.Duration(f.MS) * time.Millisecond
		}
	}
	for range times {
		s.send(b.account, body, wait)
	}
}

// payload is protocol §3.2: a cancellation carries no metadata.
func payload(trigger string, b, old *booking) map[string]any {
	e := b.eventType
	first, last, _ := strings.Cut(b.attendee.Name, " ")
	p := map[string]any{
		"type": e.service.Slug, "title": e.service.Name + " zwischen " + e.host.Name + " und " + b.attendee.Name, "description": "", "additionalNotes": "",
		"startTime": b.start.Format("2006-01-02T15:04:05Z"), "endTime": b.end.Format("2006-01-02T15:04:05Z"), "length": e.service.DurationMinutes,
		"eventTypeId": e.id, "eventTitle": e.service.Name, "price": 0, "currency": "eur", "status": strings.ToUpper(b.status),
		"organizer":           map[string]any{"id": e.host.CalcomUserID, "name": e.host.Name, "email": e.host.Email, "username": e.host.Slug, "timeZone": e.branch.Timezone, "language": map[string]string{"locale": "de"}, "timeFormat": "HH:mm", "utcOffset": 60},
		"attendees":           []any{map[string]any{"email": b.attendee.Email, "name": b.attendee.Name, "firstName": first, "lastName": last, "timeZone": b.attendee.TimeZone, "language": map[string]string{"locale": "de"}, "phoneNumber": nullable(b.attendee.Phone), "utcOffset": 60}},
		"responses":           map[string]any{"name": map[string]any{"label": "your_name", "value": b.attendee.Name, "isHidden": false}, "email": map[string]any{"label": "email_address", "value": b.attendee.Email, "isHidden": false}},
		"userFieldsResponses": map[string]any{}, "customInputs": map[string]any{}, "uid": b.uid, "bookingId": b.id, "iCalUID": b.uid + "@Cal.com",
		"iCalSequence": 0, "oneTimePassword": nil, "destinationCalendar": nil, "appsStatus": []any{},
	}
	switch trigger {
	case "BOOKING_CANCELLED":
		p["startTime"], p["endTime"] = b.start.Format("2006-01-02T15:04:05+00:00"), b.end.Format("2006-01-02T15:04:05+00:00")
		p["cancellationReason"], p["cancelledBy"], p["requestReschedule"], p["destinationCalendar"] = b.reason, b.cancelledBy, false, []any{}
	case "BOOKING_REJECTED":
		p["startTime"], p["rejectionReason"] = b.start.Format(stamp), b.reason
	default:
		p["metadata"] = b.metadata
	}
	if old != nil {
		p["rescheduleId"], p["rescheduleUid"] = old.id, old.uid
		p["rescheduleStartTime"], p["rescheduleEndTime"] = old.start.Format("2006-01-02T15:04:05Z"), old.end.Format("2006-01-02T15:04:05Z")
		p["rescheduledBy"] = b.attendee.Email
	}
	return p
}

func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// send posts a body, signed, in the background. Called with s.mu held.
func (s *Server) send(a *account, body []byte, wait time.Duration) {
	s.webhooks++
	signature := "no-secret-provided"
	if a.secret != "" {
		mac := hmac.New(sha256.New, []byte(a.secret))
		mac.Write(body)
		signature = hex.EncodeToString(mac.Sum(nil))
	}
	go func() {
		defer func() {
			s.mu.Lock()
			s.webhooks--
			s.mu.Unlock()
		}()
		time.Sleep(wait)
		req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, s.Deliver+"/webhooks/calcom/"+a.route, bytes.NewReader(body))
		if err != nil {
			return
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-Cal-Signature-256", signature)
		req.Header.Set("X-Cal-Webhook-Version", "2021-10-20")
		if resp, err := s.http.Do(req); err == nil {
			resp.Body.Close() // whatever it answers: Cal.com does not repeat
		}
	}()
}
