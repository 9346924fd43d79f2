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

// webhookJSON is the envelope and the payload of the BOOKING_* triggers.
type webhookJSON struct {
	Trigger   string    `json:"triggerEvent"`
	CreatedAt time.Time `json:"createdAt"`
	Payload   struct {
		UID           string         `json:"uid"`
		BookingID     int64          `json:"bookingId"`
		ICalUID       string         `json:"iCalUID"`
		EventTypeID   int64          `json:"eventTypeId"`
		Start         time.Time      `json:"startTime"`
		End           time.Time      `json:"endTime"`
		Status        string         `json:"status"`
		Organizer     hostJSON       `json:"organizer"`
		Metadata      map[string]any `json:"metadata"`
		RescheduleUID string         `json:"rescheduleUid"`
		CancelledBy   string         `json:"cancelledBy"`
		Cancellation  string         `json:"cancellationReason"`
		Rejection     string         `json:"rejectionReason"`
	} `json:"payload"`
}

// statuses that a trigger means, where the payload does not say.
var statuses = map[string]string{
	"BOOKING_CREATED": "accepted", "BOOKING_RESCHEDULED": "accepted", "BOOKING_REQUESTED": "pending",
	"BOOKING_CANCELLED": "cancelled", "BOOKING_REJECTED": "rejected",
}

// KindWebhook is the work that an accepted webhook makes; its body is the webhook as Cal.com sent it.
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

// Peek tells whether a webhook is one that changes something. Only a body that is no JSON is an error: a template of the
// company's own may make anything else of it.
func Peek(body []byte) (trigger string, wanted bool, err error) {
	var head struct {
		Trigger string `json:"triggerEvent"`
		Payload struct {
			UID string `json:"uid"`
		} `json:"payload"`
	}
	if !json.Valid(body) {
		return "", false, errors.New("the body is no JSON")
	}
	if json.Unmarshal(body, &head) != nil {
		return "", false, nil
	}
	_, known := statuses[head.Trigger]
	return head.Trigger, known && head.Payload.UID != "", nil
}

// ReadWebhook reads a webhook that Peek wants; false for any other.
func ReadWebhook(body []byte) (scheduling.Notice, bool, error) {
	var w webhookJSON
	if err := json.Unmarshal(body, &w); err != nil {
		return scheduling.Notice{}, false, err
	}
	status, known := statuses[w.Trigger]
	p := w.Payload
	if !known || p.UID == "" {
		return scheduling.Notice{}, false, nil
	}
	// An approval arrives as CREATED with ACCEPTED, a move that needs one as REQUESTED: the status decides where it is given.
	if s := strings.ToLower(p.Status); s != "" && w.Trigger != "BOOKING_CANCELLED" && w.Trigger != "BOOKING_REJECTED" {
		status = s
	}
	reason := p.Cancellation
	if reason == "" {
		reason = p.Rejection
	}
	return scheduling.Notice{
		Booked: scheduling.Booked{
			UID: p.UID, ID: p.BookingID, ICSUID: p.ICalUID, Status: status, Start: p.Start.UTC(), End: p.End.UTC(), EventTypeID: p.EventTypeID,
			Host: scheduling.Host{ID: int64(p.Organizer.ID), Name: p.Organizer.Name, Email: p.Organizer.Email}, Metadata: texts(p.Metadata),
		},
		SentAt: w.CreatedAt.UTC(), RescheduleUID: p.RescheduleUID, CancelledBy: p.CancelledBy, Reason: reason,
	}, true, nil
}
