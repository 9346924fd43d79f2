package calcom

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/scheduling"
)

// Header carries the signature.
const Header = "X-Cal-Signature-256"

// Verify tells whether one of the secrets signed the body: hex(HMAC-SHA256(secret, body)), 64 lower-case digits and
// nothing else. An empty secret never signs, so the literal "no-secret-provided" never fits.
func Verify(secrets []string, body []byte, h http.Header, _ time.Time) bool {
	if len(h.Values(Header)) != 1 {
		return false
	}
	given := h.Get(Header)
	if len(given) != 64 || strings.Trim(given, "0123456789abcdef") != "" {
		return false
	}
	valid := false
	for _, secret := range secrets {
		if secret != "" && hmac.Equal([]byte(Sign(secret, body)), []byte(given)) {
			valid = true
		}
	}
	return valid
}

// Sign makes the header's value, as Cal.com would.
func Sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// webhookJSON is the envelope and the payload of the BOOKING_* triggers, as far as we need it. What is not named here is
// never stored: a one-time password stands among it.
type webhookJSON struct {
	Trigger   string      `json:"triggerEvent"`
	CreatedAt time.Time   `json:"createdAt"`
	Payload   payloadJSON `json:"payload"`
}

type payloadJSON struct {
	UID             string    `json:"uid,omitempty"`
	BookingUID      string    `json:"bookingUid,omitempty"` // NO_SHOW_UPDATED names it so
	BookingID       int64     `json:"bookingId,omitempty"`
	ICalUID         string    `json:"iCalUID,omitempty"`
	EventTypeID     int64     `json:"eventTypeId,omitempty"`
	Start           time.Time `json:"startTime,omitzero"`
	End             time.Time `json:"endTime,omitzero"`
	Status          string    `json:"status,omitempty"`
	Organizer       hostJSON  `json:"organizer,omitzero"`
	Attendees       people    `json:"attendees,omitempty"`
	Responses       answers   `json:"responses,omitempty"`
	OwnFields       answers   `json:"userFieldsResponses,omitempty"`
	Metadata        metadata  `json:"metadata,omitempty"`
	RescheduleUID   string    `json:"rescheduleUid,omitempty"`
	RescheduleStart time.Time `json:"rescheduleStartTime,omitzero"`
	RescheduledBy   string    `json:"rescheduledBy,omitempty"`
	CancelledBy     string    `json:"cancelledBy,omitempty"`
	Cancellation    string    `json:"cancellationReason,omitempty"`
	Rejection       string    `json:"rejectionReason,omitempty"`
	NewDateWished   bool      `json:"requestReschedule,omitempty"`
}

// noShow is the one trigger that tells of an attendee, not of the booking.
const noShow = "BOOKING_NO_SHOW_UPDATED"

// uid of the booking that a webhook is about; empty for all that we do nothing about.
func (w webhookJSON) uid() string {
	if w.Trigger == noShow {
		return w.Payload.BookingUID
	}
	if _, known := statuses[w.Trigger]; known {
		return w.Payload.UID
	}
	return ""
}

// statuses that a trigger means, where the payload does not say.
var statuses = map[string]string{
	"BOOKING_CREATED": "accepted", "BOOKING_RESCHEDULED": "accepted", "BOOKING_REQUESTED": "pending",
	"BOOKING_CANCELLED": "cancelled", "BOOKING_REJECTED": "rejected",
}

// KindWebhook is the work that an accepted webhook makes; its body is what Condense left of it.
const KindWebhook = "calcom.webhook"

// KnownTrigger names a trigger for a metric: the names are Cal.com's, but what stands in a body is anybody's.
func KnownTrigger(trigger string) string {
	if trigger == "PING" || strings.HasPrefix(trigger, "BOOKING_") || strings.HasPrefix(trigger, "MEETING_") {
		if len(trigger) <= 40 && strings.Trim(trigger, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == "" {
			return strings.ToLower(trigger)
		}
	}
	return "other"
}

// Condense leaves of a webhook what we need, in its own shape; nothing of one that changes nothing. Only a body that is no
// JSON is an error: a template of the company's own may make anything else of it.
func Condense(body []byte) (trigger string, kept []byte, err error) {
	if !json.Valid(body) {
		return "", nil, errors.New("the body is no JSON")
	}
	var head struct {
		Trigger string `json:"triggerEvent"`
	}
	_ = json.Unmarshal(body, &head) // a list or a text has none
	var w webhookJSON
	if json.Unmarshal(body, &w) != nil || w.uid() == "" {
		return head.Trigger, nil, nil
	}
	kept, err = json.Marshal(w)
	return head.Trigger, kept, err
}

// ReadWebhook reads a webhook that changes something; false for any other.
func ReadWebhook(body []byte) (scheduling.Notice, bool, error) {
	var w webhookJSON
	if err := json.Unmarshal(body, &w); err != nil {
		return scheduling.Notice{}, false, err
	}
	p := w.Payload
	if w.uid() == "" {
		return scheduling.Notice{}, false, nil
	}
	n := scheduling.Notice{
		Booked: scheduling.Booked{
			UID: w.uid(), ID: p.BookingID, ICSUID: p.ICalUID, Status: statuses[w.Trigger], Start: p.Start.UTC(), End: p.End.UTC(), EventTypeID: p.EventTypeID,
			Host:     scheduling.Host{ID: int64(p.Organizer.ID), Name: p.Organizer.Name, Email: p.Organizer.Email},
			Attendee: p.Attendees.booker(p.Responses, p.OwnFields), Metadata: p.Metadata,
			MovedBy: p.RescheduledBy, CancelledBy: p.CancelledBy, Reason: p.Cancellation,
		},
		SentAt: w.CreatedAt.UTC(), RescheduleUID: p.RescheduleUID, RescheduleStart: p.RescheduleStart.UTC(), NewDateWished: p.NewDateWished,
	}
	if n.Reason == "" {
		n.Reason = p.Rejection
	}
	if w.Trigger == noShow {
		n.NoShows = map[string]bool{}
		for _, x := range p.Attendees {
			n.NoShows[strings.ToLower(x.Email)] = x.NoShow
		}
		return n, true, nil
	}
	// An approval arrives as CREATED with ACCEPTED, a move that needs one as REQUESTED: the status decides where it is given.
	if s := strings.ToLower(p.Status); s != "" && w.Trigger != "BOOKING_CANCELLED" && w.Trigger != "BOOKING_REJECTED" {
		n.Status = s
	}
	return n, true, nil
}
